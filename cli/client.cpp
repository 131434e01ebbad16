#include "cli/client.hpp"

#include "common/base/log.hpp"
#include "common/net/channel.hpp"

namespace sluice::cli {

namespace {

bool is_host_and_port(const std::string& address) {
  auto colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size() || address.size() - colon > 6)
    return false;
  auto port = address.substr(colon + 1);
  return port.find_first_not_of("0123456789") == std::string::npos && std::stoi(port) <= 65535 && std::stoi(port) > 0;
}

status nobody_answers(const std::string& address) {
  return {errc::unreachable, "no coordinator answers at " + address
                               + "; is it running (scripts/cluster status), or is --coordinator wrong?"};
}

} // namespace

result<stub_ptr> connect(const std::string& address, const config::security_settings& files, std::chrono::milliseconds patience) {
  if (!is_host_and_port(address))
    return status{errc::invalid_argument, "--coordinator: '" + address + "' is not host:port"};
  log::set_level(log::level::error);  // what the libraries below have to say is in the errors
  SLUICE_ASSIGN_OR_RETURN(auto security, net::load_security(files, net::role::client));
  auto channel = net::connect_channel(address, security, patience);
  if (channel.code() == errc::unreachable)
    return nobody_answers(address);
  if (!channel.ok())
    return std::move(channel).error();
  return proto::coordinator::NewStub(*channel);
}

failure failure_of(const grpc::Status& status, const std::string& address) {
  proto::error_detail detail;
  if (!status.error_details().empty() && detail.ParseFromString(status.error_details()) && detail.code() != 0)
    return failure::from(detail);
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE)
    return failure::from(sluice::status{errc::unreachable, "the coordinator at " + address + " went away: "
                                                             + status.error_message()});
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED)
    return failure::from(sluice::status{errc::protocol, "what listens at " + address + " is no Sluice coordinator"});
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED)
    return failure::from(sluice::status{errc::timed_out, "the coordinator at " + address + " did not answer in time"});
  if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED || status.error_code() == grpc::StatusCode::PERMISSION_DENIED)
    return failure::from(sluice::status{errc::unauthenticated, "not admitted by " + address + ": " + status.error_message()});
  return failure::from(sluice::status{errc::internal, status.error_message()});
}

} // namespace sluice::cli
