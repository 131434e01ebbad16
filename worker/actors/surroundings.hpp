#pragma once
/// What every actor of a worker is handed: settings and the outside world. Shared and immutable once the actors run.
#include <cstdint>
#include <memory>
#include <string>

#include "common/base/environment.hpp"
#include "common/net/link.hpp"
#include "common/storage/file_system.hpp"

namespace leveldb {
class Env;
} // namespace leveldb

namespace sluice::worker {

struct worker_options {
  std::string coordinator = "127.0.0.1:7077";
  std::string listen = "127.0.0.1:0";           ///< data links of other workers
  std::string advertise;                        ///< where they reach it; empty: where it listens; port 0: the port it listens on
  std::uint32_t slots = 1;
  std::string data_dir;                         ///< worker-local: spilled state; empty: no spilling
  std::size_t state_memory_bytes = 256 << 20;   ///< of all slots together
  std::size_t partial_memory_bytes = 4 << 20;   ///< a slot
  std::size_t exchange_memory_bytes = 64 << 20;
  std::size_t morsel_bytes = 256 << 10;
  std::size_t max_record_bytes = 8 << 20;
  microseconds heartbeat{1'000'000};            ///< until the coordinator's welcome says otherwise
  microseconds silence{5'000'000};
  microseconds drain_timeout{10'000'000};
  bool detached = true;                         ///< slots and I/O on threads of their own
};

struct surroundings {
  worker_options options;
  std::string id;                               ///< of this incarnation: "w-…"
  std::int64_t pid = 0;
  std::shared_ptr<storage::file_system> files;
  std::shared_ptr<clock_source> clock;
  std::shared_ptr<random_source> random;
  std::shared_ptr<net::transport> network;
  leveldb::Env* spill_environment = nullptr;    ///< files of spilled state; null: the system's
};
using surroundings_ptr = std::shared_ptr<const surroundings>;

} // namespace sluice::worker
