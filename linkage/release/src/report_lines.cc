// The lines of linkage_quality.csv, and the CSV itself.
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/strings.h"
#include "linkage/release/report_text.h"

namespace tally::linkage {
namespace {

constexpr std::string_view kHeader =
    "source,dataset,dimension,level,month,rows,rows_with_person,persons,"
    "persons_linked,rate,lower,upper,reason,rows_reason\n";

void SetCounts(const LinkCounts& counts, ReportLine& line) {
  line.rows = counts.rows;
  line.rows_with_person = counts.rows_with_person;
  line.persons = counts.persons;
  line.persons_linked = counts.persons_linked;
  line.rate = WilsonProportion(counts.persons_linked, counts.persons);
}

ReportLine ReasonLine(const DatasetReport& dataset, std::string_view dimension,
                      std::string_view level, const std::string& reason,
                      int64_t rows) {
  ReportLine line;
  line.source = dataset.source;
  line.dataset = dataset.dataset;
  line.dimension = std::string(dimension);
  line.level = std::string(level);
  line.reason = reason;
  line.rows_reason = rows;
  return line;
}

void AddDatasets(const LinkageReport& report, std::vector<ReportLine>& lines) {
  for (const DatasetReport& dataset : report.datasets) {
    ReportLine line;
    line.source = dataset.source;
    line.dataset = dataset.dataset;
    line.dimension = "all";
    SetCounts(dataset.counts, line);
    lines.push_back(std::move(line));
  }
  for (const DatasetReport& dataset : report.datasets) {
    for (const auto& [reason, rows] : dataset.outcomes) {
      lines.push_back(ReasonLine(dataset, "all", "", reason, rows));
    }
  }
  for (const DatasetReport& dataset : report.datasets) {
    for (const auto& [reason, rows] : dataset.dropped_by_rule) {
      lines.push_back(ReasonLine(dataset, "dropped", "rule", reason, rows));
    }
    for (const auto& [reason, rows] : dataset.dropped_by_fault) {
      lines.push_back(ReasonLine(dataset, "dropped", "fault", reason, rows));
    }
  }
}

// Opt-outs are one rounded figure an extract, over all its datasets: they are
// shown as they came and never added up.
void AddOptOuts(const LinkageReport& report, std::vector<ReportLine>& lines) {
  for (const ExtractSummary& extract : report.extracts) {
    ReportLine line;
    line.source = extract.source;
    line.dimension = "dropped";
    line.level = "rule";
    line.month = extract.period_end.substr(0, 7);
    line.reason = "OPTED_OUT";
    line.rounded_reason = extract.opted_out;
    lines.push_back(std::move(line));
  }
}

void AddLevelLines(const LinkageReport& report,
                   std::vector<ReportLine>& lines) {
  for (const bool months : {true, false}) {
    for (const LevelLine& level : report.levels) {
      if ((level.dimension == "month") != months) continue;
      ReportLine line;
      line.source = level.source;
      line.dataset = level.dataset;
      line.dimension = level.dimension;
      line.level = level.level;
      line.month = level.month;
      SetCounts(level.counts, line);
      lines.push_back(std::move(line));
    }
  }
}

void AddOverlaps(const LinkageReport& report, std::vector<ReportLine>& lines) {
  for (const PairOverlap& pair : report.pairs) {
    ReportLine line;
    line.source = pair.source_a;
    line.dimension = "overlap";
    line.level = pair.source_b;
    line.persons = pair.persons;
    lines.push_back(std::move(line));
  }
  for (const Combination& combination : report.combinations) {
    ReportLine line;
    line.dimension = "combination";
    line.level = combination.sources.empty()
                     ? std::string("other")
                     : absl::StrJoin(combination.sources, " + ");
    line.persons = combination.persons;
    lines.push_back(std::move(line));
  }
}

void AddContrastLines(const LinkageReport& report,
                      std::vector<ReportLine>& lines) {
  for (const ContrastLine& contrast : report.contrasts) {
    for (const bool linked : {true, false}) {
      const int64_t rows =
          linked ? contrast.linked_rows : contrast.unlinked_rows;
      const int64_t all =
          linked ? contrast.all_linked_rows : contrast.all_unlinked_rows;
      ReportLine line;
      line.source = contrast.source;
      line.dataset = contrast.dataset;
      line.dimension = "linked_against_unlinked";
      line.level = absl::StrCat(contrast.attribute, "=", contrast.level);
      line.rows = all;
      line.rate = WilsonProportion(rows, all);
      line.reason = linked ? "linked" : "unlinked";
      line.rows_reason = rows;
      lines.push_back(std::move(line));
    }
  }
}

std::string Number(const std::optional<int64_t>& value) {
  return value ? absl::StrCat(*value) : std::string();
}

std::string Share(double value) { return absl::StrFormat("%.6f", value); }

}  // namespace

std::string CsvCell(std::string_view text) {
  std::string cell(text);
  if (!cell.empty() &&
      std::string_view("=+-@\t\r").find(cell[0]) != std::string_view::npos) {
    cell.insert(cell.begin(), '\'');
  }
  if (cell.find_first_of(",\"\n\r") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  quoted += '"';
  return quoted;
}

std::vector<ReportLine> ReportLines(const LinkageReport& report) {
  std::vector<ReportLine> lines;
  AddDatasets(report, lines);
  AddOptOuts(report, lines);
  AddLevelLines(report, lines);
  AddOverlaps(report, lines);
  AddContrastLines(report, lines);
  return lines;
}

std::string ReportCsv(const LinkageReport& report) {
  std::string csv(kHeader);
  for (const ReportLine& line : ReportLines(report)) {
    const std::vector<std::string> cells = {
        CsvCell(line.source),
        CsvCell(line.dataset),
        CsvCell(line.dimension),
        CsvCell(line.level),
        CsvCell(line.month),
        Number(line.rows),
        Number(line.rows_with_person),
        Number(line.persons),
        Number(line.persons_linked),
        line.rate ? Share(line.rate->value) : "",
        line.rate ? Share(line.rate->lower) : "",
        line.rate ? Share(line.rate->upper) : "",
        CsvCell(line.reason),
        line.rounded_reason.empty() ? Number(line.rows_reason)
                                    : line.rounded_reason};
    absl::StrAppend(&csv, absl::StrJoin(cells, ","), "\n");
  }
  return csv;
}

}  // namespace tally::linkage
