// The profile of columns: how full they are, and what is in them.
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/measures/runner.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/counts.h"

namespace tally::analytics {
namespace {

constexpr size_t kMostLevels = 30;

TableInfo DescribeInfo(const ReleaseFolder& release, std::string_view table,
                       std::string name, std::string title) {
  TableInfo info;
  info.table = std::move(name);
  info.title = std::move(title);
  info.measure_id = "describe";
  info.measure_version = "1";
  info.project = release.manifest().project;
  info.release = release.manifest().release.ToText();
  info.period = info.release;
  info.cohort = absl::StrFormat("rows of %s", table);
  info.denominator = absl::StrFormat("All rows of %s", table);
  info.method = "counts; linear interpolation for quartiles";
  return info;
}

bool IsPersonal(std::string_view column) {
  return column == "person" || column == "pseudonym";
}

bool IsNumber(dataset::ColumnType type) {
  return type == dataset::ColumnType::kInt32 ||
         type == dataset::ColumnType::kInt64 ||
         type == dataset::ColumnType::kDouble;
}

ColumnSpec QuartileColumn(std::string name, std::string title, double p) {
  ColumnSpec column;
  column.name = std::move(name);
  column.title = std::move(title);
  column.kind = ColumnKind::kPercentile;
  column.denominator = "filled";
  column.percentile = p;
  column.step = 0.1;
  return column;
}

using Columns = std::vector<const dataset::DictionaryColumn*>;

absl::StatusOr<RawTable> FillTable(const ReleaseFolder& release,
                                   engine::Connection& connection,
                                   std::string_view table,
                                   const Columns& columns) {
  TALLY_ASSIGN_OR_RETURN(
      RawTable raw,
      RawTable::Create(
          DescribeInfo(release, table, "column_fill", "How full columns are"),
          {DimensionColumn("table_name", "Table"),
           DimensionColumn("column_name", "Column"),
           CountColumn("filled", ColumnKind::kEvents, "Rows with a value"),
           CountColumn("rows", ColumnKind::kEvents, "Rows"),
           ProportionColumn("share", "Share filled", "filled", "rows"),
           QuartileColumn("quartile_1", "Lower quartile", 0.25),
           QuartileColumn("median", "Median", 0.5),
           QuartileColumn("quartile_3", "Upper quartile", 0.75)}));
  for (const dataset::DictionaryColumn* column : columns) {
    const std::string name = engine::QuoteIdentifier(column->name);
    const bool number = IsNumber(column->type) && !IsPersonal(column->name);
    const std::string value = number ? name : "CAST(NULL AS DOUBLE)";
    TALLY_ASSIGN_OR_RETURN(
        engine::Result result,
        connection.Query(absl::StrFormat(
            "SELECT count(%1$s), count(*), "
            "quantile_cont(CAST(%2$s AS DOUBLE), 0.25), "
            "quantile_cont(CAST(%2$s AS DOUBLE), 0.5), "
            "quantile_cont(CAST(%2$s AS DOUBLE), 0.75) FROM %3$s",
            name, value, table)));
    TALLY_ASSIGN_OR_RETURN(const auto rows, result.AllRows());
    std::vector<RawValue> row;
    row.reserve(8);
    row.emplace_back(std::string(table));
    row.emplace_back(column->name);
    row.emplace_back(*rows[0][0].As<int64_t>());
    row.emplace_back(*rows[0][1].As<int64_t>());
    row.emplace_back();
    for (size_t i = 2; i < 5; ++i) {
      const double* quartile = rows[0][i].As<double>();
      row.emplace_back();
      if (quartile != nullptr) row.back().emplace<double>(*quartile);
    }
    TALLY_RETURN_IF_ERROR(raw.AddRow(std::move(row)));
    if (raw.rows() > 1) raw.SetSame({raw.rows() - 1, 3}, {0, 3});
  }
  return raw;
}

absl::StatusOr<RawTable> LevelsTable(const ReleaseFolder& release,
                                     engine::Connection& connection,
                                     std::string_view table,
                                     const Columns& columns) {
  TALLY_ASSIGN_OR_RETURN(
      RawTable raw,
      RawTable::Create(DescribeInfo(release, table, "column_levels",
                                    "The commonest values of coded columns"),
                       {DimensionColumn("table_name", "Table"),
                        DimensionColumn("column_name", "Column"),
                        DimensionColumn("value", "Value"),
                        CountColumn("rows", ColumnKind::kEvents, "Rows")}));
  for (const dataset::DictionaryColumn* column : columns) {
    const bool coded = column->type == dataset::ColumnType::kCode ||
                       column->type == dataset::ColumnType::kText ||
                       column->type == dataset::ColumnType::kBool;
    if (!coded || IsPersonal(column->name)) continue;
    TALLY_ASSIGN_OR_RETURN(
        const std::vector<GroupedRow> rows,
        QueryGroups(
            connection,
            absl::StrFormat(
                "SELECT coalesce(CAST(%1$s AS VARCHAR), '(empty)') AS v, "
                "count(*) AS n "
                "FROM %2$s GROUP BY v ORDER BY n DESC, v NULLS LAST "
                "LIMIT %3$d",
                engine::QuoteIdentifier(column->name), table, kMostLevels),
            1));
    for (const GroupedRow& row : rows) {
      TALLY_RETURN_IF_ERROR(raw.AddRow(
          {std::string(table), column->name, row.levels[0], row.counts[0]}));
    }
  }
  return raw;
}

}  // namespace

absl::StatusOr<std::vector<GatedTable>> DescribeColumns(
    const ReleaseFolder& release, ReleaseDatabase& database, Gate& gate,
    std::string_view table, const std::vector<std::string>& names) {
  const dataset::DictionaryTable* words = release.dictionary().Find(table);
  if (words == nullptr || !release.HasTable(table)) {
    const std::vector<std::string> tables = release.Tables();
    const std::string near = NearestMatch(table, tables);
    return NotFoundError(absl::StrFormat(
        "the release has no table %s%s; it has %s", table,
        near.empty() ? "" : absl::StrFormat(" (did you mean %s?)", near),
        JoinText(tables, ", ")));
  }
  Columns columns;
  if (names.empty()) {
    for (const auto& column : words->columns) columns.push_back(&column);
  }
  for (const std::string& name : names) {
    const dataset::DictionaryColumn* column = release.Column(table, name);
    if (column == nullptr) {
      std::vector<std::string> known;
      for (const auto& one : words->columns) known.push_back(one.name);
      const std::string near = NearestMatch(name, known);
      return NotFoundError(absl::StrFormat(
          "table %s has no column %s%s; it has %s", table, name,
          near.empty() ? "" : absl::StrFormat(" (did you mean %s?)", near),
          JoinText(known, ", ")));
    }
    columns.push_back(column);
  }
  engine::Connection& connection = database.connection();
  std::vector<GatedTable> tables;
  TALLY_ASSIGN_OR_RETURN(const RawTable fill,
                         FillTable(release, connection, table, columns));
  TALLY_ASSIGN_OR_RETURN(GatedTable gated_fill, gate.Release(fill));
  tables.push_back(std::move(gated_fill));
  TALLY_ASSIGN_OR_RETURN(const RawTable levels,
                         LevelsTable(release, connection, table, columns));
  TALLY_ASSIGN_OR_RETURN(GatedTable gated_levels, gate.Release(levels));
  tables.push_back(std::move(gated_levels));
  return tables;
}

}  // namespace tally::analytics
