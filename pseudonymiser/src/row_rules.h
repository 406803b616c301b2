#ifndef TALLY_PSEUDONYMISER_SRC_ROW_RULES_H_
#define TALLY_PSEUDONYMISER_SRC_ROW_RULES_H_

// The rules that keep rows at the source: opt-outs, practices, restricted and
// sensitive records, rows tied to restricted ones.
//
// Spec: docs/spec/dataset-v1.md, "Rules".
// Threading: RowRules is per worker; LinkedKeys is filled by one thread and
// then read by all.
// Secrets: sees values; says only which rule held.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "dataset/row_reason.h"
#include "dataset_plan.h"
#include "pseudonymiser/list_files.h"
#include "pseudonymiser/person_table.h"
#include "rekey.h"
#include "text_cache.h"

namespace tally::pseudonymiser {

// Keys of rows with restricted codes, as keyed hashes, by the dataset in which
// they were found.
using LinkedKeys = std::map<std::string, std::unordered_set<uint64_t>>;

class RowRules {
 public:
  // All must outlive this. `tied`: keys of restricted rows that this dataset's
  // rows may be tied to; empty in the first pass, which finds them.
  RowRules(const DatasetPlan& plan, const Lists& lists, const Rekey& rekey,
           std::vector<const LinkedKeys::mapped_type*> tied);

  // `values` by number of the input; empty = null.
  using Values = std::vector<std::string_view>;

  // The first rule that keeps the row here, or kNone. `flags` are the person's
  // (PersonFlag); `eligible_applies` says whether the row carries a number
  // that the list of eligible people could hold.
  dataset::RowReason Drops(const Values& values, uint8_t flags,
                           bool eligible_applies);

  bool IsRestricted(const Values& values);
  // What the row's own opt-out column says.
  enum class OptOut : uint8_t {
    kNo,
    kYes,
    // Neither a value that opts out nor one that does not: the person is kept
    // back, and the row is a fault of `UnknownOptOutInput`.
    kUnknown,
  };
  OptOut Type1(const Values& values) const;
  // The input whose value Type1 does not know.
  // REQUIRES: Type1(values) == OptOut::kUnknown.
  size_t UnknownOptOutInput(const Values& values) const;
  // The hospital withheld who it was.
  bool IsWithheld(const Values& values) const;
  // Hash of the key that ties rows together; 0 when there is none.
  uint64_t KeyHash(const Values& values) const;

 private:
  bool AnyOf(const std::vector<InputRule>& rules, const Values& values) const;
  bool IsRestrictedValue(const InputRule& rule, std::string_view value,
                         bool is_icd10) const;

  const DatasetPlan& plan_;
  const Lists& lists_;
  const Rekey& rekey_;
  std::vector<const LinkedKeys::mapped_type*> tied_;
  const TextSet* practices_ = nullptr;
  const TextSet* restricted_ = nullptr;
  std::vector<TextCache<bool>> restricted_cache_;  // by rule
  TextCache<bool> practice_cache_;
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SRC_ROW_RULES_H_
