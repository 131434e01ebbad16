#pragma once
/// Links between simulated processes. Each direction of a link delivers in order and is reliable while it lasts, as the real ones
/// are; across links anything may overtake anything. Links break, end points die with or without telling, and a partition holds one
/// direction back until it heals. Bodies are copied, so nothing is shared between two processes.
/// Deliveries are steps of the simulation: nothing is handed over inside `send`.
#include <deque>
#include <map>
#include <set>
#include <variant>

#include "common/net/link.hpp"
#include "tests/sim/time.hpp"

namespace sluice::sim {

using process_number = int;

struct network_options {
  microseconds min_delay{50};
  microseconds max_delay{400};
};

class network {
public:
  network(const true_time& time, std::shared_ptr<random_source> random, network_options options);
  ~network();

  /// The network as one process sees it.
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
    };
    std::deque<event> events;
    net::link_handler handler;
    bool open = false;      ///< the handler is there
    bool closing = false;   ///< a status is on its way
    bool over = false;
    microseconds last{0};
  };

  net::link_ptr connect(process_number from, const std::string& address, net::link_handler handler);
  void push(lane& to, std::variant<greeting, net::frame, status> what);
  void close(std::size_t out, const status& reason);
  void finish(lane& to, status reason, bool local);
  bool ready(const lane& at, const std::function<bool(process_number)>& awake) const;
  microseconds delay();

  struct port {
    process_number owner;
    net::accept_handler accept;
  };
  const true_time& time_;
  std::shared_ptr<random_source> random_;
  network_options options_;
  std::deque<lane> lanes_;
  std::map<std::string, port> ports_;
  std::set<process_number> dead_;
  std::set<std::pair<process_number, process_number>> held_;
  std::map<std::string, std::int64_t> frames_;
};

} // namespace sluice::sim
