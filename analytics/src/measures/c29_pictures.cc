// Charts and sentences of C29.
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "analytics/disclosure/registry.h"
#include "measures/c29_trends.h"
#include "measures/indicator_series.h"

namespace tally::analytics {
namespace {

std::string VariationWords(const std::string& code) {
  if (code == "improvement") return "improving by more than chance";
  if (code == "concern") return "worsening by more than chance";
  if (code == "neutral_high") return "higher than chance explains";
  if (code == "neutral_low") return "lower than chance explains";
  if (code == "too_few") return "too few months to judge";
  if (code == "too_equal") return "too few different values to judge";
  return "varying by chance alone";
}

std::string AssuranceWords(const std::string& code) {
  if (code == "pass") return "; will meet its target as things are";
  if (code == "fail") return "; will miss its target as things are";
  if (code == "inconsistent") return "; may or may not meet its target";
  return "";
}

// The level to open with: what needs a look before what does not.
int Urgency(const LastWord& word) {
  int rank = 0;
  if (word.variation == "concern") rank += 4;
  if (word.assurance == "fail") rank += 2;
  if (word.variation != "common" && IsJudgedCode(word.variation)) rank += 1;
  return rank;
}

// The months of a chart since limits last began anew: how many there are, and
// how many show a special cause.
std::pair<size_t, size_t> SpecialOf(const GatedTable& points,
                                    const std::string& indicator) {
  size_t months = 0;
  size_t special = 0;
  std::string mean;
  for (size_t row = 0; row < points.rows(); ++row) {
    if (points.at(row, "area").text() != kAllLevels ||
        points.at(row, "indicator").text() != indicator) {
      continue;
    }
    if (points.at(row, "mean").text() != mean) months = special = 0;
    mean = points.at(row, "mean").text();
    ++months;
    special += points.at(row, "rule").text().empty() ? 0U : 1U;
  }
  return {special, months};
}

std::string WordsOfChart(const GatedTable& points, const CatalogueEntry& entry,
                         const LastWord& word) {
  const std::string named = absl::StrFormat("%s, %s", entry.name, entry.unit);
  if (word.variation == "unstable") {
    const auto [special, months] = SpecialOf(points, entry.id);
    return absl::StrFormat("%s: %s", named, UnstableText(special, months));
  }
  return absl::StrFormat("%s: %s%s", named, VariationWords(word.variation),
                         AssuranceWords(word.assurance));
}

Chart XmrOf(std::string id, const GatedTable& points,
            const std::map<std::string, CatalogueEntry>& catalogue,
            const std::string& programme) {
  const auto here = [&](const std::string& indicator) {
    const auto entry = catalogue.find(indicator);
    return entry != catalogue.end() &&
           (programme.empty() || entry->second.programme == programme);
  };
  Chart chart(std::move(id), "xmr", points,
              {"name", "month", "value", "mean", "lpl", "upl", "target",
               "point_type", "rule", "trial"},
              [&](const GatedTable& t, size_t row) {
                return t.at(row, "area").text() == kAllLevels &&
                       here(t.at(row, "indicator").text());
              });
  const auto words = LastWords(&points);
  std::string first;
  int most = -1;
  JsonValue targets = JsonValue::MakeObject();
  JsonValue icons = JsonValue::MakeObject();
  JsonValue units = JsonValue::MakeObject();
  std::vector<std::pair<std::string, std::string>> described;
  for (const auto& [key, word] : words) {
    if (key.second != kAllLevels || !here(key.first)) continue;
    const CatalogueEntry& entry = catalogue.at(key.first);
    if (Urgency(word) > most) {
      most = Urgency(word);
      first = entry.name;
    }
    if (entry.target.has_value()) targets.Set(entry.name, *entry.target);
    JsonValue icon = JsonValue::MakeObject();
    icon.Set("variation", word.variation).Set("assurance", word.assurance);
    icons.Set(entry.name, std::move(icon));
    units.Set(entry.name, entry.unit);
    described.emplace_back(entry.name, WordsOfChart(points, entry, word));
  }
  chart.SelectBy("name", "Indicator", first);
  for (const auto& [name, title] : described) {
    chart.Describe(name, title,
                   title + ". XmR chart by month, all practices together.");
  }
  chart.options.Set("x", "month")
      .Set("y", "value")
      .Set("mean", "mean")
      .Set("lo", "lpl")
      .Set("hi", "upl")
      .Set("point", "point_type")
      .Set("trial", "trial")
      .Set("targets", std::move(targets))
      .Set("icons", std::move(icons))
      .Set("units", std::move(units));
  return chart;
}

PagePart EmergencyPart(const GatedTable& points,
                       const std::map<std::string, CatalogueEntry>& catalogue) {
  constexpr std::string_view kUrgent = "Urgent and emergency care";
  PagePart part{"emergency", {}, {}};
  Chart chart = XmrOf("spc-urgent", points, catalogue, std::string(kUrgent));
  if (chart.rows() == 0) return part;
  part.sentences.push_back({2, chart.title + "."});
  part.charts.push_back(std::move(chart));
  return part;
}

}  // namespace

std::vector<PagePart> DrawTrends(const MeasureDefinition&,
                                 const std::vector<GatedTable>& tables) {
  std::vector<PagePart> parts;
  const GatedTable* points = PrintedTable(tables, kSpcTable);
  if (points == nullptr || points->rows() == 0) return parts;
  const auto catalogue = ReadCatalogue(PrintedTable(tables, kIndicatorTable));
  IndicatorVerdicts verdicts;
  for (const auto& [key, word] : LastWords(points)) {
    if (key.second != kAllLevels) continue;
    verdicts.Add(word.variation, word.assurance);
  }
  PagePart summary{"summary", {}, {}};
  const std::string rest = verdicts.NotJudged();
  summary.sentences.push_back(
      {1, Capitalised(absl::StrFormat(
              "%s: %s %s and %s %s by more than chance; %s%s.",
              verdicts.Judged(), NumberOrNone(verdicts.concern),
              verdicts.concern <= 1 ? "worsens" : "worsen",
              NumberOrNone(verdicts.improvement),
              verdicts.improvement <= 1 ? "improves" : "improve",
              verdicts.Missing(), rest.empty() ? "" : "; " + rest))});
  Chart all = XmrOf("spc", *points, catalogue, "");
  if (all.rows() > 0) summary.charts.push_back(std::move(all));
  PagePart emergency = EmergencyPart(*points, catalogue);
  parts.push_back(std::move(summary));
  if (!emergency.charts.empty()) parts.push_back(std::move(emergency));
  return parts;
}

}  // namespace tally::analytics
