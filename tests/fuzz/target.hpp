#pragma once
/// Fuzz targets: functions that take any bytes and may only say no. libFuzzer drives them (fuzz_main.cpp, started by scripts/fuzz);
/// the unit tests run them over their seeds, the kept corpus and all former findings (corpus_test.cpp).
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class Message;
} // namespace google::protobuf

namespace sluice::fuzz {

/// A property that did not hold for an input. Ends a fuzzing run; fails a unit test.
class finding : public std::logic_error {
  using std::logic_error::logic_error;
};

inline void require(bool holds, const std::string& what) {
  if (!holds) throw finding(what);
}

struct target {
  const char* name;
  /// Throws `finding`; anything else it does besides returning (a crash, another exception, a sanitizer's report) is one too.
  void (*run)(std::string_view input);
  /// Inputs from which fuzzing starts.
  std::vector<std::string> (*seeds)();
  /// Makes the message that begins at byte `message_at` of an input, for mutations that keep it well-formed; null: plain bytes.
  std::unique_ptr<google::protobuf::Message> (*message)() = nullptr;
  std::size_t message_at = 0;
};

extern const target link_target;        ///< frames and messages of node links
extern const target records_target;     ///< texts of single records
extern const target checkpoint_target;  ///< a whole checkpoint, damaged
extern const target rows_target;        ///< Arrow IPC: exchange blocks, state sections, rows of clients and of objects
extern const target json_target;        ///< JSON lines
extern const target sql_target;         ///< jobs: split, lexed, parsed, analysed, run
extern const target types_target;       ///< type names, DDL, identifiers, dates, numbers, settings
extern const target plan_target;        ///< encoded plans
extern const target connect_target;     ///< relations of Spark Connect

/// The target of a fuzzing program.
const target& selected();

/// The first byte (0 if there is none) and what follows it.
inline unsigned take_byte(std::string_view& input) {
  if (input.empty()) return 0;
  auto first = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  return first;
}

} // namespace sluice::fuzz
