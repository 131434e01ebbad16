#pragma once
/// What a query must give, computed from the text of its input, the plain way; nothing of the engine's operators is used. Batches
/// are taken in one after the other and remembered, so that any prefix can be asked for.
#include <map>

#include "tests/sim/workload.hpp"

namespace sluice::sim {

class oracle {
public:
  explicit oracle(const workload& work) : work_(work) {}

  /// The contents of the input of batches 0 …, each with its files in the intent's order. What is known already is not computed again.
  void learn(const std::vector<std::vector<std::string>>& batches);
  std::int64_t last() const { return static_cast<std::int64_t>(outputs_.size()) - 1; }
  /// What the sink or table holds after batches 0 … n (-1: before the first).
  const row_bag& table(std::int64_t n) const;
  /// What batch n alone hands to the sink.
  const row_bag& output(std::int64_t n) const { return outputs_.at(static_cast<std::size_t>(n)); }

private:
  struct event;
  struct group_state;
  void forget();
  void add(const std::vector<std::string>& contents);
  bool read(const std::string& line, event& row) const;
  bool passes(const event& row) const;
  std::vector<std::string> keys_of(const event& row) const;
  std::string plain_row(const event& row) const;
  std::string value(aggregate what, const group_state& state) const;
  bool shown(const group_state& state) const;
  std::string grouped_row(const std::string& key, const group_state& state) const;

  const workload work_;
  std::vector<std::vector<std::string>> known_;
  std::map<std::string, std::shared_ptr<group_state>> groups_;
  row_bag before_;
  std::vector<row_bag> outputs_;
  std::vector<row_bag> tables_;
};

} // namespace sluice::sim
