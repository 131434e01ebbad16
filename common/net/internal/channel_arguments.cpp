#include "common/net/internal/channel_arguments.hpp"

#include <grpc/support/log.h>

#include <atomic>
#include <chrono>
#include <mutex>

#include "common/base/log.hpp"
#include "common/net/internal/admission.hpp"

namespace sluice::net {
namespace {

constexpr int keepalive_ms = 20'000;
constexpr int keepalive_timeout_ms = 10'000;
constexpr int min_ping_interval_ms = 10'000;
constexpr int handshake_ms = 5'000;
constexpr int header_bytes = 16 << 10;
constexpr int reports_per_second = 5;

int max_message_bytes(const link_limits& limits) {
  return static_cast<int>(limits.control_frame_bytes + limits.data_frame_bytes + 64);
}

void report(gpr_log_func_args* line) {
  using seconds = std::chrono::seconds;
  static std::atomic<std::int64_t> current{0};
  static std::atomic<int> count{0};
  if (line->severity != GPR_LOG_SEVERITY_ERROR) return;
  auto now = std::chrono::duration_cast<seconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
  if (current.exchange(now) != now) count = 0;
  if (count.fetch_add(1) < reports_per_second) log::warn("gRPC reports", "text", line->message);
}

} // namespace

void set_server_arguments(grpc::ServerBuilder& builder, const link_limits& limits) {
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, min_ping_interval_ms);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, keepalive_ms);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, keepalive_timeout_ms);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, handshake_ms);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, header_bytes);
  builder.SetMaxReceiveMessageSize(max_message_bytes(limits));
  builder.SetMaxSendMessageSize(-1);  // what is sent is bounded where it is made
}

std::shared_ptr<grpc::Channel> make_channel(const std::string& address, const link_limits& limits, const security* security, role peer,
                                            std::shared_ptr<grpc::CallCredentials> per_call) {
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // one connection per channel
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  args.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, keepalive_ms);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, keepalive_timeout_ms);
  args.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, handshake_ms);
  args.SetMaxReceiveMessageSize(max_message_bytes(limits));
  args.SetMaxSendMessageSize(-1);
  if (!security) return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), args);
  args.SetSslTargetNameOverride(certificate_name(peer));
  auto credentials = channel_credentials(*security);
  if (per_call) credentials = grpc::CompositeChannelCredentials(credentials, per_call);
  return grpc::CreateCustomChannel(address, credentials, args);
}

void set_handshake_deadline(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(handshake_ms));
}

grpc::ByteBuffer empty_message() {
  grpc::Slice nothing;
  return {&nothing, 1};
}

void report_grpc_errors() {
  static std::once_flag once;
  std::call_once(once, [] { gpr_set_log_function(report); });
}

} // namespace sluice::net
