// C14: people by number of medicines, and risky combinations.
#include "measures/c14_polypharmacy.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/measure.h"
#include "analytics/measures/patient_list.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/areas.h"
#include "measures/counts.h"
#include "measures/months.h"
#include "measures/prescriptions.h"
#include "measures/strata.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

// People of one group and one age group.
struct Takers {
  int64_t people = 0;
  int64_t medicines = 0;
  std::vector<int64_t> reaching;  // by threshold

  void Add(const Takers& other) {
    people += other.people;
    medicines += other.medicines;
    reaching.resize(std::max(reaching.size(), other.reaching.size()));
    for (size_t i = 0; i < other.reaching.size(); ++i) {
      reaching[i] += other.reaching[i];
    }
  }
};

// How rows are grouped, and which practices stand for themselves. Every cut is
// of the same people: those of practices that are left out are in none.
struct C14Grouping {
  std::vector<GroupColumn> columns;
  Areas areas;
  bool usual = true;  // nobody asked for it

  // The group that a row counts in, by the practice and the columns; nothing if
  // it is left out.
  std::optional<Group> Of(const Group& levels) const {
    const std::string* area = areas.Of(levels[0]);
    if (area == nullptr) return std::nullopt;
    Group group(levels.begin() + 1, levels.end());
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].name == "practice") group[i] = *area;
    }
    return group;
  }
  // The practice and the columns, of the list `l`: cut_0, cut_1 and so on.
  std::string Sql() const {
    std::string sql = "l.practice AS cut_0, ";
    for (size_t i = 0; i < columns.size(); ++i) {
      sql += absl::StrFormat("l.%s AS cut_%d, ", columns[i].sql, i + 1);
    }
    return sql;
  }
  std::string Names() const {
    std::string sql;
    for (size_t i = 0; i <= columns.size(); ++i) {
      sql += absl::StrFormat("cut_%d, ", i);
    }
    return sql;
  }
};

bool C14GroupLess(const Group& a, const Group& b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      LevelLess);
}

// By group, then by age group.
using TakersByGroup =
    std::map<Group, std::vector<Takers>, decltype(&C14GroupLess)>;

absl::StatusOr<C14Grouping> ReadGrouping(const MeasureContext& context,
                                         const PolypharmacyRules& rules) {
  C14Grouping grouping;
  std::vector<std::string> by = context.by;
  if (by.empty()) by = {"practice"};
  TALLY_ASSIGN_OR_RETURN(grouping.columns, GroupColumns(by));
  for (const GroupColumn& column : grouping.columns) {
    if (column.name == "age_band") {
      return UsageError(
          "--by: these figures have age groups of their own; use practice, "
          "sex, imd_decile or ethnicity");
    }
  }
  grouping.usual = context.by.empty();
  TALLY_ASSIGN_OR_RETURN(grouping.areas,
                         ReadAreas(context.connection, rules.smallest_area));
  return grouping;
}

// medicine_taken (person, medicine), distinct: what people had in the window.
absl::Status MakeMedicines(const MeasureContext& context,
                           const PolypharmacyRules& rules, const Span& window) {
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE medicine_taken AS "
      "SELECT DISTINCT person, left(bnf_code, %d) AS medicine "
      "FROM gp_prescription WHERE person IS NOT NULL AND %s AND %s AND %s > 0",
      kBnfSubstance,
      WithinSpan(context, "gp_prescription", "issue_date", window),
      InChapters("bnf_code", rules.chapters), ItemsSql(context)));
}

absl::StatusOr<TakersByGroup> CountTakers(const MeasureContext& context,
                                          const PolypharmacyRules& rules,
                                          const C14Grouping& grouping) {
  // 0 for a person of unknown age, who is in the group of all ages only.
  std::string age_group = "CASE";
  for (size_t i = rules.ages_from.size(); i-- > 1;) {
    age_group +=
        absl::StrFormat(" WHEN l.age >= %d THEN %d", rules.ages_from[i], i);
  }
  age_group += " ELSE 0 END";
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(
          context.connection,
          absl::StrFormat("SELECT %3$s age_group, medicines, count(*) FROM "
                          "(SELECT %1$s CAST(%2$s AS INTEGER) AS age_group, "
                          "medicines FROM patient_list AS l INNER JOIN "
                          "(SELECT person, count(*) AS medicines FROM "
                          "medicine_taken GROUP BY person) AS t "
                          "ON t.person = l.person) AS l GROUP BY ALL",
                          grouping.Sql(), age_group, grouping.Names()),
          grouping.columns.size() + 1));
  TakersByGroup counted(&C14GroupLess);
  for (const GroupedRow& row : rows) {
    const std::optional<Group> group = grouping.Of(row.levels);
    if (!group.has_value()) continue;
    Takers takers;
    takers.people = row.counts[2];
    takers.medicines = row.counts[1] * row.counts[2];
    for (const int64_t threshold : rules.thresholds) {
      takers.reaching.push_back(row.counts[1] >= threshold ? row.counts[2] : 0);
    }
    std::vector<Takers>& ages =
        counted.try_emplace(*group, rules.ages_from.size()).first->second;
    for (int64_t age = 0; age <= row.counts[0]; ++age) {
      ages[static_cast<size_t>(age)].Add(takers);
    }
  }
  for (auto& [group, ages] : counted) {
    for (Takers& takers : ages) {
      takers.reaching.resize(rules.thresholds.size());
    }
  }
  return counted;
}

void AddGroupColumns(const C14Grouping& grouping, TableBuilder& table) {
  for (const GroupColumn& column : grouping.columns) {
    const bool practice = column.name == "practice";
    table.Dimension(practice ? "area" : column.name, column.title);
  }
}

TableInfo C14Info(const MeasureContext& context, const C14Grouping& grouping,
                  const Span& window, std::string table, std::string title) {
  TableInfo info = context.Info(std::move(table), std::move(title));
  info.period = window.ToText();
  std::vector<std::string> by;
  for (const GroupColumn& column : grouping.columns) by.push_back(column.name);
  if (!grouping.usual) info.notes.push_back(CutNote(by));
  if (!grouping.areas.note.empty()) {
    info.notes.push_back(grouping.areas.note);
  }
  return info;
}

void SetMean(const Takers& takers, size_t row, TableBuilder& table) {
  if (takers.people == 0) return;
  table.Set(row, "mean_medicines",
            static_cast<double>(takers.medicines) /
                static_cast<double>(takers.people));
}

// Rows of one age group, threshold by threshold, each group and all together.
// The people below the line are the same at every threshold.
void AddAgeGroup(const PolypharmacyRules& rules, const TakersByGroup& counted,
                 size_t age, TableBuilder& table) {
  std::vector<size_t> firsts;
  for (size_t t = 0; t < rules.thresholds.size(); ++t) {
    std::vector<size_t> parts;
    Takers all;
    const auto levels = [&](Group group) {
      group.push_back(AgeFromText(rules.ages_from[age]));
      group.push_back(absl::StrFormat("%d", rules.thresholds[t]));
      return group;
    };
    size_t groups = 0;
    for (const auto& [group, ages] : counted) {
      const Takers& takers = ages[age];
      const size_t row = table.AddRow(levels(group));
      table.Set(row, "num", takers.reaching[t]).Set(row, "den", takers.people);
      SetMean(takers, row, table);
      if (t == 0) {
        firsts.push_back(row);
      } else {
        table.Same(row, firsts[groups], "den");
      }
      parts.push_back(row);
      all.Add(takers);
      ++groups;
    }
    if (parts.empty()) return;
    const size_t total = table.AddRow(
        levels(Group(counted.begin()->first.size(), std::string(kAllLevels))));
    table.Total(
        total, parts,
        t == 0 ? std::vector<std::string>() : std::vector<std::string>{"den"});
    if (t == 0) {
      firsts.push_back(total);
    } else {
      table.Same(total, firsts.back(), "den");
    }
    SetMean(all, total, table);
  }
}

absl::StatusOr<RawTable> PolypharmacyTable(const MeasureContext& context,
                                           const PolypharmacyRules& rules,
                                           const C14Grouping& grouping,
                                           const Span& window,
                                           const TakersByGroup& counted) {
  TableInfo info = C14Info(context, grouping, window, "polypharmacy",
                           "People by number of different medicines");
  info.notes.push_back(absl::StrFormat(
      "A medicine is a BNF chemical substance of the chapters %s. Age groups "
      "overlap, and so do thresholds.",
      JoinText(rules.chapters, ", ")));
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "gp_prescription", info));
  TableBuilder table(std::move(info));
  AddGroupColumns(grouping, table);
  table.Dimension("age_group", "Age group")
      .Dimension("threshold", "Medicines, at least")
      .Persons("num", "People with so many")
      .Persons("den", "People with any")
      .Proportion("share", "Share of those with any", "num", "den")
      .Mean("mean_medicines", "Mean medicines", "medicines", "den");
  if (!context.by.empty()) table.RefuseMostlyHidden();
  for (size_t age = 0; age < rules.ages_from.size(); ++age) {
    AddAgeGroup(rules, counted, age, table);
  }
  return table.Finish();
}

// combination_hit (combination, person): who has one of each set.
absl::Status MakeHits(const MeasureContext& context,
                      const std::vector<RiskyCombination>& combinations) {
  std::string sets;
  std::string sizes;
  for (size_t i = 0; i < combinations.size(); ++i) {
    for (size_t part = 0; part < combinations[i].all_of.size(); ++part) {
      if (!sets.empty()) sets += " UNION ALL ";
      sets += absl::StrFormat(
          "SELECT medicine, %d AS combination, %d AS part FROM distinct_one "
          "WHERE %s",
          i, part, StartsWithOne("medicine", combinations[i].all_of[part]));
    }
    if (!sizes.empty()) sizes += ", ";
    sizes += absl::StrFormat("(%d, %d)", i, combinations[i].all_of.size());
  }
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE combination_hit AS WITH distinct_one "
      "AS MATERIALIZED (SELECT DISTINCT medicine FROM medicine_taken), "
      "member AS (%s), size(combination, parts) AS (VALUES %s) "
      "SELECT h.combination, h.person FROM (SELECT combination, person, "
      "count(*) AS parts FROM (SELECT DISTINCT m.combination, m.part, t.person "
      "FROM medicine_taken AS t INNER JOIN member AS m ON m.medicine = "
      "t.medicine) GROUP BY combination, person) AS h INNER JOIN size AS s ON "
      "s.combination = h.combination AND s.parts = h.parts",
      sets, sizes));
}

absl::StatusOr<RawTable> CombinationTable(const MeasureContext& context,
                                          const PolypharmacyRules& rules,
                                          const C14Grouping& grouping,
                                          const Span& window,
                                          const TakersByGroup& counted) {
  TALLY_RETURN_IF_ERROR(MakeHits(context, rules.combinations));
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  absl::StrFormat(
                      "SELECT %1$s h.combination, count(*) FROM "
                      "combination_hit AS h INNER JOIN patient_list AS l ON "
                      "l.person = h.person GROUP BY ALL",
                      grouping.Sql()),
                  grouping.columns.size() + 1));
  std::map<std::pair<Group, int64_t>, int64_t> hits;
  for (const GroupedRow& row : rows) {
    const std::optional<Group> group = grouping.Of(row.levels);
    if (group.has_value()) hits[{*group, row.counts[0]}] += row.counts[1];
  }
  TableInfo info = C14Info(context, grouping, window, "risky_combinations",
                           "People with risky combinations of medicines");
  info.cohort =
      "Persons on the list with one medicine of each set in the 3 months";
  info.notes.push_back("Combinations are examples set in the definition.");
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "gp_prescription", info));
  TableBuilder table(std::move(info));
  table.Dimension("combination", "Combination");
  AddGroupColumns(grouping, table);
  table.Persons("num", "People with the combination")
      .Persons("den", "People with any medicine")
      .Proportion("share", "Share of those with any", "num", "den");
  if (!context.by.empty()) table.RefuseMostlyHidden();
  std::vector<size_t> firsts;
  for (size_t i = 0; i < rules.combinations.size(); ++i) {
    std::vector<size_t> parts;
    const auto levels = [&](const Group& group) {
      Group all = {rules.combinations[i].title};
      all.insert(all.end(), group.begin(), group.end());
      return all;
    };
    for (const auto& [group, ages] : counted) {
      const size_t row = table.AddRow(levels(group));
      const auto found = hits.find({group, static_cast<int64_t>(i)});
      table.Set(row, "num", found == hits.end() ? int64_t{0} : found->second)
          .Set(row, "den", ages[0].people);
      if (i > 0) table.Same(row, firsts[parts.size()], "den");
      parts.push_back(row);
    }
    if (parts.empty()) break;
    const size_t total = table.AddRow(
        levels(Group(grouping.columns.size(), std::string(kAllLevels))));
    table.Total(
        total, parts,
        i == 0 ? std::vector<std::string>() : std::vector<std::string>{"den"});
    if (i == 0) {
      firsts = parts;
      firsts.push_back(total);
    } else {
      table.Same(total, firsts.back(), "den");
    }
  }
  return table.Finish();
}

class Polypharmacy : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    TALLY_ASSIGN_OR_RETURN(const PolypharmacyRules rules,
                           ReadPolypharmacyRules(context.definition));
    TALLY_ASSIGN_OR_RETURN(
        const Span window,
        MonthsEndingWith(context.month, rules.window_months));
    TALLY_RETURN_IF_ERROR(MakePatientList(context));
    TALLY_ASSIGN_OR_RETURN(const C14Grouping grouping,
                           ReadGrouping(context, rules));
    TALLY_RETURN_IF_ERROR(MakeMedicines(context, rules, window));
    TALLY_ASSIGN_OR_RETURN(const TakersByGroup counted,
                           CountTakers(context, rules, grouping));
    std::vector<RawTable> tables;
    TALLY_ASSIGN_OR_RETURN(
        RawTable table,
        PolypharmacyTable(context, rules, grouping, window, counted));
    tables.push_back(std::move(table));
    if (rules.combinations.empty()) {
      context.Lacks("risky_combinations",
                    "the definition names no combination of medicines");
      return tables;
    }
    TALLY_ASSIGN_OR_RETURN(
        RawTable risky,
        CombinationTable(context, rules, grouping, window, counted));
    tables.push_back(std::move(risky));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition& definition,
      const std::vector<GatedTable>& tables) const override {
    return DrawPolypharmacy(definition, tables);
  }
};

}  // namespace

std::unique_ptr<Measure> MakeC14() { return std::make_unique<Polypharmacy>(); }

}  // namespace tally::analytics
