#include "measures/benchmark.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/patient_list.h"
#include "analytics/measures/reference.h"
#include "analytics/statistics/distributions.h"
#include "analytics/statistics/funnel.h"
#include "analytics/statistics/poisson.h"
#include "analytics/statistics/proportion.h"
#include "analytics/statistics/ranking.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kBenchmarkSource = "C29";
constexpr std::string_view kPeerFile = "peer_variables";

// One area of one indicator, its value printed.
struct BenchmarkArea {
  std::string area;
  size_t row = 0;
  double value = 0;
  std::optional<double> lo, hi, num, den;
};

struct BenchmarkIndicator {
  const GatedTable* table = nullptr;
  bool rate = false;
  double per = 100;                  // printed unit of a share or rate
  std::vector<BenchmarkArea> areas;  // by code
  bool hidden = false;  // an area that was asked for is not printed
};

double StandardError(double lo, double hi) {
  return (hi - lo) / (2 * NormalQuantile(0.975));
}

std::map<std::string, BenchmarkIndicator> ReadAreas(
    const std::vector<const GatedTable*>& years,
    const BenchmarkRequest& request) {
  std::map<std::string, BenchmarkIndicator> indicators;
  for (const GatedTable* table : years) {
    const size_t value = table->ColumnIndex("value").value();
    for (size_t row = 0; row < table->rows(); ++row) {
      const std::string& area = table->at(row, "area").text();
      if (area == kAllLevels || area == kSmallAreas) continue;
      if (request.areas.has_value() && !request.areas->contains(area)) continue;
      BenchmarkIndicator& of = indicators[table->at(row, "indicator").text()];
      of.table = table;
      of.rate = table->columns()[value].kind == ColumnKind::kRate;
      of.per = of.rate ? table->columns()[value].multiplier : 100;
      const auto number = table->cell(row, value).number();
      if (!number.has_value()) {
        of.hidden = true;
        continue;
      }
      of.areas.push_back(
          {area, row, *number, table->at(row, "value_lo").number(),
           table->at(row, "value_hi").number(), table->at(row, "num").number(),
           table->at(row, "den").number()});
    }
  }
  for (auto& [id, of] : indicators) {
    // An area of the set that has no row of its own is not printed either.
    const size_t asked = request.areas.has_value() ? request.areas->size() : 0;
    of.hidden = of.hidden || of.areas.size() < asked;
    std::sort(of.areas.begin(), of.areas.end(),
              [](const BenchmarkArea& a, const BenchmarkArea& b) {
                return a.area < b.area;
              });
  }
  return indicators;
}

// All areas as one, from printed counts. Nothing if one of them is not printed.
std::optional<Comparator> Together(const BenchmarkIndicator& of) {
  double num = 0;
  double den = 0;
  for (const BenchmarkArea& area : of.areas) {
    if (!area.num.has_value() || !area.den.has_value()) return std::nullopt;
    num += *area.num;
    den += *area.den;
  }
  if (of.hidden || !(den > 0)) return std::nullopt;
  const Estimate all =
      of.rate ? CrudeRate(num, den, of.per)
              : WilsonProportion(static_cast<int64_t>(std::min(num, den)),
                                 static_cast<int64_t>(den));
  const double scale = of.rate ? 1 : of.per;
  if (!all.lower.known() || !all.upper.known()) return std::nullopt;
  return Comparator{scale * all.value.value(), scale * all.lower.value(),
                    scale * all.upper.value()};
}

std::string ComparedText(const BenchmarkArea& area, const Comparator& other) {
  if (!area.lo.has_value() || !area.hi.has_value()) return "";
  if (*area.lo > other.hi) return "higher";
  if (*area.hi < other.lo) return "lower";
  return "similar";
}

FunnelClass FunnelOf(const BenchmarkIndicator& of, const BenchmarkArea& area,
                     const Comparator& other) {
  if (!area.num.has_value() || !area.den.has_value()) {
    return FunnelClass::kNotAvailable;
  }
  if (of.rate) {
    return ClassifyRatio(*area.num, *area.den * other.value / of.per);
  }
  return ClassifyProportion(*area.num, *area.den, other.value / of.per);
}

Figure DifferenceZ(const BenchmarkArea& area, const Comparator& other) {
  if (!area.lo.has_value() || !area.hi.has_value()) {
    return Figure::Na(NaReason::kLimitUndefined);
  }
  const double error = std::hypot(StandardError(*area.lo, *area.hi),
                                  StandardError(other.lo, other.hi));
  if (!(error > 0)) return Figure::Na(NaReason::kLimitUndefined);
  return Figure::Of((area.value - other.value) / error);
}

// Area -> its nearest ones; empty without the file.
absl::StatusOr<std::map<std::string, std::string>> ReadPeers(
    const DeriveContext& context, size_t count) {
  std::map<std::string, std::string> nearest;
  if (!HasReference(context.comparators, kPeerFile)) return nearest;
  TALLY_ASSIGN_OR_RETURN(
      const ReferenceFile file,
      ReferenceFile::Read(context.comparators, kPeerFile,
                          {{"area", ReferenceType::kText},
                           {"variable", ReferenceType::kText},
                           {"value", ReferenceType::kNumber},
                           {"weight", ReferenceType::kNumber}},
                          context.month));
  std::map<std::string, double> weights;
  std::map<std::string, std::map<std::string, double>> values;
  for (size_t row = 0; row < file.rows(); ++row) {
    const auto [weight, first] =
        weights.emplace(file.Text(row, 1), file.Number(row, 3));
    if (!first && weight->second != file.Number(row, 3)) {
      return file.ErrorAt(row, "this variable has another weight before");
    }
    if (!values[file.Text(row, 0)]
             .emplace(file.Text(row, 1), file.Number(row, 2))
             .second) {
      return file.ErrorAt(row, "this area has the variable twice");
    }
  }
  std::vector<PeerArea> areas;
  for (const auto& [area, of_area] : values) {
    if (of_area.size() != weights.size()) continue;  // not comparable
    PeerArea& peer = areas.emplace_back();
    peer.code = area;
    for (const auto& [variable, value] : of_area) {
      peer.variables.push_back(value);
    }
  }
  std::vector<double> in_order;
  for (const auto& [variable, weight] : weights) in_order.push_back(weight);
  for (size_t i = 0; i < areas.size(); ++i) {
    nearest[areas[i].code] =
        JoinText(NearestAreas(areas, i, in_order, count), ", ");
  }
  return nearest;
}

std::vector<ColumnSpec> BenchmarkColumns() {
  return {DimensionColumn("indicator", "Indicator"),
          WordColumn("name", "Name"),
          DimensionColumn("area", "Practice"),
          DerivedColumn("value", "Value"),
          DerivedColumn("lo", "Lower limit"),
          DerivedColumn("hi", "Upper limit"),
          DerivedColumn("comparator", "Comparator"),
          DerivedColumn("z", "Difference in standard errors"),
          WordColumn("compared", "Against the comparator"),
          WordColumn("funnel_class", "In the funnel"),
          DerivedColumn("rank", "Place"),
          DerivedColumn("rank_lo", "Place, lower limit"),
          DerivedColumn("rank_hi", "Place, upper limit"),
          DerivedColumn("of", "Of"),
          WordColumn("peers", "Nearest areas"),
          WordColumn("unit", "Unit")};
}

absl::Status AddIndicator(const BenchmarkIndicator& of,
                          const CatalogueEntry& entry,
                          const std::optional<Comparator>& other, bool hidden,
                          const std::map<std::string, std::string>& nearest,
                          uint64_t seed, DerivedTable& table) {
  std::vector<RankedValue> values;
  for (const BenchmarkArea& area : of.areas) {
    const bool limits = area.lo.has_value() && area.hi.has_value();
    values.push_back(
        {area.value, limits ? StandardError(*area.lo, *area.hi) : 0});
  }
  const std::vector<RankInterval> ranks = RankIntervals(values, seed);
  for (size_t i = 0; i < of.areas.size(); ++i) {
    const BenchmarkArea& area = of.areas[i];
    const DerivedCell none = hidden
                                 ? DerivedCell::Star()
                                 : DerivedCell::Na(NaReason::kReferenceMissing);
    const auto peers = nearest.find(area.area);
    TALLY_RETURN_IF_ERROR(table.AddRow(
        {DerivedCell::Text(entry.id), DerivedCell::Text(entry.name),
         DerivedCell::Text(area.area),
         DerivedCell::Copy(of.table->at(area.row, "value")),
         DerivedCell::Copy(of.table->at(area.row, "value_lo")),
         DerivedCell::Copy(of.table->at(area.row, "value_hi")),
         other.has_value() ? DerivedCell::Number(other->value, 1) : none,
         other.has_value() ? DerivedCell::Number(DifferenceZ(area, *other), 2)
                           : none,
         DerivedCell::Text(other.has_value() ? ComparedText(area, *other) : ""),
         DerivedCell::Text(other.has_value() ? std::string(FunnelClassText(
                                                   FunnelOf(of, area, *other)))
                                             : ""),
         DerivedCell::Number(ranks[i].rank, 0),
         DerivedCell::Number(ranks[i].low, 0),
         DerivedCell::Number(ranks[i].high, 0),
         DerivedCell::Number(static_cast<double>(of.areas.size()), 0),
         DerivedCell::Text(peers == nearest.end() ? "" : peers->second),
         DerivedCell::Text(entry.unit)}));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<DerivedTable>> BenchmarkTables(
    const DeriveContext& context, const BenchmarkRequest& request) {
  std::vector<DerivedTable> tables;
  const std::vector<const GatedTable*> years =
      IndicatorTables(context, kBenchmarkSource, kIndicatorYearTables);
  if (years.empty()) return tables;
  TALLY_ASSIGN_OR_RETURN(const double seed,
                         context.definition.Parameter("seed"));
  TALLY_ASSIGN_OR_RETURN(const double neighbours,
                         context.definition.Parameter("neighbours"));
  const auto catalogue =
      ReadCatalogue(context.Find(kBenchmarkSource, kIndicatorTable));
  TALLY_ASSIGN_OR_RETURN(const auto nearest,
                         ReadPeers(context, static_cast<size_t>(neighbours)));
  TableInfo info =
      context.Info("benchmark", "Areas against a comparator", *years.front());
  info.notes = request.notes;
  info.notes.emplace_back(
      "Place 1 has the highest value. Small practices together have no place.");
  TALLY_ASSIGN_OR_RETURN(
      DerivedTable table,
      DerivedTable::Create(std::move(info), BenchmarkColumns(), years));
  for (const auto& [id, of] : ReadAreas(years, request)) {
    const auto entry = catalogue.find(id);
    if (entry == catalogue.end()) continue;
    if (!request.programme.empty() &&
        entry->second.programme != request.programme) {
      continue;
    }
    std::optional<Comparator> other;
    if (!request.comparators.has_value()) {
      other = Together(of);
    } else if (request.comparators->contains(id)) {
      other = request.comparators->at(id);
    }
    const bool hidden = !request.comparators.has_value() && of.hidden;
    TALLY_RETURN_IF_ERROR(AddIndicator(of, entry->second, other, hidden,
                                       nearest, static_cast<uint64_t>(seed),
                                       table));
  }
  tables.push_back(std::move(table));
  return tables;
}

namespace {

struct BenchmarkCounts {
  int areas = 0;
  int high = 0;
  int low = 0;
  std::string unit;
  std::string best;  // the area in the first place, and its value
  std::string value;
  bool equal = true;  // all values are printed alike
};

bool IsOutside(const GatedTable& table, size_t row, bool high) {
  const std::string& words = table.at(row, "funnel_class").text();
  return words ==
         FunnelClassText(high ? FunnelClass::kHigh998 : FunnelClass::kLow998);
}

std::string MostOutside(const std::map<std::string, BenchmarkCounts>& counts) {
  std::string first;
  int most = -1;
  for (const auto& [name, of] : counts) {
    if (of.high + of.low > most) {
      most = of.high + of.low;
      first = name;
    }
  }
  return first;
}

// By the names of the indicators.
std::map<std::string, BenchmarkCounts> CountAreas(const GatedTable& table) {
  std::map<std::string, BenchmarkCounts> counts;
  std::map<std::string, std::string> first_value;
  for (size_t row = 0; row < table.rows(); ++row) {
    BenchmarkCounts& of = counts[table.at(row, "name").text()];
    ++of.areas;
    of.unit = table.at(row, "unit").text();
    const std::string& first = first_value
                                   .emplace(table.at(row, "name").text(),
                                            table.at(row, "value").text())
                                   .first->second;
    of.equal = of.equal && table.at(row, "value").text() == first;
    if (table.at(row, "rank").text() == "1") {
      of.best = table.at(row, "area").text();
      of.value = DisplayText(table.at(row, "value"));
    }
    of.high += IsOutside(table, row, true);
    of.low += IsOutside(table, row, false);
  }
  return counts;
}

// The comparator of each indicator that has one.
JsonValue ComparatorLines(const GatedTable& table) {
  JsonValue references = JsonValue::MakeObject();
  for (size_t row = 0; row < table.rows(); ++row) {
    const auto comparator = table.at(row, "comparator").number();
    if (!comparator.has_value()) continue;
    references.Set(table.at(row, "name").text(), *comparator);
  }
  return references;
}

bool EveryRow(const GatedTable&, size_t) { return true; }

// The values of the areas against the comparator.
Chart BenchmarkDots(const GatedTable& table, const std::string& id,
                    const std::map<std::string, BenchmarkCounts>& counts,
                    const std::string& first, const std::string& against) {
  Chart dots(id, "interval", table,
             {"name", "area", "value", "lo", "hi", "comparator", "z",
              "compared", "funnel_class", "unit"},
             EveryRow);
  dots.SortBy("value", true);
  dots.SelectBy("name", "Indicator", first);
  for (const auto& [name, of] : counts) {
    const std::string words = absl::StrFormat(
        "%s, %s: %s beyond the 99.8 %% limits around %s", name, of.unit,
        PartOf(of.high + of.low, of.areas, {"area", "areas"}, {"lies", "lie"}),
        against);
    dots.Describe(name, words, words + ". Values with 95 % limits.");
  }
  JsonValue units = JsonValue::MakeObject();
  for (const auto& [name, of] : counts) units.Set(name, of.unit);
  dots.options.Set("units", std::move(units))
      .Set("x", "value")
      .Set("lo", "lo")
      .Set("hi", "hi")
      .Set("y", "area")
      .Set("references", ComparatorLines(table))
      .Set("reference_label", against);
  return dots;
}

// "Z90006 has the highest value of 20 areas, 8,846.2 per 100,000".
std::string FirstPlace(const BenchmarkCounts& of) {
  if (of.best.empty()) return "no area has a place";
  const std::string value = absl::StrFormat("%s %s", of.value, of.unit);
  if (of.areas == 1) {
    return absl::StrFormat("%s is the only area, with %s", of.best, value);
  }
  if (of.equal) {
    return absl::StrFormat("all %d areas have the same value, %s", of.areas,
                           value);
  }
  return absl::StrFormat("%s has the highest value of %s, %s", of.best,
                         Counted(of.areas, {"area", "areas"}), value);
}

// The places of the areas, with how sure they are.
Chart BenchmarkPlaces(const GatedTable& table, const std::string& id,
                      const std::map<std::string, BenchmarkCounts>& counts,
                      const std::string& first) {
  Chart places(
      id + "-places", "rank", table,
      {"name", "area", "rank", "rank_lo", "rank_hi", "of", "value", "peers"},
      EveryRow);
  places.SortBy("rank", false);
  places.SelectBy("name", "Indicator", first);
  for (const auto& [name, of] : counts) {
    const std::string place = absl::StrFormat("%s: %s", name, FirstPlace(of));
    places.Describe(name, place,
                    place +
                        ". Places with 95 % limits: where they overlap, "
                        "the order is chance.");
  }
  places.options.Set("rank", "rank")
      .Set("lo", "rank_lo")
      .Set("hi", "rank_hi")
      .Set("y", "area");
  return places;
}

// `worst`: the counts of the indicator `name`, in which most areas differ.
std::string BenchmarkSentence(const std::string& name,
                              const BenchmarkCounts& worst,
                              const std::string& against) {
  if (worst.high + worst.low == 0) {
    return absl::StrFormat(
        "No area differs from %s by more than chance in any indicator (99.8 %% "
        "limits).",
        against);
  }
  return absl::StrFormat(
      "Against %s most areas differ in: %s (%d above and %d below the 99.8 %% "
      "limits, of %d).",
      against, name, worst.high, worst.low, worst.areas);
}

}  // namespace

std::vector<PagePart> DrawBenchmark(const std::vector<GatedTable>& tables,
                                    const std::string& id,
                                    const std::vector<std::string>& pages,
                                    const std::string& against) {
  std::vector<PagePart> parts;
  const GatedTable* table = PrintedTable(tables, "benchmark");
  if (table == nullptr || table->rows() == 0) return parts;
  const std::map<std::string, BenchmarkCounts> counts = CountAreas(*table);
  const std::string first = MostOutside(counts);
  const Chart dots = BenchmarkDots(*table, id, counts, first, against);
  const Chart places = BenchmarkPlaces(*table, id, counts, first);
  const std::string sentence =
      BenchmarkSentence(first, counts.at(first), against);
  for (const std::string& page : pages) {
    PagePart part{page, {}, {}};
    part.sentences.push_back({1, sentence});
    part.charts.push_back(dots);
    if (page == "benchmarking") part.charts.push_back(places);
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace tally::analytics
