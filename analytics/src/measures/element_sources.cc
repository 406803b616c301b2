#include "measures/element_sources.h"

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "measures/admissions.h"
#include "measures/record_keys.h"

namespace tally::analytics {
namespace {

std::vector<std::string> DiagnosisColumns(const MeasureContext& context) {
  std::vector<std::string> columns;
  for (int i = 1; i <= 20; ++i) {
    std::string name = absl::StrFormat("diag_%02d", i);
    if (context.release.Column("sus_apc", name) != nullptr) {
      columns.push_back(std::move(name));
    }
  }
  return columns;
}

// Rows of sus_apc with what is an emergency, where somebody asks.
absl::StatusOr<std::string> WithEmergencies(const MeasureContext& context,
                                            bool asked, std::string_view rows) {
  if (!asked) {
    return absl::StrFormat(
        "(SELECT person, day, code, false AS emergency FROM "
        "(%s))",
        rows);
  }
  TALLY_ASSIGN_OR_RETURN(const std::string emergency,
                         EmergencyAdmissions(context));
  return absl::StrFormat(
      "(SELECT u.person, u.day, u.code, "
      "coalesce(u.admission_method LIKE '2%%', false) AND d.day IS NOT NULL "
      "AS emergency FROM (%s) AS u LEFT JOIN (SELECT DISTINCT person, day "
      "FROM %s) AS d ON d.person = u.person AND d.day = u.day)",
      rows, emergency);
}

}  // namespace

const std::vector<ElementSource>& ElementSources() {
  static const auto& sources = *new std::vector<ElementSource>{
      {"gp-event", "gp_event", {"event_date", "cluster_id"}, false, true},
      {"gp-prescription",
       "gp_prescription",
       {"issue_date", "bnf_code"},
       true,
       true},
      {"sus-apc",
       "sus_apc",
       {"admission_date", "admission_method"},
       true,
       true},
      {"ecds", "ecds", {"arrival_date", "attendance_category"}, false, false},
      {"sus-op", "sus_op", {"appointment_date", "attended"}, false, false},
  };
  return sources;
}

const ElementSource* ElementSourceOf(std::string_view dataset) {
  for (const ElementSource& source : ElementSources()) {
    if (source.dataset == dataset) return &source;
  }
  return nullptr;
}

absl::StatusOr<std::string> ElementRows(const MeasureContext& context,
                                        const ElementSource& source,
                                        bool with_codes, bool emergencies) {
  if (source.dataset == "gp-event") {
    return "(SELECT person, event_date AS day, cluster_id AS code, false AS "
           "emergency FROM gp_event)";
  }
  if (source.dataset == "gp-prescription") {
    return "(SELECT person, issue_date AS day, bnf_code AS code, false AS "
           "emergency FROM gp_prescription)";
  }
  if (source.dataset == "ecds") {
    TALLY_ASSIGN_OR_RETURN(const std::string rows, RowsByKey(context, "ecds"));
    return absl::StrFormat(
        "(SELECT person, arrival_date AS day, '' AS code, false AS "
        "emergency FROM %s WHERE attendance_category = '1')",
        rows);
  }
  if (source.dataset == "sus-op") {
    TALLY_ASSIGN_OR_RETURN(const std::string rows,
                           RowsByKey(context, "sus_op"));
    return absl::StrFormat(
        "(SELECT person, appointment_date AS day, '' AS code, false AS "
        "emergency FROM %s WHERE attended IN ('5', '6'))",
        rows);
  }
  if (!with_codes) {
    // Several episodes of one stay are one admission.
    return WithEmergencies(
        context, emergencies,
        "SELECT DISTINCT person, admission_date AS day, '' AS code, "
        "admission_method FROM sus_apc");
  }
  std::string rows;
  for (const std::string& column : DiagnosisColumns(context)) {
    rows += absl::StrFormat(
        "%sSELECT person, admission_date AS day, %s AS code, admission_method "
        "FROM sus_apc WHERE %s IS NOT NULL",
        rows.empty() ? "" : " UNION ALL ", column, column);
  }
  return WithEmergencies(context, emergencies, rows);
}

}  // namespace tally::analytics
