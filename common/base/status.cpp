#include "common/base/status.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace sluice {

namespace {

constexpr error_info error_table[] = {
#define SLUICE_ERROR(name, number, domain, retry, spark_class, sqlstate, text) \
  {errc::name, #name, error_domain::domain, error_retry::retry, spark_class, sqlstate, text},
#include "common/base/errors.def"
#undef SLUICE_ERROR
};

} // namespace

const error_info& info(errc code) noexcept {
  const error_info* last = nullptr;
  for (const auto& line : error_table) {
    last = &line;
    if (line.code == code)
      return line;
  }
  return *last;
}

status::status(errc code, std::string message) : status(code, std::move(message), text_position{}) {}

status::status(errc code, std::string message, text_position position)
  : rep_(std::make_shared<const rep>(rep{code, std::move(message), position, {}})) {}

const std::string& status::message() const noexcept {
  static const std::string empty;
  return rep_ ? rep_->message : empty;
}

std::string_view status::spark_class() const noexcept {
  if (!rep_)
    return {};
  return rep_->spark_class.empty() ? info(rep_->code).spark_class : std::string_view{rep_->spark_class};
}

status status::with_spark_class(std::string spark_class) && {
  if (!rep_)
    return {};
  auto changed = *rep_;
  changed.spark_class = std::move(spark_class);
  rep_ = std::make_shared<const rep>(std::move(changed));
  return std::move(*this);
}

status status::with_context(std::string_view what) && {
  if (!rep_)
    return {};
  auto changed = *rep_;
  changed.message = std::string{what} + ": " + changed.message;
  rep_ = std::make_shared<const rep>(std::move(changed));
  return std::move(*this);
}

status status::with_position(text_position position) && {
  if (!rep_)
    return {};
  auto changed = *rep_;
  changed.position = position;
  rep_ = std::make_shared<const rep>(std::move(changed));
  return std::move(*this);
}

std::string status::to_string() const {
  if (!rep_)
    return "ok";
  auto text = "error " + std::to_string(static_cast<int>(rep_->code)) + " " + std::string{info(rep_->code).name} + ": "
              + rep_->message;
  if (rep_->position.line > 0)
    text += " (line " + std::to_string(rep_->position.line) + ", column " + std::to_string(rep_->position.column) + ")";
  return text;
}

void check_failed(const char* file, int line, const char* expression, const std::string& values) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s%s%s\n", file, line, expression, values.empty() ? "" : ": ",
               values.c_str());
  std::fflush(stderr);
  std::abort();
}

} // namespace sluice
