#pragma once
/// Reading the files that secure links. Both functions follow no symbolic link at the end of the path for private files.
#include <string>

#include "common/base/secret.hpp"
#include "common/base/status.hpp"

namespace sluice::net {

/// A certificate: any readable regular file of at most 1 MiB. Error: invalid_setting.
result<std::string> read_public_file(const std::string& path);
/// A key or token: a regular file (no symbolic link) of at most 64 KiB, owned by this user or root, with no permission for group or
/// others. Error: invalid_setting; its text never holds a part of the file.
result<secret> read_private_file(const std::string& path);

} // namespace sluice::net
