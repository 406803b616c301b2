#include "pseudonymiser/tls_request.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/config.h"
#include "base/exit_code.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::pseudonymiser {
namespace {

template <auto kFree>
struct Deleter {
  template <typename T>
  void operator()(T* p) const {
    kFree(p);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using RequestPtr = std::unique_ptr<X509_REQ, Deleter<X509_REQ_free>>;
using CertificatePtr = std::unique_ptr<X509, Deleter<X509_free>>;
using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using ExtensionPtr =
    std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;

struct FreeStack {
  void operator()(STACK_OF(X509_EXTENSION) * stack) const {
    sk_X509_EXTENSION_pop_free(stack, X509_EXTENSION_free);
  }
};
using StackPtr = std::unique_ptr<STACK_OF(X509_EXTENSION), FreeStack>;

absl::Status Failed(const char* what) {
  return absl::InternalError(absl::StrFormat("OpenSSL cannot %s", what));
}

absl::Status DoesNotFit(std::string_view what) {
  return InputError(absl::StrFormat("the certificate %s", what));
}

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

BioPtr BioOf(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

absl::StatusOr<std::string> PublicKeyDigest(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size <= 0) return Failed("encode a public key");
  const std::string bytes(reinterpret_cast<const char*>(der),
                          static_cast<size_t>(size));
  OPENSSL_free(der);
  return Sha256Hex(bytes);
}

KeyPtr ReadKey(std::string_view pem) {
  const BioPtr bio = BioOf(pem);
  return KeyPtr(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
}

// The request's one name: a URI, critical because the subject is empty.
absl::Status AddUri(X509_REQ* request, std::string_view uri) {
  const std::string value = absl::StrFormat("critical,URI:%s", uri);
  ExtensionPtr extension(X509V3_EXT_conf_nid(
      nullptr, nullptr, NID_subject_alt_name, value.c_str()));
  StackPtr stack(sk_X509_EXTENSION_new_null());
  if (extension == nullptr || stack == nullptr ||
      sk_X509_EXTENSION_push(stack.get(), extension.get()) == 0) {
    return Failed("name the request");
  }
  static_cast<void>(extension.release());  // the stack owns it now
  if (X509_REQ_add_extensions(request, stack.get()) != 1) {
    return Failed("name the request");
  }
  return absl::OkStatus();
}

absl::StatusOr<TlsRequest> RequestFor(EVP_PKEY* key, std::string_view uri) {
  RequestPtr request(X509_REQ_new());
  if (request == nullptr || X509_REQ_set_version(request.get(), 0) != 1 ||
      X509_REQ_set_pubkey(request.get(), key) != 1) {
    return Failed("make a request");
  }
  TALLY_RETURN_IF_ERROR(AddUri(request.get(), uri));
  if (X509_REQ_sign(request.get(), key, EVP_sha256()) <= 0) {
    return Failed("sign the request");
  }
  const BioPtr csr(BIO_new(BIO_s_mem()));
  const BioPtr private_key(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509_REQ(csr.get(), request.get()) != 1 ||
      PEM_write_bio_PrivateKey(private_key.get(), key, nullptr, nullptr, 0,
                               nullptr, nullptr) != 1) {
    return Failed("write a request");
  }
  TlsRequest made;
  made.key_pem = TextOf(private_key.get());
  made.csr_pem = TextOf(csr.get());
  TALLY_ASSIGN_OR_RETURN(made.public_key_sha256, PublicKeyDigest(key));
  return made;
}

// The URI names of a certificate.
std::vector<std::string> UrisOf(X509* certificate) {
  std::vector<std::string> uris;
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr) return uris;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                      static_cast<size_t>(ASN1_STRING_length(uri)));
  }
  return uris;
}

absl::StatusOr<int64_t> UnixSeconds(const ASN1_TIME* time) {
  struct tm parts {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return DoesNotFit("has no end");
  return static_cast<int64_t>(::timegm(&parts));
}

}  // namespace

TlsRequest::~TlsRequest() { WipeMemory(key_pem.data(), key_pem.size()); }

absl::StatusOr<TlsRequest> MakeTlsRequest(std::string_view uri) {
  const KeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  if (key == nullptr) return Failed("make a key");
  return RequestFor(key.get(), uri);
}

absl::StatusOr<TlsRequest> MakeTlsRequestForKey(std::string_view uri,
                                                std::string_view key_pem) {
  const KeyPtr key = ReadKey(key_pem);
  if (key == nullptr) return KeyError("the TLS key is no private key in PEM");
  return RequestFor(key.get(), uri);
}

absl::StatusOr<CertificateFacts> CheckCertificate(std::string_view pem,
                                                  std::string_view key_pem,
                                                  std::string_view uri) {
  const BioPtr bio = BioOf(pem);
  const CertificatePtr certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) return DoesNotFit("is not one in PEM");
  if (!key_pem.empty()) {
    const KeyPtr key = ReadKey(key_pem);
    if (key == nullptr) return KeyError("the TLS key is no private key in PEM");
    if (X509_check_private_key(certificate.get(), key.get()) != 1) {
      return DoesNotFit("was made for another key");
    }
  }
  const std::vector<std::string> uris = UrisOf(certificate.get());
  if (uris.size() != 1 || uris.front() != uri) {
    return DoesNotFit(
        absl::StrFormat("does not have %s as its one URI name", uri));
  }
  CertificateFacts facts;
  TALLY_ASSIGN_OR_RETURN(facts.public_key_sha256,
                         PublicKeyDigest(X509_get0_pubkey(certificate.get())));
  TALLY_ASSIGN_OR_RETURN(const int64_t begin,
                         UnixSeconds(X509_get0_notBefore(certificate.get())));
  TALLY_ASSIGN_OR_RETURN(const int64_t end,
                         UnixSeconds(X509_get0_notAfter(certificate.get())));
  const int64_t now = NowUnixMs() / 1000;
  if (now < begin) return DoesNotFit("is not valid yet; is the clock right?");
  if (now > end) return DoesNotFit("is no longer valid");
  facts.not_after = FormatUtcRfc3339(end * 1000);
  facts.days_left = (end - now) / 86'400;
  return facts;
}

}  // namespace tally::pseudonymiser
