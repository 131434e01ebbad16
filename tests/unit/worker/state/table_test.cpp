#include <gtest/gtest.h>

#include "tests/unit/worker/state/aggregate_oracle.hpp"
#include "worker/state/aggregate_table.hpp"

namespace sluice::state {
namespace {

using test::shape;

constexpr std::uint32_t num_groups = 16;

/// Two tables that share the key groups, and the sections they emitted.
class table_pair {
public:
  table_pair(const shape& s, std::uint64_t seed, table_options options = {})
      : maker(seed), shape_(s), aggregation_(test::make_aggregation(s)), options_(options) {
    options_.num_key_groups = num_groups;
    for (auto& owner : owners_) owner = static_cast<std::uint32_t>(maker.below(2));
    owners_[0] = 0;
    for (int i = 0; i < 2; ++i) make_table(i);
  }

  void make_table(int i) {
    auto options = options_;
    if (!options.spill_directory.empty()) options.spill_directory += "/" + std::to_string(i);
    tables_[i].reset();
    auto made = aggregate_table::make(aggregation_, plan::output_mode::update, {}, options);
    ASSERT_TRUE(made.ok()) << made.error().to_string();
    tables_[i] = std::move(*made);
  }

  /// Blocks of a batch by destination, cut into splits and morsels at random.
  void blocks_of(std::vector<test::event>& events, std::int64_t batch, std::vector<exec::routed_block>& out) {
    std::size_t at = 0;
    for (std::int32_t split = 0; at < events.size(); ++split) {
      auto end = std::min(events.size(), at + 1 + static_cast<std::size_t>(maker.below(300)));
      std::vector<test::event> part(events.begin() + static_cast<std::ptrdiff_t>(at), events.begin() + static_cast<std::ptrdiff_t>(end));
      for (std::size_t i = 0; i < part.size(); ++i)
        events[at + i].position = {batch, 0, static_cast<std::int64_t>(at + i)};
      exec::partial_options options;
      options.block_rows = 1 + static_cast<std::size_t>(maker.below(200));
      options.memory_bytes = maker.below(2) ? 4 << 20 : 20000;
      auto made = exec::partial_aggregator::make(
          aggregation_, {num_groups, {owners_, owners_ + num_groups}}, {}, batch, options);
      ASSERT_TRUE(made.ok()) << made.error().to_string();
      for (std::size_t i = 0; i < part.size();) {
        auto next = std::min(part.size(), i + 1 + static_cast<std::size_t>(maker.below(100)));
        std::vector<test::event> morsel(part.begin() + static_cast<std::ptrdiff_t>(i), part.begin() + static_cast<std::ptrdiff_t>(next));
        auto added = (*made)->add(test::to_batch(morsel), 0, static_cast<std::int64_t>(at + i), out);
        ASSERT_TRUE(added.ok()) << added.to_string();
        i = next;
      }
      ASSERT_TRUE((*made)->flush(out).ok());
      at = end;
    }
    std::shuffle(out.begin(), out.end(), maker.random);
  }

  void begin(const layer_id& base, const layer_id& id) {
    for (auto& table : tables_) {
      auto begun = table->begin(base, id);
      ASSERT_TRUE(begun.ok()) << begun.to_string();
    }
  }
  void merge(const std::vector<exec::routed_block>& blocks, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      auto merged = tables_[blocks[i].destination]->merge(blocks[i].rows);
      ASSERT_TRUE(merged.ok()) << merged.to_string();
    }
  }

  /// One batch, aborted attempts included. Checks output and counters.
  void run_batch(std::int64_t rows, std::int64_t span) {
    auto events = maker.make(rows, span);
    layer_id id;
    for (int attempt = 0;; ++attempt) {
      std::vector<exec::routed_block> blocks;
      blocks_of(events, base_.batch + 1, blocks);
      id = {base_.batch + 1, "a" + std::to_string(next_attempt_++)};
      begin(base_, id);
      if (attempt < 2 && maker.below(3) == 0) {
        merge(blocks, static_cast<std::size_t>(maker.below(static_cast<std::int64_t>(blocks.size()) + 1)));
        if (maker.below(2)) for (auto& table : tables_) table->drop(id);
        continue;
      }
      merge(blocks, blocks.size());
      break;
    }
    std::vector<std::uint16_t> snapshots;
    if (maker.below(3) == 0) snapshots = {static_cast<std::uint16_t>(maker.below(num_groups)), 3};
    all_.insert(all_.end(), events.begin(), events.end());
    test::table_rows output;
    std::int64_t state_rows = 0, updated = 0;
    for (auto& table : tables_) {
      auto prepared = table->prepare(snapshots, true, false);
      ASSERT_TRUE(prepared.ok()) << prepared.error().to_string();
      for (auto& item : prepared->sections) {
        auto& extents = sections_[item.group];
        if (item.snapshot) extents.clear();
        extents.push_back(item);
      }
      for (auto& batch : prepared->output) add(batch, output);
      state_rows += prepared->state_rows;
      updated += prepared->rows_updated;
      ASSERT_EQ(table->prepared(), id);
    }
    ASSERT_EQ(test::differences(output, test::expected(all_, shape_, &events)), "");
    ASSERT_EQ(updated, static_cast<std::int64_t>(output.size()));
    ASSERT_EQ(state_rows, static_cast<std::int64_t>(test::expected(all_, shape_).size()));
    base_ = id;
    if (maker.below(2)) for (auto& table : tables_) table->promote(id);
  }

  void add(const data::batch_ptr& batch, test::table_rows& out) {
    ASSERT_TRUE(batch->ValidateFull().ok()) << batch->ValidateFull().ToString();
    ASSERT_TRUE(batch->schema()->Equals(*aggregation_.output));
    test::add_rows(*batch, static_cast<int>(aggregation_.keys.size()) + (shape_.windowed ? 1 : 0), out);
  }
  std::vector<std::uint16_t> owned(std::uint32_t worker) const {
    std::vector<std::uint16_t> groups;
    for (std::uint16_t g = 0; g < num_groups; ++g)
      if (owners_[g] == worker) groups.push_back(g);
    return groups;
  }
  void check_read() {
    test::table_rows rows;
    for (std::uint32_t i = 0; i < 2; ++i) {
      auto done = tables_[i]->read(base_, owned(i), [&](data::batch_ptr batch) { return add(batch, rows), ok(); });
      ASSERT_TRUE(done.ok()) << done.to_string();
    }
    if (!(all_.empty() && aggregation_.keys.empty())) { ASSERT_EQ(test::differences(rows, test::expected(all_, shape_)), ""); }
  }
  /// New owners for some groups; everything is loaded from the sections.
  void restore(bool move) {
    if (move)
      for (int i = 0; i < 4; ++i) owners_[1 + maker.below(num_groups - 1)] = static_cast<std::uint32_t>(maker.below(2));
    for (std::uint32_t i = 0; i < 2; ++i) {
      if (maker.below(2)) make_table(static_cast<int>(i));
      tables_[i]->reset(base_);
      for (auto group : owned(i))
        for (const auto& item : sections_[group]) {
          auto loaded = tables_[i]->load(group, item.snapshot, item.bytes);
          ASSERT_TRUE(loaded.ok()) << loaded.to_string();
        }
    }
  }

  test::event_maker maker;

private:
  shape shape_;
  plan::aggregation aggregation_;
  table_options options_;
  std::uint32_t owners_[num_groups] = {};
  std::unique_ptr<aggregate_table> tables_[2];
  std::map<std::uint16_t, std::vector<section>> sections_;
  std::vector<test::event> all_;
  layer_id base_;
  int next_attempt_ = 0;
};

void run_history(const shape& s, std::uint64_t seed, table_options options = {}) {
  table_pair pair(s, seed, options);
  for (int step = 0; step < 12; ++step) {
    SCOPED_TRACE(fmt::format("seed {} step {} size {} slide {} start {}", seed, step, s.size, s.slide, s.start));
    ASSERT_NO_FATAL_FAILURE(pair.run_batch(pair.maker.below(2) ? pair.maker.below(5) : pair.maker.below(300), 200));
    if (pair.maker.below(2)) { ASSERT_NO_FATAL_FAILURE(pair.check_read()); }
    if (pair.maker.below(4) == 0) { ASSERT_NO_FATAL_FAILURE(pair.restore(pair.maker.below(2))); }
  }
  ASSERT_NO_FATAL_FAILURE(pair.check_read());
}

TEST(AggregateTable, EqualsTheOracleOverRandomWindows) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    std::mt19937_64 random(seed);
    shape s;
    s.slide = 1 + static_cast<std::int64_t>(random() % 40);
    s.size = s.slide + static_cast<std::int64_t>(random() % (seed % 3 == 0 ? 200 : 40));
    s.start = static_cast<std::int64_t>(random() % 81) - 40;
    s.text_key = random() % 4 != 0;
    s.number_key = random() % 2 != 0;
    ASSERT_NO_FATAL_FAILURE(run_history(s, seed));
  }
}

TEST(AggregateTable, EqualsTheOracleWithoutWindow) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed)
    ASSERT_NO_FATAL_FAILURE(run_history({seed % 3 != 0, seed % 2 == 0, false}, seed));
}

} // namespace
} // namespace sluice::state
