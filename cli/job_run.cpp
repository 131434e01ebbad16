#include "cli/job.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

#include <unistd.h>

#include "cli/interruption.hpp"
#include "cli/progress.hpp"

namespace sluice::cli {

namespace {

/// One run of a job: what has started, what has ended, what is on the screen.
class job_run {
public:
  job_run(proto::coordinator::Stub& stub, const proto::job_request& request, const job_display& display)
    : stub_(stub), request_(request), display_(display), progress_(isatty(STDERR_FILENO) != 0),
      rows_(display.format), console_(row_format::table) {}

  int run() {
    interruption_handler on_interruption{[this] { stop_everything(); }};
    auto stream = stub_.run_job(&context_, request_);
    proto::job_event event;
    while (stream->Read(&event))
      take(event);
    progress_.settle();
    auto ended = stream->Finish();
    if (on_interruption.interrupted())
      return wait_for_stop();
    if (!ended.ok())
      return lost(ended);
    return exit_code_;
  }

private:
  void take(const proto::job_event& event) {
    switch (event.event_case()) {
      case proto::job_event::kStarted: return started(event.started());
      case proto::job_event::kProgress:
        if (display_.progress)
          progress_.update(event.progress().id(), event.progress().name(), event.progress().json());
        return;
      case proto::job_event::kEnded: return ended(event.ended());
      case proto::job_event::kRows: return rows(event.rows());
      case proto::job_event::kError:
        progress_.settle();
        exit_code_ = report(failure::from(event.error()), display_.source);
        return;
      case proto::job_event::kConsole: return console(event.console());
      case proto::job_event::kNotice: return progress_.note(event.notice());
      case proto::job_event::EVENT_NOT_SET: return;
    }
  }

  void started(const proto::query_started& query) {
    {
      std::lock_guard lock{mutex_};
      running_[query.id()] = query.name();
    }
    for (const auto& warning : query.warnings())
      progress_.note("sluice: warning: " + warning);
    auto line = (query.name().empty() ? "-" : query.name()) + " " + query.id();
    if (!request_.wait()) {
      std::printf("%s\n", line.c_str());
      std::fflush(stdout);
    } else if (display_.progress) {
      progress_.note(line + " started");
    }
  }

  void ended(const proto::query_ended& query) {
    {
      std::lock_guard lock{mutex_};
      running_.erase(query.id());
    }
    progress_.settle();
    if (query.has_error() && query.error().code() != 0)
      exit_code_ = report(failure::from(query.error()), display_.source);
    else if (query.state() == "failed")
      exit_code_ = exit_failed;
    else if (display_.progress)
      progress_.note((query.name().empty() ? query.id() : query.name()) + " " + query.state());
  }

  void rows(const proto::result_rows& block) {
    progress_.settle();
    if (!block.arrow().empty())
      if (auto shown = rows_.add(block.arrow(), block.time_zone()); !shown.ok())
        exit_code_ = report(failure::from(shown));
    if (block.last())
      rows_.finish();
  }

  void console(const proto::console_rows& block) {
    progress_.settle();
    auto name = block.name().empty() ? std::string{} : " " + block.name();
    std::printf("-------------------------------------------\nBatch: %lld%s\n"
                "-------------------------------------------\n", static_cast<long long>(block.batch()), name.c_str());
    if (auto shown = console_.add(block.arrow(), block.time_zone()); !shown.ok())
      exit_code_ = report(failure::from(shown));
    console_.finish(block.truncate() ? 20 : 0, static_cast<std::size_t>(std::max<std::int64_t>(block.num_rows(), 0)));
  }

  /// Ctrl-C: ends the queries this job started, then the call. Runs on the signal's thread.
  void stop_everything() {
    std::map<std::string, std::string> running;
    {
      std::lock_guard lock{mutex_};
      running = running_;
    }
    for (const auto& [id, name] : running) {
      proto::query_request request;
      request.set_query(id);
      proto::query_detail detail;
      auto stopped = call(stub_, &proto::coordinator::Stub::stop_query, request, detail, std::chrono::seconds{10});
      auto shown = name.empty() ? id : name;
      std::fprintf(stderr, stopped.ok() ? "\nsluice: stopped %s\n" : "\nsluice: %s could not be stopped\n", shown.c_str());
    }
    context_.TryCancel();
    stopped_ = true;
    stopped_.notify_all();
  }

  int wait_for_stop() {
    stopped_.wait(false);
    return exit_interrupted;
  }

  /// The stream broke: the queries go on without us, so follow them once the coordinator is back.
  int lost(const grpc::Status& why) {
    bool gone = why.error_code() == grpc::StatusCode::UNAVAILABLE;
    if (!gone || !request_.wait() || running_.empty() || display_.address.empty())
      return report(failure_of(why, display_.address), display_.source);
    progress_.note("sluice: the coordinator at " + display_.address + " went away; waiting for it to come back");
    return follow(why);
  }

  int follow(const grpc::Status& why);

  proto::coordinator::Stub& stub_;
  const proto::job_request& request_;
  const job_display& display_;
  grpc::ClientContext context_;
  progress_display progress_;
  row_printer rows_;
  row_printer console_;
  std::mutex mutex_;
  std::map<std::string, std::string> running_;
  std::atomic<bool> stopped_{false};
  int exit_code_ = exit_done;
};

bool went_away(const grpc::Status& answered) {
  return answered.error_code() == grpc::StatusCode::UNAVAILABLE || answered.error_code() == grpc::StatusCode::UNAUTHENTICATED;
}

bool has_ended(const std::string& state) { return state == "stopped" || state == "finished" || state == "failed"; }

int job_run::follow(const grpc::Status& why) {
  interruption_handler on_interruption{[this] { stop_everything(); }};
  using clock = std::chrono::steady_clock;
  auto last_answer = clock::now();
  std::map<std::string, std::string> last_progress;
  std::shared_ptr<proto::coordinator::Stub> again(&stub_, [](auto*) {});
  while (!running_.empty()) {
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    for (auto& [id, name] : std::map<std::string, std::string>{running_}) {
      proto::query_request request;
      request.set_query(id);
      proto::query_detail detail;
      auto answered = call(*again, &proto::coordinator::Stub::show_query, request, detail, std::chrono::seconds{5});
      if (on_interruption.interrupted())
        return wait_for_stop();
      // A coordinator that has restarted knows nothing of what this connection proved.
      if (!answered.ok() && !went_away(answered))
        return report(failure_of(answered, display_.address), display_.source);
      if (!answered.ok())
        if (auto connected = connect(display_.address, display_.security); connected.ok())
          again = std::move(*connected);
      if (!answered.ok() && clock::now() - last_answer > std::chrono::seconds{30})
        return report(failure_of(why, display_.address), display_.source);
      if (!answered.ok())
        continue;
      last_answer = clock::now();
      if (auto& last = last_progress[id]; display_.progress && last != detail.last_progress_json()) {
        last = detail.last_progress_json();
        progress_.update(id, name, last);
      }
      if (!has_ended(detail.summary().state()))
        continue;
      proto::query_ended end;
      end.set_id(id);
      end.set_name(name);
      end.set_state(detail.summary().state());
      if (detail.has_error())
        *end.mutable_error() = detail.error();
      ended(end);
    }
  }
  progress_.note("sluice: the job's queries have ended; statements after them were not run");
  return exit_code_;
}

} // namespace

int run_job(proto::coordinator::Stub& stub, const proto::job_request& request, const job_display& display) {
  return job_run{stub, request, display}.run();
}

} // namespace sluice::cli
