// Encoded plans as they travel in orders and stand in query records. What is decoded encodes the same and explains itself. It is not
// run: a plan whose calls do not fit their arguments can only come from our own coordinator (targets sql and connect run plans).
#include "common/plan/codec.hpp"
#include "proto/sluice/plan.pb.h"
#include "tests/fuzz/target.hpp"
#include "tests/unit/common/plan/fixture.hpp"

namespace sluice::fuzz {
namespace {

void run(std::string_view input) {
  auto stream = plan::decode_streaming(input);
  if (stream.ok()) {
    const auto bytes = plan::encode(*stream);
    auto again = plan::decode_streaming(bytes);
    require(again.ok() && plan::encode(*again) == bytes, "a streaming plan does not survive its encoding");
    (void)plan::explain(*stream);
    (void)plan::state_signature(*stream);
    (void)plan::source_signature(*stream);
  }
  auto batch = plan::decode_batch(input);
  if (!batch.ok()) return;
  const auto bytes = plan::encode(*batch);
  auto again = plan::decode_batch(bytes);
  require(again.ok() && plan::encode(*again) == bytes, "a batch plan does not survive its encoding");
  (void)plan::explain(*batch);
}

std::vector<std::string> seeds() {
  std::vector<std::string> out;
  for (const auto* text : {"SELECT action, window(time, '10 minutes', '5 minutes') AS window, count(*) AS count FROM STREAM events "
                           "GROUP BY action, window(time, '10 minutes', '5 minutes')",
                           "SELECT upper(action) a, count(*) + 1 AS n FROM STREAM events GROUP BY 1 HAVING n > 2 ORDER BY n DESC LIMIT 3",
                           "SELECT symbol, max(price), sum(qty), first(tags), avg(ratio) FROM STREAM trades WHERE qty > 1 GROUP BY symbol"}) {
    auto plan = plan::testing::stream_of(text, "outputMode 'complete', trigger '5 seconds', checkpointLocation '/c'");
    require(plan.ok(), "a seed is no plan");
    out.push_back(plan::encode(*plan));
  }
  for (const auto* text : {"SELECT 1, 'x', DATE '2020-02-29', X'01', 1.50", "SELECT symbol s, qty + 1 FROM trades WHERE id > 3 ORDER BY price DESC LIMIT 2",
                           "SELECT symbol, sum(qty), avg(price) FROM trades GROUP BY symbol", "SELECT action FROM counts",
                           "SELECT CASE WHEN ok THEN 1 ELSE 2.5 END, info.fees['x'], tags[0], symbol LIKE 'a%', qty IN (1, 2) FROM trades"}) {
    auto plan = plan::testing::batch_of(text);
    require(plan.ok(), "a seed is no plan");
    out.push_back(plan::encode(*plan));
  }
  return out;
}

std::unique_ptr<google::protobuf::Message> message() { return std::make_unique<proto::streaming_plan>(); }

} // namespace

const target plan_target{"plan", run, seeds, message, 0};

} // namespace sluice::fuzz
