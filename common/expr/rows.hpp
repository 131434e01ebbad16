#pragma once
/// Vectorised functions out of plain C++ functions over one row. Room-internal.
/// The C++ signature is the SQL signature: coercion, result type, null propagation and the loop follow from it.
///
///   std::int32_t levenshtein(text a, text b);                 // levenshtein(STRING, STRING) INT
///   void initcap(text value, std::string& out);               // initcap(STRING) STRING
///   std::optional<std::int32_t> ascii(text value);            // may be null for values that are not
///   result<double> checked(const row_call& call, double x);   // may fail; call.ansi(), call.fail(…), call.zone()
///   …
///   row_function<levenshtein>("levenshtein", "levenshtein(a, b)", "How many edits lie between two texts."),
///
/// Parameters: bool, integers, float, double, text, bytes, date_days, instant, local_instant; std::optional<T> takes nulls
/// (without it a null argument makes the result null). A last parameter std::string&, bytes_out& or text_list& is the result
/// (cleared before each row); then the function returns void, bool (false: null), status or result<bool>.
#include <arrow/builder.h>

#include <memory>
#include <optional>
#include <tuple>

#include "common/expr/coercion.hpp"
#include "common/expr/zone.hpp"

namespace sluice::expr {

using text = std::string_view;
struct bytes {
  std::string_view value;
};
struct date_days {
  std::int32_t value = 0;  ///< since 1970-01-01
};
struct instant {
  std::int64_t micros = 0;  ///< since 1970-01-01 UTC
};
struct local_instant {
  std::int64_t micros = 0;  ///< TIMESTAMP_NTZ
};
struct bytes_out {
  std::string value;
};
/// An array of texts under construction.
struct text_list {
  std::vector<std::optional<std::string>> values;
  void add(std::string_view value) { values.emplace_back(std::in_place, value); }
};

/// What a row function may ask; lives for one evaluation.
class row_call {
public:
  explicit row_call(const frame& call) : call_(call) {}
  const frame& frame_of() const noexcept { return call_; }
  bool ansi() const noexcept { return call_.ansi(); }
  std::int64_t now() const noexcept { return call_.context.batch_time_us; }
  status fail(errc code, std::string message, std::string spark_class = {}) const { return call_.fail(code, std::move(message), std::move(spark_class)); }
  /// Error invalid_parameter_value: "The value of parameter(s) `…` in `f` is invalid: …".
  status bad_parameter(std::string_view parameter, const std::string& why, std::string condition) const;
  zone_cursor& zone() const;  ///< of the session
  /// One T per evaluation, for what is worth keeping between rows (compiled patterns).
  template <class T>
  T& state() const {
    if (!state_)
      state_ = std::make_shared<T>();
    return *static_cast<T*>(state_.get());
  }

private:
  const frame& call_;
  mutable std::optional<zone_cursor> zone_;
  mutable std::shared_ptr<void> state_;
};

/// For functions that become others: the column keeps the name as written.
inline void keep_name(call_site& site) {
  node shown;
  shown.kind = node_kind::call;
  shown.name = site.name;
  if (site.original)
    shown.args = *site.original;
  site.parameter = "\x1f" + to_sql(shown);
}

namespace rows_detail {

template <class T>
struct plain {
  using type = std::remove_cvref_t<T>;
  static constexpr bool takes_null = false;
};
template <class T>
struct plain<std::optional<T>> {
  using type = T;
  static constexpr bool takes_null = true;
};

template <class T>
data::type_ptr sql_type_of() {
  if constexpr (std::is_same_v<T, bool>) return arrow::boolean();
  else if constexpr (std::is_same_v<T, std::int8_t>) return arrow::int8();
  else if constexpr (std::is_same_v<T, std::int16_t>) return arrow::int16();
  else if constexpr (std::is_same_v<T, std::int32_t>) return arrow::int32();
  else if constexpr (std::is_same_v<T, std::int64_t>) return arrow::int64();
  else if constexpr (std::is_same_v<T, float>) return arrow::float32();
  else if constexpr (std::is_same_v<T, double>) return arrow::float64();
  else if constexpr (std::is_same_v<T, text> || std::is_same_v<T, std::string>) return arrow::utf8();
  else if constexpr (std::is_same_v<T, bytes> || std::is_same_v<T, bytes_out>) return arrow::binary();
  else if constexpr (std::is_same_v<T, text_list>) return arrow::list(arrow::field("element", arrow::utf8(), false));
  else if constexpr (std::is_same_v<T, date_days>) return arrow::date32();
  else if constexpr (std::is_same_v<T, instant>) return data::timestamp_type();
  else {
    static_assert(std::is_same_v<T, local_instant>, "no SQL type");
    return data::timestamp_ntz_type();
  }
}

/// Values of one argument, row by row.
template <class T>
struct reader {
  using raw = std::conditional_t<sizeof(T) == 1, std::int8_t, std::conditional_t<sizeof(T) == 2, std::int16_t, std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>>>;
  explicit reader(const operand& from) : values(from.array->data()->GetValues<T>(1)), step(from.constant ? 0 : 1) {}
  T operator[](std::int64_t row) const noexcept { return values[row * step]; }
  const T* values;
  std::int64_t step;
};
template <>
struct reader<text> : texts {
  using texts::texts;
};
template <>
struct reader<bytes> {
  explicit reader(const operand& from) : values(from) {}
  bytes operator[](std::int64_t row) const { return {values[row]}; }
  texts values;
};
template <>
struct reader<bool> {
  explicit reader(const operand& from) : of(from) {}
  bool operator[](std::int64_t row) const { return static_cast<const arrow::BooleanArray&>(*of.array).Value(of.at(row)); }
  const operand& of;
};
template <class T>
struct reader<std::optional<T>> {
  explicit reader(const operand& from) : of(from), values(from) {}
  std::optional<T> operator[](std::int64_t row) const { return of.null(row) ? std::nullopt : std::optional<T>{values[row]}; }
  const operand& of;
  reader<T> values;
};

/// Result column under construction. `add` takes what the row function gave.
template <class T>
class writer {
public:
  status start(std::int64_t rows) {
    SLUICE_ASSIGN_OR_RETURN(out_, number_output<T>::make(rows));
    return ok();
  }
  void put(std::int64_t row, T value) { out_[row] = value; }
  void skip(std::int64_t row) { out_[row] = T{}; }
  result<data::array_ptr> finish(const data::type_ptr& type, const null_mask& nulls) { return out_.finish(type, nulls); }

private:
  number_output<T> out_;
};
template <>
class writer<bool> {
public:
  status start(std::int64_t rows) {
    bytes_.assign(rows, 0);
    return ok();
  }
  void put(std::int64_t row, bool value) { bytes_[row] = value; }
  void skip(std::int64_t) {}
  result<data::array_ptr> finish(const data::type_ptr&, const null_mask& nulls) { return finish_booleans(bytes_, nulls); }

private:
  std::vector<std::uint8_t> bytes_;
};

template <class F>
struct shape;

/// R f([const row_call&,] A…[, Out&])
template <class R, class... P>
struct shape<R (*)(P...)> {
  using list = std::tuple<std::remove_cvref_t<P>...>;
  template <std::size_t I>
  using parameter = std::tuple_element_t<I, list>;
  static constexpr std::size_t all = sizeof...(P);
  static consteval bool first_is_call() {
    if constexpr (all > 0) return std::is_same_v<parameter<0>, row_call>;
    else return false;
  }
  static consteval bool last_is_output() {
    if constexpr (all > 0)
      return std::is_same_v<parameter<all - 1>, std::string> || std::is_same_v<parameter<all - 1>, bytes_out> || std::is_same_v<parameter<all - 1>, text_list>;
    else return false;
  }
  static constexpr bool has_call = first_is_call();
  static constexpr bool has_output = last_is_output();
  static constexpr std::size_t first = has_call ? 1 : 0;
  static constexpr std::size_t count = all - first - (has_output ? 1 : 0);
  using returned = R;
};

template <class T>
struct unwrapped {
  using value = T;
  static constexpr bool fails = false;
  static constexpr bool may_null = false;
};
template <class T>
struct unwrapped<std::optional<T>> {
  using value = T;
  static constexpr bool fails = false;
  static constexpr bool may_null = true;
};
template <class T>
struct unwrapped<result<T>> {
  using value = typename unwrapped<T>::value;
  static constexpr bool fails = true;
  static constexpr bool may_null = unwrapped<T>::may_null;
};

template <auto F>
struct one {
  using s = shape<decltype(F)>;
  template <std::size_t I>
  using argument = typename s::template parameter<s::first + I>;
  static constexpr std::size_t count = s::count;

  template <std::size_t I>
  static data::type_ptr argument_type() { return sql_type_of<typename plain<argument<I>>::type>(); }

  static data::type_ptr result_type() {
    if constexpr (s::has_output) return sql_type_of<typename s::template parameter<s::all - 1>>();
    else return sql_type_of<typename unwrapped<typename s::returned>::value>();
  }
  static constexpr bool may_null() {
    using r = typename s::returned;
    if constexpr (s::has_output) return std::is_same_v<r, bool> || std::is_same_v<r, result<bool>>;
    else return unwrapped<r>::may_null;
  }

  template <std::size_t... I>
  static bool matches(const std::vector<data::type_ptr>& types, bool exactly, std::index_sequence<I...>) {
    if (types.size() != count) return false;
    [[maybe_unused]] auto fits = [&](std::size_t i, const data::type_ptr& wanted) { return is_null(*types[i]) || data::same_type(*types[i], *wanted) || (!exactly && i > 0 && !is_any_timestamp(*types[i])); };
    return (fits(I, argument_type<I>()) && ...);
  }
  template <std::size_t... I>
  static result<resolved> resolve(std::vector<expr_ptr>& args, call_site& site, std::index_sequence<I...>) {
    bool nullable = may_null();
    [[maybe_unused]] auto take = [&](std::size_t i, const data::type_ptr& type, bool takes_null) -> status {
      SLUICE_RETURN_IF_ERROR(require(args, i, type, site));
      nullable = nullable || (!takes_null && args[i]->nullable);
      return ok();
    };
    status good;
    (void)((good = take(I, argument_type<I>(), plain<argument<I>>::takes_null), good.ok()) && ...);
    if (!good.ok()) return good;
    return resolved{result_type(), nullable};
  }

  template <class... V>
  static decltype(auto) invoke(const row_call& call, V&&... values) {
    if constexpr (s::has_call) return F(call, std::forward<V>(values)...);
    else return F(std::forward<V>(values)...);
  }

  template <std::size_t... I>
  static result<null_mask> nulls_of(const operands& args, std::int64_t rows, std::index_sequence<I...>) {
    operands strict;
    (void)std::initializer_list<int>{(plain<argument<I>>::takes_null ? 0 : (strict.push_back(args[I]), 0))...};
    return null_mask::of(strict, rows);
  }

  template <std::size_t... I>
  static result<data::array_ptr> evaluate(const frame& call, const operands& args, std::index_sequence<I...> indexes) {
    row_call context{call};
    SLUICE_ASSIGN_OR_RETURN(auto nulls, nulls_of(args, call.rows, indexes));
    std::tuple<reader<argument<I>>...> in{reader<argument<I>>(args[I])...};
    if constexpr (s::has_output) {
      return with_output(context, call, nulls, [&](std::int64_t i, auto& out) { return invoke(context, std::get<I>(in)[i]..., out); });
    } else {
      using u = unwrapped<typename s::returned>;
      writer<typename u::value> out;
      SLUICE_RETURN_IF_ERROR(out.start(call.rows));
      for (std::int64_t i = 0; i < call.rows; ++i) {
        if (nulls.null(i)) {
          out.skip(i);
          continue;
        }
        auto value = invoke(context, std::get<I>(in)[i]...);
        if constexpr (u::fails) {
          if (!value.ok()) return std::move(value).error();
          SLUICE_RETURN_IF_ERROR(add(out, nulls, i, *value));
        } else {
          SLUICE_RETURN_IF_ERROR(add(out, nulls, i, value));
        }
      }
      return out.finish(call.call.type, nulls);
    }
  }

  template <class Writer, class T>
  static status add(Writer& out, null_mask& nulls, std::int64_t row, const T& value) {
    if constexpr (unwrapped<T>::may_null) {
      if (!value) {
        out.skip(row);
        return nulls.set_null(row);
      }
      out.put(row, *value);
    } else {
      out.put(row, value);
    }
    return ok();
  }

  template <class Row>
  static result<data::array_ptr> with_output(const row_call&, const frame& call, const null_mask& nulls, Row&& row) {
    using output = typename s::template parameter<s::all - 1>;
    output out;
    if constexpr (std::is_same_v<output, text_list>) {
      auto values = std::make_shared<arrow::StringBuilder>();
      arrow::ListBuilder lists{arrow::default_memory_pool(), values, call.call.type};
      for (std::int64_t i = 0; i < call.rows; ++i) {
        out.values.clear();
        bool valid = false;
        if (!nulls.null(i)) {
          SLUICE_ASSIGN_OR_RETURN(valid, outcome(row, i, out));
        }
        SLUICE_RETURN_IF_ERROR(data::from_arrow(lists.Append(valid)));
        for (const auto& value : out.values)
          SLUICE_RETURN_IF_ERROR(data::from_arrow(!valid ? arrow::Status::OK() : value ? values->Append(*value) : values->AppendNull()));
      }
      return finish_builder(lists);
    } else {
      std::conditional_t<std::is_same_v<output, std::string>, arrow::StringBuilder, arrow::BinaryBuilder> builder;
      SLUICE_RETURN_IF_ERROR(data::from_arrow(builder.Reserve(call.rows)));
      for (std::int64_t i = 0; i < call.rows; ++i) {
        std::string& value = buffer(out);
        value.clear();
        bool valid = false;
        if (!nulls.null(i)) {
          SLUICE_ASSIGN_OR_RETURN(valid, outcome(row, i, out));
        }
        SLUICE_RETURN_IF_ERROR(data::from_arrow(valid ? builder.Append(value) : builder.AppendNull()));
      }
      return finish_builder(builder);
    }
  }
  static std::string& buffer(std::string& out) { return out; }
  static std::string& buffer(bytes_out& out) { return out.value; }

  template <class Row, class Out>
  static result<bool> outcome(Row& row, std::int64_t i, Out& out) {
    using r = typename s::returned;
    if constexpr (std::is_same_v<r, void>) {
      row(i, out);
      return true;
    } else if constexpr (std::is_same_v<r, status>) {
      SLUICE_RETURN_IF_ERROR(row(i, out));
      return true;
    } else {
      return row(i, out);
    }
  }
};

/// Overloads: the first whose parameters are exactly the arguments' types, else the first that takes the first argument as it is,
/// else the first with as many parameters.
template <auto... F>
struct overloads {
  static int choose(const std::vector<data::type_ptr>& types) {
    for (int pass = 0; pass < 3; ++pass) {
      int chosen = -1, index = 0;
      auto consider = [&](bool fits) {
        if (fits && chosen < 0) chosen = index;
        ++index;
      };
      (consider(pass == 2 ? one<F>::count == types.size() : one<F>::matches(types, pass == 0, std::make_index_sequence<one<F>::count>{})), ...);
      if (chosen >= 0) return chosen;
    }
    return -1;
  }
  static result<resolved> resolve(std::vector<expr_ptr>& args, call_site& site) {
    std::vector<data::type_ptr> types;
    for (const auto& arg : args) types.push_back(arg->type);
    result<resolved> made = status{errc::wrong_num_args, "The `" + site.name + "` does not take " + std::to_string(args.size()) + " parameters.", site.position};
    const int chosen = choose(types);
    int index = 0;
    (void)((index++ == chosen ? (made = one<F>::resolve(args, site, std::make_index_sequence<one<F>::count>{}), true) : false) || ...);
    return made;
  }
  static result<data::array_ptr> evaluate(const frame& call, const operands& args) {
    std::vector<data::type_ptr> types;
    for (const auto& arg : args) types.push_back(arg.array->type());
    result<data::array_ptr> made = status{errc::internal, "no overload of " + call.call.name + " takes its arguments"};
    const int chosen = choose(types);
    int index = 0;
    (void)((index++ == chosen ? (made = one<F>::evaluate(call, args, std::make_index_sequence<one<F>::count>{}), true) : false) || ...);
    return made;
  }
  static constexpr int fewest() { return static_cast<int>(std::min({one<F>::count...})); }
  static constexpr int most() { return static_cast<int>(std::max({one<F>::count...})); }
};

} // namespace rows_detail

/// An entry of the registry. `defaults`: literals for trailing arguments that may be left out, separated by blanks ("-1", "' '").
template <auto... F>
constexpr function row_function(std::string_view names, std::string_view signature, std::string_view doc, std::string_view defaults = {}) {
  using set = rows_detail::overloads<F...>;
  const auto blank = names.find(' ');
  int fewest = set::fewest() - (defaults.empty() ? 0 : 1);
  for (char c : defaults)
    fewest -= c == '|';
  return {names.substr(0, blank), blank == std::string_view::npos ? std::string_view{} : names.substr(blank + 1), fewest, set::most(), set::resolve, set::evaluate, nullptr, signature, doc, defaults};
}

} // namespace sluice::expr
