#include "coordinator/catalog/catalog.hpp"

namespace sluice::catalog {

std::string fold(std::string_view name) {
  std::string folded(name);
  for (char& letter : folded)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return folded;
}

void result_tables::put(result_table table) {
  auto key = fold(table.name);
  tables_.insert_or_assign(std::move(key), std::move(table));
}

void result_tables::erase(std::string_view name, const query_id& query) {
  auto found = tables_.find(fold(name));
  if (found != tables_.end() && found->second.query == query) tables_.erase(found);
}

const result_table* result_tables::find(std::string_view name) const {
  auto found = tables_.find(fold(name));
  return found == tables_.end() ? nullptr : &found->second;
}

std::vector<std::string> result_tables::names() const {
  std::vector<std::string> names;
  for (const auto& [key, table] : tables_) names.push_back(table.name);
  return names;
}

std::optional<plan::relation> session::find(const std::string& name) const {
  if (auto found = relations_.find(fold(name)); found != relations_.end()) return found->second.relation;
  const auto* table = tables_.find(name);
  if (table == nullptr) return std::nullopt;
  plan::relation relation;
  relation.is_result_table = true;
  relation.schema = table->schema;
  return relation;
}

std::vector<std::string> session::names() const {
  std::vector<std::string> names;
  for (const auto& [key, entry] : relations_) names.push_back(entry.name);
  for (auto& name : tables_.names()) names.push_back(std::move(name));
  return names;
}

status session::insert(const std::string& name, bool replace, plan::relation relation) {
  auto key = fold(name);
  if (!replace && relations_.count(key) != 0)
    return {errc::already_exists, "table or view `" + name + "` exists already in this job"};
  relations_.insert_or_assign(std::move(key), entry{name, std::move(relation)});
  return ok();
}

status session::apply(const plan::define_source& definition) {
  if (definition.if_not_exists && relations_.count(fold(definition.name)) != 0) return ok();
  plan::relation relation;
  relation.schema = definition.source.schema;
  relation.source = definition.source;
  return insert(definition.name, definition.or_replace, std::move(relation));
}

status session::apply(const plan::define_view& definition) {
  plan::relation relation;
  relation.view_query = definition.query_text;
  return insert(definition.name, definition.or_replace, std::move(relation));
}

status session::apply(const plan::drop_relation& drop) {
  if (relations_.erase(fold(drop.name)) != 0) return ok();
  if (tables_.find(drop.name) != nullptr)
    return {errc::unsupported_feature, "`" + drop.name + "` is the table of a streaming query and cannot be dropped"};
  if (drop.if_exists) return ok();
  return {errc::table_not_found, "no table or view is named `" + drop.name + "`"};
}

void session::apply(const plan::set_variable& assignment) { settings_.values[assignment.key] = assignment.value; }

} // namespace sluice::catalog
