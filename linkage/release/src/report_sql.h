#ifndef TALLY_LINKAGE_RELEASE_SRC_REPORT_SQL_H_
#define TALLY_LINKAGE_RELEASE_SRC_REPORT_SQL_H_

// The statements of the linkage report. They group and count; every figure is
// computed from them in C++.
//
// Threading: pure functions.
// Secrets: none.

#include <string>
#include <string_view>
#include <vector>

#include "linkage/release/release_sql.h"

namespace tally::linkage {

// A dimension of one dataset: its name in the report and what makes it.
struct ReportDimension {
  std::string name;        // practice, age_band, sex, ...
  std::string expression;  // over r
};

// What a dataset can be looked at by.
std::vector<ReportDimension> DimensionsOf(
    const dataset::Specification& specification, int ethnicity_groups);
// The columns that those need.
std::vector<std::string> DimensionColumns(
    const dataset::Specification& specification);

// The rows of one of `parts`, of a slice of its people, counted: with source,
// person, fate and dimensions.
std::string PartFactsSql(const RowsTable& part,
                         const std::vector<RowsTable>& parts,
                         const std::vector<ReportDimension>& dimensions,
                         Slice slice);
// Such rows, each combination once: `facts`. `slice`: of link_person.
SqlStatement FactsSql(std::string_view rows,
                      const std::vector<ReportDimension>& dimensions,
                      Slice slice);
engine::TableSchema FactsSchema(const std::vector<ReportDimension>& dimensions);
// The same with source, person, fate and month: `month_facts`.
std::string PartMonthFactsSql(const RowsTable& part,
                              const std::vector<RowsTable>& parts,
                              std::string_view period_column, Slice slice);
SqlStatement MonthFactsSql(std::string_view rows, Slice slice);
engine::TableSchema MonthFactsSchema();

// source, dimension, level, n_rows, n_rows_person, n_persons, n_linked,
// n_rows_linked; the dimension "all" has level "". `slice`: of link_person;
// the counts of all slices are those of everybody.
SqlStatement LevelsSql(std::string_view facts,
                       const std::vector<ReportDimension>& dimensions,
                       Slice slice);
// source, month (DATE or NULL), and the same five counts.
SqlStatement MonthLevelsSql(std::string_view month_facts);
// source, unlinked_reason (NULL: has a person), linked, n_rows.
SqlStatement OutcomesSql(std::string_view facts);
// source, n_rows: linked rows in a month that no span of their person covers.
SqlStatement OutsideCoverageSql(std::string_view month_facts,
                                std::string_view population);
// source, newest (DATE or NULL).
SqlStatement NewestEventSql(const std::vector<RowsTable>& parts,
                            std::string_view period_column);

// One column a source (0 or 1), n_persons. `extracts[i]`: those of source i.
SqlStatement CombinationsSql(const std::vector<std::vector<int>>& extracts);
// link_status, n_persons.
SqlStatement StatusSql();
// source, dataset, ended_by, n_spans; and source, dataset, n_persons.
SqlStatement SpansSql();
SqlStatement SpanPersonsSql();
// One number: people with spans of two sources in one month.
SqlStatement OverlappingSpansSql();

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_SRC_REPORT_SQL_H_
