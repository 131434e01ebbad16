#include "tests/sim/checks.hpp"

#include <charconv>
#include <sstream>

#include "common/storage/path.hpp"
#include "coordinator/query/checkpoint.hpp"

namespace sluice::sim {
namespace {

std::optional<std::int64_t> number_of(const std::string& name) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return number;
}

} // namespace

std::string checker::read_records(const std::string& folder, std::map<std::int64_t, std::string>& known) {
  auto entries = disk_.list(folder);
  if (!entries.ok()) return "";
  for (const auto& entry : *entries) {
    auto number = number_of(storage::base_name(entry.path));
    if (!number) continue;
    auto bytes = disk_.read(entry.path);
    if (!bytes.ok()) continue;
    auto [at, fresh] = known.try_emplace(*number, *bytes);
    if (!fresh && at->second != *bytes) return entry.path + " was written twice, with different content";
    if (fresh && *number > 0 && !known.contains(*number - 1)) return entry.path + " came before its predecessor";
  }
  return "";
}

std::string checker::observe() {
  query::checkpoint_paths paths{work_.checkpoint};
  if (auto wrong = read_records(paths.offsets(), intents_); !wrong.empty()) return wrong;
  if (auto wrong = read_records(paths.commits(), commits_); !wrong.empty()) return wrong;
  if (!commits_.empty() && !intents_.contains(last_commit())) return "commit " + std::to_string(last_commit()) + " has no intent";
  return "";
}

std::string checker::power_lost() {
  query::checkpoint_paths paths{work_.checkpoint};
  // A record may be gone only if nobody can have built on it: it is the newest of its kind.
  if (!commits_.empty() && !disk_.stat(paths.commit(last_commit())).ok()) commits_.erase(std::prev(commits_.end()));
  if (!intents_.empty() && !disk_.stat(paths.intent(intents_.rbegin()->first)).ok()) {
    auto last = intents_.rbegin()->first;
    if (commits_.contains(last)) return "intent " + std::to_string(last) + " is gone though its batch is committed";
    intents_.erase(std::prev(intents_.end()));
  }
  return observe();
}

const std::vector<std::string>& checker::inputs_of(std::int64_t batch) {
  const auto& bytes = intents_.at(batch);
  auto& known = inputs_[batch];
  if (known.first == bytes) return known.second;
  known = {bytes, {}};
  auto intent = query::decode_intent(bytes, "intent");
  if (!intent.ok()) return known.second;
  for (const auto& input : intent->inputs)
    for (const auto& file : input.files) known.second.push_back(file.path);
  return known.second;
}

void checker::learn(std::int64_t last) {
  std::vector<std::vector<std::string>> batches;
  for (std::int64_t batch = 0; batch <= last; ++batch) {
    auto& contents = batches.emplace_back();
    for (const auto& path : inputs_of(batch)) contents.push_back(disk_.read(path).value());
  }
  oracle_.learn(batches);
}

const row_bag& checker::expected(std::int64_t last) {
  learn(last);
  return oracle_.table(last);
}

std::string checker::inspect_sink(bool complete) {
  row_bag found;
  auto entries = disk_.list(work_.sink_folder);
  if (entries.ok())
    for (const auto& entry : *entries) {
      auto name = storage::base_name(entry.path);
      if (entry.is_directory || name.front() == '_' || name.front() == '.') continue;
      if (auto wrong = rows_of_file(work_, disk_.read(entry.path).value(), found); !wrong.empty()) return entry.path + ": " + wrong;
    }
  const auto& rows = expected(last_commit());
  if (!complete && std::includes(rows.begin(), rows.end(), found.begin(), found.end())) return "";
  auto wrong = difference(rows, found);
  return wrong.empty() ? "" : "the sink differs from batches 0 to " + std::to_string(last_commit()) + ": " + wrong;
}

std::string checker::reader_saw(const row_bag& rows) {
  ++reads_;
  learn(last_commit());
  for (auto n = seen_; n <= last_commit(); ++n)
    if (oracle_.table(n) == rows || (n < 0 && work_.group == grouping::all && rows.size() == 1)) {
      seen_ = n;
      return "";
    }
  for (std::int64_t n = -1; n < seen_; ++n)
    if (oracle_.table(n) == rows)
      return "a reader saw batch " + std::to_string(n) + " after batch " + std::to_string(seen_);
  return "a reader saw what no batch up to " + std::to_string(last_commit()) +
         " gave: " + difference(oracle_.table(last_commit()), rows);
}

std::string checker::console_showed(std::int64_t batch, const row_bag& rows) {
  if (batch > last_commit()) return "the console shows batch " + std::to_string(batch) + ", which is not committed";
  learn(last_commit());
  auto wrong = difference(oracle_.output(batch), rows);
  return wrong.empty() ? "" : "the console shows batch " + std::to_string(batch) + " wrong: " + wrong;
}

std::string checker::inspect() {
  std::set<std::string> seen;
  for (const auto& [batch, bytes] : intents_)
    for (const auto& path : inputs_of(batch))
      if (!seen.insert(path).second) return path + " is input of two batches";
  if (work_.has_files())
    if (auto wrong = inspect_sink(false); !wrong.empty()) return wrong;
  if (intents_.empty()) return "";
  auto report = query::verify(disk_, work_.checkpoint);
  return report.problem.ok() ? "" : "verify: " + report.problem.to_string();
}

bool checker::all_done() {
  std::set<std::string> taken;
  for (const auto& [batch, bytes] : commits_)
    for (const auto& path : inputs_of(batch)) taken.insert(path);
  for (int i = 0; i < work_.num_files; ++i)
    if (!taken.contains(workload::path(i))) return false;
  return !work_.has_files() || inspect_sink(true).empty();
}

} // namespace sluice::sim
