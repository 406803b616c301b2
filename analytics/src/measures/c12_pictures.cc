// Charts and sentences of C12: waits by week, pathways by month, providers
// against the standard, queues.
#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "base/status.h"
#include "measures/c12_waits.h"

namespace tally::analytics {
namespace {

const GatedTable* RttTable(const std::vector<GatedTable>& tables,
                           std::string_view name) {
  for (const GatedTable& table : tables) {
    if (table.info().table == name && table.rows() > 0) return &table;
  }
  return nullptr;
}

bool IsAllOf(const GatedTable& table, size_t row, std::string_view column) {
  return table.at(row, column).text() == kAllLevels;
}

// The row of everything at the last census; none if there is none.
std::optional<size_t> LastRow(const GatedTable& summary) {
  std::optional<size_t> last;
  for (size_t row = 0; row < summary.rows(); ++row) {
    if (IsAllOf(summary, row, "provider") && IsAllOf(summary, row, "tfc")) {
      last = row;
    }
  }
  return last;
}

Chart WaitsByWeek(const GatedTable& table, const RttRules& rules) {
  Chart chart("rtt-weeks", "column", table, {"provider", "week", "incomplete"},
              [](const GatedTable&, size_t) { return true; });
  chart.unit = "pathways";
  chart.SelectBy("provider", "Provider", std::string(kAllLevels));
  const std::string marker = absl::StrFormat("%d", (rules.within_days - 1) / 7);
  for (const std::string& provider : chart.LevelsOf("provider")) {
    std::optional<size_t> fullest;
    for (size_t row = 0; row < chart.rows(); ++row) {
      const auto number = chart.cell(row, 2).number();
      if (chart.cell(row, 0).text() != provider || !number.has_value()) {
        continue;
      }
      if (!fullest.has_value() || *number > *chart.cell(*fullest, 2).number()) {
        fullest = row;
      }
    }
    const std::string who = provider == kAllLevels
                                ? std::string("All providers")
                                : absl::StrFormat("Provider %s", provider);
    if (!fullest.has_value()) {
      chart.Describe(provider,
                     absl::StrFormat("%s: too few pathways to show", who),
                     absl::StrFormat("%s: no week has enough pathways.", who));
      continue;
    }
    const std::string words = absl::StrFormat(
        "%s: most pathways, %s, have waited %s weeks", who,
        DisplayText(chart.cell(*fullest, 2)), chart.cell(*fullest, 1).text());
    chart.Describe(provider, words,
                   absl::StrFormat("Pathways whose clock runs by whole weeks "
                                   "waited. %s.",
                                   words));
  }
  chart.options.Set("x", "week")
      .Set("y", "incomplete")
      .Set("marker", marker)
      .Set("marker_label", "18 weeks");
  return chart;
}

Chart PathwaysByMonth(const GatedTable& summary) {
  Chart chart(
      "rtt-trajectory", "lines", summary,
      {"provider", "census", "incomplete", "within_18", "share_18", "over_52",
       "median_wk", "p92_wk"},
      [](const GatedTable& t, size_t row) { return IsAllOf(t, row, "tfc"); });
  chart.unit = "pathways";
  chart.SelectBy("provider", "Provider", std::string(kAllLevels));
  const size_t waiting = chart.ColumnIndex("incomplete");
  for (const std::string& provider : chart.LevelsOf("provider")) {
    std::vector<size_t> shown;
    for (size_t row = 0; row < chart.rows(); ++row) {
      if (chart.cell(row, 0).text() == provider &&
          chart.cell(row, waiting).number().has_value()) {
        shown.push_back(row);
      }
    }
    const std::string who = provider == kAllLevels
                                ? std::string("All providers")
                                : absl::StrFormat("Provider %s", provider);
    if (shown.empty()) {
      chart.Describe(provider,
                     absl::StrFormat("%s: too few pathways to show", who),
                     absl::StrFormat("%s: no month has enough pathways.", who));
      continue;
    }
    const std::string words =
        absl::StrFormat("%s: %s pathways wait on %s, %s on %s", who,
                        DisplayText(chart.cell(shown.back(), waiting)),
                        chart.cell(shown.back(), 1).text(),
                        DisplayText(chart.cell(shown.front(), waiting)),
                        chart.cell(shown.front(), 1).text());
    chart.Describe(provider, words,
                   absl::StrFormat("Pathways whose clock runs at the ends of "
                                   "months. %s.",
                                   words));
  }
  chart.options.Set("x", "census").Set("y", "incomplete").Set("zero", true);
  return chart;
}

Chart AgainstStandard(const GatedTable& summary, const std::string& census,
                      const RttRules& rules) {
  Chart chart("rtt-standard", "interval", summary,
              {"provider", "census", "incomplete", "within_18", "share_18",
               "share_18_lo", "share_18_hi", "over_52", "over_65", "median_wk",
               "p92_wk"},
              [&](const GatedTable& t, size_t row) {
                return IsAllOf(t, row, "tfc") && !IsAllOf(t, row, "provider") &&
                       t.at(row, "census").text() == census;
              });
  chart.SortBy("share_18", true);
  chart.unit = "% of pathways waiting";
  JsonValue references = JsonValue::MakeObject();
  references.Set("", rules.standard_pct);
  chart.options.Set("x", "share_18")
      .Set("y", "provider")
      .Set("lo", "share_18_lo")
      .Set("hi", "share_18_hi")
      .Set("references", std::move(references))
      .Set("reference_label", "standard");
  const size_t share = chart.ColumnIndex("share_18");
  int met = 0;
  int shown = 0;
  for (size_t row = 0; row < chart.rows(); ++row) {
    const auto number = chart.cell(row, share).number();
    if (!number.has_value()) continue;
    ++shown;
    met += *number >= rules.standard_pct;
  }
  chart.title = absl::StrFormat(
      "%d of %d providers have %g %% of pathways within 18 weeks", met, shown,
      rules.standard_pct);
  chart.summary = absl::StrFormat(
      "Share of pathways waiting that are within 18 weeks on %s, with 95 %% "
      "limits, by provider. %s.",
      census, chart.title);
  return chart;
}

Chart QueueChart(const GatedTable& table) {
  Chart chart("rtt-queues", "table", table,
              {"provider", "tfc", "demand", "capacity", "load", "queue",
               "target_queue", "relief", "target_capacity", "pressure"},
              [](const GatedTable& t, size_t row) {
                return IsAllOf(t, row, "provider") || IsAllOf(t, row, "tfc");
              });
  const size_t load = chart.ColumnIndex("load");
  int over = 0;
  int shown = 0;
  for (size_t row = 0; row < chart.rows(); ++row) {
    if (chart.cell(row, 1).text() == kAllLevels) continue;
    const auto number = chart.cell(row, load).number();
    if (!number.has_value()) continue;
    ++shown;
    over += *number > 1;
  }
  chart.title = absl::StrFormat(
      "In %d of %d treatment functions more clocks start than stop", over,
      shown);
  chart.summary = absl::StrFormat(
      "Weekly demand and capacity, load, queue and the capacity to bring the "
      "queue to its target. %s.",
      chart.title);
  return chart;
}

}  // namespace

std::vector<PagePart> DrawWaits(const MeasureDefinition& definition,
                                const std::vector<GatedTable>& tables) {
  std::vector<PagePart> parts;
  const absl::StatusOr<RttRules> rules = ReadRttRules(definition);
  const GatedTable* summary = RttTable(tables, "rtt_summary");
  if (!rules.ok() || summary == nullptr) return parts;
  const std::optional<size_t> last = LastRow(*summary);
  if (!last.has_value()) return parts;
  const auto text = [&](std::string_view column) {
    return DisplayText(summary->at(*last, column));
  };
  PagePart capacity{"capacity", {}, {}};
  PagePart page{"summary", {}, {}};
  const std::string sentence = absl::StrFormat(
      "%s %% of %s pathways waiting are within 18 weeks (standard %g %%); %s "
      "wait over 52 weeks.",
      text("share_18"), text("incomplete"), rules->standard_pct,
      text("over_52"));
  capacity.sentences.push_back({1, sentence});
  page.sentences.push_back({2, sentence});
  capacity.charts.push_back(PathwaysByMonth(*summary));
  const GatedTable* waits = RttTable(tables, "rtt_waits");
  if (waits != nullptr) capacity.charts.push_back(WaitsByWeek(*waits, *rules));
  capacity.charts.push_back(
      AgainstStandard(*summary, summary->at(*last, "census").text(), *rules));
  capacity.sentences.push_back({3, capacity.charts.back().title + "."});
  const GatedTable* queues = RttTable(tables, "queue_stats");
  if (queues != nullptr) {
    capacity.charts.push_back(QueueChart(*queues));
    capacity.sentences.push_back({2, capacity.charts.back().title + "."});
  }
  parts.push_back(std::move(capacity));
  parts.push_back(std::move(page));
  return parts;
}

}  // namespace tally::analytics
