// Charts and sentences of C27: opportunity by procedure and practice.
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "measures/c27_ebi.h"
#include "measures/printed.h"

namespace tally::analytics {
namespace {

// The opportunity of one procedure everywhere, and of practices.
Chart EbiProcedures(const GatedTable& table) {
  Chart chart("ebi-opportunity", "bar", table,
              {"procedure", "n", "dsr", "benchmark_p25", "excess", "cost"},
              [](const GatedTable& t, size_t row) {
                return IsAllLevel(t, row, "area");
              });
  chart.SortBy("excess", true);
  chart.unit = "procedures a year above the rate of the lowest quarter";
  chart.options.Set("x", "excess").Set("y", "procedure");
  const size_t excess = chart.ColumnIndex("excess");
  if (chart.rows() > 0 && chart.cell(0, excess).number()) {
    chart.title =
        *Say("$0: $1 procedures more than at the rate of the lowest quarter",
             chart.text(0, 0), chart.cell(0, excess));
  } else {
    chart.title =
        "No procedure is common enough in enough practices for a comparison";
  }
  chart.summary = absl::StrFormat(
      "Procedures of low priority by how many fewer there would be at the rate "
      "of the lowest quarter of practices, %d procedures. %s.",
      chart.rows(), chart.title);
  return chart;
}

Chart EbiPractices(const GatedTable& table, const std::string& first) {
  Chart chart("ebi-practices", "interval", table,
              {"procedure", "area", "n", "dsr", "dsr_lo", "dsr_hi", "excess"},
              [](const GatedTable& t, size_t row) {
                return !IsAllLevel(t, row, "area");
              });
  chart.SortBy("dsr", true);
  chart.unit = "per 100,000";
  chart.SelectBy("procedure", "Procedure", first);
  const size_t dsr = chart.ColumnIndex("dsr");
  for (const std::string& procedure : chart.LevelsOf("procedure")) {
    const std::vector<size_t> shown =
        ShownRows(chart, "procedure", procedure, "dsr");
    const std::string words =
        shown.empty()
            ? procedure + ": no practice has enough for a standardised rate"
            : *Say("$0: $1 does most of $2, $3 per 100,000", procedure,
                   chart.text(shown[0], 1),
                   Counted(static_cast<int64_t>(shown.size()),
                           {"practice", "practices"}),
                   chart.cell(shown[0], dsr));
    chart.Describe(procedure, words,
                   absl::StrFormat("%s. Age-standardised rate with 95 %% "
                                   "limits; practices that are not drawn have "
                                   "too few.",
                                   words));
  }
  JsonValue references = JsonValue::MakeObject();
  for (size_t row = 0; row < table.rows(); ++row) {
    const auto benchmark = table.at(row, "benchmark_p25").number();
    if (benchmark && table.at(row, "area").text() == kAllLevels) {
      references.Set(table.at(row, "procedure").text(), *benchmark);
    }
  }
  chart.options.Set("x", "dsr")
      .Set("lo", "dsr_lo")
      .Set("hi", "dsr_hi")
      .Set("y", "area")
      .Set("references", std::move(references))
      .Set("reference_label", "lowest quarter");
  return chart;
}

}  // namespace

std::vector<PagePart> DrawEbi(const std::vector<GatedTable>& tables) {
  std::vector<PagePart> parts;
  for (const GatedTable& table : tables) {
    if (table.info().table != "ebi_opportunity" || table.rows() == 0) continue;
    PagePart page{"finance", {}, {}};
    PagePart look{"where-to-look", {}, {}};
    Chart procedures = EbiProcedures(table);
    page.sentences.push_back({2, procedures.title + "."});
    look.sentences.push_back({2, procedures.title + "."});
    look.charts.push_back(procedures);
    double cost = 0;
    int counted = 0;
    const size_t column = procedures.ColumnIndex("cost");
    for (size_t row = 0; row < procedures.rows(); ++row) {
      if (const auto pounds = procedures.cell(row, column).number()) {
        cost += *pounds;
        ++counted;
      }
    }
    if (counted > 0) {
      page.sentences.push_back(
          {1, absl::StrFormat("At the rate of the lowest quarter of practices "
                              "%d procedures of low priority would cost %s "
                              "pounds a year less.",
                              counted,
                              WithThousands(absl::StrFormat("%.0f", cost)))});
    }
    const std::string first =
        procedures.rows() > 0 ? procedures.cell(0, 0).text() : std::string();
    page.charts.push_back(std::move(procedures));
    Chart practices = EbiPractices(table, first);
    if (practices.rows() > 0) page.charts.push_back(std::move(practices));
    parts.push_back(std::move(page));
    parts.push_back(std::move(look));
  }
  return parts;
}

}  // namespace tally::analytics
