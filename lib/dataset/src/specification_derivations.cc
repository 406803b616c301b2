// How a column's value comes from inputs.

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "specification_parser.h"

namespace tally::dataset {
namespace {

constexpr int64_t kMaxDerivedBytes = 64;

struct DerivationForm {
  DerivationKind kind;
  ColumnType type;                        // of the column
  std::string_view other_key;             // key of the second input, if any
  std::array<DerivationInput, 4> inputs;  // first one is the default
};

using enum DerivationInput;

constexpr std::array<DerivationForm, 14> kForms = {{
    {DerivationKind::kYear,
     ColumnType::kInt32,
     "",
     {kDateOfBirth, kYearOfBirth, kAny}},
    {DerivationKind::kMonth, ColumnType::kDate, "", {}},
    {DerivationKind::kAgeFy,
     ColumnType::kInt32,
     "at",
     {kDateOfBirth, kYearOfBirth, kAge, kAny}},
    {DerivationKind::kLsoa21,
     ColumnType::kCode,
     "",
     {kPostcode, kLsoa21, kAny}},
    {DerivationKind::kImdDecile,
     ColumnType::kInt32,
     "",
     {kPostcode, kLsoa21, kAny}},
    {DerivationKind::kRuralUrban,
     ColumnType::kInt32,
     "",
     {kPostcode, kLsoa21, kAny}},
    {DerivationKind::kCareHome, ColumnType::kBool, "", {}},
    {DerivationKind::kCluster, ColumnType::kCode, "", {}},
    {DerivationKind::kMap, ColumnType::kCode, "", {}},
    {DerivationKind::kIcd10, ColumnType::kCode, "", {}},
    {DerivationKind::kPrefix, ColumnType::kCode, "", {}},
    {DerivationKind::kRekey, ColumnType::kInt64, "", {}},
    {DerivationKind::kHour, ColumnType::kInt32, "", {}},
    {DerivationKind::kMinutesBetween, ColumnType::kInt32, "to", {}},
}};

const DerivationForm* FormOf(DerivationKind kind) {
  for (const DerivationForm& form : kForms) {
    if (form.kind == kind) return &form;
  }
  return nullptr;
}

std::vector<std::string> DerivationWords() {
  std::vector<std::string> words;
  for (const DerivationForm& form : kForms) {
    words.emplace_back(DerivationName(form.kind));
  }
  return words;
}

absl::Status ReadMapTable(const TomlTable& table, Derivation& derive) {
  TALLY_ASSIGN_OR_RETURN(const TomlTable map, table.GetTable("table"));
  for (const auto& [from, to] : map.entries()) {
    if (!IsCodeValue(from) || !to.is_string() || !IsCodeValue(to.AsString())) {
      return table.ErrorAt(to.line(),
                           "a map goes from code to code, printable ASCII");
    }
    derive.table.emplace(from, to.AsString());
  }
  if (derive.table.empty()) {
    return table.ErrorAt(table.line(), "a map needs a table");
  }
  TALLY_ASSIGN_OR_RETURN(const std::string other,
                         OptionalText(table, "other", "refuse"));
  if (other == "keep") {
    derive.map_other = MapOther::kKeep;
  } else if (other == "null") {
    derive.map_other = MapOther::kNull;
  } else if (other != "refuse") {
    return UnknownWord(table, "other", {"refuse", "keep", "null"});
  }
  return absl::OkStatus();
}

// The keys that a derivation takes, and what stands under them.
absl::Status ReadArguments(const TomlTable& table, const DerivationForm& form,
                           Derivation& derive) {
  std::vector<std::string> keys = {"from", "by"};
  const bool has_input = form.inputs[0] != kDefault;
  if (!form.other_key.empty()) keys.emplace_back(form.other_key);
  if (has_input) keys.emplace_back("input");
  if (form.kind == DerivationKind::kPrefix) keys.emplace_back("length");
  if (form.kind == DerivationKind::kMap) {
    keys.insert(keys.end(), {"table", "other"});
  }
  TALLY_RETURN_IF_ERROR(table.OnlyKeys(keys));

  if (!form.other_key.empty()) {
    TALLY_ASSIGN_OR_RETURN(derive.other, NeededText(table, form.other_key));
  }
  if (has_input) {
    derive.input = form.inputs[0];
    if (table.Find("input") != nullptr) {
      TALLY_ASSIGN_OR_RETURN(const std::string word, table.GetString("input"));
      const auto input = DerivationInputFromName(word);
      std::vector<std::string> known;
      bool found = false;
      for (const DerivationInput allowed : form.inputs) {
        if (allowed == kDefault) continue;
        known.emplace_back(DerivationInputName(allowed));
        found = found || input == allowed;
      }
      if (!found) return UnknownWord(table, "input", known);
      derive.input = *input;
    }
  }
  if (form.kind == DerivationKind::kPrefix) {
    TALLY_ASSIGN_OR_RETURN(const int64_t length,
                           table.GetInt("length", 1, kMaxDerivedBytes));
    derive.length = static_cast<uint32_t>(length);
  }
  if (form.kind == DerivationKind::kMap) {
    TALLY_RETURN_IF_ERROR(ReadMapTable(table, derive));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SpecificationParser::ReadDerivation(const TomlTable& table,
                                                 ColumnSpec& column) {
  if (table.Find("derive") == nullptr) {
    if (column.column_class == ColumnClass::kRecordKey) {
      return table.ErrorAt(table.line(), "a record key is derived by rekey");
    }
    return absl::OkStatus();
  }
  TALLY_ASSIGN_OR_RETURN(const TomlTable derive, table.GetTable("derive"));
  TALLY_ASSIGN_OR_RETURN(const std::string by, derive.GetString("by"));
  const auto kind = DerivationFromName(by);
  const DerivationForm* form = kind ? FormOf(*kind) : nullptr;
  if (form == nullptr) return UnknownWord(derive, "by", DerivationWords());
  column.derive.kind = *kind;
  TALLY_ASSIGN_OR_RETURN(column.derive.from, NeededText(derive, "from"));
  TALLY_RETURN_IF_ERROR(ReadArguments(derive, *form, column.derive));
  for (const std::string& name : {column.derive.from, column.derive.other}) {
    if (!name.empty() && !IsColumnName(name)) {
      return derive.ErrorAt(derive.line(),
                            "an input name matches ^[a-z][a-z0-9_]{0,62}$");
    }
  }
  if (column.type != form->type) {
    return derive.ErrorAt(
        LineOf(derive, "by"),
        absl::StrFormat("%s makes a column of type %s", by,
                        std::string(ColumnTypeName(form->type))));
  }
  if (*kind == DerivationKind::kRekey) {
    if (column.column_class != ColumnClass::kRecordKey) {
      return derive.ErrorAt(LineOf(derive, "by"), "rekey makes class RK");
    }
    if (column.AdmitsTenDigits()) {
      return derive.ErrorAt(
          LineOf(derive, "by"),
          "the range of a random key may not admit ten digits");
    }
  } else if (column.column_class == ColumnClass::kRecordKey) {
    return derive.ErrorAt(LineOf(derive, "by"), "class RK needs rekey");
  }
  return absl::OkStatus();
}

}  // namespace tally::dataset
