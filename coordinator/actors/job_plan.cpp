#include "coordinator/actors/job_plan.hpp"

#include <cstdlib>

namespace sluice::actors {
namespace {

status add_action(plan::start_query& start, const job_spec& job, text_position position, catalog::session& session,
                  planned_job& planned) {
  if (job.batch_only)
    return {errc::unsupported_feature, "this statement starts a streaming query; use `sluice submit`", position};
  planned_query query{std::move(start.plan), {}, start.if_not_exists};
  if (!job.name.empty()) query.written_name = std::exchange(query.plan.name, job.name);
  if (query.plan.sink.format == "memory") {
    session.add({query.plan.name, {}, query.plan.output, query.plan.mode});
    if (!query.written_name.empty()) session.add({query.written_name, {}, query.plan.output, query.plan.mode});
  }
  planned.queries.push_back(std::move(query));
  return ok();
}

status add_action(plan::run_batch& batch, const job_spec&, text_position, catalog::session&, planned_job& planned) {
  planned.selects.push_back({std::move(batch.plan)});
  return ok();
}

status add_action(plan::set_variable& assignment, const job_spec&, text_position, catalog::session& session,
                  planned_job&) {
  session.apply(assignment);
  return ok();
}

template <class Definition>
status add_action(Definition& definition, const job_spec&, text_position position, catalog::session& session,
                  planned_job&) {
  return session.apply(definition).with_position(position);
}

bool is_step(const plan::node& node) {
  return node.what == plan::node::kind::filter || node.what == plan::node::kind::project;
}

/// Whether the node is filters and projections over files.
bool is_file_chain(const plan::node& node) {
  const auto* at = &node;
  while (is_step(*at) && at->inputs.size() == 1) at = at->inputs.front().get();
  return at->what == plan::node::kind::file_scan;
}

plan::node_ptr leaf_scan(std::size_t index, const data::schema_ptr& output) {
  auto scan = std::make_shared<plan::node>();
  scan->what = plan::node::kind::table_scan;
  scan->table = "#" + std::to_string(index);
  scan->output = output;
  return scan;
}

plan::node_ptr cut(const plan::node_ptr& node, std::vector<plan_leaf>& leaves) {
  if (is_file_chain(*node)) {
    leaves.push_back({{}, {}, node, node->output});
    return leaf_scan(leaves.size() - 1, node->output);
  }
  if (node->what == plan::node::kind::table_scan) {
    leaves.push_back({node->table, node->columns, nullptr, node->output});
    return leaf_scan(leaves.size() - 1, node->output);
  }
  auto copy = std::make_shared<plan::node>(*node);
  for (auto& input : copy->inputs) input = cut(input, leaves);
  return copy;
}

} // namespace

result<planned_job> plan_job(const job_spec& job, const catalog::result_tables& tables) {
  plan::option_map variables(job.variables.begin(), job.variables.end());
  SLUICE_ASSIGN_OR_RETURN(auto statements, plan::split_statements(job.text, variables));
  catalog::session session(tables);
  planned_job planned;
  for (const auto& statement : statements) {
    SLUICE_ASSIGN_OR_RETURN(auto action, plan::analyze(statement, session, session.settings(), job.directory));
    SLUICE_RETURN_IF_ERROR(
        std::visit([&](auto& what) { return add_action(what, job, statement.position, session, planned); }, action));
  }
  if (!job.name.empty() && planned.queries.size() != 1)
    return status(errc::invalid_argument, "a name can be given to a job with one streaming query; this one has " +
                                              std::to_string(planned.queries.size()));
  return planned;
}

std::string explain(const planned_job& job) {
  std::string text;
  auto add = [&](const std::string& piece) { text += (text.empty() ? "" : "\n") + piece; };
  for (const auto& query : job.queries) add(plan::explain(query.plan));
  for (const auto& select : job.selects) add(plan::explain(select.plan));
  return text;
}

cut_plan cut_leaves(const plan::batch_plan& plan) {
  cut_plan pieces;
  pieces.rest = plan;
  pieces.rest.root = cut(plan.root, pieces.leaves);
  return pieces;
}

std::size_t leaf_index(const plan::node& scan) { return std::strtoul(scan.table.c_str() + 1, nullptr, 10); }

const plan::file_source& source_of(const plan::node& chain) {
  const auto* at = &chain;
  while (is_step(*at)) at = at->inputs.front().get();
  return at->source;
}

} // namespace sluice::actors
