#include <nlohmann/json.hpp>
#include <set>

#include "common/storage/durable.hpp"
#include "coordinator/query/checkpoint.hpp"
#include "coordinator/query/internal/numbered_records.hpp"
#include "coordinator/query/manifest.hpp"

namespace sluice::query {
namespace {

status broken(std::string what) { return {errc::broken_chain, std::move(what)}; }

class verifier {
public:
  verifier(storage::file_system& files, const std::string& root) : files_(files), paths_{root} {}

  verify_report run() {
    report_.problem = check();
    return report_;
  }

private:
  /// The query may go on meanwhile: what must not be ahead is read before what it must not be ahead of, what must be there after.
  status check() {
    SLUICE_RETURN_IF_ERROR(read_metadata());
    SLUICE_RETURN_IF_ERROR(read_bases());
    SLUICE_RETURN_IF_ERROR(read_published());
    SLUICE_ASSIGN_OR_RETURN(const auto planned, list_records(files_, paths_.offsets()));
    SLUICE_RETURN_IF_ERROR(read_commits());
    SLUICE_RETURN_IF_ERROR(check_ahead(planned.empty() ? -1 : planned.back()));
    SLUICE_RETURN_IF_ERROR(read_intents());
    SLUICE_RETURN_IF_ERROR(read_epochs());
    SLUICE_RETURN_IF_ERROR(check_input());
    for (const auto& [n, record] : commits_) SLUICE_RETURN_IF_ERROR(check_commit(record));
    SLUICE_RETURN_IF_ERROR(check_base());
    SLUICE_RETURN_IF_ERROR(check_state_objects());
    for (const auto& [n, record] : commits_) SLUICE_RETURN_IF_ERROR(check_output(record));
    if (base_)
      for (const auto& o : base_->results) SLUICE_RETURN_IF_ERROR(check_file(storage::join_path(paths_.root, o.staged), o));
    return ok();
  }

  result<std::string> read(const std::string& path) {
    auto bytes = files_.read(path);
    if (!bytes.ok() && bytes.code() == errc::no_such_file) return broken(path + " is missing");
    if (bytes.ok()) report_.bytes += static_cast<std::int64_t>(bytes->size());
    return bytes;
  }

  status read_metadata() {
    const auto bytes = files_.read(paths_.metadata());
    if (!bytes.ok()) return bytes.error();
    SLUICE_ASSIGN_OR_RETURN(metadata_, decode_metadata(*bytes, paths_.metadata()));
    for (const auto& op : metadata_.operators) operators_.insert(op.id);
    return ok();
  }

  status read_epochs() {
    SLUICE_ASSIGN_OR_RETURN(const auto numbers, list_records(files_, paths_.epochs()));
    for (const auto e : numbers) {
      if (e != epoch_ + 1) return broken(paths_.epoch(epoch_ + 1) + " is missing");
      SLUICE_ASSIGN_OR_RETURN(const auto bytes, read(paths_.epoch(e)));
      SLUICE_ASSIGN_OR_RETURN(const auto claim, decode_epoch(bytes, paths_.epoch(e)));
      if (claim.epoch != e) return broken(paths_.epoch(e) + " is the claim of epoch " + std::to_string(claim.epoch));
      epoch_ = e;
    }
    return ok();
  }

  status read_bases() {
    SLUICE_ASSIGN_OR_RETURN(const auto numbers, list_records(files_, paths_.bases()));
    for (const auto n : numbers) {
      SLUICE_ASSIGN_OR_RETURN(const auto bytes, read(paths_.base(n)));
      SLUICE_ASSIGN_OR_RETURN(auto record, decode_base(bytes, paths_.base(n)));
      if (record.batch != n) return broken(paths_.base(n) + " is the record of batch " + std::to_string(record.batch));
      report_.published = std::max(report_.published, record.published);
      base_ = std::move(record);
    }
    return ok();
  }

  /// Records behind the base may be on their way out; from it on there must be no gap.
  status read_commits() {
    SLUICE_ASSIGN_OR_RETURN(const auto numbers, list_records(files_, paths_.commits()));
    std::map<std::int64_t, std::string> hashes;
    auto next = base_ ? base_->batch : 0;
    for (const auto n : numbers) {
      if (n >= next && n != next) return broken(paths_.commit(next) + " is missing");
      if (n == next) ++next;
      SLUICE_ASSIGN_OR_RETURN(const auto bytes, read(paths_.commit(n)));
      SLUICE_ASSIGN_OR_RETURN(auto record, decode_commit(bytes, paths_.commit(n)));
      if (record.batch != n) return broken(paths_.commit(n) + " is the record of batch " + std::to_string(record.batch));
      const auto before = hashes.find(n - 1);
      if (n == 0 ? !record.previous.empty() : before != hashes.end() && before->second != record.previous)
        return broken(paths_.commit(n) + " does not follow from the record before it");
      hashes[n] = record_hash(bytes);
      if (base_ && n == base_->batch && base_->commit_hash != hashes[n]) return broken(paths_.base(n) + " belongs to another " + paths_.commit(n));
      report_.rows += record.counters.rows_read;
      commits_.emplace(n, std::move(record));
    }
    if (base_ && next == base_->batch) return broken(paths_.commit(next) + " is missing");
    report_.last_batch = next - 1;
    report_.commits = static_cast<std::int64_t>(commits_.size());
    return ok();
  }

  status check_ahead(std::int64_t planned) const {
    if (planned > report_.last_batch + 2) return broken(paths_.commit(report_.last_batch + 1) + " is missing");
    if (report_.published > report_.last_batch) return broken(paths_.commit(report_.published) + " is missing, but its batch is published");
    return ok();
  }

  status read_intents() {
    SLUICE_ASSIGN_OR_RETURN(const auto numbers, list_records(files_, paths_.offsets()));
    auto next = base_ ? base_->batch : 0;
    for (const auto n : numbers) {
      if (n > report_.last_batch + 2) break;
      if (n >= next && n != next) return broken(paths_.intent(next) + " is missing");
      if (n == next) ++next;
      SLUICE_ASSIGN_OR_RETURN(const auto bytes, read(paths_.intent(n)));
      SLUICE_ASSIGN_OR_RETURN(auto record, decode_intent(bytes, paths_.intent(n)));
      if (record.batch != n) return broken(paths_.intent(n) + " is the record of batch " + std::to_string(record.batch));
      intents_.emplace(n, std::move(record));
    }
    report_.intents = static_cast<std::int64_t>(intents_.size());
    return next <= report_.last_batch ? broken(paths_.intent(next) + " is missing") : ok();
  }

  status read_published() {
    SLUICE_ASSIGN_OR_RETURN(const auto numbers, list_records(files_, paths_.published()));
    for (const auto n : numbers) {
      SLUICE_ASSIGN_OR_RETURN(const auto bytes, read(paths_.published(n)));
      SLUICE_ASSIGN_OR_RETURN(const auto note, decode_published(bytes, paths_.published(n)));
      if (note.batch != n) return broken(paths_.published(n) + " is the note of batch " + std::to_string(note.batch));
      report_.published = std::max(report_.published, n);
    }
    return ok();
  }

  /// Every accepted file belongs to one batch.
  status check_input() {
    std::map<std::pair<std::string, std::int64_t>, std::string> taken;
    std::int64_t time = 0;
    if (base_)
      for (const auto& [source, progress] : base_->source_progress) {
        const auto json = nlohmann::json::parse(progress, nullptr, false);
        if (!json.is_object() || !json.contains("files") || !json["files"].is_array()) continue;
        for (const auto& file : json["files"])
          if (file.is_array() && file.size() >= 2 && file[0].is_string() && file[1].is_number_integer())
            taken.try_emplace({file[0].get<std::string>(), file[1].get<std::int64_t>()}, paths_.base(base_->batch));
      }
    for (const auto& [n, record] : intents_) {
      if (record.epoch < 1 || record.epoch > epoch_) return broken(paths_.intent(n) + " is of an epoch nobody claimed");
      if (record.batch_time_us < time) return broken(paths_.intent(n) + ": batch time runs backwards");
      time = record.batch_time_us;
      const bool in_base = base_ && n <= base_->batch;
      for (const auto& input : record.inputs)
        for (const auto& file : input.files) {
          const auto [it, fresh] = taken.try_emplace({file.path, file.mtime_us}, paths_.intent(n));
          if (!fresh && !(in_base && base_ && it->second == paths_.base(base_->batch)))
            return broken("input file " + file.path + " is taken by " + it->second + " and again by " + paths_.intent(n));
          it->second = paths_.intent(n);
        }
    }
    return ok();
  }

  status check_commit(const commit& record) {
    const auto path = paths_.commit(record.batch);
    const auto& c = record.counters;
    if (c.rows_read != c.rows_parsed + c.rows_bad) return broken(path + ": rows read are not the rows parsed and the bad ones");
    if (record.epoch < 1 || record.epoch > epoch_) return broken(path + " is of an epoch nobody claimed");
    if (const auto it = intents_.find(record.batch); it != intents_.end() && it->second.batch_time_us != record.batch_time_us)
      return broken(path + " has another batch time than " + paths_.intent(record.batch));
    std::set<std::pair<std::int32_t, std::uint32_t>> groups;
    for (const auto& e : record.extents) {
      SLUICE_RETURN_IF_ERROR(check_extent(e.operator_id, e.extent, path));
      if (!groups.emplace(e.operator_id, e.extent.group).second)
        return broken(path + " names key group " + std::to_string(e.extent.group) + " twice");
      name_extent(e.extent, path);
    }
    std::int32_t ordinal = 0;
    for (const auto& o : record.output)
      if (o.ordinal != ordinal++) return broken(path + ": output files are not numbered through");
    return ok();
  }

  status check_extent(std::int32_t op, const extent& e, const std::string& path) const {
    if (!operators_.contains(op)) return broken(path + " names operator " + std::to_string(op) + ", which the query does not have");
    if (e.group >= metadata_.num_key_groups) return broken(path + " names key group " + std::to_string(e.group) + ", which does not exist");
    if (e.batch > report_.last_batch) return broken(path + " names state of batch " + std::to_string(e.batch) + ", which is not committed");
    return ok();
  }

  void name_extent(const extent& e, const std::string& by) { objects_[e.object].push_back({e, by}); }

  status check_base() {
    if (!base_) return ok();
    const auto path = paths_.base(base_->batch);
    for (const auto& [op, groups] : base_->extents)
      for (const auto& [group, chain] : groups)
        for (const auto& e : chain) {
          SLUICE_RETURN_IF_ERROR(check_extent(op, e, path));
          if (e.batch > base_->batch) return broken(path + " names state of a later batch");
          name_extent(e, path);
        }
    // Only when all commits since the start are still there does their sum tell.
    extent_map replayed;
    std::int64_t next = 0;
    for (const auto& [n, record] : commits_)
      if (n == next && n <= base_->batch) apply_commit(record, replayed), ++next;
    if (next <= base_->batch) return ok();
    return replayed == base_->extents ? ok() : broken(path + " does not hold what the commits up to it say");
  }

  status check_state_objects() {
    for (const auto& [object, extents] : objects_) {
      const auto path = storage::join_path(paths_.state(), object);
      const auto bytes = files_.read(path);
      if (!bytes.ok() && bytes.code() == errc::no_such_file) return broken(path + " is missing, but " + extents.front().by + " names it");
      if (!bytes.ok()) return bytes.error();
      SLUICE_RETURN_IF_ERROR(storage::check_trailer(*bytes, path));
      const auto size = static_cast<std::int64_t>(bytes->size());
      for (const auto& [e, by] : extents) {
        const auto where = path + " at " + std::to_string(e.offset) + ": key group " + std::to_string(e.group);
        if (e.offset < 0 || e.length < 0 || e.offset > size || e.length > size - e.offset) return broken(where + " lies outside the object");
        const auto section = std::string_view{*bytes}.substr(static_cast<std::size_t>(e.offset), static_cast<std::size_t>(e.length));
        if (storage::checksum(section) != e.checksum) return {errc::corrupt_file, where + " does not match the checksum in " + by};
      }
      ++report_.objects;
      report_.bytes += size;
    }
    return ok();
  }

  status check_file(const std::string& path, const output_object& o) {
    const auto bytes = files_.read(path);
    if (!bytes.ok()) return bytes.error();
    if (static_cast<std::int64_t>(bytes->size()) != o.size)
      return {errc::corrupt_file, path + " has " + std::to_string(bytes->size()) + " bytes, not " + std::to_string(o.size)};
    if (storage::checksum(*bytes) != o.checksum) return {errc::corrupt_file, path + " does not match its checksum"};
    ++report_.objects;
    report_.bytes += o.size;
    return ok();
  }

  status check_output(const commit& record) {
    for (const auto& o : record.output) {
      if (o.final_path.empty()) {
        SLUICE_RETURN_IF_ERROR(check_file(storage::join_path(paths_.root, o.staged), o));
        continue;
      }
      const auto final_path = storage::join_path(metadata_.sink_path, o.final_path);
      auto found = check_file(final_path, o);
      if (found.code() == errc::no_such_file && record.batch > report_.published) {
        found = check_file(storage::join_path(metadata_.sink_path, o.staged), o);
        if (found.code() == errc::no_such_file) found = check_file(final_path, o);  // published meanwhile
      }
      if (found.code() == errc::no_such_file)
        return broken(final_path + " is missing, but " + paths_.commit(record.batch) + " names it" +
                      (record.batch > report_.published ? ", and its staged file is gone too" : ""));
      SLUICE_RETURN_IF_ERROR(std::move(found));
    }
    if (metadata_.sink_path.empty() || record.batch > report_.published) return ok();
    return check_manifest(record);
  }

  result<std::string> manifest(std::int64_t n) {
    const auto path = storage::join_path(storage::join_path(metadata_.sink_path, "_spark_metadata"), manifest_name(n));
    SLUICE_ASSIGN_OR_RETURN(const auto text, read(path));
    return manifest_body(text, path);
  }

  status check_manifest(const commit& record) {
    std::string expected;
    if (manifest_is_compact(record.batch))
      for (auto n = std::max<std::int64_t>(0, record.batch - manifest_compact_interval); n < record.batch; ++n) {
        SLUICE_ASSIGN_OR_RETURN(const auto lines, manifest(n));
        expected += lines;
      }
    expected += manifest_lines(record, metadata_.sink_path);
    SLUICE_ASSIGN_OR_RETURN(const auto lines, manifest(record.batch));
    if (lines != expected)
      return {errc::corrupt_file, storage::join_path(metadata_.sink_path, "_spark_metadata/" + manifest_name(record.batch)) +
                                      " does not list what " + paths_.commit(record.batch) + " says"};
    return ok();
  }

  struct named_extent {
    query::extent extent;
    std::string by;
  };
  storage::file_system& files_;
  checkpoint_paths paths_;
  verify_report report_;
  metadata metadata_;
  std::set<std::int32_t> operators_;
  std::int64_t epoch_ = 0;
  std::optional<base> base_;
  std::map<std::int64_t, commit> commits_;
  std::map<std::int64_t, intent> intents_;
  std::map<std::string, std::vector<named_extent>> objects_;
};

/// What there is at this moment; a running query changes it.
std::string snapshot_of(storage::file_system& files, const checkpoint_paths& paths) {
  std::string out;
  for (const auto& directory : {paths.epochs(), paths.offsets(), paths.commits(), paths.bases(), paths.published()}) {
    const auto numbers = list_records(files, directory);
    if (!numbers.ok()) continue;
    for (const auto n : *numbers) out += std::to_string(n) + " ";
    out += "/";
  }
  return out;
}

} // namespace

verify_report verify(storage::file_system& files, const std::string& root) {
  verify_report report;
  // A running query may move things under our eyes: what looks broken must look broken while nothing changes.
  for (int tries = 0; tries < 8; ++tries) {
    const auto before = snapshot_of(files, {root});
    report = verifier{files, root}.run();
    if (report.problem.ok() || before == snapshot_of(files, {root})) break;
  }
  return report;
}

} // namespace sluice::query
