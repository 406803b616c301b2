// Counts of C12: pathways, waits at the ends of months, weekly flow.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/measures/patient_list.h"
#include "base/status.h"
#include "measures/c12_waits.h"
#include "measures/counts.h"
#include "measures/months.h"
#include "measures/table_months.h"

namespace tally::analytics {
namespace {

constexpr int kDaysOfWeek = 7;

absl::StatusOr<double> RttAbove0(const TomlTable& table, std::string_view key) {
  TALLY_ASSIGN_OR_RETURN(const double number, table.GetDouble(key));
  if (!(number > 0)) {
    return table.ErrorAt(table.Find(key)->line(),
                         absl::StrFormat("%s is above 0", std::string(key)));
  }
  return number;
}

absl::Status ReadStatusCodes(const TomlTable& table, RttRules& rules) {
  std::set<std::string> seen;
  const std::pair<std::string_view, std::vector<std::string>*> lists[] = {
      {"start_codes", &rules.start_codes},
      {"continue_codes", &rules.continue_codes},
      {"stop_codes", &rules.stop_codes}};
  for (const auto& [key, target] : lists) {
    TALLY_ASSIGN_OR_RETURN(*target, table.GetStrings(key));
    for (const std::string& code : *target) {
      const bool digits = code.size() == 2 && code[0] >= '0' &&
                          code[0] <= '9' && code[1] >= '0' && code[1] <= '9';
      if (!digits || !seen.insert(code).second) {
        return table.ErrorAt(table.Find(key)->line(),
                             "a status is two digits, in one list, once");
      }
    }
  }
  return absl::OkStatus();
}

std::string CodeList(const std::vector<std::string>& codes) {
  std::string list;
  for (const std::string& code : codes) {
    if (!list.empty()) list += ", ";
    list += engine::QuoteLiteral(code);
  }
  return list.empty() ? "NULL" : list;
}

absl::Status MakePathways(const MeasureContext& context,
                          const RttRules& rules) {
  std::vector<std::string> counted = rules.start_codes;
  for (const auto* codes : {&rules.continue_codes, &rules.stop_codes}) {
    counted.insert(counted.end(), codes->begin(), codes->end());
  }
  const auto rows = [&](std::string_view table, std::string_view day,
                        std::string_view pathway) {
    return absl::StrFormat(
        "SELECT source, person, %1$s AS pathway, provider_code, "
        "treatment_function, "
        "rtt_start, coalesce(rtt_end, CASE WHEN rtt_status IN (%2$s) THEN "
        "%3$s END) AS stopped FROM %4$s WHERE rtt_start IS NOT NULL AND "
        "rtt_status IN (%5$s)",
        pathway, CodeList(rules.stop_codes), day, table, CodeList(counted));
  };
  const bool keyed = context.release.Column("sus_apc", "pathway_id") != nullptr;
  // Of a pathway without a person provider and specialty are those of the row
  // that is first by content.
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE rtt_pathway AS "
      "WITH clock AS NOT MATERIALIZED (%2$s UNION ALL %3$s) "
      "SELECT coalesce(provider_code, '%1$s') AS provider, "
      "coalesce(treatment_function, '%1$s') AS tfc, started, stopped FROM ("
      "SELECT provider_code, treatment_function, rtt_start AS started, "
      "min(stopped) AS stopped FROM clock WHERE person IS NOT NULL "
      "GROUP BY person, provider_code, treatment_function, rtt_start "
      "UNION ALL SELECT best.p, best.t, started, stopped FROM ("
      "SELECT min(struct_pack(p := provider_code, t := treatment_function)) "
      "AS best, rtt_start AS started, min(stopped) AS stopped FROM clock "
      "WHERE person IS NULL AND pathway IS NOT NULL "
      "GROUP BY source, pathway, rtt_start)) "
      "WHERE stopped IS NULL OR stopped >= started",
      kUnknown, rows("sus_op", "appointment_date", "CAST(NULL AS BIGINT)"),
      rows("sus_apc", "admission_date",
           keyed ? "CAST(pathway_id AS BIGINT)" : "CAST(NULL AS BIGINT)")));
}

// rtt_run (provider, tfc, started, census, behind, pathways): clocks that run
// at a census, together where they started on the same day and run from the
// same census to the one before `behind`. The censuses are the ends of months
// one after the other, so months are subtracted instead of comparing each
// pathway with each census.
absl::Status MakeRuns(const MeasureContext& context, const RttCounts& counts) {
  const CivilDay first = counts.censuses.front();
  const auto census_from = [&](std::string_view day) {
    return absl::StrFormat("(year(%1$s) - %2$d) * 12 + month(%1$s) - %3$d", day,
                           first.year(), first.month());
  };
  const size_t censuses = counts.censuses.size();
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE rtt_run AS "
      "SELECT *, count(*) AS pathways FROM ("
      "SELECT provider, tfc, started, greatest(%1$s, 0) AS census, "
      "least(coalesce(%2$s, %3$d), %3$d) AS behind FROM rtt_pathway) "
      "WHERE census < behind GROUP BY ALL",
      census_from("started"), census_from("stopped"), censuses));
}

absl::Status ReadWaiting(const MeasureContext& context, const RttRules& rules,
                         RttCounts& counts) {
  TALLY_RETURN_IF_ERROR(MakeRuns(context, counts));
  std::string days;
  for (size_t i = 0; i < counts.censuses.size(); ++i) {
    if (!days.empty()) days += ", ";
    days += absl::StrFormat("(%d, DATE '%s')", i, counts.censuses[i].ToIso());
  }
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(
          context.connection,
          absl::StrFormat(
              "SELECT provider, tfc, census, wait // %d AS week, "
              "CAST(sum(pathways) AS BIGINT), "
              "CAST(sum(CASE WHEN wait <= %d THEN pathways ELSE 0 END) "
              "AS BIGINT), "
              "CAST(sum(CASE WHEN wait > %d THEN pathways ELSE 0 END) "
              "AS BIGINT), "
              "CAST(sum(CASE WHEN wait > %d THEN pathways ELSE 0 END) "
              "AS BIGINT), CAST(sum(wait * pathways) AS BIGINT) "
              "FROM (SELECT r.provider, r.tfc, c.census, "
              "c.day - r.started AS wait, r.pathways FROM rtt_run AS r "
              "INNER JOIN (VALUES %s) AS c(census, day) "
              "ON c.census >= r.census AND c.census < r.behind) GROUP BY ALL",
              kDaysOfWeek, rules.within_days, rules.long_days,
              rules.very_long_days, days),
          2));
  for (const GroupedRow& row : rows) {
    RttWaiting waiting;
    const auto week = static_cast<size_t>(row.counts[1]);
    waiting.weeks.resize(week + 1);
    waiting.weeks[week] = row.counts[2];
    waiting.incomplete = row.counts[2];
    waiting.within = row.counts[3];
    waiting.over_long = row.counts[4];
    waiting.over_very_long = row.counts[5];
    waiting.wait_days = row.counts[6];
    counts
        .waiting[{{row.levels[0], row.levels[1]},
                  static_cast<size_t>(row.counts[0])}]
        .Add(waiting);
  }
  return absl::OkStatus();
}

absl::Status ReadFlow(const MeasureContext& context, const RttRules& rules,
                      RttCounts& counts) {
  const std::string last =
      absl::StrFormat("DATE '%s'", counts.censuses.back().ToIso());
  const auto events = [&](std::string_view day, int kind) {
    return absl::StrFormat(
        "SELECT provider, tfc, %d AS kind, (%s - %s) // %d AS week FROM "
        "rtt_pathway WHERE %s > %s - %d AND %s <= %s",
        kind, last, day, kDaysOfWeek, day, last, rules.weeks * kDaysOfWeek, day,
        last);
  };
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(
          context.connection,
          absl::StrFormat("SELECT provider, tfc, kind, week, count(*) FROM "
                          "(%s UNION ALL %s) GROUP BY ALL",
                          events("started", 0), events("stopped", 1)),
          2));
  const auto weeks = static_cast<size_t>(rules.weeks);
  for (const GroupedRow& row : rows) {
    RttFlow& flow = counts.flow[{row.levels[0], row.levels[1]}];
    flow.starts.resize(weeks);
    flow.stops.resize(weeks);
    auto& side = row.counts[0] == 0 ? flow.starts : flow.stops;
    side[static_cast<size_t>(row.counts[1])] += row.counts[2];
  }
  return absl::OkStatus();
}

}  // namespace

void RttWaiting::Add(const RttWaiting& other) {
  incomplete += other.incomplete;
  within += other.within;
  over_long += other.over_long;
  over_very_long += other.over_very_long;
  wait_days += other.wait_days;
  weeks.resize(std::max(weeks.size(), other.weeks.size()));
  for (size_t i = 0; i < other.weeks.size(); ++i) weeks[i] += other.weeks[i];
}

absl::StatusOr<RttRules> ReadRttRules(const MeasureDefinition& definition) {
  TALLY_ASSIGN_OR_RETURN(const TomlTable table,
                         definition.root().GetTable("parameters"));
  TALLY_RETURN_IF_ERROR(table.OnlyKeys(
      {"months", "start_codes", "continue_codes", "stop_codes", "within_days",
       "standard_pct", "long_days", "very_long_days", "histogram_weeks",
       "weeks", "target_wait", "weeks_to_target", "factor"}));
  RttRules rules;
  const std::tuple<std::string_view, int64_t*, int64_t, int64_t> numbers[] = {
      {"months", &rules.months, 1, 60},
      {"within_days", &rules.within_days, 1, 3650},
      {"long_days", &rules.long_days, 1, 3650},
      {"very_long_days", &rules.very_long_days, 1, 3650},
      {"histogram_weeks", &rules.histogram_weeks, 2, 260},
      {"weeks", &rules.weeks, 2, 260}};
  for (const auto& [key, target, from, to] : numbers) {
    TALLY_ASSIGN_OR_RETURN(*target, table.GetInt(key, from, to));
  }
  const std::pair<std::string_view, double*> doubles[] = {
      {"standard_pct", &rules.standard_pct},
      {"target_wait", &rules.target_wait},
      {"weeks_to_target", &rules.weeks_to_target},
      {"factor", &rules.factor}};
  for (const auto& [key, target] : doubles) {
    TALLY_ASSIGN_OR_RETURN(*target, RttAbove0(table, key));
  }
  TALLY_RETURN_IF_ERROR(ReadStatusCodes(table, rules));
  return rules;
}

absl::StatusOr<RttCounts> CountWaits(const MeasureContext& context,
                                     const RttRules& rules) {
  RttCounts counts;
  TALLY_ASSIGN_OR_RETURN(const Span span,
                         MonthsEndingWith(context.month, rules.months));
  MonthRange covered{span.first.FirstOfMonth(), span.last.FirstOfMonth()};
  for (const char* table : {"sus_op", "sus_apc"}) {
    TALLY_ASSIGN_OR_RETURN(const TableCoverage months,
                           MonthsOfTable(context, table, covered));
    if (!months.has_rows) continue;
    // The runner has seen to the last twelve of them.
    if (months.months.has_value()) covered = *months.months;
  }
  for (const CivilDay month : MonthsOf(span)) {
    if (month < covered.first || covered.last < month) continue;
    counts.censuses.push_back(month.LastOfMonth());
  }
  TALLY_RETURN_IF_ERROR(MakePathways(context, rules));
  TALLY_RETURN_IF_ERROR(ReadWaiting(context, rules, counts));
  TALLY_RETURN_IF_ERROR(ReadFlow(context, rules, counts));
  return counts;
}

}  // namespace tally::analytics
