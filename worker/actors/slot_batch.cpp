#include "worker/actors/slot_batch.hpp"

#include <arrow/record_batch.h>

#include <algorithm>
#include <exception>

#include "common/base/misbehave.hpp"
#include "common/base/seeded_bug.hpp"
#include "common/exec/pipeline.hpp"
#include "common/storage/durable.hpp"
#include "common/storage/object_names.hpp"
#include "common/storage/path.hpp"
#include "worker/actors/encode.hpp"

namespace sluice::worker {
namespace {

constexpr std::int64_t load_bytes_a_step = 1 << 20;

std::string staged_name(const batch_job& job, std::uint32_t slot) {
  const auto& sink = job.plan->sink;
  auto index = job.first_destination() + slot;
  if (job.collect_output) return storage::object_name(job.key.batch, job.key.attempt, index, "rows");
  return std::to_string(index) + sinks::file_extension(sink.format, sink.options);
}

} // namespace

slot_batch::slot_batch(slot_settings settings, slot_port& port, job_ptr job, state::aggregate_table* table)
    : settings_(std::move(settings)), port_(port), job_(std::move(job)), table_(table) {}

slot_batch::~slot_batch() = default;

bool slot_batch::mine(std::uint16_t group) const {
  auto to = job_->destinations[job_->routes.destination_of_group[group]];
  return to.worker == job_->self && to.slot == settings_.slot;
}

void slot_batch::fail(status error) {
  if (phase_ == phase::over) return;
  phase_ = phase::over;
  reader_.reset();
  partial_.reset();
  waiting_.clear();
  writer_.reset();
  port_.failed(job_, std::move(error));
}

progress slot_batch::step() {
  if (phase_ == phase::over) return progress::done;
  if (job_->over.load(std::memory_order_relaxed)) {
    phase_ = phase::over;
    return progress::done;
  }
  job_->signs_of_life.fetch_add(1, std::memory_order_relaxed);
  auto started = settings_.clock->monotonic();
  auto next = [&]() -> result<progress> {
    try {
      return advance();
    } catch (const std::bad_alloc&) {
      return status{errc::memory_limit, "out of memory"};
    } catch (const std::exception& error) {
      return status{errc::internal, std::string("a slot failed: ") + error.what()};
    }
  }();
  counts_.busy_us += (settings_.clock->monotonic() - started).count();
  if (next.ok()) return *next;
  fail(std::move(next).error());
  return progress::done;
}

result<progress> slot_batch::advance() {
  if (phase_ == phase::loading) {
    SLUICE_RETURN_IF_ERROR(load_some());
    return phase_ == phase::loading || map_allowed_ ? progress::more : progress::parked;
  }
  if (phase_ == phase::ready && map_allowed_) return map_some();
  return progress::parked;
}

status slot_batch::load_some() {
  if (table_ && job_->restore_all) {
    if (!begun_) table_->reset(job_->base);
    begun_ = true;
    std::int64_t bytes = 0;
    for (; next_extent_ < job_->restore.size() && bytes < load_bytes_a_step; ++next_extent_) {
      if (bytes > 0 && misbehave::here(misbehave::point::load_one)) break;
      const auto& from = job_->restore[SLUICE_BUG(restore_backwards) ? job_->restore.size() - 1 - next_extent_ : next_extent_];
      if (!mine(from.group)) continue;
      SLUICE_ASSIGN_OR_RETURN(auto section, read_extent(*settings_.files, job_->checkpoint, from, settings_.worker));
      SLUICE_RETURN_IF_ERROR(table_->load(from.group, from.snapshot, section));
      bytes += from.length;
    }
    if (next_extent_ < job_->restore.size()) return ok();
    table_->loaded();
  }
  return begin();
}

status slot_batch::begin() {
  phase_ = phase::ready;
  if (!table_) return ok();
  SLUICE_RETURN_IF_ERROR(table_->begin(job_->base, job_->layer()));
  auto waiting = std::move(waiting_);
  waiting_.clear();
  for (const auto& rows : waiting) SLUICE_RETURN_IF_ERROR(merge(rows));
  return ok();
}

void slot_batch::arrived(data::batch_ptr rows) {
  if (phase_ == phase::over) return;
  if (!table_) return fail({errc::protocol, "a block arrived for a query without state"});
  if (phase_ == phase::loading) {
    waiting_.push_back(std::move(rows));
    return;
  }
  auto merged = merge(rows);
  if (!merged.ok()) fail(std::move(merged));
}

status slot_batch::merge(const data::batch_ptr& rows) {
  auto started = settings_.clock->monotonic();
  job_->signs_of_life.fetch_add(1, std::memory_order_relaxed);
  merged_rows_ += rows->num_rows();
  auto merged = table_->merge(rows);
  merge_us_ += (settings_.clock->monotonic() - started).count();
  return merged;
}

result<progress> slot_batch::map_some() {
  if (port_.congested(job_)) return progress::parked;
  if (misbehave::here(misbehave::point::yield)) return progress::more;
  if (!reader_) {
    SLUICE_RETURN_IF_ERROR(open_split());
    if (!reader_) {
      SLUICE_RETURN_IF_ERROR(end_map());
      return progress::parked;
    }
  }
  auto read = reader_->next();
  if (!read.ok()) return explain_missing(*settings_.files, std::move(read).error(), split_path_, settings_.worker);
  if (*read) {
    SLUICE_RETURN_IF_ERROR(take(*read));
    return progress::more;
  }
  const auto& counts = reader_->counts();
  counts_.read.records += counts.records;
  counts_.read.parsed += counts.parsed;
  counts_.read.bad += counts.bad;
  counts_.read.bytes += counts.bytes;
  counts_.splits.push_back(split_);
  reader_.reset();
  return progress::more;
}

status slot_batch::open_split() {
  auto next = job_->next_split.fetch_add(1);
  if (next >= job_->splits.size()) return ok();
  const auto& split = job_->splits[next];
  auto opened = readers::open(job_->plan->source, split, job_->context, *settings_.files, settings_.reader);
  if (!opened.ok()) return explain_missing(*settings_.files, std::move(opened).error(), split.path, settings_.worker);
  reader_ = std::move(*opened);
  split_ = split.ordinal;
  split_path_ = split.path;
  split_rows_ = 0;
  return ok();
}

status slot_batch::take(const data::batch_ptr& rows) {
  auto first_row = split_rows_;
  split_rows_ += rows->num_rows();
  job_->rows.fetch_add(rows->num_rows(), std::memory_order_relaxed);
  SLUICE_ASSIGN_OR_RETURN(auto mapped, exec::apply(job_->plan->map_steps, rows, job_->context));
  if (mapped->num_rows() == 0) return ok();
  if (!job_->stateful()) return write_rows(mapped);
  if (!partial_) {
    exec::partial_options options;
    options.memory_bytes = settings_.partial_memory_bytes;
    SLUICE_ASSIGN_OR_RETURN(partial_, exec::partial_aggregator::make(*job_->plan->aggregate, job_->routes, job_->context,
                                                                     job_->key.batch, options));
  }
  std::vector<exec::routed_block> blocks;
  SLUICE_RETURN_IF_ERROR(partial_->add(mapped, split_, first_row, blocks));
  return route(blocks);
}

status slot_batch::end_map() {
  phase_ = phase::mapped;
  if (partial_) {
    std::vector<exec::routed_block> blocks;
    SLUICE_RETURN_IF_ERROR(partial_->flush(blocks));
    SLUICE_RETURN_IF_ERROR(route(blocks));
    partial_.reset();
  }
  port_.map_finished(job_);
  return ok();
}

status slot_batch::route(std::vector<exec::routed_block>& blocks) {
  for (auto& block : blocks) {
    auto to = job_->destinations[block.destination];
    auto rows = block.rows->num_rows();
    counts_.rows_sent += rows;
    if (to.worker != job_->self) {
      SLUICE_RETURN_IF_ERROR(encode_bounded(block.rows, [&](std::int64_t part, std::shared_ptr<arrow::Buffer> body) {
        port_.block_for_peer(job_, to, part, std::move(body));
      }));
    } else if (to.slot != settings_.slot) {
      port_.block_for_sibling(job_, to.slot, std::move(block.rows));
    } else {
      SLUICE_RETURN_IF_ERROR(merge(block.rows));
    }
  }
  return ok();
}

status slot_batch::write_rows(const data::batch_ptr& rows) {
  if (!writer_) {
    const auto& sink = job_->plan->sink;
    SLUICE_RETURN_IF_ERROR(settings_.files->make_directories(job_->staging));
    auto path = storage::join_path(job_->staging, staged_name(*job_, settings_.slot));
    SLUICE_ASSIGN_OR_RETURN(auto writer, sinks::open(job_->collect_output ? "rows" : sink.format, sink.options, rows->schema(), path,
                                                     job_->context, *settings_.files));
    writer_ = std::move(writer);
    writer_split_ = split_;
  }
  writer_split_ = std::min(writer_split_, split_);
  counts_.rows_out += rows->num_rows();
  return writer_->append(rows);
}

std::shared_ptr<slot_output> slot_batch::prepare() {
  if (phase_ == phase::over) return nullptr;
  auto made = [&]() -> result<std::shared_ptr<slot_output>> {
    try {
      return make_output();
    } catch (const std::exception& error) {
      return status{errc::internal, std::string("preparing failed: ") + error.what()};
    }
  }();
  if (!made.ok()) {
    fail(std::move(made).error());
    return nullptr;
  }
  phase_ = phase::over;
  return std::move(*made);
}

result<std::shared_ptr<slot_output>> slot_batch::make_output() {
  auto out = std::make_shared<slot_output>();
  auto started = settings_.clock->monotonic();
  if (table_) {
    const auto& plan = *job_->plan;
    bool wants_rows = job_->collect_output;
    bool whole = wants_rows && plan.mode == plan::output_mode::complete;
    std::vector<std::uint16_t> snapshots;
    for (auto group : job_->snapshot_groups)
      if (mine(group)) snapshots.push_back(group);
    SLUICE_ASSIGN_OR_RETURN(auto prepared, table_->prepare(snapshots, wants_rows && !whole, whole));
    out->sections = std::move(prepared.sections);
    out->rows_received = merged_rows_;
    out->state_rows = prepared.state_rows;
    out->state_updated = prepared.rows_updated;
    out->state_bytes = prepared.bytes;
    for (auto& rows : prepared.output) {
      SLUICE_ASSIGN_OR_RETURN(auto finished, exec::apply(plan.result_steps, rows, job_->context));
      counts_.rows_out += finished->num_rows();
      if (finished->num_rows() > 0) out->rows.push_back(std::move(finished));
    }
  }
  out->writer = std::move(writer_);
  out->first_split = writer_split_;
  out->counts = std::move(counts_);
  out->merge_us = merge_us_ + (settings_.clock->monotonic() - started).count();
  return out;
}

status explain_missing(storage::file_system& files, status error, const std::string& path, const std::string& worker) {
  if (error.code() != errc::source_file_missing && error.code() != errc::no_such_file) return error;
  auto directory = storage::parent_path(path);
  if (files.stat(directory).ok()) return error;
  return {errc::path_not_shared, "worker " + worker + " cannot see " + directory +
                                     "; it must be on storage that all workers share (" + error.message() + ")"};
}

result<std::string> read_extent(storage::file_system& files, const std::string& checkpoint, const state_extent& from,
                                const std::string& worker) {
  auto path = storage::join_path(storage::join_path(checkpoint, "state"), from.object);
  auto bytes = files.read_range(path, from.offset, from.length);
  if (!bytes.ok()) return explain_missing(files, std::move(bytes).error(), path, worker);
  if (static_cast<std::int64_t>(bytes->size()) != from.length || storage::checksum(*bytes) != from.checksum)
    return status{errc::corrupt_file, path + " does not match its checksum at byte " + std::to_string(from.offset)};
  return std::move(*bytes);
}

} // namespace sluice::worker
