// Charts and sentences of C12: waits by week, pathways by month, providers
// against the standard, queues.
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "base/status.h"
#include "measures/c12_waits.h"
#include "measures/level_words.h"
#include "measures/printed.h"

namespace tally::analytics {
namespace {

// The row of everything at the last census; none if there is none.
std::optional<size_t> LastRow(const GatedTable& summary) {
  std::optional<size_t> last;
  for (size_t row = 0; row < summary.rows(); ++row) {
    if (IsAllLevel(summary, row, "provider") &&
        IsAllLevel(summary, row, "tfc")) {
      last = row;
    }
  }
  return last;
}

std::string ProviderWords(const std::string& provider) {
  return provider == kAllLevels ? std::string("All providers")
                                : absl::StrFormat("Provider %s", provider);
}

// The last week of waiting in which anybody is known to wait, or may: later
// ones are all printed as 0, and nobody looks at them.
size_t LastWeekRow(const GatedTable& table) {
  size_t last = 0;
  std::string week;
  for (size_t row = 0; row < table.rows(); ++row) {
    const GatedCell& cell = table.at(row, "incomplete");
    if (!IsAllLevel(table, row, "provider")) continue;
    if (cell.suppressed() || cell.number().value_or(0) > 0) last = row;
  }
  return last;
}

Chart WaitsByWeek(const GatedTable& table, const RttRules& rules) {
  std::set<std::string> weeks;  // up to the last one, and the standard
  const std::string marker = absl::StrFormat("%d", (rules.within_days - 1) / 7);
  const size_t last = LastWeekRow(table);
  bool beyond = false, cut = false;
  for (size_t row = 0; row < table.rows(); ++row) {
    if (!IsAllLevel(table, row, "provider")) continue;
    const std::string& week = table.at(row, "week").text();
    if (row > last && beyond) {
      cut = true;
      break;
    }
    beyond = beyond || week == marker;
    weeks.insert(week);
  }
  Chart chart("rtt-weeks", "column", table, {"provider", "week", "incomplete"},
              [&](const GatedTable& t, size_t row) {
                return weeks.contains(t.at(row, "week").text());
              });
  chart.unit = "pathways";
  chart.SelectBy("provider", "Provider", std::string(kAllLevels));
  for (const std::string& provider : chart.LevelsOf("provider")) {
    const std::vector<size_t> shown =
        ShownRows(chart, "provider", provider, "incomplete");
    const std::optional<size_t> fullest =
        LargestRow(chart, shown, "incomplete");
    const std::string who = ProviderWords(provider);
    std::string words =
        who + ": too few pathways in each week of waiting to be printed";
    if (fullest && *chart.number(*fullest, 2) > 0) {
      words = *Say("$0: most pathways, $1, have waited $2 weeks", who,
                   chart.cell(*fullest, 2), chart.cell(*fullest, 1));
    }
    chart.Describe(provider, words,
                   absl::StrFormat("Pathways whose clock runs by whole weeks "
                                   "waited. %s.",
                                   words));
  }
  chart.options.Set("x", "week")
      .Set("y", "incomplete")
      .Set("marker", marker)
      .Set("marker_label", "18 weeks");
  if (cut) {
    chart.notes.push_back("Longer waits than those shown: none.");
  }
  return chart;
}

Chart PathwaysByMonth(const GatedTable& summary) {
  Chart chart("rtt-trajectory", "lines", summary,
              {"provider", "census", "incomplete", "within_18", "share_18",
               "over_52", "median_wk", "p92_wk"},
              [](const GatedTable& t, size_t row) {
                return IsAllLevel(t, row, "tfc");
              });
  chart.unit = "pathways";
  chart.SelectBy("provider", "Provider", std::string(kAllLevels));
  const size_t waiting = chart.ColumnIndex("incomplete");
  for (const std::string& provider : chart.LevelsOf("provider")) {
    const std::vector<size_t> shown =
        ShownRows(chart, "provider", provider, "incomplete");
    const std::string who = ProviderWords(provider);
    if (shown.empty()) {
      chart.Describe(provider,
                     absl::StrFormat("%s: too few pathways to show", who),
                     absl::StrFormat("%s: no month has enough pathways.", who));
      continue;
    }
    const auto day = [&](size_t row) {
      return MonthInWords(chart.text(row, 1));
    };
    const std::string words =
        *Say("$0: $1 pathways waited on $2, $3 on $4", who,
             chart.cell(shown.back(), waiting), day(shown.back()),
             chart.cell(shown.front(), waiting), day(shown.front()));
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
                return IsAllLevel(t, row, "tfc") &&
                       !IsAllLevel(t, row, "provider") &&
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
  chart.title =
      shown == 0
          ? std::string("No provider has enough pathways for a share")
          : Capitalised(absl::StrFormat(
                "%s %g %% of pathways within 18 weeks",
                PartOf(met, shown, {"provider", "providers"}, {"has", "have"}),
                rules.standard_pct));
  chart.summary = absl::StrFormat(
      "Share of pathways waiting that are within 18 weeks on %s, with 95 %% "
      "limits, by provider. %s.",
      MonthInWords(census), chart.title);
  return chart;
}

Chart QueueChart(const GatedTable& table) {
  Chart chart("rtt-queues", "table", table,
              {"provider", "tfc", "demand", "capacity", "load", "queue",
               "target_queue", "relief", "target_capacity", "pressure"},
              [](const GatedTable& t, size_t row) {
                return IsAllLevel(t, row, "provider") ||
                       IsAllLevel(t, row, "tfc");
              });
  chart.SayLevels("tfc", TreatmentFunctionWords);
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
  chart.title =
      shown == 0
          ? std::string(
                "No treatment function has enough clocks to "
                "compare demand and capacity")
          : absl::StrFormat(
                "More clocks start than stop: %d of %s", over,
                Counted(shown, {"treatment function", "treatment functions"}));
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
  const GatedTable* summary = FilledTable(tables, "rtt_summary");
  if (!rules.ok() || summary == nullptr) return parts;
  const std::optional<size_t> last = LastRow(*summary);
  if (!last.has_value()) return parts;
  const auto cell = [&](std::string_view column) -> const GatedCell& {
    return summary->at(*last, column);
  };
  PagePart capacity{"capacity", {}, {}};
  PagePart page{"summary", {}, {}};
  const std::string standard = absl::StrFormat("%g", rules->standard_pct);
  const std::string sentence = FirstSaid(
      {Say("$0 % of $1 pathways waiting are within 18 weeks (standard $2 %); "
           "$3 wait over 52 weeks.",
           cell("share_18"), cell("incomplete"), standard, cell("over_52")),
       Say("$0 % of $1 pathways waiting are within 18 weeks (standard $2 %); "
           "too few wait over 52 weeks to be printed.",
           cell("share_18"), cell("incomplete"), standard),
       Say("$0 pathways wait; too few for the share within 18 weeks.",
           cell("incomplete"))},
      "Too few pathways wait to print their number.");
  capacity.sentences.push_back({1, sentence});
  page.sentences.push_back({4, sentence});
  capacity.charts.push_back(PathwaysByMonth(*summary));
  const GatedTable* waits = FilledTable(tables, "rtt_waits");
  if (waits != nullptr) capacity.charts.push_back(WaitsByWeek(*waits, *rules));
  capacity.charts.push_back(
      AgainstStandard(*summary, summary->at(*last, "census").text(), *rules));
  capacity.sentences.push_back({3, capacity.charts.back().title + "."});
  const GatedTable* queues = FilledTable(tables, "queue_stats");
  if (queues != nullptr) {
    capacity.charts.push_back(QueueChart(*queues));
    capacity.sentences.push_back({2, capacity.charts.back().title + "."});
  }
  parts.push_back(std::move(capacity));
  parts.push_back(std::move(page));
  return parts;
}

}  // namespace tally::analytics
