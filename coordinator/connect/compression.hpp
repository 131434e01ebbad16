#pragma once
/// Plans that clients send compressed (4.1 and later). Pure.
#include "common/base/status.hpp"

namespace spark::connect {
class Plan;
} // namespace spark::connect

namespace sluice::connect {

/// Replaces a compressed operation by what is in it. Errors: invalid_plan for damaged bytes and for more than 128 MiB of plan,
/// unsupported_feature for another codec than zstd.
status unpack_plan(spark::connect::Plan& plan);

} // namespace sluice::connect
