#pragma once
/// X.509 certificates in PEM, through OpenSSL. Pure; any thread.
#include <string>

#include "common/base/secret.hpp"
#include "common/base/status.hpp"
#include "common/net/security.hpp"

namespace sluice::net {

/// SHA-256 over the DER of the first certificate of a PEM text; empty if there is none.
std::string certificate_fingerprint(const std::string& pem);

/// Whether a node with this certificate would be admitted: it parses, is of the authority, valid now, belongs to the key and carries
/// `self`'s name. Error: invalid_setting, with the reason.
status check_certificate(const std::string& authority, const std::string& certificate, const secret& key, role self);

} // namespace sluice::net
