#include "tests/expressions/golden_file.hpp"

#include <fstream>

namespace sluice::expressions {

namespace {

/// The rest of a line behind a word and a blank, if it begins with them.
bool behind(const std::string& line, const std::string& word, std::string& rest) {
  if (line.size() <= word.size() || line.compare(0, word.size(), word) != 0 || line[word.size()] != ' ')
    return false;
  rest = line.substr(word.size() + 1);
  return true;
}

} // namespace

std::vector<std::string> read_lines(const std::string& path) {
  std::ifstream in{path};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

golden_file read_golden(const std::string& path) {
  golden_file out;
  std::string rest;
  for (const auto& line : read_lines(path)) {
    if (behind(line, "set", rest))
      out.settings[rest.substr(0, rest.find(' '))] = rest.substr(rest.find(' ') + 1);
    else if (behind(line, "expr", rest))
      out.cases.push_back({.expression = rest, .column = {}, .type = {}, .nullable = true, .refused = {}, .rows = {}});
    else if (out.cases.empty())
      continue;
    else if (behind(line, "column", rest))
      out.cases.back().column = rest;
    else if (behind(line, "type", rest))
      out.cases.back().type = rest;
    else if (behind(line, "nullable", rest))
      out.cases.back().nullable = rest == "true";
    else if (behind(line, "refused", rest))
      out.cases.back().refused = rest;
    else if (!line.empty())
      out.cases.back().rows.push_back(line);
  }
  return out;
}

std::vector<value_column> read_columns(const std::string& path) {
  std::vector<value_column> out;
  std::string rest;
  for (const auto& line : read_lines(path)) {
    if (behind(line, "column", rest))
      out.push_back({rest.substr(0, rest.find(' ')), rest.substr(rest.find(' ') + 1), {}});
    else if (behind(line, "cell", rest) && !out.empty())
      out.back().cells.push_back(rest);
  }
  return out;
}

} // namespace sluice::expressions
