#include "demo/national_rows.h"

#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"

namespace tally::demo {
namespace {

// Diagnoses and a procedure that no rule of a measure names, in the forms in
// which sources write codes: plain, filled with X, with dagger and asterisk,
// with a dot.
constexpr std::array<const char*, 8> kDiagnoses = {
    "M201", "N62X", "J342", "L720D", "D170", "K01.1", "H110", "N600A"};
constexpr const char* kProcedure = "S065";
constexpr std::array<const char*, 4> kElective = {"11", "12", "13", "11"};
constexpr std::array<const char*, 4> kEmergency = {"21", "22", "28", "2A"};
constexpr std::array<const char*, 5> kSpecialties = {"100", "110", "130", "300",
                                                     "430"};
constexpr std::array<const char*, 4> kPlaces = {"hospital", "home", "care_home",
                                                "hospice"};

std::string Provider(uint64_t number) {
  return absl::StrFormat("RZ%c", static_cast<char>('A' + number % 4));
}

int DayOf(int month, int64_t day) {
  return FirstDay(month).days() + static_cast<int>(day) - 1;
}

// True if one of the rows is of that day: nobody of the background has two of
// a kind on one day, which a check for duplicates would find.
template <typename Row>
bool Taken(const std::vector<Row>& rows, int day) {
  for (const Row& row : rows) {
    if (row.day == day) return true;
  }
  return false;
}

// A spell of the background, as it was drawn.
struct BackgroundSpell {
  uint64_t number = 0;
  bool emergency = false;
  int admission = 0;  // a day
  int stay = 0;       // days
  size_t pick = 0;    // of methods and specialties

  int episodes() const { return stay >= 3 ? 2 : 1; }
};

std::string PodOf(const BackgroundSpell& spell) {
  if (spell.stay == 0) return "day_case";
  return spell.emergency ? "emergency" : "elective";
}

// An episode, counted from 0; two of them share the stay. `diagnosis`: the
// place of its first one in kDiagnoses.
Episode EpisodeOf(const Person& person, const BackgroundSpell& spell,
                  int episode, size_t diagnosis) {
  Episode row;
  row.spell = static_cast<int>(spell.number);
  row.order = episode + 1;
  row.last = episode + 1 == spell.episodes();
  row.admission = spell.admission;
  row.discharge = row.admission + spell.stay;
  const int middle = row.admission + spell.stay / 2;
  row.start = episode == 0 ? row.admission : middle;
  row.end = row.last ? row.discharge : middle;
  row.method = spell.emergency ? kEmergency[spell.pick] : kElective[spell.pick];
  row.source = person.care_home ? "54" : "19";
  row.destination = person.index % 211 == 0 ? "37" : "19";
  row.classification = spell.stay == 0 ? "2" : "1";
  row.specialty = kSpecialties[spell.pick];
  row.provider = Provider(person.index + spell.number);
  row.diagnoses = {kDiagnoses[diagnosis],
                   kDiagnoses[(diagnosis + 1) % kDiagnoses.size()]};
  if (spell.stay == 0) row.procedures = {kProcedure};
  row.tariff_pence = 40000 + 25000 * spell.stay;
  row.mff = absl::StrFormat("1.%08d", person.index + 1);  // the tracer
  row.pod = episode == 0 ? PodOf(spell) : "";
  return row;
}

}  // namespace

NationalRows::NationalRows(const PersonMaker& maker)
    : maker_(maker), draws_(maker.options().seed, "hospital event") {}

Activity NationalRows::Of(const Person& person) const {
  if (person.script != nullptr) return *person.script;
  Activity rows;
  if (person.hospital) {
    AddSpells(person, rows);
    AddAppointments(person, rows);
    AddAttendances(person, rows);
    AddContacts(person, rows);
    AddClaims(person, rows);
  }
  AddDeath(person, rows);
  return rows;
}

std::optional<int> NationalRows::MonthOf(const Person& person,
                                         uint64_t part) const {
  const int month = static_cast<int>(draws_.Between(
      maker_.first_month(), maker_.options().last_month, person.index, part));
  const int birth = person.birth.year() * 12 + person.birth.month() - 1;
  if (month <= birth) return std::nullopt;
  if (person.death_month != kOpen && month >= person.death_month) {
    return std::nullopt;
  }
  return month;
}

void NationalRows::AddSpells(const Person& person, Activity& rows) const {
  const uint64_t spells = 1 + draws_.Below(2, person.index, 1);
  std::optional<int> earlier;
  for (uint64_t i = 0; i < spells; ++i) {
    const uint64_t part = 100 + 20 * i;
    const std::optional<int> month = MonthOf(person, part);
    if (!month.has_value()) continue;
    // Nobody of the background is readmitted within thirty days, and no two
    // spells make one stay.
    if (earlier.has_value() && std::abs(*month - *earlier) <= 2) continue;
    earlier = month;
    BackgroundSpell spell;
    spell.number = i;
    spell.emergency = draws_.Below(100, person.index, part + 1) < 45;
    spell.admission =
        DayOf(*month, draws_.Between(1, 20, person.index, part + 2));
    spell.stay = static_cast<int>(draws_.Below(8, person.index, part + 3));
    spell.pick = draws_.Below(4, person.index, part + 4);
    for (int episode = 0; episode < spell.episodes(); ++episode) {
      const size_t diagnosis =
          draws_.Below(kDiagnoses.size(), person.index,
                       part + 5 + static_cast<uint64_t>(episode));
      rows.episodes.push_back(EpisodeOf(person, spell, episode, diagnosis));
    }
  }
}

void NationalRows::AddAppointments(const Person& person, Activity& rows) const {
  const uint64_t count = draws_.Below(6, person.index, 2);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t part = 1000 + 20 * i;
    const std::optional<int> month = MonthOf(person, part);
    if (!month.has_value()) continue;
    const bool seen = draws_.Below(100, person.index, part + 2) < 92;
    const size_t pick =
        draws_.Below(kSpecialties.size(), person.index, part + 3);
    Appointment row;
    row.day = DayOf(*month, draws_.Between(15, 28, person.index, part + 1));
    if (Taken(rows.appointments, row.day)) continue;
    row.type = i == 0 ? "1" : "2";
    row.attended = seen ? "5" : "3";
    row.outcome = seen ? "1" : "2";
    row.referred = row.day - 14;
    row.specialty = kSpecialties[pick];
    row.provider = Provider(person.index);
    if (seen) row.diagnosis = kDiagnoses[pick];
    rows.appointments.push_back(row);
  }
}

void NationalRows::AddAttendances(const Person& person, Activity& rows) const {
  const uint64_t count = draws_.Below(4, person.index, 3);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t part = 2000 + 20 * i;
    const std::optional<int> month = MonthOf(person, part);
    if (!month.has_value()) continue;
    Attendance row;
    row.day = DayOf(*month, draws_.Between(1, 28, person.index, part + 1));
    if (Taken(rows.attendances, row.day)) continue;
    row.hour = static_cast<int>(draws_.Below(19, person.index, part + 2));
    row.minutes =
        60 * static_cast<int>(draws_.Between(1, 4, person.index, part + 3)) +
        25;
    row.type = draws_.Below(5, person.index, part + 4) == 0 ? "03" : "01";
    row.provider = Provider(person.index + i);
    rows.attendances.push_back(row);
  }
}

// A third of the people have one referral with contacts a week apart.
void NationalRows::AddContacts(const Person& person, Activity& rows) const {
  if (draws_.Below(3, person.index, 3000) != 0) return;
  const std::optional<int> month = MonthOf(person, 3001);
  if (!month.has_value()) return;
  const int first = DayOf(*month, draws_.Between(1, 7, person.index, 3002));
  const uint64_t count = 1 + draws_.Below(4, person.index, 3003);
  const bool mental = draws_.Below(3, person.index, 3004) == 0;
  for (uint64_t i = 0; i < count; ++i) {
    Contact row;
    row.day = first + 7 * static_cast<int>(i);
    row.referred = first - 12;
    row.dataset = mental ? "MHSDS" : "CSDS";
    row.team = mental ? "A06" : "A01";
    const bool seen = draws_.Below(100, person.index, 3010 + i) < 93;
    row.attended = seen ? "5" : "3";
    row.mechanism = i % 2 == 0 ? "01" : "02";
    row.minutes = seen ? 20 + 10 * static_cast<int>(i) : 0;
    row.provider = mental ? "RZD" : "RZC";
    rows.contacts.push_back(row);
  }
}

// Three in ten have a sight test, half of these a voucher as well. Most claims
// carry no number.
void NationalRows::AddClaims(const Person& person, Activity& rows) const {
  if (draws_.Below(10, person.index, 4000) >= 3) return;
  const std::optional<int> month = MonthOf(person, 4001);
  if (!month.has_value()) return;
  EyeClaim row;
  row.day = DayOf(*month, draws_.Between(1, 28, person.index, 4002));
  const int age = CivilDay::FromDays(row.day)->YearsSince(person.birth);
  row.eligibility = age >= 60 ? "aged60" : age < 16 ? "under16" : "benefit";
  row.previous = row.day - 731;
  row.contractor = absl::StrFormat("TP%03d", person.index % 7 + 1);
  row.numbered = draws_.Below(5, person.index, 4003) < 2;
  const bool voucher = draws_.Below(2, person.index, 4004) == 0;
  if (voucher) row.outcome = "new_rx";
  rows.claims.push_back(row);
  if (!voucher) return;
  row.type = "GOS3";
  row.voucher = "A";
  row.outcome = "";
  row.previous = kNoDay;
  row.fee_pence = 4220;
  rows.claims.push_back(row);
}

// On the fifteenth of the month that general practice knows; registered within
// three weeks.
void NationalRows::AddDeath(const Person& person, Activity& rows) const {
  if (person.death_month == kOpen) return;
  Death row;
  row.day = DayOf(person.death_month, 15);
  row.registered =
      row.day + static_cast<int>(draws_.Between(2, 20, person.index, 5000));
  row.cause = draws_.Below(2, person.index, 5001) == 0 ? "R99X" : "R54X";
  row.mentioned = {"R54X"};
  row.place = kPlaces[draws_.Below(kPlaces.size(), person.index, 5002)];
  rows.deaths.push_back(row);
}

}  // namespace tally::demo
