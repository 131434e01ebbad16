#include "tests/sim/simulation.hpp"

#include <cstdio>
#include <optional>

#include "common/data/ipc.hpp"

namespace sluice::sim {
namespace {

constexpr const char* coordinator_address = "coordinator:1";
constexpr microseconds second{1'000'000};
constexpr microseconds good_end{180 * second};  ///< after the last fault
constexpr std::int64_t most_steps = 600'000;

} // namespace

/// Who follows a job. Runs in the simulation's thread.
class simulation::client final : public actors::job_listener {
public:
  void on_event(actors::job_event event) override {
    if (const auto* rows = std::get_if<actors::result_rows>(&event)) {
      auto batches = data::decode_batches(rows->arrow);
      if (!batches.ok()) broken = batches.error();
      else
        for (const auto& batch : *batches) found.push_back(batch);
    }
  }
  void on_end(status with) override { end = std::move(with); }

  std::optional<status> end;
  status broken;
  std::vector<data::batch_ptr> found;
};

simulation::simulation(simulation_options options, bool verbose)
    : options_(std::move(options)),
      verbose_(verbose),
      random_(seeded_random_source(options_.seed)),
      disk_(std::make_shared<storage::memory_file_system>(std::make_shared<process_clock>(time_, microseconds{0}))),
      network_(std::make_unique<network>(time_, seeded_random_source(options_.seed + 0x5eed), options_.network)),
      checker_(std::make_unique<checker>(*disk_, options_.work)),
      faults_left_(options_.num_faults) {
  disk_->put(std::string(data_folder) + "/_here", "");
  (void)disk_->make_directories("/sim/coordinator");
  disk_->crash(storage::crash_kind::process, 1);
}

simulation::~simulation() {
  job_.reset();
  deposed_.clear();
  workers_.clear();
  coordinator_.reset();
}

void simulation::trace(const std::string& what) {
  for (unsigned char c : what) outcome_.trace = (outcome_.trace ^ c) * 0x100000001b3ull;
  outcome_.trace = (outcome_.trace ^ static_cast<std::uint64_t>(time_.now.count())) * 0x100000001b3ull;
  if (verbose_) std::fprintf(stderr, "%9.6f %s\n", static_cast<double>(time_.now.count()) / 1e6, what.c_str());
}

void simulation::fail(const std::string& what) {
  if (!what.empty() && wrong_.empty()) wrong_ = what;
}

void simulation::note(const std::string& what) {
  ++outcome_.faults[what.substr(0, what.find(' '))];
  trace("fault " + what);
}

void simulation::later(microseconds delay, std::function<void()> what) { schedule_.emplace(time_.now + delay, std::move(what)); }

// ---- processes ----

std::vector<process*> simulation::processes() {
  std::vector<process*> out;
  if (coordinator_) out.push_back(coordinator_.get());
  for (const auto& old : deposed_) out.push_back(old.get());
  for (const auto& worker : workers_) out.push_back(worker.get());
  return out;
}

process* simulation::find(process_number number) {
  for (auto* at : processes())
    if (at->number() == number) return at;
  return nullptr;
}

bool simulation::awake(process_number number) {
  auto* at = find(number);
  return at != nullptr && !at->paused(time_.now);
}

process_setup simulation::setup_of_next() {
  process_setup setup;
  setup.number = next_process_++;
  setup.time = &time_;
  setup.net = network_.get();
  setup.disk = disk_;
  setup.seed = random_->next();
  return setup;
}

void simulation::start_coordinator() {
  actors::control_options control;
  control.data_dir = "/sim/coordinator";
  control.settings.query.key_groups = options_.key_groups;
  control.settings.query.base_interval = options_.base_interval;
  control.settings.query.min_batches_to_retain = options_.retain;
  control.settings.query.split_size = options_.split_bytes;
  auto started = std::make_unique<coordinator_process>(setup_of_next(), control, coordinator_address);
  trace("start coordinator " + std::to_string(started->number()));
  if (!started->good()) return fail("the coordinator does not start: " + started->failure().to_string());
  coordinator_ = std::move(started);
  client_.reset();
  job_.reset();
}

void simulation::start_worker() {
  worker::worker_options options;
  options.coordinator = coordinator_address;
  options.slots = options_.slots;
  options.morsel_bytes = options_.morsel_bytes;
  options.partial_memory_bytes = options_.partial_bytes;
  options.exchange_memory_bytes = options_.exchange_bytes;
  workers_.push_back(std::make_unique<worker_process>(setup_of_next(), options));
  trace("start worker " + std::to_string(workers_.back()->number()));
}

void simulation::start_cluster() {
  start_coordinator();
  for (int i = 0; i < options_.num_workers; ++i) start_worker();
}

void simulation::submit() {
  actors::job_spec spec;
  spec.text = options_.work.job();
  spec.directory = "/";
  client_ = std::make_shared<client>();
  job_ = coordinator_->plane().run_job(spec, client_);
}

void simulation::put_file(int number) {
  disk_->put(workload::path(number), options_.work.file(number));
  trace("input " + std::to_string(number));
}

// ---- steps ----

bool simulation::step() {
  while (!schedule_.empty() && schedule_.begin()->first <= time_.now) {
    auto what = std::move(schedule_.begin()->second);
    schedule_.erase(schedule_.begin());
    what();
  }
  std::vector<process*> ready;
  auto all = processes();
  auto next = schedule_.empty() ? microseconds::max() : schedule_.begin()->first;
  for (auto* at : all) {
    if (at->paused(time_.now)) {
      next = std::min(next, at->paused_until());
      continue;
    }
    at->catch_up();
    if (at->has_job()) ready.push_back(at);
    next = std::min(next, at->next_timer());
  }
  auto is_awake = [this](process_number number) { return awake(number); };
  auto lanes = network_->due(is_awake);
  if (ready.empty() && lanes.empty()) {
    next = std::min(next, network_->next_due(is_awake));
    if (next == microseconds::max()) return false;
    time_.now = std::max(next, time_.now + microseconds{1});
    return true;
  }
  ++outcome_.steps;
  auto pick = below(ready.size() + lanes.size());
  if (pick < ready.size()) {
    trace(ready[pick]->run_one(*random_));
    after(*ready[pick]);
  } else {
    trace(network_->deliver(lanes[pick - ready.size()]));
  }
  time_.now += microseconds(static_cast<std::int64_t>(below(4)));
  if (!healed_ && faults_left_ > 0 && below(static_cast<std::uint64_t>(options_.steps_between_faults)) == 0) strike();
  return true;
}

bool simulation::run_until(const std::function<bool()>& ready, microseconds limit) {
  auto deadline = time_.now + limit;
  while (wrong_.empty() && time_.now < deadline && outcome_.steps < most_steps) {
    if (ready()) return true;
    if (!step()) return ready();
  }
  return wrong_.empty() && ready();
}

/// A process has run: it may have died in a file call, ended, or changed a record.
void simulation::after(process& ran) {
  bool changed = coordinator_.get() == &ran;
  for (const auto& old : deposed_) changed = changed || old.get() == &ran;
  if (changed) fail(checker_->observe());
  if (ran.files().dead()) return crash(ran);
  for (std::size_t i = 0; i < workers_.size(); ++i)
    if (workers_[i].get() == &ran && workers_[i]->ended()) {
      trace("worker " + std::to_string(ran.number()) + " has left");
      workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(i));
      return later(microseconds(static_cast<std::int64_t>(below(2'000'000))), [this] { start_worker(); });
    }
}

// ---- faults ----

void simulation::crash(process& what) {
  if (coordinator_.get() == &what) return crash_coordinator();
  for (std::size_t i = 0; i < workers_.size(); ++i)
    if (workers_[i].get() == &what) return crash_worker(i);
  std::erase_if(deposed_, [&](const auto& old) { return old.get() == &what; });
}

void simulation::crash_worker(std::size_t index) {
  trace("worker " + std::to_string(workers_[index]->number()) + " dies");
  workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(index));
  later(microseconds(static_cast<std::int64_t>(below(3'000'000))), [this] { start_worker(); });
}

void simulation::crash_coordinator() {
  trace("coordinator " + std::to_string(coordinator_->number()) + " dies");
  client_.reset();
  job_.reset();
  coordinator_.reset();
  fail(checker_->observe());
  fail(checker_->inspect());
  later(microseconds(static_cast<std::int64_t>(below(3'000'000))), [this] {
    if (!coordinator_) start_coordinator();
  });
}

void simulation::lose_power() {
  client_.reset();
  job_.reset();
  coordinator_.reset();
  deposed_.clear();
  auto num_workers = workers_.size();
  workers_.clear();
  disk_->crash(storage::crash_kind::power_loss, random_->next());
  fail(checker_->power_lost());
  fail(checker_->inspect());
  schedule_.emplace(time_.now + microseconds(static_cast<std::int64_t>(below(3'000'000))), [this] {
    if (!coordinator_) start_coordinator();
  });
  for (std::size_t i = 0; i < num_workers; ++i)
    later(microseconds(static_cast<std::int64_t>(below(3'000'000))), [this] { start_worker(); });
}

void simulation::strike() {
  std::vector<std::function<void()>> possible;
  auto all = processes();
  if (all.empty()) return;
  auto* victim = all[below(all.size())];
  auto name = " " + std::to_string(victim->number());
  auto span = [this](std::int64_t most) { return microseconds(static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most)))); };
  if (options_.crashes) possible.push_back([&] { note("crash" + name), crash(*victim); });
  if (options_.torn_writes) possible.push_back([&] { note("torn-write" + name), victim->files().die_at(below(6), below(2) == 0); });
  if (options_.power) possible.push_back([&] { note("power-loss"), lose_power(); });
  if (options_.pauses) possible.push_back([&] { note("pause" + name), victim->pause_until(time_.now + span(30'000'000)); });
  if (options_.broken_links) possible.push_back([&] {
      if (network_->break_any_link()) note("broken-link");
    });
  if (options_.partitions && all.size() > 1) possible.push_back([&] {
      auto from = victim->number(), to = all[below(all.size())]->number();
      if (from == to) return;
      bool both = below(2) == 0;
      note(both ? "partition" : "one-way-partition");
      network_->hold(from, to);
      if (both) network_->hold(to, from);
      later(span(20'000'000), [this, from, to] { network_->heal(from, to), network_->heal(to, from); });
    });
  if (options_.leaving && !workers_.empty()) possible.push_back([&] { note("leave"), workers_[below(workers_.size())]->leave(); });
  if (options_.wall_jumps) possible.push_back([&] { note("wall-jump" + name), victim->clock().step_wall(span(172'800'000'000) - microseconds{86'400'000'000}); });
  if (options_.file_errors) possible.push_back([&] {
      constexpr storage::operation kinds[] = {storage::operation::create, storage::operation::append, storage::operation::sync,
                                              storage::operation::link,   storage::operation::rename, storage::operation::sync_directory,
                                              storage::operation::read};
      note("file-error" + name);
      victim->files().fail_at(kinds[below(std::size(kinds))], below(4), below(2) == 0 ? errc::storage_io : errc::disk_full);
    });
  if (options_.duels && coordinator_ && deposed_.empty()) possible.push_back([&] {
      note("duel");
      coordinator_->pause_until(time_.now + span(30'000'000));
      deposed_.push_back(std::move(coordinator_));
      start_coordinator();
    });
  if (possible.empty()) {
    faults_left_ = 0;
    return;
  }
  --faults_left_;
  possible[below(possible.size())]();
}

void simulation::heal() {
  healed_ = true;
  trace("heal");
  network_->heal_all();
  deposed_.clear();
  for (auto* at : processes()) at->pause_until(time_.now);
  // The one that came back may have claimed the query last; whoever ends the duel starts the survivor anew.
  if (outcome_.faults.contains("duel") && coordinator_) crash_coordinator();
}

// ---- the whole run ----

/// Keeps the job running: submits it until a coordinator has it, and again after a file error has ended it.
bool simulation::client_ready() {
  if (!coordinator_ || coordinator_->paused(time_.now)) return false;
  if (!client_) submit();
  if (!client_->end) return false;
  auto why = client_->end->code();
  if (client_->end->ok() || why == errc::query_active || why == errc::checkpoint_in_use) return still_runs();
  trace("refused: " + client_->end->to_string());
  if (outcome_.faults.contains("file-error") && why == errc::memory_restart) stopped_ = true;
  bool excused = why == errc::timed_out || why == errc::unreachable || stopped_ ||
                 (outcome_.faults.contains("file-error") && info(why).domain == error_domain::storage);
  if (healed_ && !excused) fail("the job is refused: " + client_->end->to_string());
  client_.reset();
  return stopped_;
}

/// Asks now and then what became of the query. Only file errors may end it; a table of updates then stays as it is.
bool simulation::still_runs() {
  if (time_.now >= next_look_) {
    next_look_ = time_.now + second;
    auto seen = std::make_shared<std::string>();
    seen_state_ = seen;
    coordinator_->plane().list_queries([seen](std::vector<actors::query_summary> list) {
      if (!list.empty()) *seen = list.front().state;
    });
  }
  if (!seen_state_ || *seen_state_ != "failed") return true;
  if (!outcome_.faults.contains("file-error")) {
    fail("the query failed");
    return false;
  }
  trace("the query failed");
  seen_state_.reset();
  if (options_.work.kind == job_kind::updates) return stopped_ = true;
  client_.reset();
  return false;
}

std::string simulation::read_result(row_bag& rows) {
  auto deadline = time_.now + 60 * second;
  for (;;) {
    actors::job_spec spec;
    spec.text = options_.work.select();
    spec.directory = "/";
    auto reader = std::make_shared<client>();
    auto job = coordinator_->plane().run_job(spec, reader);
    if (!run_until([&] { return reader->end.has_value(); }, 60 * second)) return "a SELECT does not end";
    rows = rows_of(reader->found);
    if (reader->end->ok()) return reader->broken.ok() ? "" : reader->broken.to_string();
    // Workers may still be on their way back.
    auto why = reader->end->code();
    bool again = why == errc::no_workers || why == errc::unreachable || why == errc::timed_out ||
                 (outcome_.faults.contains("file-error") && info(why).domain == error_domain::storage);
    if (!again || time_.now > deadline) return "a SELECT failed: " + reader->end->to_string();
    run_until([] { return false; }, second);
  }
}

void simulation::finish() {
  if (options_.work.kind != job_kind::copies && wrong_.empty() && checker_->last_commit() >= 0) {
    row_bag rows;
    auto failed = read_result(rows);
    if (!failed.empty()) fail(failed);
    else
      fail(difference(checker_->expected(checker_->last_commit()), rows));
  }
  fail(checker_->inspect());
}

outcome simulation::run() {
  start_cluster();
  microseconds at{0};
  for (int i = 0; i < options_.work.num_files; ++i) {
    at += microseconds(static_cast<std::int64_t>(below(300'000)));
    schedule_.emplace(at, [this, i] { put_file(i), ++files_put_; });
  }
  auto input_there = [this] { return files_put_ == options_.work.num_files; };
  // Faults strike while there is something to do; an idle cluster is woken by its timers anyway.
  run_until([&] { return (void)client_ready(), faults_left_ <= 0 && input_there(); }, 60 * second);
  if (wrong_.empty() && !input_there()) run_until(input_there, 60 * second);
  // What was planned (restarts, ends of partitions) takes place before everything has to come to a good end.
  run_until([&] { return (void)client_ready(), schedule_.empty(); }, 40 * second);
  heal();
  if (wrong_.empty() && !run_until([&] { return client_ready() && (stopped_ || checker_->all_done()); }, good_end))
    fail("no good end: last commit " + std::to_string(checker_->last_commit()) + " after " + std::to_string(outcome_.steps) + " steps");
  finish();
  outcome_.wrong = wrong_;
  outcome_.virtual_time = time_.now;
  return outcome_;
}

} // namespace sluice::sim
