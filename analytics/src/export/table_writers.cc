#include "analytics/export/table_writers.h"

#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/release/record_csv.h"
#include "base/files.h"
#include "base/status.h"
#include "engine/database.h"

namespace tally::analytics {
namespace {

constexpr int64_t kMemoryBytes = int64_t{64} << 20;

bool IsText(const ColumnSpec& column) {
  return column.kind == ColumnKind::kDimension ||
         column.kind == ColumnKind::kText;
}

JsonValue CellJson(const GatedCell& cell) {
  const std::optional<double> number = cell.number();
  if (!number.has_value()) return cell.text();
  if (cell.text().find('.') == std::string::npos) {
    return static_cast<int64_t>(*number);
  }
  return *number;
}

std::string CreateSql(const GatedTable& table) {
  std::string columns;
  for (size_t i = 0; i < table.columns().size(); ++i) {
    const std::string name = OutputName(table, i);
    if (!columns.empty()) columns += ", ";
    columns += engine::QuoteIdentifier(name);
    if (IsText(table.columns()[i])) {
      columns += " VARCHAR";
    } else {
      columns += " DOUBLE, ";
      columns += engine::QuoteIdentifier(name + "_mark");
      columns += " VARCHAR";
    }
  }
  return absl::StrFormat("CREATE TABLE gated (row_number BIGINT, %s)", columns);
}

// The cells of a column as one text, for an INSERT of all rows at once: one by
// one they take a millisecond each. Stands before a cell that is there.
constexpr char kCellMark = '=';

// A control character that is in no cell.
absl::StatusOr<char> FreeSeparator(const GatedTable& table) {
  for (char separator = 31; separator > 0; --separator) {
    bool free = true;
    for (size_t row = 0; free && row < table.rows(); ++row) {
      for (size_t i = 0; free && i < table.columns().size(); ++i) {
        free = table.cell(row, i).text().find(separator) == std::string::npos;
      }
    }
    if (free) return separator;
  }
  return absl::InternalError("the cells of a table have every control code");
}

// The cells of one column of the file, from those of the table; nothing is
// NULL.
template <typename Cell>
engine::Value JoinedCells(const GatedTable& table, char separator,
                          const Cell& cell) {
  std::string joined;
  for (size_t row = 0; row < table.rows(); ++row) {
    if (row > 0) joined += separator;
    const std::optional<std::string> text = cell(row);
    if (!text.has_value()) continue;
    joined += kCellMark;
    joined += *text;
  }
  return engine::Value::Text(std::move(joined));
}

absl::Status InsertRows(const GatedTable& table,
                        engine::Connection& connection) {
  if (table.rows() == 0) return absl::OkStatus();
  TALLY_ASSIGN_OR_RETURN(const char separator, FreeSeparator(table));
  std::string cells, columns;
  std::vector<engine::Value> values = {
      engine::Value::Int64(static_cast<int64_t>(table.rows()))};
  const auto add = [&](std::string_view type, engine::Value joined) {
    const size_t place = values.size();
    cells += absl::StrFormat(", unnest(string_split(?, chr(%d))) AS c%d",
                             separator, place);
    columns += absl::StrFormat(
        ", CAST(CASE WHEN c%1$d <> '' THEN substr(c%1$d, 2) END AS %2$s)",
        place, type);
    values.push_back(std::move(joined));
  };
  for (size_t i = 0; i < table.columns().size(); ++i) {
    const auto cell = [&](size_t row) -> const GatedCell& {
      return table.cell(row, i);
    };
    if (IsText(table.columns()[i])) {
      add("VARCHAR", JoinedCells(table, separator, [&](size_t row) {
            return std::optional<std::string>(cell(row).text());
          }));
      continue;
    }
    add("DOUBLE", JoinedCells(table, separator, [&](size_t row) {
          const std::optional<double> number = cell(row).number();
          return number.has_value() ? std::optional<std::string>(
                                          absl::StrFormat("%.17g", *number))
                                    : std::nullopt;
        }));
    add("VARCHAR", JoinedCells(table, separator, [&](size_t row) {
          return cell(row).number().has_value()
                     ? std::nullopt
                     : std::optional<std::string>(cell(row).text());
        }));
  }
  return connection.Execute(
      absl::StrFormat("INSERT INTO gated SELECT row_number%s FROM (SELECT "
                      "unnest(range(?)) AS row_number%s)",
                      columns, cells),
      values);
}

std::string MetadataSql(const GatedTable& table) {
  const TableInfo& info = table.info();
  const std::pair<const char*, std::string> entries[] = {
      {"tally_measure", info.measure_id},
      {"tally_measure_version", info.measure_version},
      {"tally_release", info.release},
      {"tally_project", info.project},
      {"tally_period", info.period},
      {"tally_denominator", info.denominator},
      {"tally_method", info.method},
      {"tally_profile", table.profile()},
      {"tally_rows_linked_pct", table.linked_share_pct()},
  };
  std::string sql;
  for (const auto& [key, value] : entries) {
    if (!sql.empty()) sql += ", ";
    sql += absl::StrFormat("%s: %s", key, engine::QuoteLiteral(value));
  }
  return sql;
}

}  // namespace

std::string OutputName(const GatedTable& table, size_t column) {
  const ColumnSpec& spec = table.columns()[column];
  if (spec.midpoint) return spec.name;  // named ..._m6 by its measure
  if (table.profile() != "midpoint6" || IsText(spec)) return spec.name;
  return spec.name + "_midpoint6";
}

std::string GatedCsv(const GatedTable& table) {
  std::string out;
  for (size_t i = 0; i < table.columns().size(); ++i) {
    if (i > 0) out += ',';
    out += CsvField(OutputName(table, i), false);
  }
  out += '\n';
  for (size_t row = 0; row < table.rows(); ++row) {
    for (size_t i = 0; i < table.columns().size(); ++i) {
      const GatedCell& cell = table.cell(row, i);
      if (i > 0) out += ',';
      out += CsvField(cell.text(), cell.number().has_value());
    }
    out += '\n';
  }
  return out;
}

JsonValue GatedJson(const GatedTable& table) {
  const TableInfo& info = table.info();
  JsonValue notes = JsonValue::MakeArray();
  for (const std::string& note : info.notes) notes.Append(note);
  JsonValue columns = JsonValue::MakeArray();
  for (size_t i = 0; i < table.columns().size(); ++i) {
    const ColumnSpec& spec = table.columns()[i];
    JsonValue column = JsonValue::MakeObject();
    column.Set("name", OutputName(table, i))
        .Set("title", spec.title)
        .Set("unit", spec.unit)
        .Set("kind", ColumnKindName(spec.kind));
    columns.Append(std::move(column));
  }
  JsonValue rows = JsonValue::MakeArray();
  for (size_t row = 0; row < table.rows(); ++row) {
    JsonValue cells = JsonValue::MakeArray();
    for (size_t i = 0; i < table.columns().size(); ++i) {
      cells.Append(CellJson(table.cell(row, i)));
    }
    rows.Append(std::move(cells));
  }
  JsonValue json = JsonValue::MakeObject();
  json.Set("table", info.table)
      .Set("title", info.title)
      .Set("measure", info.measure_id)
      .Set("version", info.measure_version)
      .Set("definition_sha256", info.definition_sha256)
      .Set("project", info.project)
      .Set("release", info.release)
      .Set("period", info.period)
      .Set("denominator", info.denominator)
      .Set("method", info.method)
      .Set("notes", std::move(notes))
      .Set("rows_linked_pct", table.linked_share_pct())
      .Set("profile", table.profile())
      .Set("profile_description", table.profile_description())
      .Set("columns", std::move(columns))
      .Set("rows", std::move(rows));
  return json;
}

TablePrinter GatedPrinter(const GatedTable& table, bool named) {
  std::vector<std::string> names;
  if (named) names.emplace_back("table");
  for (size_t i = 0; i < table.columns().size(); ++i) {
    names.push_back(OutputName(table, i));
  }
  TablePrinter printer(std::move(names));
  for (size_t row = 0; row < table.rows(); ++row) {
    std::vector<TablePrinter::Cell> cells;
    if (named) cells.emplace_back(table.info().table);
    for (size_t i = 0; i < table.columns().size(); ++i) {
      const GatedCell& cell = table.cell(row, i);
      const std::optional<double> number = cell.number();
      if (!number.has_value()) {
        cells.emplace_back(cell.text());
      } else if (cell.text().find('.') == std::string::npos) {
        cells.emplace_back(static_cast<int64_t>(*number));
      } else {
        cells.emplace_back(*number);
      }
    }
    printer.AddRow(std::move(cells));
  }
  return printer;
}

absl::Status WriteGatedParquet(const GatedTable& table, const std::string& path,
                               const std::string& temp) {
  std::error_code error;
  const std::string file = std::filesystem::absolute(path, error).string();
  if (error) return ErrnoStatus(error.value(), "resolve", path);
  engine::DatabaseOptions options;
  options.directories = {DirectoryOf(file)};
  options.temp_directory = std::filesystem::absolute(temp, error).string();
  if (error) return ErrnoStatus(error.value(), "resolve", temp);
  options.memory_bytes = kMemoryBytes;
  TALLY_ASSIGN_OR_RETURN(engine::Database database,
                         engine::Database::Open(options));
  TALLY_ASSIGN_OR_RETURN(engine::Connection connection, database.Connect());
  TALLY_RETURN_IF_ERROR(connection.Execute(CreateSql(table)));
  TALLY_RETURN_IF_ERROR(InsertRows(table, connection));
  return connection.Execute(absl::StrFormat(
      "COPY (SELECT * EXCLUDE (row_number) FROM gated ORDER BY row_number) TO "
      "%s (FORMAT parquet, COMPRESSION zstd, KV_METADATA {%s})",
      engine::QuoteLiteral(file), MetadataSql(table)));
}

}  // namespace tally::analytics
