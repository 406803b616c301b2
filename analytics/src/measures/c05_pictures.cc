// Charts and sentences of C05: pyramid of tiers, calibration, subgroups, models
// side by side.
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "measures/c05_risk.h"
#include "measures/level_words.h"
#include "measures/printed.h"
#include "measures/said_figures.h"

namespace tally::analytics {
namespace {

Chart RiskTiers(const GatedTable& table) {
  Chart chart("risk-tiers", "bar", table,
              {"model", "band", "persons", "share", "observed", "observed_lo",
               "observed_hi", "predicted"},
              [](const GatedTable& t, size_t row) {
                return IsAllLevel(t, row, "area");
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
    const std::string& band = chart.cell(risky, 1).text();
    const std::string title = FirstSaid(
        {Say("$0, $1: $2 people, $3 % were admitted as an emergency in the "
             "year after",
             model, band, chart.cell(risky, 2), chart.cell(risky, 4)),
         Say("$0, $1: $2 people", model, band, chart.cell(risky, 2))},
        absl::StrFormat("%s, %s: too few people to be printed", model, band));
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
  if (const auto all = FindPrintedRow(table, {{"group", "all"}})) {
    AlsoSays(chart, {table.at(*all, "predicted").text(),
                     table.at(*all, "observed").text(),
                     table.at(*all, "observed_lo").text(),
                     table.at(*all, "observed_hi").text()});
    chart.title = FirstSaid(
        {SayParts("The model predicts that $0 % are admitted; $1 % were",
                  {Spoken(table.at(*all, "predicted")),
                   SayInterval(table.at(*all, "observed"),
                               table.at(*all, "observed_lo"),
                               table.at(*all, "observed_hi"))})},
        chart.title);
  }
  chart.summary = absl::StrFormat(
      "Predicted against observed share of people with an emergency admission "
      "in %d groups by score, with 95 %% limits; on the diagonal both agree.",
      chart.rows());
  return chart;
}

// "imd_decile" as "IMD decile".
std::string GroupWords(const std::string& name) {
  std::string group = name;
  if (group == "imd_decile") return "IMD decile";
  if (group == "ethnicity") return "ethnic group";
  for (char& c : group) c = c == '_' ? ' ' : c;
  return group;
}

Chart RiskFairness(const GatedTable& table) {
  Chart chart("risk-subgroups", "interval", table,
              {"group", "level", "ratio", "ratio_lo", "ratio_hi", "persons"},
              [](const GatedTable& t, size_t row) {
                const std::string& group = t.at(row, "group").text();
                return group != "tenth of the score" && group != "all";
              });
  chart.SayLevels("group", GroupWords);
  // Levels of the other groups are no codes of it.
  chart.SayLevels("level", EthnicGroupWords);
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
  chart.title =
      known == 0
          ? std::string("No group has enough admissions to judge the model")
          : Capitalised(PartOf(off, known, {"group", "groups"},
                               {"is predicted wrongly beyond chance",
                                "are predicted wrongly beyond chance"}));
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
    chart.title = FirstSaid(
        {Say("$0 ranks best: area under the curve $1; the top 5 % of people "
             "have $2 % of all events",
             chart.text(0, 0), chart.cell(0, 1), chart.cell(0, 5)),
         Say("$0 ranks best: area under the curve $1", chart.text(0, 0),
             chart.cell(0, 1))},
        "Too few events to compare the scores");
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
  chart.title =
      "Emergency admissions within 30 days by LACE score at discharge";
  for (size_t row = 0; row < chart.rows(); ++row) {
    if (!chart.cell(row, 0).text().starts_with("high")) continue;
    chart.title = FirstSaid(
        {Say("$0 % of discharges with a high LACE score were followed by an "
             "emergency admission within 30 days",
             chart.cell(row, 1))},
        "Too few discharges with a high LACE score were followed by an "
        "emergency admission within 30 days to print a share");
  }
  chart.summary =
      "Share of discharges with an emergency admission within 30 days, by band "
      "of the LACE score (length of stay, acuity, comorbidity, earlier "
      "attendances), with 95 % limits.";
  return chart;
}

}  // namespace

std::vector<PagePart> DrawRisk(const MeasureDefinition&,
                               const std::vector<GatedTable>& tables) {
  PagePart risk{"risk", {}, {}};
  PagePart summary{"summary", {}, {}};
  const GatedTable* bands = FilledTable(tables, "risk_bands");
  if (bands != nullptr) {
    Chart tiers = RiskTiers(*bands);
    risk.sentences.push_back({1, tiers.title + "."});
    summary.sentences.push_back({5, tiers.title + "."});
    risk.charts.push_back(std::move(tiers));
  }
  const GatedTable* groups = FilledTable(tables, "risk_calibration");
  if (groups != nullptr) {
    Chart calibration = RiskCalibration(*groups);
    Chart fairness = RiskFairness(*groups);
    risk.sentences.push_back({2, calibration.title + "."});
    risk.sentences.push_back({3, fairness.title + "."});
    risk.charts.push_back(std::move(calibration));
    risk.charts.push_back(std::move(fairness));
  }
  const GatedTable* models = FilledTable(tables, "risk_model");
  if (models != nullptr) {
    Chart chart = RiskModels(*models);
    risk.sentences.push_back({4, chart.title + "."});
    risk.charts.push_back(std::move(chart));
  }
  const GatedTable* lace = FilledTable(tables, "lace_bands");
  if (lace != nullptr) risk.charts.push_back(LaceBands(*lace));
  std::vector<PagePart> parts;
  if (!risk.charts.empty()) parts.push_back(std::move(risk));
  if (!summary.sentences.empty()) parts.push_back(std::move(summary));
  return parts;
}

}  // namespace tally::analytics
