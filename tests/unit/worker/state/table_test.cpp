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
      // Half loaded it is at no version.
      auto early = tables_[i]->read(base_, {}, [](auto) { return ok(); });
      ASSERT_EQ(early.code(), errc::state_missing);
      ASSERT_EQ(tables_[i]->begin(base_, {base_.batch + 1, "early"}).code(), errc::state_missing);
      tables_[i]->loaded();
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
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
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
  for (std::uint64_t seed = 1; seed <= 6; ++seed)
    ASSERT_NO_FATAL_FAILURE(run_history({seed % 3 != 0, seed % 2 == 0, false}, seed));
}

std::unique_ptr<aggregate_table> small_table(table_options options = {}) {
  options.num_key_groups = num_groups;
  auto made = aggregate_table::make(test::make_aggregation({}), plan::output_mode::update, {}, options);
  SLUICE_CHECK(made.ok());
  return std::move(*made);
}

std::vector<exec::routed_block> blocks_for(std::uint64_t seed, std::int64_t rows) {
  test::event_maker maker(seed);
  auto made = exec::partial_aggregator::make(test::make_aggregation({}), {num_groups, std::vector<std::uint32_t>(num_groups)}, {}, 0);
  std::vector<exec::routed_block> blocks;
  SLUICE_CHECK((*made)->add(test::to_batch(maker.make(rows, 100)), 0, 0, blocks).ok());
  SLUICE_CHECK((*made)->flush(blocks).ok());
  return blocks;
}

TEST(AggregateTable, LayersMoveOnlyAsAsked) {
  auto table = small_table();
  layer_id none, first{0, "a"}, second{1, "b"};
  EXPECT_EQ(table->begin(first, second).code(), errc::state_missing);
  EXPECT_EQ(table->merge(blocks_for(1, 10)[0].rows).code(), errc::stale_attempt);
  EXPECT_EQ(table->prepare({}, false, false).code(), errc::stale_attempt);
  ASSERT_TRUE(table->begin(none, first).ok());
  ASSERT_TRUE(table->merge(blocks_for(1, 10)[0].rows).ok());
  table->promote(first);  // not prepared: nothing happens
  EXPECT_EQ(table->committed(), none);
  ASSERT_TRUE(table->prepare({}, false, false).ok());
  EXPECT_EQ(table->prepared(), first);
  EXPECT_EQ(table->merge(blocks_for(1, 10)[0].rows).code(), errc::stale_attempt);
  EXPECT_EQ(table->read(second, {}, [](auto) { return ok(); }).code(), errc::state_missing);
  table->drop(second);  // another attempt's
  EXPECT_EQ(table->prepared(), first);
  ASSERT_TRUE(table->begin(first, second).ok());  // promotes
  EXPECT_EQ(table->committed(), first);
  table->drop(second);
  EXPECT_EQ(table->prepared(), first);
  std::int64_t rows = 0;
  ASSERT_TRUE(table->read(first, {}, [&](data::batch_ptr batch) { return rows += batch->num_rows(), ok(); }).ok());
  EXPECT_GT(rows, 0);
}

TEST(AggregateTable, ForeignBytesAreRefused) {
  auto table = small_table();
  ASSERT_TRUE(table->begin({}, {0, "a"}).ok());
  EXPECT_EQ(table->merge(test::to_batch({})).code(), errc::protocol);
  EXPECT_EQ(table->merge(nullptr).code(), errc::protocol);
  auto block = blocks_for(2, 20)[0].rows;
  auto shifted = block->SetColumn(2, block->schema()->field(2), arrow::MakeArrayFromScalar(arrow::Int64Scalar(3), block->num_rows()).ValueOrDie());
  EXPECT_EQ(table->merge(*shifted).code(), errc::protocol);  // no slice starts there
  auto outside = block->SetColumn(0, block->schema()->field(0), arrow::MakeArrayFromScalar(arrow::UInt16Scalar(99), block->num_rows()).ValueOrDie());
  EXPECT_EQ(table->merge(*outside).code(), errc::protocol);
  EXPECT_EQ(table->load(0, true, "no section").code(), errc::corrupt_file);
  EXPECT_EQ(table->load(99, true, "").code(), errc::corrupt_file);
  ASSERT_TRUE(table->merge(block).ok());
  auto prepared = table->prepare({}, false, false);
  ASSERT_TRUE(prepared.ok());
  auto bytes = prepared->sections[0].bytes;
  for (std::size_t cut : {bytes.size() / 3, bytes.size() - 9})
    EXPECT_EQ(table->load(0, true, std::string_view(bytes).substr(0, cut)).code(), errc::corrupt_file);
}

TEST(AggregateTable, SectionsDependOnlyOnTheRows) {
  auto sections_of = [](std::uint64_t order) {
    auto table = small_table();
    SLUICE_CHECK(table->begin({}, {0, "a"}).ok());
    auto whole = blocks_for(5, 400)[0].rows;
    std::vector<data::batch_ptr> parts;
    for (std::int64_t i = 0; i < whole->num_rows(); i += 7) parts.push_back(whole->Slice(i, 7));
    std::mt19937_64 random(order);
    std::shuffle(parts.begin(), parts.end(), random);
    for (const auto& part : parts) SLUICE_CHECK(table->merge(part).ok());
    std::string bytes;
    auto prepared = table->prepare({}, false, false);
    for (const auto& item : prepared->sections) bytes += std::to_string(item.group) + item.bytes;
    return bytes;
  };
  EXPECT_EQ(sections_of(1), sections_of(2));
}

TEST(AggregateTable, GlobalAggregateHasARowBeforeAnyInput) {
  auto made = aggregate_table::make(test::make_aggregation({false, false, false}), plan::output_mode::complete, {}, {});
  ASSERT_TRUE(made.ok());
  auto rows_at = [&](std::vector<std::uint16_t> groups) {
    std::string counts;
    auto done = (*made)->read({}, groups, [&](data::batch_ptr batch) { return counts += test::cell(*batch->column(0), 0), ok(); });
    return done.ok() ? counts : done.to_string();
  };
  EXPECT_EQ(rows_at({}), "0");
  EXPECT_EQ(rows_at({0, 5}), "0");
  EXPECT_EQ(rows_at({5}), "");
}

TEST(AggregateTable, SumOverflowFailsTheBatch) {
  shape s{true, false, false};
  auto aggregation = test::make_aggregation(s);
  table_options one_group;
  one_group.num_key_groups = 1;
  auto table = aggregate_table::make(aggregation, plan::output_mode::complete, {}, one_group);
  auto partial = exec::partial_aggregator::make(aggregation, {1, {0}}, {}, 0);
  test::event big;
  big.text = "k";
  big.value = std::numeric_limits<std::int64_t>::max();
  std::vector<exec::routed_block> blocks;
  ASSERT_TRUE((*partial)->add(test::to_batch({big, big}), 0, 0, blocks).ok());
  ASSERT_TRUE((*partial)->flush(blocks).ok());
  ASSERT_TRUE((*table)->begin({}, {0, "a"}).ok());
  ASSERT_TRUE((*table)->merge(blocks[0].rows).ok());
  EXPECT_EQ((*table)->prepare({}, false, false).code(), errc::arithmetic_overflow);
}

TEST(AggregateTable, SpillingFreesMemory) {
  auto held_after_promotion = [](std::size_t budget) {
    table_options options;
    options.memory_bytes = budget;
    options.spill_directory = testing::TempDir() + "sluice_spill_memory_test";
    auto table = small_table(options);
    SLUICE_CHECK(table->begin({}, {0, "a"}).ok());
    for (const auto& block : blocks_for(3, 3000)) SLUICE_CHECK(table->merge(block.rows).ok());
    SLUICE_CHECK(table->prepare({}, false, false).ok());
    SLUICE_CHECK(table->begin({0, "a"}, {1, "b"}).ok());
    return table->prepare({}, false, false)->bytes;
  };
  EXPECT_LT(held_after_promotion(1) * 2, held_after_promotion(1 << 30));
}

TEST(AggregateTable, SpillingChangesNothing) {
  auto directory = testing::TempDir() + "sluice_spill_test";
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    table_options options;
    options.memory_bytes = seed % 2 ? 1 : 20000;
    options.spill_block_bytes = seed % 3 ? 500 : 5000;
    options.spill_directory = directory;
    ASSERT_NO_FATAL_FAILURE(run_history({true, true, seed != 4, 31, 9, -4}, seed, options));
  }
}

} // namespace
} // namespace sluice::state
