#include "worker/readers/internal/rate_reader.hpp"

#include <arrow/api.h>

#include <cmath>
#include <cstdio>

#include "common/data/arrow_status.hpp"
#include "worker/readers/internal/scan_schema.hpp"

namespace sluice::readers {

namespace {

constexpr std::int64_t rows_per_batch = 1 << 14;

class rate_reader : public split_reader {
public:
  rate_reader(data::schema_ptr schema, const split& part, std::int64_t seconds)
    : schema_(std::move(schema)), part_(part), ms_per_row_(static_cast<double>(seconds) * 1000 / static_cast<double>(part.file_size)), at_(part.offset) {}

  result<data::batch_ptr> next() override {
    const auto end = std::min(part_.offset + part_.length, at_ + rows_per_batch);
    if (at_ >= end) return data::batch_ptr{};
    arrow::ArrayVector arrays;
    for (const auto& field : schema_->fields()) {
      SLUICE_ASSIGN_OR_RETURN(auto array, field->name() == "value" ? values(end) : times(field->type(), end));
      arrays.push_back(std::move(array));
    }
    counts_.records += end - at_;
    counts_.parsed += end - at_;
    auto batch = arrow::RecordBatch::Make(schema_, end - at_, std::move(arrays));
    at_ = end;
    return batch;
  }

  const read_counts& counts() const override { return counts_; }

private:
  result<data::array_ptr> values(std::int64_t end) const {
    arrow::Int64Builder builder;
    SLUICE_RETURN_IF_ERROR(data::from_arrow(builder.Reserve(end - at_)));
    for (auto row = at_; row < end; ++row) builder.UnsafeAppend(static_cast<std::int64_t>(part_.inode) + row);
    return data::from_arrow(builder.Finish());
  }

  // Whole milliseconds, as Spark has them.
  result<data::array_ptr> times(const data::type_ptr& type, std::int64_t end) const {
    arrow::TimestampBuilder builder(type, arrow::default_memory_pool());
    SLUICE_RETURN_IF_ERROR(data::from_arrow(builder.Reserve(end - at_)));
    const auto begin_ms = part_.mtime_us / 1000;
    for (auto row = at_; row < end; ++row)
      builder.UnsafeAppend((begin_ms + static_cast<std::int64_t>(std::floor(static_cast<double>(row) * ms_per_row_ + 0.5))) * 1000);
    return data::from_arrow(builder.Finish());
  }

  data::schema_ptr schema_;
  split part_;
  double ms_per_row_;
  std::int64_t at_;  // next row, counted from the first of the seconds
  read_counts counts_;
};

} // namespace

result<std::unique_ptr<split_reader>> open_rate(const plan::file_source& source, const split& part) {
  SLUICE_ASSIGN_OR_RETURN(auto schema, scan_schema(source));
  long long from = 0, to = 0;
  if (std::sscanf(part.path.c_str(), "rate:%lld-%lld", &from, &to) != 2 || to <= from || part.file_size <= 0)
    return status{errc::invalid_plan, "a split of the rate source is called " + part.path};
  return std::unique_ptr<split_reader>(std::make_unique<rate_reader>(std::move(schema), part, to - from));
}

} // namespace sluice::readers
