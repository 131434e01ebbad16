/// sluice-simulate: runs seeds, tells which fail (options first, then what was wrong) and what they met. scripts/simulate starts it;
/// its help names the arguments.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <sstream>

#include "common/base/log.hpp"
#include "coordinator/actors/result_objects.hpp"
#include "tests/sim/simulation.hpp"

namespace {

using namespace sluice;
using clock_type = std::chrono::steady_clock;

/// Below this many seeds a count of zero is no news.
constexpr std::int64_t enough_seeds = 2000;

struct arguments {
  std::uint64_t first = 1, seeds = 1, repeat = 16, minutes = 0, jobs = 1;
  int generation = sim::newest_generation;
  bool verbose = false, quiet = false;
};

/// What a program tells of its share, as lines "<number> <what>".
struct totals {
  std::int64_t seeds = 0, failed = 0, steps = 0, virtual_ms = 0;
  sim::coverage met;

  void write(std::ostream& out) const {
    out << seeds << " =seeds\n" << failed << " =failed\n" << steps << " =steps\n" << virtual_ms << " =virtual\n";
    for (const auto& [what, times] : met.counts()) out << times << " " << what << "\n";
  }
  void read(std::istream& in) {
    std::int64_t times = 0;
    for (std::string what; in >> times && in.get() && std::getline(in, what);) {
      if (what == "=seeds") seeds += times;
      else if (what == "=failed") failed += times;
      else if (what == "=steps") steps += times;
      else if (what == "=virtual") virtual_ms += times;
      else met.hit(what, times);
    }
  }
};

bool parse(int argc, char** argv, arguments& out) {
  for (int i = 1; i < argc; ++i) {
    auto number = [&] { return i + 1 < argc ? std::strtoull(argv[++i], nullptr, 10) : 0; };
    if (std::strcmp(argv[i], "--first") == 0) out.first = number();
    else if (std::strcmp(argv[i], "--seeds") == 0) out.seeds = number();
    else if (std::strcmp(argv[i], "--minutes") == 0) out.minutes = number();
    else if (std::strcmp(argv[i], "--repeat-every") == 0) out.repeat = number();
    else if (std::strcmp(argv[i], "--jobs") == 0) out.jobs = std::max<std::uint64_t>(1, number());
    else if (std::strcmp(argv[i], "--generation") == 0) out.generation = static_cast<int>(number());
    else if (std::strcmp(argv[i], "--verbose") == 0) out.verbose = true;
    else if (std::strcmp(argv[i], "--quiet") == 0) out.quiet = true;
    else {
      std::fprintf(stderr, "sluice-simulate: unknown argument %s\n", argv[i]);
      return false;
    }
  }
  return true;
}

/// The seeds first + job, first + job + jobs, …: each program gets old and new ones alike.
totals run_share(const arguments& with, std::uint64_t job, clock_type::time_point begin) {
  totals out;
  for (auto i = job; i < with.seeds; i += with.jobs) {
    if (with.minutes > 0 && clock_type::now() - begin > std::chrono::minutes(with.minutes)) break;
    auto options = sim::draw_options(with.first + i, with.generation);
    if (with.verbose) std::fprintf(stderr, "%s\n", options.text().c_str());
    auto outcome = sim::simulation(options, with.verbose).run();
    if (outcome.wrong.empty() && with.repeat > 0 && options.seed % with.repeat == 0 && sim::simulation(options).run().trace != outcome.trace)
      outcome.wrong = "a second run took another course";
    ++out.seeds;
    out.steps += outcome.steps;
    out.virtual_ms += outcome.virtual_time.count() / 1000;
    out.met.add(outcome.met);
    if (outcome.wrong.empty()) continue;
    ++out.failed;
    std::printf("FAILED %s\n  %s\n", options.text().c_str(), outcome.wrong.c_str());
    std::fflush(stdout);
  }
  return out;
}

/// Processor time used so far, by this program or by those that ended.
double seconds_of(int who) {
  rusage used{};
  getrusage(who, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/// Runs the shares in programs of their own; one that ends badly counts as a failed seed.
totals run_jobs(const arguments& with, clock_type::time_point begin) {
  if (with.jobs == 1) return run_share(with, 0, begin);
  std::vector<std::pair<pid_t, int>> children;
  for (std::uint64_t job = 0; job < with.jobs; ++job) {
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    auto child = fork();
    if (child == 0) {
      close(ends[0]);
      std::ostringstream text;
      run_share(with, job, begin).write(text);
      auto bytes = text.str();
      for (std::size_t at = 0; at < bytes.size();) {
        auto wrote = write(ends[1], bytes.data() + at, bytes.size() - at);
        if (wrote <= 0) _exit(1);
        at += static_cast<std::size_t>(wrote);
      }
      _exit(0);
    }
    close(ends[1]);
    children.emplace_back(child, ends[0]);
  }
  totals out;
  for (auto [child, from] : children) {
    std::string bytes;
    char buffer[4096];
    for (ssize_t got = 0; (got = read(from, buffer, sizeof buffer)) > 0;) bytes.append(buffer, static_cast<std::size_t>(got));
    close(from);
    int ended = 0;
    waitpid(child, &ended, 0);
    std::istringstream text(bytes);
    out.read(text);
    if (ended == 0) continue;
    ++out.failed;
    std::printf("FAILED a program ended with status %d\n", ended);
  }
  return out;
}

} // namespace

int main(int argc, char** argv) {
  arguments with;
  if (!parse(argc, argv, with)) return 2;
  log::set_level(with.verbose ? log::level::debug : log::level::error);
  actors::console_stream = std::fopen("/dev/null", "w");
  auto begin = clock_type::now();
  auto all = run_jobs(with, begin);
  auto taken = std::chrono::duration<double>(clock_type::now() - begin).count();
  auto busy = seconds_of(RUSAGE_SELF) + seconds_of(RUSAGE_CHILDREN);
  std::printf("%lld seeds, %lld failed, %lld steps, %.0f s of virtual time in %.0f s, %.1f ms of a core a seed\n", static_cast<long long>(all.seeds),
              static_cast<long long>(all.failed), static_cast<long long>(all.steps), static_cast<double>(all.virtual_ms) / 1000, taken,
              busy * 1000 / static_cast<double>(std::max<std::int64_t>(all.seeds, 1)));
  if (with.quiet) return all.failed == 0 ? 0 : 1;
  std::fflush(stdout);
  auto missing = all.met.report(std::cout);
  bool must = all.seeds >= enough_seeds && with.generation == sim::newest_generation;
  std::cout << missing.size() << " things that exist were never met" << (must || missing.empty() ? "" : ", in few seeds") << std::endl;
  return all.failed == 0 && (missing.empty() || !must) ? 0 : 1;
}
