// Elements of rules: "at least two emergency admissions with asthma in twelve
// months, aged under 24". Who meets which, set by set, for segments, deficits
// and cohorts.
// Runs in: the analyst's program.
//
// Spec: docs/measures/README.md, "Rules over records".
// Threading: one connection.  Secrets: record values stay in the engine.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_ELEMENTS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_ELEMENTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"
#include "base/civil_day.h"
#include "base/toml.h"

namespace tally::analytics {

// The age of the oldest, and of all who are older.
inline constexpr int kOldestElementAge = 90;

struct RuleElement {
  // gp-event        codes are clusters; counted are rows
  // gp-prescription codes are prefixes of BNF codes; rows
  // sus-apc         codes are prefixes of ICD-10 codes in any position, or
  //                 ranges; counted are days of admission
  // ecds            unplanned first attendances; no codes; rows
  // sus-op          attended appointments; no codes; rows
  // gp-patient      codes are true or false columns, such as care_home_flag
  // Empty: who is of the ages and sex.
  std::string dataset;
  std::vector<std::string> codes;  // empty: any record
  int look_back_months = 0;        // 0: however long ago
  int min_count = 1;
  bool distinct = false;   // count different codes (substances) instead
  bool emergency = false;  // sus-apc: emergency admissions (admissions.h)
  int age_from = 0;
  int age_to = kOldestElementAge;
  std::string sex;  // male, female, or empty for all

  // Whether it asks for nothing.
  bool everybody() const {
    return dataset.empty() && age_from == 0 && age_to == kOldestElementAge &&
           sex.empty();
  }
};

// The keys of an element in a definition.
const std::vector<std::string>& RuleElementKeys();

// Reads those keys of `table`, which may have others. Every key may be left
// out. kInvalidArgument (exit 2) with file and line for an unknown dataset, a
// value out of range or a code that cannot be one.
absl::StatusOr<RuleElement> ReadRuleElement(const TomlTable& table);

// The first month of a look-back of `months` that ends with `month`; of 0 that
// month itself. Error: out of the range of years.
absl::StatusOr<CivilDay> FirstOfLookBack(CivilDay month, int months);

// A limited look-back that the release does not cover.
struct OpenLookBack {
  int months = 0;
  CivilDay first;  // month
  std::string table;
  CivilDay covered;  // the first month of the table
};
// Of each dataset of `elements` whose longest look-back from the end of `month`
// begins before the dataset does. Elements of datasets that the release has not
// are passed over. REQUIRES: `month` is not after the context's.
absl::StatusOr<std::vector<OpenLookBack>> OpenLookBacks(
    const MeasureContext& context, const std::vector<RuleElement>& elements,
    CivilDay month);

// What a page must say of elements at the end of the context's month because
// datasets reach back only so far: of limited look-backs that begin before
// them, and of those that have no limit.
absl::StatusOr<std::vector<std::string>> LookBackNotes(
    const MeasureContext& context, const std::vector<RuleElement>& elements);

// Why the release cannot say who meets the element, or empty.
std::string ElementMissing(const MeasureContext& context,
                           const RuleElement& element);

// Makes the temporary table `name` (person; hits_0, hits_1, ...: BIGINT): one
// row for each person of `list`, a table with the columns of patient_list, who
// meets any of `elements` at the end of the day `at`, with the met ones as bits
// that ElementsMetSql reads. A look-back of 12 months begins a year before the
// day after. Ages are those of the list. Replaces a table that is there.
// REQUIRES: ElementMissing is empty for all.
// Cost: for each dataset one pass with an entry for each person, however many
// elements; of those with min_count above 1 one for each person and code.
absl::Status MatchElements(const MeasureContext& context,
                           const std::vector<RuleElement>& elements,
                           CivilDay at, std::string_view list,
                           std::string_view name);

// SQL over the columns hits_0, ... of a table of MatchElements: how many of the
// elements from position `from` up to `to`, that one not included, are met; a
// BIGINT.
std::string ElementsMetSql(size_t from, size_t to);

// Clusters of gp-event elements of which the release has no record: the
// agreement may not have asked for them. In their order, each once.
absl::StatusOr<std::vector<std::string>> ClustersWithoutRecords(
    const MeasureContext& context, const std::vector<RuleElement>& elements);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_ELEMENTS_H_
