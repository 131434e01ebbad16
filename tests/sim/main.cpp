/// sluice-simulate [--first S] [--seeds N] [--minutes M] [--repeat-every K] [--verbose]: runs seeds, tells which fail (options first, then
/// what was wrong), and how often each fault struck. scripts/simulate starts it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "common/base/log.hpp"
#include "tests/sim/simulation.hpp"

int main(int argc, char** argv) {
  using namespace sluice;
  std::uint64_t first = 1, seeds = 1, repeat = 16, minutes = 0, done = 0;
  bool verbose = false;
  for (int i = 1; i < argc; ++i) {
    auto number = [&] { return i + 1 < argc ? std::strtoull(argv[++i], nullptr, 10) : 0; };
    if (std::strcmp(argv[i], "--first") == 0) first = number();
    else if (std::strcmp(argv[i], "--seeds") == 0) seeds = number();
    else if (std::strcmp(argv[i], "--minutes") == 0) minutes = number();
    else if (std::strcmp(argv[i], "--repeat-every") == 0) repeat = number();
    else if (std::strcmp(argv[i], "--verbose") == 0) verbose = true;
    else {
      std::fprintf(stderr, "sluice-simulate: unknown argument %s\n", argv[i]);
      return 2;
    }
  }
  log::set_level(verbose ? log::level::debug : log::level::error);
  std::map<std::string, long> faults;
  long failed = 0, steps = 0;
  double virtual_seconds = 0;
  auto begin = std::chrono::steady_clock::now();
  for (auto seed = first; seed < first + seeds; ++seed, ++done) {
    if (minutes > 0 && std::chrono::steady_clock::now() - begin > std::chrono::minutes(minutes)) break;
    auto options = sim::draw_options(seed);
    if (verbose) std::fprintf(stderr, "%s\n", options.text().c_str());
    auto outcome = sim::simulation(options, verbose).run();
    if (outcome.wrong.empty() && repeat > 0 && seed % repeat == 0 && sim::simulation(options).run().trace != outcome.trace)
      outcome.wrong = "a second run took another course";
    for (const auto& [fault, count] : outcome.faults) faults[fault] += count;
    steps += outcome.steps;
    virtual_seconds += static_cast<double>(outcome.virtual_time.count()) / 1e6;
    if (outcome.wrong.empty()) continue;
    ++failed;
    std::printf("FAILED %s\n  %s\n", options.text().c_str(), outcome.wrong.c_str());
    std::fflush(stdout);
  }
  auto taken = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("%llu seeds, %ld failed, %ld steps, %.0f s of virtual time, %.1f ms a seed\n", static_cast<unsigned long long>(done), failed,
              steps, virtual_seconds, taken * 1000 / static_cast<double>(std::max<std::uint64_t>(done, 1)));
  for (const auto& [fault, count] : faults) std::printf("  %-20s %ld\n", fault.c_str(), count);
  return failed == 0 ? 0 : 1;
}
