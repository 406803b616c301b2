#include "gallery.h"

#include <cmath>
#include <cstdio>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/gate.h"
#include "base/status.h"

namespace tally::analytics {

const char* const kHostileScript = "<script>alert(1)</script>";
const char* const kHostileFormula = "=cmd|' /C calc'!A0";
const char* const kLongName =
    "Community ophthalmology and minor eye conditions service for the northern "
    "neighbourhoods, Saturdays and evenings included, provisional";

namespace {

ColumnSpec SpecOf(const GalleryColumn& column) {
  ColumnSpec spec = DimensionColumn(column.name, column.title);
  if (column.unit == "text") return spec;
  if (column.unit == "count") {
    return CountColumn(column.name, ColumnKind::kEvents, column.title);
  }
  spec.kind = ColumnKind::kModelMetric;
  spec.unit = column.unit;
  return spec;
}

RawValue ValueOf(const GalleryValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* count = std::get_if<int64_t>(&value)) return *count;
  if (const auto* figure = std::get_if<double>(&value)) return *figure;
  return std::monostate();
}

}  // namespace

GatedTable GalleryTable(const std::string& id,
                        const std::vector<GalleryColumn>& columns,
                        const std::vector<GalleryRow>& rows) {
  TableInfo info;
  info.table = "gallery";
  info.title = id;
  info.measure_id = "T01";
  info.measure_version = "1";
  info.project = "trial";
  info.release = "r2026-11";
  info.period = "2026-10";
  info.cohort = id;
  info.denominator = "everyone in the gallery";
  info.method = "made up for the checks of pages";
  std::vector<ColumnSpec> specs;
  for (const GalleryColumn& column : columns) specs.push_back(SpecOf(column));
  auto table = RawTable::Create(info, specs);
  TALLY_CHECK(table.ok());
  for (const GalleryRow& row : rows) {
    TALLY_CHECK(row.size() == columns.size());
    std::vector<RawValue> values;
    for (const GalleryValue& value : row) values.push_back(ValueOf(value));
    TALLY_CHECK(table->AddRow(values).ok());
    for (size_t i = 0; i < row.size(); ++i) {
      if (std::holds_alternative<GalleryNa>(row[i])) {
        table->SetNa({table->rows() - 1, i}, NaReason::kTooFewValues);
      }
    }
  }
  Gate gate(*Profile::Named("nhs-subnational"), {});
  auto gated = gate.Release(*table);
  if (!gated.ok()) {
    std::fprintf(stderr, "%s: %s\n", id.c_str(),
                 std::string(gated.status().message()).c_str());
  }
  TALLY_CHECK(gated.ok());
  return *std::move(gated);
}

Chart GalleryChart(const std::string& id, const std::string& type,
                   const std::vector<GalleryColumn>& columns,
                   const std::vector<GalleryRow>& rows) {
  std::vector<std::string> names;
  for (const GalleryColumn& column : columns) names.push_back(column.name);
  Chart chart(id, type, GalleryTable(id, columns, rows), names,
              [](const GatedTable&, size_t) { return true; });
  chart.unit = columns.back().unit;
  chart.title = absl::StrFormat("%s: %d rows", id, chart.rows());
  chart.summary = "There are no rows.";
  if (chart.rows() > 0) {
    const size_t last = chart.columns().size() - 1;
    const std::string figure = chart.display_text(0, last);
    const bool hidden = figure == "*" || figure == "NA";
    chart.summary = absl::StrFormat(
        "%s of the first row, %s, is %s.", chart.columns()[last].title,
        chart.text(0, 0), hidden ? "not shown" : figure);
  }
  return chart;
}

std::string GalleryMonth(int number) {
  const int month = number + 3;
  return absl::StrFormat("%d-%02d", 2023 + month / 12, month % 12 + 1);
}

double GalleryNoise(int seed) {
  const double value = std::sin(seed * 12.9898 + 4.1414) * 43758.5453;
  return value - std::floor(value);
}

PageSet Gallery() {
  PageSet set;
  set.release = "projects/trial/releases/r2026-11";
  set.project = "trial";
  set.title = "Gallery of charts";
  set.environment = "example";
  set.generated = "2026-11-22T12:00:00Z";
  set.data_date = *CivilDay::Create(2026, 10, 31);
  set.profile = "nhs-subnational";
  set.profile_description = "counts of 1 to 7 are hidden, others rounded to 5";
  set.peer_group = kHostileScript;
  for (auto make : {GalleryBars, GalleryDots, GallerySeries, GalleryFlows}) {
    for (Page& page : make()) {
      page.sentences = {"These figures are made up.",
                        "Every type of chart is here.",
                        "Nothing here is about anyone."};
      page.question = "Does every chart read well?";
      page.missing = {"T99 Gallery: the release has no table of that name"};
      set.pages.push_back(std::move(page));
    }
  }
  return set;
}

}  // namespace tally::analytics
