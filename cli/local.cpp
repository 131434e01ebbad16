#include <cstdlib>
#include <filesystem>
#include <thread>

#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/job.hpp"
#include "common/base/log.hpp"
#include "common/config/settings.hpp"
#include "common/net/link.hpp"
#include "coordinator/node.hpp"
#include "worker/node.hpp"

namespace sluice::cli {

namespace {

/// The data folder: the one given, which stays, or a temporary one that goes with this object.
class data_folder {
public:
  static result<data_folder> make(const std::string& given) {
    data_folder folder;
    std::error_code error;
    if (!given.empty()) {
      folder.path_ = std::filesystem::absolute(given, error).lexically_normal();
      std::filesystem::create_directories(folder.path_, error);
      if (error)
        return status{errc::invalid_argument, "--data-dir: " + given + ": " + error.message()};
      return folder;
    }
    auto pattern = (std::filesystem::temp_directory_path(error) / "sluice-local-XXXXXX").string();
    if (!mkdtemp(pattern.data()))
      return status{errc::storage_io, "no temporary folder could be made; name one with --data-dir"};
    folder.path_ = pattern;
    folder.temporary_ = true;
    return folder;
  }
  data_folder(data_folder&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::exchange(other.temporary_, false)) {}
  ~data_folder() {
    std::error_code ignored;
    if (temporary_)
      std::filesystem::remove_all(path_, ignored);
  }
  std::string part(const std::string& name) const { return (path_ / name).string(); }

private:
  data_folder() = default;
  std::filesystem::path path_;
  bool temporary_ = false;
};

worker::node_options worker_options(const options& given, const std::string& coordinator, const std::string& data_dir) {
  config::worker_settings defaults;
  worker::node_options out;
  out.coordinator = coordinator;
  out.listen = "local:0";
  out.slots = given.slots > 0 ? given.slots : std::max(1u, std::thread::hardware_concurrency() / given.workers);
  out.data_dir = data_dir;
  out.state_memory_bytes = static_cast<std::size_t>(defaults.memory_state);
  out.partial_memory_bytes = static_cast<std::size_t>(defaults.memory_partial);
  out.exchange_memory_bytes = static_cast<std::size_t>(defaults.memory_exchange);
  out.morsel_bytes = static_cast<std::size_t>(defaults.reader_morsel);
  out.max_record_bytes = static_cast<std::size_t>(defaults.reader_max_record);
  return out;
}

/// A coordinator and its workers in this process, linked in memory.
class local_cluster {
public:
  status start(const options& given, const data_folder& folder) {
    network_ = net::in_process_transport();
    coordinator::node_options coordinator_options;
    coordinator_options.settings.listen = "local:0";
    coordinator_options.settings.connect_listen = "";
    coordinator_options.settings.data_dir = folder.part("coordinator");
    SLUICE_ASSIGN_OR_RETURN(coordinator_, coordinator::node::start(coordinator_options, network_));
    for (std::uint32_t i = 0; i < given.workers; ++i) {
      auto made = worker_options(given, coordinator_->address(), folder.part("worker-" + std::to_string(i + 1)));
      SLUICE_ASSIGN_OR_RETURN(auto worker, worker::node::start(made, network_));
      workers_.push_back(std::move(worker));
    }
    return ok();
  }
  ~local_cluster() {
    if (coordinator_) {
      coordinator_->drain();
      coordinator_->wait();
    }
    workers_.clear();
  }
  std::shared_ptr<grpc::Channel> channel() { return coordinator_->channel(); }

private:
  std::shared_ptr<net::transport> network_;
  std::unique_ptr<coordinator::node> coordinator_;
  std::vector<std::unique_ptr<worker::node>> workers_;
};

} // namespace

int run_local(const options& given) {
  auto job = read_job(given.job);
  if (!job.ok())
    return report(failure::from(job.error()));
  auto variables = parse_variables(given.variables);
  if (!variables.ok())
    return report(failure::from(variables.error()));
  auto folder = data_folder::make(given.data_dir);
  if (!folder.ok())
    return report(failure::from(folder.error()));
  log::set_level(log::level::error);
  local_cluster cluster;
  if (auto started = cluster.start(given, *folder); !started.ok())
    return report(failure::from(started));
  auto request = job_request_for(*job, *variables);
  request.set_wait(true);
  auto stub = proto::coordinator::NewStub(cluster.channel());
  return run_job(*stub, request, {given.format, !given.quiet, job->text, "", {}});
}

} // namespace sluice::cli
