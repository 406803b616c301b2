// C09: the events of people in their order, in SQL.
#include <algorithm>
#include <set>
#include <tuple>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/status.h"
#include "measures/admissions.h"
#include "measures/c09_pathways.h"

namespace tally::analytics {
namespace {

// How the events of a form are read.
struct PathwayForm {
  std::string_view form;
  std::string_view table;  // of the release
  std::vector<std::string_view> columns;
  std::string_view from;  // relation, if it is not the table
  std::string_view day;
  std::string_view where;
};

const std::vector<PathwayForm>& PathwayForms() {
  static const auto& forms = *new std::vector<PathwayForm>{
      {"attendance", "ecds", {"arrival_date"}, "", "arrival_date", "true"},
      {"emergency_admission",
       "sus_apc",
       {},
       "admission",
       "admission_date",
       "emergency AND coalesce(patient_classification, '') NOT IN ('3', '4')"},
      {"planned_admission",
       "sus_apc",
       {},
       "admission",
       "admission_date",
       "admission_method LIKE '1%' AND coalesce(patient_classification, '') "
       "NOT IN ('3', '4')"},
      {"appointment_first",
       "sus_op",
       {"appointment_date", "attended", "attendance_type"},
       "",
       "appointment_date",
       "attended IN ('5', '6') AND attendance_type IN ('1', '3', '21')"},
      {"appointment_follow_up",
       "sus_op",
       {"appointment_date", "attended", "attendance_type"},
       "",
       "appointment_date",
       "attended IN ('5', '6') AND attendance_type IN ('2', '4', '22')"},
      {"contact",
       "community_contact",
       {"contact_date", "attended"},
       "",
       "contact_date",
       "attended IN ('5', '6')"},
      {"death", "ons_death", {"date_of_death"}, "", "date_of_death", "true"},
      {"event",
       "gp_event",
       {"event_date", "cluster_id"},
       "",
       "event_date",
       "true"},
  };
  return forms;
}

const PathwayForm* FormNamed(std::string_view name) {
  for (const PathwayForm& form : PathwayForms()) {
    if (form.form == name) return &form;
  }
  return nullptr;
}

bool CanTell(const MeasureContext& context, const PathwayForm& form) {
  return context.release.HasTable(form.table) &&
         context.release.Grain(form.table) == "day" &&
         std::all_of(form.columns.begin(), form.columns.end(),
                     [&](std::string_view column) {
                       return context.release.Column(form.table, column) !=
                              nullptr;
                     });
}

// SELECT person, day of one activity's events, whenever they were.
std::string EventsSql(const PathwayActivity& activity,
                      const PathwayForm& form) {
  if (form.form == "event") {
    std::string list;
    for (const std::string& cluster : activity.clusters) {
      list += (list.empty() ? "" : ", ") + engine::QuoteLiteral(cluster);
    }
    return absl::StrFormat(
        "SELECT person, min(event_date) AS day FROM gp_event "
        "WHERE cluster_id IN (%s) GROUP BY person",
        list);
  }
  return absl::StrFormat("SELECT person, %s AS day FROM %s WHERE %s", form.day,
                         form.from.empty() ? form.table : form.from,
                         form.where);
}

absl::StatusOr<PathwayActivity> ReadActivity(const TomlTable& table) {
  TALLY_RETURN_IF_ERROR(
      table.OnlyKeys({"name", "form", "priority", "clusters"}));
  PathwayActivity activity;
  TALLY_ASSIGN_OR_RETURN(activity.name, table.GetString("name"));
  TALLY_ASSIGN_OR_RETURN(activity.form, table.GetString("form"));
  TALLY_ASSIGN_OR_RETURN(activity.priority, table.GetInt("priority"));
  if (FormNamed(activity.form) == nullptr) {
    return table.ErrorAt(table.line(), "there is no such form of an activity");
  }
  if (table.Find("clusters") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(activity.clusters, table.GetStrings("clusters"));
  }
  if (activity.clusters.empty() == (activity.form == "event")) {
    return table.ErrorAt(table.line(),
                         "clusters belong to the form \"event\", and it needs "
                         "them");
  }
  return activity;
}

}  // namespace

absl::StatusOr<std::vector<PathwayActivity>> ReadActivities(
    const MeasureDefinition& definition) {
  TALLY_ASSIGN_OR_RETURN(const TomlArray array,
                         definition.root().GetArray("activity"));
  std::vector<PathwayActivity> activities;
  std::set<std::string> names;
  for (const TomlValue& value : array) {
    if (!value.is_table()) {
      return definition.root().ErrorAt(value.line(), "an activity is a table");
    }
    TALLY_ASSIGN_OR_RETURN(PathwayActivity activity,
                           ReadActivity(value.AsTable()));
    if (!names.insert(activity.name).second) {
      return definition.root().ErrorAt(value.line(),
                                       "an activity is there twice");
    }
    activities.push_back(std::move(activity));
  }
  if (activities.empty() || activities.size() > kMostActivities) {
    return definition.root().ErrorAt(definition.root().line(),
                                     "there are 1 to 14 activities");
  }
  std::sort(activities.begin(), activities.end(),
            [](const PathwayActivity& a, const PathwayActivity& b) {
              return std::tie(a.priority, a.name) <
                     std::tie(b.priority, b.name);
            });
  return activities;
}

absl::StatusOr<std::vector<std::string>> MakePathwaySteps(
    const MeasureContext& context,
    const std::vector<PathwayActivity>& activities, CivilDay from, CivilDay to,
    int64_t collapse_days) {
  TALLY_RETURN_IF_ERROR(MakeAdmissions(context));
  std::vector<std::string> untold;
  std::string events;
  for (size_t i = 0; i < activities.size(); ++i) {
    const PathwayForm* form = FormNamed(activities[i].form);
    TALLY_CHECK(form != nullptr);
    if (!CanTell(context, *form)) {
      untold.push_back(activities[i].name);
      continue;
    }
    events += absl::StrFormat(
        "%sSELECT person, day, CAST(%d AS TINYINT) AS activity FROM (%s)",
        events.empty() ? "" : " UNION ALL ", i,
        EventsSql(activities[i], *form));
  }
  TALLY_RETURN_IF_ERROR(context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE pathway_event AS "
      "SELECT DISTINCT person, day, activity FROM (%s) "
      "WHERE person IS NOT NULL AND day BETWEEN DATE '%s' AND DATE '%s'",
      events, from.ToIso(), to.ToIso())));
  TALLY_RETURN_IF_ERROR(context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE pathway_step AS "
      "SELECT person, activity, day, row_number() OVER days AS turn, "
      "lead(activity) OVER days AS next_activity, "
      "lead(day) OVER days AS next_day FROM ("
      "SELECT person, activity, day, lag(day) OVER (PARTITION BY person, "
      "activity ORDER BY day) AS before_day FROM pathway_event) "
      "WHERE before_day IS NULL OR date_diff('day', before_day, day) > %d "
      "WINDOW days AS (PARTITION BY person ORDER BY day, activity)",
      collapse_days)));
  TALLY_RETURN_IF_ERROR(context.connection.Execute("DROP TABLE pathway_event"));
  return untold;
}

}  // namespace tally::analytics
