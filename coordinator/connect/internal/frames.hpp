#pragma once
/// Relations on their way to queries. Private to the room.
#include <algorithm>
#include <functional>
#include <string>

#include "common/data/types.hpp"
#include "common/sql/ast.hpp"
#include "common/sql/nearest.hpp"
#include "coordinator/connect/expressions.hpp"
#include "proto/spark/connect/relations.pb.h"

namespace sluice::connect {

/// A query, the name that qualifies its columns (if there is one), and the client's number of the DataFrame.
struct frame {
  std::shared_ptr<sql::query> query;
  std::string alias;
  std::int64_t plan_id = -1;
};
using frame_result = result<frame>;
using relation_translator = std::function<frame_result(const spark::connect::Relation&)>;
using column_lister = std::function<result<data::schema_ptr>(const frame&)>;

inline status lacking(const std::string& what) { return {errc::unsupported_feature, what + " is not supported"}; }
inline bool same_name(const std::string& a, const std::string& b) { return sql::to_lower(a) == sql::to_lower(b); }

inline std::shared_ptr<sql::query> select_all(sql::relation from) {
  auto out = std::make_shared<sql::query>();
  out->items.push_back({star_tree(), {}, {}, {}});
  out->from = std::move(from);
  return out;
}

/// The frame as something to select from.
inline sql::relation relation_of(frame input) {
  sql::relation from;
  from.what = sql::relation::kind::subquery;
  from.subquery = std::move(input.query);
  from.transparent = input.alias.empty();
  from.alias = std::move(input.alias);
  from.plan_id = input.plan_id;
  return from;
}

inline std::shared_ptr<sql::query> over(frame input) { return select_all(relation_of(std::move(input))); }

// ---- operators of two frames ----

frame_result join_of(const spark::connect::Join& join, const relation_translator& translate);
frame_result set_operation_of(const spark::connect::SetOperation& operation, const relation_translator& translate);

// ---- operators of one frame ----

frame_result offset_of(const spark::connect::Offset& offset, const relation_translator& translate);
frame_result deduplicate_of(const spark::connect::Deduplicate& wanted, const relation_translator& translate);
frame_result aggregate_of(const spark::connect::Aggregate& aggregate, const relation_translator& translate);
frame_result unpivot_of(const spark::connect::Unpivot& unpivot, const relation_translator& translate);
frame_result sample_of(const spark::connect::Sample& sample, const relation_translator& translate);

// ---- operators that need the input's columns ----

frame_result fill_of(const spark::connect::NAFill& fill, const relation_translator& translate, const column_lister& columns);
frame_result drop_nulls_of(const spark::connect::NADrop& drop, const relation_translator& translate, const column_lister& columns);
frame_result replace_of(const spark::connect::NAReplace& replace, const relation_translator& translate, const column_lister& columns);

} // namespace sluice::connect
