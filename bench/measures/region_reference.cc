// The reference files of the region: what it is priced, planned and compared
// with, in the sizes of a region.
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "region.h"

namespace tally::analytics {
namespace {

// A file of the reference folder, row by row.
class RegionFile {
 public:
  RegionFile(const std::string& folder, std::string_view id,
             std::string_view columns)
      : out_(folder + "/" + std::string(id) + ".toml") {
    out_ << "id = \"" << id << "\"\nsource = \"Made up for the benchmark\"\n"
         << "valid_from = 2022-04-01\nvalid_to = 2028-03-31\ncolumns = ["
         << columns << "]\nrow = [\n";
  }
  ~RegionFile() { out_ << "]\n"; }
  RegionFile(const RegionFile&) = delete;
  RegionFile& operator=(const RegionFile&) = delete;

  // Values as they stand in TOML.
  void Add(std::string_view values) { out_ << "  [" << values << "],\n"; }

 private:
  std::ofstream out_;
};

std::string PracticeCode(int number) {
  return absl::StrFormat("\"Z9%04d\"", number);
}

void WritePrices(const std::string& folder) {
  RegionFile tariff(folder, "tariff", "\"pod\", \"currency\", \"pence\"");
  for (const char* pod :
       {"op_first", "op_follow_up", "op_first_remote", "op_follow_up_remote",
        "op_other", "ed_1", "ed_2", "ed_3", "ed_other"}) {
    tariff.Add(absl::StrFormat("\"%s\", \"any\", 15000", pod));
  }
  RegionFile factors(folder, "market_forces", "\"provider\", \"factor\"");
  for (int i = 1; i <= kRegionProviders; ++i) {
    factors.Add(absl::StrFormat("\"RX%d\", 1.0%d", i, i));
  }
}

void WritePlans(int64_t people, const std::string& folder) {
  RegionFile contract(folder, "contract_plan",
                      "\"provider\", \"pod\", \"month\", \"activity\"");
  for (int i = 1; i <= kRegionProviders; ++i) {
    for (const char* pod : {"day_case", "elective", "emergency", "op_first"}) {
      for (int month = 4; month <= 10; ++month) {
        contract.Add(absl::StrFormat("\"RX%d\", \"%s\", \"2026-%02d\", %d", i,
                                     pod, month, people / 2000));
      }
    }
  }
  RegionFile capacity(
      folder, "capacity",
      "\"provider\", \"pod\", \"tfc\", \"month\", \"capacity\"");
  for (const char* pod :
       {"day_case", "emergency", "op_first", "op_follow_up", "ed_1"}) {
    for (int month = 1; month <= 12; ++month) {
      capacity.Add(
          absl::StrFormat("\"All\", \"%s\", \"All\", \"2027-%02d\", "
                          "%d",
                          pod, month, people / 200));
    }
  }
  RegionFile budget(folder, "budget", "\"line\", \"year\", \"pounds\"");
  for (const char* line : {"All", "emergency", "op_first", "ed_1"}) {
    budget.Add(absl::StrFormat("\"%s\", 2026, %d", line, people * 400));
  }
  RegionFile plan(folder, "indicator_plan",
                  "\"area\", \"indicator\", \"plan\"");
  RegionFile compared(folder, "comparator_indicators",
                      "\"indicator\", \"value\", \"lo\", \"hi\"");
  for (const char* indicator :
       {"emergency_admissions", "ed_attendances", "ed_within_4h",
        "day_case_share", "outpatient_firsts", "outpatient_missed", "deaths",
        "statin_items", "eye_firsts", "eye_missed"}) {
    plan.Add(absl::StrFormat("\"All\", \"%s\", 60", indicator));
    compared.Add(absl::StrFormat("\"%s\", 60, 58.5, 61.5", indicator));
  }
}

void WritePeers(const std::string& folder) {
  RegionFile peers(folder, "peer_set", "\"set\", \"area\"");
  RegionFile variables(folder, "peer_variables",
                       "\"area\", \"variable\", \"value\", \"weight\"");
  RegionFile areas(folder, "practice_areas", "\"practice\", \"area\"");
  for (int i = 1; i <= kRegionPractices; ++i) {
    const std::string practice = PracticeCode(i);
    if (i % 4 == 0) peers.Add("\"similar\", " + practice);
    variables.Add(absl::StrFormat("%s, \"share_65\", 0.%03d, 1", practice,
                                  100 + i * 37 % 200));
    variables.Add(
        absl::StrFormat("%s, \"mean_imd\", %d, 1", practice, 10 + i * 13 % 40));
    areas.Add(absl::StrFormat("%s, \"%s\"", practice,
                              i % 2 == 0 ? "North" : "South"));
  }
}

void WriteCapitation(int64_t people, const std::string& folder) {
  const std::vector<std::string_view> components = {
      "general_and_acute", "community",   "mental_health",
      "maternity",         "prescribing", "health_inequality"};
  RegionFile weights(folder, "capitation_components",
                     "\"component\", \"weight\"");
  RegionFile indices(folder, "capitation_indices",
                     "\"area\", \"component\", \"index\", \"value\"");
  RegionFile baseline(folder, "capitation_baseline",
                      "\"area\", \"baseline_pence\"");
  for (const std::string_view component : components) {
    weights.Add(absl::StrFormat("\"%s\", 0.2", component));
    indices.Add(
        absl::StrFormat("\"North\", \"%s\", \"need\", 0.95", component));
    indices.Add(
        absl::StrFormat("\"South\", \"%s\", \"need\", 1.05", component));
  }
  for (const char* area : {"North", "South"}) {
    baseline.Add(absl::StrFormat("\"%s\", %d", area, people * 75000));
  }
  RegionFile budget(folder, "capitation_budget",
                    "\"budget_pence\", \"least_growth\", \"most_growth\"");
  budget.Add(absl::StrFormat("%d, 0.01, 0.06", people * 155000));
}

void WritePeopleFiles(int64_t people, const std::string& folder) {
  RegionFile projected(folder, "population_projection",
                       "\"year\", \"sex\", \"age_band\", \"people\"");
  for (const int year : {2026, 2027, 2028}) {
    for (const char* sex : {"male", "female"}) {
      for (int age = 0; age <= 90; age += 5) {
        const std::string band =
            age == 90 ? "90+" : absl::StrFormat("%d-%d", age, age + 4);
        projected.Add(absl::StrFormat("%d, \"%s\", \"%s\", %d", year, sex, band,
                                      people / 38));
      }
    }
  }
  RegionFile eyes(folder, "eye_prevalence",
                  "\"condition\", \"sex\", \"age_from\", \"age_to\", \"rate\"");
  RegionFile units(folder, "star_pu",
                   "\"bnf\", \"sex\", \"age_from\", \"age_to\", \"weight\"");
  for (const char* sex : {"male", "female"}) {
    eyes.Add(absl::StrFormat("\"glaucoma\", \"%s\", 40, 90, 0.03", sex));
    eyes.Add(absl::StrFormat("\"cataract\", \"%s\", 50, 90, 0.15", sex));
    for (const char* group : {"lipid_lowering", "antibacterials"}) {
      units.Add(absl::StrFormat("\"%s\", \"%s\", 0, 64, 1.0", group, sex));
      units.Add(absl::StrFormat("\"%s\", \"%s\", 65, 90, 3.0", group, sex));
    }
  }
  RegionFile daily(folder, "adq", "\"bnf\", \"quantity\"");
  daily.Add("\"0212\", 1");
  daily.Add("\"0501\", 3");
  RegionFile frailty(folder, "hfrs_weights", "\"code\", \"tenths\"");
  for (const char* code : {"F03", "N18", "S72", "N39", "R07"}) {
    frailty.Add(absl::StrFormat("\"%s\", 21", code));
  }
}

}  // namespace

void WriteRegionReferences(int64_t people, const std::string& folder) {
  std::filesystem::create_directories(folder);
  WritePrices(folder);
  WritePlans(people, folder);
  WritePeers(folder);
  WriteCapitation(people, folder);
  WritePeopleFiles(people, folder);
}

}  // namespace tally::analytics
