#pragma once
/// Pieces of path names. Pure text, no access to any file system.
#include <string>
#include <string_view>

namespace sluice::storage {

/// "/a/b" for "/a/b/c"; "/" for "/a" and "/"; "." for a name without slash.
inline std::string parent_path(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  if (slash == 0) return "/";
  return std::string{path.substr(0, slash)};
}

/// "c" for "/a/b/c".
inline std::string base_name(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const auto slash = path.rfind('/');
  return std::string{slash == std::string_view::npos ? path : path.substr(slash + 1)};
}

/// `directory` + "/" + `name`, without doubling the slash.
inline std::string join_path(std::string_view directory, std::string_view name) {
  std::string out{directory};
  if (!out.empty() && out.back() != '/') out += '/';
  out += name;
  return out;
}

} // namespace sluice::storage
