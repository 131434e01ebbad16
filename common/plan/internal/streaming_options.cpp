#include "common/plan/internal/streaming.hpp"
#include "common/plan/options.hpp"
#include "common/sql/nearest.hpp"

namespace sluice::plan::internal {

std::string_view mode_name(output_mode mode) {
  return mode == output_mode::append ? "append" : mode == output_mode::update ? "update" : "complete";
}

result<std::vector<sql::option>> join_options(const std::vector<sql::option>& options, const std::vector<sql::option>& properties) {
  std::vector<sql::option> out;
  for (const auto* list : {&options, &properties})
    for (const auto& option : *list) {
      for (const auto& have : out)
        if (equal_names(have.key, option.key))
          return status(errc::invalid_option, "the option `" + option.key + "` is given twice", option.key_position);
      out.push_back(option);
    }
  return out;
}

result<std::string> resolve_path(const std::string& path, const std::string& directory, text_position position) {
  std::string rest = path;
  if (auto colon = rest.find(":/"); colon != std::string::npos && colon > 1 && rest.find('/') > colon) {
    if (sql::to_lower(rest.substr(0, colon)) != "file")
      return status(errc::invalid_option, "the path '" + path + "' is on a file system that is not supported", position);
    rest = rest.substr(colon + 1);
    while (rest.starts_with("//")) rest.erase(0, 1);
  }
  if (rest.find('\0') != std::string::npos || rest.empty()) return status(errc::invalid_option, "the path is not valid", position);
  if (rest[0] != '/') rest = directory + "/" + rest;
  std::vector<std::string> parts;
  for (std::size_t i = 0; i <= rest.size();) {
    auto end = std::min(rest.find('/', i), rest.size());
    auto part = rest.substr(i, end - i);
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(std::move(part));
    }
    i = end + 1;
  }
  std::string out;
  for (const auto& part : parts) out += "/" + part;
  return out.empty() ? std::string("/") : out;
}

result<streaming_options> read_streaming_options(const sql::create_streaming_table& statement, const std::string& directory) {
  streaming_options out;
  out.mode_position = statement.position;
  out.query_position = statement.body->position;
  out.sink.format = statement.format.empty() ? "memory" : statement.format;
  auto place = sink_place(out.sink.format);
  if (!place)
    return status(errc::data_source_not_found, "no sink is called `" + out.sink.format + "`" +
                  sql::did_you_mean(out.sink.format, {"memory", "console", "json", "parquet"}), statement.format_position);
  SLUICE_ASSIGN_OR_RETURN(auto options, join_options(statement.options, statement.properties));
  for (const auto& option : options) {
    SLUICE_ASSIGN_OR_RETURN(auto checked, check_option(option.key, option.value, place | streaming_table, "a streaming table USING " + out.sink.format,
                                                   option.key_position, option.value_position));
    const auto& [key, value] = checked;
    if (key == "outputmode") {
      out.mode = value == "complete" ? output_mode::complete : value == "update" ? output_mode::update : output_mode::append;
      out.mode_position = option.value_position;
    } else if (key == "trigger") {
      SLUICE_ASSIGN_OR_RETURN(out.trigger, parse_trigger(option.value));
    } else if (key == "checkpointlocation") {
      SLUICE_ASSIGN_OR_RETURN(out.checkpoint, resolve_path(option.value, directory, option.value_position));
    } else if (key == "path") {
      SLUICE_ASSIGN_OR_RETURN(out.sink.path, resolve_path(option.value, directory, option.value_position));
    } else {
      out.sink.options[key] = value;
    }
  }
  if ((place & file_sink) && out.sink.path.empty())
    return status(errc::invalid_option, "the sink " + out.sink.format + " needs the option `path`", statement.format_position);
  return out;
}

} // namespace sluice::plan::internal
