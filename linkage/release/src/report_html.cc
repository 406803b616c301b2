// The linkage report as a page: what a reader asks first.
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/strings.h"
#include "html_page.h"
#include "linkage/release/report_text.h"

namespace tally::linkage {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string Percent(double share) {
  return absl::StrFormat("%.1f %%", share * 100);
}

std::string Interval(const Proportion& rate) {
  return absl::StrFormat("%.1f to %.1f %%", rate.lower * 100, rate.upper * 100);
}

void AddDatasets(const LinkageReport& report, HtmlPage& page) {
  Rows rows;
  for (const DatasetReport& dataset : report.datasets) {
    const LinkCounts& counts = dataset.counts;
    const Proportion rate =
        WilsonProportion(counts.persons_linked, counts.persons);
    rows.push_back(
        {dataset.source, dataset.dataset, FormatCount(counts.rows),
         FormatCount(counts.rows_with_person),
         Percent(WilsonProportion(counts.rows_with_person, counts.rows).value),
         FormatCount(counts.persons), FormatCount(counts.persons_linked),
         counts.persons == 0 ? "-" : Percent(rate.value),
         counts.persons == 0 ? "-" : Interval(rate)});
  }
  page.Table("Rows and people by source and dataset",
             {"Source", "Dataset", "Rows", "With a person", "Share", "People",
              "Linked", "Rate", "95 % interval"},
             rows, 2);
}

void AddReasons(const LinkageReport& report, HtmlPage& page) {
  Rows rows;
  const auto add = [&](const DatasetReport& dataset, std::string_view kind,
                       const std::map<std::string, int64_t>& counts) {
    for (const auto& [reason, n] : counts) {
      rows.push_back({dataset.source, dataset.dataset, std::string(kind),
                      reason, FormatCount(n)});
    }
  };
  for (const DatasetReport& dataset : report.datasets) {
    add(dataset, "row", dataset.outcomes);
    add(dataset, "dropped by rule", dataset.dropped_by_rule);
    add(dataset, "dropped as faulty", dataset.dropped_by_fault);
  }
  page.Table("What became of the rows",
             {"Source", "Dataset", "Kind", "Outcome", "Rows"}, rows, 4);
  page.Paragraph(
      "Lines of kind row add up to the rows of their dataset; dropped rows "
      "never left the source. Opt-outs are one figure a delivery, rounded by "
      "the source.");
}

void AddLevels(const LinkageReport& report, HtmlPage& page) {
  Rows rows;
  for (const LevelLine& line : report.levels) {
    const Proportion rate =
        WilsonProportion(line.counts.persons_linked, line.counts.persons);
    rows.push_back({line.source, line.dataset, line.dimension,
                    line.dimension == "month" ? line.month : line.level,
                    FormatCount(line.counts.rows),
                    FormatCount(line.counts.persons),
                    FormatCount(line.counts.persons_linked),
                    line.counts.persons == 0 ? "-" : Percent(rate.value)});
  }
  page.Table(
      "Link rate by level",
      {"Source", "Dataset", "By", "Level", "Rows", "People", "Linked", "Rate"},
      rows, 4);
}

void AddContrasts(const LinkageReport& report, HtmlPage& page) {
  Rows rows;
  for (const ContrastLine& line : report.contrasts) {
    if (!line.Flagged()) continue;
    rows.push_back(
        {line.source, line.dataset, line.attribute, line.level,
         Percent(
             WilsonProportion(line.linked_rows, line.all_linked_rows).value),
         Percent(WilsonProportion(line.unlinked_rows, line.all_unlinked_rows)
                     .value),
         absl::StrFormat("%.2f", line.Difference())});
  }
  page.Paragraph(
      "Rows that are not linked have no person, so rows are compared, not "
      "people. Levels with a standardised difference over 0.1 are shown.");
  page.Table("Linked against unlinked rows",
             {"Source", "Dataset", "Attribute", "Level", "Of linked",
              "Of unlinked", "Difference"},
             rows, 4);
}

void AddOverlap(const LinkageReport& report, HtmlPage& page) {
  Rows rows;
  for (const PairOverlap& pair : report.pairs) {
    rows.push_back({pair.source_a, pair.source_b, FormatCount(pair.persons)});
  }
  page.Table("People found in two sources", {"Source", "And", "People"}, rows,
             2);
}

void AddUniqueness(const LinkageReport& report, HtmlPage& page) {
  if (report.uniqueness.empty()) return;
  Rows rows;
  for (const UniquenessLine& line : report.uniqueness) {
    rows.push_back({line.table, JoinText(line.quasi_identifiers, ", "),
                    absl::StrCat(line.min_k), FormatCount(line.rows),
                    FormatCount(line.rows_below_before),
                    FormatCount(line.rows_area_withheld),
                    FormatCount(line.rows_practice_withheld),
                    FormatCount(line.rows_below_after)});
  }
  page.Table("Combinations that few people share",
             {"Table", "Quasi-identifiers", "k", "Rows", "Below k before",
              "Area withheld", "Practice withheld", "Below k after"},
             rows, 2);
  Rows attacks;
  for (const JoinAttackLine& line : report.join_attack) {
    attacks.push_back(
        {line.project, line.table, JoinText(line.columns, ", "),
         FormatCount(line.persons),
         Percent(WilsonProportion(line.relinked, line.persons).value)});
  }
  page.Table("People that content alone would join to another live project",
             {"Project", "Table", "Columns in common", "People", "Share"},
             attacks, 3);
}

void AddExtracts(const LinkageReport& report, HtmlPage& page) {
  Rows rows;
  for (const ExtractSummary& extract : report.extracts) {
    rows.push_back({extract.name, extract.period_start, extract.period_end,
                    extract.created, FormatCount(extract.persons),
                    extract.opted_out});
  }
  page.Table("Extracts used",
             {"Extract", "From", "To", "Created", "People",
              "Rows opted out (rounded)"},
             rows, 4);
}

}  // namespace

std::string ReportHtml(const LinkageReport& report) {
  const std::string subject =
      report.release.empty() ? report.project + " (preview)" : report.release;
  HtmlPage page("Linkage quality: " + subject,
                "Exact counts of records. This page is of the class of the "
                "records themselves: figures leave this environment through "
                "the disclosure gate only.");
  if (report.environment != "production") {
    page.Paragraph("EXAMPLE OR TEST DATA: environment " + report.environment +
                   ".");
  }
  page.Heading("In brief");
  page.List(report.summary);
  page.List(report.warnings);
  page.Heading("By source and dataset");
  AddDatasets(report, page);
  AddReasons(report, page);
  page.Heading("Overlap");
  AddOverlap(report, page);
  page.Heading("Linked against unlinked");
  AddContrasts(report, page);
  page.Heading("Singling out");
  AddUniqueness(report, page);
  page.Heading("Extracts");
  AddExtracts(report, page);
  page.Heading("By level");
  AddLevels(report, page);
  return page.Finish();
}

}  // namespace tally::linkage
