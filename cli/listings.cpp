#include <nlohmann/json.hpp>

#include <cstdio>

#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/grid.hpp"

namespace sluice::cli {

namespace {

using json_document = nlohmann::ordered_json;

/// One unary call over a fresh connection; the reply goes to `print`.
template <class Request, class Reply, class Print>
int ask(const options& given,
        grpc::Status (proto::coordinator::Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
        const Request& request, Print print) {
  auto stub = connect(given.coordinator, given.security);
  if (!stub.ok())
    return report(failure::from(stub.error()));
  Reply reply;
  auto answered = call(**stub, method, request, reply);
  if (!answered.ok())
    return report(failure_of(answered, given.coordinator));
  print(reply);
  return exit_done;
}

void print_json(const json_document& document) {
  auto text = document.dump(2, ' ', false, json_document::error_handler_t::replace) + "\n";
  std::fputs(text.c_str(), stdout);
}

void print_text(const std::string& text) { std::fputs(text.c_str(), stdout); }

std::string rate(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.0f", value);
  return text;
}

json_document error_document(const proto::query_detail& query) {
  if (!query.has_error() || query.error().code() == 0)
    return nullptr;
  const auto& error = query.error();
  return {{"code", error.code()}, {"name", error.name()}, {"message", error.message()}};
}

json_document progress_document(const std::string& json) {
  auto document = json_document::parse(json, nullptr, false);
  return document.is_discarded() ? json_document(nullptr) : document;
}

void print_detail_json(const proto::query_detail& query) {
  print_json({{"id", query.summary().id()},
              {"runId", query.summary().run_id()},
              {"name", query.summary().name()},
              {"state", query.summary().state()},
              {"sink", query.sink()},
              {"checkpoint", query.checkpoint()},
              {"error", error_document(query)},
              {"plan", query.plan()},
              {"lastProgress", progress_document(query.last_progress_json())}});
}

std::string indented(const std::string& text) {
  std::string out;
  for (std::size_t start = 0; start < text.size();) {
    auto end = std::min(text.find('\n', start), text.size());
    out += "  " + text.substr(start, end - start) + "\n";
    start = end + 1;
  }
  return out;
}

template <class Texts>
std::string joined(const Texts& texts) {
  std::string out;
  for (const auto& text : texts)
    out += (out.empty() ? "" : ", ") + text;
  return out;
}

void print_detail(const proto::query_detail& query) {
  const auto& summary = query.summary();
  std::string out = "name:        " + summary.name() + "\nid:          " + summary.id() + "\nrun:         "
                    + summary.run_id() + "\nstate:       " + summary.state() + "\nsink:        " + query.sink()
                    + "\ncheckpoint:  " + query.checkpoint() + "\ninput:       " + joined(query.paths())
                    + "\nworkers:     " + joined(query.workers()) + "\n";
  if (query.has_error() && query.error().code() != 0)
    out += describe(failure::from(query.error()));
  for (const auto& warning : query.warnings())
    out += "warning:     " + warning + "\n";
  out += "plan:\n" + indented(query.plan());
  auto progress = progress_document(query.last_progress_json());
  if (!progress.is_null())
    out += "last progress:\n" + indented(progress.dump(2, ' ', false, json_document::error_handler_t::replace));
  print_text(out);
}

} // namespace

int list_queries(const options& given) {
  return ask(given, &proto::coordinator::Stub::list_queries, proto::list_request{}, [&](const proto::query_list& list) {
    if (given.json) {
      auto document = json_document::array();
      for (const auto& query : list.queries())
        document.push_back({{"id", query.id()}, {"runId", query.run_id()}, {"name", query.name()},
                            {"state", query.state()}, {"batchId", query.batch_id()},
                            {"numInputRows", query.num_input_rows()},
                            {"inputRowsPerSecond", query.input_rows_per_second()},
                            {"processedRowsPerSecond", query.processed_rows_per_second()}});
      return print_json(document);
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& query : list.queries())
      rows.push_back({printable_cell(query.name()), query.id(), query.state(),
                      query.batch_id() < 0 ? "-" : std::to_string(query.batch_id()),
                      std::to_string(query.num_input_rows()), rate(query.input_rows_per_second()),
                      rate(query.processed_rows_per_second())});
    print_text(plain_grid({{"NAME"}, {"ID"}, {"STATE"}, {"BATCH", true}, {"ROWS", true}, {"IN ROWS/S", true},
                           {"DONE ROWS/S", true}}, rows));
  });
}

int show_query(const options& given) {
  proto::query_request request;
  request.set_query(given.query);
  return ask(given, &proto::coordinator::Stub::show_query, request, [&](const proto::query_detail& query) {
    given.json ? print_detail_json(query) : print_detail(query);
  });
}

int stop_query(const options& given) {
  proto::query_request request;
  request.set_query(given.query);
  return ask(given, &proto::coordinator::Stub::stop_query, request, [&](const proto::query_detail& query) {
    if (given.json)
      return print_detail_json(query);
    const auto& summary = query.summary();
    print_text((summary.name().empty() ? "-" : summary.name()) + " " + summary.id() + " " + summary.state() + "\n");
  });
}

int list_workers(const options& given) {
  return ask(given, &proto::coordinator::Stub::list_workers, proto::list_request{}, [&](const proto::worker_list& list) {
    if (given.json) {
      auto document = json_document::array();
      for (const auto& worker : list.workers())
        document.push_back({{"id", worker.id()}, {"pid", worker.pid()}, {"address", worker.address()},
                            {"slots", worker.slots()}, {"state", worker.state()}});
      return print_json(document);
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& worker : list.workers())
      rows.push_back({worker.id(), std::to_string(worker.pid()), worker.address(), std::to_string(worker.slots()),
                      worker.state()});
    print_text(plain_grid({{"ID"}, {"PID", true}, {"ADDRESS"}, {"SLOTS", true}, {"STATE"}}, rows));
  });
}

} // namespace sluice::cli
