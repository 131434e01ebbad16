#include "worker/actors/encode.hpp"

#include <arrow/buffer.h>
#include <arrow/record_batch.h>

#include "common/base/misbehave.hpp"
#include "common/data/ipc.hpp"

namespace sluice::worker {
namespace {

constexpr std::int64_t wanted_body_bytes = 2 << 20;
constexpr std::int64_t largest_body_bytes = 15 << 20;

} // namespace

status encode_bounded(const data::batch_ptr& rows, const body_sink& sink) {
  SLUICE_ASSIGN_OR_RETURN(auto body, data::encode_batches(rows->schema(), {rows}));
  auto count = rows->num_rows();
  if ((body->size() > wanted_body_bytes || misbehave::here(misbehave::point::tiny_bodies)) && count > 1) {
    SLUICE_RETURN_IF_ERROR(encode_bounded(rows->Slice(0, count / 2), sink));
    return encode_bounded(rows->Slice(count / 2), sink);
  }
  if (body->size() > largest_body_bytes)
    return {errc::limit_exceeded, "a row of " + std::to_string(body->size()) + " bytes is larger than a message may be"};
  sink(count, std::move(body));
  return ok();
}

} // namespace sluice::worker
