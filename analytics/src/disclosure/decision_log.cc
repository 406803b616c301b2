#include "analytics/disclosure/decision_log.h"

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/json.h"
#include "base/status.h"
#include "disclosure/json_lines.h"

namespace tally::analytics {
namespace {

absl::StatusOr<TableDecisions> DecisionsFromJson(const JsonValue& json) {
  TableDecisions d;
  TALLY_ASSIGN_OR_RETURN(d.time, json.GetString("time"));
  TALLY_ASSIGN_OR_RETURN(d.project, json.GetString("project"));
  TALLY_ASSIGN_OR_RETURN(d.release, json.GetString("release"));
  TALLY_ASSIGN_OR_RETURN(d.measure, json.GetString("measure"));
  TALLY_ASSIGN_OR_RETURN(d.table, json.GetString("table"));
  TALLY_ASSIGN_OR_RETURN(d.profile, json.GetString("profile"));
  TALLY_ASSIGN_OR_RETURN(d.accepted_by, json.GetString("acceptedBy"));
  TALLY_ASSIGN_OR_RETURN(d.refused, json.GetBool("refused"));
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Array* cells, json.GetArray("cells"));
  for (const JsonValue& row : *cells) {
    if (!row.is_string()) return absl::InvalidArgumentError("cells");
    d.cells.push_back(row.AsString());
  }
  // What follows is not in the oldest logs.
  if (json.Find("reason") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(d.reason, json.GetString("reason"));
  }
  if (json.Find("period") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(d.period, json.GetString("period"));
  }
  if (const JsonValue* names = json.Find("dimensions")) {
    TALLY_ASSIGN_OR_RETURN(d.dimensions, TextsFromJson(*names));
  }
  if (const JsonValue* sources = json.Find("derivedFrom")) {
    TALLY_ASSIGN_OR_RETURN(d.derived_from, TextsFromJson(*sources));
  }
  if (const JsonValue* left_out = json.Find("leftOut")) {
    TALLY_ASSIGN_OR_RETURN(d.left_out, TextsFromJson(*left_out));
  }
  return d;
}

}  // namespace

int64_t TableDecisions::Count(CellDecision decision) const {
  int64_t count = 0;
  for (const std::string& row : cells) {
    for (const char letter : row) {
      if (letter == static_cast<char>(decision)) ++count;
    }
  }
  return count;
}

absl::Status DecisionLog::Append(const TableDecisions& d) {
  appended_.push_back(d);
  if (path_.empty()) return absl::OkStatus();
  JsonValue json = JsonValue::MakeObject();
  json.Set("time", d.time)
      .Set("project", d.project)
      .Set("release", d.release)
      .Set("measure", d.measure)
      .Set("table", d.table)
      .Set("period", d.period)
      .Set("dimensions", TextsToJson(d.dimensions))
      .Set("profile", d.profile)
      .Set("refused", d.refused)
      .Set("acceptedBy", d.accepted_by)
      .Set("cells", TextsToJson(d.cells));
  if (!d.reason.empty()) json.Set("reason", d.reason);
  if (!d.derived_from.empty()) {
    json.Set("derivedFrom", TextsToJson(d.derived_from));
  }
  if (!d.left_out.empty()) json.Set("leftOut", TextsToJson(d.left_out));
  return AppendJsonLine(path_, json);
}

absl::StatusOr<std::vector<TableDecisions>> DecisionLog::Read() const {
  std::vector<TableDecisions> all;
  if (path_.empty()) return all;
  TALLY_ASSIGN_OR_RETURN(const std::vector<JsonValue> lines,
                         ReadJsonLines(path_));
  for (const JsonValue& line : lines) {
    absl::StatusOr<TableDecisions> decisions = DecisionsFromJson(line);
    if (!decisions.ok()) {
      return IntegrityError(absl::StrFormat("%s: line %d is not a decision",
                                            path_, all.size() + 1));
    }
    all.push_back(*std::move(decisions));
  }
  return all;
}

}  // namespace tally::analytics
