#pragma once
/// The cluster's token and the proof that one knows it. Pure but for `make_nonce`; any thread.
///
/// proof = HMAC-SHA256(token, fields), each field as [u32 little endian length][bytes]: "sluice link 1", the prover's side ("server" or
/// "client"), both nonces, both roles, the cluster's id and the SHA-256 of both certificates. So a proof is good for one
/// connection between two certificates only, and can be neither replayed nor relayed nor reflected.
#include <string>
#include <string_view>
#include <vector>

#include "common/base/secret.hpp"
#include "common/base/status.hpp"
#include "common/net/security.hpp"

namespace sluice::net {

/// What both sides know when the proofs are made.
struct admission_facts {
  std::string client_nonce;
  std::string server_nonce;
  role client = role::client;
  role server = role::coordinator;
  std::string cluster;
  std::string client_certificate;  ///< SHA-256
  std::string server_certificate;
};

enum class side { server, client };

/// One token a line, one or two; blank lines are skipped. Error: invalid_setting (none, too many, fewer than 128 bits, not printable);
/// the message names the line, never the text.
result<std::vector<secret>> parse_tokens(const secret& text);

/// 32 random bytes.
std::string make_nonce();
std::string prove(const secret& token, side prover, const admission_facts& facts);
/// In time that depends on the lengths only.
bool equal_in_constant_time(std::string_view a, std::string_view b);

std::string to_hex(std::string_view bytes);
/// Empty for what is no hexadecimal text.
std::string from_hex(std::string_view text);

} // namespace sluice::net
