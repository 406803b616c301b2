// D03: the eye health needs assessment.
#include "measures/d03_ehna.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/measure.h"
#include "analytics/measures/patient_list.h"
#include "analytics/measures/reference.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "measures/areas.h"
#include "measures/c03_conditions.h"
#include "measures/counts.h"
#include "measures/event_lists.h"
#include "measures/eye_care.h"
#include "measures/hospital.h"
#include "measures/kinds.h"
#include "measures/record_keys.h"
#include "measures/strata.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

constexpr int kEhnaAges = 91;  // 0 to 90 and over
constexpr double kPer100k = 100'000;

struct EhnaRules {
  EyeCareRules eye;
  std::vector<Condition> conditions;
  int64_t months = 0;
  int64_t smallest_area = 0;
  std::string screening, surgery, impairment;  // ids of conditions
  std::vector<std::string> impaired_eligibility;
};

absl::StatusOr<EhnaRules> ReadEhnaRules(const MeasureDefinition& definition) {
  EhnaRules rules;
  TALLY_ASSIGN_OR_RETURN(rules.eye, ReadEyeCare(definition));
  TALLY_ASSIGN_OR_RETURN(const TomlTable care,
                         definition.root().GetTable("eye_care"));
  TALLY_RETURN_IF_ERROR(CheckCodeStarts(care, rules.eye.cataract));
  TALLY_ASSIGN_OR_RETURN(rules.conditions, ReadConditions(definition));
  TALLY_ASSIGN_OR_RETURN(const TomlTable table,
                         definition.root().GetTable("parameters"));
  TALLY_RETURN_IF_ERROR(
      table.OnlyKeys({"months", "smallest_area", "screening", "surgery",
                      "impairment", "impaired_eligibility"}));
  TALLY_ASSIGN_OR_RETURN(rules.months, table.GetInt("months"));
  TALLY_ASSIGN_OR_RETURN(rules.smallest_area, table.GetInt("smallest_area"));
  TALLY_ASSIGN_OR_RETURN(rules.impaired_eligibility,
                         table.GetStrings("impaired_eligibility"));
  const std::pair<std::string_view, std::string*> ids[] = {
      {"screening", &rules.screening},
      {"surgery", &rules.surgery},
      {"impairment", &rules.impairment}};
  for (const auto& [key, target] : ids) {
    TALLY_ASSIGN_OR_RETURN(*target, table.GetString(key));
    const bool known =
        std::any_of(rules.conditions.begin(), rules.conditions.end(),
                    [id = *target](const Condition& c) { return c.id == id; });
    if (!known) {
      return table.ErrorAt(table.Find(key)->line(),
                           "there is no condition of this id");
    }
  }
  return rules;
}

// Groups by practice, put together by area; practices left out are missing.
GroupedStrata ByArea(const GroupedStrata& practices, const Areas& areas) {
  GroupedStrata folded;
  for (const auto& [group, strata] : practices) {
    const std::string* area = areas.Of(group[0]);
    if (area == nullptr) continue;
    for (const auto& [key, stratum] : strata) {
      folded[{*area}][key].Add(stratum);
    }
  }
  return folded;
}

// People of a list with one of `events`, by area.
absl::StatusOr<GroupedStrata> CountPeopleByArea(const MeasureContext& context,
                                                const Areas& areas,
                                                const std::string& events,
                                                const std::string& list) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<GroupColumn> practice,
                         GroupColumns({"practice"}));
  TALLY_ASSIGN_OR_RETURN(const GroupedStrata counted,
                         CountStrata(context, practice, events, list));
  return ByArea(counted, areas);
}

// Events of the year, with their months, by the area of people's lists then.
absl::StatusOr<GroupedStrata> CountEventsByArea(const MeasureContext& context,
                                                const Areas& areas,
                                                const std::string& events,
                                                const EventLists& lists) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<GroupColumn> practice,
                         GroupColumns({"practice"}));
  TALLY_ASSIGN_OR_RETURN(const GroupedStrata counted,
                         CountEvents(context, practice, events, lists));
  return ByArea(counted, areas);
}

// Cases to expect by condition, sex and age.
class EyePrevalence {
 public:
  // Nothing if there is no such file.
  static absl::StatusOr<std::optional<EyePrevalence>> Read(
      const std::string& folder, CivilDay month) {
    if (!HasReference(folder, "eye_prevalence")) {
      return std::optional<EyePrevalence>();
    }
    TALLY_ASSIGN_OR_RETURN(
        const ReferenceFile file,
        ReferenceFile::Read(folder, "eye_prevalence",
                            {{"condition", ReferenceType::kText},
                             {"sex", ReferenceType::kText},
                             {"age_from", ReferenceType::kInteger},
                             {"age_to", ReferenceType::kInteger},
                             {"rate", ReferenceType::kNumber}},
                            month));
    EyePrevalence prevalence;
    prevalence.citation_ = file.Citation();
    for (size_t row = 0; row < file.rows(); ++row) {
      const int64_t from = file.Integer(row, 2);
      const int64_t to = file.Integer(row, 3);
      const double rate = file.Number(row, 4);
      if (from < 0 || to < from || to >= kEhnaAges || rate < 0 || rate > 1) {
        return file.ErrorAt(row, "ages lie in 0 to 90, a rate in 0 to 1");
      }
      for (int64_t age = from; age <= to; ++age) {
        const bool is_new =
            prevalence.rates_
                .emplace(std::tuple(file.Text(row, 0), file.Text(row, 1), age),
                         rate)
                .second;
        if (!is_new) return file.ErrorAt(row, "ages overlap");
      }
    }
    return std::optional<EyePrevalence>(std::move(prevalence));
  }

  const std::string& citation() const { return citation_; }
  double RateOf(const std::string& condition, const std::string& sex,
                int64_t age) const {
    const auto found = rates_.find({condition, sex, age});
    return found == rates_.end() ? 0 : found->second;
  }

 private:
  std::string citation_;
  std::map<std::tuple<std::string, std::string, int64_t>, double> rates_;
};

// Expected cases of one condition by area.
absl::StatusOr<std::map<std::string, double>> ExpectedCases(
    const MeasureContext& context, const Areas& areas,
    const std::optional<EyePrevalence>& prevalence, const Condition& condition,
    const GroupedStrata& counted) {
  std::map<std::string, double> expected;
  if (!prevalence.has_value()) {
    const Strata all = SumOfGroups(counted);
    for (const auto& [group, strata] : counted) {
      TALLY_ASSIGN_OR_RETURN(expected[group[0]], ExpectedOver(strata, all));
    }
    return expected;
  }
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(
          context.connection,
          absl::StrFormat("SELECT practice, sex, age, count(*) FROM "
                          "patient_list WHERE age IS NOT NULL AND %s "
                          "GROUP BY ALL ORDER BY ALL",
                          WithinAges(condition.age_from, condition.age_to)),
          2));
  for (const GroupedRow& row : rows) {
    const std::string* area = areas.Of(row.levels[0]);
    if (area == nullptr) continue;
    expected[*area] +=
        prevalence->RateOf(condition.id, row.levels[1], row.counts[0]) *
        static_cast<double>(row.counts[1]);
  }
  return expected;
}

TableBuilder EhnaColumns(TableInfo info) {
  TableBuilder table(std::move(info));
  table.Dimension("condition", "Condition")
      .Dimension("area", "Practice")
      .Persons("recorded", "Recorded")
      .Persons("list", "On the list")
      .Proportion("share", "Recorded", "recorded", "list");
  for (ColumnSpec& column : ExpectedAndGap("recorded")) {
    table.Column(std::move(column));
  }
  table.Events("sight_tests", "Sight tests, matched")
      .CrudeRate("sight_tests_100k", "Sight tests per 100,000", "sight_tests",
                 "list", kPer100k)
      .Persons("dr_eligible", "Eligible for diabetic eye screening")
      .Events("cataract", "Cataract admissions")
      .StandardisedRate("cataract_dsr", "Cataract admissions, standardised",
                        "cataract", kPer100k)
      .Persons("cvi_proxy", "Sight impaired by record or claim")
      .Events("hospital_first", "First hospital eye attendances")
      .CrudeRate("hospital_first_1000", "First attendances per 1,000",
                 "hospital_first", "list", 1000);
  return table;
}

std::string AtAges(const Condition& condition) {
  return absl::StrFormat("(SELECT * FROM patient_list WHERE %s)",
                         WithinAges(condition.age_from, condition.age_to));
}

// The list in the middle of the year, and its practices.

class EhnaRows {
 public:
  EhnaRows(const MeasureContext& context, const EhnaRules& rules,
           const Areas& areas, const Areas& mid_areas, const Span& year,
           const EventLists& lists,
           const std::optional<EyePrevalence>& prevalence, TableBuilder& table)
      : context_(context),
        rules_(rules),
        areas_(areas),
        mid_areas_(mid_areas),
        year_(year),
        lists_(lists),
        prevalence_(prevalence),
        table_(table) {}

  absl::Status AddCondition(size_t number) {
    const Condition& condition = rules_.conditions[number];
    const std::string events = absl::StrFormat(
        "(SELECT person FROM condition_register WHERE condition = %d)", number);
    TALLY_ASSIGN_OR_RETURN(
        const GroupedStrata counted,
        CountPeopleByArea(context_, areas_, events, AtAges(condition)));
    // A condition without a single event was not asked for by the agreement:
    // its register would read as zero.
    const bool recorded = SumOfStrata(SumOfGroups(counted)).events > 0;
    Extra extra;
    TALLY_RETURN_IF_ERROR(ReadExtra(condition, number, extra));
    if (!recorded && !extra.surgery.has_value() &&
        !extra.impaired.has_value()) {
      return absl::OkStatus();
    }
    TALLY_ASSIGN_OR_RETURN(
        const auto expected,
        ExpectedCases(context_, areas_, prevalence_, condition, counted));
    std::vector<size_t> parts;
    Strata surgery;  // of the areas that have a row
    for (const Group& group : SortedGroups(counted)) {
      const size_t row = table_.AddRow({condition.title, group[0]});
      parts.push_back(row);
      const Stratum sum = SumOfStrata(counted.at(group));
      table_.Set(row, "list", sum.people);
      if (recorded) {
        table_.Set(row, "recorded", sum.events);
        SetExpectedCases(row, expected, group[0]);
        if (condition.id == rules_.screening) {
          table_.Set(row, "dr_eligible", sum.events);
        }
      }
      SetExtra(row, extra, group);
      if (!extra.surgery.has_value()) continue;
      const auto found = extra.surgery->find(group);
      if (found == extra.surgery->end()) continue;
      for (const auto& [key, stratum] : found->second) {
        surgery[key].Add(stratum);
      }
    }
    if (parts.empty()) return absl::OkStatus();
    const size_t total =
        table_.AddRow({condition.title, std::string(kAllLevels)});
    table_.Total(total, parts);
    if (extra.surgery.has_value()) {
      table_.SetRate(total, "cataract_dsr",
                     StandardisedOver(surgery, Esp2013(), kPer100k, true));
    }
    return absl::OkStatus();
  }

  // Sight tests and first hospital attendances of the year.
  absl::Status AddEyeCare() {
    TALLY_ASSIGN_OR_RETURN(
        const GroupedStrata tests,
        CountEventsByArea(
            context_, mid_areas_,
            "(SELECT person, month FROM ehna_claim WHERE sight_test)", lists_));
    TALLY_ASSIGN_OR_RETURN(const std::string appointments,
                           RowsByKey(context_, "sus_op"));
    TALLY_ASSIGN_OR_RETURN(
        const GroupedStrata firsts,
        CountEventsByArea(
            context_, mid_areas_,
            absl::StrFormat(
                "(SELECT person, CAST(date_trunc('month', %s) AS DATE) AS "
                "month FROM %s WHERE %s AND %s AND %s AND %s)",
                PlacedDay(context_, "sus_op", "appointment_date"), appointments,
                OneOf("treatment_function", rules_.eye.functions),
                OneOf("attended", rules_.eye.seen),
                OneOf("attendance_type", rules_.eye.first),
                WithinSpan(context_, "sus_op", "appointment_date", year_)),
            lists_));
    std::vector<size_t> parts;
    for (const Group& group : SortedGroups(tests)) {
      const size_t row = table_.AddRow({std::string(kEyeCareRow), group[0]});
      parts.push_back(row);
      const Stratum sum = SumOfStrata(tests.at(group));
      table_.Set(row, "list", sum.people)
          .Set(row, "sight_tests", sum.events)
          .Set(row, "hospital_first", SumOfStrata(firsts.at(group)).events);
    }
    if (parts.empty()) return absl::OkStatus();
    table_.Total(
        table_.AddRow({std::string(kEyeCareRow), std::string(kAllLevels)}),
        parts);
    return absl::OkStatus();
  }

 private:
  // Figures that stand in the rows of one condition only.
  struct Extra {
    std::optional<GroupedStrata> surgery;
    std::optional<GroupedStrata> impaired;
  };

  absl::Status ReadExtra(const Condition& condition, size_t number,
                         Extra& extra) {
    if (condition.id == rules_.surgery) {
      TALLY_ASSIGN_OR_RETURN(
          extra.surgery,
          CountEventsByArea(context_, mid_areas_, SurgerySql(), lists_));
    }
    if (condition.id == rules_.impairment) {
      const std::string events = absl::StrFormat(
          "(SELECT person FROM condition_register WHERE condition = %d UNION "
          "SELECT person FROM gos_claim WHERE %s AND service_date <= DATE "
          "'%s')",
          number, OneOf("eligibility", rules_.impaired_eligibility),
          context_.month.LastOfMonth().ToIso());
      TALLY_ASSIGN_OR_RETURN(
          extra.impaired,
          CountPeopleByArea(context_, areas_, events, AtAges(condition)));
    }
    return absl::OkStatus();
  }

  // Nobody of a known age: what to expect there is not known.
  void SetExpectedCases(size_t row,
                        const std::map<std::string, double>& expected,
                        const std::string& area) {
    const auto found = expected.find(area);
    if (found != expected.end()) {
      table_.Set(row, "expected", found->second);
      return;
    }
    table_.SetNa(row, "expected", NaReason::kNoExpected);
  }

  void SetExtra(size_t row, const Extra& extra, const Group& group) {
    if (extra.impaired.has_value()) {
      table_.Set(row, "cvi_proxy",
                 SumOfStrata(extra.impaired->at(group)).events);
    }
    if (!extra.surgery.has_value()) return;
    const auto found = extra.surgery->find(group);
    const Strata strata =
        found == extra.surgery->end() ? Strata() : found->second;
    table_.Set(row, "cataract", SumOfStrata(strata).events);
    table_.SetRate(row, "cataract_dsr",
                   StandardisedOver(strata, Esp2013(), kPer100k, true));
  }

  // Admissions (provider spells) with a procedure on the lens in any place of
  // any episode, each once: two on one day are both eyes.
  std::string SurgerySql() const {
    return absl::StrFormat(
        "(SELECT s.person, CAST(date_trunc('month', s.admission_date) AS DATE) "
        "AS month FROM provider_spell AS s SEMI JOIN (SELECT spell_no "
        "FROM spell_episode WHERE %s) AS e ON e.spell_no = s.spell_no "
        "WHERE s.admission_date BETWEEN DATE '%s' AND DATE '%s')",
        AnyCodeSql("procedures", rules_.eye.cataract), year_.first.ToIso(),
        year_.last.ToIso());
  }

  const MeasureContext& context_;
  const EhnaRules& rules_;
  const Areas& areas_;
  const Areas& mid_areas_;
  const Span& year_;
  const EventLists& lists_;
  const std::optional<EyePrevalence>& prevalence_;
  TableBuilder& table_;
};

class Ehna : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    if (!context.by.empty() &&
        context.by != std::vector<std::string>{"practice"}) {
      return UsageError(
          "--by: the needs assessment is by practice; it has no other "
          "grouping");
    }
    TALLY_ASSIGN_OR_RETURN(const EhnaRules rules,
                           ReadEhnaRules(context.definition));
    TALLY_ASSIGN_OR_RETURN(const Span year,
                           MonthsEndingWith(context.month, rules.months));
    TALLY_ASSIGN_OR_RETURN(
        const std::optional<EyePrevalence> prevalence,
        EyePrevalence::Read(context.comparators, context.month));
    TALLY_RETURN_IF_ERROR(MakePatientList(context));
    TALLY_RETURN_IF_ERROR(MakeHospitalSpells(context));
    TALLY_ASSIGN_OR_RETURN(const EventLists lists,
                           MakeEventLists(context, year.first));
    TALLY_RETURN_IF_ERROR(
        MakeEyeClaims(context, rules.eye, year, "ehna_claim"));
    TALLY_RETURN_IF_ERROR(MakeConditionRegister(context, rules.conditions,
                                                context.definition.id()));
    TALLY_ASSIGN_OR_RETURN(const Areas areas,
                           ReadAreas(context.connection, rules.smallest_area));
    TALLY_ASSIGN_OR_RETURN(
        const Areas mid_areas,
        ReadAreas(context.connection, rules.smallest_area, lists.list));
    TableInfo info = context.Info("ehna", "Eye health needs");
    info.period = year.ToText();
    info.notes = {
        "Conditions are those recorded up to the end of the last month; "
        "activity is that of the 12 months, of people on a list in its month.",
        MatchNote(),
        prevalence.has_value()
            ? prevalence->citation()
            : "Expected: rates by sex and age band of all practices together."};
    if (!areas.note.empty()) info.notes.push_back(areas.note);
    NoteOldest(context, lists.middle, info.notes);
    TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "gos_claim", info));
    TableBuilder table = EhnaColumns(std::move(info));
    EhnaRows rows(context, rules, areas, mid_areas, year, lists, prevalence,
                  table);
    for (size_t i = 0; i < rules.conditions.size(); ++i) {
      TALLY_RETURN_IF_ERROR(rows.AddCondition(i));
    }
    TALLY_RETURN_IF_ERROR(rows.AddEyeCare());
    std::vector<RawTable> tables;
    TALLY_ASSIGN_OR_RETURN(RawTable raw, table.Finish());
    tables.push_back(std::move(raw));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition& definition,
      const std::vector<GatedTable>& tables) const override {
    return DrawEhna(definition, tables);
  }
};

}  // namespace

std::unique_ptr<Measure> MakeD03() { return std::make_unique<Ehna>(); }

}  // namespace tally::analytics
