#ifndef TALLY_LINKAGE_RELEASE_LINKAGE_REPORT_H_
#define TALLY_LINKAGE_RELEASE_LINKAGE_REPORT_H_

// The linkage quality report as data: what was linked, what was not, and why.
// Runs at the hub, for every release and for previews. It holds exact counts,
// so it is of the class of records: it leaves the analyst's environment only
// through the disclosure gate. It never holds a token, a pseudonym, a person's
// number or a row.
//
// report_builder.h fills it, report_text.h writes it as CSV, JSON and HTML.
//
// Spec: docs/spec/release-v1.md, "linkage_quality"
// Threading: values.
// Secrets: none.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tally::linkage {

// A share with its 95 % limits.
struct Proportion {
  double value = 0;
  double lower = 0;
  double upper = 0;
};

// Wilson's score interval with z = 1.959963984540054. Of 0 in 0: value 0,
// limits 0 and 1. REQUIRES: 0 <= hits <= total.
Proportion WilsonProportion(int64_t hits, int64_t total);

// Standardised difference of two shares, (p1 - p2) over the root of the mean
// of their variances; 0 where both variances are 0 and the shares equal, else
// plus or minus infinity is cut to 99.
double StandardisedDifference(double p1, double p2);

// Counts of one source and dataset, or of one level of a dimension of it.
struct LinkCounts {
  int64_t rows = 0;
  int64_t rows_with_person = 0;
  int64_t persons = 0;
  int64_t persons_linked = 0;
};

struct LevelLine {
  std::string source;
  std::string dataset;
  std::string dimension;  // month, practice, age_band, sex ...
  std::string level;      // empty for months
  std::string month;      // "2026-11", for months only
  LinkCounts counts;
};

// Linked rows against the others, at one level of one attribute.
struct ContrastLine {
  std::string source;
  std::string dataset;
  std::string attribute;
  std::string level;
  int64_t linked_rows = 0;  // at this level
  int64_t unlinked_rows = 0;
  int64_t all_linked_rows = 0;  // of the dataset
  int64_t all_unlinked_rows = 0;
  double Difference() const;
  bool Flagged() const;  // absolute difference above 0.1
};

struct UnusualMonth {
  std::string month;
  int64_t rows = 0;
  double mean = 0;  // of the same months before
  double sigma = 0;
};

struct DatasetReport {
  std::string source;
  std::string dataset;
  LinkCounts counts;
  // Rows by what became of them; adds up to counts.rows. Keys: `linked`,
  // `not in population`, `outside coverage`, or the name of a RowReason.
  std::map<std::string, int64_t> outcomes;
  std::map<std::string, int64_t> dropped_by_rule;
  std::map<std::string, int64_t> dropped_by_fault;
  std::string newest_event;  // "2026-11-20", empty if there is no date
  std::string newest_extract_created;
  int64_t days_since_newest_event = 0;
  std::vector<UnusualMonth> unusual_months;
  // Row rates of the extracts used, oldest first.
  std::vector<double> row_rate_by_period;
};

struct ExtractSummary {
  std::string name;  // resource name
  std::string source;
  std::string period_start;
  std::string period_end;
  int64_t revision = 1;
  int64_t epoch = 1;
  std::string created;
  int64_t persons = 0;
  std::string opted_out;  // as the source rounded it
  // Dates of the source's opt-out lists, newest first; empty if none.
  std::string newest_opt_out_list;
};

struct PairOverlap {
  std::string source_a;
  std::string source_b;
  int64_t persons = 0;
};

struct Combination {
  std::vector<std::string> sources;  // empty: the rest, shown as "other"
  int64_t persons = 0;
};

struct CoverageLine {
  std::string source;
  std::string dataset;
  int64_t spans = 0;
  int64_t persons = 0;
  std::map<std::string, int64_t> ended_by;
};

struct StaleOptOuts {
  std::string source;
  std::string newest_list;
  std::vector<std::string> extracts;  // older than the list
};

// How unique people are by their quasi-identifiers in one table.
struct UniquenessLine {
  std::string table;
  std::vector<std::string> quasi_identifiers;
  int64_t min_k = 0;
  int64_t rows = 0;
  int64_t rows_below_before = 0;
  int64_t rows_area_withheld = 0;      // LSOA set to NULL
  int64_t rows_practice_withheld = 0;  // practice set to NULL
  int64_t rows_below_after = 0;
};

// What somebody who holds two projects' releases could join by content alone.
struct JoinAttackLine {
  std::string project;
  std::string release;
  std::string table;
  std::vector<std::string> columns;  // released to both
  int64_t persons = 0;               // of this release, in the table
  int64_t relinked = 0;              // with a row that is unique in both
};

struct LinkageReport {
  std::string project;
  std::string release;  // empty for a preview
  std::string environment;
  std::string created;
  std::string population;  // dataset id or "all"
  int64_t anchor_persons = 0;
  std::vector<ExtractSummary> extracts;
  std::vector<DatasetReport> datasets;
  std::vector<LevelLine> levels;
  std::map<std::string, int64_t> persons_by_status;  // nhs_number, none
  std::vector<PairOverlap> pairs;
  std::vector<Combination> combinations;
  std::vector<ContrastLine> contrasts;
  std::vector<CoverageLine> coverage;
  int64_t persons_with_overlapping_spans = 0;
  std::vector<StaleOptOuts> stale_opt_outs;
  std::vector<UniquenessLine> uniqueness;
  std::vector<JoinAttackLine> join_attack;
  std::vector<std::string> warnings;
  std::vector<std::string> summary;  // at most five sentences, worst first
};

// Fills `warnings` and `summary` from the rest of the report.
void Summarise(LinkageReport& report);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_LINKAGE_REPORT_H_
