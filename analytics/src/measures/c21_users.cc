// C21: high-intensity users of emergency departments.
#include "measures/c21_users.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/patient_list.h"
#include "analytics/statistics/inequality.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "measures/counts.h"
#include "measures/record_keys.h"
#include "measures/table_months.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

// Gini needs so many attendances.
constexpr int64_t kFewestForGini = 100;
// Level of `department`, beside all of them: departments of type 1.
constexpr std::string_view kFirstDepartment = "type 1";

std::string EcdsOrNull(const MeasureContext& context, std::string_view column,
                       std::string_view type) {
  return context.release.Column("ecds", column) == nullptr
             ? absl::StrFormat("CAST(NULL AS %s) AS %s", type, column)
             : absl::StrFormat("CAST(%s AS %s) AS %s", column, type, column);
}

// The table hiu_attendance: attendances of category 1 of people, each key once.
absl::Status MakeAttendancesOfPeople(const MeasureContext& context) {
  TALLY_ASSIGN_OR_RETURN(const std::string rows, RowsByKey(context, "ecds"));
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE hiu_attendance AS "
      "SELECT person, source, arrival_date, %s, %s, %s, %s FROM %s "
      "WHERE person IS NOT NULL AND arrival_date IS NOT NULL "
      "AND attendance_category = '1' AND arrival_date <= DATE '%s'",
      EcdsOrNull(context, "arrival_hour_band", "INTEGER"),
      EcdsOrNull(context, "provider_code", "VARCHAR"),
      EcdsOrNull(context, "department_type", "VARCHAR"),
      EcdsOrNull(context, "practice_code", "VARCHAR"), rows,
      context.month.LastOfMonth().ToIso()));
}

// The table hiu_person: practice and attendances of everybody who attended in
// the 365 days to the census date; once for each kind of department, of the
// attendances there. The practice is that of the latest attendance, known or
// not; of several in its hour the last by code that is known.
absl::Status MakeUsers(const MeasureContext& context, double days) {
  const CivilDay census = context.month.LastOfMonth();
  TALLY_ASSIGN_OR_RETURN(const CivilDay first,
                         census.AddDays(1 - static_cast<int64_t>(days)));
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE hiu_person AS "
      "WITH census AS (SELECT person, department_type, struct_pack("
      "day := arrival_date, hour := coalesce(arrival_hour_band, -1), "
      "known := practice_code IS NOT NULL, "
      "practice := coalesce(practice_code, '%1$s')) AS latest "
      "FROM hiu_attendance "
      "WHERE arrival_date BETWEEN DATE '%2$s' AND DATE '%3$s'), "
      "people AS (SELECT '%4$s' AS department, person, count(*) AS "
      "attendances, max(latest) AS latest FROM census GROUP BY person "
      "UNION ALL SELECT '%5$s', person, count(*), max(latest) FROM census "
      "WHERE department_type = '01' GROUP BY person) "
      "SELECT department, person, attendances, latest.practice AS practice "
      "FROM people",
      kUnknown, first.ToIso(), census.ToIso(), kAllLevels, kFirstDepartment));
}

absl::StatusOr<std::vector<int64_t>> ReadThresholds(
    const MeasureDefinition& definition) {
  TALLY_ASSIGN_OR_RETURN(const TomlArray array,
                         definition.root().GetArray("thresholds"));
  std::vector<int64_t> thresholds;
  for (const TomlValue& value : array) {
    const bool good = value.is_int() && value.AsInt() > 1 &&
                      (thresholds.empty() || value.AsInt() > thresholds.back());
    if (!good) {
      return definition.root().ErrorAt(
          value.line(), "thresholds are whole numbers above 1, ascending");
    }
    thresholds.push_back(value.AsInt());
  }
  if (thresholds.empty()) {
    return definition.root().ErrorAt(definition.root().line(),
                                     "thresholds are missing");
  }
  return thresholds;
}

// People of one area in one band of attendances.
struct UserBand {
  int64_t persons = 0;
  int64_t attendances = 0;
  int64_t largest = 0;  // attendances of one person
  int64_t second = 0;

  void Add(const UserBand& other) {
    persons += other.persons;
    attendances += other.attendances;
    for (const int64_t one : {other.largest, other.second}) {
      if (one > largest) {
        second = std::exchange(largest, one);
      } else {
        second = std::max(second, one);
      }
    }
  }
};
// By the lowest number of the band; 1 is below every threshold.
using UserBands = std::map<int64_t, UserBand>;

// By area, of one kind of department.
absl::StatusOr<std::map<std::string, UserBands>> CountUsers(
    const MeasureContext& context, std::string_view department,
    const std::vector<int64_t>& thresholds) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  "SELECT practice, attendances, count(*) FROM hiu_person "
                  "WHERE department = ? GROUP BY practice, attendances",
                  1, {engine::Value::Text(std::string(department))}));
  std::map<std::string, UserBands> areas;
  for (const GroupedRow& row : rows) {
    const int64_t each = row.counts[0];
    const int64_t people = row.counts[1];
    int64_t band = 1;
    for (const int64_t threshold : thresholds) {
      if (each >= threshold) band = threshold;
    }
    areas[row.levels[0]][band].Add(
        {people, each * people, each, people > 1 ? each : 0});
  }
  return areas;
}

// Department and area.
using UserUnit = std::pair<std::string, std::string>;

size_t AddUserRow(TableBuilder& table, const UserUnit& unit,
                  const std::string& level, const UserBand& band) {
  const size_t row = table.AddRow({unit.first, unit.second, level});
  table.Set(row, "persons", band.persons)
      .SetSum(row, "attendances", static_cast<double>(band.attendances),
              band.persons, static_cast<double>(band.largest),
              static_cast<double>(band.second));
  return row;
}

// Rows of one area: bands, then thresholds as sums of the bands from there on,
// and everybody at the threshold of one. All attendances stand there and
// nowhere else: beside the sums of the bands, in the column whose hidden sums
// the gate keeps open.
void AddUsers(TableBuilder& table, const UserUnit& unit, const UserBands& bands,
              const std::vector<int64_t>& thresholds) {
  std::map<std::string, size_t> rows;
  UserBand all;
  for (const auto& [from, band] : bands) all.Add(band);
  const auto at = [&](int64_t from) {
    const auto found = bands.find(from);
    return found == bands.end() ? UserBand() : found->second;
  };
  std::vector<size_t> parts;
  const auto add_band = [&](int64_t from, int64_t to) {
    const std::string level = absl::StrFormat("%d-%d", from, to);
    rows[level] = AddUserRow(table, unit, level, at(from));
    return rows[level];
  };
  const size_t below = add_band(1, thresholds.front() - 1);
  UserBand above;
  for (size_t i = thresholds.size(); i-- > 0;) {
    const int64_t from = thresholds[i];
    const std::string level = absl::StrFormat("%d", from);
    above.Add(at(from));
    if (i + 1 < thresholds.size()) {
      parts.push_back(add_band(from, thresholds[i + 1] - 1));
    }
    const size_t row = AddUserRow(table, unit, level, above);
    if (i + 1 < thresholds.size()) {
      table.Total(row, parts, {"attenders"});
    }
    parts = {row};
    rows[level] = row;
  }
  const size_t everybody =
      AddUserRow(table, unit, std::string(kAnyAttendance), all);
  const size_t lowest = rows[absl::StrFormat("%d", thresholds.front())];
  table.Total(everybody, {below, lowest}, {"attenders"});
  table.TotalOf(everybody, "attenders", {{everybody, "persons"}});
  for (const auto& [level, row] : rows) {
    table.Set(row, "attenders", all.persons).Same(row, everybody, "attenders");
  }
}

// Areas, and all of them, of one kind of department.
absl::Status AddDepartment(const MeasureContext& context,
                           const std::string& department,
                           const std::vector<int64_t>& thresholds,
                           TableBuilder& table) {
  TALLY_ASSIGN_OR_RETURN(const auto areas,
                         CountUsers(context, department, thresholds));
  std::vector<std::string> order;
  UserBands all;
  for (const auto& [area, bands] : areas) {
    order.push_back(area);
    for (const auto& [from, band] : bands) all[from].Add(band);
  }
  SortLevels(order);
  for (const std::string& area : order) {
    AddUsers(table, {department, area}, areas.at(area), thresholds);
  }
  if (order.empty()) return absl::OkStatus();
  AddUsers(table, {department, std::string(kAllLevels)}, all, thresholds);
  return absl::OkStatus();
}

absl::StatusOr<RawTable> UserSummary(const MeasureContext& context,
                                     const std::vector<int64_t>& thresholds) {
  TableInfo info = context.Info("hiu_summary",
                                "People who attend emergency departments "
                                "often");
  info.notes = {
      "Threshold: 5 is 5 or more attendances, 5-9 is 5 to 9, 1 is everybody "
      "who "
      "attended. The practice is "
      "that of the latest attendance. Type 1: attendances at departments of "
      "type 1 only."};
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "ecds", info));
  TableBuilder table(std::move(info));
  table.Dimension("department", "Department")
      .Dimension("area", "Practice")
      .Dimension("threshold", "Attendances")
      .Persons("persons", "People")
      .Persons("attenders", "All who attended")
      .Proportion("share_persons", "Share of those who attended", "persons",
                  "attenders")
      .Sum("attendances", "Their attendances", "attendances", "persons");
  for (const std::string_view department : {kAllLevels, kFirstDepartment}) {
    TALLY_RETURN_IF_ERROR(
        AddDepartment(context, std::string(department), thresholds, table));
  }
  return table.Finish();
}

absl::StatusOr<std::map<int64_t, int64_t>> PeopleByAttendances(
    const MeasureContext& context) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  "SELECT attendances, count(*) FROM hiu_person "
                  "WHERE department = ? GROUP BY attendances",
                  0, {engine::Value::Text(std::string(kAllLevels))}));
  std::map<int64_t, int64_t> people;
  for (const GroupedRow& row : rows) people[row.counts[0]] = row.counts[1];
  return people;
}

absl::StatusOr<RawTable> UserDistribution(
    const MeasureContext& context, const std::map<int64_t, int64_t>& people) {
  TableInfo info =
      context.Info("hiu_distribution", "People by their number of attendances");
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "ecds", info));
  TableBuilder table(std::move(info));
  table.Dimension("attendances_each", "Attendances each")
      .Persons("persons", "People");
  int64_t more = 0;
  for (const auto& [each, count] : people) {
    if (each > kMostAttendancesEach) more += count;
  }
  for (int64_t each = 1; each <= kMostAttendancesEach; ++each) {
    const auto found = people.find(each);
    table.Set(table.AddRow({absl::StrFormat("%d", each)}), "persons",
              found == people.end() ? int64_t{0} : found->second);
  }
  table.Set(table.AddRow({absl::StrFormat("%d+", kMostAttendancesEach + 1)}),
            "persons", more);
  return table.Finish();
}

absl::StatusOr<RawTable> UserGini(const MeasureContext& context,
                                  const std::map<int64_t, int64_t>& people) {
  TableInfo info = context.Info("hiu_gini", "Concentration of attendances");
  info.notes = {"0: everybody who attended did so equally often."};
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "ecds", info));
  TableBuilder table(std::move(info));
  ColumnSpec gini;
  gini.name = "gini";
  gini.kind = ColumnKind::kModelMetric;
  gini.title = "Gini coefficient";
  table.Dimension("area", "Practice")
      .Persons("attenders", "All who attended")
      .Column(gini);
  int64_t persons = 0, attendances = 0;
  std::vector<int64_t> counts(
      people.empty() ? 1 : static_cast<size_t>(people.rbegin()->first) + 1, 0);
  for (const auto& [each, count] : people) {
    persons += count;
    attendances += each * count;
    counts[static_cast<size_t>(each)] = count;
  }
  const size_t row = table.AddRow({std::string(kAllLevels)});
  table.Set(row, "attenders", persons);
  const Figure value = attendances < kFewestForGini
                           ? Figure::Na(NaReason::kTooFewEvents)
                           : Gini(counts);
  if (value.known()) {
    table.Set(row, "gini", value.value());
  } else {
    table.SetNa(row, "gini", value.reason());
  }
  return table.Finish();
}

// Adds the months of one kind of department to the rolling table.
absl::Status AddRolling(const MeasureContext& context, CivilDay from,
                        const std::string& department, std::string_view where,
                        TableBuilder& table) {
  TALLY_ASSIGN_OR_RETURN(const double earlier,
                         context.definition.Parameter("earlier"));
  TALLY_ASSIGN_OR_RETURN(const double days,
                         context.definition.Parameter("rolling_days"));
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(
          context.connection,
          absl::StrFormat(
              "SELECT strftime(arrival_date, '%%Y-%%m') AS month, "
              "CAST(count_if(coalesce(date_diff('day', before_day, "
              "arrival_date) <= %.0f, false)) AS BIGINT), count(*) FROM ("
              "SELECT arrival_date, lag(arrival_date, %.0f) OVER ("
              "PARTITION BY person ORDER BY arrival_date, "
              "arrival_hour_band NULLS LAST, provider_code NULLS LAST, "
              "department_type NULLS LAST) AS before_day "
              "FROM hiu_attendance%s) WHERE arrival_date >= ? "
              "GROUP BY month ORDER BY month",
              days, earlier, where),
          1, {engine::Value::Day(from.days())}));
  for (const GroupedRow& row : rows) {
    const size_t at = table.AddRow({department, row.levels[0]});
    table.Set(at, "frequent", row.counts[0])
        .Set(at, "attendances", row.counts[1]);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<RawTable>> RollingUsers(
    const MeasureContext& context) {
  TALLY_ASSIGN_OR_RETURN(const CivilDay first,
                         FirstMonthOfTable(context, "ecds"));
  TALLY_ASSIGN_OR_RETURN(const CivilDay from, first.AddMonths(12));
  if (context.month < from) {
    context.Lacks("hiu_rolling",
                  absl::StrFormat("it begins a year after ecds, which begins "
                                  "with %s",
                                  first.ToMonth()));
    return std::optional<RawTable>();
  }
  TableInfo info =
      context.Info("hiu_rolling", "Attendances of people who attend often");
  info.period =
      absl::StrFormat("%s to %s", from.ToMonth(), context.month.ToMonth());
  info.notes = {
      "Frequent: the same person has 3 or more earlier attendances in the 365 "
      "days before. Months from a year after the data begin."};
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "ecds", info));
  TableBuilder table(std::move(info));
  table.Dimension("department", "Department")
      .Dimension("month", "Month")
      .Events("frequent", "Frequent attendances")
      .Events("attendances", "Attendances")
      .Proportion("share", "Share of attendances", "frequent", "attendances");
  TALLY_RETURN_IF_ERROR(
      AddRolling(context, from, std::string(kAllLevels), "", table));
  if (context.release.Column("ecds", "department_type") != nullptr) {
    TALLY_RETURN_IF_ERROR(AddRolling(context, from,
                                     std::string(kFirstDepartment),
                                     " WHERE department_type = '01'", table));
  }
  TALLY_ASSIGN_OR_RETURN(RawTable rolling, table.Finish());
  return std::optional<RawTable>(std::move(rolling));
}

class HighIntensityUsers : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    if (!context.by.empty() &&
        context.by != std::vector<std::string>{"practice"}) {
      return UsageError(
          "--by: people who attend often are grouped by practice "
          "only");
    }
    TALLY_ASSIGN_OR_RETURN(const std::vector<int64_t> thresholds,
                           ReadThresholds(context.definition));
    TALLY_ASSIGN_OR_RETURN(const double days,
                           context.definition.Parameter("census_days"));
    TALLY_RETURN_IF_ERROR(MakeAttendancesOfPeople(context));
    TALLY_RETURN_IF_ERROR(MakeUsers(context, days));
    TALLY_ASSIGN_OR_RETURN(const auto people, PeopleByAttendances(context));
    std::vector<RawTable> tables;
    const auto add = [&](absl::StatusOr<RawTable> table) -> absl::Status {
      TALLY_RETURN_IF_ERROR(table.status());
      tables.push_back(*std::move(table));
      return absl::OkStatus();
    };
    TALLY_RETURN_IF_ERROR(add(UserSummary(context, thresholds)));
    TALLY_RETURN_IF_ERROR(add(UserDistribution(context, people)));
    TALLY_ASSIGN_OR_RETURN(std::optional<RawTable> rolling,
                           RollingUsers(context));
    if (rolling.has_value()) tables.push_back(*std::move(rolling));
    TALLY_RETURN_IF_ERROR(add(UserGini(context, people)));
    TALLY_RETURN_IF_ERROR(
        context.connection.Execute("DROP TABLE hiu_attendance"));
    TALLY_RETURN_IF_ERROR(context.connection.Execute("DROP TABLE hiu_person"));
    return tables;
  }

  absl::StatusOr<std::vector<DerivedTable>> Derive(
      const DeriveContext& context) const override {
    return DeriveUsers(context);
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition&,
      const std::vector<GatedTable>& tables) const override {
    return DrawUsers(tables);
  }
};

}  // namespace

std::unique_ptr<Measure> MakeC21() {
  return std::make_unique<HighIntensityUsers>();
}

}  // namespace tally::analytics
