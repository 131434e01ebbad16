#include "common/base/environment.hpp"

#include <mutex>
#include <random>

namespace sluice {

namespace {

class real_clock final : public clock_source {
public:
  microseconds wall() const override {
    return std::chrono::duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch());
  }
  microseconds monotonic() const override {
    return std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now().time_since_epoch());
  }
};

class kernel_random final : public random_source {
public:
  kernel_random() {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(), device(), device(), device(), device()};
    engine_.seed(seed);
  }
  std::uint64_t next() override {
    std::lock_guard lock{mutex_};
    return engine_();
  }

private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

class split_mix final : public random_source {
public:
  explicit split_mix(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override {
    auto z = (state_ += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }

private:
  std::uint64_t state_;
};

} // namespace

std::string random_source::uuid() {
  const std::uint64_t words[2] = {(next() & ~0xf000ull) | 0x4000ull, (next() & ~(3ull << 62)) | (2ull << 62)};
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20)
      text += '-';
    text += digits[(words[nibble / 16] >> (60 - 4 * (nibble % 16))) & 0xf];
  }
  return text;
}

std::shared_ptr<clock_source> system_clock_source() { return std::make_shared<real_clock>(); }
std::shared_ptr<random_source> system_random_source() { return std::make_shared<kernel_random>(); }
std::shared_ptr<random_source> seeded_random_source(std::uint64_t seed) { return std::make_shared<split_mix>(seed); }

} // namespace sluice
