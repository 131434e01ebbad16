#include "common/net/internal/admission.hpp"

#include <grpc/grpc_security_constants.h>

#include <algorithm>

#include "common/base/log.hpp"
#include "common/net/internal/address.hpp"
#include "common/net/internal/certificate.hpp"
#include "common/net/internal/grpc_stream.hpp"

namespace sluice::net {
namespace {

constexpr const char* version_key = "sluice-protocol";
constexpr const char* role_key = "sluice-role";
constexpr const char* nonce_key = "sluice-nonce";
constexpr const char* cluster_key = "sluice-cluster";
constexpr const char* session_key = "sluice-session";
constexpr const char* proof_key = "sluice-proof";
constexpr const char* protocol_version = "1";
constexpr std::size_t nonce_text_bytes = 64;

std::string text_of(const admission::metadata& from, const char* key) {
  auto found = from.find(key);
  return found == from.end() ? std::string() : std::string(found->second.data(), found->second.size());
}

std::string property(const grpc::AuthContext& of, const char* name) {
  auto values = of.FindPropertyValues(name);
  return values.empty() ? std::string() : std::string(values.front().data(), values.front().size());
}

bool carries(const grpc::AuthContext& certificate, role wanted) {
  auto name = certificate_name(wanted);
  for (const auto& held : certificate.FindPropertyValues(GRPC_PEER_DNS_PROPERTY_NAME))
    if (grpc::string_ref(name) == held) return true;
  return false;
}

bool role_of(const std::string& text, role& out) {
  for (auto candidate : {role::coordinator, role::worker, role::client})
    if (role_name(candidate) == text) {
      out = candidate;
      return true;
    }
  return false;
}

/// As what a peer must act to make this call; the table of docs/security.md.
bool required_role(role server, const std::string& method, role& out) {
  if (method == link_method) {
    out = role::worker;
    return server == role::coordinator || server == role::worker;
  }
  out = role::client;
  return server == role::coordinator;
}

class guard final : public grpc::AuthMetadataProcessor {
public:
  explicit guard(std::shared_ptr<admission> admission) : admission_(std::move(admission)) {}
  bool IsBlocking() const override { return false; }
  grpc::Status Process(const InputMetadata& request, grpc::AuthContext* context, OutputMetadata*, OutputMetadata*) override {
    return admission_->check(text_of(request, ":path"), *context, request);
  }

private:
  std::shared_ptr<admission> admission_;
};

} // namespace

std::shared_ptr<grpc::AuthMetadataProcessor> call_guard(std::shared_ptr<admission> admission) {
  return std::make_shared<guard>(std::move(admission));
}

// ---- listening ----

admission::admission(security_ptr security, std::shared_ptr<const cluster_name> cluster,
                     std::function<void(const std::string&)> admitted)
    : security_(std::move(security)), cluster_(std::move(cluster)), admitted_(std::move(admitted)) {}

grpc::Status admission::refuse(const std::string& peer, const std::string& why) {
  log::warn("a peer was not admitted", "peer", peer, "why", why);
  return {grpc::StatusCode::UNAUTHENTICATED, why};
}

grpc::Status admission::greet(const std::string& peer, const grpc::AuthContext& certificate, const metadata& request, fields& answer) {
  auto where = plain_peer(peer);
  if (text_of(request, version_key) != protocol_version)
    return refuse(where, "the peer speaks another version of the admission protocol than " + std::string(protocol_version));
  session made;
  role wanted{};
  if (!role_of(text_of(request, role_key), made.facts.client)) return refuse(where, "the peer names no role");
  bool may_link = required_role(security_->self, link_method, wanted) && wanted == made.facts.client;
  bool may_call = required_role(security_->self, "", wanted) && wanted == made.facts.client;
  auto name = std::string(role_name(made.facts.client));
  if (!may_link && !may_call) return refuse(where, "a " + name + " has no business with a " + std::string(role_name(security_->self)));
  if (!carries(certificate, made.facts.client))
    return refuse(where, "the peer's certificate does not carry the name " + certificate_name(made.facts.client) + ", so it may not act as " + name);
  made.facts.server = security_->self;
  made.facts.cluster = cluster_->get();
  if (made.facts.cluster.empty()) return refuse(where, "this worker has not joined its cluster yet");
  auto known = text_of(request, cluster_key);
  if (!known.empty() && known != made.facts.cluster && security_->self == role::worker)
    return refuse(where, "the peer belongs to another cluster than " + made.facts.cluster);
  auto nonce = text_of(request, nonce_key);
  if (nonce.size() != nonce_text_bytes || from_hex(nonce).empty()) return refuse(where, "the peer sent no nonce");
  made.peer = where;
  made.facts.client_nonce = from_hex(nonce);
  made.facts.server_nonce = make_nonce();
  made.facts.client_certificate = certificate_fingerprint(property(certificate, GRPC_X509_PEM_CERT_PROPERTY_NAME));
  made.facts.server_certificate = security_->fingerprint;
  auto id = to_hex(made.facts.server_nonce);
  answer.emplace(nonce_key, id);
  answer.emplace(cluster_key, made.facts.cluster);
  for (const auto& token : security_->tokens) answer.emplace(proof_key, to_hex(prove(token, side::server, made.facts)));
  std::lock_guard lock(mutex_);
  if (auto before = session_of_peer_.find(where); before != session_of_peer_.end()) sessions_.erase(before->second);
  session_of_peer_[where] = id;
  sessions_.emplace(id, std::move(made));
  return grpc::Status::OK;
}

bool admission::proves(const session& of, const std::string& proof) const {
  bool good = false;
  for (const auto& token : security_->tokens) good |= equal_in_constant_time(proof, prove(token, side::client, of.facts));
  return good;
}

grpc::Status admission::check(const std::string& method, const grpc::AuthContext& certificate, const metadata& request) {
  if (method == admit_method) return grpc::Status::OK;
  role wanted{};
  if (!required_role(security_->self, method, wanted))
    return {grpc::StatusCode::PERMISSION_DENIED, "a " + std::string(role_name(security_->self)) + " does not answer this call"};
  auto proof = from_hex(text_of(request, proof_key));
  std::string peer;
  bool first = false;
  {
    std::lock_guard lock(mutex_);
    auto found = sessions_.find(text_of(request, session_key));
    if (found == sessions_.end()) return {grpc::StatusCode::UNAUTHENTICATED, "the peer has not proven that it knows the cluster's token"};
    auto& of = found->second;
    if (of.facts.client != wanted || !carries(certificate, wanted))
      return {grpc::StatusCode::PERMISSION_DENIED, "a " + std::string(role_name(of.facts.client)) + " may not act as a " + std::string(role_name(wanted))};
    peer = of.peer;
    if (proves(of, proof)) first = !std::exchange(of.proven, true);
    else peer.clear();
  }
  if (peer.empty()) return refuse("", "the peer's token is not one of this cluster's");
  if (first) admitted_(peer);
  return grpc::Status::OK;
}

void admission::gone(const std::string& peer) {
  std::lock_guard lock(mutex_);
  auto found = session_of_peer_.find(peer);
  if (found == session_of_peer_.end()) return;
  sessions_.erase(found->second);
  session_of_peer_.erase(found);
}

// ---- connecting ----

void admission_request::prepare(grpc::ClientContext& context, const std::string& cluster) const {
  context.AddMetadata(version_key, protocol_version);
  context.AddMetadata(role_key, std::string(role_name(security_->self)));
  context.AddMetadata(nonce_key, to_hex(nonce_));
  if (!cluster.empty()) context.AddMetadata(cluster_key, cluster);
}

status admission_request::accept(const grpc::Status& outcome, const grpc::ClientContext& context, const std::string& address) {
  if (!outcome.ok()) return from_grpc(outcome, address);
  const auto& answer = context.GetServerTrailingMetadata();
  admission_facts facts;
  facts.client_nonce = nonce_;
  facts.server_nonce = from_hex(text_of(answer, nonce_key));
  facts.client = security_->self;
  facts.server = peer_;
  facts.cluster = text_of(answer, cluster_key);
  facts.client_certificate = security_->fingerprint;
  if (auto certificate = context.auth_context())
    facts.server_certificate = certificate_fingerprint(property(*certificate, GRPC_X509_PEM_CERT_PROPERTY_NAME));
  if (facts.server_nonce.size() != nonce_.size()) return {errc::unauthenticated, address + " does not speak the admission protocol"};
  const secret* shared = nullptr;
  auto [first, last] = answer.equal_range(proof_key);
  for (auto at = first; at != last; ++at)
    for (const auto& token : security_->tokens) {
      auto given = from_hex(std::string(at->second.data(), at->second.size()));
      if (!shared && equal_in_constant_time(given, prove(token, side::server, facts))) shared = &token;
    }
  if (!shared) return {errc::unauthenticated, address + " does not know this cluster's token"};
  session_ = to_hex(facts.server_nonce);
  proof_ = to_hex(prove(*shared, side::client, facts));
  cluster_ = facts.cluster;
  return ok();
}

std::multimap<std::string, std::string> admission_request::call_metadata() const {
  return {{session_key, session_}, {proof_key, proof_}};
}

// ---- credentials ----

std::shared_ptr<grpc::ServerCredentials> server_credentials(const security& own) {
  grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = own.authority;
  options.pem_key_cert_pairs.push_back({own.key.reveal(), own.certificate});
  auto made = grpc::SslServerCredentials(options);
  for (auto& pair : options.pem_key_cert_pairs) secret::wipe(pair.private_key);
  return made;
}

std::shared_ptr<grpc::ChannelCredentials> channel_credentials(const security& own) {
  grpc::SslCredentialsOptions options{own.authority, own.key.reveal(), own.certificate};
  auto made = grpc::SslCredentials(options);
  secret::wipe(options.pem_private_key);
  return made;
}

} // namespace sluice::net
