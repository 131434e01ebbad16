#pragma once
/// The table that DataFrame.show() prints, as Spark lays it out. Pure.
#include <string>
#include <vector>

#include "common/data/types.hpp"

namespace sluice::connect {

struct show_layout {
  std::int64_t num_rows = 20;  ///< rows shown; one more among the given rows means that there are more
  std::int64_t truncate = 20;  ///< characters of a cell; 0: whole cells, to the left
  bool vertical = false;
  std::string time_zone = "UTC";
};

/// Ends with a newline unless a footer follows the table, since the client prints it as it is.
std::string show(const arrow::Schema& schema, const std::vector<data::batch_ptr>& rows, const show_layout& layout);

/// The table that notebooks show for a DataFrame when spark.sql.repl.eagerEval.enabled is set.
std::string html(const arrow::Schema& schema, const std::vector<data::batch_ptr>& rows, const show_layout& layout);

} // namespace sluice::connect
