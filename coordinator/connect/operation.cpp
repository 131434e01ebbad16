#include "coordinator/connect/operation.hpp"

#include <charconv>

#include "proto/spark/connect/base.pb.h"

namespace sluice::connect {
namespace {

constexpr std::size_t unsent_window = 16 << 20;   ///< made ahead of the client
constexpr std::size_t replay_window = 16 << 20;   ///< kept of what a client has, should it not release

} // namespace

status operation_cancelled() {
  return status(errc::cancelled, "Operation has been canceled.");
}

void operation::notify(std::unique_lock<std::mutex>& lock) {
  auto stream = stream_.lock();
  lock.unlock();
  if (stream) stream->more();
}

void operation::send(spark::connect::ExecutePlanResponse response) {
  response.set_session_id(facts_.session);
  response.set_server_side_session_id(facts_.server_session);
  response.set_operation_id(facts_.id);
  std::unique_lock lock(mutex_);
  if (ended_) return;
  response.set_response_id(facts_.id + "-" + std::to_string(first_ + kept_.size()));
  auto bytes = std::make_shared<std::string>();
  response.SerializeToString(bytes.get());
  kept_bytes_ += bytes->size();
  unsent_bytes_ += bytes->size();
  sent_since_beat_ = true;
  kept_.push_back({std::move(bytes)});
  notify(lock);
}

void operation::end(std::unique_lock<std::mutex>& lock, std::optional<error_reply> error) {
  if (ended_) return;
  ended_ = true;
  error_ = std::move(error);
  auto resume = std::exchange(resume_, nullptr);
  auto cancel = std::exchange(cancel_action_, nullptr);
  notify(lock);
  if (resume) resume();
}

void operation::complete() {
  if (facts_.reattachable) {
    spark::connect::ExecutePlanResponse last;
    last.mutable_result_complete();
    send(std::move(last));
  }
  std::unique_lock lock(mutex_);
  end(lock, std::nullopt);
}

void operation::fail(const error_reply& error) {
  std::unique_lock lock(mutex_);
  end(lock, error);
}

bool operation::cancel() {
  std::unique_lock lock(mutex_);
  if (ended_) return false;
  cancelled_ = true;
  auto action = std::exchange(cancel_action_, nullptr);
  end(lock, reply_of(operation_cancelled()));
  if (action) action();
  return true;
}

void operation::on_cancel(std::function<void()> action) {
  std::unique_lock lock(mutex_);
  if (!ended_) {
    cancel_action_ = std::move(action);
    return;
  }
  bool now = cancelled_;
  lock.unlock();
  if (now) action();
}

bool operation::is_over() const {
  std::lock_guard lock(mutex_);
  return ended_;
}

bool operation::has_room(std::function<void()> resume) {
  std::lock_guard lock(mutex_);
  if (ended_ || unsent_bytes_ < unsent_window) return true;
  resume_ = std::move(resume);
  return false;
}

void operation::beat(microseconds now, microseconds before) {
  {
    std::lock_guard lock(mutex_);
    if (sent_since_beat_ || last_sent_.count() == 0) last_sent_ = now;
    sent_since_beat_ = false;
    if (ended_ || facts_.quiet || unsent_bytes_ > 0 || last_sent_ > before) return;
    last_sent_ = now;
  }
  spark::connect::ExecutePlanResponse progress;
  progress.mutable_execution_progress();
  send(std::move(progress));
}

std::optional<std::uint64_t> operation::index_of(const std::string& response) const {
  auto dash = response.rfind('-');
  if (dash == std::string::npos || response.compare(0, dash, facts_.id) != 0) return std::nullopt;
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(response.data() + dash + 1, response.data() + response.size(), number);
  if (error != std::errc{} || end != response.data() + response.size() || number >= first_ + kept_.size()) return std::nullopt;
  return number;
}

bool operation::attach(const std::shared_ptr<response_stream>& stream, const std::optional<std::string>& after,
                       std::uint64_t& cursor) {
  std::shared_ptr<response_stream> old;
  {
    std::lock_guard lock(mutex_);
    cursor = 0;
    if (after) {
      auto index = index_of(*after);
      if (!index) return false;
      cursor = *index + 1;
    }
    old = stream_.lock();
    stream_ = stream;
    reader_ = stream.get();
    idle_since_.reset();
  }
  if (old) old->replaced();
  return true;
}

void operation::detach(const response_stream* stream, microseconds now) {
  std::lock_guard lock(mutex_);
  if (reader_ != stream) return;
  reader_ = nullptr;
  stream_.reset();
  idle_since_ = now;
}

/// Forgets what clients have read and cannot ask for again.
void operation::forget_sent() {
  while (!kept_.empty() && first_ < sent_ && (!facts_.reattachable || kept_bytes_ - unsent_bytes_ > replay_window)) {
    kept_bytes_ -= kept_.front().bytes->size();
    kept_.pop_front();
    ++first_;
  }
}

operation::taken operation::take(std::uint64_t cursor) {
  std::unique_lock lock(mutex_);
  taken out;
  if (cursor < first_) {
    out.lost = true;
    return out;
  }
  if (cursor - first_ >= kept_.size()) {
    out.ended = ended_;
    out.error = ended_ ? error_ : std::nullopt;
    return out;
  }
  out.response = kept_[cursor - first_].bytes;
  if (cursor < sent_) return out;
  sent_ = cursor + 1;
  unsent_bytes_ -= out.response->size();
  forget_sent();
  if (!resume_ || unsent_bytes_ >= unsent_window / 2) return out;
  auto resume = std::exchange(resume_, nullptr);
  lock.unlock();
  resume();
  return out;
}

void operation::release_until(const std::string& response) {
  std::lock_guard lock(mutex_);
  auto index = index_of(response);
  while (index && !kept_.empty() && first_ <= *index && first_ < sent_) {
    kept_bytes_ -= kept_.front().bytes->size();
    kept_.pop_front();
    ++first_;
  }
}

void operation::release_all() {
  std::unique_lock lock(mutex_);
  first_ += kept_.size();
  sent_ = first_;
  kept_.clear();
  kept_bytes_ = unsent_bytes_ = 0;
}

std::optional<microseconds> operation::idle_since() const {
  std::lock_guard lock(mutex_);
  return idle_since_;
}

} // namespace sluice::connect
