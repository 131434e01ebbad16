#pragma once
/// Every option of sources, sinks and streaming tables, once: names, where they hold, what values they take, what they do.
#include <string>
#include <string_view>
#include <vector>

#include "common/plan/plan.hpp"

namespace sluice::plan {

/// Where an option may stand (bits).
enum option_place : unsigned {
  json_source = 1,
  csv_source = 2,
  text_source = 4,
  parquet_source = 8,
  streaming_table = 16,  ///< any sink
  memory_sink = 32,
  console_sink = 64,
  json_sink = 128,
  csv_sink = 256,
  text_sink = 512,
  parquet_sink = 1024,
  rate_source = 2048
};
/// Sources that read files.
inline constexpr unsigned any_source = json_source | csv_source | text_source | parquet_source;
inline constexpr unsigned file_sink = json_sink | csv_sink | text_sink | parquet_sink;

enum class option_value { text, any_text, character, positive_integer, boolean, duration, trigger, one_of, pattern, time_zone };

struct option_info {
  std::string_view name;    ///< as Spark spells it; looked up without regard to case
  unsigned places;
  option_value value;
  std::string_view values;  ///< one_of: blank-separated, compared without regard to case
  std::string_view doc;
};

const std::vector<option_info>& option_table();

/// The place of a source or sink format; 0 when there is none of this name.
unsigned source_place(const std::string& format);
unsigned sink_place(const std::string& format);
/// The schema that a source has by itself (rate, text); null for the others.
data::schema_ptr own_schema(const std::string& format);
/// Names of the formats, for suggestions.
const std::vector<std::string>& source_formats();
const std::vector<std::string>& sink_formats();

/// Checks one option: unknown_option with the nearest name, invalid_option with what the option takes. `where` ("a json source") is for
/// messages. Gives the key in lower case and the value as the table spells it.
struct checked_option {
  std::string key;
  std::string value;
};
result<checked_option> check_option(const std::string& key, const std::string& value, unsigned places, const std::string& where,
                                 text_position key_position, text_position value_position);

/// "availableNow", "once", an interval.
result<trigger_spec> parse_trigger(const std::string& text);

/// Settings that SET takes.
struct session_setting_info {
  std::string_view name;
  option_value value;
  std::string_view doc;
};
const std::vector<session_setting_info>& session_setting_table();
/// Error: unknown_setting with the nearest name, invalid_setting.
status check_setting(const std::string& key, const std::string& value, text_position position);

} // namespace sluice::plan
