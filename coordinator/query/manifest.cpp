#include "coordinator/query/manifest.hpp"

#include <nlohmann/json.hpp>

#include "common/storage/path.hpp"

namespace sluice::query {
namespace {

/// A path as Spark writes it: a file URI, percent-encoded but for what URIs allow.
std::string file_uri(const std::string& path) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/!$&'()*+,;=:@";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out = "file://";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (plain.find(c) != std::string_view::npos)
      out += c;
    else
      out.append({'%', digits[byte >> 4], digits[byte & 15]});
  }
  return out;
}

} // namespace

std::string manifest_name(std::int64_t batch) { return std::to_string(batch) + (manifest_is_compact(batch) ? ".compact" : ""); }

std::string manifest_lines(const commit& record, const std::string& sink_path) {
  std::string out;
  for (const auto& o : record.output) {
    const nlohmann::ordered_json line = {{"path", file_uri(storage::join_path(sink_path, o.final_path))},
                                         {"size", o.size},
                                         {"isDir", false},
                                         {"modificationTime", record.batch_time_us / 1000},
                                         {"blockReplication", 1},
                                         {"blockSize", 134217728},
                                         {"action", "add"}};
    out += line.dump() + "\n";
  }
  return out;
}

result<std::string> manifest_body(std::string_view text, const std::string& path) {
  if (text == "v1" || text == "v1\n") return std::string{};
  if (!text.starts_with("v1\n")) return status{errc::corrupt_file, path + ": not a manifest of version v1"};
  auto body = std::string{text.substr(3)};
  if (body.back() != '\n') body += '\n';
  return body;
}

} // namespace sluice::query
