#pragma once
/// Open-addressing index of (key bytes, slice) -> row number, rows counted from 0 in order of arrival.
/// Keys up to 16 bytes are compared and hashed as two words; longer ones by their bytes in the arena.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::exec {

class group_index {
public:
  struct key_words {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
  };
  struct row {
    key_words words;         ///< the key itself up to 16 bytes, else two hashes of it
    std::int64_t slice = 0;
    std::uint32_t offset = 0;  ///< into the arena, in units of 8 bytes
    std::uint32_t length = 0;
  };

  group_index() { clear(); }

  std::size_t size() const noexcept { return rows_.size(); }
  const row& operator[](std::size_t i) const noexcept { return rows_[i]; }
  std::string_view key(std::size_t i) const noexcept { return {arena_.data() + 8 * std::size_t{rows_[i].offset}, rows_[i].length}; }
  std::size_t bytes() const noexcept {
    return arena_.capacity() + rows_.capacity() * sizeof(row) + slots_.size() * sizeof(slot);
  }

  void clear() {
    rows_.clear();
    arena_.clear();
    slots_.assign(initial_slots, slot{});
  }

  /// Row of the key and slice, made if new. `data` may be read only up to `length`.
  std::uint32_t find_or_add(const char* data, std::uint32_t length, std::int64_t slice) {
    return find_or_add(words_of(data, length), data, length, slice);
  }
  static constexpr std::uint32_t absent = ~0u;
  /// Row of the key and slice, or `absent`.
  std::uint32_t find(const char* data, std::uint32_t length, std::int64_t slice) const {
    auto words = words_of(data, length);
    auto hash = hash_of(words, length, slice);
    auto mask = slots_.size() - 1;
    for (auto at = hash & mask; slots_[at].row != 0; at = (at + 1) & mask)
      if (slots_[at].tag == static_cast<std::uint32_t>(hash >> 32) && equal(rows_[slots_[at].row - 1], words, data, length, slice))
        return slots_[at].row - 1;
    return absent;
  }
  /// Row of the null key (of a single column): different from every text.
  std::uint32_t find_or_add_null(std::int64_t slice) { return find_or_add(null_words, nullptr, 0, slice); }
  bool is_null(std::size_t i) const noexcept { return rows_[i].length == 0 && rows_[i].words.low == null_words.low; }
  /// A new row without looking for an equal one (for rows that are not worth grouping).
  std::uint32_t add_unindexed(const char* data, std::uint32_t length, std::int64_t slice) {
    return add(words_of(data, length), data, length, slice);
  }
  std::uint32_t add_unindexed_null(std::int64_t slice) { return add(null_words, nullptr, 0, slice); }

private:
  static constexpr std::size_t initial_slots = 256;
  static constexpr key_words null_words{~0ull, ~0ull};
  struct slot {
    std::uint32_t tag = 0;
    std::uint32_t row = 0;  ///< + 1; 0: free
  };

  std::uint32_t find_or_add(const key_words& words, const char* data, std::uint32_t length, std::int64_t slice) {
    auto hash = hash_of(words, length, slice);
    auto mask = slots_.size() - 1;
    for (auto at = hash & mask;; at = (at + 1) & mask) {
      auto& place = slots_[at];
      if (place.row == 0) {
        place = {static_cast<std::uint32_t>(hash >> 32), add(words, data, length, slice) + 1};
        auto row = place.row - 1;
        if (rows_.size() * 2 > slots_.size()) grow();
        return row;
      }
      if (place.tag == static_cast<std::uint32_t>(hash >> 32) && equal(rows_[place.row - 1], words, data, length, slice))
        return place.row - 1;
    }
  }
  static std::uint64_t load(const char* data, std::size_t length) noexcept {
    std::uint64_t value = 0;
    if (length >= 8) {
      std::memcpy(&value, data, 8);
    } else if (length >= 4) {
      std::uint32_t head, tail;
      std::memcpy(&head, data, 4);
      std::memcpy(&tail, data + length - 4, 4);
      value = head | (static_cast<std::uint64_t>(tail) << 32);
    } else if (length > 0) {
      auto byte = [&](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(data[i])); };
      value = byte(0) | (byte(length / 2) << 8) | (byte(length - 1) << 16);
    }
    return value;
  }
  /// With the length: different for different keys of at most 16 bytes.
  static key_words words_of(const char* data, std::uint32_t length) noexcept {
    if (length <= 8) return {load(data, length), 0};
    if (length <= 16) return {load(data, 8), load(data + length - 8, 8)};
    auto hash = XXH3_128bits(data, length);
    return {hash.low64, hash.high64};
  }
  static std::uint64_t hash_of(const key_words& words, std::uint32_t length, std::int64_t slice) noexcept {
    auto fold = [](std::uint64_t a, std::uint64_t b) {
      auto product = static_cast<unsigned __int128>(a) * b;
      return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    };
    auto key = fold(words.low ^ 0x9e3779b97f4a7c15ull, words.high ^ (0xd6e8feb86659fd93ull + length));
    return fold(key ^ static_cast<std::uint64_t>(slice), 0xa0761d6478bd642full);
  }
  bool equal(const row& other, const key_words& words, const char* data, std::uint32_t length, std::int64_t slice) const noexcept {
    return other.words.low == words.low && other.words.high == words.high && other.slice == slice &&
           other.length == length && (length <= 16 || std::memcmp(arena_.data() + 8 * std::size_t{other.offset}, data, length) == 0);
  }
  std::uint32_t add(const key_words& words, const char* data, std::uint32_t length, std::int64_t slice) {
    rows_.push_back({words, slice, static_cast<std::uint32_t>(arena_.size() / 8), length});
    if (length) arena_.append(data, length).append((8 - length % 8) % 8, '\0');
    return static_cast<std::uint32_t>(rows_.size() - 1);
  }
  void grow() {
    std::vector<slot> bigger(slots_.size() * 2);
    auto mask = bigger.size() - 1;
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
      auto hash = hash_of(rows_[i].words, rows_[i].length, rows_[i].slice);
      auto at = hash & mask;
      while (bigger[at].row != 0) at = (at + 1) & mask;
      bigger[at] = {static_cast<std::uint32_t>(hash >> 32), i + 1};
    }
    slots_ = std::move(bigger);
  }

  std::vector<row> rows_;
  std::string arena_;
  std::vector<slot> slots_;
};

} // namespace sluice::exec
