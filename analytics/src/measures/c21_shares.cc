// C21: shares of attendances and the Lorenz curve, from printed figures.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "base/status.h"
#include "measures/c21_users.h"

namespace tally::analytics {
namespace {

// A printed part of a printed whole, in per cent.
DerivedCell UserShare(const GatedCell& part, const GatedCell& whole) {
  if (part.suppressed() || whole.suppressed()) return DerivedCell::Star();
  if (!part.number() || !whole.number() || *whole.number() <= 0) {
    return DerivedCell::Na(NaReason::kNoDenominator);
  }
  return DerivedCell::Number(
      std::min(100.0, 100 * *part.number() / *whole.number()), 1);
}

absl::StatusOr<DerivedTable> Concentration(const DeriveContext& context,
                                           const GatedTable& summary) {
  TableInfo info =
      context.Info("hiu_concentration",
                   "Share of attendances of those who attend often", summary);
  info.period = summary.info().period;
  TALLY_ASSIGN_OR_RETURN(
      DerivedTable table,
      DerivedTable::Create(
          std::move(info),
          {DimensionColumn("department", "Department"),
           DimensionColumn("area", "Practice"),
           DimensionColumn("threshold", "Attendances"),
           DerivedColumn("share_persons", "Share of those who attended", "%"),
           DerivedColumn("share_attendances", "Share of attendances", "%")},
          {&summary}));
  for (size_t row = 0; row < summary.rows(); ++row) {
    TALLY_RETURN_IF_ERROR(
        table.AddRow({DerivedCell::Copy(summary.at(row, "department")),
                      DerivedCell::Copy(summary.at(row, "area")),
                      DerivedCell::Copy(summary.at(row, "threshold")),
                      DerivedCell::Copy(summary.at(row, "share_persons")),
                      UserShare(summary.at(row, "attendances"),
                                summary.at(row, "all_attendances"))}));
  }
  return table;
}

// From the lowest number of attendances up; a hidden number of people hides the
// rest of the curve but its end.
absl::StatusOr<DerivedTable> LorenzTable(const DeriveContext& context,
                                         const GatedTable& distribution,
                                         const GatedTable& whole) {
  TableInfo info =
      context.Info("hiu_lorenz", "Lorenz curve of attendances", distribution);
  info.period = distribution.info().period;
  info.notes = {
      "x: share of those who attended, fewest attendances first; y: their "
      "share "
      "of all attendances. At the diagonal everybody attended equally often."};
  TALLY_ASSIGN_OR_RETURN(
      DerivedTable table,
      DerivedTable::Create(std::move(info),
                           {DimensionColumn("at_most", "Attendances at most"),
                            DerivedColumn("x", "Share of people", "%"),
                            DerivedColumn("y", "Share of attendances", "%")},
                           {&distribution, &whole}));
  const auto attenders = whole.at(0, "attenders").number();
  const auto attendances = whole.at(0, "all_attendances").number();
  double persons = 0, visits = 0;
  bool hidden = !attenders || !attendances;
  for (size_t row = 0; row + 1 < distribution.rows(); ++row) {
    const GatedCell& each = distribution.at(row, "attendances_each");
    const auto count = distribution.at(row, "persons").number();
    hidden = hidden || !count;
    if (!hidden) {
      persons += *count;
      visits += *count * std::strtod(each.text().c_str(), nullptr);
    }
    const auto share = [&](double part, double of) {
      return hidden || of <= 0
                 ? DerivedCell::Star()
                 : DerivedCell::Number(std::min(100.0, 100 * part / of), 1);
    };
    TALLY_RETURN_IF_ERROR(table.AddRow(
        {DerivedCell::Copy(each), share(persons, attenders.value_or(0)),
         share(visits, attendances.value_or(0))}));
  }
  TALLY_RETURN_IF_ERROR(table.AddRow(
      {DerivedCell::Text(std::string(kAllLevels)),
       DerivedCell::Number(100.0, 1), DerivedCell::Number(100.0, 1)}));
  return table;
}

}  // namespace

absl::StatusOr<std::vector<DerivedTable>> DeriveUsers(
    const DeriveContext& context) {
  std::vector<DerivedTable> tables;
  if (const GatedTable* summary = context.Find("C21", "hiu_summary")) {
    TALLY_ASSIGN_OR_RETURN(DerivedTable table,
                           Concentration(context, *summary));
    tables.push_back(std::move(table));
  }
  const GatedTable* distribution = context.Find("C21", "hiu_distribution");
  const GatedTable* whole = context.Find("C21", "hiu_gini");
  if (distribution != nullptr && whole != nullptr && whole->rows() > 0) {
    TALLY_ASSIGN_OR_RETURN(DerivedTable table,
                           LorenzTable(context, *distribution, *whole));
    tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace tally::analytics
