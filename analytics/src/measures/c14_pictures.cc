// Charts and sentences of C14: thresholds by age group, practices, and risky
// combinations.
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "base/status.h"
#include "measures/c14_polypharmacy.h"
#include "measures/printed.h"

namespace tally::analytics {
namespace {

bool IsC14Total(const GatedTable& table, size_t row) {
  return IsAllLevel(table, row, "area");
}

const GatedTable* C14Table(const std::vector<GatedTable>& tables,
                           std::string_view name) {
  const GatedTable* table = FilledTable(tables, name);
  const bool of_areas = table != nullptr && table->ColumnIndex("area").ok();
  return of_areas ? table : nullptr;
}

// The printed row of all practices at a threshold; none if it is not there.
std::optional<size_t> AllRow(const GatedTable& table, std::string_view age,
                             std::string_view threshold) {
  return FindPrintedRow(
      table,
      {{"area", kAllLevels}, {"age_group", age}, {"threshold", threshold}});
}

Chart Thresholds(const GatedTable& table, std::string_view headline,
                 std::string_view oldest) {
  Chart chart("polypharmacy-thresholds", "stacked", table,
              {"age_group", "threshold", "num", "den", "share", "share_lo",
               "share_hi", "mean_medicines"},
              IsC14Total);
  chart.unit = "% of people with any medicine";
  chart.options.Set("value", "share")
      .Set("x", "age_group")
      .Set("series", "threshold")
      .Set("layout", "grouped");
  const auto all = AllRow(table, AgeFromText(0), headline);
  const auto old = AllRow(table, oldest, headline);
  if (!all.has_value() || !old.has_value()) return chart;
  chart.notes.push_back(
      "Bars stand for the thresholds: so many medicines or more.");
  const auto share = [&](size_t row) -> const GatedCell& {
    return table.at(row, "share");
  };
  chart.title = FirstSaid(
      {Say("$0 % of people with any medicine take $1 or more, $2 % of those "
           "aged $3",
           share(*all), headline, share(*old), oldest),
       Say("$0 % of people with any medicine take $1 or more", share(*all),
           headline)},
      "Too few people take so many medicines to print a share");
  chart.summary = absl::StrFormat(
      "Share of people with at least so many different medicines in three "
      "months, by age group, all practices together. %s.%s",
      chart.title,
      FirstSaid({Say(" $0 of $1 people take $2 or more; the mean is $3 "
                     "medicines.",
                     table.at(*all, "num"), table.at(*all, "den"), headline,
                     table.at(*all, "mean_medicines"))},
                ""));
  return chart;
}

// Rows of a level, printed or not.
size_t ShownAndHidden(const Chart& chart, size_t column,
                      const std::string& level) {
  size_t rows = 0;
  for (size_t row = 0; row < chart.rows(); ++row) {
    rows += chart.cell(row, column).text() == level;
  }
  return rows;
}

// Practices by their share at the headline's threshold, for each age group.
Chart RankedPractices(const GatedTable& table, const std::string& headline) {
  Chart chart("polypharmacy-practices", "interval", table,
              {"area", "age_group", "num", "den", "share", "share_lo",
               "share_hi", "mean_medicines"},
              [&](const GatedTable& t, size_t row) {
                return !IsC14Total(t, row) &&
                       t.at(row, "threshold").text() == headline;
              });
  chart.SortBy("share", true);
  chart.unit = "% of people with any medicine";
  chart.SelectBy("age_group", "Age group", AgeFromText(0));
  const size_t age_column = chart.ColumnIndex("age_group");
  const size_t share = chart.ColumnIndex("share");
  JsonValue references = JsonValue::MakeObject();
  for (const std::string& age : chart.LevelsOf("age_group")) {
    const auto all = AllRow(table, age, headline);
    const auto middle =
        all.has_value() ? table.at(*all, "share").number() : std::nullopt;
    if (middle.has_value()) references.Set(age, *middle);
    const std::vector<size_t> shown =
        ShownRows(chart, "age_group", age, "share");
    const size_t areas = ShownAndHidden(chart, age_column, age);
    if (shown.empty()) {
      const std::string words =
          absl::StrFormat("%s: no practice has enough people to be shown", age);
      chart.Describe(age, words, words + ".");
      continue;
    }
    const auto area = [&](size_t row) { return chart.cell(row, 0).text(); };
    const auto value = [&](size_t row) {
      return chart.cell(row, share).text();
    };
    chart.Describe(
        age,
        absl::StrFormat("%s or more medicines, %s: %s", headline, age,
                        FromTo(value(shown.back()), value(shown.front()), "%")),
        absl::StrFormat("Share of people with %s or more medicines, %s, with "
                        "95 %% limits, %d of %d practices. %s.",
                        headline, age, shown.size(), areas,
                        Extremes(area(shown.front()), value(shown.front()),
                                 area(shown.back()), value(shown.back()))));
  }
  chart.options.Set("x", "share")
      .Set("lo", "share_lo")
      .Set("hi", "share_hi")
      .Set("y", "area")
      .Set("references", std::move(references))
      .Set("reference_label", "all practices");
  chart.notes.push_back(
      "Practices with more old people have more polypharmacy: compare within "
      "an age group.");
  return chart;
}

Chart Combinations(const GatedTable& table) {
  Chart chart("risky-combinations", "bar", table,
              {"combination", "num", "den", "share", "share_lo", "share_hi"},
              IsC14Total);
  chart.SortBy("share", true);
  chart.unit = "% of people with any medicine";
  chart.options.Set("x", "share")
      .Set("y", "combination")
      .Set("lo", "share_lo")
      .Set("hi", "share_hi");
  if (chart.rows() == 0) return chart;
  const size_t num = chart.ColumnIndex("num");
  const std::vector<size_t> shown = ShownRows(chart, "", "", "num");
  if (shown.empty()) {
    chart.title = "No risky combination has enough people to be shown";
    chart.summary = chart.title + ".";
    return chart;
  }
  if (*chart.number(shown[0], num) <= 0) {
    chart.title = "None of the risky combinations is found that can be printed";
    chart.summary = chart.title + ".";
    return chart;
  }
  chart.title =
      *Say("$0 people have: $1", chart.cell(0, num), chart.cell(0, 0).text());
  chart.summary = absl::StrFormat(
      "People with risky combinations of medicines in three months, all "
      "practices together. Commonest of %d: %s, %s people, %s %% of those with "
      "any medicine.",
      chart.rows(), chart.cell(0, 0).text(), DisplayText(chart.cell(0, num)),
      chart.cell(0, chart.ColumnIndex("share")).text());
  return chart;
}

}  // namespace

std::vector<PagePart> DrawPolypharmacy(const MeasureDefinition& definition,
                                       const std::vector<GatedTable>& tables) {
  std::vector<PagePart> parts;
  const absl::StatusOr<PolypharmacyRules> rules =
      ReadPolypharmacyRules(definition);
  const GatedTable* table = C14Table(tables, "polypharmacy");
  if (!rules.ok() || table == nullptr) return parts;
  const std::string headline = absl::StrFormat("%d", rules->headline);
  PagePart medicines{"medicines", {}, {}};
  PagePart summary{"summary", {}, {}};
  Chart thresholds =
      Thresholds(*table, headline, AgeFromText(rules->ages_from.back()));
  if (!thresholds.title.empty()) {
    medicines.sentences.push_back({1, thresholds.title + "."});
    summary.sentences.push_back({5, thresholds.title + "."});
  }
  Chart practices = RankedPractices(*table, headline);
  medicines.sentences.push_back({3, practices.title + "."});
  summary.charts.push_back(thresholds);
  medicines.charts.push_back(std::move(thresholds));
  medicines.charts.push_back(std::move(practices));
  const GatedTable* risky = C14Table(tables, "risky_combinations");
  if (risky != nullptr) {
    Chart combinations = Combinations(*risky);
    medicines.sentences.push_back({4, combinations.title + "."});
    medicines.charts.push_back(std::move(combinations));
  }
  parts.push_back(std::move(medicines));
  parts.push_back(std::move(summary));
  return parts;
}

}  // namespace tally::analytics
