#include "worker/actors/slot_read.hpp"

#include <arrow/record_batch.h>

#include <exception>

#include "common/exec/pipeline.hpp"
#include "worker/actors/encode.hpp"

namespace sluice::worker {

slot_read::slot_read(slot_settings settings, read_port& port, read_job_ptr read, std::shared_ptr<state::aggregate_table> held)
    : settings_(std::move(settings)), port_(port), read_(std::move(read)), held_(std::move(held)) {}

progress slot_read::step() {
  if (read_->over.load()) return progress::done;
  if (read_->queued.load() >= max_queued_read_blocks) return progress::parked;
  auto more = [&]() -> result<bool> {
    try {
      if (ready_.empty()) {
        SLUICE_ASSIGN_OR_RETURN(bool filled, fill());
        if (!filled && ready_.empty()) return false;
      }
      if (ready_.empty()) return true;
      auto rows = std::move(ready_.front());
      ready_.pop_front();
      SLUICE_RETURN_IF_ERROR(emit(rows));
      return true;
    } catch (const std::exception& error) {
      return status{errc::internal, std::string("a read failed: ") + error.what()};
    }
  }();
  if (more.ok() && *more) return progress::more;
  port_.read_finished(read_, more.ok() ? ok() : std::move(more).error());
  return progress::done;
}

status slot_read::emit(const data::batch_ptr& rows) {
  if (rows->num_rows() == 0) return ok();
  return encode_bounded(rows, [&](std::int64_t count, std::shared_ptr<arrow::Buffer> body) {
    read_->queued.fetch_add(1);
    port_.rows_read(read_, count, std::move(body));
  });
}

result<bool> slot_read::fill() {
  if (read_->plan) {
    if (std::exchange(table_read_, true)) return false;
    SLUICE_RETURN_IF_ERROR(read_table());
    return true;
  }
  if (read_->source) return scan_some();
  if (next_object_ == read_->objects.size()) return false;
  const auto& path = read_->objects[next_object_++];
  auto rows = sinks::read_rows(path, *settings_.files);
  if (!rows.ok()) return explain_missing(*settings_.files, std::move(rows).error(), path, settings_.worker);
  ready_.insert(ready_.end(), rows->begin(), rows->end());
  return true;
}

status slot_read::read_table() {
  const auto& groups = read_->groups_of_slot[settings_.slot];
  if (groups.empty()) return ok();
  status outcome{errc::state_missing, "this worker does not hold the state"};
  auto held = std::exchange(held_, nullptr);
  if (held)
    outcome = held->read(read_->at, groups, [&](data::batch_ptr rows) -> status {
      SLUICE_ASSIGN_OR_RETURN(auto finished, exec::apply(read_->plan->result_steps, std::move(rows), read_->context));
      ready_.push_back(std::move(finished));
      return ok();
    });
  if (outcome.code() != errc::state_missing) return outcome;
  ready_.clear();
  return restore_and_read();
}

status slot_read::restore_and_read() {
  const auto& groups = read_->groups_of_slot[settings_.slot];
  state::table_options options;
  options.num_key_groups = read_->num_key_groups;
  SLUICE_ASSIGN_OR_RETURN(auto table, state::aggregate_table::make(*read_->plan->aggregate, read_->plan->mode, read_->context, options));
  table->reset(read_->at);
  std::vector<bool> wanted(read_->num_key_groups, false);
  for (auto group : groups) wanted[group] = true;
  for (const auto& from : read_->restore) {
    if (!wanted[from.group]) continue;
    SLUICE_ASSIGN_OR_RETURN(auto section, read_extent(*settings_.files, read_->checkpoint, from, settings_.worker));
    SLUICE_RETURN_IF_ERROR(table->load(from.group, from.snapshot, section));
  }
  table->loaded();
  return table->read(read_->at, groups, [&](data::batch_ptr rows) -> status {
    SLUICE_ASSIGN_OR_RETURN(auto finished, exec::apply(read_->plan->result_steps, std::move(rows), read_->context));
    ready_.push_back(std::move(finished));
    return ok();
  });
}

result<bool> slot_read::scan_some() {
  if (!reader_) {
    auto next = read_->next_split.fetch_add(1);
    if (next >= read_->splits.size()) return false;
    const auto& split = read_->splits[next];
    auto opened = readers::open(*read_->source, split, read_->context, *settings_.files, settings_.reader);
    if (!opened.ok()) return explain_missing(*settings_.files, std::move(opened).error(), split.path, settings_.worker);
    reader_ = std::move(*opened);
  }
  SLUICE_ASSIGN_OR_RETURN(auto rows, reader_->next());
  if (!rows) {
    reader_.reset();
    return true;
  }
  SLUICE_ASSIGN_OR_RETURN(auto mapped, exec::apply(read_->steps, std::move(rows), read_->context));
  ready_.push_back(std::move(mapped));
  return true;
}

} // namespace sluice::worker
