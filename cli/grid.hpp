#pragma once
/// Text tables: Spark's frame, numbers right-aligned, widths in terminal cells.
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

struct grid_column {
  std::string title;
  bool right = false;
};

/// Terminal cells a UTF-8 text takes (wide characters two, combining ones none); bad bytes count as one.
std::size_t display_width(std::string_view text);
/// Control characters as \n, \t, \x1b, …, so that data cannot move the cursor.
std::string printable_cell(std::string_view text);

/// +----+---+ frame, header, rows.
std::string framed_grid(const std::vector<grid_column>& columns, const std::vector<std::vector<std::string>>& rows);
/// Columns two blanks apart, without lines: for listings.
std::string plain_grid(const std::vector<grid_column>& columns, const std::vector<std::vector<std::string>>& rows);

} // namespace sluice::cli
