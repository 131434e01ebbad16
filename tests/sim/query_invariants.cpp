#include "tests/sim/query_invariants.hpp"

#include <charconv>

#include "common/storage/durable.hpp"
#include "common/storage/object_names.hpp"
#include "common/storage/path.hpp"
#include "coordinator/query/manifest.hpp"

namespace sluice::sim {
namespace {

std::optional<std::int64_t> number_of(std::string_view name) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return number;
}

std::string text(const char* what, std::int64_t number) { return std::string(what) + " " + std::to_string(number); }

/// Looks up or keeps; true if it was known with other bytes.
template <class Map, class Record>
bool rewritten(const Map& known, std::int64_t n, const Record& bytes) {
  auto found = known.find(n);
  return found != known.end() && found->second.bytes != bytes;
}

} // namespace

query_invariants::query_invariants(storage::memory_file_system& disk, std::string root, query::metadata metadata)
    : disk_(disk), paths_{std::move(root)}, metadata_(std::move(metadata)), metadata_bytes_(*disk_.read(paths_.metadata())) {}

bool query_invariants::has(const std::string& path) const {
  auto below = [&](const std::string& root) { return !root.empty() && path.starts_with(root) && path.size() > root.size() && path[root.size()] == '/'; };
  return below(paths_.root) || below(metadata_.sink_path);
}

// ---- what appears ----

std::string query_invariants::appeared(const std::string& path) {
  auto folder = storage::parent_path(path), name = storage::base_name(path);
  if (!metadata_.sink_path.empty() && folder == metadata_.sink_path) return output_appeared(path, name);
  if (!metadata_.sink_path.empty() && folder == storage::join_path(metadata_.sink_path, "_spark_metadata")) return manifest_appeared(path, name);
  if (path == paths_.metadata()) return *disk_.read(path) == metadata_bytes_ ? "" : "P1: the metadata changed";
  auto number = number_of(name);
  return number ? record_appeared(folder, *number, path) : "";
}

std::string query_invariants::record_appeared(const std::string& folder, std::int64_t number, const std::string& path) {
  auto bytes = disk_.read(path);
  if (!bytes.ok()) return "";
  if (folder == paths_.offsets()) return intent_appeared(number, std::move(*bytes));
  if (folder == paths_.commits()) return commit_appeared(number, std::move(*bytes));
  if (folder == paths_.bases()) return base_appeared(number, std::move(*bytes));
  if (folder == paths_.epochs()) return claim_appeared(number, std::move(*bytes));
  if (folder == paths_.published()) return published_appeared(number);
  return "";
}

std::string query_invariants::claim_appeared(std::int64_t e, std::string bytes) {
  auto [known, fresh] = claims_.try_emplace(e, bytes);
  if (!fresh) return known->second == bytes ? "" : text("P9: two claims of epoch", e);
  if (e > 1 && !claims_.contains(e - 1)) return text("P9: a gap before epoch", e);
  auto claim = query::decode_epoch(bytes, paths_.epoch(e));
  return claim.ok() && claim->epoch == e ? "" : text("P9: no claim of epoch", e);
}

std::string query_invariants::intent_appeared(std::int64_t n, std::string bytes) {
  if (rewritten(intents_, n, bytes)) return text("P1: another content of intent", n);
  if (intents_.contains(n)) return "";
  auto record = query::decode_intent(bytes, paths_.intent(n));
  if (!record.ok()) return "P1: " + record.error().to_string();
  if (n > 0 && !commits_.contains(n - 1)) return text("P2: no commit before intent", n);
  if (commits_.contains(n)) return text("P2: a commit came before intent", n);
  if (record->batch != n || !claims_.contains(record->epoch)) return text("P9: nobody claimed the epoch of intent", n);
  for (const auto& input : record->inputs)
    for (const auto& file : input.files)
      if (auto [at, fresh] = input_.try_emplace(file.path, n); !fresh) return "P6: " + file.path + text(" is input of batches", at->second) + text(" and", n);
  intents_.emplace(n, kept<query::intent>{std::move(bytes), std::move(*record)});
  return "";
}

std::string query_invariants::commit_appeared(std::int64_t n, std::string bytes) {
  if (rewritten(commits_, n, bytes)) return text("P1: another content of commit", n);
  if (commits_.contains(n)) return "";
  auto record = query::decode_commit(bytes, paths_.commit(n));
  if (!record.ok()) return "P1: " + record.error().to_string();
  if (record->batch != n) return text("P1: a foreign record as commit", n);
  for (auto wrong : {check_chain(*record), check_origin(*record), check_splits(*record), check_objects(*record)})
    if (!wrong.empty()) return wrong + text(", in commit", n);
  auto& after = extents_[n];
  if (n > 0) after = extents_[n - 1];
  query::apply_commit(*record, after);
  commits_.emplace(n, kept<query::commit>{std::move(bytes), std::move(*record)});
  find_outputs();
  return "";
}

/// P1, P2, P9.
std::string query_invariants::check_chain(const query::commit& record) const {
  auto n = record.batch;
  auto before = commits_.find(n - 1);
  if (n > 0 && before == commits_.end()) return "P2: no commit before it";
  if (record.previous != (n > 0 ? query::record_hash(before->second.bytes) : "")) return "P2: it does not follow from the commit before it";
  if (!intents_.contains(n)) return "P2: no intent";
  if (!disk_.is_durable(paths_.intent(n))) return "P2: its intent is not durable";
  if (!claims_.contains(record.epoch)) return "P9: nobody claimed its epoch";
  return "";
}

/// It holds exactly what the workers of its attempt answered, each key group once (P5, P11).
std::string query_invariants::check_origin(const query::commit& record) const {
  attempt_facts found;
  std::set<std::pair<std::int32_t, std::uint32_t>> groups;
  for (const auto& e : record.extents) {
    found.extents.emplace(e.extent.group, e.extent.object, e.extent.offset);
    if (!groups.emplace(e.operator_id, e.extent.group).second) return text("P11: twice key group", e.extent.group);
    if (e.extent.group >= metadata_.num_key_groups) return text("P11: there is no key group", e.extent.group);
  }
  for (const auto& o : record.output) found.staged.insert(storage::join_path(o.final_path.empty() ? paths_.root : metadata_.sink_path, o.staged));
  auto told = attempts_.find(record.attempt);
  if (told == attempts_.end()) return found.extents.empty() && found.staged.empty() ? "" : "P5: objects of an attempt nobody was told of";
  if (found.extents != told->second.extents) return "P5: other state than its attempt's workers answered";
  if (found.staged != told->second.staged) return "P5: other output than its attempt's workers answered";
  return "";
}

/// What its attempt read is every byte of every input file, once (P6).
std::string query_invariants::check_splits(const query::commit& record) const {
  auto told = attempts_.find(record.attempt);
  if (told == attempts_.end()) return "";
  std::map<std::string, std::int64_t> sizes, reached;
  for (const auto& input : intents_.at(record.batch).record.inputs)
    for (const auto& file : input.files) sizes[file.path] = file.size;
  for (const auto& [path, offset, length] : told->second.splits) {
    if (!sizes.contains(path)) return "P6: it read " + path + ", which its intent does not name";
    if (offset != reached[path]) return "P6: it read " + path + text(" from byte", offset) + text(", not from", reached[path]);
    reached[path] += length;
  }
  for (const auto& [path, size] : sizes)
    if (!reached.contains(path) || reached[path] != size) return "P6: it read " + path + text(" to byte", reached[path]) + text(" of", size);
  return "";
}

/// P4: all that it names is there, durable and whole.
std::string query_invariants::check_objects(const query::commit& record) const {
  for (const auto& [op, e] : record.extents) {
    auto path = storage::join_path(paths_.state(), e.object);
    auto bytes = disk_.read_range(path, e.offset, e.length);
    if (!bytes.ok()) return "P4: " + bytes.error().to_string();
    if (!disk_.is_durable(path)) return "P4: " + path + " is not durable";
    if (storage::checksum(*bytes) != e.checksum) return "P4: " + path + " does not match its checksum";
  }
  for (const auto& o : record.output) {
    auto root = o.final_path.empty() ? paths_.root : metadata_.sink_path;
    if (auto wrong = check_object(storage::join_path(root, o.staged), o.size, o.checksum); !wrong.empty()) return wrong;
  }
  return "";
}

std::string query_invariants::check_object(const std::string& path, std::int64_t size, std::uint64_t checksum) const {
  auto bytes = disk_.read(path);
  if (!bytes.ok()) return "P4: " + bytes.error().to_string();
  if (!disk_.is_durable(path)) return "P4: " + path + " is not durable";
  return static_cast<std::int64_t>(bytes->size()) == size && storage::checksum(*bytes) == checksum ? "" : "P4: " + path + " does not match its checksum";
}

std::string query_invariants::base_appeared(std::int64_t n, std::string bytes) {
  if (rewritten(bases_, n, bytes)) return text("P1: another content of base", n);
  if (bases_.contains(n)) return "";
  auto record = query::decode_base(bytes, paths_.base(n));
  if (!record.ok()) return "P1: " + record.error().to_string();
  if (!commits_.contains(n) || record->commit_hash != query::record_hash(commits_.at(n).bytes)) return text("P2: no such commit for base", n);
  if (!disk_.is_durable(paths_.commit(n))) return text("P3: not durable is the commit of base", n);
  if (record->extents != extents_[n]) return text("P5: other state than the commits say in base", n);
  for (const auto& [path, batch] : input_) {
    bool found = batch > n;
    for (const auto& [source, progress] : record->source_progress) found = found || progress.find("\"" + path + "\"") != std::string::npos;
    if (!found) return "P6: " + path + text(" is forgotten by base", n);
  }
  if (auto wrong = check_visible_up_to(record->published); !wrong.empty()) return wrong + text(", says base", n);
  bases_.emplace(n, kept<query::base>{std::move(bytes), std::move(*record)});
  return "";
}

std::string query_invariants::published_appeared(std::int64_t n) {
  noted_ = std::max(noted_, n);
  auto wrong = check_visible_up_to(n);
  return wrong.empty() ? "" : wrong + text(", says the note of batch", n);
}

// ---- the sink ----

void query_invariants::find_outputs() {
  const auto& [n, last] = *commits_.rbegin();
  for (std::size_t i = 0; i < last.record.output.size(); ++i) {
    const auto& o = last.record.output[i];
    if (!o.final_path.empty()) outputs_[o.final_path] = {n, i}, staged_[o.staged] = {n, i};
  }
}

bool query_invariants::is_committed_durably(std::int64_t batch) const {
  return commits_.contains(batch) && (!commits_.at(batch).there || disk_.is_durable(paths_.commit(batch)));
}

/// P3, P7, P12: only what is durably committed, whole, once, and in the order of batches.
std::string query_invariants::output_appeared(const std::string& path, const std::string& name) {
  if (name.front() == '_' || name.front() == '.') return "";
  auto found = outputs_.find(name);
  if (found == outputs_.end()) return "P3: " + path + " is visible, but no commit names it";
  auto [batch, index] = found->second;
  const auto& object = commits_.at(batch).record.output[index];
  if (!is_committed_durably(batch)) return "P3: " + path + text(" is visible before it is durable: commit", batch);
  if (!visible_.insert(name).second) return "P12: " + path + " is published a second time";
  auto bytes = disk_.read(path);
  if (!bytes.ok() || storage::checksum(*bytes) != object.checksum) return "P4: " + path + " does not match its checksum";
  for (const auto& [other, place] : outputs_)
    if (place.first < batch && !visible_.contains(other)) return "P12: " + path + " is visible before " + other;
  return "";
}

std::string query_invariants::manifest_appeared(const std::string& path, const std::string& name) {
  if (name.front() == '.') return "";
  auto bytes = disk_.read(path);
  if (!bytes.ok()) return "";
  auto [known, fresh] = manifest_.try_emplace(name, *bytes);
  if (!fresh) return known->second == *bytes ? "" : "P12: " + path + " changed";
  auto number = number_of(name.substr(0, name.find('.')));
  if (!number || name != query::manifest_name(*number)) return "";
  if (!is_committed_durably(*number)) return "P3: " + path + " is visible before its commit is durable";
  if (*number > 0 && !manifest_.contains(query::manifest_name(*number - 1))) return "P12: a gap before " + path;
  std::string lines = "v1\n";
  for (auto n = query::manifest_is_compact(*number) ? 0 : *number; n <= *number; ++n)
    lines += query::manifest_lines(commits_.at(n).record, metadata_.sink_path);
  if (*bytes + "\n" != lines) return "P12: " + path + " does not list what the commits say";
  return check_visible_up_to(*number);
}

std::string query_invariants::check_visible_up_to(std::int64_t batch) const {
  if (batch >= 0 && !is_committed_durably(batch)) return text("P3: published, but not durable, is commit", batch);
  for (const auto& [name, place] : outputs_)
    if (place.first <= batch && !visible_.contains(name)) return "P12: " + name + " is not published";
  return "";
}

// ---- what goes (P13) ----

std::string query_invariants::going(const std::string& path) {
  auto folder = storage::parent_path(path), name = storage::base_name(path);
  if (folder == paths_.state() || folder == paths_.staged()) {
    auto batch = storage::batch_of_object(name);
    return batch ? object_going(name, *batch) : "";
  }
  const auto& sink = metadata_.sink_path;
  if (!sink.empty() && path.starts_with(sink + "/_staging/")) return staged_going(path.substr(sink.size() + 1));
  if (!sink.empty() && folder == sink && outputs_.contains(name)) return "P13: the published " + path + " is removed";
  auto number = number_of(name);
  return number ? record_going(folder, *number) : "";
}

std::string query_invariants::object_going(const std::string& name, std::int64_t batch) const {
  if (!commits_.contains(batch)) return "P13: " + name + " is removed, but its batch is not decided";
  for (const auto& [n, at] : commits_) {
    if (!at.there && n <= (bases_.empty() ? -1 : bases_.rbegin()->first)) continue;
    for (const auto& e : at.record.extents)
      if (e.extent.object == name) return "P13: " + name + text(" is removed, but named by commit", n);
    for (const auto& o : at.record.output)
      if (storage::base_name(o.staged) == name) return "P13: " + name + text(" is removed, but named by commit", n);
  }
  if (bases_.empty()) return "P13: " + name + " is removed without a base";
  const auto& base = bases_.rbegin()->second.record;
  for (const auto& [op, groups] : base.extents)
    for (const auto& [group, chain] : groups)
      for (const auto& e : chain)
        if (e.object == name) return "P13: " + name + " is removed, but named by the newest base";
  for (const auto& o : base.results)
    if (storage::base_name(o.staged) == name) return "P13: " + name + " is removed, but named by the newest base";
  return "";
}

std::string query_invariants::staged_going(const std::string& relative) const {
  auto attempt = storage::base_name(storage::parent_path(relative));
  auto batch = storage::batch_of_object(attempt);
  if (batch && !commits_.contains(*batch)) return "P13: " + relative + " is removed, but its batch is not decided";
  auto found = staged_.find(relative);
  if (found == staged_.end()) return "";
  const auto& object = commits_.at(found->second.first).record.output[found->second.second];
  return visible_.contains(object.final_path) ? "" : "P13: " + relative + " is removed before it is published";
}

std::string query_invariants::record_going(const std::string& folder, std::int64_t number) {
  bool older = !bases_.empty() && number < bases_.rbegin()->first && disk_.is_durable(paths_.base(bases_.rbegin()->first));
  if (folder == paths_.commits() || folder == paths_.offsets()) {
    if (!older) return text(folder == paths_.commits() ? "P13: too early goes commit" : "P13: too early goes intent", number);
    if (auto wrong = check_visible_up_to(number); !wrong.empty()) return "P13: a record goes before its batch is published: " + wrong;
    if (folder == paths_.commits() && commits_.contains(number)) commits_.at(number).there = false;
    if (folder == paths_.offsets() && intents_.contains(number)) intents_.at(number).there = false;
  }
  if (folder == paths_.bases() && !older) return text("P13: too early goes base", number);
  if (folder == paths_.published() && (number >= noted_ || !disk_.is_durable(paths_.published(noted_)))) return text("P13: too early goes the note of", number);
  if (folder == paths_.epochs()) return text("P13: gone is the claim of epoch", number);
  return "";
}

// ---- power ----

std::string query_invariants::power_lost() {
  auto forget = [&](auto& known, auto path_of) {
    std::erase_if(known, [&](const auto& entry) { return !disk_.stat(path_of(entry.first)).ok(); });
  };
  auto drop = [&](auto& known, auto path_of) {
    std::erase_if(known, [&](const auto& entry) { return entry.second.there && !disk_.stat(path_of(entry.first)).ok(); });
  };
  drop(commits_, [&](auto n) { return paths_.commit(n); });
  drop(intents_, [&](auto n) { return paths_.intent(n); });
  drop(bases_, [&](auto n) { return paths_.base(n); });
  forget(claims_, [&](auto n) { return paths_.epoch(n); });
  auto last = commits_.empty() ? -1 : commits_.rbegin()->first;
  extents_.erase(extents_.upper_bound(last), extents_.end());
  std::erase_if(input_, [&](const auto& file) { return !intents_.contains(file.second); });
  std::erase_if(outputs_, [&](const auto& output) { return output.second.first > last; });
  std::erase_if(staged_, [&](const auto& output) { return output.second.first > last; });
  std::erase_if(manifest_, [&](const auto& entry) { return !disk_.stat(metadata_.sink_path + "/_spark_metadata/" + entry.first).ok(); });
  std::erase_if(visible_, [&](const auto& name) { return !disk_.stat(storage::join_path(metadata_.sink_path, name)).ok(); });
  epoch_owner_.erase(epoch_owner_.upper_bound(claims_.empty() ? 0 : claims_.rbegin()->first), epoch_owner_.end());
  for (noted_ = last; noted_ >= 0 && !disk_.stat(paths_.published(noted_)).ok();) --noted_;
  for (const auto& name : visible_)
    if (!outputs_.contains(name)) return "P3: " + name + " stays visible, but its commit is lost";
  for (const auto& [n, at] : commits_)
    if (!intents_.contains(n)) return text("P2: a commit without intent: batch", n);
  return "";
}

} // namespace sluice::sim
