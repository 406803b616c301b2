#include "bench/table.h"

#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/table_printer.h"

namespace tally::bench {
namespace {

std::string NumberText(double value) {
  const double size = std::abs(value);
  if (size >= 1000) return FormatCount(std::llround(value));
  return absl::StrFormat("%.*f", size >= 100 ? 1 : size >= 1 ? 2 : 3, value);
}

std::string FigureText(double value, const std::string& unit) {
  return NumberText(value) + " " + unit;
}

std::string BarText(const Figure& figure) {
  switch (figure.bar.on) {
    case Bar::On::kNothing:
      return "";
    case Bar::On::kRatioAtLeast:
      return absl::StrFormat(">= %g x", figure.bar.limit);
    case Bar::On::kRatioAtMost:
      return absl::StrFormat("<= %g x", figure.bar.limit);
    case Bar::On::kValueAtLeast:
      return ">= " + FigureText(figure.bar.limit, figure.unit);
    case Bar::On::kValueAtMost:
      return "<= " + FigureText(figure.bar.limit, figure.unit);
  }
  return "";
}

std::string MetText(const Figure& figure) {
  if (figure.bar.on == Bar::On::kNothing) return "";
  return figure.met ? "met" : "MISSED";
}

// The smallest size of each name that says what an item costs.
std::map<std::string, Figure> SmallestOf(const std::vector<Figure>& figures) {
  std::map<std::string, Figure> smallest;
  for (const Figure& figure : figures) {
    if (ItemNanoseconds(figure) <= 0) continue;
    const auto [place, is_new] = smallest.try_emplace(figure.name, figure);
    if (!is_new && figure.size < place->second.size) place->second = figure;
  }
  return smallest;
}

}  // namespace

std::string OneLine(const Figure& figure) {
  std::string line = figure.name;
  if (figure.size > 0) line += ", " + FormatCount(figure.size);
  line += ": " + FigureText(figure.value, figure.unit);
  if (figure.rounds > 1) {
    line += absl::StrFormat(" (%d rounds, %s to %s)", figure.rounds,
                            NumberText(figure.low), NumberText(figure.high));
  }
  if (!figure.rival.empty()) {
    line += absl::StrFormat("; %s %s, ratio %s", figure.rival,
                            NumberText(figure.rival_value),
                            NumberText(figure.ratio));
  }
  if (figure.bar.on != Bar::On::kNothing) {
    line += absl::StrFormat("; bar %s: %s", BarText(figure), MetText(figure));
  }
  if (figure.peak_bytes > 0) {
    line += "; peak " + FormatSize(figure.peak_bytes);
  }
  return line;
}

absl::StatusOr<std::vector<Figure>> ReadFigures(std::string_view lines) {
  std::vector<Figure> figures;
  for (int number = 1; !lines.empty(); ++number) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    const auto json = ParseJson(lines.substr(0, end), 1);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    auto figure = json.ok() ? Figure::FromJson(*json)
                            : absl::StatusOr<Figure>(json.status());
    if (!figure.ok()) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "line %d: %s", number, ToStd(figure.status().message())));
    }
    figures.push_back(*std::move(figure));
  }
  return figures;
}

double ItemNanoseconds(const Figure& figure) {
  if (figure.size <= 0 || figure.value <= 0) return 0;
  if (figure.unit == "s") {
    return 1e9 * figure.value / static_cast<double>(figure.size);
  }
  return figure.unit.ends_with("/s") ? 1e9 / figure.value : 0;
}

std::vector<Figure> GrowthBeyondBase(const std::vector<Figure>& figures) {
  std::map<std::string, Figure> bases;  // the smallest that qualifies
  for (const Figure& figure : figures) {
    if (figure.bar.on == Bar::On::kNothing && !figure.is_steady) continue;
    const auto [place, is_new] = bases.try_emplace(figure.name, figure);
    if (!is_new && figure.size < place->second.size) place->second = figure;
  }
  std::vector<Figure> growth;
  for (const Figure& figure : figures) {
    const auto base = bases.find(figure.name);
    if (base == bases.end() || figure.size <= base->second.size) continue;
    const double at_base = ItemNanoseconds(base->second);
    const double at_size = ItemNanoseconds(figure);
    if (at_base <= 0 || at_size <= 0) continue;
    growth.push_back(Summarise({.name = figure.name + ", cost of an item",
                                .unit = "ns",
                                .size = figure.size,
                                .values = {at_size},
                                .rival = "at " + FormatCount(base->second.size),
                                .rival_values = {at_base},
                                .bar = RatioAtMost(kMostGrowth),
                                .peak_bytes = figure.peak_bytes}));
  }
  return growth;
}

std::string FormatTable(const std::vector<Figure>& figures) {
  TablePrinter table({"figure", "size", "value", "least", "most", "rounds",
                      "rival", "rival_value", "ratio", "bar", "met", "peak",
                      "growth"});
  const auto smallest = SmallestOf(figures);
  for (const Figure& figure : figures) {
    const bool has_rival = !figure.rival.empty();
    std::string growth;
    const auto base = smallest.find(figure.name);
    if (base != smallest.end() && figure.size > base->second.size) {
      growth = absl::StrFormat(
          "%.2f x", ItemNanoseconds(figure) / ItemNanoseconds(base->second));
    }
    table.AddRow(
        {figure.name,
         figure.size > 0 ? FormatCount(figure.size) : std::string(),
         FigureText(figure.value, figure.unit), NumberText(figure.low),
         NumberText(figure.high), int64_t{figure.rounds}, figure.rival,
         has_rival ? NumberText(figure.rival_value) : std::string(),
         has_rival ? NumberText(figure.ratio) : std::string(), BarText(figure),
         MetText(figure),
         figure.peak_bytes > 0 ? FormatSize(figure.peak_bytes) : std::string(),
         growth});
  }
  return table.Format(OutputFormat::kTable);
}

std::string FormatJson(const std::vector<Figure>& figures) {
  std::string text;
  for (const Figure& figure : figures) {
    text += (text.empty() ? "[\n" : ",\n") + figure.ToJson().Dump();
  }
  return text.empty() ? "[]\n" : text + "\n]\n";
}

}  // namespace tally::bench
