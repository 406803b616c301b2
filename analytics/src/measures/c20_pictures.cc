// Charts and sentences of C20: funnel of ratios, monthly rate, diagnoses.
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "analytics/dashboard/xmr_chart.h"
#include "measures/c20_readmission.h"
#include "measures/printed.h"
#include "measures/ratio_funnel.h"
#include "measures/spc_mode.h"

namespace tally::analytics {
namespace {

void DrawYear(const GatedTable& table, PagePart& page, PagePart& summary) {
  if (!table.ColumnIndex("area").ok()) return;
  if (const auto all = FindPrintedRow(table, {{"area", kAllLevels}})) {
    const std::string words = FirstSaid(
        {Say("$0 of $1 discharges ($2 %) were followed by an emergency "
             "readmission within 30 days.",
             table.at(*all, "readmitted"), table.at(*all, "index_spells"),
             table.at(*all, "rate"))},
        "Too few discharges were followed by an emergency readmission within "
        "30 days to print their number.");
    page.sentences.push_back({1, words});
    summary.sentences.push_back({3, words});
  }
  const RatioFunnelOf of{
      "readmission-funnel", "area",  "index_spells",
      "readmitted",         "ratio", {"practice", "practices"},
      "Readmission ratio"};
  Chart funnel = RatioFunnel(table, of);
  if (CountRatioFunnel(table, of).areas > 0) {
    page.sentences.push_back({2, funnel.title + "."});
  }
  page.charts.push_back(std::move(funnel));
}

void DrawProviders(const GatedTable& table, PagePart& page) {
  Chart chart("readmission-providers", "interval", table,
              {"provider", "index_spells", "readmitted", "ratio", "ratio_lo",
               "ratio_hi"},
              [](const GatedTable& t, size_t row) {
                return !IsAllLevel(t, row, "provider");
              });
  chart.SortBy("ratio", true);
  chart.unit = "100 = as expected";
  JsonValue references = JsonValue::MakeObject();
  references.Set("", 100.0);
  chart.options.Set("x", "ratio")
      .Set("lo", "ratio_lo")
      .Set("hi", "ratio_hi")
      .Set("y", "provider")
      .Set("references", std::move(references))
      .Set("reference_label", "as expected");
  const std::vector<size_t> shown = ShownRows(chart, "", "", "ratio");
  chart.title = "No provider has enough readmissions for a ratio";
  if (!shown.empty()) {
    chart.title = *Say(
        "Readmission ratio of $0; highest: $1 with $2",
        Counted(static_cast<int64_t>(shown.size()), {"provider", "providers"}),
        chart.text(shown[0], 0), chart.cell(shown[0], 3));
  }
  chart.summary = absl::StrFormat(
      "Readmissions over those expected with 95 %% limits, %d of %d providers; "
      "100 is as expected. %s.",
      shown.size(), chart.rows(), chart.title);
  page.charts.push_back(std::move(chart));
}

void DrawMonths(const GatedTable& table, SpcMode mode, PagePart& page) {
  Chart chart("readmission-months", "xmr", table,
              {"month", "index_spells", "readmitted", "rate"},
              [](const GatedTable&, size_t) { return true; });
  chart.unit = "% of index spells";
  XmrRequest request;
  request.value = "rate";
  request.month = "month";
  request.subject = "Readmission rate by month of discharge";
  request.direction = Direction::kLowerIsBetter;
  request.mode = mode;
  AddXmr(chart, request);
  chart.notes.push_back(SpcModeNote(mode));
  page.charts.push_back(std::move(chart));
}

void DrawReasons(const GatedTable& table, PagePart& page) {
  Chart chart("readmission-reasons", "bar", table,
              {"reason", "readmitted", "share"},
              [](const GatedTable& t, size_t row) {
                return !IsAllLevel(t, row, "reason");
              });
  chart.SortBy("readmitted", true);
  chart.unit = "readmissions";
  chart.options.Set("x", "readmitted").Set("y", "reason");
  const std::vector<size_t> shown = ShownRows(chart, "", "", "readmitted");
  chart.title = "No diagnosis of readmissions is common enough to be printed";
  if (!shown.empty()) {
    chart.title = FirstSaid(
        {chart.rows() == 1
             ? Say("$0: the only diagnosis of readmissions that is printed, $1 "
                   "of them",
                   chart.text(shown[0], 0), chart.cell(shown[0], 1))
             : std::nullopt,
         Say("$0: the commonest diagnosis of readmissions, $1 of them ($2 %)",
             chart.text(shown[0], 0), chart.cell(shown[0], 1),
             chart.cell(shown[0], 2)),
         Say("$0: the commonest diagnosis of readmissions, $1 of them",
             chart.text(shown[0], 0), chart.cell(shown[0], 1))},
        chart.title);
    page.sentences.push_back({3, chart.title + "."});
  }
  chart.summary = absl::StrFormat(
      "Emergency readmissions by chapter of their first diagnosis, %s. %s.",
      Counted(static_cast<int64_t>(chart.rows()), {"chapter", "chapters"}),
      chart.title);
  page.charts.push_back(std::move(chart));
}

}  // namespace

std::vector<PagePart> DrawReadmissions(const MeasureDefinition& definition,
                                       const std::vector<GatedTable>& tables) {
  PagePart page{"emergency", {}, {}};
  PagePart summary{"summary", {}, {}};
  const SpcMode mode = ReadSpcMode(definition).value_or(SpcMode::kScreened);
  if (const auto* year = FilledTable(tables, "readmission_30d")) {
    DrawYear(*year, page, summary);
  }
  if (const auto* providers = FilledTable(tables, "readmission_provider")) {
    DrawProviders(*providers, page);
  }
  if (const auto* months = FilledTable(tables, "readmission_month")) {
    DrawMonths(*months, mode, page);
  }
  if (const auto* reasons = FilledTable(tables, "readmission_reason")) {
    DrawReasons(*reasons, page);
  }
  std::vector<PagePart> parts;
  if (!page.charts.empty()) parts.push_back(std::move(page));
  if (!summary.sentences.empty()) parts.push_back(std::move(summary));
  return parts;
}

}  // namespace tally::analytics
