#include "worker/readers/internal/bad_records.hpp"

#include <arrow/api.h>

#include <algorithm>
#include <cctype>

#include "common/data/arrow_status.hpp"
#include "worker/readers/internal/utf8.hpp"

namespace sluice::readers {

bad_record_mode mode_of(const plan::option_map& options) {
  const auto it = options.find("mode");
  std::string mode = it == options.end() ? "" : it->second;
  std::transform(mode.begin(), mode.end(), mode.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (mode == "dropmalformed") return bad_record_mode::drop_malformed;
  return mode == "failfast" ? bad_record_mode::fail_fast : bad_record_mode::permissive;
}

std::string corrupt_name_of(const plan::option_map& options) {
  const auto it = options.find("columnnameofcorruptrecord");
  return it == options.end() ? "_corrupt_record" : it->second;
}

result<data::batch_ptr> without_bad(const data::batch_ptr& batch, const std::function<bool(std::size_t)>& is_bad) {
  arrow::RecordBatchVector pieces;
  const auto rows = static_cast<std::size_t>(batch->num_rows());
  std::int64_t kept = 0;
  for (std::size_t row = 0; row < rows;) {
    std::size_t end = row;
    while (end < rows && !is_bad(end)) ++end;
    if (end > row) pieces.push_back(batch->Slice(static_cast<std::int64_t>(row), static_cast<std::int64_t>(end - row)));
    kept += static_cast<std::int64_t>(end - row);
    row = end + 1;
  }
  if (pieces.empty()) return batch->Slice(0, 0);
  if (pieces.size() == 1) return pieces[0];
  if (batch->num_columns() == 0) return arrow::RecordBatch::Make(batch->schema(), kept, std::vector<data::array_ptr>{});
  return data::from_arrow(arrow::ConcatenateRecordBatches(pieces));
}

status malformed_record(const std::string& path, std::int64_t offset, std::string_view record) {
  return {errc::malformed_record, "malformed record in " + path + " at byte " + std::to_string(offset) +
                                    " (mode FAILFAST): " + valid_utf8(record.substr(0, 200))};
}

status oversized_record(const std::string& path, std::int64_t offset, std::size_t limit) {
  return {errc::record_too_large, "record beyond " + std::to_string(limit) + " bytes in " + path + " at byte " + std::to_string(offset)};
}

} // namespace sluice::readers
