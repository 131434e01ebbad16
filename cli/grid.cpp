#include "cli/grid.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>

namespace sluice::cli {

namespace {

/// Decodes one code point at `at` and moves it on; a bad byte counts as itself.
std::uint32_t next_code_point(std::string_view text, std::size_t& at) {
  auto lead = static_cast<unsigned char>(text[at++]);
  int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
  std::uint32_t point = more == 0 ? lead : lead & (0x3F >> more);
  for (; more > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; --more)
    point = (point << 6) | (static_cast<unsigned char>(text[at++]) & 0x3F);
  return point;
}

std::size_t cells_of(std::uint32_t point) {
  if ((point >= 0x300 && point <= 0x36F) || (point >= 0x200B && point <= 0x200F) || (point >= 0xFE00 && point <= 0xFE0F))
    return 0;
  bool wide = (point >= 0x1100 && point <= 0x115F) || (point >= 0x2E80 && point <= 0xA4CF)
              || (point >= 0xAC00 && point <= 0xD7A3) || (point >= 0xF900 && point <= 0xFAFF)
              || (point >= 0xFE30 && point <= 0xFE6F) || (point >= 0xFF00 && point <= 0xFF60)
              || (point >= 0xFFE0 && point <= 0xFFE6) || (point >= 0x1F300 && point <= 0x1F64F)
              || (point >= 0x1F900 && point <= 0x1F9FF) || (point >= 0x20000 && point <= 0x3FFFD);
  return wide ? 2 : 1;
}

std::vector<std::size_t> widths_of(const std::vector<grid_column>& columns,
                                   const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    auto width = display_width(columns[c].title);
    for (const auto& row : rows)
      width = std::max(width, display_width(row[c]));
    widths.push_back(width);
  }
  return widths;
}

void append_padded(std::string& out, const std::string& text, std::size_t width, bool right) {
  auto cells = display_width(text);
  auto blanks = width > cells ? width - cells : 0;
  if (right)
    out.append(blanks, ' ');
  out += text;
  if (!right)
    out.append(blanks, ' ');
}

} // namespace

std::size_t display_width(std::string_view text) {
  std::size_t cells = 0;
  for (std::size_t at = 0; at < text.size();)
    cells += cells_of(next_code_point(text, at));
  return cells;
}

std::string printable_cell(std::string_view text) {
  std::string out;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) {
      out += c;
    } else if (c == '\n' || c == '\t' || c == '\r') {
      out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r";
    } else {
      char hex[8];
      std::snprintf(hex, sizeof hex, "\\x%02x", byte);
      out += hex;
    }
  }
  return out;
}

std::string framed_grid(const std::vector<grid_column>& columns, const std::vector<std::vector<std::string>>& rows) {
  auto widths = widths_of(columns, rows);
  std::string rule = "+";
  for (auto width : widths)
    rule += std::string(width + 2, '-') + "+";
  rule += "\n";
  auto out = rule + "|";
  for (std::size_t c = 0; c < columns.size(); ++c) {
    out += ' ';
    append_padded(out, columns[c].title, widths[c], columns[c].right);
    out += " |";
  }
  out += "\n" + rule;
  for (const auto& row : rows) {
    out += '|';
    for (std::size_t c = 0; c < columns.size(); ++c) {
      out += ' ';
      append_padded(out, row[c], widths[c], columns[c].right);
      out += " |";
    }
    out += '\n';
  }
  return out + rule;
}

std::string plain_grid(const std::vector<grid_column>& columns, const std::vector<std::vector<std::string>>& rows) {
  auto widths = widths_of(columns, rows);
  std::string out;
  auto append_line = [&](auto&& cell) {
    std::string line;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      if (c > 0)
        line += "  ";
      append_padded(line, cell(c), widths[c], columns[c].right);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  append_line([&](std::size_t c) -> const std::string& { return columns[c].title; });
  for (const auto& row : rows)
    append_line([&](std::size_t c) -> const std::string& { return row[c]; });
  return out;
}

} // namespace sluice::cli
