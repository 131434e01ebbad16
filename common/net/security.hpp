#pragma once
/// Who a node is and whom it admits: its certificate, the private authority of the cluster, and the cluster's token.
/// Loaded once at start, immutable and shared afterwards; any thread. How admission goes is described in docs/security.md.
///
///   SLUICE_ASSIGN_OR_RETURN(auto security, net::load_security(settings.security, net::role::worker));
///   auto network = net::grpc_transport(limits, security);       // null: plain links, loopback only
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/secret.hpp"
#include "common/base/status.hpp"
#include "common/config/settings.hpp"

namespace sluice::net {

/// What a certificate lets its holder act as. A certificate may carry several roles.
enum class role { coordinator, worker, client };

/// "coordinator", "worker", "client".
std::string_view role_name(role of);
/// The DNS name that stands for the role in a certificate: "worker.sluice".
std::string certificate_name(role of);

struct security {
  role self = role::client;                ///< as what this process acts
  std::string authority;                   ///< PEM of the cluster's CA
  std::string certificate;                 ///< PEM of the own certificate, with its chain
  secret key;                              ///< PEM of its key
  std::vector<secret> tokens;              ///< one or two; the first is preferred
  std::string fingerprint;                 ///< SHA-256 of the own certificate, 32 bytes
};
using security_ptr = std::shared_ptr<const security>;

/// Reads and checks the four files. Null when none is set.
/// Errors: invalid_setting, naming the setting, the file and what to do: some but not all are set; a file cannot be read; the key or the
/// token file is a symbolic link, is not owned by this user or root, or is open to others; a token is too short; the
/// certificate is not of the authority, not (or no longer) valid, does not belong to the key, or lacks the role's name.
result<security_ptr> load_security(const config::security_settings& files, role self);

/// "security.ca-file, security.token-file": those of the four that are not set; empty when all are.
std::string missing_files(const config::security_settings& files);

} // namespace sluice::net
