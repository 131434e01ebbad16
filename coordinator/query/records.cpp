// Records as text: a sealed record (version line, JSON, checksum line). JSON has one line per top-level key and per array element.
//   metadata   {"query","name","numKeyGroups","hash","source","operators":[{"id","kind","signature"}],"sink":{"format","path"}}
//   epoch      {"epoch","run","owner","time"}
//   intent     {"batch","epoch","time","watermarks":{},"inputs":[{"source","files":[[path,size,mtime,inode],…]}],"settings":{}}
//   commit     {"batch","epoch","attempt","previous","time","objects":[name,…],
//               "extents":[[operator,group,object index,offset,length,"checksum",snapshot 0|1,rows],…],
//               "output":[[ordinal,staged,final,size,"checksum",rows],…],"counters":{},"watermarks":{}}
//   base       {"batch","epoch","commit","attempt","time","published","watermarks":{},"sources":{name:{…}},"objects":[…],
//               "extents":[[operator,group,object index,offset,length,"checksum",snapshot,rows,batch],…],"results":[…],"counters":{}}
//   published  {"batch","epoch"}
// Times are microseconds since 1970 UTC.
#include "coordinator/query/records.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

#include "common/storage/durable.hpp"

namespace sluice::query {
namespace {

using json = nlohmann::ordered_json;

/// One line per top-level key and per element of top-level arrays.
std::string readable(const json& document) {
  std::string out = "{";
  const char* separator = "\n";
  for (const auto& [key, value] : document.items()) {
    out += separator;
    out += json(key).dump() + ": ";
    if (value.is_array() && value.size() > 1) {
      out += '[';
      const char* comma = "\n  ";
      for (const auto& element : value) {
        out += comma;
        out += element.dump(-1, ' ', false, json::error_handler_t::replace);
        comma = ",\n  ";
      }
      out += ']';
    } else {
      out += value.dump(-1, ' ', false, json::error_handler_t::replace);
    }
    separator = ",\n";
  }
  return out + "\n}";
}

/// Reads typed members and remembers the first thing that did not fit.
class record_reader {
public:
  explicit record_reader(const std::string& path) : path_(path) {}

  void bad(std::string_view what) {
    if (problem_.ok()) problem_ = status{errc::corrupt_file, path_ + ": field " + std::string{what} + " is missing or wrong"};
  }
  const json& member(const json& object, const char* key) {
    static const json null;
    if (object.is_object())
      if (const auto it = object.find(key); it != object.end()) return *it;
    bad(key);
    return null;
  }
  const json& element(const json& array, std::size_t i) {
    static const json null;
    if (array.is_array() && i < array.size()) return array[i];
    bad("#" + std::to_string(i));
    return null;
  }
  template <class T>
  T number(const json& value, std::string_view what) {
    if (value.is_number_unsigned()) {
      const auto n = value.get<std::uint64_t>();
      if (std::in_range<T>(n)) return static_cast<T>(n);
    } else if (value.is_number_integer()) {
      const auto n = value.get<std::int64_t>();
      if (std::in_range<T>(n)) return static_cast<T>(n);
    }
    bad(what);
    return T{};
  }
  std::string text(const json& value, std::string_view what) {
    if (value.is_string()) return value.get<std::string>();
    bad(what);
    return {};
  }
  std::uint64_t hex(const json& value, std::string_view what) {
    const auto digits = text(value, what);
    std::uint64_t n = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n, 16);
    if (digits.size() != 16 || error != std::errc{} || end != digits.data() + 16) bad(what);
    return n;
  }
  std::string path(const json& value, std::string_view what) {
    if (value.is_string()) return value.get<std::string>();
    const auto digits = text(member(value, "hex"), what);
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
      unsigned byte = 0;
      const auto* at = digits.data() + i;
      if (std::from_chars(at, at + 2, byte, 16).ptr != at + 2) bad(what);
      bytes += static_cast<char>(byte);
    }
    return bytes;
  }
  std::int64_t integer(const json& object, const char* key) { return number<std::int64_t>(member(object, key), key); }
  std::string string(const json& object, const char* key) { return text(member(object, key), key); }
  const json& array(const json& object, const char* key) {
    const auto& value = member(object, key);
    if (!value.is_array()) bad(key);
    return value;
  }
  const json& map(const json& object, const char* key) {
    const auto& value = member(object, key);
    if (!value.is_object()) bad(key);
    return value;
  }
  const status& problem() const { return problem_; }

private:
  const std::string& path_;
  status problem_;
};

result<json> parse_record(std::string_view kind, std::string_view bytes, const std::string& path) {
  SLUICE_ASSIGN_OR_RETURN(auto text, storage::open_record(kind, bytes, path));
  auto document = json::parse(text, nullptr, false);
  if (!document.is_object()) return status{errc::corrupt_file, path + ": not a JSON object"};
  return document;
}

template <class Record, class Fill>
result<Record> decode_record(std::string_view kind, std::string_view bytes, const std::string& path, Fill fill) {
  SLUICE_ASSIGN_OR_RETURN(auto document, parse_record(kind, bytes, path));
  record_reader reader{path};
  Record record;
  fill(reader, document, record);
  if (!reader.problem().ok()) return reader.problem();
  return record;
}

/// File names are bytes: what is not UTF-8 stands as {"hex": …}.
json path_json(const std::string& path) {
  bool ascii = true;
  for (const unsigned char c : path) ascii = ascii && c < 0x80;
  if (ascii) return path;
  if (json::parse(json(path).dump(-1, ' ', false, json::error_handler_t::replace)).get<std::string>() == path) return path;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const unsigned char c : path) hex += digits[c >> 4], hex += digits[c & 15];
  return {{"hex", hex}};
}

json watermarks_json(const watermark_map& from) {
  json out = json::object();
  for (const auto& [node, value] : from) out[node] = value;
  return out;
}
watermark_map watermarks_of(record_reader& reader, const json& document) {
  watermark_map out;
  const auto& from = reader.map(document, "watermarks");
  if (from.is_object())
    for (const auto& [node, value] : from.items()) out[node] = reader.number<std::int64_t>(value, "watermarks");
  return out;
}

constexpr struct {
  const char* name;
  std::int64_t batch_counters::*field;
} counter_fields[] = {{"rowsRead", &batch_counters::rows_read},         {"rowsParsed", &batch_counters::rows_parsed},
                      {"rowsBad", &batch_counters::rows_bad},           {"rowsSent", &batch_counters::rows_sent},
                      {"rowsReceived", &batch_counters::rows_received}, {"rowsOut", &batch_counters::rows_out},
                      {"stateRows", &batch_counters::state_rows},       {"stateUpdated", &batch_counters::state_updated},
                      {"stateBytes", &batch_counters::state_bytes}};

json counters_json(const batch_counters& from) {
  json out = json::object();
  for (const auto& [name, field] : counter_fields) out[name] = from.*field;
  return out;
}
batch_counters counters_of(record_reader& reader, const json& document) {
  batch_counters out;
  const auto& from = reader.map(document, "counters");
  for (const auto& [name, field] : counter_fields) out.*field = reader.integer(from, name);
  return out;
}

json output_json(const std::vector<output_object>& objects) {
  json out = json::array();
  for (const auto& o : objects)
    out.push_back(json::array({o.ordinal, o.staged, o.final_path, o.size, storage::checksum_text(o.checksum), o.rows}));
  return out;
}
std::vector<output_object> output_of(record_reader& reader, const json& from) {
  std::vector<output_object> out;
  for (const auto& o : from) {
    if (!o.is_array()) break;
    out.push_back({reader.text(reader.element(o, 1), "staged"), reader.text(reader.element(o, 2), "final"),
                   reader.number<std::int32_t>(reader.element(o, 0), "ordinal"), reader.number<std::int64_t>(reader.element(o, 3), "size"),
                   reader.hex(reader.element(o, 4), "checksum"), reader.number<std::int64_t>(reader.element(o, 5), "rows")});
  }
  return out;
}

/// Object names stand once; extents point at them.
class extent_writer {
public:
  void add(std::int32_t op, const extent& e, bool with_batch) {
    const auto [it, fresh] = index_.try_emplace(e.object, objects_.size());
    if (fresh) objects_.push_back(e.object);
    auto line = json::array({op, e.group, it->second, e.offset, e.length, storage::checksum_text(e.checksum), e.snapshot ? 1 : 0, e.rows});
    if (with_batch) line.push_back(e.batch);
    extents_.push_back(std::move(line));
  }
  void put(json& document) {
    document["objects"] = std::move(objects_);
    document["extents"] = std::move(extents_);
  }

private:
  json objects_ = json::array();
  json extents_ = json::array();
  std::map<std::string, std::size_t> index_;
};

std::vector<state_extent> extents_of(record_reader& reader, const json& document, std::optional<std::int64_t> batch) {
  std::vector<state_extent> out;
  const auto& objects = reader.array(document, "objects");
  for (const auto& line : reader.array(document, "extents")) {
    state_extent e;
    e.operator_id = reader.number<std::int32_t>(reader.element(line, 0), "operator");
    e.extent.group = reader.number<std::uint32_t>(reader.element(line, 1), "group");
    e.extent.object = reader.text(reader.element(objects, reader.number<std::size_t>(reader.element(line, 2), "object")), "object");
    e.extent.offset = reader.number<std::int64_t>(reader.element(line, 3), "offset");
    e.extent.length = reader.number<std::int64_t>(reader.element(line, 4), "length");
    e.extent.checksum = reader.hex(reader.element(line, 5), "checksum");
    e.extent.snapshot = reader.number<int>(reader.element(line, 6), "snapshot") != 0;
    e.extent.rows = reader.number<std::int64_t>(reader.element(line, 7), "rows");
    e.extent.batch = batch ? *batch : reader.number<std::int64_t>(reader.element(line, 8), "batch");
    if (!reader.problem().ok()) break;
    out.push_back(std::move(e));
  }
  return out;
}

std::vector<source_file> files_of(record_reader& reader, const json& input) {
  std::vector<source_file> out;
  for (const auto& line : reader.array(input, "files"))
    out.push_back({reader.path(reader.element(line, 0), "path"), reader.number<std::int64_t>(reader.element(line, 1), "size"),
                   reader.number<std::int64_t>(reader.element(line, 2), "mtime"),
                   reader.number<std::uint64_t>(reader.element(line, 3), "inode")});
  return out;
}

} // namespace

void apply_commit(const commit& record, extent_map& extents) {
  for (const auto& e : record.extents) {
    auto& chain = extents[e.operator_id][e.extent.group];
    if (e.extent.snapshot) chain.clear();
    chain.push_back(e.extent);
  }
}

std::string encode(const metadata& record) {
  json operators = json::array();
  for (const auto& op : record.operators) operators.push_back({{"id", op.id}, {"kind", op.kind}, {"signature", op.signature}});
  const json document = {{"query", record.query},
                         {"name", record.name},
                         {"numKeyGroups", record.num_key_groups},
                         {"hash", record.hash_name},
                         {"source", record.source_signature},
                         {"operators", std::move(operators)},
                         {"sink", {{"format", record.sink_format}, {"path", record.sink_path}}}};
  return storage::seal_record("metadata", readable(document));
}

result<metadata> decode_metadata(std::string_view bytes, const std::string& path) {
  return decode_record<metadata>("metadata", bytes, path, [](auto& reader, const json& from, metadata& to) {
    to.query = reader.string(from, "query");
    to.name = reader.string(from, "name");
    to.num_key_groups = reader.template number<std::uint32_t>(reader.member(from, "numKeyGroups"), "numKeyGroups");
    to.hash_name = reader.string(from, "hash");
    to.source_signature = reader.string(from, "source");
    for (const auto& op : reader.array(from, "operators"))
      to.operators.push_back({reader.template number<std::int32_t>(reader.member(op, "id"), "id"), reader.string(op, "kind"),
                              reader.string(op, "signature")});
    const auto& sink = reader.map(from, "sink");
    to.sink_format = reader.string(sink, "format");
    to.sink_path = reader.string(sink, "path");
    if (to.num_key_groups == 0 || to.num_key_groups > 32768) reader.bad("numKeyGroups");
  });
}

std::string encode(const epoch_claim& record) {
  const json document = {{"epoch", record.epoch}, {"run", record.run}, {"owner", record.owner}, {"time", record.time_us}};
  return storage::seal_record("epoch", readable(document));
}

result<epoch_claim> decode_epoch(std::string_view bytes, const std::string& path) {
  return decode_record<epoch_claim>("epoch", bytes, path, [](auto& reader, const json& from, epoch_claim& to) {
    to.epoch = reader.integer(from, "epoch");
    to.run = reader.string(from, "run");
    to.owner = reader.string(from, "owner");
    to.time_us = reader.integer(from, "time");
  });
}

std::string encode(const intent& record) {
  json inputs = json::array();
  for (const auto& input : record.inputs) {
    json files = json::array();
    for (const auto& f : input.files) files.push_back(json::array({path_json(f.path), f.size, f.mtime_us, f.inode}));
    inputs.push_back({{"source", input.source}, {"files", std::move(files)}});
  }
  json settings = json::object();
  for (const auto& [key, value] : record.settings) settings[key] = value;
  const json document = {{"batch", record.batch},
                         {"epoch", record.epoch},
                         {"time", record.batch_time_us},
                         {"watermarks", watermarks_json(record.watermarks)},
                         {"inputs", std::move(inputs)},
                         {"settings", std::move(settings)}};
  return storage::seal_record("intent", readable(document));
}

result<intent> decode_intent(std::string_view bytes, const std::string& path) {
  return decode_record<intent>("intent", bytes, path, [](auto& reader, const json& from, intent& to) {
    to.batch = reader.integer(from, "batch");
    to.epoch = reader.integer(from, "epoch");
    to.batch_time_us = reader.integer(from, "time");
    to.watermarks = watermarks_of(reader, from);
    for (const auto& input : reader.array(from, "inputs"))
      to.inputs.push_back({reader.string(input, "source"), files_of(reader, input)});
    const auto& settings = reader.map(from, "settings");
    if (settings.is_object())
      for (const auto& [key, value] : settings.items()) to.settings[key] = reader.text(value, "settings");
  });
}

std::string encode(const commit& record) {
  json document = {{"batch", record.batch},
                   {"epoch", record.epoch},
                   {"attempt", record.attempt},
                   {"previous", record.previous},
                   {"time", record.batch_time_us}};
  extent_writer extents;
  for (const auto& e : record.extents) extents.add(e.operator_id, e.extent, false);
  extents.put(document);
  document["output"] = output_json(record.output);
  document["counters"] = counters_json(record.counters);
  document["watermarks"] = watermarks_json(record.watermarks);
  return storage::seal_record("commit", readable(document));
}

result<commit> decode_commit(std::string_view bytes, const std::string& path) {
  return decode_record<commit>("commit", bytes, path, [](auto& reader, const json& from, commit& to) {
    to.batch = reader.integer(from, "batch");
    to.epoch = reader.integer(from, "epoch");
    to.attempt = reader.string(from, "attempt");
    to.previous = reader.string(from, "previous");
    to.batch_time_us = reader.integer(from, "time");
    to.extents = extents_of(reader, from, to.batch);
    to.output = output_of(reader, reader.array(from, "output"));
    to.counters = counters_of(reader, from);
    to.watermarks = watermarks_of(reader, from);
  });
}

std::string encode(const base& record) {
  json document = {{"batch", record.batch},
                   {"epoch", record.epoch},
                   {"commit", record.commit_hash},
                   {"attempt", record.attempt},
                   {"time", record.batch_time_us},
                   {"published", record.published},
                   {"watermarks", watermarks_json(record.watermarks)}};
  json sources = json::object();
  for (const auto& [name, progress] : record.source_progress) {
    auto parsed = json::parse(progress, nullptr, false);
    sources[name] = parsed.is_object() ? std::move(parsed) : json(progress);
  }
  document["sources"] = std::move(sources);
  extent_writer extents;
  for (const auto& [op, groups] : record.extents)
    for (const auto& [group, chain] : groups)
      for (const auto& e : chain) extents.add(op, e, true);
  extents.put(document);
  document["results"] = output_json(record.results);
  document["counters"] = counters_json(record.counters);
  return storage::seal_record("base", readable(document));
}

result<base> decode_base(std::string_view bytes, const std::string& path) {
  return decode_record<base>("base", bytes, path, [](auto& reader, const json& from, base& to) {
    to.batch = reader.integer(from, "batch");
    to.epoch = reader.integer(from, "epoch");
    to.commit_hash = reader.string(from, "commit");
    to.attempt = reader.string(from, "attempt");
    to.batch_time_us = reader.integer(from, "time");
    to.published = reader.integer(from, "published");
    to.watermarks = watermarks_of(reader, from);
    const auto& sources = reader.map(from, "sources");
    if (sources.is_object())
      for (const auto& [name, progress] : sources.items())
        to.source_progress[name] = progress.is_string() ? progress.template get<std::string>() : progress.dump();
    for (auto& e : extents_of(reader, from, std::nullopt)) to.extents[e.operator_id][e.extent.group].push_back(std::move(e.extent));
    to.results = output_of(reader, reader.array(from, "results"));
    to.counters = counters_of(reader, from);
  });
}

std::string encode(const published_note& record) {
  return storage::seal_record("published", readable(json{{"batch", record.batch}, {"epoch", record.epoch}}));
}

result<published_note> decode_published(std::string_view bytes, const std::string& path) {
  return decode_record<published_note>("published", bytes, path,
                                       [](auto& reader, const json& from, published_note& to) {
                                         to.batch = reader.integer(from, "batch");
                                         to.epoch = reader.integer(from, "epoch");
                                       });
}

std::string record_hash(std::string_view bytes) { return storage::checksum_text(storage::checksum(bytes)); }

} // namespace sluice::query
