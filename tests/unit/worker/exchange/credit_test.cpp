#include "worker/exchange/credit.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>

namespace sluice::exchange {
namespace {

constexpr std::int64_t mib = 1 << 20;

TEST(SendCredit, LetsOneBlockOfAnySizeThrough) {
  send_credit credit;
  EXPECT_TRUE(credit.may_send());
  credit.sent(10 * mib);
  EXPECT_FALSE(credit.may_send());
  credit.granted(10 * mib);
  EXPECT_TRUE(credit.may_send());
}

TEST(ReceiveBudget, SharesTheTotalAmongLinks) {
  receive_budget budget(16 * mib);
  EXPECT_EQ(budget.open(1), 16 * mib - guaranteed_bytes);
  EXPECT_EQ(budget.open(2), 8 * mib - guaranteed_bytes);
  // The first one gets nothing back until it holds less than its new share.
  budget.arrived(1, 9 * mib);
  EXPECT_EQ(budget.released(1, mib), 0);
  EXPECT_EQ(budget.held(), 8 * mib);
  budget.close(1);
  EXPECT_EQ(budget.held(), 0);
}

TEST(ReceiveBudget, NeverStarvesASenderAndStaysBounded) {
  receive_budget budget(4 * mib);
  constexpr int num_links = 3;
  std::map<int, send_credit> senders;
  std::map<int, int> sent;
  std::deque<std::pair<int, std::int64_t>> held;
  for (int link = 0; link < num_links; ++link) senders[link].granted(budget.open(link));
  std::uint64_t random = 7;
  for (int round = 0; round < 20'000; ++round) {
    random = random * 6364136223846793005ULL + 1442695040888963407ULL;
    int link = static_cast<int>((random >> 33) % num_links);
    std::int64_t bytes = static_cast<std::int64_t>((random >> 40) % (300 << 10)) + 1;
    if (senders[link].may_send()) {
      senders[link].sent(bytes);
      budget.arrived(link, bytes);
      held.emplace_back(link, bytes);
      ++sent[link];
    }
    EXPECT_LE(budget.held(), 8 * mib);
    if ((random >> 60) % 2 && !held.empty()) {
      auto [from, size] = held.front();
      held.pop_front();
      senders[from].granted(budget.released(from, size));
    }
  }
  while (!held.empty()) {
    auto [from, size] = held.front();
    held.pop_front();
    senders[from].granted(budget.released(from, size));
  }
  for (int link = 0; link < num_links; ++link) {
    EXPECT_TRUE(senders[link].may_send());
    EXPECT_GT(sent[link], 1000);
  }
}

} // namespace
} // namespace sluice::exchange
