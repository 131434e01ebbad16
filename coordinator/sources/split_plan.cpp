#include "coordinator/sources/split_plan.hpp"

#include <algorithm>

#include "common/base/seeded_bug.hpp"

namespace sluice::sources {

namespace {

std::string option_lower(const plan::option_map& options, const char* key) {
  const auto it = options.find(key);
  std::string text = it == options.end() ? "" : it->second;
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_compressed(const plan::file_source& source, std::string path) {
  std::transform(path.begin(), path.end(), path.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const std::string_view suffix : {".gz", ".zst", ".bz2", ".deflate", ".snappy", ".lz4", ".lzo", ".xz"})
    if (path.ends_with(suffix)) return true;
  auto codec = option_lower(source.options, "compression");
  if (codec.empty()) codec = option_lower(source.options, "codec");
  return !codec.empty() && codec != "none" && codec != "uncompressed";
}

constexpr std::int64_t rate_rows_per_split = 1 << 18;

} // namespace

bool is_splittable(const plan::file_source& source, const std::string& path) {
  const bool lines = source.format == "json" || source.format == "csv" || source.format == "text";
  const bool whole = option_lower(source.options, "multiline") == "true" || option_lower(source.options, "wholetext") == "true";
  return lines && !whole && !is_compressed(source, path);
}

std::vector<split> plan_splits(const std::vector<file_entry>& files, const plan::file_source& source, std::int64_t target_bytes) {
  std::vector<split> splits;
  const bool rate = source.format == "rate";
  const std::int64_t target = rate ? rate_rows_per_split : std::max<std::int64_t>(target_bytes, 1);
  for (const auto& file : files) {
    const std::int64_t pieces = rate || is_splittable(source, file.path) ? std::max<std::int64_t>((file.size + target - 1) / target, 1) : 1;
    const auto border = [&](std::int64_t i) { return static_cast<std::int64_t>(static_cast<__int128>(file.size) * i / pieces); };
    for (std::int64_t i = 0; i < pieces; ++i)
      splits.push_back({static_cast<std::int32_t>(splits.size()), file.path, border(i), border(i + 1) - border(i) - (SLUICE_BUG(split_off_by_one) && i > 0), file.size, file.mtime_us, file.inode});
  }
  return splits;
}

} // namespace sluice::sources
