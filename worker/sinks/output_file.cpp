#include "worker/sinks/internal/output_file.hpp"

#include <xxhash.h>

#include "common/base/seeded_bug.hpp"

namespace sluice::sinks {

output_file::output_file() : hash_(XXH3_createState()) { XXH3_64bits_reset(hash_); }

output_file::~output_file() { XXH3_freeState(hash_); }

result<std::unique_ptr<output_file>> output_file::create(const std::string& path, storage::file_system& files) {
  auto out = std::make_unique<output_file>();
  out->path_ = path;
  auto made = files.create(path);
  if (!made.ok()) return out->failed(std::move(made).error());
  out->file_ = std::move(made).value();
  return out;
}

// A full disk keeps its own code, since the life cycle treats it so.
status output_file::failed(status error) const {
  if (error.code() == errc::disk_full) return error;
  return {errc::sink_write, "cannot write " + path_ + ": " + error.message()};
}

status output_file::append(std::string_view bytes) {
  if (bytes.empty()) return ok();
  if (auto done = file_->append(bytes); !done.ok()) return failed(std::move(done));
  XXH3_64bits_update(hash_, bytes.data(), bytes.size());
  size_ += static_cast<std::int64_t>(bytes.size());
  return ok();
}

result<staged_file> output_file::finish(std::int64_t rows) {
  if (auto done = SLUICE_BUG(unsynced_output) ? ok() : file_->sync(); !done.ok()) return failed(std::move(done));
  if (auto done = file_->close(); !done.ok()) return failed(std::move(done));
  return staged_file{path_, size_, XXH3_64bits_digest(hash_), rows};
}

} // namespace sluice::sinks
