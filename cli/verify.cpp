#include <cstdio>
#include <filesystem>

#include "cli/commands.hpp"
#include "cli/failure.hpp"
#include "common/storage/file_system.hpp"
#include "coordinator/query/checkpoint.hpp"

namespace sluice::cli {

int verify(const options& given) {
  std::error_code ignored;
  auto root = std::filesystem::absolute(given.checkpoint, ignored).lexically_normal().string();
  if (!std::filesystem::is_directory(root, ignored))
    return report(failure::from(status{errc::invalid_argument, "checkpoint '" + given.checkpoint + "' is no folder"}));
  auto files = storage::posix_file_system();
  auto found = query::verify(*files, root);
  std::printf("checkpoint  %s\ncommits     %lld (last batch %lld, published up to %lld)\nintents     %lld\n"
              "objects     %lld (%lld bytes)\nrows read   %lld\n", root.c_str(), static_cast<long long>(found.commits),
              static_cast<long long>(found.last_batch), static_cast<long long>(found.published),
              static_cast<long long>(found.intents), static_cast<long long>(found.objects),
              static_cast<long long>(found.bytes), static_cast<long long>(found.rows));
  if (!found.problem.ok())
    return report(failure::from(found.problem));
  std::printf("everything that the records name is there and unchanged\n");
  return exit_done;
}

} // namespace sluice::cli
