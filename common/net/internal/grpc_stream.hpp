#pragma once
/// The half of a gRPC link that client and server share: the queue of frames to write, the order of closing, and the decoding of
/// what arrives. The other half (a reactor) performs `write`, `cancel` and `finish` on its call.
///
///   open --close(reason)--> draining --queue empty--> ending --no call under way--> finish() --> done
///   open --peer gone, write failed, close(timed_out …)--> ending (queue dropped)
///
/// gRPC may run reactions inside any call made on a stream, so none is made under the lock; `calls_` counts those under way, and
/// `finish` happens once, when the stream is ending and none is left.
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <deque>
#include <mutex>

#include "common/net/link.hpp"

namespace sluice::net {

class grpc_stream : public link {
public:
  grpc_stream(std::string peer, link_limits limits) : peer_(std::move(peer)), limits_(limits) {}

  void send(frame message) override;
  void close(status reason) override;
  std::string peer() const override { return peer_; }

protected:
  /// Performs one write of `outgoing_`; its end is reported by `write_done`.
  virtual void write() = 0;
  virtual void cancel() = 0;
  /// The last operation on the call. `reason`: why this side ended the link; ok if the peer did.
  virtual void finish(const status& reason) = 0;

  void set_handler(link_handler handler) { handler_ = std::move(handler); }
  /// Returns whether to read on.
  bool read_done(bool good, const grpc::ByteBuffer& bytes);
  void write_done(bool good);
  /// Ends the link at once; what is queued is dropped.
  void abort(status reason);
  /// The call was ended by the peer or the network.
  void peer_gone();
  /// Nothing follows on this call. `cause`: what the call says; used unless this side closed the link.
  void done(status cause);

  grpc::ByteBuffer outgoing_;

private:
  enum class phase { open, draining, ending, finished };
  void end_locked();
  void leave();
  void pump(std::unique_lock<std::mutex>& lock);

  const std::string peer_;
  const link_limits limits_;
  link_handler handler_;
  std::mutex mutex_;
  phase phase_ = phase::open;
  std::deque<frame> queue_;
  std::size_t unsent_ = 0;
  bool writing_ = false;
  std::size_t writing_bytes_ = 0;
  int calls_ = 0;
  status reason_;
};

grpc::Status to_grpc(const status& error);
status from_grpc(const grpc::Status& error, const std::string& peer);

} // namespace sluice::net
