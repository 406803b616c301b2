// C17: the value of one year of every indicator, and its icons.
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/measure.h"
#include "base/status.h"
#include "measures/indicator_series.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kTrendEngine = "C29";

absl::Status AddResults(const DeriveContext& context, const GatedTable& year,
                        const std::map<std::string, CatalogueEntry>& catalogue,
                        DerivedTable& table) {
  const auto words = LastWords(context.Find(kTrendEngine, kSpcTable));
  for (size_t row = 0; row < year.rows(); ++row) {
    const auto entry = catalogue.find(year.at(row, "indicator").text());
    if (entry == catalogue.end()) continue;
    const auto word = words.find({entry->first, year.at(row, "area").text()});
    const bool charted = word != words.end();
    TALLY_RETURN_IF_ERROR(table.AddRow(
        {DerivedCell::Text(entry->first), DerivedCell::Text(entry->second.name),
         DerivedCell::Text(entry->second.programme),
         DerivedCell::Copy(year.at(row, "area")),
         DerivedCell::Text(context.month.ToMonth()),
         DerivedCell::Copy(year.at(row, "num")),
         DerivedCell::Copy(year.at(row, "den")),
         DerivedCell::Copy(year.at(row, "value")),
         DerivedCell::Copy(year.at(row, "value_lo")),
         DerivedCell::Copy(year.at(row, "value_hi")),
         DerivedCell::Text(entry->second.unit),
         DerivedCell::Text(charted ? word->second.variation : ""),
         DerivedCell::Text(charted ? word->second.assurance : "")}));
  }
  return absl::OkStatus();
}

class QualityDashboard : public Measure {
 public:
  absl::StatusOr<std::vector<DerivedTable>> Derive(
      const DeriveContext& context) const override {
    std::vector<DerivedTable> tables;
    std::vector<const GatedTable*> sources =
        IndicatorTables(context, kTrendEngine, kIndicatorYearTables);
    if (sources.empty()) return tables;
    const std::vector<const GatedTable*> years = sources;
    const GatedTable* points = context.Find(kTrendEngine, kSpcTable);
    if (points != nullptr) sources.push_back(points);
    const auto catalogue =
        ReadCatalogue(context.Find(kTrendEngine, kIndicatorTable));
    TableInfo info = context.Info("indicator_results",
                                  "Indicators of one year with their icons",
                                  *sources.front());
    info.notes.emplace_back(
        "The value is that of 12 months; variation and assurance are those of "
        "the last month of the control chart. Without words: no chart.");
    TALLY_ASSIGN_OR_RETURN(
        DerivedTable table,
        DerivedTable::Create(
            std::move(info),
            {DimensionColumn("indicator", "Indicator"),
             WordColumn("name", "Name"), WordColumn("programme", "Programme"),
             DimensionColumn("area", "Practice"),
             DimensionColumn("period", "Year to"),
             DerivedColumn("num", "Events"), DerivedColumn("den", "Of"),
             DerivedColumn("value", "Value"),
             DerivedColumn("lo", "Lower limit"),
             DerivedColumn("hi", "Upper limit"), WordColumn("unit", "Unit"),
             WordColumn("variation", "Variation"),
             WordColumn("assurance", "Assurance")},
            sources));
    for (const GatedTable* year : years) {
      TALLY_RETURN_IF_ERROR(AddResults(context, *year, catalogue, table));
    }
    tables.push_back(std::move(table));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition&,
      const std::vector<GatedTable>& tables) const override;
};

bool HasIcons(const GatedTable& table, size_t row) {
  return table.at(row, "area").text() == kAllLevels &&
         !table.at(row, "variation").text().empty();
}

std::string VerdictWords(const IndicatorVerdicts& verdicts,
                         const std::string& worst) {
  if (verdicts.judged == 0) {
    return absl::StrFormat("No indicator can be judged by its months: %s",
                           verdicts.NotJudged());
  }
  // "it" is the only one that can be judged.
  const std::string who =
      verdicts.judged == 1 ? "it" : NumberOrNone(verdicts.concern);
  const std::string_view does = verdicts.judged == 1 && verdicts.concern == 0
                                    ? "does not worsen"
                                : verdicts.concern <= 1 ? "worsens"
                                                        : "worsen";
  std::string words = Capitalised(absl::StrFormat(
      "%s: %s %s by more than chance", verdicts.Judged(), who, does));
  if (!worst.empty()) {
    absl::StrAppend(&words, verdicts.concern == 1 ? ", " : ", among them ",
                    worst);
  }
  absl::StrAppend(&words, "; ", verdicts.Missing());
  const std::string rest = verdicts.NotJudged();
  if (!rest.empty()) absl::StrAppend(&words, "; ", rest);
  return words;
}

std::vector<PagePart> QualityDashboard::Draw(
    const MeasureDefinition&, const std::vector<GatedTable>& tables) const {
  std::vector<PagePart> parts;
  const GatedTable* table = PrintedTable(tables, "indicator_results");
  if (table == nullptr) return parts;
  IndicatorVerdicts verdicts;
  std::string named;
  for (size_t row = 0; row < table->rows(); ++row) {
    if (!HasIcons(*table, row)) continue;
    const std::string& variation = table->at(row, "variation").text();
    verdicts.Add(variation, table->at(row, "assurance").text());
    if (variation == "concern" && named.empty()) {
      named = table->at(row, "name").text();
    }
  }
  if (verdicts.all == 0) return parts;
  const std::string words = VerdictWords(verdicts, named);
  Chart matrix("quality-matrix", "matrix", *table,
               {"name", "variation", "assurance"}, HasIcons);
  matrix.title = words;
  matrix.summary = words + ". Indicators by variation and assurance.";
  matrix.options.Set("label", "name")
      .Set("variation", "variation")
      .Set("assurance", "assurance");
  Chart icons("quality-icons", "icons", *table,
              {"name", "value", "lo", "hi", "unit", "variation", "assurance"},
              HasIcons);
  icons.title = absl::StrFormat("%d indicators of the year to %s", verdicts.all,
                                MonthInWords(table->at(0, "period").text()));
  icons.options.Set("wide", true);
  icons.summary = icons.title +
                  ": value with 95 % limits, variation and assurance of the "
                  "last month.";
  icons.options.Set("label", "name")
      .Set("value", "value")
      .Set("lo", "lo")
      .Set("hi", "hi")
      .Set("unit", "unit")
      .Set("variation", "variation")
      .Set("assurance", "assurance");
  PagePart summary{"summary", {{7, words + "."}}, {}};
  summary.charts.push_back(std::move(matrix));
  summary.charts.push_back(std::move(icons));
  parts.push_back(std::move(summary));
  return parts;
}

}  // namespace

std::unique_ptr<Measure> MakeC17() {
  return std::make_unique<QualityDashboard>();
}

}  // namespace tally::analytics
