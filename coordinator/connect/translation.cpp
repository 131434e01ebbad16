#include "coordinator/connect/translation.hpp"

#include <arrow/type.h>
#include <google/protobuf/descriptor.h>

#include <algorithm>

#include "common/plan/options.hpp"
#include "common/sql/nearest.hpp"
#include "common/sql/parser.hpp"
#include "coordinator/connect/internal/frames.hpp"
#include "coordinator/connect/rows.hpp"
#include "coordinator/connect/spark_options.hpp"
#include "coordinator/connect/types.hpp"
#include "proto/spark/connect/relations.pb.h"

namespace sluice::connect {
namespace {

using plan_relation = spark::connect::Relation;

constexpr int deepest = 200;  ///< as the parser's bound of nested queries

class translator {
public:
  explicit translator(const translation_context& context) : context_(context) {}

  result<translated> run(const plan_relation& relation) {
    SLUICE_ASSIGN_OR_RETURN(auto made, translate(relation));
    out_.query = std::move(made.query);
    return std::move(out_);
  }

private:
  frame_result translate(const plan_relation& relation) {
    if (++depth_ > deepest) return lacking("a plan of more than 200 operators in a row");
    auto out = dispatch(relation);
    --depth_;
    if (out.ok() && relation.common().has_plan_id()) out->plan_id = relation.common().plan_id();
    return out;
  }

  frame_result dispatch(const plan_relation& relation) {
    switch (relation.rel_type_case()) {
      case plan_relation::kRead: return read(relation.read());
      case plan_relation::kProject: return project(relation.project());
      case plan_relation::kFilter: return filter(relation.filter());
      case plan_relation::kSort: return sort(relation.sort());
      case plan_relation::kLimit: return limit(relation.limit());
      case plan_relation::kAggregate: return aggregate_of(relation.aggregate(), here_);
      case plan_relation::kJoin: return join_of(relation.join(), here_);
      case plan_relation::kSetOp: return set_operation_of(relation.set_op(), here_);
      case plan_relation::kOffset: return offset_of(relation.offset(), here_);
      case plan_relation::kUnpivot: return unpivot_of(relation.unpivot(), here_);
      case plan_relation::kSample: return sample_of(relation.sample(), here_);
      case plan_relation::kFillNa: return fill_of(relation.fill_na(), here_, columns_);
      case plan_relation::kDropNa: return drop_nulls_of(relation.drop_na(), here_, columns_);
      case plan_relation::kReplace: return replace_of(relation.replace(), here_, columns_);
      case plan_relation::kSql: return text(relation.sql());
      case plan_relation::kLocalRelation: return local(relation.local_relation());
      case plan_relation::kDeduplicate: return deduplicate_of(relation.deduplicate(), here_);
      case plan_relation::kRange: return range(relation.range());
      case plan_relation::kSubqueryAlias: return alias(relation.subquery_alias());
      case plan_relation::kRepartition: return translate(relation.repartition().input());
      case plan_relation::kHint: return translate(relation.hint().input());
      case plan_relation::kToDf: return to_df(relation.to_df());
      case plan_relation::kWithColumnsRenamed: return renamed(relation.with_columns_renamed());
      case plan_relation::kDrop: return drop(relation.drop());
      case plan_relation::kWithColumns: return with_columns(relation.with_columns());
      case plan_relation::kWithRelations: return with_relations(relation.with_relations());
      case plan_relation::kRepartitionByExpression: return translate(relation.repartition_by_expression().input());
      case plan_relation::kCollectMetrics: return translate(relation.collect_metrics().input());
      case plan_relation::kCachedLocalRelation: return cached({relation.cached_local_relation().hash()}, {});
      case plan_relation::kChunkedCachedLocalRelation: {
        const auto& chunked = relation.chunked_cached_local_relation();
        return cached({chunked.datahashes().begin(), chunked.datahashes().end()}, chunked.schemahash());
      }
      case plan_relation::REL_TYPE_NOT_SET: return unknown(relation);
      default: return other(relation);
    }
  }

  /// What is declared, but not served (yet, or not inside of a plan).
  frame_result other(const plan_relation& relation) {
    static const std::map<int, const char*> names = {
        {plan_relation::kShowString, "show inside of a plan"},
        {plan_relation::kHtmlString, "show inside of a plan"}, {plan_relation::kWithWatermark, "withWatermark"},
        
        {plan_relation::kTail, "tail inside of a plan"}, 
        {plan_relation::kToSchema, "DataFrame.to(schema)"}, {plan_relation::kCachedRemoteRelation, "a checkpointed DataFrame"},
        
        {plan_relation::kSummary, "summary"},
        {plan_relation::kDescribe, "describe"}, {plan_relation::kCatalog, "a catalog call inside of a plan"}};
    auto found = names.find(relation.rel_type_case());
    return lacking(found == names.end() ? "this relation" : found->second);
  }

  /// Rows that were sent ahead, in as many streams as they were cut into.
  frame_result cached(const std::vector<std::string>& hashes, const std::string& schema_hash) {
    data::schema_ptr schema;
    if (!schema_hash.empty()) {
      SLUICE_ASSIGN_OR_RETURN(auto text, artifact(schema_hash));
      SLUICE_ASSIGN_OR_RETURN(schema, schema_from_text(*text));
    }
    plan_rows all;
    for (const auto& hash : hashes) {
      SLUICE_ASSIGN_OR_RETURN(auto bytes, artifact(hash));
      // clients before 4.1 send the whole relation as one message
      spark::connect::LocalRelation whole;
      bool is_message = schema_hash.empty() && whole.ParseFromString(*bytes) && !whole.data().empty();
      if (is_message && !schema && !whole.schema().empty()) {
        SLUICE_ASSIGN_OR_RETURN(schema, schema_from_text(whole.schema()));
      }
      SLUICE_ASSIGN_OR_RETURN(auto some, local_rows(is_message ? whole.data() : *bytes, schema));
      all.schema = some.schema;
      for (auto& batch : some.batches) all.batches.push_back(std::move(batch));
    }
    if (!all.schema) return status(errc::invalid_plan, "a cached local relation without rows");
    return rows(std::move(all));
  }

  result<std::shared_ptr<const std::string>> artifact(const std::string& hash) {
    if (context_.artifacts != nullptr)
      if (auto found = context_.artifacts->find("cache/" + hash); found != context_.artifacts->end()) return found->second;
    return status(errc::invalid_plan, "the rows of the cached local relation " + hash + " are not there");
  }

  /// A member that is not declared here: its number is all that is known.
  frame_result unknown(const plan_relation& relation) {
    const auto& fields = relation.GetReflection()->GetUnknownFields(relation);
    if (fields.empty()) return status(errc::invalid_plan, "a relation without a type");
    return lacking("relation " + std::to_string(fields.field(0).number()) + " of Spark Connect");
  }

  // ---- sources ----

  std::string next_name(const char* what) { return std::string("__") + what + "_" + std::to_string(++made_up_); }

  frame_result table(sql::relation from, const std::string& alias) { return frame{select_all(std::move(from)), alias}; }

  frame_result rows(plan_rows made) {
    sql::relation from;
    from.name = next_name("rows");
    plan::relation relation;
    relation.is_result_table = true;
    relation.schema = made.schema;
    relation.source.name = from.name;
    out_.relations[from.name] = std::move(relation);
    out_.rows[from.name] = std::move(made.batches);
    return table(std::move(from), "");
  }

  frame_result range(const spark::connect::Range& range) {
    SLUICE_ASSIGN_OR_RETURN(auto made, range_rows(range.start(), range.end(), range.step()));
    return rows(std::move(made));
  }

  frame_result local(const spark::connect::LocalRelation& local) {
    data::schema_ptr schema;
    if (!local.schema().empty()) {
      SLUICE_ASSIGN_OR_RETURN(schema, schema_from_text(local.schema()));
    }
    SLUICE_ASSIGN_OR_RETURN(auto made, local_rows(local.data(), std::move(schema)));
    return rows(std::move(made));
  }

  frame_result read(const spark::connect::Read& read) {
    if (read.has_named_table()) return named(read.named_table(), read.is_streaming());
    if (!read.has_data_source()) return status(errc::invalid_plan, "a read of neither a table nor files");
    const auto& wanted = read.data_source();
    if (wanted.predicates_size() > 0) return lacking("a read with predicates");
    sql::create_source source;
    source.format = wanted.format().empty() ? "parquet" : sql::to_lower(wanted.format());
    source.name = source.format;
    if (!wanted.schema().empty()) {
      SLUICE_ASSIGN_OR_RETURN(auto schema, schema_from_text(wanted.schema()));
      for (const auto& field : schema->fields()) source.columns.push_back({field->name(), data::type_name(*field->type()), false, {}});
    }
    std::vector<std::string> paths(wanted.paths().begin(), wanted.paths().end());
    std::vector<std::pair<std::string, std::string>> options(wanted.options().begin(), wanted.options().end());
    std::sort(options.begin(), options.end());
    for (auto& [key, value] : options) {
      if (sql::to_lower(key) != "path") add_option(source, key, value);
      else if (paths.empty()) paths.push_back(value);
    }
    SLUICE_ASSIGN_OR_RETURN(auto files, files_of(std::move(source), paths));
    sql::relation from;
    from.name = next_name("files");
    from.is_stream = read.is_streaming();
    out_.streaming = out_.streaming || from.is_stream;
    plan::relation relation;
    relation.schema = files.schema;
    relation.source = std::move(files);
    out_.relations[from.name] = std::move(relation);
    return table(std::move(from), "");
  }

  /// What neither Sluice nor Spark knows is left out.
  static void add_option(sql::create_source& source, const std::string& key, const std::string& value) {
    auto place = plan::source_place(source.format);
    auto checked = plan::check_option(key, value, place, source.format, {}, {});
    if (checked.ok() || checked.code() != errc::unknown_option || spark_knows_option(key)) source.options.push_back({key, value, {}, {}});
  }

  /// The analyzer takes one path at a time; a read of several is one source.
  result<plan::file_source> files_of(sql::create_source source, const std::vector<std::string>& paths) {
    if (paths.empty()) return plan::analyze_source(source, context_.catalog, context_.settings, context_.directory);
    std::optional<plan::file_source> whole;
    source.options.push_back({"path", {}, {}, {}});
    for (const auto& path : paths) {
      source.options.back().value = path;
      SLUICE_ASSIGN_OR_RETURN(auto one, plan::analyze_source(source, context_.catalog, context_.settings, context_.directory));
      if (whole) whole->paths.insert(whole->paths.end(), one.paths.begin(), one.paths.end());
      else whole = std::move(one);
    }
    return *std::move(whole);
  }

  frame_result named(const spark::connect::Read::NamedTable& wanted, bool is_streaming) {
    SLUICE_ASSIGN_OR_RETURN(auto parts, split_identifier(wanted.unparsed_identifier()));
    auto view = views_->find(sql::to_lower(parts.back()));
    if (parts.size() == 1 && view != views_->end()) {
      SLUICE_ASSIGN_OR_RETURN(auto made, translate(view->second));
      return frame{std::move(made.query), parts.back()};
    }
    sql::relation from;
    for (const auto& part : parts) from.name += (from.name.empty() ? "" : ".") + part;
    from.is_stream = is_streaming;
    out_.streaming = out_.streaming || is_streaming;
    for (const auto& [key, value] : wanted.options()) from.options.push_back({key, value, {}, {}});
    return table(std::move(from), parts.back());
  }

  /// SQL text sees the session's views as common tables.
  frame_result text(const spark::connect::SQL& wanted) {
    if (wanted.args_size() + wanted.pos_args_size() + wanted.named_arguments_size() + wanted.pos_arguments_size() > 0)
      return lacking("a query with parameters");
    SLUICE_ASSIGN_OR_RETURN(auto parsed, sql::parse_query({wanted.query(), {}}));
    auto query = std::make_shared<sql::query>(*parsed);
    std::vector<sql::common_table> with;
    for (const auto& [name, view] : *views_) {
      if (!mentions(wanted.query(), name)) continue;
      SLUICE_ASSIGN_OR_RETURN(auto made, translate(view));
      with.push_back({name, {}, std::move(made.query), {}});
    }
    query->with.insert(query->with.begin(), std::make_move_iterator(with.begin()), std::make_move_iterator(with.end()));
    return frame{std::move(query), ""};
  }

  /// Whether the name stands anywhere in the text: a view that is not read is not translated.
  static bool mentions(const std::string& text, const std::string& name) { return sql::to_lower(text).find(name) != std::string::npos; }

  /// The references are views that only the root sees: spark.sql("… {df}", df=df).
  frame_result with_relations(const spark::connect::WithRelations& wanted) {
    auto inner = *views_;
    for (const auto& reference : wanted.references()) {
      if (!reference.has_subquery_alias()) return lacking("a subquery made of a DataFrame");
      inner[sql::to_lower(reference.subquery_alias().alias())] = reference.subquery_alias().input();
    }
    const auto* outer = std::exchange(views_, &inner);
    auto out = translate(wanted.root());
    views_ = outer;
    return out;
  }

  // ---- operators ----

  frame_result filter(const spark::connect::Filter& filter) {
    SLUICE_ASSIGN_OR_RETURN(auto input, translate(filter.input()));
    auto name = input.alias;
    auto query = over(std::move(input));
    SLUICE_ASSIGN_OR_RETURN(query->where, value_of(filter.condition()));
    return frame{std::move(query), std::move(name)};
  }

  frame_result sort(const spark::connect::Sort& sort) {
    SLUICE_ASSIGN_OR_RETURN(auto input, translate(sort.input()));
    auto name = input.alias;
    auto query = over(std::move(input));
    for (const auto& order : sort.order()) {
      SLUICE_ASSIGN_OR_RETURN(auto item, order_of(order));
      query->order_by.push_back(std::move(item));
    }
    return frame{std::move(query), std::move(name)};
  }

  frame_result limit(const spark::connect::Limit& limit) {
    SLUICE_ASSIGN_OR_RETURN(auto input, translate(limit.input()));
    auto name = input.alias;
    // the limit of a sort is part of it, so that only that many rows are kept
    bool own = !input.query->limit && !input.query->offset && input.query->set == sql::set_operator::none;
    auto query = !own ? over(std::move(input)) : std::move(input.query);
    sql::expression number;
    number.kind = sql::expression_kind::number;
    number.text = std::to_string(std::max(limit.limit(), 0));
    query->limit = std::make_shared<const sql::expression>(std::move(number));
    return frame{std::move(query), std::move(name)};
  }

  frame_result project(const spark::connect::Project& project) {
    auto query = std::make_shared<sql::query>();
    if (project.has_input()) {
      SLUICE_ASSIGN_OR_RETURN(auto input, translate(project.input()));
      query = over(std::move(input));
      query->items.clear();
    }
    for (const auto& expression : project.expressions()) {
      SLUICE_ASSIGN_OR_RETURN(auto item, item_of(expression));
      query->items.push_back(std::move(item));
    }
    // select(): only the number of rows counts (isEmpty)
    if (query->items.empty()) query->items.push_back({std::make_shared<const sql::expression>(), "NULL", {}, {}});
    return frame{std::move(query), ""};
  }

  frame_result alias(const spark::connect::SubqueryAlias& alias) {
    SLUICE_ASSIGN_OR_RETURN(auto input, translate(alias.input()));
    return frame{std::move(input.query), alias.alias()};
  }

  // ---- operators that need the input's columns ----

  struct input_columns {
    frame input;
    std::vector<std::string> names;
  };

  result<input_columns> columns_of(const plan_relation& relation) {
    input_columns out;
    SLUICE_ASSIGN_OR_RETURN(out.input, translate(relation));
    SLUICE_ASSIGN_OR_RETURN(auto schema, plan::columns_of(*out.input.query, scoped_catalog(context_.catalog, out_), context_.settings));
    out.names = schema->field_names();
    return out;
  }

  /// SELECT value AS name for each column; a null value is the input's column of this name.
  static frame named_columns(frame input, std::vector<sql::select_item> items) {
    auto query = over(std::move(input));
    query->items = std::move(items);
    return {std::move(query), ""};
  }

  frame_result to_df(const spark::connect::ToDF& wanted) {
    SLUICE_ASSIGN_OR_RETURN(auto input, translate(wanted.input()));
    // WITH t (names) AS (input): by position, whatever the input's names are
    auto name = next_name("named");
    sql::common_table named{name, {wanted.column_names().begin(), wanted.column_names().end()}, std::move(input.query), {}};
    sql::relation from;
    from.name = name;
    auto query = select_all(std::move(from));
    query->with.push_back(std::move(named));
    return frame{std::move(query), ""};
  }

  frame_result with_columns(const spark::connect::WithColumns& wanted) {
    SLUICE_ASSIGN_OR_RETURN(auto columns, columns_of(wanted.input()));
    std::vector<sql::select_item> added;
    for (const auto& alias : wanted.aliases()) {
      if (alias.name_size() != 1) return lacking("an alias of several names");
      SLUICE_ASSIGN_OR_RETURN(auto value, value_of(alias.expr()));
      added.push_back({std::move(value), alias.name(0), {}, {}});
    }
    std::vector<sql::select_item> items;
    for (const auto& name : columns.names) {
      auto replaced = std::find_if(added.begin(), added.end(), [&](const auto& item) { return same_name(item.alias, name); });
      if (replaced == added.end()) items.push_back({name_tree({name}), name, {}, {}});
      else items.push_back(*replaced);
    }
    for (auto& item : added)
      if (std::none_of(columns.names.begin(), columns.names.end(), [&](const auto& name) { return same_name(item.alias, name); }))
        items.push_back(std::move(item));
    return named_columns(std::move(columns.input), std::move(items));
  }

  frame_result renamed(const spark::connect::WithColumnsRenamed& wanted) {
    SLUICE_ASSIGN_OR_RETURN(auto columns, columns_of(wanted.input()));
    std::vector<std::pair<std::string, std::string>> renames(wanted.rename_columns_map().begin(), wanted.rename_columns_map().end());
    for (const auto& rename : wanted.renames()) renames.emplace_back(rename.col_name(), rename.new_col_name());
    std::vector<sql::select_item> items;
    for (const auto& name : columns.names) {
      auto shown = name;
      for (const auto& [from, to] : renames)
        if (same_name(from, shown)) shown = to;
      items.push_back({name_tree({name}), shown, {}, {}});
    }
    return named_columns(std::move(columns.input), std::move(items));
  }

  frame_result drop(const spark::connect::Drop& wanted) {
    SLUICE_ASSIGN_OR_RETURN(auto columns, columns_of(wanted.input()));
    std::vector<std::string> names(wanted.column_names().begin(), wanted.column_names().end());
    for (const auto& expression : wanted.columns()) {
      SLUICE_ASSIGN_OR_RETURN(auto value, value_of(expression));
      if (value->kind != sql::expression_kind::name) return lacking("dropping what is no column");
      names.push_back(value->parts.back());
    }
    std::vector<sql::select_item> items;
    for (const auto& name : columns.names)
      if (std::none_of(names.begin(), names.end(), [&](const auto& gone) { return same_name(gone, name); }))
        items.push_back({name_tree({name}), name, {}, {}});
    if (items.empty()) return lacking("a projection to no columns");
    return named_columns(std::move(columns.input), std::move(items));
  }

  const translation_context& context_;
  const relation_translator here_ = [this](const plan_relation& relation) { return translate(relation); };
  const column_lister columns_ = [this](const frame& input) {
    return plan::columns_of(*input.query, scoped_catalog(context_.catalog, out_), context_.settings);
  };
  const view_map* views_ = &context_.views;
  translated out_;
  int depth_ = 0;
  int made_up_ = 0;
};

} // namespace

namespace {

void expand_below(google::protobuf::Message& message, const view_map& views) {
  if (auto* relation = dynamic_cast<plan_relation*>(&message); relation && relation->read().has_named_table()) {
    auto parts = split_identifier(relation->read().named_table().unparsed_identifier());
    if (!parts.ok() || parts->size() != 1 || relation->read().is_streaming()) return;
    auto view = views.find(sql::to_lower(parts->back()));
    if (view == views.end()) return;
    plan_relation named;
    *named.mutable_subquery_alias()->mutable_input() = view->second;
    named.mutable_subquery_alias()->set_alias(parts->back());
    *named.mutable_common() = relation->common();
    *relation = std::move(named);
    return;
  }
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  const auto& reflection = *message.GetReflection();
  reflection.ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
    if (!field->is_repeated()) {
      expand_below(*reflection.MutableMessage(&message, field), views);
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) expand_below(*reflection.MutableRepeatedMessage(&message, field, i), views);
  }
}

} // namespace

plan_relation expand_views(plan_relation relation, const view_map& views) {
  expand_below(relation, views);
  return relation;
}

result<translated> translate(const plan_relation& relation, const translation_context& context) {
  return translator(context).run(relation);
}

} // namespace sluice::connect
