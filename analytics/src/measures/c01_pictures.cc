// Charts and sentences of C01: link rates, reasons, shared people.
#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "measures/c01_linkage.h"
#include "measures/level_words.h"
#include "measures/printed.h"

namespace tally::analytics {
namespace {

bool IsWhole(const GatedTable& table, size_t row) {
  return table.at(row, "dimension").text() == "all";
}

std::string Words(std::string_view dimension) {
  std::string words(dimension);
  for (char& c : words) {
    if (c == '_') c = ' ';
  }
  if (words == "imd decile") return "IMD decile";
  if (words == "ethnicity") return "ethnic group";
  if (words == "nhs number status") return "NHS Number status";
  return words;
}

std::string LevelWords(std::string_view dimension, const std::string& level) {
  if (dimension == "ethnicity") return EthnicGroupWords(level);
  if (dimension == "nhs_number_status") return NumberStatusWords(level);
  return level;
}

// The population is not compared with itself.
bool IsCompared(const GatedTable& table, size_t row) {
  return table.at(row, "dataset").text() != table.info().anchor;
}

// Where the people of a dataset were found.
std::string_view Place(const GatedTable& table) {
  return table.info().anchor.empty() ? "in another source"
                                     : "in the population";
}

// The people whom the lowest rate leaves over are no failed matches.
std::string OthersSentence(const GatedTable& table, const Chart& rates) {
  if (rates.rows() == 0 || table.info().anchor.empty()) return "";
  const std::optional<double> lowest = rates.cell(0, 6).number();
  if (!lowest.has_value() || *lowest >= 100) return "";
  return absl::StrFormat(
      " The other %.1f %% of the people in %s of %s are not in %s: they may be "
      "registered elsewhere, and are no failed matches.",
      100 - *lowest, rates.cell(0, 1).text(), rates.cell(0, 0).text(),
      table.info().anchor);
}

Chart Rates(const GatedTable& table) {
  Chart chart("link-rates", "interval", table,
              {"source", "dataset", "rows", "row_rate", "persons",
               "persons_linked", "rate", "lower", "upper"},
              [](const GatedTable& t, size_t row) {
                return IsWhole(t, row) && IsCompared(t, row);
              });
  chart.SortBy("rate", false);
  chart.unit = "% of people";
  chart.options.Set("x", "rate")
      .Set("lo", "lower")
      .Set("hi", "upper")
      .Set("y", "source")
      .Set("y2", "dataset");
  size_t printed = 0;
  for (size_t row = 0; row < chart.rows(); ++row) {
    if (chart.cell(row, 6).number().has_value()) ++printed;
  }
  if (printed == 0) {
    chart.title = "No link rate can be printed";
    chart.summary = "Every link rate rests on too few people to be printed.";
    return chart;
  }
  const auto name = [&](size_t row) {
    return absl::StrFormat("%s of %s", chart.cell(row, 1).text(),
                           chart.cell(row, 0).text());
  };
  const std::string& low = chart.cell(0, 6).text();
  const std::string& high = chart.cell(printed - 1, 6).text();
  chart.title =
      printed == 1
          ? absl::StrFormat("%s %% of the people in %s are %s", low, name(0),
                            Place(table))
          : absl::StrFormat(
                "Of the people in a dataset, between %s and %s %% are %s", low,
                high, Place(table));
  chart.summary = absl::StrFormat(
      "People of %d datasets who are %s, with 95 %% limits. Lowest: %s, %s %%. "
      "Highest: %s, %s %%.",
      printed, Place(table), name(0), low, name(printed - 1), high);
  return chart;
}

// The first of the last months that a table has; empty if it has no more.
constexpr size_t kShownMonths = 24;
std::string FirstShownMonth(const GatedTable& table) {
  std::set<std::string> months;
  for (size_t row = 0; row < table.rows(); ++row) {
    if (table.at(row, "dimension").text() != "month") continue;
    if (IsCompared(table, row)) months.insert(table.at(row, "month").text());
  }
  if (months.size() <= kShownMonths) return "";
  return *std::next(months.rbegin(), kShownMonths - 1);
}

Chart Levels(const GatedTable& table, std::string_view dimension) {
  const bool month = dimension == "month";
  const std::string first = month ? FirstShownMonth(table) : "";
  Chart chart(absl::StrFormat("link-rates-%s", dimension),
              month ? "lines" : "interval", table,
              {"source", "dataset", month ? "month" : "level", "persons",
               "persons_linked", "rate", "lower", "upper"},
              [&](const GatedTable& t, size_t row) {
                return t.at(row, "dimension").text() == dimension &&
                       IsCompared(t, row) && t.at(row, "month").text() >= first;
              });
  if (!first.empty()) {
    chart.notes.push_back(
        absl::StrFormat("The last %d months; `commissioning quality` prints "
                        "all.",
                        kShownMonths));
  }
  chart.unit = "% of people";
  if (month) {
    chart.options.Set("x", "month").Set("y", "rate").Set("series", "source");
    return chart;
  }
  chart.SayLevels("level", [&](const std::string& level) {
    return LevelWords(dimension, level);
  });
  chart.options.Set("x", "rate")
      .Set("lo", "lower")
      .Set("hi", "upper")
      .Set("y", "level")
      .Set("y2", "source");
  return chart;
}

// One chart per source and dataset would be many: the drop-down list chooses.
void DescribeLevels(Chart& chart, std::string_view dimension,
                    std::string_view place) {
  const std::vector<std::string> sources = chart.LevelsOf("dataset");
  chart.SelectBy("dataset", "Dataset", sources.empty() ? "" : sources[0]);
  for (const std::string& dataset : sources) {
    std::optional<size_t> low, high;
    size_t levels = 0;
    for (size_t row = 0; row < chart.rows(); ++row) {
      if (chart.cell(row, 1).text() != dataset) continue;
      ++levels;
      const auto rate = chart.cell(row, 5).number();
      if (!rate.has_value()) continue;
      if (!low.has_value() || *rate < *chart.cell(*low, 5).number()) low = row;
      if (!high.has_value() || *rate > *chart.cell(*high, 5).number()) {
        high = row;
      }
    }
    if (!low.has_value()) {
      chart.Describe(dataset,
                     absl::StrFormat("%s by %s: nothing can be printed",
                                     dataset, Words(dimension)),
                     "Every link rate rests on too few people to be printed.");
      continue;
    }
    const auto text = [&](size_t row, size_t column) {
      return chart.text(row, column);
    };
    chart.Describe(
        dataset,
        absl::StrFormat("%s by %s: %s %s", dataset, Words(dimension),
                        FromTo(text(*low, 5), text(*high, 5), "%"), place),
        absl::StrFormat("People of %s who are %s, by %s, %d figures. "
                        "Lowest: %s in %s, %s %%. Highest: %s in %s, %s %%.",
                        dataset, place, Words(dimension), levels,
                        MonthInWords(text(*low, 2)), text(*low, 0),
                        text(*low, 5), MonthInWords(text(*high, 2)),
                        text(*high, 0), text(*high, 5)));
  }
}

// A row without an anchor is found where its person is in another source; the
// report calls both ways of not being found "not in population".
constexpr std::string_view kNotFound = "not in population";

// "NHS_NUMBER_CHECK_DIGIT" as "NHS Number check digit"; who is not found by
// where it was looked; other text as it is.
std::string ReasonWords(const std::string& reason, const std::string& anchor) {
  if (reason == kNotFound) {
    return anchor.empty() ? "Person in no other source"
                          : "Person not in the population";
  }
  constexpr std::string_view kNumber = "NHS_NUMBER_";
  const bool code =
      !reason.empty() && std::all_of(reason.begin(), reason.end(), [](char c) {
        return c == '_' || ('A' <= c && c <= 'Z');
      });
  if (!code) return reason;
  const bool number = reason.starts_with(kNumber);
  std::string words = reason.substr(number ? kNumber.size() : 0);
  for (char& c : words) c = c == '_' ? ' ' : absl::ascii_tolower(c);
  return number ? "NHS Number " + words : Capitalised(words);
}

// `anchor`: the dataset in which people were looked for, empty: all others.
Chart ReasonBars(const GatedTable& table, const std::string& anchor) {
  Chart chart("reasons", "bar", table,
              {"source", "dataset", "reason", "rows_reason", "rows", "share"},
              [](const GatedTable& t, size_t row) {
                return t.at(row, "reason").text() != "linked";
              });
  chart.SortBy("rows_reason", true);
  chart.unit = "rows";
  const std::string place =
      anchor.empty() ? "found in another source" : "found in the population";
  chart.SayLevels("reason", [&](const std::string& reason) {
    return ReasonWords(reason, anchor);
  });
  chart.options.Set("x", "rows_reason").Set("y", "reason").Set("y2", "source");
  const std::vector<std::string> datasets = chart.LevelsOf("dataset");
  chart.SelectBy("dataset", "Dataset", datasets.empty() ? "" : datasets[0]);
  for (const std::string& dataset : datasets) {
    size_t lines = 0;
    std::optional<size_t> most;
    for (size_t row = 0; row < chart.rows(); ++row) {
      if (chart.cell(row, 1).text() != dataset) continue;
      ++lines;
      if (!most.has_value() && chart.cell(row, 3).number().has_value()) {
        most = row;
      }
    }
    if (!most.has_value()) {
      chart.Describe(dataset,
                     absl::StrFormat("%s: reasons too rare to print", dataset),
                     "Every reason has too few rows to be printed.");
      continue;
    }
    chart.Describe(
        dataset,
        *Say("$0: rows that are not $1, commonest reason: $2 ($3 rows)",
             dataset, place, chart.text(*most, 2), chart.cell(*most, 3)),
        absl::StrFormat("Rows of %s that are not %s, by source and "
                        "reason, %d lines. Commonest: %s at %s with %s rows, "
                        "%s %% of its rows. A person who is not found there "
                        "has a number all the same; other reasons are of rows "
                        "without a person.",
                        dataset, place, lines, chart.text(*most, 2),
                        chart.text(*most, 0), DisplayText(chart.cell(*most, 3)),
                        chart.cell(*most, 5).text()));
  }
  return chart;
}

Chart OverlapBars(const GatedTable& table) {
  Chart chart("overlap", "bar", table, {"source_a", "source_b", "persons"},
              [](const GatedTable&, size_t) { return true; });
  chart.SortBy("persons", true);
  chart.unit = "people";
  chart.options.Set("x", "persons").Set("y", "source_a").Set("y2", "source_b");
  if (chart.rows() > 0) {
    chart.title = FirstSaid({Say("$0 and $1 share $2 people", chart.text(0, 0),
                                 chart.text(0, 1), chart.cell(0, 2))},
                            "The sources share too few people to be printed");
    chart.summary =
        absl::StrFormat("People shared by %s. %s.",
                        Counted(static_cast<int64_t>(chart.rows()),
                                {"pair of sources", "pairs of sources"}),
                        chart.title);
  }
  return chart;
}

// The level that lies furthest below the rate of its own dataset.
std::optional<std::string> WorstLevel(const GatedTable& table, double points) {
  std::optional<std::string> sentence;
  double worst = points;
  for (size_t whole = 0; whole < table.rows(); ++whole) {
    const auto all = table.at(whole, "rate").number();
    if (!IsWhole(table, whole) || !all.has_value()) continue;
    if (!IsCompared(table, whole)) continue;
    for (size_t row = 0; row < table.rows(); ++row) {
      const auto rate = table.at(row, "rate").number();
      const bool same =
          table.at(row, "source").text() == table.at(whole, "source").text() &&
          table.at(row, "dataset").text() == table.at(whole, "dataset").text();
      if (!same || !rate.has_value() || *all - *rate <= worst) continue;
      worst = *all - *rate;
      const std::string& dimension = table.at(row, "dimension").text();
      sentence = absl::StrFormat(
          "Lowest: %s %s in %s of %s, %s %% %s against %s %% overall.",
          Words(dimension),
          LevelWords(
              dimension,
              table.at(row, dimension == "month" ? "month" : "level").text()),
          table.at(row, "dataset").text(), table.at(row, "source").text(),
          table.at(row, "rate").text(), Place(table),
          table.at(whole, "rate").text());
    }
  }
  return sentence;
}

}  // namespace

std::vector<PagePart> DrawLinkage(const MeasureDefinition& definition,
                                  const std::vector<GatedTable>& tables) {
  std::vector<PagePart> parts;
  if (tables.size() < 3) return parts;
  const GatedTable& table = tables[0];
  PagePart quality{"quality", {}, {}};
  Chart rates = Rates(table);
  const std::string opening = rates.title + "." + OthersSentence(table, rates);
  quality.sentences.push_back({1, opening});
  const double points = definition.Parameter("low_rate_points").value_or(2.0);
  const std::optional<std::string> worst = WorstLevel(table, points);
  quality.sentences.push_back(
      {2,
       worst.value_or(absl::StrFormat(
           "No group lies more than %.1f points below its dataset.", points))});
  if (table.linked_share_pct() != "*" && table.linked_share_pct() != "NA") {
    quality.sentences.push_back(
        {3,
         absl::StrFormat("%s %% of all rows have a person, found elsewhere or "
                         "not.",
                         table.linked_share_pct())});
  }
  PagePart summary{"summary", {}, {}};
  summary.sentences.push_back({8, opening});
  quality.charts.push_back(std::move(rates));
  for (const char* dimension :
       {"month", "practice", "age_band", "sex", "imd_decile", "ethnicity",
        "nhs_number_status"}) {
    Chart chart = Levels(table, dimension);
    if (chart.rows() == 0) continue;
    DescribeLevels(chart, dimension, Place(table));
    quality.charts.push_back(std::move(chart));
  }
  Chart reasons = ReasonBars(tables[1], table.info().anchor);
  if (reasons.rows() > 0) quality.charts.push_back(std::move(reasons));
  Chart overlap = OverlapBars(tables[2]);
  if (overlap.rows() > 0) quality.charts.push_back(std::move(overlap));
  parts.push_back(std::move(quality));
  parts.push_back(std::move(summary));
  return parts;
}

}  // namespace tally::analytics
