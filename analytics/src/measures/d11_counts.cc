// Counts of D11: referrals, their first attendance, and what follows it.
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "measures/counts.h"
#include "measures/d11_referrals.h"
#include "measures/hospital.h"
#include "measures/record_keys.h"

namespace tally::analytics {
namespace {

constexpr int64_t kLongestReferral = 3660;

// Referrals from outpatient rows: one a person, provider, function and day of
// receipt. Of two first attendances on the earliest day one that discharges
// counts.
std::string PracticeReferrals(const ReferralRules& rules, const Span& year,
                              std::string_view appointments) {
  const std::string seen_first =
      absl::StrFormat("appointment_date IS NOT NULL AND %s AND %s",
                      OneOf("attended", rules.eye.seen),
                      OneOf("attendance_type", rules.eye.first));
  return absl::StrFormat(
      "SELECT '%1$s' AS kind, CAST(NULL AS VARCHAR) AS contractor, "
      "treatment_function AS tfc, person, earliest.day AS first_day, "
      "coalesce(NOT earliest.kept, false) AS discharged FROM (SELECT "
      "treatment_function, person, min(struct_pack(day := appointment_date, "
      "kept := NOT coalesce(%3$s, false))) FILTER (%2$s) AS earliest "
      "FROM %8$s WHERE person IS NOT NULL AND %4$s AND %5$s AND "
      "referral_received_date BETWEEN DATE '%6$s' AND DATE '%7$s' "
      "GROUP BY person, provider_code, treatment_function, "
      "referral_received_date)",
      kByPractice, seen_first, OneOf("outcome", rules.discharged),
      OneOf("treatment_function", rules.eye.functions),
      OneOf("referral_source", rules.sources), year.first.ToIso(),
      year.last.ToIso(), appointments);
}

// Referrals from claims: one a person, contractor and day. The first
// attendance is the earliest in the time in which it is followed.
std::string OptometristReferrals(const ReferralRules& rules,
                                 std::string_view appointments) {
  return absl::StrFormat(
      "SELECT '%1$s' AS kind, c.contractor, 'All' AS tfc, c.person, "
      "min(o.appointment_date) AS first_day, coalesce(bool_or(%2$s AND "
      "o.appointment_date = o.earliest), false) AS discharged FROM "
      "(SELECT DISTINCT person, coalesce(contractor, 'unknown') AS contractor, "
      "day FROM eye_referral_claim WHERE person IS NOT NULL AND %3$s) AS c "
      "LEFT JOIN (SELECT p.person, p.day, o.appointment_date, o.outcome, "
      "min(o.appointment_date) OVER (PARTITION BY p.person, p.day) AS earliest "
      "FROM (SELECT DISTINCT person, day FROM eye_referral_claim WHERE person "
      "IS NOT NULL AND %3$s) AS p INNER JOIN %8$s AS o ON o.person = "
      "p.person AND o.appointment_date BETWEEN p.day AND p.day + %4$d WHERE "
      "%5$s AND %6$s AND %7$s) AS o ON o.person = c.person AND o.day = c.day "
      "GROUP BY c.contractor, c.person, c.day",
      kByOptometrist, OneOf("o.outcome", rules.discharged),
      OneOf("outcome", rules.referred_outcomes), rules.follow_days,
      OneOf("o.treatment_function", rules.eye.functions),
      OneOf("o.attended", rules.eye.seen),
      OneOf("o.attendance_type", rules.eye.first), appointments);
}

// What shows that an outpatient row treated somebody. A procedure may stand in
// any of its places: there are gaps.
std::string TreatedRow(const MeasureContext& context,
                       const ReferralRules& rules) {
  std::string sql = "false";
  sql += absl::StrFormat(
      " OR coalesce(%s, '') <> ''",
      PackedCodes(CodeKind::kProcedure, ReleaseColumns(context, "sus_op")));
  if (context.release.Column("sus_op", "rtt_status") != nullptr) {
    sql += " OR " + OneOf("o.rtt_status", rules.treated_status);
  }
  return "(" + sql + ")";
}

absl::StatusOr<int64_t> ReferralNumber(const TomlTable& table,
                                       std::string_view key, int64_t to) {
  TALLY_ASSIGN_OR_RETURN(const int64_t number, table.GetInt(key));
  if (number < 1 || number > to) {
    return table.ErrorAt(
        table.Find(key)->line(),
        absl::StrFormat("%s is 1 to %d", std::string(key), to));
  }
  return number;
}

}  // namespace

void Referrals::Add(const Referrals& other) {
  referrals += other.referrals;
  followed += other.followed;
  treated += other.treated;
  follow_ups += other.follow_ups;
  discharged += other.discharged;
  false_positives += other.false_positives;
}

absl::StatusOr<ReferralRules> ReadReferralRules(
    const MeasureDefinition& definition) {
  ReferralRules rules;
  TALLY_ASSIGN_OR_RETURN(rules.eye, ReadEyeCare(definition));
  TALLY_ASSIGN_OR_RETURN(const TomlTable table,
                         definition.root().GetTable("parameters"));
  TALLY_RETURN_IF_ERROR(
      table.OnlyKeys({"months", "follow_days", "smallest_area", "sources",
                      "discharged_outcomes", "treated_status",
                      "elective_methods", "referred_outcomes"}));
  TALLY_ASSIGN_OR_RETURN(rules.months, ReferralNumber(table, "months", 60));
  TALLY_ASSIGN_OR_RETURN(rules.follow_days, ReferralNumber(table, "follow_days",
                                                           kLongestReferral));
  TALLY_ASSIGN_OR_RETURN(rules.smallest_area,
                         ReferralNumber(table, "smallest_area", 1'000'000));
  const std::pair<std::string_view, std::vector<std::string>*> lists[] = {
      {"sources", &rules.sources},
      {"discharged_outcomes", &rules.discharged},
      {"treated_status", &rules.treated_status},
      {"elective_methods", &rules.elective_methods},
      {"referred_outcomes", &rules.referred_outcomes}};
  for (const auto& [key, target] : lists) {
    TALLY_ASSIGN_OR_RETURN(*target, table.GetStrings(key));
  }
  return rules;
}

absl::Status MakeReferrals(const MeasureContext& context,
                           const ReferralRules& rules, const Span& year) {
  TALLY_ASSIGN_OR_RETURN(const std::string appointments,
                         RowsByKey(context, "sus_op"));
  TALLY_RETURN_IF_ERROR(
      MakeEyeClaims(context, rules.eye, year, "eye_referral_claim"));
  TALLY_RETURN_IF_ERROR(context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE eye_referral AS SELECT "
      "row_number() OVER () AS id, *, coalesce(first_day + %d <= DATE '%s', "
      "false) AS followed FROM (%s UNION ALL %s)",
      rules.follow_days, year.last.ToIso(),
      PracticeReferrals(rules, year, appointments),
      OptometristReferrals(rules, appointments))));
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE eye_referral_after AS SELECT id, "
      "CAST(sum(follow_up) AS BIGINT) AS follow_ups, bool_or(treats) AS "
      "treated FROM (SELECT r.id, CAST(%1$s AND o.appointment_date > "
      "r.first_day AS INTEGER) AS follow_up, %2$s AS treats FROM eye_referral "
      "AS r INNER JOIN %8$s AS o ON o.person = r.person AND "
      "o.appointment_date BETWEEN r.first_day AND r.first_day + %3$d WHERE "
      "r.followed AND %4$s AND %5$s UNION ALL SELECT r.id, 0, true FROM "
      "eye_referral AS r INNER JOIN sus_apc AS a ON a.person = r.person AND "
      "a.admission_date BETWEEN r.first_day AND r.first_day + %3$d WHERE "
      "r.followed AND %6$s AND %7$s) GROUP BY id",
      OneOf("o.attendance_type", rules.eye.follow_up),
      TreatedRow(context, rules), rules.follow_days,
      OneOf("o.treatment_function", rules.eye.functions),
      OneOf("o.attended", rules.eye.seen),
      OneOf("a.treatment_function", rules.eye.functions),
      OneOf("a.admission_method", rules.elective_methods), appointments));
}

absl::StatusOr<std::map<CrossedUnit, Referrals>> CountReferrals(
    const MeasureContext& context, std::string_view kind,
    const std::string& list) {
  const bool practice = kind == kByPractice;
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(
          context.connection,
          absl::StrFormat(
              "SELECT %1$s AS referrer, r.tfc, count(*), "
              "CAST(count_if(r.followed) AS BIGINT), "
              "CAST(count_if(coalesce(a.treated, false)) AS BIGINT), "
              "CAST(coalesce(sum(a.follow_ups), 0) AS BIGINT), "
              "CAST(count_if(r.followed AND r.discharged) AS BIGINT), "
              "CAST(count_if(r.followed AND r.discharged AND NOT "
              "coalesce(a.treated, false)) AS BIGINT) FROM eye_referral AS r "
              "%2$s LEFT JOIN eye_referral_after AS a ON a.id = r.id "
              "WHERE r.kind = '%3$s' GROUP BY referrer, r.tfc",
              practice ? "l.practice" : "r.contractor",
              practice ? absl::StrFormat(
                             "INNER JOIN %s AS l ON l.person = r.person", list)
                       : "",
              kind),
          2));
  std::map<CrossedUnit, Referrals> counts;
  for (const GroupedRow& row : rows) {
    counts[{row.levels[0], row.levels[1]}] = {row.counts[0], row.counts[1],
                                              row.counts[2], row.counts[3],
                                              row.counts[4], row.counts[5]};
  }
  return counts;
}

}  // namespace tally::analytics
