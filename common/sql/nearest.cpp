#include "common/sql/nearest.hpp"

#include <algorithm>

namespace sluice::sql {

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string to_upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

int edit_distance(std::string_view left, std::string_view right) {
  constexpr std::size_t longest = 128;
  std::string a = to_lower(left.substr(0, longest)), b = to_lower(right.substr(0, longest));
  std::vector<std::vector<int>> d(a.size() + 1, std::vector<int>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = static_cast<int>(i);
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i)
    for (std::size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

std::string nearest_name(std::string_view wanted, const std::vector<std::string>& names) {
  int best = static_cast<int>(std::max<std::size_t>(wanted.size() / 2, 2)) + 1;
  std::string found;
  for (const auto& name : names) {
    int distance = edit_distance(wanted, name);
    if (distance < best) {
      best = distance;
      found = name;
    }
  }
  return found;
}

std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& names) {
  auto name = nearest_name(wanted, names);
  return name.empty() ? "" : " (did you mean `" + name + "`?)";
}

} // namespace sluice::sql
