#include "worker/node.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "common/base/log.hpp"
#include "worker/actors/control.hpp"
#include "worker/actors/messages.hpp"

namespace sluice::worker {

/// Holds a directory's lock file while it lives.
class directory_lock {
public:
  directory_lock() = default;
  ~directory_lock() {
    if (fd_ >= 0) ::close(fd_);
  }
  directory_lock(directory_lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  directory_lock& operator=(directory_lock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  status take(const std::string& directory) {
    auto path = directory + "/lock";
    fd_ = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    if (fd_ < 0) return {errc::storage_io, "cannot write to the data directory " + directory + ": " + std::strerror(errno)};
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0)
      return {errc::invalid_argument, "the data directory " + directory + " is used by another worker; give each its own --data-dir"};
    return ok();
  }

private:
  int fd_ = -1;
};

struct system_config : caf::actor_system_config {
  system_config() {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", 2);
    set("scheduler.max-throughput", 50);
  }
};

namespace {

/// Locks the data directory and removes what an earlier process spilled.
result<directory_lock> open_data_directory(const std::string& directory) {
  directory_lock lock;
  if (directory.empty()) return lock;
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return status{errc::storage_io, "cannot make the data directory " + directory + ": " + error.message()};
  SLUICE_RETURN_IF_ERROR(lock.take(directory));
  std::filesystem::remove_all(directory + "/spill", error);
  std::filesystem::create_directories(directory + "/spill", error);
  if (error) return status{errc::storage_io, "cannot prepare " + directory + "/spill: " + error.message()};
  return lock;
}

std::string new_worker_id(random_source& random) {
  return "w-" + random.uuid().substr(0, 8);
}

} // namespace

struct node::parts {
  directory_lock lock;
  system_config config;
  surroundings_ptr world;
  std::unique_ptr<caf::actor_system> system;
  control_actor control;
  std::unique_ptr<net::listener> listener;
};

result<std::unique_ptr<node>> node::start(node_options options, std::shared_ptr<net::transport> network,
                                          std::shared_ptr<storage::file_system> files, std::shared_ptr<clock_source> clock,
                                          std::shared_ptr<random_source> random) {
  if (options.slots == 0) return status{errc::invalid_argument, "a worker needs at least one slot"};
  auto made = std::make_unique<parts>();
  SLUICE_ASSIGN_OR_RETURN(made->lock, open_data_directory(options.data_dir));
  auto world = std::make_shared<surroundings>();
  world->files = files ? std::move(files) : storage::posix_file_system();
  world->clock = clock ? std::move(clock) : system_clock_source();
  world->random = random ? std::move(random) : system_random_source();
  world->network = std::move(network);
  world->id = new_worker_id(*world->random);
  world->pid = ::getpid();
  auto listen = options.listen;
  world->options = std::move(options);
  made->world = world;
  made->system = std::make_unique<caf::actor_system>(made->config);
  made->control = spawn_worker(*made->system, made->world);
  std::unique_ptr<node> out(new node(std::move(made)));
  SLUICE_ASSIGN_OR_RETURN(out->parts_->listener, world->network->listen(listen, accept_peers(out->parts_->control)));
  SLUICE_ASSIGN_OR_RETURN(auto reachable, net::reachable_address(out->parts_->listener->address(), world->options.advertise));
  log::info("worker started", "worker", world->id, "slots", world->options.slots, "data", reachable);
  go_online(out->parts_->control, std::move(reachable));
  return out;
}

node::node(std::unique_ptr<parts> parts) : parts_(std::move(parts)) {}

node::~node() {
  caf::anon_send(parts_->control, end_worker{});
  wait();
  parts_->listener.reset();
  parts_->control = nullptr;
  parts_->system.reset();
}

void node::drain() { caf::anon_send(parts_->control, leave_cluster{}); }

void node::wait() { parts_->system->await_all_actors_done(); }

const std::string& node::id() const { return parts_->world->id; }

std::string node::data_address() const { return parts_->listener->address(); }

} // namespace sluice::worker
