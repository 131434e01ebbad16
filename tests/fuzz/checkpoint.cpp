// A healthy checkpoint, then changes that the input orders: flipped and cut files, files that are gone, moved or rewritten with
// a right checksum. Whatever is left is verified, recovered, collected and recovered again.
#include "tests/fuzz/target.hpp"
#include "tests/unit/coordinator/query/driver.hpp"

namespace sluice::fuzz {
namespace {

using namespace sluice::query;
using query::testing::driver;

struct scene {
  std::map<std::string, std::string> files;  ///< by path, input left out
  std::vector<std::string> names;
  std::string sink;
};

scene make(core_options options) {
  auto disk = std::make_shared<storage::memory_file_system>();
  query::testing::fake_cluster cluster{*disk, "/ckpt"};
  cluster.workers["w-1"], cluster.workers["w-2"];
  query::testing::write_input(*disk, 12);
  scene out;
  out.sink = options.sink_path;
  options.base_every = 3;
  options.min_batches_to_retain = 2;
  driver query{disk, cluster, std::move(options)};
  query.run();
  for (const auto& f : disk->everything())
    if (!f.is_directory && !f.path.starts_with("/in/")) out.files[f.path] = *disk->read(f.path);
  for (const auto& [path, bytes] : out.files) out.names.push_back(path);
  return out;
}

core_options table() {
  auto options = driver::copying();
  options.sink_path.clear();
  options.collect_output = options.keep_results = true;
  return options;
}

const scene& scene_of(unsigned index) {
  static const scene scenes[] = {make(driver::counting()), make(driver::copying()), make(table())};
  return scenes[index % 3];
}

/// Rewrites a sealed record's text and seals it again, so that only its meaning is wrong.
void reseal(std::string& bytes, std::size_t at, std::string_view text) {
  const auto line = bytes.find('\n');
  const auto last = bytes.size() < 2 ? std::string::npos : bytes.rfind('\n', bytes.size() - 2);
  if (line == std::string::npos || last == std::string::npos || last <= line || !bytes.starts_with("sluice ")) return;
  const auto kind = bytes.substr(7, bytes.find(' ', 7) - 7);
  auto json = bytes.substr(line + 1, last - line - 1);
  at %= json.size() + 1;
  json.replace(at, std::min(text.size(), json.size() - at), text);
  bytes = storage::seal_record(kind, json);
}

/// One change per eight bytes: what, which file, where (16 bits), four bytes to put there.
void change(scene& at, std::string_view order) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(order[i]); };
  const auto& name = at.names[byte(1) % at.names.size()];
  auto& bytes = at.files[name];
  const std::size_t where = byte(2) + 256u * byte(3);
  switch (byte(0) % 6) {
    case 0:
      if (!bytes.empty()) bytes[where % bytes.size()] = static_cast<char>(bytes[where % bytes.size()] ^ (1 << (byte(4) % 8)));
      return;
    case 1: return bytes.resize(where % (bytes.size() + 1));
    case 2: return (void)bytes.append(order.substr(4));
    case 3: return (void)at.files.erase(name);
    case 4: return reseal(bytes, where, order.substr(4, 1 + byte(7) % 4));
    default: bytes = at.files[at.names[where % at.names.size()]];
  }
}

void lay_out(const scene& from, storage::memory_file_system& disk) {
  for (const auto* folder : {"/ckpt/epochs", "/ckpt/offsets", "/ckpt/commits", "/ckpt/base", "/ckpt/published", "/ckpt/state", "/ckpt/staged", "/in", "/out"})
    (void)disk.make_directories(folder);
  for (const auto& [path, bytes] : from.files) disk.put(path, bytes);
}

void use(storage::memory_file_system& disk, const scene& at, bool keep_results) {
  auto recovered = recover(disk, "/ckpt", keep_results);
  if (recovered.ok()) {
    require(recovered->published <= recovered->last_batch, "more is published than committed");
    for (const auto& [op, groups] : recovered->extents)
      for (const auto& [group, chain] : groups)
        for (const auto& e : chain) require(e.batch <= recovered->last_batch, "state of a batch that is not committed");
  }
  const bool healthy = verify(disk, "/ckpt").problem.ok();
  if (healthy) require(recovered.ok(), "verify accepts what cannot be recovered: " + (recovered.ok() ? "" : recovered.error().to_string()));
  auto collected = collect_garbage(disk, "/ckpt", at.sink, 1);
  if (healthy) {
    require(collected.ok(), "garbage of a healthy checkpoint cannot be collected");
    require(verify(disk, "/ckpt").problem.ok(), "collecting garbage broke it: " + verify(disk, "/ckpt").problem.to_string());
    auto again = recover(disk, "/ckpt", keep_results);
    require(again.ok() && again->last_batch == recovered->last_batch && again->extents == recovered->extents, "collecting garbage changed it");
  }
}

void run(std::string_view input) {
  const auto first = take_byte(input);
  scene at = scene_of(first);
  bool only_bytes = true;  // nothing but flipped bits and lost or added ends
  for (; input.size() >= 8; input.remove_prefix(8)) {
    only_bytes = only_bytes && static_cast<unsigned char>(input[0]) % 6 < 3;
    change(at, input);
  }
  storage::memory_file_system disk;
  lay_out(at, disk);
  if (only_bytes) {
    const auto& before = scene_of(first);
    const auto problem = verify(disk, "/ckpt").problem;
    if (at.files == before.files) require(problem.ok(), "a healthy checkpoint is refused: " + problem.to_string());
    // Published files of batches whose records are gone are no longer ours.
    for (const auto& [path, bytes] : at.files)
      if (path.starts_with("/ckpt/") && bytes != before.files.at(path)) require(!problem.ok(), "damage is not noticed: " + path);
  }
  use(disk, at, first % 3 == 2);
}

std::vector<std::string> seeds() {
  std::vector<std::string> out;
  for (char which = 0; which < 3; ++which)
    for (char what = 0; what < 6; ++what) out.push_back(std::string{which, what, static_cast<char>(3 * what + 1), 40, 0, '1', '2', '3', 2});
  for (char which = 0; which < 3; ++which) out.emplace_back(1, which);
  return out;
}

} // namespace

const target checkpoint_target{"checkpoint", run, seeds};

} // namespace sluice::fuzz
