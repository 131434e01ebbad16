#pragma once
/// Grouping keys: packed, order-preserving bytes and their hash.
/// The key group of a row is XXH3 of the encoded grouping columns (without the window) modulo the query's number of key
/// groups; the hash's name stands in the checkpoint's metadata, so it may never change silently.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/data/types.hpp"

namespace sluice::data {

inline constexpr std::string_view key_hash_name = "xxh3-64/v1";

/// Encodes rows of the given columns. Equal keys (Spark's grouping equality: nulls equal, NaN = NaN, -0.0 = 0.0) give
/// equal bytes, and bytewise order is the order of (column 0, column 1, …), nulls first.
class key_encoder {
public:
  explicit key_encoder(std::vector<type_ptr> types);
  /// Appends the encoding of every row to `bytes`; `offsets` gets rows+1 entries (offsets[i]..offsets[i+1] is row i).
  /// Error: unsupported_feature for types that cannot be grouped (map).
  status encode(const std::vector<array_ptr>& columns, std::string& bytes, std::vector<std::uint32_t>& offsets) const;
  /// Back to columns: the rows' encodings in order.
  result<std::vector<array_ptr>> decode(std::span<const std::string_view> keys) const;

private:
  std::vector<type_ptr> types_;
};

std::uint64_t key_hash(std::string_view encoded) noexcept;

inline std::uint16_t key_group_of(std::uint64_t hash, std::uint32_t num_key_groups) noexcept {
  return static_cast<std::uint16_t>((static_cast<unsigned __int128>(hash) * num_key_groups) >> 64);
}

} // namespace sluice::data
