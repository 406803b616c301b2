#include "release/synthetic_sql.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/release/synthetic_release.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "dataset/pattern_example.h"
#include "engine/database.h"

namespace tally::analytics {
namespace {

using dataset::ColumnClass;
using dataset::ColumnType;
using dataset::DictionaryColumn;
using dataset::DictionaryTable;

constexpr size_t kPoolSize = 60;         // values of a column with a pattern
constexpr int64_t kPeoplePerArea = 400;  // practices and the like
constexpr int64_t kMostWide = 10'000;    // of a number without near bounds
constexpr int64_t kFurthestYears = 95;   // of birth
constexpr int64_t kRegistrationDays = 15 * 365;
constexpr int64_t kStayDays = 30;
constexpr int kKnownWeight = 12;  // of a code against "not known"
constexpr int64_t kMostRowsPerPerson = 200;

std::string SynthLiteral(CivilDay day) {
  return absl::StrFormat("DATE '%s'", day.ToIso());
}

bool SynthStartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// A label that says that nothing is known.
bool IsUnknownLabel(std::string label) {
  std::transform(label.begin(), label.end(), label.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  static constexpr std::array<std::string_view, 4> kWords = {
      "not known", "not stated", "not specified", "not applicable"};
  return label == "unknown" ||
         std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
           return label.find(word) != std::string::npos;
         });
}

// True where a person has one row.
bool RegistersPeople(const SyntheticWorld& world,
                     const DictionaryTable& table) {
  const bool registers =
      std::any_of(table.columns.begin(), table.columns.end(),
                  [](const DictionaryColumn& column) {
                    return column.name == "registration_start";
                  });
  return registers || std::any_of(table.sources.begin(), table.sources.end(),
                                  [&](const dataset::DictionarySource& source) {
                                    return source.dataset == world.population;
                                  });
}

class SyntheticTable {
 public:
  SyntheticTable(const SyntheticWorld& world, const DictionaryTable& table,
                 int64_t rows)
      : world_(world), table_(table), rows_(rows) {}

  absl::StatusOr<std::string> Select();

 private:
  absl::StatusOr<std::string> Expression(const DictionaryColumn& column);
  absl::StatusOr<std::string> Value(const DictionaryColumn& column);
  absl::StatusOr<std::string> TextValue(const DictionaryColumn& column);
  absl::StatusOr<std::vector<std::string>> Pool(
      const DictionaryColumn& column) const;
  std::string IntValue(const DictionaryColumn& column) const;
  std::string DoubleValue(const DictionaryColumn& column) const;
  std::string DateValue(const DictionaryColumn& column);
  std::string PersonColumn(const DictionaryColumn& column) const;
  std::string CoverageSelect() const;

  std::vector<std::string> Sources() const;
  bool OneRowEach() const { return RegistersPeople(world_, table_); }
  // A number that belongs to the column and the row, or the column and the
  // person, so that a person has one sex in all tables.
  std::string Hash(const DictionaryColumn& column, std::string_view use) const;
  // The same, 0 to 1.
  std::string Share(const DictionaryColumn& column, std::string_view use) const;
  std::string PickOf(const std::vector<std::string>& pool,
                     const std::string& hash) const;

  const SyntheticWorld& world_;
  const DictionaryTable& table_;
  const int64_t rows_;
  std::string first_date_;  // expression of the first date column
};

std::vector<std::string> SyntheticTable::Sources() const {
  std::vector<std::string> sources;
  for (const dataset::DictionarySource& source : table_.sources) {
    const auto found = world_.sources.find(source.dataset);
    if (found != world_.sources.end()) return found->second;
  }
  return world_.all_sources;
}

std::string SyntheticTable::Hash(const DictionaryColumn& column,
                                 std::string_view use) const {
  const bool dated = column.type == ColumnType::kDate;
  const bool personal =
      column.column_class == ColumnClass::kQuasiIdentifier && !dated;
  const std::string salt =
      personal ? absl::StrFormat("%s/%s", column.name, use)
               : absl::StrFormat("%s/%s/%s", table_.name, column.name, use);
  return absl::StrFormat("hash(%d, %s, %s)", world_.seed,
                         engine::QuoteLiteral(salt),
                         personal ? "coalesce(p, -1 - i)" : "i");
}

std::string SyntheticTable::Share(const DictionaryColumn& column,
                                  std::string_view use) const {
  return absl::StrFormat("(CAST(%s %% 1000003 AS DOUBLE) / 1000003)",
                         Hash(column, use));
}

std::string SyntheticTable::PickOf(const std::vector<std::string>& pool,
                                   const std::string& hash) const {
  std::string list;
  for (const std::string& value : pool) {
    if (!list.empty()) list += ", ";
    list += engine::QuoteLiteral(value);
  }
  return absl::StrFormat("list_extract([%s], CAST(%s %% %d AS BIGINT) + 1)",
                         list, hash, pool.size());
}

absl::StatusOr<std::vector<std::string>> SyntheticTable::Pool(
    const DictionaryColumn& column) const {
  std::vector<std::string> pool;
  for (const auto& [code, label] : column.codes) {
    const bool rare = IsUnknownLabel(label) ||
                      (column.name == "link_status" && code == "none");
    const int weight = rare ? 1 : kKnownWeight;
    pool.insert(pool.end(), static_cast<size_t>(weight), code);
  }
  if (!pool.empty()) return pool;
  const auto known = world_.words.find(column.name);
  size_t size = kPoolSize;
  if (column.column_class == ColumnClass::kQuasiIdentifier) {
    // Areas and organisations: few enough that each has people.
    size = static_cast<size_t>(
        std::clamp(world_.people / kPeoplePerArea, int64_t{3}, int64_t{60}));
  }
  if (known != world_.words.end() && !known->second.empty()) {
    pool = known->second;
    if (column.column_class == ColumnClass::kQuasiIdentifier) {
      pool.resize(std::min(pool.size(), size));
    }
    return pool;
  }
  for (size_t i = 0; i < size; ++i) {
    if (column.pattern.empty()) {
      pool.push_back(absl::StrFormat("S%02d", i + 1));
      continue;
    }
    // The seed is the column's, not the table's: one practice, one code.
    uint64_t seed = world_.seed * 1'000'003 + i;
    for (const char c : column.name) {
      seed = seed * 131 + static_cast<unsigned char>(c);
    }
    absl::StatusOr<std::string> value =
        dataset::ExampleOfPattern(column.pattern, seed);
    if (!value.ok()) {
      return InputError(
          absl::StrFormat("dictionary.json: table %s, column %s has a pattern "
                          "that is none",
                          table_.name, column.name));
    }
    if (column.max_length > 0)
      value->resize(std::min<size_t>(value->size(), column.max_length));
    pool.push_back(*std::move(value));
  }
  return pool;
}

absl::StatusOr<std::string> SyntheticTable::TextValue(
    const DictionaryColumn& column) {
  if (column.name == "source") {
    DictionaryColumn by_person = column;
    by_person.column_class = ColumnClass::kQuasiIdentifier;
    return PickOf(Sources(), Hash(by_person, "value"));
  }
  if (column.name == "pseudonym") {
    return absl::StrFormat("md5('synthetic %d ' || CAST(i AS VARCHAR))",
                           world_.seed);
  }
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> pool, Pool(column));
  return PickOf(pool, Hash(column, "value"));
}

std::string SyntheticTable::IntValue(const DictionaryColumn& column) const {
  if (column.column_class == ColumnClass::kRecordKey) {
    return absl::StrFormat("CAST(%s %% %d AS BIGINT)", Hash(column, "value"),
                           std::max<int64_t>(rows_, 1));
  }
  int64_t low = column.min_int.value_or(0);
  int64_t high = column.max_int.value_or(low + kMostWide);
  if (SynthStartsWith(column.derivation, "year") || column.unit == "year") {
    high = std::min<int64_t>(high, world_.last.year());
    low = std::max<int64_t>(low, high - kFurthestYears);
  }
  if (high < low) high = low;
  if (high - low <= kMostWide) {
    return absl::StrFormat("%d + CAST(%s %% %d AS BIGINT)", low,
                           Hash(column, "value"), high - low + 1);
  }
  // Amounts: many small ones, few large ones.
  return absl::StrFormat("%d + CAST(floor(%d * power(%s, 3)) AS BIGINT)", low,
                         kMostWide, Share(column, "value"));
}

std::string SyntheticTable::DoubleValue(const DictionaryColumn& column) const {
  const double low = column.min_double.value_or(0);
  const double high =
      std::min(column.max_double.value_or(low + 100), low + 100);
  return absl::StrFormat("round(%.6f + %.6f * %s, 2)", low,
                         std::max(high - low, 0.0), Share(column, "value"));
}

// The first date of a row lies in the periods, or, where a person has one row,
// in the years before; the others lie after it.
std::string SyntheticTable::DateValue(const DictionaryColumn& column) {
  const std::string share = Share(column, "value");
  const int64_t span = world_.last - world_.first;
  std::string day;
  if (first_date_.empty() && OneRowEach()) {
    day = absl::StrFormat("%s - CAST(floor(%s * %d) AS INTEGER)",
                          SynthLiteral(world_.last), share, kRegistrationDays);
  } else if (first_date_.empty()) {
    day = absl::StrFormat("%s + CAST(floor(%s * %d) AS INTEGER)",
                          SynthLiteral(world_.first), share, span + 1);
  } else if (OneRowEach()) {
    const std::string start = absl::StrFormat("greatest(%s, %s)", first_date_,
                                              SynthLiteral(world_.first));
    day = absl::StrFormat("%1$s + CAST(floor(%2$s * (%3$s - %1$s)) AS INTEGER)",
                          start, share, SynthLiteral(world_.last));
  } else {
    day = absl::StrFormat("%s + CAST(floor(power(%s, 3) * %d) AS INTEGER)",
                          first_date_, share, kStayDays);
  }
  if (first_date_.empty()) first_date_ = "(" + day + ")";
  if (column.grain != "week" && column.grain != "month") return day;
  return absl::StrFormat("date_trunc('%s', %s)", column.grain, day);
}

std::string SyntheticTable::PersonColumn(const DictionaryColumn& column) const {
  if (column.required || column.filled.value_or(1) >= 1) {
    return OneRowEach() ? absl::StrFormat("i %% %d", world_.people)
                        : absl::StrFormat("CAST(%s %% %d AS BIGINT)",
                                          Hash(column, "who"), world_.people);
  }
  if (OneRowEach()) {
    return absl::StrFormat("CASE WHEN i < %d THEN i END", world_.people);
  }
  return absl::StrFormat(
      "CASE WHEN %s < %.4f THEN CAST(%s %% %d AS BIGINT) END",
      Share(column, "null"), CoarseShare(column.filled.value_or(0.98)),
      Hash(column, "who"), world_.people);
}

absl::StatusOr<std::string> SyntheticTable::Value(
    const DictionaryColumn& column) {
  switch (column.type) {
    case ColumnType::kBool:
      if (column.name == "in_population") return "true";
      return absl::StrFormat("%s %% 2 = 0", Hash(column, "value"));
    case ColumnType::kInt32:
    case ColumnType::kInt64:
      return IntValue(column);
    case ColumnType::kDouble:
      return DoubleValue(column);
    case ColumnType::kDate:
      return DateValue(column);
    case ColumnType::kCode:
    case ColumnType::kText:
      return TextValue(column);
  }
  return InputError("dictionary.json: a type that is none");
}

std::string SynthSqlType(ColumnType type) {
  switch (type) {
    case ColumnType::kBool:
      return "BOOLEAN";
    case ColumnType::kInt32:
      return "INTEGER";
    case ColumnType::kInt64:
      return "BIGINT";
    case ColumnType::kDouble:
      return "DOUBLE";
    case ColumnType::kDate:
      return "DATE";
    case ColumnType::kCode:
    case ColumnType::kText:
      return "VARCHAR";
  }
  return "VARCHAR";
}

absl::StatusOr<std::string> SyntheticTable::Expression(
    const DictionaryColumn& column) {
  const std::string type = SynthSqlType(column.type);
  if (column.name == "person") return absl::StrFormat("CAST(p AS %s)", type);
  if (column.name == "unlinked_reason") {
    return std::string("CASE WHEN p IS NULL THEN 'NHS_NUMBER_MISSING' END");
  }
  TALLY_ASSIGN_OR_RETURN(const std::string value, Value(column));
  const double filled =
      column.required ? 1 : CoarseShare(column.filled.value_or(1));
  const std::string cast = absl::StrFormat("CAST(%s AS %s)", value, type);
  if (filled >= 1) return cast;
  return absl::StrFormat("CASE WHEN %s < %.4f THEN %s END",
                         Share(column, "null"), filled, cast);
}

// Everybody is covered for every dataset of the sources that register people,
// in all months of the periods.
std::string SyntheticTable::CoverageSelect() const {
  std::string datasets;
  for (const std::string& id : world_.covered) {
    if (!datasets.empty()) datasets += ", ";
    datasets += engine::QuoteLiteral(id);
  }
  const auto sources = world_.covered.empty()
                           ? world_.sources.end()
                           : world_.sources.find(world_.covered.front());
  const std::vector<std::string>& pool =
      sources == world_.sources.end() ? world_.all_sources : sources->second;
  const std::string source =
      PickOf(pool, absl::StrFormat("hash(%d, 'source/value', i)", world_.seed));
  return absl::StrFormat(
      "SELECT CAST(i AS INTEGER) AS person, %s AS source, dataset, %s AS "
      "from_month, %s AS to_month, 'no extract' AS ended_by FROM range(%d) "
      "r(i), (SELECT unnest(CAST([%s] AS VARCHAR[])) AS dataset) d "
      "ORDER BY person, source, dataset, from_month",
      source, SynthLiteral(world_.first.FirstOfMonth()),
      SynthLiteral(world_.last.FirstOfMonth()), world_.people, datasets);
}

absl::StatusOr<std::string> SyntheticTable::Select() {
  if (table_.name == "coverage") return CoverageSelect();
  std::string columns;
  std::string person = "CAST(NULL AS BIGINT)";
  for (const DictionaryColumn& column : table_.columns) {
    if (column.name == "person") {
      person = table_.name == "persons" ? "i" : PersonColumn(column);
    }
    TALLY_ASSIGN_OR_RETURN(const std::string expression, Expression(column));
    if (!columns.empty()) columns += ", ";
    columns += expression + " AS " + engine::QuoteIdentifier(column.name);
  }
  return absl::StrFormat(
      "SELECT %s FROM (SELECT i, %s AS p FROM range(%d) r(i)) ORDER BY p NULLS "
      "LAST, i",
      columns, person, rows_);
}

}  // namespace

int64_t SyntheticRows(const SyntheticWorld& world, const DictionaryTable& table,
                      uint64_t persons_rows) {
  if (table.name == "persons") return world.people;
  if (table.rows == 0) return 0;
  if (persons_rows == 0) return world.people;
  // A row each, and a few without a person.
  if (RegistersPeople(world, table)) return world.people + world.people / 100;
  const auto whole = static_cast<double>(CoarseCount(persons_rows));
  const double ratio = static_cast<double>(CoarseCount(table.rows)) / whole;
  const double rows = ratio * static_cast<double>(world.people);
  return std::clamp(static_cast<int64_t>(rows), int64_t{1},
                    world.people * kMostRowsPerPerson);
}

absl::StatusOr<std::string> SyntheticSelect(const SyntheticWorld& world,
                                            const DictionaryTable& table,
                                            int64_t rows) {
  return SyntheticTable(world, table, rows).Select();
}

}  // namespace tally::analytics
