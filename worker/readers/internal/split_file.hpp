#pragma once
/// The file of a split, checked against the intent: size, modification time and inode, when opened and when done.
#include <memory>

#include "worker/readers/reader.hpp"

namespace sluice::readers {

class split_file {
public:
  /// Errors: source_file_missing, source_file_unreadable, source_file_changed, all with the path.
  static result<std::unique_ptr<split_file>> open(const split& part, storage::file_system& files);

  /// Exactly `length` bytes, or what is left before file_size. A shorter file is source_file_changed.
  result<std::size_t> read_at(std::int64_t offset, char* buffer, std::size_t length);
  std::int64_t size() const noexcept { return part_.file_size; }
  const std::string& path() const noexcept { return part_.path; }
  /// Checks again that the file is what the intent names.
  status check();

private:
  split part_;
  std::unique_ptr<storage::readable_file> file_;
};

} // namespace sluice::readers
