#pragma once
/// A text that must not be seen: it prints as ***, has no implicit conversion, and its memory is wiped when it goes.
/// Cheap to move; copies are copies. Safe to read from any thread.
///
///   secret token{line};
///   log::info("token read", "token", token);        // token=***
///   mac(token.reveal(), …);
#include <cstring>
#include <ostream>
#include <string>
#include <utility>

namespace sluice {

class secret {
public:
  secret() = default;
  explicit secret(std::string text) : text_(std::move(text)) {}
  secret(const secret&) = default;
  secret& operator=(const secret& other) {
    if (this != &other) *this = secret(other);
    return *this;
  }
  secret(secret&& other) noexcept { text_.swap(other.text_); }
  secret& operator=(secret&& other) noexcept {
    text_.swap(other.text_);
    return *this;
  }
  ~secret() { wipe(text_); }

  bool empty() const noexcept { return text_.empty(); }
  std::size_t size() const noexcept { return text_.size(); }
  /// The text itself, for the one place that needs it; never to be logged, sent or put into a message.
  const std::string& reveal() const noexcept { return text_; }

  /// Overwrites the memory of a text that held a secret on its way here.
  static void wipe(std::string& text) noexcept {
    if (!text.empty()) ::explicit_bzero(text.data(), text.size());
    text.clear();
  }

  friend std::ostream& operator<<(std::ostream& out, const secret&) { return out << "***"; }

private:
  std::string text_;
};

} // namespace sluice
