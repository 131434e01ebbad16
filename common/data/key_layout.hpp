#pragma once
/// Bytes of single values inside an encoded key; shared by encoder and decoder. Room-internal.
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

namespace sluice::data::key_layout {

inline constexpr char null_mark = '\x00';
inline constexpr char value_mark = '\x01';
inline constexpr char text_end = '\x00';
inline constexpr char escaped_zero = '\xff';

template <class Unsigned>
Unsigned swap_bytes(Unsigned value) noexcept {
  if constexpr (sizeof(Unsigned) == 1)
    return value;
  else if constexpr (sizeof(Unsigned) == 2)
    return __builtin_bswap16(value);
  else if constexpr (sizeof(Unsigned) == 4)
    return __builtin_bswap32(value);
  else
    return __builtin_bswap64(value);
}

template <class T>
struct unsigned_of {
  using type = std::make_unsigned_t<T>;
};
template <>
struct unsigned_of<float> {
  using type = std::uint32_t;
};
template <>
struct unsigned_of<double> {
  using type = std::uint64_t;
};

/// An unsigned number whose order is the order of the values.
template <class T>
typename unsigned_of<T>::type to_ordered(T value) noexcept {
  using bits_type = typename unsigned_of<T>::type;
  constexpr bits_type sign = bits_type{1} << (sizeof(T) * 8 - 1);
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value))
      value = std::numeric_limits<T>::quiet_NaN();
    if (value == 0)
      value = 0;
    auto bits = std::bit_cast<bits_type>(value);
    return bits & sign ? static_cast<bits_type>(~bits) : static_cast<bits_type>(bits | sign);
  } else {
    return static_cast<bits_type>(static_cast<bits_type>(value) ^ sign);
  }
}

template <class T>
T from_ordered(typename unsigned_of<T>::type bits) noexcept {
  using bits_type = typename unsigned_of<T>::type;
  constexpr bits_type sign = bits_type{1} << (sizeof(T) * 8 - 1);
  if constexpr (std::is_floating_point_v<T>)
    return std::bit_cast<T>(static_cast<bits_type>(bits & sign ? bits ^ sign : ~bits));
  else
    return static_cast<T>(static_cast<bits_type>(bits ^ sign));
}

template <class T>
void store(char* to, T value) noexcept {
  auto bits = swap_bytes(to_ordered(value));
  std::memcpy(to, &bits, sizeof bits);
}

template <class T>
T load(const char* from) noexcept {
  typename unsigned_of<T>::type bits;
  std::memcpy(&bits, from, sizeof bits);
  return from_ordered<T>(swap_bytes(bits));
}

} // namespace sluice::data::key_layout
