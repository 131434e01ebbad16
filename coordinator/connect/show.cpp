#include "coordinator/connect/show.hpp"

#include <arrow/api.h>

#include <algorithm>

#include "common/expr/text.hpp"

namespace sluice::connect {
namespace {

using cells = std::vector<std::string>;

/// Code points of valid UTF-8; other bytes count as themselves.
std::vector<std::pair<char32_t, std::size_t>> points_of(const std::string& text) {
  std::vector<std::pair<char32_t, std::size_t>> out;
  for (std::size_t at = 0; at < text.size();) {
    auto lead = static_cast<unsigned char>(text[at]);
    std::size_t size = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    size = std::min(size, text.size() - at);
    char32_t point = size == 1 ? lead : lead & (0xFF >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) point = point << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3F);
    out.emplace_back(point, at);
    at += size;
  }
  return out;
}

bool is_wide(char32_t point) {
  constexpr std::pair<char32_t, char32_t> wide[] = {{0x1100, 0x115F}, {0x2E80, 0xA4CF}, {0xAC00, 0xD7A3}, {0xF900, 0xFAFF},
                                                    {0xFE30, 0xFE6F}, {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}};
  return std::any_of(std::begin(wide), std::end(wide), [&](const auto& range) { return point >= range.first && point <= range.second; });
}

std::size_t width_of(const std::string& text) {
  std::size_t width = 0;
  for (const auto& [point, at] : points_of(text)) width += is_wide(point) ? 2 : 1;
  return width;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\f': out += "\\f"; break;
      case '\b': out += "\\b"; break;
      case '\v': out += "\\v"; break;
      case '\a': out += "\\a"; break;
      default: out += c;
    }
  }
  return out;
}

std::string cut(const std::string& text, std::int64_t limit) {
  if (limit <= 0) return text;
  auto points = points_of(text);
  if (static_cast<std::int64_t>(points.size()) <= limit) return text;
  bool dots = limit >= 4;
  return text.substr(0, points[static_cast<std::size_t>(limit - (dots ? 3 : 0))].second) + (dots ? "..." : "");
}

std::string bytes_text(const arrow::Array& column, std::int64_t row) {
  static constexpr char hex[] = "0123456789ABCDEF";
  std::string out = "[";
  for (unsigned char c : static_cast<const arrow::BinaryArray&>(column).GetView(row)) {
    if (out.size() > 1) out += ' ';
    out += hex[c >> 4];
    out += hex[c & 15];
  }
  return out + "]";
}

std::string cell_of(const arrow::Array& column, std::int64_t row, const show_layout& layout) {
  if (column.IsNull(row)) return cut("NULL", layout.truncate);
  bool is_bytes = column.type_id() == arrow::Type::BINARY;
  return cut(escaped(is_bytes ? bytes_text(column, row) : expr::to_text(column, row, layout.time_zone)), layout.truncate);
}

std::vector<cells> table_of(const std::vector<data::batch_ptr>& rows, const show_layout& layout, bool& more) {
  std::vector<cells> table;
  for (const auto& batch : rows)
    for (std::int64_t row = 0; row < batch->num_rows(); ++row) {
      if (static_cast<std::int64_t>(table.size()) >= layout.num_rows) {
        more = true;
        return table;
      }
      auto& line = table.emplace_back();
      for (const auto& column : batch->columns()) line.push_back(cell_of(*column, row, layout));
    }
  return table;
}

constexpr std::size_t least_width = 3;

std::string framed(const cells& names, const std::vector<cells>& table, bool to_the_left) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto width = std::max(least_width, width_of(names[i]));
    for (const auto& row : table) width = std::max(width, width_of(row[i]));
    widths.push_back(width);
  }
  std::string rule = "+";
  for (auto width : widths) rule += std::string(width, '-') + "+";
  if (widths.empty()) rule += '+';
  rule += '\n';
  auto line = [&](const cells& row) {
    std::string out = "|";
    for (std::size_t i = 0; i < row.size(); ++i) {
      std::string blanks(widths[i] - width_of(row[i]), ' ');
      out += (to_the_left ? row[i] + blanks : blanks + row[i]) + "|";
    }
    return out + (row.empty() ? "|\n" : "\n");
  };
  auto out = rule + line(names) + rule;
  for (const auto& row : table) out += line(row);
  return out + rule;
}

std::string recorded(const cells& names, const std::vector<cells>& table) {
  auto name_width = least_width, cell_width = least_width;
  for (const auto& name : names) name_width = std::max(name_width, width_of(name));
  for (const auto& row : table)
    for (const auto& cell : row) cell_width = std::max(cell_width, width_of(cell));
  std::string out;
  for (std::size_t i = 0; i < table.size(); ++i) {
    auto head = "-RECORD " + std::to_string(i);
    head.resize(std::max(head.size(), name_width + cell_width + 5), '-');
    out += head + "\n";
    for (std::size_t k = 0; k < names.size(); ++k)
      out += " " + names[k] + std::string(name_width - width_of(names[k]), ' ') + " | " + table[i][k] +
             std::string(cell_width - width_of(table[i][k]), ' ') + " \n";
  }
  return out;
}

} // namespace

std::string show(const arrow::Schema& schema, const std::vector<data::batch_ptr>& rows, const show_layout& layout) {
  cells names;
  for (const auto& field : schema.fields()) names.push_back(escaped(field->name()));
  bool more = false;
  auto table = table_of(rows, layout, more);
  auto out = layout.vertical ? recorded(names, table) : framed(names, table, layout.truncate <= 0);
  if (layout.vertical && table.empty()) return out + "(0 rows)";
  if (more) out += "only showing top " + std::to_string(layout.num_rows) + (layout.num_rows == 1 ? " row" : " rows");
  return out;
}

std::string html(const arrow::Schema& schema, const std::vector<data::batch_ptr>& rows, const show_layout& layout) {
  auto plain = [](const std::string& text) {
    std::string out;
    for (char c : text) {
      switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '\'': out += "&#39;"; break;
        default: out += c;
      }
    }
    return out;
  };
  auto line = [&](const cells& row, const char* tag) {
    std::string out = "<tr>";
    for (const auto& cell : row) out += std::string("<") + tag + ">" + plain(cell) + "</" + tag + ">";
    return out + "</tr>\n";
  };
  cells names;
  for (const auto& field : schema.fields()) names.push_back(field->name());
  bool more = false;
  auto out = "<table border='1'>\n" + line(names, "th");
  for (const auto& row : table_of(rows, layout, more)) out += line(row, "td");
  out += "</table>\n";
  if (more) out += "only showing top " + std::to_string(layout.num_rows) + (layout.num_rows == 1 ? " row\n" : " rows\n");
  return out;
}

} // namespace sluice::connect
