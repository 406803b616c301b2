// What a provider's activity costs: price times market forces factor, by kind
// of activity and month. Between January and February 2026 volume, price and
// mix change, one kind each.
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "lanes/lanes.h"

namespace tally::demo {
namespace {

constexpr const char* kCostProvider = "RXV";

// Stays of one month that are alike; `cost_pence` of each.
struct CostLine {
  const char* title;
  const char* pod;
  const char* method;
  const char* classification;
  const char* hrg;
  int month;
  int copies;
  int64_t tariff_pence;
  int64_t cost_pence;
};

// `title` as the measure prints the kind of activity.
std::string CostWhere(const char* title, int month) {
  return "month=2026-0" + std::to_string(month) + ";pod=" + title +
         ";provider=" + kCostProvider;
}

Case CostCase(const CostLine& line) {
  Case part;
  part.what = "a price";
  part.copies = line.copies;
  const int day = Ymd(2026, line.month, 12);
  const bool day_case = std::string(line.pod) == "day_case";
  part.rows.episodes = {{.admission = day,
                         .discharge = day_case ? day : day + 4,
                         .method = line.method,
                         .classification = line.classification,
                         .provider = kCostProvider,
                         .hrg = line.hrg,
                         .tariff_pence = line.tariff_pence,
                         .mff = "1.05",
                         .pod = line.pod}};
  const std::string where = CostWhere(line.title, line.month);
  part.expect = {{"C19", "provider_report", "activity", 1, where, false, false},
                 {"C19", "provider_report", "cost_pence", line.cost_pence,
                  where, false, false}};
  return part;
}

// What the contract plans for the provider.
struct PlanLine {
  const char* title;
  const char* pod;
  int month;
  int64_t activity;
  int64_t variance;  // what happened less the plan
};
constexpr std::array<PlanLine, 6> kPlan = {
    {{"Elective overnight", "elective", 1, 4, -1},
     {"Elective overnight", "elective", 2, 4, 1},
     {"Day case", "day_case", 1, 4, 0},
     {"Day case", "day_case", 2, 4, 0},
     {"Emergency admission", "emergency", 1, 5, 1},
     {"Emergency admission", "emergency", 2, 7, -1}}};

void ExpectPlan(Case& part) {
  for (const PlanLine& line : kPlan) {
    const std::string where = CostWhere(line.title, line.month);
    part.expect.push_back(
        {"C19", "provider_plan", "plan", line.activity, where, false, false});
    part.expect.push_back({"C19", "provider_plan", "variance", line.variance,
                           where, false, false});
  }
}

// Appointments carry no factor: it is that of the reference file.
Case ClinicCost(const char* type, const char* title, int month, int copies,
                int64_t pence, int64_t cost_pence) {
  Case part;
  part.what = "a price of a clinic";
  part.copies = copies;
  part.rows.appointments = {{.day = Ymd(2026, month, 20),
                             .type = type,
                             .referred = Ymd(2026, month, 1),
                             .provider = kCostProvider,
                             .tariff_pence = pence}};
  const std::string where = CostWhere(title, month);
  part.expect = {{"C19", "provider_report", "activity", 1, where, false, false},
                 {"C19", "provider_report", "cost_pence", cost_pence, where,
                  false, false}};
  return part;
}

}  // namespace

std::string ContractPlanText() {
  std::string text =
      "id = \"contract_plan\"\n"
      "source = \"Made up, as the people are\"\n"
      "valid_from = 2025-04-01\n"
      "valid_to = 2026-03-31\n"
      "columns = [\"provider\", \"pod\", \"month\", \"activity\"]\n"
      "row = [\n";
  for (const PlanLine& line : kPlan) {
    absl::StrAppendFormat(&text, "  [\"%s\", \"%s\", \"2026-%02d\", %d],\n",
                          kCostProvider, line.pod, line.month, line.activity);
  }
  return text + "]\n";
}

Lane CostLane() {
  Lane lane = {.name = "cost", .first_practice = 20};
  const std::vector<CostLine> lines = {
      // Volume: three, then five.
      {"Elective overnight", "elective", "11", "1", "AB01A", 1, 3, 200000,
       210000},
      {"Elective overnight", "elective", "11", "1", "AB01A", 2, 5, 200000,
       210000},
      // Price: 800.00, then 900.00.
      {"Day case", "day_case", "11", "2", "AB02A", 1, 4, 80000, 84000},
      {"Day case", "day_case", "11", "2", "AB02A", 2, 4, 90000, 94500},
      // Mix: four of one group and two of another, then two and four.
      {"Emergency admission", "emergency", "21", "1", "AB03A", 1, 4, 350000,
       367500},
      {"Emergency admission", "emergency", "21", "1", "AB04A", 1, 2, 500000,
       525000},
      {"Emergency admission", "emergency", "21", "1", "AB03A", 2, 2, 350000,
       367500},
      {"Emergency admission", "emergency", "21", "1", "AB04A", 2, 4, 500000,
       525000}};
  for (const CostLine& line : lines) lane.cases.push_back(CostCase(line));
  // Told once: the first case with one person.
  lane.cases.push_back({.what = "the plan"});
  ExpectPlan(lane.cases.back());
  lane.cases.push_back(ClinicCost("1", "Outpatient first", 1, 6, 15000, 15750));
  lane.cases.push_back(
      ClinicCost("2", "Outpatient follow-up", 1, 9, 7000, 7350));
  return lane;
}

}  // namespace tally::demo
