#include "common/plan/internal/streaming.hpp"

#include <arrow/type.h>

#include <algorithm>

#include "common/plan/internal/pruner.hpp"
#include "common/plan/options.hpp"
#include "common/sql/nearest.hpp"

namespace sluice::plan::internal {
namespace {

status refused_for_streams(const std::string& what, text_position position) { return {errc::unsupported_feature, what, position}; }

status wrong_mode(const streaming_options& options, const std::string& what) {
  return status(errc::output_mode, "Invalid streaming output mode: " + std::string(mode_name(options.mode)) + ". This output mode is not supported for " +
                what + ".", options.mode_position).with_spark_class("STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION");
}

/// The chain of nodes from the top down to the leaf.
std::vector<node_ptr> chain_of(node_ptr root) {
  std::vector<node_ptr> out{root};
  while (!out.back()->inputs.empty()) out.push_back(out.back()->inputs[0]);
  return out;
}

class stream_rules {
public:
  stream_rules(const query_analyzer& analyzer, const std::vector<node_ptr>& chain, const streaming_options& options)
      : analyzer_(analyzer), chain_(chain), options_(options) {}

  status check() const {
    SLUICE_RETURN_IF_ERROR(check_sink());
    SLUICE_RETURN_IF_ERROR(check_aggregations());
    SLUICE_RETURN_IF_ERROR(check_mode());
    return check_order();
  }

private:
  status check_sink() const {
    if ((sink_place(options_.sink.format) & file_sink) && options_.mode != output_mode::append)
      return status(errc::output_mode, "Invalid streaming output mode: " + std::string(mode_name(options_.mode)) +
                    ". This output mode is not supported in Data Source " + options_.sink.format + ".", options_.mode_position)
          .with_spark_class("STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE");
    return ok();
  }

  status check_aggregations() const {
    const node* first = nullptr;
    for (const auto& at : chain_) {
      if (at->what != node::kind::aggregate) continue;
      if (analyzer_.is_distinct(at.get()))
        return refused_for_streams("DISTINCT of a stream is not supported; group by the columns instead", analyzer_.position_of(at.get()));
      for (const auto& call : at->aggregate.calls)
        if (call.distinct)
          return refused_for_streams("Distinct aggregations are not supported on streaming DataFrames/Datasets: " + to_sql(call),
                                     analyzer_.position_of(at.get()));
      if (first)
        return refused_for_streams("Multiple streaming aggregations in one query are not supported", analyzer_.position_of(at.get()));
      first = at.get();
    }
    return ok();
  }

  bool aggregates() const {
    return std::any_of(chain_.begin(), chain_.end(), [](const auto& at) { return at->what == node::kind::aggregate; });
  }

  status check_mode() const {
    if (options_.mode == output_mode::append && aggregates())
      return wrong_mode(options_, "streaming aggregations without watermark on streaming DataFrames/DataSets");
    if (options_.mode == output_mode::complete && !aggregates())
      return wrong_mode(options_, "no streaming aggregations on streaming DataFrames/Datasets");
    return ok();
  }

  status check_order() const {
    bool at_top = true;
    for (const auto& at : chain_) {
      auto position = analyzer_.position_of(at.get());
      if (at->what == node::kind::sort) {
        if (options_.mode != output_mode::complete || !aggregates())
          return refused_for_streams("Sorting is not supported on streaming DataFrames/Datasets, unless it is on aggregated DataFrame/Dataset "
                                     "in Complete output mode", position);
        if (!at_top) return refused_for_streams("ORDER BY inside of a streaming query is only supported at its end, over columns of the select list", position);
      } else if (at->what == node::kind::limit) {
        if (options_.mode != output_mode::complete)
          return refused_for_streams("LIMIT of a stream is only supported in complete mode", position);
        if (!at_top) return refused_for_streams("LIMIT inside of a streaming query is only supported at its end", position);
      } else {
        at_top = false;
      }
    }
    return check_order_of_top();
  }

  /// LIMIT above ORDER BY, each at most once.
  status check_order_of_top() const {
    int sorts = 0, limits = 0;
    for (const auto& at : chain_) {
      sorts += at->what == node::kind::sort;
      limits += at->what == node::kind::limit;
      if ((at->what == node::kind::sort && sorts > 1) || (at->what == node::kind::limit && (limits > 1 || sorts > 0)))
        return refused_for_streams("a streaming query can have one ORDER BY and one LIMIT, at its end", analyzer_.position_of(at.get()));
    }
    return ok();
  }

  const query_analyzer& analyzer_;
  const std::vector<node_ptr>& chain_;
  const streaming_options& options_;
};

bool can_store(const arrow::DataType& type) {
  if (type.id() == arrow::Type::NA || type.id() == arrow::Type::INTERVAL_MONTH_DAY_NANO) return false;
  for (const auto& field : type.fields())
    if (!can_store(*field->type())) return false;
  return true;
}

status check_output_types(const arrow::Schema& schema, const sink_spec& sink, text_position position) {
  if (!(sink_place(sink.format) & file_sink)) return ok();
  for (const auto& field : schema.fields())
    if (!can_store(*field->type()))
      return status(errc::datatype_mismatch, "The sink " + sink.format + " doesn't support the column `" + field->name() + "` of the type \"" +
                    sql::to_upper(data::type_name(*field->type())) + "\"; cast it.", position)
          .with_spark_class("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE");
  return ok();
}

status check_output_names(const arrow::Schema& schema, text_position position) {
  for (int i = 0; i < schema.num_fields(); ++i)
    for (int j = 0; j < i; ++j)
      if (equal_names(schema.field(i)->name(), schema.field(j)->name()))
        return status(errc::already_exists, "the result has two columns `" + schema.field(i)->name() + "`; give one of them another name with AS", position)
            .with_spark_class("COLUMN_ALREADY_EXISTS");
  return ok();
}

} // namespace

namespace {

/// What a stream cannot do at all yet, by name.
status check_operators(const query_analyzer& analyzer, const node& at) {
  auto position = analyzer.position_of(&at);
  using kind = node::kind;
  switch (at.what) {
    case kind::join: return refused_for_streams("Joins of streams are not supported", position);
    case kind::union_all: return refused_for_streams("UNION of streams is not supported", position);
    case kind::intersect: return refused_for_streams("Intersect of streaming DataFrames/Datasets is not supported", position);
    case kind::except: return refused_for_streams("Except with a streaming DataFrame/Dataset is not supported", position);
    case kind::offset: return refused_for_streams("Offset is not supported on streaming DataFrames/Datasets", position);
    case kind::sample: return refused_for_streams("Sampling is not supported on streaming DataFrames/Datasets", position);
    case kind::window: return refused_for_streams("Non-time-based windows are not supported on streaming DataFrames/Datasets", position)
                           .with_spark_class("NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING");
    case kind::expand: return refused_for_streams("grouping sets, UNPIVOT and VALUES in a stream are not supported", position);
    case kind::generate: return refused_for_streams("generators such as explode in a stream are not supported", position);
    case kind::range:
    case kind::single_row: return refused_for_streams("a stream over something that is no file source is not supported", position);
    default: break;
  }
  for (const auto& input : at.inputs) SLUICE_RETURN_IF_ERROR(check_operators(analyzer, *input));
  return ok();
}

} // namespace

result<streaming_plan> make_streaming_plan(const query_analyzer& analyzer, const analyzed_query& query, const streaming_options& options) {
  if (!query.streaming)
    return refused_for_streams("a streaming table needs a stream: SELECT … FROM STREAM relation", options.query_position);
  SLUICE_RETURN_IF_ERROR(check_operators(analyzer, *query.root));
  SLUICE_RETURN_IF_ERROR(stream_rules(analyzer, chain_of(query.root), options).check());
  SLUICE_RETURN_IF_ERROR(check_output_names(*query.root->output, options.query_position));
  SLUICE_RETURN_IF_ERROR(check_output_types(*query.root->output, options.sink, options.query_position));
  streaming_plan out;
  auto root = collapse_projections(prune_columns(collapse_projections(query.root)));
  out.output = root->output;
  auto chain = chain_of(root);
  std::reverse(chain.begin(), chain.end());
  for (const auto& at : chain) {
    switch (at->what) {
      case node::kind::file_scan: out.source = at->source; break;
      case node::kind::filter:
      case node::kind::project: (out.aggregate ? out.result_steps : out.map_steps).push_back(at->action); break;
      case node::kind::aggregate: out.aggregate = at->aggregate; break;
      case node::kind::sort: out.sort = at->sort; break;
      case node::kind::limit: out.limit = at->limit; break;
      default: return status(errc::internal, "a stream over something that is no file source");
    }
  }
  out.mode = options.mode;
  out.trigger = options.trigger;
  out.sink = options.sink;
  out.checkpoint = options.checkpoint;
  return out;
}

} // namespace sluice::plan::internal
