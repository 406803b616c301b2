// What C13 reads from its definition, the figures that it counts, and its
// pictures.
// Threading: one connection; pure functions.
// Secrets: exact counts pass through.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C13_PRESCRIBING_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C13_PRESCRIBING_H_

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/dashboard/page_model.h"
#include "analytics/disclosure/derived_table.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/measures/measure.h"
#include "measures/months.h"
#include "measures/prescriptions.h"

namespace tally::analytics {

struct PrescribingRules {
  int64_t months = 0;
  int64_t new_user_months = 0;
  int64_t pdc_window_months = 0;
  int64_t pdc_least_months = 0;
  double pdc = 0;
  int64_t supply_months = 0;
  int64_t smallest_area = 0;
  std::vector<std::string> chapters;
  std::vector<BnfGroup> groups;

  // Months before the first printed one that are read too.
  int64_t LookBack() const;
};

// kInvalidArgument (exit 2) with file and line: a key missing or unknown, a
// number out of range, more than 62 months with those before.
absl::StatusOr<PrescribingRules> ReadPrescribingRules(
    const MeasureDefinition& definition);

// One group or paragraph, one area, one month.
struct RxKey {
  std::string bnf;
  std::string area;
  int64_t month;  // index in the printed months

  friend auto operator<=>(const RxKey&, const RxKey&) = default;
};

struct RxFigures {
  int64_t items = 0;
  int64_t nic_pence = 0;
  int64_t people = 0;   // with a cost
  int64_t largest = 0;  // costs of two people
  int64_t second = 0;
  int64_t new_users = 0;
  int64_t users = 0;
  int64_t persistent = 0;

  void Add(const RxFigures& other);
};

struct RxCounts {
  Span span;  // printed months
  std::vector<CivilDay> months;
  std::vector<std::string> areas;       // in order
  std::vector<std::string> paragraphs;  // with items in the printed months
  std::map<std::pair<std::string, int64_t>, int64_t> list;  // area, month
  std::map<RxKey, RxFigures> figures;  // paragraphs under kAllLevels
  int64_t first_new = 0;               // first month with new users
  int64_t first_pdc = 0;               // first month with persistence
  std::string note;                    // about areas; may be empty
  bool everybody = true;               // no practice is left out
};

// Counts everything. Errors: as Connection::Query.
absl::StatusOr<RxCounts> CountPrescribing(const MeasureContext& context,
                                          const PrescribingRules& rules);

// Adds items, cost, new users and persistence by month to counts.figures.
// `read` are the printed months and those before them. REQUIRES: the tables
// rx_code and rx_unit of the codes, rx_list of who is on which list
// (c13_counts.cc), counts with months, areas, first_new and first_pdc.
// Cost: one pass over the prescriptions, person by person; memory for a few
// million of them at a time, however many there are.
absl::Status CountUse(const MeasureContext& context,
                      const PrescribingRules& rules, const Span& read,
                      RxCounts& counts);

// Deciles of the areas' printed rates, by group and month.
absl::StatusOr<std::vector<DerivedTable>> DerivePrescribing(
    const DeriveContext& context);

std::vector<PagePart> DrawPrescribing(const MeasureDefinition& definition,
                                      const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C13_PRESCRIBING_H_
