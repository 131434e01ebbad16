#pragma once
/// Misbehaviour points: places where code may at any time take a rare but allowed course, such as a buffer that is full too early.
/// Simulations draw which points are live and when they fire, so that rare courses are taken often. Everywhere else nobody chooses
/// and a point costs one test of a pointer that is always null.
///
///   if (bytes_ > limit_ || misbehave::here(misbehave::point::flush_partial)) flush();

namespace sluice::misbehave {

enum class point {
  flush_partial,    ///< common/exec: partial aggregates leave after a few rows
  tiny_blocks,      ///< common/exec: blocks of one row
  tiny_bodies,      ///< worker/actors: rows are cut into more messages than needed
  yield,            ///< worker/actors: a slot looks after its other tasks first
  load_one,         ///< worker/actors: one extent is restored at a time
  hold_credit,      ///< worker/exchange: credit is given back later
  spill_now,        ///< worker/state: all of a slot's state spills
  restore_anew,     ///< coordinator/query: a worker restores what it holds
  whole_snapshots,  ///< coordinator/query: groups are written whole though their chains are short
  base_now,         ///< coordinator/query: a base record (and garbage collection) before its time
  drop_attempt      ///< coordinator/query: a complete attempt is thrown away, as if a worker had gone
};
inline constexpr int num_points = 11;

class chooser {
public:
  virtual ~chooser() = default;
  virtual bool fires(point at) = 0;
};

/// Null but in simulations, which run in one thread and set it before and after.
inline chooser* active = nullptr;

inline bool here(point at) { return active != nullptr && active->fires(at); }

} // namespace sluice::misbehave
