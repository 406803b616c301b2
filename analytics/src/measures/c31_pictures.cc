// Charts and sentences of C31: months by group, practices, conditions.
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "measures/c31_acsc.h"
#include "measures/printed.h"

namespace tally::analytics {
namespace {

// The month with most admissions in all; nothing if none is printed above 0.
std::optional<size_t> FullestMonth(const GatedTable& table) {
  std::optional<size_t> most;
  for (size_t row = 0; row < table.rows(); ++row) {
    const auto number = table.at(row, "admissions").number();
    if (!IsAllLevel(table, row, "group") || number.value_or(0) <= 0) continue;
    if (!most || *number > *table.at(*most, "admissions").number()) most = row;
  }
  return most;
}

void DrawAcscMonths(const GatedTable& table, PagePart& page) {
  Chart chart("acsc-months", "stacked", table, {"month", "group", "admissions"},
              [](const GatedTable& t, size_t row) {
                return !IsAllLevel(t, row, "group");
              });
  if (chart.rows() == 0) return;
  chart.unit = "admissions";
  chart.options.Set("x", "month")
      .Set("series", "group")
      .Set("value", "admissions");
  const std::string what =
      "Admissions that care outside hospital can mostly prevent";
  const std::optional<size_t> most = FullestMonth(table);
  chart.title = most ? *Say("$0: most in $1, $2", what,
                            MonthInWords(table.at(*most, "month").text()),
                            table.at(*most, "admissions"))
                     : what + ": too few in every month to be printed";
  chart.summary = absl::StrFormat(
      "Emergency admissions for conditions that care outside hospital can "
      "prevent, by month and group, %s to %s. %s.",
      MonthInWords(chart.text(0, 0)),
      MonthInWords(chart.text(chart.rows() - 1, 0)), chart.title);
  chart.notes.push_back(
      "An admission with conditions of two groups is in both.");
  page.charts.push_back(std::move(chart));
}

void DrawAcscPractices(const GatedTable& table, PagePart& page) {
  Chart chart("acsc-practices", "interval", table,
              {"area", "list", "admissions", "dsr", "dsr_lo", "dsr_hi"},
              [](const GatedTable& t, size_t row) {
                return IsAllLevel(t, row, "group") &&
                       !IsAllLevel(t, row, "area");
              });
  chart.SortBy("dsr", true);
  chart.unit = chart.columns()[chart.ColumnIndex("dsr")].unit;
  chart.options.Set("x", "dsr")
      .Set("lo", "dsr_lo")
      .Set("hi", "dsr_hi")
      .Set("y", "area");
  const auto all =
      FindPrintedRow(table, {{"group", kAllLevels}, {"area", kAllLevels}});
  if (all && table.at(*all, "dsr").number()) {
    JsonValue references = JsonValue::MakeObject();
    references.Set("", *table.at(*all, "dsr").number());
    chart.options.Set("references", std::move(references))
        .Set("reference_label", "all practices");
  }
  const std::vector<size_t> shown = ShownRows(chart, "", "", "dsr");
  if (shown.empty()) {
    chart.title = "No practice has enough admissions for a standardised rate";
  } else {
    chart.title = *Say(
        shown.size() == 1
            ? "Preventable admissions, age-standardised: $0 alone of $1 is "
              "printed, with $2 $3"
            : "Preventable admissions, age-standardised: $0 is highest of $1 "
              "with $2 $3",
        chart.text(shown[0], 0),
        Counted(static_cast<int64_t>(shown.size() == 1 ? chart.rows()
                                                       : shown.size()),
                {"practice", "practices"}),
        chart.cell(shown[0], chart.ColumnIndex("dsr")), chart.unit);
    page.sentences.push_back({3, chart.title + "."});
  }
  chart.summary = absl::StrFormat(
      "Age-standardised rate of such admissions with 95 %% limits, %d of %d "
      "practices; the others have too few. %s.",
      shown.size(), chart.rows(), chart.title);
  page.charts.push_back(std::move(chart));
}

// Returns the sentence about all admissions; empty if they are not printed.
std::string DrawAcscConditions(const GatedTable& table, PagePart& page) {
  Chart chart("acsc-conditions", "bar", table,
              {"condition", "group", "admissions", "isr"},
              [](const GatedTable& t, size_t row) {
                return !IsAllLevel(t, row, "condition") &&
                       IsAllLevel(t, row, "area");
              });
  chart.SortBy("admissions", true);
  chart.unit = "admissions";
  chart.options.Set("x", "admissions").Set("y", "condition");
  std::string words;
  if (const auto all = FindPrintedRow(
          table, {{"group", kAllLevels}, {"area", kAllLevels}})) {
    const std::string unit = table.columns()[*table.ColumnIndex("dsr")].unit;
    words = FirstSaid(
        {Say("$0 emergency admissions in a year could mostly have been "
             "prevented by care outside hospital, $1 $2 (age-standardised).",
             table.at(*all, "admissions"), table.at(*all, "dsr"), unit),
         Say("$0 emergency admissions in a year could mostly have been "
             "prevented by care outside hospital.",
             table.at(*all, "admissions"))},
        "");
  }
  if (!words.empty()) page.sentences.push_back({1, words});
  const std::vector<size_t> shown = ShownRows(chart, "", "", "admissions");
  const bool any = !shown.empty() &&
                   *chart.number(shown[0], chart.ColumnIndex("admissions")) > 0;
  if (any) {
    chart.title = *Say(
        "$0 is the commonest of $1 preventable conditions: $2 "
        "admissions in a year",
        chart.text(shown[0], 0), chart.rows(), chart.cell(shown[0], 2));
    page.sentences.push_back({2, chart.title + "."});
  } else {
    chart.title = "Too few admissions for preventable conditions to be printed";
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
  if (const GatedTable* table = FilledTable(tables, "acsc")) {
    const std::string words = DrawAcscConditions(*table, page);
    if (!words.empty()) summary.sentences.push_back({4, words});
    DrawAcscPractices(*table, page);
  }
  if (const GatedTable* months = FilledTable(tables, "acsc_month")) {
    DrawAcscMonths(*months, page);
  }
  std::vector<PagePart> parts;
  if (!page.charts.empty()) parts.push_back(std::move(page));
  if (!summary.sentences.empty()) parts.push_back(std::move(summary));
  return parts;
}

}  // namespace tally::analytics
