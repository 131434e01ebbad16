// Every query of tests/batch against the answer of real Spark.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "common/exec/pipeline.hpp"
#include "common/plan/analyzer.hpp"
#include "common/plan/codec.hpp"
#include "common/sql/nearest.hpp"

namespace sluice::exec {
namespace {

struct golden_query {
  int line = 0;
  bool ordered = false;
  std::string text;
  std::vector<std::string> expected;
};

struct golden_file {
  std::vector<std::pair<std::string, std::string>> views;
  std::vector<golden_query> queries;
};

golden_file read_golden(const std::filesystem::path& path) {
  golden_file out;
  std::ifstream in(path);
  std::string head, line;
  int at = 0;
  while (std::getline(in, head)) {
    ++at;
    if (head.empty() || head[0] == '#') continue;
    int first = at;
    std::vector<std::string> block;
    while (std::getline(in, line) && ++at && line != "end") block.push_back(line);
    std::string text;
    for (const auto& piece : block) text += piece + "\n";
    if (head.starts_with("view ")) out.views.emplace_back(head.substr(5), text);
    if (head.starts_with("query")) out.queries.push_back({first, head.find("ordered") != std::string::npos, text, {}});
    if (head == "expect") out.queries.back().expected = block;
  }
  return out;
}

class view_catalog final : public plan::catalog_view {
public:
  explicit view_catalog(const golden_file& file) {
    for (const auto& [name, text] : file.views) {
      plan::relation view;
      view.view_query = text;
      views_[name] = view;
    }
  }
  std::optional<plan::relation> find(const std::string& name) const override {
    auto found = views_.find(name);
    return found == views_.end() ? std::nullopt : std::optional(found->second);
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const auto& [name, view] : views_) out.push_back(name);
    return out;
  }

private:
  std::map<std::string, plan::relation> views_;
};

std::string schema_text(const arrow::Schema& schema) {
  std::string out;
  for (const auto& field : schema.fields())
    out += (out.empty() ? "" : ", ") + field->name() + " " + data::type_name(*field->type()) + (field->nullable() ? "" : " NOT NULL");
  return out;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '\\' || c == '|') out += '\\';
    if (c == '\n') out += "\\n";
    else out += c;
  }
  return out;
}

result<std::vector<std::string>> run_query(const std::string& text, const view_catalog& catalog) {
  plan::session_settings session;
  SLUICE_ASSIGN_OR_RETURN(auto action, plan::analyze({text, {1, 1, 0}, {}}, catalog, session, "/"));
  if (!std::holds_alternative<plan::run_batch>(action)) return status(errc::internal, "no query");
  auto batch = std::get<plan::run_batch>(std::move(action)).plan;
  auto bytes = plan::encode(batch);
  SLUICE_ASSIGN_OR_RETURN(auto decoded, plan::decode_batch(bytes));
  if (plan::encode(decoded) != bytes || plan::explain(decoded) != plan::explain(batch)) return status(errc::internal, "the codec changed the plan");
  expr::eval_context context{session.expressions(), 0};
  auto no_leaves = [](const plan::node& leaf) -> result<std::vector<data::batch_ptr>> { return status(errc::internal, "no leaves here"); };
  SLUICE_ASSIGN_OR_RETURN(auto batches, run(decoded, no_leaves, context));
  std::vector<std::string> out{schema_text(*decoded.root->output)};
  for (const auto& rows : batches) {
    if (!rows->ValidateFull().ok()) return status(errc::internal, "the rows are damaged: " + rows->ValidateFull().ToString());
    std::vector<data::array_ptr> columns;
    for (int c = 0; c < rows->num_columns(); ++c) {
      const auto& field = *rows->schema()->field(c);
      SLUICE_ASSIGN_OR_RETURN(auto cast, expr::cast(expr::column(c, field.type(), field.name()), arrow::utf8(), {}, context.session));
      SLUICE_ASSIGN_OR_RETURN(auto values, expr::evaluate(*cast, *rows, context));
      columns.push_back(std::move(values));
    }
    for (std::int64_t i = 0; i < rows->num_rows(); ++i) {
      std::string row;
      for (std::size_t c = 0; c < columns.size(); ++c) {
        const auto& values = static_cast<const arrow::StringArray&>(*columns[c]);
        row += (c ? "|" : "") + (values.IsNull(i) ? std::string("NULL") : escaped(values.GetString(i)));
      }
      out.push_back(std::move(row));
    }
  }
  return out;
}

/// Equal, or doubles that differ in their last digits only.
bool same_cell(const std::string& a, const std::string& b) {
  if (a == b) return true;
  char *end_a = nullptr, *end_b = nullptr;
  double x = std::strtod(a.c_str(), &end_a), y = std::strtod(b.c_str(), &end_b);
  bool numbers = !a.empty() && !b.empty() && *end_a == '\0' && *end_b == '\0' && a.find('.') != std::string::npos && b.find('.') != std::string::npos;
  return numbers && std::abs(x - y) <= 1e-12 * std::max(std::abs(x), std::abs(y));
}

bool same_row(const std::string& a, const std::string& b) {
  if (a == b) return true;
  auto cells = [](const std::string& row) {
    std::vector<std::string> out(1);
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i] == '\\') out.back() += row[i++];
      if (i < row.size() && row[i] == '|' && (i == 0 || row[i - 1] != '\\')) out.emplace_back();
      else if (i < row.size()) out.back() += row[i];
    }
    return out;
  };
  auto left = cells(a), right = cells(b);
  return left.size() == right.size() && std::equal(left.begin(), left.end(), right.begin(), same_cell);
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += "  " + line + "\n";
  return out;
}

class BatchGolden : public testing::TestWithParam<std::string> {};

TEST_P(BatchGolden, AsSpark) {
  auto folder = std::filesystem::path(SLUICE_SOURCE_DIR) / "tests" / "batch";
  auto file = read_golden(folder / (GetParam() + ".sql"));
  ASSERT_FALSE(file.queries.empty());
  view_catalog catalog(file);
  for (auto& query : file.queries) {
    SCOPED_TRACE(GetParam() + ".sql:" + std::to_string(query.line) + "\n" + query.text);
    ASSERT_FALSE(query.expected.empty());
    auto rows = run_query(query.text, catalog);
    if (query.expected[0].starts_with("error ")) {
      ASSERT_FALSE(rows.ok()) << "no error, but\n" << joined(*rows);
      EXPECT_EQ(std::string(rows.error().spark_class()), query.expected[0].substr(6)) << rows.error().to_string();
      continue;
    }
    if (!rows.ok()) {
      ADD_FAILURE() << rows.error().to_string();
      continue;
    }
    if (!query.ordered) std::sort(rows->begin() + 1, rows->end());
    bool same = rows->size() == query.expected.size() && std::equal(rows->begin(), rows->end(), query.expected.begin(), same_row);
    EXPECT_TRUE(same) << "Spark:\n" << joined(query.expected) << "Sluice:\n" << joined(*rows);
  }
}

INSTANTIATE_TEST_SUITE_P(Files, BatchGolden, testing::ValuesIn([] {
                           std::vector<std::string> names;
                           for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(SLUICE_SOURCE_DIR) / "tests" / "batch"))
                             if (entry.path().extension() == ".sql") names.push_back(entry.path().stem().string());
                           std::sort(names.begin(), names.end());
                           return names;
                         }()),
                         [](const auto& info) { return info.param; });

} // namespace
} // namespace sluice::exec
