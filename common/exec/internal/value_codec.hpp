#pragma once
/// Values of any type as bytes: fixed-width values and texts as they are, nested ones in the order-preserving key encoding
/// (a map as the list of its entries).
#include <arrow/api.h>

#include <optional>
#include <string>

#include "common/data/keys.hpp"

namespace sluice::exec {

class value_codec {
public:
  /// Error: unsupported_feature (maps inside other types).
  static result<value_codec> make(const data::type_ptr& type);

  const data::type_ptr& type() const noexcept { return type_; }
  /// True if the bytes' order is the values' order (texts and nested values).
  bool ordered() const noexcept { return form_ != form::fixed && form_ != form::boolean; }

  /// Bytes of an array's values; valid while the array and this object live.
  class view {
  public:
    std::string_view operator[](std::int64_t row) const;

  private:
    friend class value_codec;
    const value_codec* codec_ = nullptr;
    data::array_ptr array_;
    std::string bytes_;
    std::vector<std::uint32_t> offsets_;
  };
  result<view> read(const data::array_ptr& array) const;
  /// An array of the values; nullopt is null.
  result<data::array_ptr> write(const std::vector<std::optional<std::string_view>>& values) const;

private:
  enum class form { fixed, boolean, text, nested };
  data::type_ptr type_;
  data::type_ptr encoded_;  ///< what the key encoding sees of a nested type
  form form_ = form::fixed;
  int width_ = 0;
};

} // namespace sluice::exec
