// C33: completeness and validity of items, rules that rows break, DQMI.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "analytics/measures/measure.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "engine/database.h"
#include "measures/c33_rules.h"
#include "measures/c33_timeliness.h"
#include "measures/counts.h"
#include "measures/indicator_series.h"
#include "measures/said_figures.h"
#include "measures/table_months.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

struct QualityItem {
  std::string dataset, column;
  std::vector<std::string> defaults;
  double threshold = 0;

  std::string Table() const {
    std::string table = dataset;
    std::replace(table.begin(), table.end(), '-', '_');
    return table;
  }
};

absl::StatusOr<std::vector<QualityItem>> ReadItems(
    const MeasureDefinition& definition) {
  const TomlTable& root = definition.root();
  TALLY_ASSIGN_OR_RETURN(const TomlArray list, root.GetArray("item"));
  std::vector<QualityItem> items;
  for (const TomlValue& value : list) {
    if (!value.is_table()) return root.ErrorAt(value.line(), "[[item]]");
    const TomlTable& table = value.AsTable();
    TALLY_RETURN_IF_ERROR(
        table.OnlyKeys({"dataset", "column", "defaults", "threshold"}));
    QualityItem& item = items.emplace_back();
    TALLY_ASSIGN_OR_RETURN(item.dataset, table.GetString("dataset"));
    TALLY_ASSIGN_OR_RETURN(item.column, table.GetString("column"));
    TALLY_ASSIGN_OR_RETURN(item.defaults, table.GetStrings("defaults"));
    TALLY_ASSIGN_OR_RETURN(item.threshold, table.GetDouble("threshold"));
    if (item.threshold < 0 || item.threshold > 1) {
      return table.ErrorAt(table.line(), "threshold is a share, 0 to 1");
    }
  }
  return items;
}

// "<column> IN ('a', 'b')", false for no values.
std::string ItemValueIn(const std::string& column,
                        const std::vector<std::string>& values) {
  if (values.empty()) return "false";
  std::vector<std::string> quoted;
  for (const std::string& value : values) {
    quoted.push_back(engine::QuoteLiteral(value));
  }
  return absl::StrFormat("CAST(%s AS VARCHAR) IN (%s)", column,
                         JoinText(quoted, ", "));
}

// Valid: listed by the dictionary, or anything where it lists nothing.
std::string ValidSql(const MeasureContext& context, const QualityItem& item) {
  const dataset::DictionaryColumn* column =
      context.release.Column(item.Table(), item.column);
  if (column->codes.empty()) {
    return absl::StrFormat("%s IS NOT NULL", item.column);
  }
  std::vector<std::string> codes;
  for (const auto& [code, label] : column->codes) codes.push_back(code);
  return ItemValueIn(item.column, codes);
}

absl::Status AddItems(const MeasureContext& context,
                      const std::vector<QualityItem>& items,
                      const DeliveredMonths& delivered, TableBuilder& table) {
  std::string sql = "SELECT source, count(*)";
  for (const QualityItem& item : items) {
    const std::string valid = ValidSql(context, item);
    sql += absl::StrFormat(
        ", count(%1$s), count(*) FILTER (WHERE %2$s), "
        "count(*) FILTER (WHERE %3$s)",
        item.column, valid, ItemValueIn(item.column, item.defaults));
  }
  sql += absl::StrFormat(" FROM %s GROUP BY source ORDER BY source",
                         items.front().Table());
  TALLY_ASSIGN_OR_RETURN(const std::vector<GroupedRow> rows,
                         QueryGroups(context.connection, sql, 1));
  for (const GroupedRow& source : rows) {
    const auto months = delivered.of_source.find(source.levels[0]);
    for (size_t i = 0; i < items.size(); ++i) {
      const size_t row =
          table.AddRow({source.levels[0], items[i].dataset, items[i].column});
      table.Set(row, "records", source.counts[0])
          .Set(row, "complete", source.counts[1 + 3 * i])
          .Set(row, "valid", source.counts[2 + 3 * i])
          .Set(row, "defaults", source.counts[3 + 3 * i])
          .Set(row, "threshold", absl::StrFormat("%.6g", items[i].threshold))
          .Set(row, "months",
               std::to_string(months == delivered.of_source.end()
                                  ? 0
                                  : months->second.size()))
          .Set(row, "months_expected", std::to_string(delivered.all.size()));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<RawTable> ItemTable(const MeasureContext& context) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<QualityItem> items,
                         ReadItems(context.definition));
  // Of a dataset together, so that each is read once.
  std::map<std::string, std::vector<QualityItem>> datasets;
  std::vector<std::string> missing;
  for (const QualityItem& item : items) {
    if (context.release.Column(item.Table(), item.column) != nullptr) {
      datasets[item.dataset].push_back(item);
    } else if (context.release.HasTable(item.Table())) {
      missing.push_back(absl::StrFormat("%s of %s", item.column, item.dataset));
    }
  }
  TableInfo info = context.Info("dq_items", "Values of each item");
  if (!missing.empty()) {
    info.notes.push_back(
        absl::StrFormat("Not in this release: %s.", JoinText(missing, ", ")));
  }
  TableBuilder table(std::move(info));
  table.Dimension("source", "Source")
      .Dimension("dataset", "Dataset")
      .Dimension("item", "Item")
      .Events("records", "Records")
      .Events("complete", "With a value")
      .Events("valid", "With a valid value")
      .Events("defaults", "With a default")
      .Proportion("completeness", "Complete", "complete", "records", false)
      .Text("threshold", "Threshold of defaults")
      .Text("months", "Months delivered")
      .Text("months_expected", "Months of the release");
  for (const auto& [dataset, of_dataset] : datasets) {
    TALLY_ASSIGN_OR_RETURN(
        const DeliveredMonths delivered,
        ReadDelivered(context.release, of_dataset.front().Table()));
    TALLY_RETURN_IF_ERROR(AddItems(context, of_dataset, delivered, table));
  }
  return table.Finish();
}

absl::StatusOr<RawTable> FailureTable(const MeasureContext& context) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<QualityRule> rules,
                         ReadQualityRules(context.definition));
  TableBuilder table(
      context.Info("dq_failures", "Rows that contradict something"));
  table.Dimension("rule", "Rule")
      .Dimension("dataset", "Dataset")
      .Dimension("source", "Source")
      .Text("title", "What is wrong")
      .Events("checked", "Rows checked")
      .Events("failures", "Rows that fail")
      .Proportion("share", "Share", "failures", "checked");
  for (const QualityRule& rule : rules) {
    TALLY_ASSIGN_OR_RETURN(const std::vector<RuleCount> counts,
                           CountFailures(context, rule));
    for (const RuleCount& count : counts) {
      const size_t row = table.AddRow({rule.id, rule.dataset, count.source});
      table.Set(row, "title", rule.title)
          .Set(row, "checked", count.checked)
          .Set(row, "failures", count.failures);
    }
  }
  return table.Finish();
}

// --- scores, from printed counts ---------------------------------------------

struct ItemScore {
  Figure completeness = Figure::Na(NaReason::kNoDenominator);
  Figure validity = Figure::Na(NaReason::kNoDenominator);
  Figure excess = Figure::Na(NaReason::kNoDenominator);
  Figure score = Figure::Na(NaReason::kNoDenominator);
  double coverage = 0;
  bool hidden = false;
};

ItemScore ScoreOf(const GatedTable& items, size_t row) {
  ItemScore out;
  const auto text = [&](std::string_view column) {
    return std::strtod(items.at(row, column).text().c_str(), nullptr);
  };
  const double expected = text("months_expected");
  out.coverage = expected > 0 ? text("months") / expected : 0;
  const auto records = items.at(row, "records").number();
  const auto complete = items.at(row, "complete").number();
  const auto valid = items.at(row, "valid").number();
  const auto defaults = items.at(row, "defaults").number();
  out.hidden = !records || !complete || !valid || !defaults;
  if (out.hidden || !(*records > 0)) return out;
  const double excess = std::max(0.0, *defaults - text("threshold") * *records);
  out.completeness = Figure::Of(100 * std::min(1.0, *complete / *records));
  if (*complete > 0) {
    out.validity = Figure::Of(100 * std::min(1.0, *valid / *complete));
  }
  out.excess = Figure::Of(excess);
  out.score = Figure::Of(std::clamp((*valid - excess) / *records, 0.0, 1.0));
  return out;
}

struct SourceScore {
  int items = 0;
  double scores = 0;
  double coverage = 0;
  bool hidden = false;
};

DerivedCell ScoreCell(const Figure& figure, bool hidden, int decimals) {
  return hidden ? DerivedCell::Star() : DerivedCell::Number(figure, decimals);
}

absl::StatusOr<DerivedTable> ScoreColumns(const DeriveContext& context,
                                          const GatedTable& items) {
  TableInfo info = context.Info("dq_scores", "Score of each item", items);
  info.notes.emplace_back(
      "Score: valid values less defaults above their threshold, of all "
      "records.");
  info.notes.emplace_back(
      "Coverage: months of the source's extracts that hold the dataset, with "
      "all practices. By practice it is not known: no extract says which "
      "practices should be in it.");
  return DerivedTable::Create(
      std::move(info),
      {DimensionColumn("source", "Source"),
       DimensionColumn("dataset", "Dataset"), DimensionColumn("item", "Item"),
       DerivedColumn("coverage", "Months delivered", "%"),
       DerivedColumn("completeness", "Complete", "%"),
       DerivedColumn("validity", "Valid of complete", "%"),
       DerivedColumn("default_excess", "Defaults above threshold"),
       DerivedColumn("score", "Score", "%")},
      {&items});
}

// The table dq_scores; `sources` sums it up.
absl::StatusOr<DerivedTable> ScoreTable(
    const DeriveContext& context, const GatedTable& items,
    std::map<std::string, SourceScore>& sources) {
  TALLY_ASSIGN_OR_RETURN(DerivedTable scores, ScoreColumns(context, items));
  for (size_t row = 0; row < items.rows(); ++row) {
    const ItemScore one = ScoreOf(items, row);
    SourceScore& source = sources[items.at(row, "source").text()];
    ++source.items;
    source.coverage += one.coverage;
    source.scores += one.score.known() ? one.score.value() : 0;
    source.hidden = source.hidden || one.hidden;
    const Figure score =
        one.score.known() ? Figure::Of(100 * one.score.value()) : one.score;
    TALLY_RETURN_IF_ERROR(
        scores.AddRow({DerivedCell::Copy(items.at(row, "source")),
                       DerivedCell::Copy(items.at(row, "dataset")),
                       DerivedCell::Copy(items.at(row, "item")),
                       DerivedCell::Number(100 * one.coverage, 1),
                       ScoreCell(one.completeness, one.hidden, 1),
                       ScoreCell(one.validity, one.hidden, 1),
                       ScoreCell(one.excess, one.hidden, 0),
                       ScoreCell(score, one.hidden, 1)}));
  }
  return scores;
}

// The table dq_index.
absl::StatusOr<DerivedTable> MaturityTable(
    const DeriveContext& context, const GatedTable& items,
    const std::map<std::string, SourceScore>& sources) {
  TALLY_ASSIGN_OR_RETURN(
      DerivedTable index,
      DerivedTable::Create(
          context.Info("dq_index", "Data quality maturity index", items),
          {DimensionColumn("source", "Source"), DerivedColumn("items", "Items"),
           DerivedColumn("mean_score", "Mean score", "%"),
           DerivedColumn("mean_coverage", "Mean coverage", "%"),
           DerivedColumn("dqmi", "DQMI")},
          {&items}));
  for (const auto& [source, sum] : sources) {
    const double score = sum.scores / sum.items;
    const double coverage = sum.coverage / sum.items;
    TALLY_RETURN_IF_ERROR(index.AddRow(
        {DerivedCell::Text(source), DerivedCell::Number(sum.items, 0),
         ScoreCell(Figure::Of(100 * score), sum.hidden, 1),
         DerivedCell::Number(100 * coverage, 1),
         ScoreCell(Figure::Of(100 * score * coverage), sum.hidden, 1)}));
  }
  return index;
}

// --- pictures ----------------------------------------------------------------

struct LowestScore {
  double score = 0;
  std::string item;
};

// The lowest printed score of each dataset, and its item.
std::map<std::string, LowestScore> LowestScores(const GatedTable& scores) {
  std::map<std::string, LowestScore> lowest;
  for (size_t row = 0; row < scores.rows(); ++row) {
    const auto score = scores.at(row, "score").number();
    if (!score.has_value()) continue;
    const LowestScore one{*score, scores.at(row, "item").text()};
    const auto [at, is_new] =
        lowest.emplace(scores.at(row, "dataset").text(), one);
    if (!is_new && one.score < at->second.score) at->second = one;
  }
  return lowest;
}

// REQUIRES: `scores` has a row.
Chart ScoreChart(const GatedTable& scores) {
  Chart heat("dq-scores", "heatmap", scores,
             {"dataset", "source", "item", "score", "coverage", "completeness",
              "validity", "default_excess"},
             [](const GatedTable&, size_t) { return true; });
  const std::map<std::string, LowestScore> lowest = LowestScores(scores);
  std::string first = scores.at(0, "dataset").text();
  for (const auto& [dataset, one] : lowest) {
    if (!lowest.contains(first) || one.score < lowest.at(first).score) {
      first = dataset;
    }
  }
  heat.SelectBy("dataset", "Dataset", first);
  for (const auto& [dataset, one] : lowest) {
    const std::string words =
        one.score >= 100
            ? absl::StrFormat("%s: every printed score is 100 %%", dataset)
            : absl::StrFormat("%s: the lowest score is that of %s, %.1f %%",
                              dataset, one.item, one.score);
    heat.Describe(dataset, words, words + ". Scores by source and item.");
  }
  heat.options.Set("value", "score").Set("x", "source").Set("y", "item");
  return heat;
}

Chart FailureChart(const GatedTable& failures) {
  Chart bars("dq-failures", "bar", failures,
             {"title", "source", "failures", "checked", "share"},
             [](const GatedTable& t, size_t row) {
               return t.at(row, "failures").text() != "0";
             });
  bars.SortBy("failures", true);
  std::set<std::string> rules;
  for (size_t row = 0; row < failures.rows(); ++row) {
    rules.insert(failures.at(row, "rule").text());
  }
  const auto broken = static_cast<int64_t>(bars.LevelsOf("title").size());
  const bool shown = !ShownRows(bars, "", "", "failures").empty();
  bars.title = Capitalised(
      PartOf(broken, static_cast<int64_t>(rules.size()), {"rule", "rules"},
             {"is broken somewhere", "are broken somewhere"}) +
      (shown || broken == 0 ? "" : ", each in too few rows to be printed"));
  AlsoSays(bars, {std::to_string(rules.size())});
  bars.summary = bars.title + ". Rows that fail, by rule and source.";
  bars.options.Set("x", "failures").Set("y", "title").Set("y2", "source");
  return bars;
}

class DataQuality : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    if (!context.by.empty()) {
      return UsageError("--by: quality is counted by source and item");
    }
    TALLY_ASSIGN_OR_RETURN(RawTable items, ItemTable(context));
    TALLY_ASSIGN_OR_RETURN(RawTable failures, FailureTable(context));
    std::vector<RawTable> tables;
    tables.push_back(std::move(items));
    tables.push_back(std::move(failures));
    TALLY_ASSIGN_OR_RETURN(std::optional<RawTable> timeliness,
                           TimelinessTable(context));
    if (timeliness.has_value()) tables.push_back(*std::move(timeliness));
    return tables;
  }

  absl::StatusOr<std::vector<DerivedTable>> Derive(
      const DeriveContext& context) const override {
    const GatedTable* items = context.Find(context.definition.id(), "dq_items");
    if (items == nullptr) return std::vector<DerivedTable>();
    std::map<std::string, SourceScore> sources;
    TALLY_ASSIGN_OR_RETURN(DerivedTable scores,
                           ScoreTable(context, *items, sources));
    TALLY_ASSIGN_OR_RETURN(DerivedTable index,
                           MaturityTable(context, *items, sources));
    std::vector<DerivedTable> tables;
    tables.push_back(std::move(scores));
    tables.push_back(std::move(index));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition&,
      const std::vector<GatedTable>& tables) const override;
};

std::vector<PagePart> DataQuality::Draw(
    const MeasureDefinition&, const std::vector<GatedTable>& tables) const {
  std::vector<PagePart> parts;
  const GatedTable* scores = PrintedTable(tables, "dq_scores");
  const GatedTable* failures = PrintedTable(tables, "dq_failures");
  if (scores == nullptr || scores->rows() == 0) return parts;
  PagePart quality{"quality", {}, {}};
  quality.charts.push_back(ScoreChart(*scores));
  if (failures != nullptr) {
    Chart bars = FailureChart(*failures);
    quality.sentences.push_back({4, bars.title + "."});
    if (bars.rows() > 0) quality.charts.push_back(std::move(bars));
  }
  if (const GatedTable* timeliness = FilledTable(tables, "dq_timeliness")) {
    Chart chart = TimelinessChart(*timeliness);
    quality.sentences.push_back({4, chart.title + "."});
    quality.charts.push_back(std::move(chart));
  }
  parts.push_back(std::move(quality));
  return parts;
}

}  // namespace

std::unique_ptr<Measure> MakeC33() { return std::make_unique<DataQuality>(); }

}  // namespace tally::analytics
