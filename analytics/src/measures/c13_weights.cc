#include "measures/c13_weights.h"

#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/patient_list.h"
#include "analytics/measures/reference.h"
#include "base/status.h"
#include "measures/areas.h"
#include "measures/counts.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

TableBuilder WeightedColumns(TableInfo info) {
  TableBuilder table(std::move(info));
  table.Dimension("bnf", "BNF group")
      .Dimension("area", "Practice")
      .Events("items", "Items")
      .Persons("list", "On the list")
      .Events("star_pu", "Prescribing units")
      .CrudeRate("per_1000_star_pu", "Items per 1,000 prescribing units",
                 "items", "star_pu", 1000)
      .Events("adq", "Average daily quantities")
      .CrudeRate("adq_per_1000_star_pu",
                 "Daily quantities per 1,000 prescribing units", "adq",
                 "star_pu", 1000, false);
  return table;
}

constexpr size_t kRxAges = 91;  // 0 to 90 and over

// Prescribing units of a person by group, sex and age.
using StarPu =
    std::map<std::pair<std::string, std::string>, std::array<double, kRxAges>>;

using ByGroupAndArea = std::map<std::pair<std::string, std::string>, double>;

// What the table is made of, but for the counts of the month.
struct WeightedFigures {
  StarPu weights;
  Areas areas;
  ByGroupAndArea star_pu;
  std::optional<ByGroupAndArea> adq;   // nothing: not known
  std::vector<std::string> citations;  // of the reference files
};

double AtOr0(const ByGroupAndArea& figures, const std::string& group,
             const std::string& area) {
  const auto found = figures.find({group, area});
  return found == figures.end() ? 0 : found->second;
}

// The rows of a group of medicines: areas, then all of them.
void AddWeightedGroup(const std::string& group, const WeightedFigures& figures,
                      const RxCounts& counts, TableBuilder& table) {
  const int64_t last = static_cast<int64_t>(counts.months.size()) - 1;
  std::vector<size_t> parts;
  for (const std::string& area : counts.areas) {
    if (!figures.areas.list.contains(area)) continue;
    const auto found = counts.figures.find({group, area, last});
    const size_t row = table.AddRow({group, area});
    parts.push_back(row);
    table
        .Set(row, "items",
             found == counts.figures.end() ? int64_t{0} : found->second.items)
        .Set(row, "list", figures.areas.list.at(area))
        .Set(row, "star_pu", std::llround(AtOr0(figures.star_pu, group, area)));
    if (figures.adq.has_value()) {
      table.Set(row, "adq", std::llround(AtOr0(*figures.adq, group, area)));
    } else {
      table.SetNa(row, "adq", NaReason::kReferenceMissing);
    }
  }
  const size_t total = table.AddRow({group, std::string(kAllLevels)});
  table.Total(total, parts);
  if (!figures.adq.has_value()) {
    table.SetNa(total, "adq", NaReason::kReferenceMissing);
  }
}

absl::StatusOr<StarPu> ReadStarPu(const ReferenceFile& file) {
  StarPu weights;
  std::set<std::tuple<std::string, std::string, int64_t>> seen;
  for (size_t row = 0; row < file.rows(); ++row) {
    const std::string& bnf = file.Text(row, 0);
    const std::string& sex = file.Text(row, 1);
    const int64_t from = file.Integer(row, 2);
    const int64_t to = file.Integer(row, 3);
    const double weight = file.Number(row, 4);
    if (sex != "male" && sex != "female") {
      return file.ErrorAt(row, "sex is male or female");
    }
    if (from < 0 || to < from || to >= static_cast<int64_t>(kRxAges)) {
      return file.ErrorAt(row, "ages lie in 0 to 90, from before to");
    }
    if (weight < 0) return file.ErrorAt(row, "a weight is not negative");
    auto& ages = weights.try_emplace({bnf, sex}).first->second;
    for (int64_t age = from; age <= to; ++age) {
      if (!seen.emplace(bnf, sex, age).second) {
        return file.ErrorAt(row, "ages overlap");
      }
      ages[static_cast<size_t>(age)] = weight;
    }
  }
  return weights;
}

absl::StatusOr<ByGroupAndArea> CountStarPu(const MeasureContext& context,
                                           const PrescribingRules& rules,
                                           const Areas& areas,
                                           const StarPu& weights) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  "SELECT practice, sex, coalesce(age, -1), count(*) FROM "
                  "patient_list GROUP BY ALL ORDER BY ALL",
                  2));
  ByGroupAndArea units;
  for (const GroupedRow& row : rows) {
    const std::string* area = areas.Of(row.levels[0]);
    if (area == nullptr || row.counts[0] < 0) continue;
    for (const BnfGroup& group : rules.groups) {
      const auto found = weights.find({group.id, row.levels[1]});
      if (found == weights.end()) continue;
      units[{group.title, *area}] +=
          found->second[static_cast<size_t>(row.counts[0])] *
          static_cast<double>(row.counts[1]);
    }
  }
  return units;
}

// Quantities are summed in thousandths, so that no order of rows matters.
constexpr double kThousandths = 1000;

// The quantity of the longest prefix that fits; 0 if none does.
double AdqOf(const std::map<std::string, double>& quantities,
             const std::string& code) {
  for (size_t size = std::min(code.size(), kBnfSubstance); size >= 2; --size) {
    const auto found = quantities.find(code.substr(0, size));
    if (found != quantities.end()) return found->second;
  }
  return 0;
}

absl::StatusOr<ByGroupAndArea> CountAdq(const MeasureContext& context,
                                        const PrescribingRules& rules,
                                        const Areas& areas,
                                        const ReferenceFile& file) {
  std::map<std::string, double> quantities;
  for (size_t row = 0; row < file.rows(); ++row) {
    if (!(file.Number(row, 1) > 0)) {
      return file.ErrorAt(row, "a quantity is above 0");
    }
    if (!quantities.emplace(file.Text(row, 0), file.Number(row, 1)).second) {
      return file.ErrorAt(row, "a code is there twice");
    }
  }
  const Span month{context.month, context.month.LastOfMonth()};
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(
          context.connection,
          absl::StrFormat(
              "SELECT l.practice, p.bnf_code, -1 - c.unit, "
              "CAST(sum(CAST(round(p.quantity * %.0f) AS BIGINT)) AS BIGINT) "
              "FROM gp_prescription AS p INNER JOIN rx_code AS c ON "
              "c.bnf_code = p.bnf_code AND c.unit < 0 INNER JOIN patient_list "
              "AS l ON l.person = p.person WHERE %s AND p.quantity > 0 AND "
              "%s > 0 GROUP BY ALL ORDER BY ALL",
              kThousandths,
              WithinSpan(context, "gp_prescription", "p.issue_date", month),
              ItemsSql(context)),
          2));
  ByGroupAndArea adqs;
  for (const GroupedRow& row : rows) {
    const std::string* area = areas.Of(row.levels[0]);
    const double adq = AdqOf(quantities, row.levels[1]);
    if (area == nullptr || adq == 0) continue;
    const BnfGroup& group = rules.groups.at(static_cast<size_t>(row.counts[0]));
    adqs[{group.title, *area}] +=
        static_cast<double>(row.counts[1]) / kThousandths / adq;
  }
  return adqs;
}

absl::StatusOr<WeightedFigures> ReadWeighted(const MeasureContext& context,
                                             const PrescribingRules& rules) {
  WeightedFigures figures;
  TALLY_ASSIGN_OR_RETURN(
      const ReferenceFile units,
      ReferenceFile::Read(context.comparators, "star_pu",
                          {{"bnf", ReferenceType::kText},
                           {"sex", ReferenceType::kText},
                           {"age_from", ReferenceType::kInteger},
                           {"age_to", ReferenceType::kInteger},
                           {"weight", ReferenceType::kNumber}},
                          context.month));
  figures.citations.push_back(units.Citation());
  TALLY_ASSIGN_OR_RETURN(figures.weights, ReadStarPu(units));
  TALLY_ASSIGN_OR_RETURN(figures.areas,
                         ReadAreas(context.connection, rules.smallest_area));
  TALLY_ASSIGN_OR_RETURN(
      figures.star_pu,
      CountStarPu(context, rules, figures.areas, figures.weights));
  if (!HasReference(context.comparators, "adq") ||
      context.release.Column("gp_prescription", "quantity") == nullptr) {
    return figures;
  }
  TALLY_ASSIGN_OR_RETURN(
      const ReferenceFile quantities,
      ReferenceFile::Read(
          context.comparators, "adq",
          {{"bnf", ReferenceType::kText}, {"quantity", ReferenceType::kNumber}},
          context.month));
  figures.citations.push_back(quantities.Citation());
  TALLY_ASSIGN_OR_RETURN(figures.adq,
                         CountAdq(context, rules, figures.areas, quantities));
  return figures;
}

}  // namespace

absl::StatusOr<std::optional<RawTable>> WeightedPrescribing(
    const MeasureContext& context, const PrescribingRules& rules,
    const RxCounts& counts) {
  if (!HasReference(context.comparators, "star_pu") || rules.groups.empty()) {
    context.Lacks("rx_weighted",
                  rules.groups.empty()
                      ? "the definition has no groups of medicines"
                      : "there is no reference file star_pu.toml");
    return std::nullopt;
  }
  TALLY_ASSIGN_OR_RETURN(const WeightedFigures figures,
                         ReadWeighted(context, rules));
  TableInfo info = context.Info(
      "rx_weighted", "Prescribing against prescribing units of the list");
  info.denominator = "Prescribing units of the people on the list";
  info.notes = figures.citations;
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "gp_prescription", info));
  TableBuilder table = WeightedColumns(std::move(info));
  for (const BnfGroup& group : rules.groups) {
    if (figures.weights.contains({group.id, "male"}) ||
        figures.weights.contains({group.id, "female"})) {
      AddWeightedGroup(group.title, figures, counts, table);
    }
  }
  TALLY_ASSIGN_OR_RETURN(RawTable raw, table.Finish());
  return std::optional<RawTable>(std::move(raw));
}

}  // namespace tally::analytics
