// The sentences of the linkage report: computed, at most five, worst first.
#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/strings.h"
#include "linkage/release/linkage_report.h"

namespace tally::linkage {
namespace {

constexpr size_t kMaxSentences = 5;
// A level is worth a sentence when its rate lies this far below all others'.
constexpr double kOutlyingGap = 0.05;
constexpr int64_t kFewestPersons = 20;
// A dataset that falls this far below its own last periods is warned about.
constexpr double kRowRateFall = 0.02;
constexpr size_t kPeriodsBefore = 4;

struct Finding {
  double weight = 0;  // larger is worse; people concerned come through it
  std::string sentence;
};

double Rate(const LinkCounts& counts) {
  return counts.persons == 0 ? 1.0
                             : static_cast<double>(counts.persons_linked) /
                                   static_cast<double>(counts.persons);
}

std::string ShareText(double share) {
  // Never rounds a shortfall up to 100 or a presence down to 0.
  double pct = std::round(share * 100);
  if (pct == 100 && share < 1) pct = std::floor(share * 1000) / 10;
  if (pct == 0 && share > 0) return "under 1 %";
  if (pct == std::floor(pct)) return absl::StrFormat("%.0f %%", pct);
  return absl::StrFormat("%.1f %%", pct);
}

std::string DimensionWord(const std::string& dimension) {
  static const auto* const words = new std::map<std::string, std::string>{
      {"practice", "Practice"},
      {"age_band", "Age band"},
      {"sex", "Sex"},
      {"imd_decile", "IMD decile"},
      {"ethnicity", "Ethnicity"},
      {"month", "Month"},
      {"nhs_number_status", "NHS Number status"}};
  const auto it = words->find(dimension);
  return it == words->end() ? dimension : it->second;
}

// The lowest level of one dimension, if it stands apart from all others.
void AddOutlier(const std::vector<const LevelLine*>& lines,
                std::vector<Finding>& findings) {
  if (lines.size() < 3) return;
  std::vector<const LevelLine*> sorted = lines;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const LevelLine* a, const LevelLine* b) {
                     return Rate(a->counts) < Rate(b->counts);
                   });
  const LevelLine& worst = *sorted[0];
  const double gap = Rate(sorted[1]->counts) - Rate(worst.counts);
  if (gap < kOutlyingGap) return;
  const std::string& level =
      worst.dimension == "month" ? worst.month : worst.level;
  findings.push_back(
      {gap * static_cast<double>(worst.counts.persons),
       absl::StrFormat(
           "%s %s in %s of %s: %s of people linked, all others %s to %s.",
           DimensionWord(worst.dimension), level, worst.dataset, worst.source,
           ShareText(Rate(worst.counts)), ShareText(Rate(sorted[1]->counts)),
           ShareText(Rate(sorted.back()->counts)))});
}

void AddOutliers(const LinkageReport& report, std::vector<Finding>& findings) {
  std::map<std::string, std::vector<const LevelLine*>> groups;
  for (const LevelLine& line : report.levels) {
    if (line.counts.persons < kFewestPersons) continue;
    if (line.level == "unknown") continue;
    groups[line.source + "\n" + line.dataset + "\n" + line.dimension].push_back(
        &line);
  }
  for (const auto& [key, lines] : groups) AddOutlier(lines, findings);
}

void AddReasons(const LinkageReport& report, std::vector<Finding>& findings) {
  for (const DatasetReport& dataset : report.datasets) {
    const int64_t without =
        dataset.counts.rows - dataset.counts.rows_with_person;
    if (without > 0) {
      const auto worst = std::max_element(
          dataset.outcomes.begin(), dataset.outcomes.end(),
          [](const auto& a, const auto& b) {
            // Outcomes of rows that have a person are in lower case.
            const auto rank = [](const auto& outcome) {
              const char first = outcome.first.empty() ? 'a' : outcome.first[0];
              return first >= 'a' ? int64_t{-1} : outcome.second;
            };
            return rank(a) < rank(b);
          });
      findings.push_back(
          {static_cast<double>(without) * 0.5,
           absl::StrFormat(
               "%s of %s: %s of %s rows have no person, most often %s (%s).",
               dataset.dataset, dataset.source, FormatCount(without),
               FormatCount(dataset.counts.rows), worst->first,
               FormatCount(worst->second))});
    }
    const auto outside = dataset.outcomes.find("outside coverage");
    if (outside != dataset.outcomes.end() && outside->second > 0) {
      findings.push_back(
          {static_cast<double>(outside->second) * 0.25,
           absl::StrFormat("%s of %s: %s rows lie outside the registration of "
                           "their person.",
                           dataset.dataset, dataset.source,
                           FormatCount(outside->second))});
    }
  }
}

void AddContrasts(const LinkageReport& report, std::vector<Finding>& findings) {
  const ContrastLine* worst = nullptr;
  for (const ContrastLine& line : report.contrasts) {
    if (!line.Flagged() || line.level == "unknown") continue;
    if (worst == nullptr ||
        std::fabs(line.Difference()) > std::fabs(worst->Difference())) {
      worst = &line;
    }
  }
  if (worst == nullptr) return;
  findings.push_back(
      {static_cast<double>(worst->all_unlinked_rows) *
           std::min(1.0, std::fabs(worst->Difference())),
       absl::StrFormat(
           "In %s of %s, %s %s makes up %s of linked and %s of unlinked rows "
           "(standardised difference %.2f).",
           worst->dataset, worst->source, worst->attribute, worst->level,
           ShareText(static_cast<double>(worst->linked_rows) /
                     static_cast<double>(worst->all_linked_rows)),
           ShareText(static_cast<double>(worst->unlinked_rows) /
                     static_cast<double>(worst->all_unlinked_rows)),
           worst->Difference())});
}

void AddOverall(const LinkageReport& report, std::vector<Finding>& findings) {
  int64_t persons = 0;
  int64_t linked = 0;
  for (const DatasetReport& dataset : report.datasets) {
    if (dataset.dataset == report.population) continue;
    persons += dataset.counts.persons;
    linked += dataset.counts.persons_linked;
  }
  if (persons == 0) return;
  findings.push_back(
      {0, absl::StrFormat(
              "Over all sources and datasets, %s of people were found in %s.",
              ShareText(static_cast<double>(linked) /
                        static_cast<double>(persons)),
              report.population == "all" ? std::string("another source")
                                         : report.population)});
}

void AddWarnings(LinkageReport& report) {
  for (const DatasetReport& dataset : report.datasets) {
    const std::vector<double>& rates = dataset.row_rate_by_period;
    if (rates.size() < 2) continue;
    const size_t before = std::min(kPeriodsBefore, rates.size() - 1);
    double mean = 0;
    for (size_t i = rates.size() - 1 - before; i < rates.size() - 1; ++i) {
      mean += rates[i] / static_cast<double>(before);
    }
    if (mean - rates.back() <= kRowRateFall) continue;
    report.warnings.push_back(absl::StrFormat(
        "%s of %s: %s of rows have a usable number, against %s in the %d "
        "periods before.",
        dataset.dataset, dataset.source, ShareText(rates.back()),
        ShareText(mean), before));
  }
  for (const DatasetReport& dataset : report.datasets) {
    for (const UnusualMonth& month : dataset.unusual_months) {
      report.warnings.push_back(absl::StrFormat(
          "%s of %s: %s rows in %s, against %.0f on average.", dataset.dataset,
          dataset.source, FormatCount(month.rows), month.month, month.mean));
    }
  }
  for (const StaleOptOuts& stale : report.stale_opt_outs) {
    report.warnings.push_back(absl::StrFormat(
        "%s: %d of the extracts used are older than its opt-out list of %s.",
        stale.source, stale.extracts.size(), stale.newest_list));
  }
  if (report.persons_with_overlapping_spans > 0) {
    report.warnings.push_back(absl::StrFormat(
        "%s people are registered with two sources in the same month.",
        FormatCount(report.persons_with_overlapping_spans)));
  }
}

}  // namespace

void Summarise(LinkageReport& report) {
  report.warnings.clear();
  report.summary.clear();
  AddWarnings(report);
  std::vector<Finding> findings;
  AddOutliers(report, findings);
  AddReasons(report, findings);
  AddContrasts(report, findings);
  AddOverall(report, findings);
  std::stable_sort(
      findings.begin(), findings.end(),
      [](const Finding& a, const Finding& b) { return a.weight > b.weight; });
  for (Finding& finding : findings) {
    if (report.summary.size() == kMaxSentences) break;
    report.summary.push_back(std::move(finding.sentence));
  }
}

}  // namespace tally::linkage
