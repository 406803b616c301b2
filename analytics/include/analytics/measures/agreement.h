// What the agreement in a release folder tells the analyst's program.
// Runs in: the analyst's program.
// Threading: values.  Secrets: none.
#ifndef TALLY_ANALYTICS_MEASURES_AGREEMENT_H_
#define TALLY_ANALYTICS_MEASURES_AGREEMENT_H_

#include <string>

#include "absl/status/statusor.h"
#include "analytics/release/release_folder.h"

namespace tally::analytics {

// Empty where the agreement does not say.
struct AgreementFacts {
  std::string title;       // of the project, for people
  std::string population;  // the dataset in which people are looked for
  std::string profile;     // of disclosure
};

// kDataLoss (exit 11) if agreement.toml does not parse; nothing but empty texts
// if there is none.
absl::StatusOr<AgreementFacts> ReadAgreement(const ReleaseFolder& release);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_MEASURES_AGREEMENT_H_
