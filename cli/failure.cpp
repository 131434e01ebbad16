#include "cli/failure.hpp"

#include <cstdio>

#include "proto/sluice/service.pb.h"

namespace sluice::cli {

namespace {

/// Line `number` (from 1) of a text, without its end; empty if there is none.
std::string_view line_of(std::string_view text, int number) {
  for (int line = 1; !text.empty(); ++line) {
    auto end = text.find('\n');
    auto content = text.substr(0, end);
    if (line == number)
      return content.ends_with('\r') ? content.substr(0, content.size() - 1) : content;
    if (end == std::string_view::npos)
      break;
    text.remove_prefix(end + 1);
  }
  return {};
}

/// Blanks up to column `column`, keeping tabs, so that what follows stands below that column.
std::string indent_to(std::string_view line, int column) {
  std::string out;
  int at = 1;
  for (char c : line) {
    if ((static_cast<unsigned char>(c) & 0xC0) == 0x80)
      continue;
    if (at++ >= column)
      break;
    out += c == '\t' ? '\t' : ' ';
  }
  return out;
}

} // namespace

failure failure::from(const status& error) {
  return {static_cast<int>(error.code()), std::string{info(error.code()).name}, error.message(), error.position().line,
          error.position().column};
}

failure failure::from(const proto::error_detail& detail) {
  return {detail.code(), detail.name(), detail.message(), detail.line(), detail.column()};
}

std::string describe(const failure& what, std::string_view source) {
  auto text = "error " + std::to_string(what.code) + " " + what.name + ": " + what.message;
  if (what.line <= 0)
    return text + "\n";
  text += " (line " + std::to_string(what.line) + ", column " + std::to_string(what.column) + ")\n";
  auto line = line_of(source, what.line);
  if (!line.empty())
    text += "  " + std::string{line} + "\n  " + indent_to(line, what.column) + "^\n";
  return text;
}

int report(const failure& what, std::string_view source) {
  auto text = "sluice: " + describe(what, source);
  std::fflush(stdout);
  std::fputs(text.c_str(), stderr);
  if (what.code == static_cast<int>(errc::unreachable))
    return exit_unreachable;
  return what.code == static_cast<int>(errc::invalid_argument) ? exit_usage : exit_failed;
}

} // namespace sluice::cli
