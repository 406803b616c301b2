#ifndef TALLY_LINKAGE_RELEASE_AGREEMENT_CHECK_H_
#define TALLY_LINKAGE_RELEASE_AGREEMENT_CHECK_H_

// Holds an agreement against what the hub knows: specifications, sources with
// their factors, peers with their organisations, the day. Runs when an
// agreement is added and again before each preview and release.
//
// Spec: docs/spec/agreement-v1.md, "Refusals"
// Threading: pure functions over values.
// Secrets: none.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/civil_day.h"
#include "dataset/specification.h"
#include "linkage/release/agreement.h"

namespace tally::linkage {

// What an agreement is checked against.
struct AgreementContext {
  CivilDay today;
  std::string trust_domain;
  // The newest version of a dataset, or null.
  std::function<const dataset::Specification*(std::string_view)> specification;
  // Source id -> domains for which a conversion factor has been imported.
  std::map<std::string, std::set<std::string>, std::less<>> factor_domains;
  // Peer URI -> organisation, for every peer of the allow-list.
  std::map<std::string, std::string, std::less<>> organisations;
};

// OK, or AGREEMENT_INVALID with the path of the first offending key; the text
// repeats no value of the agreement. An agreement whose last day is past is
// refused here; whether its first day has come is for IsInForce().
[[nodiscard]] absl::Status CheckAgreement(const Agreement& agreement,
                                          const AgreementContext& context);

// Whether `filter` fits `column`: the operator and the types of its values.
// Errors: AGREEMENT_INVALID with `path` and ".op" or ".value".
[[nodiscard]] absl::Status CheckFilter(const Filter& filter,
                                       const dataset::ColumnSpec& column,
                                       std::string_view path);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_AGREEMENT_CHECK_H_
