#include "linkage/release/release_sql.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::linkage {
namespace {

using engine::SqlType;
using engine::TableColumn;
using engine::TableSchema;

constexpr std::string_view kYearOfBirth = "year_of_birth";

// Type of a column of the specification, for a NULL where it is missing.
std::string_view StoredType(const dataset::ColumnSpec& column) {
  return engine::SqlTypeName(engine::SqlTypeOf(column.type));
}

const dataset::ColumnSpec* FindIn(const std::vector<RowsTable>& parts,
                                  std::string_view column) {
  for (const RowsTable& part : parts) {
    if (const auto* found = part.specification->Column(column)) return found;
  }
  return nullptr;
}

}  // namespace

std::string PartTableName(size_t number) {
  return absl::StrFormat("part_%d", number);
}

const dataset::Specification& NewestOf(const std::vector<RowsTable>& parts) {
  TALLY_CHECK(!parts.empty());
  const dataset::Specification* newest = parts.front().specification;
  for (const RowsTable& part : parts) {
    if (part.specification->version() > newest->version()) {
      newest = part.specification;
    }
  }
  return *newest;
}

TableSchema PayloadTableSchema(const dataset::Specification& specification) {
  TableSchema schema = {{"person_index", SqlType::kInt},
                        {"unlinked_reason", SqlType::kString}};
  for (const dataset::ColumnSpec& column : specification.columns()) {
    schema.push_back({column.name, engine::SqlTypeOf(column.type)});
  }
  return schema;
}

TableSchema LinkSchema() {
  return {{"extract_no", SqlType::kInt},
          {"person_index", SqlType::kInt},
          {"link_person", SqlType::kInt}};
}
TableSchema EveryoneSchema() {
  return {{"link_person", SqlType::kInt},
          {"sources", SqlType::kInt},
          {"pseudonym", SqlType::kString}};
}
TableSchema AnchorSchema() { return {{"link_person", SqlType::kInt}}; }
TableSchema PeopleSchema() {
  return {{"link_person", SqlType::kInt},
          {"person", SqlType::kInt},
          {"link_status", SqlType::kString},
          {"pseudonym", SqlType::kString}};
}
TableSchema MapSchema() {
  return {{"extract_no", SqlType::kInt},
          {"person_index", SqlType::kInt},
          {"link_person", SqlType::kInt},
          {"person", SqlType::kInt},
          {"linked", SqlType::kBoolean}};
}
TableSchema CoverageSchema() {
  return {{"person", SqlType::kInt},     {"source", SqlType::kString},
          {"dataset", SqlType::kString}, {"from_month", SqlType::kDate},
          {"to_month", SqlType::kDate},  {"ended_by", SqlType::kString}};
}
TableSchema RekeySchema() {
  return {{"extract_no", SqlType::kInt},
          {"old_key", SqlType::kBigint},
          {"new_key", SqlType::kBigint}};
}

namespace {

// `SELECT extract_no, source, financial_year, person_index, unlinked_reason`
// and what `shown` makes of the columns that the part has.
std::string SelectPart(
    const RowsTable& part, const std::vector<RowsTable>& parts,
    const std::vector<std::string>& columns,
    const std::function<std::string(const dataset::ColumnSpec&)>& shown) {
  std::string select = absl::StrFormat(
      "SELECT CAST(%d AS INT) AS extract_no, %s AS source, "
      "CAST(%d AS INT) AS financial_year, person_index, unlinked_reason",
      part.extract, engine::QuoteLiteral(part.source), part.financial_year);
  for (const std::string& name : columns) {
    if (const auto* column = part.specification->Column(name)) {
      absl::StrAppend(&select, ", ", shown(*column));
      continue;
    }
    const dataset::ColumnSpec* elsewhere = FindIn(parts, name);
    absl::StrAppend(
        &select, ", CAST(NULL AS ",
        elsewhere == nullptr ? "STRING" : ToAbsl(StoredType(*elsewhere)),
        ") AS ", name);
  }
  return select;
}

}  // namespace

std::string InSlice(std::string_view number, Slice slice) {
  if (slice.of == 1) return "true";
  return absl::StrFormat("coalesce(%s, 0) %% %d = %d", number, slice.of,
                         slice.which);
}

std::string CombinationNumber(const TableSchema& columns) {
  std::vector<std::string> numbers = {"0"};
  for (const TableColumn& column : columns) {
    const std::string& name = column.name;
    switch (column.type) {
      case SqlType::kInt:
      case SqlType::kBigint:
        // Of any number, also the least, and without an overflow of the sum.
        numbers.push_back(
            absl::StrFormat("coalesce(abs(%s %% 9973), 0)", name));
        break;
      case SqlType::kDate:
        numbers.push_back(absl::StrFormat(
            "coalesce(abs(tally_days(%s, DATE '2000-01-01')), 0)", name));
        break;
      case SqlType::kString:
        numbers.push_back(absl::StrFormat(
            "coalesce(ascii(substr(%1$s, length(%1$s), 1)), 0)"
            " + 7 * coalesce(ascii(substr(%1$s, length(%1$s) - 1, 1)), 0)",
            name));
        break;
      default:  // others tell too little apart
        break;
    }
  }
  return absl::StrCat("(", absl::StrJoin(numbers, " + "), ")");
}

std::string JoinPeopleOf(const RowsTable& part, Slice slice) {
  return absl::StrFormat(
      " LEFT JOIN (SELECT * FROM person_map WHERE extract_no = %d AND %s) AS m"
      " ON m.person_index = r.person_index",
      part.extract, InSlice("person_index", slice));
}

std::string UnionOfParts(const std::vector<RowsTable>& parts,
                         const std::vector<std::string>& columns) {
  std::vector<std::string> selects;
  for (const RowsTable& part : parts) {
    selects.push_back(absl::StrCat(
        SelectPart(
            part, parts, columns,
            [](const dataset::ColumnSpec& column) { return column.name; }),
        " FROM ", part.table));
  }
  return absl::StrJoin(selects, " UNION ALL ");
}

std::string CountedPart(const RowsTable& part,
                        const std::vector<RowsTable>& parts,
                        const std::vector<std::string>& columns,
                        DateGrain grain, Slice slice) {
  std::string groups = "person_index, unlinked_reason";
  const std::string select =
      SelectPart(part, parts, columns, [&](const dataset::ColumnSpec& column) {
        const std::string value = column.type == dataset::ColumnType::kDate
                                      ? GrainExpression(column.name, grain)
                                      : column.name;
        absl::StrAppend(&groups, ", ", value);
        return absl::StrCat(value, " AS ", column.name);
      });
  return absl::StrCat(select, ", count(*) AS n FROM ", part.table, " WHERE ",
                      InSlice("person_index", slice), " GROUP BY ", groups);
}

SqlStatement AnchorSql(const std::vector<RowsTable>& parts) {
  if (parts.empty()) return {"SELECT link_person FROM everyone", {}};
  return {
      absl::StrCat("SELECT DISTINCT l.link_person AS link_person FROM (",
                   UnionOfParts(parts, {}),
                   ") AS r INNER JOIN link AS l ON l.extract_no = r.extract_no"
                   " AND l.person_index = r.person_index"),
      {}};
}

SqlStatement PeopleSql() {
  return {
      "SELECT e.link_person AS link_person, "
      "CAST(row_number() OVER (ORDER BY e.link_person NULLS LAST) - 1 AS INT) "
      "AS person, "
      "CASE WHEN e.sources >= 2 THEN 'nhs_number' ELSE 'none' END "
      "AS link_status, e.pseudonym AS pseudonym "
      "FROM everyone AS e WHERE EXISTS (SELECT 1 FROM anchor AS a "
      "WHERE a.link_person = e.link_person)",
      {}};
}

SqlStatement MapSql(bool anchored) {
  const std::string_view linked =
      anchored ? "p.person IS NOT NULL" : "e.sources >= 2";
  return {absl::StrCat(
              "SELECT l.extract_no AS extract_no, "
              "l.person_index AS person_index, l.link_person AS link_person, "
              "p.person AS person, ",
              ToAbsl(linked),
              " AS linked FROM link AS l "
              "INNER JOIN everyone AS e ON e.link_person = l.link_person "
              "LEFT JOIN people AS p ON p.link_person = l.link_person"),
          {}};
}

SqlStatement PersonsSql() {
  return {
      "SELECT person, pseudonym, link_status, true AS in_population "
      "FROM people ORDER BY person NULLS LAST",
      {}};
}

SqlStatement RecordKeysSql(const std::vector<RowsTable>& parts,
                           std::string_view column) {
  const std::string name(column);
  return {
      absl::StrCat("SELECT DISTINCT u.extract_no AS extract_no, CAST(u.", name,
                   " AS BIGINT) AS old_key FROM (", UnionOfParts(parts, {name}),
                   ") AS u WHERE u.", name, " IS NOT NULL"),
      {}};
}

std::string AgeBandExpression(std::string_view age) {
  std::string text = absl::StrFormat("CASE WHEN %s IS NULL THEN NULL", age);
  for (int low = 0; low < 90; low += 5) {
    absl::StrAppendFormat(&text, " WHEN %s < %d THEN '%s'", age, low + 5,
                          AgeBandOf(low));
  }
  absl::StrAppend(&text, " ELSE '90+' END");
  return text;
}

std::string EthnicityExpression(std::string_view code) {
  return absl::StrFormat(
      "CASE WHEN %1$s IN ('A', 'B', 'C') THEN 'white'"
      " WHEN %1$s IN ('D', 'E', 'F', 'G') THEN 'mixed'"
      " WHEN %1$s IN ('H', 'J', 'K', 'L') THEN 'asian'"
      " WHEN %1$s IN ('M', 'N', 'P') THEN 'black'"
      " WHEN %1$s IN ('R', 'S') THEN 'other'"
      " ELSE 'unknown' END",
      code);
}

std::string GrainExpression(std::string_view date, DateGrain grain) {
  if (grain == DateGrain::kDay) return std::string(date);
  return absl::StrFormat("CAST(date_trunc('%s', %s) AS DATE)",
                         DateGrainName(grain), date);
}

namespace {

// As the other JoinPeopleOf(), to rows r of several parts. Only people of their
// extracts are held for it.
std::string JoinPeopleOf(const std::vector<RowsTable>& parts) {
  std::set<int32_t> extracts;
  for (const RowsTable& part : parts) extracts.insert(part.extract);
  return absl::StrFormat(
      " LEFT JOIN (SELECT extract_no, person_index, person FROM person_map "
      "WHERE extract_no IN (%s)) AS m"
      " ON m.extract_no = r.extract_no AND m.person_index = r.person_index",
      absl::StrJoin(extracts, ", "));
}

std::string AgeExpression() {
  return absl::StrFormat(
      "CAST(CASE WHEN r.%1$s IS NULL THEN NULL "
      "ELSE least(greatest(r.financial_year - r.%1$s, 0), 90) END AS INT)",
      kYearOfBirth);
}

std::string ColumnExpression(const ReleaseColumn& column,
                             const TableRecipe& recipe) {
  const std::string stored = "r." + column.name;
  if (column.derived == HubDerivation::kAgeFy) return AgeExpression();
  if (column.derived == HubDerivation::kAgeBand) {
    return AgeBandExpression(AgeExpression());
  }
  if (column.is_record_key()) {
    return absl::StrFormat("k_%s.new_key", column.name);
  }
  if (column.is_date()) {
    return GrainExpression(stored, recipe.agreed->date_grain);
  }
  if (column.is_ethnicity() && recipe.ethnicity_groups == 5) {
    return EthnicityExpression(stored);
  }
  return stored;
}

engine::Value BoundValue(const FilterValue& value,
                         const dataset::ColumnSpec& column) {
  if (const auto* flag = std::get_if<bool>(&value)) {
    return engine::Value::Bool(*flag);
  }
  if (const auto* number = std::get_if<int64_t>(&value)) {
    return column.type == dataset::ColumnType::kDouble
               ? engine::Value::Double(static_cast<double>(*number))
               : engine::Value::Int64(*number);
  }
  if (const auto* real = std::get_if<double>(&value)) {
    return engine::Value::Double(*real);
  }
  if (const auto* day = std::get_if<CivilDay>(&value)) {
    return engine::Value::Day(day->days());
  }
  return engine::Value::Text(std::get<std::string>(value));
}

std::string_view ComparisonText(FilterOp op) {
  switch (op) {
    case FilterOp::kNotEqual:
      return "<>";
    case FilterOp::kEqual:
      return "=";
    case FilterOp::kLess:
      return "<";
    case FilterOp::kLessOrEqual:
      return "<=";
    case FilterOp::kGreater:
      return ">";
    default:
      return ">=";
  }
}

// Characters of UTF-8 text, as substr() counts them.
int64_t CharactersOf(const std::string& text) {
  return std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  });
}

// One condition; appends what it binds.
std::string FilterCondition(const Filter& filter,
                            const dataset::ColumnSpec& column,
                            std::vector<engine::Value>& values) {
  const std::string name = "r." + filter.column;
  if (filter.op == FilterOp::kIsNull) return name + " IS NULL";
  if (filter.op == FilterOp::kNotNull) return name + " IS NOT NULL";
  for (const FilterValue& value : filter.values) {
    values.push_back(BoundValue(value, column));
  }
  if (filter.op == FilterOp::kIn || filter.op == FilterOp::kNotIn) {
    const std::vector<std::string> marks(filter.values.size(), "?");
    return absl::StrCat(name,
                        filter.op == FilterOp::kIn ? " IN (" : " NOT IN (",
                        absl::StrJoin(marks, ", "), ")");
  }
  if (filter.op == FilterOp::kPrefix) {
    const std::string* prefix = values.back().As<std::string>();
    return absl::StrFormat("substr(%s, 1, %d) = ?", name,
                           prefix == nullptr ? 0 : CharactersOf(*prefix));
  }
  return absl::StrCat(name, " ", ToAbsl(ComparisonText(filter.op)), " ?");
}

std::vector<std::string> NeededColumns(const TableRecipe& recipe) {
  std::set<std::string> names;
  for (const ReleaseColumn& column : recipe.columns) {
    names.insert(column.derived == HubDerivation::kNone
                     ? column.name
                     : std::string(kYearOfBirth));
  }
  for (const Filter& filter : recipe.agreed->filters) {
    names.insert(filter.column);
  }
  return {names.begin(), names.end()};
}

// Which rows r, joined with m, belong to the table: those of its people and,
// where they are kept, those of nobody.
std::string_view WhoseRows(const TableRecipe& recipe) {
  return recipe.keep_rows_without_person
             ? " WHERE (m.person IS NOT NULL OR r.person_index IS NULL)"
             : " WHERE m.person IS NOT NULL";
}

// " AND ..." for each filter of the agreement; `statement` binds its values.
std::string FilterConditions(const TableRecipe& recipe,
                             SqlStatement& statement) {
  std::string conditions;
  for (const Filter& filter : recipe.agreed->filters) {
    const dataset::ColumnSpec* column = FindIn(recipe.parts, filter.column);
    if (column == nullptr) continue;  // refused by CheckAgreement
    absl::StrAppend(&conditions, " AND ",
                    FilterCondition(filter, *column, statement.values));
  }
  return conditions;
}

bool IsIdentifier(const ReleaseColumn& column) {
  return column.column_class() == dataset::ColumnClass::kQuasiIdentifier &&
         !column.is_date();
}

}  // namespace

SqlStatement TableRowsSql(const TableRecipe& recipe) {
  SqlStatement statement;
  std::string& sql = statement.sql;
  sql =
      "SELECT m.person AS person, r.unlinked_reason AS unlinked_reason, "
      "r.source AS source";
  for (const ReleaseColumn& column : recipe.columns) {
    absl::StrAppend(&sql, ", ", ColumnExpression(column, recipe), " AS ",
                    column.name);
  }
  absl::StrAppend(&sql, " FROM (",
                  UnionOfParts(recipe.parts, NeededColumns(recipe)), ") AS r",
                  JoinPeopleOf(recipe.parts));
  for (const ReleaseColumn& column : recipe.columns) {
    if (!column.is_record_key()) continue;
    absl::StrAppendFormat(&sql,
                          " LEFT JOIN rekey_%1$s AS k_%1$s"
                          " ON k_%1$s.extract_no = r.extract_no"
                          " AND k_%1$s.old_key = r.%1$s",
                          column.name);
  }
  absl::StrAppend(&sql, ToAbsl(WhoseRows(recipe)),
                  FilterConditions(recipe, statement));
  return statement;
}

std::vector<std::string> QuasiIdentifiersOf(const TableRecipe& recipe) {
  std::vector<std::string> names;
  for (const ReleaseColumn& column : recipe.columns) {
    if (IsIdentifier(column)) names.push_back(column.name);
  }
  return names;
}

SqlStatement KeysSql(const TableRecipe& recipe, const RowsTable& part,
                     Slice slice) {
  SqlStatement statement;
  std::string released = "SELECT m.person AS person";
  std::string counted = "SELECT r.person_index AS person_index";
  std::string groups = "r.person_index";
  for (const ReleaseColumn& column : recipe.columns) {
    if (!IsIdentifier(column)) continue;
    const std::string value = ColumnExpression(column, recipe);
    absl::StrAppendFormat(&released, ", r.%1$s AS %1$s", column.name);
    absl::StrAppend(&counted, ", ", value, " AS ", column.name);
    absl::StrAppend(&groups, ", ", value);
  }
  const std::string rows = SelectPart(part, recipe.parts, NeededColumns(recipe),
                                      [](const dataset::ColumnSpec& column) {
                                        return column.name;
                                      }) +
                           " FROM " + part.table;
  statement.sql = absl::StrCat(
      released, ", r.n AS key_rows FROM (", counted, ", count(*) AS n FROM (",
      rows, ") AS r WHERE ", InSlice("r.person_index", slice),
      FilterConditions(recipe, statement), " GROUP BY ", groups, ") AS r",
      JoinPeopleOf(part, slice), ToAbsl(WhoseRows(recipe)));
  return statement;
}

namespace {

// The place of the range of people, among those from `first` to before `end`,
// that holds t.person: halved until one is left.
std::string PlaceOfPerson(const std::vector<PartRange>& ranges, size_t first,
                          size_t end) {
  if (end - first == 1) return absl::StrCat(first);
  const size_t middle = first + (end - first) / 2;
  return absl::StrFormat("CASE WHEN t.person < %d THEN %s ELSE %s END",
                         ranges[middle].first_person,
                         PlaceOfPerson(ranges, first, middle),
                         PlaceOfPerson(ranges, middle, end));
}

}  // namespace

SqlStatement NumberedRowsSql(const SqlStatement& rows,
                             const std::vector<PartRange>& ranges) {
  const auto nobodys = std::find_if(
      ranges.begin(), ranges.end(),
      [](const PartRange& r) { return r.which == PartRange::kNobody; });
  const auto people = static_cast<size_t>(nobodys - ranges.begin());
  const size_t left = ranges.size() - people;
  std::string part = people > 0 ? PlaceOfPerson(ranges, 0, people) : "0";
  if (left > 0) {
    // Nothing orders these rows, so that any of the ranges left will do.
    part = absl::StrFormat(
        "CASE WHEN t.person IS NULL THEN %d + least(%d, floor(random() * %d)) "
        "ELSE %s END",
        people, left - 1, left, part);
  }
  SqlStatement statement = rows;
  statement.sql =
      absl::StrCat("SELECT t.*, CAST(", part, " AS INT) AS part_no FROM (",
                   rows.sql, ") AS t");
  return statement;
}

SqlStatement RangeRowsSql(const SqlStatement& rows, const PartRange& range) {
  SqlStatement statement = rows;
  switch (range.which) {
    case PartRange::kAll:
      break;
    case PartRange::kPersons:
      statement.sql = absl::StrFormat(
          "SELECT t.* FROM (%s) AS t WHERE t.person >= %d AND t.person < %d",
          rows.sql, range.first_person, range.end_person);
      break;
    case PartRange::kNobody:
      statement.sql = absl::StrCat("SELECT t.* FROM (", rows.sql,
                                   ") AS t WHERE t.person IS NULL");
      break;
  }
  return statement;
}

SqlStatement OrderedRowsSql(const SqlStatement& rows) {
  SqlStatement statement = rows;
  statement.sql =
      absl::StrCat("SELECT t.* FROM (", rows.sql,
                   ") AS t ORDER BY t.person NULLS LAST, random() NULLS LAST");
  return statement;
}

}  // namespace tally::linkage
