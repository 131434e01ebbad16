#include "coordinator/actors/select.hpp"

#include <arrow/buffer.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "common/data/ipc.hpp"
#include "common/exec/pipeline.hpp"
#include "common/plan/codec.hpp"
#include "coordinator/actors/result_objects.hpp"
#include "coordinator/query/message_codec.hpp"
#include "proto/sluice/link.pb.h"
#include "proto/sluice/plan.pb.h"

namespace sluice::actors {
namespace {

constexpr std::int64_t piece_bytes = 1 << 20;

std::string source_bytes(const std::string& plan_bytes) {
  proto::batch_plan plan;
  if (!plan.ParseFromString(plan_bytes)) return {};
  const auto* node = &plan.root();
  while (node->inputs_size() == 1 && node->what() != proto::batch_node::FILE_SCAN) node = &node->inputs(0);
  return node->source().SerializeAsString();
}

/// A worker's share of a scan while it is filled.
struct scan_share {
  std::shared_ptr<proto::link_message> order;
  std::int64_t bytes = 0;
  std::uint32_t slots = 1;
};

void add_split(proto::scan_order& order, const sources::split& split) {
  auto& to = *order.add_splits();
  to.set_ordinal(split.ordinal);
  to.set_path(split.path);
  to.set_offset(split.offset);
  to.set_length(split.length);
  to.set_file_size(split.file_size);
  to.set_mtime_us(split.mtime_us);
  to.set_inode(split.inode);
}

/// Cuts a batch so that each piece stays well below the size of a message.
result<std::vector<std::shared_ptr<arrow::Buffer>>> pack_batch(const data::batch_ptr& batch) {
  std::vector<std::shared_ptr<arrow::Buffer>> pieces;
  auto rows = batch->num_rows();
  auto per_piece = rows;
  if (auto bytes = bytes_of({batch}); bytes > piece_bytes)
    per_piece = std::max<std::int64_t>(1, rows * piece_bytes / bytes);
  for (std::int64_t at = 0; at == 0 || at < rows; at += per_piece) {
    SLUICE_ASSIGN_OR_RETURN(auto bytes,
                            data::encode_batches(batch->schema(), {batch->Slice(at, std::min(per_piece, rows - at))}));
    pieces.push_back(std::move(bytes));
    if (rows == 0) break;
  }
  return pieces;
}

} // namespace

std::vector<read_part> scan_parts(const std::string& read, const plan::batch_plan& whole, const plan::node_ptr& chain,
                                  const std::vector<sources::split>& splits, const std::vector<worker_summary>& workers,
                                  std::int64_t batch_time_us) {
  auto steps = plan::encode(plan::batch_plan{chain, whole.session});
  std::vector<scan_share> shares;
  for (const auto& worker : workers) {
    scan_share share{std::make_shared<proto::link_message>(), 0, std::max<std::uint32_t>(1, worker.slots)};
    auto& order = *share.order->mutable_scan();
    order.set_read(read);
    order.set_steps(steps);
    order.set_source(source_bytes(steps));
    order.set_ansi(whole.session.ansi);
    order.set_time_zone(whole.session.time_zone);
    order.set_batch_time_us(batch_time_us);
    shares.push_back(std::move(share));
  }
  for (const auto& split : splits) {
    auto least = std::min_element(shares.begin(), shares.end(),
                                  [](const auto& a, const auto& b) { return a.bytes / a.slots < b.bytes / b.slots; });
    least->bytes += split.length + 1;
    add_split(*least->order->mutable_scan(), split);
  }
  std::vector<read_part> parts;
  for (std::size_t i = 0; i < workers.size(); ++i)
    if (shares[i].bytes > 0) parts.push_back({workers[i].id, std::move(shares[i].order)});
  return parts;
}

std::vector<read_part> table_parts(const table_pinned& pinned) {
  std::vector<read_part> parts;
  for (const auto& share : pinned.read->shares) {
    auto message = std::make_shared<proto::link_message>();
    auto& order = *message->mutable_table_read();
    order.set_read(pinned.read->read);
    query::encode(pinned.read->ref, *order.mutable_ref());
    order.set_plan(pinned.context.plan);
    order.set_plan_digest(pinned.context.plan_digest);
    order.set_num_key_groups(pinned.read->num_key_groups);
    order.set_checkpoint(pinned.context.checkpoint);
    order.set_batch_time_us(pinned.read->batch_time_us);
    for (auto group : share.groups) order.add_groups(group);
    for (const auto& extent : share.restore) query::encode(extent, *order.add_restore());
    parts.push_back({worker_id{share.worker}, std::move(message)});
  }
  return parts;
}

result<std::vector<data::batch_ptr>> shape_table(const plan::streaming_plan& plan, const std::vector<int>& columns,
                                                 const data::schema_ptr& output,
                                                 const std::vector<data::batch_ptr>& rows, std::int64_t batch_time_us) {
  auto shaped = rows;
  if (plan.mode == plan::output_mode::complete && (!plan.sort.empty() || plan.limit)) {
    expr::eval_context context{plan.session, batch_time_us};
    SLUICE_ASSIGN_OR_RETURN(auto sorted, exec::sort_and_limit(plan.sort, plan.limit, rows, plan.output, context));
    shaped = {std::move(sorted)};
  }
  for (auto& batch : shaped) {
    if (batch->num_columns() != plan.output->num_fields())
      return status(errc::internal, "the table's rows have " + std::to_string(batch->num_columns()) +
                                        " columns, its query " + std::to_string(plan.output->num_fields()));
    batch = used_columns(batch, columns, output);
  }
  return shaped;
}

data::batch_ptr used_columns(const data::batch_ptr& batch, const std::vector<int>& columns, const data::schema_ptr& output) {
  std::vector<data::array_ptr> used;
  if (columns.empty() && output->num_fields() == batch->num_columns()) {
    used = batch->columns();
  } else {
    for (auto column : columns) used.push_back(batch->column(column));
  }
  return arrow::RecordBatch::Make(output, batch->num_rows(), std::move(used));
}

result<std::vector<data::batch_ptr>> run_rest(const plan::batch_plan& rest,
                                              const std::vector<std::vector<data::batch_ptr>>& leaves,
                                              std::int64_t batch_time_us) {
  expr::eval_context context{rest.session, batch_time_us};
  auto reader = [&leaves](const plan::node& scan) -> result<std::vector<data::batch_ptr>> {
    auto index = leaf_index(scan);
    if (index >= leaves.size()) return status(errc::internal, "a plan has an unknown leaf " + scan.table);
    return leaves[index];
  };
  return exec::run(rest, reader, context);
}

result<std::vector<result_rows>> run_select(const plan::batch_plan& rest,
                                            const std::vector<std::vector<data::batch_ptr>>& leaves,
                                            std::int64_t batch_time_us) {
  SLUICE_ASSIGN_OR_RETURN(auto batches, run_rest(rest, leaves, batch_time_us));
  std::vector<result_rows> pieces;
  for (const auto& batch : batches) {
    if (batch->num_rows() == 0 && batches.size() > 1) continue;
    SLUICE_ASSIGN_OR_RETURN(auto packed, pack_batch(batch));
    for (auto& bytes : packed) pieces.push_back({std::move(bytes), false, rest.session.time_zone});
  }
  if (pieces.empty()) {
    SLUICE_ASSIGN_OR_RETURN(auto bytes, data::encode_batches(rest.root->output, {}));
    pieces.push_back({std::move(bytes), false, rest.session.time_zone});
  }
  pieces.back().last = true;
  return pieces;
}

} // namespace sluice::actors
