#include "coordinator/query/message_codec.hpp"

#include "proto/sluice/link.pb.h"

namespace sluice::query {

void encode(const attempt_ref& from, proto::attempt_ref& to) {
  to.set_query(from.query);
  to.set_epoch(from.epoch);
  to.set_batch(from.batch);
  to.set_attempt(from.attempt);
}

attempt_ref decode(const proto::attempt_ref& from) { return {from.query(), from.epoch(), from.batch(), from.attempt()}; }

void encode(const extent& from, proto::extent& to) {
  to.set_group(from.group);
  to.set_object(from.object);
  to.set_offset(from.offset);
  to.set_length(from.length);
  to.set_checksum(from.checksum);
  to.set_snapshot(from.snapshot);
  to.set_batch(from.batch);
  to.set_rows(from.rows);
}

extent decode(const proto::extent& from) {
  return {from.group(), from.object(), from.offset(), from.length(), from.checksum(), from.snapshot(), from.batch(), from.rows()};
}

void encode(const staged_object& from, proto::staged_object& to) {
  to.set_path(from.path);
  to.set_size(from.size);
  to.set_checksum(from.checksum);
  to.set_rows(from.rows);
  to.set_ordinal(from.ordinal);
}

staged_object decode(const proto::staged_object& from) {
  return {from.path(), from.size(), from.checksum(), from.rows(), from.ordinal()};
}

void encode(const order& from, const order_context& context, proto::batch_order& to) {
  encode(from.ref, *to.mutable_ref());
  to.set_plan_digest(context.plan_digest);
  to.set_plan(context.plan);
  to.mutable_base()->set_batch(from.base.batch);
  to.mutable_base()->set_attempt(from.base.attempt);
  to.set_batch_time_us(from.batch_time_us);
  to.set_num_key_groups(from.num_key_groups);
  if (from.workers)
    for (const auto& worker : *from.workers) {
      auto& out = *to.add_workers();
      out.set_worker(worker.worker);
      out.set_data_address(worker.data_address);
      out.set_slots(worker.slots);
    }
  if (from.group_owner) to.mutable_group_owner()->Assign(from.group_owner->begin(), from.group_owner->end());
  for (const auto& split : from.splits) {
    auto& out = *to.add_splits();
    out.set_ordinal(split.ordinal);
    out.set_path(split.path);
    out.set_offset(split.offset);
    out.set_length(split.length);
    out.set_file_size(split.file_size);
    out.set_mtime_us(split.mtime_us);
    out.set_inode(split.inode);
  }
  for (const auto& e : from.restore) encode(e, *to.add_restore());
  to.set_restore_all(from.restore_all);
  to.mutable_snapshot_groups()->Assign(from.snapshot_groups.begin(), from.snapshot_groups.end());
  to.set_checkpoint(context.checkpoint);
  to.set_staging(from.staging);
  to.set_collect_output(from.collect_output);
}

prepared_report decode(const proto::batch_prepared& from) {
  prepared_report to;
  to.ref = decode(from.ref());
  to.worker = from.worker();
  for (const auto& e : from.extents()) to.extents.push_back(decode(e));
  for (const auto& o : from.staged()) to.staged.push_back(decode(o));
  to.splits.assign(from.splits().begin(), from.splits().end());
  to.rows_read = from.rows_read();
  to.rows_parsed = from.rows_parsed();
  to.rows_bad = from.rows_bad();
  to.rows_sent = from.rows_sent();
  to.rows_received = from.rows_received();
  to.rows_out = from.rows_out();
  to.state_rows = from.state_rows();
  to.state_updated = from.state_updated();
  to.state_bytes = from.state_bytes();
  if (from.has_max_event_time_us()) to.max_event_time_us = from.max_event_time_us();
  for (const auto& [stage, time] : from.duration_us()) to.duration_us[stage] = time;
  to.bytes_read = from.bytes_read();
  return to;
}

} // namespace sluice::query
