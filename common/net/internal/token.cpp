#include "common/net/internal/token.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <set>

namespace sluice::net {
namespace {

constexpr std::size_t nonce_bytes = 32;
constexpr std::size_t max_tokens = 2;
constexpr double min_token_bits = 128;
constexpr std::size_t min_distinct_characters = 8;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// What the text can carry at most: its length times the bits of a character of its alphabet.
double token_bits(std::string_view text) {
  double bits = 6;
  if (std::all_of(text.begin(), text.end(), is_digit))
    bits = 3.32;
  else if (std::all_of(text.begin(), text.end(), is_hex))
    bits = 4;
  return bits * static_cast<double>(text.size());
}

status check_token(std::string_view text, int line) {
  auto fail = [&](const std::string& why) {
    return status{errc::invalid_setting, "the token in line " + std::to_string(line) + " " + why + "; make one with: openssl rand -hex 32"};
  };
  for (char c : text)
    if (c <= ' ' || c > '~') return fail("holds blanks or characters that are not printable ASCII");
  if (token_bits(text) < min_token_bits || std::set<char>(text.begin(), text.end()).size() < min_distinct_characters)
    return fail("is shorter than 128 random bits (32 hexadecimal digits)");
  return ok();
}

void add_field(std::string& out, std::string_view field) {
  for (int i = 0; i < 4; ++i) out += static_cast<char>(field.size() >> (8 * i));
  out += field;
}

} // namespace

result<std::vector<secret>> parse_tokens(const secret& text) {
  std::vector<secret> tokens;
  std::string_view left = text.reveal();
  for (int line = 1; !left.empty(); ++line) {
    auto end = std::min(left.find('\n'), left.size());
    auto token = left.substr(0, end);
    left.remove_prefix(std::min(end + 1, left.size()));
    if (token.ends_with('\r')) token.remove_suffix(1);
    if (token.empty()) continue;
    SLUICE_RETURN_IF_ERROR(check_token(token, line));
    tokens.emplace_back(std::string(token));
  }
  if (tokens.empty()) return status{errc::invalid_setting, "no token is in it; make one with: openssl rand -hex 32"};
  if (tokens.size() > max_tokens)
    return status{errc::invalid_setting, "it holds more than two tokens (two are for rotation: the one in use and the next)"};
  return tokens;
}

std::string make_nonce() {
  std::string bytes(nonce_bytes, '\0');
  SLUICE_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) == 1);
  return bytes;
}

std::string prove(const secret& token, side prover, const admission_facts& facts) {
  std::string fields;
  add_field(fields, "sluice link 1");
  add_field(fields, prover == side::server ? "server" : "client");
  for (const auto* field : {&facts.client_nonce, &facts.server_nonce}) add_field(fields, *field);
  for (auto of : {facts.client, facts.server}) add_field(fields, role_name(of));
  for (const auto* field : {&facts.cluster, &facts.client_certificate, &facts.server_certificate}) add_field(fields, *field);
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  SLUICE_CHECK(HMAC(EVP_sha256(), token.reveal().data(), static_cast<int>(token.size()),
                    reinterpret_cast<const unsigned char*>(fields.data()), fields.size(), out, &length) != nullptr);
  return {reinterpret_cast<char*>(out), length};
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string to_hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * bytes.size());
  for (unsigned char byte : bytes) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::string from_hex(std::string_view text) {
  auto value = [](char c) { return is_digit(c) ? c - '0' : (c | 32) - 'a' + 10; };
  if (text.size() % 2 != 0 || !std::all_of(text.begin(), text.end(), is_hex)) return {};
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) out += static_cast<char>(value(text[i]) << 4 | value(text[i + 1]));
  return out;
}

} // namespace sluice::net
