// C13: prescribing by month, practice and BNF paragraph or group.
#include "measures/c13_prescribing.h"

#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/patient_list.h"
#include "analytics/statistics/mean.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/c13_weights.h"
#include "measures/counted.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

// Fewer areas than this have no deciles.
constexpr size_t kC13LeastAreas = 10;

TableBuilder TrendColumns(TableInfo info) {
  TableBuilder table(std::move(info));
  table.Dimension("bnf", "BNF paragraph or group")
      .Dimension("area", "Practice")
      .Dimension("month", "Month")
      .Events("items", "Items")
      .Persons("list", "On the list")
      .CrudeRate("per_1000", "Items per 1,000 people", "items", "list", 1000)
      .Sum("nic", "Net ingredient cost", "pence", "items")
      .Persons("new_users", "New users")
      .Persons("users", "People on it for months")
      .Persons("persistent", "Of these persistent")
      .Proportion("persistent_share", "Persistent", "persistent", "users");
  return table;
}

// Writes the rows of rx_trend.
class TrendRows {
 public:
  TrendRows(const RxCounts& counts, TableBuilder& table)
      : counts_(counts), table_(table) {}

  void AddGroup(const BnfGroup& group) {
    const std::string& bnf = group.title;
    for (size_t m = 0; m < counts_.months.size(); ++m) {
      std::vector<size_t> parts;
      RxFigures all;
      for (const std::string& area : counts_.areas) {
        parts.push_back(AddFigures(bnf, area, m));
        NameItems(parts.back(), group, area, m);
        List(parts.back(), area, m);
        all.Add(FiguresOf(bnf, area, m));
      }
      if (parts.empty()) return;
      const std::string total(kAllLevels);
      const size_t row = AddRow(bnf, total, m);
      const bool first = !lists_.contains({total, m});
      table_.Total(row, parts,
                   first ? std::vector<std::string>()
                         : std::vector<std::string>{"list"});
      if (first) {
        lists_[{total, m}] = row;
      } else {
        table_.Same(row, lists_.at({total, m}), "list");
      }
      Cost(row, all);
      if (counts_.everybody) NameItems(row, group, total, m);
    }
  }

  void AddParagraph(const std::string& bnf) {
    const std::string all(kAllLevels);
    for (size_t m = 0; m < counts_.months.size(); ++m) {
      List(AddFigures(bnf, all, m), all, m);
    }
  }

 private:
  RxFigures FiguresOf(const std::string& bnf, const std::string& area,
                      size_t m) const {
    const auto found =
        counts_.figures.find({bnf, area, static_cast<int64_t>(m)});
    return found == counts_.figures.end() ? RxFigures() : found->second;
  }

  // A row with what the release does not reach marked so.
  size_t AddRow(const std::string& bnf, const std::string& area, size_t m) {
    const size_t row = table_.AddRow({bnf, area, counts_.months[m].ToMonth()});
    if (!HasNew(m)) table_.SetNa(row, "new_users", NaReason::kTooFewValues);
    if (!HasPdc(m)) {
      table_.SetNa(row, "users", NaReason::kTooFewValues);
      table_.SetNa(row, "persistent", NaReason::kTooFewValues);
    }
    return row;
  }

  size_t AddFigures(const std::string& bnf, const std::string& area, size_t m) {
    const RxFigures figures = FiguresOf(bnf, area, m);
    const size_t row = AddRow(bnf, area, m);
    table_.Set(row, "items", figures.items);
    if (HasNew(m)) table_.Set(row, "new_users", figures.new_users);
    if (HasPdc(m)) {
      table_.Set(row, "users", figures.users)
          .Set(row, "persistent", figures.persistent);
    }
    Cost(row, figures);
    return row;
  }

  void Cost(size_t row, const RxFigures& figures) {
    table_.SetSum(row, "nic", static_cast<double>(figures.nic_pence),
                  figures.people, static_cast<double>(figures.largest),
                  static_cast<double>(figures.second));
  }

  // The list of an area and month is one number wherever it stands.
  void List(size_t row, const std::string& area, size_t m) {
    const auto [first, is_new] = lists_.emplace(std::pair(area, m), row);
    if (!is_new) {
      table_.Same(row, first->second, "list");
      return;
    }
    int64_t people = 0;
    for (const std::string& name : counts_.areas) {
      if (name != area && area != kAllLevels) continue;
      const auto found = counts_.list.find({name, static_cast<int64_t>(m)});
      if (found != counts_.list.end()) people += found->second;
    }
    table_.Set(row, "list", people);
  }

  void NameItems(size_t row, const BnfGroup& group, const std::string& area,
                 size_t m) {
    table_.Counted(
        row, "items",
        CountedItems(group.prefixes, area, counts_.months[m].ToMonth()));
  }

  bool HasNew(size_t m) const {
    return static_cast<int64_t>(m) >= counts_.first_new;
  }
  bool HasPdc(size_t m) const {
    return static_cast<int64_t>(m) >= counts_.first_pdc;
  }

  const RxCounts& counts_;
  TableBuilder& table_;
  std::map<std::pair<std::string, size_t>, size_t> lists_;
};

absl::StatusOr<RawTable> TrendTable(const MeasureContext& context,
                                    const PrescribingRules& rules,
                                    const RxCounts& counts) {
  TableInfo info = context.Info("rx_trend", "Prescribing by month");
  info.period = counts.span.ToText();
  info.notes = {
      "Rows of one BNF paragraph are for all practices together; groups of the "
      "definition are shown for each practice.",
      absl::StrFormat("New: no item of the group in %d months before. "
                      "Persistent: an item in at least %g %% of the months "
                      "since the first one of %d months, which is at least %d "
                      "months old.",
                      rules.new_user_months, 100 * rules.pdc,
                      rules.pdc_window_months, rules.pdc_least_months),
      "NA: the release does not hold the months before."};
  if (context.release.Grain("gp_prescription") == "month") {
    info.notes.push_back(
        "Dispensed items are placed in the month of processing.");
  }
  if (!counts.note.empty()) info.notes.push_back(counts.note);
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "gp_prescription", info));
  TableBuilder table = TrendColumns(std::move(info));
  TrendRows rows(counts, table);
  for (const BnfGroup& group : rules.groups) rows.AddGroup(group);
  for (const std::string& bnf : counts.paragraphs) rows.AddParagraph(bnf);
  return table.Finish();
}

// Printed rates of the areas, by group and month, ascending.
std::map<std::pair<std::string, std::string>, std::vector<double>> PrintedRates(
    const GatedTable& trend) {
  std::map<std::pair<std::string, std::string>, std::vector<double>> rates;
  for (size_t row = 0; row < trend.rows(); ++row) {
    if (trend.at(row, "area").text() == kAllLevels) continue;
    const auto rate = trend.at(row, "per_1000").number();
    if (!rate.has_value()) continue;
    rates[{trend.at(row, "bnf").text(), trend.at(row, "month").text()}]
        .push_back(*rate);
  }
  for (auto& [key, values] : rates) std::sort(values.begin(), values.end());
  return rates;
}

class Prescribing : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    if (!context.by.empty()) {
      return UsageError(
          "--by: prescribing trends are by practice and month; they have no "
          "other grouping");
    }
    TALLY_ASSIGN_OR_RETURN(const PrescribingRules rules,
                           ReadPrescribingRules(context.definition));
    TALLY_ASSIGN_OR_RETURN(const RxCounts counts,
                           CountPrescribing(context, rules));
    std::vector<RawTable> tables;
    TALLY_ASSIGN_OR_RETURN(RawTable trend, TrendTable(context, rules, counts));
    tables.push_back(std::move(trend));
    TALLY_ASSIGN_OR_RETURN(std::optional<RawTable> weighted,
                           WeightedPrescribing(context, rules, counts));
    if (weighted.has_value()) tables.push_back(*std::move(weighted));
    return tables;
  }

  absl::StatusOr<std::vector<DerivedTable>> Derive(
      const DeriveContext& context) const override {
    return DerivePrescribing(context);
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition& definition,
      const std::vector<GatedTable>& tables) const override {
    return DrawPrescribing(definition, tables);
  }
};

}  // namespace

absl::StatusOr<std::vector<DerivedTable>> DerivePrescribing(
    const DeriveContext& context) {
  std::vector<DerivedTable> tables;
  const GatedTable* trend = context.Find("C13", "rx_trend");
  if (trend == nullptr) return tables;
  TableInfo info = context.Info(
      "rx_deciles", "Deciles of the practices' items per 1,000", *trend);
  info.period = trend->info().period;
  info.method = "Quantiles between the printed rates of the practices";
  info.notes = {
      "Of practices with a printed rate; months with fewer than ten "
      "of them are left out."};
  TALLY_ASSIGN_OR_RETURN(
      DerivedTable table,
      DerivedTable::Create(
          std::move(info),
          {DimensionColumn("bnf", "BNF group"),
           DimensionColumn("month", "Month"),
           DimensionColumn("decile", "Decile"),
           DerivedColumn("per_1000", "Items per 1,000 people", "per 1000"),
           DerivedColumn("practices", "Practices", "practices")},
          {trend}));
  for (const auto& [key, rates] : PrintedRates(*trend)) {
    if (rates.size() < kC13LeastAreas) continue;
    for (int decile = 1; decile <= 9; ++decile) {
      TALLY_RETURN_IF_ERROR(table.AddRow(
          {DerivedCell::Text(key.first), DerivedCell::Text(key.second),
           DerivedCell::Text(absl::StrFormat("%d", decile)),
           DerivedCell::Number(Quantile(rates, decile / 10.0), 1),
           DerivedCell::Number(static_cast<double>(rates.size()), 0)}));
    }
  }
  if (table.rows() > 0) {
    tables.push_back(std::move(table));
  } else {
    context.Lacks("rx_deciles",
                  absl::StrFormat("in no month do %d practices have a printed "
                                  "rate",
                                  kC13LeastAreas));
  }
  return tables;
}

std::unique_ptr<Measure> MakeC13() { return std::make_unique<Prescribing>(); }

}  // namespace tally::analytics
