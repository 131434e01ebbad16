#pragma once
/// durable_create, the one primitive of the commit protocol, and checksummed files.
///
/// A text record file is: a version line ("sluice <kind> v1"), JSON, and a last line "xxh3:<16 hex>" over all bytes before it.
/// A binary object ends with a trailer of 16 bytes: "SLUX3\0\0\0" and the XXH3-64 (little endian) of all bytes before the trailer.
#include <string>
#include <string_view>

#include "common/storage/file_system.hpp"

namespace sluice::storage {

/// Write-once register: temp in the same directory, fsync, link, fsync directory, unlink temp (reliability: link fails if
/// the name exists). Parents must exist. `unique` makes the temp's name (attempt id or UUID).
/// Errors: file_exists (nothing changed: read and adopt what is there); any other error leaves the outcome unknown: re-read.
status durable_create(file_system& files, const std::string& path, std::string_view bytes, std::string_view unique);

/// Directories made durable: creates what is missing and fsyncs each parent that changed.
status durable_make_directories(file_system& files, const std::string& path);

/// Reads a record and makes sure it survives a crash before anyone acts on it (fsyncs its directory first).
result<std::string> adopt(file_system& files, const std::string& path);

/// Text records: adds or checks and strips version line and checksum line. Error: corrupt_file, unsupported_format (with the path).
std::string seal_record(std::string_view kind, std::string_view json);
result<std::string> open_record(std::string_view kind, std::string_view bytes, const std::string& path);

/// Binary trailer and the checksum used for extents.
std::uint64_t checksum(std::string_view bytes) noexcept;
std::string checksum_text(std::uint64_t value);  ///< 16 hex digits
void append_trailer(std::string& bytes);
status check_trailer(std::string_view bytes, const std::string& path);

} // namespace sluice::storage
