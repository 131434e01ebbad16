#include "tests/sim/client.hpp"

#include "common/data/ipc.hpp"

namespace sluice::sim {
namespace {

constexpr microseconds second{1'000'000};

} // namespace

void follower::on_event(actors::job_event event) {
  if (std::holds_alternative<actors::query_started>(event)) started = true;
  auto decode = [&](const std::shared_ptr<arrow::Buffer>& bytes) {
    auto batches = data::decode_batches(bytes);
    if (!batches.ok()) broken = batches.error();
    return batches.ok() ? std::move(*batches) : std::vector<data::batch_ptr>{};
  };
  if (const auto* rows = std::get_if<actors::result_rows>(&event))
    for (auto& batch : decode(rows->arrow)) found.push_back(std::move(batch));
  if (const auto* rows = std::get_if<actors::console_rows>(&event)) shown.emplace_back(rows->batch, rows_of(decode(rows->arrow)));
}

void query_client::submit(actors::control_plane& plane) {
  actors::job_spec spec;
  spec.text = work_.job();
  spec.directory = "/";
  spec.wait = work_.sink == sink_kind::console;
  follower_ = std::make_shared<follower>();
  job_ = plane.run_job(spec, follower_);
}

void query_client::forget() {
  follower_.reset();
  job_.reset();
  reader_.reset();
  reading_.reset();
  state_.reset();
  next_look_ = not_before_ = microseconds{0};
}

/// Submits the query anew, a little later, unless it may not be.
bool query_client::again() {
  stop_asked_ = false;
  follower_.reset();
  job_.reset();
  state_.reset();
  over_ = !work_.restartable();
  return over_;
}

bool query_client::tick(actors::control_plane& plane, const circumstances& at, std::string& wrong) {
  if (reader_ && reader_->end) {
    if (reader_->end->ok() && reader_->broken.ok() && wrong.empty()) wrong = checks_.reader_saw(rows_of(reader_->found));
    if (!reader_->broken.ok()) wrong = reader_->broken.to_string();
    reader_.reset();
    reading_.reset();
  }
  if (over_) return true;
  if (!follower_) {
    if (at.now < not_before_) return false;
    submit(plane);
  }
  for (auto& [batch, rows] : std::exchange(follower_->shown, {})) {
    ++shown_;
    if (wrong.empty()) wrong = checks_.console_showed(batch, rows);
  }
  if (!follower_->end && !follower_->started) return false;
  if (follower_->end && !follower_->end->ok()) {
    auto why = follower_->end->code();
    if (why != errc::query_active && why != errc::checkpoint_in_use) return refused(*follower_->end, at, wrong);
  }
  return look_after(plane, at, wrong);
}

bool query_client::refused(const status& why, const circumstances& at, std::string& wrong) {
  // A table that grows with each batch, and was ended before: it stays as it is.
  if (why.code() == errc::memory_restart) return over_ = true;
  bool excused = why.code() == errc::timed_out || why.code() == errc::unreachable || why.code() == errc::cancelled ||
                 (at.file_errors && info(why.code()).domain == error_domain::storage);
  if (at.healed && !excused && wrong.empty()) wrong = work_.name + " is refused: " + why.to_string();
  follower_.reset();
  not_before_ = at.now + second / 10;
  return false;
}

/// Asks now and then what became of the query.
bool query_client::look_after(actors::control_plane& plane, const circumstances& at, std::string& wrong) {
  if (at.now >= next_look_) {
    next_look_ = at.now + second / 2;
    auto seen = std::make_shared<std::string>();
    state_ = seen;
    plane.list_queries([seen, name = work_.name](std::vector<actors::query_summary> list) {
      for (const auto& query : list)
        if (query.name == name) *seen = query.state;
    });
  }
  if (!state_ || state_->empty()) return true;
  not_before_ = at.now + second / 2;
  if (*state_ == "failed") {
    if (!at.file_errors && !at.slow && wrong.empty()) wrong = work_.name + " failed";
    return again();
  }
  if (*state_ == "stopped" && stop_asked_) return again();
  if (*state_ == "finished" && !checks_.all_done()) return again();
  return true;
}

void query_client::stop(actors::control_plane& plane) {
  stop_asked_ = true;
  plane.stop_query(work_.name, [](result<actors::query_detail>) {});
}

void query_client::read(actors::control_plane& plane) {
  if (reader_ || !work_.has_table()) return;
  actors::job_spec spec;
  spec.text = work_.select();
  spec.directory = "/";
  reader_ = std::make_shared<follower>();
  reading_ = plane.run_job(spec, reader_);
}

} // namespace sluice::sim
