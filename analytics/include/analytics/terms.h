// The terms of use: what an analyst reads and accepts before anything is
// downloaded, and what was accepted.
// Runs in: the analyst's program.
//
// Spec: docs/commissioning.md, "login".
// Threading: one program writes the file.
// Secrets: none.
#ifndef TALLY_ANALYTICS_TERMS_H_
#define TALLY_ANALYTICS_TERMS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally::analytics {

// The version of the terms that TermsText() gives; the hub asks for a version,
// and only this one can be accepted with this program.
inline constexpr std::string_view kTermsVersion = "dpa2018-s171-v1";

// The notice of section 171 of the Data Protection Act 2018, and what the
// analyst promises.
std::string_view TermsText();

struct AcceptedTerms {
  std::string version;   // as the hub names it; empty: nothing accepted
  std::string identity;  // URI name of the certificate
  std::string accepted;  // UTC, RFC 3339
};

// Writes the file, 0600.
absl::Status SaveAcceptedTerms(const std::string& path,
                               const AcceptedTerms& terms);
// What was accepted; an empty version if there is no file. kInvalidArgument
// if the file is malformed.
absl::StatusOr<AcceptedTerms> ReadAcceptedTerms(const std::string& path);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_TERMS_H_
