#pragma once
/// Strong ids: distinct types that cannot be mixed up. Text ids print with their prefix ("q-…", "w-…"), which is part
/// of the stored text; numbers print as numbers.
#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace sluice {

template <class Tag>
struct text_id {
  std::string text;
  bool empty() const noexcept { return text.empty(); }
  auto operator<=>(const text_id&) const = default;
};

template <class Tag, class Number>
struct number_id {
  Number value{};
  auto operator<=>(const number_id&) const = default;
};

/// A streaming query for its whole life: a UUID, kept in the checkpoint's metadata (Spark's `id`).
using query_id = text_id<struct query_tag>;
/// One start of a query (Spark's `runId`): a UUID.
using run_id = text_id<struct run_tag>;
/// A worker process' incarnation: "w-…", new at each process start.
using worker_id = text_id<struct worker_tag>;
/// One try at a batch: "<epoch>-<counter>", unique within the query for ever.
using attempt_id = text_id<struct attempt_tag>;
/// Number of a micro-batch within its query, from 0.
using batch_id = number_id<struct batch_tag, std::int64_t>;
/// A coordinator's claim on a query; strictly growing, from 1.
using epoch = number_id<struct epoch_tag, std::int64_t>;
/// A share of a query's key space: hash of the grouping columns modulo the query's number of key groups.
using key_group = number_id<struct key_group_tag, std::uint16_t>;

} // namespace sluice

template <class Tag>
struct std::hash<sluice::text_id<Tag>> {
  std::size_t operator()(const sluice::text_id<Tag>& id) const noexcept { return std::hash<std::string>{}(id.text); }
};
template <class Tag, class Number>
struct std::hash<sluice::number_id<Tag, Number>> {
  std::size_t operator()(const sluice::number_id<Tag, Number>& id) const noexcept { return std::hash<Number>{}(id.value); }
};
