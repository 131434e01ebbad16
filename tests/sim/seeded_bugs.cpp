/// sluice-seeded-bugs [--seeds N] [--generation G] [--bug NAME …]: switches on one seeded bug after the other and runs seeds from 1 until one
/// is caught. One line per bug: its name, what caught it, in which seed. Exit 1 if N seeds let one pass. scripts/seeded-bugs starts it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "common/base/log.hpp"
#include "common/base/seeded_bug.hpp"
#include "tests/sim/simulation.hpp"

namespace {

using namespace sluice;

struct entry {
  seeded_bug bug;
  const char* name;
  const char* text;
};

constexpr entry table[] = {
#define SLUICE_SEEDED_BUG_ENTRY(name, text) {seeded_bug::name, #name, text},
    SLUICE_SEEDED_BUG_TABLE(SLUICE_SEEDED_BUG_ENTRY)
#undef SLUICE_SEEDED_BUG_ENTRY
};

/// The seed that noticed it; 0: none did.
std::uint64_t hunt(const entry& at, std::uint64_t seeds, int generation, std::string& wrong) {
  active_seeded_bug = at.bug;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    wrong = sim::simulation(sim::draw_options(seed, generation)).run().wrong;
    if (!wrong.empty()) return seed;
  }
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  std::uint64_t seeds = 2000;
  int generation = sim::newest_generation;
  std::vector<std::string> wanted;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--seeds") == 0 && i + 1 < argc) seeds = std::strtoull(argv[++i], nullptr, 10);
    else if (std::strcmp(argv[i], "--bug") == 0 && i + 1 < argc) wanted.emplace_back(argv[++i]);
    else if (std::strcmp(argv[i], "--generation") == 0 && i + 1 < argc) generation = std::atoi(argv[++i]);
    else {
      std::fprintf(stderr, "sluice-seeded-bugs: unknown argument %s\n", argv[i]);
      return 2;
    }
  }
  log::set_level(log::level::error);
  bool all_caught = true;
  for (const auto& at : table) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), at.name) == wanted.end()) continue;
    auto begin = std::chrono::steady_clock::now();
    std::string wrong;
    auto seed = hunt(at, seeds, generation, wrong);
    auto taken = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    all_caught = all_caught && seed != 0;
    std::printf("%-27s %-13s %6.1f s  %s\n", at.name, seed ? ("seed " + std::to_string(seed)).c_str() : "NOT CAUGHT", taken, wrong.c_str());
    std::fflush(stdout);
  }
  return all_caught ? 0 : 1;
}
