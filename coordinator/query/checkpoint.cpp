#include "coordinator/query/checkpoint.hpp"

#include <algorithm>

#include "common/base/seeded_bug.hpp"
#include "common/storage/durable.hpp"
#include "common/storage/path.hpp"
#include "coordinator/query/internal/numbered_records.hpp"

namespace sluice::query {

std::string checkpoint_paths::metadata() const { return storage::join_path(root, "metadata"); }
std::string checkpoint_paths::epochs() const { return storage::join_path(root, "epochs"); }
std::string checkpoint_paths::epoch(std::int64_t e) const { return epochs() + "/" + std::to_string(e); }
std::string checkpoint_paths::offsets() const { return storage::join_path(root, "offsets"); }
std::string checkpoint_paths::intent(std::int64_t n) const { return offsets() + "/" + std::to_string(n); }
std::string checkpoint_paths::commits() const { return storage::join_path(root, "commits"); }
std::string checkpoint_paths::commit(std::int64_t n) const { return commits() + "/" + std::to_string(n); }
std::string checkpoint_paths::bases() const { return storage::join_path(root, "base"); }
std::string checkpoint_paths::base(std::int64_t n) const { return bases() + "/" + std::to_string(n); }
std::string checkpoint_paths::published() const { return storage::join_path(root, "published"); }
std::string checkpoint_paths::published(std::int64_t n) const { return published() + "/" + std::to_string(n); }
std::string checkpoint_paths::state() const { return storage::join_path(root, "state"); }
std::string checkpoint_paths::staged() const { return storage::join_path(root, "staged"); }

namespace {

status chain_error(const std::string& what) { return {errc::broken_chain, what}; }

status make_layout(storage::file_system& files, const checkpoint_paths& paths) {
  SLUICE_RETURN_IF_ERROR(storage::durable_make_directories(files, paths.root));
  for (const auto& directory : {paths.epochs(), paths.offsets(), paths.commits(), paths.bases(), paths.published(), paths.state(), paths.staged()})
    SLUICE_RETURN_IF_ERROR(files.make_directories(directory));
  return files.sync_directory(paths.root);
}

/// The metadata record, made from `wanted` if there is none and `wanted` is given.
result<metadata> open_metadata(storage::file_system& files, const checkpoint_paths& paths, const takeover_request* request, bool& created) {
  created = false;
  const auto path = paths.metadata();
  auto bytes = storage::adopt(files, path);
  if (!bytes.ok() && bytes.code() == errc::no_such_file && request) {
    SLUICE_ASSIGN_OR_RETURN(const auto offsets, list_records(files, paths.offsets()));
    SLUICE_ASSIGN_OR_RETURN(const auto commits, list_records(files, paths.commits()));
    if (!offsets.empty() || !commits.empty()) return chain_error(path + " is missing, but the checkpoint has batches");
    auto text = encode(request->wanted);
    auto written = storage::durable_create(files, path, text, request->run);
    if (written.ok()) {
      created = true;
      return request->wanted;
    }
    if (written.code() != errc::file_exists) return written;
    bytes = storage::adopt(files, path);
  }
  if (!bytes.ok()) return bytes.error();
  return decode_metadata(*bytes, path);
}

/// Reads commit n and checks that it follows from `previous` (its hash, or empty to skip the check).
result<commit> read_commit(storage::file_system& files, const checkpoint_paths& paths, std::int64_t n, const std::string* previous,
                           std::string& hash) {
  const auto path = paths.commit(n);
  SLUICE_ASSIGN_OR_RETURN(const auto bytes, files.read(path));
  SLUICE_ASSIGN_OR_RETURN(auto record, decode_commit(bytes, path));
  if (record.batch != n) return chain_error(path + " is the record of batch " + std::to_string(record.batch));
  if (previous && record.previous != *previous) return chain_error(path + " does not follow from the record before it");
  hash = record_hash(bytes);
  return record;
}

status check_contiguous(const std::vector<std::int64_t>& numbers, std::int64_t first, const std::string& directory) {
  for (const auto n : numbers) {
    if (n < first) continue;
    if (n != first) return chain_error(directory + "/" + std::to_string(first) + " is missing");
    ++first;
  }
  return ok();
}

std::int64_t last_of(const std::vector<std::int64_t>& numbers, std::int64_t otherwise) {
  return numbers.empty() ? otherwise : std::max(otherwise, numbers.back());
}

void take_commit(recovered_state& state, const commit& record, bool keep_results) {
  apply_commit(record, state.extents);
  if (keep_results) state.results.insert(state.results.end(), record.output.begin(), record.output.end());
  state.last_batch = record.batch;
  state.last_attempt = record.attempt;
  state.batch_time_us = record.batch_time_us;
  state.watermarks = record.watermarks;
  state.counters = record.counters;
}

status recover_base(storage::file_system& files, const checkpoint_paths& paths, recovered_state& state) {
  SLUICE_ASSIGN_OR_RETURN(const auto bases, list_records(files, paths.bases()));
  if (bases.empty()) return ok();
  const auto path = paths.base(bases.back());
  SLUICE_ASSIGN_OR_RETURN(const auto bytes, storage::adopt(files, path));
  SLUICE_ASSIGN_OR_RETURN(auto record, decode_base(bytes, path));
  if (record.batch != bases.back()) return chain_error(path + " is the record of batch " + std::to_string(record.batch));
  state.last_base = state.last_batch = record.batch;
  state.last_hash = record.commit_hash;
  state.last_attempt = record.attempt;
  state.batch_time_us = record.batch_time_us;
  state.published = record.published;
  state.watermarks = std::move(record.watermarks);
  state.source_progress = std::move(record.source_progress);
  state.extents = std::move(record.extents);
  state.results = std::move(record.results);
  state.counters = record.counters;
  return ok();
}

status recover_commits(storage::file_system& files, const checkpoint_paths& paths, bool keep_results, recovered_state& state) {
  if (!SLUICE_BUG(act_before_directory_sync)) SLUICE_RETURN_IF_ERROR(files.sync_directory(paths.commits()));
  SLUICE_ASSIGN_OR_RETURN(const auto numbers, list_records(files, paths.commits()));
  SLUICE_RETURN_IF_ERROR(check_contiguous(numbers, state.last_base + 1, paths.commits()));
  for (const auto n : numbers) {
    if (n <= state.last_base) continue;
    SLUICE_ASSIGN_OR_RETURN(auto record, read_commit(files, paths, n, &state.last_hash, state.last_hash));
    take_commit(state, record, keep_results);
    state.unpublished.push_back(std::make_shared<const commit>(std::move(record)));
  }
  return ok();
}

status recover_intents(storage::file_system& files, const checkpoint_paths& paths, recovered_state& state) {
  SLUICE_RETURN_IF_ERROR(files.sync_directory(paths.offsets()));
  SLUICE_ASSIGN_OR_RETURN(const auto numbers, list_records(files, paths.offsets()));
  SLUICE_RETURN_IF_ERROR(check_contiguous(numbers, state.last_base + 1, paths.offsets()));
  const auto last = last_of(numbers, state.last_base);
  if (last < state.last_batch) return chain_error(paths.intent(last + 1) + " is missing, but the batch is committed");
  if (last > state.last_batch + 1) return chain_error(paths.commit(state.last_batch + 1) + " is missing, but a later batch is planned");
  for (auto n = state.last_base + 1; n <= last; ++n) {
    const auto path = paths.intent(n);
    SLUICE_ASSIGN_OR_RETURN(const auto bytes, files.read(path));
    SLUICE_ASSIGN_OR_RETURN(auto record, decode_intent(bytes, path));
    if (record.batch != n) return chain_error(path + " is the record of batch " + std::to_string(record.batch));
    state.batch_time_us = std::max(state.batch_time_us, record.batch_time_us);
    state.intents.push_back(std::move(record));
  }
  state.open = last == state.last_batch + 1;
  return ok();
}

status recover_published(storage::file_system& files, const checkpoint_paths& paths, recovered_state& state) {
  SLUICE_ASSIGN_OR_RETURN(const auto numbers, list_records(files, paths.published()));
  if (!numbers.empty()) {
    const auto path = paths.published(numbers.back());
    SLUICE_ASSIGN_OR_RETURN(const auto bytes, storage::adopt(files, path));
    SLUICE_ASSIGN_OR_RETURN(const auto note, decode_published(bytes, path));
    if (note.batch != numbers.back()) return chain_error(path + " is the note of batch " + std::to_string(note.batch));
    state.published = std::max(state.published, note.batch);
  }
  if (state.published > state.last_batch)
    return chain_error("batch " + std::to_string(state.published) + " is published, but " + paths.commit(state.published) + " is missing");
  std::erase_if(state.unpublished, [&](const auto& record) { return record->batch <= state.published; });
  std::vector<std::shared_ptr<const commit>> before;
  for (auto n = state.published + 1; n <= state.last_base; ++n) {
    std::string hash;
    SLUICE_ASSIGN_OR_RETURN(auto record, read_commit(files, paths, n, nullptr, hash));
    before.push_back(std::make_shared<const commit>(std::move(record)));
  }
  state.unpublished.insert(state.unpublished.begin(), before.begin(), before.end());
  return ok();
}

template <class Record>
write_outcome<Record> failed_write(status error) {
  write_outcome<Record> outcome;
  outcome.error = std::move(error);
  return outcome;
}

/// A write-once record with a doubt resolved by reading it again.
template <class Record, class Decode>
write_outcome<Record> write_record(storage::file_system& files, const std::string& path, const Record& record, const std::string& unique,
                                   Decode decode) {
  using outcome_kind = typename write_outcome<Record>::kind;
  const auto text = encode(record);
  auto written = storage::durable_create(files, path, text, unique);
  write_outcome<Record> outcome;
  outcome.hash = record_hash(text);
  if (written.ok()) {
    outcome.what = outcome_kind::created;
    return outcome;
  }
  const auto found = storage::adopt(files, path);
  if (!found.ok()) return failed_write<Record>(written.code() == errc::file_exists ? found.error() : std::move(written));
  if (*found == text) {
    outcome.what = outcome_kind::created;
    return outcome;
  }
  auto decoded = decode(*found, path);
  if (!decoded.ok()) return failed_write<Record>(decoded.error());
  outcome.what = outcome_kind::exists;
  outcome.hash = record_hash(*found);
  outcome.found = std::make_shared<const Record>(*std::move(decoded));
  return outcome;
}

/// Ok, or checkpoint_in_use when the epoch after `epoch` was claimed.
status check_fence(storage::file_system& files, const checkpoint_paths& paths, std::int64_t epoch) {
  const auto next = files.stat(paths.epoch(epoch + 1));
  if (next.ok())
    return {errc::checkpoint_in_use, "another coordinator has taken over " + paths.root + " (epoch " + std::to_string(epoch + 1) + ")"};
  return next.code() == errc::no_such_file ? ok() : next.error();
}

status check_size(storage::file_system& files, const std::string& path, std::int64_t least, bool exact) {
  SLUICE_ASSIGN_OR_RETURN(const auto found, files.stat(path));
  if (exact ? found.size != least : found.size < least)
    return {errc::storage_io, path + " has " + std::to_string(found.size) + " bytes, not " + std::to_string(least)};
  return ok();
}

status check_objects(storage::file_system& files, const checkpoint_paths& paths, const std::string& sink_path, const commit& record) {
  std::map<std::string, std::int64_t> ends;
  for (const auto& e : record.extents) {
    auto& end = ends[e.extent.object];
    end = std::max(end, e.extent.offset + e.extent.length);
  }
  for (const auto& [object, end] : ends)
    SLUICE_RETURN_IF_ERROR(check_size(files, storage::join_path(paths.state(), object), end, false));
  for (const auto& o : record.output)
    SLUICE_RETURN_IF_ERROR(check_size(files, storage::join_path(o.final_path.empty() ? paths.root : sink_path, o.staged), o.size, true));
  return ok();
}

} // namespace

status check_compatible(const metadata& found, const metadata& wanted, const std::string& root) {
  const auto mismatch = [&](const std::string& what, const std::string& was, const std::string& is) -> status {
    return {errc::checkpoint_mismatch,
            "the checkpoint " + root + " was made by a query with another " + what + ": it has \"" + was + "\", this query has \"" + is +
                "\". Use another checkpointLocation, or the query it belongs to"};
  };
  if (found.hash_name != wanted.hash_name) return mismatch("hash of keys", found.hash_name, wanted.hash_name);
  const auto signatures = [](const metadata& from) {
    std::string text;
    for (const auto& op : from.operators) text += (text.empty() ? "" : "; ") + op.signature;
    return text.empty() ? std::string{"stateless"} : text;
  };
  if (found.operators.size() != wanted.operators.size()) return mismatch("number of stateful operators", signatures(found), signatures(wanted));
  for (std::size_t i = 0; i < found.operators.size(); ++i)
    if (found.operators[i].kind != wanted.operators[i].kind || found.operators[i].signature != wanted.operators[i].signature)
      return mismatch("state", found.operators[i].signature, wanted.operators[i].signature);
  if (found.source_signature != wanted.source_signature) return mismatch("source", found.source_signature, wanted.source_signature);
  if (found.sink_format != wanted.sink_format) return mismatch("sink", found.sink_format, wanted.sink_format);
  if (found.sink_path != wanted.sink_path) return mismatch("sink path", found.sink_path, wanted.sink_path);
  return ok();
}

result<std::int64_t> claim_epoch(storage::file_system& files, const std::string& root, const std::string& run, const std::string& owner,
                                 std::int64_t time_us) {
  const checkpoint_paths paths{root};
  for (int tries = 0; tries < 1000; ++tries) {
    SLUICE_ASSIGN_OR_RETURN(const auto claims, list_records(files, paths.epochs()));
    const auto next = last_of(claims, 0) + (SLUICE_BUG(shared_epoch) && !claims.empty() ? 0 : 1);
    const auto written = storage::durable_create(files, paths.epoch(next), encode(epoch_claim{next, run, owner, time_us}), run);
    if (written.ok() || SLUICE_BUG(shared_epoch)) return next;
    if (written.code() != errc::file_exists) return written;
  }
  return status{errc::checkpoint_in_use, "other coordinators keep claiming " + root};
}

result<recovered_state> recover(storage::file_system& files, const std::string& root, bool keep_results) {
  const checkpoint_paths paths{root};
  recovered_state state;
  bool created = false;
  SLUICE_ASSIGN_OR_RETURN(state.metadata, open_metadata(files, paths, nullptr, created));
  SLUICE_RETURN_IF_ERROR(recover_base(files, paths, state));
  SLUICE_RETURN_IF_ERROR(recover_commits(files, paths, keep_results, state));
  SLUICE_RETURN_IF_ERROR(recover_intents(files, paths, state));
  SLUICE_RETURN_IF_ERROR(recover_published(files, paths, state));
  return state;
}

result<recovered_state> take_over(storage::file_system& files, const takeover_request& request) {
  if (!request.claim) return recover(files, request.root, request.keep_results);
  const checkpoint_paths paths{request.root};
  SLUICE_RETURN_IF_ERROR(make_layout(files, paths));
  // Staged files are durable only in a folder that is.
  if (const auto& sink = request.wanted.sink_path; !sink.empty())
    SLUICE_RETURN_IF_ERROR(storage::durable_make_directories(files, sink).with_context("folder of the sink"));
  bool created = false;
  SLUICE_ASSIGN_OR_RETURN(const auto found, open_metadata(files, paths, &request, created));
  SLUICE_RETURN_IF_ERROR(check_compatible(found, request.wanted, request.root));
  if (request.refuse_started) {
    SLUICE_ASSIGN_OR_RETURN(const auto offsets, list_records(files, paths.offsets()));
    if (!offsets.empty())
      return status{errc::memory_restart, "the checkpoint " + request.root +
                                              " already has batches; a memory table in append or update mode starts only on a new checkpoint"};
  }
  SLUICE_ASSIGN_OR_RETURN(const auto epoch, claim_epoch(files, request.root, request.run, request.owner, request.time_us));
  SLUICE_ASSIGN_OR_RETURN(auto state, recover(files, request.root, request.keep_results));
  state.epoch = epoch;
  state.created = created;
  return state;
}

write_outcome<intent> write_intent(storage::file_system& files, const std::string& root, const intent& record) {
  const checkpoint_paths paths{root};
  if (auto fence = check_fence(files, paths, record.epoch); !fence.ok()) {
    auto outcome = failed_write<intent>(std::move(fence));
    if (outcome.error.code() == errc::checkpoint_in_use) outcome.what = write_outcome<intent>::kind::fenced;
    return outcome;
  }
  return write_record(files, paths.intent(record.batch), record, std::to_string(record.epoch), decode_intent);
}

write_outcome<commit> write_commit(storage::file_system& files, const std::string& root, const std::string& sink_path, const commit& record) {
  const checkpoint_paths paths{root};
  auto ready = check_fence(files, paths, record.epoch);
  if (ready.ok()) ready = check_objects(files, paths, sink_path, record);
  if (!ready.ok()) {
    auto outcome = failed_write<commit>(std::move(ready));
    if (outcome.error.code() == errc::checkpoint_in_use) outcome.what = write_outcome<commit>::kind::fenced;
    return outcome;
  }
  return write_record(files, paths.commit(record.batch), record, record.attempt, decode_commit);
}

status write_base(storage::file_system& files, const std::string& root, const base& record) {
  auto written = storage::durable_create(files, checkpoint_paths{root}.base(record.batch), encode(record), std::to_string(record.epoch));
  return written.code() == errc::file_exists ? ok() : written;
}

status note_published(storage::file_system& files, const std::string& root, std::int64_t batch, std::int64_t epoch) {
  auto written = storage::durable_create(files, checkpoint_paths{root}.published(batch), encode(published_note{batch, epoch}),
                                         std::to_string(epoch));
  return written.code() == errc::file_exists ? ok() : written;
}

} // namespace sluice::query
