#ifndef TALLY_TRANSPORT_CERTIFICATES_H_
#define TALLY_TRANSPORT_CERTIFICATES_H_

// What a certificate says, and whether certificate, key and authority belong
// together: checked before anything is put into use, and by `doctor`.
//
// Role: hub and clients. Spec: docs/spec/api-v1.md, "Certificates".
// Threading: no state.
// Secrets: TlsMaterial holds a key; it is wiped with the object.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/config.h"

namespace tally::transport {

struct CertificateFacts {
  std::vector<std::string> uris;  // URI names, as bytes
  std::string key_sha256;         // of the DER SubjectPublicKeyInfo, 64 hex
  int64_t not_before_s = 0;       // seconds since 1970
  int64_t not_after_s = 0;

  // Whole days until the end, rounded down; negative after it.
  int64_t DaysLeft(int64_t now_s) const;
  // From how many days before the end it is time to renew: kRenewDays, or a
  // third of the certificate's life where that is less.
  int64_t RenewDays() const;
};

inline constexpr int64_t kRenewDays = 14;

// How long a certificate still holds.
struct CertificateTerm {
  int64_t days_left = 0;
  bool renew = false;  // at most RenewDays() are left
};

// The first certificate of a PEM text. kInvalidArgument if there is none or it
// does not parse.
absl::StatusOr<CertificateFacts> ReadCertificate(std::string_view pem);

enum class TlsEnd { kServer, kClient };

// A certificate chain, its key and the authority that both ends trust.
struct TlsMaterial {
  std::string certificate_pem;  // own certificate first
  SecretText key_pem;
  std::string ca_pem;
};

// Reads the three. `key_reference` as in base/config.h. Errors: those of the
// files; kExitKey for the key.
absl::StatusOr<TlsMaterial> ReadTlsMaterial(const std::string& certificate_file,
                                            std::string_view key_reference,
                                            const std::string& ca_file);

// The facts of the own certificate if all of it may be used now: it parses, the
// key belongs to it, the chain leads to the authority, the dates hold, and its
// usage allows this end. kFailedPrecondition (kExitKey) says which does not.
absl::StatusOr<CertificateFacts> CheckTlsMaterial(const TlsMaterial& material,
                                                  TlsEnd end);

}  // namespace tally::transport

#endif  // TALLY_TRANSPORT_CERTIFICATES_H_
