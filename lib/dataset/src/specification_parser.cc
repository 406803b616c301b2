#include "specification_parser.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "dataset/resource_name.h"

namespace tally::dataset {
namespace {

const std::vector<std::string>& RootKeys() {
  static const auto& keys = *new std::vector<std::string>{"id",
                                                          "version",
                                                          "title",
                                                          "kind",
                                                          "period_column",
                                                          "max_reject",
                                                          "max_unlinked",
                                                          "null_markers",
                                                          "person",
                                                          "national_opt_out",
                                                          "column",
                                                          "drop",
                                                          "rule",
                                                          "row_key"};
  return keys;
}

constexpr int64_t kMaxVersion = 65535;

}  // namespace

absl::StatusOr<Specification> SpecificationParser::Parse(
    std::string_view text, std::string_view file_name) {
  TALLY_ASSIGN_OR_RETURN(const TomlTable root,
                         ParseToml(text, std::string(file_name)));
  SpecificationParser parser(root);
  TALLY_RETURN_IF_ERROR(parser.ReadAll());
  parser.out_.digest_ = Sha256Of(text);
  return std::move(parser.out_);
}

absl::Status SpecificationParser::ReadAll() {
  TALLY_RETURN_IF_ERROR(root_.OnlyKeys(RootKeys()));
  TALLY_RETURN_IF_ERROR(ReadIdentity());
  TALLY_RETURN_IF_ERROR(ReadShares());
  TALLY_ASSIGN_OR_RETURN(out_.null_markers_,
                         OptionalTexts(root_, "null_markers"));
  TALLY_RETURN_IF_ERROR(ReadColumns());
  TALLY_RETURN_IF_ERROR(ReadPerson());
  TALLY_RETURN_IF_ERROR(ReadNationalOptOut());
  TALLY_RETURN_IF_ERROR(ReadRules());
  TALLY_RETURN_IF_ERROR(ReadDrops());
  TALLY_RETURN_IF_ERROR(ReadPeriodColumn());
  TALLY_RETURN_IF_ERROR(ReadRowKey());
  TALLY_RETURN_IF_ERROR(FinishInputs());
  CollectLists();
  return absl::OkStatus();
}

absl::Status SpecificationParser::ReadIdentity() {
  TALLY_ASSIGN_OR_RETURN(out_.id_, root_.GetString("id"));
  if (!IsResourceId(out_.id_)) {
    return root_.ErrorAt(LineOf(root_, "id"),
                         "id must match ^[a-z][a-z0-9-]{0,62}$");
  }
  out_.sql_name_ = SqlName(out_.id_);
  TALLY_ASSIGN_OR_RETURN(const int64_t version,
                         root_.GetInt("version", 1, kMaxVersion));
  out_.version_ = static_cast<uint32_t>(version);
  TALLY_ASSIGN_OR_RETURN(out_.title_, NeededText(root_, "title"));
  TALLY_ASSIGN_OR_RETURN(const std::string kind, root_.GetString("kind"));
  const auto kind_value = DatasetKindFromName(kind);
  if (!kind_value) return UnknownWord(root_, "kind", {"activity", "snapshot"});
  out_.kind_ = *kind_value;
  return absl::OkStatus();
}

absl::Status SpecificationParser::ReadShares() {
  const std::pair<const char*, double*> shares[] = {
      {"max_reject", &out_.max_reject_}, {"max_unlinked", &out_.max_unlinked_}};
  for (const auto& [key, share] : shares) {
    if (root_.Find(key) == nullptr) continue;
    TALLY_ASSIGN_OR_RETURN(*share, root_.GetDouble(key));
    if (!(*share >= 0 && *share <= 1)) {
      return root_.ErrorAt(LineOf(root_, key),
                           absl::StrFormat("%s is a share, 0 to 1", key));
    }
  }
  return absl::OkStatus();
}

absl::Status SpecificationParser::ReadPeriodColumn() {
  const bool activity = out_.kind_ == DatasetKind::kActivity;
  if (root_.Find("period_column") == nullptr) {
    if (!activity) return absl::OkStatus();
    return root_.ErrorAt(1, "an activity dataset needs period_column");
  }
  const int line = LineOf(root_, "period_column");
  if (!activity) {
    return root_.ErrorAt(line, "a snapshot has no period_column");
  }
  TALLY_ASSIGN_OR_RETURN(const std::string name,
                         root_.GetString("period_column"));
  out_.period_column_ = out_.FindColumn(name);
  if (!out_.period_column_ ||
      out_.columns_[*out_.period_column_].type != ColumnType::kDate) {
    return root_.ErrorAt(line, "period_column must be a date column");
  }
  return absl::OkStatus();
}

absl::Status SpecificationParser::ReadRowKey() {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                         OptionalTexts(root_, "row_key"));
  for (const std::string& name : names) {
    const std::optional<size_t> column = out_.FindColumn(name);
    if (!column) {
      return root_.ErrorAt(LineOf(root_, "row_key"),
                           "row_key names a column that does not leave");
    }
    if (std::count(out_.row_key_.begin(), out_.row_key_.end(), *column) != 0) {
      return root_.ErrorAt(LineOf(root_, "row_key"),
                           "row_key names a column twice");
    }
    out_.row_key_.push_back(*column);
  }
  return absl::OkStatus();
}

void SpecificationParser::CollectLists() {
  std::set<ListName> lists;
  for (const Rule& rule : out_.rules_) {
    if (rule.list) lists.insert(*rule.list);
  }
  for (const ColumnSpec& column : out_.columns_) {
    if (column.list) lists.insert(*column.list);
    switch (column.derive.kind) {
      case DerivationKind::kLsoa21:
      case DerivationKind::kImdDecile:
      case DerivationKind::kRuralUrban:
        lists.insert(ListName::kPostcodeLsoa);
        break;
      case DerivationKind::kCareHome:
        lists.insert(ListName::kCareHomes);
        break;
      case DerivationKind::kCluster:
        lists.insert(ListName::kClusters);
        break;
      default:
        break;
    }
  }
  out_.lists_.assign(lists.begin(), lists.end());
}

absl::StatusOr<std::vector<TomlTable>> TomlTables(const TomlTable& table,
                                                  std::string_view key) {
  std::vector<TomlTable> tables;
  if (table.Find(key) == nullptr) return tables;
  TALLY_ASSIGN_OR_RETURN(const TomlArray array, table.GetArray(key));
  for (const TomlValue& value : array) {
    if (!value.is_table()) {
      return table.ErrorAt(
          value.line(),
          absl::StrFormat("%s is an array of tables", std::string(key)));
    }
    tables.push_back(value.AsTable());
  }
  return tables;
}

absl::StatusOr<std::string> OptionalText(const TomlTable& table,
                                         std::string_view key,
                                         std::string_view otherwise) {
  if (table.Find(key) == nullptr) return std::string(otherwise);
  return table.GetString(key);
}

absl::StatusOr<bool> OptionalBool(const TomlTable& table, std::string_view key,
                                  bool otherwise) {
  if (table.Find(key) == nullptr) return otherwise;
  return table.GetBool(key);
}

absl::StatusOr<std::vector<std::string>> OptionalTexts(const TomlTable& table,
                                                       std::string_view key) {
  if (table.Find(key) == nullptr) return std::vector<std::string>();
  return table.GetStrings(key);
}

absl::StatusOr<std::string> NeededText(const TomlTable& table,
                                       std::string_view key) {
  TALLY_ASSIGN_OR_RETURN(std::string text, table.GetString(key));
  if (text.empty()) {
    return table.ErrorAt(
        LineOf(table, key),
        absl::StrFormat("%s may not be empty", std::string(key)));
  }
  return text;
}

int LineOf(const TomlTable& table, std::string_view key) {
  const TomlValue* value = table.Find(key);
  return value == nullptr ? table.line() : value->line();
}

absl::Status UnknownWord(const TomlTable& table, std::string_view key,
                         const std::vector<std::string>& known) {
  std::string message = absl::StrFormat(
      "%s is not one of: %s", std::string(key), JoinText(known, ", "));
  const TomlValue* value = table.Find(key);
  if (value != nullptr && value->is_string()) {
    const std::string nearest = NearestMatch(value->AsString(), known);
    if (!nearest.empty()) {
      message += absl::StrFormat("; did you mean \"%s\"?", nearest);
    }
  }
  return table.ErrorAt(LineOf(table, key), message);
}

}  // namespace tally::dataset
