#include "coordinator/sources/internal/sink_log.hpp"

#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

namespace sluice::sources {

namespace {

struct log_file {
  std::int64_t number = 0;
  bool compact = false;
  std::string path;
};

// "12" or "12.compact"; anything else (checksums, temporary files) is no log file.
std::optional<log_file> parse_log_name(const std::string& path) {
  std::string_view name = std::string_view{path}.substr(path.rfind('/') + 1);
  log_file found;
  found.path = path;
  if (name.ends_with(".compact")) found.compact = true, name.remove_suffix(8);
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), found.number);
  if (name.empty() || parsed.ec != std::errc{} || parsed.ptr != name.data() + name.size()) return std::nullopt;
  return found;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// "file:///a%20b" to "/a b".
std::string plain_path(std::string_view uri) {
  if (uri.starts_with("file:")) uri.remove_prefix(5);
  if (uri.starts_with("///")) uri.remove_prefix(2);
  std::string out;
  for (std::size_t i = 0; i < uri.size(); ++i) {
    const int high = uri[i] == '%' && i + 2 < uri.size() ? hex_value(uri[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(uri[i + 2]) : -1;
    if (low < 0) {
      out += uri[i];
    } else {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

status read_log_file(storage::file_system& files, const log_file& log, std::map<std::string, file_entry>& entries) {
  SLUICE_ASSIGN_OR_RETURN(const auto text, files.read(log.path));
  const auto corrupt = [&](const std::string& why) { return status{errc::corrupt_file, "sink log " + log.path + ": " + why}; };
  if (!text.starts_with("v1")) return corrupt("it does not begin with v1");
  std::size_t begin = text.find('\n');
  while (begin != std::string::npos && ++begin < text.size()) {
    const std::size_t end = text.find('\n', begin);
    const auto line = std::string_view{text}.substr(begin, end == std::string::npos ? end : end - begin);
    begin = end;
    if (line.empty()) continue;
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("path") || !json["path"].is_string()) return corrupt("a line is no entry");
    file_entry entry;
    entry.path = plain_path(json["path"].get<std::string>());
    const auto number = [&](const char* key) { return json.contains(key) && json[key].is_number_integer() ? json[key].get<std::int64_t>() : 0; };
    entry.size = number("size");
    entry.mtime_us = number("modificationTime") * 1000;
    if (json.contains("action") && json["action"] == "delete") entries.erase(entry.path);
    else entries[entry.path] = entry;
  }
  return ok();
}

} // namespace

result<std::optional<std::vector<file_entry>>> list_sink_log(storage::file_system& files, const std::string& folder) {
  using found_t = std::optional<std::vector<file_entry>>;
  auto listing = files.list(folder + "/_spark_metadata");
  if (listing.code() == errc::no_such_file) return found_t{};
  if (!listing.ok()) return std::move(listing).error();
  std::map<std::int64_t, log_file> logs;
  std::int64_t newest_compact = -1;
  for (const auto& info : *listing) {
    auto log = parse_log_name(info.path);
    if (!log || info.is_directory) continue;
    if (log->compact) newest_compact = std::max(newest_compact, log->number);
    auto& kept = logs[log->number];
    if (kept.path.empty() || log->compact) kept = *log;
  }
  std::map<std::string, file_entry> entries;
  for (auto it = logs.lower_bound(newest_compact); it != logs.end(); ++it) SLUICE_RETURN_IF_ERROR(read_log_file(files, it->second, entries));
  std::vector<file_entry> out;
  for (auto& [path, entry] : entries) {
    // The file itself knows its exact time; a missing one stays listed, so that its reader names it.
    if (auto info = files.stat(path); info.ok()) entry = {path, info->size, info->mtime_us, info->inode};
    out.push_back(entry);
  }
  return found_t{std::move(out)};
}

} // namespace sluice::sources
