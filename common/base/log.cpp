#include "common/base/log.hpp"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace sluice::log {

namespace {

constexpr auto pattern = "%Y-%m-%dT%H:%M:%S.%e%z %^%-5l%$ %v";

spdlog::logger& logger() {
  static auto instance = [] {
    auto made = spdlog::stderr_logger_mt("sluice");
    made->set_pattern(pattern);
    made->flush_on(spdlog::level::info);
    spdlog::set_default_logger(made);
    return made;
  }();
  return *spdlog::default_logger_raw();
}

spdlog::level::level_enum converted(level severity) {
  switch (severity) {
    case level::debug: return spdlog::level::debug;
    case level::info: return spdlog::level::info;
    case level::warn: return spdlog::level::warn;
    default: return spdlog::level::err;
  }
}

} // namespace

void set_level(level minimum) { logger().set_level(converted(minimum)); }

bool to_file(const std::string& path, std::size_t max_bytes, std::size_t max_files) {
  try {
    auto old_level = logger().level();
    auto made = std::make_shared<spdlog::logger>(
      "sluice", std::make_shared<spdlog::sinks::rotating_file_sink_mt>(path, max_bytes, max_files));
    made->set_pattern(pattern);
    made->set_level(old_level);
    made->flush_on(spdlog::level::info);
    spdlog::set_default_logger(made);
    return true;
  } catch (const spdlog::spdlog_ex&) {
    return false;
  }
}

void write(level severity, std::string_view text) { logger().log(converted(severity), "{}", text); }
void flush() { logger().flush(); }

} // namespace sluice::log
