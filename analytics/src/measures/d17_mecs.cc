// D17: episodes of minor and urgent eye care, their outcomes, and what follows.
#include "measures/d17_mecs.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/measure.h"
#include "analytics/measures/patient_list.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "measures/counts.h"
#include "measures/crossed_rows.h"
#include "measures/eye_care.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

constexpr int64_t kLongestFollowUp = 3660;

struct MecsRules {
  EyeCareRules eye;
  std::vector<std::string> managed;
  int64_t months = 0;
  int64_t follow_days = 0;
};

absl::StatusOr<MecsRules> ReadMecsRules(const MeasureDefinition& definition) {
  MecsRules rules;
  TALLY_ASSIGN_OR_RETURN(rules.eye, ReadEyeCare(definition));
  TALLY_ASSIGN_OR_RETURN(const TomlTable table,
                         definition.root().GetTable("parameters"));
  TALLY_RETURN_IF_ERROR(
      table.OnlyKeys({"months", "follow_days", "managed_outcomes"}));
  TALLY_ASSIGN_OR_RETURN(rules.months, table.GetInt("months"));
  TALLY_ASSIGN_OR_RETURN(rules.follow_days,
                         table.GetInt("follow_days", 1, kLongestFollowUp));
  TALLY_ASSIGN_OR_RETURN(rules.managed, table.GetStrings("managed_outcomes"));
  return rules;
}

// Episodes of one row.
struct Episodes {
  int64_t n = 0;
  int64_t matched = 0;
  int64_t followed = 0;
  int64_t managed = 0;  // and followed
  int64_t avoided = 0;
  int64_t again = 0;

  void Add(const Episodes& other) {
    n += other.n;
    matched += other.matched;
    followed += other.followed;
    managed += other.managed;
    avoided += other.avoided;
    again += other.again;
  }
};

// mecs_claim, a row an episode, attended or not; mecs_follow (person, day,
// again, hospital), a row a person and day with an attended one. A second
// episode of one day is the same presentation.
absl::Status MakeEpisodes(const MeasureContext& context, const MecsRules& rules,
                          const Span& span) {
  TALLY_RETURN_IF_ERROR(
      MakeEyeClaims(context, rules.eye, span, "mecs_all", true));
  TALLY_RETURN_IF_ERROR(context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE mecs_claim AS SELECT person, "
      "contractor, outcome, day, month, (outcome IS NULL OR outcome <> 'dna') "
      "AS attended FROM mecs_all WHERE %s",
      OneOf("claim_type", rules.eye.services))));
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE mecs_follow AS WITH visit AS "
      "MATERIALIZED (SELECT DISTINCT person, day FROM mecs_claim WHERE person "
      "IS NOT NULL AND attended), hospital AS (SELECT DISTINCT v.person, v.day "
      "FROM visit AS v INNER JOIN sus_op AS o ON o.person = v.person AND "
      "o.appointment_date BETWEEN v.day AND v.day + %1$d "
      "WHERE %2$s AND %3$s AND %4$s) "
      "SELECT v.person, v.day, h.person IS NOT NULL AS hospital, "
      "coalesce(v.next - v.day <= %1$d, false) AS again FROM "
      "(SELECT person, day, lead(day) OVER (PARTITION BY person ORDER BY day) "
      "AS next FROM visit) AS v LEFT JOIN hospital AS h ON h.person = v.person "
      "AND h.day = v.day",
      rules.follow_days, OneOf("o.treatment_function", rules.eye.hospital),
      OneOf("o.attended", rules.eye.seen),
      OneOf("o.attendance_type", rules.eye.first)));
}

// By (provider, outcome), by month.
using EpisodeCounts = std::map<CrossedUnit, std::map<std::string, Episodes>>;

absl::StatusOr<EpisodeCounts> CountEpisodes(const MeasureContext& context,
                                            const MecsRules& rules,
                                            const Span& span) {
  const std::string followed = absl::StrFormat(
      "f.person IS NOT NULL AND c.attended AND c.day + %d <= DATE '%s'",
      rules.follow_days, span.last.ToIso());
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(
          context.connection,
          absl::StrFormat(
              "SELECT contractor, outcome, strftime(c.month, '%%Y-%%m') AS m, "
              "count(*), count(c.person), CAST(count_if(%1$s) AS BIGINT), "
              "CAST(count_if(%1$s AND %2$s) AS BIGINT), "
              "CAST(count_if(%1$s AND %2$s AND NOT f.hospital) AS BIGINT), "
              "CAST(count_if(%1$s AND f.again) AS BIGINT) FROM mecs_claim AS c "
              "LEFT JOIN mecs_follow AS f ON f.person = c.person AND f.day = "
              "c.day GROUP BY contractor, outcome, m",
              followed, OneOf("c.outcome", rules.managed)),
          3));
  EpisodeCounts counts;
  for (const GroupedRow& row : rows) {
    counts[{row.levels[0], row.levels[1]}][row.levels[2]] = {
        row.counts[0], row.counts[1], row.counts[2],
        row.counts[3], row.counts[4], row.counts[5]};
  }
  return counts;
}

TableBuilder MecsColumns(TableInfo info) {
  TableBuilder table(std::move(info));
  table.Dimension("provider", "Provider")
      .Dimension("outcome", "Outcome")
      .Dimension("period", "Period")
      .Events("n", "Episodes with the outcome")
      .Events("episodes", "Episodes")
      .Proportion("share", "Share of episodes", "n", "episodes")
      .Events("matched", "With a person")
      .Proportion("match_share", "With a person", "matched", "n", false)
      .Events("followed", "Attended and followed")
      .Events("managed_followed", "Managed and followed")
      .Events("avoided_first_op", "Managed, no first hospital visit")
      .Proportion("avoided_share", "First hospital visit avoided",
                  "avoided_first_op", "managed_followed")
      .Events("re_present_12w", "Came back")
      .Proportion("re_present_share", "Came back", "re_present_12w",
                  "followed");
  return table;
}

void SetEpisodes(TableBuilder& table, size_t row, const Episodes& e,
                 bool managed) {
  table.Set(row, "n", e.n)
      .Set(row, "matched", e.matched)
      .Set(row, "followed", e.followed)
      .Set(row, "re_present_12w", e.again);
  if (!managed) return;
  table.Set(row, "managed_followed", e.managed)
      .Set(row, "avoided_first_op", e.avoided);
}

// `episodes` of a row is `n` of the row of all outcomes of the same provider.
class MecsRows {
 public:
  MecsRows(const MecsRules& rules, const EpisodeCounts& counts,
           TableBuilder& table)
      : rules_(rules), counts_(counts), table_(table) {}

  // Each provider, and all of them, in the whole time.
  absl::StatusOr<RawTable> Finish(const Span& span) {
    AddMonths(span);
    std::set<CrossedUnit> units;
    for (const auto& [unit, months] : counts_) units.insert(unit);
    CrossedRows rows(std::move(units), table_);
    std::vector<std::pair<size_t, CrossedUnit>> added;
    rows.Add({span.ToText()},
             [&](size_t row, const CrossedUnit& unit, bool own) {
               added.emplace_back(row, unit);
               if (!own) return;
               Episodes sum;
               for (const auto& [month, e] : counts_.at(unit)) sum.Add(e);
               SetEpisodes(table_, row, sum, IsManaged(unit.second));
             });
    std::map<std::string, size_t> all_outcomes;
    for (const auto& [row, unit] : added) {
      if (unit.second == kAllLevels) all_outcomes[unit.first] = row;
    }
    for (const auto& [row, unit] : added) {
      whole_.emplace_back(row, all_outcomes.at(unit.first));
    }
    TALLY_ASSIGN_OR_RETURN(RawTable raw, table_.Finish());
    TALLY_RETURN_IF_ERROR(SetWholes(raw));
    TALLY_RETURN_IF_ERROR(
        rows.JoinSums({"n", "matched", "followed", "re_present_12w"}, raw));
    return raw;
  }

 private:
  bool IsManaged(const std::string& outcome) const {
    return std::find(rules_.managed.begin(), rules_.managed.end(), outcome) !=
           rules_.managed.end();
  }

  // All providers together, month by month.
  void AddMonths(const Span& span) {
    std::map<std::string, std::map<std::string, Episodes>> by_outcome;
    for (const auto& [unit, months] : counts_) {
      for (const auto& [month, e] : months) {
        by_outcome[unit.second][month].Add(e);
      }
    }
    const std::string all(kAllLevels);
    for (const CivilDay day : MonthsOf(span)) {
      const std::string month = day.ToMonth();
      std::vector<size_t> parts;
      for (auto& [outcome, months] : by_outcome) {
        parts.push_back(table_.AddRow({all, outcome, month}));
        SetEpisodes(table_, parts.back(), months[month], IsManaged(outcome));
      }
      if (parts.empty()) return;
      const size_t total = table_.AddRow({all, all, month});
      table_.Total(total, parts);
      for (const size_t part : parts) whole_.emplace_back(part, total);
      whole_.emplace_back(total, total);
    }
  }

  // The denominator is the number of the row of all outcomes.
  absl::Status SetWholes(RawTable& raw) const {
    TALLY_ASSIGN_OR_RETURN(const size_t n, raw.ColumnIndex("n"));
    TALLY_ASSIGN_OR_RETURN(const size_t episodes, raw.ColumnIndex("episodes"));
    for (const auto& [row, whole] : whole_) {
      raw.SetSame({row, episodes}, {whole, n});
    }
    return absl::OkStatus();
  }

  const MecsRules& rules_;
  const EpisodeCounts& counts_;
  TableBuilder& table_;
  std::vector<std::pair<size_t, size_t>> whole_;
};

class Mecs : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    if (!context.by.empty()) {
      return UsageError(
          "--by: episodes are by provider and outcome; they have no other "
          "grouping");
    }
    TALLY_ASSIGN_OR_RETURN(const MecsRules rules,
                           ReadMecsRules(context.definition));
    TALLY_ASSIGN_OR_RETURN(const Span span,
                           MonthsEndingWith(context.month, rules.months));
    TALLY_RETURN_IF_ERROR(MakeEpisodes(context, rules, span));
    TALLY_ASSIGN_OR_RETURN(const EpisodeCounts counts,
                           CountEpisodes(context, rules, span));
    TableInfo info = context.Info("mecs", "Community eye care episodes");
    info.period = span.ToText();
    info.notes = {
        MatchNote(),
        absl::StrFormat("Followed: attended episodes of a known person with "
                        "%d days to the end of %s after them. Avoided: managed "
                        "and no first hospital eye attendance in that time. "
                        "Came back: another attended episode of the person, "
                        "on a later day, in that time.",
                        rules.follow_days, context.month.ToMonth())};
    TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "gos_claim", info));
    TableBuilder table = MecsColumns(std::move(info));
    MecsRows rows(rules, counts, table);
    std::vector<RawTable> tables;
    TALLY_ASSIGN_OR_RETURN(RawTable raw, rows.Finish(span));
    tables.push_back(std::move(raw));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition& definition,
      const std::vector<GatedTable>& tables) const override {
    return DrawMecs(definition, tables);
  }
};

}  // namespace

std::unique_ptr<Measure> MakeD17() { return std::make_unique<Mecs>(); }

}  // namespace tally::analytics
