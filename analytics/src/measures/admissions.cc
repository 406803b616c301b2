#include "measures/admissions.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "analytics/measures/spells.h"
#include "base/error.h"
#include "base/status.h"
#include "measures/hospital.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kNoTransfer = "admission_method <> '2B'";

}  // namespace

bool HasColumns(const MeasureContext& context, std::string_view table,
                const std::vector<std::string>& columns) {
  if (!context.release.HasTable(table)) return false;
  return std::all_of(columns.begin(), columns.end(), [&](const auto& column) {
    return context.release.Column(table, column) != nullptr;
  });
}

bool HasAdmissions(const MeasureContext& context) {
  return HasColumns(context, "sus_apc", SpellColumns());
}

absl::Status MakeAdmissions(const MeasureContext& context) {
  return context.base.Once("admission", [&]() -> absl::Status {
    const bool chained = context.release.Grain("sus_apc") == "day";
    if (chained) {
      TALLY_RETURN_IF_ERROR(MakeHospitalChains(context));
    } else {
      TALLY_RETURN_IF_ERROR(MakeHospitalSpells(context));
    }
    return context.connection.Execute(absl::StrFormat(
        "CREATE OR REPLACE TEMPORARY TABLE admission AS SELECT s.person, "
        "s.admission_date, s.discharge_date, s.admission_method, "
        "s.discharge_method, s.patient_classification, s.spell_no, "
        "coalesce(s.admission_method LIKE '2%%' AND %s, false) AS emergency "
        "FROM provider_spell AS s%s",
        chained ? "(s.person IS NULL OR c.cip_no IS NOT NULL)" : kNoTransfer,
        chained ? " LEFT JOIN cip_spell AS c ON c.first_spell = s.spell_no"
                : ""));
  });
}

absl::StatusOr<std::string> EmergencyAdmissions(const MeasureContext& context) {
  if (!HasAdmissions(context)) {
    return absl::StrFormat(
        "(SELECT DISTINCT person, admission_date AS day FROM sus_apc "
        "WHERE admission_method LIKE '2%%' AND %s)",
        kNoTransfer);
  }
  TALLY_RETURN_IF_ERROR(MakeAdmissions(context));
  return "(SELECT person, admission_date AS day FROM admission "
         "WHERE emergency)";
}

std::string SqlList(const std::vector<std::string>& texts) {
  TALLY_CHECK(!texts.empty());
  std::string list;
  for (const std::string& text : texts) {
    list += (list.empty() ? "(" : ", ") + engine::QuoteLiteral(text);
  }
  return list + ")";
}

}  // namespace tally::analytics
