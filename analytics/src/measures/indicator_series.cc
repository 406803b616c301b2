#include "measures/indicator_series.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "base/strings.h"

namespace tally::analytics {

ColumnSpec WordColumn(std::string name, std::string title) {
  ColumnSpec column;
  column.name = std::move(name);
  column.kind = ColumnKind::kText;
  column.title = std::move(title);
  return column;
}

std::map<std::string, CatalogueEntry> ReadCatalogue(const GatedTable* table) {
  std::map<std::string, CatalogueEntry> entries;
  if (table == nullptr) return entries;
  for (size_t row = 0; row < table->rows(); ++row) {
    CatalogueEntry entry;
    entry.id = table->at(row, "indicator").text();
    entry.name = table->at(row, "name").text();
    entry.programme = table->at(row, "programme").text();
    entry.unit = table->at(row, "unit").text();
    const std::string& direction = table->at(row, "direction").text();
    if (direction == "higher") entry.direction = Direction::kHigherIsBetter;
    if (direction == "lower") entry.direction = Direction::kLowerIsBetter;
    const std::string& target = table->at(row, "target").text();
    if (!target.empty()) entry.target = std::strtod(target.c_str(), nullptr);
    const std::string id = entry.id;
    entries.emplace(id, std::move(entry));
  }
  return entries;
}

std::vector<PrintedSeries> SeriesOf(const GatedTable& table) {
  std::vector<PrintedSeries> all;
  std::map<std::pair<std::string, std::string>, size_t> places;
  for (size_t row = 0; row < table.rows(); ++row) {
    const auto key = std::pair(table.at(row, "indicator").text(),
                               table.at(row, "area").text());
    const auto [place, is_new] = places.emplace(key, all.size());
    if (is_new) all.push_back({key.first, key.second, &table, {}});
    all[place->second].rows.push_back(row);
  }
  for (PrintedSeries& series : all) {
    std::sort(series.rows.begin(), series.rows.end(), [&](size_t a, size_t b) {
      return table.at(a, "month").text() < table.at(b, "month").text();
    });
  }
  return all;
}

size_t FirstUnbroken(const PrintedSeries& series, std::string_view column) {
  size_t first = series.rows.size();
  while (
      first > 0 &&
      series.table->at(series.rows[first - 1], column).number().has_value()) {
    --first;
  }
  return first;
}

std::map<std::pair<std::string, std::string>, LastWord> LastWords(
    const GatedTable* spc_points) {
  std::map<std::pair<std::string, std::string>, LastWord> words;
  if (spc_points == nullptr) return words;
  for (size_t row = 0; row < spc_points->rows(); ++row) {
    const LastWord word{spc_points->at(row, "month").text(),
                        spc_points->at(row, "variation").text(),
                        spc_points->at(row, "assurance").text()};
    LastWord& last = words[{spc_points->at(row, "indicator").text(),
                            spc_points->at(row, "area").text()}];
    if (last.month <= word.month) last = word;
  }
  return words;
}

bool IsJudgedCode(std::string_view variation) {
  for (const Variation known :
       {Variation::kCommonCause, Variation::kImprovement, Variation::kConcern,
        Variation::kNeutralHigh, Variation::kNeutralLow}) {
    if (variation == VariationCode(known)) return true;
  }
  return false;
}

void IndicatorVerdicts::Add(std::string_view variation,
                            std::string_view assurance) {
  ++all;
  judged += IsJudgedCode(variation);
  concern += variation == VariationCode(Variation::kConcern);
  improvement += variation == VariationCode(Variation::kImprovement);
  too_few += variation == VariationCode(Variation::kTooFew);
  too_equal += variation == VariationCode(Variation::kTooEqual);
  unstable += variation == VariationCode(Variation::kUnstable);
  fail += assurance == AssuranceCode(Assurance::kFail);
}

std::string IndicatorVerdicts::NotJudged() const {
  std::vector<std::string> reasons;
  const auto add = [&reasons](int number, std::string_view one,
                              std::string_view many) {
    if (number == 0) return;
    reasons.push_back(absl::StrFormat("%d %s", number,
                                      std::string(number == 1 ? one : many)));
  };
  add(too_few, "has too few months", "have too few months");
  add(too_equal, "has too few different values",
      "have too few different values");
  add(unstable, "does not vary about one level", "do not vary about one level");
  if (reasons.empty()) return "";
  return absl::StrFormat("%d cannot be judged: %s", all - judged,
                         JoinText(reasons, ", "));
}

std::string IndicatorVerdicts::Judged() const {
  return PartOf(judged, all, {"indicator", "indicators"},
                {"can be judged", "can be judged"});
}

std::string IndicatorVerdicts::Missing() const {
  return absl::StrFormat("%s will miss %s as things are", NumberOrNone(fail),
                         fail <= 1 ? "its target" : "their targets");
}

std::vector<const GatedTable*> IndicatorTables(
    const DeriveContext& context, std::string_view measure,
    std::span<const std::string_view> names) {
  std::vector<const GatedTable*> tables;
  for (const std::string_view name : names) {
    const GatedTable* table = context.Find(measure, name);
    if (table != nullptr) tables.push_back(table);
  }
  return tables;
}

}  // namespace tally::analytics
