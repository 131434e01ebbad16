#include "common/net/internal/grpc_stream.hpp"

#include <charconv>

#include "common/net/internal/frame_bytes.hpp"

namespace sluice::net {
namespace {

/// Whether a link closed for this reason still sends what is queued.
bool drains(errc reason) {
  return reason != errc::timed_out && reason != errc::worker_lost && reason != errc::limit_exceeded;
}

} // namespace

void grpc_stream::send(frame message) {
  std::size_t size = frame_size(message);
  std::size_t body = message.body ? static_cast<std::size_t>(message.body->size()) : 0;
  if (message.header.size() > limits_.control_frame_bytes || body > limits_.data_frame_bytes)
    return abort({errc::limit_exceeded, "a message of " + std::to_string(size) + " bytes to " + peer_ + " exceeds the limit"});
  std::unique_lock lock(mutex_);
  if (phase_ != phase::open) return;
  if (unsent_ + size > limits_.unsent_bytes) {
    lock.unlock();
    return abort({errc::limit_exceeded, peer_ + " does not read what it is sent"});
  }
  unsent_ += size;
  queue_.push_back(std::move(message));
  pump(lock);
}

void grpc_stream::pump(std::unique_lock<std::mutex>& lock) {
  if (writing_ || queue_.empty() || phase_ >= phase::ending) return;
  writing_ = true;
  ++calls_;
  frame next = std::move(queue_.front());
  queue_.pop_front();
  writing_bytes_ = frame_size(next);
  lock.unlock();
  outgoing_ = to_bytes(std::move(next));
  write();
}

void grpc_stream::write_done(bool good) {
  outgoing_.Clear();
  std::unique_lock lock(mutex_);
  writing_ = false;
  unsent_ -= writing_bytes_;
  if (!good) end_locked();
  if (phase_ == phase::draining && queue_.empty()) phase_ = phase::ending;
  --calls_;
  pump(lock);
  if (lock.owns_lock()) lock.unlock();
  leave();
}

void grpc_stream::close(status reason) {
  if (!reason.ok() && !drains(reason.code())) return abort(std::move(reason));
  {
    std::lock_guard lock(mutex_);
    if (phase_ != phase::open) return;
    reason_ = reason.ok() ? status{errc::unreachable, "the link to " + peer_ + " was closed"} : std::move(reason);
    phase_ = queue_.empty() && !writing_ ? phase::ending : phase::draining;
  }
  leave();
}

void grpc_stream::abort(status reason) {
  {
    std::lock_guard lock(mutex_);
    if (phase_ >= phase::ending) return;
    if (phase_ == phase::open) reason_ = std::move(reason);
    end_locked();
    ++calls_;
  }
  cancel();
  {
    std::lock_guard lock(mutex_);
    --calls_;
  }
  leave();
}

void grpc_stream::end_locked() {
  if (phase_ < phase::ending) phase_ = phase::ending;
  for (const auto& dropped : queue_) unsent_ -= frame_size(dropped);
  queue_.clear();
}

void grpc_stream::leave() {
  status reason;
  {
    std::lock_guard lock(mutex_);
    if (phase_ != phase::ending || calls_ > 0) return;
    phase_ = phase::finished;
    reason = reason_;
  }
  finish(reason);
}

bool grpc_stream::read_done(bool good, const grpc::ByteBuffer& bytes) {
  if (!good) {
    peer_gone();
    return false;
  }
  auto message = from_bytes(bytes, limits_);
  if (!message.ok()) {
    abort(std::move(message).error());
    return false;
  }
  bool open;
  {
    std::lock_guard lock(mutex_);
    open = phase_ == phase::open;
  }
  if (open && handler_.on_frame) handler_.on_frame(std::move(*message));
  return true;
}

void grpc_stream::peer_gone() {
  {
    std::lock_guard lock(mutex_);
    end_locked();
  }
  leave();
}

void grpc_stream::done(status cause) {
  status reason;
  {
    std::lock_guard lock(mutex_);
    reason = reason_.ok() ? std::move(cause) : reason_;
  }
  auto handler = std::move(handler_);
  handler_ = {};
  if (handler.on_closed) handler.on_closed(std::move(reason));
}

grpc::Status to_grpc(const status& error) {
  if (error.ok()) return grpc::Status::OK;
  return {grpc::StatusCode::ABORTED, error.message(), std::to_string(static_cast<int>(error.code()))};
}

status from_grpc(const grpc::Status& error, const std::string& peer) {
  if (error.ok()) return {errc::unreachable, "the link was closed by " + peer};
  int code = 0;
  const auto details = error.error_details();
  std::from_chars(details.data(), details.data() + details.size(), code);
  if (error.error_code() == grpc::StatusCode::ABORTED && code != 0)
    return {info(static_cast<errc>(code)).code, error.error_message()};
  if (error.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) return {errc::limit_exceeded, peer + ": " + error.error_message()};
  if (error.error_code() == grpc::StatusCode::UNAUTHENTICATED || error.error_code() == grpc::StatusCode::PERMISSION_DENIED)
    return {errc::unauthenticated, "not admitted by " + peer + ": " + error.error_message()};
  return {errc::unreachable, "cannot reach " + peer + ": " + error.error_message()};
}

} // namespace sluice::net
