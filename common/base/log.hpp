#pragma once
/// Logging through spdlog, behind four functions so that no other room sees the library.
/// Safe from any thread. Fixed text first, values last: log::info("worker registered", "id", id, "slots", slots).
#include <sstream>
#include <string>
#include <string_view>

namespace sluice::log {

enum class level { debug, info, warn, error };

/// Logs to standard error until `to_file` is called.
void set_level(level minimum);
/// Rotating files: at most `max_files` of `max_bytes` each. Returns false (and keeps standard error) if it cannot be opened.
bool to_file(const std::string& path, std::size_t max_bytes, std::size_t max_files);
void write(level severity, std::string_view text);
void flush();

template <class... Ts>
std::string line(std::string_view text, const Ts&... pairs) {
  std::ostringstream out;
  out << text;
  std::size_t i = 0;
  ((out << (i++ % 2 == 0 ? " " : "=") << pairs), ...);
  return out.str();
}
template <class... Ts>
void debug(std::string_view text, const Ts&... pairs) { write(level::debug, line(text, pairs...)); }
template <class... Ts>
void info(std::string_view text, const Ts&... pairs) { write(level::info, line(text, pairs...)); }
template <class... Ts>
void warn(std::string_view text, const Ts&... pairs) { write(level::warn, line(text, pairs...)); }
template <class... Ts>
void error(std::string_view text, const Ts&... pairs) { write(level::error, line(text, pairs...)); }

} // namespace sluice::log
