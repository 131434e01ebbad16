#pragma once
/// A whole cluster without actors: query core, checkpoint functions and publishing over the in-memory disk, with workers that count
/// words. Input files hold one key per line. Stateful queries count keys; stateless ones copy lines into a file sink.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <sstream>

#include "common/storage/durable.hpp"
#include "common/storage/faulty_file_system.hpp"
#include "common/storage/memory_file_system.hpp"
#include "common/storage/object_names.hpp"
#include "common/storage/path.hpp"
#include "coordinator/publish/publish.hpp"
#include "coordinator/query/query_core.hpp"

namespace sluice::query::testing {

using counts = std::map<std::string, std::int64_t>;
using group_counts = std::map<std::uint32_t, counts>;
inline constexpr std::uint32_t test_groups = 8;
inline std::uint32_t group_of(const std::string& key) { return static_cast<std::uint32_t>(storage::checksum(key) % test_groups); }

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) out.push_back(line);
  return out;
}

inline status write_synced_file(storage::file_system& files, const std::string& path, const std::string& bytes) {
  SLUICE_ASSIGN_OR_RETURN(auto file, files.create(path));
  SLUICE_RETURN_IF_ERROR(file->append(bytes));
  SLUICE_RETURN_IF_ERROR(file->sync());
  SLUICE_RETURN_IF_ERROR(file->close());
  return files.sync_directory(storage::parent_path(path));
}

/// A worker: a counting state table in layers, and the files it stages.
struct fake_worker {
  layer committed{-2, "nothing"};
  std::optional<layer> prepared;
  group_counts committed_rows, prepared_rows;
  std::shared_ptr<const order> at;

  status restore(storage::file_system& files, const std::string& checkpoint, const order& to) {
    committed_rows.clear();
    prepared.reset();
    for (const auto& e : to.restore) {
      SLUICE_ASSIGN_OR_RETURN(const auto bytes, files.read_range(checkpoint + "/state/" + e.object, e.offset, e.length));
      if (storage::checksum(bytes) != e.checksum) return {errc::corrupt_file, e.object};
      if (e.snapshot) committed_rows[e.group].clear();
      for (const auto& line : lines_of(bytes)) {
        const auto space = line.rfind(' ');
        committed_rows[e.group][line.substr(0, space)] = std::stoll(line.substr(space + 1));
      }
    }
    committed = to.base;
    return ok();
  }

  status begin(storage::file_system& files, const std::string& checkpoint, std::shared_ptr<const order> to) {
    at = std::move(to);
    if (at->num_key_groups == 0) return ok();
    if (at->restore_all) return restore(files, checkpoint, *at);
    if (prepared && *prepared == at->base) {
      committed = *prepared;
      committed_rows = prepared_rows;
    }
    prepared.reset();
    if (!(committed == at->base)) return {errc::state_missing, "the worker does not hold the base"};
    return ok();
  }
};

/// The workers of a cluster and their exchange. `files`: the disk as the workers see it.
class fake_cluster {
public:
  using reply = std::function<void(query_event)>;
  fake_cluster(storage::file_system& files, std::string checkpoint) : files_(files), checkpoint_(std::move(checkpoint)) {}

  std::map<std::string, fake_worker> workers;
  std::function<void(prepared_report&)> tamper;   ///< changes reports before they are sent
  std::map<std::string, int> orders_seen, restores_seen;

  void deliver(const std::string& worker, std::shared_ptr<const order> order, const reply& send) {
    const auto it = workers.find(worker);
    if (it == workers.end()) return;
    ++orders_seen[worker];
    restores_seen[worker] += order->restore_all;
    auto& exchange = exchanges_[order->ref.attempt];
    const auto begun = it->second.begin(files_, checkpoint_, order);
    if (!begun.ok()) return send(event::attempt_failed{worker, order->ref, begun});
    if (auto mapped = map(worker, *order, exchange); !mapped.ok()) return send(event::attempt_failed{worker, order->ref, mapped});
    if (exchange.mapped.insert(worker).second && exchange.mapped.size() == order->workers->size())
      for (const auto& placed : *order->workers) reduce(placed.worker, order->ref, exchange, send);
  }
  void dropped(const std::string& worker, const attempt_ref& ref) {
    const auto it = workers.find(worker);
    if (it != workers.end() && it->second.prepared && it->second.prepared->attempt == ref.attempt) it->second.prepared.reset();
  }

private:
  struct exchange_of {
    std::set<std::string> mapped;
    std::map<std::string, prepared_report> reports;
    std::map<std::string, group_counts> blocks;     ///< by owner
    std::map<std::string, std::int64_t> received;
  };

  status map(const std::string& worker, const order& order, exchange_of& exchange) {
    auto& report = exchange.reports[worker];
    report.ref = order.ref;
    report.worker = worker;
    std::string output;
    for (const auto& split : order.splits) {
      SLUICE_ASSIGN_OR_RETURN(const auto bytes, files_.read(split.path));
      if (static_cast<std::int64_t>(bytes.size()) != split.file_size) return {errc::source_file_changed, split.path};
      for (const auto& line : lines_of(bytes)) {
        ++report.rows_read;
        ++report.rows_parsed;
        output += line + "\n";
        if (order.num_key_groups == 0) continue;
        const auto group = group_of(line);
        const auto& owner = order.workers->at(order.group_owner->at(group)).worker;
        ++exchange.blocks[owner][group][line];
        ++exchange.received[owner];
        ++report.rows_sent;
      }
      report.splits.push_back(split.ordinal);
    }
    if (order.num_key_groups == 0 && !output.empty()) {
      SLUICE_RETURN_IF_ERROR(storage::durable_make_directories(files_, order.staging));
      report.rows_out = report.rows_read;
      const auto path = order.staging + "/" + (order.collect_output ? storage::object_name(order.ref.batch, order.ref.attempt, index_of(worker, order), "rows")
                                                                    : std::to_string(index_of(worker, order)) + ".txt");
      SLUICE_RETURN_IF_ERROR(write_synced_file(files_, path, output));
      report.staged.push_back({path, static_cast<std::int64_t>(output.size()), storage::checksum(output), report.rows_out,
                               order.splits.empty() ? 0 : order.splits.front().ordinal});
    }
    return ok();
  }

  static std::size_t index_of(const std::string& worker, const order& order) {
    for (std::size_t i = 0; i < order.workers->size(); ++i)
      if (order.workers->at(i).worker == worker) return i;
    return 0;
  }

  void reduce(const std::string& worker, const attempt_ref& ref, exchange_of& exchange, const reply& send) {
    const auto it = workers.find(worker);
    if (it == workers.end() || !it->second.at || !(it->second.at->ref == ref)) return;
    auto& report = exchange.reports[worker];
    const auto done = it->second.at->num_key_groups == 0 ? ok() : reduce_state(it->second, exchange, report);
    if (!done.ok()) return send(event::attempt_failed{worker, ref, done});
    if (tamper) tamper(report);
    send(event::prepared{std::make_shared<const prepared_report>(report)});
  }

  status reduce_state(fake_worker& worker, exchange_of& exchange, prepared_report& report) {
    const auto& order = *worker.at;
    auto rows = worker.committed_rows;
    const auto& blocks = exchange.blocks[report.worker];
    report.rows_received = exchange.received[report.worker];
    std::set<std::uint32_t> snapshots{order.snapshot_groups.begin(), order.snapshot_groups.end()};
    const auto object = storage::object_name(order.ref.batch, order.ref.attempt, index_of(report.worker, order), "state");
    std::string bytes;
    const auto emit = [&](std::uint32_t group, bool snapshot, const counts& section) {
      std::string text;
      for (const auto& [key, count] : section) text += key + " " + std::to_string(count) + "\n";
      report.extents.push_back({group, object, static_cast<std::int64_t>(bytes.size()), static_cast<std::int64_t>(text.size()),
                                storage::checksum(text), snapshot, order.ref.batch, static_cast<std::int64_t>(section.size())});
      bytes += text;
    };
    for (const auto& [group, block] : blocks) {
      counts touched;
      for (const auto& [key, count] : block) touched[key] = rows[group][key] += count;
      if (!snapshots.contains(group)) emit(group, false, touched);
    }
    for (const auto group : snapshots) emit(group, true, rows[group]);
    if (!bytes.empty()) {
      storage::append_trailer(bytes);
      SLUICE_RETURN_IF_ERROR(storage::durable_make_directories(files_, checkpoint_ + "/state"));
      SLUICE_RETURN_IF_ERROR(write_synced_file(files_, checkpoint_ + "/state/" + object, bytes));
    }
    for (const auto& [group, section] : rows) report.state_rows += static_cast<std::int64_t>(section.size());
    worker.prepared = layer{order.ref.batch, order.ref.attempt};
    worker.prepared_rows = std::move(rows);
    return ok();
  }

  storage::file_system& files_;
  std::string checkpoint_;
  std::map<std::string, exchange_of> exchanges_;
};

/// One coordinator process with its query. Events wait in a queue; `step` handles the next one.
class driver {
public:
  driver(std::shared_ptr<storage::file_system> files, fake_cluster& cluster, core_options options)
      : files_(std::move(files)), cluster_(cluster), options_(std::move(options)), core_(std::make_unique<query_core>(options_)) {
    for (const auto& [id, worker] : cluster_.workers) queue.push_back(event::worker_joined{{id}, "address-" + id, 1});
    queue.push_back(event::start{});
  }

  static core_options counting() {
    core_options options;
    options.query = "00000000-0000-4000-8000-000000000001";
    options.run = "run-1";
    options.name = "counts";
    options.stateful = options.complete = true;
    options.checkpoint = "/ckpt";
    options.trigger = trigger_kind::available_now;
    return options;
  }
  static core_options copying() {
    auto options = counting();
    options.stateful = options.complete = false;
    options.sink_path = "/out";
    options.sink_extension = ".txt";
    return options;
  }
  takeover_request takeover() const {
    takeover_request request;
    request.root = options_.checkpoint;
    request.wanted = {options_.query, options_.name, test_groups, "test", "source", {}, options_.sink_path.empty() ? "memory" : "text", options_.sink_path};
    if (options_.stateful) request.wanted.operators.push_back({0, "aggregate", "count"});
    request.run = options_.run;
    request.owner = "test";
    request.keep_results = options_.keep_results;
    return request;
  }

  std::deque<query_event> queue;
  std::vector<query_action> log;                        ///< every action so far
  std::function<bool(const query_action&)> intercept;   ///< true: the action is not performed
  std::vector<status> ends;                             ///< errors of state changes
  instant now{1'000'000, 0};

  query_core& core() { return *core_; }
  storage::file_system& files() { return *files_; }

  bool step() {
    if (queue.empty()) return false;
    const auto event = std::move(queue.front());
    queue.pop_front();
    feed(event);
    return true;
  }
  void feed(const query_event& event) {
    now.wall_us += 1000;
    now.monotonic_us += 1000;
    for (auto& action : core_->handle(event, now)) {
      log.push_back(action);
      if (!intercept || !intercept(action)) std::visit([this](const auto& a) { perform(a); }, action);
    }
  }
  /// Runs until nothing is left to do; timers fire when nothing else is due.
  void run(int limit = 5000) {
    while (limit-- > 0) {
      if (step()) continue;
      if (timers_.empty() || ended()) return;
      const auto next = std::min_element(timers_.begin(), timers_.end(), [](auto& a, auto& b) { return a.second.due < b.second.due; });
      const auto timer = next->second;
      now.monotonic_us = std::max(now.monotonic_us, timer.due);
      now.wall_us += 1;
      timers_.erase(next);
      feed(event::timer_fired{timer.kind, timer.token});
    }
    ADD_FAILURE() << "the query does not come to rest";
  }
  bool ended() const {
    const auto state = core_->state();
    return state == query_state::stopped || state == query_state::finished || state == query_state::failed;
  }
  template <class Action>
  std::vector<Action> all() const {
    std::vector<Action> out;
    for (const auto& action : log)
      if (const auto* a = std::get_if<Action>(&action)) out.push_back(*a);
    return out;
  }

private:
  struct timer {
    timer_kind kind;
    std::uint64_t token;
    std::int64_t due;
  };

  void perform(const action::recover& a) {
    auto request = takeover();
    request.claim = a.claim;
    auto state = take_over(*files_, request);
    if (!state.ok()) return queue.push_back(event::recovery_failed{state.error()});
    seen_.clear();
    if (const auto it = state->source_progress.find(options_.source_name); it != state->source_progress.end()) restore_seen(it->second);
    for (const auto& record : state->intents)
      for (const auto& input : record.inputs)
        for (const auto& f : input.files) seen_.insert(f.path);
    queue.push_back(event::recovered{std::make_shared<const recovered_state>(*std::move(state))});
  }
  void restore_seen(const std::string& json) {
    // {"files":[["path",0],…]} as written below
    for (std::size_t at = json.find("[\""); at != std::string::npos; at = json.find("[\"", at + 1))
      seen_.insert(json.substr(at + 2, json.find('"', at + 2) - at - 2));
  }
  void perform(const action::discover& a) {
    std::vector<source_file> found;
    auto entries = files_->list("/in");
    if (!entries.ok()) return queue.push_back(event::discover_failed{a.batch, entries.error()});
    for (const auto& f : *entries)
      if (!seen_.contains(f.path) && (a.all_available || found.size() < 2)) found.push_back({f.path, f.size, f.mtime_us, f.inode});
    queue.push_back(event::discovered{a.batch, found});
  }
  void perform(const action::take_input& a) {
    for (const auto& f : a.files) seen_.insert(f.path);
  }
  void perform(const action::write_intent& a) {
    queue.push_back(event::intent_written{a.record->batch, write_intent(*files_, options_.checkpoint, *a.record)});
  }
  void perform(const action::send_order& a) {
    cluster_.deliver(a.worker.text, a.order, [this](query_event e) { queue.push_back(std::move(e)); });
  }
  void perform(const action::drop_attempt& a) {
    for (const auto& worker : a.workers) cluster_.dropped(worker.text, a.ref);
  }
  void perform(const action::write_commit& a) {
    queue.push_back(event::commit_written{a.record->batch, a.record->attempt,
                                          write_commit(*files_, options_.checkpoint, options_.sink_path, *a.record)});
  }
  void perform(const action::announce_commit&) {}
  void perform(const action::committed&) {}
  void perform(const action::publish& a) {
    auto done = a.records.front()->batch - 1;
    const auto published = publish::publish_all(*files_, options_.sink_path, a.records, core_->status_now().epoch, done);
    if (published.ok()) return queue.push_back(event::published{done});
    queue.push_back(event::publish_failed{a.records.back()->batch, published});
  }
  void perform(const action::note_published& a) { (void)note_published(*files_, options_.checkpoint, a.batch, a.epoch); }
  void perform(const action::write_base& a) {
    std::string json = R"({"files":[)";
    for (const auto& path : seen_) json += (json.back() == '[' ? "" : ",") + std::string{"[\""} + path + "\",0]";
    a.record->source_progress[options_.source_name] = json + "]}";
    queue.push_back(event::base_written{a.record->batch, write_base(*files_, options_.checkpoint, *a.record)});
  }
  void perform(const action::collect_garbage& a) {
    const auto gone = collect_garbage(*files_, options_.checkpoint, options_.sink_path, a.retain);
    if (gone.ok()) garbage += *gone;
  }
  void perform(const action::start_read&) {}
  void perform(const action::refuse_read&) {}
  void perform(const action::report_progress&) {}
  void perform(const action::set_timer& a) {
    timers_[a.kind] = {a.kind, a.token, now.monotonic_us + a.delay_us};
  }
  void perform(const action::state_changed& a) { ends.push_back(a.error); }

public:
  std::int64_t garbage = 0;

private:
  std::shared_ptr<storage::file_system> files_;
  fake_cluster& cluster_;
  core_options options_;
  std::unique_ptr<query_core> core_;
  std::set<std::string> seen_;
  std::map<timer_kind, timer> timers_;
};

/// Counts of the last committed batch, read from the checkpoint alone.
inline result<counts> committed_counts(storage::file_system& files, const std::string& root) {
  SLUICE_ASSIGN_OR_RETURN(const auto state, recover(files, root, false));
  counts out;
  for (const auto& [op, groups] : state.extents)
    for (const auto& [group, chain] : groups) {
      counts rows;
      for (const auto& e : chain) {
        SLUICE_ASSIGN_OR_RETURN(const auto bytes, files.read_range(root + "/state/" + e.object, e.offset, e.length));
        if (storage::checksum(bytes) != e.checksum) return status{errc::corrupt_file, e.object};
        for (const auto& line : lines_of(bytes)) rows[line.substr(0, line.rfind(' '))] = std::stoll(line.substr(line.rfind(' ') + 1));
      }
      out.insert(rows.begin(), rows.end());
    }
  return out;
}

/// Lines of all visible output files, counted.
inline counts visible_lines(storage::file_system& files, const std::string& sink) {
  counts out;
  const auto entries = files.list(sink);
  if (!entries.ok()) return out;
  for (const auto& f : *entries) {
    if (f.is_directory || storage::base_name(f.path).front() == '_') continue;
    const auto bytes = files.read(f.path);
    if (bytes.ok())
      for (const auto& line : lines_of(*bytes)) ++out[line];
  }
  return out;
}

/// Writes `n` input files of a few lines and returns what a count over all of them must give.
inline counts write_input(storage::memory_file_system& disk, int n, int first = 0) {
  counts expected;
  for (int i = first; i < first + n; ++i) {
    std::string text;
    for (int j = 0; j < 5; ++j) {
      const auto key = "key" + std::to_string((i * 7 + j * 3) % 11);
      text += key + "\n";
      ++expected[key];
    }
    disk.put("/in/f" + std::to_string(1000 + i), text);
  }
  return expected;
}

} // namespace sluice::query::testing
