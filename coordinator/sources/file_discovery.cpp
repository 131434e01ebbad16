#include "coordinator/sources/file_discovery.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "common/base/seeded_bug.hpp"

#include "coordinator/sources/time_text.hpp"

namespace sluice::sources {

namespace {

constexpr double discard_ratio = 0.2;  // Spark's discardCachedInputRatio

const std::string* find_option(const plan::option_map& options, const char* key) {
  const auto it = options.find(key);
  return it == options.end() ? nullptr : &it->second;
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : static_cast<char>(c); });
  return text;
}

status wrong_option(const char* name, const std::string& value, const char* takes) {
  return {errc::invalid_option, std::string{"option "} + name + " cannot be '" + value + "'; it takes " + takes};
}

status read_count(const plan::option_map& options, const char* name, const char* key, std::optional<std::int64_t>& out) {
  const auto* text = find_option(options, key);
  if (text == nullptr) return ok();
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != text->data() + text->size() || value <= 0)
    return wrong_option(name, *text, "a positive integer");
  out = value;
  return ok();
}

status read_flag(const plan::option_map& options, const char* name, const char* key, bool& out) {
  const auto* text = find_option(options, key);
  if (text == nullptr) return ok();
  const auto value = lower_case(*text);
  if (value != "true" && value != "false") return wrong_option(name, *text, "true or false");
  out = value == "true";
  return ok();
}

status read_age(const plan::option_map& options, std::int64_t& out) {
  const auto* text = find_option(options, "maxfileage");
  if (text == nullptr) return ok();
  const auto age = time_text_us(*text, 1000);
  if (!age) return wrong_option("maxFileAge", *text, "a time like '7d' or '90 minutes'");
  out = *age;
  return ok();
}

} // namespace

result<discovery_options> discovery_options_of(const plan::option_map& options, bool freeze, bool ignore_limits) {
  discovery_options out;
  out.freeze = freeze;
  std::optional<std::int64_t> cached;
  SLUICE_RETURN_IF_ERROR(read_count(options, "maxFilesPerTrigger", "maxfilespertrigger", out.max_files));
  SLUICE_RETURN_IF_ERROR(read_count(options, "maxBytesPerTrigger", "maxbytespertrigger", out.max_bytes));
  SLUICE_RETURN_IF_ERROR(read_count(options, "maxCachedFiles", "maxcachedfiles", cached));
  SLUICE_RETURN_IF_ERROR(read_flag(options, "latestFirst", "latestfirst", out.latest_first));
  SLUICE_RETURN_IF_ERROR(read_flag(options, "fileNameOnly", "filenameonly", out.file_name_only));
  SLUICE_RETURN_IF_ERROR(read_age(options, out.max_file_age_us));
  if (cached) out.max_cached_files = static_cast<std::size_t>(*cached);
  if (out.max_files && out.max_bytes)
    return status{errc::invalid_option, "options maxFilesPerTrigger and maxBytesPerTrigger cannot be given together"};
  if (ignore_limits) out.max_files.reset(), out.max_bytes.reset();
  return out;
}

seen_files::seen_files(const discovery_options& options)
  : name_only_(options.file_name_only),
    max_age_us_(options.latest_first && (options.max_files || options.max_bytes) ? std::numeric_limits<std::int64_t>::max()
                                                                                 : options.max_file_age_us),
    newest_us_(std::numeric_limits<std::int64_t>::min()), purged_us_(std::numeric_limits<std::int64_t>::min()) {}

std::string seen_files::key(const std::string& path) const { return name_only_ ? path.substr(path.rfind('/') + 1) : path; }

bool seen_files::is_new(const file_entry& file) const { return file.mtime_us >= purged_us_ && !times_.contains(key(file.path)); }

void seen_files::add(const file_entry& file) {
  remember(key(file.path), file.mtime_us);
  newest_us_ = std::max(newest_us_, file.mtime_us);
}

void seen_files::purge() {
  std::int64_t border = 0;
  if (times_.empty() || __builtin_sub_overflow(newest_us_, max_age_us_, &border) || border <= purged_us_) return;
  purged_us_ = border;
  while (!oldest_.empty() && oldest_.begin()->first < border) {
    times_.erase(times_.find(*oldest_.begin()->second));
    oldest_.erase(oldest_.begin());
  }
}

void seen_files::remember(std::string name, std::int64_t time_us) {
  const auto [it, fresh] = times_.try_emplace(std::move(name), time_us);
  if (!fresh) oldest_.erase({it->second, &it->first});
  it->second = time_us;
  oldest_.emplace_hint(oldest_.end(), time_us, &it->first);
}

std::string seen_files::to_json() const {
  // Written without a document in between: the list may be long.
  std::vector<std::pair<std::string_view, std::int64_t>> sorted(times_.begin(), times_.end());
  std::sort(sorted.begin(), sorted.end());
  if (SLUICE_BUG(seen_files_forgotten)) sorted.clear();
  std::string out = "{\"files\":[";
  for (const auto& [name, time] : sorted) {
    if (out.back() == ']') out += ',';
    out += '[' + nlohmann::json(name).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + ',' + std::to_string(time) + ']';
  }
  return out + "],\"newest\":" + std::to_string(newest_us_) + ",\"purged\":" + std::to_string(purged_us_) + '}';
}

namespace {

/// Reads to_json()'s text without a document in between: a million files would take seconds.
class progress_reader : public nlohmann::json_sax<nlohmann::json> {
public:
  std::vector<std::pair<std::string, std::int64_t>> files;
  std::optional<std::int64_t> newest, purged;
  bool complete() const { return has_files_ && newest && purged; }

  bool null() override { return false; }
  bool boolean(bool) override { return false; }
  bool number_float(number_float_t, const string_t&) override { return false; }
  bool binary(binary_t&) override { return false; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }
  bool number_unsigned(number_unsigned_t value) override {
    return value <= std::numeric_limits<std::int64_t>::max() && number_integer(static_cast<std::int64_t>(value));
  }
  bool number_integer(number_integer_t value) override {
    if (depth_ == 1 && at_ != "files") return (at_ == "newest" ? newest : purged) = value, true;
    if (depth_ != 3 || items_++ != 1) return false;
    files.back().second = value;
    return true;
  }
  bool string(string_t& value) override {
    if (depth_ != 3 || items_++ != 0) return false;
    files.emplace_back(std::move(value), 0);
    return true;
  }
  bool start_object(std::size_t) override { return depth_++ == 0; }
  bool end_object() override { return --depth_ == 0; }
  bool key(string_t& name) override { return at_ = name, at_ == "files" || at_ == "newest" || at_ == "purged"; }
  bool start_array(std::size_t) override {
    if (at_ != "files" || depth_ < 1 || depth_ > 2) return false;
    ++depth_;
    items_ = 0;
    return true;
  }
  bool end_array() override {
    if (--depth_ == 1) has_files_ = true;
    return depth_ == 1 || items_ == 2;
  }

private:
  int depth_ = 0;  // 1: the object, 2: the list, 3: a file
  int items_ = 0;  // of the file so far
  bool has_files_ = false;
  std::string at_;
};

} // namespace

status seen_files::restore(std::string_view text) {
  progress_reader reader;
  if (!nlohmann::json::sax_parse(text, &reader) || !reader.complete())
    return {errc::corrupt_file, "the record of files already read is not valid"};
  oldest_.clear();
  times_.clear();
  times_.reserve(reader.files.size());
  for (auto& [name, time] : reader.files) remember(std::move(name), time);
  newest_us_ = *reader.newest;
  purged_us_ = *reader.purged;
  return ok();
}

file_discovery::file_discovery(discovery_options options) : options_(options), seen_(options_) {}

bool file_discovery::needs_listing() const {
  if (frozen_) return false;
  if (pending_.empty() || options_.latest_first || options_.freeze) return true;
  if (options_.max_files) return static_cast<double>(pending_.size()) < discard_ratio * static_cast<double>(*options_.max_files);
  if (!options_.max_bytes) return true;
  double bytes = 0;
  for (const auto& file : pending_) bytes += static_cast<double>(file.size);
  return bytes < discard_ratio * static_cast<double>(*options_.max_bytes);
}

void file_discovery::on_listing(std::vector<file_entry> listing) {
  if (frozen_) return;
  frozen_ = options_.freeze;
  pending_.clear();
  std::unordered_set<std::string> names;
  std::sort(listing.begin(), listing.end(), [&](const file_entry& a, const file_entry& b) {
    if (a.mtime_us != b.mtime_us) return options_.latest_first ? a.mtime_us > b.mtime_us : a.mtime_us < b.mtime_us;
    return a.path < b.path;
  });
  for (auto& file : listing) {
    if (!seen_.is_new(file)) continue;
    // Two files of one bare name count as one.
    if (options_.file_name_only && !names.insert(file.path.substr(file.path.rfind('/') + 1)).second) continue;
    pending_.push_back(std::move(file));
  }
  const std::size_t most = options_.max_cached_files + static_cast<std::size_t>(options_.max_files.value_or(0));
  const bool limited = options_.max_files || options_.max_bytes;
  if (!frozen_ && limited && pending_.size() > most) pending_.resize(most);
}

std::vector<file_entry> file_discovery::choose(std::int64_t) {
  std::vector<file_entry> chosen;
  std::int64_t bytes = 0;
  for (const auto& file : pending_) {
    if (!chosen.empty()) {
      if (options_.max_files && static_cast<std::int64_t>(chosen.size()) >= *options_.max_files) break;
      if (options_.max_bytes && bytes + file.size > *options_.max_bytes) break;
    }
    bytes += file.size;
    chosen.push_back(file);
  }
  return chosen;
}

void file_discovery::take(std::int64_t, const std::vector<file_entry>& files) {
  for (const auto& file : files) seen_.add(file);
  seen_.purge();
  std::erase_if(pending_, [&](const file_entry& file) { return !seen_.is_new(file); });
}

} // namespace sluice::sources
