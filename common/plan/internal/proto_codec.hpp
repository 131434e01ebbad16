#pragma once
/// Pieces of plans to and from proto/sluice/plan.proto. Decoders check everything that later code relies on: types, column indexes,
/// numbers of arguments, depth.
#include "common/plan/plan.hpp"
#include "proto/sluice/plan.pb.h"

namespace sluice::plan::internal {

void encode_expression(const expr::node& from, proto::expression* to);
/// `input`: the schema that column indexes refer to.
result<expr::expr_ptr> decode_expression(const proto::expression& from, const arrow::Schema& input, int depth = 0);

void encode_aggregation(const aggregation& from, proto::aggregation* to);
result<aggregation> decode_aggregation(const proto::aggregation& from, const arrow::Schema& input);

void encode_call(const aggregate_call& from, proto::aggregate_call* to);
result<aggregate_call> decode_call(const proto::aggregate_call& from, const arrow::Schema& input);

template <class Map>
void encode_options(const option_map& from, Map* to) {
  for (const auto& [key, value] : from) (*to)[key] = value;
}
void encode_source(const file_source& from, proto::file_source* to);
result<file_source> decode_source(const proto::file_source& from);
/// The columns of a scan.
data::schema_ptr scan_schema(const data::schema_ptr& schema, const std::vector<int>& columns);
void encode_step(const step& from, proto::step* to);
result<step> decode_step(const proto::step& from, const arrow::Schema& input);
void encode_sort_key(const sort_key& from, proto::sort_key* to);
result<std::vector<sort_key>> decode_sort(const google::protobuf::RepeatedPtrField<proto::sort_key>& from, const arrow::Schema& input);

/// Batch trees (batch_codec.cpp).
void encode_node(const node& from, proto::batch_node* to);
result<node_ptr> decode_node(const proto::batch_node& from, int depth);

result<data::schema_ptr> decode_schema_text(const std::string& text);
status corrupt_plan(const std::string& why);

} // namespace sluice::plan::internal
