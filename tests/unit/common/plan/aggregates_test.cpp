#include "common/plan/aggregates.hpp"

#include <arrow/type.h>

#include "tests/unit/common/plan/fixture.hpp"

namespace sluice::plan {
namespace {

struct typed_call {
  const char* call;
  const char* type;      ///< of the result
  const char* argument;  ///< type after coercion; "" for none
  bool nullable;
};

TEST(Aggregates, TypesAreSparks) {
  const typed_call table[] = {
      {"count(*)", "bigint", "", false},
      {"count(1)", "bigint", "", false},
      {"count(id)", "bigint", "bigint", false},
      {"count_if(ok)", "bigint", "boolean", false},
      {"sum(small)", "bigint", "bigint", true},
      {"sum(id)", "bigint", "bigint", true},
      {"sum(price)", "decimal(20,2)", "decimal(20,2)", true},
      {"sum(cast(price as decimal(35,2)))", "decimal(38,2)", "decimal(38,2)", true},
      {"sum(real)", "double", "double", true},
      {"sum(symbol)", "double", "double", true},
      {"avg(qty)", "double", "double", true},
      {"avg(price)", "decimal(14,6)", "decimal(20,2)", true},
      {"mean(ratio)", "double", "double", true},
      {"min(symbol)", "string", "string", true},
      {"max(at)", "timestamp", "timestamp", true},
      {"min(ok)", "boolean", "boolean", true},
      {"first(tags)", "array<string>", "array<string>", true},
      {"any_value(info.venue)", "string", "string", true},
      {"last_value(id, true)", "bigint", "bigint", true},
      {"stddev(qty)", "double", "double", true},
      {"var_pop(price)", "double", "double", true},
      {"collect_list(symbol)", "array<string>", "string", false},
      {"collect_set(day)", "array<date>", "date", false},
      {"bool_and(ok)", "boolean", "boolean", true},
  };
  for (const auto& row : table) {
    auto plan = testing::batch_of(std::string("SELECT ") + row.call + " AS x FROM trades");
    ASSERT_TRUE(plan.ok()) << row.call << ": " << plan.error().to_string();
    const auto& field = *plan->root->output->field(0);
    EXPECT_EQ(data::type_name(*field.type()), row.type) << row.call;
    EXPECT_EQ(field.nullable(), row.nullable) << row.call;
    ASSERT_EQ(plan->root->what, node::kind::aggregate) << row.call;
    const auto& call = plan->root->aggregate.calls.at(0);
    EXPECT_EQ(call.args.empty() ? "" : data::type_name(*call.args[0]->type), row.argument) << row.call;
  }
}

TEST(Aggregates, CanonicalNames) {
  auto plan = testing::batch_of("SELECT std(qty), variance(qty), mean(qty), first_value(qty) IGNORE NULLS, some(ok) FROM trades");
  ASSERT_TRUE(plan.ok()) << plan.error().to_string();
  const node* at = plan->root.get();
  while (at->what != node::kind::aggregate) at = at->inputs[0].get();
  std::string names;
  for (const auto& call : at->aggregate.calls) names += call.function + (call.ignore_nulls ? "!" : "") + " ";
  EXPECT_EQ(names, "stddev_samp var_samp avg first! max ");
}

TEST(Aggregates, Refusals) {
  auto error = [](const std::string& call) {
    auto plan = testing::batch_of("SELECT " + call + " FROM trades");
    return plan.ok() ? errc::none : plan.code();
  };
  EXPECT_EQ(error("sum(ok)"), errc::datatype_mismatch);
  EXPECT_EQ(error("avg(day)"), errc::datatype_mismatch);
  EXPECT_EQ(error("sum(id, qty)"), errc::wrong_num_args);
  EXPECT_EQ(error("count()"), errc::wrong_num_args);
  EXPECT_EQ(error("min(info)"), errc::datatype_mismatch);  // holds a map
  EXPECT_EQ(error("sum(*)"), errc::wrong_num_args);
  EXPECT_EQ(error("sum(count(id))"), errc::unsupported_feature);
  EXPECT_EQ(error("product(id)"), errc::unsupported_feature);
  EXPECT_EQ(error("max_by(id)"), errc::wrong_num_args);
  EXPECT_EQ(error("bit_and(price)"), errc::datatype_mismatch);
  EXPECT_EQ(error("count_if(id)"), errc::datatype_mismatch);
  EXPECT_EQ(error("coutn(id)"), errc::unresolved_function);
  EXPECT_EQ(error("sum(id) IGNORE NULLS"), errc::unsupported_feature);
}

} // namespace
} // namespace sluice::plan
