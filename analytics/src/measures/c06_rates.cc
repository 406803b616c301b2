// The rates of C06 and how they are counted.
#include <set>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "measures/admissions.h"
#include "measures/c06_inequality.h"
#include "measures/deaths.h"
#include "measures/event_lists.h"
#include "measures/kinds.h"
#include "measures/months.h"
#include "measures/record_keys.h"

namespace tally::analytics {
namespace {

constexpr int kOldestInequalityAge = 90;
constexpr int64_t kInequalityMonths = 12;

absl::StatusOr<InequalityEvents> EventsOf(const TomlTable& table) {
  TALLY_ASSIGN_OR_RETURN(const std::string events, table.GetString("events"));
  if (events == "emergency_admissions") {
    return InequalityEvents::kEmergencyAdmissions;
  }
  if (events == "ed_attendances") return InequalityEvents::kEdAttendances;
  if (events == "deaths") return InequalityEvents::kDeaths;
  return table.ErrorAt(
      table.line(), "events is emergency_admissions, ed_attendances or deaths");
}

absl::StatusOr<InequalityRate> ReadRate(const TomlTable& table) {
  TALLY_RETURN_IF_ERROR(table.OnlyKeys(
      {"id", "title", "events", "age_from", "age_to", "multiplier", "high"}));
  InequalityRate rate;
  TALLY_ASSIGN_OR_RETURN(rate.title, table.GetString("title"));
  TALLY_ASSIGN_OR_RETURN(rate.events, EventsOf(table));
  TALLY_ASSIGN_OR_RETURN(const int64_t from,
                         table.GetInt("age_from", 0, kOldestInequalityAge));
  TALLY_ASSIGN_OR_RETURN(const int64_t to,
                         table.GetInt("age_to", from, kOldestInequalityAge));
  rate.age_from = static_cast<int>(from);
  rate.age_to = static_cast<int>(to);
  TALLY_ASSIGN_OR_RETURN(rate.multiplier, table.GetDouble("multiplier"));
  TALLY_ASSIGN_OR_RETURN(const std::string high, table.GetString("high"));
  if (high != "bad" && high != "good") {
    return table.ErrorAt(table.line(), "high is bad or good");
  }
  rate.high_is_bad = high == "bad";
  return rate;
}

// Rows of twelve months: an SQL relation with the columns person and month.
absl::StatusOr<std::string> EventsSql(const MeasureContext& context,
                                      const InequalityRate& rate,
                                      const Span& year) {
  const auto month = [&](std::string_view table, std::string_view column) {
    return absl::StrFormat("CAST(date_trunc('month', %s) AS DATE) AS month",
                           PlacedDay(context, table, column));
  };
  if (rate.events == InequalityEvents::kEdAttendances) {
    TALLY_ASSIGN_OR_RETURN(const std::string rows, RowsByKey(context, "ecds"));
    return absl::StrFormat(
        "(SELECT person, %s FROM %s WHERE attendance_category = '1' "
        "AND %s)",
        month("ecds", "arrival_date"), rows,
        WithinSpan(context, "ecds", "arrival_date", year));
  }
  TALLY_RETURN_IF_ERROR(MakeAdmissions(context));
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<std::string> methods,
      context.definition.root().GetStrings("emergency_methods"));
  return absl::StrFormat(
      "(SELECT person, %s FROM admission WHERE emergency AND admission_method "
      "IN %s AND %s)",
      month("sus_apc", "admission_date"), SqlList(methods),
      WithinSpan(context, "sus_apc", "admission_date", year));
}

}  // namespace

absl::StatusOr<std::vector<InequalityRate>> ReadInequalityRates(
    const MeasureDefinition& definition,
    const std::vector<Condition>& conditions) {
  TALLY_ASSIGN_OR_RETURN(const TomlArray array,
                         definition.root().GetArray("indicator"));
  std::vector<InequalityRate> rates;
  std::set<std::string> titles;
  for (const TomlValue& value : array) {
    if (!value.is_table()) {
      return definition.root().ErrorAt(value.line(), "an indicator is a table");
    }
    TALLY_ASSIGN_OR_RETURN(rates.emplace_back(), ReadRate(value.AsTable()));
    if (!titles.insert(rates.back().title).second) {
      return definition.root().ErrorAt(value.line(),
                                       "an indicator is there twice");
    }
  }
  for (size_t i = 0; i < conditions.size(); ++i) {
    InequalityRate& rate = rates.emplace_back();
    rate.title = conditions[i].title;
    rate.condition = i;
    rate.age_from = conditions[i].age_from;
    rate.age_to = conditions[i].age_to;
  }
  return rates;
}

std::string RateMissing(const MeasureContext& context,
                        const InequalityRate& rate) {
  switch (rate.events) {
    case InequalityEvents::kRegister:
      if (HasColumns(context, "gp_event", {"event_date", "cluster_id"})) break;
      return "the release has no gp-event with event_date and cluster_id";
    case InequalityEvents::kEmergencyAdmissions:
      if (HasAdmissions(context)) break;
      return "the release has no sus-apc with all that spells are built of";
    case InequalityEvents::kEdAttendances:
      if (HasColumns(context, "ecds",
                     {"arrival_date", "attendance_category"})) {
        break;
      }
      return "the release has no ecds with arrival_date and "
             "attendance_category";
    case InequalityEvents::kDeaths:
      if (HasColumns(context, "ons_death",
                     {"date_of_death", "underlying_cause"})) {
        break;
      }
      return "the release has no ons-death with date_of_death and "
             "underlying_cause";
  }
  return "";
}

absl::StatusOr<GroupedStrata> CountRate(
    const MeasureContext& context, const InequalityRate& rate,
    const std::vector<GroupColumn>& groups) {
  TALLY_ASSIGN_OR_RETURN(const Span year,
                         MonthsEndingWith(context.month, kInequalityMonths));
  TALLY_ASSIGN_OR_RETURN(EventLists lists, MakeEventLists(context, year.first));
  lists = lists.Between(rate.age_from, rate.age_to);
  if (rate.events == InequalityEvents::kDeaths) {
    TALLY_RETURN_IF_ERROR(MakeDeaths(context));
    GroupedStrata counted;
    TALLY_RETURN_IF_ERROR(AddDeathStrata(
        context, groups, lists.list,
        absl::StrFormat(
            "(SELECT * FROM registered_death WHERE year = 0 AND %s)",
            WithinAges(rate.age_from, rate.age_to)),
        counted));
    // Deaths before April are of another financial year than the list.
    JoinOldest(counted);
    return counted;
  }
  TALLY_ASSIGN_OR_RETURN(const std::string events,
                         EventsSql(context, rate, year));
  return CountEvents(context, groups, events, lists);
}

}  // namespace tally::analytics
