#include "tests/sim/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <sstream>

namespace sluice::sim {

/// A line's columns; nothing: null.
struct oracle::event {
  std::optional<std::int64_t> id, time, value;
  std::optional<std::string> action;
  std::optional<double> price;
  std::optional<std::int64_t> cents;  ///< the price as decimal(10, 2)
};

/// All values of a group, in the order they came.
struct oracle::group_state {
  std::vector<event> rows;
};

namespace {

constexpr std::int64_t slide = 300, size = 600;

/// The nudge keeps values that lie between two texts on one side, however they were summed up.
std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.7g", value * (1 + 1e-11));
  return text;
}
template <class Value>
std::string text_of(const std::optional<Value>& value) {
  if (!value) return "null";
  if constexpr (std::is_same_v<Value, std::string>) return *value;
  else if constexpr (std::is_same_v<Value, double>) return number(*value);
  else return std::to_string(*value);
}
/// `units` of 10^-scale.
std::string decimal(std::int64_t units, int scale) {
  auto digits = std::to_string(units);
  if (digits.size() <= static_cast<std::size_t>(scale)) digits.insert(0, static_cast<std::size_t>(scale) + 1 - digits.size(), '0');
  return digits.insert(digits.size() - static_cast<std::size_t>(scale), ".");
}

std::optional<std::string> field(const std::string& line, const std::string& name) {
  auto at = line.find("\"" + name + "\":");
  if (at == std::string::npos) return std::nullopt;
  at += name.size() + 3;
  auto end = line.find_first_of(",}", at);
  auto text = line.substr(at, end - at);
  return text == "null" ? std::nullopt : std::optional(text);
}

} // namespace

/// Whether there is a row; damaged lines give one unless they are dropped.
bool oracle::read(const std::string& line, event& row) const {
  if (line.empty()) return false;
  if (line.front() != '{') return !work_.drop_malformed;  // all null
  auto id = field(line, "id");
  bool damaged = id && id->front() == '"';
  // As in Spark, columns that a query does not use are not looked at.
  if (damaged && work_.drop_malformed && work_.uses_id()) return false;
  if (id && !damaged) row.id = std::strtoll(id->c_str(), nullptr, 10);
  if (auto text = field(line, "time")) row.time = std::strtoll(text->c_str(), nullptr, 10);
  if (auto text = field(line, "action")) row.action = text->substr(1, text->size() - 2);
  if (auto text = field(line, "value")) row.value = std::strtoll(text->c_str(), nullptr, 10);
  if (auto text = field(line, "price")) {
    row.price = std::strtod(text->c_str(), nullptr);
    row.cents = std::llround(*row.price * 100);
  }
  return true;
}

bool oracle::passes(const event& row) const {
  switch (work_.where) {
    case row_filter::nothing: return true;
    case row_filter::not_find: return row.action && *row.action != "find";
    case row_filter::some_ids: return row.id && *row.id % 3 != 0;
  }
  return true;
}

/// The groups a row belongs to; a row without time has no window.
std::vector<std::string> oracle::keys_of(const event& row) const {
  auto action = text_of(row.action);
  std::vector<std::string> windows;
  auto step = work_.group == grouping::tumbling || work_.group == grouping::key_tumbling ? size : slide;
  if (row.time)
    for (auto start = *row.time / step * step; start > *row.time - size; start -= step) windows.push_back(std::to_string(start * 1'000'000));
  switch (work_.group) {
    case grouping::none: return {};
    case grouping::all: return {""};
    case grouping::key: return {action};
    case grouping::sliding:
    case grouping::tumbling: return windows;
    case grouping::key_sliding:
    case grouping::key_tumbling:
      for (auto& key : windows) key = action + "|" + key;
      return windows;
  }
  return {};
}

std::string oracle::plain_row(const event& row) const {
  auto text = text_of(row.id) + "|" + text_of(row.action);
  if (work_.rich) text += "|" + text_of(row.value);
  return text;
}

std::string oracle::value(aggregate what, const group_state& state) const {
  std::vector<std::int64_t> values;
  std::vector<double> prices;
  std::int64_t cents = 0, priced = 0;
  for (const auto& row : state.rows) {
    if (row.value) values.push_back(*row.value);
    if (row.price) prices.push_back(*row.price), cents += *row.cents, ++priced;
  }
  std::int64_t sum = 0;
  for (auto each : values) sum += each;
  double total = 0, squares = 0;
  for (auto each : prices) total += each;
  auto count = static_cast<double>(prices.size());
  for (auto each : prices) squares += (each - total / count) * (each - total / count);
  auto none = [](bool empty, auto&& otherwise) { return empty ? std::string("null") : otherwise(); };
  auto list = [](const auto& items) {
    std::string out = "[";
    for (const auto& item : items) out += (out.size() > 1 ? "," : "") + item;
    return out + "]";
  };
  switch (what) {
    case aggregate::count: return std::to_string(state.rows.size());
    case aggregate::count_value: return std::to_string(values.size());
    case aggregate::count_if: return std::to_string(std::count_if(values.begin(), values.end(), [](auto v) { return v > 50; }));
    case aggregate::sum: return none(values.empty(), [&] { return std::to_string(sum); });
    case aggregate::sum_double: return none(prices.empty(), [&] { return number(total); });
    case aggregate::sum_decimal: return none(priced == 0, [&] { return decimal(cents, 2); });
    case aggregate::avg: return none(prices.empty(), [&] { return number(total / count); });
    case aggregate::avg_decimal:  // half up, away from zero; prices are not negative
      return none(priced == 0, [&] { return decimal((cents * 10'000 * 2 + priced) / (2 * priced), 6); });
    case aggregate::min: return none(values.empty(), [&] { return std::to_string(*std::min_element(values.begin(), values.end())); });
    case aggregate::max: {
      std::optional<std::string> most;
      for (const auto& row : state.rows)
        if (row.action && (!most || *row.action > *most)) most = row.action;
      return text_of(most);
    }
    case aggregate::first: return none(state.rows.empty(), [&] { return text_of(state.rows.front().value); });
    case aggregate::last: return none(state.rows.empty(), [&] { return text_of(state.rows.back().action); });
    case aggregate::stddev_samp: return none(count < 2, [&] { return number(std::sqrt(squares / (count - 1))); });
    case aggregate::stddev_pop: return none(count < 1, [&] { return number(std::sqrt(squares / count)); });
    case aggregate::var_samp: return none(count < 2, [&] { return number(squares / (count - 1)); });
    case aggregate::var_pop: return none(count < 1, [&] { return number(squares / count); });
    case aggregate::collect_list: {
      std::vector<std::string> ids;
      for (const auto& row : state.rows)
        if (row.id) ids.push_back(std::to_string(*row.id));
      return list(ids);
    }
    case aggregate::collect_set: {
      std::set<std::string> actions;
      for (const auto& row : state.rows)
        if (row.action) actions.insert(*row.action);
      return list(actions);
    }
  }
  return "";
}

bool oracle::shown(const group_state& state) const { return !work_.having || state.rows.size() > 1; }

std::string oracle::grouped_row(const std::string& key, const group_state& state) const {
  auto text = key;
  for (auto what : work_.aggregates) text += (text.empty() ? "" : "|") + value(what, state);
  return text;
}

void oracle::forget() {
  known_.clear();
  groups_.clear();
  before_.clear();
  outputs_.clear();
  tables_.clear();
}

void oracle::add(const std::vector<std::string>& contents) {
  row_bag out;
  std::set<std::string> touched;
  for (const auto& content : contents) {
    std::istringstream in(content);
    for (std::string line; std::getline(in, line);) {
      event row;
      if (!read(line, row) || !passes(row)) continue;
      if (work_.group == grouping::none) out.insert(plain_row(row));
      for (const auto& key : keys_of(row)) {
        auto& state = groups_[key];
        if (!state) state = std::make_shared<group_state>();
        state->rows.push_back(row);
        touched.insert(key);
      }
    }
  }
  if (work_.group != grouping::none) {
    if (work_.group == grouping::all && groups_.empty()) groups_[""] = std::make_shared<group_state>();
    for (const auto& [key, state] : groups_)
      if ((work_.mode == output_mode::complete || touched.contains(key)) && shown(*state)) out.insert(grouped_row(key, *state));
  }
  auto table = work_.mode == output_mode::complete || tables_.empty() ? row_bag{} : tables_.back();
  table.insert(out.begin(), out.end());
  tables_.push_back(std::move(table));
  outputs_.push_back(std::move(out));
}

void oracle::learn(const std::vector<std::vector<std::string>>& batches) {
  for (std::size_t i = 0; i < std::min(batches.size(), known_.size()); ++i)
    if (batches[i] != known_[i]) {
      forget();
      break;
    }
  for (auto i = known_.size(); i < batches.size(); ++i) {
    add(batches[i]);
    known_.push_back(batches[i]);
  }
}

const row_bag& oracle::table(std::int64_t n) const { return n < 0 ? before_ : tables_.at(static_cast<std::size_t>(n)); }

} // namespace sluice::sim
