// The rates that C06 compares over deprivation deciles, and its pictures.
// Threading: one connection; pure functions.
// Secrets: exact counts pass through.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C06_INEQUALITY_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C06_INEQUALITY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/dashboard/page_model.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/measures/definition.h"
#include "analytics/measures/measure.h"
#include "analytics/measures/patient_list.h"
#include "measures/c03_conditions.h"
#include "measures/strata.h"

namespace tally::analytics {

// What the events of a rate are.
enum class InequalityEvents {
  kRegister,             // a condition of gp_event, once a person
  kEmergencyAdmissions,  // of twelve months
  kEdAttendances,
  kDeaths,
};

// One rate of [[indicator]] or [[condition]].
struct InequalityRate {
  std::string title;
  InequalityEvents events = InequalityEvents::kRegister;
  size_t condition = 0;  // kRegister: position in the conditions
  int age_from = 0;
  int age_to = 90;
  double multiplier = 100;
  bool high_is_bad = true;
};

// The rates of the definition. kInvalidArgument (exit 2) with file and line.
absl::StatusOr<std::vector<InequalityRate>> ReadInequalityRates(
    const MeasureDefinition& definition,
    const std::vector<Condition>& conditions);

// Why this release cannot carry the rate, or empty.
std::string RateMissing(const MeasureContext& context,
                        const InequalityRate& rate);

// People and events of one rate by `groups`. REQUIRES: RateMissing is empty,
// and `rate.events` is not kRegister: CountConditions counts all of those
// together.
absl::StatusOr<GroupedStrata> CountRate(const MeasureContext& context,
                                        const InequalityRate& rate,
                                        const std::vector<GroupColumn>& groups);

// The table inequality_fit, from inequality_deciles: the straight line through
// the printed rates, by printed people.
absl::StatusOr<std::vector<DerivedTable>> FitInequalityLines(
    const DeriveContext& context);

std::vector<PagePart> DrawInequality(const MeasureDefinition& definition,
                                     const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C06_INEQUALITY_H_
