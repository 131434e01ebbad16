// libFuzzer's side of a target. With SLUICE_FUZZ_SEEDS=DIR in the environment the program writes its seeds there and ends.
#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "tests/fuzz/message_mutator.hpp"
#include "tests/fuzz/target.hpp"

namespace {

void write_seeds(const std::string& folder) {
  int number = 0;
  for (const auto& seed : sluice::fuzz::selected().seeds()) {
    std::ofstream out(folder + "/seed-" + std::to_string(number++), std::ios::binary);
    out << seed;
    if (!out.flush()) std::fprintf(stderr, "cannot write into %s\n", folder.c_str()), std::exit(1);
  }
}

} // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);
  if (const auto* folder = std::getenv("SLUICE_FUZZ_SEEDS")) write_seeds(folder), std::exit(0);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    sluice::fuzz::selected().run({reinterpret_cast<const char*>(data), size});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "FINDING: %s\n", error.what());
    std::abort();
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned int seed) {
  std::minstd_rand random(seed);
  const auto& target = sluice::fuzz::selected();
  if (!target.message || size < target.message_at || random() % 3 == 0) return LLVMFuzzerMutate(data, size, max_size);
  auto message = target.message();
  if (!message->ParseFromArray(data + target.message_at, static_cast<int>(size - target.message_at))) return LLVMFuzzerMutate(data, size, max_size);
  sluice::fuzz::mutate(*message, random, [](std::string& bytes) {
    const auto old = bytes.size();
    bytes.resize(old + 32);
    bytes.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(bytes.data()), old, bytes.size()));
  });
  const auto changed = message->SerializePartialAsString();
  if (changed.size() + target.message_at > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data + target.message_at, changed.data(), changed.size());
  return target.message_at + changed.size();
}
