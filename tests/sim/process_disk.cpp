#include "tests/sim/process_disk.hpp"

namespace sluice::sim {

using storage::operation;

class process_file final : public storage::writable_file {
public:
  process_file(process_disk& owner, std::unique_ptr<storage::writable_file> inner, std::string path)
      : owner_(owner), inner_(std::move(inner)), path_(std::move(path)) {}
  status append(std::string_view bytes) override {
    return owner_.perform(operation::append, path_, [&] { return inner_->append(bytes); });
  }
  status sync() override {
    return owner_.perform(operation::sync, path_, [&] { return inner_->sync(); });
  }
  status close() override {
    return owner_.perform(operation::close, path_, [&] { return inner_->close(); });
  }

private:
  process_disk& owner_;
  std::unique_ptr<storage::writable_file> inner_;
  std::string path_;
};

process_disk::process_disk(std::shared_ptr<storage::file_system> disk)
    : faulty_(std::make_shared<storage::faulty_file_system>(std::move(disk))) {}

void process_disk::die_at(std::uint64_t k, bool torn) {
  torn_ = torn;
  faulty_->die_at(k, torn);
}

status process_disk::enter(operation what, const std::string& path) {
  ++calls_;
  if (outage_ && !faulty_->dead() && (outage_of_reads_ || storage::changes(what))) return {*outage_, "storage is away: " + path};
  if (!storage::changes(what) || faulty_->dead() || !watch_) return ok();
  if (auto done = watch_({what, path}, before_)) die_at(0, *done);
  return ok();
}

void process_disk::leave(operation what, const std::string& path) {
  if (!storage::changes(what) || died_) return;
  if (faulty_->dead()) died_ = death{{what, path}, torn_, before_};
  before_ = file_call{what, path};
}

template <class Call>
auto process_disk::perform(operation what, const std::string& path, Call&& call) -> decltype(call()) {
  SLUICE_RETURN_IF_ERROR(enter(what, path));
  auto out = call();
  leave(what, path);
  return out;
}

result<std::unique_ptr<storage::writable_file>> process_disk::create(const std::string& path) {
  auto inner = perform(operation::create, path, [&] { return faulty_->create(path); });
  if (!inner.ok()) return inner.error();
  return std::unique_ptr<storage::writable_file>(std::make_unique<process_file>(*this, std::move(*inner), path));
}
result<std::string> process_disk::read(const std::string& path) {
  return perform(operation::read, path, [&] { return faulty_->read(path); });
}
result<std::string> process_disk::read_range(const std::string& path, std::int64_t offset, std::int64_t length) {
  return perform(operation::read, path, [&] { return faulty_->read_range(path, offset, length); });
}
result<std::unique_ptr<storage::readable_file>> process_disk::open_for_read(const std::string& path) {
  return perform(operation::read, path, [&] { return faulty_->open_for_read(path); });
}
status process_disk::link(const std::string& from, const std::string& to) {
  return perform(operation::link, to, [&] { return faulty_->link(from, to); });
}
status process_disk::rename(const std::string& from, const std::string& to) {
  return perform(operation::rename, to, [&] { return faulty_->rename(from, to); });
}
status process_disk::remove(const std::string& path) {
  return perform(operation::remove, path, [&] { return faulty_->remove(path); });
}
status process_disk::make_directories(const std::string& path) {
  return perform(operation::make_directories, path, [&] { return faulty_->make_directories(path); });
}
status process_disk::sync_directory(const std::string& path) {
  return perform(operation::sync_directory, path, [&] { return faulty_->sync_directory(path); });
}
result<storage::file_info> process_disk::stat(const std::string& path) {
  return perform(operation::stat, path, [&] { return faulty_->stat(path); });
}
result<std::vector<storage::file_info>> process_disk::list(const std::string& directory) {
  return perform(operation::list, directory, [&] { return faulty_->list(directory); });
}

} // namespace sluice::sim
