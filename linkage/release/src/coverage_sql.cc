// The statement that makes the table `coverage` out of registrations.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "engine/database.h"
#include "linkage/release/release_sql.h"

namespace tally::linkage {
namespace {

std::string PeriodsTable(const std::vector<CoveragePeriod>& periods) {
  std::vector<std::string> rows;
  for (const CoveragePeriod& period : periods) {
    rows.push_back(absl::StrFormat(
        "SELECT %s AS source, %s AS dataset, DATE '%s' AS first_month, "
        "DATE '%s' AS last_month",
        engine::QuoteLiteral(period.source),
        engine::QuoteLiteral(period.dataset), period.first_month.ToIso(),
        period.last_month.ToIso()));
  }
  return absl::StrJoin(rows, " UNION ALL ");
}

// Registrations cut to each period of each dataset of their source. A span
// ends with the registration, with death, or with the period.
constexpr std::string_view kCut =
    "SELECT m.person AS person, r.source AS source, p.dataset AS dataset, "
    "greatest(r.registration_start, p.first_month) AS from_month, "
    "least(coalesce(r.registration_end, p.last_month), "
    "coalesce(r.death_month, p.last_month), p.last_month) AS to_month, "
    "CASE WHEN r.death_month IS NOT NULL AND r.death_month <= "
    "least(coalesce(r.registration_end, p.last_month), p.last_month) THEN 1 "
    "WHEN r.registration_end IS NOT NULL "
    "AND r.registration_end <= p.last_month THEN 3 ELSE 2 END AS ending ";

}  // namespace

SqlStatement CoverageSql(const std::vector<RowsTable>& registrations,
                         const std::vector<CoveragePeriod>& periods) {
  const std::string rows = UnionOfParts(
      registrations, {"registration_start", "registration_end", "death_month"});
  const std::string cut = absl::StrCat(
      std::string(kCut), "FROM (", rows,
      ") AS r INNER JOIN person_map AS m ON m.extract_no = r.extract_no "
      "AND m.person_index = r.person_index INNER JOIN (",
      PeriodsTable(periods),
      ") AS p ON p.source = r.source "
      "WHERE m.person IS NOT NULL AND r.registration_start IS NOT NULL");
  // Spans in order, each with the latest end before it; a gap of a month or
  // more begins a new island.
  const std::string latest = absl::StrCat(
      "SELECT c.person AS person, c.source AS source, c.dataset AS dataset, "
      "c.from_month AS from_month, c.to_month AS to_month, "
      "c.ending AS ending, max(c.to_month) OVER (PARTITION BY c.person, "
      "c.source, c.dataset ORDER BY c.from_month NULLS LAST, "
      "c.to_month NULLS LAST, c.ending NULLS LAST "
      "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest_before "
      "FROM (",
      cut, ") AS c WHERE c.from_month <= c.to_month");
  const std::string islands = absl::StrCat(
      "SELECT d.person AS person, d.source AS source, d.dataset AS dataset, "
      "d.from_month AS from_month, d.to_month AS to_month, "
      "d.ending AS ending, CAST(sum(CASE WHEN d.latest_before IS NULL "
      "OR d.from_month > CAST(d.latest_before + INTERVAL 1 MONTH AS DATE) "
      "THEN 1 ELSE 0 END) OVER (PARTITION BY d.person, d.source, d.dataset "
      "ORDER BY d.from_month NULLS LAST, d.to_month NULLS LAST, "
      "d.ending NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) "
      "AS BIGINT) AS island FROM (",
      latest, ") AS d");
  // Of the spans that end last, a death counts most, then that data end.
  const std::string ends = absl::StrCat(
      "SELECT i.person AS person, i.source AS source, i.dataset AS dataset, "
      "min(i.from_month) OVER (PARTITION BY i.person, i.source, i.dataset, "
      "i.island) AS from_month, i.to_month AS to_month, i.ending AS ending, "
      "row_number() OVER (PARTITION BY i.person, i.source, i.dataset, "
      "i.island ORDER BY i.to_month DESC NULLS LAST, i.ending NULLS LAST, "
      "i.from_month NULLS LAST) AS place FROM (",
      islands, ") AS i");
  return {
      absl::StrCat("SELECT e.person AS person, e.source AS source, "
                   "e.dataset AS dataset, e.from_month AS from_month, "
                   "e.to_month AS to_month, CASE WHEN e.ending = 1 THEN 'died' "
                   "WHEN e.ending = 3 THEN 'moved' ELSE 'no extract' END "
                   "AS ended_by FROM (",
                   ends,
                   ") AS e WHERE e.place = 1 ORDER BY e.person NULLS LAST, "
                   "e.source NULLS LAST, e.dataset NULLS LAST, "
                   "e.from_month NULLS LAST"),
      {}};
}

}  // namespace tally::linkage
