#include "analytics/measures/runner.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/measures/agreement.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "measures/successors.h"

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
  if (month_.has_value()) return *month_;
  TALLY_ASSIGN_OR_RETURN(const MonthRange covered,
                         CoveredMonths(release_, database_.connection()));
  CivilDay month = covered.last;
  if (options_.month.has_value()) month = options_.month->FirstOfMonth();
  if (month < covered.first || covered.last < month) {
    return UsageError(absl::StrFormat(
        "--month: the release covers %s to %s, not %s", covered.first.ToMonth(),
        covered.last.ToMonth(), month.ToMonth()));
  }
  month_ = month;
  return month;
}

absl::StatusOr<MeasureResult> MeasureRunner::Run(std::string_view id) {
  TALLY_ASSIGN_OR_RETURN(const MeasureResult* result, RunOnce(id));
  return *result;
}

absl::StatusOr<const MeasureResult*> MeasureRunner::RunOnce(
    std::string_view id) {
  const auto found = results_.find(id);
  if (found != results_.end()) {
    if (found->second == nullptr) {
      return absl::InternalError(
          absl::StrFormat("measure %s uses itself", std::string(id)));
    }
    return found->second.get();
  }
  const auto place = results_.emplace(id, nullptr).first;
  absl::StatusOr<MeasureResult> result = Compute(id);
  if (!result.ok()) {
    results_.erase(place);
    return result.status();
  }
  place->second = std::make_unique<MeasureResult>(*std::move(result));
  return place->second.get();
}

absl::StatusOr<std::optional<std::string>> MeasureRunner::RunUsed(
    const MeasureDefinition& definition) {
  for (const std::string& used : definition.Uses()) {
    TALLY_ASSIGN_OR_RETURN(const MeasureResult* result, RunOnce(used));
    if (result->unavailable.has_value()) {
      return absl::StrFormat("it uses %s, which is not available: %s", used,
                             *result->unavailable);
    }
  }
  return std::nullopt;
}

absl::Status MeasureRunner::Release(const std::vector<RawTable>& raw,
                                    MeasureResult& result) {
  for (const RawTable& table : raw) {
    absl::StatusOr<GatedTable> gated = gate_.Release(table);
    if (gated.ok()) {
      result.tables.push_back(*std::move(gated));
      continue;
    }
    if (ReasonOf(gated.status()) != Reason::kDisclosureRefused) {
      return gated.status();
    }
    result.refused.push_back({table.info().table, gated.status()});
  }
  return absl::OkStatus();
}

absl::Status MeasureRunner::Derive(const Measure& measure,
                                   const MeasureDefinition& definition,
                                   CivilDay month, MeasureResult& result) {
  ReleasedTables released;
  released[result.id] = result.tables;
  for (const std::string& used : definition.Uses()) {
    released[used] = results_.find(used)->second->tables;
  }
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<DerivedTable> derived,
      measure.Derive({definition, month, options_.comparators, released}));
  for (const DerivedTable& table : derived) {
    TALLY_ASSIGN_OR_RETURN(GatedTable gated, gate_.ReleaseDerived(table));
    result.tables.push_back(std::move(gated));
  }
  return absl::OkStatus();
}

absl::StatusOr<MeasureResult> MeasureRunner::Compute(std::string_view id) {
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<Measure> measure,
                         MakeMeasure(id));
  TALLY_ASSIGN_OR_RETURN(const MeasureDefinition definition,
                         LoadDefinition(id, options_.definitions));
  MeasureResult result;
  result.id = definition.id();
  result.title = definition.title();
  result.version = definition.version();
  result.definition_sha256 = definition.sha256();
  result.pages = definition.pages();
  result.unavailable = definition.Unavailable(release_, options_.comparators);
  if (result.unavailable.has_value()) return result;
  // Of a measure that computes from others' tables nothing is grouped anew.
  const bool grouped = !options_.by.empty();
  if (!grouped) {
    TALLY_ASSIGN_OR_RETURN(result.unavailable, RunUsed(definition));
    if (result.unavailable.has_value()) return result;
  }
  TALLY_ASSIGN_OR_RETURN(const CivilDay month, Month());
  const MeasureContext context{
      release_,    database_.connection(), definition, month,
      options_.by, options_.comparators,   base_,      options_.definitions,
      gate_.log()};
  TALLY_RETURN_IF_ERROR(UseProviderSuccessors(context));
  TALLY_ASSIGN_OR_RETURN(const std::vector<RawTable> raw,
                         measure->Compute(context));
  TALLY_RETURN_IF_ERROR(Release(raw, result));
  if (grouped) return result;
  TALLY_RETURN_IF_ERROR(Derive(*measure, definition, month, result));
  result.parts = measure->Draw(definition, result.tables);
  return result;
}

}  // namespace tally::analytics
