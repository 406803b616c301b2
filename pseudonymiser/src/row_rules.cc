#include "row_rules.h"

#include <algorithm>
#include <optional>

#include "base/status.h"
#include "derivation.h"
#include "text_tools.h"

namespace tally::pseudonymiser {
namespace {

using dataset::ListName;
using dataset::RowReason;

constexpr size_t kRuleCacheSlots = 4096;

bool Holds(const std::vector<std::string>& values, std::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// Opt-outs come from many systems: "y", "YES" and " Yes " say the same.
bool HoldsInAnyCase(const std::vector<std::string>& values,
                    std::string_view value) {
  return std::any_of(values.begin(), values.end(), [&](std::string_view one) {
    return std::equal(one.begin(), one.end(), value.begin(), value.end(),
                      [](char a, char b) { return ToLower(a) == ToLower(b); });
  });
}

RowRules::OptOut OptOutOf(const InputRule& rule, std::string_view value) {
  if (HoldsInAnyCase(rule.values, value)) return RowRules::OptOut::kYes;
  return HoldsInAnyCase(rule.keep, value) ? RowRules::OptOut::kNo
                                          : RowRules::OptOut::kUnknown;
}

}  // namespace

RowRules::RowRules(const DatasetPlan& plan, const Lists& lists,
                   const Rekey& rekey,
                   std::vector<const LinkedKeys::mapped_type*> tied)
    : plan_(plan),
      lists_(lists),
      rekey_(rekey),
      tied_(std::move(tied)),
      practice_cache_(kRuleCacheSlots) {
  for (const InputRule& rule : plan_.restricted()) {
    restricted_cache_.emplace_back(kRuleCacheSlots);
    if (rule.by_list) restricted_ = &lists_.codes(ListName::kRestrictedCodes);
  }
  if (!plan_.practices().empty()) {
    practices_ = &lists_.codes(ListName::kParticipatingPractices);
  }
}

bool RowRules::AnyOf(const std::vector<InputRule>& rules,
                     const Values& values) const {
  for (const InputRule& rule : rules) {
    for (const size_t input : rule.inputs) {
      const std::string_view value = values[input];
      if (value.empty()) continue;
      if (rule.values.empty() || Holds(rule.values, value)) return true;
    }
  }
  return false;
}

// An ICD-10 code is on a list with or without its dot, and when the list names
// its category.
bool RowRules::IsRestrictedValue(const InputRule& rule, std::string_view value,
                                 bool is_icd10) const {
  const auto listed = [&](std::string_view code) {
    return rule.by_list ? restricted_->contains(code)
                        : Holds(rule.values, code);
  };
  if (listed(value)) return true;
  if (!is_icd10) return false;
  const std::optional<std::string> code = NormaliseIcd10(value);
  return code &&
         (listed(*code) || listed(std::string_view(*code).substr(0, 3)));
}

bool RowRules::IsRestricted(const Values& values) {
  for (size_t r = 0; r < plan_.restricted().size(); ++r) {
    const InputRule& rule = plan_.restricted()[r];
    for (size_t i = 0; i < rule.inputs.size(); ++i) {
      const std::string_view value = values[rule.inputs[i]];
      if (value.empty()) continue;
      if (const bool* known = restricted_cache_[r].Find(value)) {
        if (*known) return true;
        continue;
      }
      const bool found = IsRestrictedValue(rule, value, rule.is_icd10[i]);
      restricted_cache_[r].Put(value, found);
      if (found) return true;
    }
  }
  return false;
}

RowRules::OptOut RowRules::Type1(const Values& values) const {
  OptOut found = OptOut::kNo;
  for (const InputRule& rule : plan_.type1_columns()) {
    const OptOut one = OptOutOf(rule, values[rule.inputs.front()]);
    if (one == OptOut::kYes) return one;
    if (one == OptOut::kUnknown) found = one;
  }
  return found;
}

size_t RowRules::UnknownOptOutInput(const Values& values) const {
  for (const InputRule& rule : plan_.type1_columns()) {
    const size_t input = rule.inputs.front();
    if (OptOutOf(rule, values[input]) == OptOut::kUnknown) return input;
  }
  TALLY_CHECK(false);
}

bool RowRules::IsWithheld(const Values& values) const {
  return AnyOf(plan_.withheld(), values);
}

uint64_t RowRules::KeyHash(const Values& values) const {
  const size_t key = plan_.linked_key();
  if (key == kNoInput || values[key].empty()) return 0;
  return rekey_.Hash(values[key]) | 1;
}

RowReason RowRules::Drops(const Values& values, uint8_t flags,
                          bool eligible_applies) {
  const OptOut type1 = Type1(values);
  if (type1 == OptOut::kUnknown) return RowReason::kValueNotInList;
  if (type1 == OptOut::kYes || (flags & kPersonType1) != 0) {
    return RowReason::kOptedOutType1;
  }
  if (plan_.national_list() && eligible_applies &&
      (flags & kPersonNotEligible) != 0) {
    return RowReason::kOptedOutNational;
  }
  for (const InputRule& rule : plan_.practices()) {
    const std::string_view practice = values[rule.inputs.front()];
    const bool* known = practice_cache_.Find(practice);
    const bool takes_part =
        known != nullptr ? *known : practices_->contains(practice);
    if (known == nullptr) practice_cache_.Put(practice, takes_part);
    if (!takes_part) return RowReason::kNotParticipating;
  }
  if (AnyOf(plan_.sensitive(), values)) return RowReason::kSensitiveFlag;
  if (IsRestricted(values)) return RowReason::kRestrictedCode;
  if (!tied_.empty()) {
    const uint64_t key = KeyHash(values);
    for (const auto* keys : tied_) {
      if (key != 0 && keys->contains(key)) {
        return RowReason::kRestrictedLinkedRow;
      }
    }
  }
  return RowReason::kNone;
}

}  // namespace tally::pseudonymiser
