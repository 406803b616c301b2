// Charts and sentences of C31: months by group, practices, conditions.
#include "measures/c31_acsc.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"

namespace tally::analytics {
namespace {

bool IsWhole(const GatedTable& table, size_t row, std::string_view column) {
  return table.at(row, column).text() == kAllLevels;
}

void DrawAcscMonths(const GatedTable& table, PagePart& page) {
  Chart chart("acsc-months", "stacked", table, {"month", "group", "admissions"},
              [](const GatedTable& t, size_t row) {
                return !IsWhole(t, row, "group");
              });
  if (chart.rows() == 0) return;
  chart.unit = "admissions";
  chart.options.Set("x", "month")
      .Set("series", "group")
      .Set("value", "admissions");
  std::string first = "NA", last = "NA";
  for (size_t row = 0; row < table.rows(); ++row) {
    if (!IsWhole(table, row, "group")) continue;
    last = DisplayText(table.at(row, "admissions"));
    if (first == "NA") first = last;
  }
  const std::string last_month = chart.cell(chart.rows() - 1, 0).text();
  chart.title = absl::StrFormat(
      "%s admissions in %s that care outside hospital can prevent", last,
      last_month);
  chart.summary = absl::StrFormat(
      "Emergency admissions for conditions that care outside hospital can "
      "prevent, by month and group, from %s to %s. In all: %s in the first "
      "month, %s in the last.",
      chart.cell(0, 0).text(), last_month, first, last);
  chart.notes.push_back(
      "An admission with conditions of two groups is in both.");
  page.charts.push_back(std::move(chart));
}

void DrawAcscPractices(const GatedTable& table, PagePart& page) {
  Chart chart("acsc-practices", "interval", table,
              {"area", "list", "admissions", "dsr", "dsr_lo", "dsr_hi"},
              [](const GatedTable& t, size_t row) {
                return IsWhole(t, row, "group") && !IsWhole(t, row, "area");
              });
  chart.SortBy("dsr", true);
  chart.unit = chart.columns()[chart.ColumnIndex("dsr")].unit;
  chart.options.Set("x", "dsr")
      .Set("lo", "dsr_lo")
      .Set("hi", "dsr_hi")
      .Set("y", "area");
  for (size_t row = 0; row < table.rows(); ++row) {
    if (!IsWhole(table, row, "group") || !IsWhole(table, row, "area")) continue;
    if (const auto all = table.at(row, "dsr").number()) {
      JsonValue references = JsonValue::MakeObject();
      references.Set("", *all);
      chart.options.Set("references", std::move(references))
          .Set("reference_label", "all practices");
    }
  }
  const size_t dsr = chart.ColumnIndex("dsr");
  if (chart.rows() > 0 && chart.cell(0, dsr).number()) {
    chart.title = absl::StrFormat(
        "Age-standardised, practice %s has most: %s "
        "%s",
        chart.cell(0, 0).text(), DisplayText(chart.cell(0, dsr)), chart.unit);
    page.sentences.push_back({3, chart.title + "."});
  } else {
    chart.title = "No practice has enough admissions for a standardised rate";
  }
  chart.summary = absl::StrFormat(
      "Age-standardised rate of such admissions in %d practices with 95 %% "
      "limits. %s.",
      chart.rows(), chart.title);
  page.charts.push_back(std::move(chart));
}

// Returns the sentence about all admissions.
std::string DrawAcscConditions(const GatedTable& table, PagePart& page) {
  Chart chart("acsc-conditions", "bar", table,
              {"condition", "group", "admissions", "isr"},
              [](const GatedTable& t, size_t row) {
                return !IsWhole(t, row, "condition") && IsWhole(t, row, "area");
              });
  chart.SortBy("admissions", true);
  chart.unit = "admissions";
  chart.options.Set("x", "admissions").Set("y", "condition");
  std::string all = "NA", rate = "NA", unit;
  for (size_t row = 0; row < table.rows(); ++row) {
    if (!IsWhole(table, row, "group") || !IsWhole(table, row, "area")) continue;
    all = DisplayText(table.at(row, "admissions"));
    rate = DisplayText(table.at(row, "dsr"));
    unit = table.columns()[*table.ColumnIndex("dsr")].unit;
  }
  const std::string words = absl::StrFormat(
      "%s emergency admissions in a year could mostly have been prevented by "
      "care outside hospital, %s %s (age-standardised).",
      all, rate, unit);
  page.sentences.push_back({1, words});
  if (chart.rows() > 0 && chart.cell(0, 2).number()) {
    chart.title = absl::StrFormat(
        "%s is the commonest of %d conditions: %s "
        "admissions",
        chart.cell(0, 0).text(), chart.rows(), DisplayText(chart.cell(0, 2)));
    page.sentences.push_back({2, chart.title + " in a year."});
  } else {
    chart.title = "Conditions";
  }
  chart.summary = absl::StrFormat(
      "Emergency admissions in a year by condition, %d conditions. %s.",
      chart.rows(), chart.title);
  page.charts.push_back(std::move(chart));
  return words;
}

}  // namespace

std::vector<PagePart> DrawAcsc(const std::vector<GatedTable>& tables) {
  PagePart page{"emergency", {}, {}};
  PagePart summary{"summary", {}, {}};
  for (const GatedTable& table : tables) {
    if (table.rows() == 0) continue;
    if (table.info().table == "acsc") {
      summary.sentences.push_back({4, DrawAcscConditions(table, page)});
      DrawAcscPractices(table, page);
    } else if (table.info().table == "acsc_month") {
      DrawAcscMonths(table, page);
    }
  }
  std::vector<PagePart> parts;
  if (!page.charts.empty()) parts.push_back(std::move(page));
  if (!summary.sentences.empty()) parts.push_back(std::move(summary));
  return parts;
}

}  // namespace tally::analytics
