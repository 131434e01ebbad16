#include "common/storage/memory_file_system.hpp"

#include <algorithm>
#include <set>

#include "common/storage/path.hpp"

namespace sluice::storage {
namespace {

std::string clean(std::string_view path) {
  std::string out;
  for (const char c : path)
    if (c != '/' || out.empty() || out.back() != '/') out += c;
  while (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

status memory_missing(const std::string& path) { return {errc::no_such_file, "no such file " + path}; }

/// What a disk may hold of a file whose `synced` bytes are safe and whose further bytes are not.
std::string survivor(const std::string& synced, const std::string& bytes, random_source& random) {
  constexpr std::size_t sector = 64;
  if (bytes.size() <= synced.size()) return synced;
  const auto extra = bytes.size() - synced.size();
  const auto kept = random.next() % (extra + 1);
  auto out = bytes.substr(0, synced.size() + kept);
  for (auto at = synced.size(); at < out.size(); at += sector)
    if (random.next() % 4 == 0) std::fill(out.begin() + at, out.begin() + std::min(out.size(), at + sector), '\0');
  return out;
}

} // namespace

class memory_file final : public writable_file {
public:
  memory_file(memory_file_system& owner, memory_file_system::inode_ptr node, std::string path)
      : owner_(owner), node_(std::move(node)), path_(std::move(path)), generation_(owner.generation_) {}

  status append(std::string_view bytes) override {
    std::lock_guard lock{owner_.mutex_};
    SLUICE_RETURN_IF_ERROR(usable());
    node_->bytes.append(bytes);
    node_->mtime_us = owner_.now();
    return ok();
  }
  status sync() override {
    std::lock_guard lock{owner_.mutex_};
    SLUICE_RETURN_IF_ERROR(usable());
    node_->synced = node_->bytes;
    return ok();
  }
  status close() override {
    std::lock_guard lock{owner_.mutex_};
    SLUICE_RETURN_IF_ERROR(usable());
    closed_ = true;
    return ok();
  }

private:
  status usable() const {
    if (closed_ || generation_ != owner_.generation_) return {errc::storage_io, "file is not open: " + path_};
    return sluice::ok();
  }

  memory_file_system& owner_;
  memory_file_system::inode_ptr node_;
  std::string path_;
  std::uint64_t generation_;
  bool closed_ = false;
};

class memory_reader final : public readable_file {
public:
  memory_reader(memory_file_system& owner, memory_file_system::inode_ptr node, std::string path)
      : owner_(owner), node_(std::move(node)), path_(std::move(path)) {}

  result<file_info> stat() override {
    std::lock_guard lock{owner_.mutex_};
    return owner_.info_of(path_, *node_);
  }
  result<std::size_t> read_at(std::int64_t offset, char* buffer, std::size_t length) override {
    std::lock_guard lock{owner_.mutex_};
    if (offset < 0 || static_cast<std::size_t>(offset) >= node_->bytes.size()) return std::size_t{0};
    return node_->bytes.copy(buffer, length, static_cast<std::size_t>(offset));
  }

private:
  memory_file_system& owner_;
  memory_file_system::inode_ptr node_;
  std::string path_;
};

memory_file_system::memory_file_system(std::shared_ptr<clock_source> clock) : clock_(std::move(clock)) {
  auto root = make(true);
  current_["/"] = durable_["/"] = root;
}
memory_file_system::~memory_file_system() = default;

std::int64_t memory_file_system::now() { return clock_ ? clock_->wall().count() : ++ticks_; }

memory_file_system::inode_ptr memory_file_system::make(bool directory) {
  auto node = std::make_shared<inode>();
  node->number = next_inode_++;
  node->directory = directory;
  node->mtime_us = now();
  return node;
}

memory_file_system::inode_ptr memory_file_system::find(const std::string& path) const {
  const auto it = current_.find(path);
  return it == current_.end() ? nullptr : it->second;
}

void memory_file_system::apply(name_space& names, const change& what) {
  if (!what.removed.empty()) names.erase(what.removed);
  if (!what.added.empty()) names[what.added] = what.node;
}

void memory_file_system::record(change what) {
  apply(current_, what);
  pending_.push_back(std::move(what));
}

status memory_file_system::parent_error(const std::string& path) const {
  const auto parent = find(parent_path(path));
  return parent && parent->directory ? ok() : memory_missing(parent_path(path));
}

file_info memory_file_system::info_of(const std::string& path, const inode& node) const {
  return {path, static_cast<std::int64_t>(node.bytes.size()), node.mtime_us, node.number, node.directory};
}

result<std::unique_ptr<writable_file>> memory_file_system::create(const std::string& raw) {
  std::lock_guard lock{mutex_};
  const auto path = clean(raw);
  SLUICE_RETURN_IF_ERROR(parent_error(path));
  if (find(path)) return status{errc::file_exists, "file exists: " + path};
  auto node = make(false);
  record({path, "", node});
  return std::unique_ptr<writable_file>(std::make_unique<memory_file>(*this, std::move(node), path));
}

result<std::string> memory_file_system::read(const std::string& path) { return read_range(path, 0, -1); }

result<std::string> memory_file_system::read_range(const std::string& raw, std::int64_t offset, std::int64_t length) {
  std::lock_guard lock{mutex_};
  const auto node = find(clean(raw));
  if (!node) return memory_missing(raw);
  if (node->directory) return status{errc::storage_io, "not a regular file: " + raw};
  const auto size = static_cast<std::int64_t>(node->bytes.size());
  if (offset < 0 || offset >= size) return std::string{};
  const auto rest = size - offset;
  return node->bytes.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(length < 0 ? rest : std::min(length, rest)));
}

result<std::unique_ptr<readable_file>> memory_file_system::open_for_read(const std::string& raw) {
  std::lock_guard lock{mutex_};
  auto node = find(clean(raw));
  if (!node) return memory_missing(raw);
  if (node->directory) return status{errc::storage_io, "not a regular file: " + raw};
  return std::unique_ptr<readable_file>(std::make_unique<memory_reader>(*this, std::move(node), raw));
}

status memory_file_system::link(const std::string& raw_from, const std::string& raw_to) {
  std::lock_guard lock{mutex_};
  const auto from = clean(raw_from), to = clean(raw_to);
  const auto node = find(from);
  if (!node || node->directory) return memory_missing(from);
  SLUICE_RETURN_IF_ERROR(parent_error(to));
  if (const auto old = find(to)) return old == node ? ok() : status{errc::file_exists, "file exists: " + to};
  record({to, "", node});
  return ok();
}

status memory_file_system::rename(const std::string& raw_from, const std::string& raw_to) {
  std::lock_guard lock{mutex_};
  const auto from = clean(raw_from), to = clean(raw_to);
  const auto node = find(from);
  if (!node) return memory_missing(from);
  SLUICE_RETURN_IF_ERROR(parent_error(to));
  if (node->directory) return {errc::storage_io, "directories are not renamed: " + from};
  record({to, from, node});
  return ok();
}

status memory_file_system::remove(const std::string& raw) {
  std::lock_guard lock{mutex_};
  const auto path = clean(raw);
  const auto node = find(path);
  if (!node) return memory_missing(path);
  if (node->directory) {
    const auto next = current_.upper_bound(path + "/");
    if (next != current_.end() && next->first.starts_with(path + "/")) return {errc::file_exists, "directory is not empty: " + path};
  }
  record({"", path, nullptr});
  return ok();
}

status memory_file_system::make_directories(const std::string& raw) {
  std::lock_guard lock{mutex_};
  return make_directories_locked(clean(raw));
}

status memory_file_system::make_directories_locked(const std::string& path) {
  if (const auto node = find(path)) return node->directory ? ok() : status{errc::file_exists, "file exists: " + path};
  SLUICE_RETURN_IF_ERROR(make_directories_locked(parent_path(path)));
  record({path, "", make(true)});
  return ok();
}

status memory_file_system::sync_directory(const std::string& raw) {
  std::lock_guard lock{mutex_};
  const auto path = clean(raw);
  const auto node = find(path);
  if (!node || !node->directory) return memory_missing(path);
  // Newest first: a change is durable with this directory, or when a later durable change touches the same name.
  std::set<std::string> names;
  std::vector<bool> chosen(pending_.size());
  const auto concerns = [&](const std::string& name) {
    return !name.empty() && (parent_path(name) == path || names.contains(name));
  };
  for (auto i = pending_.size(); i-- > 0;) {
    const auto& change = pending_[i];
    if (!concerns(change.added) && !concerns(change.removed)) continue;
    chosen[i] = true;
    names.insert(change.added);
    names.insert(change.removed);
  }
  std::vector<change> rest;
  for (std::size_t i = 0; i < pending_.size(); ++i)
    if (chosen[i])
      apply(durable_, pending_[i]);
    else
      rest.push_back(std::move(pending_[i]));
  pending_ = std::move(rest);
  return ok();
}

result<file_info> memory_file_system::stat(const std::string& raw) {
  std::lock_guard lock{mutex_};
  const auto path = clean(raw);
  const auto node = find(path);
  if (!node) return memory_missing(path);
  return info_of(path, *node);
}

result<std::vector<file_info>> memory_file_system::list(const std::string& raw) {
  std::lock_guard lock{mutex_};
  const auto directory = clean(raw);
  const auto node = find(directory);
  if (!node || !node->directory) return memory_missing(directory);
  const auto prefix = directory == "/" ? directory : directory + "/";
  std::vector<file_info> entries;
  for (auto it = current_.upper_bound(prefix); it != current_.end() && it->first.starts_with(prefix); ++it)
    if (it->first.find('/', prefix.size()) == std::string::npos) entries.push_back(info_of(it->first, *it->second));
  return entries;
}

void memory_file_system::crash(crash_kind kind, std::uint64_t seed) {
  std::lock_guard lock{mutex_};
  ++generation_;
  if (kind == crash_kind::process) return;
  const auto random = seeded_random_source(seed);
  std::set<std::string> lost;
  for (auto& change : pending_) {
    const bool blocked = lost.contains(change.added) || lost.contains(change.removed);
    if (seed != 0 && !blocked && random->next() % 2 == 0) {
      apply(durable_, change);
      continue;
    }
    if (!change.added.empty()) lost.insert(change.added);
    if (!change.removed.empty()) lost.insert(change.removed);
  }
  pending_.clear();
  std::erase_if(durable_, [&](const auto& entry) {
    for (auto at = entry.first; at != "/";) {
      at = parent_path(at);
      if (!durable_.contains(at)) return true;
    }
    return false;
  });
  std::set<inode*> done;
  for (auto& [path, node] : durable_) {
    if (node->directory || !done.insert(node.get()).second) continue;
    node->bytes = seed == 0 ? node->synced : survivor(node->synced, node->bytes, *random);
    node->synced = node->bytes;
  }
  current_ = durable_;
}

void memory_file_system::put(const std::string& raw, std::string bytes) {
  std::lock_guard lock{mutex_};
  const auto path = clean(raw);
  std::vector<std::string> missing;
  for (auto at = parent_path(path); !durable_.contains(at); at = parent_path(at)) missing.push_back(at);
  for (auto it = missing.rbegin(); it != missing.rend(); ++it) {
    auto& node = current_[*it];
    if (!node) node = make(true);
    durable_[*it] = node;
  }
  auto node = make(false);
  node->bytes = node->synced = std::move(bytes);
  current_[path] = durable_[path] = node;
}

std::vector<file_info> memory_file_system::everything() const {
  std::lock_guard lock{mutex_};
  std::vector<file_info> out;
  for (const auto& [path, node] : current_) out.push_back(info_of(path, *node));
  return out;
}

bool memory_file_system::is_durable(const std::string& raw) const {
  std::lock_guard lock{mutex_};
  const auto path = clean(raw);
  const auto now = current_.find(path), kept = durable_.find(path);
  if (now == current_.end() || kept == durable_.end() || now->second != kept->second) return false;
  for (auto at = parent_path(path); at != "/"; at = parent_path(at))
    if (!durable_.contains(at)) return false;
  return now->second->directory || now->second->synced == now->second->bytes;
}

} // namespace sluice::storage
