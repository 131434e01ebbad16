#pragma once
/// How a peer proves that it knows the cluster's token, over TLS and before anything it sends is read:
///
///   client                                        server
///   call admit, metadata: version, own role,  -->  checks the role against the certificate
///     nonce, cluster (if it knows one)
///   checks the proof                          <--  trailing metadata: nonce, cluster, one proof per token
///   every other call, metadata: session (the  -->  checks both, and that the call is for this role
///     server's nonce), own proof
///
/// No call carries a message that is read before this, so an unauthenticated peer gets no further than HTTP/2's first window (64 KiB).
#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "common/net/internal/token.hpp"
#include "common/net/security.hpp"

namespace sluice::net {

inline constexpr const char* admit_method = "/sluice.link/admit";
inline constexpr const char* link_method = "/sluice.link/open";

/// The cluster this process belongs to: a coordinator is told, a worker learns it from the coordinator's proof. Any thread.
class cluster_name {
public:
  std::string get() const {
    std::lock_guard lock(mutex_);
    return name_;
  }
  void set(std::string name) {
    std::lock_guard lock(mutex_);
    name_ = std::move(name);
  }

private:
  mutable std::mutex mutex_;
  std::string name_;
};

/// The listening side. One session per connection, until the connection ends. Any thread.
class admission {
public:
  using metadata = std::multimap<grpc::string_ref, grpc::string_ref>;
  using fields = std::multimap<std::string, std::string>;

  /// `admitted` is told the peer of a connection that has proven itself.
  admission(security_ptr security, std::shared_ptr<const cluster_name> cluster, std::function<void(const std::string& peer)> admitted);

  /// Answers an admit call; on success `answer` is the trailing metadata.
  grpc::Status greet(const std::string& peer, const grpc::AuthContext& certificate, const metadata& request, fields& answer);
  /// Whether a call of `method` may go on.
  grpc::Status check(const std::string& method, const grpc::AuthContext& certificate, const metadata& request);
  void gone(const std::string& peer);

private:
  struct session {
    std::string peer;
    admission_facts facts;
    bool proven = false;
  };
  grpc::Status refuse(const std::string& peer, const std::string& why);
  bool proves(const session& of, const std::string& proof) const;

  const security_ptr security_;
  const std::shared_ptr<const cluster_name> cluster_;
  const std::function<void(const std::string&)> admitted_;
  std::mutex mutex_;
  std::map<std::string, session> sessions_;             ///< by the server's nonce
  std::map<std::string, std::string> session_of_peer_;
};

/// What a listening gRPC server asks before each call.
std::shared_ptr<grpc::AuthMetadataProcessor> call_guard(std::shared_ptr<admission> admission);

/// The connecting side, for one connection.
class admission_request {
public:
  admission_request(security_ptr security, role peer) : security_(std::move(security)), peer_(peer), nonce_(make_nonce()) {}

  /// Before the admit call. `cluster`: the one this process belongs to, or empty.
  void prepare(grpc::ClientContext& context, const std::string& cluster) const;
  /// After it: checks the server's proof and makes the own one. Error: unauthenticated, or what the call says.
  status accept(const grpc::Status& outcome, const grpc::ClientContext& context, const std::string& address);

  const std::string& cluster() const { return cluster_; }  ///< proven by the server
  std::multimap<std::string, std::string> call_metadata() const;

private:
  security_ptr security_;
  role peer_;
  std::string nonce_;
  std::string session_;
  std::string proof_;
  std::string cluster_;
};

/// Credentials of a listening server and of a channel. TLS 1.2 or newer; certificates are demanded both ways.
std::shared_ptr<grpc::ServerCredentials> server_credentials(const security& own);
std::shared_ptr<grpc::ChannelCredentials> channel_credentials(const security& own);

} // namespace sluice::net
