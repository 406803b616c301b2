// Charts and sentences of C05: pyramid of tiers, calibration, subgroups, models
// side by side.
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "measures/c05_risk.h"

namespace tally::analytics {
namespace {

const GatedTable* RiskNamed(const std::vector<GatedTable>& tables,
                            std::string_view name) {
  for (const GatedTable& table : tables) {
    if (table.info().table == name && table.rows() > 0) return &table;
  }
  return nullptr;
}

Chart RiskTiers(const GatedTable& table) {
  Chart chart("risk-tiers", "bar", table,
              {"model", "band", "persons", "share", "observed", "observed_lo",
               "observed_hi", "predicted"},
              [](const GatedTable& t, size_t row) {
                return t.at(row, "area").text() == kAllLevels;
              });
  chart.unit = "people";
  chart.SelectBy("model", "Score or model", table.at(0, "model").text());
  chart.options.Set("x", "persons").Set("y", "band");
  for (const std::string& model : chart.LevelsOf("model")) {
    std::optional<size_t> first, last;
    for (size_t row = 0; row < chart.rows(); ++row) {
      if (chart.cell(row, 0).text() != model) continue;
      if (!first.has_value()) first = row;
      last = row;
    }
    // The riskiest band stands first in a model of shares, else last.
    const size_t risky =
        chart.cell(*first, 1).text().starts_with("top") ? *first : *last;
    std::string title =
        absl::StrFormat("%s, %s: %s people", model, chart.cell(risky, 1).text(),
                        DisplayText(chart.cell(risky, 2)));
    if (chart.cell(risky, 4).number().has_value()) {
      title += absl::StrFormat(
          ", %s %% were admitted as an emergency in the year after",
          chart.cell(risky, 4).text());
    }
    chart.Describe(
        model, title,
        "People by band of the score, with the share of each band that had an "
        "emergency admission in the twelve months after.");
  }
  return chart;
}

Chart RiskCalibration(const GatedTable& table) {
  Chart chart("risk-calibration", "calibration", table,
              {"level", "predicted", "observed", "observed_lo", "observed_hi",
               "persons"},
              [](const GatedTable& t, size_t row) {
                return t.at(row, "group").text() == "tenth of the score";
              });
  chart.unit = "% with an emergency admission";
  chart.options.Set("predicted", "predicted")
      .Set("observed", "observed")
      .Set("lo", "observed_lo")
      .Set("hi", "observed_hi")
      .Set("label", "level");
  chart.title = "Predicted and observed risk by tenth of the score";
  for (size_t row = 0; row < table.rows(); ++row) {
    if (table.at(row, "group").text() != "all") continue;
    chart.title = absl::StrFormat(
        "The model predicts %s %%; %s %% (%s to %s) were admitted",
        table.at(row, "predicted").text(), table.at(row, "observed").text(),
        table.at(row, "observed_lo").text(),
        table.at(row, "observed_hi").text());
  }
  chart.summary = absl::StrFormat(
      "Predicted against observed share of people with an emergency admission "
      "in %d groups by score, with 95 %% limits; on the diagonal both agree.",
      chart.rows());
  return chart;
}

Chart RiskFairness(const GatedTable& table) {
  Chart chart("risk-subgroups", "interval", table,
              {"group", "level", "ratio", "ratio_lo", "ratio_hi", "persons"},
              [](const GatedTable& t, size_t row) {
                const std::string& group = t.at(row, "group").text();
                return group != "tenth of the score" && group != "all";
              });
  chart.unit = "observed over predicted";
  JsonValue references = JsonValue::MakeObject();
  references.Set("", 1.0);
  chart.options.Set("x", "ratio")
      .Set("lo", "ratio_lo")
      .Set("hi", "ratio_hi")
      .Set("y", "level")
      .Set("y2", "group")
      .Set("references", std::move(references))
      .Set("reference_label", "as predicted")
      .Set("log", true);
  int off = 0, known = 0;
  for (size_t row = 0; row < chart.rows(); ++row) {
    const auto low = chart.cell(row, 3).number();
    const auto high = chart.cell(row, 4).number();
    if (!low.has_value() || !high.has_value()) continue;
    ++known;
    off += *low > 1 || *high < 1;
  }
  chart.title = absl::StrFormat(
      "For %d of %d groups the model is off beyond chance", off, known);
  chart.summary =
      "Observed over predicted emergency admissions by sex, age band, "
      "deprivation and ethnic group with 95 % limits; 1 is as predicted, above "
      "1 the model underestimates.";
  return chart;
}

Chart RiskModels(const GatedTable& table) {
  Chart chart("risk-models", "bar", table,
              {"model", "auc", "brier", "slope", "capture_0_5", "capture_5",
               "capture_20"},
              [](const GatedTable&, size_t) { return true; });
  chart.SortBy("auc", true);
  chart.unit = "area under the curve";
  chart.options.Set("x", "auc")
      .Set("y", "model")
      .Set("reference", 0.5)
      .Set("reference_label", "no better than chance");
  if (chart.rows() > 0) {
    chart.title = absl::StrFormat(
        "%s ranks best: area under the curve %s, the top 5 %% hold %s of all "
        "events",
        chart.cell(0, 0).text(), chart.cell(0, 1).text(),
        chart.cell(0, 5).text());
    chart.summary = absl::StrFormat(
        "Area under the curve of %d scores for an emergency admission in the "
        "year after; 0.5 is chance, 1 is perfect.",
        chart.rows());
  }
  return chart;
}

Chart LaceBands(const GatedTable& table) {
  Chart chart("lace", "interval", table,
              {"band", "observed", "observed_lo", "observed_hi", "discharges"},
              [](const GatedTable&, size_t) { return true; });
  chart.unit = "% readmitted within 30 days";
  chart.options.Set("x", "observed")
      .Set("lo", "observed_lo")
      .Set("hi", "observed_hi")
      .Set("y", "band");
  chart.title = "Emergency admissions within 30 days by LACE at discharge";
  for (size_t row = 0; row < chart.rows(); ++row) {
    if (!chart.cell(row, 0).text().starts_with("high")) continue;
    chart.title = absl::StrFormat(
        "Of discharges with a high LACE %s %% came back within 30 days",
        chart.cell(row, 1).text());
  }
  chart.summary =
      "Share of discharges with an emergency admission within 30 days by LACE "
      "band with 95 % limits.";
  return chart;
}

}  // namespace

std::vector<PagePart> DrawRisk(const MeasureDefinition&,
                               const std::vector<GatedTable>& tables) {
  PagePart risk{"risk", {}, {}};
  PagePart summary{"summary", {}, {}};
  const GatedTable* bands = RiskNamed(tables, "risk_bands");
  if (bands != nullptr) {
    Chart tiers = RiskTiers(*bands);
    risk.sentences.push_back({1, tiers.title + "."});
    summary.sentences.push_back({5, tiers.title + "."});
    risk.charts.push_back(std::move(tiers));
  }
  const GatedTable* groups = RiskNamed(tables, "risk_calibration");
  if (groups != nullptr) {
    Chart calibration = RiskCalibration(*groups);
    Chart fairness = RiskFairness(*groups);
    risk.sentences.push_back({2, calibration.title + "."});
    risk.sentences.push_back({3, fairness.title + "."});
    risk.charts.push_back(std::move(calibration));
    risk.charts.push_back(std::move(fairness));
  }
  const GatedTable* models = RiskNamed(tables, "risk_model");
  if (models != nullptr) {
    Chart chart = RiskModels(*models);
    risk.sentences.push_back({4, chart.title + "."});
    risk.charts.push_back(std::move(chart));
  }
  const GatedTable* lace = RiskNamed(tables, "lace_bands");
  if (lace != nullptr) risk.charts.push_back(LaceBands(*lace));
  std::vector<PagePart> parts;
  if (!risk.charts.empty()) parts.push_back(std::move(risk));
  if (!summary.sentences.empty()) parts.push_back(std::move(summary));
  return parts;
}

}  // namespace tally::analytics
