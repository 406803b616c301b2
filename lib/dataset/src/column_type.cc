#include "dataset/column_type.h"

#include <array>
#include <cstddef>
#include <utility>

namespace tally::dataset {
namespace {

template <typename Enum, size_t kCount>
using Words = std::array<std::pair<Enum, std::string_view>, kCount>;

constexpr Words<ColumnType, 7> kTypes = {{
    {ColumnType::kBool, "bool"},
    {ColumnType::kInt32, "int32"},
    {ColumnType::kInt64, "int64"},
    {ColumnType::kDouble, "double"},
    {ColumnType::kDate, "date"},
    {ColumnType::kCode, "code"},
    {ColumnType::kText, "text"},
}};

constexpr Words<ColumnClass, 4> kClasses = {{
    {ColumnClass::kQuasiIdentifier, "QI"},
    {ColumnClass::kSensitive, "SEN"},
    {ColumnClass::kAttribute, "ATTR"},
    {ColumnClass::kRecordKey, "RK"},
}};

constexpr Words<DatasetKind, 2> kKinds = {{
    {DatasetKind::kActivity, "activity"},
    {DatasetKind::kSnapshot, "snapshot"},
}};

constexpr Words<DerivationKind, 15> kDerivations = {{
    {DerivationKind::kNone, "none"},
    {DerivationKind::kYear, "year"},
    {DerivationKind::kMonth, "month"},
    {DerivationKind::kAgeFy, "age_fy"},
    {DerivationKind::kLsoa21, "lsoa21"},
    {DerivationKind::kImdDecile, "imd_decile"},
    {DerivationKind::kRuralUrban, "rural_urban"},
    {DerivationKind::kCareHome, "care_home"},
    {DerivationKind::kCluster, "cluster"},
    {DerivationKind::kMap, "map"},
    {DerivationKind::kIcd10, "icd10"},
    {DerivationKind::kPrefix, "prefix"},
    {DerivationKind::kRekey, "rekey"},
    {DerivationKind::kHour, "hour"},
    {DerivationKind::kMinutesBetween, "minutes_between"},
}};

constexpr Words<DerivationInput, 7> kInputs = {{
    {DerivationInput::kDefault, "default"},
    {DerivationInput::kDateOfBirth, "date_of_birth"},
    {DerivationInput::kYearOfBirth, "year_of_birth"},
    {DerivationInput::kAge, "age"},
    {DerivationInput::kPostcode, "postcode"},
    {DerivationInput::kLsoa21, "lsoa21"},
    {DerivationInput::kAny, "any"},
}};

constexpr Words<ListName, 7> kLists = {{
    {ListName::kRestrictedCodes, "restricted_codes"},
    {ListName::kType1OptOuts, "type1_opt_outs"},
    {ListName::kNationalEligible, "national_eligible"},
    {ListName::kParticipatingPractices, "participating_practices"},
    {ListName::kClusters, "clusters"},
    {ListName::kPostcodeLsoa, "postcode_lsoa"},
    {ListName::kCareHomes, "care_homes"},
}};

template <typename Enum, size_t kCount>
std::string_view NameIn(const Words<Enum, kCount>& words, Enum value) {
  for (const auto& [word_value, name] : words) {
    if (word_value == value) return name;
  }
  return {};
}

template <typename Enum, size_t kCount>
std::optional<Enum> ValueIn(const Words<Enum, kCount>& words,
                            std::string_view name) {
  for (const auto& [value, word] : words) {
    if (word == name) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view ColumnTypeName(ColumnType type) {
  return NameIn(kTypes, type);
}
std::string_view ColumnClassName(ColumnClass column_class) {
  return NameIn(kClasses, column_class);
}
std::string_view DatasetKindName(DatasetKind kind) {
  return NameIn(kKinds, kind);
}
std::string_view DerivationName(DerivationKind kind) {
  return NameIn(kDerivations, kind);
}
std::string_view DerivationInputName(DerivationInput input) {
  return NameIn(kInputs, input);
}
std::string_view ListNameText(ListName list) { return NameIn(kLists, list); }

std::optional<ColumnType> ColumnTypeFromName(std::string_view name) {
  return ValueIn(kTypes, name);
}
std::optional<ColumnClass> ColumnClassFromName(std::string_view name) {
  return ValueIn(kClasses, name);
}
std::optional<DatasetKind> DatasetKindFromName(std::string_view name) {
  return ValueIn(kKinds, name);
}
std::optional<DerivationKind> DerivationFromName(std::string_view name) {
  return ValueIn(kDerivations, name);
}
std::optional<DerivationInput> DerivationInputFromName(std::string_view name) {
  return ValueIn(kInputs, name);
}
std::optional<ListName> ListNameFromText(std::string_view name) {
  return ValueIn(kLists, name);
}

ListPolarity PolarityOf(ListName list) {
  switch (list) {
    case ListName::kRestrictedCodes:
    case ListName::kType1OptOuts:
      return ListPolarity::kDeny;
    case ListName::kNationalEligible:
    case ListName::kParticipatingPractices:
      return ListPolarity::kAllow;
    case ListName::kClusters:
    case ListName::kPostcodeLsoa:
    case ListName::kCareHomes:
      break;
  }
  return ListPolarity::kTable;
}

bool ListsPeople(ListName list) {
  return list == ListName::kType1OptOuts || list == ListName::kNationalEligible;
}

}  // namespace tally::dataset
