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
      "treatment_function AS tfc, person, provider_code AS provider, "
      "CAST(date_trunc('month', referral_received_date) AS DATE) AS month, "
      "referral_received_date AS received, earliest.day AS first_day, "
      "coalesce(NOT earliest.kept, false) AS discharged FROM (SELECT "
      "treatment_function, person, provider_code, referral_received_date, "
      "min(struct_pack(day := appointment_date, "
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
      "CAST(NULL AS VARCHAR) AS provider, "
      "CAST(date_trunc('month', c.day) AS DATE) AS month, "
      "CAST(NULL AS DATE) AS received, "
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

// What may follow a referral: eye care of people with one, a row an attendance
// that was seen or an episode of an elective admission.
std::string EyeCareAfter(const MeasureContext& context,
                         const ReferralRules& rules,
                         std::string_view appointments) {
  return absl::StrFormat(
      "SELECT row_number() OVER () AS event, * FROM (SELECT o.person, "
      "o.appointment_date AS day, o.provider_code AS provider, "
      "o.treatment_function AS tfc, o.referral_received_date AS received, "
      "%1$s AS follow_up, %2$s AS treats FROM %3$s AS o SEMI JOIN eye_referral "
      "AS r ON r.person = o.person WHERE o.appointment_date IS NOT NULL AND "
      "%4$s AND %5$s UNION ALL SELECT a.person, a.admission_date, NULL, "
      "a.treatment_function, NULL, false, true FROM sus_apc AS a SEMI JOIN "
      "eye_referral AS r ON r.person = a.person WHERE a.admission_date IS NOT "
      "NULL AND %6$s AND %7$s)",
      OneOf("o.attendance_type", rules.eye.follow_up),
      TreatedRow(context, rules), appointments,
      OneOf("o.treatment_function", rules.eye.functions),
      OneOf("o.attended", rules.eye.seen),
      OneOf("a.treatment_function", rules.eye.functions),
      OneOf("a.admission_method", rules.elective_methods));
}

// `events` with the referral to which each belongs. Of those of practices it is
// one: its own, else the latest of its treatment function, else the latest. A
// claim says nothing of what comes after it, so that all does.
std::string ReferralOfEach(const std::string& events) {
  constexpr std::string_view kOwn =
      "coalesce(e.received = r.received, false) AND e.tfc = r.tfc AND "
      "e.provider IS NOT DISTINCT FROM r.provider";
  return absl::StrFormat(
      "SELECT r.id, r.followed, r.first_day, e.day, e.follow_up, e.treats FROM "
      "(%1$s) AS e INNER JOIN eye_referral AS r ON r.person = e.person AND "
      "(r.first_day <= e.day OR (%2$s)) QUALIFY r.kind = '%3$s' OR "
      "row_number() OVER (PARTITION BY r.kind, e.event ORDER BY (%2$s) DESC, "
      "e.tfc = r.tfc DESC, r.first_day DESC NULLS LAST, r.received DESC, "
      "r.provider NULLS LAST, r.tfc) = 1",
      events, std::string(kOwn), kByOptometrist);
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
  TALLY_ASSIGN_OR_RETURN(rules.months, table.GetInt("months", 1, 60));
  TALLY_ASSIGN_OR_RETURN(rules.follow_days,
                         table.GetInt("follow_days", 1, kLongestReferral));
  TALLY_ASSIGN_OR_RETURN(rules.smallest_area,
                         table.GetInt("smallest_area", 1, 1'000'000));
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
      "CAST(sum(CAST(follow_up AND day > first_day AS INTEGER)) AS BIGINT) AS "
      "follow_ups, bool_or(treats) AS treated FROM (%s) WHERE followed AND "
      "day BETWEEN first_day AND first_day + %d GROUP BY id",
      ReferralOfEach(EyeCareAfter(context, rules, appointments)),
      rules.follow_days));
}

absl::StatusOr<std::map<CrossedUnit, Referrals>> CountReferrals(
    const MeasureContext& context, std::string_view kind,
    const EventLists& lists) {
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
              practice ? absl::StrFormat("INNER JOIN %s AS l ON %s",
                                         lists.stays, DuringStay("r", "l"))
                       : std::string(),
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
