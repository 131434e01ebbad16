#include "coordinator/node.hpp"

#include <fcntl.h>
#include <grpcpp/channel.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/base/log.hpp"
#include "coordinator/actors/control_plane.hpp"
#include "coordinator/connect/service.hpp"
#include "coordinator/service/service.hpp"

namespace sluice::coordinator {
namespace {

/// Holds <data-dir>/lock; the system lets go of it when the process ends, however it ends.
class directory_lock {
public:
  static result<std::unique_ptr<directory_lock>> take(const std::string& directory) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    auto path = directory + "/lock";
    int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) return status(errc::storage_io, "cannot open " + path + ": " + std::strerror(errno));
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
      ::close(file);
      return status(errc::checkpoint_in_use,
                    "another coordinator of this host uses the data directory " + directory + " (set --data-dir)");
    }
    return std::unique_ptr<directory_lock>(new directory_lock(file));
  }
  ~directory_lock() { ::close(file_); }
  directory_lock(const directory_lock&) = delete;
  directory_lock& operator=(const directory_lock&) = delete;

private:
  explicit directory_lock(int file) : file_(file) {}
  int file_;
};

class running_node : public node {
public:
  running_node(std::unique_ptr<directory_lock> lock, std::unique_ptr<actors::control_plane> plane,
               service::server_facts facts)
    : lock_(std::move(lock)),
      plane_(std::move(plane)),
      service_(service::coordinator_service::make(*plane_, std::move(facts))) {}

  ~running_node() override {
    drain();
    wait();
  }

  status listen(net::transport& transport, const std::string& address) {
    transport.set_cluster(plane_->cluster_id());
    SLUICE_ASSIGN_OR_RETURN(listener_, transport.listen(address, plane_->accept(), {service_->service()}));
    address_ = listener_->address();
    return ok();
  }

  /// A default port that is taken switches Spark Connect off: several coordinators run on one host.
  status listen_for_clients(connect::server_options options) {
    if (options.listen.empty()) return ok();
    auto served = connect::server::start(*plane_, options);
    if (!served.ok() && served.code() == errc::address_in_use && options.listen == config::coordinator_settings{}.connect_listen) {
      log::warn("Spark Connect is not served", "why", served.error().message());
      return ok();
    }
    if (!served.ok()) return served.error();
    connect_ = std::move(*served);
    log::info("Spark Connect is served", "address", connect_->address());
    return ok();
  }

  std::string address() const override { return address_; }
  std::string connect_address() const override { return connect_ ? connect_->address() : std::string{}; }
  std::shared_ptr<grpc::Channel> channel() override { return listener_ ? listener_->channel() : nullptr; }

  void drain() override {
    if (std::exchange(draining_, true)) return;
    service_->shut_down();
    if (connect_) connect_->shut_down();
    plane_->stop();
  }

  void wait() override { listener_.reset(); }

private:
  std::unique_ptr<directory_lock> lock_;
  std::unique_ptr<actors::control_plane> plane_;
  std::unique_ptr<service::coordinator_service> service_;
  std::unique_ptr<net::listener> listener_;
  std::unique_ptr<connect::server> connect_;
  std::string address_;
  bool draining_ = false;
};

} // namespace

result<std::unique_ptr<node>> node::start(node_options options, std::shared_ptr<net::transport> transport) {
  actors::control_options control;
  control.settings = options.settings;
  control.data_dir = std::filesystem::absolute(options.settings.data_dir).lexically_normal().string();
  if (control.data_dir.size() > 1 && control.data_dir.back() == '/') control.data_dir.pop_back();
  std::unique_ptr<directory_lock> lock;
  if (!options.files) {
    SLUICE_ASSIGN_OR_RETURN(lock, directory_lock::take(control.data_dir));
  }
  actors::surroundings world;
  world.clock = options.clock ? options.clock : system_clock_source();
  world.random = options.random ? options.random : system_random_source();
  world.files = options.files ? options.files : storage::posix_file_system();
  connect::server_options clients;
  clients.listen = options.settings.connect_listen;
  std::error_code gone;
  clients.directory = std::filesystem::current_path(gone).string();
  clients.clock = world.clock;
  clients.random = world.random;
  if (options.security) {
    clients.certificate = options.security->certificate;
    clients.key = options.security->key;
    clients.tokens = options.security->tokens;
  }
  SLUICE_ASSIGN_OR_RETURN(auto plane, actors::control_plane::start(std::move(control), std::move(world)));
  auto started = std::make_unique<running_node>(std::move(lock), std::move(plane),
                                                service::server_facts{options.version, ::getpid(), {}});
  SLUICE_RETURN_IF_ERROR(started->listen_for_clients(std::move(clients)));
  SLUICE_RETURN_IF_ERROR(started->listen(*transport, options.settings.listen));
  return std::unique_ptr<node>(std::move(started));
}

} // namespace sluice::coordinator
