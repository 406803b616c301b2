// C18: the indicators of a practice among those of the others.
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/measure.h"
#include "analytics/measures/patient_list.h"
#include "analytics/statistics/mean.h"
#include "base/status.h"
#include "measures/indicator_series.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kPackSource = "C29";
constexpr int kQuartiles = 4;

// The practices of one indicator with a printed value.
struct Peers {
  std::vector<size_t> rows;
  std::vector<double> values;
  std::vector<double> ascending;
};

std::map<std::string, Peers> PeersOf(const GatedTable& year) {
  std::map<std::string, Peers> peers;
  for (size_t row = 0; row < year.rows(); ++row) {
    const std::string& area = year.at(row, "area").text();
    if (area == kAllLevels || area == kSmallAreas) continue;
    const auto value = year.at(row, "value").number();
    if (!value.has_value()) continue;
    Peers& of = peers[year.at(row, "indicator").text()];
    of.rows.push_back(row);
    of.values.push_back(*value);
  }
  for (auto& [indicator, of] : peers) {
    of.ascending = of.values;
    std::sort(of.ascending.begin(), of.ascending.end());
  }
  return peers;
}

// 1 is the best; the highest where neither direction is better. Ties share the
// better place.
int PlaceOf(const Peers& peers, double value, Direction direction) {
  const auto& sorted = peers.ascending;
  const auto below = std::lower_bound(sorted.begin(), sorted.end(), value);
  const auto above = std::upper_bound(sorted.begin(), sorted.end(), value);
  return 1 + static_cast<int>(direction == Direction::kLowerIsBetter
                                  ? below - sorted.begin()
                                  : sorted.end() - above);
}

// Whether the peers' middle lies inside the limits of the practice.
std::string FlagOf(const GatedTable& year, size_t row, double median,
                   Direction direction) {
  const auto lo = year.at(row, "value_lo").number();
  const auto hi = year.at(row, "value_hi").number();
  if (!lo.has_value() || !hi.has_value()) return "";
  if (*lo <= median && median <= *hi) return "similar";
  const bool high = *lo > median;
  if (direction == Direction::kNeither) return high ? "higher" : "lower";
  return high == (direction == Direction::kHigherIsBetter) ? "better" : "worse";
}

std::string_view DirectionText(Direction direction) {
  if (direction == Direction::kHigherIsBetter) return "higher";
  if (direction == Direction::kLowerIsBetter) return "lower";
  return "neither";
}

absl::Status AddPeers(
    const GatedTable& year, const Peers& peers, const CatalogueEntry& entry,
    const std::map<std::pair<std::string, std::string>, LastWord>& words,
    DerivedTable& table) {
  const std::vector<int> quartiles =
      QuantileGroups(peers.values, kQuartiles, false);
  const double median = Quantile(peers.ascending, 0.5).value();
  const auto figure = [&](double p) {
    return DerivedCell::Number(Quantile(peers.ascending, p), 1);
  };
  for (size_t i = 0; i < peers.rows.size(); ++i) {
    const size_t row = peers.rows[i];
    const auto word = words.find({entry.id, year.at(row, "area").text()});
    TALLY_RETURN_IF_ERROR(table.AddRow(
        {DerivedCell::Copy(year.at(row, "area")),
         DerivedCell::Text(entry.programme), DerivedCell::Text(entry.id),
         DerivedCell::Text(entry.name),
         DerivedCell::Copy(year.at(row, "value")),
         DerivedCell::Copy(year.at(row, "value_lo")),
         DerivedCell::Copy(year.at(row, "value_hi")), figure(0), figure(0.25),
         figure(0.5), figure(0.75), figure(1),
         DerivedCell::Number(PlaceOf(peers, peers.values[i], entry.direction),
                             0),
         DerivedCell::Number(static_cast<double>(peers.rows.size()), 0),
         quartiles.empty() ? DerivedCell::Na(NaReason::kTooFewValues)
                           : DerivedCell::Number(quartiles[i], 0),
         DerivedCell::Text(word == words.end() ? "" : word->second.variation),
         DerivedCell::Text(std::string(DirectionText(entry.direction))),
         DerivedCell::Text(FlagOf(year, row, median, entry.direction)),
         DerivedCell::Text(entry.unit)}));
  }
  return absl::OkStatus();
}

std::vector<ColumnSpec> PackColumns() {
  return {DimensionColumn("area", "Practice"),
          DimensionColumn("programme", "Programme"),
          DimensionColumn("indicator", "Indicator"),
          WordColumn("name", "Name"),
          DerivedColumn("value", "Value"),
          DerivedColumn("lo", "Lower limit"),
          DerivedColumn("hi", "Upper limit"),
          DerivedColumn("low", "Lowest peer"),
          DerivedColumn("q1", "Lower quartile"),
          DerivedColumn("peer_median", "Median of peers"),
          DerivedColumn("q3", "Upper quartile"),
          DerivedColumn("high", "Highest peer"),
          DerivedColumn("rank", "Place"),
          DerivedColumn("of", "Of"),
          DerivedColumn("quartile", "Quartile"),
          WordColumn("variation", "Variation"),
          WordColumn("direction", "Better when"),
          WordColumn("flag", "Against the median"),
          WordColumn("unit", "Unit")};
}

class PracticePacks : public Measure {
 public:
  absl::StatusOr<std::vector<DerivedTable>> Derive(
      const DeriveContext& context) const override {
    std::vector<DerivedTable> tables;
    std::vector<const GatedTable*> sources =
        IndicatorTables(context, kPackSource, kIndicatorYearTables);
    if (sources.empty()) return tables;
    const std::vector<const GatedTable*> years = sources;
    const GatedTable* points = context.Find(kPackSource, kSpcTable);
    if (points != nullptr) sources.push_back(points);
    TALLY_ASSIGN_OR_RETURN(const double least,
                           context.definition.Parameter("least_peers"));
    const auto catalogue =
        ReadCatalogue(context.Find(kPackSource, kIndicatorTable));
    const auto words = LastWords(points);
    TableInfo info = context.Info("practice_pack",
                                  "Indicators of a practice among its peers",
                                  *sources.front());
    info.notes.emplace_back(
        "Peers are all practices with a printed value, itself among them. "
        "Place "
        "1 is the best, or the highest where neither is better; quartile 1 has "
        "the lowest values.");
    TALLY_ASSIGN_OR_RETURN(
        DerivedTable table,
        DerivedTable::Create(std::move(info), PackColumns(), sources));
    for (const GatedTable* year : years) {
      for (const auto& [indicator, peers] : PeersOf(*year)) {
        const auto entry = catalogue.find(indicator);
        if (entry == catalogue.end()) continue;
        if (static_cast<double>(peers.rows.size()) < least) continue;
        TALLY_RETURN_IF_ERROR(
            AddPeers(*year, peers, entry->second, words, table));
      }
    }
    tables.push_back(std::move(table));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition&,
      const std::vector<GatedTable>& tables) const override;
};

// Practices by how many of their indicators are worse than the median.
std::vector<std::pair<std::string, int>> WorstFirst(const GatedTable& table) {
  std::map<std::string, int> worse;
  for (size_t row = 0; row < table.rows(); ++row) {
    worse[table.at(row, "area").text()] +=
        table.at(row, "flag").text() == "worse";
  }
  std::vector<std::pair<std::string, int>> sorted(worse.begin(), worse.end());
  std::stable_sort(
      sorted.begin(), sorted.end(),
      [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

std::vector<PagePart> PracticePacks::Draw(
    const MeasureDefinition&, const std::vector<GatedTable>& tables) const {
  std::vector<PagePart> parts;
  const GatedTable* table = PrintedTable(tables, "practice_pack");
  if (table == nullptr || table->rows() == 0) return parts;
  Chart spine(
      "practice-spine", "spine", *table,
      {"area", "programme", "name", "value", "lo", "hi", "low", "q1",
       "peer_median", "q3", "high", "rank", "of", "direction", "flag", "unit"},
      [](const GatedTable&, size_t) { return true; });
  const auto practices = WorstFirst(*table);
  spine.SelectBy("area", "Practice", practices.front().first);
  for (const auto& [area, worse] : practices) {
    const auto indicators =
        static_cast<int64_t>(ShownRows(spine, "area", area, "value").size());
    const std::string words = absl::StrFormat(
        "%s: %s worse than the median of practices by more than chance", area,
        PartOf(worse, indicators, {"indicator", "indicators"}, {"is", "are"}));
    spine.Describe(area, words,
                   words +
                       ". Each line has the scale of its indicator, the "
                       "median in the middle, better to the right.");
  }
  spine.options.Set("value", "value")
      .Set("y", "name")
      .Set("low", "low")
      .Set("q1", "q1")
      .Set("mid", "peer_median")
      .Set("q3", "q3")
      .Set("high", "high")
      .Set("direction", "direction")
      .Set("flag", "flag");
  PagePart area{"area", {}, {}};
  const auto& [practice, most] = practices.front();
  area.sentences.push_back(
      {1, most == 0
              ? std::string("No practice has an indicator that is worse than "
                            "the median by more than chance.")
              : absl::StrFormat("Practice %s has most indicators that are "
                                "worse than the median by more than chance: "
                                "%d.",
                                practice, most)});
  const auto any = std::count_if(practices.begin(), practices.end(),
                                 [](const auto& p) { return p.second > 0; });
  area.sentences.push_back(
      {2, Capitalised(absl::StrFormat(
              "%s such an indicator.",
              PartOf(any, static_cast<int64_t>(practices.size()),
                     {"practice", "practices"}, {"has", "have"})))});
  area.charts.push_back(std::move(spine));
  parts.push_back(std::move(area));
  return parts;
}

}  // namespace

std::unique_ptr<Measure> MakeC18() { return std::make_unique<PracticePacks>(); }

}  // namespace tally::analytics
