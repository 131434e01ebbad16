// Records one by one: what stands sealed in checkpoints and in the coordinator's memory of its queries.
#include "common/storage/durable.hpp"
#include "coordinator/actors/query_record.hpp"
#include "coordinator/query/manifest.hpp"
#include "coordinator/query/records.hpp"
#include "coordinator/sources/file_discovery.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/unit/worker/node/counting_job.hpp"

namespace sluice::fuzz {
namespace {

constexpr const char* path = "/ckpt/some/7";

/// The JSON of a record's text, between version line and checksum line.
std::string_view json_of(std::string_view sealed) {
  const auto begin = sealed.find('\n') + 1;
  const auto end = sealed.rfind('\n', sealed.size() - 2);
  return sealed.substr(begin, end - begin);
}

/// Reads `json` as it is and sealed; what is read must read the same again.
template <class Record>
void read(std::string_view kind, std::string_view json, result<Record> (*decode)(std::string_view, const std::string&)) {
  (void)decode(json, path);
  auto record = decode(storage::seal_record(kind, json), path);
  if (!record.ok()) return;
  auto again = decode(query::encode(*record), path);
  require(again.ok(), std::string(kind) + " cannot be read again: " + (again.ok() ? "" : again.error().to_string()));
  require(*again == *record, std::string(kind) + " reads otherwise the second time");
}

void read_query(std::string_view json) {
  (void)actors::decode_query_record(json, path);
  auto record = actors::decode_query_record(storage::seal_record("query", json), path);
  if (record.ok()) require(actors::decode_query_record(actors::encode(*record), path).ok(), "a query record cannot be read again");
}

void read_progress(std::string_view json) {
  sources::discovery_options options;
  sources::file_discovery discovery(options);
  if (!discovery.restore(json).ok()) return;
  const auto text = discovery.to_json();
  sources::file_discovery second(options);
  require(second.restore(text).ok() && second.to_json() == text, "a source's progress reads otherwise the second time");
}

void run(std::string_view input) {
  const auto kind = take_byte(input);
  switch (kind % 9) {
    case 0: return read("metadata", input, query::decode_metadata);
    case 1: return read("epoch", input, query::decode_epoch);
    case 2: return read("intent", input, query::decode_intent);
    case 3: return read("commit", input, query::decode_commit);
    case 4: return read("base", input, query::decode_base);
    case 5: return read("published", input, query::decode_published);
    case 6: return read_query(input);
    case 7: return read_progress(input);
    default: {
      auto body = query::manifest_body(input, path);
      if (body.ok()) require(input.size() >= body->size(), "a manifest longer than its text");
      (void)storage::check_trailer(input, path);
    }
  }
}

std::vector<std::string> seeds() {
  std::vector<std::string> out;
  auto add = [&](char kind, const std::string& sealed) { out.push_back(kind + std::string(json_of(sealed))); };
  query::extent extent{3, "4-1-7-0.state", 10, 20, 0xfedcba9876543210u, true, 4, 2};
  query::output_object object{"_staging/4-1-7/0.json", "part-00000-4-q.json", 0, 55, 77, 3};
  query::metadata meta{"00000000-0000-4000-8000-000000000001", "counts", 8, "xxh3", "json /in", {{0, "aggregate", "count"}}, "json", "/out"};
  query::intent intent{4, 1, 1700000000000000, {{"0", 5}}, {{"events", {{"/in/a.json", 10, 1600000000000000, 9}}}}, {{"k", "v"}}};
  query::commit commit{4, 1, "1-7", "0123456789abcdef", 1700000000000000, {{0, extent}}, {object}, {3, 3, 0, 2, 2, 1, 1, 1, 64}, {{"0", 9}}};
  query::base base;
  base.batch = 4, base.epoch = 1, base.commit_hash = "0123456789abcdef", base.attempt = "1-7", base.published = 3;
  base.source_progress = {{"events", R"({"purged":0,"newest":16,"files":[["/in/a.json",16]]})"}};
  base.results = {object};
  query::apply_commit(commit, base.extents);
  actors::query_record record;
  record.id.text = "q-1", record.run.text = "r-1", record.plan = worker::counting_plan();
  record.error = {errc::storage_io, "disk"}, record.desired = actors::desired_state::failed;
  add('\0', query::encode(meta));
  add('\1', query::encode(query::epoch_claim{2, "run", "host", 5}));
  add('\2', query::encode(intent));
  add('\3', query::encode(commit));
  add('\4', query::encode(base));
  add('\5', query::encode(query::published_note{4, 1}));
  add('\6', actors::encode(record));
  out.push_back('\7' + base.source_progress["events"]);
  out.push_back("\10v1\n" + query::manifest_lines(commit, "/out"));
  return out;
}

} // namespace

const target records_target{"records", run, seeds};

} // namespace sluice::fuzz
