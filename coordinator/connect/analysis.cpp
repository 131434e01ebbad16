// AnalyzePlan: questions about a plan that run nothing.
#include <arrow/api.h>

#include "common/sql/ast.hpp"
#include "coordinator/connect/execution.hpp"
#include "coordinator/connect/tree.hpp"
#include "coordinator/connect/types.hpp"
#include "proto/spark/connect/base.pb.h"

namespace sluice::connect {
namespace {

using request_message = spark::connect::AnalyzePlanRequest;
using response_message = spark::connect::AnalyzePlanResponse;
using spark::connect::Relation;

result<data::schema_ptr> schema_of(const scope& scope, const translated& query) {
  return plan::columns_of(*query.query, scoped_catalog(scope.catalog, query), scope.settings);
}

/// The engine's plan; a stream's is that of the mode which it can have.
result<std::string> physical_plan(const scope& scope, const translated& query) {
  scoped_catalog catalog(scope.catalog, query);
  if (!query.streaming) {
    SLUICE_ASSIGN_OR_RETURN(auto plan, plan::analyze_query(*query.query, catalog, scope.settings));
    return plan::explain(plan);
  }
  sql::create_streaming_table table;
  table.name = "explained";
  table.body = query.query;
  auto stream = plan::analyze_stream(table, catalog, scope.settings, scope.directory);
  if (!stream.ok()) {
    table.options.push_back({"outputMode", "complete", {}, {}});
    stream = plan::analyze_stream(table, catalog, scope.settings, scope.directory);
  }
  if (!stream.ok()) return stream.error();
  return plan::explain(*stream);
}

result<std::string> explain_text(const scope& scope, const translated& query, int mode) {
  using explain = request_message::Explain;
  SLUICE_ASSIGN_OR_RETURN(auto plan, physical_plan(scope, query));
  SLUICE_ASSIGN_OR_RETURN(auto schema, schema_of(scope, query));
  while (!plan.empty() && plan.back() == '\n') plan.pop_back();
  auto columns = data::schema_to_ddl(*schema);
  switch (mode) {
    case explain::EXPLAIN_MODE_EXTENDED:
      return "== Parsed Logical Plan ==\n" + plan + "\n\n== Analyzed Logical Plan ==\n" + columns + "\n" + plan +
             "\n\n== Optimized Logical Plan ==\n" + plan + "\n\n== Physical Plan ==\n" + plan + "\n";
    case explain::EXPLAIN_MODE_COST: return "== Optimized Logical Plan ==\n" + plan + "\n\n== Physical Plan ==\n" + plan + "\n";
    case explain::EXPLAIN_MODE_CODEGEN: return std::string("Found 0 WholeStageCodegen subtrees.\n");
    default: return "== Physical Plan ==\n" + plan + "\n\n";
  }
}

const spark::connect::Plan* plan_of(const request_message& request) {
  switch (request.analyze_case()) {
    case request_message::kSchema: return &request.schema().plan();
    case request_message::kExplain: return &request.explain().plan();
    case request_message::kTreeString: return &request.tree_string().plan();
    case request_message::kIsLocal: return &request.is_local().plan();
    case request_message::kIsStreaming: return &request.is_streaming().plan();
    case request_message::kInputFiles: return &request.input_files().plan();
    case request_message::kSemanticHash: return &request.semantic_hash().plan();
    case request_message::kSameSemantics: return &request.same_semantics().target_plan();
    default: return nullptr;
  }
}

/// A relation as it is asked about: what is printed or cut at the end has the schema of one text or of its input.
const Relation& asked(const Relation& relation) {
  return relation.rel_type_case() == Relation::kTail ? relation.tail().input() : relation;
}

result<translated> translate_asked(const scope& scope, const spark::connect::Plan& plan) {
  if (!plan.has_root())
    return status(errc::invalid_plan, "the plan to be analysed is no relation");
  return translate(asked(plan.root()), scope.context());
}

status answer_plan(const call& call, const scope& scope, const request_message& request, response_message& out) {
  const auto& plan = *plan_of(request);
  if (plan.root().has_catalog()) {
    SLUICE_ASSIGN_OR_RETURN(auto rows, catalog_rows(call, scope, plan.root()));
    if (request.has_schema()) fill(*rows.schema, *out.mutable_schema()->mutable_schema());
    return request.has_schema() ? ok() : status(errc::unsupported_feature, "this question about a catalog call is not supported");
  }
  SLUICE_ASSIGN_OR_RETURN(auto query, translate_asked(scope, plan));
  SLUICE_ASSIGN_OR_RETURN(auto schema, schema_of(scope, query));
  switch (request.analyze_case()) {
    case request_message::kSchema: fill(*schema, *out.mutable_schema()->mutable_schema()); break;
    case request_message::kTreeString:
      out.mutable_tree_string()->set_tree_string(tree_text(*schema, request.tree_string().has_level() ? request.tree_string().level() : 0));
      break;
    case request_message::kIsStreaming: out.mutable_is_streaming()->set_is_streaming(query.streaming); break;
    case request_message::kIsLocal: out.mutable_is_local(); break;
    case request_message::kInputFiles:
      out.mutable_input_files();
      for (const auto& [name, relation] : query.relations)
        for (const auto& path : relation.source.paths) out.mutable_input_files()->add_files("file://" + path);
      break;
    case request_message::kExplain: {
      SLUICE_ASSIGN_OR_RETURN(auto text, explain_text(scope, query, request.explain().explain_mode()));
      out.mutable_explain()->set_explain_string(std::move(text));
      break;
    }
    case request_message::kSemanticHash: {
      SLUICE_ASSIGN_OR_RETURN(auto text, physical_plan(scope, query));
      out.mutable_semantic_hash()->set_result(static_cast<std::int32_t>(std::hash<std::string>{}(text)));
      break;
    }
    case request_message::kSameSemantics: {
      SLUICE_ASSIGN_OR_RETURN(auto text, physical_plan(scope, query));
      SLUICE_ASSIGN_OR_RETURN(auto other, translate_asked(scope, request.same_semantics().other_plan()));
      SLUICE_ASSIGN_OR_RETURN(auto other_text, physical_plan(scope, other));
      out.mutable_same_semantics()->set_result(text == other_text);
      break;
    }
    default: break;
  }
  return ok();
}

/// What needs no plan.
status answer_fact(const request_message& request, response_message& out) {
  switch (request.analyze_case()) {
    case request_message::kSparkVersion: out.mutable_spark_version()->set_version("4.3.0"); return ok();
    case request_message::kPersist: out.mutable_persist(); return ok();
    case request_message::kUnpersist: out.mutable_unpersist(); return ok();
    case request_message::kGetStorageLevel: out.mutable_get_storage_level()->mutable_storage_level()->set_replication(1); return ok();
    case request_message::kDdlParse: {
      const auto& text = request.ddl_parse().ddl_string();
      if (auto type = data::type_from_name(text); type.ok()) {
        fill(**type, *out.mutable_ddl_parse()->mutable_parsed());
        return ok();
      }
      SLUICE_ASSIGN_OR_RETURN(auto schema, schema_from_text(text));
      fill(*schema, *out.mutable_ddl_parse()->mutable_parsed());
      return ok();
    }
    case request_message::kJsonToDdl: {
      SLUICE_ASSIGN_OR_RETURN(auto schema, schema_from_text(request.json_to_ddl().json_string()));
      out.mutable_json_to_ddl()->set_ddl_string(data::schema_to_ddl(*schema));
      return ok();
    }
    default: break;
  }
  const auto& unknown = request.GetReflection()->GetUnknownFields(request);
  auto what = unknown.empty() ? std::string("nothing set") : "member " + std::to_string(unknown.field(0).number());
  return {errc::unsupported_feature, "AnalyzePlan with " + what + " is not supported"};
}

} // namespace

void analyze(const call& call, request_message request, std::function<void(result<response_message>, std::string)> answer) {
  if (plan_of(request) == nullptr) {
    response_message out;
    auto done = answer_fact(request, out);
    return done.ok() ? answer(std::move(out), {}) : answer(std::move(done), {});
  }
  with_scope(call, [call, request = std::move(request), answer](const scope& scope) {
    response_message out;
    auto done = answer_plan(call, scope, request, out);
    auto sql = done.ok() ? std::string{} : sql_text_of(*plan_of(request));
    if (done.ok()) answer(std::move(out), {});
    else answer(std::move(done), std::move(sql));
  });
}

} // namespace sluice::connect
