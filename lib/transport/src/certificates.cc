#include "transport/certificates.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <ctime>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "certificate_parts.h"
#include "transport/authoriser.h"

namespace tally::transport {
namespace {

constexpr int64_t kMaxPemBytes = 256 * 1024;

absl::Status MaterialError(std::string_view what) {
  ERR_clear_error();
  return KeyError(absl::StrFormat("TLS certificate: %s", what));
}

absl::StatusOr<int64_t> SecondsOf(const ASN1_TIME* time) {
  std::tm parts = {};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) {
    return absl::InvalidArgumentError("a certificate's date does not parse");
  }
  return static_cast<int64_t>(timegm(&parts));
}

absl::StatusOr<std::string> KeyDigest(const X509& certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(&certificate), &der);
  if (size <= 0) {
    ERR_clear_error();
    return absl::InvalidArgumentError("a certificate's key does not encode");
  }
  std::string digest = Sha256Hex(std::string_view(
      reinterpret_cast<const char*>(der), static_cast<size_t>(size)));
  OPENSSL_free(der);
  return digest;
}

std::vector<std::string> UrisOf(const X509& certificate) {
  std::vector<std::string> uris;
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr) return uris;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_STRING* text = name->d.uniformResourceIdentifier;
    uris.emplace_back(
        reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
        static_cast<size_t>(ASN1_STRING_length(text)));
  }
  return uris;
}

}  // namespace

BioPtr MemoryBio(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::vector<X509Ptr> ParseCertificates(std::string_view pem) {
  std::vector<X509Ptr> certificates;
  const BioPtr bio = MemoryBio(pem);
  while (bio != nullptr) {
    X509Ptr next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (next == nullptr) break;
    certificates.push_back(std::move(next));
  }
  ERR_clear_error();  // the end of the text is an error to OpenSSL
  return certificates;
}

KeyPtr ParseKey(const SecretText& pem) {
  const BioPtr bio = MemoryBio(pem.Reveal());
  // No passphrase from a terminal: a key with one does not parse.
  pem_password_cb* refuse = [](char*, int, int, void*) { return -1; };
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse, nullptr));
  ERR_clear_error();
  return key;
}

X509StorePtr StoreOf(std::string_view ca_pem) {
  X509StorePtr store(X509_STORE_new());
  const std::vector<X509Ptr> authorities = ParseCertificates(ca_pem);
  if (store == nullptr || authorities.empty()) return nullptr;
  for (const X509Ptr& authority : authorities) {
    if (X509_STORE_add_cert(store.get(), authority.get()) != 1) return nullptr;
  }
  return store;
}

int64_t CertificateFacts::DaysLeft(int64_t now_s) const {
  const int64_t left = not_after_s - now_s;
  constexpr int64_t kDay = 86'400;
  return left >= 0 ? left / kDay : -((-left + kDay - 1) / kDay);
}

int64_t CertificateFacts::RenewDays() const {
  return std::min(kRenewDays, (not_after_s - not_before_s) / 86'400 / 3);
}

absl::StatusOr<CertificateFacts> FactsOf(const X509& certificate) {
  CertificateFacts facts;
  facts.uris = UrisOf(certificate);
  TALLY_ASSIGN_OR_RETURN(facts.key_sha256, KeyDigest(certificate));
  TALLY_ASSIGN_OR_RETURN(facts.not_before_s,
                         SecondsOf(X509_get0_notBefore(&certificate)));
  TALLY_ASSIGN_OR_RETURN(facts.not_after_s,
                         SecondsOf(X509_get0_notAfter(&certificate)));
  return facts;
}

absl::StatusOr<CertificateFacts> ReadCertificate(std::string_view pem) {
  const std::vector<X509Ptr> certificates = ParseCertificates(pem);
  if (certificates.empty()) {
    return absl::InvalidArgumentError("no certificate in PEM form");
  }
  return FactsOf(*certificates.front());
}

absl::StatusOr<std::string> PublicKeySha256(std::string_view certificate_pem) {
  TALLY_ASSIGN_OR_RETURN(CertificateFacts facts,
                         ReadCertificate(certificate_pem));
  return std::move(facts.key_sha256);
}

absl::StatusOr<TlsMaterial> ReadTlsMaterial(const std::string& certificate_file,
                                            std::string_view key_reference,
                                            const std::string& ca_file) {
  TlsMaterial material;
  TALLY_ASSIGN_OR_RETURN(material.certificate_pem,
                         ReadFile(certificate_file, kMaxPemBytes));
  TALLY_ASSIGN_OR_RETURN(material.ca_pem, ReadFile(ca_file, kMaxPemBytes));
  TALLY_ASSIGN_OR_RETURN(material.key_pem, ReadSecretReference(key_reference));
  return material;
}

absl::StatusOr<CertificateFacts> CheckTlsMaterial(const TlsMaterial& material,
                                                  TlsEnd end) {
  const std::vector<X509Ptr> chain =
      ParseCertificates(material.certificate_pem);
  if (chain.empty()) return MaterialError("the file holds no certificate");
  const KeyPtr key = ParseKey(material.key_pem);
  if (key == nullptr) {
    return MaterialError("the key does not parse, or has a passphrase");
  }
  if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
    return MaterialError("the key belongs to another certificate");
  }
  const X509StorePtr store = StoreOf(material.ca_pem);
  if (store == nullptr) return MaterialError("the authority does not parse");

  const X509StoreContextPtr context(X509_STORE_CTX_new());
  STACK_OF(X509)* others = sk_X509_new_null();
  for (size_t i = 1; i < chain.size(); ++i) {
    sk_X509_push(others, chain[i].get());
  }
  const bool ready =
      X509_STORE_CTX_init(context.get(), store.get(), chain.front().get(),
                          others) == 1 &&
      X509_STORE_CTX_set_purpose(
          context.get(), end == TlsEnd::kServer ? X509_PURPOSE_SSL_SERVER
                                                : X509_PURPOSE_SSL_CLIENT) == 1;
  const bool good = ready && X509_verify_cert(context.get()) == 1;
  const int error = X509_STORE_CTX_get_error(context.get());
  sk_X509_free(others);
  if (!good) return MaterialError(X509_verify_cert_error_string(error));
  return FactsOf(*chain.front());
}

}  // namespace tally::transport
