#include "report_sql.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/strings.h"
#include "engine/database.h"

namespace tally::linkage {
namespace {

using dataset::ColumnType;
using dataset::Specification;
using engine::SqlType;

// The five counts over f, in which a person of a group has one row.
constexpr std::string_view kCounts =
    "CAST(sum(f.n) AS BIGINT) AS n_rows, "
    "CAST(sum(CASE WHEN f.link_person IS NULL THEN 0 ELSE f.n END) AS BIGINT) "
    "AS n_rows_person, count(f.link_person) AS n_persons, "
    "count(CASE WHEN f.linked THEN f.link_person ELSE NULL END) "
    "AS n_linked, "
    "CAST(sum(CASE WHEN f.linked THEN f.n ELSE 0 END) AS BIGINT) "
    "AS n_rows_linked";

std::string PracticeColumn(const Specification& specification) {
  if (specification.Column("practice_code") != nullptr) return "practice_code";
  if (specification.Column("prescriber_org") != nullptr) {
    return "prescriber_org";
  }
  return "";
}

bool HasInt(const Specification& specification, std::string_view name) {
  const dataset::ColumnSpec* column = specification.Column(name);
  return column != nullptr && column->type == ColumnType::kInt32;
}

bool HasCode(const Specification& specification, std::string_view name) {
  const dataset::ColumnSpec* column = specification.Column(name);
  return column != nullptr && column->type == ColumnType::kCode;
}

}  // namespace

std::vector<std::string> DimensionColumns(const Specification& specification) {
  std::vector<std::string> columns;
  const std::string practice = PracticeColumn(specification);
  if (!practice.empty()) columns.push_back(practice);
  if (HasInt(specification, "age_fy")) {
    columns.push_back("age_fy");
  } else if (HasInt(specification, "year_of_birth")) {
    columns.push_back("year_of_birth");
  }
  if (HasCode(specification, "sex")) columns.push_back("sex");
  if (HasInt(specification, "imd_decile")) columns.push_back("imd_decile");
  if (HasCode(specification, "ethnic_category")) {
    columns.push_back("ethnic_category");
  }
  if (HasCode(specification, "nhs_number_status")) {
    columns.push_back("nhs_number_status");
  }
  return columns;
}

std::vector<ReportDimension> DimensionsOf(const Specification& specification,
                                          int ethnicity_groups) {
  std::vector<ReportDimension> dimensions;
  for (const std::string& column : DimensionColumns(specification)) {
    const std::string stored = "r." + column;
    if (column == "practice_code" || column == "prescriber_org") {
      dimensions.push_back({"practice", stored});
    } else if (column == "age_fy") {
      dimensions.push_back({"age_band", AgeBandExpression(stored)});
    } else if (column == "year_of_birth") {
      dimensions.push_back(
          {"age_band",
           AgeBandExpression("(r.financial_year - r.year_of_birth)")});
    } else if (column == "imd_decile") {
      dimensions.push_back({column, "CAST(r.imd_decile AS STRING)"});
    } else if (column == "ethnic_category") {
      dimensions.push_back({"ethnicity", ethnicity_groups == 5
                                             ? EthnicityExpression(stored)
                                             : stored});
    } else {
      dimensions.push_back({column, stored});
    }
  }
  return dimensions;
}

std::string PartFactsSql(const RowsTable& part,
                         const std::vector<RowsTable>& parts,
                         const std::vector<ReportDimension>& dimensions,
                         Slice slice) {
  std::string sql =
      "SELECT r.source AS source, m.link_person AS link_person, "
      "coalesce(m.linked, false) AS linked, "
      "r.unlinked_reason AS unlinked_reason, r.n AS n";
  for (const ReportDimension& dimension : dimensions) {
    absl::StrAppend(&sql, ", ", dimension.expression, " AS ", dimension.name);
  }
  absl::StrAppend(&sql, " FROM (",
                  CountedPart(part, parts, DimensionColumns(NewestOf(parts)),
                              DateGrain::kDay, slice),
                  ") AS r", JoinPeopleOf(part, slice));
  return sql;
}

SqlStatement FactsSql(std::string_view rows,
                      const std::vector<ReportDimension>& dimensions,
                      Slice slice) {
  std::string names = "f.source, f.link_person, f.linked, f.unlinked_reason";
  std::string selected =
      "f.source AS source, f.link_person AS link_person, f.linked AS linked, "
      "f.unlinked_reason AS unlinked_reason";
  for (const ReportDimension& dimension : dimensions) {
    absl::StrAppend(&names, ", f.", dimension.name);
    absl::StrAppend(&selected, ", f.", dimension.name, " AS ", dimension.name);
  }
  return {absl::StrCat("SELECT ", selected,
                       ", CAST(sum(f.n) AS BIGINT) AS n FROM (", ToAbsl(rows),
                       ") AS f WHERE ", InSlice("f.link_person", slice),
                       " GROUP BY ", names),
          {}};
}

engine::TableSchema FactsSchema(
    const std::vector<ReportDimension>& dimensions) {
  engine::TableSchema schema = {{"source", SqlType::kString},
                                {"link_person", SqlType::kInt},
                                {"linked", SqlType::kBoolean},
                                {"unlinked_reason", SqlType::kString}};
  for (const ReportDimension& dimension : dimensions) {
    schema.push_back({dimension.name, SqlType::kString});
  }
  schema.push_back({"n", SqlType::kBigint});
  return schema;
}

std::string PartMonthFactsSql(const RowsTable& part,
                              const std::vector<RowsTable>& parts,
                              std::string_view period_column, Slice slice) {
  const std::string column(period_column);
  return absl::StrCat(
      "SELECT r.source AS source, m.link_person AS link_person, "
      "m.person AS person, coalesce(m.linked, false) AS linked, r.",
      column, " AS month_start, r.n AS n FROM (",
      CountedPart(part, parts, {column}, DateGrain::kMonth, slice), ") AS r",
      JoinPeopleOf(part, slice));
}

SqlStatement MonthFactsSql(std::string_view rows, Slice slice) {
  // `person` is the same in all rows of a link_person.
  return {absl::StrCat(
              "SELECT f.source AS source, f.link_person AS link_person, "
              "max(f.person) AS person, f.linked AS linked, f.month_start AS "
              "month_start, CAST(sum(f.n) AS BIGINT) AS n FROM (",
              ToAbsl(rows), ") AS f WHERE ", InSlice("f.link_person", slice),
              " GROUP BY f.source, f.link_person, f.linked, f.month_start"),
          {}};
}

engine::TableSchema MonthFactsSchema() {
  return {{"source", SqlType::kString},    {"link_person", SqlType::kInt},
          {"person", SqlType::kInt},       {"linked", SqlType::kBoolean},
          {"month_start", SqlType::kDate}, {"n", SqlType::kBigint}};
}

SqlStatement LevelsSql(std::string_view facts,
                       const std::vector<ReportDimension>& dimensions,
                       Slice slice) {
  // A person has a row for each level first: counting rows is then counting
  // people.
  const auto counts_by = [&](std::string_view dimension,
                             const std::string& level) {
    const std::string named = level.empty() ? "" : level + " AS level_name, ";
    const std::string grouped = level.empty() ? "" : level + ", ";
    return absl::StrFormat(
        "SELECT f.source AS source, '%s' AS dimension, %s AS level_name, %s "
        "FROM (SELECT v.source AS source, %sv.link_person AS link_person, "
        "v.linked AS linked, CAST(sum(v.n) AS BIGINT) AS n FROM %s AS v "
        "WHERE %s GROUP BY %sv.source, v.link_person, v.linked) AS f GROUP BY "
        "f.source%s",
        dimension, level.empty() ? "''" : "f.level_name", kCounts, named, facts,
        InSlice("v.link_person", slice), grouped,
        level.empty() ? "" : ", f.level_name");
  };
  std::vector<std::string> selects = {counts_by("all", "")};
  for (const ReportDimension& dimension : dimensions) {
    selects.push_back(counts_by(
        dimension.name,
        absl::StrFormat("coalesce(v.%s, 'unknown')", dimension.name)));
  }
  return {absl::StrJoin(selects, " UNION ALL "), {}};
}

SqlStatement MonthLevelsSql(std::string_view month_facts) {
  return {absl::StrFormat("SELECT f.source AS source, f.month_start AS "
                          "month_start, %s FROM %s AS f "
                          "GROUP BY f.source, f.month_start",
                          kCounts, month_facts),
          {}};
}

SqlStatement OutcomesSql(std::string_view facts) {
  return {
      absl::StrFormat("SELECT f.source AS source, f.unlinked_reason AS "
                      "unlinked_reason, f.link_person IS NULL AS no_person, "
                      "f.linked AS linked, CAST(sum(f.n) AS BIGINT) AS n_rows "
                      "FROM %s AS f GROUP BY f.source, f.unlinked_reason, "
                      "f.link_person IS NULL, f.linked",
                      facts),
      {}};
}

SqlStatement OutsideCoverageSql(std::string_view month_facts,
                                std::string_view population) {
  return {absl::StrFormat(
              "SELECT f.source AS source, CAST(sum(f.n) AS BIGINT) AS n_rows "
              "FROM %s AS f WHERE f.linked AND f.month_start IS NOT NULL "
              "AND NOT EXISTS (SELECT 1 FROM coverage AS c "
              "WHERE c.person = f.person AND c.dataset = %s "
              "AND c.from_month <= f.month_start "
              "AND c.to_month >= f.month_start) GROUP BY f.source",
              month_facts, engine::QuoteLiteral(population)),
          {}};
}

SqlStatement NewestEventSql(const std::vector<RowsTable>& parts,
                            std::string_view period_column) {
  const std::string column(period_column);
  return {absl::StrCat("SELECT r.source AS source, max(r.", column,
                       ") AS newest FROM (", UnionOfParts(parts, {column}),
                       ") AS r GROUP BY r.source"),
          {}};
}

SqlStatement CombinationsSql(const std::vector<std::vector<int>>& extracts) {
  std::vector<std::string> flags;
  std::vector<std::string> names;
  std::vector<std::string> columns;
  for (size_t i = 0; i < extracts.size(); ++i) {
    flags.push_back(absl::StrFormat(
        "max(CASE WHEN l.extract_no IN (%s) THEN 1 ELSE 0 END) AS in_%d",
        absl::StrJoin(extracts[i], ", "), i));
    names.push_back(absl::StrFormat("p.in_%d", i));
    columns.push_back(absl::StrFormat("p.in_%1$d AS in_%1$d", i));
  }
  return {
      absl::StrFormat("SELECT %s, count(*) AS n_persons FROM (SELECT "
                      "l.link_person AS link_person, %s FROM link AS l "
                      "GROUP BY l.link_person) AS p GROUP BY %s",
                      absl::StrJoin(columns, ", "), absl::StrJoin(flags, ", "),
                      absl::StrJoin(names, ", ")),
      {}};
}

SqlStatement StatusSql() {
  return {
      "SELECT link_status, count(*) AS n_persons FROM people "
      "GROUP BY link_status",
      {}};
}

SqlStatement SpansSql() {
  return {
      "SELECT source, dataset, ended_by, count(*) AS n_spans FROM coverage "
      "GROUP BY source, dataset, ended_by",
      {}};
}

SqlStatement SpanPersonsSql() {
  return {
      "SELECT source, dataset, count(DISTINCT person) AS n_persons "
      "FROM coverage GROUP BY source, dataset",
      {}};
}

SqlStatement OverlappingSpansSql() {
  return {
      "SELECT count(DISTINCT a.person) AS n_persons FROM coverage AS a "
      "INNER JOIN coverage AS b ON b.person = a.person "
      "AND b.dataset = a.dataset WHERE a.source < b.source "
      "AND a.from_month <= b.to_month AND b.from_month <= a.to_month",
      {}};
}

}  // namespace tally::linkage
