#include "common/net/internal/address.hpp"

#include <gtest/gtest.h>

namespace sluice::net {
namespace {

TEST(Address, SplitsHostAndPort) {
  auto plain = parse_address("127.0.0.1:7077");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->host, "127.0.0.1");
  EXPECT_EQ(plain->port, 7077);
  auto v6 = parse_address("[::1]:0");
  ASSERT_TRUE(v6.ok());
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->text(), "[::1]:0");
}

TEST(Address, RefusesWhatIsNoAddress) {
  for (const char* bad : {"", "localhost", ":1", "h:", "h:x", "h:65536", "h:-1", "h:1x"})
    EXPECT_EQ(parse_address(bad).code(), errc::invalid_argument) << bad;
}

TEST(Address, KnowsLoopback) {
  EXPECT_TRUE(is_loopback({"127.0.0.1", 1}));
  EXPECT_TRUE(is_loopback({"127.9.9.9", 1}));
  EXPECT_TRUE(is_loopback({"::1", 1}));
  EXPECT_FALSE(is_loopback({"0.0.0.0", 1}));
  EXPECT_FALSE(is_loopback({"::", 1}));
  EXPECT_FALSE(is_loopback({"10.0.0.1", 1}));
}

} // namespace
} // namespace sluice::net
