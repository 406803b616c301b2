// Charts and sentences of D03: conditions by practice, sight tests, cataract
// surgery.
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "measures/d03_ehna.h"
#include "measures/printed.h"

namespace tally::analytics {
namespace {

bool IsEhnaAll(const GatedTable& table, size_t row) {
  return IsAllLevel(table, row, "area");
}

// Conditions that some place has a count of, hidden or not; of others the
// agreement gives nothing, and surgery or claims have their own charts.
std::set<std::string> RecordedConditions(const GatedTable& table) {
  std::set<std::string> recorded;
  for (size_t row = 0; row < table.rows(); ++row) {
    if (table.at(row, "recorded").state() != GatedCell::State::kNotAvailable) {
      recorded.insert(table.at(row, "condition").text());
    }
  }
  recorded.erase(std::string(kEyeCareRow));
  return recorded;
}

Chart ConditionMap(const GatedTable& table) {
  Chart chart(
      "ehna-map", "heatmap", table,
      {"area", "condition", "recorded", "list", "share", "share_lo", "share_hi",
       "expected", "gap"},
      [recorded = RecordedConditions(table)](const GatedTable& t, size_t row) {
        return recorded.contains(t.at(row, "condition").text());
      });
  chart.unit = "% of the list";
  chart.options.Set("value", "share").Set("x", "condition").Set("y", "area");
  const size_t share = chart.ColumnIndex("share");
  std::optional<size_t> most;
  for (size_t row = 0; row < chart.rows(); ++row) {
    const auto number = chart.cell(row, share).number();
    if (chart.cell(row, 0).text() != kAllLevels || !number.has_value()) {
      continue;
    }
    if (!most.has_value() || *number > *chart.cell(*most, share).number()) {
      most = row;
    }
  }
  if (!most.has_value()) {
    chart.title = "No eye condition has enough cases to be shown";
    chart.summary = chart.title + ".";
    return chart;
  }
  chart.title = absl::StrFormat(
      "%s has the highest recorded share: %s %% of people of its ages",
      chart.cell(*most, 1).text(), chart.cell(*most, share).text());
  chart.summary = absl::StrFormat(
      "Recorded conditions that matter to eye health, share of the list at the "
      "ages of the condition, by practice. %s.",
      chart.title);
  return chart;
}

// Practices ranked by one rate, in the rows that have it.
Chart RankedBy(const GatedTable& table, std::string id,
               const std::string& count, const std::string& rate,
               std::string_view words) {
  Chart chart(std::move(id), "interval", table,
              {"area", "list", count, rate, rate + "_lo", rate + "_hi"},
              [&](const GatedTable& t, size_t row) {
                const GatedCell& cell = t.at(row, count);
                return !IsEhnaAll(t, row) &&
                       (cell.number().has_value() || cell.suppressed());
              });
  chart.SortBy(rate, true);
  chart.unit = chart.columns()[chart.ColumnIndex(rate)].unit;
  chart.options.Set("x", rate)
      .Set("y", "area")
      .Set("lo", rate + "_lo")
      .Set("hi", rate + "_hi");
  const size_t value = chart.ColumnIndex(rate);
  const std::vector<size_t> shown = ShownRows(chart, "", "", rate);
  if (shown.empty()) {
    chart.title =
        absl::StrFormat("%s: no practice has enough to be shown", words);
    chart.summary = chart.title + ".";
    return chart;
  }
  const auto text = [&](size_t row) {
    return DisplayText(chart.cell(row, value));
  };
  chart.title = absl::StrFormat(
      "%s: %s", words,
      FromTo(text(shown.back()), text(shown.front()), chart.unit));
  chart.summary = absl::StrFormat(
      "%s %s, with 95 %% limits, %d of %d practices. %s.", words, chart.unit,
      shown.size(), chart.rows(),
      Extremes(chart.cell(shown.front(), 0).text(), text(shown.front()),
               chart.cell(shown.back(), 0).text(), text(shown.back())));
  return chart;
}

}  // namespace

std::vector<PagePart> DrawEhna(const MeasureDefinition&,
                               const std::vector<GatedTable>& tables) {
  std::vector<PagePart> parts;
  if (tables.empty() || tables[0].rows() == 0) return parts;
  const GatedTable& table = tables[0];
  PagePart needs{"needs", {}, {}};
  for (size_t row = 0; row < table.rows(); ++row) {
    if (!IsEhnaAll(table, row)) continue;
    if (table.at(row, "dr_eligible").number().has_value()) {
      needs.sentences.push_back(
          {5, absl::StrFormat("%s people are eligible for diabetic eye "
                              "screening.",
                              DisplayText(table.at(row, "dr_eligible")))});
    }
    if (table.at(row, "condition").text() != kEyeCareRow) continue;
    const std::string words = FirstSaid(
        {Say("$0 matched sight tests per 100,000 people, $1 first hospital eye "
             "attendances per 1,000.",
             table.at(row, "sight_tests_100k"),
             table.at(row, "hospital_first_1000"))},
        "");
    if (!words.empty()) needs.sentences.push_back({6, words});
  }
  needs.charts.push_back(ConditionMap(table));
  needs.charts.push_back(RankedBy(table, "ehna-sight-tests", "sight_tests",
                                  "sight_tests_100k", "Sight tests"));
  needs.charts.push_back(RankedBy(table, "ehna-cataract", "cataract",
                                  "cataract_dsr", "Cataract admissions"));
  needs.charts.push_back(RankedBy(table, "ehna-hospital", "hospital_first",
                                  "hospital_first_1000",
                                  "First hospital eye attendances"));
  parts.push_back(std::move(needs));
  return parts;
}

}  // namespace tally::analytics
