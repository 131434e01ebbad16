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
    auto found = in_.ports_.find(address_);
    if (found != in_.ports_.end() && found->second.owner == owner_) in_.ports_.erase(found);
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
    in_.ports_.insert_or_assign(address, network::port{self_, std::move(accept)});
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

microseconds network::delay() {
  auto spread = static_cast<std::uint64_t>((options_.max_delay - options_.min_delay).count() + 1);
  return options_.min_delay + microseconds(static_cast<std::int64_t>(random_->next() % spread));
}

void network::push(lane& to, std::variant<greeting, net::frame, status> what) {
  to.last = std::max(to.last, time_.now + delay());
  to.events.push_back({to.last, std::move(what), false});
}

net::link_ptr network::connect(process_number from, const std::string& address, net::link_handler handler) {
  auto port = ports_.find(address);
  process_number to = port == ports_.end() ? -1 : port->second.owner;
  auto index = lanes_.size();
  lanes_.push_back({from, to, index + 1, {}, {}, false, false, false, time_.now});
  lanes_.push_back({to, from, index, {}, std::move(handler), true, false, false, time_.now});
  if (port == ports_.end() || dead_.contains(to)) {
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
  to.last = local ? std::max(time_.now, to.events.empty() ? time_.now : to.events.back().due) : std::max(to.last, time_.now + delay());
  to.events.push_back({to.last, std::move(reason), local});
}

void network::close(std::size_t out, const status& reason) {
  auto& there = lanes_[out];
  auto& here = lanes_[there.back];
  finish(there, gone(), false);
  if (!here.closing) here.events.clear();  // what has not been read yet is not read any more
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
    auto port = ports_.find(hello->address);
    if (port == ports_.end() || port->second.owner != lanes_[index].to) {
      close(lanes_[index].back, {errc::unreachable, "nobody listens on " + hello->address});
      return text + "refused";
    }
    auto handler = port->second.accept(std::make_shared<sim_link>(*this, lanes_[index].back, "process " + std::to_string(lanes_[index].from)));
    lanes_[index].handler = std::move(handler);
    lanes_[index].open = true;
    return text + "open";
  }
  if (auto* frame = std::get_if<net::frame>(&event.what)) {
    text += kind_of(*frame) + " " + std::to_string(frame->header.size()) + "+" + std::to_string(frame->body ? frame->body->size() : 0);
    if (lanes_[index].handler.on_frame) lanes_[index].handler.on_frame(std::move(*frame));
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
    while (at.events.size() > std::max<std::size_t>(keep, greets ? 1 : 0)) at.events.pop_back();
    finish(at, {errc::unreachable, "the link broke"}, false);
  }
  return true;
}

void network::hold(process_number from, process_number to) { held_.insert({from, to}); }
void network::heal(process_number from, process_number to) { held_.erase({from, to}); }
void network::heal_all() { held_.clear(); }

} // namespace sluice::sim
