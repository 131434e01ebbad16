#include "cli/progress.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>

#include "cli/grid.hpp"

namespace sluice::cli {

namespace {

std::string with_thousands(long long number) {
  auto digits = std::to_string(number < 0 ? -number : number);
  for (auto at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return (number < 0 ? "-" : "") + digits;
}

template <class Number>
Number number_at(const nlohmann::json& object, const char* key) {
  auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<Number>() : Number{};
}

long long now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

} // namespace

progress_figures figures_of(const std::string& json) {
  progress_figures figures;
  auto document = nlohmann::json::parse(json, nullptr, false);
  if (!document.is_object())
    return figures;
  figures.batch = number_at<long long>(document, "batchId");
  figures.input_rows = number_at<long long>(document, "numInputRows");
  figures.rows_per_second = number_at<double>(document, "processedRowsPerSecond");
  // Spark's document for remote clients gives rows per source only.
  if (auto sources = document.find("sources"); !document.contains("numInputRows") && sources != document.end())
    for (const auto& one : *sources)
      if (one.is_object())
        figures.input_rows += number_at<long long>(one, "numInputRows");
  if (auto operators = document.find("stateOperators"); operators != document.end() && operators->is_array())
    for (const auto& one : *operators)
      if (one.is_object())
        figures.state_rows += number_at<long long>(one, "numRowsTotal");
  return figures;
}

std::string progress_line(const std::string& name, const progress_figures& figures) {
  return printable_cell(name) + ": batch " + std::to_string(figures.batch) + ", " + with_thousands(figures.input_rows)
         + " rows, " + with_thousands(static_cast<long long>(figures.rows_per_second)) + " rows/s, "
         + with_thousands(figures.state_rows) + " state rows";
}

void progress_display::update(const std::string& id, const std::string& name, const std::string& json) {
  auto figures = figures_of(json);
  if (figures.batch < 0)
    return;
  auto line = progress_line(name.empty() ? id : name, figures);
  if (!live_) {
    std::fprintf(stderr, "%s\n", line.c_str());
    std::fflush(stderr);
    return;
  }
  if (lines_.emplace(id, line).second)
    order_.push_back(id);
  lines_[id] = line;
  if (auto now = now_ms(); now - last_drawn_ms_ >= 40) {
    erase();
    draw();
    last_drawn_ms_ = now;
  }
}

void progress_display::note(const std::string& text) {
  erase();
  std::fprintf(stderr, "%s\n", text.c_str());
  draw();
  std::fflush(stderr);
}

void progress_display::settle() {
  erase();
  draw();
  drawn_ = 0;
  order_.clear();
  lines_.clear();
}

void progress_display::erase() {
  for (; drawn_ > 0; --drawn_)
    std::fputs("\x1b[1A\x1b[2K", stderr);
}

void progress_display::draw() {
  for (const auto& id : order_)
    std::fprintf(stderr, "%s\n", lines_[id].c_str());
  drawn_ = order_.size();
}

} // namespace sluice::cli
