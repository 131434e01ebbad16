#pragma once
/// What a record that cannot be parsed does (Spark's option `mode`), the same for every text format.
#include <functional>
#include <string>

#include "worker/readers/reader.hpp"

namespace sluice::readers {

enum class bad_record_mode { permissive, drop_malformed, fail_fast };

bad_record_mode mode_of(const plan::option_map& options);
/// The column that gets the text of a bad record; "_corrupt_record" unless option columnNameOfCorruptRecord says otherwise.
std::string corrupt_name_of(const plan::option_map& options);

/// The rows for which `is_bad` is false.
result<data::batch_ptr> without_bad(const data::batch_ptr& batch, const std::function<bool(std::size_t)>& is_bad);

/// FAILFAST's error, with the first 200 bytes of the record; `offset` counts from the start of the (decompressed) file.
status malformed_record(const std::string& path, std::int64_t offset, std::string_view record);
/// The error of a record beyond the limit.
status oversized_record(const std::string& path, std::int64_t offset, std::size_t limit);

} // namespace sluice::readers
