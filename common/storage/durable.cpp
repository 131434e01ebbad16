// Text record:   "sluice " kind " v1\n" json "\n" "xxh3:" 16 hex digits "\n"     checksum over everything before "xxh3:"
// Binary object: any bytes, then "SLUX3\0\0\0", then XXH3-64 of those bytes, little endian
#include "common/storage/durable.hpp"

#include <xxhash.h>

#include <cstring>

#include "common/base/seeded_bug.hpp"
#include "common/storage/path.hpp"

namespace sluice::storage {
namespace {

constexpr std::string_view record_mark = "xxh3:";
constexpr std::size_t record_tail = 5 + 16 + 1;
constexpr std::string_view trailer_mark{"SLUX3\0\0\0", 8};
constexpr std::size_t trailer_size = 16;

status write_synced(file_system& files, const std::string& path, std::string_view bytes) {
  auto file = files.create(path);
  if (!file.ok() && file.code() == errc::file_exists) {
    // Left by a crash under the same unique name: never reuse its inode, it may be linked to a record.
    SLUICE_RETURN_IF_ERROR(files.remove(path));
    file = files.create(path);
  }
  if (!file.ok()) return file.error();
  SLUICE_RETURN_IF_ERROR((*file)->append(bytes));
  SLUICE_RETURN_IF_ERROR((*file)->sync());
  return (*file)->close();
}

status corrupt_record(const std::string& path, std::string_view why) {
  return {errc::corrupt_file, path + ": " + std::string{why}};
}

std::uint64_t little_endian(const char* bytes) noexcept {
  std::uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

} // namespace

status durable_create(file_system& files, const std::string& path, std::string_view bytes, std::string_view unique) {
  const auto directory = parent_path(path);
  const auto temp = join_path(directory, "." + base_name(path) + "." + std::string{unique} + ".tmp");
  if (auto written = write_synced(files, temp, bytes); !written.ok()) {
    (void)files.remove(temp);
    // Only the record's own name may answer "exists".
    return written.code() == errc::file_exists ? status{errc::storage_io, written.message()} : std::move(written);
  }
  auto linked = SLUICE_BUG(rename_over_record) ? files.rename(temp, path) : files.link(temp, path);
  if (!linked.ok()) {
    (void)files.remove(temp);
    return linked;
  }
  SLUICE_RETURN_IF_ERROR(files.sync_directory(directory));
  (void)files.remove(temp);
  return ok();
}

status durable_make_directories(file_system& files, const std::string& path) {
  std::vector<std::string> missing;
  auto at = path;
  for (;;) {
    auto found = files.stat(at);
    if (found.ok()) {
      if (!found->is_directory) return {errc::storage_io, "not a directory: " + at};
      break;
    }
    if (found.code() != errc::no_such_file) return found.error();
    missing.push_back(at);
    const auto above = parent_path(at);
    if (above == at) break;
    at = above;
  }
  // A crash may have left the deepest existing directory without a durable entry: sync it again.
  const auto above = parent_path(at);
  if (above != at) {
    auto synced = files.sync_directory(above);
    if (!synced.ok() && missing.empty()) return synced;
  }
  for (auto it = missing.rbegin(); it != missing.rend(); ++it) {
    SLUICE_RETURN_IF_ERROR(files.make_directories(*it));
    SLUICE_RETURN_IF_ERROR(files.sync_directory(parent_path(*it)));
  }
  return ok();
}

result<std::string> adopt(file_system& files, const std::string& path) {
  SLUICE_RETURN_IF_ERROR(files.sync_directory(parent_path(path)));
  return files.read(path);
}

std::string seal_record(std::string_view kind, std::string_view json) {
  std::string bytes = "sluice ";
  bytes.append(kind).append(" v1\n").append(json).append("\n");
  const auto sum = checksum_text(checksum(bytes));
  return bytes.append(record_mark).append(sum).append("\n");
}

result<std::string> open_record(std::string_view kind, std::string_view bytes, const std::string& path) {
  if (bytes.size() < record_tail) return corrupt_record(path, "truncated record");
  const auto body = bytes.substr(0, bytes.size() - record_tail);
  const auto tail = bytes.substr(body.size());
  std::string expected{record_mark};
  expected.append(checksum_text(checksum(body))).append("\n");
  if (tail != expected) return corrupt_record(path, "checksum does not match");
  const auto line_end = body.find('\n');
  if (line_end == std::string_view::npos || body.back() != '\n') return corrupt_record(path, "no version line");
  const auto line = body.substr(0, line_end);
  std::string prefix = "sluice ";
  prefix.append(kind).append(" v");
  if (!line.starts_with(prefix)) return corrupt_record(path, "not a record of kind " + std::string{kind});
  if (line.substr(prefix.size()) != "1")
    return status{errc::unsupported_format, path + ": format " + std::string{line.substr(prefix.size())} + " is not known, only 1"};
  if (body.size() < line_end + 2) return corrupt_record(path, "empty record");
  return std::string{body.substr(line_end + 1, body.size() - line_end - 2)};
}

std::uint64_t checksum(std::string_view bytes) noexcept { return XXH3_64bits(bytes.data(), bytes.size()); }

std::string checksum_text(std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(16, '0');
  for (int i = 15; i >= 0; --i, value >>= 4) text[static_cast<std::size_t>(i)] = digits[value & 15];
  return text;
}

void append_trailer(std::string& bytes) {
  auto sum = checksum(bytes);
  bytes.append(trailer_mark);
  for (int i = 0; i < 8; ++i, sum >>= 8) bytes += static_cast<char>(sum & 0xff);
}

status check_trailer(std::string_view bytes, const std::string& path) {
  if (bytes.size() < trailer_size) return corrupt_record(path, "truncated object");
  const auto body = bytes.substr(0, bytes.size() - trailer_size);
  const auto tail = bytes.substr(body.size());
  if (tail.substr(0, 8) != trailer_mark) return corrupt_record(path, "no checksum trailer");
  if (little_endian(tail.data() + 8) != checksum(body)) return corrupt_record(path, "checksum does not match");
  return ok();
}

} // namespace sluice::storage
