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

void ExpectClaim(const char* column, const EyeClaim& row, Case& part) {
  part.expect.push_back(
      {"D16", "gos_activity", column, 1,
       "claim_type=" + row.type + ";eligibility=" + row.eligibility, false});
}

Case ClaimCase(const char* what, EyeClaim row) {
  Case part;
  part.what = what;
  part.born = 1950;
  ExpectClaim("n", row, part);
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
    part.expect.push_back({"D16", "vouchers", "n", 1,
                           std::string("voucher_band=") + band, false});
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
  const std::string where = std::string("contractor=") + kOptometrist;
  const auto add = [&](const char* column, int64_t value,
                       std::string dimensions) {
    part.expect.push_back(
        {"D17", "mecs", column, value, std::move(dimensions), false, false});
  };
  for (const EyeClaim& row : rows) {
    add("episodes", 1, where + ";outcome=" + row.outcome);
    add("episodes", 1, where + ";outcome=all");
    add("episodes_linked", row.numbered ? 1 : 0, where + ";outcome=all");
  }
  add("avoided_first_op", avoided, where + ";outcome=all");
  add("re_present_12w", again, where + ";outcome=all");
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
    part.expect = {
        {"D16", "services", "n", 1, std::string("claim_type=") + type, false}};
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
