#include "worker/state/internal/spill_store.hpp"

#include <leveldb/db.h>
#include <leveldb/env.h>
#include <leveldb/write_batch.h>

#include <algorithm>

namespace sluice::state {
namespace {

std::string block_name(std::uint64_t id) {
  std::string name(8, '\0');
  for (int i = 7; i >= 0; --i, id >>= 8) name[static_cast<std::size_t>(i)] = static_cast<char>(id & 0xff);
  return name;
}

status spill_error(const leveldb::Status& error) {
  return {errc::state_missing, "spilled state cannot be used: " + error.ToString()};
}

leveldb::Options options_of(leveldb::Env* environment) {
  leveldb::Options options;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  options.compression = leveldb::kNoCompression;
  if (environment) options.env = environment;
  return options;
}

} // namespace

spill_store::spill_store(std::string directory, leveldb::Env* environment)
    : directory_(std::move(directory)), environment_(environment) {}

spill_store::~spill_store() { wipe(); }

status spill_store::open() {
  if (database_) return ok();
  auto options = options_of(environment_);
  for (auto end = directory_.find('/', 1); end != std::string::npos; end = directory_.find('/', end + 1))
    options.env->CreateDir(directory_.substr(0, end));
  (void)leveldb::DestroyDB(directory_, options);
  leveldb::DB* opened = nullptr;
  if (auto done = leveldb::DB::Open(options, directory_, &opened); !done.ok()) return spill_error(done);
  database_.reset(opened);
  return ok();
}

const std::vector<spill_store::block>& spill_store::blocks(std::uint16_t group) const {
  static const std::vector<block> nothing;
  auto run = runs_.find(group);
  return run == runs_.end() ? nothing : run->second;
}

std::ptrdiff_t spill_store::find(std::uint16_t group, std::string_view key) const {
  const auto& run = blocks(group);
  auto after = std::upper_bound(run.begin(), run.end(), key, [](std::string_view a, const block& b) { return a < b.first; });
  return after - run.begin() - 1;
}

result<std::string> spill_store::read(std::uint16_t group, std::size_t index) const {
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  std::string bytes;
  auto done = database_->Get(options, block_name(blocks(group)[index].id), &bytes);
  if (!done.ok()) return spill_error(done);
  return bytes;
}

status spill_store::replace(std::uint16_t group, std::size_t begin, std::size_t end, std::vector<new_block> blocks) {
  SLUICE_RETURN_IF_ERROR(open());
  auto& run = runs_[group];
  leveldb::WriteBatch batch;
  for (auto i = begin; i < end; ++i) batch.Delete(block_name(run[i].id));
  std::vector<block> made;
  for (auto& item : blocks) {
    made.push_back({std::move(item.first), next_id_++});
    batch.Put(block_name(made.back().id), item.bytes);
  }
  if (auto done = database_->Write({}, &batch); !done.ok()) return spill_error(done);
  auto at = run.erase(run.begin() + static_cast<std::ptrdiff_t>(begin), run.begin() + static_cast<std::ptrdiff_t>(end));
  run.insert(at, std::make_move_iterator(made.begin()), std::make_move_iterator(made.end()));
  return ok();
}

status spill_store::forget(std::uint16_t group) {
  if (blocks(group).empty()) return ok();
  return replace(group, 0, blocks(group).size(), {});
}

void spill_store::wipe() {
  runs_.clear();
  if (!database_) return;
  database_.reset();
  (void)leveldb::DestroyDB(directory_, options_of(environment_));
}

} // namespace sluice::state
