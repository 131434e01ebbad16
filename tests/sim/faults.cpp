#include <algorithm>

#include "tests/sim/simulation.hpp"

namespace sluice::sim {

// ---- what is met ----

/// Sees every changing call of every process before it happens.
std::optional<bool> simulation::watch(process_number who, const file_call& call, const std::optional<file_call>& before) {
  ++changes_;
  if (who == progress_.number && call.what == storage::operation::link) {
    auto point = point_of(call, false, before, messages_->snapshots());
    if (point && point->what == durable_write::epoch) progress_.claimed = true;
    if (point && point->what == durable_write::commit) ++progress_.commits;
    if (point && (point->what == durable_write::manifest || point->what == durable_write::manifest_compact)) progress_.published = true;
  }
  if (freeze_in_ && coordinator_ && who == coordinator_->number() && --*freeze_in_ < 0) freeze();
  if (auto planned = planned_death(who)) return planned;
  if (frozen_) return std::nullopt;
  for (std::size_t i = 0; i < armed_.size(); ++i)
    for (bool done : {false, true}) {
      auto point = point_of(call, done, before, messages_->snapshots());
      if (!point || !(*point == armed_[i].point)) continue;
      trace("dies at " + point->text() + (armed_[i].power ? " with the power" : ""));
      fired_ = armed_[i].power;
      armed_.erase(armed_.begin() + static_cast<std::ptrdiff_t>(i));
      return done;
    }
  return std::nullopt;
}

std::optional<bool> simulation::planned_death(process_number who) {
  auto number = calls_[who]++;
  for (const auto& crash : options_.plan)
    if (crash.process == who && crash.call == number) {
      fired_ = crash.power;
      return crash.done;
    }
  return std::nullopt;
}

void simulation::count_death(process& dead, bool power) {
  const auto& how = dead.disk().died();
  if (!how) return;
  if (auto point = point_of(how->at, how->done, how->before, messages_->snapshots()))
    outcome_.met.hit(std::string("crash ") + (power ? "power " : "process ") + point->text());
}

/// A coordinator dies before its first commit: at which stage of its recovery.
void simulation::count_recovery_crash() {
  if (!coordinator_ || coordinator_->number() != progress_.number || !progress_.recovers) return;
  auto number = coordinator_->number();
  const auto& how = coordinator_->disk().died();
  bool committing = how && progress_.commits == 1 && how->at.path.find("/commits") != std::string::npos;
  const char* stage = !progress_.claimed ? "R1"
                      : committing ? "R6"
                      : progress_.commits > 0 ? nullptr
                      : messages_->has_ordered(number) ? "R5"
                      : progress_.published ? "R3"
                      : messages_->has_welcomed(number) ? "R4"
                                                         : "R2";
  if (stage) outcome_.met.hit(std::string("case ") + stage);
}

// ---- ends of processes ----

void simulation::crash(process& what) {
  if (coordinator_.get() == &what) return crash_coordinator();
  for (std::size_t i = 0; i < workers_.size(); ++i)
    if (workers_[i].get() == &what) return crash_worker(i);
  std::erase_if(deposed_, [&](const auto& old) { return old.get() == &what; });
}

void simulation::crash_worker(std::size_t index) {
  auto number = workers_[index]->number();
  trace("worker " + std::to_string(number) + " dies");
  messages_->worker_goes(number);
  workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(index));
  later(span(3'000'000), [this] { start_worker(); });
}

void simulation::crash_coordinator() {
  trace("coordinator " + std::to_string(coordinator_->number()) + " dies");
  count_recovery_crash();
  messages_->coordinator_goes();
  for (auto& client : clients_) client->forget();
  file_reader_.reset();
  reading_files_.reset();
  coordinator_.reset();
  fail(observe());
  fail(inspect());
  later(span(3'000'000), [this] {
    if (!coordinator_) start_coordinator();
  });
}

void simulation::lose_power() {
  if (coordinator_) count_recovery_crash();
  messages_->coordinator_goes();
  for (auto& client : clients_) client->forget();
  file_reader_.reset();
  reading_files_.reset();
  coordinator_.reset();
  deposed_.clear();
  auto num_workers = workers_.size();
  for (const auto& worker : workers_) messages_->worker_goes(worker->number());
  workers_.clear();
  disk_->crash(storage::crash_kind::power_loss, random_->next());
  invariants_.power_lost();
  fail(invariants_.wrong());
  for (auto& client : clients_) fail(client->checks().power_lost());
  fail(inspect());
  later(span(3'000'000), [this] {
    if (!coordinator_) start_coordinator();
  });
  for (std::size_t i = 0; i < num_workers; ++i) later(span(3'000'000), [this] { start_worker(); });
}

/// The coordinator stops in the middle of a file call. Another takes over and goes on for a while, in here; then the call goes on.
void simulation::freeze() {
  freeze_in_.reset();
  frozen_ = true;
  trace("frozen in a file call");
  auto& self = *deposed_.emplace_back(std::move(coordinator_));
  self.pause_until(microseconds::max());
  start_coordinator();
  auto until = time_.now + span(20'000'000);
  for (int steps = 0; wrong_.empty() && steps < 4'000 && time_.now < until; ++steps) {
    (void)clients_ready();
    if (!step()) break;
  }
  self.pause_until(time_.now);
  frozen_ = false;
  trace("goes on");
}

void simulation::outage(process& of) {
  file_errors_ = true;
  of.disk().begin_outage(below(2) == 0 ? errc::storage_io : errc::disk_full, below(2) == 0);
  later(span(5'000'000), [this, number = of.number()] {
    if (auto* at = find(number)) at->disk().end_outage();
  });
}

// ---- strikes ----

void simulation::strike_first_generation(process& victim, std::vector<std::function<void()>>& possible) {
  auto name = " " + std::to_string(victim.number());
  auto* at = &victim;
  if (options_.crashes) possible.push_back([=, this] { note("crash" + name), crash(*at); });
  if (options_.torn_writes) possible.push_back([=, this] { note("torn-write" + name), at->disk().die_at(below(6), below(2) == 0); });
  if (options_.power) possible.push_back([this] { note("power-loss"), lose_power(); });
  if (options_.pauses) possible.push_back([=, this] { note("pause" + name), at->pause_until(time_.now + span(30'000'000)); });
  if (options_.broken_links) possible.push_back([this] {
      if (network_->break_any_link()) note("broken-link");
    });
  if (options_.partitions && processes().size() > 1) possible.push_back([=, this] {
      auto all = processes();
      auto from = at->number(), to = all[below(all.size())]->number();
      if (from == to) return;
      bool both = below(2) == 0;
      note(both ? "partition" : "one-way-partition");
      network_->hold(from, to);
      if (both) network_->hold(to, from);
      later(span(20'000'000), [this, from, to] { network_->heal(from, to), network_->heal(to, from); });
    });
  if (options_.leaving && !workers_.empty()) possible.push_back([this] { note("leave"), workers_[below(workers_.size())]->leave(); });
  if (options_.wall_jumps) possible.push_back([=, this] {
      note("wall-jump" + name), at->clock().step_wall(span(172'800'000'000) - microseconds{86'400'000'000});
    });
  if (options_.file_errors) possible.push_back([=, this] {
      constexpr storage::operation kinds[] = {storage::operation::create, storage::operation::append, storage::operation::sync,
                                              storage::operation::link,   storage::operation::rename, storage::operation::sync_directory,
                                              storage::operation::read};
      note("file-error" + name);
      file_errors_ = true;
      at->files().fail_at(kinds[below(std::size(kinds))], below(4), below(2) == 0 ? errc::storage_io : errc::disk_full);
    });
  if (options_.duels && coordinator_ && deposed_.empty()) possible.push_back([this] {
      note("duel");
      coordinator_->pause_until(time_.now + span(30'000'000));
      deposed_.push_back(std::move(coordinator_));
      start_coordinator();
    });
}

bool simulation::may_happen(durable_write what) const {
  bool files = false, state = false, staged = false;
  for (const auto& work : options_.queries) {
    files = files || work.has_files();
    state = state || work.group != grouping::none;
    staged = staged || work.mode != output_mode::complete || work.sink == sink_kind::console;
  }
  switch (what) {
    case durable_write::published_file:
    case durable_write::manifest: return files;
    case durable_write::manifest_compact: return files && options_.num_files() >= 10;
    case durable_write::state_delta:
    case durable_write::state_snapshot: return state;
    case durable_write::staged: return staged;
    // Once in a checkpoint's life.
    case durable_write::metadata: return next_process_ == 1;
    default: return true;
  }
}

/// Who reaches the point first dies there.
void simulation::arm_point() {
  crash_point point;
  bool rare = below(2) == 0;
  do {
    point = {static_cast<durable_write>(below(num_durable_writes)), static_cast<write_stage>(below(num_write_stages))};
    if (rare && next_process_ == 1) point.what = durable_write::metadata;
    if (rare && may_happen(durable_write::manifest_compact) && next_process_ > 1) point.what = durable_write::manifest_compact;
  } while (!exists(point.what, point.stage) || !may_happen(point.what));
  bool power = below(2) == 0;
  note("crash-point " + point.text() + (power ? " with power loss" : ""));
  armed_.push_back({point, power});
}

void simulation::strike_second_generation(process& victim, std::vector<std::function<void()>>& possible) {
  auto name = " " + std::to_string(victim.number());
  auto* at = &victim;
  if (options_.crash_points) {
    for (int i = 0; i < 4; ++i) possible.push_back([this] { arm_point(); });
    if (coordinator_) possible.push_back([this] {
        note("crash-in-recovery");
        die_after_start_ = static_cast<int>(below(40));
        crash_coordinator();
      });
  }
  if (options_.stops && coordinator_ && !coordinator_->paused(time_.now)) possible.push_back([this] {
      auto& client = *clients_[below(clients_.size())];
      note("stop " + client.work().name);
      client.stop(coordinator_->plane());
    });
  if (options_.outages) possible.push_back([=, this] {
      if (coordinator_ && below(2) == 0) {
        note("outage-in-recovery");
        outage_at_start_ = true;
        outcome_.met.hit("case R8");
        return crash_coordinator();
      }
      note("outage" + name);
      outage(*at);
    });
  if (options_.slow_files) possible.push_back([=, this] { note("slow-files" + name), slow_until_[at->number()] = time_.now + span(10'000'000); });
  if (options_.replacement) possible.push_back([this] {
      note("replacement");
      for (auto left = workers_.size(); left > 0; --left) below(2) == 0 ? crash_worker(left - 1) : workers_[left - 1]->leave();
    });
}

void simulation::strike_third_generation(std::vector<std::function<void()>>& possible) {
  if (!options_.freezes || !coordinator_ || !deposed_.empty() || freeze_in_) return;
  auto arm = [this] { note("duel"), outcome_.met.hit("fault freeze"), freeze_in_ = static_cast<int>(below(30)); };
  for (int i = 0; i < 3; ++i) possible.push_back(arm);
}

void simulation::strike() {
  auto all = processes();
  if (all.empty()) return;
  std::vector<std::function<void()>> possible;
  auto& victim = *all[below(all.size())];
  strike_first_generation(victim, possible);
  if (options_.generation >= 1) strike_second_generation(victim, possible);
  if (options_.generation >= 2) strike_third_generation(possible);
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
  armed_.clear();
  freeze_in_.reset();
  slow_until_.clear();
  die_after_start_.reset();
  outage_at_start_ = false;
  network_->heal_all();
  deposed_.clear();
  for (auto* at : processes()) {
    at->pause_until(time_.now);
    at->disk().end_outage();
  }
  // The one that came back may have claimed the query last; whoever ends the duel starts the survivor anew.
  if (struck_.contains("duel") && coordinator_) crash_coordinator();
}

} // namespace sluice::sim
