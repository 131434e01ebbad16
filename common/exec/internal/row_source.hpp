#pragma once
/// Operators of a batch plan: each pulls rows from its inputs. Made by `open` of pipeline.hpp. Not thread safe.
#include <functional>
#include <memory>

#include "common/exec/pipeline.hpp"

namespace sluice::exec {

/// What the operators of one plan may hold together.
class row_budget {
public:
  explicit row_budget(const run_options& options) : options_(options) {}
  /// Error: limit_exceeded, naming the setting.
  status hold(std::int64_t bytes);
  /// As hold, for an operator that held `before` so far.
  status change(std::int64_t before, std::int64_t now) { return hold(now - before); }

private:
  run_options options_;
  std::int64_t held_ = 0;
};

/// What the operators share.
struct run_scope {
  expr::eval_context context;
  std::shared_ptr<row_budget> budget;
};

using source_ptr = std::unique_ptr<row_source>;

/// All rows that are left, as one batch; they count as held.
result<data::batch_ptr> gather(row_source& input, const data::schema_ptr& schema, row_budget& budget);

source_ptr make_join(plan::node_ptr node, source_ptr left, source_ptr right, const run_scope& scope);
source_ptr make_set_operator(plan::node_ptr node, source_ptr left, source_ptr right, const run_scope& scope);
source_ptr make_expand(plan::node_ptr node, source_ptr input, const run_scope& scope);
source_ptr make_generate(plan::node_ptr node, source_ptr input, const run_scope& scope);
source_ptr make_window(plan::node_ptr node, source_ptr input, const run_scope& scope);
source_ptr make_sample(plan::node_ptr node, source_ptr input);
source_ptr make_range(plan::node_ptr node);

} // namespace sluice::exec
