// How long a coordinator reads before a query can go on, after ten and after a million batches of one file each. The checkpoint holds what
// garbage collection leaves: the newest base record with everything before it, and the intents and commits around it.
// Usage: start_bench FOLDER   (an empty folder on the disk to be measured). Prints processor time, the best of three.
#include <cstdio>
#include <ctime>
#include <string>

#include "common/storage/durable.hpp"
#include "common/storage/path.hpp"
#include "coordinator/query/checkpoint.hpp"
#include "coordinator/sources/file_discovery.hpp"

namespace {

using namespace sluice;

constexpr std::int64_t base_every = 256, retained = 100, file_every_us = 10'000;
constexpr std::int64_t start_us = 1'700'000'000'000'000;
const std::string source = "events", query_id = "00000000-0000-4000-8000-000000000001";

std::vector<sources::file_entry> files_of(std::int64_t batch) {
  const auto number = std::to_string(batch);
  return {{"/data/events/file-" + std::string(9 - number.size(), '0') + number + ".json", 1000, start_us + batch * file_every_us, 7}};
}

void expect(const status& done) {
  if (!done.ok()) std::fprintf(stderr, "%s\n", done.to_string().c_str()), std::exit(1);
}
template <class Outcome>
void expect_created(const Outcome& outcome) {
  if (outcome.what != Outcome::kind::created) std::fprintf(stderr, "not written: %s\n", outcome.error.to_string().c_str()), std::exit(1);
}

query::takeover_request request(const std::string& root) {
  query::takeover_request out;
  out.root = root;
  out.wanted = {query_id, "counts", 128, "xxh3", "json", {}, "memory", ""};
  out.run = "run", out.owner = "start_bench";
  return out;
}

query::intent intent_of(std::int64_t n) {
  query::intent out;
  out.batch = n, out.epoch = 1, out.batch_time_us = start_us + n;
  for (const auto& f : files_of(n)) out.inputs = {{source, {{f.path, f.size, f.mtime_us, f.inode}}}};
  return out;
}

/// Batches 0 … count-1, of which the last ones have records of their own.
void lay_out(storage::file_system& files, const std::string& root, std::int64_t count, const sources::discovery_options& options) {
  auto begun = query::take_over(files, request(root));
  if (!begun.ok()) expect(begun.error());
  const std::int64_t last_base = count > base_every ? count - base_every : -1;
  sources::file_discovery seen(options);
  std::string hash;
  for (std::int64_t n = 0; n < count; ++n) {
    seen.take(n, files_of(n));
    if (n < last_base - retained) continue;
    query::commit commit;
    commit.batch = n, commit.epoch = 1, commit.attempt = "1-" + std::to_string(n), commit.previous = hash, commit.batch_time_us = start_us + n;
    commit.counters.rows_read = commit.counters.rows_parsed = 10;
    const auto text = query::encode(commit);
    query::checkpoint_paths paths{root};
    // The records behind the base are not read at a start; their predecessors are gone, as after garbage collection.
    expect(storage::durable_create(files, paths.intent(n), query::encode(intent_of(n)), "bench"));
    expect(storage::durable_create(files, paths.commit(n), text, "bench"));
    hash = query::record_hash(text);
    if (n != last_base) continue;
    query::base base;
    base.batch = n, base.epoch = 1, base.commit_hash = hash, base.attempt = commit.attempt, base.batch_time_us = commit.batch_time_us;
    base.published = n;
    base.source_progress[source] = seen.to_json();
    expect(query::write_base(files, root, base));
  }
}

double start_ms(storage::file_system& files, const std::string& root, const sources::discovery_options& options) {
  const auto begin = std::clock();
  auto state = query::take_over(files, request(root));
  if (!state.ok()) expect(state.error());
  sources::file_discovery discovery(options);
  if (const auto it = state->source_progress.find(source); it != state->source_progress.end()) expect(discovery.restore(it->second));
  for (const auto& record : state->intents)
    for (const auto& input : record.inputs) {
      std::vector<sources::file_entry> taken;
      for (const auto& f : input.files) taken.push_back({f.path, f.size, f.mtime_us, f.inode});
      discovery.take(record.batch, taken);
    }
  return 1e3 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: start_bench FOLDER\n"), 2;
  auto files = storage::posix_file_system();
  for (const auto* age : {"7d", "1h"})
    for (const std::int64_t count : {std::int64_t{10}, std::int64_t{1'000'000}}) {
      auto options = sources::discovery_options_of({{"maxfileage", age}}, false);
      if (!options.ok()) expect(options.error());
      const auto root = storage::join_path(argv[1], "ckpt-" + std::string(age) + "-" + std::to_string(count));
      lay_out(*files, root, count, *options);
      double best = 1e9;
      for (int round = 0; round < 3; ++round) best = std::min(best, start_ms(*files, root, *options));
      std::printf("maxFileAge %s, %lld batches, a file every 10 ms: ready after %.1f ms\n", age, static_cast<long long>(count), best);
      std::fflush(stdout);
    }
  return 0;
}
