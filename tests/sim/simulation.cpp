#include "tests/sim/simulation.hpp"

#include <cstdio>

namespace sluice::sim {
namespace {

constexpr const char* coordinator_address = "coordinator:1";
constexpr microseconds second{1'000'000};
constexpr microseconds good_end{180 * second};  ///< after the last fault
constexpr std::int64_t most_steps = 900'000;

} // namespace

misbehaviour::misbehaviour(std::uint64_t seed) : random_(seeded_random_source(seed + 0xbadcafe)) {
  for (auto& live : live_) live = random_->next() % 4 == 0;
}

bool misbehaviour::fires(misbehave::point at) {
  auto index = static_cast<std::size_t>(at);
  if (!live_[index] || random_->next() % 4 != 0) return false;
  ++fired[index];
  return true;
}

simulation::simulation(simulation_options options, bool verbose)
    : options_(std::move(options)),
      verbose_(verbose),
      random_(seeded_random_source(options_.seed)),
      disk_(std::make_shared<storage::memory_file_system>(std::make_shared<process_clock>(time_, microseconds{0}))),
      invariants_(*disk_),
      watched_(std::make_shared<watched_disk>(disk_, invariants_)),
      network_(std::make_unique<network>(time_, seeded_random_source(options_.seed + 0x5eed), options_.network)),
      messages_(std::make_unique<message_watch>(outcome_.met)),
      misbehaviour_(options_.seed),
      faults_left_(options_.num_faults) {
  for (const auto& work : options_.queries) clients_.push_back(std::make_unique<query_client>(*disk_, work));
  network_->observe([this](fate what, process_number from, process_number to, const proto::link_message& message) {
    messages_->see(what, from, to, message, [this](process_number number) {
      auto* at = find(number);
      return at != nullptr && at->paused(time_.now);
    });
  });
  network_->watch(&invariants_);
  if (options_.misbehave) misbehave::active = &misbehaviour_;
  disk_->put(std::string(data_folder) + "/_here", "");
  (void)disk_->make_directories("/sim/coordinator");
  disk_->crash(storage::crash_kind::process, 1);
}

simulation::~simulation() {
  for (auto& client : clients_) client->forget();
  reading_files_.reset();
  deposed_.clear();
  workers_.clear();
  coordinator_.reset();
  misbehave::active = nullptr;
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
  auto name = what.substr(0, what.find(' '));
  ++struck_[name];
  outcome_.met.hit("fault " + name);
  trace("fault " + what);
}

void simulation::later(microseconds delay, std::function<void()> what) { schedule_.emplace(time_.now + delay, std::move(what)); }

std::string simulation::observe() {
  for (auto& client : clients_)
    if (auto wrong = client->checks().observe(); !wrong.empty()) return wrong;
  return "";
}

std::string simulation::inspect() {
  for (auto& client : clients_)
    if (auto wrong = client->checks().inspect(); !wrong.empty()) return client->work().name + ": " + wrong;
  return "";
}

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
  setup.disk = watched_;
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
  control.settings.query.progress_timeout = options_.progress_timeout;
  control.settings.link.heartbeat = options_.heartbeat;
  control.settings.link.silence = options_.silence;
  auto setup = setup_of_next();
  for (const auto& old : deposed_)
    if (progress_.number == old->number() && progress_.recovers && progress_.commits == 0) outcome_.met.hit("case R7");
  progress_ = {setup.number, false, false, false, 0};
  for (auto& client : clients_) progress_.recovers = progress_.recovers || client->checks().last_commit() >= 0;
  auto started = std::make_unique<coordinator_process>(setup, control, coordinator_address);
  trace("start coordinator " + std::to_string(started->number()));
  if (!started->good()) return fail("the coordinator does not start: " + started->failure().to_string());
  coordinator_ = std::move(started);
  coordinator_->disk().watch([this, number = setup.number](const auto& call, const auto& before) { return watch(number, call, before); });
  if (auto calls = std::exchange(die_after_start_, std::nullopt)) coordinator_->disk().die_at(static_cast<std::uint64_t>(*calls), below(2) == 0);
  if (std::exchange(outage_at_start_, false)) outage(*coordinator_);
  for (auto& client : clients_) client->forget();
  file_reader_.reset();
  reading_files_.reset();
}

/// Where no worker runs: what an earlier one left there is found by the next.
int simulation::free_host() {
  for (int host = 0; host < hosts_made_; ++host) {
    bool taken = false;
    for (const auto& worker : workers_) taken = taken || worker->host() == host;
    if (!taken) return host;
  }
  return hosts_made_++;
}

void simulation::start_worker() {
  worker::worker_options options;
  options.coordinator = coordinator_address;
  options.slots = options_.slots;
  options.morsel_bytes = options_.morsel_bytes;
  options.partial_memory_bytes = options_.partial_bytes;
  options.exchange_memory_bytes = options_.exchange_bytes;
  options.heartbeat = options_.heartbeat;
  options.silence = options_.silence;
  auto host = free_host();
  if (options_.state_bytes > 0) {
    options.data_dir = "/sim/worker-" + std::to_string(host);
    options.state_memory_bytes = options_.state_bytes;
  }
  auto setup = setup_of_next();
  workers_.push_back(std::make_unique<worker_process>(setup, options, host));
  workers_.back()->disk().watch([this, number = setup.number](const auto& call, const auto& before) { return watch(number, call, before); });
  trace("start worker " + std::to_string(workers_.back()->number()));
}

void simulation::start_cluster() {
  start_coordinator();
  for (int i = 0; i < options_.num_workers; ++i) start_worker();
}

void simulation::submit() { (void)clients_ready(); }

void simulation::put_file(int number) {
  disk_->put(workload::path(number), options_.queries.front().file(number));
  ++changes_;
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
    if (at->can_run(time_.now)) ready.push_back(at);
    next = std::min({next, at->next_timer(), at->next_release(time_.now)});
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
    auto calls = ready[pick]->disk().calls();
    trace(ready[pick]->run_one(*random_));
    if (!ready[pick]->has_job()) invariants_.idle(ready[pick]->number());
    auto slow = slow_until_.find(ready[pick]->number());
    if (slow != slow_until_.end() && time_.now < slow->second && ready[pick]->disk().calls() > calls) {
      auto until = time_.now + span(2'000'000);
      options_.generation >= 2 ? ready[pick]->hold_last(until) : ready[pick]->pause_until(until);
    }
    after(*ready[pick]);
  } else {
    trace(network_->deliver(lanes[pick - ready.size()]));
  }
  fail(invariants_.wrong());
  time_.now += microseconds(static_cast<std::int64_t>(below(4)));
  if (!healed_ && !frozen_ && faults_left_ > 0 && below(static_cast<std::uint64_t>(options_.steps_between_faults)) == 0) strike();
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
  if (changed && observed_ != changes_) {
    observed_ = changes_;
    fail(observe());
  }
  if (ran.files().dead()) {
    bool power = std::exchange(fired_, std::nullopt).value_or(false);
    count_death(ran, power);
    return power ? lose_power() : crash(ran);
  }
  for (std::size_t i = 0; i < workers_.size(); ++i)
    if (workers_[i].get() == &ran && workers_[i]->ended()) {
      trace("worker " + std::to_string(ran.number()) + " has left");
      messages_->worker_goes(ran.number());
      workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(i));
      return later(span(2'000'000), [this] { start_worker(); });
    }
}

// ---- the whole run ----

outcome simulation::run() {
  if (options_.crash_points) arm_point();  // what is written only once is written early
  start_cluster();
  microseconds at{0};
  for (int i = 0; i < options_.num_files(); ++i) {
    at += span(300'000);
    schedule_.emplace(at, [this, i] { put_file(i), ++files_put_; });
  }
  auto input_there = [this] { return files_put_ == options_.num_files(); };
  // Faults strike while there is something to do; an idle cluster is woken by its timers anyway.
  run_until([&] { return (void)clients_ready(), faults_left_ <= 0 && input_there(); }, 60 * second);
  if (wrong_.empty() && !input_there()) run_until(input_there, 60 * second);
  // What was planned (restarts, ends of partitions) takes place before everything has to come to a good end.
  run_until([&] { return (void)clients_ready(), schedule_.empty(); }, 40 * second);
  heal();
  auto done = [&] {
    bool all = clients_ready();
    for (auto& client : clients_) all = all && client->done(changes_);
    return all;
  };
  if (wrong_.empty() && !run_until(done, good_end)) {
    std::string where;
    for (auto& client : clients_) where += " " + client->work().name + " after commit " + std::to_string(client->checks().last_commit());
    fail("no good end:" + where + ", " + std::to_string(outcome_.steps) + " steps");
  }
  finish();
  outcome_.wrong = wrong_;
  outcome_.virtual_time = time_.now;
  return outcome_;
}

} // namespace sluice::sim
