#include "disclosure/register_line.h"

#include <map>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/bound_audit.h"
#include "analytics/disclosure/profile.h"
#include "base/exit_code.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "disclosure/json_lines.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kChainField = "chain";

using Relations = std::map<std::string, std::vector<std::string>>;

JsonValue RelationsToJson(const Relations& relations) {
  JsonValue json = JsonValue::MakeObject();
  for (const auto& [key, parts] : relations) {
    json.Set(key, TextsToJson(parts));
  }
  return json;
}

absl::StatusOr<Relations> RelationsFromJson(const JsonValue& json,
                                            std::string_view name) {
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Object* object, json.GetObject(name));
  Relations relations;
  for (const auto& [key, parts] : *object) {
    TALLY_ASSIGN_OR_RETURN(relations[key], TextsFromJson(parts));
  }
  return relations;
}

JsonValue EqualitiesToJson(const std::vector<ReleasedRelation>& equalities) {
  JsonValue json = JsonValue::MakeArray();
  for (const ReleasedRelation& relation : equalities) {
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("whole", relation.whole)
        .Set("parts", TextsToJson(relation.parts));
    json.Append(std::move(entry));
  }
  return json;
}

JsonValue MarginsToJson(const std::vector<ReleasedMargin>& margins) {
  JsonValue json = JsonValue::MakeArray();
  for (const ReleasedMargin& margin : margins) {
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("parts", TextsToJson(margin.parts)).Set("exact", margin.exact);
    json.Append(std::move(entry));
  }
  return json;
}

absl::StatusOr<std::vector<std::string>> PartsFromJson(const JsonValue& json) {
  const JsonValue* parts = json.Find("parts");
  if (parts == nullptr) return absl::InvalidArgumentError("parts");
  return TextsFromJson(*parts);
}

absl::Status ReadMargins(const JsonValue& json, ReleasedTable& table) {
  const JsonValue* equalities = json.Find("equalities");
  const JsonValue* margins = json.Find("margins");
  if (equalities == nullptr || !equalities->is_array() || margins == nullptr ||
      !margins->is_array()) {
    return absl::InvalidArgumentError("equalities, margins");
  }
  for (const JsonValue& entry : equalities->AsArray()) {
    ReleasedRelation& relation = table.equalities.emplace_back();
    TALLY_ASSIGN_OR_RETURN(relation.whole, entry.GetString("whole"));
    TALLY_ASSIGN_OR_RETURN(relation.parts, PartsFromJson(entry));
  }
  for (const JsonValue& entry : margins->AsArray()) {
    ReleasedMargin& margin = table.margins.emplace_back();
    TALLY_ASSIGN_OR_RETURN(margin.parts, PartsFromJson(entry));
    TALLY_ASSIGN_OR_RETURN(margin.exact, entry.GetInt("exact"));
    if (margin.exact < 0 || margin.exact >= kUnboundedCount) {
      return absl::InvalidArgumentError("margins");
    }
  }
  TALLY_ASSIGN_OR_RETURN(table.hides_zeros, json.GetBool("hidesZeros"));
  return absl::OkStatus();
}

absl::Status ReadCounted(const JsonValue& json, ReleasedTable& table) {
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Object* counted,
                         json.GetObject("counted"));
  for (const auto& [key, name] : *counted) {
    if (!name.is_string() || !name.AsString().starts_with(kCountedMark)) {
      return absl::InvalidArgumentError("counted");
    }
    table.counted[key] = name.AsString();
  }
  return absl::OkStatus();
}

// A number that a count may be, `*`, or one of the marks. What cannot be read
// must not be taken for a cell that says nothing.
bool IsPrintedForm(std::string_view printed) {
  if (printed == "*" || printed == kShieldMark) return true;
  if (printed.starts_with(kMidpointMark)) {
    printed.remove_prefix(kMidpointMark.size());
  }
  return ParseInt64In(printed, 0, kUnboundedCount - 1).ok();
}

// How a line says its place in the chain. Never its last field.
std::string ChainText(std::string_view digest) {
  return absl::StrFormat("\"%s\":\"%s\",", kChainField, digest);
}

// The chain behind a line that is `head` and `tail` without its own field.
std::string ChainAfter(std::string_view before, std::string_view head,
                       std::string_view tail) {
  Sha256 digest;
  digest.Update(before);
  digest.Update(head);
  digest.Update(tail);
  return HexEncode(digest.Finish());
}

}  // namespace

JsonValue LineOfTable(const ReleasedTable& table) {
  JsonValue cells = JsonValue::MakeObject();
  for (const auto& [key, printed] : table.cells) cells.Set(key, printed);
  JsonValue counted = JsonValue::MakeObject();
  for (const auto& [key, name] : table.counted) counted.Set(key, name);
  JsonValue json = JsonValue::MakeObject();
  json.Set("version", table.version)
      .Set("time", table.time)
      .Set("project", table.project)
      .Set("release", table.release)
      .Set("measure", table.measure)
      .Set("table", table.table)
      .Set("period", table.period)
      .Set("cohort", table.cohort)
      .Set("profile", table.profile)
      .Set("dimensions", TextsToJson(table.dimensions))
      .Set("cells", std::move(cells))
      .Set("sums", RelationsToJson(table.sums))
      .Set("totals", RelationsToJson(table.totals))
      .Set("counted", std::move(counted))
      .Set("equalities", EqualitiesToJson(table.equalities))
      .Set("margins", MarginsToJson(table.margins))
      .Set("hidesZeros", table.hides_zeros);
  if (!table.derived_from.empty()) {
    json.Set("derivedFrom", TextsToJson(table.derived_from));
  }
  return json;
}

absl::StatusOr<ReleasedTable> TableOfLine(const JsonValue& json) {
  ReleasedTable t;
  t.version = 1;  // of lines that do not say
  if (json.Find("version") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(t.version, json.GetInt("version"));
  }
  if (t.version > kRegisterVersion) {
    return absl::UnimplementedError("a newer format");
  }
  TALLY_ASSIGN_OR_RETURN(t.time, json.GetString("time"));
  TALLY_ASSIGN_OR_RETURN(t.project, json.GetString("project"));
  TALLY_ASSIGN_OR_RETURN(t.release, json.GetString("release"));
  TALLY_ASSIGN_OR_RETURN(t.measure, json.GetString("measure"));
  TALLY_ASSIGN_OR_RETURN(t.table, json.GetString("table"));
  TALLY_ASSIGN_OR_RETURN(t.period, json.GetString("period"));
  TALLY_ASSIGN_OR_RETURN(t.cohort, json.GetString("cohort"));
  TALLY_ASSIGN_OR_RETURN(t.profile, json.GetString("profile"));
  if (!Profile::Named(t.profile).ok()) {
    return absl::UnimplementedError("a profile of a newer program");
  }
  const JsonValue* dimensions = json.Find("dimensions");
  if (dimensions == nullptr) return absl::InvalidArgumentError("dimensions");
  TALLY_ASSIGN_OR_RETURN(t.dimensions, TextsFromJson(*dimensions));
  const JsonValue* derived_from = json.Find("derivedFrom");
  if (derived_from != nullptr) {
    TALLY_ASSIGN_OR_RETURN(t.derived_from, TextsFromJson(*derived_from));
  }
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Object* cells,
                         json.GetObject("cells"));
  for (const auto& [key, printed] : *cells) {
    if (!printed.is_string() || !IsPrintedForm(printed.AsString())) {
      return absl::InvalidArgumentError("cells");
    }
    t.cells[key] = printed.AsString();
  }
  if (json.Find("sums") != nullptr) {  // not in the oldest registers
    TALLY_ASSIGN_OR_RETURN(t.sums, RelationsFromJson(json, "sums"));
  }
  TALLY_ASSIGN_OR_RETURN(t.totals, RelationsFromJson(json, "totals"));
  if (t.version > 1) TALLY_RETURN_IF_ERROR(ReadMargins(json, t));
  if (t.version > 3) TALLY_RETURN_IF_ERROR(ReadCounted(json, t));
  return t;
}

// What is wrong with a line, counted from 1, that FromJson did not take.
absl::Status LineProblem(const absl::Status& status, std::string_view path,
                         size_t line) {
  if (absl::IsUnimplemented(status)) {
    return InputError(absl::StrFormat(
        "%s: line %d was written by a newer commissioning, in a format that "
        "this one does not know; use the newer one",
        path, line));
  }
  return IntegrityError(
      absl::StrFormat("%s: line %d is not a released table", path, line));
}

RegisterChain::RegisterChain() : digest_(2 * Sha256::kBytes, '0') {}

RegisterChain::SignedLine RegisterChain::Sign(JsonValue line) const {
  // A line of a region has tens of megabytes: it becomes text once.
  std::string digest(2 * Sha256::kBytes, '0');
  line.Set(kChainField, digest);
  std::string text = line.Dump();
  const std::string field = ChainText(digest);
  const size_t at = text.find(field);
  TALLY_CHECK(at != text.npos);
  const std::string_view whole(text);
  digest =
      ChainAfter(digest_, whole.substr(0, at), whole.substr(at + field.size()));
  text.replace(at, field.size(), ChainText(digest));
  return {std::move(text), std::move(digest)};
}

void RegisterChain::Pass(SignedLine line) {
  digest_ = std::move(line.digest);
  chained_ = true;
}

absl::Status RegisterChain::Pass(std::string_view text, const JsonValue& line,
                                 int64_t version) {
  const JsonValue* own = line.Find(kChainField);
  if (own == nullptr) {  // of a program that knew no chain
    if (chained_ || version >= kChainedVersion) {
      return absl::DataLossError("no chain");
    }
    digest_ = ChainAfter(digest_, text, "");
    return absl::OkStatus();
  }
  if (!own->is_string()) return absl::DataLossError("chain");
  const std::string field = ChainText(own->AsString());
  const size_t at = text.find(field);
  if (at == text.npos) return absl::DataLossError("chain");
  std::string digest =
      ChainAfter(digest_, text.substr(0, at), text.substr(at + field.size()));
  if (digest != own->AsString()) return absl::DataLossError("chain");
  digest_ = std::move(digest);
  chained_ = true;
  return absl::OkStatus();
}

}  // namespace tally::analytics
