// The funnel of D11, from printed figures only, with charts and sentences.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/statistics/funnel.h"
#include "base/status.h"
#include "measures/d11_referrals.h"

namespace tally::analytics {
namespace {

constexpr int kReferralCurve = 40;

// Practices with all treatment functions together.
bool IsPracticeRow(const GatedTable& table, size_t row) {
  return table.at(row, "kind").text() == kByPractice &&
         table.at(row, "referrer").text() != kAllLevels &&
         table.at(row, "tfc").text() == kAllLevels;
}

const GatedTable* ReferralTable(const std::vector<GatedTable>& tables,
                                std::string_view name) {
  for (const GatedTable& table : tables) {
    if (table.info().table == name && table.rows() > 0) return &table;
  }
  return nullptr;
}

// The expected number that both printed ones imply: for the class only.
std::optional<double> ImpliedExpected(const GatedTable& table, size_t row) {
  const auto observed = table.at(row, "referrals").number();
  const auto ratio = table.at(row, "ratio").number();
  if (!observed.has_value() || !ratio.has_value() || *ratio <= 0) {
    return std::nullopt;
  }
  return *observed / *ratio;
}

double RoundedTo3(double value) { return std::round(value * 1000) / 1000; }

JsonValue RatioCurve(const Chart& chart) {
  JsonValue curve = JsonValue::MakeArray();
  double largest = 0;
  double smallest = 1e300;
  const size_t size = chart.ColumnIndex("expected");
  for (size_t row = 0; row < chart.rows(); ++row) {
    const auto expected = chart.cell(row, size).number();
    if (!expected.has_value()) continue;
    largest = std::max(largest, *expected);
    smallest = std::min(smallest, *expected);
  }
  if (largest <= 0) return curve;
  const double from = std::sqrt(std::max(1.0, 0.8 * smallest));
  const double to = std::sqrt(1.05 * largest);
  for (int i = 0; i <= kReferralCurve; ++i) {
    const double root = from + (to - from) * i / kReferralCurve;
    const FunnelLimits limits = RatioFunnelLimits(root * root);
    JsonValue row = JsonValue::MakeArray();
    row.Append(RoundedTo3(root * root));
    bool known = true;
    for (const Figure& limit :
         {limits.low998, limits.low95, limits.high95, limits.high998}) {
      known = known && limit.known();
      row.Append(limit.known() ? RoundedTo3(limit.value()) : 0.0);
    }
    if (known) curve.Append(std::move(row));
  }
  return curve;
}

Chart FunnelOfRatios(const GatedTable& funnel) {
  Chart chart("referral-funnel", "funnel", funnel,
              {"referrer", "referrals", "expected", "ratio", "funnel_class"},
              [](const GatedTable&, size_t) { return true; });
  chart.unit = "ratio";
  int high = 0;
  int low = 0;
  int shown = 0;
  const size_t ratio = chart.ColumnIndex("ratio");
  const size_t kind = chart.ColumnIndex("funnel_class");
  for (size_t row = 0; row < chart.rows(); ++row) {
    shown += chart.cell(row, ratio).number().has_value();
    high +=
        chart.cell(row, kind).text() == FunnelClassText(FunnelClass::kHigh998);
    low +=
        chart.cell(row, kind).text() == FunnelClassText(FunnelClass::kLow998);
  }
  JsonValue curves = JsonValue::MakeObject();
  curves.Set("", RatioCurve(chart));
  JsonValue averages = JsonValue::MakeObject();
  averages.Set("", 1.0);
  chart.options.Set("x", "expected")
      .Set("y", "ratio")
      .Set("label", "referrer")
      .Set("curves", std::move(curves))
      .Set("averages", std::move(averages));
  chart.title = absl::StrFormat(
      "%d of %d practices refer more than chance explains, %d less", high,
      shown, low);
  chart.summary = absl::StrFormat(
      "Referrals to hospital eye services over those expected at the rates of "
      "all practices by sex and age, with limits of 95 %% and 99.8 %%. %s "
      "(beyond the 99.8 %% limits).",
      chart.title);
  return chart;
}

Chart RatiosOf(const GatedTable& table) {
  Chart chart("referral-ratios", "interval", table,
              {"referrer", "referrals", "list", "rate", "rate_lo", "rate_hi",
               "ratio", "ratio_lo", "ratio_hi"},
              IsPracticeRow);
  chart.SortBy("ratio", true);
  chart.unit = "ratio";
  JsonValue references = JsonValue::MakeObject();
  references.Set("", 1.0);
  chart.options.Set("x", "ratio")
      .Set("y", "referrer")
      .Set("lo", "ratio_lo")
      .Set("hi", "ratio_hi")
      .Set("references", std::move(references))
      .Set("reference_label", "as expected");
  const size_t value = chart.ColumnIndex("ratio");
  if (chart.rows() == 0 || !chart.cell(0, value).number().has_value()) {
    chart.title = "No practice has enough referrals to be compared";
    chart.summary = chart.title + ".";
    return chart;
  }
  chart.title = absl::StrFormat(
      "Practice %s refers most to hospital eye services: %s times what is "
      "expected",
      chart.cell(0, 0).text(), chart.cell(0, value).text());
  chart.summary = absl::StrFormat(
      "Referrals over those expected at the rates of all practices, with 95 "
      "%% limits, by practice. %s.",
      chart.title);
  return chart;
}

Chart OutcomesOf(const GatedTable& table, std::string id, std::string_view kind,
                 std::string_view words) {
  Chart chart(std::move(id), "interval", table,
              {"referrer", "referrals", "followed", "treated", "conversion",
               "conversion_lo", "conversion_hi", "first_fu", "discharged_first",
               "false_positive"},
              [&](const GatedTable& t, size_t row) {
                return t.at(row, "kind").text() == kind &&
                       t.at(row, "referrer").text() != kAllLevels &&
                       t.at(row, "tfc").text() == kAllLevels;
              });
  chart.SortBy("conversion", true);
  chart.unit = "% of referrals followed";
  chart.options.Set("x", "conversion")
      .Set("y", "referrer")
      .Set("lo", "conversion_lo")
      .Set("hi", "conversion_hi");
  const size_t value = chart.ColumnIndex("conversion");
  std::vector<size_t> shown;
  for (size_t row = 0; row < chart.rows(); ++row) {
    if (chart.cell(row, value).number().has_value()) shown.push_back(row);
  }
  if (shown.empty()) {
    chart.title =
        absl::StrFormat("Referrals by %s: too few to be compared", words);
    chart.summary = chart.title + ".";
    return chart;
  }
  chart.title =
      absl::StrFormat("Referrals by %s that are treated: from %s to %s %%",
                      words, chart.cell(shown.back(), value).text(),
                      chart.cell(shown.front(), value).text());
  chart.summary = absl::StrFormat(
      "Share of referrals that are treated, among those followed, with 95 %% "
      "limits. Highest of %d: %s; lowest: %s.",
      shown.size(), chart.cell(shown.front(), 0).text(),
      chart.cell(shown.back(), 0).text());
  return chart;
}

}  // namespace

absl::StatusOr<std::vector<DerivedTable>> DeriveReferrals(
    const DeriveContext& context) {
  std::vector<DerivedTable> tables;
  const GatedTable* monitor = context.Find("D11", "referral_monitor");
  if (monitor == nullptr) return tables;
  TableInfo info = context.Info(
      "referral_funnel", "Practices against the limits of chance", *monitor);
  info.period = monitor->info().period;
  info.method = "Poisson limits of the ratio, 95 % and 99.8 %";
  info.notes = {
      "Classes are of the printed ratio. Expected referrals are not printed "
      "below 100."};
  ColumnSpec kind;
  kind.name = "funnel_class";
  kind.kind = ColumnKind::kText;
  kind.title = "Against chance";
  TALLY_ASSIGN_OR_RETURN(
      DerivedTable table,
      DerivedTable::Create(
          std::move(info),
          {DimensionColumn("referrer", "Practice"),
           DerivedColumn("referrals", "Referrals", "referrals"),
           DerivedColumn("expected", "Expected", "referrals"),
           DerivedColumn("ratio", "Referrals over expected", "ratio"), kind},
          {monitor}));
  for (size_t row = 0; row < monitor->rows(); ++row) {
    if (!IsPracticeRow(*monitor, row)) continue;
    const GatedCell& ratio = monitor->at(row, "ratio");
    const std::optional<double> expected = ImpliedExpected(*monitor, row);
    FunnelClass place = FunnelClass::kNotAvailable;
    if (expected.has_value()) {
      place = ClassifyRatio(*monitor->at(row, "referrals").number(), *expected);
    }
    TALLY_RETURN_IF_ERROR(
        table.AddRow({DerivedCell::Copy(monitor->at(row, "referrer")),
                      DerivedCell::Copy(monitor->at(row, "referrals")),
                      DerivedCell::Copy(monitor->at(row, "expected")),
                      DerivedCell::Copy(ratio),
                      DerivedCell::Text(std::string(FunnelClassText(place)))}));
  }
  if (table.rows() > 0) tables.push_back(std::move(table));
  return tables;
}

std::vector<PagePart> DrawReferrals(const MeasureDefinition&,
                                    const std::vector<GatedTable>& tables) {
  std::vector<PagePart> parts;
  const GatedTable* monitor = ReferralTable(tables, "referral_monitor");
  if (monitor == nullptr) return parts;
  PagePart benchmarking{"benchmarking", {}, {}};
  const GatedTable* funnel = ReferralTable(tables, "referral_funnel");
  if (funnel != nullptr) {
    benchmarking.charts.push_back(FunnelOfRatios(*funnel));
    benchmarking.sentences.push_back(
        {4, "Eye care: " + benchmarking.charts.back().title + "."});
  }
  PagePart pathways{"pathways", {}, {}};
  benchmarking.charts.push_back(RatiosOf(*monitor));
  for (size_t row = 0; row < monitor->rows(); ++row) {
    if (monitor->at(row, "kind").text() != kByPractice ||
        monitor->at(row, "referrer").text() != kAllLevels ||
        monitor->at(row, "tfc").text() != kAllLevels) {
      continue;
    }
    pathways.sentences.push_back(
        {5, absl::StrFormat(
                "Of %s referrals to hospital eye services that were followed, "
                "%s %% were treated and %s %% discharged at the first "
                "attendance without treatment.",
                DisplayText(monitor->at(row, "followed")),
                monitor->at(row, "conversion").text(),
                monitor->at(row, "false_positive").text())});
  }
  pathways.charts.push_back(
      OutcomesOf(*monitor, "referral-outcomes", kByPractice, "practice"));
  pathways.charts.push_back(OutcomesOf(*monitor, "optometrist-outcomes",
                                       kByOptometrist, "optometrist"));
  parts.push_back(std::move(benchmarking));
  parts.push_back(std::move(pathways));
  return parts;
}

}  // namespace tally::analytics
