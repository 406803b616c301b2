#ifndef TALLY_LINKAGE_RELEASE_RELEASE_SQL_H_
#define TALLY_LINKAGE_RELEASE_RELEASE_SQL_H_

// The statements that make a release, as text. Pure functions: what comes out
// depends on names and numbers of ours alone; the values of an agreement's
// filters are bound beside it. Every statement keeps to the dialect that both
// engines understand. Nothing here ever sees a token or runs anything.
//
// Tables that the statements read, by the names below:
//   part_N        rows of one dataset of one extract, as the hub stores them:
//                 person_index INT, unlinked_reason STRING, then the columns
//   link          extract_no INT, person_index INT, link_person INT
//   everyone      link_person INT, sources INT, pseudonym STRING
//   anchor        link_person INT: who belongs to the population
//   people        link_person INT, person INT, link_status STRING,
//                 pseudonym STRING
//   person_map    extract_no INT, person_index INT, link_person INT,
//                 person INT (NULL outside the population), linked BOOLEAN
//   coverage      as in the release
//   rekey_C       extract_no INT, old_key BIGINT, new_key BIGINT
//
// Spec: docs/spec/release-v1.md
// Threading: pure functions.
// Secrets: filters' values pass through as bound values.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/sql_engine.h"
#include "engine/value.h"
#include "linkage/release/agreement.h"
#include "linkage/release/release_column.h"
#include "linkage/release/release_plan.h"

namespace tally::linkage {

struct SqlStatement {
  std::string sql;
  std::vector<engine::Value> values;
};

// One registered part.
struct RowsTable {
  std::string table;  // part_N
  int extract = 0;
  std::string source;
  const dataset::Specification* specification = nullptr;  // borrowed
  int financial_year = 0;  // of the last month of its extract
};

// Schema of a part as the hub stores it, and of the tables above.
engine::TableSchema PayloadTableSchema(
    const dataset::Specification& specification);
engine::TableSchema LinkSchema();
engine::TableSchema EveryoneSchema();
engine::TableSchema AnchorSchema();
engine::TableSchema PeopleSchema();
engine::TableSchema MapSchema();
engine::TableSchema CoverageSchema();
engine::TableSchema RekeySchema();

// The engine holds what it groups by text in memory, whatever the disk has. So
// what is counted of many people is counted slice by slice: of those whose
// number leaves `which` when divided by `of`. Who has none is in the first.
struct Slice {
  int64_t which = 0;
  int64_t of = 1;  // one: everybody
};
// A condition that holds for the numbers of a slice.
std::string InSlice(std::string_view number, Slice slice);
// A number of zero or more that depends on a combination of `columns` alone, to
// tell its slice by: what numbers, days and the ends of texts add up to. It
// parts combinations well enough for slices of about the same size.
std::string CombinationNumber(const engine::TableSchema& columns);
// ` LEFT JOIN ... AS m` that gives rows r of one part, of one slice of its
// person_index, what person_map says of their people.
std::string JoinPeopleOf(const RowsTable& part, Slice slice);

// Who belongs: everybody who has a row in one of `parts`; with none of them
// (population "all") everybody there is.
SqlStatement AnchorSql(const std::vector<RowsTable>& parts);
// The dense numbers of the release, in the order of the merge's random ones.
SqlStatement PeopleSql();
// `anchored`: people are linked when they are in the anchor; otherwise when
// they are in two sources.
SqlStatement MapSql(bool anchored);
// tables/persons.
SqlStatement PersonsSql();

// Distinct keys of one column over all parts, in any order: extract_no,
// old_key. RenumberRecordKeys() makes rekey_C of them.
SqlStatement RecordKeysSql(const std::vector<RowsTable>& parts,
                           std::string_view column);

// What a dataset's table is made from.
struct TableRecipe {
  const AgreementDataset* agreed = nullptr;  // borrowed
  std::vector<ReleaseColumn> columns;        // of the newest specification
  std::vector<RowsTable> parts;
  bool keep_rows_without_person = true;
  int ethnicity_groups = 5;
};

// Rows of the table without order: person, unlinked_reason, source, columns.
SqlStatement TableRowsSql(const TableRecipe& recipe);

// The columns whose combination may single somebody out: class QI, no dates.
std::vector<std::string> QuasiIdentifiersOf(const TableRecipe& recipe);

// Each combination of those columns that a person of a slice has in `part`, one
// of the recipe's, once: person, columns, key_rows BIGINT, how many rows of the
// table have it. All that min_k looks at. Rows are counted by the numbers of
// their people before these are joined to them.
SqlStatement KeysSql(const TableRecipe& recipe, const RowsTable& part,
                     Slice slice);

// Which rows one file of a table holds.
struct PartRange {
  enum Which {
    kAll,      // the whole table
    kPersons,  // people from first_person to before end_person
    kNobody,   // rows without a person: each in one of such ranges, at random
  };
  Which which = kAll;
  int64_t first_person = 0;
  int64_t end_person = 0;
};
// `rows` (a SELECT of TableRowsSql's shape) with the place of their range in
// `ranges` as `part_no`. REQUIRES: ranges that hold every row once, those of
// people in ascending order and then those of nobody.
SqlStatement NumberedRowsSql(const SqlStatement& rows,
                             const std::vector<PartRange>& ranges);
// Those of `rows` that a range holds. REQUIRES: no other range of nobody.
SqlStatement RangeRowsSql(const SqlStatement& rows, const PartRange& range);
// `rows` in order: by person, the rows of one person at random.
SqlStatement OrderedRowsSql(const SqlStatement& rows);

// Spans of registrations, cut to the periods used and merged.
struct CoveragePeriod {
  std::string source;
  std::string dataset;
  CivilDay first_month;
  CivilDay last_month;
};
SqlStatement CoverageSql(const std::vector<RowsTable>& registrations,
                         const std::vector<CoveragePeriod>& periods);

// "part_0" and so on.
std::string PartTableName(size_t number);

// The specification of the highest version among `parts`. REQUIRES: any.
const dataset::Specification& NewestOf(const std::vector<RowsTable>& parts);

// `SELECT extract_no, source, financial_year, person_index, unlinked_reason,
// columns` over all parts; a column that an older specification lacks is NULL.
std::string UnionOfParts(const std::vector<RowsTable>& parts,
                         const std::vector<std::string>& columns);
// The same of one of `parts` with each combination of them once, dates cut to
// `grain`, and how many rows have it as `n`; of a slice of its people: events
// are counted by the numbers of their people before anything is joined to them.
std::string CountedPart(const RowsTable& part,
                        const std::vector<RowsTable>& parts,
                        const std::vector<std::string>& columns,
                        DateGrain grain, Slice slice);

// CASE expressions over an expression of ours.
std::string AgeBandExpression(std::string_view age);
std::string EthnicityExpression(std::string_view code);
std::string GrainExpression(std::string_view date, DateGrain grain);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_RELEASE_SQL_H_
