#include "common/data/ipc.hpp"
#include "tests/sim/simulation.hpp"

namespace sluice::sim {
namespace {

constexpr microseconds second{1'000'000};

} // namespace

circumstances simulation::now() const {
  return {time_.now, healed_, file_errors_, options_.progress_timeout < 30 * second && !struck_.empty()};
}

/// Keeps the queries running. True if all run or are over.
bool simulation::clients_ready() {
  if (!coordinator_ || coordinator_->paused(time_.now)) return false;
  bool all = true;
  for (auto& client : clients_) {
    std::string wrong;
    all = client->tick(coordinator_->plane(), now(), wrong) && all;
    fail(wrong.empty() ? wrong : client->work().name + ": " + wrong);
  }
  if (options_.reads) read_now_and_then();
  return all;
}

void simulation::read_now_and_then() {
  if (file_reader_ && file_reader_->end) read_files();
  if (time_.now < next_read_) return;
  next_read_ = time_.now + span(400'000);
  if (!file_reader_ && below(4) == 0) return read_files();
  clients_[below(clients_.size())]->read(coordinator_->plane());
}

/// A SELECT over the input itself: the files that were there when it began, and perhaps later ones.
void simulation::read_files() {
  if (!file_reader_) {
    actors::job_spec spec;
    spec.text = std::string("CREATE TEMPORARY VIEW input (id BIGINT, action STRING) USING json OPTIONS (path '") + data_folder +
                "', mode 'DROPMALFORMED');\nSELECT id, action FROM input WHERE action <> 'find'";
    spec.directory = "/";
    file_reader_ = std::make_shared<follower>();
    files_before_read_ = files_put_;
    reading_files_ = coordinator_->plane().run_job(spec, file_reader_);
    return;
  }
  auto reader = std::exchange(file_reader_, nullptr);
  reading_files_.reset();
  if (!reader->end->ok() || !reader->broken.ok()) return;
  outcome_.met.hit("check file read");
  workload plain = options_.queries.front();
  plain.group = grouping::none;
  plain.rich = false;
  plain.drop_malformed = true;
  plain.mode = output_mode::append;
  plain.where = row_filter::not_find;
  oracle expected(plain);
  std::vector<std::vector<std::string>> files;
  for (int i = 0; i < files_put_; ++i) files.push_back({options_.queries.front().file(i)});
  expected.learn(files);
  auto rows = rows_of(reader->found);
  for (int n = files_before_read_; n <= files_put_; ++n)
    if (expected.table(n - 1) == rows) return;
  fail("a SELECT over files gives what no set of files holds: " + difference(expected.table(files_put_ - 1), rows));
}

std::string simulation::read_result(query_client& of, row_bag& rows) {
  auto deadline = time_.now + 60 * second;
  for (;;) {
    // A death that was planned before the end may still come.
    if (!run_until([&] { return clients_ready(); }, 60 * second)) return "the cluster does not come back";
    auto asked = coordinator_->number();
    actors::job_spec spec;
    spec.text = of.work().select();
    spec.directory = "/";
    auto reader = std::make_shared<follower>();
    auto job = coordinator_->plane().run_job(spec, reader);
    auto gone = [&] { return !coordinator_ || coordinator_->number() != asked; };
    if (!run_until([&] { return reader->end || gone(); }, 60 * second)) return "a SELECT does not end";
    if (gone()) continue;
    rows = rows_of(reader->found);
    if (reader->end->ok()) return reader->broken.ok() ? "" : reader->broken.to_string();
    // Workers may still be on their way back.
    auto why = reader->end->code();
    bool again = why == errc::no_workers || why == errc::unreachable || why == errc::timed_out ||
                 (file_errors_ && info(why).domain == error_domain::storage);
    if (!again || time_.now > deadline) return "a SELECT failed: " + reader->end->to_string();
    run_until([] { return false; }, second);
  }
}

void simulation::finish() {
  for (auto& client : clients_) {
    auto& checks = client->checks();
    if (wrong_.empty() && client->work().has_table() && checks.last_commit() >= 0) {
      row_bag rows;
      auto failed = read_result(*client, rows);
      if (failed.empty()) failed = difference(checks.expected(checks.last_commit()), rows);
      fail(failed.empty() ? failed : client->work().name + ": " + failed);
    }
    if (checks.last_commit() >= 0) count_query(outcome_.met, client->work());
    if (checks.reads() > 0) outcome_.met.hit("check table read", checks.reads());
    if (client->shown() > 0) outcome_.met.hit("check console batch shown", client->shown());
  }
  fail(inspect());
  for (int i = 0; i < misbehave::num_points; ++i)
    if (misbehaviour_.fired[i] > 0) outcome_.met.hit("misbehaviour " + std::to_string(i), misbehaviour_.fired[i]);
  for (const auto& worker : workers_) {
    if (worker->spill().opened > 0) outcome_.met.hit("check spill opened", worker->spill().opened);
    if (worker->spill().found_remains > 0) outcome_.met.hit("case L1", worker->spill().found_remains);
  }
}

} // namespace sluice::sim
