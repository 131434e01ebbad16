#include "tests/sim/network.hpp"

#include <arrow/buffer.h>

#include "common/net/message.hpp"
#include "proto/sluice/link.pb.h"

namespace sluice::sim {
namespace {

std::string kind_of(const net::frame& frame) {
  proto::link_message message;
  if (!net::decode(frame, message).ok()) return "garbage";
  return message.GetDescriptor()->FindFieldByNumber(message.kind_case())->name();
}

/// Whether it may come twice or late. Greetings belong to a link, credits count.
bool repeatable(const net::frame& frame) {
  proto::link_message message;
  return net::decode(frame, message).ok() && !message.has_hello() && !message.has_welcome() && !message.has_refused() &&
         !message.has_credit() && !message.has_read_credit() && !message.has_leaving() && !message.has_drain();
}

constexpr std::size_t recent_frames = 8;

status gone() { return {errc::unreachable, "the link was closed by its peer"}; }

} // namespace

class sim_link final : public net::link {
public:
  sim_link(network& in, std::size_t out, std::string peer) : in_(in), out_(out), peer_(std::move(peer)) {}
  void send(net::frame message) override {
    auto& out = in_.lanes_[out_];
    if (out.closing || out.over || in_.dead_.contains(out.from)) return;
    if (message.body) message.body = arrow::Buffer::FromString(message.body->ToString());
    ++in_.frames_[kind_of(message)];
    in_.tell(out_, message, &network_watcher::sent);
    in_.tell(fate::sent, out, message);
    in_.push(out, std::move(message));
  }
  void close(status reason) override { in_.close(out_, reason); }
  std::string peer() const override { return peer_; }

private:
  network& in_;
  std::size_t out_;
  std::string peer_;
};

class sim_listener final : public net::listener {
public:
  sim_listener(network& in, process_number owner, std::string address) : in_(in), owner_(owner), address_(std::move(address)) {}
  ~sim_listener() override {
    std::erase_if(in_.ports_, [this](const auto& at) { return at.first == address_ && at.second.owner == owner_; });
  }
  std::string address() const override { return address_; }
  std::shared_ptr<grpc::Channel> channel() override { return nullptr; }

private:
  network& in_;
  process_number owner_;
  std::string address_;
};

class sim_transport final : public net::transport {
public:
  sim_transport(network& in, process_number self) : in_(in), self_(self) {}
  result<std::unique_ptr<net::listener>> listen(const std::string& address, net::accept_handler accept,
                                                std::vector<grpc::Service*>) override {
    in_.ports_.emplace(address, network::port{self_, std::move(accept)});
    return std::unique_ptr<net::listener>(new sim_listener(in_, self_, address));
  }
  net::link_ptr connect(const std::string& address, net::link_handler handler) override {
    return in_.connect(self_, address, std::move(handler));
  }

private:
  network& in_;
  process_number self_;
};

network::network(const true_time& time, std::shared_ptr<random_source> random, network_options options)
    : time_(time), random_(std::move(random)), options_(options) {}
network::~network() = default;

std::shared_ptr<net::transport> network::of(process_number process) { return std::make_shared<sim_transport>(*this, process); }

const network::port* network::find_port(const std::string& address, process_number owner) const {
  auto [at, end] = ports_.equal_range(address);
  for (; at != end; ++at)
    if (at->second.owner == owner) return &at->second;
  return nullptr;
}

process_number network::choose_owner(const std::string& address) {
  auto [first, end] = ports_.equal_range(address);
  auto count = static_cast<std::uint64_t>(std::distance(first, end));
  if (count == 0) return -1;
  return std::next(first, count == 1 ? 0 : static_cast<std::ptrdiff_t>(random_->next() % count))->second.owner;
}

void network::tell(std::size_t index, const net::frame& frame, void (network_watcher::*what)(const frame_facts&)) {
  if (watcher_ == nullptr) return;
  proto::link_message message;
  if (!net::decode(frame, message).ok()) return;
  const auto& at = lanes_[index];
  (watcher_->*what)({index, at.back, at.from, at.to, message, frame.body ? static_cast<std::size_t>(frame.body->size()) : 0, at.events.size()});
}

microseconds network::delay() {
  auto spread = static_cast<std::uint64_t>((options_.max_delay - options_.min_delay).count() + 1);
  return options_.min_delay + microseconds(static_cast<std::int64_t>(random_->next() % spread));
}

void network::push(lane& to, std::variant<greeting, net::frame, status> what) {
  to.last = std::max(to.last, time_.now + delay());
  to.events.push_back({to.last, std::move(what), false, time_.now});
}

void network::tell(fate what, const lane& at, const net::frame& frame) {
  if (!observe_) return;
  proto::link_message message;
  if (net::decode(frame, message).ok()) observe_(what, at.from, at.to, message);
}

void network::send(std::size_t index, net::frame message) {
  auto& out = lanes_[index];
  tell(fate::sent, out, message);
  bool twice = chance(options_.doubled_percent) && repeatable(message);
  if (options_.late_percent > 0 && repeatable(message)) {
    out.recent.push_back(message);
    if (out.recent.size() > recent_frames) out.recent.pop_front();
  }
  auto again = std::exchange(out.again, {});
  if (twice) (random_->next() % 2 == 0 ? again : out.again).push_back(message);
  push(out, std::move(message));
  for (auto& frame : again) {
    tell(fate::doubled, out, frame);
    push(out, std::move(frame));
  }
}

/// Messages of an earlier link between the same two, as if they had been under way for long.
void network::repeat_old(std::size_t index) {
  auto& out = lanes_[index];
  auto old = old_.find({out.from, out.to, out.connector});
  if (old == old_.end() || out.closing || out.over || !chance(options_.late_percent)) return;
  for (auto& frame : old->second) {
    if (random_->next() % 2 == 0) continue;
    tell(fate::late, out, frame);
    push(out, frame);
  }
}

/// What is under way does not arrive.
void network::lose(lane& at) {
  for (auto& event : at.events)
    if (auto* frame = std::get_if<net::frame>(&event.what)) tell(fate::lost, at, *frame);
}

net::link_ptr network::connect(process_number from, const std::string& address, net::link_handler handler) {
  process_number to = choose_owner(address);
  auto index = lanes_.size();
  auto& there = lanes_.emplace_back();
  there.from = from, there.to = to, there.back = index + 1, there.last = time_.now, there.connector = true;
  auto& here = lanes_.emplace_back();
  here.from = to, here.to = from, here.back = index, here.last = time_.now, here.handler = std::move(handler), here.open = true;
  if (to < 0 || dead_.contains(to)) {
    finish(lanes_[index + 1], {errc::unreachable, "nobody listens on " + address}, true);
    lanes_[index].closing = lanes_[index].over = true;
  } else {
    push(lanes_[index], greeting{address});
  }
  return std::make_shared<sim_link>(*this, index, address);
}

/// Puts the last event of a direction on its way.
void network::finish(lane& to, status reason, bool local) {
  if (to.closing || to.over) return;
  to.closing = true;
  if (!to.recent.empty()) old_[{to.from, to.to, to.connector}] = std::exchange(to.recent, {});
  to.last = local ? std::max(time_.now, to.events.empty() ? time_.now : to.events.back().due) : std::max(to.last, time_.now + delay());
  to.events.push_back({to.last, std::move(reason), local, time_.now});
}

void network::close(std::size_t out, const status& reason) {
  auto& there = lanes_[out];
  auto& here = lanes_[there.back];
  finish(there, gone(), false);
  if (!here.closing) lose(here), here.events.clear();  // what has not been read yet is not read any more
  finish(here, reason.ok() ? status{errc::unreachable, "the link was closed"} : reason, true);
}

bool network::ready(const lane& at, const std::function<bool(process_number)>& awake) const {
  if (at.over || at.events.empty() || dead_.contains(at.to) || !awake(at.to)) return false;
  if (at.events.front().local) return true;
  return !held_.contains({at.from, at.to});
}

std::vector<std::size_t> network::due(const std::function<bool(process_number)>& awake) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < lanes_.size(); ++i)
    if (ready(lanes_[i], awake) && lanes_[i].events.front().due <= time_.now) out.push_back(i);
  return out;
}

microseconds network::next_due(const std::function<bool(process_number)>& awake) const {
  auto next = microseconds::max();
  for (const auto& at : lanes_)
    if (ready(at, awake)) next = std::min(next, at.events.front().due);
  return next;
}

std::string network::deliver(std::size_t index) {
  auto event = std::move(lanes_[index].events.front());
  lanes_[index].events.pop_front();
  auto text = "net " + std::to_string(lanes_[index].from) + ">" + std::to_string(lanes_[index].to) + " ";
  if (auto* hello = std::get_if<greeting>(&event.what)) {
    const auto* port = find_port(hello->address, lanes_[index].to);
    if (port == nullptr) {
      close(lanes_[index].back, {errc::unreachable, "nobody listens on " + hello->address});
      return text + "refused";
    }
    auto handler = port->accept(std::make_shared<sim_link>(*this, lanes_[index].back, "process " + std::to_string(lanes_[index].from)));
    lanes_[index].handler = std::move(handler);
    lanes_[index].open = true;
    return text + "open";
  }
  if (auto* frame = std::get_if<net::frame>(&event.what)) {
    tell(index, *frame, &network_watcher::delivered);
    text += kind_of(*frame) + " " + std::to_string(frame->header.size()) + "+" + std::to_string(frame->body ? frame->body->size() : 0);
    tell(fate::delivered, lanes_[index], *frame);
    if (time_.now - event.sent > microseconds{10'000}) tell(fate::delayed, lanes_[index], *frame);
    if (lanes_[index].handler.on_frame) lanes_[index].handler.on_frame(std::move(*frame));
    if (!std::exchange(lanes_[index].greeted, true)) repeat_old(index);
    return text;
  }
  auto handler = std::move(lanes_[index].handler);
  lanes_[index].handler = {};
  lanes_[index].over = true;
  if (handler.on_closed) handler.on_closed(std::get<status>(event.what));
  return text + "closed";
}

void network::die(process_number process, bool silently) {
  dead_.insert(process);
  std::erase_if(ports_, [&](const auto& port) { return port.second.owner == process; });
  for (auto& at : lanes_) {
    if (at.to == process) {
      lose(at);
      at.handler = {};
      at.events.clear();
      at.over = true;
    } else if (at.from == process && !at.over && !at.closing && !silently) {
      finish(at, gone(), false);
    }
  }
}

bool network::break_any_link() {
  std::vector<std::size_t> up;
  for (std::size_t i = 0; i < lanes_.size(); i += 2)
    if (!lanes_[i].over && !lanes_[i].closing && !lanes_[i + 1].closing) up.push_back(i);
  if (up.empty()) return false;
  auto index = up[random_->next() % up.size()];
  for (auto i : {index, index + 1}) {
    auto& at = lanes_[i];
    auto keep = at.events.empty() ? 0 : random_->next() % (at.events.size() + 1);
    bool greets = !at.events.empty() && std::holds_alternative<greeting>(at.events.front().what);
    while (at.events.size() > std::max<std::size_t>(keep, greets ? 1 : 0)) {
      if (auto* frame = std::get_if<net::frame>(&at.events.back().what)) tell(fate::lost, at, *frame);
      at.events.pop_back();
    }
    finish(at, {errc::unreachable, "the link broke"}, false);
  }
  return true;
}

void network::hold(process_number from, process_number to) { held_.insert({from, to}); }
void network::heal(process_number from, process_number to) { held_.erase({from, to}); }
void network::heal_all() { held_.clear(); }

} // namespace sluice::sim
