#include "disclosure/table_names.h"

#include <array>
#include <set>
#include <string>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/status.h"

namespace tally::analytics {
namespace {

// Names under which a release holds people. A table grouped by one of them
// would be a list of people.
constexpr std::array<std::string_view, 6> kForbiddenNames = {
    "person", "pseudonym", "person_index", "nhs_number", "hub_token", "token"};

bool IsColumnName(std::string_view name) {
  if (name.empty() || name.size() > 63) return false;
  if (name[0] < 'a' || name[0] > 'z') return false;
  for (const char c : name) {
    const bool ok =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (!ok) return false;
  }
  return true;
}

bool IsForbidden(std::string_view name) {
  for (const std::string_view forbidden : kForbiddenNames) {
    if (name == forbidden) return true;
  }
  return false;
}

absl::Status CheckReferences(const std::vector<ColumnSpec>& columns,
                             const std::set<std::string>& names) {
  for (const ColumnSpec& column : columns) {
    for (const std::string& reference :
         {column.numerator, column.denominator, column.of}) {
      if (!reference.empty() && !names.contains(reference)) {
        return InputError(absl::StrFormat(
            "column %s refers to column %s, which is not in the table",
            column.name, reference));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTableNames(std::string_view table,
                             const std::vector<ColumnSpec>& columns) {
  if (!IsColumnName(table)) return InputError("table name is malformed");
  std::set<std::string> names;
  for (const ColumnSpec& column : columns) {
    if (!IsColumnName(column.name)) {
      return InputError("a column name is malformed");
    }
    if (IsForbidden(column.name)) {
      return InputError(absl::StrFormat(
          "column %s would list people; figures are about groups",
          column.name));
    }
    if (!names.insert(column.name).second) {
      return InputError(
          absl::StrFormat("column %s is there twice", column.name));
    }
  }
  return CheckReferences(columns, names);
}

}  // namespace tally::analytics
