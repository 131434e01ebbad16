#include "common/net/internal/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <memory>

namespace sluice::net {
namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* held) const {
    Free(held);
  }
};
using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using store_ptr = std::unique_ptr<X509_STORE, freed_by<X509_STORE_free>>;
using context_ptr = std::unique_ptr<X509_STORE_CTX, freed_by<X509_STORE_CTX_free>>;

void free_stack(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }
using stack_ptr = std::unique_ptr<STACK_OF(X509), freed_by<free_stack>>;

bio_ptr reader_of(const std::string& pem) { return bio_ptr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

/// A key with a pass phrase is refused instead of asking the terminal.
int no_pass_phrase(char*, int, int, void*) { return -1; }

stack_ptr certificates_of(const std::string& pem) {
  stack_ptr out(sk_X509_new_null());
  auto from = reader_of(pem);
  while (auto* next = PEM_read_bio_X509(from.get(), nullptr, no_pass_phrase, nullptr)) sk_X509_push(out.get(), next);
  ERR_clear_error();
  return out;
}

status failure(const std::string& why) { return {errc::invalid_setting, why}; }

status check_issuer(const stack_ptr& authority, const stack_ptr& chain) {
  store_ptr store(X509_STORE_new());
  for (int i = 0; i < sk_X509_num(authority.get()); ++i) X509_STORE_add_cert(store.get(), sk_X509_value(authority.get(), i));
  context_ptr context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), sk_X509_value(chain.get(), 0), chain.get());
  if (X509_verify_cert(context.get()) == 1) return ok();
  auto error = X509_STORE_CTX_get_error(context.get());
  ERR_clear_error();
  return failure(std::string("the certificate is not accepted by the cluster's authority: ") + X509_verify_cert_error_string(error));
}

} // namespace

std::string certificate_fingerprint(const std::string& pem) {
  auto from = reader_of(pem);
  x509_ptr certificate(PEM_read_bio_X509(from.get(), nullptr, no_pass_phrase, nullptr));
  ERR_clear_error();
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  if (!certificate || X509_digest(certificate.get(), EVP_sha256(), out, &length) != 1) return {};
  return {reinterpret_cast<char*>(out), length};
}

status check_certificate(const std::string& authority, const std::string& certificate, const secret& key, role self) {
  auto issuers = certificates_of(authority);
  if (sk_X509_num(issuers.get()) == 0) return failure("security.ca-file holds no certificate in PEM form");
  auto chain = certificates_of(certificate);
  if (sk_X509_num(chain.get()) == 0) return failure("security.cert-file holds no certificate in PEM form");
  auto* own = sk_X509_value(chain.get(), 0);
  auto from = reader_of(key.reveal());
  key_ptr private_key(PEM_read_bio_PrivateKey(from.get(), nullptr, no_pass_phrase, nullptr));
  ERR_clear_error();
  if (!private_key) return failure("security.key-file holds no key in PEM form without a pass phrase");
  if (X509_check_private_key(own, private_key.get()) != 1) {
    ERR_clear_error();
    return failure("security.key-file and security.cert-file do not belong together");
  }
  SLUICE_RETURN_IF_ERROR(check_issuer(issuers, chain));
  auto name = certificate_name(self);
  if (X509_check_host(own, name.c_str(), name.size(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_WILDCARDS, nullptr) == 1)
    return ok();
  return failure("the certificate does not carry the DNS name " + name + ", so its holder may not act as " + std::string(role_name(self)));
}

} // namespace sluice::net
