#ifndef TALLY_LINKAGE_RELEASE_RELEASE_COLUMN_H_
#define TALLY_LINKAGE_RELEASE_RELEASE_COLUMN_H_

// A column as a release shows it: one of the specification, or one of the two
// that the hub derives from a year of birth. Runs at the hub; knows names and
// types only.
//
// Spec: docs/spec/release-v1.md, "Dataset tables"
// Threading: values and pure functions; a column borrows its specification.
// Secrets: none.

#include <optional>
#include <string>
#include <string_view>

#include "dataset/specification.h"

namespace tally::linkage {

enum class HubDerivation {
  kNone,
  kAgeFy,    // INT 0 to 90, in the financial year of the extract's last month
  kAgeBand,  // STRING, five years: 0-4 ... 85-89, 90+
};

struct ReleaseColumn {
  std::string name;
  const dataset::ColumnSpec* spec = nullptr;  // what it is made from; borrowed
  HubDerivation derived = HubDerivation::kNone;

  dataset::ColumnClass column_class() const { return spec->column_class; }
  bool is_date() const {
    return derived == HubDerivation::kNone &&
           spec->type == dataset::ColumnType::kDate;
  }
  bool is_record_key() const {
    return spec->column_class == dataset::ColumnClass::kRecordKey;
  }
  bool is_ethnicity() const { return name == "ethnic_category"; }
};

// The type as the release and its dictionary show it: BOOLEAN, INT, BIGINT,
// DOUBLE, DATE or STRING. Record keys are always BIGINT.
std::string_view ReleaseTypeOf(const ReleaseColumn& column);

// The column called `name`, or nothing. `specification` must outlive it.
std::optional<ReleaseColumn> ResolveColumn(
    const dataset::Specification& specification, std::string_view name);

// Whether a column tells a small area, a practice or a deprivation decile, and
// the word of `geography` that an agreement must then have; empty otherwise.
std::string_view GeographyOf(std::string_view column);

// Age bands in order, "0-4" to "90+".
std::string AgeBandOf(int age);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_RELEASE_COLUMN_H_
