#include "linkage/store/catalogue_types.h"

#include <array>
#include <utility>

#include "base/json.h"
#include "base/status.h"
#include "catalogue_impl.h"

namespace tally::linkage {

namespace {

constexpr std::array<std::pair<ExtractState, std::string_view>, 4>
    kExtractStates{{{ExtractState::kOpen, "OPEN"},
                    {ExtractState::kFinalizing, "FINALIZING"},
                    {ExtractState::kPublished, "PUBLISHED"},
                    {ExtractState::kRejected, "REJECTED"}}};
constexpr std::array<std::pair<ReleaseState, std::string_view>, 5>
    kReleaseStates{{{ReleaseState::kBuilding, "BUILDING"},
                    {ReleaseState::kFailed, "FAILED"},
                    {ReleaseState::kAwaitingApproval, "AWAITING_APPROVAL"},
                    {ReleaseState::kActive, "ACTIVE"},
                    {ReleaseState::kExpired, "EXPIRED"}}};
constexpr std::array<std::pair<AgreementState, std::string_view>, 3>
    kAgreementStates{{{AgreementState::kAwaitingApproval, "AWAITING_APPROVAL"},
                      {AgreementState::kActive, "ACTIVE"},
                      {AgreementState::kExpired, "EXPIRED"}}};

template <typename Table, typename State>
std::string_view NameIn(const Table& table, State state) {
  for (const auto& [value, name] : table) {
    if (value == state) return name;
  }
  return "";
}

template <typename State, size_t n>
std::optional<State> StateIn(
    const std::array<std::pair<State, std::string_view>, n>& table,
    std::string_view name) {
  for (const auto& [value, text] : table) {
    if (text == name) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view ExtractStateName(ExtractState state) {
  return NameIn(kExtractStates, state);
}
std::string_view ReleaseStateName(ReleaseState state) {
  return NameIn(kReleaseStates, state);
}
std::string_view AgreementStateName(AgreementState state) {
  return NameIn(kAgreementStates, state);
}
std::optional<ExtractState> ExtractStateFromName(std::string_view name) {
  return StateIn(kExtractStates, name);
}
std::optional<ReleaseState> ReleaseStateFromName(std::string_view name) {
  return StateIn(kReleaseStates, name);
}
std::optional<AgreementState> AgreementStateFromName(std::string_view name) {
  return StateIn(kAgreementStates, name);
}

std::string ExtractRecord::name() const {
  return "sources/" + source + "/extracts/" + extract_id;
}
std::string ProjectRecord::name() const { return "projects/" + id; }
std::string AgreementRecord::name() const {
  return "projects/" + project + "/agreements/" + id;
}
std::string ReleaseRecord::name() const {
  return "projects/" + project + "/releases/" + id;
}

std::string ErrorText(const std::optional<ErrorDetail>& error) {
  if (!error.has_value()) return "";
  JsonValue json = JsonValue::MakeObject();
  json.Set("reason", JsonValue(ReasonName(error->reason)));
  json.Set("resource", JsonValue(error->resource));
  json.Set("field", JsonValue(error->field));
  json.Set("row", JsonValue(error->row));
  json.Set("column", JsonValue(error->column));
  json.Set("limit", JsonValue(error->limit));
  json.Set("count", JsonValue(error->count));
  json.Set("corr", JsonValue(error->corr));
  return json.Dump();
}

absl::StatusOr<std::optional<ErrorDetail>> ErrorFromText(
    std::string_view text) {
  if (text.empty()) return std::optional<ErrorDetail>();
  TALLY_ASSIGN_OR_RETURN(const JsonValue json, ParseJson(text, 1));
  ErrorDetail error;
  TALLY_ASSIGN_OR_RETURN(const std::string reason, json.GetString("reason"));
  const std::optional<Reason> known = ReasonFromName(reason);
  if (!known.has_value()) return BadRow();
  error.reason = *known;
  TALLY_ASSIGN_OR_RETURN(error.resource, json.GetString("resource"));
  TALLY_ASSIGN_OR_RETURN(error.field, json.GetString("field"));
  TALLY_ASSIGN_OR_RETURN(error.row, json.GetInt("row"));
  TALLY_ASSIGN_OR_RETURN(error.column, json.GetString("column"));
  TALLY_ASSIGN_OR_RETURN(error.limit, json.GetInt("limit"));
  TALLY_ASSIGN_OR_RETURN(error.count, json.GetInt("count"));
  TALLY_ASSIGN_OR_RETURN(error.corr, json.GetString("corr"));
  return std::optional<ErrorDetail>(std::move(error));
}

absl::Status NotFound(const std::string& resource) {
  return Error(Reason::kResourceNotFound, "no such resource: " + resource,
               {.resource = resource});
}
absl::Status Exists(const std::string& resource) {
  return Error(Reason::kResourceExists, resource + " exists already",
               {.resource = resource});
}
absl::Status BadRow() {
  return Error(Reason::kFileDigest, "the catalogue holds an impossible row");
}

}  // namespace tally::linkage
