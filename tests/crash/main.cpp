/// sluice-crash-points [--list] [--job NAME] [--stride N] [--second-stride N] [--second-of N]: goes through the crash points of small jobs and
/// prints how often each was met, and what failed. scripts/crash-points starts it.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "common/base/log.hpp"
#include "tests/crash/crash_points.hpp"

int main(int argc, char** argv) {
  using namespace sluice;
  sim::crash_sweep how;
  std::string wanted;
  for (int i = 1; i < argc; ++i) {
    auto number = [&] { return i + 1 < argc ? std::atoi(argv[++i]) : 0; };
    if (std::strcmp(argv[i], "--stride") == 0) how.stride = number();
    else if (std::strcmp(argv[i], "--second-stride") == 0) how.second_stride = number();
    else if (std::strcmp(argv[i], "--second-of") == 0) how.second_of = number();
    else if (std::strcmp(argv[i], "--list") == 0) {
      for (const auto& job : sim::crash_jobs()) std::printf("%s\n", job.name);
      return 0;
    } else if (std::strcmp(argv[i], "--job") == 0 && i + 1 < argc) wanted = argv[++i];
    else {
      std::fprintf(stderr, "sluice-crash-points: unknown argument %s\n", argv[i]);
      return 2;
    }
  }
  if (how.stride < 1 || how.second_of < 1 || how.second_stride < 0) {
    std::fprintf(stderr, "sluice-crash-points: strides are numbers above 0\n");
    return 2;
  }
  log::set_level(log::level::error);
  sim::crash_totals all;
  auto begin = std::chrono::steady_clock::now();
  bool known = wanted.empty();
  for (const auto& job : sim::crash_jobs()) {
    if (!wanted.empty() && wanted != job.name) continue;
    known = true;
    auto before = all.runs;
    sim::sweep(job, how, all);
    std::printf("%-16s %lld runs\n", job.name, static_cast<long long>(all.runs - before));
    std::fflush(stdout);
  }
  if (!known) {
    std::fprintf(stderr, "sluice-crash-points: there is no job %s\n", wanted.c_str());
    return 2;
  }
  for (const auto& [point, count] : all.points) std::printf("  %-36s %lld\n", point.c_str(), static_cast<long long>(count));
  for (const auto& failure : all.failures) std::printf("FAILED %s\n", failure.c_str());
  auto taken = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("%lld runs, %zu failed, %zu crash points met, %.0f s\n", static_cast<long long>(all.runs), all.failures.size(), all.points.size(), taken);
  return all.failures.empty() ? 0 : 1;
}
