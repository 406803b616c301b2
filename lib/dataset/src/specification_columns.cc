// The columns of a specification: what leaves, with type and checks.

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/strings.h"
#include "specification_parser.h"

namespace tally::dataset {
namespace {

constexpr size_t kMaxColumns = 512;
constexpr int64_t kMaxValueBytes = 64;
constexpr uint32_t kIdentifierDigits = 10;
constexpr int64_t kFirstTenDigits = 1'000'000'000;
constexpr int64_t kLastTenDigits = 9'999'999'999;

const std::vector<std::string>& ColumnKeys() {
  static const auto& keys = *new std::vector<std::string>{
      "name", "type",  "class",   "description",  "unit",    "required",
      "min",  "max",   "outside", "null_markers", "pattern", "max_length",
      "list", "codes", "aliases", "repeat",       "derive"};
  return keys;
}

// Columns that the hub itself puts into a release, and words that must never
// be the name of a released column.
constexpr std::array<std::string_view, 8> kReserved = {
    "person",    "unlinked_reason", "source", "person_index",
    "pseudonym", "link_status",     "token",  "in_population"};

absl::Status ReadIntegerRange(const TomlTable& table, ColumnSpec& column) {
  if (table.Find("min") == nullptr || table.Find("max") == nullptr) {
    return table.ErrorAt(table.line(), "an integer column needs min and max");
  }
  TALLY_ASSIGN_OR_RETURN(column.min_int, table.GetInt("min"));
  TALLY_ASSIGN_OR_RETURN(column.max_int, table.GetInt("max"));
  column.has_range = true;
  if (column.min_int > column.max_int) {
    return table.ErrorAt(LineOf(table, "max"), "max is below min");
  }
  if (column.type == ColumnType::kInt32 &&
      (column.min_int < std::numeric_limits<int32_t>::min() ||
       column.max_int > std::numeric_limits<int32_t>::max())) {
    return table.ErrorAt(LineOf(table, "max"), "range does not fit int32");
  }
  return absl::OkStatus();
}

absl::Status ReadDoubleRange(const TomlTable& table, ColumnSpec& column) {
  const bool has_min = table.Find("min") != nullptr;
  if (has_min != (table.Find("max") != nullptr)) {
    return table.ErrorAt(table.line(), "min and max come together");
  }
  if (!has_min) return absl::OkStatus();
  TALLY_ASSIGN_OR_RETURN(column.min_double, table.GetDouble("min"));
  TALLY_ASSIGN_OR_RETURN(column.max_double, table.GetDouble("max"));
  column.has_range = true;
  if (column.min_double > column.max_double) {
    return table.ErrorAt(LineOf(table, "max"), "max is below min");
  }
  return absl::OkStatus();
}

absl::Status ReadDateRange(const TomlTable& table, ColumnSpec& column) {
  column.min_int = std::numeric_limits<int32_t>::min();
  column.max_int = std::numeric_limits<int32_t>::max();
  if (table.Find("min") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(const CivilDay day, table.GetDate("min"));
    column.min_int = day.days();
    column.has_range = true;
  }
  const TomlValue* max = table.Find("max");
  if (max == nullptr) return absl::OkStatus();
  column.has_range = true;
  if (max->is_string() && max->AsString() == "today") {
    column.max_is_today = true;
    return absl::OkStatus();
  }
  if (!max->is_date()) {
    return table.ErrorAt(max->line(), "max is a date or \"today\"");
  }
  column.max_int = max->AsDate().days();
  if (column.min_int > column.max_int) {
    return table.ErrorAt(max->line(), "max is before min");
  }
  return absl::OkStatus();
}

absl::Status ReadRange(const TomlTable& table, ColumnSpec& column) {
  switch (column.type) {
    case ColumnType::kInt32:
    case ColumnType::kInt64:
      return ReadIntegerRange(table, column);
    case ColumnType::kDouble:
      return ReadDoubleRange(table, column);
    case ColumnType::kDate:
      return ReadDateRange(table, column);
    case ColumnType::kBool:
    case ColumnType::kCode:
    case ColumnType::kText:
      break;
  }
  for (const char* key : {"min", "max"}) {
    if (table.Find(key) != nullptr) {
      return table.ErrorAt(LineOf(table, key),
                           "min and max are for numbers and dates");
    }
  }
  return absl::OkStatus();
}

absl::Status ReadCodes(const TomlTable& table, ColumnSpec& column) {
  TALLY_ASSIGN_OR_RETURN(const TomlTable codes, table.GetTable("codes"));
  if (codes.empty()) {
    return table.ErrorAt(LineOf(table, "codes"), "codes may not be empty");
  }
  for (const auto& [value, label] : codes.entries()) {
    if (!IsCodeValue(value) || value.size() > column.max_length) {
      return table.ErrorAt(label.line(),
                           "a code is 1 to 64 printable ASCII characters");
    }
    if (!label.is_string() || label.AsString().empty()) {
      return table.ErrorAt(label.line(), "a code needs a label");
    }
    column.codes.emplace_back(value, label.AsString());
  }
  return absl::OkStatus();
}

absl::Status RefuseKeys(const TomlTable& table,
                        std::initializer_list<const char*> keys,
                        std::string_view why) {
  for (const char* key : keys) {
    if (table.Find(key) == nullptr) continue;
    return table.ErrorAt(LineOf(table, key),
                         absl::StrFormat("%s %s", key, std::string(why)));
  }
  return absl::OkStatus();
}

absl::Status ReadPattern(const TomlTable& table, ColumnSpec& column) {
  if (table.Find("max_length") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(const int64_t length,
                           table.GetInt("max_length", 1, kMaxValueBytes));
    column.max_length = static_cast<uint32_t>(length);
  }
  if (table.Find("pattern") == nullptr) return absl::OkStatus();
  TALLY_ASSIGN_OR_RETURN(const std::string text, table.GetString("pattern"));
  absl::StatusOr<Pattern> pattern = Pattern::Create(text);
  if (!pattern.ok()) {
    return table.ErrorAt(LineOf(table, "pattern"),
                         ToStd(pattern.status().message()));
  }
  column.pattern = std::make_shared<const Pattern>(*std::move(pattern));
  return absl::OkStatus();
}

absl::Status ReadTextForm(const TomlTable& table, ColumnSpec& column) {
  TALLY_RETURN_IF_ERROR(ReadPattern(table, column));
  if (column.pattern == nullptr || table.Find("max_length") == nullptr) {
    return table.ErrorAt(
        table.line(),
        "text needs pattern and max_length; anything else is free text");
  }
  return RefuseKeys(table, {"list", "codes"}, "is for code columns");
}

absl::Status ReadCodeForm(const TomlTable& table, ColumnSpec& column) {
  TALLY_RETURN_IF_ERROR(ReadPattern(table, column));
  if (table.Find("list") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(const std::string word, table.GetString("list"));
    column.list = ListNameFromText(word);
    if (column.list != ListName::kClusters) {
      return UnknownWord(table, "list", {"clusters"});
    }
  }
  if (table.Find("codes") != nullptr) {
    TALLY_RETURN_IF_ERROR(ReadCodes(table, column));
  }
  if (!column.codes.empty() && column.list.has_value()) {
    return table.ErrorAt(LineOf(table, "codes"),
                         "a list file and codes cannot both decide");
  }
  if (column.codes.empty() && column.pattern == nullptr && !column.list) {
    return table.ErrorAt(table.line(),
                         "a code column needs pattern, list or codes");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SpecificationParser::ReadColumns() {
  TALLY_ASSIGN_OR_RETURN(const std::vector<TomlTable> tables,
                         TomlTables(root_, "column"));
  if (tables.empty()) {
    return root_.ErrorAt(1, "a dataset needs at least one column");
  }
  for (const TomlTable& table : tables) {
    TALLY_RETURN_IF_ERROR(ReadColumn(table));
  }
  return absl::OkStatus();
}

absl::Status SpecificationParser::ReadColumn(const TomlTable& table) {
  TALLY_RETURN_IF_ERROR(table.OnlyKeys(ColumnKeys()));
  ColumnSpec column;
  TALLY_ASSIGN_OR_RETURN(column.name, table.GetString("name"));
  if (!IsColumnName(column.name)) {
    return table.ErrorAt(LineOf(table, "name"),
                         "a column name matches ^[a-z][a-z0-9_]{0,62}$");
  }
  if (std::count(kReserved.begin(), kReserved.end(), column.name) != 0) {
    return table.ErrorAt(LineOf(table, "name"),
                         "this name belongs to the release itself");
  }
  TALLY_ASSIGN_OR_RETURN(const std::string type, table.GetString("type"));
  const auto type_value = ColumnTypeFromName(type);
  if (!type_value) {
    return UnknownWord(
        table, "type",
        {"bool", "int32", "int64", "double", "date", "code", "text"});
  }
  column.type = *type_value;
  TALLY_ASSIGN_OR_RETURN(const std::string class_word,
                         table.GetString("class"));
  const auto class_value = ColumnClassFromName(class_word);
  if (!class_value) {
    return UnknownWord(table, "class", {"QI", "SEN", "ATTR", "RK"});
  }
  column.column_class = *class_value;
  TALLY_ASSIGN_OR_RETURN(column.description, NeededText(table, "description"));
  TALLY_ASSIGN_OR_RETURN(column.unit, OptionalText(table, "unit"));
  TALLY_ASSIGN_OR_RETURN(column.required,
                         OptionalBool(table, "required", false));
  TALLY_ASSIGN_OR_RETURN(column.null_markers,
                         OptionalTexts(table, "null_markers"));
  TALLY_RETURN_IF_ERROR(ReadColumnValues(table, column));
  TALLY_RETURN_IF_ERROR(ReadDerivation(table, column));
  return AddColumn(table, std::move(column));
}

absl::Status SpecificationParser::ReadColumnValues(const TomlTable& table,
                                                   ColumnSpec& column) {
  TALLY_RETURN_IF_ERROR(ReadRange(table, column));
  const bool is_number = column.type == ColumnType::kInt32 ||
                         column.type == ColumnType::kInt64 ||
                         column.type == ColumnType::kDouble;
  if (table.Find("outside") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(const std::string word, table.GetString("outside"));
    if (word != "null") return UnknownWord(table, "outside", {"null"});
    if (!is_number || !column.has_range || column.required) {
      return table.ErrorAt(
          LineOf(table, "outside"),
          "outside is for numbers with a range that are not required");
    }
    column.outside_null = true;
  }
  if (column.type == ColumnType::kCode) return ReadCodeForm(table, column);
  if (column.type == ColumnType::kText) return ReadTextForm(table, column);
  return RefuseKeys(table, {"pattern", "max_length", "list", "codes"},
                    "is for code and text");
}

absl::Status SpecificationParser::AddColumn(const TomlTable& table,
                                            ColumnSpec column) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> aliases,
                         OptionalTexts(table, "aliases"));
  TALLY_ASSIGN_OR_RETURN(const int64_t repeat, RepeatOf(table));
  const ColumnSpec base = column;
  for (int64_t i = repeat == 0 ? 0 : 1; i <= repeat; ++i) {
    if (i != 0) {
      const auto index = static_cast<uint32_t>(i);
      column.repeat_base = base.name;
      column.repeat_index = index;
      column.name = RepeatName(base.name, index);
      if (!base.derive.from.empty()) {
        column.derive.from = RepeatName(base.derive.from, index);
      }
      column.description =
          absl::StrFormat("%s, number %d", base.description, i);
    }
    if (!IsColumnName(column.name) ||
        !out_.column_by_name_.emplace(column.name, out_.columns_.size())
             .second) {
      return table.ErrorAt(LineOf(table, "name"),
                           "two columns have this name, or it is too long");
    }
    if (out_.columns_.size() == kMaxColumns) {
      return table.ErrorAt(table.line(), "more than 512 columns");
    }
    TALLY_RETURN_IF_ERROR(AddColumnInput(table, column, aliases));
    out_.columns_.push_back(column);
    std::vector<std::string>& markers = out_.columns_.back().null_markers;
    markers.insert(markers.end(), out_.null_markers_.begin(),
                   out_.null_markers_.end());
  }
  return absl::OkStatus();
}

absl::Status SpecificationParser::AddColumnInput(
    const TomlTable& table, const ColumnSpec& column,
    const std::vector<std::string>& aliases) {
  if (!aliases.empty() && column.input() != column.name) {
    return table.ErrorAt(LineOf(table, "aliases"),
                         "aliases of another input stand in its drop entry");
  }
  InputSpec& input = Input(column.input());
  input.feeds_column = true;
  input.needed = input.needed || column.required;
  if (column.input() == column.name) {
    input.null_markers.insert(input.null_markers.end(),
                              column.null_markers.begin(),
                              column.null_markers.end());
  }
  TALLY_RETURN_IF_ERROR(AddAliases(table, input, aliases, column.repeat_index));
  if (!column.derive.other.empty()) {
    InputSpec& other = Input(column.derive.other);
    other.feeds_column = true;
    other.needed = other.needed || column.required;
  }
  return absl::OkStatus();
}

bool ColumnSpec::AdmitsTenDigits() const {
  switch (type) {
    case ColumnType::kInt32:
    case ColumnType::kInt64:
      return max_int >= kFirstTenDigits && min_int <= kLastTenDigits;
    case ColumnType::kText:
      return true;
    case ColumnType::kCode:
      // A value from a list file is one of its codes; one from `codes` is
      // there to be read. A pattern may let any number through.
      if (pattern == nullptr || max_length < kIdentifierDigits) return false;
      return pattern->AdmitsDigits(kIdentifierDigits);
    case ColumnType::kBool:
    case ColumnType::kDouble:
    case ColumnType::kDate:
      break;
  }
  return false;
}

}  // namespace tally::dataset
