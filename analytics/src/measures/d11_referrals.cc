// D11: referrals to hospital eye services, by practice and by optometrist.
#include "measures/d11_referrals.h"

#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/patient_list.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "measures/areas.h"
#include "measures/counts.h"
#include "measures/strata.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

TableBuilder ReferralColumns(TableInfo info) {
  TableBuilder table(std::move(info));
  table.Dimension("kind", "Referrers")
      .Dimension("referrer", "Referrer")
      .Dimension("tfc", "Treatment function")
      .Events("referrals", "Referrals")
      .Persons("list", "On the list")
      .StandardisedRate("rate", "Referrals, age-standardised", "referrals",
                        1000)
      .IndirectRatio("ratio", "Referrals over expected", "referrals")
      .Events("claims", "Claims")
      .CrudeRate("per_1000_claims", "Referrals per 1,000 claims", "referrals",
                 "claims", 1000, false)
      .Events("followed", "Followed")
      .Events("treated", "Treated")
      .Proportion("conversion", "Treated", "treated", "followed")
      .Events("follow_ups", "Follow-ups")
      .CrudeRate("first_fu", "Follow-ups per first attendance", "follow_ups",
                 "followed", 1, false)
      .Events("discharged", "Discharged at first")
      .Proportion("discharged_first", "Discharged at first", "discharged",
                  "followed", false)
      .Events("false_positives", "Discharged at first, not treated")
      .Proportion("false_positive", "Discharged at first, not treated",
                  "false_positives", "followed", false);
  return table;
}

void SetReferrals(TableBuilder& table, size_t row, const Referrals& r) {
  table.Set(row, "referrals", r.referrals)
      .Set(row, "followed", r.followed)
      .Set(row, "treated", r.treated)
      .Set(row, "follow_ups", r.follow_ups)
      .Set(row, "discharged", r.discharged)
      .Set(row, "false_positives", r.false_positives);
}

// Rows of practices: every area with every treatment function that anybody was
// referred to, so that a practice without referrals shows its zero.
class PracticeRows {
 public:
  PracticeRows(const Areas& areas, std::string list, TableBuilder& table)
      : areas_(areas), list_(std::move(list)), table_(table) {}

  absl::Status Read(const MeasureContext& context) {
    TALLY_ASSIGN_OR_RETURN(const auto counts,
                           CountReferrals(context, kByPractice, list_));
    std::set<std::string> functions;
    for (const auto& [unit, referrals] : counts) {
      const std::string* area = areas_.Of(unit.first);
      if (area == nullptr) continue;
      functions.insert(unit.second);
      counts_[{*area, unit.second}].Add(referrals);
    }
    for (const auto& [area, list] : areas_.list) {
      for (const std::string& tfc : functions) units_.insert({area, tfc});
    }
    functions.insert(std::string(kAllLevels));
    TALLY_ASSIGN_OR_RETURN(const std::vector<GroupColumn> practice,
                           GroupColumns({"practice"}));
    for (const std::string& tfc : functions) {
      const std::string only =
          tfc == kAllLevels
              ? std::string()
              : absl::StrFormat(" AND tfc = %s", engine::QuoteLiteral(tfc));
      TALLY_ASSIGN_OR_RETURN(
          const GroupedStrata groups,
          CountStrata(context, practice,
                      absl::StrFormat("(SELECT person FROM eye_referral WHERE "
                                      "kind = '%s'%s)",
                                      kByPractice, only),
                      list_));
      for (const auto& [group, strata] : groups) {
        const std::string* area = areas_.Of(group[0]);
        if (area == nullptr) continue;
        for (const auto& [key, stratum] : strata) {
          strata_[{*area, tfc}][key].Add(stratum);
          strata_[{std::string(kAllLevels), tfc}][key].Add(stratum);
        }
      }
    }
    return absl::OkStatus();
  }

  // Adds the rows; JoinSums of what it returns belongs to the finished table.
  absl::StatusOr<CrossedRows> Add() {
    CrossedRows rows(units_, table_, {"list"});
    absl::Status fault;
    rows.Add({},
             [&](size_t row, const CrossedUnit& unit, bool counts) {
               if (counts) {
                 const auto found = counts_.find(unit);
                 SetReferrals(
                     table_, row,
                     found == counts_.end() ? Referrals() : found->second);
               }
               const absl::Status status = SetRates(row, unit);
               if (fault.ok()) fault = status;
             },
             {std::string(kByPractice)});
    TALLY_RETURN_IF_ERROR(fault);
    return rows;
  }

 private:
  absl::Status SetRates(size_t row, const CrossedUnit& unit) {
    const Strata& strata = strata_.at(unit);
    const Stratum sum = SumOfStrata(strata);
    const auto [first, is_new] = lists_.emplace(unit.first, row);
    if (is_new) {
      table_.Set(row, "list", sum.people);
    } else {
      table_.Same(row, first->second, "list");
    }
    table_.SetRate(row, "rate",
                   StandardisedOver(strata, Esp2013(), 1000, true));
    table_.SetNa(row, "claims", NaReason::kNoDenominator);
    if (unit.first == kAllLevels) {
      table_.SetNa(row, "expected", NaReason::kNotReleased)
          .SetNa(row, "ratio", NaReason::kNoExpected);
      return absl::OkStatus();
    }
    TALLY_ASSIGN_OR_RETURN(
        const double expected,
        ExpectedOver(strata,
                     strata_.at({std::string(kAllLevels), unit.second})));
    table_.SetExpected(row, "ratio", sum.events, expected);
    return absl::OkStatus();
  }

  const Areas& areas_;
  const std::string list_;
  TableBuilder& table_;
  std::set<CrossedUnit> units_;
  std::map<CrossedUnit, Referrals> counts_;
  std::map<CrossedUnit, Strata> strata_;
  std::map<std::string, size_t> lists_;
};

// Rows of contractors: referrals among their claims of sight tests and
// services.
absl::Status AddOptometrists(const MeasureContext& context,
                             const ReferralRules& rules, TableBuilder& table) {
  TALLY_ASSIGN_OR_RETURN(const auto counts,
                         CountReferrals(context, kByOptometrist, ""));
  std::vector<std::string> types = rules.eye.sight_tests;
  types.insert(types.end(), rules.eye.services.begin(),
               rules.eye.services.end());
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> claims,
      QueryGroups(context.connection,
                  absl::StrFormat("SELECT contractor, count(*) FROM "
                                  "eye_referral_claim WHERE person IS NOT NULL "
                                  "AND (%s OR %s) GROUP BY contractor",
                                  OneOf("claim_type", types),
                                  OneOf("outcome", rules.referred_outcomes)),
                  1));
  const std::string all(kAllLevels);
  std::map<std::string, int64_t> by_contractor;
  for (const GroupedRow& row : claims) {
    by_contractor[row.levels[0]] += row.counts[0];
  }
  std::vector<size_t> parts;
  for (const auto& [contractor, number] : by_contractor) {
    const size_t row =
        table.AddRow({std::string(kByOptometrist), contractor, all});
    parts.push_back(row);
    const auto found = counts.find({contractor, all});
    SetReferrals(table, row,
                 found == counts.end() ? Referrals() : found->second);
    table.Set(row, "claims", number);
  }
  if (parts.empty()) return absl::OkStatus();
  parts.push_back(table.AddRow({std::string(kByOptometrist), all, all}));
  table.Total(parts.back(), {parts.begin(), parts.end() - 1});
  for (const size_t row : parts) {
    table.SetNa(row, "list", NaReason::kNoDenominator)
        .SetNa(row, "rate", NaReason::kNoDenominator)
        .SetNa(row, "expected", NaReason::kNoExpected)
        .SetNa(row, "ratio", NaReason::kNoExpected);
  }
  return absl::OkStatus();
}

class ReferralMonitor : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    if (!context.by.empty()) {
      return UsageError(
          "--by: referrals are by referrer and treatment function; they have "
          "no other grouping");
    }
    TALLY_ASSIGN_OR_RETURN(const ReferralRules rules,
                           ReadReferralRules(context.definition));
    TALLY_ASSIGN_OR_RETURN(const Span year,
                           MonthsEndingWith(context.month, rules.months));
    TALLY_ASSIGN_OR_RETURN(const std::string list, MakeEyeList(context, year));
    TALLY_RETURN_IF_ERROR(MakeReferrals(context, rules, year));
    TALLY_ASSIGN_OR_RETURN(
        const Areas areas,
        ReadAreas(context.connection, rules.smallest_area, list));
    TableInfo info =
        context.Info("referral_monitor", "Referrals to hospital eye services");
    info.period = year.ToText();
    info.notes = {
        "Expected: rates by sex and age band of all practices together. A "
        "ratio compares a practice with all of them, not with another one.",
        absl::StrFormat("Followed: a first attendance was seen, and %d days "
                        "after it lie before the end of %s.",
                        rules.follow_days, context.month.ToMonth()),
        MatchNote()};
    if (!areas.note.empty()) info.notes.push_back(areas.note);
    NoteOldest(context, MonthOfEyeList(year), info.notes);
    TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "sus_op", info));
    TableBuilder table = ReferralColumns(std::move(info));
    PracticeRows practices(areas, list, table);
    TALLY_RETURN_IF_ERROR(practices.Read(context));
    TALLY_ASSIGN_OR_RETURN(const CrossedRows crossed, practices.Add());
    TALLY_RETURN_IF_ERROR(AddOptometrists(context, rules, table));
    TALLY_ASSIGN_OR_RETURN(RawTable raw, table.Finish());
    TALLY_RETURN_IF_ERROR(
        crossed.JoinSums({"referrals", "followed", "treated", "follow_ups",
                          "discharged", "false_positives"},
                         raw));
    std::vector<RawTable> tables;
    tables.push_back(std::move(raw));
    return tables;
  }

  absl::StatusOr<std::vector<DerivedTable>> Derive(
      const DeriveContext& context) const override {
    return DeriveReferrals(context);
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition& definition,
      const std::vector<GatedTable>& tables) const override {
    return DrawReferrals(definition, tables);
  }
};

}  // namespace

std::unique_ptr<Measure> MakeD11() {
  return std::make_unique<ReferralMonitor>();
}

}  // namespace tally::analytics
