#include "analytics/measures/reference.h"

#include <algorithm>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::analytics {
namespace {

std::string ReferencePath(const std::string& folder, std::string_view id) {
  return JoinPath(folder, absl::StrFormat("%s.toml", id));
}

bool ReferenceFits(const TomlValue& value, ReferenceType type) {
  switch (type) {
    case ReferenceType::kText:
      return value.is_string();
    case ReferenceType::kInteger:
      return value.is_int();
    case ReferenceType::kNumber:
      return value.is_number();
  }
  return false;
}

std::string_view ReferenceWords(ReferenceType type) {
  switch (type) {
    case ReferenceType::kText:
      return "text";
    case ReferenceType::kInteger:
      return "a whole number";
    case ReferenceType::kNumber:
      return "a number";
  }
  return "";
}

// Marks the error of a file that does not cover the month.
constexpr std::string_view kValidityUrl = "tally.dev/reference-validity";

absl::Status NotValidThen(std::string_view id, CivilDay from, CivilDay to,
                          CivilDay month) {
  absl::Status status = UsageError(absl::StrFormat(
      "%s.toml is valid %s to %s, and not in all of %s, the month of the "
      "figures",
      id, from.ToIso(), to.ToIso(), month.ToMonth()));
  status.SetPayload(ToAbsl(kValidityUrl), absl::Cord("1"));
  return status;
}

engine::Value ReferenceValue(const TomlValue& value, ReferenceType type) {
  switch (type) {
    case ReferenceType::kText:
      return engine::Value::Text(value.AsString());
    case ReferenceType::kInteger:
      return engine::Value::Int64(value.AsInt());
    case ReferenceType::kNumber:
      return engine::Value::Double(value.AsDouble());
  }
  return engine::Value::Null();
}

}  // namespace

bool IsNotValidThen(const absl::Status& status) {
  return status.GetPayload(ToAbsl(kValidityUrl)).has_value();
}

bool HasReference(const std::string& folder, std::string_view id) {
  return !folder.empty() && IsRegularFile(ReferencePath(folder, id));
}

absl::StatusOr<ReferenceFile> ReferenceFile::Read(
    const std::string& folder, std::string_view id,
    const std::vector<ReferenceColumn>& columns,
    std::optional<CivilDay> month) {
  if (!HasReference(folder, id)) {
    return NotFoundError(absl::StrFormat(
        "there is no reference file %s.toml; reference.comparators names the "
        "folder",
        id));
  }
  TALLY_ASSIGN_OR_RETURN(const TomlTable root,
                         ReadTomlFile(ReferencePath(folder, id)));
  TALLY_RETURN_IF_ERROR(root.OnlyKeys(
      {"id", "title", "source", "valid_from", "valid_to", "columns", "row"}));
  TALLY_ASSIGN_OR_RETURN(const std::string named, root.GetString("id"));
  if (named != id) {
    return root.ErrorAt(root.Find("id")->line(), "its id is not its name");
  }
  TALLY_ASSIGN_OR_RETURN(const CivilDay from, root.GetDate("valid_from"));
  TALLY_ASSIGN_OR_RETURN(const CivilDay to, root.GetDate("valid_to"));
  if (to < from) {
    return root.ErrorAt(root.Find("valid_to")->line(),
                        "valid_to is before valid_from");
  }
  if (month.has_value() &&
      (month->FirstOfMonth() < from || to < month->LastOfMonth())) {
    return NotValidThen(id, from, to, *month);
  }
  ReferenceFile file(from, to);
  file.file_ = root.file();
  file.columns_ = columns;
  TALLY_ASSIGN_OR_RETURN(file.source_, root.GetString("source"));
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                         root.GetStrings("columns"));
  std::vector<size_t> places;
  for (const ReferenceColumn& column : columns) {
    const auto found = std::find(names.begin(), names.end(), column.name);
    if (found == names.end()) {
      return root.ErrorAt(root.Find("columns")->line(),
                          absl::StrFormat("column %s is missing", column.name));
    }
    places.push_back(static_cast<size_t>(found - names.begin()));
  }
  TALLY_ASSIGN_OR_RETURN(const TomlArray rows, root.GetArray("row"));
  for (const TomlValue& row : rows) {
    if (!row.is_array() || row.AsArray().size() != names.size()) {
      return root.ErrorAt(
          row.line(),
          absl::StrFormat("a row is a list of %d values", names.size()));
    }
    std::vector<TomlValue>& cells = file.rows_.emplace_back();
    file.lines_.push_back(row.line());
    for (size_t i = 0; i < columns.size(); ++i) {
      const TomlValue& value = row.AsArray()[places[i]];
      if (!ReferenceFits(value, columns[i].type)) {
        return root.ErrorAt(value.line(),
                            absl::StrFormat("%s is %s", columns[i].name,
                                            ReferenceWords(columns[i].type)));
      }
      cells.push_back(value);
    }
  }
  return file;
}

const std::string& ReferenceFile::Text(size_t row, size_t column) const {
  return rows_.at(row).at(column).AsString();
}

int64_t ReferenceFile::Integer(size_t row, size_t column) const {
  return rows_.at(row).at(column).AsInt();
}

double ReferenceFile::Number(size_t row, size_t column) const {
  return rows_.at(row).at(column).AsDouble();
}

absl::Status ReferenceFile::ErrorAt(size_t row,
                                    std::string_view message) const {
  return UsageError(
      absl::StrFormat("%s:%d: %s", file_, lines_.at(row), message));
}

absl::Status ReferenceFile::Load(engine::Connection& connection,
                                 std::string_view name) const {
  std::vector<std::string> columns;
  std::vector<std::string> marks;
  for (const ReferenceColumn& column : columns_) {
    const std::string_view type =
        column.type == ReferenceType::kText
            ? "VARCHAR"
            : (column.type == ReferenceType::kInteger ? "BIGINT" : "DOUBLE");
    columns.push_back(absl::StrFormat("%s %s", column.name, type));
    marks.emplace_back("?");
  }
  TALLY_RETURN_IF_ERROR(connection.Execute(
      absl::StrFormat("CREATE OR REPLACE TEMPORARY TABLE %s (%s)", name,
                      JoinText(columns, ", "))));
  TALLY_ASSIGN_OR_RETURN(
      engine::PreparedStatement insert,
      connection.Prepare(absl::StrFormat("INSERT INTO %s VALUES (%s)", name,
                                         JoinText(marks, ", "))));
  for (const std::vector<TomlValue>& row : rows_) {
    std::vector<engine::Value> values;
    for (size_t i = 0; i < columns_.size(); ++i) {
      values.push_back(ReferenceValue(row[i], columns_[i].type));
    }
    TALLY_RETURN_IF_ERROR(insert.Run(values).status());
  }
  return absl::OkStatus();
}

std::string ReferenceFile::Citation() const {
  return absl::StrFormat("%s, valid %s to %s", source_, valid_from_.ToIso(),
                         valid_to_.ToIso());
}

}  // namespace tally::analytics
