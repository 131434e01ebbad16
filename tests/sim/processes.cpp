#include "tests/sim/processes.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "worker/actors/messages.hpp"

namespace sluice::sim {

process::testing_config::testing_config() { set("scheduler.policy", caf::atom("testing")); }

process::process(process_setup setup)
    : setup_(std::move(setup)),
      clock_(std::make_shared<process_clock>(*setup_.time, setup_.wall_offset)),
      random_(seeded_random_source(setup_.seed)),
      files_(std::make_shared<process_disk>(setup_.disk)),
      system_(std::make_unique<caf::actor_system>(config_)) {
  born_ = scheduler().clock().now();
  birth_ = setup_.time->now;
}

process::~process() = default;

void process::catch_up() {
  auto& clock = scheduler().clock();
  auto behind = born_ + (setup_.time->now - birth_) - clock.current_time;
  if (behind > caf::actor_clock::duration_type::zero()) clock.advance_time(behind);
}

bool process::can_run(microseconds now) {
  std::erase_if(held_, [now](const auto& held) { return held.second <= now; });
  const auto& jobs = scheduler().jobs;
  return std::any_of(jobs.begin(), jobs.end(), [this](const auto* job) { return !held_.contains(job); });
}

microseconds process::next_release(microseconds now) {
  auto next = microseconds::max();
  for (const auto& [actor, when] : held_)
    if (when > now) next = std::min(next, when);
  return next;
}

std::string process::run_one(random_source& random) {
  auto& jobs = scheduler().jobs;
  auto pick = random.next() % jobs.size();
  while (held_.contains(jobs[pick])) pick = (pick + 1) % jobs.size();
  std::swap(jobs.front(), jobs[pick]);
  last_ran_ = jobs.front();
  scheduler().run_once();
  return "run " + std::to_string(setup_.number) + " " + std::to_string(pick);
}

microseconds process::next_timer() {
  const auto& timers = scheduler().clock().schedule();
  if (timers.empty()) return microseconds::max();
  auto due = std::chrono::ceil<microseconds>(timers.begin()->first - born_);
  return birth_ + due;
}

void process::end(const std::function<void()>& stop_actors) {
  files_->die_at(0, false);
  setup_.net->die(setup_.number, random_->next() % 4 == 0);
  stop_actors();
  for (int round = 0; round < 100; ++round) {
    scheduler().clock().cancel_all();
    while (scheduler().has_job()) scheduler().run_once();
    if (system_->registry().running() == 0) break;
  }
  if (system_->registry().running() != 0) {
    std::fprintf(stderr, "process %d: %zu actors do not end\n", setup_.number, system_->registry().running());
    std::abort();
  }
  system_.reset();
}

worker_process::worker_process(process_setup setup, worker::worker_options options, int host)
    : process(std::move(setup)), host_(host), spill_(std::make_unique<spill_environment>(files_, clock_)) {
  auto world = std::make_shared<worker::surroundings>();
  world->options = std::move(options);
  world->options.detached = false;
  world->id = "w-" + std::to_string(setup_.number);
  world->pid = setup_.number;
  world->files = files_;
  world->clock = clock_;
  world->random = random_;
  world->network = setup_.net->of(setup_.number);
  world->spill_environment = spill_.get();
  control_ = worker::spawn_worker(*system_, world);
  auto address = "worker-" + std::to_string(setup_.number) + ":1";
  listener_ = std::move(*world->network->listen(address, worker::accept_peers(control_)));
  worker::go_online(control_, address);
}

worker_process::~worker_process() {
  end([this] {
    caf::anon_send(control_, worker::end_worker{});
    listener_.reset();
    control_ = nullptr;
  });
}

void worker_process::leave() { caf::anon_send(control_, worker::leave_cluster{}); }

bool worker_process::ended() { return !has_job() && system_->registry().running() == 0; }

coordinator_process::coordinator_process(process_setup setup, actors::control_options options, const std::string& address)
    : process(std::move(setup)) {
  options.detach = false;
  options.system = system_.get();
  auto plane = actors::control_plane::start(std::move(options), {clock_, random_, files_});
  if (!plane.ok()) {
    failure_ = plane.error();
    return;
  }
  plane_ = std::move(*plane);
  listener_ = std::move(*setup_.net->of(setup_.number)->listen(address, plane_->accept()));
}

coordinator_process::~coordinator_process() {
  end([this] {
    listener_.reset();
    if (plane_) plane_->stop();
    plane_.reset();
  });
}

} // namespace sluice::sim
