// The hot path of a counting job after parsing: key encode, slices, count(*) and avg(bigint) into few groups; merging the
// blocks into the state table; a batch that touches few rows of a large table.
#include <arrow/api.h>
#include <benchmark/benchmark.h>

#include <random>

#include "common/exec/aggregate.hpp"
#include "worker/state/aggregate_table.hpp"

namespace {

using namespace sluice;  // NOLINT: a program of its own

constexpr std::int64_t minute = 60'000'000;

expr::expr_ptr column(int index, data::type_ptr type) { return expr::column(index, type, "c"); }

plan::aggregation counting_job() {
  plan::aggregation a;
  a.keys = {column(0, arrow::utf8())};
  a.window = plan::window_spec{column(1, data::timestamp_type()), 10 * minute, 5 * minute, 0};
  plan::aggregate_call count, avg;
  count.function = "count";
  count.type = arrow::int64();
  avg.function = "avg";
  avg.args = {column(2, arrow::int64())};
  avg.type = arrow::float64();
  a.calls = {count, avg};
  a.output = arrow::schema({arrow::field("k", arrow::utf8()), arrow::field("window", data::window_type(data::timestamp_type())),
                            arrow::field("count", arrow::int64()), arrow::field("avg", arrow::float64())});
  return a;
}

/// `keys` distinct texts; times rise by `step`, or are random.
data::batch_ptr events(std::int64_t rows, std::int64_t keys, std::int64_t step, bool shuffled, std::uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  arrow::StringBuilder key;
  arrow::TimestampBuilder time(data::timestamp_type(), arrow::default_memory_pool());
  arrow::Int64Builder value;
  for (std::int64_t i = 0; i < rows; ++i) {
    auto k = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(keys));
    auto name = keys <= 2 ? std::string(k ? "Open" : "Close") : "user" + std::to_string(k);
    auto at = shuffled ? static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(rows)) : i;
    SLUICE_CHECK(key.Append(name).ok() && time.Append(1469501107000000 + at * step).ok() && value.Append(1469501107 + at).ok());
  }
  auto schema = arrow::schema({arrow::field("k", arrow::utf8()), arrow::field("t", data::timestamp_type()),
                               arrow::field("v", arrow::int64())});
  return arrow::RecordBatch::Make(schema, rows, {*key.Finish(), *time.Finish(), *value.Finish()});
}

exec::routing routes() { return {128, std::vector<std::uint32_t>(128, 0)}; }

std::vector<exec::routed_block> blocks_of(const plan::aggregation& job, const data::batch_ptr& rows) {
  auto partial = exec::partial_aggregator::make(job, routes(), {}, 0);
  std::vector<exec::routed_block> out;
  SLUICE_CHECK((*partial)->add(rows, 0, 0, out).ok() && (*partial)->flush(out).ok());
  return out;
}

void per_row(benchmark::State& state, std::int64_t rows) {
  state.counters["time_per_row"] = benchmark::Counter(
      static_cast<double>(state.iterations() * rows), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void partial_aggregate(benchmark::State& state) {
  constexpr std::int64_t rows = 1 << 16;
  auto job = counting_job();
  auto batch = events(rows, state.range(0), state.range(1), state.range(2) != 0);
  auto partial = exec::partial_aggregator::make(job, routes(), {}, 0);
  for (auto _ : state) {
    std::vector<exec::routed_block> out;
    SLUICE_CHECK((*partial)->add(batch, 0, 0, out).ok() && (*partial)->flush(out).ok());
    benchmark::DoNotOptimize(out);
  }
  per_row(state, rows);
}
BENCHMARK(partial_aggregate)
    ->ArgNames({"keys", "step_us", "shuffled"})
    ->Args({2, 30'000, 0})
    ->Args({2, 30'000, 1})
    ->Args({100, 30'000, 0})
    ->Args({10'000, 30'000, 0})
    ->Args({1'000'000, 30'000, 0});

/// Rows merged into the building overlay, one batch after the other.
void merge_into_table(benchmark::State& state) {
  auto job = counting_job();
  auto blocks = blocks_of(job, events(1 << 18, state.range(0), 1000, false));
  std::int64_t rows = 0;
  for (const auto& block : blocks) rows += block.rows->num_rows();
  auto table = state::aggregate_table::make(job, plan::output_mode::complete, {}, {});
  state::layer_id base;
  for (auto _ : state) {
    state::layer_id next{base.batch + 1, "a"};
    SLUICE_CHECK((*table)->begin(base, next).ok());
    for (const auto& block : blocks) SLUICE_CHECK((*table)->merge(block.rows).ok());
    SLUICE_CHECK((*table)->prepare({}, false, false).ok());
    base = next;
  }
  per_row(state, rows);
}
BENCHMARK(merge_into_table)->ArgName("keys")->Arg(1000)->Arg(100'000);

/// begin, merge, prepare and promote of four rows over a table of `keys` keys.
void small_batch(benchmark::State& state) {
  auto job = counting_job();
  auto table = state::aggregate_table::make(job, plan::output_mode::complete, {}, {});
  state::layer_id base;
  auto run = [&](const std::vector<exec::routed_block>& blocks) {
    state::layer_id next{base.batch + 1, "a"};
    SLUICE_CHECK((*table)->begin(base, next).ok());
    for (const auto& block : blocks) SLUICE_CHECK((*table)->merge(block.rows).ok());
    SLUICE_CHECK((*table)->prepare({}, state.range(1) != 0, false).ok());
    (*table)->promote(next);
    base = next;
  };
  run(blocks_of(job, events(1 << 18, state.range(0), 1000, false)));
  auto few = blocks_of(job, events(4, state.range(0), 1000, false, 7));
  for (auto _ : state) run(few);
}
BENCHMARK(small_batch)->ArgNames({"keys", "output"})->Args({100, 0})->Args({100'000, 0})->Args({100'000, 1});

} // namespace

BENCHMARK_MAIN();
