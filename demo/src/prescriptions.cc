#include "demo/prescriptions.h"

#include <algorithm>
#include <array>

namespace tally::demo {
namespace {

// Invented substances: three of chapters that polypharmacy counts, two of
// chapters that it leaves out, and an appliance.
struct Substance {
  const char* bnf;
  int64_t nic_pence;
};
constexpr std::array<Substance, 6> kSubstances = {{
    {"0212000Z0AAAAAA", 128},
    {"0407010Z0AAABAB", 215},
    {"0601022Z0AAACAC", 173},
    {"0501013Z0AAAAAA", 90},
    {"1302010Z0BBAAAA", 340},
    {"2148000Z0BBAAAA", 1250},
}};

// The practice of a day, or -1: registrations hold whole months, and nobody
// is prescribed anything from the month of death on.
int PracticeOn(const Person& person, int day) {
  const int month = MonthOfDay(day);
  if (person.death_month != kOpen && month >= person.death_month) return -1;
  for (const Registration& stay : person.registrations) {
    if (month >= stay.first_month &&
        (stay.last_month == kOpen || month <= stay.last_month)) {
      return stay.practice;
    }
  }
  return -1;
}

}  // namespace

Prescriptions::Prescriptions(const PersonMaker& maker)
    : maker_(maker), draws_(maker.options().seed, "prescription") {}

std::vector<Prescription> Prescriptions::Of(const Person& person) const {
  std::vector<Prescription> items;
  if (person.registrations.empty()) return items;
  if (person.script != nullptr) {
    items = person.script->prescriptions;
  } else {
    AddDrawn(person, items);
    AddPlanted(person, items);
  }
  for (Prescription& item : items) {
    if (item.practice < 0) item.practice = PracticeOn(person, item.day);
  }
  std::erase_if(items,
                [](const Prescription& item) { return item.practice < 0; });
  for (size_t i = 0; i < items.size(); ++i) items[i].number = i;
  return items;
}

void Prescriptions::AddDrawn(const Person& person,
                             std::vector<Prescription>& items) const {
  // Two in five have no items at all; the old have more.
  if (draws_.Below(5, person.index) < 2) return;
  const uint64_t count =
      1 + draws_.Below(person.age >= 65 ? 12 : 6, person.index, 1);
  for (uint64_t i = 0; i < count; ++i) {
    const auto month = static_cast<int>(
        draws_.Between(maker_.first_month(), maker_.options().last_month,
                       person.index, 8 * i + 2));
    const Substance& substance =
        kSubstances[draws_.Below(kSubstances.size(), person.index, 8 * i + 3)];
    Prescription item;
    item.day = FirstDay(month).days() +
               static_cast<int>(draws_.Below(28, person.index, 8 * i + 4));
    const auto same = [&](const Prescription& other) {
      return other.day == item.day;
    };
    if (std::any_of(items.begin(), items.end(), same)) continue;
    item.bnf = substance.bnf;
    item.quantity = static_cast<double>(
        28 * (1 + draws_.Below(2, person.index, 8 * i + 5)));
    item.nic_pence = substance.nic_pence;
    item.cost_pence = substance.nic_pence * 93 / 100;
    item.repeat = draws_.Below(3, person.index, 8 * i + 6) != 0;
    items.push_back(item);
  }
}

// The item of the consultation in which a restricted code was recorded.
void Prescriptions::AddPlanted(const Person& person,
                               std::vector<Prescription>& items) const {
  if (person.plant != Plant::kRestrictedCode) return;
  Prescription item;
  const int month =
      std::max(maker_.first_month(), person.registrations.front().first_month);
  item.day = FirstDay(month).days() + 13;
  item.bnf = kSubstances[0].bnf;
  item.consultation = 900;
  item.drop = "RESTRICTED_LINKED_ROW";
  items.push_back(item);
}

bool Prescriptions::GoneFromRevision(const Person& person,
                                     const Prescription& item) {
  return person.script == nullptr && person.plant == Plant::kNone &&
         (person.index + item.number) % 89 == 0;
}

}  // namespace tally::demo
