// Lines per second of processor time of the JSON reader, Arrow arrays included. Usage: json_bench [lines] [rounds]
#include <arrow/api.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "common/storage/memory_file_system.hpp"
#include "worker/readers/internal/json_reader.hpp"

namespace {

using namespace sluice;

std::string event_lines(long lines) {
  static const char* actions[] = {"Open", "Close", "Open", "Purchase"};
  std::string text;
  for (long i = 0; i < lines; ++i)
    text += "{\"time\":" + std::to_string(1469501107 + i / 40) + ",\"action\":\"" + actions[(i * 7919) % 4] + "\"}\n";
  return text;
}

double run_once(storage::file_system& files, const plan::file_source& source, const readers::split& part, bool fast, long& rows) {
  const std::clock_t start = std::clock();
  auto reader = readers::open_json(source, part, {}, files, {}, {fast});
  if (!reader.ok()) return std::printf("%s\n", reader.error().to_string().c_str()), 0;
  for (rows = 0;;) {
    auto batch = (*reader)->next();
    if (!batch.ok()) return std::printf("%s\n", batch.error().to_string().c_str()), 0;
    if (*batch == nullptr) break;
    rows += (*batch)->num_rows();
  }
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

} // namespace

int main(int argc, char** argv) {
  const long lines = argc > 1 ? std::atol(argv[1]) : 1000000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  sluice::storage::memory_file_system files;
  files.put("/in/events.json", event_lines(lines));
  const auto info = files.stat("/in/events.json").value();
  sluice::plan::file_source source;
  source.format = "json";
  source.schema = sluice::data::schema_from_ddl("time timestamp, action string").value();
  source.columns = {0, 1};
  const sluice::readers::split part{0, info.path, 0, info.size, info.size, info.mtime_us, info.inode};
  for (const bool fast : {true, false}) {
    double best = 1e9;
    long rows = 0;
    for (int i = 0; i < rounds; ++i) best = std::min(best, run_once(files, source, part, fast, rows));
    std::printf("json %s: %ld rows, %.1f M lines/s, %.2f GB/s\n", fast ? "learned layout" : "careful path", rows,
                static_cast<double>(rows) / best / 1e6, static_cast<double>(info.size) / best / 1e9);
  }
}
