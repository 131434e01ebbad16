#include "common/net/channel.hpp"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <future>

#include "common/net/internal/address.hpp"
#include "common/net/internal/admission.hpp"
#include "common/net/internal/channel_arguments.hpp"

namespace sluice::net {
namespace {

constexpr std::size_t result_bytes = 1 << 30;

/// Adds the proof to each call once there is one.
class proof_plugin final : public grpc::MetadataCredentialsPlugin {
public:
  using fields = std::multimap<std::string, std::string>;
  explicit proof_plugin(std::shared_ptr<std::shared_ptr<const fields>> proof) : proof_(std::move(proof)) {}
  bool IsBlocking() const override { return false; }
  grpc::Status GetMetadata(grpc::string_ref, grpc::string_ref, const grpc::AuthContext&, fields* out) override {
    if (auto proof = std::atomic_load(proof_.get())) *out = *proof;
    return grpc::Status::OK;
  }

private:
  std::shared_ptr<std::shared_ptr<const fields>> proof_;
};

status admit(const std::shared_ptr<grpc::Channel>& channel, admission_request& request, const std::string& address) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  request.prepare(context, {});
  set_handshake_deadline(context);
  auto nothing = empty_message();
  grpc::ByteBuffer reply;
  std::promise<grpc::Status> ended;
  stub.UnaryCall(&context, admit_method, {}, &nothing, &reply, [&](grpc::Status outcome) { ended.set_value(std::move(outcome)); });
  return request.accept(ended.get_future().get(), context, address);
}

/// gRPC does not tell a port nobody listens on from a peer that hangs up.
status why_not_connected(const std::string& address, const host_port& parsed, bool secured, std::chrono::milliseconds patience) {
  if (!accepts_connections(parsed, static_cast<int>(patience.count()))) return {errc::unreachable, "nobody listens on " + address};
  if (secured) return {errc::unauthenticated, address + " accepts no secured link with this certificate, or is not secured at all"};
  return {errc::unauthenticated, address + " accepts no plain link; if its links are secured, " + all_files_text};
}

} // namespace

result<std::shared_ptr<grpc::Channel>> connect_channel(const std::string& address, const security_ptr& security,
                                                       std::chrono::milliseconds patience) {
  SLUICE_ASSIGN_OR_RETURN(auto parsed, parse_address(address));
  if (!security && !is_loopback(parsed) && accepts_connections(parsed, static_cast<int>(patience.count())))
    return status{errc::insecure_listen, "refusing to connect to " + address + ", which is another host, without a secured link; " + all_files_text};
  report_grpc_errors();
  link_limits limits;
  limits.data_frame_bytes = result_bytes;
  auto proof = std::make_shared<std::shared_ptr<const proof_plugin::fields>>();
  auto per_call = security ? grpc::MetadataCredentialsFromPlugin(std::make_unique<proof_plugin>(proof)) : nullptr;
  auto channel = make_channel(address, limits, security.get(), role::coordinator, per_call);
  auto deadline = std::chrono::system_clock::now() + patience;
  for (auto state = channel->GetState(true); state != GRPC_CHANNEL_READY; state = channel->GetState(true)) {
    if (state != GRPC_CHANNEL_TRANSIENT_FAILURE && channel->WaitForStateChange(state, deadline)) continue;
    return why_not_connected(address, parsed, security != nullptr, patience);
  }
  if (!security) return channel;
  admission_request request(security, role::coordinator);
  SLUICE_RETURN_IF_ERROR(admit(channel, request, address));
  std::atomic_store(proof.get(), std::shared_ptr<const proof_plugin::fields>(
                                     std::make_shared<proof_plugin::fields>(request.call_metadata())));
  return channel;
}

} // namespace sluice::net
