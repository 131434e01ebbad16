#include "coordinator/connect/upload.hpp"

#include <array>

namespace sluice::connect {
namespace {

namespace wire = spark::connect;

constexpr std::size_t largest_artifact = 512UL << 20;

/// CRC-32 as zlib has it.
std::uint32_t checksum(const std::string& bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> out{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      auto value = i;
      for (int bit = 0; bit < 8; ++bit) value = value & 1 ? 0xEDB88320U ^ (value >> 1) : value >> 1;
      out[i] = value;
    }
    return out;
  }();
  std::uint32_t crc = 0xFFFFFFFFU;
  for (unsigned char byte : bytes) crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

class artifact_receiver : public grpc::ServerReadReactor<wire::AddArtifactsRequest> {
public:
  artifact_receiver(wire::AddArtifactsResponse& reply, session_opener open) : reply_(reply), open_(std::move(open)) { StartRead(&request_); }

  void OnReadDone(bool good) override {
    if (!good) {
      if (left_ > 0) return end({errc::invalid_plan, "the artifact " + name_ + " ends too early"});
      return Finish(grpc::Status::OK);
    }
    auto taken = take();
    if (!taken.ok()) return end(taken);
    StartRead(&request_);
  }
  void OnDone() override { delete this; }

private:
  void end(const status& error) {
    auto reply = reply_of(error);
    Finish({grpc::StatusCode::INTERNAL, reply.message, reply.details});
  }

  status take() {
    if (!session_) {
      SLUICE_ASSIGN_OR_RETURN(session_, open_(request_));
      reply_.set_session_id(session_->id);
      reply_.set_server_side_session_id(session_->server_id);
    }
    if (request_.has_batch()) {
      for (const auto& artifact : request_.batch().artifacts()) {
        begin(artifact.name());
        SLUICE_RETURN_IF_ERROR(add(artifact.data()));
        SLUICE_RETURN_IF_ERROR(store());
      }
      return ok();
    }
    if (request_.has_begin_chunk()) {
      if (left_ > 0) return {errc::invalid_plan, "an artifact begins before " + name_ + " has ended"};
      begin(request_.begin_chunk().name());
      left_ = request_.begin_chunk().num_chunks();
      SLUICE_RETURN_IF_ERROR(add(request_.begin_chunk().initial_chunk()));
    } else if (request_.has_chunk()) {
      if (left_ <= 0) return {errc::invalid_plan, "a chunk that belongs to no artifact"};
      SLUICE_RETURN_IF_ERROR(add(request_.chunk()));
    } else {
      return ok();
    }
    return --left_ > 0 ? ok() : store();
  }

  void begin(const std::string& name) {
    name_ = name;
    bytes_.clear();
    whole_ = true;
  }

  status add(const wire::AddArtifactsRequest::ArtifactChunk& chunk) {
    if (bytes_.size() + chunk.data().size() > largest_artifact)
      return {errc::limit_exceeded, "the artifact " + name_ + " is larger than " + std::to_string(largest_artifact) + " bytes"};
    whole_ = whole_ && checksum(chunk.data()) == static_cast<std::uint32_t>(chunk.crc());
    bytes_ += chunk.data();
    return ok();
  }

  /// Only cached rows are kept: files for Python or the JVM mean nothing here, and are refused by name.
  status store() {
    if (!name_.starts_with("cache/")) return {errc::unsupported_feature, "artifacts other than cached rows (" + name_ + ") are not supported"};
    auto& summary = *reply_.add_artifacts();
    summary.set_name(name_);
    summary.set_is_crc_successful(whole_);
    return whole_ ? session_->add_artifact(name_, std::move(bytes_)) : ok();
  }

  wire::AddArtifactsResponse& reply_;
  session_opener open_;
  wire::AddArtifactsRequest request_;
  session_ptr session_;
  std::string name_;
  std::string bytes_;
  std::int64_t left_ = 0;
  bool whole_ = true;
};

} // namespace

grpc::ServerReadReactor<wire::AddArtifactsRequest>* receive_artifacts(wire::AddArtifactsResponse& reply, session_opener open) {
  return new artifact_receiver(reply, std::move(open));
}

} // namespace sluice::connect
