#include <arrow/api.h>
#include <fmt/format.h>

#include "common/base/misbehave.hpp"
#include "common/data/keys.hpp"
#include "common/exec/aggregate.hpp"
#include "common/exec/aggregate_input.hpp"
#include "common/exec/internal/group_index.hpp"
#include "common/exec/internal/policy_accumulator.hpp"
#include "common/exec/slices.hpp"

namespace sluice::exec {

data::schema_ptr block_schema(const plan::aggregation& aggregation) {
  field_vector fields{arrow::field("__group", arrow::uint16(), false), arrow::field("__key", arrow::binary(), false)};
  if (aggregation.window) fields.push_back(arrow::field("__slice", arrow::int64(), false));
  for (std::size_t i = 0; i < aggregation.calls.size(); ++i) {
    auto columns = state_fields(aggregation.calls[i]);
    if (!columns.ok()) continue;
    for (const auto& column : *columns)
      fields.push_back(column->WithName(fmt::format("{}_{}_{}", i, aggregation.calls[i].function, column->name())));
  }
  return arrow::schema(fields);
}

namespace {

constexpr std::int64_t chunk_rows = 4096;
constexpr std::size_t least_rows_to_judge = 16 << 10;

enum class key_form { none, text, encoded };

class hash_partial_aggregator final : public partial_aggregator {
public:
  hash_partial_aggregator(const plan::aggregation& aggregation, routing routes, expr::eval_context context, std::int64_t batch,
                          partial_options options, aggregate_states states)
      : input_(aggregation, std::move(context)), routes_(std::move(routes)), batch_(batch), options_(options),
        schema_(block_schema(aggregation)), encoder_(input_.key_types()), states_(std::move(states)) {
    const auto& keys = input_.aggregation().keys;
    auto text = keys.size() == 1 && (keys[0]->type->id() == arrow::Type::STRING || keys[0]->type->id() == arrow::Type::BINARY);
    form_ = keys.empty() ? key_form::none : text ? key_form::text : key_form::encoded;
    if (const auto& window = aggregation.window) grid_ = {window->size_us, window->slide_us, window->start_us};
  }

  status add(const data::batch_ptr& rows, std::int32_t split, std::int64_t first_row, std::vector<routed_block>& out) override {
    if (rows->num_rows() == 0) return ok();
    SLUICE_ASSIGN_OR_RETURN(auto columns, input_.evaluate(*rows));
    key_bytes_.clear();
    if (form_ == key_form::encoded) SLUICE_RETURN_IF_ERROR(encoder_.encode(columns.keys, key_bytes_, key_offsets_));
    for (std::int64_t begin = 0; begin < rows->num_rows(); begin += chunk_rows) {
      auto count = std::min(chunk_rows, rows->num_rows() - begin);
      SLUICE_RETURN_IF_ERROR(find_groups(columns, begin, count));
      states_.resize(index_.size());
      SLUICE_RETURN_IF_ERROR(update_states(states_, columns, begin, count, groups_.data(), dense_,
                                           {batch_, split, first_row + begin}));
      rows_since_flush_ += static_cast<std::size_t>(count);
      SLUICE_RETURN_IF_ERROR(flush_if_full(out));
    }
    return ok();
  }

  status flush(std::vector<routed_block>& out) override {
    if (index_.size() > 0) SLUICE_RETURN_IF_ERROR(emit(out));
    index_.clear();
    states_.resize(0);
    rows_since_flush_ = 0;
    return ok();
  }

  std::int64_t rows_without_window() const override { return without_window_; }

private:
  /// groups_[i] for row begin + i.
  status find_groups(const aggregate_columns& columns, std::int64_t begin, std::int64_t count) {
    groups_.resize(static_cast<std::size_t>(count));
    dense_ = true;
    if (!columns.time) return find_keys(columns, begin, count, [](std::int64_t, std::int64_t& slice) { return slice = 0, true; });
    const auto* times = fixed_values<std::int64_t>(*columns.time) + begin;
    slice_cursor cursor(grid_);
    out_of_range_ = false;
    if (columns.time->null_count() == 0) {
      SLUICE_RETURN_IF_ERROR(find_keys(columns, begin, count, [&](std::int64_t i, std::int64_t& slice) {
        auto inside = cursor.find(times[i], slice);
        out_of_range_ |= !inside;
        return inside;
      }));
    } else {
      SLUICE_RETURN_IF_ERROR(find_keys(columns, begin, count, [&](std::int64_t i, std::int64_t& slice) {
        if (columns.time->IsNull(begin + i)) return ++without_window_, dense_ = false;
        auto inside = cursor.find(times[i], slice);
        out_of_range_ |= !inside;
        return inside;
      }));
    }
    if (out_of_range_) return {errc::arithmetic_overflow, "[ARITHMETIC_OVERFLOW] a window leaves the range of timestamps"};
    return ok();
  }

  template <class SliceOf>
  status find_keys(const aggregate_columns& columns, std::int64_t begin, std::int64_t count, SliceOf&& slice_of) {
    if (given_up_) return find_rows<true>(columns, begin, count, slice_of);
    return find_rows<false>(columns, begin, count, slice_of);
  }

  template <bool Unindexed, class SliceOf>
  status find_rows(const aggregate_columns& columns, std::int64_t begin, std::int64_t count, SliceOf& slice_of) {
    auto place = [&](const char* key, std::uint32_t length, std::int64_t slice) {
      return Unindexed ? index_.add_unindexed(key, length, slice) : index_.find_or_add(key, length, slice);
    };
    std::int64_t slice = 0;
    if (form_ == key_form::none) {
      for (std::int64_t i = 0; i < count; ++i) groups_[i] = slice_of(i, slice) ? place("", 0, slice) : no_group;
    } else if (form_ == key_form::encoded) {
      const auto* bytes = key_bytes_.data();
      const auto* offsets = key_offsets_.data() + begin;
      for (std::int64_t i = 0; i < count; ++i)
        groups_[i] = slice_of(i, slice) ? place(bytes + offsets[i], offsets[i + 1] - offsets[i], slice) : no_group;
    } else {
      const auto& keys = static_cast<const arrow::BinaryArray&>(*columns.keys[0]);
      const auto* bytes = reinterpret_cast<const char*>(keys.value_data() ? keys.value_data()->data() : nullptr);
      const auto* offsets = keys.raw_value_offsets() + begin;
      auto nulls = keys.null_count() > 0;
      for (std::int64_t i = 0; i < count; ++i) {
        if (!slice_of(i, slice))
          groups_[i] = no_group;
        else if (nulls && keys.IsNull(begin + i))
          groups_[i] = Unindexed ? index_.add_unindexed_null(slice) : index_.find_or_add_null(slice);
        else
          groups_[i] = place(bytes + offsets[i], static_cast<std::uint32_t>(offsets[i + 1] - offsets[i]), slice);
      }
    }
    return ok();
  }

  status flush_if_full(std::vector<routed_block>& out) {
    if (!given_up_ && rows_since_flush_ >= least_rows_to_judge &&
        static_cast<double>(index_.size()) > options_.give_up_ratio * static_cast<double>(rows_since_flush_))
      given_up_ = true;
    auto full = given_up_ ? index_.size() >= options_.block_rows : index_.bytes() + states_.bytes() > options_.memory_bytes;
    return full || misbehave::here(misbehave::point::flush_partial) ? flush(out) : ok();
  }

  /// The keys of all rows as the encoder writes them.
  status encode_keys(std::vector<std::string_view>& keys) {
    keys.resize(index_.size());
    if (form_ != key_form::text) {
      for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = index_.key(i);
      return ok();
    }
    SLUICE_ASSIGN_OR_RETURN(auto texts, key_texts());
    key_bytes_.clear();
    SLUICE_RETURN_IF_ERROR(encoder_.encode({texts}, key_bytes_, key_offsets_));
    for (std::size_t i = 0; i < keys.size(); ++i)
      keys[i] = std::string_view(key_bytes_).substr(key_offsets_[i], key_offsets_[i + 1] - key_offsets_[i]);
    return ok();
  }
  result<data::array_ptr> key_texts() {
    std::unique_ptr<arrow::ArrayBuilder> made;
    auto done = arrow::MakeBuilder(arrow::default_memory_pool(), input_.aggregation().keys[0]->type, &made);
    auto& builder = static_cast<arrow::BinaryBuilder&>(*made);
    for (std::size_t i = 0; done.ok() && i < index_.size(); ++i)
      done = index_.is_null(i) ? builder.AppendNull() : builder.Append(index_.key(i));
    data::array_ptr texts;
    if (done.ok()) done = builder.Finish(&texts);
    if (!done.ok()) return status(errc::memory_limit, done.ToString());
    return texts;
  }

  /// Rows as one batch ordered by destination and key group, cut into blocks.
  status emit(std::vector<routed_block>& out) {
    std::vector<std::string_view> keys;
    SLUICE_RETURN_IF_ERROR(encode_keys(keys));
    std::vector<std::uint16_t> key_groups(keys.size());
    std::vector<std::uint64_t> order(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      key_groups[i] = form_ == key_form::none ? 0 : data::key_group_of(data::key_hash(keys[i]), routes_.num_key_groups);
      order[i] = (static_cast<std::uint64_t>(key_groups[i]) << 32) | i;
    }
    std::sort(order.begin(), order.end(), [&](std::uint64_t a, std::uint64_t b) {
      auto left = routes_.destination_of_group[a >> 32], right = routes_.destination_of_group[b >> 32];
      return left != right ? left < right : a < b;
    });
    std::vector<std::uint32_t> picks(order.begin(), order.end());
    SLUICE_ASSIGN_OR_RETURN(auto batch, make_batch(keys, key_groups, picks));
    cut(batch, order, out);
    return ok();
  }

  result<data::batch_ptr> make_batch(const std::vector<std::string_view>& keys, const std::vector<std::uint16_t>& key_groups,
                                     const std::vector<std::uint32_t>& picks) {
    column_vector columns;
    SLUICE_ASSIGN_OR_RETURN(auto group_column, make_fixed_array<std::uint16_t>(arrow::uint16(), picks.size(),
                                                                               [&](auto i) { return key_groups[picks[i]]; }));
    columns.push_back(std::move(group_column));
    arrow::BinaryBuilder builder;
    auto done = builder.Reserve(static_cast<std::int64_t>(picks.size()));
    for (std::size_t i = 0; done.ok() && i < picks.size(); ++i) done = builder.Append(keys[picks[i]]);
    if (done.ok()) done = builder.Finish(&columns.emplace_back());
    if (!done.ok()) return status(errc::memory_limit, done.ToString());
    if (input_.aggregation().window) {
      SLUICE_ASSIGN_OR_RETURN(auto slices, make_fixed_array<std::int64_t>(arrow::int64(), picks.size(),
                                                                          [&](auto i) { return index_[picks[i]].slice; }));
      columns.push_back(std::move(slices));
    }
    SLUICE_RETURN_IF_ERROR(states_.append_state(picks, columns));
    return arrow::RecordBatch::Make(schema_, static_cast<std::int64_t>(picks.size()), std::move(columns));
  }

  void cut(const data::batch_ptr& batch, const std::vector<std::uint64_t>& order, std::vector<routed_block>& out) const {
    auto destination = [&](std::size_t i) { return routes_.destination_of_group[order[i] >> 32]; };
    for (std::size_t begin = 0; begin < order.size();) {
      auto end = begin + 1;
      auto most = misbehave::here(misbehave::point::tiny_blocks) ? 1 : options_.block_rows;
      while (end < order.size() && end - begin < most && destination(end) == destination(begin)) ++end;
      out.push_back({destination(begin), batch->Slice(static_cast<std::int64_t>(begin), static_cast<std::int64_t>(end - begin))});
      begin = end;
    }
  }

  aggregate_input input_;
  routing routes_;
  std::int64_t batch_;
  partial_options options_;
  data::schema_ptr schema_;
  data::key_encoder encoder_;
  aggregate_states states_;
  slice_grid grid_;
  key_form form_ = key_form::none;
  group_index index_;
  std::vector<std::uint32_t> groups_;
  std::string key_bytes_;
  std::vector<std::uint32_t> key_offsets_;
  std::size_t rows_since_flush_ = 0;
  std::int64_t without_window_ = 0;
  bool dense_ = true;
  bool out_of_range_ = false;
  bool given_up_ = false;
};

} // namespace

result<std::unique_ptr<partial_aggregator>> partial_aggregator::make(const plan::aggregation& aggregation, routing routes,
                                                                     expr::eval_context context, std::int64_t batch,
                                                                     partial_options options) {
  if (routes.num_key_groups == 0 || routes.destination_of_group.size() != routes.num_key_groups)
    return status(errc::invalid_plan, "the routing does not name a destination for each key group");
  if (aggregation.window && (aggregation.window->slide_us <= 0 || aggregation.window->size_us < aggregation.window->slide_us))
    return status(errc::invalid_window, "a window needs 0 < slide <= size");
  for (const auto& call : aggregation.calls)
    if (call.distinct) return status(errc::unsupported_feature, call.function + "(DISTINCT …) over a stream");
  SLUICE_ASSIGN_OR_RETURN(auto states, aggregate_states::make(aggregation.calls, context.session));
  return std::unique_ptr<partial_aggregator>(std::make_unique<hash_partial_aggregator>(
      aggregation, std::move(routes), std::move(context), batch, options, std::move(states)));
}

} // namespace sluice::exec
