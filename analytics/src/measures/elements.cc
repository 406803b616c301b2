#include "measures/elements.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "measures/admissions.h"
#include "measures/element_sources.h"
#include "measures/prescriptions.h"

namespace tally::analytics {
namespace {

// Elements in one column of hits; a BIGINT without its sign.
constexpr size_t kElementsAWord = 62;

// Fills element_code: whole codes, or the codes of the release that begin with
// a prefix.
absl::Status MakeElementCodes(const MeasureContext& context,
                              const std::vector<RuleElement>& elements,
                              const std::vector<size_t>& places,
                              const ElementSource& source) {
  engine::Connection& connection = context.connection;
  TALLY_RETURN_IF_ERROR(connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE element_prefix (element INTEGER, "
      "code VARCHAR)"));
  TALLY_ASSIGN_OR_RETURN(
      engine::PreparedStatement insert,
      connection.Prepare("INSERT INTO element_prefix VALUES (?, ?)"));
  TALLY_RETURN_IF_ERROR(connection.Execute("BEGIN TRANSACTION"));
  for (const size_t i : places) {
    for (const std::string& code : elements[i].codes) {
      TALLY_RETURN_IF_ERROR(
          insert
              .Run({engine::Value::Int64(static_cast<int64_t>(i)),
                    engine::Value::Text(code)})
              .status());
    }
  }
  TALLY_RETURN_IF_ERROR(connection.Execute("COMMIT"));
  if (!source.prefixes) {
    return connection.Execute(
        "CREATE OR REPLACE TEMPORARY TABLE element_code AS "
        "SELECT DISTINCT element, code FROM element_prefix");
  }
  const std::string codes =
      absl::StrFormat("code_of_%s", std::string(source.table));
  TALLY_RETURN_IF_ERROR(context.base.Once(codes, [&]() -> absl::Status {
    TALLY_ASSIGN_OR_RETURN(const std::string rows,
                           ElementRows(context, source, true, false));
    return connection.Execute(absl::StrFormat(
        "CREATE OR REPLACE TEMPORARY TABLE %s AS SELECT DISTINCT code FROM %s",
        codes, rows));
  }));
  return connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE element_code AS "
      "SELECT DISTINCT p.element, c.code FROM %s AS c "
      "INNER JOIN element_prefix AS p ON starts_with(c.code, p.code)",
      codes));
}

// The first day of a look-back that ends with `at`; nothing if it has no
// beginning.
absl::StatusOr<std::optional<CivilDay>> SinceOf(const RuleElement& element,
                                                CivilDay at) {
  if (element.look_back_months == 0) return std::nullopt;
  TALLY_ASSIGN_OR_RETURN(const CivilDay next, at.AddDays(1));
  TALLY_ASSIGN_OR_RETURN(const CivilDay first,
                         next.AddMonths(-element.look_back_months));
  return first;
}

// The table element_rule: what these elements ask for.
absl::Status MakeElementRules(const MeasureContext& context,
                              const std::vector<RuleElement>& elements,
                              const std::vector<size_t>& places, CivilDay at) {
  engine::Connection& connection = context.connection;
  TALLY_RETURN_IF_ERROR(connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE element_rule (element INTEGER, "
      "since DATE, least BIGINT, different BOOLEAN, emergency BOOLEAN, "
      "coded BOOLEAN)"));
  TALLY_ASSIGN_OR_RETURN(engine::PreparedStatement insert,
                         connection.Prepare("INSERT INTO element_rule VALUES "
                                            "(?, ?, ?, ?, ?, ?)"));
  for (const size_t i : places) {
    const RuleElement& element = elements[i];
    TALLY_ASSIGN_OR_RETURN(const std::optional<CivilDay> first,
                           SinceOf(element, at));
    const engine::Value since = first.has_value()
                                    ? engine::Value::Day(first->days())
                                    : engine::Value::Null();
    TALLY_RETURN_IF_ERROR(
        insert
            .Run({engine::Value::Int64(static_cast<int64_t>(i)), since,
                  engine::Value::Int64(element.min_count),
                  engine::Value::Bool(element.distinct),
                  engine::Value::Bool(element.emergency),
                  engine::Value::Bool(!element.codes.empty())})
            .status());
  }
  return absl::OkStatus();
}

bool AskEmergencies(const std::vector<RuleElement>& elements,
                    const std::vector<size_t>& places) {
  return std::any_of(places.begin(), places.end(),
                     [&](size_t i) { return elements[i].emergency; });
}

// Adds who meets the elements of one dataset to element_hit. Of an admission
// the days are counted, of anything else the rows.
absl::Status MatchRows(const MeasureContext& context,
                       const ElementSource& source, bool coded,
                       bool emergencies, CivilDay at) {
  const bool stays = source.dataset == "sus-apc";
  const std::string counted =
      stays ? "count(DISTINCT day)" : "CAST(sum(n) AS BIGINT)";
  // Strengths and products of one chemical substance are one medicine.
  const std::string different =
      source.dataset == "gp-prescription"
          ? absl::StrFormat("left(code, %d)", kBnfSubstance)
          : "code";
  TALLY_ASSIGN_OR_RETURN(const std::string rows,
                         ElementRows(context, source, coded, emergencies));
  return context.connection.Execute(
      absl::StrFormat(
          "INSERT INTO element_hit SELECT g.element, g.person FROM ("
          "SELECT element, person, %s AS records, count(DISTINCT %s) AS "
          "codes FROM (SELECT r.element, e.person, e.code%s, count(*) AS n "
          "FROM %s AS e %s INNER JOIN element_rule AS r ON %s "
          "WHERE e.person IS NOT NULL AND e.day <= ? "
          "AND (r.since IS NULL OR e.day >= r.since) "
          "AND (e.emergency OR NOT r.emergency) "
          "GROUP BY r.element, e.person, e.code%s) "
          "GROUP BY element, person) AS g "
          "INNER JOIN element_rule AS r ON r.element = g.element "
          "WHERE CASE WHEN r.different THEN g.codes ELSE g.records END "
          ">= r.least",
          counted, different, stays ? ", e.day" : "", rows,
          coded ? "INNER JOIN element_code AS c ON c.code = e.code" : "",
          coded ? "r.element = c.element" : "NOT r.coded",
          stays ? ", e.day" : ""),
      {engine::Value::Day(at.days())});
}

size_t WordsFor(const std::vector<RuleElement>& elements) {
  return std::max<size_t>(
      1, (elements.size() + kElementsAWord - 1) / kElementsAWord);
}

// The bits of those elements whose word it is.
int64_t BitsOf(const std::vector<size_t>& places, size_t word) {
  int64_t bits = 0;
  for (const size_t i : places) {
    if (i / kElementsAWord == word) bits |= int64_t{1} << i % kElementsAWord;
  }
  return bits;
}

// The bits of elements that rows of a table with a column `element` name.
std::string BitsOfRows(const std::vector<size_t>& places, size_t word) {
  std::string cases;
  for (const size_t i : places) {
    if (i / kElementsAWord != word) continue;
    cases += absl::StrFormat(" WHEN %d THEN %d", i,
                             int64_t{1} << i % kElementsAWord);
  }
  if (cases.empty()) return "CAST(0 AS BIGINT)";
  return absl::StrFormat("bit_or(CAST(CASE element%s ELSE 0 END AS BIGINT))",
                         cases);
}

// Elements that ask the same of the row beside its code.
struct SeenWhen {
  std::string condition;  // of e.day and e.emergency; empty: none
  std::vector<size_t> places;
};

absl::StatusOr<std::vector<SeenWhen>> GroupByCondition(
    const std::vector<RuleElement>& elements, const std::vector<size_t>& places,
    CivilDay at) {
  std::map<std::string, std::vector<size_t>> groups;
  for (const size_t i : places) {
    TALLY_ASSIGN_OR_RETURN(const std::optional<CivilDay> since,
                           SinceOf(elements[i], at));
    std::string condition;
    if (since.has_value()) {
      condition = absl::StrFormat("e.day >= DATE '%s'", since->ToIso());
    }
    if (elements[i].emergency) {
      condition += condition.empty() ? "e.emergency" : " AND e.emergency";
    }
    groups[condition].push_back(i);
  }
  std::vector<SeenWhen> out;
  for (auto& [condition, of] : groups) {
    out.push_back({condition, std::move(of)});
  }
  return out;
}

// The table `name` (person, hits_0, ...): who has one record that meets an
// element of which one is enough. A row's elements are a number, a bit each, so
// that one pass with one entry a person finds them all.
absl::Status SeeRows(const MeasureContext& context,
                     const std::vector<RuleElement>& elements,
                     const std::vector<size_t>& places,
                     const ElementSource& source, bool coded, CivilDay at,
                     std::string_view name) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<SeenWhen> groups,
                         GroupByCondition(elements, places, at));
  std::string masks = "code", columns, any;
  for (size_t word = 0; word < WordsFor(elements); ++word) {
    std::string bits;
    for (size_t g = 0; g < groups.size(); ++g) {
      std::string of_row = std::to_string(BitsOf(groups[g].places, word));
      if (coded) {
        masks += absl::StrFormat(", %s AS bits_%d_%d",
                                 BitsOfRows(groups[g].places, word), g, word);
        of_row = absl::StrFormat("c.bits_%d_%d", g, word);
      }
      if (!bits.empty()) bits += " | ";
      bits += groups[g].condition.empty()
                  ? of_row
                  : absl::StrFormat("CASE WHEN %s THEN %s ELSE 0 END",
                                    groups[g].condition, of_row);
    }
    columns +=
        absl::StrFormat(", bit_or(CAST(%s AS BIGINT)) AS hits_%d", bits, word);
  }
  for (const SeenWhen& group : groups) {
    if (!any.empty()) any += " OR ";
    any += group.condition.empty() ? "true" : "(" + group.condition + ")";
  }
  std::string codes;
  if (coded) {
    TALLY_RETURN_IF_ERROR(MakeElementCodes(context, elements, places, source));
    codes = absl::StrFormat(
        "INNER JOIN (SELECT %s FROM element_code GROUP BY code) AS c "
        "ON c.code = e.code ",
        masks);
  }
  TALLY_ASSIGN_OR_RETURN(
      const std::string rows,
      ElementRows(context, source, coded, AskEmergencies(elements, places)));
  return context.connection.Execute(
      absl::StrFormat("CREATE OR REPLACE TEMPORARY TABLE %s AS "
                      "SELECT e.person%s FROM %s AS e %sWHERE e.person IS NOT "
                      "NULL AND e.day <= ? AND (%s) GROUP BY e.person",
                      name, columns, rows, codes, any),
      {engine::Value::Day(at.days())});
}

// Adds to element_hit who has enough different codes of one element, of which
// the codes are whole ones, few enough to be bits.
absl::Status MatchDifferentCodes(const MeasureContext& context,
                                 const std::vector<RuleElement>& elements,
                                 size_t place, const ElementSource& source,
                                 CivilDay at) {
  const RuleElement& element = elements[place];
  TALLY_ASSIGN_OR_RETURN(const std::vector<SeenWhen> when,
                         GroupByCondition(elements, {place}, at));
  std::string codes;
  for (size_t i = 0; i < element.codes.size(); ++i) {
    codes += absl::StrFormat("%s(%s, CAST(%d AS BIGINT))", i == 0 ? "" : ", ",
                             engine::QuoteLiteral(element.codes[i]),
                             int64_t{1} << i);
  }
  TALLY_ASSIGN_OR_RETURN(const std::string rows,
                         ElementRows(context, source, true, element.emergency));
  return context.connection.Execute(
      absl::StrFormat(
          "INSERT INTO element_hit SELECT %d, e.person FROM %s AS e "
          "INNER JOIN (SELECT code, min(bit) AS bit FROM (VALUES %s) "
          "AS v(code, bit) GROUP BY code) AS c ON c.code = e.code "
          "WHERE e.person IS NOT NULL AND e.day <= ?%s%s GROUP BY e.person "
          "HAVING bit_count(bit_or(c.bit)) >= %d",
          place, rows, codes, when[0].condition.empty() ? "" : " AND ",
          when[0].condition, element.min_count),
      {engine::Value::Day(at.days())});
}

// Adds to element_hit who has enough records of the elements at `places`.
absl::Status MatchCounted(const MeasureContext& context,
                          const std::vector<RuleElement>& elements,
                          const std::vector<size_t>& places,
                          const ElementSource& source, bool coded,
                          CivilDay at) {
  if (places.empty()) return absl::OkStatus();
  TALLY_RETURN_IF_ERROR(MakeElementRules(context, elements, places, at));
  if (coded) {
    TALLY_RETURN_IF_ERROR(MakeElementCodes(context, elements, places, source));
  }
  return MatchRows(context, source, coded, AskEmergencies(elements, places),
                   at);
}

// The elements of one dataset, each in element_hit or in a table of `seen`.
absl::Status MatchSource(const MeasureContext& context,
                         const std::vector<RuleElement>& elements,
                         const ElementSource& source, CivilDay at,
                         std::vector<std::string>& seen) {
  for (const bool coded : {true, false}) {
    std::vector<size_t> counted, once;
    for (size_t i = 0; i < elements.size(); ++i) {
      if (elements[i].dataset != source.dataset) continue;
      if (elements[i].codes.empty() == coded) continue;
      const bool bits = elements[i].distinct && !source.prefixes &&
                        elements[i].codes.size() <= kElementsAWord;
      if (coded && bits && elements[i].min_count > 1) {
        TALLY_RETURN_IF_ERROR(
            MatchDifferentCodes(context, elements, i, source, at));
      } else {
        (elements[i].min_count > 1 ? counted : once).push_back(i);
      }
    }
    TALLY_RETURN_IF_ERROR(
        MatchCounted(context, elements, counted, source, coded, at));
    if (once.empty()) continue;
    seen.push_back(absl::StrFormat("element_seen_%d", seen.size()));
    TALLY_RETURN_IF_ERROR(
        SeeRows(context, elements, once, source, coded, at, seen.back()));
  }
  return absl::OkStatus();
}

// What an element asks of the list: ages and sex. Empty: nothing.
std::string ListCondition(const RuleElement& element) {
  std::string sql;
  if (element.age_from > 0 || element.age_to < kOldestElementAge) {
    sql = absl::StrFormat("l.age BETWEEN %d AND %d", element.age_from,
                          element.age_to);
  }
  if (!element.sex.empty()) {
    sql += absl::StrFormat("%sl.sex = '%s'", sql.empty() ? "" : " AND ",
                           element.sex);
  }
  return sql;
}

// One column of hits: what the joined tables `seen` say, of the elements whose
// condition on the list is met.
std::string HitsSql(const std::vector<RuleElement>& elements,
                    const std::vector<std::string>& seen, size_t word) {
  std::vector<size_t> everybody;
  std::map<std::string, std::vector<size_t>> asked;
  for (size_t i = 0; i < elements.size(); ++i) {
    if (elements[i].dataset.empty()) everybody.push_back(i);
    asked[ListCondition(elements[i])].push_back(i);
  }
  std::string found = std::to_string(BitsOf(everybody, word));
  for (const std::string& table : seen) {
    found += absl::StrFormat(" | coalesce(%s.hits_%d, 0)", table, word);
  }
  std::string allowed = "0";
  for (const auto& [condition, places] : asked) {
    const int64_t bits = BitsOf(places, word);
    if (bits == 0) continue;
    allowed += condition.empty()
                   ? absl::StrFormat(" | %d", bits)
                   : absl::StrFormat(" | CASE WHEN %s THEN %d ELSE 0 END",
                                     condition, bits);
  }
  return absl::StrFormat("CAST((%s) & (%s) AS BIGINT) AS hits_%d", found,
                         allowed, word);
}

// The tables element_seen_patient and element_seen_counted, where they are
// needed.
absl::Status SeeOthers(const MeasureContext& context,
                       const std::vector<RuleElement>& elements,
                       std::vector<std::string>& seen) {
  std::vector<size_t> patient, counted;
  std::string flags;
  for (size_t i = 0; i < elements.size(); ++i) {
    if (elements[i].dataset != "gp-patient") {
      if (elements[i].min_count > 1) counted.push_back(i);
      continue;
    }
    patient.push_back(i);
    flags += absl::StrFormat(
        "%sSELECT person, %d AS element FROM gp_patient WHERE %s",
        flags.empty() ? "" : " UNION ALL ", i, elements[i].codes[0]);
  }
  const auto make = [&](const char* name, const std::vector<size_t>& places,
                        const std::string& rows) -> absl::Status {
    if (places.empty()) return absl::OkStatus();
    std::string columns;
    for (size_t word = 0; word < WordsFor(elements); ++word) {
      columns +=
          absl::StrFormat(", %s AS hits_%d", BitsOfRows(places, word), word);
    }
    seen.emplace_back(name);
    return context.connection.Execute(absl::StrFormat(
        "CREATE OR REPLACE TEMPORARY TABLE %s AS SELECT person%s FROM %s "
        "WHERE person IS NOT NULL GROUP BY person",
        name, columns, rows));
  };
  TALLY_RETURN_IF_ERROR(
      make("element_seen_patient", patient, "(" + flags + ")"));
  return make("element_seen_counted", counted, "element_hit");
}

}  // namespace

absl::Status MatchElements(const MeasureContext& context,
                           const std::vector<RuleElement>& elements,
                           CivilDay at, std::string_view list,
                           std::string_view name) {
  engine::Connection& connection = context.connection;
  TALLY_RETURN_IF_ERROR(connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE element_hit (element INTEGER, "
      "person INTEGER)"));
  std::vector<std::string> seen;
  for (const ElementSource& source : ElementSources()) {
    TALLY_RETURN_IF_ERROR(MatchSource(context, elements, source, at, seen));
  }
  TALLY_RETURN_IF_ERROR(SeeOthers(context, elements, seen));
  std::string columns, any, joins;
  for (size_t word = 0; word < WordsFor(elements); ++word) {
    columns += ", " + HitsSql(elements, seen, word);
    any += absl::StrFormat("%shits_%d <> 0", word == 0 ? "" : " OR ", word);
  }
  for (const std::string& table : seen) {
    joins +=
        absl::StrFormat(" LEFT JOIN %1$s ON %1$s.person = l.person", table);
  }
  TALLY_RETURN_IF_ERROR(
      connection.Execute(absl::StrFormat("CREATE OR REPLACE TEMPORARY TABLE %s "
                                         "AS SELECT * FROM (SELECT l.person%s "
                                         "FROM %s AS l%s) WHERE %s",
                                         name, columns, list, joins, any)));
  for (const std::string& table : seen) {
    TALLY_RETURN_IF_ERROR(connection.Execute("DROP TABLE " + table));
  }
  return connection.Execute("DROP TABLE element_hit");
}

std::string ElementsMetSql(size_t from, size_t to) {
  std::string sum;
  while (from < to) {
    const size_t word = from / kElementsAWord;
    std::vector<size_t> places;
    for (; from < to && from / kElementsAWord == word; ++from) {
      places.push_back(from);
    }
    sum +=
        absl::StrFormat("%sCAST(bit_count(hits_%d & %d) AS BIGINT)",
                        sum.empty() ? "" : " + ", word, BitsOf(places, word));
  }
  return sum.empty() ? "CAST(0 AS BIGINT)" : "(" + sum + ")";
}

}  // namespace tally::analytics
