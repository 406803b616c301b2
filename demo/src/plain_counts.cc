#include "demo/plain_counts.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "demo/delivery.h"

namespace tally::demo {
namespace {

constexpr int kTrendMonths = 24;  // of prescribing (C13)
constexpr int kNewUserMonths = 12;

int AgeIn(const Person& person, int month) {
  return std::clamp(FirstDay(month).FinancialYear() - person.birth.year(), 0,
                    90);
}

bool HasCondition(const GpTruth& gp, std::string_view id) {
  for (size_t i = 0; i < Conditions().size(); ++i) {
    if (id == Conditions()[i].id) return gp.conditions[i];
  }
  return false;
}

bool OfEyeCare(std::string_view specialty) {
  return specialty == "130" || specialty == "460" || specialty == "655" ||
         specialty == "662";
}

bool OneOf(std::string_view code, std::initializer_list<const char*> codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

bool IsRegular(const Episode& row) {
  return OneOf(row.classification, {"3", "4"});
}

// Whether `row`, the first of a spell, goes on with a stay that is there: up to
// two days after the spell before it, with a transfer on record.
bool GoesOn(const Episode& row, const Activity& rows) {
  if (IsRegular(row)) return false;
  // The spell before it: of those admitted earlier the one that ends last.
  const Episode* before = nullptr;
  for (const Episode& other : rows.episodes) {
    if (other.spell == row.spell || !other.last ||
        other.admission > row.admission) {
      continue;
    }
    if (before == nullptr || other.discharge > before->discharge) {
      before = &other;
    }
  }
  if (before == nullptr || before->discharge == kNoDay || IsRegular(*before) ||
      row.admission - before->discharge > 2) {
    return false;
  }
  if (before->destination == "19" && row.source == "51" && row.method == "21") {
    return false;  // home, and back through the department
  }
  return OneOf(before->destination, {"49", "50", "51", "52", "53", "84"}) ||
         OneOf(row.source, {"49", "50", "51", "52", "53", "87"}) ||
         OneOf(row.method, {"2B", "81"});
}

// What became of an appointment or a contact.
bool IsSeen(std::string_view attended) {
  return attended == "5" || attended == "6";
}
bool IsMissed(std::string_view attended) {
  return attended == "3" || attended == "7";
}

}  // namespace

PlainCounts::PlainCounts(const PersonMaker& maker,
                         const ConditionMaker& conditions, MeasureTruth& truth)
    : maker_(maker),
      events_(maker, conditions),
      truth_(truth),
      rows_(maker),
      prescriptions_(maker) {}

bool PlainCounts::Known(const Person& person) const {
  return !person.registrations.empty() && !OptedOut(person, Stage::kRevision) &&
         person.plant != Plant::kNotVerified;
}

int PlainCounts::ListIn(const Person& person, int month) const {
  if (!Known(person)) return -1;
  const int death = person.death_month;
  if (death != kOpen && month > death) return -1;
  const Registration* latest = nullptr;
  for (const Registration& stay : person.registrations) {
    const bool takes_part =
        maker_.practices()[static_cast<size_t>(stay.practice)].participates;
    if (!takes_part || month < stay.first_month ||
        (stay.last_month != kOpen && month > stay.last_month)) {
      continue;
    }
    if (latest == nullptr || latest->first_month < stay.first_month) {
      latest = &stay;
    }
  }
  return latest == nullptr ? -1 : latest->practice;
}

int64_t PlainCounts::People(int practice, int month) const {
  const auto found = lists_.find({practice, month});
  return found == lists_.end() ? 0 : found->second;
}

void PlainCounts::Add(const Person& person, const NationalIdentity& identity) {
  CountList(person);
  CountItems(person);
  if (identity.reason[0] != '\0' || person.plant == Plant::kNationalOptOut) {
    return;
  }
  Activity rows = rows_.Of(person);
  if (identity.withheld) rows.episodes.clear();
  journeys_.Add(rows);
  // With a number that replaced theirs they are somebody on no list.
  if (!identity.token_of.has_value()) return;
  if (*identity.token_of == person.index) {
    CountNational(person, rows);
  } else {
    CountNational(maker_.Make(*identity.token_of), rows);
  }
}

void PlainCounts::CountList(const Person& person) {
  for (int month = maker_.first_month(); month <= kPlainNewest; ++month) {
    const int practice = ListIn(person, month);
    if (practice < 0) continue;
    ++lists_[{practice, month}];
    ++lists_[{kEverywhere, month}];
  }
  if (ListIn(person, kPlainNewest) < 0) return;
  const int age = AgeIn(person, kPlainNewest);
  CountCohort(person, events_.TruthOf(person), age);
  truth_.Add({"C02", "dependency",
              age >= 16 && age <= 64 ? "working_age" : "dependent"},
             "area=All");
  const Figure persons = {"C02", "population_profile", "persons"};
  const int low = std::min(age / 5 * 5, 90);
  const std::string band =
      low == 90 ? "90+" : absl::StrFormat("%d-%d", low, low + 4);
  truth_.Add(persons, absl::StrFormat(
                          "area=All;age_band=%s;breakdown=age and sex;sex=%s",
                          band, person.sex == '1' ? "male" : "female"));
  truth_.Add(persons,
             absl::StrFormat(
                 "area=All;breakdown=deprivation;imd_decile=%d",
                 maker_.areas()[static_cast<size_t>(person.area)].imd_decile));
  const std::string& ethnic = person.ethnic_category;
  const bool unknown = ethnic == "X" || ethnic == "Z" || ethnic == "99";
  truth_.Add(persons, absl::StrCat("area=All;breakdown=ethnic group;ethnicity=",
                                   unknown ? std::string("unknown") : ethnic));
}

void PlainCounts::CountCohort(const Person&, const GpTruth& gp, int age) {
  const auto step = [&](const char* cohort, const char* number) {
    truth_.Add({"C37", "cohort_attrition", "remaining"},
               absl::StrFormat("cohort=%s;step=%s", cohort, number));
  };
  if (age >= 12 && HasCondition(gp, "diabetes")) {
    truth_.Add({"D03", "ehna", "dr_eligible"},
               "area=All;condition=Diabetes eligible for eye screening");
  }
  step("frail", "00");
  if (age >= 65) step("frail", "01");
  step("rising-risk", "00");
  if (age < 18 || age > 79) return;
  step("rising-risk", "01");
  if (!HasCondition(gp, "diabetes")) return;
  step("rising-risk", "02");
  if (!HasCondition(gp, "hypertension")) return;
  step("rising-risk", "03");
  if (HasCondition(gp, "stroke") ||
      HasCondition(gp, "coronary_heart_disease")) {
    return;
  }
  step("rising-risk", "04");
}

// An item that reached the revision, of the months that are counted.
bool PlainCounts::IsSent(const Person& person, const Prescription& item) const {
  const int month = MonthOfDay(item.day);
  const bool takes_part =
      maker_.practices()[static_cast<size_t>(item.practice)].participates;
  if (!takes_part || item.drop[0] != '\0') return false;
  if (month < maker_.first_month() || month > kPlainNewest) return false;
  return month != kPlainNewest ||
         !Prescriptions::GoneFromRevision(person, item);
}

// Items of people on the list of the month (C13, and three indicators).
void PlainCounts::CountItems(const Person& person) {
  if (!Known(person)) return;
  std::map<std::string, std::set<int>> months;  // of a paragraph
  for (const Prescription& item : prescriptions_.Of(person)) {
    const int month = MonthOfDay(item.day);
    if (!IsSent(person, item) || ListIn(person, month) < 0) continue;
    const std::string paragraph = item.bnf.substr(0, 6);
    if (paragraph.substr(0, 2) > "15") continue;
    months[paragraph].insert(month);
    for (const auto& [indicator, beginning] :
         {std::pair("statin_items", "0212"),
          std::pair("diabetes_items", "0601"),
          std::pair("antibacterial_items", "0501")}) {
      if (Starts(paragraph, beginning)) {
        Count(indicator, person, item.day, item.items, 0);
      }
    }
    if (month <= kPlainNewest - kTrendMonths) continue;
    const std::string where = absl::StrFormat("area=All;bnf=%s;month=%s",
                                              paragraph, MonthText(month));
    truth_.Add({"C13", "rx_trend", "items"}, where, item.items);
    truth_.Add({"C13", "rx_trend", "nic"}, where, item.nic_pence);
  }
  for (const auto& [paragraph, of] : months) CountNew(person, paragraph, of);
}

// The months in which somebody is new to a paragraph, of those with items.
void PlainCounts::CountNew(const Person& person, const std::string& paragraph,
                           const std::set<int>& months) {
  for (const int month : months) {
    const auto before = months.lower_bound(month - kNewUserMonths);
    if (month <= kPlainNewest - kTrendMonths || *before < month) continue;
    // Of who has just joined nobody knows what they had before.
    bool listed = true;
    for (int m = month - kNewUserMonths; m < month; ++m) {
      listed = listed && ListIn(person, m) >= 0;
    }
    if (!listed) continue;
    truth_.Add({"C13", "rx_trend", "new_users"},
               absl::StrFormat("area=All;bnf=%s;month=%s", paragraph,
                               MonthText(month)));
  }
}

void PlainCounts::Count(std::string_view indicator, const Person& holder,
                        int day, int64_t num, int64_t den) {
  const int month = MonthOfDay(day);
  const int practice = ListIn(holder, month);
  if (practice < 0) return;
  for (const int area : {practice, kEverywhere}) {
    Share& share = indicators_[{std::string(indicator), area, month}];
    share.num += num;
    share.den += den;
  }
}

void PlainCounts::CountNational(const Person& holder, const Activity& rows) {
  for (const Episode& row : rows.episodes) {
    CountEpisode(holder, row);
    // Of any type; the first row of a spell alone says what it is.
    if (!row.pod.empty() && row.method[0] == '2' && !GoesOn(row, rows)) {
      Count("emergency_admissions", holder, row.admission, 1, 0);
    }
  }
  for (const Appointment& row : rows.appointments) {
    CountAppointment(holder, row);
  }
  for (const Attendance& row : rows.attendances) CountAttendance(holder, row);
  // Of two deaths of a person the first is one, the other a fault of the data.
  const auto death = std::min_element(
      rows.deaths.begin(), rows.deaths.end(),
      [](const Death& a, const Death& b) { return a.day < b.day; });
  if (death != rows.deaths.end()) {
    Count("deaths", holder, death->day, 1, 0);
    Count("deaths_in_hospital", holder, death->day,
          death->place == "hospital" ? 1 : 0, 1);
  }
  for (const Contact& row : rows.contacts) CountContact(holder, row);
}

void PlainCounts::CountEpisode(const Person& holder, const Episode& row) {
  const int day = row.admission;
  if (row.pod != "elective" && row.pod != "day_case") return;
  const int64_t day_case = row.pod == "day_case" ? 1 : 0;
  Count("elective_admissions", holder, day, 1, 0);
  Count("day_case_share", holder, day, day_case, 1);
  if (OfEyeCare(row.specialty)) {
    Count("eye_day_cases", holder, day, day_case, 1);
  }
}

void PlainCounts::CountAppointment(const Person& holder,
                                   const Appointment& row) {
  const bool seen = IsSeen(row.attended);
  const bool missed = IsMissed(row.attended);
  const bool first = row.type == "1" || row.type == "3";
  const bool eye = OfEyeCare(row.specialty);
  if (seen && first) Count("outpatient_firsts", holder, row.day, 1, 0);
  if (seen && first && eye) Count("eye_firsts", holder, row.day, 1, 0);
  if (!seen && !missed) return;
  Count("outpatient_missed", holder, row.day, missed ? 1 : 0, 1);
  if (eye) Count("eye_missed", holder, row.day, missed ? 1 : 0, 1);
}

void PlainCounts::CountAttendance(const Person& holder, const Attendance& row) {
  // C06 counts the attendances of a year where people were on a list then.
  if (row.counted && row.category == "1" && row.day >= Ymd(2025, 11, 1) &&
      row.day <= Ymd(2026, 10, 31) &&
      ListIn(holder, MonthOfDay(row.day)) >= 0) {
    truth_.Add({"C06", "inequality_deciles", "events"},
               "area=All;measure=ed_attendances");
  }
  if (!row.counted || row.category == "2") return;
  Count("ed_attendances", holder, row.day, 1, 0);
  Count("ed_within_4h", holder, row.day, row.minutes <= 240 ? 1 : 0, 1);
}

void PlainCounts::CountContact(const Person& holder, const Contact& row) {
  const bool mental = row.dataset == "MHSDS";
  const bool seen = IsSeen(row.attended);
  const bool missed = IsMissed(row.attended);
  if (mental && seen) Count("mental_contacts", holder, row.day, 1, 0);
  if (!seen && !missed) return;
  Count(mental ? "mental_missed" : "community_missed", holder, row.day,
        missed ? 1 : 0, 1);
}

}  // namespace tally::demo
