#include "demo/activity_truth.h"

#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace tally::demo {
namespace {

constexpr std::string_view kAct = "ACT";

std::string Month(int day) {
  return absl::StrCat("month=", MonthText(MonthOfDay(day)));
}

}  // namespace

void ActivityTruth::Count(std::string_view table, std::string_view column,
                          std::string_view area, std::string_view more,
                          bool linked, int64_t value) {
  const auto add = [&](std::string_view name) {
    if (area.empty()) {
      truth_.Add({kAct, table, name}, absl::StrFormat("area=All;%s", more),
                 value);
    } else {
      truth_.AddForArea({kAct, table, name}, area, more, value);
    }
  };
  add(column);
  if (linked) add(absl::StrFormat("%s_linked", column));
}

void ActivityTruth::AddPerson(const Activity& rows, std::string_view area,
                              bool drawn) {
  // The financial year of 2025, and the year to the end of October 2026.
  constexpr int kYearBegin = Ymd(2025, 4, 1);
  constexpr int kYearEnd = Ymd(2026, 3, 31);
  constexpr int kCensusBegin = Ymd(2025, 11, 1);
  constexpr int kCensusEnd = Ymd(2026, 10, 31);
  for (const Episode& row : rows.episodes) {
    if (drawn && !row.pod.empty() && row.pod != "day_case" &&
        row.discharge >= kYearBegin && row.discharge <= kYearEnd) {
      truth_.Add({"C20", "readmission_30d", "index_spells"},
                 absl::StrCat("area=", std::string(area)));
    }
  }
  int64_t all = 0;
  for (const Attendance& row : rows.attendances) {
    if (!row.counted || row.category != "1" || row.day < kCensusBegin ||
        row.day > kCensusEnd) {
      continue;
    }
    ++all;
  }
  if (all == 0) return;
  truth_.AddForArea({"C21", "hiu_summary", "attenders"}, area, "");
  truth_.AddForArea({"C21", "hiu_summary", "attendances"}, area, "threshold=1",
                    all);
}

void ActivityTruth::AddRecord(std::string_view dataset,
                              std::string_view ethnic_category) {
  const bool unknown = ethnic_category == "X" || ethnic_category == "Z" ||
                       ethnic_category == "99";
  truth_.Add({"C33", "dq_items", "defaults"},
             absl::StrFormat("dataset=%s;item=ethnic_category", dataset),
             unknown ? 1 : 0);
}

void ActivityTruth::Add(const Episode& row, std::string_view area,
                        bool linked) {
  if (row.pod.empty()) return;
  AddCost(row);
  const std::string when =
      absl::StrFormat("%s;pod=%s", Month(row.admission), row.pod);
  Count("admissions", "admissions", area, when, linked);
  truth_.Add({kAct, "admissions_by_provider", "admissions"},
             absl::StrFormat("%s;provider=%s", when, row.provider));
}

// The price of the row times its factor, to the penny.
void ActivityTruth::AddCost(const Episode& row) {
  const std::string when =
      absl::StrFormat("%s;pod=%s", Month(row.admission), row.pod);
  const double pence = static_cast<double>(row.tariff_pence) *
                       std::strtod(row.mff.c_str(), nullptr);
  truth_.Add({"D10", "cost_month", "events"}, when);
  truth_.Add({"D10", "cost_month", "priced"}, when);
  truth_.Add({"D10", "cost_month", "cost_pence"}, when, std::llround(pence));
}

void ActivityTruth::Add(const Appointment& row, std::string_view area,
                        bool linked) {
  const bool seen = row.attended == "5" || row.attended == "6";
  const bool missed = row.attended == "3" || row.attended == "7";
  if (!seen && !missed) return;
  const bool first = row.type == "1" || row.type == "3";
  const std::string when = absl::StrFormat(
      "kind=%s;%s", first ? "first" : "follow_up", Month(row.day));
  Count("outpatient", seen ? "seen" : "missed", area, when, linked);
  if (!seen) return;
  truth_.Add({kAct, "outpatient_by_provider", "seen"},
             absl::StrFormat("%s;provider=%s", when, row.provider));
  truth_.Add({kAct, "outpatient_by_specialty", "seen"},
             absl::StrFormat("%s;tfc=%s", when, row.specialty));
}

void ActivityTruth::Add(const Attendance& row, std::string_view area,
                        bool linked) {
  if (!row.counted) return;
  const std::string when =
      absl::StrFormat("category=%s;department_type=%s;%s", row.category,
                      row.type, Month(row.day));
  Count("ecds", "attendances", area, when, linked);
  if (row.minutes <= 240) Count("ecds", "within_4h", area, when, linked);
  truth_.Add({kAct, "ecds_by_provider", "attendances"},
             absl::StrFormat("%s;provider=%s", when, row.provider));
}

void ActivityTruth::Add(const Death& row, std::string_view area, bool linked) {
  Count("deaths", "deaths", area, Month(row.day), linked);
}

void ActivityTruth::Add(const Contact& row, std::string_view area,
                        bool linked) {
  const bool seen = row.attended == "5" || row.attended == "6";
  Count("contacts", seen ? "seen" : "not_seen", area,
        absl::StrFormat("dataset=%s;%s", row.dataset, Month(row.day)), linked);
}

void ActivityTruth::Add(const EyeClaim& row, std::string_view area,
                        bool linked) {
  if (row.day >= Ymd(2025, 11, 1) && row.day <= Ymd(2026, 10, 31) &&
      row.outcome != "dna") {
    const Figure claims = {"D16", "gos_activity", "n"};
    truth_.Add(
        claims,
        absl::StrFormat("area=All;breakdown=reason;claim_type=%s;"
                        "eligibility=%s",
                        row.type,
                        row.eligibility.empty() ? "unknown" : row.eligibility));
    if (!row.voucher.empty()) {
      truth_.Add(claims,
                 absl::StrFormat("area=All;breakdown=voucher;voucher_band=%s",
                                 row.voucher));
    }
  }
  Count("claims", "claims", area,
        absl::StrFormat("claim_type=%s;eligibility=%s;%s", row.type,
                        row.eligibility.empty() ? "unknown" : row.eligibility,
                        Month(row.day)),
        linked);
}

void ActivityTruth::Add(const Prescription& row, std::string_view area,
                        bool linked) {
  const std::string when = Month(row.day);
  Count("prescriptions", "items", area, when, linked, row.items);
  Count("prescriptions", "nic_pence", area, when, linked, row.nic_pence);
  const std::string paragraph =
      absl::StrFormat("bnf=%s;%s", row.bnf.substr(0, 6), when);
  truth_.Add({kAct, "prescriptions_by_paragraph", "items"},
             absl::StrFormat("area=All;%s", paragraph), row.items);
  truth_.Add({kAct, "prescriptions_by_paragraph", "nic_pence"},
             absl::StrFormat("area=All;%s", paragraph), row.nic_pence);
}

}  // namespace tally::demo
