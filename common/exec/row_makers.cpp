// Operators that make rows: range, sample, expand and the generators.
#include <arrow/api.h>

#include <algorithm>

#include "common/exec/internal/evaluate_column.hpp"
#include "common/exec/internal/row_source.hpp"
#include "common/exec/internal/rows.hpp"

namespace sluice::exec {
namespace {

constexpr std::int64_t piece_rows = 1 << 16;

class range_rows final : public row_source {
public:
  explicit range_rows(plan::node_ptr node) : node_(std::move(node)) {
    const auto& range = node_->range;
    auto span = static_cast<__int128>(range.end) - range.start;
    auto step = static_cast<__int128>(range.step);
    bool any = step > 0 ? span > 0 : span < 0;
    if (any) left_ = static_cast<std::uint64_t>((span + step - (step > 0 ? 1 : -1)) / step);
  }
  result<data::batch_ptr> next() override {
    if (left_ == 0) return data::batch_ptr();
    auto count = static_cast<std::int64_t>(std::min<std::uint64_t>(left_, piece_rows));
    std::vector<data::array_ptr> columns;
    if (node_->output->num_fields() > 0) {
      auto buffer = arrow::AllocateBuffer(count * 8);
      if (!buffer.ok()) return status(errc::memory_limit, buffer.status().ToString());
      auto* values = reinterpret_cast<std::int64_t*>((*buffer)->mutable_data());
      auto first = static_cast<std::uint64_t>(node_->range.start) + made_ * static_cast<std::uint64_t>(node_->range.step);
      for (std::int64_t i = 0; i < count; ++i)
        values[i] = static_cast<std::int64_t>(first + static_cast<std::uint64_t>(i) * static_cast<std::uint64_t>(node_->range.step));
      columns.push_back(std::make_shared<arrow::Int64Array>(count, std::move(*buffer)));
    }
    made_ += static_cast<std::uint64_t>(count);
    left_ -= static_cast<std::uint64_t>(count);
    return arrow::RecordBatch::Make(node_->output, count, std::move(columns));
  }

private:
  plan::node_ptr node_;
  std::uint64_t made_ = 0;
  std::uint64_t left_ = 0;
};

/// Spark's XORShiftRandom, so that a sample of one partition picks the rows that Spark picks.
class xor_shift {
public:
  explicit xor_shift(std::int64_t seed) {
    std::uint8_t bytes[8];
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(seed) >> (56 - 8 * i));
    auto low = murmur3(bytes, 0x3c074a61u);
    auto high = murmur3(bytes, low);
    state_ = (static_cast<std::uint64_t>(high) << 32) | low;
  }
  double next_double() {
    auto high = static_cast<std::uint64_t>(next(26)) << 27;
    return static_cast<double>(high + next(27)) * 0x1.0p-53;
  }

private:
  std::uint32_t next(int bits) {
    auto value = state_ ^ (state_ << 21);
    value ^= value >> 35;
    value ^= value << 4;
    state_ = value;
    return static_cast<std::uint32_t>(value & ((std::uint64_t{1} << bits) - 1));
  }
  /// MurmurHash3 of eight bytes.
  static std::uint32_t murmur3(const std::uint8_t (&bytes)[8], std::uint32_t hash) {
    auto rotate = [](std::uint32_t x, int by) { return (x << by) | (x >> (32 - by)); };
    for (int i = 0; i < 8; i += 4) {
      std::uint32_t k = bytes[i] | bytes[i + 1] << 8 | bytes[i + 2] << 16 | static_cast<std::uint32_t>(bytes[i + 3]) << 24;
      k = rotate(k * 0xcc9e2d51u, 15) * 0x1b873593u;
      hash = rotate(hash ^ k, 13) * 5 + 0xe6546b64u;
    }
    hash ^= 8;
    hash = (hash ^ (hash >> 16)) * 0x85ebca6bu;
    hash = (hash ^ (hash >> 13)) * 0xc2b2ae35u;
    return hash ^ (hash >> 16);
  }

  std::uint64_t state_;
};

class sampled_rows final : public row_source {
public:
  sampled_rows(plan::node_ptr node, source_ptr input) : node_(std::move(node)), input_(std::move(input)), random_(node_->seed) {}
  result<data::batch_ptr> next() override {
    SLUICE_ASSIGN_OR_RETURN(auto batch, input_->next());
    if (!batch) return batch;
    std::vector<std::int64_t> kept;
    for (std::int64_t i = 0; i < batch->num_rows(); ++i) {
      if (node_->sample_to <= node_->sample_from) break;
      auto x = random_.next_double();
      if (x >= node_->sample_from && x < node_->sample_to) kept.push_back(i);
    }
    return take_rows(batch, kept);
  }

private:
  plan::node_ptr node_;
  source_ptr input_;
  xor_shift random_;
};

/// The rows come projection by projection within a batch.
class expanded_rows final : public row_source {
public:
  expanded_rows(plan::node_ptr node, source_ptr input, const run_scope& scope)
      : node_(std::move(node)), input_(std::move(input)), context_(scope.context) {}
  result<data::batch_ptr> next() override {
    if (!batch_ || at_ == node_->projections.size()) {
      SLUICE_ASSIGN_OR_RETURN(batch_, input_->next());
      at_ = 0;
      if (!batch_ || node_->projections.empty()) return data::batch_ptr();
    }
    std::vector<data::array_ptr> columns;
    for (const auto& value : node_->projections[at_]) {
      SLUICE_ASSIGN_OR_RETURN(auto column, evaluate_column(*value, *batch_, context_));
      columns.push_back(std::move(column));
    }
    ++at_;
    return arrow::RecordBatch::Make(node_->output, batch_->num_rows(), std::move(columns));
  }

private:
  plan::node_ptr node_;
  source_ptr input_;
  expr::eval_context context_;
  data::batch_ptr batch_;
  std::size_t at_ = 0;
};

class generated_rows final : public row_source {
public:
  generated_rows(plan::node_ptr node, source_ptr input, const run_scope& scope)
      : node_(std::move(node)), input_(std::move(input)), context_(scope.context) {}
  result<data::batch_ptr> next() override {
    SLUICE_ASSIGN_OR_RETURN(auto batch, input_->next());
    if (!batch) return batch;
    SLUICE_ASSIGN_OR_RETURN(auto values, evaluate_column(*node_->generate.value, *batch, context_));
    if (values->type_id() == arrow::Type::NA) return make(*batch, *values, nullptr, nullptr);
    if (values->type_id() != arrow::Type::LIST && values->type_id() != arrow::Type::MAP)
      return status(errc::invalid_plan, "a generator takes an array or a map");
    const auto& lists = static_cast<const arrow::ListArray&>(*values);  // a map is a list of entries
    return make(*batch, *values, lists.raw_value_offsets(), lists.values());
  }

private:
  /// `offsets` of the rows' elements in `elements`.
  result<data::batch_ptr> make(const arrow::RecordBatch& batch, const arrow::Array& values, const std::int32_t* offsets,
                               const data::array_ptr& elements) {
    std::vector<std::int64_t> rows, places;
    std::vector<std::int64_t> positions;
    for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
      bool empty = !offsets || values.IsNull(i) || offsets[i] == offsets[i + 1];
      if (empty) {
        if (!node_->generate.outer) continue;
        rows.push_back(i);
        places.push_back(-1);
        positions.push_back(-1);
        continue;
      }
      for (auto at = offsets[i]; at < offsets[i + 1]; ++at) {
        rows.push_back(i);
        places.push_back(at);
        positions.push_back(at - offsets[i]);
      }
    }
    std::vector<data::array_ptr> columns;
    for (const auto& column : batch.columns()) {
      SLUICE_ASSIGN_OR_RETURN(auto taken, take_values(*column, rows));
      columns.push_back(std::move(taken));
    }
    if (node_->generate.what == plan::generate_node::kind::posexplode) {
      SLUICE_ASSIGN_OR_RETURN(auto made, numbers(positions));
      columns.push_back(std::move(made));
    }
    SLUICE_RETURN_IF_ERROR(add_elements(elements, places, columns));
    if (static_cast<int>(columns.size()) != node_->output->num_fields()) return status(errc::invalid_plan, "a generator does not fit its schema");
    return arrow::RecordBatch::Make(node_->output, static_cast<std::int64_t>(rows.size()), std::move(columns));
  }

  static result<data::array_ptr> numbers(const std::vector<std::int64_t>& positions) {
    arrow::Int32Builder builder;
    for (auto position : positions) {
      auto done = position < 0 ? builder.AppendNull() : builder.Append(static_cast<std::int32_t>(position));
      if (!done.ok()) return status(errc::memory_limit, done.ToString());
    }
    auto made = builder.Finish();
    if (!made.ok()) return status(errc::memory_limit, made.status().ToString());
    return *made;
  }

  status add_elements(const data::array_ptr& elements, const std::vector<std::int64_t>& places, std::vector<data::array_ptr>& columns) {
    if (!elements) {
      for (auto i = static_cast<int>(columns.size()); i < node_->output->num_fields(); ++i) {
        auto nulls = arrow::MakeArrayOfNull(node_->output->field(i)->type(), static_cast<std::int64_t>(places.size()));
        if (!nulls.ok()) return {errc::memory_limit, nulls.status().ToString()};
        columns.push_back(*nulls);
      }
      return ok();
    }
    bool fields = node_->generate.value->type->id() == arrow::Type::MAP || node_->generate.what == plan::generate_node::kind::inline_;
    auto taken = take_values(*elements, places);
    if (!taken.ok()) return taken.error();
    if (!fields) {
      columns.push_back(*std::move(taken));
      return ok();
    }
    if ((*taken)->type_id() != arrow::Type::STRUCT) return {errc::invalid_plan, "inline takes an array of structs"};
    auto parts = static_cast<const arrow::StructArray&>(**taken).Flatten();  // a null struct gives null fields
    if (!parts.ok()) return {errc::memory_limit, parts.status().ToString()};
    for (auto& part : *parts) columns.push_back(std::move(part));
    return ok();
  }

  plan::node_ptr node_;
  source_ptr input_;
  expr::eval_context context_;
};

} // namespace

source_ptr make_range(plan::node_ptr node) { return std::make_unique<range_rows>(std::move(node)); }
source_ptr make_sample(plan::node_ptr node, source_ptr input) { return std::make_unique<sampled_rows>(std::move(node), std::move(input)); }
source_ptr make_expand(plan::node_ptr node, source_ptr input, const run_scope& scope) {
  return std::make_unique<expanded_rows>(std::move(node), std::move(input), scope);
}
source_ptr make_generate(plan::node_ptr node, source_ptr input, const run_scope& scope) {
  return std::make_unique<generated_rows>(std::move(node), std::move(input), scope);
}

} // namespace sluice::exec
