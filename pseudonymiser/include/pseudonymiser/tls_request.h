#ifndef TALLY_PSEUDONYMISER_TLS_REQUEST_H_
#define TALLY_PSEUDONYMISER_TLS_REQUEST_H_

// The TLS key pair of this source and the request for its certificate. The
// identity is the one URI name in the request,
// spiffe://TRUST-DOMAIN/source/ID; common names mean nothing here.
//
// Spec: docs/pseudonymiser.md, "Enrol".
// Threading: pure functions.
// Secrets: the private key goes into a file of mode 0600 and is shown to
// nobody.

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally::pseudonymiser {

struct TlsRequest {
  std::string key_pem;  // private; wiped by the destructor
  std::string csr_pem;
  // SHA-256 of the public key (SubjectPublicKeyInfo, DER), hex: what the hub's
  // operator enters, and what two people compare by telephone.
  std::string public_key_sha256;

  TlsRequest() = default;
  TlsRequest(TlsRequest&&) = default;
  TlsRequest& operator=(TlsRequest&&) = default;
  ~TlsRequest();
};

// A fresh P-256 key and a request signed with it. kInternal when OpenSSL fails.
absl::StatusOr<TlsRequest> MakeTlsRequest(std::string_view uri);

// A request for a key that is there already: the same key, a new request.
absl::StatusOr<TlsRequest> MakeTlsRequestForKey(std::string_view uri,
                                                std::string_view key_pem);

// What a certificate says, once it was found to fit.
struct CertificateFacts {
  std::string public_key_sha256;
  std::string not_after;  // RFC 3339
  int64_t days_left = 0;
};

// Checks a certificate (PEM, own certificate first) against key and URI: they
// belong together, the URI is its only one, it is valid now. `key_pem` empty:
// the key is not compared. kInvalidArgument (exit 8) naming what does not fit.
absl::StatusOr<CertificateFacts> CheckCertificate(std::string_view pem,
                                                  std::string_view key_pem,
                                                  std::string_view uri);

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_TLS_REQUEST_H_
