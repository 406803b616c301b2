#include "analytics/measures/runner.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/measures/agreement.h"
#include "base/exit_code.h"
#include "base/status.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kDefaultProfile = "nhs-subnational";

}  // namespace

absl::StatusOr<Profile> EffectiveProfile(const ReleaseFolder& release,
                                         const std::string& configured,
                                         const std::string& asked) {
  TALLY_ASSIGN_OR_RETURN(const AgreementFacts agreement,
                         ReadAgreement(release));
  const std::string agreed = agreement.profile.empty()
                                 ? std::string(kDefaultProfile)
                                 : agreement.profile;
  TALLY_ASSIGN_OR_RETURN(Profile floor, Profile::Named(agreed));
  if (asked.empty()) {
    if (configured.empty()) return floor;
    TALLY_ASSIGN_OR_RETURN(Profile usual, Profile::Named(configured));
    return usual.AsStrictAs(floor) ? usual : floor;
  }
  TALLY_ASSIGN_OR_RETURN(Profile wanted, Profile::Named(asked));
  if (!wanted.AsStrictAs(floor)) {
    return NotPermittedError(
        absl::StrFormat("the agreement asks for the profile %s; %s is looser",
                        floor.name(), wanted.name()));
  }
  return wanted;
}

MeasureRunner::MeasureRunner(const ReleaseFolder& release,
                             ReleaseDatabase& database, Gate& gate,
                             RunOptions options)
    : release_(release),
      database_(database),
      gate_(gate),
      options_(std::move(options)) {}

absl::StatusOr<CivilDay> MeasureRunner::Month() {
  TALLY_ASSIGN_OR_RETURN(const MonthRange covered,
                         CoveredMonths(release_, database_.connection()));
  if (!options_.month.has_value()) return covered.last;
  const CivilDay month = options_.month->FirstOfMonth();
  if (month < covered.first || covered.last < month) {
    return UsageError(absl::StrFormat(
        "--month: the release covers %s to %s, not %s", covered.first.ToMonth(),
        covered.last.ToMonth(), month.ToMonth()));
  }
  return month;
}

absl::StatusOr<MeasureResult> MeasureRunner::Run(std::string_view id) {
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<Measure> measure,
                         MakeMeasure(id));
  TALLY_ASSIGN_OR_RETURN(const MeasureDefinition definition,
                         LoadDefinition(id, options_.definitions));
  MeasureResult result;
  result.id = definition.id();
  result.title = definition.title();
  result.version = definition.version();
  result.definition_sha256 = definition.sha256();
  result.unavailable = definition.Unavailable(release_);
  if (result.unavailable.has_value()) return result;
  TALLY_ASSIGN_OR_RETURN(const CivilDay month, Month());
  const MeasureContext context{release_,    database_.connection(),
                               definition,  month,
                               options_.by, options_.comparators};
  TALLY_ASSIGN_OR_RETURN(const std::vector<RawTable> raw,
                         measure->Compute(context));
  for (const RawTable& table : raw) {
    TALLY_ASSIGN_OR_RETURN(GatedTable gated, gate_.Release(table));
    result.tables.push_back(std::move(gated));
  }
  if (options_.by.empty()) {
    result.parts = measure->Draw(definition, result.tables);
  }
  return result;
}

}  // namespace tally::analytics
