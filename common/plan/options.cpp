#include "common/plan/options.hpp"

#include <arrow/api.h>

#include <algorithm>
#include <charconv>

#include "common/expr/datetime_pattern.hpp"
#include "common/plan/interval.hpp"
#include "common/sql/nearest.hpp"

namespace sluice::plan {
namespace {

bool is_positive_integer(const std::string& text) {
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value > 0;
}

bool is_boolean(const std::string& text) {
  auto lower = sql::to_lower(text);
  return lower == "true" || lower == "false";
}

/// "7d", "90 min", "500": Spark's time strings; also interval texts.
bool is_duration(const std::string& text) {
  std::size_t i = 0;
  while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
  if (i > 0 && i < 19) {
    while (i < text.size() && text[i] == ' ') ++i;
    auto unit = sql::to_lower(std::string_view(text).substr(i));
    for (std::string_view known : {"", "us", "ms", "s", "m", "min", "h", "d"})
      if (unit == known) return true;
  }
  auto interval = parse_duration_us(text);
  return interval.ok() && *interval >= 0;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    auto end = text.find(' ');
    out.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

/// What is wrong with a value, or "".
std::string value_problem(option_value kind, std::string_view values, const std::string& value) {
  switch (kind) {
    case option_value::text: return value.empty() ? "may not be empty" : "";
    case option_value::any_text: return "";
    case option_value::character: return value.size() > 1 ? "cannot be more than one character" : "";
    case option_value::pattern: {
      auto pattern = expr::datetime_pattern::compile(value);
      return pattern.ok() ? "" : "is no pattern of dates and times: " + pattern.error().message();
    }
    case option_value::time_zone: return expr::find_zone(value).ok() ? "" : "is not the name of a time zone";
    case option_value::positive_integer: return is_positive_integer(value) ? "" : "must be a positive integer";
    case option_value::boolean: return is_boolean(value) ? "" : "must be true or false";
    case option_value::duration: return is_duration(value) ? "" : "must be a time like '7d' or '90 minutes'";
    case option_value::trigger: {
      auto trigger = parse_trigger(value);
      return trigger.ok() ? "" : trigger.error().message();
    }
    case option_value::one_of: {
      auto known = words_of(values);
      for (const auto& word : known)
        if (sql::to_lower(word) == sql::to_lower(value)) return "";
      return "must be one of " + joined(known) + sql::did_you_mean(value, known);
    }
  }
  return "";
}

/// Fixed words as the table spells them, booleans in lower case.
std::string canonical_value(const option_info& info, const std::string& value) {
  if (info.value == option_value::boolean) return sql::to_lower(value);
  if (info.value == option_value::one_of)
    for (const auto& word : words_of(info.values))
      if (sql::to_lower(word) == sql::to_lower(value)) return word;
  return value;
}

} // namespace

const std::vector<option_info>& option_table() {
  using v = option_value;
  constexpr unsigned csv = csv_source | csv_sink;
  constexpr unsigned timed = json_source | json_sink | csv;
  static const std::vector<option_info> table{
      {"path", any_source | file_sink, v::text, "", "folder of the files; relative paths count from the client's directory"},
      {"maxFilesPerTrigger", any_source, v::positive_integer, "", "at most so many new files in a batch; not with maxBytesPerTrigger"},
      {"maxBytesPerTrigger", any_source, v::positive_integer, "", "about so many bytes of new files in a batch, at least one file"},
      {"latestFirst", any_source, v::boolean, "", "take the newest files first"},
      {"maxFileAge", any_source, v::duration, "", "files older than this, seen from the newest, are left out; not with latestFirst and a cap"},
      {"fileNameOnly", any_source, v::boolean, "", "a file counts as seen by its name, not its path"},
      {"pathGlobFilter", any_source, v::text, "", "only files whose name fits this glob"},
      {"recursiveFileLookup", any_source, v::boolean, "", "also files in folders below"},
      {"mode", json_source | csv_source, v::one_of, "PERMISSIVE DROPMALFORMED FAILFAST", "what a record that cannot be parsed does"},
      {"columnNameOfCorruptRecord", json_source | csv_source, v::text, "", "the column that gets the text of a bad record"},
      {"multiLine", json_source | csv_source, v::boolean, "", "records may span lines: a file is read whole (json: one record a file)"},
      {"wholeText", text_source, v::boolean, "", "one row a file instead of one a line"},
      {"encoding", json_source | csv_source | csv_sink, v::one_of, "UTF-8", "encoding of the files"},
      {"timestampFormat", timed, v::pattern, "", "pattern of timestamps"},
      {"timestampNTZFormat", timed, v::pattern, "", "pattern of timestamps without zone"},
      {"dateFormat", timed, v::pattern, "", "pattern of dates"},
      {"timeZone", timed, v::time_zone, "", "zone of timestamps without an offset"},
      {"sep", csv, v::text, "", "what stands between two values (default ',')"},
      {"delimiter", csv, v::text, "", "the same as sep"},
      {"quote", csv, v::character, "", "quotes values (default '\"'); empty: none"},
      {"escape", csv, v::character, "", "escapes quotes inside quoted values (default '\\')"},
      {"comment", csv, v::character, "", "lines that begin with it are left out (default: none)"},
      {"header", csv, v::boolean, "", "the first line of a file holds the names of the columns"},
      {"enforceSchema", csv_source, v::one_of, "true", "the declared columns hold, whatever the header says"},
      {"ignoreLeadingWhiteSpace", csv, v::boolean, "", "drop blanks in front of values (default false when read, true when written)"},
      {"ignoreTrailingWhiteSpace", csv, v::boolean, "", "drop blanks behind values (default false when read, true when written)"},
      {"nullValue", csv, v::any_text, "", "text of nulls (default empty)"},
      {"emptyValue", csv, v::any_text, "", "text of empty strings (default empty when read, '\"\"' when written)"},
      {"nanValue", csv, v::any_text, "", "text read as not-a-number (default NaN)"},
      {"positiveInf", csv, v::any_text, "", "text read as infinity (default Inf)"},
      {"negativeInf", csv, v::any_text, "", "text read as minus infinity (default -Inf)"},
      {"quoteAll", csv_sink, v::boolean, "", "quote every value (default false)"},
      {"escapeQuotes", csv_sink, v::boolean, "", "quote values that hold a quote (default true)"},
      {"rowsPerSecond", rate_source, v::positive_integer, "", "rows that come each second (default 1)"},
      {"rampUpTime", rate_source, v::duration, "", "time until rowsPerSecond is reached (default 0s)"},
      {"numPartitions", rate_source, v::positive_integer, "", "accepted for Spark's sake; rows are divided by their number"},
      {"outputMode", streaming_table, v::one_of, "append update complete", "which rows of the result a batch hands to the sink"},
      {"trigger", streaming_table, v::trigger, "", "'availableNow', 'once' or an interval; without it batches follow one another"},
      {"checkpointLocation", streaming_table, v::text, "", "folder of the query's checkpoint"},
      {"compression", json_sink | csv_sink | text_sink, v::one_of, "none uncompressed gzip", "compression of the files written"},
      {"compression", parquet_sink, v::one_of, "none uncompressed snappy gzip zstd lz4", "compression of the files written"},
      {"ignoreNullFields", json_sink, v::boolean, "", "leave fields out that are null (default true)"},
      {"numRows", console_sink, v::positive_integer, "", "rows shown of a batch (default 20)"},
      {"truncate", console_sink, v::boolean, "", "cut values after 20 characters (default true)"},
  };
  return table;
}

namespace {

struct named_place {
  std::string_view name;
  unsigned place;
};
constexpr named_place source_places[] = {{"json", json_source}, {"csv", csv_source}, {"text", text_source}, {"parquet", parquet_source},
                                         {"rate", rate_source}};
constexpr named_place sink_places[] = {{"memory", memory_sink}, {"console", console_sink}, {"json", json_sink},
                                       {"csv", csv_sink},       {"text", text_sink},       {"parquet", parquet_sink}};

template <std::size_t N>
unsigned place_of(const named_place (&places)[N], const std::string& format) {
  for (const auto& one : places)
    if (one.name == format) return one.place;
  return 0;
}

template <std::size_t N>
std::vector<std::string> names_of(const named_place (&places)[N]) {
  std::vector<std::string> names;
  for (const auto& one : places) names.emplace_back(one.name);
  return names;
}

} // namespace

unsigned source_place(const std::string& format) { return place_of(source_places, format); }
unsigned sink_place(const std::string& format) { return place_of(sink_places, format); }

data::schema_ptr own_schema(const std::string& format) {
  if (format == "text") return arrow::schema({arrow::field("value", arrow::utf8())});
  if (format == "rate") return arrow::schema({arrow::field("timestamp", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")), arrow::field("value", arrow::int64())});
  return nullptr;
}

const std::vector<std::string>& source_formats() {
  static const auto names = names_of(source_places);
  return names;
}

const std::vector<std::string>& sink_formats() {
  static const auto names = names_of(sink_places);
  return names;
}

result<checked_option> check_option(const std::string& key, const std::string& value, unsigned places, const std::string& where,
                                 text_position key_position, text_position value_position) {
  std::string lower = sql::to_lower(key);
  std::vector<std::string> names;
  for (const auto& info : option_table()) {
    if (!(info.places & places)) continue;
    names.emplace_back(info.name);
    if (sql::to_lower(info.name) != lower) continue;
    auto problem = value_problem(info.value, info.values, value);
    if (!problem.empty())
      return status(errc::invalid_option, "the option `" + std::string(info.name) + "` has the value '" + value + "': it " + problem,
                    value_position);
    return checked_option{lower, canonical_value(info, value)};
  }
  return status(errc::unknown_option, where + " has no option `" + key + "`" + sql::did_you_mean(key, names), key_position);
}

result<trigger_spec> parse_trigger(const std::string& text) {
  trigger_spec out;
  auto lower = sql::to_lower(text);
  if (lower == "availablenow") {
    out.what = trigger_spec::kind::available_now;
  } else if (lower == "once") {
    out.what = trigger_spec::kind::once;
  } else {
    auto interval = parse_duration_us(text);
    if (!interval.ok() || *interval < 0)
      return status(errc::invalid_option, "must be 'availableNow', 'once' or an interval like '5 seconds'");
    if (*interval > 0) {
      out.what = trigger_spec::kind::interval;
      out.interval_us = *interval;
    }
  }
  return out;
}

const std::vector<session_setting_info>& session_setting_table() {
  using v = option_value;
  static const std::vector<session_setting_info> table{
      {"spark.sql.ansi.enabled", v::boolean, "overflow, division by zero and bad casts are errors (default true)"},
      {"spark.sql.session.timeZone", v::time_zone, "zone in which timestamps are read and shown"},
      {"spark.sql.shuffle.partitions", v::positive_integer, "accepted for Spark's sake; state is divided by sluice.query.key-groups"},
      {"spark.sql.streaming.checkpointLocation", v::text, "folder that holds the checkpoints of queries without one of their own"},
      {"spark.sql.streaming.minBatchesToRetain", v::positive_integer, "batches whose records are kept"},
      {"sluice.query.key-groups", v::positive_integer, "key groups of new queries"},
      {"sluice.query.max-attempts", v::positive_integer, "attempts of a batch before the query fails"},
      {"sluice.query.base-interval", v::positive_integer, "commits between two base records"},
      {"sluice.query.split-size", v::positive_integer, "bytes of a split"},
      {"sluice.query.result-rows", v::positive_integer, "most rows of a memory table"},
  };
  return table;
}

status check_setting(const std::string& key, const std::string& value, text_position position) {
  std::vector<std::string> names;
  for (const auto& info : session_setting_table()) {
    names.emplace_back(info.name);
    if (info.name != key) continue;
    auto problem = value_problem(info.value, "", value);
    if (problem.empty()) return ok();
    return {errc::invalid_setting, "the setting " + key + " has the value '" + value + "': it " + problem, position};
  }
  return {errc::unknown_setting, "no setting is called " + key + sql::did_you_mean(key, names), position};
}

} // namespace sluice::plan
