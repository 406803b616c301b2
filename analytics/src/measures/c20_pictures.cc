// Charts and sentences of C20: funnel of ratios, monthly rate, diagnoses.
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "measures/c20_readmission.h"
#include "measures/ratio_funnel.h"

namespace tally::analytics {
namespace {

const GatedTable* ReadmissionTableNamed(const std::vector<GatedTable>& tables,
                                        std::string_view name) {
  for (const GatedTable& table : tables) {
    if (table.info().table == name && table.rows() > 0) return &table;
  }
  return nullptr;
}

void DrawYear(const GatedTable& table, PagePart& page, PagePart& summary) {
  if (!table.ColumnIndex("area").ok()) return;
  const std::optional<size_t> all = AllRowOf(table, "area");
  if (all) {
    const std::string words = absl::StrFormat(
        "%s of %s discharges (%s %%) were followed by an emergency readmission "
        "within 30 days.",
        DisplayText(table.at(*all, "readmitted")),
        DisplayText(table.at(*all, "index_spells")),
        table.at(*all, "rate").text());
    page.sentences.push_back({1, words});
    summary.sentences.push_back({2, words});
  }
  const RatioFunnelOf of{"readmission-funnel", "area",  "index_spells",
                         "readmitted",         "ratio", "practices",
                         "Readmission ratio"};
  Chart funnel = RatioFunnel(table, of);
  const RatioFunnelCounts counts = CountRatioFunnel(table, of);
  page.sentences.push_back(
      {2, absl::StrFormat("%d of %d practices have more readmissions than "
                          "their patients explain, %d have fewer (99.8 %% "
                          "limits).",
                          counts.high, counts.areas, counts.low)});
  page.charts.push_back(std::move(funnel));
}

void DrawProviders(const GatedTable& table, PagePart& page) {
  Chart chart("readmission-providers", "interval", table,
              {"provider", "index_spells", "readmitted", "ratio", "ratio_lo",
               "ratio_hi"},
              [](const GatedTable& t, size_t row) {
                return t.at(row, "provider").text() != kAllLevels;
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
  const size_t ratio = chart.ColumnIndex("ratio");
  if (chart.rows() > 0 && chart.cell(0, ratio).number()) {
    chart.title = absl::StrFormat(
        "Readmission ratio of %d providers; highest: %s with %s", chart.rows(),
        chart.cell(0, 0).text(), chart.cell(0, ratio).text());
    chart.summary = chart.title + ", with 95 % limits; 100 is as expected.";
  } else {
    chart.title = "No provider has enough readmissions for a ratio";
    chart.summary = chart.title + ".";
  }
  page.charts.push_back(std::move(chart));
}

void DrawMonths(const GatedTable& table, PagePart& page) {
  Chart chart("readmission-months", "xmr", table,
              {"month", "index_spells", "readmitted", "rate"},
              [](const GatedTable&, size_t) { return true; });
  chart.unit = "% of index spells";
  chart.options.Set("x", "month").Set("y", "rate");
  const size_t last = chart.rows() - 1;
  chart.title = absl::StrFormat(
      "Readmission rate by month of discharge: %s "
      "%% in %s",
      chart.cell(last, 3).text(), chart.cell(last, 0).text());
  chart.summary = absl::StrFormat(
      "Emergency readmissions within 30 days by month of discharge, %d months "
      "from %s to %s. First month %s %%, last month %s %%.",
      chart.rows(), chart.cell(0, 0).text(), chart.cell(last, 0).text(),
      chart.cell(0, 3).text(), chart.cell(last, 3).text());
  page.charts.push_back(std::move(chart));
}

void DrawReasons(const GatedTable& table, PagePart& page) {
  Chart chart("readmission-reasons", "bar", table,
              {"reason", "readmitted", "share"},
              [](const GatedTable& t, size_t row) {
                return t.at(row, "reason").text() != kAllLevels;
              });
  chart.SortBy("readmitted", true);
  chart.unit = "readmissions";
  chart.options.Set("x", "readmitted").Set("y", "reason");
  if (chart.rows() > 0 && chart.cell(0, 1).number()) {
    chart.title = absl::StrFormat(
        "%s: the commonest diagnosis of readmissions, %s of them (%s %%)",
        chart.cell(0, 0).text(), DisplayText(chart.cell(0, 1)),
        chart.cell(0, 2).text());
    page.sentences.push_back({3, chart.title + "."});
  } else {
    chart.title = "Diagnoses of readmissions";
  }
  chart.summary = absl::StrFormat(
      "Emergency readmissions by chapter of their first diagnosis, %d "
      "chapters. %s.",
      chart.rows(), chart.title);
  page.charts.push_back(std::move(chart));
}

}  // namespace

std::vector<PagePart> DrawReadmissions(const std::vector<GatedTable>& tables) {
  PagePart page{"emergency", {}, {}};
  PagePart summary{"summary", {}, {}};
  if (const auto* year = ReadmissionTableNamed(tables, "readmission_30d")) {
    DrawYear(*year, page, summary);
  }
  if (const auto* table =
          ReadmissionTableNamed(tables, "readmission_provider")) {
    DrawProviders(*table, page);
  }
  if (const auto* table = ReadmissionTableNamed(tables, "readmission_month")) {
    DrawMonths(*table, page);
  }
  if (const auto* table = ReadmissionTableNamed(tables, "readmission_reason")) {
    DrawReasons(*table, page);
  }
  std::vector<PagePart> parts;
  if (!page.charts.empty()) parts.push_back(std::move(page));
  if (!summary.sentences.empty()) parts.push_back(std::move(summary));
  return parts;
}

}  // namespace tally::analytics
