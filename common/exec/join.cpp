// Joins: the right side is held, by hashed keys if there are any; the left side streams.
#include <arrow/api.h>

#include "common/data/keys.hpp"
#include "common/exec/internal/evaluate_column.hpp"
#include "common/exec/internal/group_index.hpp"
#include "common/exec/internal/row_source.hpp"
#include "common/exec/internal/rows.hpp"

namespace sluice::exec {
namespace {

using join_kind = plan::join_spec::kind;
constexpr std::size_t most_pairs = 1 << 15;  ///< matched at a time
constexpr std::int32_t no_row = -1;

/// Encoded key values of the rows of a batch; `valid` is 0 for rows that equal nothing.
struct row_keys {
  std::string bytes;
  std::vector<std::uint32_t> offsets;
  std::vector<std::uint8_t> valid;

  const char* data(std::int64_t row) const { return bytes.data() + offsets[row]; }
  std::uint32_t size(std::int64_t row) const { return offsets[row + 1] - offsets[row]; }
};

using key_list = std::vector<plan::join_spec::key>;

result<row_keys> keys_of(const key_list& keys, bool left, const arrow::RecordBatch& batch, const expr::eval_context& context) {
  row_keys out;
  auto rows = static_cast<std::size_t>(batch.num_rows());
  out.offsets.assign(rows + 1, 0);
  out.valid.assign(rows, 1);
  std::vector<data::array_ptr> columns;
  std::vector<data::type_ptr> types;
  for (const auto& key : keys) {
    SLUICE_ASSIGN_OR_RETURN(auto column, evaluate_column(left ? *key.left : *key.right, batch, context));
    if (!key.null_safe)
      for (std::size_t i = 0; i < rows; ++i)
        if (column->IsNull(static_cast<std::int64_t>(i))) out.valid[i] = 0;
    types.push_back(key.left->type);
    columns.push_back(std::move(column));
  }
  if (columns.empty()) return out;
  out.offsets.clear();
  SLUICE_RETURN_IF_ERROR(data::key_encoder(types).encode(columns, out.bytes, out.offsets));
  return out;
}

/// Rows of the right side by key, each list in the order of the rows.
class key_table {
public:
  void build(const row_keys& keys, std::int64_t rows) {
    next_.assign(static_cast<std::size_t>(rows), no_row);
    for (auto row = rows - 1; row >= 0; --row) {
      if (!keys.valid[row]) continue;
      auto group = index_.find_or_add(keys.data(row), keys.size(row), 0);
      if (group == heads_.size()) heads_.push_back(no_row);
      next_[row] = heads_[group];
      heads_[group] = static_cast<std::int32_t>(row);
    }
  }
  std::int32_t first(const row_keys& keys, std::int64_t row) const {
    if (!keys.valid[row]) return no_row;
    auto group = index_.find(keys.data(row), keys.size(row), 0);
    return group == group_index::absent ? no_row : heads_[group];
  }
  std::int32_t next(std::int32_t row) const { return next_[row]; }
  std::int64_t bytes() const { return static_cast<std::int64_t>(index_.bytes() + 4 * (heads_.capacity() + next_.capacity())); }

private:
  group_index index_;
  std::vector<std::int32_t> heads_;
  std::vector<std::int32_t> next_;
};

enum class answer : std::uint8_t { no, unknown, yes };

class joined_rows final : public row_source {
public:
  joined_rows(plan::node_ptr node, source_ptr left, source_ptr right, run_scope scope)
      : node_(std::move(node)), spec_(node_->join), left_(std::move(left)), right_(std::move(right)), scope_(std::move(scope)) {}

  result<data::batch_ptr> next() override {
    if (right_) SLUICE_RETURN_IF_ERROR(build());
    for (;;) {
      if (!batch_) {
        if (!left_) return data::batch_ptr();
        SLUICE_ASSIGN_OR_RETURN(batch_, left_->next());
        if (!batch_) {
          left_ = nullptr;
          return keeps_right() ? unmatched_right() : data::batch_ptr();
        }
        SLUICE_RETURN_IF_ERROR(begin_batch());
      }
      SLUICE_ASSIGN_OR_RETURN(auto out, by_row() ? whole_batch() : some_pairs());
      if (out && out->num_rows() > 0) return out;
    }
  }

private:
  bool keeps_left() const { return spec_.what == join_kind::left_outer || spec_.what == join_kind::full_outer; }
  bool keeps_right() const { return spec_.what == join_kind::right_outer || spec_.what == join_kind::full_outer; }
  /// Whether a left row gives at most one row, without the right columns.
  bool by_row() const {
    return spec_.what == join_kind::left_semi || spec_.what == join_kind::left_anti || spec_.what == join_kind::mark;
  }

  status build() {
    auto input = std::exchange(right_, nullptr);
    auto gathered = gather(*input, node_->inputs[1]->output, *scope_.budget);
    if (!gathered.ok()) return gathered.error();
    rows_ = *std::move(gathered);
    if (rows_->num_rows() >= std::numeric_limits<std::int32_t>::max())
      return {errc::limit_exceeded, "the right side of a join has more than 2 billion rows"};
    auto all_keys = spec_.keys;
    if (spec_.in) all_keys.push_back(*spec_.in);
    auto keys = keys_of(all_keys, false, *rows_, scope_.context);
    if (!keys.ok()) return keys.error();
    table_.build(*keys, rows_->num_rows());
    SLUICE_RETURN_IF_ERROR(scope_.budget->hold(table_.bytes()));
    if (spec_.in) SLUICE_RETURN_IF_ERROR(build_candidates());
    if (keeps_right()) right_matched_.assign(static_cast<std::size_t>(rows_->num_rows()), 0);
    return ok();
  }

  /// For IN: the rows with equal keys whatever their value, those with a null value first in their lists.
  status build_candidates() {
    auto keys = keys_of(spec_.keys, false, *rows_, scope_.context);
    if (!keys.ok()) return keys.error();
    auto values = evaluate_column(*spec_.in->right, *rows_, scope_.context);
    if (!values.ok()) return values.error();
    for (std::int64_t i = 0; i < rows_->num_rows(); ++i) {
      if (!keys->valid[i]) continue;
      auto group = candidates_.find_or_add(keys->data(i), keys->size(i), 0);
      if (group == has_null_.size()) has_null_.push_back(0);
      if ((*values)->IsNull(i)) has_null_[group] = 1;
    }
    return scope_.budget->hold(static_cast<std::int64_t>(candidates_.bytes()));
  }

  status begin_batch() {
    auto all_keys = spec_.keys;
    if (spec_.in) all_keys.push_back(*spec_.in);
    auto keys = keys_of(all_keys, true, *batch_, scope_.context);
    if (!keys.ok()) return keys.error();
    keys_ = *std::move(keys);
    row_ = 0;
    candidate_ = batch_->num_rows() > 0 ? table_.first(keys_, 0) : no_row;
    answers_.assign(static_cast<std::size_t>(batch_->num_rows()), answer::no);
    return ok();
  }

  /// Appends candidate pairs from where the last call stopped; false when the batch is through.
  bool more_pairs(std::vector<std::int64_t>& left, std::vector<std::int64_t>& right) {
    left.clear();
    right.clear();
    while (row_ < batch_->num_rows()) {
      for (; candidate_ != no_row; candidate_ = table_.next(candidate_)) {
        if (left.size() == most_pairs) return true;
        left.push_back(row_);
        right.push_back(candidate_);
      }
      if (++row_ < batch_->num_rows()) candidate_ = table_.first(keys_, row_);
    }
    return !left.empty();
  }

  result<data::batch_ptr> pairs(const std::vector<std::int64_t>& left, const std::vector<std::int64_t>& right) {
    std::vector<data::array_ptr> columns;
    for (const auto& column : batch_->columns()) {
      SLUICE_ASSIGN_OR_RETURN(auto taken, take_values(*column, left));
      columns.push_back(std::move(taken));
    }
    for (const auto& column : rows_->columns()) {
      SLUICE_ASSIGN_OR_RETURN(auto taken, take_values(*column, right));
      columns.push_back(std::move(taken));
    }
    auto fields = node_->inputs[0]->output->fields();
    const auto& more = node_->inputs[1]->output->fields();
    fields.insert(fields.end(), more.begin(), more.end());
    return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), static_cast<std::int64_t>(left.size()), std::move(columns));
  }

  /// Drops the pairs for which the condition is not true.
  status filter_pairs(std::vector<std::int64_t>& left, std::vector<std::int64_t>& right) {
    if (!spec_.condition || left.empty()) return ok();
    auto both = pairs(left, right);
    if (!both.ok()) return both.error();
    auto verdict = evaluate_column(*spec_.condition, **both, scope_.context);
    if (!verdict.ok()) return verdict.error();
    if ((*verdict)->type_id() != arrow::Type::BOOL) return {errc::invalid_plan, "a join's condition is no boolean"};
    const auto& flags = static_cast<const arrow::BooleanArray&>(**verdict);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
      auto at = static_cast<std::int64_t>(i);
      if (flags.IsNull(at)) answers_[left[i]] = std::max(answers_[left[i]], answer::unknown);
      if (flags.IsNull(at) || !flags.Value(at)) continue;
      left[kept] = left[i];
      right[kept++] = right[i];
    }
    left.resize(kept);
    right.resize(kept);
    return ok();
  }

  result<data::batch_ptr> some_pairs() {
    std::vector<std::int64_t> left, right;
    if (!more_pairs(left, right)) return unmatched_left();
    SLUICE_RETURN_IF_ERROR(filter_pairs(left, right));
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (spec_.single && answers_[left[i]] == answer::yes)
        return status(errc::invalid_plan, "More than one row returned by a subquery used as an expression.")
            .with_spark_class("SCALAR_SUBQUERY_TOO_MANY_ROWS");
      answers_[left[i]] = answer::yes;
      if (keeps_right()) right_matched_[right[i]] = 1;
    }
    SLUICE_ASSIGN_OR_RETURN(auto out, pairs(left, right));
    return arrow::RecordBatch::Make(node_->output, out->num_rows(), out->columns());
  }

  result<data::batch_ptr> unmatched_left() {
    auto batch = batch_;
    std::vector<std::int64_t> left, right;
    if (keeps_left())
      for (std::int64_t i = 0; i < batch->num_rows(); ++i)
        if (answers_[i] != answer::yes) left.push_back(i);
    right.assign(left.size(), -1);
    result<data::batch_ptr> out = data::batch_ptr();
    if (!left.empty()) out = pairs(left, right);
    batch_ = nullptr;
    if (!out.ok() || !*out) return out;
    return arrow::RecordBatch::Make(node_->output, (*out)->num_rows(), (*out)->columns());
  }

  result<data::batch_ptr> unmatched_right() {
    std::vector<std::int64_t> right;
    for (std::size_t i = 0; i < right_matched_.size(); ++i)
      if (!right_matched_[i]) right.push_back(static_cast<std::int64_t>(i));
    if (right.empty()) return data::batch_ptr();
    std::vector<data::array_ptr> columns;
    for (const auto& field : node_->inputs[0]->output->fields()) {
      auto nulls = arrow::MakeArrayOfNull(field->type(), static_cast<std::int64_t>(right.size()));
      if (!nulls.ok()) return status(errc::memory_limit, nulls.status().ToString());
      columns.push_back(*nulls);
    }
    SLUICE_ASSIGN_OR_RETURN(auto kept, take_rows(rows_, right));
    columns.insert(columns.end(), kept->columns().begin(), kept->columns().end());
    return arrow::RecordBatch::Make(node_->output, kept->num_rows(), std::move(columns));
  }

  /// Semi, anti and mark joins of a left batch.
  result<data::batch_ptr> whole_batch() {
    if (spec_.in) {
      SLUICE_RETURN_IF_ERROR(answer_in());
    } else if (!spec_.condition) {
      for (std::int64_t i = 0; i < batch_->num_rows(); ++i) answers_[i] = table_.first(keys_, i) == no_row ? answer::no : answer::yes;
    } else {
      std::vector<std::int64_t> left, right;
      while (more_pairs(left, right)) {
        SLUICE_RETURN_IF_ERROR(filter_pairs(left, right));
        for (auto row : left) answers_[row] = answer::yes;
      }
    }
    auto batch = std::exchange(batch_, nullptr);
    if (spec_.what == join_kind::mark) return marked(*batch);
    std::vector<std::int64_t> kept;
    for (std::int64_t i = 0; i < batch->num_rows(); ++i)
      if ((answers_[i] == answer::yes) == (spec_.what == join_kind::left_semi)) kept.push_back(i);
    SLUICE_ASSIGN_OR_RETURN(auto out, take_rows(batch, kept));
    return arrow::RecordBatch::Make(node_->output, out->num_rows(), out->columns());
  }

  status answer_in() {
    auto keys = keys_of(spec_.keys, true, *batch_, scope_.context);
    if (!keys.ok()) return keys.error();
    auto values = evaluate_column(*spec_.in->left, *batch_, scope_.context);
    if (!values.ok()) return values.error();
    for (std::int64_t i = 0; i < batch_->num_rows(); ++i) {
      if (table_.first(keys_, i) != no_row) {
        answers_[i] = answer::yes;
        continue;
      }
      auto group = keys->valid[i] ? candidates_.find(keys->data(i), keys->size(i), 0) : group_index::absent;
      bool unknown = group != group_index::absent && ((*values)->IsNull(i) || has_null_[group]);
      answers_[i] = unknown ? answer::unknown : answer::no;
    }
    return ok();
  }

  result<data::batch_ptr> marked(const arrow::RecordBatch& batch) {
    arrow::BooleanBuilder builder;
    auto done = builder.Reserve(batch.num_rows());
    if (!done.ok()) return status(errc::memory_limit, done.ToString());
    for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
      if (answers_[i] == answer::unknown && spec_.null_aware) builder.UnsafeAppendNull();
      else builder.UnsafeAppend(answers_[i] == answer::yes);
    }
    auto flags = builder.Finish();
    if (!flags.ok()) return status(errc::memory_limit, flags.status().ToString());
    auto columns = batch.columns();
    columns.push_back(*flags);
    return arrow::RecordBatch::Make(node_->output, batch.num_rows(), std::move(columns));
  }

  plan::node_ptr node_;
  const plan::join_spec& spec_;
  source_ptr left_;
  source_ptr right_;
  run_scope scope_;
  data::batch_ptr rows_;  ///< of the right side
  key_table table_;
  group_index candidates_;              ///< IN: the keys of the right side
  std::vector<std::uint8_t> has_null_;  ///< IN: whether a null value is among the key's rows
  std::vector<std::uint8_t> right_matched_;
  data::batch_ptr batch_;  ///< of the left side, in work
  row_keys keys_;
  std::int64_t row_ = 0;
  std::int32_t candidate_ = no_row;
  std::vector<answer> answers_;
};

} // namespace

source_ptr make_join(plan::node_ptr node, source_ptr left, source_ptr right, const run_scope& scope) {
  return std::make_unique<joined_rows>(std::move(node), std::move(left), std::move(right), scope);
}

} // namespace sluice::exec
