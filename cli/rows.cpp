#include "cli/rows.hpp"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>

#include "cli/grid.hpp"
#include "common/expr/text.hpp"

namespace sluice::cli {

struct row_printer::table_content {
  std::vector<grid_column> columns;
  std::vector<std::vector<std::string>> rows;
};

namespace {

bool is_number(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) || arrow::is_decimal(type.id());
}

/// As Spark: longer texts end in "..." where there is room for it.
std::string cut_cell(const std::string& text, std::size_t limit) {
  if (limit == 0 || text.size() <= limit)
    return text;
  std::size_t keep = limit < 4 ? limit : limit - 3, points = 0, at = 0, kept = text.size();
  for (; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) == 0x80)
      continue;
    if (points == keep)
      kept = at;
    if (++points > limit)
      return text.substr(0, kept) + (limit < 4 ? "" : "...");
  }
  return text;
}

} // namespace

std::string csv_field(const std::string& text) {
  if (!text.empty() && text.find_first_of("\",\r\n") == std::string::npos)
    return text;
  std::string out = "\"";
  for (char c : text) {
    if (c == '"')
      out += '"';
    out += c;
  }
  return out + "\"";
}

row_printer::row_printer(row_format format, std::FILE* out)
  : format_(format), out_(out), table_(std::make_unique<table_content>()) {}

row_printer::~row_printer() = default;

status row_printer::add(const std::string& ipc, const std::string& time_zone) {
  auto bad = [](const arrow::Status& error) { return status{errc::corrupt_file, "result rows: " + error.ToString()}; };
  auto stream = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(ipc));
  auto reader = arrow::ipc::RecordBatchStreamReader::Open(stream);
  if (!reader.ok())
    return bad(reader.status());
  if (!header_printed_)
    print_header(*(*reader)->schema());
  for (;;) {
    std::shared_ptr<arrow::RecordBatch> batch;
    if (auto read = (*reader)->ReadNext(&batch); !read.ok())
      return bad(read);
    if (!batch)
      return ok();
    if (auto valid = batch->Validate(); !valid.ok())
      return bad(valid);
    print_rows(*batch, time_zone);
  }
}

void row_printer::print_header(const arrow::Schema& schema) {
  header_printed_ = true;
  std::string line;
  for (const auto& field : schema.fields()) {
    table_->columns.push_back({printable_cell(field->name()), is_number(*field->type())});
    line += (line.empty() ? "" : ",") + csv_field(field->name());
  }
  if (format_ == row_format::csv)
    std::fputs((line + "\r\n").c_str(), out_);
}

void row_printer::print_rows(const arrow::RecordBatch& batch, const std::string& time_zone) {
  std::string text;
  for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
    if (format_ == row_format::json) {
      expr::append_json_row(text, batch, row, time_zone, expr::json_style::cli);
      text += '\n';
      continue;
    }
    std::vector<std::string> cells;
    for (int column = 0; column < batch.num_columns(); ++column) {
      const auto& array = *batch.column(column);
      bool null = array.IsNull(row);
      auto value = null ? std::string{} : expr::to_text(array, row, time_zone);
      if (format_ == row_format::csv)
        text += (column == 0 ? "" : ",") + (null ? std::string{} : csv_field(value));
      else
        cells.push_back(null ? "NULL" : printable_cell(value));
    }
    if (format_ == row_format::csv)
      text += "\r\n";
    else
      table_->rows.push_back(std::move(cells));
  }
  std::fwrite(text.data(), 1, text.size(), out_);
}

void row_printer::finish(std::size_t truncate, std::size_t max_rows) {
  if (format_ == row_format::table && header_printed_) {
    bool more = max_rows > 0 && table_->rows.size() > max_rows;
    if (more)
      table_->rows.resize(max_rows);
    for (auto& row : table_->rows)
      for (auto& cell : row)
        cell = cut_cell(cell, truncate);
    auto text = framed_grid(table_->columns, table_->rows);
    if (more)
      text += "only showing top " + std::to_string(max_rows) + " rows\n";
    std::fwrite(text.data(), 1, text.size(), out_);
  }
  std::fflush(out_);
  table_ = std::make_unique<table_content>();
  header_printed_ = false;
}

} // namespace sluice::cli
