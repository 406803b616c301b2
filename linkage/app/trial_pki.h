#ifndef TALLY_LINKAGE_APP_TRIAL_PKI_H_
#define TALLY_LINKAGE_APP_TRIAL_PKI_H_

// A small certificate authority for trials: one self-signed authority, one
// certificate a peer with its one URI name. Never for production, where an
// organisation has an authority of its own.
//
// Files below its folder, 0600 in 0700: ca.pem, ca.key, ROLE-ID.pem,
// ROLE-ID.key.
//
// Role: `linkage pki`, outside production.
// Spec: docs/operations.md, "Trial certificates"
// Threading: one thread.
// Secrets: private keys, in files only.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally::linkage {

struct TrialPeer {
  std::string role;  // hub, source, operator, analyst, auditor
  std::string id;
  std::vector<std::string> addresses;  // DNS names and IPs, for hubs
};

struct TrialCertificate {
  std::string file;       // base name without ending
  std::string uri;        // empty for the authority
  std::string not_after;  // YYYY-MM-DD
  std::string public_key_sha256;
};

class TrialPki {
 public:
  TrialPki(std::string directory, std::string trust_domain)
      : directory_(std::move(directory)),
        trust_domain_(std::move(trust_domain)) {}

  // Makes the authority. kAlreadyExists (exit 7) if there is one.
  [[nodiscard]] absl::Status Init(int days);
  // Makes a key, if there is none, and a certificate for `peer`. With `renew`
  // the certificate must be there and its key stays; without it neither may.
  [[nodiscard]] absl::StatusOr<TrialCertificate> Issue(const TrialPeer& peer,
                                                       int days, bool renew);
  // Everything issued, by file name.
  [[nodiscard]] absl::StatusOr<std::vector<TrialCertificate>> List() const;

 private:
  const std::string directory_;
  const std::string trust_domain_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_APP_TRIAL_PKI_H_
