#pragma once
/// Keys of one layer of the table, each with its slices in order, and the aggregate states of their rows.
/// Open addressing over the key's hash; keys and rows are only added, or all forgotten at once.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/exec/accumulator.hpp"

namespace sluice::state {

struct slice_row {
  std::int64_t slice;
  std::uint32_t row;
};

/// The slices of a key in order; one is kept inline.
class slice_list {
public:
  slice_list() = default;
  slice_list(slice_list&& other) noexcept
      : size_(std::exchange(other.size_, 0)), capacity_(std::exchange(other.capacity_, 1)), place_(other.place_) {}
  slice_list& operator=(slice_list&& other) noexcept {
    std::swap(size_, other.size_), std::swap(capacity_, other.capacity_), std::swap(place_, other.place_);
    return *this;
  }
  ~slice_list() {
    if (capacity_ > 1) delete[] place_.many;
  }

  std::span<const slice_row> view() const noexcept { return {begin(), size_}; }
  std::size_t heap_bytes() const noexcept { return capacity_ > 1 ? capacity_ * sizeof(slice_row) : 0; }
  /// Null if the slice is not there.
  const slice_row* find(std::int64_t slice) const noexcept {
    const auto* at = lower(slice);
    return at != begin() + size_ && at->slice == slice ? at : nullptr;
  }
  void insert(slice_row item) {
    auto position = static_cast<std::size_t>(lower(item.slice) - begin());
    if (size_ == capacity_) grow();
    auto* items = const_cast<slice_row*>(begin());
    std::memmove(items + position + 1, items + position, (size_ - position) * sizeof(slice_row));
    items[position] = item;
    ++size_;
  }

private:
  const slice_row* begin() const noexcept { return capacity_ > 1 ? place_.many : &place_.one; }
  const slice_row* lower(std::int64_t slice) const noexcept {
    const auto* first = begin();
    if (size_ > 0 && first[size_ - 1].slice < slice) return first + size_;
    return std::lower_bound(first, first + size_, slice, [](const slice_row& a, std::int64_t b) { return a.slice < b; });
  }
  void grow() {
    auto bigger = std::max<std::uint32_t>(4, capacity_ * 2);
    auto* items = new slice_row[bigger];
    std::memcpy(items, begin(), size_ * sizeof(slice_row));
    if (capacity_ > 1) delete[] place_.many;
    place_.many = items;
    capacity_ = bigger;
  }

  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 1;
  union {
    slice_row one;
    slice_row* many;
  } place_{};
};

struct key_entry {
  std::uint64_t hash = 0;
  std::uint64_t offset = 0;  ///< of its bytes in the arena
  std::uint32_t length = 0;
  std::uint16_t group = 0;
  slice_list slices;
};

class state_layer {
public:
  static constexpr std::uint32_t none = 0xffffffffu;
  explicit state_layer(exec::aggregate_states states) : states_(std::move(states)) {}

  std::size_t num_keys() const noexcept { return keys_.size(); }
  const key_entry& entry(std::uint32_t key) const noexcept { return keys_[key]; }
  std::string_view bytes_of(std::uint32_t key) const noexcept {
    return std::string_view(arena_).substr(keys_[key].offset, keys_[key].length);
  }
  std::span<const slice_row> slices(std::uint32_t key) const noexcept { return keys_[key].slices.view(); }
  std::uint32_t num_rows() const noexcept { return num_rows_; }
  exec::aggregate_states& states() noexcept { return states_; }
  const exec::aggregate_states& states() const noexcept { return states_; }

  std::uint32_t find(std::uint64_t hash, std::string_view key) const noexcept {
    if (slots_.empty()) return none;
    auto mask = slots_.size() - 1;
    for (auto at = hash & mask; slots_[at] != 0; at = (at + 1) & mask) {
      auto index = slots_[at] - 1;
      if (keys_[index].hash == hash && bytes_of(index) == key) return index;
    }
    return none;
  }
  std::uint32_t find_or_add(std::uint64_t hash, std::string_view key, std::uint16_t group) {
    if ((keys_.size() + 1) * 2 > slots_.size()) grow();
    auto mask = slots_.size() - 1;
    auto at = hash & mask;
    for (; slots_[at] != 0; at = (at + 1) & mask) {
      auto index = slots_[at] - 1;
      if (keys_[index].hash == hash && bytes_of(index) == key) return index;
    }
    auto& made = keys_.emplace_back();
    made.hash = hash, made.offset = arena_.size(), made.length = static_cast<std::uint32_t>(key.size()), made.group = group;
    arena_.append(key);
    slots_[at] = static_cast<std::uint32_t>(keys_.size());
    return slots_[at] - 1;
  }
  /// Row of a slice of a key; the states of a new row exist after `states().resize(num_rows())`.
  std::uint32_t row_of(std::uint32_t key, std::int64_t slice, bool& added) {
    auto& list = keys_[key].slices;
    const auto* found = list.find(slice);
    added = found == nullptr;
    if (!added) return found->row;
    list.insert({slice, num_rows_});
    list_bytes_ += sizeof(slice_row);
    return num_rows_++;
  }
  std::size_t bytes() const {
    return arena_.capacity() + keys_.capacity() * sizeof(key_entry) + slots_.size() * sizeof(std::uint32_t) + list_bytes_ +
           states_.bytes();
  }
  void clear() {
    keys_.clear();
    slots_.clear();
    arena_.clear();
    num_rows_ = 0;
    list_bytes_ = 0;
    states_.resize(0);
  }

private:
  void grow() {
    slots_.assign(std::max<std::size_t>(16, slots_.size() * 2), 0);
    auto mask = slots_.size() - 1;
    for (std::uint32_t i = 0; i < keys_.size(); ++i) {
      auto at = keys_[i].hash & mask;
      while (slots_[at] != 0) at = (at + 1) & mask;
      slots_[at] = i + 1;
    }
  }

  std::vector<key_entry> keys_;
  std::vector<std::uint32_t> slots_;  ///< key index + 1; 0: free
  std::string arena_;
  std::uint32_t num_rows_ = 0;
  std::size_t list_bytes_ = 0;
  exec::aggregate_states states_;
};

} // namespace sluice::state
