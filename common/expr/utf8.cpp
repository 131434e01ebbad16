#include "common/expr/utf8.hpp"

#include <algorithm>

namespace sluice::expr {

namespace {

/// Copies the text with replacements; whether there were any.
bool for_pieces(std::string_view text, std::string& out) {
  std::size_t i = 0;
  bool changed = false;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const int length = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
    std::size_t good = length > 0 ? 1 : 0;
    for (; good > 0 && good < static_cast<std::size_t>(length) && i + good < text.size(); ++good) {
      const auto next = static_cast<unsigned char>(text[i + good]);
      const int low = good > 1 ? 0x80 : lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
      const int high = good > 1 ? 0xbf : lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
      if (next < low || next > high)
        break;
    }
    const bool whole = length > 0 && good == static_cast<std::size_t>(length);
    if (whole)
      out.append(text, i, good);
    else
      out += "\xef\xbf\xbd";
    changed = changed || !whole;
    i += std::max<std::size_t>(good, 1);
  }
  return changed;
}

} // namespace

void replace_invalid_utf8(std::string& text) {
  std::string out;
  if (for_pieces(text, out))
    text = std::move(out);
}

bool is_valid_utf8(std::string_view text) {
  std::string out;
  return !for_pieces(text, out);
}

} // namespace sluice::expr
