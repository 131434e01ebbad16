#pragma once
/// Spark's hash functions over values of any type. Room-internal.
#include <arrow/array.h>

#include <cstdint>

namespace sluice::expr {

/// Murmur3 (x86, 32 bits) of one value; `seed` for a null. Equal values by Spark's comparison have equal hashes.
std::int32_t murmur_hash(const arrow::Array& array, std::int64_t row, std::int32_t seed);
/// XXH64 of one value; `seed` for a null.
std::int64_t xx_hash(const arrow::Array& array, std::int64_t row, std::int64_t seed);

} // namespace sluice::expr
