#include "linkage/release/release_column.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace tally::linkage {
namespace {

constexpr int kOldestBand = 90;
constexpr int kBandYears = 5;

}  // namespace

std::string_view ReleaseTypeOf(const ReleaseColumn& column) {
  if (column.derived == HubDerivation::kAgeFy) return "INT";
  if (column.derived == HubDerivation::kAgeBand) return "STRING";
  if (column.is_record_key()) return "BIGINT";
  switch (column.spec->type) {
    case dataset::ColumnType::kBool:
      return "BOOLEAN";
    case dataset::ColumnType::kInt32:
      return "INT";
    case dataset::ColumnType::kInt64:
      return "BIGINT";
    case dataset::ColumnType::kDouble:
      return "DOUBLE";
    case dataset::ColumnType::kDate:
      return "DATE";
    case dataset::ColumnType::kCode:
    case dataset::ColumnType::kText:
      return "STRING";
  }
  return "STRING";
}

std::optional<ReleaseColumn> ResolveColumn(
    const dataset::Specification& specification, std::string_view name) {
  if (const dataset::ColumnSpec* column = specification.Column(name)) {
    return ReleaseColumn{std::string(name), column, HubDerivation::kNone};
  }
  const dataset::ColumnSpec* birth = specification.Column("year_of_birth");
  if (birth == nullptr || birth->type != dataset::ColumnType::kInt32) {
    return std::nullopt;
  }
  if (name == "age_fy") {
    return ReleaseColumn{"age_fy", birth, HubDerivation::kAgeFy};
  }
  if (name == "age_band") {
    return ReleaseColumn{"age_band", birth, HubDerivation::kAgeBand};
  }
  return std::nullopt;
}

std::string_view GeographyOf(std::string_view column) {
  if (column == "lsoa21") return "lsoa";
  if (column == "practice_code" || column == "prescriber_org") {
    return "practice";
  }
  if (column == "imd_decile") return "imd_decile";
  return "";
}

std::string AgeBandOf(int age) {
  if (age >= kOldestBand) return "90+";
  const int low = std::max(0, age) / kBandYears * kBandYears;
  return absl::StrFormat("%d-%d", low, low + kBandYears - 1);
}

}  // namespace tally::linkage
