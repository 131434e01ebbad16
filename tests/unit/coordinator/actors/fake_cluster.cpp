#include "fake_cluster.hpp"

#include <arrow/api.h>

#include <future>

#include "common/data/ipc.hpp"
#include "common/net/message.hpp"
#include "common/storage/durable.hpp"
#include "common/storage/object_names.hpp"
#include "common/storage/path.hpp"

namespace sluice::actors {
namespace {

constexpr auto patience = std::chrono::seconds(20);

std::shared_ptr<arrow::Buffer> text_rows(const std::vector<std::string>& values) {
  arrow::StringBuilder builder;
  for (const auto& value : values) EXPECT_TRUE(builder.Append(value).ok());
  auto schema = arrow::schema({arrow::field("a", arrow::utf8())});
  auto batch = arrow::RecordBatch::Make(schema, static_cast<std::int64_t>(values.size()), {*builder.Finish()});
  return *data::encode_batches(schema, {batch});
}

template <class Value>
Value answer_of(const std::function<void(std::function<void(Value)>)>& call) {
  auto promise = std::make_shared<std::promise<Value>>();
  auto future = promise->get_future();
  call([promise](Value value) { promise->set_value(std::move(value)); });
  EXPECT_EQ(future.wait_for(patience), std::future_status::ready);
  return future.get();
}

} // namespace

void recorded_job::on_event(job_event event) {
  std::lock_guard lock(mutex_);
  EXPECT_FALSE(outcome_) << "an event after the end";
  events_.push_back(std::move(event));
  changed_.notify_all();
}

void recorded_job::on_end(status outcome) {
  std::lock_guard lock(mutex_);
  EXPECT_FALSE(outcome_) << "a second end";
  outcome_ = std::move(outcome);
  changed_.notify_all();
}

bool recorded_job::wait(const std::function<bool(const std::vector<job_event>&)>& ready) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return ready(events_); });
}

bool recorded_job::wait_end() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return outcome_.has_value(); });
}

status recorded_job::outcome() {
  std::lock_guard lock(mutex_);
  return outcome_.value_or(status(errc::timed_out, "the job has not ended"));
}

fake_worker::fake_worker(std::string id, net::transport& transport, const std::string& address,
                         storage::memory_file_system& disk, std::uint32_t version)
  : id_(std::move(id)), disk_(disk) {
  link_ = transport.connect(address, {[this](net::frame bytes) { frame(bytes); },
                                      [this](status) {
                                        std::lock_guard lock(mutex_);
                                        closed_ = true;
                                        changed_.notify_all();
                                      }});
  proto::link_message message;
  auto& hello = *message.mutable_hello();
  hello.set_min_version(version);
  hello.set_max_version(version);
  hello.set_worker(id_);
  hello.set_slots(2);
  hello.set_data_address("local:" + id_);
  hello.set_pid(7);
  send(message);
}

fake_worker::~fake_worker() {
  close();
  wait_closed();
}

void fake_worker::send(const proto::link_message& message, std::shared_ptr<arrow::Buffer> body) {
  net::send(*link_, message, std::move(body));
}

void fake_worker::frame(const net::frame& bytes) {
  proto::link_message message;
  ASSERT_TRUE(net::decode(bytes, message).ok());
  std::unique_lock lock(mutex_);
  if (message.has_welcome()) welcome_ = true;
  bool now = answering_;
  if (message.has_order()) {
    orders_.push_back(message.order());
    if (!now) held_.push_back(message.order());
  }
  changed_.notify_all();
  lock.unlock();
  if (message.has_order() && now) prepare(message.order());
  if (message.has_scan()) scan(message.scan());
}

void fake_worker::answer(bool on) {
  std::vector<proto::batch_order> held;
  {
    std::lock_guard lock(mutex_);
    answering_ = on;
    if (on) held.swap(held_);
  }
  for (const auto& order : held) prepare(order);
}

/// One row per split into the result table.
void fake_worker::prepare(const proto::batch_order& order) {
  proto::link_message message;
  auto& report = *message.mutable_prepared();
  *report.mutable_ref() = order.ref();
  report.set_worker(id_);
  std::vector<std::string> rows;
  for (const auto& split : order.splits()) {
    report.add_splits(split.ordinal());
    rows.push_back(split.path());
  }
  auto count = static_cast<std::int64_t>(rows.size());
  report.set_rows_read(count);
  report.set_rows_parsed(count);
  report.set_rows_out(count);
  if (order.collect_output() && count > 0) {
    std::size_t index = 0;
    while (order.workers(static_cast<int>(index)).worker() != id_) ++index;
    auto bytes = text_rows(rows)->ToString();
    storage::append_trailer(bytes);
    auto path = storage::join_path(order.staging(),
                                   storage::object_name(order.ref().batch(), order.ref().attempt(), index, "rows"));
    disk_.put(path, bytes);
    auto& object = *report.add_staged();
    object.set_path(path);
    object.set_size(static_cast<std::int64_t>(bytes.size()));
    object.set_checksum(storage::checksum(bytes));
    object.set_rows(count);
    object.set_ordinal(order.splits(0).ordinal());
  }
  send(message);
}

/// Two rows per split.
void fake_worker::scan(const proto::scan_order& order) {
  std::uint64_t sequence = 0;
  for (const auto& split : order.splits()) {
    proto::link_message message;
    auto& block = *message.mutable_read_block();
    block.set_read(order.read());
    block.set_sequence(sequence++);
    block.set_rows(2);
    send(message, text_rows({split.path(), "again"}));
  }
  proto::link_message message;
  auto& done = *message.mutable_read_done();
  done.set_read(order.read());
  done.set_blocks(sequence);
  done.set_rows(static_cast<std::int64_t>(sequence) * 2);
  send(message);
}

bool fake_worker::wait(const std::function<bool()>& ready) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, ready);
}
bool fake_worker::wait_orders(std::size_t count) {
  return wait([&] { return orders_.size() >= count; });
}
bool fake_worker::wait_welcome() {
  return wait([&] { return welcome_; });
}
bool fake_worker::wait_closed() {
  return wait([&] { return closed_; });
}
std::vector<proto::batch_order> fake_worker::orders() {
  std::lock_guard lock(mutex_);
  return orders_;
}

ControlPlane::ControlPlane()
  : disk_(std::make_shared<storage::memory_file_system>(system_clock_source())),
    transport_(net::in_process_transport()) {
  options_.data_dir = "/coordinator";
  options_.settings.discovery_poll = microseconds{2000};
  EXPECT_TRUE(disk_->make_directories("/data").ok());
  start();
}

ControlPlane::~ControlPlane() { stop(); }

void ControlPlane::start() {
  auto plane = control_plane::start(options_, {system_clock_source(), system_random_source(), disk_});
  ASSERT_TRUE(plane.ok()) << plane.error().to_string();
  plane_ = std::move(*plane);
  auto listener = transport_->listen("local:0", plane_->accept());
  ASSERT_TRUE(listener.ok()) << listener.error().to_string();
  listener_ = std::move(*listener);
}

void ControlPlane::stop() {
  if (plane_) plane_->stop();
  listener_.reset();
  plane_.reset();
}

std::unique_ptr<fake_worker> ControlPlane::worker(const std::string& id, std::uint32_t version) {
  return std::make_unique<fake_worker>(id, *transport_, listener_->address(), *disk_, version);
}

std::shared_ptr<recorded_job> ControlPlane::submit(const std::string& text, bool wait, const std::string& name) {
  auto job = std::make_shared<recorded_job>();
  job_spec spec;
  spec.text = text;
  spec.directory = "/";
  spec.wait = wait;
  spec.name = name;
  last_job_ = plane_->run_job(spec, job);
  return job;
}

void ControlPlane::put_input(const std::string& name, int lines) {
  std::string text;
  for (int i = 0; i < lines; ++i) text += "{\"a\":\"x\"}\n";
  disk_->put("/data/" + name, text);
}

result<query_detail> ControlPlane::show(const std::string& key) {
  return answer_of<result<query_detail>>([&](auto answer) { plane_->show_query(key, answer); });
}
result<query_detail> ControlPlane::stop_query(const std::string& key) {
  return answer_of<result<query_detail>>([&](auto answer) { plane_->stop_query(key, answer); });
}
std::vector<query_summary> ControlPlane::list() {
  return answer_of<std::vector<query_summary>>([&](auto answer) { plane_->list_queries(answer); });
}
std::vector<worker_summary> ControlPlane::workers() {
  return answer_of<std::vector<worker_summary>>([&](auto answer) { plane_->list_workers(answer); });
}

std::int64_t ControlPlane::num_rows(recorded_job& job) {
  std::int64_t rows = 0;
  for (const auto& piece : job.all<result_rows>()) {
    auto batches = data::decode_batches(piece.arrow);
    if (!batches.ok()) return -1;
    for (const auto& batch : *batches) rows += batch->num_rows();
  }
  return rows;
}

std::string ControlPlane::view() {
  return "CREATE TEMPORARY VIEW events (a STRING) USING json OPTIONS (path '/data', maxFilesPerTrigger '1');\n";
}

std::string ControlPlane::table(const std::string& name, const std::string& options) {
  return view() + "CREATE STREAMING TABLE " + name + " USING memory OPTIONS (outputMode 'append', " + options +
         ") AS SELECT a FROM STREAM events;\n";
}

} // namespace sluice::actors
