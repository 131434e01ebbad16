// JSON lines under any bytes: nothing is lost (records = parsed + bad, rows by mode), cuts into splits and sizes of reading change
// nothing, the learned path and the careful path agree, and lines that a second parser takes as plain objects read the same.
#include <arrow/api.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/fuzz/target.hpp"
#include "tests/unit/worker/readers/reading.hpp"

namespace sluice::fuzz {
namespace {

using readers::testing::outcome;
using readers::testing::reading;

constexpr const char* schemas[] = {
    "a bigint, s string",
    "a bigint, s string, _corrupt_record string",
    "t timestamp, a int, d double, m decimal(10,2), b boolean, y date, _corrupt_record string",
    "o struct<x: int, y: array<string>>, l array<bigint>, m map<string, double>, _corrupt_record string",
};
constexpr const char* modes[] = {"permissive", "dropmalformed", "failfast"};

/// The value a second parser finds, if the line is an object with unique keys and nothing unusual: "a|s", null where there is none.
class second_opinion : public nlohmann::json::json_sax_t {
public:
  bool null() override { return value("null"); }
  bool boolean(bool) override { return other(); }
  bool number_integer(number_integer_t v) override { return number(v); }
  bool number_unsigned(number_unsigned_t v) override { return v <= INT64_MAX ? number(static_cast<std::int64_t>(v)) : other(); }
  bool number_float(number_float_t, const string_t&) override { return other(); }
  bool string(string_t& v) override { return at_ == "a" ? other() : value(v); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return depth_++ == 0; }
  bool key(string_t& v) override { return at_ = v, keys_.insert(v).second; }
  bool end_object() override { return --depth_ == 0; }
  bool start_array(std::size_t) override { return false; }
  bool end_array() override { return false; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }
  std::string row() const { return a_ + "|" + s_; }

private:
  bool other() { return depth_ == 1 && at_ != "a" && at_ != "s"; }
  bool number(std::int64_t v) { return at_ == "s" ? false : value(std::to_string(v)); }
  bool value(const std::string& text) {
    if (depth_ != 1) return false;
    if (at_ == "a") a_ = text;
    if (at_ == "s") s_ = text;
    return true;
  }
  int depth_ = 0;
  std::string at_, a_ = "null", s_ = "null";
  std::set<std::string> keys_;
};

std::string read_time_independent(const outcome& out) {
  std::string text;
  for (const auto& row : out.rows) text += row + "\n";
  return text + std::to_string(out.counts.records) + "/" + std::to_string(out.counts.parsed) + "/" + std::to_string(out.counts.bad);
}

void require_counts(const outcome& out, const std::string& mode) {
  require(out.error.code() != errc::internal, out.error.to_string());
  require(out.counts.records == out.counts.parsed + out.counts.bad, "records are not the parsed and the bad ones");
  if (mode == "failfast") return require(out.error.ok() ? out.counts.bad == 0 : out.error.code() == errc::malformed_record, "failfast fails otherwise: " + out.error.to_string());
  require(out.error.ok(), "a reader fails: " + out.error.to_string());
  const auto rows = static_cast<std::int64_t>(out.rows.size());
  require(rows == (mode == "permissive" ? out.counts.records : out.counts.parsed), "rows are lost or made up");
}

outcome read_in_two(reading& in, std::size_t cut) {
  auto first = in.whole(), second = first;
  first.length = static_cast<std::int64_t>(cut);
  second.offset = first.length;
  second.length -= first.length;
  auto out = in.read(first);
  const auto rest = in.read(second);
  out.rows.insert(out.rows.end(), rest.rows.begin(), rest.rows.end());
  out.counts.records += rest.counts.records;
  out.counts.parsed += rest.counts.parsed;
  out.counts.bad += rest.counts.bad;
  if (out.error.ok()) out.error = rest.error;
  return out;
}

void compare_with_second_parser(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const std::string line(text.substr(at, end - at));
    at = end + 1;
    if (line.find('\r') != std::string::npos || line.find('\0') != std::string::npos) continue;
    second_opinion other;
    if (!nlohmann::json::sax_parse(line, &other)) continue;
    reading in(schemas[0]);
    const auto out = in.read(line + "\n");
    require(out.error.ok() && out.rows.size() == 1 && out.counts.bad == 0, "a plain object is not read: " + line);
    require(out.rows[0] == other.row(), "read " + out.rows[0] + ", a second parser " + other.row() + ": " + line);
  }
}

void run(std::string_view input) {
  const auto flags = take_byte(input), where = take_byte(input);
  const std::string mode = modes[(flags >> 2) % 3];
  plan::option_map options{{"mode", mode}};
  if (flags & 0x40) options["multiline"] = "true";
  if (flags & 0x80) options["allowsinglequotes"] = "false";
  reading in(schemas[flags & 3], options);
  const std::string text(input);
  auto whole = in.read(text);
  require_counts(whole, mode);
  if (mode == "failfast") return;
  const auto expected = read_time_independent(whole);
  in.tuning.fast_path = false;
  require(read_time_independent(in.read(text)) == expected, "the careful path reads otherwise");
  in.tuning.fast_path = true;
  in.options.morsel_bytes = 1 + where % 64;
  require(read_time_independent(in.read(text)) == expected, "small pieces read otherwise");
  if (!(flags & 0x40)) {
    auto halves = read_in_two(in, text.empty() ? 0 : where * 7u % text.size());
    require(read_time_independent(halves) == expected, "two splits read otherwise");
    compare_with_second_parser(text);
  }
  in.options.max_record_bytes = 16 + where;
  require_counts(in.read(text), mode);
}

std::vector<std::string> seeds() {
  const std::string lines[] = {
      "{\"a\":1,\"s\":\"x\"}\n{\"a\":2,\"s\":\"y\"}\n{\"a\":3,\"s\":\"z\"}\n",
      "{\"a\":1,\"s\":\"x\\u00e9\\ud83d\\ude00\\n\"}\r\n[{\"a\":5},{\"s\":null}]\n\nbroken\n{\"a\":\"7\"}",
      "{\"t\":\"2016-07-26T02:45:07.000Z\",\"a\":1,\"d\":1e400,\"m\":12.345,\"b\":true,\"y\":\"2020-02-29\"}\n{'t':1469501107,\"d\":NaN,\"m\":\"1\"}\n",
      "{\"o\":{\"x\":1,\"y\":[\"p\",null]},\"l\":[1,2,9223372036854775808],\"m\":{\"k\":1.5}}\n{\"o\":[],\"l\":{}}\n",
      "\xef\xbb\xbf{\"a\":-0}\n{\"a\":1e2,\"s\":\xff}\n{\"a\":01}\n{\"s\":\"\x01\"}\n/* c */{\"a\":4}\n",
  };
  std::vector<std::string> out{"", "\x40"};
  for (const auto& text : lines)
    for (unsigned flags : {0u, 1u, 2u, 3u, 5u, 6u, 10u, 0x42u, 0x87u}) out.push_back(std::string{static_cast<char>(flags), '\x21'} + text);
  return out;
}

} // namespace

const target json_target{"json", run, seeds};

} // namespace sluice::fuzz
