#include "common/net/security.hpp"

#include "common/net/internal/certificate.hpp"
#include "common/net/internal/private_file.hpp"
#include "common/net/internal/token.hpp"

namespace sluice::net {

std::string_view role_name(role of) {
  switch (of) {
    case role::coordinator: return "coordinator";
    case role::worker: return "worker";
    case role::client: return "client";
  }
  return "";
}

std::string certificate_name(role of) { return std::string(role_name(of)) + ".sluice"; }

std::string missing_files(const config::security_settings& files) {
  std::string missing;
  auto look = [&](const std::string& value, const char* key) {
    if (value.empty()) missing += (missing.empty() ? "" : ", ") + std::string(key);
  };
  look(files.ca_file, "security.ca-file");
  look(files.cert_file, "security.cert-file");
  look(files.key_file, "security.key-file");
  look(files.token_file, "security.token-file");
  return missing;
}

result<security_ptr> load_security(const config::security_settings& files, role self) {
  if (files.ca_file.empty() && files.cert_file.empty() && files.key_file.empty() && files.token_file.empty())
    return security_ptr(nullptr);
  if (auto missing = missing_files(files); !missing.empty())
    return status{errc::invalid_setting, "links are secured with all four files or none; not set: " + missing};
  auto out = std::make_shared<security>();
  out->self = self;
  auto authority = read_public_file(files.ca_file);
  if (!authority.ok()) return std::move(authority).error().with_context("security.ca-file");
  auto certificate = read_public_file(files.cert_file);
  if (!certificate.ok()) return std::move(certificate).error().with_context("security.cert-file");
  auto key = read_private_file(files.key_file);
  if (!key.ok()) return std::move(key).error().with_context("security.key-file");
  auto token_text = read_private_file(files.token_file);
  if (!token_text.ok()) return std::move(token_text).error().with_context("security.token-file");
  auto tokens = parse_tokens(*token_text);
  if (!tokens.ok()) return std::move(tokens).error().with_context("security.token-file: " + files.token_file);
  out->authority = std::move(*authority);
  out->certificate = std::move(*certificate);
  out->key = std::move(*key);
  out->tokens = std::move(*tokens);
  SLUICE_RETURN_IF_ERROR(check_certificate(out->authority, out->certificate, out->key, self).with_context(files.cert_file));
  out->fingerprint = certificate_fingerprint(out->certificate);
  return security_ptr(std::move(out));
}

} // namespace sluice::net
