// INTERSECT and EXCEPT. Rows are equal when all their values are, null being equal to null.
#include <arrow/api.h>

#include "common/data/keys.hpp"
#include "common/exec/internal/group_index.hpp"
#include "common/exec/internal/row_source.hpp"
#include "common/exec/internal/rows.hpp"

namespace sluice::exec {
namespace {

class set_rows final : public row_source {
public:
  set_rows(plan::node_ptr node, source_ptr left, source_ptr right, run_scope scope)
      : node_(std::move(node)), left_(std::move(left)), right_(std::move(right)), scope_(std::move(scope)), encoder_(types()) {}

  result<data::batch_ptr> next() override {
    if (right_) SLUICE_RETURN_IF_ERROR(count_right());
    SLUICE_ASSIGN_OR_RETURN(auto batch, left_->next());
    if (!batch) return batch;
    std::vector<std::int64_t> kept;
    SLUICE_RETURN_IF_ERROR(each_row(*batch, [&](std::int64_t row, std::uint32_t group) {
      if (keeps(group)) kept.push_back(row);
    }));
    SLUICE_ASSIGN_OR_RETURN(auto rows, take_rows(batch, kept));
    return arrow::RecordBatch::Make(node_->output, rows->num_rows(), rows->columns());
  }

private:
  std::vector<data::type_ptr> types() const {
    std::vector<data::type_ptr> out;
    for (const auto& field : node_->output->fields()) out.push_back(field->type());
    return out;
  }

  template <class F>
  status each_row(const arrow::RecordBatch& batch, F&& f) {
    std::string bytes;
    std::vector<std::uint32_t> offsets(static_cast<std::size_t>(batch.num_rows()) + 1, 0);
    if (!batch.columns().empty()) SLUICE_RETURN_IF_ERROR(encoder_.encode(batch.columns(), bytes, offsets));
    auto held = static_cast<std::int64_t>(index_.bytes());
    for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
      auto group = index_.find_or_add(bytes.data() + offsets[row], offsets[row + 1] - offsets[row], 0);
      if (group == counts_.size()) counts_.push_back(0);
      f(row, group);
    }
    return scope_.budget->change(held, static_cast<std::int64_t>(index_.bytes()));
  }

  status count_right() {
    auto right = std::exchange(right_, nullptr);
    for (;;) {
      auto batch = right->next();
      if (!batch.ok()) return batch.error();
      if (!*batch) return ok();
      SLUICE_RETURN_IF_ERROR(each_row(**batch, [&](std::int64_t, std::uint32_t group) { ++counts_[group]; }));
    }
  }

  /// What a left row of the group becomes; `counts_` are rows of the right side that are left, -1: the group was given out.
  bool keeps(std::uint32_t group) {
    auto& count = counts_[group];
    bool intersects = node_->what == plan::node::kind::intersect;
    if (node_->all) {
      if (count > 0) {
        --count;
        return intersects;
      }
      return !intersects;
    }
    if (count < 0 || intersects != (count > 0)) return false;
    count = -1;
    return true;
  }

  plan::node_ptr node_;
  source_ptr left_;
  source_ptr right_;
  run_scope scope_;
  data::key_encoder encoder_;
  group_index index_;
  std::vector<std::int64_t> counts_;
};

} // namespace

source_ptr make_set_operator(plan::node_ptr node, source_ptr left, source_ptr right, const run_scope& scope) {
  return std::make_unique<set_rows>(std::move(node), std::move(left), std::move(right), scope);
}

} // namespace sluice::exec
