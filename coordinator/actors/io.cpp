#include "coordinator/actors/io.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace sluice::actors {
namespace {

io_actor::behavior_type blocking_work(io_actor::pointer) {
  return {[](const run_io& order) { order.work(); }};
}

const io_actor& pick_io(const std::vector<io_actor>& actors, std::string_view key) {
  return actors[std::hash<std::string_view>{}(key) % actors.size()];
}

} // namespace

io_pool::io_pool(caf::actor_system& system, bool detach, std::size_t fast, std::size_t slow, std::size_t compute) {
  auto spawn = [&] { return detach ? system.spawn<caf::detached>(blocking_work) : system.spawn(blocking_work); };
  for (std::size_t i = 0; i < fast; ++i) fast_.push_back(spawn());
  for (std::size_t i = 0; i < slow; ++i) slow_.push_back(spawn());
  for (std::size_t i = 0; i < compute; ++i) compute_.push_back(spawn());
}

const io_actor& io_pool::fast(std::string_view key) const { return pick_io(fast_, key); }
const io_actor& io_pool::slow(std::string_view key) const { return pick_io(slow_, key); }

const io_actor& io_pool::compute() const { return compute_[next_->fetch_add(1) % compute_.size()]; }

void io_pool::stop() {
  for (auto* actors : {&fast_, &slow_, &compute_}) {
    for (const auto& actor : *actors) caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    actors->clear();
  }
}

} // namespace sluice::actors
