#include "coordinator/sources/file_listing.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "coordinator/sources/internal/glob.hpp"
#include "coordinator/sources/internal/sink_log.hpp"

namespace sluice::sources {

namespace {

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool is_hidden(std::string_view name) { return name.starts_with('_') || name.starts_with('.'); }

std::string plain_root(std::string path) {
  if (path.starts_with("file:")) path.erase(0, 5);
  while (path.starts_with("//")) path.erase(0, 1);
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

bool is_true(const plan::option_map& options, const char* key) {
  const auto it = options.find(key);
  if (it == options.end()) return false;
  std::string text = it->second;
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(c | 0x20); });
  return text == "true";
}

class lister {
public:
  lister(storage::file_system& files, const plan::file_source& source)
    : files_(files), recursive_(is_true(source.options, "recursivefilelookup")) {
    if (const auto it = source.options.find("pathglobfilter"); it != source.options.end()) filter_ = it->second;
  }

  status add_root(const std::string& path) {
    if (!is_glob(path)) return add_existing(path);
    std::size_t matched = 0;
    for (const auto& pattern : expand_braces(path)) {
      SLUICE_ASSIGN_OR_RETURN(const std::size_t more, add_matches(pattern));
      matched += more;
    }
    return matched == 0 ? not_found(path) : ok();
  }

  std::vector<file_entry> take() {
    std::vector<file_entry> out;
    for (auto& [path, entry] : found_) out.push_back(std::move(entry));
    return out;
  }
  const std::set<std::string>& folders() const { return folders_; }

private:
  static status not_found(const std::string& path) { return {errc::path_not_found, "path does not exist: " + path}; }

  status add_existing(const std::string& path) {
    auto info = files_.stat(path);
    if (info.code() == errc::no_such_file) return not_found(path);
    if (!info.ok()) return std::move(info).error();
    if (!info->is_directory) {
      add_file(*info);
      return ok();
    }
    return add_folder(path);
  }

  void add_file(const storage::file_info& info) {
    if (!filter_.empty() && !glob_matches(filter_, base_name(info.path))) return;
    found_[info.path] = {info.path, info.size, info.mtime_us, info.inode};
  }

  status add_folder(const std::string& path) {
    if (!folders_.insert(path).second) return ok();
    SLUICE_ASSIGN_OR_RETURN(auto logged, list_sink_log(files_, path));
    if (logged) {
      for (auto& entry : *logged)
        if (filter_.empty() || glob_matches(filter_, base_name(entry.path))) found_[entry.path] = entry;
      return ok();
    }
    auto listing = files_.list(path);
    if (listing.code() == errc::no_such_file) return ok();  // gone since its parent was listed
    if (!listing.ok()) return std::move(listing).error();
    for (const auto& info : *listing) {
      const auto name = base_name(info.path);
      if (is_hidden(name)) continue;
      if (!info.is_directory) {
        add_file(info);
      } else if (recursive_) {
        SLUICE_RETURN_IF_ERROR(add_folder(info.path));
      } else if (name.find('=') != std::string_view::npos) {
        return {errc::unsupported_feature, "folders as partition columns are not supported: " + info.path + "; use recursiveFileLookup to read the files below"};
      }
    }
    return ok();
  }

  // One brace-free pattern, component by component; how many paths it fits.
  result<std::size_t> add_matches(const std::string& pattern) {
    std::vector<std::string> paths = {""};
    std::size_t begin = pattern.starts_with('/') ? 1 : 0;
    while (begin <= pattern.size() && !paths.empty()) {
      const std::size_t end = std::min(pattern.find('/', begin), pattern.size());
      const auto component = pattern.substr(begin, end - begin);
      begin = end + 1;
      if (component.empty()) continue;
      SLUICE_RETURN_IF_ERROR(step(paths, component));
    }
    for (const auto& path : paths) SLUICE_RETURN_IF_ERROR(add_existing(path));
    return paths.size();
  }

  status step(std::vector<std::string>& paths, const std::string& component) {
    std::vector<std::string> next;
    for (const auto& path : paths) {
      if (!is_glob(component)) {
        if (files_.stat(path + "/" + component).ok()) next.push_back(path + "/" + component);
        continue;
      }
      auto listing = files_.list(path.empty() ? "/" : path);
      if (!listing.ok()) continue;
      folders_.insert(path.empty() ? "/" : path);
      for (const auto& info : *listing) {
        const auto name = base_name(info.path);
        if (is_hidden(name) && !is_hidden(component)) continue;
        if (glob_matches(component, name)) next.push_back(path + "/" + std::string{name});
      }
    }
    paths = std::move(next);
    return ok();
  }

  storage::file_system& files_;
  bool recursive_;
  std::string filter_;
  std::map<std::string, file_entry> found_;
  std::set<std::string> folders_;
};

// What can be watched for a path that is not there yet, or holds a glob: the nearest folder above that exists.
std::string existing_above(storage::file_system& files, std::string path) {
  for (;;) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos || slash == 0) return "/";
    path.resize(slash);
    if (is_glob(path)) continue;
    if (auto info = files.stat(path); info.ok() && info->is_directory) return path;
  }
}

} // namespace

result<std::vector<file_entry>> list_files(storage::file_system& files, const plan::file_source& source) {
  if (source.format == "rate") return status{errc::unsupported_feature, "the rate source can be read by streams only"};
  lister listing(files, source);
  for (const auto& path : source.paths) SLUICE_RETURN_IF_ERROR(listing.add_root(plain_root(path)));
  return listing.take();
}

std::vector<std::string> watched_folders(storage::file_system& files, const plan::file_source& source) {
  lister listing(files, source);
  std::set<std::string> folders;
  for (const auto& given : source.paths) {
    const auto path = plain_root(given);
    (void)listing.add_root(path);
    if (is_glob(path) || !listing.folders().contains(path)) folders.insert(existing_above(files, path));
  }
  folders.insert(listing.folders().begin(), listing.folders().end());
  for (auto it = folders.begin(); it != folders.end();) {
    if (auto log = files.stat(*it + "/_spark_metadata"); log.ok() && log->is_directory) folders.insert(*it + "/_spark_metadata");
    ++it;
  }
  return {folders.begin(), folders.end()};
}

} // namespace sluice::sources
