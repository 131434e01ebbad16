#include "common/plan/codec.hpp"

#include <arrow/type.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "common/plan/internal/proto_codec.hpp"
#include "common/plan/internal/streaming.hpp"

namespace sluice::plan {
namespace internal {

status corrupt_plan(const std::string& why) { return {errc::corrupt_file, "the plan is damaged: " + why}; }

result<data::schema_ptr> decode_schema_text(const std::string& text) {
  if (text.empty()) return arrow::schema({});
  auto schema = data::schema_from_ddl(text);
  if (!schema.ok()) return corrupt_plan("a schema cannot be read");
  return *schema;
}

void encode_call(const aggregate_call& from, proto::aggregate_call* to) {
  to->set_function(from.function);
  for (const auto& arg : from.args) encode_expression(*arg, to->add_args());
  if (from.filter) encode_expression(*from.filter, to->mutable_filter());
  to->set_distinct(from.distinct);
  to->set_ignore_nulls(from.ignore_nulls);
  to->set_type(data::type_name(*from.type));
}

void encode_aggregation(const aggregation& from, proto::aggregation* to) {
  for (const auto& key : from.keys) encode_expression(*key, to->add_keys());
  for (const auto& name : from.key_names) to->add_key_names(name);
  if (from.window) {
    auto* window = to->mutable_window();
    encode_expression(*from.window->time, window->mutable_time());
    window->set_size_us(from.window->size_us);
    window->set_slide_us(from.window->slide_us);
    window->set_start_us(from.window->start_us);
  }
  for (const auto& call : from.calls) encode_call(call, to->add_calls());
  to->set_output(data::schema_to_ddl(*from.output));
}

result<aggregate_call> decode_call(const proto::aggregate_call& from, const arrow::Schema& input) {
  aggregate_call out;
  out.function = from.function();
  for (const auto& arg : from.args()) {
    SLUICE_ASSIGN_OR_RETURN(auto value, decode_expression(arg, input));
    out.args.push_back(std::move(value));
  }
  if (from.has_filter()) {
    SLUICE_ASSIGN_OR_RETURN(out.filter, decode_expression(from.filter(), input));
  }
  out.distinct = from.distinct();
  out.ignore_nulls = from.ignore_nulls();
  auto type = data::type_from_name(from.type());
  if (!type.ok()) return corrupt_plan("an aggregate has an unknown type");
  out.type = *type;
  return out;
}

namespace {

result<window_spec> decode_window(const proto::window_spec& from, const arrow::Schema& input) {
  window_spec out;
  SLUICE_ASSIGN_OR_RETURN(out.time, decode_expression(from.time(), input));
  out.size_us = from.size_us();
  out.slide_us = from.slide_us();
  out.start_us = from.start_us();
  if (out.time->type->id() != arrow::Type::TIMESTAMP || out.slide_us <= 0 || out.slide_us > out.size_us || out.start_us >= out.slide_us ||
      out.start_us <= -out.slide_us)
    return corrupt_plan("a window is wrong");
  return out;
}

} // namespace

result<aggregation> decode_aggregation(const proto::aggregation& from, const arrow::Schema& input) {
  aggregation out;
  for (const auto& key : from.keys()) {
    SLUICE_ASSIGN_OR_RETURN(auto value, decode_expression(key, input));
    out.keys.push_back(std::move(value));
  }
  out.key_names.assign(from.key_names().begin(), from.key_names().end());
  if (from.has_window()) {
    SLUICE_ASSIGN_OR_RETURN(out.window, decode_window(from.window(), input));
  }
  for (const auto& call : from.calls()) {
    SLUICE_ASSIGN_OR_RETURN(auto value, decode_call(call, input));
    out.calls.push_back(std::move(value));
  }
  SLUICE_ASSIGN_OR_RETURN(out.output, decode_schema_text(from.output()));
  auto columns = out.keys.size() + (out.window ? 1 : 0) + out.calls.size();
  if (out.key_names.size() != out.keys.size() || out.output->num_fields() != static_cast<int>(columns))
    return corrupt_plan("an aggregation's columns do not fit its schema");
  return out;
}

void encode_source(const file_source& from, proto::file_source* to) {
  to->set_name(from.name);
  to->set_format(from.format);
  for (const auto& path : from.paths) to->add_paths(path);
  to->set_schema(data::schema_to_ddl(*from.schema));
  for (int column : from.columns) to->add_columns(column);
  encode_options(from.options, to->mutable_options());
}

result<file_source> decode_source(const proto::file_source& from) {
  file_source out;
  out.name = from.name();
  out.format = from.format();
  out.paths.assign(from.paths().begin(), from.paths().end());
  SLUICE_ASSIGN_OR_RETURN(out.schema, decode_schema_text(from.schema()));
  for (int column : from.columns()) {
    if (column < 0 || column >= out.schema->num_fields() || (!out.columns.empty() && column <= out.columns.back()))
      return corrupt_plan("a source's columns do not fit its schema");
    out.columns.push_back(column);
  }
  out.options.insert(from.options().begin(), from.options().end());
  return out;
}

data::schema_ptr scan_schema(const data::schema_ptr& schema, const std::vector<int>& columns) {
  arrow::FieldVector fields;
  for (int column : columns) fields.push_back(schema->field(column));
  return arrow::schema(std::move(fields));
}

void encode_step(const step& from, proto::step* to) {
  to->set_what(from.what == step::kind::filter ? proto::step::FILTER : proto::step::PROJECT);
  for (const auto& e : from.expressions) encode_expression(*e, to->add_expressions());
  to->set_output(data::schema_to_ddl(*from.output));
}

result<step> decode_step(const proto::step& from, const arrow::Schema& input) {
  step out;
  out.what = from.what() == proto::step::FILTER ? step::kind::filter : step::kind::project;
  for (const auto& e : from.expressions()) {
    SLUICE_ASSIGN_OR_RETURN(auto value, decode_expression(e, input));
    out.expressions.push_back(std::move(value));
  }
  SLUICE_ASSIGN_OR_RETURN(out.output, decode_schema_text(from.output()));
  bool fits = out.what == step::kind::filter
                  ? out.expressions.size() == 1 && out.expressions[0]->type->id() == arrow::Type::BOOL && out.output->num_fields() == input.num_fields()
                  : static_cast<int>(out.expressions.size()) == out.output->num_fields();
  for (int i = 0; fits && i < out.output->num_fields(); ++i) {
    const auto& type = out.what == step::kind::filter ? *input.field(i)->type() : *out.expressions[i]->type;
    fits = data::same_type(type, *out.output->field(i)->type());
  }
  if (!fits) return corrupt_plan("a step does not fit its schema");
  return out;
}

void encode_sort_key(const sort_key& from, proto::sort_key* to) {
  encode_expression(*from.expression, to->mutable_expr());
  to->set_ascending(from.ascending);
  to->set_nulls_first(from.nulls_first);
}

result<std::vector<sort_key>> decode_sort(const google::protobuf::RepeatedPtrField<proto::sort_key>& from, const arrow::Schema& input) {
  std::vector<sort_key> out;
  for (const auto& key : from) {
    SLUICE_ASSIGN_OR_RETURN(auto value, decode_expression(key.expr(), input));
    out.push_back({std::move(value), key.ascending(), key.nulls_first()});
  }
  return out;
}

} // namespace internal

namespace {

using internal::corrupt_plan;
using internal::decode_step;
using internal::encode_source;
using internal::encode_step;
using internal::encode_sort_key;
using internal::decode_source;
using internal::decode_sort;
using internal::scan_schema;
constexpr std::uint32_t plan_version = 1;

template <class Repeated>
status decode_steps(const Repeated& from, data::schema_ptr& schema, std::vector<step>& out) {
  for (const auto& entry : from) {
    auto next = decode_step(entry, *schema);
    if (!next.ok()) return next.error();
    schema = next->output;
    out.push_back(*std::move(next));
  }
  return ok();
}

template <class Message>
std::string serialized(const Message& message) {
  std::string out;
  {
    google::protobuf::io::StringOutputStream stream(&out);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return out;
}

template <class Message>
bool parsed(Message& message, std::string_view bytes) {
  google::protobuf::io::CodedInputStream coded(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
  coded.SetRecursionLimit(12'000);
  return message.ParseFromCodedStream(&coded) && coded.ConsumedEntireMessage();
}

std::string_view trigger_text(trigger_spec::kind what) {
  switch (what) {
    case trigger_spec::kind::as_soon_as_possible: return "";
    case trigger_spec::kind::interval: return "interval";
    case trigger_spec::kind::available_now: return "available_now";
    case trigger_spec::kind::once: return "once";
  }
  return "";
}

result<trigger_spec> decode_trigger(const std::string& text, std::int64_t interval_us) {
  trigger_spec out;
  out.interval_us = interval_us;
  for (auto what : {trigger_spec::kind::as_soon_as_possible, trigger_spec::kind::interval, trigger_spec::kind::available_now, trigger_spec::kind::once})
    if (trigger_text(what) == text) {
      out.what = what;
      return out;
    }
  return corrupt_plan("the trigger is unknown");
}

} // namespace

std::string encode(const streaming_plan& plan) {
  proto::streaming_plan out;
  out.set_version(plan_version);
  out.set_name(plan.name);
  encode_source(plan.source, out.mutable_source());
  for (const auto& s : plan.map_steps) encode_step(s, out.add_map_steps());
  if (plan.aggregate) internal::encode_aggregation(*plan.aggregate, out.mutable_aggregate());
  for (const auto& s : plan.result_steps) encode_step(s, out.add_result_steps());
  for (const auto& key : plan.sort) encode_sort_key(key, out.add_sort());
  if (plan.limit) out.set_limit(*plan.limit);
  out.set_mode(std::string(internal::mode_name(plan.mode)));
  out.set_trigger(std::string(trigger_text(plan.trigger.what)));
  out.set_trigger_interval_us(plan.trigger.interval_us);
  out.set_sink_format(plan.sink.format);
  out.set_sink_path(plan.sink.path);
  internal::encode_options(plan.sink.options, out.mutable_sink_options());
  out.set_checkpoint(plan.checkpoint);
  out.set_output(data::schema_to_ddl(*plan.output));
  out.set_ansi(plan.session.ansi);
  out.set_time_zone(plan.session.time_zone);
  internal::encode_options(plan.settings, out.mutable_settings());
  return serialized(out);
}

result<streaming_plan> decode_streaming(std::string_view bytes) {
  proto::streaming_plan from;
  if (!parsed(from, bytes)) return corrupt_plan("it is no message");
  if (from.version() != plan_version) return status(errc::unsupported_format, "the plan has version " + std::to_string(from.version()));
  streaming_plan out;
  out.name = from.name();
  SLUICE_ASSIGN_OR_RETURN(out.source, decode_source(from.source()));
  auto schema = scan_schema(out.source.schema, out.source.columns);
  SLUICE_RETURN_IF_ERROR(decode_steps(from.map_steps(), schema, out.map_steps));
  if (from.has_aggregate()) {
    SLUICE_ASSIGN_OR_RETURN(out.aggregate, internal::decode_aggregation(from.aggregate(), *schema));
    schema = out.aggregate->output;
  }
  if (!out.aggregate && from.result_steps_size() > 0) return corrupt_plan("it has result steps without an aggregation");
  SLUICE_RETURN_IF_ERROR(decode_steps(from.result_steps(), schema, out.result_steps));
  SLUICE_ASSIGN_OR_RETURN(out.sort, decode_sort(from.sort(), *schema));
  if (from.has_limit()) out.limit = from.limit();
  if (from.mode() == "append") out.mode = output_mode::append;
  else if (from.mode() == "update") out.mode = output_mode::update;
  else if (from.mode() == "complete") out.mode = output_mode::complete;
  else return corrupt_plan("the output mode is unknown");
  SLUICE_ASSIGN_OR_RETURN(out.trigger, decode_trigger(from.trigger(), from.trigger_interval_us()));
  out.sink.format = from.sink_format();
  out.sink.path = from.sink_path();
  out.sink.options.insert(from.sink_options().begin(), from.sink_options().end());
  out.checkpoint = from.checkpoint();
  SLUICE_ASSIGN_OR_RETURN(out.output, internal::decode_schema_text(from.output()));
  if (!out.output->Equals(*schema, false)) return corrupt_plan("the output does not fit the last step");
  out.session = {from.ansi(), from.time_zone()};
  out.settings.insert(from.settings().begin(), from.settings().end());
  return out;
}

std::string encode(const batch_plan& plan) {
  proto::batch_plan out;
  out.set_version(plan_version);
  internal::encode_node(*plan.root, out.mutable_root());
  out.set_ansi(plan.session.ansi);
  out.set_time_zone(plan.session.time_zone);
  return serialized(out);
}

result<batch_plan> decode_batch(std::string_view bytes) {
  proto::batch_plan from;
  if (!parsed(from, bytes)) return corrupt_plan("it is no message");
  if (from.version() != plan_version) return status(errc::unsupported_format, "the plan has version " + std::to_string(from.version()));
  batch_plan out;
  SLUICE_ASSIGN_OR_RETURN(out.root, internal::decode_node(from.root(), 0));
  out.session = {from.ansi(), from.time_zone()};
  return out;
}

} // namespace sluice::plan
