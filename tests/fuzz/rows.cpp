// Arrow IPC streams: blocks that peers send, sections of state objects, rows of a client, rows of staged objects. What is taken
// must come out of the table again, the same.
#include <arrow/api.h>

#include "common/data/ipc.hpp"
#include "common/data/keys.hpp"
#include "coordinator/connect/rows.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/unit/worker/state/aggregate_oracle.hpp"
#include "worker/state/aggregate_table.hpp"

namespace sluice::fuzz {
namespace {

constexpr std::uint32_t num_groups = 4;

plan::aggregation aggregation_of(unsigned which) {
  test::shape shape;
  shape.windowed = which & 1;
  shape.number_key = which & 2;
  return test::make_aggregation(shape);
}

std::unique_ptr<state::aggregate_table> table_of(const plan::aggregation& aggregation) {
  state::table_options options;
  options.num_key_groups = num_groups;
  auto made = state::aggregate_table::make(aggregation, plan::output_mode::update, {}, options);
  require(made.ok(), "no table");
  return std::move(*made);
}

/// Blocks of a few events, as a worker sends them.
std::vector<exec::routed_block> blocks_of(const plan::aggregation& aggregation) {
  test::event_maker maker(7);
  auto events = maker.make(12, 100);
  for (std::size_t i = 0; i < events.size(); ++i) events[i].position = {0, 0, static_cast<std::int64_t>(i)};
  auto made = exec::partial_aggregator::make(aggregation, {num_groups, std::vector<std::uint32_t>(num_groups, 0)}, {}, 0, {});
  std::vector<exec::routed_block> out;
  require(made.ok() && (*made)->add(test::to_batch(events), 0, 0, out).ok() && (*made)->flush(out).ok(), "no blocks");
  return out;
}

std::vector<data::batch_ptr> rows_of(state::aggregate_table& table, const state::layer_id& at) {
  std::vector<std::uint16_t> groups{0, 1, 2, 3};
  std::vector<data::batch_ptr> out;
  auto read = table.read(at, groups, [&](data::batch_ptr rows) {
    require(rows->ValidateFull().ok(), "a table gives rows that are not valid: " + rows->ValidateFull().ToString());
    out.push_back(std::move(rows));
    return ok();
  });
  if (!read.ok()) out.clear();
  return out;
}

bool same(const std::vector<data::batch_ptr>& a, const std::vector<data::batch_ptr>& b) {
  auto left = arrow::Table::FromRecordBatches(a), right = arrow::Table::FromRecordBatches(b);
  if (a.empty() || b.empty()) return a.empty() == b.empty();
  return left.ok() && right.ok() && (*left)->Equals(**right, arrow::EqualOptions::Defaults().nans_equal(true));
}

/// Batch 1 of a table that began with `first` (may be null): merges, prepares, and restores the sections elsewhere.
void finish(const plan::aggregation& aggregation, state::aggregate_table& table, const std::vector<data::batch_ptr>& blocks) {
  for (const auto& block : blocks)
    if (!table.merge(block).ok()) return;
  auto prepared = table.prepare({0, 1, 2, 3}, true, false);
  if (!prepared.ok()) return;
  for (const auto& rows : prepared->output) require(rows->ValidateFull().ok(), "output that is not valid");
  const state::layer_id layer{1, "b"};
  const auto before = rows_of(table, layer);
  auto second = table_of(aggregation);
  second->reset(layer);
  for (const auto& section : prepared->sections) {
    auto loaded = second->load(section.group, section.snapshot, section.bytes);
    require(loaded.ok(), "a section that was just written cannot be loaded: " + loaded.to_string());
  }
  second->loaded();
  require(same(before, rows_of(*second, layer)), "a restored table shows other rows");
}

void merge(const plan::aggregation& aggregation, const std::shared_ptr<arrow::Buffer>& bytes) {
  auto batches = data::decode_batches(bytes);
  if (!batches.ok()) return;
  auto table = table_of(aggregation);
  require(table->begin({}, {1, "b"}).ok(), "an empty table refuses a batch");
  finish(aggregation, *table, *batches);
}

void load(const plan::aggregation& aggregation, unsigned group, std::string_view bytes) {
  auto table = table_of(aggregation);
  table->reset({0, "a"});
  if (!table->load(static_cast<std::uint16_t>(group), true, bytes).ok()) return;
  table->loaded();
  (void)rows_of(*table, {0, "a"});
  require(table->begin({0, "a"}, {1, "b"}).ok(), "a loaded table refuses a batch");
  std::vector<data::batch_ptr> blocks;
  for (const auto& block : blocks_of(aggregation)) blocks.push_back(block.rows);
  finish(aggregation, *table, blocks);
}

void take_rows(std::string_view bytes, const data::schema_ptr& schema) {
  auto rows = connect::local_rows(std::string(bytes), schema);
  if (!rows.ok()) return;
  for (const auto& batch : rows->batches) {
    require(batch->schema()->Equals(*rows->schema, false), "rows of another schema");
    require(batch->ValidateFull().ok(), "rows of a client that are not valid: " + batch->ValidateFull().ToString());
    require(data::encode_batches(batch->schema(), {batch}).ok(), "rows that cannot be sent on");
  }
}

void run(std::string_view input) {
  const auto first = take_byte(input);
  const auto aggregation = aggregation_of(first >> 3);
  switch (first & 7) {
    case 0: return merge(aggregation, arrow::Buffer::FromString(std::string(input)));
    case 1: return load(aggregation, first >> 5, input);
    case 2: return take_rows(input, nullptr);
    case 3: return take_rows(input, *data::schema_from_ddl("a bigint, b string, c timestamp, d array<int>"));
    default: (void)data::decode_schema(input);
  }
}

std::vector<std::string> seeds() {
  std::vector<std::string> out;
  for (unsigned which = 0; which < 4; ++which) {
    const auto aggregation = aggregation_of(which);
    auto table = table_of(aggregation);
    require(table->begin({}, {1, "b"}).ok(), "an empty table refuses a batch");
    for (const auto& block : blocks_of(aggregation)) {
      out.push_back(static_cast<char>(which << 3) + (*data::encode_batches(block.rows->schema(), {block.rows}))->ToString());
      require(table->merge(block.rows).ok(), "an honest block is refused");
    }
    auto prepared = table->prepare({}, true, false);
    for (const auto& section : prepared->sections) out.push_back(static_cast<char>(1 | which << 3 | section.group << 5) + section.bytes);
    for (const auto& rows : prepared->output) out.push_back('\2' + (*data::encode_batches(rows->schema(), {rows}))->ToString());
  }
  out.push_back('\4' + *data::encode_schema(*test::event_schema()));
  out.push_back('\3' + (*data::encode_batches(test::event_schema(), {test::to_batch(test::event_maker(3).make(3, 10))}))->ToString());
  return out;
}

} // namespace

const target rows_target{"rows", run, seeds};

} // namespace sluice::fuzz
