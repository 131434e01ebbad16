#pragma once
/// Work of a slot in small pieces: the slot actor goes round its tasks, one piece each, and takes messages in between.
#include "common/base/status.hpp"

namespace sluice::worker {

enum class progress {
  more,    ///< call again
  parked,  ///< nothing to do until something arrives or credit comes back
  done,    ///< forget the task
};

class slot_task {
public:
  virtual ~slot_task() = default;
  /// One piece of work, aimed at a millisecond. Never throws; reports its own failures.
  virtual progress step() = 0;
};

} // namespace sluice::worker
