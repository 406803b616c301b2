// The funnel of D11, from printed figures only, with charts and sentences.
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "analytics/statistics/funnel.h"
#include "base/status.h"
#include "measures/d11_referrals.h"
#include "measures/printed.h"
#include "measures/ratio_funnel.h"

namespace tally::analytics {
namespace {

// Practices with all treatment functions together.
bool IsPracticeRow(const GatedTable& table, size_t row) {
  return table.at(row, "kind").text() == kByPractice &&
         !IsAllLevel(table, row, "referrer") && IsAllLevel(table, row, "tfc");
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

// Practices by their list, among the limits of chance. Expected referrals are
// not printed below 100, so that the size is that of the list.
RatioFunnelOf ReferralFunnel() {
  return {"referral-funnel",
          "referrer",
          "list",
          "referrals",
          "ratio",
          {"practice", "practices"},
          "Referrals to hospital eye services over expected",
          1,
          IsPracticeRow};
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
  const std::vector<size_t> shown = ShownRows(chart, "", "", "ratio");
  if (shown.empty()) {
    chart.title = "No practice has enough referrals to be compared";
    chart.summary = chart.title + ".";
    return chart;
  }
  chart.title = *Say(
      "Practice $0 refers most to hospital eye services: $1 times what is "
      "expected",
      chart.text(shown[0], 0),
      chart.cell(shown[0], chart.ColumnIndex("ratio")));
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
                       !IsAllLevel(t, row, "referrer") &&
                       IsAllLevel(t, row, "tfc");
              });
  chart.SortBy("conversion", true);
  chart.unit = "% of referrals followed";
  chart.options.Set("x", "conversion")
      .Set("y", "referrer")
      .Set("lo", "conversion_lo")
      .Set("hi", "conversion_hi");
  const size_t value = chart.ColumnIndex("conversion");
  const std::vector<size_t> shown = ShownRows(chart, "", "", "conversion");
  if (shown.empty()) {
    chart.title =
        absl::StrFormat("Referrals by %s: too few to be compared", words);
    chart.summary = chart.title + ".";
    return chart;
  }
  const bool any = *chart.number(shown.front(), value) > 0;
  chart.title =
      any ? *Say("Referrals by $0 that are treated: from $1 to $2 %", words,
                 chart.cell(shown.back(), value),
                 chart.cell(shown.front(), value))
          : absl::StrFormat(
                "Referrals by %s: no treatment is recorded for those shown",
                words);
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
  if (table.rows() > 0) {
    tables.push_back(std::move(table));
  } else {
    context.Lacks("referral_funnel",
                  "referral_monitor has no row of a practice");
  }
  return tables;
}

std::vector<PagePart> DrawReferrals(const MeasureDefinition&,
                                    const std::vector<GatedTable>& tables) {
  std::vector<PagePart> parts;
  const GatedTable* monitor = FilledTable(tables, "referral_monitor");
  if (monitor == nullptr) return parts;
  PagePart benchmarking{"benchmarking", {}, {}};
  const RatioFunnelOf of = ReferralFunnel();
  Chart funnel = RatioFunnel(*monitor, of);
  if (CountRatioFunnel(*monitor, of).areas > 0) {
    benchmarking.sentences.push_back({4, funnel.title + "."});
  }
  benchmarking.charts.push_back(std::move(funnel));
  PagePart pathways{"pathways", {}, {}};
  benchmarking.charts.push_back(RatiosOf(*monitor));
  if (const auto all = FindPrintedRow(*monitor, {{"kind", kByPractice},
                                                 {"referrer", kAllLevels},
                                                 {"tfc", kAllLevels}})) {
    const std::string words = FirstSaid(
        {Say("Of $0 referrals to hospital eye services that were followed, $1 "
             "% were treated and $2 % discharged at the first attendance "
             "without treatment.",
             monitor->at(*all, "followed"), monitor->at(*all, "conversion"),
             monitor->at(*all, "false_positive"))},
        "");
    if (!words.empty()) pathways.sentences.push_back({5, words});
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
