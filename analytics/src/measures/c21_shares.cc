// C21: shares of attendances and the Lorenz curve, from printed figures.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "base/status.h"
#include "measures/c21_users.h"
#include "measures/printed.h"

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
  const auto unit = [&](size_t row) {
    return std::pair(summary.at(row, "department").text(),
                     summary.at(row, "area").text());
  };
  std::map<std::pair<std::string, std::string>, size_t> everybody;
  for (size_t row = 0; row < summary.rows(); ++row) {
    if (summary.at(row, "threshold").text() != kAnyAttendance) continue;
    everybody[unit(row)] = row;
  }
  for (size_t row = 0; row < summary.rows(); ++row) {
    const auto whole = everybody.find(unit(row));
    if (whole == everybody.end()) continue;
    TALLY_RETURN_IF_ERROR(
        table.AddRow({DerivedCell::Copy(summary.at(row, "department")),
                      DerivedCell::Copy(summary.at(row, "area")),
                      DerivedCell::Copy(summary.at(row, "threshold")),
                      DerivedCell::Copy(summary.at(row, "share_persons")),
                      UserShare(summary.at(row, "attendances"),
                                summary.at(whole->second, "attendances"))}));
  }
  return table;
}

// From the lowest number of attendances up; a hidden number of people hides the
// rest of the curve but its end.
absl::StatusOr<DerivedTable> LorenzTable(const DeriveContext& context,
                                         const GatedTable& distribution,
                                         const GatedTable& whole,
                                         size_t everybody) {
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
  const auto attenders = whole.at(everybody, "persons").number();
  const auto attendances = whole.at(everybody, "attendances").number();
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
  const GatedTable* summary = context.Find("C21", "hiu_summary");
  if (summary == nullptr) return tables;
  TALLY_ASSIGN_OR_RETURN(DerivedTable shares, Concentration(context, *summary));
  tables.push_back(std::move(shares));
  const GatedTable* distribution = context.Find("C21", "hiu_distribution");
  const auto everybody =
      FindPrintedRow(*summary, {{"department", kAllLevels},
                                {"area", kAllLevels},
                                {"threshold", kAnyAttendance}});
  if (distribution != nullptr && everybody) {
    TALLY_ASSIGN_OR_RETURN(
        DerivedTable table,
        LorenzTable(context, *distribution, *summary, *everybody));
    tables.push_back(std::move(table));
  } else if (distribution != nullptr) {
    context.Lacks("hiu_lorenz", "nobody attended: hiu_summary has no row");
  }
  return tables;
}

}  // namespace tally::analytics
