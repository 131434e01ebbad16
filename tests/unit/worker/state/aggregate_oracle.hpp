#pragma once
// Random events, and the same aggregation computed one row at a time from the definition of windows.
#include <arrow/api.h>
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "common/exec/aggregate.hpp"

namespace sluice::test {

struct event {
  std::optional<std::int64_t> time;
  std::optional<std::string> text;
  std::int64_t number = 0;
  std::optional<std::int64_t> value;
  double real = 0;
  std::int64_t cents = 0;
  bool flag = false;
  std::tuple<std::int64_t, std::int32_t, std::int64_t> position;
};

struct shape {
  bool text_key = true;
  bool number_key = false;
  bool windowed = true;
  std::int64_t size = 10, slide = 5, start = 0;
};

inline data::schema_ptr event_schema() {
  return arrow::schema({arrow::field("time", data::timestamp_type()), arrow::field("text", arrow::utf8()),
                        arrow::field("number", arrow::int64()), arrow::field("value", arrow::int64()),
                        arrow::field("real", arrow::float64()), arrow::field("cents", arrow::decimal128(20, 2)),
                        arrow::field("flag", arrow::boolean())});
}

inline data::batch_ptr to_batch(const std::vector<event>& events) {
  arrow::TimestampBuilder time(data::timestamp_type(), arrow::default_memory_pool());
  arrow::StringBuilder text;
  arrow::Int64Builder number, value;
  arrow::DoubleBuilder real;
  arrow::Decimal128Builder cents(arrow::decimal128(20, 2));
  arrow::BooleanBuilder flag;
  auto check = [](arrow::Status done) { SLUICE_CHECK(done.ok()); };
  for (const auto& e : events) {
    check(e.time ? time.Append(*e.time) : time.AppendNull());
    check(e.text ? text.Append(*e.text) : text.AppendNull());
    check(number.Append(e.number));
    check(e.value ? value.Append(*e.value) : value.AppendNull());
    check(real.Append(e.real));
    check(cents.Append(arrow::Decimal128(e.cents)));
    check(flag.Append(e.flag));
  }
  std::vector<data::array_ptr> columns(7);
  check(time.Finish(&columns[0]));
  check(text.Finish(&columns[1]));
  check(number.Finish(&columns[2]));
  check(value.Finish(&columns[3]));
  check(real.Finish(&columns[4]));
  check(cents.Finish(&columns[5]));
  check(flag.Finish(&columns[6]));
  return arrow::RecordBatch::Make(event_schema(), static_cast<std::int64_t>(events.size()), columns);
}

inline expr::expr_ptr column_of(int index) {
  auto node = std::make_shared<expr::node>();
  node->kind = expr::node_kind::column;
  node->index = index;
  node->type = event_schema()->field(index)->type();
  node->name = event_schema()->field(index)->name();
  return node;
}

inline plan::aggregate_call call_of(std::string function, std::vector<int> args, data::type_ptr type, bool filtered = false,
                                    bool ignore_nulls = false) {
  plan::aggregate_call call;
  call.function = std::move(function);
  for (auto index : args) call.args.push_back(column_of(index));
  call.type = std::move(type);
  if (filtered) call.filter = column_of(6);
  call.ignore_nulls = ignore_nulls;
  return call;
}

inline plan::aggregation make_aggregation(const shape& s) {
  plan::aggregation a;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  auto add_key = [&](int index) {
    a.keys.push_back(column_of(index));
    a.key_names.push_back(event_schema()->field(index)->name());
    fields.push_back(event_schema()->field(index));
  };
  if (s.text_key) add_key(1);
  if (s.number_key) add_key(2);
  if (s.windowed) {
    a.window = plan::window_spec{column_of(0), s.size, s.slide, s.start};
    fields.push_back(arrow::field("window", data::window_type(data::timestamp_type())));
  }
  auto list_of = [](data::type_ptr type) { return arrow::list(arrow::field("element", type)); };
  a.calls = {call_of("count", {}, arrow::int64()),
             call_of("count", {3, 1}, arrow::int64()),
             call_of("sum", {3}, arrow::int64()),
             call_of("sum", {3}, arrow::int64(), true),
             call_of("avg", {4}, arrow::float64()),
             call_of("min", {3}, arrow::int64()),
             call_of("max", {1}, arrow::utf8()),
             call_of("min", {4}, arrow::float64()),
             call_of("max", {4}, arrow::float64()),
             call_of("sum", {5}, arrow::decimal128(20, 2)),
             call_of("avg", {5}, arrow::decimal128(14, 6)),
             call_of("count_if", {6}, arrow::int64()),
             call_of("first", {3}, arrow::int64()),
             call_of("last", {1}, arrow::utf8(), false, true),
             call_of("collect_list", {3}, list_of(arrow::int64())),
             call_of("collect_set", {1}, list_of(arrow::utf8())),
             call_of("stddev_samp", {4}, arrow::float64()),
             call_of("var_pop", {4}, arrow::float64())};
  for (std::size_t i = 0; i < a.calls.size(); ++i) fields.push_back(arrow::field(fmt::format("c{}", i), a.calls[i].type));
  a.output = arrow::schema(fields);
  return a;
}

/// Eight digits; nudged, so that values half-way between two texts round alike whatever their last bit.
inline std::string number_text(double value) {
  return std::isnan(value) ? "nan" : fmt::format("{:.8g}", value * (1 + 3.3e-11) + 0.0);
}

inline std::string cell(const arrow::Array& array, std::int64_t row) {
  if (array.IsNull(row)) return "null";
  if (array.type_id() == arrow::Type::DOUBLE) return number_text(static_cast<const arrow::DoubleArray&>(array).Value(row));
  if (array.type_id() == arrow::Type::TIMESTAMP) return std::to_string(static_cast<const arrow::TimestampArray&>(array).Value(row));
  if (array.type_id() == arrow::Type::STRING) return static_cast<const arrow::StringArray&>(array).GetString(row);
  if (array.type_id() == arrow::Type::INT64) return std::to_string(static_cast<const arrow::Int64Array&>(array).Value(row));
  if (array.type_id() == arrow::Type::DECIMAL128) return static_cast<const arrow::Decimal128Array&>(array).FormatValue(row);
  if (array.type_id() == arrow::Type::STRUCT) {
    const auto& item = static_cast<const arrow::StructArray&>(array);
    return cell(*item.field(0), row) + ".." + cell(*item.field(1), row);
  }
  if (array.type_id() == arrow::Type::LIST) {
    const auto& list = static_cast<const arrow::ListArray&>(array);
    std::string text = "[";
    for (auto i = list.value_offset(row); i < list.value_offset(row + 1); ++i) text += cell(*list.values(), i) + ",";
    return text + "]";
  }
  return "?";
}

using table_rows = std::map<std::string, std::string>;  // keys and window -> results

inline void add_rows(const arrow::RecordBatch& batch, int num_keys, table_rows& out) {
  for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
    std::string key, values;
    for (int c = 0; c < batch.num_columns(); ++c) (c < num_keys ? key : values) += cell(*batch.column(c), row) + "|";
    SLUICE_CHECK(out.emplace(key, values).second);
  }
}

/// Starts of the windows of a time, one after the other as the definition says.
inline std::vector<std::int64_t> windows_of(std::int64_t time, const shape& s) {
  auto r = (time - s.start) % s.slide;
  if (r < 0) r += s.slide;
  std::vector<std::int64_t> starts;
  for (auto start = time - r; start + s.size > time; start -= s.slide) starts.push_back(start);
  return starts;
}

inline std::string decimal_text(__int128 unscaled, int scale) {
  return arrow::Decimal128(static_cast<std::int64_t>(unscaled >> 64), static_cast<std::uint64_t>(unscaled)).ToString(scale);
}

/// Results of one group over its events in order of position.
inline std::string results_of(std::vector<const event*> group) {
  std::sort(group.begin(), group.end(), [](auto* a, auto* b) { return a->position < b->position; });
  std::int64_t pairs = 0, sum = 0, filtered = 0, flags = 0, cents = 0;
  bool any = false, any_filtered = false;
  double total = 0, low = INFINITY, high = -INFINITY;
  bool nan = false;
  std::optional<std::int64_t> least;
  std::optional<std::string> greatest, last;
  std::string list = "[", set = "[";
  std::set<std::string> seen;
  for (const auto* e : group) {
    pairs += e->value && e->text;
    if (e->value) {
      sum += *e->value, any = true;
      if (e->flag) filtered += *e->value, any_filtered = true;
      least = least ? std::min(*least, *e->value) : *e->value;
      list += std::to_string(*e->value) + ",";
    }
    if (e->text) {
      greatest = greatest ? std::max(*greatest, *e->text) : *e->text;
      last = e->text;
      if (seen.insert(*e->text).second) set += *e->text + ",";
    }
    total += e->real;
    if (std::isnan(e->real)) nan = true;
    if (!std::isnan(e->real)) low = std::min(low, e->real), high = std::max(high, e->real);
    flags += e->flag;
    cents += e->cents;
  }
  auto count = static_cast<double>(group.size());
  auto mean = total / count;
  double squares = 0;
  for (const auto* e : group) squares += (e->real - mean) * (e->real - mean);
  auto optional_number = [](std::optional<std::int64_t> v) { return v ? std::to_string(*v) : std::string("null"); };
  // Half up at six digits: cents have two.
  auto scaled = static_cast<__int128>(cents) * 10000;
  auto n = static_cast<__int128>(group.size());
  auto magnitude = ((scaled < 0 ? -scaled : scaled) * 2 + n) / (2 * n);
  auto quotient = scaled < 0 ? -magnitude : magnitude;
  auto all_nan = nan && low > high;
  std::string out = fmt::format("{}|{}|{}|{}|", group.size(), pairs, any ? std::to_string(sum) : "null",
                                any_filtered ? std::to_string(filtered) : "null");
  out += fmt::format("{}|{}|{}|{}|{}|", number_text(mean), optional_number(least), greatest.value_or("null"),
                     all_nan ? "nan" : number_text(low), nan ? "nan" : number_text(high));
  out += fmt::format("{}|{}|{}|{}|{}|", decimal_text(cents, 2), decimal_text(quotient, 6), flags,
                     optional_number(group.front()->value), last.value_or("null"));
  out += fmt::format("{}]|{}]|{}|{}|", list, set, group.size() < 2 ? "null" : number_text(std::sqrt(squares / (count - 1))),
                     number_text(squares / count));
  return out;
}

/// The whole answer over all events. `touched`: only groups that hold one of these events.
inline table_rows expected(const std::vector<event>& events, const shape& s, const std::vector<event>* touched = nullptr) {
  auto names_of = [&](const event& e) {
    std::string key;
    if (s.text_key) key += e.text.value_or("null") + "|";
    if (s.number_key) key += std::to_string(e.number) + "|";
    std::vector<std::string> names;
    if (!s.windowed) return std::vector<std::string>{key};
    if (e.time)
      for (auto start : windows_of(*e.time, s)) names.push_back(fmt::format("{}{}..{}|", key, start, start + s.size));
    return names;
  };
  std::map<std::string, std::vector<const event*>> groups;
  for (const auto& e : events)
    for (auto& name : names_of(e)) groups[name].push_back(&e);
  std::set<std::string> wanted;
  if (touched)
    for (const auto& e : *touched)
      for (auto& name : names_of(e)) wanted.insert(name);
  table_rows out;
  for (auto& [name, group] : groups)
    if (!touched || wanted.contains(name)) out[name] = results_of(group);
  return out;
}

/// The first rows that differ; empty if equal.
inline std::string differences(const table_rows& got, const table_rows& want) {
  std::string text;
  int count = 0;
  for (const auto& [key, values] : want)
    if (auto at = got.find(key); (at == got.end() || at->second != values) && ++count <= 3)
      text += key + "\n  want " + values + "\n  got  " + (at == got.end() ? "nothing" : at->second) + "\n";
  for (const auto& [key, values] : got)
    if (!want.contains(key) && ++count <= 3) text += key + "\n  not wanted\n";
  return text;
}

class event_maker {
public:
  explicit event_maker(std::uint64_t seed) : random(seed) {}
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n)); }
  std::vector<event> make(std::int64_t count, std::int64_t span) {
    static const char* texts[] = {"Open", "Close", "", "a rather long key, longer than two words", "x", "Open "};
    std::vector<event> events(static_cast<std::size_t>(count));
    for (auto& e : events) {
      if (below(20) != 0) e.time = below(span) - span / 2;
      if (below(10) != 0) e.text = texts[below(6)];
      e.number = below(5) - 2;
      if (below(8) != 0) e.value = below(1000) - 500;
      e.real = static_cast<double>(below(4000) - 2000) / 8;
      e.cents = below(100000) - 50000;
      e.flag = below(2) == 0;
    }
    return events;
  }
  std::mt19937_64 random;
};

} // namespace sluice::test
