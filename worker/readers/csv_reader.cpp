#include "worker/readers/internal/csv_reader.hpp"

#include <arrow/api.h>

#include <algorithm>
#include <cstring>

#include "common/data/arrow_status.hpp"
#include "worker/readers/internal/bad_records.hpp"
#include "worker/readers/internal/csv_columns.hpp"
#include "worker/readers/internal/json_scan.hpp"
#include "worker/readers/internal/scan_schema.hpp"
#include "worker/readers/internal/split_lines.hpp"
#include "worker/readers/internal/utf8.hpp"

namespace sluice::readers {

namespace {

constexpr std::size_t max_multiline_bytes = 256 << 20;
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// What of a record must be read, and where it goes.
struct csv_layout {
  std::vector<csv_column> columns;
  std::size_t declared = 0;  ///< values in a whole record
  bool judged_by_length = false;
  int corrupt = -1;          ///< of the batch
};

// As Spark prunes: with the corrupt column every value is read; the number of values matters only if all are read.
csv_layout layout_of(const plan::file_source& source, const std::string& corrupt_name) {
  csv_layout layout;
  std::vector<int> output_of(static_cast<std::size_t>(source.schema->num_fields()), -1);
  for (std::size_t i = 0; i < source.columns.size(); ++i) output_of[static_cast<std::size_t>(source.columns[i])] = static_cast<int>(i);
  const int corrupt = source.schema->GetFieldIndex(corrupt_name);
  if (corrupt >= 0) layout.corrupt = output_of[static_cast<std::size_t>(corrupt)];
  for (int i = 0; i < source.schema->num_fields(); ++i) {
    if (i == corrupt) continue;
    const auto token = static_cast<int>(layout.declared++);
    const int output = output_of[static_cast<std::size_t>(i)];
    if (output >= 0 || layout.corrupt >= 0) layout.columns.push_back({token, output, source.schema->field(i)->type()});
  }
  layout.judged_by_length = layout.columns.size() == layout.declared;
  return layout;
}

class csv_reader : public split_reader {
public:
  csv_reader(data::schema_ptr schema, csv_layout layout, const csv_format& format, time_parser times, bad_record_mode mode, bool whole,
             const reader_options& options)
    : schema_(std::move(schema)), layout_(std::move(layout)), options_(options), mode_(mode), whole_(whole), tokenizer_(format, whole),
      columns_(layout_.columns, format, std::move(times)) {
    if (whole_) options_.max_record_bytes = std::max(options_.max_record_bytes, max_multiline_bytes);
  }

  status start(const split& part, storage::file_system& files, compression codec) {
    SLUICE_ASSIGN_OR_RETURN(lines_, split_lines::open(part, files, codec, options_, whole_));
    header_ = tokenizer_.format().header && lines_.begin() == 0;
    return ok();
  }

  result<data::batch_ptr> next() override {
    for (;;) {
      line_chunk chunk;
      SLUICE_ASSIGN_OR_RETURN(const bool more, lines_.next(chunk));
      if (!more) return data::batch_ptr{};
      counts_.bytes += chunk.end - chunk.begin;
      if (chunk.oversized && (whole_ || mode_ == bad_record_mode::fail_fast))
        return oversized_record(lines_.path(), chunk.offset, options_.max_record_bytes);
      SLUICE_ASSIGN_OR_RETURN(auto batch, read(chunk));
      if (batch->num_rows() > 0) return batch;
    }
  }

  const read_counts& counts() const override { return counts_; }

private:
  result<data::batch_ptr> read(const line_chunk& chunk) {
    std::string_view text(chunk.begin, static_cast<std::size_t>(chunk.end - chunk.begin));
    if (!is_valid_utf8(text)) text = valid_ = valid_utf8(text);
    if (chunk.offset == 0 && text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    columns_.reset();
    records_.clear();
    bad_.clear();
    const char* end = text.data() + text.size();
    for (const char* p = text.data(); p < end;) {
      const char* line = find_line_end(p, end);
      if (tokenizer_.skips(p, line)) p = std::min(line + 1, end);
      else if (chunk.oversized) p = add({}, p, end, end, true);
      else p = add_record(p, whole_ ? end : line);
    }
    return finish(chunk, text.data());
  }

  // `end`: of the line, or of the file if records span lines.
  const char* add_record(const char* p, const char* end) {
    const char* next = tokenizer_.next(p, end, tokens_);
    if (!whole_) next = end + 1;
    if (header_) {
      header_ = false;
      return next;
    }
    return add(tokens_, p, whole_ ? std::max(p, next - 1) : end, next, layout_.judged_by_length && tokens_.size() != layout_.declared);
  }

  const char* add(const std::vector<csv_token>& tokens, const char* begin, const char* end, const char* next, bool bad) {
    if (failed_.ok()) failed_ = columns_.add(tokens);
    records_.emplace_back(begin, static_cast<std::size_t>(end - begin));
    bad_.push_back(bad ? 1 : 0);
    return next;
  }

  result<data::batch_ptr> finish(const line_chunk& chunk, const char* text) {
    SLUICE_RETURN_IF_ERROR(failed_);
    arrow::ArrayVector arrays(static_cast<std::size_t>(schema_->num_fields()));
    for (std::size_t i = 0; i < layout_.columns.size(); ++i) {
      SLUICE_ASSIGN_OR_RETURN(auto array, columns_.convert(i, bad_));
      if (const int output = layout_.columns[i].output; output >= 0) arrays[static_cast<std::size_t>(output)] = std::move(array);
    }
    const auto bad = std::count(bad_.begin(), bad_.end(), 1);
    if (bad > 0 && mode_ == bad_record_mode::fail_fast) {
      const auto first = static_cast<std::size_t>(std::find(bad_.begin(), bad_.end(), 1) - bad_.begin());
      return malformed_record(lines_.path(), chunk.offset + (records_[first].data() - text), records_[first]);
    }
    if (layout_.corrupt >= 0) {
      SLUICE_ASSIGN_OR_RETURN(arrays[static_cast<std::size_t>(layout_.corrupt)], corrupt_texts());
    }
    counts_.records += static_cast<std::int64_t>(bad_.size());
    counts_.bad += bad;
    counts_.parsed = counts_.records - counts_.bad;
    auto batch = arrow::RecordBatch::Make(schema_, static_cast<std::int64_t>(bad_.size()), std::move(arrays));
    if (bad > 0 && mode_ == bad_record_mode::drop_malformed) return without_bad(batch, [&](std::size_t row) { return bad_[row] != 0; });
    return batch;
  }

  result<data::array_ptr> corrupt_texts() const {
    arrow::StringBuilder builder;
    for (std::size_t row = 0; row < bad_.size(); ++row)
      SLUICE_RETURN_IF_ERROR(data::from_arrow(bad_[row] != 0 ? builder.Append(records_[row]) : builder.AppendNull()));
    return data::from_arrow(builder.Finish());
  }

  data::schema_ptr schema_;
  csv_layout layout_;
  reader_options options_;
  bad_record_mode mode_;
  bool whole_;
  csv_tokenizer tokenizer_;
  csv_columns columns_;
  bool header_ = false;
  split_lines lines_;
  std::string valid_;
  std::vector<csv_token> tokens_;
  std::vector<std::string_view> records_;  // text of each row
  std::vector<std::uint8_t> bad_;
  status failed_;
  read_counts counts_;
};

} // namespace

result<std::unique_ptr<split_reader>> open_csv(const plan::file_source& source, const split& part, const expr::eval_context& context,
                                               storage::file_system& files, const reader_options& options) {
  SLUICE_ASSIGN_OR_RETURN(auto schema, scan_schema(source));
  for (const auto& field : source.schema->fields()) SLUICE_RETURN_IF_ERROR(csv_columns::supported(field->name(), field->type()));
  SLUICE_ASSIGN_OR_RETURN(const auto format, csv_format_of(source.options));
  SLUICE_ASSIGN_OR_RETURN(auto times, time_parser::make(source.options, context));
  SLUICE_ASSIGN_OR_RETURN(const auto codec, compression_of(source.options, part.path));
  auto reader = std::make_unique<csv_reader>(std::move(schema), layout_of(source, corrupt_name_of(source.options)), format, std::move(times),
                                             mode_of(source.options), is_multiline(source), options);
  SLUICE_RETURN_IF_ERROR(reader->start(part, files, codec));
  return std::unique_ptr<split_reader>(std::move(reader));
}

} // namespace sluice::readers
