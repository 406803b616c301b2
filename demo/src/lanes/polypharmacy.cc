// Polypharmacy: how many substances of chapters 1 to 4 and 6 to 10 somebody has
// in the three months August to October 2026.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "lanes/lanes.h"

namespace tally::demo {
namespace {

constexpr int kWindowBegin = Ymd(2026, 8, 1);

// The `number`-th of many invented substances of chapter 2; `product` is what
// follows the substance.
Prescription Medicine(int number, const char* product = "AAAAAA") {
  return {.day = kWindowBegin + 20 + number,
          .bnf = absl::StrFormat("02120%02dX0%s", number, product),
          .nic_pence = 150,
          .cost_pence = 140,
          .repeat = true};
}

std::vector<Prescription> Medicines(int count) {
  std::vector<Prescription> items;
  for (int i = 1; i <= count; ++i) items.push_back(Medicine(i));
  return items;
}

// How many medicines the measure finds, and which thresholds they reach.
struct MedicineTruth {
  int64_t medicines;
  int64_t at8;
  int64_t at10;
  int64_t at15;
  int64_t at20;
};

// `groups`: the age groups that hold the person, "all" among them.
Case MedicineCase(const char* what, int born,
                  const std::vector<const char*>& groups,
                  std::vector<Prescription> items, const MedicineTruth& truth) {
  Case part;
  part.what = what;
  part.born = born;
  part.rows.prescriptions = std::move(items);
  for (const char* group : groups) {
    const auto add = [&](const char* column, int64_t value, bool all,
                         const char* threshold) {
      std::string dimensions = std::string("age_group=") + group;
      if (threshold != nullptr) {
        dimensions += std::string(";threshold=") + threshold;
      }
      part.expect.push_back(
          {"C14", "polypharmacy", column, value, dimensions, all});
    };
    // The background has medicines too, but never eight.
    add("den", truth.medicines > 0 ? 1 : 0, false, nullptr);
    part.expect.push_back({"MEDICINES", "polypharmacy", "medicines",
                           truth.medicines, std::string("age_group=") + group,
                           false});
    add("num", truth.at8, true, "8");
    add("num", truth.at10, true, "10");
    add("num", truth.at15, true, "15");
    add("num", truth.at20, true, "20");
  }
  return part;
}

void AddMedicineThresholds(std::vector<Case>& cases) {
  struct Line {
    int items;
    MedicineTruth truth;
  };
  const std::vector<Line> lines = {
      {7, {7, 0, 0, 0, 0}},   {8, {8, 1, 0, 0, 0}},   {9, {9, 1, 0, 0, 0}},
      {10, {10, 1, 1, 0, 0}}, {14, {14, 1, 1, 0, 0}}, {15, {15, 1, 1, 1, 0}},
      {19, {19, 1, 1, 1, 0}}, {20, {20, 1, 1, 1, 1}}};
  for (const Line& line : lines) {
    cases.push_back(MedicineCase("so many substances", 1986, {"all"},
                                 Medicines(line.items), line.truth));
  }
}

void AddItems(std::vector<Case>& cases) {
  std::vector<Prescription> items = Medicines(7);
  items.push_back(Medicine(7, "AABBAB"));
  cases.push_back(MedicineCase("a substance in two strengths", 1986, {"all"},
                               items, {7, 0, 0, 0, 0}));
  // Codes are cut to the substance at the source: two items of a day that are
  // alike but for it cannot be told apart.
  cases.back().expect.push_back({"C33", "dq_failures", "failures", 1,
                                 "dataset=gp-prescription;rule=item_twice",
                                 false, false});
  items.back() = Medicine(8);
  items.back().bnf = "0501013X0AAAAAA";
  cases.push_back(MedicineCase("an item of chapter 5", 1986, {"all"}, items,
                               {7, 0, 0, 0, 0}));
  items.back().bnf = "2001010X0AAAAAA";
  cases.push_back(
      MedicineCase("a dressing", 1986, {"all"}, items, {7, 0, 0, 0, 0}));
  items.back().bnf = "1001010X0AAAAAA";
  cases.push_back(MedicineCase("an item of chapter 10", 1986, {"all"}, items,
                               {8, 1, 0, 0, 0}));
  items.back().bnf = "1101010X0AAAAAA";
  cases.push_back(MedicineCase("an item of chapter 11", 1986, {"all"}, items,
                               {7, 0, 0, 0, 0}));
  cases.push_back(MedicineCase(
      "nothing that counts", 1986, {"all"},
      {{.day = kWindowBegin, .bnf = "0501013X0AAAAAA"}}, {0, 0, 0, 0, 0}));
}

void AddDays(std::vector<Case>& cases) {
  struct Line {
    const char* what;
    int day;
    MedicineTruth truth;
  };
  for (const Line& line : std::vector<Line>{
           {"the eighth a day before", kWindowBegin - 1, {7, 0, 0, 0, 0}},
           {"the eighth on the first day", kWindowBegin, {8, 1, 0, 0, 0}},
           {"the eighth on the last day", kCensus, {8, 1, 0, 0, 0}}}) {
    std::vector<Prescription> items = Medicines(8);
    items.back().day = line.day;
    cases.push_back(MedicineCase(line.what, 1986, {"all"}, items, line.truth));
  }
}

// Ages of the financial year 2026, on both sides of 65, 75 and 85.
void AddAges(std::vector<Case>& cases) {
  struct Line {
    int born;
    std::vector<const char*> groups;
  };
  for (const Line& line :
       std::vector<Line>{{1962, {"all"}},
                         {1961, {"all", "65+"}},
                         {1952, {"all", "65+"}},
                         {1951, {"all", "65+", "75+"}},
                         {1942, {"all", "65+", "75+"}},
                         {1941, {"all", "65+", "75+", "85+"}}}) {
    cases.push_back(MedicineCase("ten at an age", line.born, line.groups,
                                 Medicines(10), {10, 1, 1, 0, 0}));
  }
}

}  // namespace

Lane PolypharmacyLane() {
  Lane lane = {.name = "polypharmacy", .first_practice = 5};
  AddMedicineThresholds(lane.cases);
  AddItems(lane.cases);
  AddDays(lane.cases);
  AddAges(lane.cases);
  return lane;
}

}  // namespace tally::demo
