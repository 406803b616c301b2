#include "release/synthetic_report.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/release/record_csv.h"
#include "base/status.h"

namespace tally::analytics {
namespace {

constexpr char kReportHeader[] =
    "source,dataset,dimension,level,month,rows,rows_with_person,persons,"
    "persons_linked,rate,lower,upper,reason,rows_reason\n";

bool HasReportColumn(const dataset::DictionaryTable& table,
                     std::string_view name) {
  return std::any_of(table.columns.begin(), table.columns.end(),
                     [&](const dataset::DictionaryColumn& column) {
                       return column.name == name;
                     });
}

// Lines of one dimension, as 14 texts; Wilson's limits at 95 %.
std::string RatesSql(const std::string& table, const std::string& dataset,
                     std::string_view dimension, const std::string& level) {
  return absl::StrFormat(
      "SELECT source, '%2$s', '%3$s', level, NULL, CAST(n AS VARCHAR), "
      "CAST(np AS VARCHAR), CAST(p AS VARCHAR), CAST(k AS VARCHAR), "
      "format('{:.6f}', k / p), format('{:.6f}', greatest(0, (k + z2 / 2 - "
      "z * sqrt(k * (p - k) / p + z2 / 4)) / (p + z2))), format('{:.6f}', "
      "least(1, (k + z2 / 2 + z * sqrt(k * (p - k) / p + z2 / 4)) / (p + "
      "z2))), NULL, NULL FROM (SELECT t.source AS source, %4$s AS level, "
      "count(*) AS n, count(t.person) AS np, count(DISTINCT t.person) AS p, "
      "count(DISTINCT CASE WHEN "
      "q.link_status <> 'none' THEN t.person END) AS k, 1.959963984540054 AS "
      "z, 3.841458820694124 AS z2 FROM %1$s t LEFT JOIN persons q ON q.person "
      "= t.person GROUP BY 1, 2) WHERE p > 0 ORDER BY source, level NULLS "
      "FIRST",
      table, dataset, dimension, level);
}

std::string ReasonsSql(const std::string& table, const std::string& dataset) {
  return absl::StrFormat(
      "SELECT source, '%2$s', 'all', NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
      "NULL, NULL, coalesce(unlinked_reason, 'linked') AS reason, "
      "CAST(count(*) AS VARCHAR) FROM %1$s GROUP BY source, reason ORDER BY "
      "source, reason",
      table, dataset);
}

std::string OverlapSql(const std::vector<std::string>& tables) {
  std::string pairs;
  for (const std::string& table : tables) {
    if (!pairs.empty()) pairs += " UNION ";
    pairs += absl::StrFormat(
        "SELECT person, source FROM %s WHERE person IS NOT NULL", table);
  }
  return absl::StrFormat(
      "WITH s AS (%s) SELECT a.source, NULL, 'overlap', b.source, NULL, NULL, "
      "NULL, CAST(count(*) AS VARCHAR), NULL, NULL, NULL, NULL, NULL, NULL "
      "FROM s a JOIN s b ON a.person = b.person AND a.source < b.source GROUP "
      "BY a.source, b.source ORDER BY a.source, b.source",
      pairs);
}

absl::Status AppendReportLines(engine::Connection& connection,
                               const std::string& sql, std::string& csv) {
  TALLY_ASSIGN_OR_RETURN(engine::Result result, connection.Query(sql));
  TALLY_ASSIGN_OR_RETURN(const auto rows, result.AllRows(1'000'000));
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) csv += ',';
      const auto* text = row[i].As<std::string>();
      if (text != nullptr) csv += CsvField(*text, false);
    }
    csv += '\n';
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> SyntheticLinkageReport(
    const dataset::Dictionary& dictionary, engine::Connection& connection) {
  std::string csv = kReportHeader;
  std::vector<std::string> tables;
  for (const dataset::DictionaryTable& table : dictionary.tables) {
    if (!HasReportColumn(table, "unlinked_reason")) continue;
    tables.push_back(table.name);
    std::string dataset = table.name;
    std::replace(dataset.begin(), dataset.end(), '_', '-');
    std::vector<std::string> queries = {
        RatesSql(table.name, dataset, "all", "CAST(NULL AS VARCHAR)"),
        ReasonsSql(table.name, dataset)};
    if (HasReportColumn(table, "practice_code")) {
      queries.push_back(RatesSql(table.name, dataset, "practice",
                                 "coalesce(t.practice_code, 'unknown')"));
    }
    if (HasReportColumn(table, "sex")) {
      queries.push_back(
          RatesSql(table.name, dataset, "sex", "coalesce(t.sex, 'unknown')"));
    }
    for (const std::string& sql : queries) {
      TALLY_RETURN_IF_ERROR(AppendReportLines(connection, sql, csv));
    }
  }
  if (!tables.empty()) {
    TALLY_RETURN_IF_ERROR(
        AppendReportLines(connection, OverlapSql(tables), csv));
  }
  return csv;
}

}  // namespace tally::analytics
