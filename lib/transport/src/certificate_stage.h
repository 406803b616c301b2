#ifndef TALLY_TRANSPORT_SRC_CERTIFICATE_STAGE_H_
#define TALLY_TRANSPORT_SRC_CERTIFICATE_STAGE_H_

// Checked copies of certificate, key and authority in a folder that gRPC
// watches. A bad file takes new handshakes down, and certificate and key change
// one after the other; so a set is checked first and then put into use whole,
// by renaming one link. Private to lib/transport.
//
//   STAGING/1/{certificate,key,ca}.pem
//   STAGING/current -> 1
//
// Threading: any thread.
// Secrets: the key is written here, mode 0600, below a folder of mode 0700.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "transport/certificates.h"
#include "transport/server.h"

namespace tally::transport {

class CertificateStage {
 public:
  // Fails as CheckTlsMaterial() if the first set may not be used.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<CertificateStage>> Open(
      const ServerOptions& options);
  ~CertificateStage();
  CertificateStage(const CertificateStage&) = delete;
  CertificateStage& operator=(const CertificateStage&) = delete;

  std::string certificate_path() const { return Current("certificate.pem"); }
  std::string key_path() const { return Current("key.pem"); }
  std::string ca_path() const { return Current("ca.pem"); }

  // Reads the files again; a set that may not be used leaves the one before.
  absl::Status Reload() TALLY_EXCLUDES(mu_);
  int64_t DaysLeft() const TALLY_EXCLUDES(mu_);
  CertificateTerm Term() const TALLY_EXCLUDES(mu_);
  // The set in use.
  absl::StatusOr<TlsMaterial> ReadCurrent() const;

 private:
  explicit CertificateStage(const ServerOptions& options);
  std::string Current(const char* name) const;
  absl::Status ReloadIfChanged(bool always) TALLY_EXCLUDES(mu_);
  absl::Status PutIntoUse(const TlsMaterial& material, int64_t version);
  void WarnOfEnd() TALLY_EXCLUDES(mu_);
  void Watch() TALLY_EXCLUDES(mu_);

  const ServerOptions options_;
  Mutex reload_mu_;
  mutable Mutex mu_;
  CondVar wake_;
  CertificateFacts facts_ TALLY_GUARDED_BY(mu_);
  std::string digest_ TALLY_GUARDED_BY(mu_);
  int64_t version_ TALLY_GUARDED_BY(mu_) = 0;
  int64_t warned_days_ TALLY_GUARDED_BY(mu_) = INT64_MAX;
  bool stop_ TALLY_GUARDED_BY(mu_) = false;
  std::thread watcher_;
};

}  // namespace tally::transport

#endif  // TALLY_TRANSPORT_SRC_CERTIFICATE_STAGE_H_
