#include <arrow/scalar.h>

#include "common/expr/json_text.hpp"
#include "common/expr/json_tree.hpp"
#include "common/expr/rows.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

/// One step of a path: a member, an element, or all of them.
struct path_step {
  enum class kind { member, element, all_members, all_elements } what;
  std::string name;
  std::size_t index = 0;
};

/// "$.a['b'][0][*]"; nothing when it is no path.
std::optional<std::vector<path_step>> parse_path(std::string_view path) {
  std::vector<path_step> steps;
  if (!path.starts_with('$'))
    return std::nullopt;
  path.remove_prefix(1);
  while (!path.empty()) {
    if (path[0] == '.') {
      const auto end = std::min(path.find_first_of(".[", 1), path.size());
      const auto name = path.substr(1, end - 1);
      if (name.empty())
        return std::nullopt;
      steps.push_back({name == "*" ? path_step::kind::all_members : path_step::kind::member, std::string{name}, 0});
      path.remove_prefix(end);
    } else if (path.starts_with("['")) {
      const auto end = path.find("']", 2);
      if (end == std::string_view::npos || end == 2)
        return std::nullopt;
      const auto name = path.substr(2, end - 2);
      steps.push_back({name == "*" ? path_step::kind::all_members : path_step::kind::member, std::string{name}, 0});
      path.remove_prefix(end + 2);
    } else if (path[0] == '[') {
      const auto end = path.find(']');
      const auto inside = path.substr(1, end == std::string_view::npos ? end : end - 1);
      if (end == std::string_view::npos || inside.empty() || inside.size() > 9)
        return std::nullopt;
      if (inside == "*") {
        steps.push_back({path_step::kind::all_elements, {}, 0});
      } else {
        if (inside.find_first_not_of("0123456789") != std::string_view::npos)
          return std::nullopt;
        steps.push_back({path_step::kind::element, {}, static_cast<std::size_t>(std::stoul(std::string{inside}))});
      }
      path.remove_prefix(end + 1);
    } else {
      return std::nullopt;
    }
  }
  return steps;
}

using steps = std::span<const path_step>;

/// Adds what the path finds.
void find(const json_tree& value, steps path, std::vector<const json_tree*>& found) {
  if (path.empty()) {
    found.push_back(&value);
    return;
  }
  const auto& step = path[0];
  const auto rest = path.subspan(1);
  switch (step.what) {
    case path_step::kind::member:
      if (value.what == json_tree::kind::object) {
        if (const auto* next = value.member(step.name))
          find(*next, rest, found);
      }
      break;
    case path_step::kind::element:
      if (value.what == json_tree::kind::array && step.index < value.elements.size())
        find(value.elements[step.index], rest, found);
      break;
    case path_step::kind::all_elements:
      for (const auto& element : value.elements)
        find(element, rest, found);
      break;
    case path_step::kind::all_members:
      for (const auto& [name, member] : value.members)
        find(member, rest, found);
  }
}

bool get_json_object(text value, text path, std::string& out) {
  const auto wanted = parse_path(path);
  if (!wanted)
    return false;
  const auto tree = parse_json(value);
  if (!tree)
    return false;
  std::vector<const json_tree*> found;
  find(*tree, *wanted, found);
  const bool many = std::any_of(wanted->begin(), wanted->end(), [](const auto& step) { return step.what == path_step::kind::all_elements || step.what == path_step::kind::all_members; });
  if (found.empty() || (!many && found[0]->what == json_tree::kind::null))
    return false;
  if (found.size() == 1) {
    if (found[0]->what == json_tree::kind::text && !many)
      out = found[0]->text;
    else
      append_json(out, *found[0]);
    return true;
  }
  out += '[';
  for (std::size_t i = 0; i < found.size(); ++i) {
    out += i ? "," : "";
    append_json(out, *found[i]);
  }
  out += ']';
  return true;
}

std::optional<std::int32_t> json_array_length(text value) {
  const auto tree = parse_json(value);
  if (!tree || tree->what != json_tree::kind::array)
    return std::nullopt;
  return static_cast<std::int32_t>(tree->elements.size());
}

bool json_object_keys(text value, text_list& out) {
  const auto tree = parse_json(value);
  if (!tree || tree->what != json_tree::kind::object)
    return false;
  for (const auto& [name, member] : tree->members)
    out.add(name);
  return true;
}

result<data::array_ptr> evaluate_to_json(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of({args.data(), 1}, call.rows));
  json_writer writer{call.context.session.time_zone, json_style::spark};
  std::string json;
  return build_texts(call.rows, nulls, [&](std::int64_t i, arrow::StringBuilder& out) {
    json.clear();
    writer.append(json, *args[0].array, args[0].at(i));
    return data::from_arrow(out.Append(json));
  });
}
result<resolved> resolve_to_json(std::vector<expr_ptr>& args, call_site& site) {
  const auto id = args[0]->type->id();
  if (id != arrow::Type::STRUCT && id != arrow::Type::LIST && id != arrow::Type::MAP)
    return site.mismatch("Input schema \"" + sql_type(*args[0]->type) + "\" must be a struct, an array, a map or a variant.", "DATATYPE_MISMATCH.INVALID_JSON_SCHEMA");
  if (args.size() > 1)
    return status{errc::unsupported_feature, "to_json with options is not supported", site.position};
  return resolved{arrow::utf8(), args[0]->nullable};
}

// ---- schema_of_json ----

data::type_ptr united(const data::type_ptr& a, const data::type_ptr& b);

data::type_ptr type_of(const json_tree& value) {
  switch (value.what) {
    case json_tree::kind::null: return arrow::null();
    case json_tree::kind::boolean: return arrow::boolean();
    case json_tree::kind::text: return arrow::utf8();
    case json_tree::kind::real: return arrow::float64();
    case json_tree::kind::integer: {
      const auto digits = value.text.size() - (value.text[0] == '-');
      if (digits < 19 || (digits == 19 && value.text.substr(value.text.size() - 19) <= "9223372036854775807"))
        return arrow::int64();
      return digits <= 38 ? arrow::decimal128(static_cast<std::int32_t>(digits), 0) : arrow::float64();
    }
    case json_tree::kind::array: {
      data::type_ptr element = arrow::null();
      for (const auto& one : value.elements)
        element = united(element, type_of(one));
      return arrow::list(arrow::field("element", element));
    }
    default: break;
  }
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const auto& [name, member] : value.members)
    fields.push_back(arrow::field(name, type_of(member)));
  std::sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) { return a->name() < b->name(); });
  return arrow::struct_(fields);
}

data::type_ptr united(const data::type_ptr& a, const data::type_ptr& b) {
  if (a->Equals(b) || is_null(*b))
    return a;
  if (is_null(*a))
    return b;
  const bool numbers = (is_integral(*a) || is_decimal_type(*a) || is_fractional(*a)) && (is_integral(*b) || is_decimal_type(*b) || is_fractional(*b));
  if (numbers)
    return is_fractional(*a) || is_fractional(*b) ? arrow::float64() : is_decimal_type(*a) ? a : b;
  if (a->id() == arrow::Type::LIST && b->id() == arrow::Type::LIST)
    return arrow::list(arrow::field("element", united(a->field(0)->type(), b->field(0)->type())));
  if (a->id() != arrow::Type::STRUCT || b->id() != arrow::Type::STRUCT)
    return arrow::utf8();
  auto fields = a->fields();
  for (const auto& field : b->fields()) {
    const auto known = std::find_if(fields.begin(), fields.end(), [&](const auto& one) { return one->name() == field->name(); });
    if (known == fields.end())
      fields.push_back(field);
    else
      *known = arrow::field(field->name(), united((*known)->type(), field->type()));
  }
  std::sort(fields.begin(), fields.end(), [](const auto& x, const auto& y) { return x->name() < y->name(); });
  return arrow::struct_(fields);
}

/// Types that hold only nulls become texts.
data::type_ptr settled(const data::type_ptr& type) {
  if (is_null(*type))
    return arrow::utf8();
  if (type->id() == arrow::Type::LIST)
    return arrow::list(arrow::field("element", settled(type->field(0)->type())));
  if (type->id() != arrow::Type::STRUCT)
    return type;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const auto& field : type->fields())
    fields.push_back(arrow::field(field->name(), settled(field->type())));
  return arrow::struct_(fields);
}

status schema_of_json(const row_call& call, text value, std::string& out) {
  const auto tree = parse_json(value);
  if (!tree)
    return call.fail(errc::malformed_record, "schema_of_json: the text is no JSON: " + std::string{value.substr(0, 100)}, "JsonParseException");
  out = sql_type(*settled(type_of(*tree)));
  return ok();
}

constexpr function json_table[] = {
  row_function<get_json_object>("get_json_object", "get_json_object(json, path)", "What a path like $.a[0].b finds in a JSON text, as text."),
  row_function<json_array_length>("json_array_length", "json_array_length(json)", "Number of elements of a JSON array; null for others."),
  row_function<json_object_keys>("json_object_keys", "json_object_keys(json)", "Names of the members of a JSON object; null for others."),
  row_function<schema_of_json>("schema_of_json", "schema_of_json(json)", "The type of a JSON text."),
  {"to_json", "", 1, 2, resolve_to_json, evaluate_to_json, nullptr, "to_json(struct, array or map)", "The value as JSON text; fields that are null are left out."},
};

} // namespace

std::span<const function> json_functions() { return json_table; }

} // namespace sluice::expr
