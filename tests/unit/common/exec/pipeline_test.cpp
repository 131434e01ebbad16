#include "common/exec/pipeline.hpp"

#include <gtest/gtest.h>

#include "tests/unit/common/exec/exec_fixture.hpp"

namespace sluice::exec {
namespace {

using test::array_of;
using test::batch_of;
using test::column_ref;
using test::text_of;

data::batch_ptr sample() {
  return batch_of({{"k", array_of(arrow::utf8(), R"(["a", "b", "a", null, "b", "a"])")},
                   {"v", array_of(arrow::float64(), "[3, NaN, null, -0.0, 1, 3]")},
                   {"t", array_of(data::timestamp_type(), "[0, 5, 12, 13, null, 3]")},
                   {"ok", array_of(arrow::boolean(), "[true, true, false, true, null, true]")}});
}

std::string sorted(std::vector<plan::sort_key> keys, std::optional<std::int64_t> limit) {
  auto batch = sample();
  auto rows = sort_and_limit(keys, limit, {batch->Slice(0, 2), batch->Slice(2, 0), batch->Slice(2)}, batch->schema(), {});
  if (!rows.ok()) return rows.error().to_string();
  return text_of((*rows)->column(0)) + "/" + text_of((*rows)->column(1));
}

TEST(Sort, FollowsSparksOrder) {
  auto value = column_ref(1, arrow::float64()), key = column_ref(0, arrow::utf8());
  EXPECT_EQ(sorted({{value, true, true}}, {}), "a,null,b,a,a,b/null,-0,1,3,3,nan");
  EXPECT_EQ(sorted({{value, false, false}}, {}), "b,a,a,b,null,a/nan,3,3,1,-0,null");
  EXPECT_EQ(sorted({{key, false, true}, {value, true, false}}, {}), "null,b,b,a,a,a/-0,1,nan,3,3,null");
  EXPECT_EQ(sorted({{value, true, false}}, 2), "null,b/-0,1");
  EXPECT_EQ(sorted({}, 2), "a,b/3,nan");
  EXPECT_EQ(sorted({{value, true, false}}, 0), "/");
}

plan::node_ptr leaf() {
  auto node = std::make_shared<plan::node>();
  node->what = plan::node::kind::file_scan;
  node->output = sample()->schema();
  return node;
}
plan::node_ptr over(plan::node node, plan::node_ptr input) {
  node.inputs = {std::move(input)};
  return std::make_shared<plan::node>(std::move(node));
}
result<std::vector<data::batch_ptr>> run_over_sample(plan::node_ptr root, bool empty = false) {
  plan::batch_plan plan;
  plan.root = std::move(root);
  auto leaves = [&](const plan::node&) -> result<std::vector<data::batch_ptr>> {
    if (empty) return std::vector<data::batch_ptr>{};
    return std::vector<data::batch_ptr>{sample()->Slice(0, 4), sample()->Slice(4)};
  };
  return run(plan, leaves, {});
}

plan::node aggregate_node(bool keyed, bool windowed, std::vector<plan::aggregate_call> calls) {
  plan::node node;
  node.what = plan::node::kind::aggregate;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  if (keyed) {
    node.aggregate.keys = {column_ref(0, arrow::utf8())};
    fields.push_back(arrow::field("k", arrow::utf8()));
  }
  if (windowed) {
    node.aggregate.window = plan::window_spec{column_ref(2, data::timestamp_type()), 10, 5, 0};
    fields.push_back(arrow::field("window", data::window_type(data::timestamp_type())));
  }
  for (std::size_t i = 0; i < calls.size(); ++i) fields.push_back(arrow::field("c" + std::to_string(i), calls[i].type));
  node.aggregate.calls = std::move(calls);
  node.aggregate.output = node.output = arrow::schema(fields);
  return node;
}
plan::aggregate_call count_of(std::optional<int> column, bool distinct = false) {
  plan::aggregate_call call;
  call.function = "count";
  if (column) call.args = {column_ref(*column, sample()->schema()->field(*column)->type())};
  call.distinct = distinct;
  call.type = arrow::int64();
  return call;
}
std::string all_text(const result<std::vector<data::batch_ptr>>& batches) {
  if (!batches.ok()) return batches.error().to_string();
  std::string text;
  for (const auto& batch : *batches) {
    EXPECT_TRUE(batch->ValidateFull().ok());
    for (const auto& column : batch->columns()) text += text_of(column) + ";";
  }
  return text;
}

TEST(BatchRun, AggregatesWithDistinctAndWithoutCalls) {
  EXPECT_EQ(all_text(run_over_sample(over(aggregate_node(true, false, {count_of({}), count_of(1), count_of(1, true)}), leaf()))),
            "a,b,null;3,2,1;2,2,1;1,2,1;");
  EXPECT_EQ(all_text(run_over_sample(over(aggregate_node(true, false, {}), leaf()))), "a,b,null;");
  EXPECT_EQ(all_text(run_over_sample(over(aggregate_node(false, false, {count_of(0, true)}), leaf()))), "2;");
}

TEST(BatchRun, AggregateOfNothing) {
  EXPECT_EQ(all_text(run_over_sample(over(aggregate_node(false, false, {count_of({})}), leaf()), true)), "0;");
  EXPECT_EQ(all_text(run_over_sample(over(aggregate_node(true, false, {count_of({})}), leaf()), true)), ";;");
  EXPECT_EQ(all_text(run_over_sample(over(aggregate_node(false, true, {count_of({})}), leaf()), true)), ";;");
}

std::string windows_and_counts(const result<std::vector<data::batch_ptr>>& batches) {
  if (!batches.ok()) return batches.error().to_string();
  std::string text;
  for (const auto& batch : *batches)
    for (std::int64_t i = 0; i < batch->num_rows(); ++i) {
      const auto& window = static_cast<const arrow::StructArray&>(*batch->column(0));
      text += std::to_string(static_cast<const arrow::TimestampArray&>(*window.field(0)).Value(i)) + ":" +
              std::to_string(static_cast<const arrow::Int64Array&>(*batch->column(1)).Value(i)) + " ";
    }
  return text;
}

TEST(BatchRun, WindowsWithAndWithoutDistinctAgree) {
  EXPECT_EQ(windows_and_counts(run_over_sample(over(aggregate_node(false, true, {count_of(2)}), leaf()))), "-5:2 0:3 5:3 10:2 ");
  EXPECT_EQ(windows_and_counts(run_over_sample(over(aggregate_node(false, true, {count_of(2, true)}), leaf()))), "-5:2 0:3 5:3 10:2 ");
  EXPECT_EQ(windows_and_counts(run_over_sample(over(aggregate_node(false, true, {count_of(0, true)}), leaf()))), "-5:1 0:2 5:2 10:1 ");
}

TEST(BatchRun, LimitAndProjection) {
  plan::node limit;
  limit.what = plan::node::kind::limit;
  limit.limit = 5;
  limit.output = sample()->schema();
  plan::node project;
  project.what = plan::node::kind::project;
  project.action = {plan::step::kind::project, {column_ref(0, arrow::utf8())}, arrow::schema({arrow::field("k", arrow::utf8())})};
  project.output = project.action.output;
  auto rows = run_over_sample(over(project, over(limit, leaf())));
  EXPECT_EQ(all_text(rows), "a,b,a,null;b;");
  limit.limit = 0;
  EXPECT_EQ(all_text(run_over_sample(over(project, over(limit, leaf())))), ";");
}

TEST(BatchRun, LeafErrorsComeThrough) {
  plan::batch_plan plan;
  plan.root = leaf();
  auto failed = run(plan, [](const plan::node&) -> result<std::vector<data::batch_ptr>> { return {errc::source_file_missing, "gone"}; }, {});
  EXPECT_EQ(failed.code(), errc::source_file_missing);
  plan.root = nullptr;
  EXPECT_EQ(run(plan, {}, {}).code(), errc::invalid_plan);
}

TEST(Pipeline, FiltersThenProjects) {
  plan::step filter{plan::step::kind::filter, {column_ref(3, arrow::boolean())}, sample()->schema()};
  plan::step project{plan::step::kind::project, {column_ref(1, arrow::float64())}, arrow::schema({arrow::field("v", arrow::float64())})};
  auto rows = apply({filter, project}, sample(), {});
  ASSERT_TRUE(rows.ok()) << rows.error().to_string();
  EXPECT_EQ(text_of((*rows)->column(0)), "3,nan,-0,3");
  auto none = apply({filter, project}, sample()->Slice(0, 0), {});
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE((*none)->schema()->Equals(*project.output));
}

} // namespace
} // namespace sluice::exec
