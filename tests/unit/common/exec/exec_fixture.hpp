#pragma once
// Columns and calls for the tests of this room.
#include <arrow/api.h>
#include <arrow/json/from_string.h>

#include "common/exec/accumulator.hpp"
#include "common/exec/aggregate.hpp"

namespace sluice::test {

inline data::array_ptr array_of(const data::type_ptr& type, const std::string& json) {
  auto made = arrow::json::ArrayFromJSONString(type, json);
  SLUICE_CHECK(made.ok());
  return *made;
}
inline expr::expr_ptr column_ref(int index, data::type_ptr type, std::string name = "c") {
  auto node = std::make_shared<expr::node>();
  node->kind = expr::node_kind::column;
  node->index = index;
  node->type = std::move(type);
  node->name = std::move(name);
  return node;
}
inline plan::aggregate_call make_call(std::string function, const data::type_ptr& argument, data::type_ptr type = nullptr) {
  plan::aggregate_call call;
  call.function = std::move(function);
  call.args = {column_ref(0, argument)};
  call.type = type ? std::move(type) : argument;
  return call;
}
inline std::string text_of(const result<data::array_ptr>& array) {
  if (!array.ok()) return std::string(info(array.code()).name);
  std::string text;
  for (std::int64_t i = 0; i < (*array)->length(); ++i) {
    auto value = (*array)->GetScalar(i);
    text += (i ? "," : "") + ((*array)->IsNull(i) ? std::string("null") : (*value)->ToString());
  }
  return text;
}
inline data::batch_ptr batch_of(std::vector<std::pair<std::string, data::array_ptr>> columns) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<data::array_ptr> arrays;
  for (auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), arrays.empty() ? 0 : arrays[0]->length(), arrays);
}

} // namespace sluice::test
