#pragma once
/// Links between simulated processes. Each direction of a link delivers in order and is reliable while it lasts, as the real ones
/// are; across links anything may overtake anything. Messages may come twice, and
/// those of an old link once more on the next one, as far as the protocol calls them idempotent (not greetings and credits). Links break, end points die with or without telling, and a partition holds one
/// direction back until it heals. Bodies are copied, so nothing is shared between two processes.
/// Deliveries are steps of the simulation: nothing is handed over inside `send`.
#include <deque>
#include <map>
#include <set>
#include <variant>

#include "common/net/link.hpp"
#include "tests/sim/time.hpp"

namespace sluice::proto {
class link_message;
}

namespace sluice::proto {
class link_message;
} // namespace sluice::proto

namespace sluice::sim {

using process_number = int;

struct network_options {
  microseconds min_delay{50};
  microseconds max_delay{400};
  int doubled_percent = 0;  ///< of messages that come twice
  int late_percent = 0;     ///< of reconnects after which some messages of the old link come once more
};

/// What becomes of a message; `delayed` comes beside `delivered` when it took more than 10 ms.
enum class fate { sent, delivered, lost, doubled, late, delayed };

/// A message on a link. A lane is one direction of it, `back` the other.
struct frame_facts {
  std::size_t lane, back;
  process_number from, to;
  const proto::link_message& message;
  std::size_t bytes;   ///< of the body
  std::size_t queued;  ///< on this lane, not yet delivered
};

class network_watcher {
public:
  virtual ~network_watcher() = default;
  virtual void sent(const frame_facts& frame) = 0;
  virtual void delivered(const frame_facts& frame) = 0;
};

class network {
public:
  network(const true_time& time, std::shared_ptr<random_source> random, network_options options);
  ~network();

  void watch(network_watcher* watcher) { watcher_ = watcher; }

  /// The network as one process sees it. Several may listen on one address, as behind a virtual one: who connects gets any of them.
  std::shared_ptr<net::transport> of(process_number process);

  // ---- steps ----
  /// Lanes whose next event is due and may be handed over to a process for which `awake` holds.
  std::vector<std::size_t> due(const std::function<bool(process_number)>& awake) const;
  /// When the next event of an awake process becomes due; max if none does.
  microseconds next_due(const std::function<bool(process_number)>& awake) const;
  /// Hands over the next event of a lane; text for the trace.
  std::string deliver(std::size_t lane);

  // ---- faults ----
  /// The process is gone: its end of every link is dead. `silently`: its peers are not told (the host went down).
  void die(process_number process, bool silently);
  /// Breaks one link (of those that are up); what is under way may be lost. False if there is none.
  bool break_any_link();
  void hold(process_number from, process_number to);
  void heal_all();
  void heal(process_number from, process_number to);

  /// Called for each message with what becomes of it.
  using observer = std::function<void(fate, process_number from, process_number to, const proto::link_message&)>;
  void observe(observer observe) { observe_ = std::move(observe); }

  // ---- counts ----
  /// Frames sent so far, by kind of message ("prepared").
  const std::map<std::string, std::int64_t>& frames() const { return frames_; }

private:
  friend class sim_link;
  friend class sim_listener;
  friend class sim_transport;
  struct greeting {
    std::string address;
  };
  struct lane {
    process_number from = 0, to = 0;
    std::size_t back = 0;  ///< index of the other direction
    struct event {
      microseconds due;
      std::variant<greeting, net::frame, status> what;
      bool local = false;  ///< of the receiving side's own making
      microseconds sent{0};
    };
    std::deque<event> events;
    net::link_handler handler;
    bool open = false;      ///< the handler is there
    bool closing = false;   ///< a status is on its way
    bool over = false;
    microseconds last{0};
    bool connector = false;           ///< its sender opened the link
    bool greeted = false;             ///< something has been handed over
    std::deque<net::frame> recent;    ///< the last ones sent, for a later link to repeat
    std::deque<net::frame> again;     ///< to be sent a second time after the next one
  };

  struct port {
    process_number owner = -1;
    net::accept_handler accept;
  };
  void tell(std::size_t lane, const net::frame& frame, void (network_watcher::*what)(const frame_facts&));
  const port* find_port(const std::string& address, process_number owner) const;
  process_number choose_owner(const std::string& address);
  void send(std::size_t out, net::frame message);
  void repeat_old(std::size_t out);
  void lose(lane& at);
  void tell(fate what, const lane& at, const net::frame& message);
  bool chance(int percent) { return percent > 0 && random_->next() % 100 < static_cast<std::uint64_t>(percent); }

  net::link_ptr connect(process_number from, const std::string& address, net::link_handler handler);
  void push(lane& to, std::variant<greeting, net::frame, status> what);
  void close(std::size_t out, const status& reason);
  void finish(lane& to, status reason, bool local);
  bool ready(const lane& at, const std::function<bool(process_number)>& awake) const;
  microseconds delay();

  const true_time& time_;
  std::shared_ptr<random_source> random_;
  network_options options_;
  std::deque<lane> lanes_;
  std::multimap<std::string, port> ports_;
  network_watcher* watcher_ = nullptr;
  std::set<process_number> dead_;
  std::set<std::pair<process_number, process_number>> held_;
  std::map<std::string, std::int64_t> frames_;
  observer observe_;
  std::map<std::tuple<process_number, process_number, bool>, std::deque<net::frame>> old_;  ///< of links that are over
};

} // namespace sluice::sim
