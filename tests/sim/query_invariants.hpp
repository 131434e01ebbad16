#pragma once
/// What must hold for one query: its records, the objects they name, its sink, and what coordinators and workers tell each other about it.
/// Each check returns what is wrong (empty: nothing).
#include <map>
#include <optional>
#include <set>

#include "common/storage/memory_file_system.hpp"
#include "coordinator/query/checkpoint.hpp"

namespace sluice::proto {
class attempt_ref;
class batch_order;
class batch_prepared;
class extent;
class object_read;
class table_read;
} // namespace sluice::proto

namespace sluice::sim {

class query_invariants {
public:
  query_invariants(storage::memory_file_system& disk, std::string root, query::metadata metadata);

  const std::string& id() const { return metadata_.query; }
  bool has(const std::string& path) const;

  // ---- the disk ----
  std::string appeared(const std::string& path);
  std::string going(const std::string& path);
  std::string power_lost();

  // ---- messages ----
  std::string ordered(int coordinator, const std::string& worker, const proto::batch_order& order);
  std::string prepared(const proto::batch_prepared& report);
  std::string announced(const proto::attempt_ref& ref);
  std::string read(const proto::table_read& read);
  std::string read(const proto::object_read& read);

private:
  template <class Record>
  struct kept {
    std::string bytes;
    Record record;
    bool there = true;  ///< not collected since
  };
  /// What one attempt was told and has answered.
  struct attempt_facts {
    std::set<std::tuple<std::string, std::int64_t, std::int64_t>> splits;  ///< path, offset, length
    std::set<std::tuple<std::uint32_t, std::string, std::int64_t>> extents;
    std::set<std::string> staged;
    query::layer base;
    std::map<std::string, std::set<std::uint32_t>> groups;  ///< by worker
  };
  using held_layers = std::map<std::pair<std::int64_t, std::string>, std::set<std::uint32_t>>;  ///< (batch, attempt) -> key groups
  using object_place = std::pair<std::int64_t, std::size_t>;  ///< batch, index

  std::string record_appeared(const std::string& folder, std::int64_t number, const std::string& path);
  std::string intent_appeared(std::int64_t n, std::string bytes);
  std::string commit_appeared(std::int64_t n, std::string bytes);
  std::string base_appeared(std::int64_t n, std::string bytes);
  std::string claim_appeared(std::int64_t e, std::string bytes);
  std::string published_appeared(std::int64_t n);
  std::string check_chain(const query::commit& record) const;
  std::string check_origin(const query::commit& record) const;
  std::string check_splits(const query::commit& record) const;
  std::string check_objects(const query::commit& record) const;
  std::string check_object(const std::string& path, std::int64_t size, std::uint64_t checksum) const;
  std::string check_base_extents(const query::base& record) const;
  std::string output_appeared(const std::string& path, const std::string& name);
  std::string manifest_appeared(const std::string& path, const std::string& name);
  std::string check_visible_up_to(std::int64_t batch) const;
  std::string check_layer(std::int64_t batch, const std::string& attempt, const std::string& what) const;
  std::string check_restore(std::int64_t batch, const std::set<std::uint32_t>& groups, const std::vector<query::extent>& found) const;
  bool is_committed_durably(std::int64_t batch) const;
  std::string object_going(const std::string& name, std::int64_t batch) const;
  std::string staged_going(const std::string& relative) const;
  std::string record_going(const std::string& folder, std::int64_t number);
  void find_outputs();

  storage::memory_file_system& disk_;
  query::checkpoint_paths paths_;
  query::metadata metadata_;
  std::string metadata_bytes_;
  std::map<std::int64_t, kept<query::intent>> intents_;
  std::map<std::int64_t, kept<query::commit>> commits_;
  std::map<std::int64_t, kept<query::base>> bases_;
  std::map<std::int64_t, std::string> claims_;
  std::map<std::int64_t, int> epoch_owner_;                 ///< process that ordered in it
  std::map<std::string, std::int64_t> input_;               ///< file -> batch
  std::map<std::int64_t, query::extent_map> extents_;       ///< after each batch
  std::map<std::string, attempt_facts> attempts_;
  std::map<std::string, held_layers> held_;                 ///< by worker: what its answers prove
  std::map<std::string, object_place> outputs_;             ///< final path -> output
  std::map<std::string, object_place> staged_;              ///< its staged path
  std::set<std::string> visible_;                           ///< final paths that were
  std::map<std::string, std::string> manifest_;
  std::int64_t noted_ = -1;
};

} // namespace sluice::sim
