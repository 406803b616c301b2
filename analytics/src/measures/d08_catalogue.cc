// D08: what every measure and indicator counts, from the definition files.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/measures/measure.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "measures/indicator_series.h"
#include "measures/indicators.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kIndicatorSource = "C29";

struct CatalogueRow {
  std::string id, name, numerator, denominator, exclusions, direction, target;
  std::string interval, owner;
  int64_t minimum_count = 0;
  int stage = 0;
};

absl::StatusOr<std::vector<CatalogueRow>> ReadRows(
    const std::string& definitions) {
  std::vector<CatalogueRow> rows;
  for (const std::string& id : MeasureIds()) {
    TALLY_ASSIGN_OR_RETURN(const MeasureDefinition d,
                           LoadDefinition(id, definitions));
    rows.push_back({d.id(), d.title(), d.numerator(), d.denominator(),
                    d.exclusions(), d.direction(), d.target(), d.interval(),
                    d.owner(), d.minimum_count(), d.stage()});
    if (id != kIndicatorSource) continue;
    TALLY_ASSIGN_OR_RETURN(const std::vector<Indicator> indicators,
                           ReadIndicators(d));
    for (const Indicator& one : indicators) {
      rows.push_back(
          {absl::StrFormat("%s %s", id, one.id), one.name, one.numerator,
           one.denominator, one.exclusions, one.direction,
           one.target.has_value() ? absl::StrFormat("%.10g", *one.target)
                                  : std::string(),
           one.of_list ? "Poisson, 95 %" : "Wilson, 95 %", one.owner,
           one.minimum_count, one.stage});
    }
  }
  return rows;
}

class Catalogue : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    if (!context.by.empty()) {
      return UsageError("--by: a catalogue is not grouped");
    }
    TALLY_ASSIGN_OR_RETURN(const std::vector<CatalogueRow> rows,
                           ReadRows(context.definitions));
    TableBuilder table(
        context.Info("indicator_catalogue", "Measures and indicators"));
    table.Dimension("id", "Id");
    const std::pair<std::string, std::string> texts[] = {
        {"name", "Name"},
        {"numerator", "Counted"},
        {"denominator", "Of"},
        {"exclusions", "Left out"},
        {"direction", "Better when"},
        {"target", "Target"},
        {"ci", "Interval"},
        {"min_count", "Minimum count"},
        {"owner", "Owner"},
        {"stage", "Stage of the commissioning cycle"}};
    for (const auto& [name, title] : texts) table.Text(name, title);
    for (const CatalogueRow& one : rows) {
      const size_t row = table.AddRow({one.id});
      table.Set(row, "name", one.name)
          .Set(row, "numerator", one.numerator)
          .Set(row, "denominator", one.denominator)
          .Set(row, "exclusions", one.exclusions)
          .Set(row, "direction", one.direction)
          .Set(row, "target", one.target)
          .Set(row, "ci", one.interval)
          .Set(row, "min_count", std::to_string(one.minimum_count))
          .Set(row, "owner", one.owner)
          .Set(row, "stage", std::to_string(one.stage));
    }
    TALLY_ASSIGN_OR_RETURN(RawTable raw, table.Finish());
    std::vector<RawTable> tables;
    tables.push_back(std::move(raw));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition&,
      const std::vector<GatedTable>& tables) const override {
    std::vector<PagePart> parts;
    const GatedTable* table = PrintedTable(tables, "indicator_catalogue");
    if (table == nullptr) return parts;
    Chart chart("catalogue", "table", *table,
                {"id", "name", "numerator", "denominator", "exclusions",
                 "direction", "target", "ci", "min_count", "owner", "stage"},
                [](const GatedTable&, size_t) { return true; });
    chart.title = absl::StrFormat(
        "%d measures and indicators, what they count "
        "and who owns them",
        chart.rows());
    chart.summary = chart.title + ".";
    PagePart about{"about", {}, {}};
    about.charts.push_back(std::move(chart));
    parts.push_back(std::move(about));
    return parts;
  }
};

}  // namespace

std::unique_ptr<Measure> MakeD08() { return std::make_unique<Catalogue>(); }

}  // namespace tally::analytics
