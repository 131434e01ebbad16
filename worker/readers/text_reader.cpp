#include "worker/readers/internal/text_reader.hpp"

#include <arrow/api.h>

#include <algorithm>

#include "common/data/arrow_status.hpp"
#include "worker/readers/internal/bad_records.hpp"
#include "worker/readers/internal/json_scan.hpp"
#include "worker/readers/internal/scan_schema.hpp"
#include "worker/readers/internal/split_lines.hpp"
#include "worker/readers/internal/utf8.hpp"

namespace sluice::readers {

namespace {

constexpr std::size_t max_whole_file_bytes = 256 << 20;

class text_reader : public split_reader {
public:
  text_reader(data::schema_ptr schema, bool whole, const reader_options& options) : schema_(std::move(schema)), options_(options), whole_(whole) {
    if (whole_) options_.max_record_bytes = std::max(options_.max_record_bytes, max_whole_file_bytes);
  }

  status start(const split& part, storage::file_system& files, compression codec) {
    SLUICE_ASSIGN_OR_RETURN(lines_, split_lines::open(part, files, codec, options_, whole_));
    begins_inside_ = lines_.begin() > 0;
    return ok();
  }

  result<data::batch_ptr> next() override {
    for (;;) {
      line_chunk chunk;
      SLUICE_ASSIGN_OR_RETURN(const bool more, lines_.next(chunk));
      if (!more) return data::batch_ptr{};
      counts_.bytes += chunk.end - chunk.begin;
      if (begins_inside_) SLUICE_RETURN_IF_ERROR(look_before(chunk.offset));
      if (chunk.oversized) return oversized_record(lines_.path(), chunk.offset, options_.max_record_bytes);
      SLUICE_ASSIGN_OR_RETURN(auto batch, read(chunk));
      if (batch->num_rows() > 0) return batch;
    }
  }

  const read_counts& counts() const override { return counts_; }

private:
  status look_before(std::int64_t offset) {
    begins_inside_ = false;
    char before = 0;
    SLUICE_ASSIGN_OR_RETURN(const auto got, lines_.file().read_at(offset - 1, &before, 1));
    after_return_ = got == 1 && before == '\r';
    return ok();
  }

  result<data::batch_ptr> read(const line_chunk& chunk) {
    std::string_view text(chunk.begin, static_cast<std::size_t>(chunk.end - chunk.begin));
    if (!is_valid_utf8(text)) text = valid_ = valid_utf8(text);
    if (chunk.offset == 0 && text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    rows_ = 0;
    builder_.Reset();
    if (whole_) SLUICE_RETURN_IF_ERROR(add(text));
    else SLUICE_RETURN_IF_ERROR(add_lines(text));
    counts_.records += rows_;
    counts_.parsed += rows_;
    if (schema_->num_fields() == 0) return arrow::RecordBatch::Make(schema_, rows_, std::vector<data::array_ptr>{});
    SLUICE_ASSIGN_OR_RETURN(auto array, data::from_arrow(builder_.Finish()));
    return arrow::RecordBatch::Make(schema_, rows_, {std::move(array)});
  }

  // "\r\n" ends one line, even where a chunk or a split ends between the two.
  status add_lines(std::string_view text) {
    const char* end = text.data() + text.size();
    for (const char* p = text.data(); p < end;) {
      if (after_return_ && *p == '\n') {
        after_return_ = false;
        ++p;
        continue;
      }
      const char* line = find_line_end(p, end);
      after_return_ = line < end && *line == '\r';
      SLUICE_RETURN_IF_ERROR(add({p, static_cast<std::size_t>(line - p)}));
      p = line + 1;
    }
    return ok();
  }

  status add(std::string_view line) {
    ++rows_;
    return schema_->num_fields() == 0 ? ok() : data::from_arrow(builder_.Append(line));
  }

  data::schema_ptr schema_;
  reader_options options_;
  bool whole_;
  bool begins_inside_ = false; // nothing read yet of a split that does not start the file
  bool after_return_ = false;  // the line before ended with '\r'
  split_lines lines_;
  arrow::StringBuilder builder_;
  std::int64_t rows_ = 0;
  std::string valid_;
  read_counts counts_;
};

} // namespace

result<std::unique_ptr<split_reader>> open_text(const plan::file_source& source, const split& part, storage::file_system& files,
                                                const reader_options& options) {
  SLUICE_ASSIGN_OR_RETURN(auto schema, scan_schema(source));
  if (source.schema->num_fields() != 1 || source.schema->field(0)->type()->id() != arrow::Type::STRING)
    return status{errc::unsupported_feature, "a text source has one column of type STRING, but " + source.name + " declares (" +
                                               source.schema->ToString() + ")"};
  SLUICE_ASSIGN_OR_RETURN(const auto codec, compression_of(source.options, part.path));
  auto reader = std::make_unique<text_reader>(std::move(schema), is_whole_text(source), options);
  SLUICE_RETURN_IF_ERROR(reader->start(part, files, codec));
  return std::unique_ptr<split_reader>(std::move(reader));
}

} // namespace sluice::readers
