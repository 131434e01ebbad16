#pragma once
/// A coordinator's actors over a file system in memory, with workers that only pretend: they answer orders of stateless
/// queries into memory tables with the rows that the test gives them.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "common/net/link.hpp"
#include "common/storage/memory_file_system.hpp"
#include "coordinator/actors/control_plane.hpp"
#include "proto/sluice/link.pb.h"

namespace sluice::actors {

/// Collects what a job says; `wait` gives up after a while, so a test fails instead of hanging.
class recorded_job : public job_listener {
public:
  void on_event(job_event event) override;
  void on_end(status outcome) override;
  /// Blocks until `ready` holds for the events so far. False if it never does.
  bool wait(const std::function<bool(const std::vector<job_event>&)>& ready);
  bool wait_end();
  status outcome();
  template <class Event>
  std::vector<Event> all() {
    std::lock_guard lock(mutex_);
    std::vector<Event> found;
    for (const auto& event : events_)
      if (const auto* of_kind = std::get_if<Event>(&event)) found.push_back(*of_kind);
    return found;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<job_event> events_;
  std::optional<status> outcome_;
};

class fake_worker {
public:
  fake_worker(std::string id, net::transport& transport, const std::string& address, storage::memory_file_system& disk,
              std::uint32_t version = 1);
  ~fake_worker();
  /// Answers orders only while on; orders that came meanwhile are answered when it is switched on.
  void answer(bool on);
  bool wait_orders(std::size_t count);
  std::vector<proto::batch_order> orders();
  bool wait_welcome();
  bool wait_closed();
  void close() { link_->close({errc::unreachable, "the worker goes"}); }

private:
  void frame(const net::frame& bytes);
  void prepare(const proto::batch_order& order);
  void scan(const proto::scan_order& order);
  void send(const proto::link_message& message, std::shared_ptr<arrow::Buffer> body = nullptr);
  bool wait(const std::function<bool()>& ready);

  std::string id_;
  storage::memory_file_system& disk_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<proto::batch_order> orders_;
  std::vector<proto::batch_order> held_;
  bool answering_ = true;
  bool welcome_ = false;
  bool closed_ = false;
  net::link_ptr link_;
};

class ControlPlane : public testing::Test {
protected:
  ControlPlane();
  ~ControlPlane() override;

  void start();
  /// Ends the actors as a draining coordinator does; the disk stays.
  void stop();
  std::unique_ptr<fake_worker> worker(const std::string& id, std::uint32_t version = 1);
  std::shared_ptr<recorded_job> submit(const std::string& text, bool wait = true, const std::string& name = {});
  /// One input file with this many records.
  void put_input(const std::string& name, int lines);
  result<query_detail> show(const std::string& key);
  result<query_detail> stop_query(const std::string& key);
  std::vector<query_summary> list();
  std::vector<worker_summary> workers();
  /// Rows of a SELECT, over all pieces.
  std::int64_t num_rows(recorded_job& job);

  static std::string view();
  /// CREATE STREAMING TABLE … over the view, with these further options.
  static std::string table(const std::string& name, const std::string& options);

  std::shared_ptr<storage::memory_file_system> disk_;
  std::shared_ptr<net::transport> transport_;
  std::unique_ptr<control_plane> plane_;
  std::unique_ptr<net::listener> listener_;
  control_options options_;
  std::shared_ptr<job_handle> last_job_;
};

} // namespace sluice::actors
