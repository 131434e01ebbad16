#pragma once
/// What a simulation runs: a job, its input, and what must come out. The answer is computed here from the input's lines, the plain
/// way; nothing of the engine's operators is used.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/base/environment.hpp"
#include "common/data/types.hpp"

namespace sluice::sim {

/// `counts`: the main job, a table in complete mode; `updates`: the same in update mode; `copies`: a filter into a folder of JSON lines.
enum class job_kind { counts, updates, copies };
const char* to_text(job_kind kind);

inline constexpr const char* data_folder = "/sim/data";
inline constexpr const char* sink_folder = "/sim/out";
inline constexpr const char* checkpoint = "/sim/checkpoint";

struct workload {
  job_kind kind = job_kind::counts;
  int num_files = 4;
  int rows_per_file = 40;
  int files_per_trigger = 1;

  std::string job() const;
  /// Reads the whole result; empty for jobs without a table.
  std::string select() const;
  /// Content of input file `number`; row ids are unique over all files.
  std::string file(int number) const;
  static std::string path(int number);
};

/// Rows as texts.
using row_bag = std::multiset<std::string>;

/// All rows that the result holds after batches with these inputs (contents of files, batch by batch).
row_bag expected_rows(job_kind kind, const std::vector<std::vector<std::string>>& batches);
/// Rows of a SELECT's answer, written as `expected_rows` writes them.
row_bag rows_of(const std::vector<data::batch_ptr>& batches);
/// The first rows that only one of them has.
std::string difference(const row_bag& expected, const row_bag& found);

} // namespace sluice::sim
