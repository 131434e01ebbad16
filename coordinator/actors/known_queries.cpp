// What the keeper of queries answers: lists, details, tables.
#include "coordinator/actors/known_queries.hpp"

#include <algorithm>
#include <caf/actor_system.hpp>
#include <nlohmann/json.hpp>

#include "common/plan/analyzer.hpp"
#include "coordinator/actors/query_setup.hpp"

namespace sluice::actors {
namespace {

double number_in(const nlohmann::json& json, const char* key) {
  auto found = json.find(key);
  return found != json.end() && found->is_number() ? found->get<double>() : 0;
}

} // namespace

bool known_query::active() const {
  if (look_only || !actor) return false;
  return state != query::query_state::stopped && state != query::query_state::finished &&
         state != query::query_state::failed;
}

query_summary known_query::summary() const {
  query_summary line;
  line.id = record.id;
  line.run = record.run;
  line.name = record.plan.name;
  line.state = std::string(query::to_string(state));
  if (state == query::query_state::stopping) line.state = "running";
  if (state == query::query_state::recovering && !stored) line.state = "starting";
  line.batch = last_batch;
  if (progress) {
    line.num_input_rows = progress->input_rows;
    line.input_rows_per_second = progress->input_rows_per_second.value_or(0);
    line.processed_rows_per_second = progress->processed_rows_per_second.value_or(0);
  } else if (auto last = nlohmann::json::parse(record.last_progress, nullptr, false); last.is_object()) {
    line.num_input_rows = static_cast<std::int64_t>(number_in(last, "numInputRows"));
    line.input_rows_per_second = number_in(last, "inputRowsPerSecond");
    line.processed_rows_per_second = number_in(last, "processedRowsPerSecond");
  }
  return line;
}

query_detail known_query::detail() const {
  query_detail all;
  all.summary = summary();
  all.sink = sink_text(record.plan);
  all.checkpoint = record.plan.checkpoint;
  all.error = error;
  all.plan = plan::explain(record.plan);
  all.last_progress = progress ? query::to_json(*progress) : record.last_progress;
  all.workers = workers;
  all.paths = record.plan.source.paths;
  if (!record.plan.sink.path.empty()) all.paths.push_back(record.plan.sink.path);
  return all;
}

result<known_query*> known_queries::find(const std::string& key) {
  if (auto exact = queries.find(query_id{key}); exact != queries.end()) return &exact->second;
  known_query* named = nullptr;
  std::vector<known_query*> prefixed;
  for (auto& [id, query] : queries) {
    if (!key.empty() && id.text.rfind(key, 0) == 0) prefixed.push_back(&query);
    if (catalog::fold(query.record.plan.name) != catalog::fold(key)) continue;
    bool better = named == nullptr || (query.active() && !named->active()) ||
                  (query.active() == named->active() && query.record.started_us > named->record.started_us);
    if (better) named = &query;
  }
  if (named != nullptr) return named;
  if (prefixed.size() == 1) return prefixed.front();
  std::string known;
  for (const auto& [id, query] : queries)
    known += (known.empty() ? "" : ", ") + query.record.plan.name + " (" + id.text.substr(0, 8) + ")";
  auto what = prefixed.empty() ? "no query is named '" + key + "'" : "'" + key + "' fits several queries";
  return status(errc::query_not_found, what + (known.empty() ? "; there are none" : "; known are " + known));
}

query_shown known_queries::show(const std::string& key) {
  auto found = find(key);
  if (!found.ok()) return {found.error(), {}};
  return {ok(), (*found)->detail()};
}

table_list known_queries::tables() const {
  std::vector<const known_query*> ordered;
  for (const auto& [id, query] : queries)
    if (is_memory(query.record.plan) && (query.stored || query.has_run)) ordered.push_back(&query);
  std::sort(ordered.begin(), ordered.end(), [](const auto* a, const auto* b) {
    return std::make_tuple(a->active(), a->record.started_us) < std::make_tuple(b->active(), b->record.started_us);
  });
  table_list list;
  for (const auto* query : ordered)
    list.tables.put({query->record.plan.name, query->record.id, query->record.plan.output, query->record.plan.mode});
  return list;
}

caf::result<input_processed> known_queries::process(const process_available& order) {
  auto promise = self->make_response_promise<input_processed>();
  auto found = queries.find(order.query);
  if (found == queries.end() || !found->second.active())
    promise.deliver(input_processed{found == queries.end() ? status(errc::query_not_found, "the query is not known any more")
                                                           : found->second.error});
  else
    promise.delegate(found->second.actor, order);
  return promise;
}

table_found known_queries::table(const query_id& id) {
  auto found = queries.find(id);
  if (found == queries.end() || !is_memory(found->second.record.plan)) return {};
  auto& query = found->second;
  if (!query.actor) {
    query.look_only = true;
    spawn(query, false);
  }
  return {query.actor};
}

} // namespace sluice::actors
