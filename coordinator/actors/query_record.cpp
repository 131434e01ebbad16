#include "coordinator/actors/query_record.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "common/plan/codec.hpp"
#include "common/storage/durable.hpp"
#include "coordinator/query/checkpoint.hpp"

namespace sluice::actors {
namespace {

using record_json = nlohmann::json;
constexpr std::string_view record_kind = "query";
constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string to_base64(std::string_view bytes) {
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (unsigned char byte : bytes) {
    bits = (bits << 8) | byte;
    for (held += 8; held >= 6; held -= 6) out.push_back(base64_digits[(bits >> (held - 6)) & 63]);
  }
  if (held > 0) out.push_back(base64_digits[(bits << (6 - held)) & 63]);
  while (out.size() % 4 != 0) out.push_back('=');
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  for (char digit : text) {
    auto value = base64_digits.find(digit);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<char>((bits >> held) & 255));
    }
  }
  return out;
}

std::optional<desired_state> desired_from(const std::string& name) {
  for (auto state : {desired_state::running, desired_state::stopped, desired_state::finished, desired_state::failed})
    if (name_of(state) == name) return state;
  return std::nullopt;
}

std::optional<std::int64_t> number_of(std::string_view path) {
  auto slash = path.rfind('/');
  auto name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size() || number < 0) return std::nullopt;
  return number;
}

std::string folder_of(const std::string& data_dir, const query_id& id) { return data_dir + "/queries/" + id.text; }

/// Record numbers in a query's folder, ascending.
result<std::vector<std::int64_t>> sequences(storage::file_system& files, const std::string& folder) {
  SLUICE_ASSIGN_OR_RETURN(auto entries, files.list(folder));
  std::vector<std::int64_t> numbers;
  for (const auto& entry : entries)
    if (auto number = number_of(entry.path); number && !entry.is_directory) numbers.push_back(*number);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

} // namespace

std::string_view name_of(desired_state state) {
  switch (state) {
    case desired_state::running: return "running";
    case desired_state::stopped: return "stopped";
    case desired_state::finished: return "finished";
    case desired_state::failed: return "failed";
  }
  return "stopped";
}

std::string encode(const query_record& record) {
  record_json json = {{"id", record.id.text},
                      {"run", record.run.text},
                      {"sequence", record.sequence},
                      {"started", record.started_us},
                      {"name", record.plan.name},
                      {"desired", name_of(record.desired)},
                      {"checkpoint", record.plan.checkpoint},
                      {"settings", record.plan.settings},
                      {"keyGroups", record.key_groups},
                      {"lastBatch", record.last_batch},
                      {"lastProgress", record.last_progress},
                      {"plan", to_base64(plan::encode(record.plan))}};
  if (!record.error.ok())
    json["error"] = {{"code", static_cast<int>(record.error.code())}, {"message", record.error.message()}};
  return storage::seal_record(record_kind, json.dump(-1, ' ', false, record_json::error_handler_t::replace));
}

result<query_record> decode_query_record(std::string_view bytes, const std::string& path) {
  SLUICE_ASSIGN_OR_RETURN(auto text, storage::open_record(record_kind, bytes, path));
  auto json = record_json::parse(text, nullptr, false);
  auto damaged = [&](std::string_view what) {
    return status(errc::corrupt_file, "query record " + path + " has no valid " + std::string(what));
  };
  if (!json.is_object()) return damaged("JSON");
  auto string_at = [&](const char* key) {
    auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
  };
  auto number_at = [&](const char* key, std::int64_t otherwise) {
    auto found = json.find(key);
    return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : otherwise;
  };
  query_record record;
  record.id.text = string_at("id");
  record.run.text = string_at("run");
  record.sequence = number_at("sequence", -1);
  record.started_us = number_at("started", 0);
  record.key_groups = static_cast<std::uint32_t>(number_at("keyGroups", 128));
  record.last_batch = number_at("lastBatch", -1);
  record.last_progress = string_at("lastProgress");
  auto desired = desired_from(string_at("desired"));
  auto plan = from_base64(string_at("plan"));
  if (record.id.empty()) return damaged("id");
  if (!desired) return damaged("desired state");
  if (!plan) return damaged("plan");
  record.desired = *desired;
  SLUICE_ASSIGN_OR_RETURN(record.plan, plan::decode_streaming(*plan));
  if (auto error = json.find("error"); error != json.end() && error->is_object()) {
    auto code = error->find("code");
    auto message = error->find("message");
    bool has_code = code != error->end() && code->is_number_integer();
    bool has_message = message != error->end() && message->is_string();
    record.error = status(info(static_cast<errc>(has_code ? code->get<int>() : 9001)).code,
                          has_message ? message->get<std::string>() : std::string{"unknown"});
  }
  return record;
}

namespace {

/// The id that a checkpoint belongs to; empty if that cannot be read.
std::string owner_of(storage::file_system& files, const std::string& checkpoint) {
  const auto path = query::checkpoint_paths{checkpoint}.metadata();
  const auto bytes = files.read(path);
  if (!bytes.ok()) return {};
  const auto metadata = query::decode_metadata(*bytes, path);
  return metadata.ok() ? metadata->query : std::string{};
}

/// Two coordinators over one data directory may both have begun a query on a new checkpoint. Only the one whose id the
/// checkpoint bears runs; together they would fence each other for ever.
void leave_one_owner(storage::file_system& files, std::vector<query_record>& records) {
  std::map<std::string, int> running;
  for (const auto& record : records)
    if (record.desired == desired_state::running) ++running[record.plan.checkpoint];
  for (auto& record : records) {
    const auto& checkpoint = record.plan.checkpoint;
    if (record.desired != desired_state::running || running[checkpoint] < 2) continue;
    const auto owner = owner_of(files, checkpoint);
    if (owner.empty() || owner == record.id.text) continue;
    record.desired = desired_state::stopped;
    record.error = {errc::checkpoint_in_use, "checkpoint " + checkpoint + " belongs to query " + owner};
  }
}

} // namespace

result<std::vector<query_record>> load_query_records(storage::file_system& files, const std::string& data_dir) {
  std::vector<query_record> records;
  auto folders = files.list(data_dir + "/queries");
  if (!folders.ok()) {
    if (folders.code() == errc::no_such_file) return records;
    return folders.error();
  }
  for (const auto& folder : *folders) {
    if (!folder.is_directory) continue;
    SLUICE_ASSIGN_OR_RETURN(auto numbers, sequences(files, folder.path));
    if (numbers.empty()) continue;
    auto path = folder.path + "/" + std::to_string(numbers.back());
    SLUICE_ASSIGN_OR_RETURN(auto bytes, storage::adopt(files, path));
    SLUICE_ASSIGN_OR_RETURN(auto record, decode_query_record(bytes, path));
    record.sequence = numbers.back();
    records.push_back(std::move(record));
  }
  leave_one_owner(files, records);
  return records;
}

result<query_record> store_query_record(storage::file_system& files, const std::string& data_dir, query_record record) {
  auto folder = folder_of(data_dir, record.id);
  if (record.sequence < 0) {
    SLUICE_RETURN_IF_ERROR(storage::durable_make_directories(files, folder));
    SLUICE_ASSIGN_OR_RETURN(auto numbers, sequences(files, folder));
    if (!numbers.empty()) record.sequence = numbers.back();
  }
  auto previous = record.sequence++;
  auto path = folder + "/" + std::to_string(record.sequence);
  auto written = storage::durable_create(files, path, encode(record), record.run.text);
  if (!written.ok()) {
    if (written.code() == errc::file_exists)
      return status(errc::checkpoint_in_use, "another coordinator writes " + folder);
    return std::move(written).with_context("query " + record.plan.name);
  }
  for (auto old = previous - 1; old >= 0 && files.remove(folder + "/" + std::to_string(old)).ok(); --old) continue;
  return record;
}

} // namespace sluice::actors
