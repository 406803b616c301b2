#ifndef TALLY_PSEUDONYMISER_SRC_DERIVATION_H_
#define TALLY_PSEUDONYMISER_SRC_DERIVATION_H_

// The closed list of derivations, as functions on texts of one field: what a
// source does with a value before it may leave.
//
// Spec: docs/spec/dataset-v1.md, "Derivations".
// Threading: pure functions.
// Secrets: dates of birth and postcodes go in and do not come out.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/civil_day.h"
#include "dataset/column_type.h"
#include "value_reader.h"

namespace tally::pseudonymiser {

// Oldest age that is told apart.
inline constexpr int kAgeCap = 90;

// The year of birth in a day, in MMYYYY, or in YYYY. Empty when the text is
// none of what `input` allows; kAny allows all.
std::optional<int32_t> ReadBirthYear(std::string_view text,
                                     dataset::DerivationInput input,
                                     const DateReader& dates);

// A year of birth as it may leave: not before financial year - 90.
int32_t CapBirthYear(int32_t year, int32_t financial_year);

// Age in the financial year of `event`: that year less the year of birth, held
// to 0 to 90. `text` is a birth date, a birth year, or an age at the event
// (7001 to 7007 mean under one year). Empty when it is none of these.
std::optional<int32_t> AgeInFinancialYear(std::string_view text,
                                          dataset::DerivationInput input,
                                          CivilDay event,
                                          const DateReader& dates);

// Whether `text` has the form of a small area's code: E01 or W01, six digits.
bool IsLsoa21(std::string_view text);

// An ICD-10 code of three or four characters: upper case, no dot, without the
// filler X, dagger (D) and asterisk (A) marks and what follows. Empty when it
// is no such code.
std::optional<std::string> NormaliseIcd10(std::string_view text);

// The hour of a time or a time stamp.
std::optional<int32_t> ReadHour(std::string_view text, const DateReader& dates);

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SRC_DERIVATION_H_
