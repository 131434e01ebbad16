#include "worker/readers/internal/json_reader.hpp"

#include <algorithm>

#include "worker/readers/internal/bad_records.hpp"
#include "worker/readers/internal/json_layout.hpp"
#include "worker/readers/internal/json_record.hpp"
#include "worker/readers/internal/scan_schema.hpp"
#include "worker/readers/internal/split_lines.hpp"
#include "worker/readers/internal/utf8.hpp"

namespace sluice::readers {

namespace {

constexpr std::size_t max_layouts = 4;
constexpr int misses_before_relearning = 64;

bool is_blank_line(const char* p, const char* end) {
  while (p < end && (*p == ' ' || *p == '\t')) ++p;
  return p == end;
}

class json_reader : public split_reader {
public:
  json_reader(data::schema_ptr schema, time_parser times, bad_record_mode mode, const std::string& corrupt, const reader_options& options,
              bool whole, const json_reader_tuning& tuning)
    : schema_(std::move(schema)), options_(options), mode_(mode), grammar_{whole, std::max(options.max_depth, 1)},
      times_(std::move(times)), trees_(times_, grammar_), columns_(*schema_, corrupt, times_, trees_), records_(columns_, grammar_),
      fast_(tuning.fast_path && !whole), count_only_(schema_->num_fields() == 0 && mode == bad_record_mode::permissive && !whole) {
    columns_.track(mode == bad_record_mode::fail_fast);
  }

  status start(const split& part, storage::file_system& files, compression codec) {
    SLUICE_ASSIGN_OR_RETURN(lines_, split_lines::open(part, files, codec, options_, grammar_.spans_lines));
    return ok();
  }

  result<data::batch_ptr> next() override {
    for (;;) {
      line_chunk chunk;
      SLUICE_ASSIGN_OR_RETURN(const bool more, lines_.next(chunk));
      if (!more) return data::batch_ptr{};
      counts_.bytes += chunk.end - chunk.begin;
      SLUICE_ASSIGN_OR_RETURN(auto batch, count_only_ ? count(chunk) : parse(chunk));
      if (batch->num_rows() > 0) return batch;
    }
  }

  const read_counts& counts() const override { return counts_; }

private:
  result<data::batch_ptr> count(const line_chunk& chunk) {
    std::int64_t rows = chunk.oversized ? 1 : 0;
    for (const char* p = chunk.begin; p < chunk.end && !chunk.oversized; ++p) {
      const char* end = find_line_end(p, chunk.end);
      rows += is_blank_line(p, end) ? 0 : 1;
      p = end;
    }
    counts_.records += rows;
    counts_.parsed += rows;
    return arrow::RecordBatch::Make(schema_, rows, std::vector<data::array_ptr>{});
  }

  result<data::batch_ptr> parse(const line_chunk& chunk) {
    columns_.reset(static_cast<std::size_t>(chunk.end - chunk.begin));
    if (chunk.oversized) records_.add_bad(chunk.begin, chunk.end);
    else if (grammar_.spans_lines) records_.parse(chunk.begin, chunk.end, true);
    else parse_lines(chunk);
    SLUICE_RETURN_IF_ERROR(columns_.resolve());
    const std::size_t bad = columns_.num_bad();
    if (bad > 0 && mode_ == bad_record_mode::fail_fast) return first_bad(chunk);
    counts_.records += static_cast<std::int64_t>(columns_.rows);
    counts_.bad += static_cast<std::int64_t>(bad);
    counts_.parsed = counts_.records - counts_.bad;
    SLUICE_ASSIGN_OR_RETURN(auto batch, columns_.finish(schema_));
    if (bad > 0 && mode_ == bad_record_mode::drop_malformed) return without_bad(batch, [&](std::size_t row) { return columns_.is_bad(row); });
    return batch;
  }

  void parse_lines(const line_chunk& chunk) {
    const auto bytes = static_cast<std::size_t>(chunk.end - chunk.begin);
    const bool check_utf8 = !is_valid_utf8({chunk.begin, bytes});
    const bool fast = fast_ && !check_utf8 && bytes <= options_.max_record_bytes;
    for (const char* p = chunk.begin; p < chunk.end;) {
      if (fast && !layouts_.empty()) {
        p = read_known(p, chunk.end);
        if (p >= chunk.end) break;
      }
      const char* end = find_line_end(p, chunk.end);
      if (static_cast<std::size_t>(end - p) > options_.max_record_bytes) records_.add_bad(p, std::min(end, p + line_source::oversized_prefix));
      else if (records_.parse(p, end, check_utf8) && fast) learn(p, end);
      p = end + 1;
    }
  }

  // Reads on while some known layout fits.
  const char* read_known(const char* p, const char* end) {
    const char* start = nullptr;
    while (p != start && p < end) {
      start = p;
      for (std::size_t i = 0; i < layouts_.size() && p == start; ++i) {
        const std::size_t tried = (current_ + i) % layouts_.size();
        p = layouts_[tried].read_lines(p, end, columns_, grammar_);
        if (p != start) current_ = tried;
      }
    }
    return p;
  }

  void learn(const char* begin, const char* end) {
    const bool full = layouts_.size() == max_layouts;
    if (full && ++misses_ < misses_before_relearning) return;
    misses_ = 0;
    auto layout = json_layout::learn(begin, end, grammar_, columns_);
    if (!layout || std::find(layouts_.begin(), layouts_.end(), *layout) != layouts_.end()) return;
    current_ = full ? (current_ + 1) % max_layouts : layouts_.size();
    if (full) layouts_[current_] = std::move(*layout);
    else layouts_.push_back(std::move(*layout));
  }

  status first_bad(const line_chunk& chunk) const {
    if (chunk.oversized) return oversized_record(lines_.path(), chunk.offset, options_.max_record_bytes);
    std::size_t row = 0;
    while (!columns_.is_bad(row)) ++row;
    const auto [begin, end] = columns_.line(row);
    return malformed_record(lines_.path(), chunk.offset + (begin - chunk.begin), {begin, static_cast<std::size_t>(end - begin)});
  }

  data::schema_ptr schema_;
  reader_options options_;
  bad_record_mode mode_;
  json_grammar grammar_;
  time_parser times_;
  tree_converter trees_;
  json_columns columns_;
  json_record_parser records_;
  bool fast_;
  bool count_only_;
  split_lines lines_;
  std::vector<json_layout> layouts_;
  std::size_t current_ = 0;
  int misses_ = 0;
  read_counts counts_;
};

} // namespace

result<std::unique_ptr<split_reader>> open_json(const plan::file_source& source, const split& part, const expr::eval_context& context,
                                                storage::file_system& files, const reader_options& options,
                                                const json_reader_tuning& tuning) {
  SLUICE_ASSIGN_OR_RETURN(auto schema, scan_schema(source));
  for (const auto& field : schema->fields()) SLUICE_RETURN_IF_ERROR(tree_converter::supported(*field->type()));
  SLUICE_ASSIGN_OR_RETURN(auto times, time_parser::make(source.options, context));
  SLUICE_ASSIGN_OR_RETURN(const auto codec, compression_of(source.options, part.path));
  auto reader = std::make_unique<json_reader>(std::move(schema), std::move(times), mode_of(source.options), corrupt_name_of(source.options),
                                              options, is_multiline(source), tuning);
  SLUICE_RETURN_IF_ERROR(reader->start(part, files, codec));
  return std::unique_ptr<split_reader>(std::move(reader));
}

} // namespace sluice::readers
