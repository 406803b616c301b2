// Eye care in the community: each claim type, reason for eligibility, voucher
// and outcome; who comes again, and who is spared a first visit to hospital.
#include <string>
#include <utility>
#include <vector>

#include "lanes/lanes.h"

namespace tally::demo {
namespace {

constexpr int kEyeDay = Ymd(2026, 1, 5);
constexpr const char* kOptometrist = "TP901";

EyeClaim Claim(std::string type, std::string eligibility) {
  return {.day = kEyeDay,
          .type = std::move(type),
          .eligibility = std::move(eligibility),
          .contractor = kOptometrist};
}

// By practice claims are told apart by type; reasons and vouchers are those of
// everybody, and counted with the rows.
void ExpectClaim(const char* column, const EyeClaim& row, Case& part) {
  part.expect.push_back({"D16", "gos_activity", column, 1,
                         "breakdown=practice;claim_type=" + row.type, false});
}

void ExpectEyes(const char* condition, const char* column, Case& part) {
  part.expect.push_back(
      {"D03", "ehna", column, 1, std::string("condition=") + condition, false});
}

// A claim by which the optometrist could have referred: of somebody who came.
void ExpectReferrer(const EyeClaim& row, Case& part) {
  if (!row.numbered || row.outcome == "dna") return;
  const std::string where =
      std::string("kind=optometrist;referrer=") + kOptometrist;
  const bool referred = row.outcome == "referred_hes_urgent" ||
                        row.outcome == "referred_hes_routine";
  part.expect.push_back(
      {"D11", "referral_monitor", "claims", 1, where, false, false});
  part.expect.push_back({"D11", "referral_monitor", "referrals",
                         referred ? 1 : 0, where, false, false});
}

Case ClaimCase(const char* what, EyeClaim row) {
  Case part;
  part.what = what;
  part.born = 1950;
  ExpectClaim("n", row, part);
  if (row.type == "GOS1" || row.type == "GOS6") {
    ExpectEyes("Eye care", "sight_tests", part);
    ExpectReferrer(row, part);
  }
  if (row.eligibility == "sight_impaired") {
    ExpectEyes("Sight impairment", "cvi_proxy", part);
  }
  part.rows.claims = {std::move(row)};
  return part;
}

void AddClaims(std::vector<Case>& cases) {
  for (const char* reason :
       {"under16", "ft_education_16_18", "aged60", "diabetes", "glaucoma",
        "glaucoma_risk", "relative40_glaucoma", "sight_impaired",
        "complex_lens", "benefit", "HC2", "prisoner_leave"}) {
    cases.push_back(ClaimCase("each reason", Claim("GOS1", reason)));
  }
  for (const char* band : {"A", "B", "C", "D", "E", "F", "G", "H"}) {
    EyeClaim row = Claim("GOS3", "aged60");
    row.voucher = band;
    row.outcome.clear();
    Case part = ClaimCase("each voucher", row);
    cases.push_back(part);
  }
  cases.push_back(ClaimCase("a repair", Claim("GOS4", "aged60")));
  EyeClaim home = Claim("GOS6", "aged60");
  home.domiciliary = true;
  Case visited = ClaimCase("at home", home);
  ExpectClaim("domiciliary", home, visited);
  cases.push_back(visited);
  EyeClaim early = Claim("GOS1", "aged60");
  early.previous = kEyeDay - 200;
  early.retest = "3";
  Case again = ClaimCase("before the interval, with a code", early);
  ExpectClaim("early_retest", early, again);
  cases.push_back(again);
  // In the newest month too.
  EyeClaim newest = Claim("GOS1", "glaucoma");
  newest.day = Ymd(2026, 10, 12);
  cases.push_back(ClaimCase("in the newest month", newest));
}

// An episode of a minor eye conditions service.
EyeClaim Minor(std::string outcome, int day = kEyeDay) {
  return {.day = day,
          .type = "MECS",
          .outcome = std::move(outcome),
          .condition = "dry_eye",
          .fee_pence = 5000,
          .contractor = kOptometrist};
}

// Adds an episode of each of these outcomes, of a linked person or not.
Case MinorCase(const char* what, std::vector<EyeClaim> rows, int64_t avoided,
               int64_t again) {
  Case part;
  part.what = what;
  const std::string where =
      std::string("period=2025-11 to 2026-10;provider=") + kOptometrist;
  const std::string everything = "outcome=all;" + where;
  const auto add = [&](const char* column, int64_t value,
                       std::string dimensions) {
    part.expect.push_back(
        {"D17", "mecs", column, value, std::move(dimensions), false, false});
  };
  for (const EyeClaim& row : rows) {
    add("n", 1, "outcome=" + row.outcome + ";" + where);
    add("n", 1, everything);
    add("episodes", 1, everything);
    add("matched", row.numbered ? 1 : 0, everything);
    ExpectReferrer(row, part);
  }
  add("avoided_first_op", avoided, everything);
  add("re_present_12w", again, everything);
  part.rows.claims = std::move(rows);
  return part;
}

void AddEpisodes(std::vector<Case>& cases) {
  for (const char* outcome : {"referred_gp", "referred_hes_urgent",
                              "referred_hes_routine", "discharged", "dna"}) {
    cases.push_back(MinorCase("each outcome", {Minor(outcome)}, 0, 0));
  }
  cases.push_back(MinorCase("managed", {Minor("managed")}, 1, 0));
  EyeClaim nobody = Minor("managed");
  nobody.numbered = false;
  Case unlinked = MinorCase("without a number", {nobody}, 0, 0);
  unlinked.copies = 4;
  cases.push_back(unlinked);
  cases.push_back(MinorCase(
      "again after 84 days",
      {Minor("referred_gp"), Minor("discharged", kEyeDay + 84)}, 0, 1));
  cases.push_back(MinorCase(
      "again after 85 days",
      {Minor("referred_gp"), Minor("discharged", kEyeDay + 85)}, 0, 0));
}

// Managed, then seen in a clinic.
Case ClinicAfter(const char* what, int days, const char* type,
                 const char* specialty, int64_t avoided) {
  Case part = MinorCase(what, {Minor("managed")}, avoided, 0);
  part.rows.appointments = {{.day = kEyeDay + days,
                             .type = type,
                             .referred = kEyeDay,
                             .specialty = specialty,
                             .provider = "RXL"}};
  const bool eyes = std::string(specialty) == "130";
  const bool first = std::string(type) == "1";
  // A referral of the practice; its time runs from the first visit, which
  // ends it.
  const auto referral = [&](const char* column, int64_t value) {
    part.expect.push_back({"D11", "referral_monitor", column, value,
                           "kind=practice;referrer=Z98012;tfc=130", false,
                           false});
  };
  referral("referrals", eyes ? 1 : 0);
  referral("treated", 0);
  for (const char* column : {"followed", "discharged", "false_positives"}) {
    referral(column, eyes && first ? 1 : 0);
  }
  if (eyes && first) ExpectEyes("Eye care", "hospital_first", part);
  return part;
}

void AddClinics(std::vector<Case>& cases) {
  cases.push_back(ClinicAfter("first visit after 84 days", 84, "1", "130", 0));
  cases.push_back(ClinicAfter("first visit after 85 days", 85, "1", "130", 1));
  cases.push_back(ClinicAfter("a follow-up", 10, "2", "130", 1));
  cases.push_back(ClinicAfter("of another specialty", 10, "1", "300", 1));
}

// Other services: their own types of claim.
void AddServices(std::vector<Case>& cases) {
  for (const char* type :
       {"CUES", "REPEAT_IOP", "CATARACT_PRE", "CATARACT_POST"}) {
    Case part;
    part.what = "each other service";
    part.rows.claims = {{.day = kEyeDay,
                         .type = type,
                         .outcome = "managed",
                         .contractor = "TP902"}};
    part.expect = {{"D16", "gos_activity", "n", 1,
                    std::string("breakdown=practice;claim_type=") + type,
                    false}};
    cases.push_back(part);
  }
}

}  // namespace

Lane EyeCareLane() {
  Lane lane = {.name = "eye_care", .first_practice = 12};
  AddClaims(lane.cases);
  AddEpisodes(lane.cases);
  AddClinics(lane.cases);
  AddServices(lane.cases);
  return lane;
}

}  // namespace tally::demo
