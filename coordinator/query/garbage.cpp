// What no retained record names goes. Records go first and durably, so that no record ever names a missing object.
#include <set>

#include "common/base/seeded_bug.hpp"
#include "common/storage/object_names.hpp"
#include "coordinator/query/checkpoint.hpp"
#include "coordinator/query/internal/numbered_records.hpp"

namespace sluice::query {
namespace {

class collector {
public:
  collector(storage::file_system& files, const std::string& root, const std::string& sink_path) : files_(files), paths_{root}, sink_(sink_path) {}

  result<std::int64_t> run(std::int64_t retain) {
    SLUICE_ASSIGN_OR_RETURN(const auto bases, list_records(files_, paths_.bases()));
    if (bases.empty()) return removed_;
    SLUICE_RETURN_IF_ERROR(read_base(bases.back()));
    SLUICE_RETURN_IF_ERROR(read_published());
    SLUICE_ASSIGN_OR_RETURN(const auto commits, list_records(files_, paths_.commits()));
    const auto keep_from = std::min(bases.back() - retain, published_ + 1);
    SLUICE_RETURN_IF_ERROR(read_commits(commits, keep_from));
    SLUICE_RETURN_IF_ERROR(remove_records(paths_.commits(), keep_from));
    SLUICE_RETURN_IF_ERROR(remove_records(paths_.offsets(), keep_from));
    SLUICE_RETURN_IF_ERROR(remove_records(paths_.bases(), bases.back()));
    SLUICE_RETURN_IF_ERROR(remove_records(paths_.published(), note_));
    SLUICE_RETURN_IF_ERROR(remove_objects(paths_.state()));
    SLUICE_RETURN_IF_ERROR(remove_objects(paths_.staged()));
    if (!sink_.empty()) SLUICE_RETURN_IF_ERROR(remove_staging(storage::join_path(sink_, "_staging")));
    return removed_;
  }

private:
  status read_base(std::int64_t n) {
    SLUICE_ASSIGN_OR_RETURN(const auto bytes, files_.read(paths_.base(n)));
    SLUICE_ASSIGN_OR_RETURN(const auto record, decode_base(bytes, paths_.base(n)));
    for (const auto& [op, groups] : record.extents)
      for (const auto& [group, chain] : groups)
        for (const auto& e : chain) named_.insert(e.object);
    for (const auto& o : record.results) named_.insert(storage::base_name(o.staged));
    published_ = record.published;
    last_ = n;
    return ok();
  }

  status read_published() {
    SLUICE_ASSIGN_OR_RETURN(const auto notes, list_records(files_, paths_.published()));
    if (!notes.empty()) note_ = notes.back();
    published_ = std::max(published_, note_);
    return ok();
  }

  status read_commits(const std::vector<std::int64_t>& numbers, std::int64_t keep_from) {
    for (const auto n : numbers) {
      last_ = std::max(last_, n);
      if (n < keep_from) continue;
      SLUICE_ASSIGN_OR_RETURN(const auto bytes, files_.read(paths_.commit(n)));
      SLUICE_ASSIGN_OR_RETURN(const auto record, decode_commit(bytes, paths_.commit(n)));
      for (const auto& e : record.extents) named_.insert(e.extent.object);
      for (const auto& o : record.output)
        if (o.final_path.empty()) named_.insert(storage::base_name(o.staged));
    }
    return ok();
  }

  status remove(const std::string& path) {
    auto gone = files_.remove(path);
    if (gone.ok()) ++removed_;
    return gone.code() == errc::no_such_file ? ok() : gone;
  }

  /// Records below `keep_from`, and what a crash left of writing records that are decided.
  status remove_records(const std::string& directory, std::int64_t keep_from) {
    SLUICE_ASSIGN_OR_RETURN(const auto entries, files_.list(directory));
    for (const auto& entry : entries) {
      const auto number = record_number(entry.path);
      const bool old = number >= 0 && number < keep_from;
      const auto name = storage::base_name(entry.path);
      const bool left_over = name.starts_with('.') && name.ends_with(".tmp") && temp_number(name) < keep_from;
      if (old || left_over) SLUICE_RETURN_IF_ERROR(remove(entry.path));
    }
    return files_.sync_directory(directory);
  }

  /// The record a temporary file ".<n>.<unique>.tmp" was for.
  static std::int64_t temp_number(const std::string& name) {
    const auto dot = name.find('.', 1);
    const auto number = record_number(name.substr(1, dot - 1));
    return number < 0 ? INT64_MAX : number;
  }

  status remove_objects(const std::string& directory) {
    SLUICE_ASSIGN_OR_RETURN(const auto entries, files_.list(directory));
    for (const auto& entry : entries) {
      const auto name = storage::base_name(entry.path);
      const auto batch = storage::batch_of_object(name);
      // An undecided batch may still be committed by an attempt nobody remembers.
      if (SLUICE_BUG(gc_by_age) && batch && *batch < last_) SLUICE_RETURN_IF_ERROR(remove(entry.path));
      if (SLUICE_BUG(gc_undecided) && batch && *batch > last_) SLUICE_RETURN_IF_ERROR(remove(entry.path));
      if (batch && *batch <= last_ && !named_.contains(name)) SLUICE_RETURN_IF_ERROR(remove(entry.path));
    }
    return ok();
  }

  status remove_staging(const std::string& directory) {
    auto attempts = files_.list(directory);
    if (!attempts.ok()) return attempts.code() == errc::no_such_file ? ok() : attempts.error();
    for (const auto& attempt : *attempts) {
      const auto batch = storage::batch_of_object(storage::base_name(attempt.path));
      if (!attempt.is_directory || !batch || *batch > std::min(last_, published_)) continue;
      SLUICE_ASSIGN_OR_RETURN(const auto staged, files_.list(attempt.path));
      for (const auto& file : staged) SLUICE_RETURN_IF_ERROR(remove(file.path));
      SLUICE_RETURN_IF_ERROR(remove(attempt.path));
    }
    return ok();
  }

  storage::file_system& files_;
  checkpoint_paths paths_;
  std::string sink_;
  std::set<std::string> named_;
  std::int64_t last_ = -1;
  std::int64_t published_ = -1;
  std::int64_t note_ = -1;
  std::int64_t removed_ = 0;
};

} // namespace

result<std::int64_t> collect_garbage(storage::file_system& files, const std::string& root, const std::string& sink_path, std::int64_t retain) {
  return collector{files, root, sink_path}.run(retain);
}

} // namespace sluice::query
