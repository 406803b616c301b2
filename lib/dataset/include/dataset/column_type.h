#ifndef TALLY_DATASET_COLUMN_TYPE_H_
#define TALLY_DATASET_COLUMN_TYPE_H_

// The closed lists of words that a dataset specification uses: types, classes,
// derivations, lists, rule reasons. Everything that a specification can say is
// an enumerator here, so nothing in one can be code.
//
// Role: shared by source, hub and analyst.
//
// Spec: docs/spec/dataset-v1.md, "Words".
// Threading: constants and pure functions.
// Secrets: none.

#include <cstdint>
#include <optional>
#include <string_view>

namespace tally::dataset {

// There is no list, struct, time-of-day, unsigned or 128-bit type.
enum class ColumnType : uint8_t {
  kBool,
  kInt32,
  kInt64,
  kDouble,
  kDate,  // days since 1970-01-01, int32
  kCode,  // 1 to 64 printable ASCII characters, from a dictionary
  kText,  // UTF-8 with a pattern and a length
};

// Why a column needs care: quasi-identifier, sensitive, other, record key.
// Direct identifiers have no class, because they never become a column.
enum class ColumnClass : uint8_t {
  kQuasiIdentifier,
  kSensitive,
  kAttribute,
  kRecordKey,
};

// A snapshot replaces the one before; periods of activity add up.
enum class DatasetKind : uint8_t { kActivity, kSnapshot };

// What the source does with an input before it may leave.
enum class DerivationKind : uint8_t {
  kNone,
  kYear,            // a day, or a year -> year, at least financial year - 90
  kMonth,           // a day -> the first of its month
  kAgeFy,           // financial year of the event - year of birth, 0 to 90
  kLsoa21,          // postcode -> small area
  kImdDecile,       // postcode or small area -> 1 (most deprived) to 10
  kRuralUrban,      // postcode or small area -> 1 to 8
  kCareHome,        // address key on the list of care homes
  kCluster,         // clinical code -> code cluster
  kMap,             // code -> code, by a table in the specification
  kIcd10,           // no dot, filler, dagger or asterisk; 4 characters
  kPrefix,          // the first `length` characters
  kRekey,           // a random number, the same one inside an extract
  kHour,            // a time or time stamp -> 0 to 23
  kMinutesBetween,  // two time stamps -> whole minutes
};

// What an input of a derivation holds, where more than one is possible.
enum class DerivationInput : uint8_t {
  kDefault,      // what the derivation takes when nothing is said
  kDateOfBirth,  // a day (or MMYYYY) of birth
  kYearOfBirth,  // a year
  kAge,          // age in years at the event; 7001 to 7007 = under one year
  kPostcode,
  kLsoa21,
  kAny,  // any of those that the derivation takes; the value's form decides
};

// What a value becomes that a `map` table does not name.
enum class MapOther : uint8_t { kRefuse, kKeep, kNull };

// The files that a source may be asked for. The key fixes the polarity.
enum class ListName : uint8_t {
  kRestrictedCodes,         // deny: codes
  kType1OptOuts,            // deny: NHS Numbers
  kNationalEligible,        // allow: NHS Numbers
  kParticipatingPractices,  // allow: practice codes
  kClusters,                // table: code, cluster
  kPostcodeLsoa,            // table: postcode, lsoa21, imd_decile, rural_urban
  kCareHomes,               // set: address keys
};

// Whether being on the list drops a row, being absent does, or neither.
enum class ListPolarity : uint8_t { kDeny, kAllow, kTable };

// "int32", "QI", "activity", "age_fy", "restricted_codes" and so on: the words
// of a specification file. Every enumerator has one.
std::string_view ColumnTypeName(ColumnType type);
std::string_view ColumnClassName(ColumnClass column_class);
std::string_view DatasetKindName(DatasetKind kind);
std::string_view DerivationName(DerivationKind kind);
std::string_view DerivationInputName(DerivationInput input);
std::string_view ListNameText(ListName list);

std::optional<ColumnType> ColumnTypeFromName(std::string_view name);
std::optional<ColumnClass> ColumnClassFromName(std::string_view name);
std::optional<DatasetKind> DatasetKindFromName(std::string_view name);
std::optional<DerivationKind> DerivationFromName(std::string_view name);
std::optional<DerivationInput> DerivationInputFromName(std::string_view name);
std::optional<ListName> ListNameFromText(std::string_view name);

ListPolarity PolarityOf(ListName list);

// True for the two lists of NHS Numbers: their digest is never written down
// and their length only rounded.
bool ListsPeople(ListName list);

}  // namespace tally::dataset

#endif  // TALLY_DATASET_COLUMN_TYPE_H_
