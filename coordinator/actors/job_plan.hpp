#pragma once
/// A job's text to what is to be done, before anything is done: a job with an error anywhere starts nothing. Pure.
#include <variant>

#include "common/plan/analyzer.hpp"
#include "coordinator/actors/control_plane.hpp"
#include "coordinator/catalog/catalog.hpp"

namespace sluice::actors {

struct planned_query {
  plan::streaming_plan plan;
  std::string written_name;  ///< as the text names it, if the job's name replaces it
  bool if_not_exists = false;
};
struct planned_select {
  plan::batch_plan plan;
};

struct planned_job {
  std::vector<planned_query> queries;   ///< in the order of the text
  std::vector<planned_select> selects;  ///< likewise
};

/// Errors carry the position in the job's text.
result<planned_job> plan_job(const job_spec& job, const catalog::result_tables& tables);
std::string explain(const planned_job& job);

/// A leaf whose rows come from outside: a result table, or files with the filters and projections above them.
struct plan_leaf {
  std::string table;                  ///< result table; empty for files
  std::vector<int> columns;           ///< result table: used ones
  plan::node_ptr chain;               ///< files: the node to run on the workers
  data::schema_ptr output;
};
/// The plan with each leaf replaced by a scan of the table "#<index>", and the leaves.
struct cut_plan {
  plan::batch_plan rest;
  std::vector<plan_leaf> leaves;
};
cut_plan cut_leaves(const plan::batch_plan& plan);
/// The index in the name of a replaced leaf.
std::size_t leaf_index(const plan::node& scan);

/// The files below a chain.
const plan::file_source& source_of(const plan::node& chain);

} // namespace sluice::actors
