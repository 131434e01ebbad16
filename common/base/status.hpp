#pragma once
/// Status and result: how every function of Sluice reports failure. A status is one pointer, null on success.
/// The code comes from the one error table (errors.def); layers add context while passing a status up.
///
///   result<int> parse(std::string_view text);
///   status run() {
///     SLUICE_ASSIGN_OR_RETURN(auto n, parse("12"));
///     SLUICE_RETURN_IF_ERROR(check(n));
///     return ok();
///   }
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

/// Every error code, numbered as in errors.def; `none` is success.
enum class errc : int {
  none = 0,
#define SLUICE_ERROR(name, number, domain, retry, spark_class, sqlstate, text) name = number,
#include "common/base/errors.def"
#undef SLUICE_ERROR
};

/// Whose fault an error is.
enum class error_domain { user, external, internal, storage };
/// What the query life cycle does about it.
enum class error_retry { never, backoff, new_attempt, fence_self };

/// One line of the error table.
struct error_info {
  errc code;
  std::string_view name;
  error_domain domain;
  error_retry retry;
  std::string_view spark_class;
  std::string_view sqlstate;
  std::string_view text;
};

/// The table's line for `code`; an unknown number gives the line of `internal`.
const error_info& info(errc code) noexcept;

/// A position in a job's text: line and column count from 1, offset from 0 in bytes. line == 0: unknown.
struct text_position {
  int line = 0;
  int column = 0;
  int offset = 0;
};

/// Success or an error with code, message and, for errors in SQL text, the position. Cheap to move; copies share.
class [[nodiscard]] status {
public:
  status() noexcept = default;
  status(errc code, std::string message);
  status(errc code, std::string message, text_position position);

  bool ok() const noexcept { return rep_ == nullptr; }
  explicit operator bool() const noexcept = delete;
  errc code() const noexcept { return rep_ ? rep_->code : errc::none; }
  /// The message without code; empty on success.
  const std::string& message() const noexcept;
  text_position position() const noexcept { return rep_ ? rep_->position : text_position{}; }
  /// The Spark error class: the one set with `with_spark_class`, else the table's.
  std::string_view spark_class() const noexcept;
  status with_spark_class(std::string spark_class) &&;

  /// `what: message`, same code and position. No-op on success.
  status with_context(std::string_view what) &&;
  status with_position(text_position position) &&;
  /// "error 2002 unresolved_column: message" (and " (line l, column c)" where known); "ok" on success.
  std::string to_string() const;

private:
  struct rep {
    errc code;
    std::string message;
    text_position position;
    std::string spark_class;
  };
  std::shared_ptr<const rep> rep_;
};

inline status ok() noexcept { return {}; }

/// A value or an error.
template <class T>
class [[nodiscard]] result {
public:
  using value_type = T;
  result(T value) : value_(std::move(value)) {}                // NOLINT: implicit on purpose
  result(status error) : status_(std::move(error)) {}          // NOLINT
  result(errc code, std::string message) : status_(code, std::move(message)) {}

  bool ok() const noexcept { return value_.has_value(); }
  const status& error() const& noexcept { return status_; }
  status error() && noexcept { return std::move(status_); }
  errc code() const noexcept { return status_.code(); }
  T& value() & { return *value_; }
  const T& value() const& { return *value_; }
  T&& value() && { return std::move(*value_); }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return std::move(*value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

private:
  std::optional<T> value_;
  status status_;
};

#define SLUICE_CONCAT_INNER(a, b) a##b
#define SLUICE_CONCAT(a, b) SLUICE_CONCAT_INNER(a, b)
/// Returns from the enclosing function when `expression` (a status) is an error.
#define SLUICE_RETURN_IF_ERROR(expression)        \
  do {                                            \
    ::sluice::status sluice_status = (expression); \
    if (!sluice_status.ok()) return sluice_status; \
  } while (false)
#define SLUICE_ASSIGN_OR_RETURN_INNER(temporary, target, expression) \
  auto temporary = (expression);                                     \
  if (!temporary.ok()) return std::move(temporary).error();          \
  target = std::move(temporary).value()
/// `target = value` of a result, or returns its error.
#define SLUICE_ASSIGN_OR_RETURN(target, expression) \
  SLUICE_ASSIGN_OR_RETURN_INNER(SLUICE_CONCAT(sluice_result_, __COUNTER__), target, expression)

[[noreturn]] void check_failed(const char* file, int line, const char* expression, const std::string& values);
/// Broken invariants of ours (never user input): prints and ends the process.
#define SLUICE_CHECK(condition) \
  ((condition) ? void() : ::sluice::check_failed(__FILE__, __LINE__, #condition, ""))
#define SLUICE_CHECK_EQ(a, b)                                                                                        \
  do {                                                                                                               \
    auto&& sluice_a = (a);                                                                                           \
    auto&& sluice_b = (b);                                                                                           \
    if (!(sluice_a == sluice_b))                                                                                     \
      ::sluice::check_failed(__FILE__, __LINE__, #a " == " #b, ::sluice::printable(sluice_a) + " vs " + ::sluice::printable(sluice_b)); \
  } while (false)

template <class T>
std::string printable(const T& value) {
  if constexpr (requires { std::to_string(value); })
    return std::to_string(value);
  else if constexpr (requires { std::string{value}; })
    return std::string{value};
  else
    return "?";
}

} // namespace sluice
