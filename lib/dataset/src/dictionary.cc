#include "dataset/dictionary.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/json.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::dataset {
namespace {

constexpr int kDepth = 12;
constexpr std::string_view kProfile = "tabular-data-package";
// Our own keys stand together under one name, as the format asks.
constexpr std::string_view kOwn = "tally";

absl::Status Fault(std::string_view path, const absl::Status& cause) {
  return absl::InvalidArgumentError(
      absl::StrFormat("dictionary, %s: %s", std::string(path),
                      std::string(ToStd(cause.message()))));
}

std::string_view FrictionlessType(ColumnType type) {
  switch (type) {
    case ColumnType::kBool:
      return "boolean";
    case ColumnType::kInt32:
    case ColumnType::kInt64:
      return "integer";
    case ColumnType::kDouble:
      return "number";
    case ColumnType::kDate:
      return "date";
    case ColumnType::kCode:
    case ColumnType::kText:
      break;
  }
  return "string";
}

JsonValue Bound(ColumnType type, int64_t value) {
  if (type != ColumnType::kDate) return value;
  const absl::StatusOr<CivilDay> day =
      CivilDay::FromDays(static_cast<int32_t>(value));
  return day.ok() ? JsonValue(day->ToIso()) : JsonValue();
}

JsonValue Constraints(const DictionaryColumn& column) {
  JsonValue object = JsonValue::MakeObject();
  if (column.required) object.Set("required", true);
  if (column.min_int)
    object.Set("minimum", Bound(column.type, *column.min_int));
  if (column.max_int)
    object.Set("maximum", Bound(column.type, *column.max_int));
  if (column.min_double) object.Set("minimum", *column.min_double);
  if (column.max_double) object.Set("maximum", *column.max_double);
  if (!column.pattern.empty()) object.Set("pattern", column.pattern);
  if (column.max_length != 0) object.Set("maxLength", column.max_length);
  if (!column.codes.empty()) {
    JsonValue values = JsonValue::MakeArray();
    for (const auto& [value, label] : column.codes) values.Append(value);
    object.Set("enum", std::move(values));
  }
  return object;
}

JsonValue FieldToJson(const DictionaryColumn& column) {
  JsonValue own = JsonValue::MakeObject();
  own.Set("type", ColumnTypeName(column.type));
  if (column.column_class) {
    own.Set("class", ColumnClassName(*column.column_class));
  }
  if (!column.unit.empty()) own.Set("unit", column.unit);
  if (!column.grain.empty()) own.Set("grain", column.grain);
  if (!column.derivation.empty()) own.Set("derivation", column.derivation);
  if (column.filled) {
    own.Set("filled", std::round(*column.filled * 1e6) / 1e6);
  }
  if (!column.codes.empty()) {
    JsonValue labels = JsonValue::MakeObject();
    for (const auto& [value, label] : column.codes) labels.Set(value, label);
    own.Set("codes", std::move(labels));
  }
  JsonValue field = JsonValue::MakeObject();
  field.Set("name", column.name);
  field.Set("type", FrictionlessType(column.type));
  field.Set("description", column.description);
  const JsonValue constraints = Constraints(column);
  if (!constraints.AsObject().empty()) field.Set("constraints", constraints);
  field.Set(kOwn, std::move(own));
  return field;
}

JsonValue TableToJson(const DictionaryTable& table) {
  JsonValue fields = JsonValue::MakeArray();
  for (const DictionaryColumn& column : table.columns) {
    fields.Append(FieldToJson(column));
  }
  JsonValue schema = JsonValue::MakeObject();
  schema.Set("fields", std::move(fields));
  if (!table.primary_key.empty()) {
    JsonValue key = JsonValue::MakeArray();
    for (const std::string& name : table.primary_key) key.Append(name);
    schema.Set("primaryKey", std::move(key));
  }
  JsonValue paths = JsonValue::MakeArray();
  for (const std::string& path : table.paths) paths.Append(path);
  JsonValue sources = JsonValue::MakeArray();
  for (const DictionarySource& source : table.sources) {
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("title", absl::StrFormat("%s, version %u", source.dataset,
                                       source.version));
    entry.Set("dataset", source.dataset);
    entry.Set("version", source.version);
    entry.Set("specSha256", source.spec_sha256);
    sources.Append(std::move(entry));
  }
  JsonValue resource = JsonValue::MakeObject();
  resource.Set("name", table.name);
  resource.Set("profile", "tabular-data-resource");
  resource.Set("title", table.title);
  resource.Set("description", table.description);
  resource.Set("format", "parquet");
  resource.Set("path", std::move(paths));
  resource.Set("rows", table.rows);
  resource.Set("sources", std::move(sources));
  resource.Set("schema", std::move(schema));
  return resource;
}

// Members that may be missing.
std::string TextOr(const JsonValue& object, std::string_view key) {
  const JsonValue* value = object.Find(key);
  return value != nullptr && value->is_string() ? value->AsString() : "";
}

absl::StatusOr<std::optional<int64_t>> IntBound(const JsonValue& constraints,
                                                std::string_view key,
                                                ColumnType type) {
  const JsonValue* value = constraints.Find(key);
  if (value == nullptr) return std::optional<int64_t>();
  if (type == ColumnType::kDate) {
    TALLY_ASSIGN_OR_RETURN(const std::string text, constraints.GetString(key));
    TALLY_ASSIGN_OR_RETURN(const CivilDay day,
                           CivilDay::Parse(text, "%Y-%m-%d"));
    return std::optional<int64_t>(day.days());
  }
  TALLY_ASSIGN_OR_RETURN(const int64_t number, constraints.GetInt(key));
  return std::optional<int64_t>(number);
}

absl::StatusOr<std::optional<double>> DoubleBound(const JsonValue& constraints,
                                                  std::string_view key) {
  if (constraints.Find(key) == nullptr) return std::optional<double>();
  TALLY_ASSIGN_OR_RETURN(const double number, constraints.GetDouble(key));
  return std::optional<double>(number);
}

absl::Status ReadConstraints(const JsonValue& field, DictionaryColumn& column) {
  const JsonValue* found = field.Find("constraints");
  if (found == nullptr) return absl::OkStatus();
  const JsonValue& constraints = *found;
  if (constraints.Find("required") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(column.required, constraints.GetBool("required"));
  }
  column.pattern = TextOr(constraints, "pattern");
  if (constraints.Find("maxLength") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(const int64_t length,
                           constraints.GetInt("maxLength"));
    column.max_length =
        static_cast<uint32_t>(std::clamp<int64_t>(length, 0, 1'000'000));
  }
  if (column.type == ColumnType::kDouble) {
    TALLY_ASSIGN_OR_RETURN(column.min_double,
                           DoubleBound(constraints, "minimum"));
    TALLY_ASSIGN_OR_RETURN(column.max_double,
                           DoubleBound(constraints, "maximum"));
    return absl::OkStatus();
  }
  TALLY_ASSIGN_OR_RETURN(column.min_int,
                         IntBound(constraints, "minimum", column.type));
  TALLY_ASSIGN_OR_RETURN(column.max_int,
                         IntBound(constraints, "maximum", column.type));
  return absl::OkStatus();
}

absl::StatusOr<DictionaryColumn> FieldFromJson(const JsonValue& field) {
  DictionaryColumn column;
  TALLY_ASSIGN_OR_RETURN(column.name, field.GetString("name"));
  column.description = TextOr(field, "description");
  const JsonValue* own = field.Find(kOwn);
  if (own == nullptr) {
    return absl::InvalidArgumentError("a field has no \"tally\" object");
  }
  TALLY_ASSIGN_OR_RETURN(const std::string type, own->GetString("type"));
  const auto type_value = ColumnTypeFromName(type);
  if (!type_value) return absl::InvalidArgumentError("unknown column type");
  column.type = *type_value;
  if (own->Find("class") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(const std::string word, own->GetString("class"));
    column.column_class = ColumnClassFromName(word);
    if (!column.column_class) {
      return absl::InvalidArgumentError("unknown column class");
    }
  }
  column.unit = TextOr(*own, "unit");
  column.grain = TextOr(*own, "grain");
  column.derivation = TextOr(*own, "derivation");
  if (own->Find("filled") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(column.filled, own->GetDouble("filled"));
  }
  if (own->Find("codes") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(const JsonValue::Object* codes,
                           own->GetObject("codes"));
    for (const auto& [value, label] : *codes) {
      if (!label.is_string()) {
        return absl::InvalidArgumentError("a code has no label");
      }
      column.codes.emplace_back(value, label.AsString());
    }
  }
  TALLY_RETURN_IF_ERROR(ReadConstraints(field, column));
  return column;
}

absl::StatusOr<std::vector<std::string>> Texts(const JsonValue& object,
                                               std::string_view key) {
  std::vector<std::string> texts;
  if (object.Find(key) == nullptr) return texts;
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Array* array, object.GetArray(key));
  for (const JsonValue& value : *array) {
    if (!value.is_string()) {
      return absl::InvalidArgumentError("a list holds something but text");
    }
    texts.push_back(value.AsString());
  }
  return texts;
}

absl::StatusOr<std::vector<DictionarySource>> SourcesFromJson(
    const JsonValue& resource) {
  std::vector<DictionarySource> sources;
  if (resource.Find("sources") == nullptr) return sources;
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Array* array,
                         resource.GetArray("sources"));
  for (const JsonValue& entry : *array) {
    DictionarySource source;
    TALLY_ASSIGN_OR_RETURN(source.dataset, entry.GetString("dataset"));
    TALLY_ASSIGN_OR_RETURN(const int64_t version, entry.GetInt("version"));
    source.version =
        static_cast<uint32_t>(std::clamp<int64_t>(version, 0, 65535));
    TALLY_ASSIGN_OR_RETURN(source.spec_sha256, entry.GetString("specSha256"));
    sources.push_back(std::move(source));
  }
  return sources;
}

absl::StatusOr<DictionaryTable> TableFromJson(const JsonValue& resource) {
  DictionaryTable table;
  TALLY_ASSIGN_OR_RETURN(table.name, resource.GetString("name"));
  table.title = TextOr(resource, "title");
  table.description = TextOr(resource, "description");
  TALLY_ASSIGN_OR_RETURN(table.paths, Texts(resource, "path"));
  TALLY_ASSIGN_OR_RETURN(const int64_t rows,
                         resource.GetInt("rows", 0, INT64_MAX));
  table.rows = static_cast<uint64_t>(rows);
  TALLY_ASSIGN_OR_RETURN(table.sources, SourcesFromJson(resource));
  const JsonValue* schema = resource.Find("schema");
  if (schema == nullptr) return absl::InvalidArgumentError("schema is missing");
  TALLY_ASSIGN_OR_RETURN(table.primary_key, Texts(*schema, "primaryKey"));
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Array* fields,
                         schema->GetArray("fields"));
  for (const JsonValue& field : *fields) {
    absl::StatusOr<DictionaryColumn> column = FieldFromJson(field);
    if (!column.ok()) {
      return Fault(
          absl::StrFormat("%s.fields[%u]", table.name, table.columns.size()),
          column.status());
    }
    table.columns.push_back(*std::move(column));
  }
  return table;
}

std::string PackageName(std::string_view release) {
  std::string name(release);
  std::replace(name.begin(), name.end(), '/', '-');
  return name;
}

}  // namespace

DictionaryColumn DictionaryColumn::From(const ColumnSpec& spec) {
  DictionaryColumn column;
  column.name = spec.name;
  column.type = spec.type;
  column.unit = spec.unit;
  column.description = spec.description;
  column.column_class = spec.column_class;
  column.codes = spec.codes;
  column.derivation = spec.derive.Describe();
  if (spec.pattern != nullptr) column.pattern = spec.pattern->text();
  const bool is_text =
      spec.type == ColumnType::kCode || spec.type == ColumnType::kText;
  if (is_text) column.max_length = spec.max_length;
  if (spec.has_range && spec.type == ColumnType::kDouble) {
    column.min_double = spec.min_double;
    column.max_double = spec.max_double;
  } else if (spec.has_range) {
    const bool is_date = spec.type == ColumnType::kDate;
    if (!is_date || spec.min_int != INT32_MIN) column.min_int = spec.min_int;
    if (!is_date || spec.max_int != INT32_MAX) column.max_int = spec.max_int;
  }
  column.required = spec.required;
  return column;
}

std::string Dictionary::ToJson() const {
  JsonValue resources = JsonValue::MakeArray();
  for (const DictionaryTable& table : tables) {
    resources.Append(TableToJson(table));
  }
  JsonValue own = JsonValue::MakeObject();
  own.Set("release", release);
  own.Set("environment", environment);
  JsonValue package = JsonValue::MakeObject();
  package.Set("profile", kProfile);
  package.Set("name", PackageName(release));
  package.Set("title", title);
  package.Set("created", created);
  package.Set(kOwn, std::move(own));
  package.Set("resources", std::move(resources));
  return package.DumpPretty() + "\n";
}

absl::StatusOr<Dictionary> Dictionary::Parse(std::string_view json) {
  TALLY_ASSIGN_OR_RETURN(const JsonValue package, ParseJson(json, kDepth));
  Dictionary dictionary;
  TALLY_ASSIGN_OR_RETURN(const std::string profile,
                         package.GetString("profile"));
  if (profile != kProfile) {
    return absl::InvalidArgumentError("dictionary: not a tabular data package");
  }
  TALLY_ASSIGN_OR_RETURN(dictionary.title, package.GetString("title"));
  TALLY_ASSIGN_OR_RETURN(dictionary.created, package.GetString("created"));
  const JsonValue* own = package.Find(kOwn);
  if (own == nullptr) {
    return absl::InvalidArgumentError("dictionary: no \"tally\" object");
  }
  TALLY_ASSIGN_OR_RETURN(dictionary.release, own->GetString("release"));
  TALLY_ASSIGN_OR_RETURN(dictionary.environment, own->GetString("environment"));
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Array* resources,
                         package.GetArray("resources"));
  for (const JsonValue& resource : *resources) {
    absl::StatusOr<DictionaryTable> table = TableFromJson(resource);
    if (!table.ok()) {
      return Fault(absl::StrFormat("resources[%u]", dictionary.tables.size()),
                   table.status());
    }
    dictionary.tables.push_back(*std::move(table));
  }
  return dictionary;
}

const DictionaryTable* Dictionary::Find(std::string_view table) const {
  for (const DictionaryTable& entry : tables) {
    if (entry.name == table) return &entry;
  }
  return nullptr;
}

}  // namespace tally::dataset
