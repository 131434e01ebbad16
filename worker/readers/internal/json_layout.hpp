#pragma once
/// The fast path: machines write every line alike, so the bytes between the values of one line are compared, not parsed,
/// in the next. A line that differs in any way is left to the record parser; what is accepted reads the same either way.
#include <optional>
#include <string>
#include <vector>

#include "worker/readers/internal/json_columns.hpp"

namespace sluice::readers {

class json_layout {
public:
  /// From a well-formed line [begin, end) holding one object; empty if it has no simple layout (a wanted name twice, too long).
  static std::optional<json_layout> learn(const char* begin, const char* end, const json_grammar& grammar, const json_columns& columns);

  /// Reads lines from `p` on as rows while they fit; returns where it stopped: `end`, or the first line that differs.
  const char* read_lines(const char* p, const char* end, json_columns& rows, const json_grammar& grammar) const;
  bool operator==(const json_layout& other) const { return literals_ == other.literals_ && steps_ == other.steps_; }

private:
  /// Literal bytes, then a value.
  struct step {
    std::uint32_t literal = 0;  ///< where in literals_
    std::uint32_t length = 0;
    std::int32_t column = -1;   ///< -1: a value nobody wants
    bool operator==(const step&) const = default;
  };

  template <bool Track>
  const char* read_tracked(const char* p, const char* end, json_columns& rows, const json_grammar& grammar) const;
  const char* read_values(const char* p, json_columns& rows, const json_grammar& grammar) const;
  void add_step(const char* begin, const char* end, int column);

  std::string literals_;  // padded to 16 bytes each
  std::vector<step> steps_;
  step tail_;
  std::vector<int> absent_;
};

} // namespace sluice::readers
