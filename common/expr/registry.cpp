#include "common/expr/registry.hpp"

#include <arrow/scalar.h>

#include <algorithm>
#include <cctype>
#include <numeric>
#include <sstream>
#include <unordered_map>

#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

struct registry {
  std::unordered_map<std::string, const function*> by_name;
  std::vector<function_doc> docs;
};

registry make_registry() {
  registry made;
  for (auto table : all_tables())
    for (const auto& one : table) {
      made.by_name.emplace(std::string{one.name}, &one);
      std::istringstream aliases{std::string{one.aliases}};
      for (std::string alias; aliases >> alias;)
        made.by_name.emplace(alias, &one);
      made.docs.push_back({one.name, one.aliases, one.signature, one.doc});
    }
  std::sort(made.docs.begin(), made.docs.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return made;
}

const registry& the_registry() {
  static const registry made = make_registry();
  return made;
}

std::string lower_name(const std::string& name) {
  auto lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

std::string argument_count(const function& entry) {
  if (entry.min_args == entry.max_args)
    return std::to_string(entry.min_args);
  if (entry.max_args == any_number)
    return "> " + std::to_string(entry.min_args - 1);
  return "[" + std::to_string(entry.min_args) + ", " + std::to_string(entry.max_args) + "]";
}

/// Appends the defaults of arguments that were left out.
void add_defaults(const function& entry, std::vector<expr_ptr>& args) {
  std::vector<std::string_view> texts;
  for (auto left = entry.defaults; !left.empty();) {
    const auto end = std::min(left.find('|'), left.size());
    texts.push_back(left.substr(0, end));
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  const auto required = static_cast<std::size_t>(entry.max_args) - texts.size();
  for (auto i = args.size(); i < static_cast<std::size_t>(entry.max_args) && !texts.empty() && i >= required; ++i) {
    const auto given = texts[i - required];
    if (given == "true")
      args.push_back(literal(std::make_shared<arrow::BooleanScalar>(true)));
    else if (given == "null")
      args.push_back(null_literal(arrow::utf8()));
    else if (given[0] == '\'')
      args.push_back(literal(std::make_shared<arrow::StringScalar>(std::string{given.substr(1)})));
    else
      args.push_back(literal(std::make_shared<arrow::Int32Scalar>(std::stoi(std::string{given}))));
  }
}

} // namespace

const std::vector<function_doc>& function_docs() { return the_registry().docs; }

const function* find_function(const std::string& name) {
  const auto& names = the_registry().by_name;
  auto found = names.find(name);
  return found == names.end() ? nullptr : found->second;
}

bool is_scalar_function(const std::string& name) { return find_function(lower_name(name)) != nullptr; }

std::string nearest_function(const std::string& name) {
  const auto lower = lower_name(name).substr(0, 64);
  std::string nearest;
  auto best = std::max<std::size_t>(2, lower.size() / 2) + 1;
  for (const auto& [known, entry] : the_registry().by_name) {
    if (!std::isalpha(static_cast<unsigned char>(known[0])))
      continue;
    auto distance = edit_distance(lower, known);
    if (distance < best || (distance == best && !nearest.empty() && known < nearest)) {
      best = distance;
      nearest = known;
    }
  }
  return nearest;
}

bool any_nullable(const std::vector<expr_ptr>& args) {
  return std::any_of(args.begin(), args.end(), [](const expr_ptr& arg) { return arg->nullable; });
}

status call_site::mismatch(const std::string& why, std::string spark_class) const {
  node shown;
  shown.kind = node_kind::call;
  shown.name = name;
  shown.parameter = parameter;
  if (original)
    shown.args = *original;
  status error{errc::datatype_mismatch, "Cannot resolve \"" + to_sql(shown) + "\" due to data type mismatch: " + why, position};
  return spark_class.empty() ? error : std::move(error).with_spark_class(std::move(spark_class));
}

result<expr_ptr> call(const std::string& name, std::vector<expr_ptr> args, text_position position, const options& session,
                      std::string parameter) {
  auto lower = lower_name(name);
  if (lower == "-" && args.size() == 1)
    lower = "negative";
  if (args.size() == 3 && (lower == "dateadd" || lower == "date_add"))
    lower = "timestampadd";
  else if (args.size() == 3 && (lower == "datediff" || lower == "date_diff"))
    lower = "timestampdiff";
  const auto* entry = find_function(lower);
  if (entry == nullptr) {
    auto nearest = nearest_function(name);
    auto hint = nearest.empty() ? std::string{} : " Did you mean `" + nearest + "`?";
    return status{errc::unresolved_function, "Cannot resolve routine `" + name + "`." + hint, position};
  }
  const int count = static_cast<int>(args.size());
  if (count < entry->min_args || count > entry->max_args)
    return status{errc::wrong_num_args,
                  "The `" + lower + "` requires " + argument_count(*entry) + " parameters but the actual number is " +
                    std::to_string(count) + ".",
                  position};
  const auto original = args;
  add_defaults(*entry, args);
  call_site site{lower, position, session, std::move(parameter), &original};
  SLUICE_ASSIGN_OR_RETURN(auto type, entry->resolve(args, site));
  auto made = std::make_shared<node>();
  made->kind = node_kind::call;
  made->type = std::move(type.type);
  made->nullable = type.nullable;
  made->name = std::move(site.name);
  made->args = std::move(args);
  made->parameter = std::move(site.parameter);
  made->position = position;
  return expr_ptr{made};
}

} // namespace sluice::expr
