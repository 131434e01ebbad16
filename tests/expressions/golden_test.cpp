/// Every expression of golden/*.txt through the SQL path, over all rows, over a slice, and row by row where rows fail.
/// What is known to differ stands with its reason in golden/deviations.txt, and a test fails when one of these agrees.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "common/exec/pipeline.hpp"
#include "common/expr/expr.hpp"
#include "common/plan/analyzer.hpp"
#include "tests/expressions/golden_file.hpp"
#include "tests/expressions/json_value.hpp"

namespace sluice::expressions {
namespace {

/// The fixture's columns as the table `t`.
class one_table : public plan::catalog_view {
public:
  explicit one_table(data::schema_ptr schema) : schema_(std::move(schema)) {}
  std::optional<plan::relation> find(const std::string& name) const override {
    if (name != "t" || !schema_)
      return std::nullopt;
    plan::relation out;
    out.is_result_table = true;
    out.schema = schema_;
    return out;
  }
  std::vector<std::string> names() const override { return {"t"}; }

private:
  data::schema_ptr schema_;
};

class engine {
public:
  explicit engine(const std::map<std::string, std::string>& settings) {
    for (const auto& [key, value] : settings)
      session_.values[lower(key)] = value;
    context_.session = session_.expressions();
    context_.batch_time_us = 1'700'000'000'000'000;
  }

  const std::string& zone() const { return context_.session.time_zone; }

  result<plan::batch_plan> analyze(const std::string& query) const {
    SLUICE_ASSIGN_OR_RETURN(auto action, plan::analyze({query, {1, 1, 0}, {}}, one_table{table_ ? table_->schema() : nullptr}, session_, "/"));
    return std::get<plan::run_batch>(action).plan;
  }

  result<data::batch_ptr> run(const plan::batch_plan& plan, const data::batch_ptr& input) const {
    auto leaves = [&](const plan::node& leaf) -> result<std::vector<data::batch_ptr>> {
      std::vector<data::array_ptr> columns;
      for (int index : leaf.columns)
        columns.push_back(input->column(index));
      return std::vector{arrow::RecordBatch::Make(leaf.output, input->num_rows(), std::move(columns))};
    };
    SLUICE_ASSIGN_OR_RETURN(auto batches, exec::run(plan, leaves, context_));
    return batches[0];
  }

  void load(const std::vector<value_column>& columns) {
    std::vector<std::shared_ptr<arrow::Field>> fields;
    std::vector<data::array_ptr> arrays;
    for (const auto& column : columns) {
      arrow::ArrayVector cells;
      for (const auto& cell : column.cells) {
        auto plan = analyze("SELECT " + cell + " AS v");
        ASSERT_TRUE(plan.ok()) << cell << ": " << plan.error().to_string();
        auto row = run(*plan, nullptr);
        ASSERT_TRUE(row.ok()) << cell << ": " << row.error().to_string();
        cells.push_back((*row)->column(0));
      }
      auto all = arrow::Concatenate(cells);
      ASSERT_TRUE(all.ok()) << column.name << ": " << all.status().ToString();
      arrays.push_back(*all);
      fields.push_back(arrow::field(column.name, (*all)->type()));
    }
    table_ = arrow::RecordBatch::Make(arrow::schema(fields), static_cast<std::int64_t>(columns[0].cells.size()), arrays);
  }

  const data::batch_ptr& table() const { return table_; }

private:
  static std::string lower(std::string text) {
    for (auto& c : text)
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
  }

  plan::session_settings session_;
  expr::eval_context context_;
  data::batch_ptr table_;
};

std::string condition_of(const status& error) { return error.spark_class().empty() ? error.to_string() : std::string{error.spark_class()}; }

std::vector<std::string> texts_of(const arrow::Array& values, const std::string& zone) {
  std::vector<std::string> out;
  for (std::int64_t i = 0; i < values.length(); ++i)
    out.push_back("row " + json_value(values, i, zone));
  return out;
}

bool same_row(const std::string& expected, const std::string& actual) {
  if (expected.starts_with("row ") && actual.starts_with("row "))
    return same_json(expected.substr(4), actual.substr(4));
  return expected == actual;
}

/// Empty when the answer is Spark's; else what differs.
std::string difference(const engine& engine, const golden_case& one) {
  auto plan = engine.analyze("SELECT " + one.expression + " FROM t");
  if (!plan.ok())
    return one.refused == condition_of(plan.error()) ? "" : "refused " + plan.error().to_string() + " [" + condition_of(plan.error()) + "]";
  if (!one.refused.empty())
    return "not refused with " + one.refused;
  const auto& column = *plan->root->output->field(0);
  const auto& table = engine.table();
  auto whole = engine.run(*plan, table);
  std::vector<std::string> actual;
  if (whole.ok()) {
    if (auto valid = (*whole)->column(0)->ValidateFull(); !valid.ok())
      return "an invalid array: " + valid.ToString();
    actual = texts_of(*(*whole)->column(0), engine.zone());
    auto slice = engine.run(*plan, table->Slice(2, table->num_rows() - 3));
    if (!slice.ok())
      return "a slice fails: " + slice.error().to_string();
    auto part = texts_of(*(*slice)->column(0), engine.zone());
    if (part != std::vector<std::string>(actual.begin() + 2, actual.end() - 1))
      return "a slice gives other rows";
  } else {
    for (std::int64_t r = 0; r < table->num_rows(); ++r) {
      auto row = engine.run(*plan, table->Slice(r, 1));
      actual.push_back(row.ok() ? texts_of(*(*row)->column(0), engine.zone())[0] : "fails " + condition_of(row.error()));
    }
  }
  for (std::size_t r = 0; r < one.rows.size() && r < actual.size(); ++r)
    if (!same_row(one.rows[r], actual[r]))
      return "row " + std::to_string(r) + ": expected " + one.rows[r] + ", got " + actual[r];
  if (actual.size() != one.rows.size())
    return std::to_string(actual.size()) + " rows";
  if (data::type_name(*column.type()) != one.type)
    return "type " + data::type_name(*column.type()) + ", expected " + one.type;
  if (column.name() != one.column)
    return "column " + column.name() + ", expected " + one.column;
  if (column.nullable() != one.nullable)
    return std::string{"nullable "} + (column.nullable() ? "true" : "false");
  return "";
}

std::vector<std::string> golden_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{SLUICE_EXPRESSIONS "/golden"})
    if (entry.path().stem() != "columns" && entry.path().stem() != "deviations")
      names.push_back(entry.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

/// "FILE: EXPRESSION" of what is known to differ.
std::set<std::string> deviations() {
  std::set<std::string> out;
  for (const auto& line : read_lines(SLUICE_EXPRESSIONS "/golden/deviations.txt"))
    if (!line.empty() && line[0] != '#')
      out.insert(line);
  return out;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, AgreesWithSpark) {
  const auto file = read_golden(std::string{SLUICE_EXPRESSIONS "/golden/"} + GetParam() + ".txt");
  ASSERT_GT(file.cases.size(), 20u);
  engine engine{file.settings};
  engine.load(read_columns(SLUICE_EXPRESSIONS "/golden/columns.txt"));
  ASSERT_FALSE(HasFatalFailure());
  const auto known = deviations();
  std::size_t right = 0, deviating = 0;
  const char* trace = std::getenv("SLUICE_EXPRESSIONS_TRACE");
  for (const auto& one : file.cases) {
    if (trace)
      std::fprintf(stderr, "%s\n", one.expression.c_str());
    const auto what = difference(engine, one);
    const bool is_known = known.count(GetParam() + ": " + one.expression) > 0;
    right += what.empty();
    deviating += is_known;
    if (is_known)
      EXPECT_NE(what, "") << one.expression << " agrees with Spark now: take it off golden/deviations.txt";
    else
      EXPECT_EQ(what, "") << one.expression;
  }
  std::printf("%s: %zu of %zu agree, %zu known deviations\n", GetParam().c_str(), right, file.cases.size(), deviating);
}

INSTANTIATE_TEST_SUITE_P(Files, Golden, testing::ValuesIn(golden_names()), [](const auto& info) { return info.param; });

} // namespace
} // namespace sluice::expressions
