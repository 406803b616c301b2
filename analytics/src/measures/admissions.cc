#include "measures/admissions.h"

#include <algorithm>

#include "analytics/measures/spells.h"
#include "base/error.h"
#include "base/status.h"
#include "measures/hospital.h"

namespace tally::analytics {

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
    TALLY_RETURN_IF_ERROR(MakeHospitalSpells(context));
    return context.connection.Execute(
        "CREATE OR REPLACE TEMPORARY TABLE admission AS SELECT person, "
        "admission_date, discharge_date, admission_method, discharge_method, "
        "spell_no FROM provider_spell");
  });
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
