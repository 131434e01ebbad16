#pragma once
/// Short words for building and evaluating expressions in tests.
#include <arrow/array.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <gtest/gtest.h>

#include "common/expr/expr.hpp"
#include "common/expr/text.hpp"

namespace sluice::expr::testing {

inline data::type_ptr type(const std::string& name) {
  auto found = data::type_from_name(name);
  EXPECT_TRUE(found.ok()) << name;
  return *found;
}

/// A literal of a type from its JSON text (timestamps as microseconds).
inline expr_ptr lit(const std::string& type_text, const std::string& json) {
  auto array = arrow::json::ArrayFromJSONString(type(type_text), "[" + json + "]");
  EXPECT_TRUE(array.ok()) << array.status().ToString();
  return literal(*(*array)->GetScalar(0));
}
inline expr_ptr str(const std::string& text) { return literal(std::make_shared<arrow::StringScalar>(text)); }
inline expr_ptr num(std::int32_t value) { return literal(std::make_shared<arrow::Int32Scalar>(value)); }

struct table {
  data::batch_ptr batch;
  explicit table(const std::string& ddl, const std::string& rows) {
    auto schema = *data::schema_from_ddl(ddl);
    auto array = arrow::json::ArrayFromJSONString(arrow::struct_(schema->fields()), rows);
    EXPECT_TRUE(array.ok()) << array.status().ToString();
    const auto& parent = static_cast<const arrow::StructArray&>(**array);
    batch = arrow::RecordBatch::Make(schema, parent.length(), parent.fields());
  }
  expr_ptr operator[](const std::string& name) const {
    int i = batch->schema()->GetFieldIndex(name);
    return column(i, batch->schema()->field(i)->type(), name, batch->schema()->field(i)->nullable());
  }
};

inline const data::batch_ptr& one_row() {
  static const auto batch = table{"one int", "[[1]]"}.batch;
  return batch;
}

struct session {
  eval_context context;
  session(bool ansi = true, std::string zone = "UTC") { context.session = {ansi, std::move(zone)}; }

  result<expr_ptr> make(const std::string& name, std::vector<expr_ptr> args, std::string parameter = {}) const {
    return call(name, std::move(args), {1, 8, 7}, context.session, std::move(parameter));
  }
  expr_ptr operator()(const std::string& name, std::vector<expr_ptr> args, std::string parameter = {}) const {
    auto made = make(name, std::move(args), std::move(parameter));
    EXPECT_TRUE(made.ok()) << name << ": " << made.error().to_string();
    return made.ok() ? *made : null_literal(arrow::null());
  }
  expr_ptr as(expr_ptr value, const std::string& type_text) const {
    auto made = cast(std::move(value), type(type_text), {1, 1, 0}, context.session);
    EXPECT_TRUE(made.ok()) << made.error().to_string();
    return made.ok() ? *made : null_literal(arrow::null());
  }
  /// All values as text, nulls as "null", joined by "|"; or the error's name.
  std::string run(const expr_ptr& expression, const data::batch_ptr& batch) const {
    auto array = evaluate(*expression, *batch, context);
    if (!array.ok())
      return "error " + std::string{info(array.code()).name};
    EXPECT_EQ((*array)->length(), batch->num_rows());
    EXPECT_TRUE((*array)->type()->Equals(expression->type)) << (*array)->type()->ToString() << " " << expression->type->ToString();
    EXPECT_TRUE((*array)->ValidateFull().ok()) << (*array)->ValidateFull().ToString();
    std::string text;
    for (std::int64_t i = 0; i < (*array)->length(); ++i)
      text += (i ? "|" : "") + ((*array)->IsNull(i) ? "null" : to_text(**array, i, context.session.time_zone));
    return text;
  }
  std::string run(const expr_ptr& expression) const { return run(expression, one_row()); }
  std::string message(const expr_ptr& expression, const data::batch_ptr& batch = one_row()) const {
    auto array = evaluate(*expression, *batch, context);
    return array.ok() ? "" : array.error().message();
  }
};

} // namespace sluice::expr::testing
