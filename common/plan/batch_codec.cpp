// Batch trees to and from proto/sluice/plan.proto. A decoded tree has the inputs, column indexes and types that execution relies on.
#include <arrow/type.h>

#include "common/plan/internal/proto_codec.hpp"

namespace sluice::plan::internal {
namespace {

constexpr int deepest_node = 1000;
constexpr std::size_t any_inputs = ~std::size_t{0};

template <class Enum>
bool in_range(int value, Enum last) {
  return value >= 0 && value <= static_cast<int>(last);
}

void encode_key(const join_spec::key& from, proto::join_key* to) {
  encode_expression(*from.left, to->mutable_left());
  encode_expression(*from.right, to->mutable_right());
  to->set_null_safe(from.null_safe);
}

result<join_spec::key> decode_key(const proto::join_key& from, const arrow::Schema& left, const arrow::Schema& right) {
  join_spec::key out;
  SLUICE_ASSIGN_OR_RETURN(out.left, decode_expression(from.left(), left));
  SLUICE_ASSIGN_OR_RETURN(out.right, decode_expression(from.right(), right));
  out.null_safe = from.null_safe();
  if (!data::same_type(*out.left->type, *out.right->type)) return corrupt_plan("the sides of a join key have different types");
  return out;
}

void encode_join(const join_spec& from, proto::join_spec* to) {
  to->set_what(static_cast<int>(from.what));
  for (const auto& key : from.keys) encode_key(key, to->add_keys());
  if (from.condition) encode_expression(*from.condition, to->mutable_condition());
  if (from.in) encode_key(*from.in, to->mutable_in());
  to->set_null_aware(from.null_aware);
  to->set_single(from.single);
}

data::schema_ptr both_schemas(const arrow::Schema& left, const arrow::Schema& right) {
  auto fields = left.fields();
  fields.insert(fields.end(), right.fields().begin(), right.fields().end());
  return arrow::schema(std::move(fields));
}

result<join_spec> decode_join(const proto::join_spec& from, const arrow::Schema& left, const arrow::Schema& right) {
  join_spec out;
  if (!in_range(from.what(), join_spec::kind::mark)) return corrupt_plan("a join's kind is unknown");
  out.what = static_cast<join_spec::kind>(from.what());
  for (const auto& key : from.keys()) {
    SLUICE_ASSIGN_OR_RETURN(auto value, decode_key(key, left, right));
    out.keys.push_back(std::move(value));
  }
  if (from.has_condition()) {
    SLUICE_ASSIGN_OR_RETURN(out.condition, decode_expression(from.condition(), *both_schemas(left, right)));
    if (out.condition->type->id() != arrow::Type::BOOL) return corrupt_plan("a join's condition is no boolean");
  }
  if (from.has_in()) {
    SLUICE_ASSIGN_OR_RETURN(out.in, decode_key(from.in(), left, right));
    if (out.what != join_spec::kind::mark || out.condition) return corrupt_plan("a join has an IN that does not fit it");
  }
  out.null_aware = from.null_aware();
  out.single = from.single();
  return out;
}

void encode_bound(const frame_bound& from, proto::frame_bound* to) {
  to->set_what(static_cast<int>(from.what));
  to->set_rows(from.rows);
  if (from.value) encode_expression(*from.value, to->mutable_value());
}

result<frame_bound> decode_bound(const proto::frame_bound& from, bool rows, const window_node& window, const arrow::Schema& input) {
  frame_bound out;
  if (!in_range(from.what(), frame_bound::kind::unbounded_following)) return corrupt_plan("a window frame is unknown");
  out.what = static_cast<frame_bound::kind>(from.what());
  out.rows = from.rows();
  if (from.has_value()) {
    SLUICE_ASSIGN_OR_RETURN(out.value, decode_expression(from.value(), input));
  }
  if (rows || out.what != frame_bound::kind::offset) return out;
  if (!out.value || window.order.size() != 1 || !data::same_type(*out.value->type, *window.order[0].expression->type))
    return corrupt_plan("a RANGE frame does not fit its order");
  return out;
}

void encode_window(const window_node& from, proto::window_node* to) {
  for (const auto& key : from.partition) encode_expression(*key, to->add_partition());
  for (const auto& key : from.order) encode_sort_key(key, to->add_order());
  for (const auto& call : from.calls) {
    auto* out = to->add_calls();
    encode_call(call.call, out->mutable_call());
    out->set_rows(call.rows);
    encode_bound(call.lower, out->mutable_lower());
    encode_bound(call.upper, out->mutable_upper());
  }
}

result<window_node> decode_window(const proto::window_node& from, const arrow::Schema& input) {
  window_node out;
  for (const auto& key : from.partition()) {
    SLUICE_ASSIGN_OR_RETURN(auto value, decode_expression(key, input));
    out.partition.push_back(std::move(value));
  }
  SLUICE_ASSIGN_OR_RETURN(out.order, decode_sort(from.order(), input));
  for (const auto& call : from.calls()) {
    window_call next;
    SLUICE_ASSIGN_OR_RETURN(next.call, decode_call(call.call(), input));
    next.rows = call.rows();
    SLUICE_ASSIGN_OR_RETURN(next.lower, decode_bound(call.lower(), next.rows, out, input));
    SLUICE_ASSIGN_OR_RETURN(next.upper, decode_bound(call.upper(), next.rows, out, input));
    out.calls.push_back(std::move(next));
  }
  return out;
}

result<std::vector<std::vector<expr::expr_ptr>>> decode_projections(const proto::batch_node& from, const arrow::Schema& input,
                                                                    const arrow::Schema& output) {
  std::vector<std::vector<expr::expr_ptr>> out;
  for (const auto& projection : from.projections()) {
    std::vector<expr::expr_ptr> values;
    for (const auto& e : projection.expressions()) {
      SLUICE_ASSIGN_OR_RETURN(auto value, decode_expression(e, input));
      values.push_back(std::move(value));
    }
    if (static_cast<int>(values.size()) != output.num_fields()) return corrupt_plan("a projection does not fit its schema");
    for (int i = 0; i < output.num_fields(); ++i)
      if (!data::same_type(*values[i]->type, *output.field(i)->type())) return corrupt_plan("a projection does not fit its schema");
    out.push_back(std::move(values));
  }
  return out;
}

void encode_parts(const node& from, proto::batch_node* to) {
  using kind = node::kind;
  switch (from.what) {
    case kind::file_scan: return encode_source(from.source, to->mutable_source());
    case kind::table_scan:
      to->set_table(from.table);
      for (int column : from.columns) to->add_columns(column);
      return;
    case kind::filter:
    case kind::project: return encode_step(from.action, to->mutable_action());
    case kind::aggregate: return encode_aggregation(from.aggregate, to->mutable_aggregate());
    case kind::sort:
      for (const auto& key : from.sort) encode_sort_key(key, to->add_sort());
      return;
    case kind::limit:
    case kind::offset: return to->set_limit(from.limit);
    case kind::intersect:
    case kind::except: return to->set_all(from.all);
    case kind::join: return encode_join(from.join, to->mutable_join());
    case kind::expand:
      for (const auto& projection : from.projections) {
        auto* out = to->add_projections();
        for (const auto& e : projection) encode_expression(*e, out->add_expressions());
      }
      return;
    case kind::generate:
      to->mutable_generate()->set_what(static_cast<int>(from.generate.what));
      encode_expression(*from.generate.value, to->mutable_generate()->mutable_value());
      return to->mutable_generate()->set_outer(from.generate.outer);
    case kind::window: return encode_window(from.window, to->mutable_window());
    case kind::range:
      to->set_range_start(from.range.start);
      to->set_range_end(from.range.end);
      return to->set_range_step(from.range.step);
    case kind::sample:
      to->set_sample_from(from.sample_from);
      to->set_sample_to(from.sample_to);
      return to->set_seed(from.seed);
    case kind::one_row:
    case kind::union_all:
    case kind::single_row: return;
  }
}

std::size_t inputs_of(node::kind what) {
  using kind = node::kind;
  switch (what) {
    case kind::file_scan:
    case kind::table_scan:
    case kind::one_row:
    case kind::range: return 0;
    case kind::intersect:
    case kind::except:
    case kind::join: return 2;
    case kind::union_all: return any_inputs;
    default: return 1;
  }
}

bool same_types(const arrow::Schema& a, const arrow::Schema& b) {
  if (a.num_fields() != b.num_fields()) return false;
  for (int i = 0; i < a.num_fields(); ++i)
    if (!data::same_type(*a.field(i)->type(), *b.field(i)->type())) return false;
  return true;
}

/// Whether the output begins with the input's columns.
bool extends(const arrow::Schema& output, const arrow::Schema& input) {
  if (output.num_fields() < input.num_fields()) return false;
  for (int i = 0; i < input.num_fields(); ++i)
    if (!data::same_type(*output.field(i)->type(), *input.field(i)->type())) return false;
  return true;
}

status check_join_output(const node& at) {
  const auto &left = *at.inputs[0]->output, &right = *at.inputs[1]->output;
  bool one_side = at.join.what == join_spec::kind::left_semi || at.join.what == join_spec::kind::left_anti;
  bool fits = at.join.what == join_spec::kind::mark ? extends(*at.output, left) && at.output->num_fields() == left.num_fields() + 1 &&
                                                          at.output->fields().back()->type()->id() == arrow::Type::BOOL
                                                    : same_types(*at.output, one_side ? left : *both_schemas(left, right));
  return fits ? ok() : corrupt_plan("a join's schema does not fit");
}

status check_generate_output(const node& at) {
  const auto& type = *at.generate.value->type;
  arrow::FieldVector made;
  using kind = generate_node::kind;
  if (at.generate.what == kind::posexplode) made.push_back(arrow::field("pos", arrow::int32()));
  if (at.generate.what == kind::inline_) {
    bool fits = type.id() == arrow::Type::LIST && type.field(0)->type()->id() == arrow::Type::STRUCT;
    if (!fits) return corrupt_plan("inline of no array of structs");
    for (const auto& field : type.field(0)->type()->fields()) made.push_back(field);
  } else if (type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    made.push_back(map.key_field());
    made.push_back(map.item_field());
  } else if (type.id() == arrow::Type::LIST) {
    made.push_back(type.field(0));
  } else {
    return corrupt_plan("explode of neither an array nor a map");
  }
  return same_types(*at.output, *both_schemas(*at.inputs[0]->output, *arrow::schema(std::move(made)))) ? ok()
                                                                                                         : corrupt_plan("explode does not fit its schema");
}

status check_window_output(const node& at) {
  const auto& input = *at.inputs[0]->output;
  bool fits = extends(*at.output, input) && at.output->num_fields() == input.num_fields() + static_cast<int>(at.window.calls.size());
  for (std::size_t k = 0; fits && k < at.window.calls.size(); ++k)
    fits = data::same_type(*at.output->field(input.num_fields() + static_cast<int>(k))->type(), *at.window.calls[k].call.type);
  return fits ? ok() : corrupt_plan("a window's schema does not fit");
}

/// Reads what belongs to the node's kind and checks its output against it.
status decode_parts(const proto::batch_node& from, node& out) {
  using kind = node::kind;
  auto input = out.inputs.empty() ? arrow::schema({}) : out.inputs[0]->output;
  auto take = [](auto made, auto& into) -> status {
    if (!made.ok()) return made.error();
    into = *std::move(made);
    return ok();
  };
  auto expect = [&](const data::schema_ptr& expected) {
    return out.output->Equals(*expected, false) ? ok() : corrupt_plan("a node's schema does not fit");
  };
  switch (out.what) {
    case kind::file_scan:
      SLUICE_RETURN_IF_ERROR(take(decode_source(from.source()), out.source));
      return expect(scan_schema(out.source.schema, out.source.columns));
    case kind::table_scan:
      out.table = from.table();
      out.columns.assign(from.columns().begin(), from.columns().end());
      return out.columns.size() == static_cast<std::size_t>(out.output->num_fields()) ? ok() : corrupt_plan("a table's columns do not fit its schema");
    case kind::filter:
    case kind::project:
      SLUICE_RETURN_IF_ERROR(take(decode_step(from.action(), *input), out.action));
      if ((out.action.what == step::kind::filter) != (out.what == kind::filter)) return corrupt_plan("a node's step is of another kind");
      return expect(out.action.output);
    case kind::aggregate:
      SLUICE_RETURN_IF_ERROR(take(decode_aggregation(from.aggregate(), *input), out.aggregate));
      return expect(out.aggregate.output);
    case kind::sort:
      SLUICE_RETURN_IF_ERROR(take(decode_sort(from.sort(), *input), out.sort));
      return expect(input);
    case kind::limit:
    case kind::offset:
      out.limit = from.limit();
      return out.limit < 0 ? corrupt_plan("a limit is negative") : expect(input);
    case kind::intersect:
    case kind::except: out.all = from.all(); [[fallthrough]];
    case kind::union_all:
      for (const auto& side : out.inputs)
        if (!same_types(*side->output, *out.output)) return corrupt_plan("the sides of a set operation do not fit");
      return ok();
    case kind::join:
      SLUICE_RETURN_IF_ERROR(take(decode_join(from.join(), *input, *out.inputs[1]->output), out.join));
      return check_join_output(out);
    case kind::expand: return take(decode_projections(from, *input, *out.output), out.projections);
    case kind::generate:
      if (!in_range(from.generate().what(), generate_node::kind::inline_)) return corrupt_plan("a generator is unknown");
      out.generate.what = static_cast<generate_node::kind>(from.generate().what());
      out.generate.outer = from.generate().outer();
      SLUICE_RETURN_IF_ERROR(take(decode_expression(from.generate().value(), *input), out.generate.value));
      return check_generate_output(out);
    case kind::window:
      SLUICE_RETURN_IF_ERROR(take(decode_window(from.window(), *input), out.window));
      return check_window_output(out);
    case kind::range:
      out.range = {from.range_start(), from.range_end(), from.range_step()};
      if (out.range.step == 0 || out.output->num_fields() > 1) return corrupt_plan("a range does not fit its schema");
      return ok();
    case kind::sample:
      out.sample_from = from.sample_from();
      out.sample_to = from.sample_to();
      out.seed = from.seed();
      return expect(input);
    case kind::single_row: return same_types(*out.output, *input) ? ok() : corrupt_plan("a node's schema does not fit");
    case kind::one_row: return expect(input);
  }
  return corrupt_plan("a node is unknown");
}

} // namespace

void encode_node(const node& from, proto::batch_node* to) {
  to->set_what(static_cast<proto::batch_node::kind>(from.what));
  for (const auto& input : from.inputs) encode_node(*input, to->add_inputs());
  to->set_output(data::schema_to_ddl(*from.output));
  encode_parts(from, to);
}

result<node_ptr> decode_node(const proto::batch_node& from, int depth) {
  if (depth > deepest_node) return corrupt_plan("it is nested too deep");
  if (!proto::batch_node::kind_IsValid(from.what())) return status(errc::unsupported_format, "the plan has a node this version does not know");
  auto out = std::make_shared<node>();
  out->what = static_cast<node::kind>(from.what());
  for (const auto& input : from.inputs()) {
    SLUICE_ASSIGN_OR_RETURN(auto child, decode_node(input, depth + 1));
    out->inputs.push_back(std::move(child));
  }
  auto wanted = inputs_of(out->what);
  if (wanted == any_inputs ? out->inputs.empty() : out->inputs.size() != wanted) return corrupt_plan("a node has the wrong number of inputs");
  SLUICE_ASSIGN_OR_RETURN(out->output, decode_schema_text(from.output()));
  SLUICE_RETURN_IF_ERROR(decode_parts(from, *out));
  return node_ptr(std::move(out));
}

} // namespace sluice::plan::internal
