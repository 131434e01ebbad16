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

result<data::schema_ptr> decode_schema_text(const std::string& text);
status corrupt_plan(const std::string& why);

} // namespace sluice::plan::internal
