#include <arrow/scalar.h>
#include <openssl/evp.h>
#include <xxhash.h>
#include <zlib.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "common/expr/hash.hpp"
#include "common/expr/number_text.hpp"
#include "common/expr/rows.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

struct murmur {
  using value = std::int32_t;
  static std::uint32_t mix_k(std::uint32_t k) { return std::rotl(k * 0xcc9e2d51u, 15) * 0x1b873593u; }
  static std::uint32_t mix_h(std::uint32_t h, std::uint32_t k) { return std::rotl(h ^ k, 13) * 5 + 0xe6546b64u; }
  static value finish(std::uint32_t h, std::uint32_t length) {
    h ^= length;
    h = (h ^ h >> 16) * 0x85ebca6bu;
    h = (h ^ h >> 13) * 0xc2b2ae35u;
    return static_cast<value>(h ^ h >> 16);
  }
  static value of_int(std::int32_t input, value seed) { return finish(mix_h(static_cast<std::uint32_t>(seed), mix_k(static_cast<std::uint32_t>(input))), 4); }
  static value of_long(std::int64_t input, value seed) {
    const auto bits = static_cast<std::uint64_t>(input);
    auto h = mix_h(static_cast<std::uint32_t>(seed), mix_k(static_cast<std::uint32_t>(bits)));
    return finish(mix_h(h, mix_k(static_cast<std::uint32_t>(bits >> 32))), 8);
  }
  /// The last bytes count each as a signed integer, as in Spark.
  static value of_bytes(std::string_view bytes, value seed) {
    auto h = static_cast<std::uint32_t>(seed);
    std::size_t i = 0;
    for (; i + 4 <= bytes.size(); i += 4) {
      std::uint32_t word;
      std::memcpy(&word, bytes.data() + i, 4);
      h = mix_h(h, mix_k(word));
    }
    for (; i < bytes.size(); ++i)
      h = mix_h(h, mix_k(static_cast<std::uint32_t>(static_cast<std::int32_t>(static_cast<signed char>(bytes[i])))));
    return finish(h, static_cast<std::uint32_t>(bytes.size()));
  }
};

struct xx {
  using value = std::int64_t;
  static value of_int(std::int32_t input, value seed) { return static_cast<value>(XXH64(&input, 4, static_cast<XXH64_hash_t>(seed))); }
  static value of_long(std::int64_t input, value seed) { return static_cast<value>(XXH64(&input, 8, static_cast<XXH64_hash_t>(seed))); }
  static value of_bytes(std::string_view bytes, value seed) { return static_cast<value>(XXH64(bytes.data(), bytes.size(), static_cast<XXH64_hash_t>(seed))); }
};

/// Big-endian two's complement in as few bytes as hold the number: Java's BigInteger.toByteArray.
std::string java_bytes(__int128 value) {
  std::string bytes;
  int size = 1;
  while (size < 16 && (value >> (size * 8 - 1)) != 0 && (value >> (size * 8 - 1)) != -1)
    ++size;
  for (int i = size - 1; i >= 0; --i)
    bytes += static_cast<char>(value >> (i * 8));
  return bytes;
}

template <class Hash>
typename Hash::value hash_value(const arrow::Array& array, std::int64_t row, typename Hash::value seed) {
  if (array.IsNull(row))
    return seed;
  auto number = [&]<class T>(T) { return array.data()->GetValues<T>(1)[row]; };
  switch (array.type_id()) {
    case arrow::Type::BOOL: return Hash::of_int(static_cast<const arrow::BooleanArray&>(array).Value(row), seed);
    case arrow::Type::INT8: return Hash::of_int(number(std::int8_t{}), seed);
    case arrow::Type::INT16: return Hash::of_int(number(std::int16_t{}), seed);
    case arrow::Type::INT32: case arrow::Type::DATE32: return Hash::of_int(number(std::int32_t{}), seed);
    case arrow::Type::INT64: case arrow::Type::TIMESTAMP: case arrow::Type::DURATION: return Hash::of_long(number(std::int64_t{}), seed);
    case arrow::Type::FLOAT: {
      const float value = number(float{});
      return Hash::of_int(value == 0 ? 0 : std::isnan(value) ? 0x7fc00000 : std::bit_cast<std::int32_t>(value), seed);
    }
    case arrow::Type::DOUBLE: {
      const double value = number(double{});
      return Hash::of_long(value == 0 ? 0 : std::isnan(value) ? 0x7ff8000000000000LL : std::bit_cast<std::int64_t>(value), seed);
    }
    case arrow::Type::DECIMAL128: {
      const auto value = number(__int128{});
      if (static_cast<const arrow::DecimalType&>(*array.type()).precision() <= 18)
        return Hash::of_long(static_cast<std::int64_t>(value), seed);
      return Hash::of_bytes(java_bytes(value), seed);
    }
    case arrow::Type::STRING: case arrow::Type::BINARY: return Hash::of_bytes(static_cast<const arrow::BinaryArray&>(array).GetView(row), seed);
    case arrow::Type::STRUCT:
      for (const auto& field : static_cast<const arrow::StructArray&>(array).fields())
        seed = hash_value<Hash>(*field, row, seed);
      return seed;
    case arrow::Type::MAP: case arrow::Type::LIST: {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      for (auto i = list.value_offset(row); i < list.value_offset(row + 1); ++i)
        seed = hash_value<Hash>(*list.values(), i, seed);
      return seed;
    }
    default: return seed;
  }
}

bool holds_map(const arrow::DataType& type) {
  if (type.id() == arrow::Type::MAP)
    return true;
  return std::any_of(type.fields().begin(), type.fields().end(), [](const auto& field) { return holds_map(*field->type()); });
}

template <class Hash>
result<resolved> resolve_hash(std::vector<expr_ptr>& args, call_site& site) {
  for (const auto& arg : args)
    if (holds_map(*arg->type))
      return site.mismatch("input to function `" + site.name + "` cannot contain elements of the \"MAP\" type. In Spark, same maps may have different hashcode, thus hash expressions are prohibited on \"MAP\" elements.",
                           "DATATYPE_MISMATCH.HASH_MAP_TYPE");
  return resolved{sizeof(typename Hash::value) == 4 ? arrow::int32() : arrow::int64(), false};
}

template <class Hash>
result<data::array_ptr> evaluate_hash(const frame& call, const operands& args) {
  using value = typename Hash::value;
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<value>::make(call.rows));
  for (std::int64_t i = 0; i < call.rows; ++i) {
    value seed = 42;
    for (const auto& arg : args)
      seed = hash_value<Hash>(*arg.array, arg.at(i), seed);
    out[i] = seed;
  }
  return out.finish(call.call.type, {});
}

void append_digest(std::string& out, const EVP_MD* method, text value) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(value.data(), value.size(), digest, &size, method, nullptr);
  for (unsigned int i = 0; i < size; ++i) {
    out += "0123456789abcdef"[digest[i] >> 4];
    out += "0123456789abcdef"[digest[i] & 15];
  }
}
void md5(bytes value, std::string& out) { append_digest(out, EVP_md5(), value.value); }
void sha1(bytes value, std::string& out) { append_digest(out, EVP_sha1(), value.value); }
bool sha2(bytes value, std::int32_t bits, std::string& out) {
  const auto* method = bits == 0 || bits == 256 ? EVP_sha256() : bits == 224 ? EVP_sha224() : bits == 384 ? EVP_sha384() : bits == 512 ? EVP_sha512() : nullptr;
  if (method)
    append_digest(out, method, value.value);
  return method != nullptr;
}
std::int64_t crc32_of(bytes value) { return static_cast<std::int64_t>(crc32_z(0, reinterpret_cast<const Bytef*>(value.value.data()), value.value.size())); }

constexpr function hash_table[] = {
  {"hash", "", 1, any_number, resolve_hash<murmur>, evaluate_hash<murmur>, nullptr, "hash(a, ...)", "Murmur3 hash of the values, as int."},
  {"xxhash64", "", 1, any_number, resolve_hash<xx>, evaluate_hash<xx>, nullptr, "xxhash64(a, ...)", "XXH64 hash of the values, as bigint."},
  row_function<md5>("md5", "md5(binary)", "MD5 checksum in hexadecimal digits."),
  row_function<sha1>("sha1 sha", "sha1(binary)", "SHA-1 checksum in hexadecimal digits."),
  row_function<sha2>("sha2", "sha2(binary, bits)", "SHA-2 checksum of 224, 256 (also 0), 384 or 512 bits; null for others."),
  row_function<crc32_of>("crc32", "crc32(binary)", "CRC-32 checksum."),
};

} // namespace

std::int32_t murmur_hash(const arrow::Array& array, std::int64_t row, std::int32_t seed) { return hash_value<murmur>(array, row, seed); }
std::int64_t xx_hash(const arrow::Array& array, std::int64_t row, std::int64_t seed) { return hash_value<xx>(array, row, seed); }

std::span<const function> hash_functions() { return hash_table; }

} // namespace sluice::expr
