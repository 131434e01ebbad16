#pragma once
/// Plain messages of the query core to and from proto/sluice/link.proto. Pure.
#include "coordinator/query/messages.hpp"

namespace sluice::proto {
class attempt_ref;
class batch_order;
class batch_prepared;
class extent;
class staged_object;
} // namespace sluice::proto

namespace sluice::query {

void encode(const attempt_ref& from, proto::attempt_ref& to);
attempt_ref decode(const proto::attempt_ref& from);
void encode(const extent& from, proto::extent& to);
extent decode(const proto::extent& from);
void encode(const staged_object& from, proto::staged_object& to);
staged_object decode(const proto::staged_object& from);
void encode(const order& from, const order_context& context, proto::batch_order& to);
/// Takes whatever a worker sent; the core judges it.
prepared_report decode(const proto::batch_prepared& from);

} // namespace sluice::query
