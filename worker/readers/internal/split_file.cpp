#include "worker/readers/internal/split_file.hpp"

#include <algorithm>

namespace sluice::readers {

namespace {

status named_read_error(status error, const std::string& path) {
  if (error.code() == errc::no_such_file) return {errc::source_file_missing, "input file " + path + " is not there"};
  return {errc::source_file_unreadable, "input file " + path + " cannot be read: " + error.message()};
}

status changed_file(const split& part, const std::string& what) {
  return {errc::source_file_changed, "input file " + part.path + " changed after the batch was planned: " + what};
}

} // namespace

result<std::unique_ptr<split_file>> split_file::open(const split& part, storage::file_system& files) {
  auto opened = files.open_for_read(part.path);
  if (!opened.ok()) return named_read_error(std::move(opened).error(), part.path);
  auto file = std::make_unique<split_file>();
  file->part_ = part;
  file->file_ = std::move(opened).value();
  SLUICE_RETURN_IF_ERROR(file->check());
  return file;
}

status split_file::check() {
  auto found = file_->stat();
  if (!found.ok()) return named_read_error(std::move(found).error(), part_.path);
  if (found->is_directory) return {errc::source_file_unreadable, "input file " + part_.path + " is a directory"};
  if (found->size < part_.file_size)
    return changed_file(part_, "it has " + std::to_string(found->size) + " bytes, not " + std::to_string(part_.file_size));
  if (part_.inode != 0 && found->inode != part_.inode) return changed_file(part_, "it was replaced");
  if (part_.mtime_us != 0 && found->mtime_us != part_.mtime_us) return changed_file(part_, "it was written again");
  return ok();
}

result<std::size_t> split_file::read_at(std::int64_t offset, char* buffer, std::size_t length) {
  const auto left = std::max<std::int64_t>(part_.file_size - offset, 0);
  const auto wanted = std::min(length, static_cast<std::size_t>(left));
  std::size_t have = 0;
  while (have < wanted) {
    auto got = file_->read_at(offset + static_cast<std::int64_t>(have), buffer + have, wanted - have);
    if (!got.ok()) return named_read_error(std::move(got).error(), part_.path);
    if (*got == 0) return changed_file(part_, "it ends at byte " + std::to_string(offset + static_cast<std::int64_t>(have)));
    have += *got;
  }
  return have;
}

} // namespace sluice::readers
