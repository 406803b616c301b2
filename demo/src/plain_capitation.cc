// Weighted capitation (D01) by its formula, with the figures of the trial's
// reference files: needs of six components, two factors, weights, budget.
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "demo/plain_counts.h"

namespace tally::demo {
namespace {

constexpr double kBudgetPounds = 9000000;

// Expenditure weights: general and acute, community, mental health, maternity,
// prescribing, health inequality.
constexpr std::array<double, 6> kComponentWeights = {0.62, 0.1,  0.13,
                                                     0.03, 0.09, 0.03};
struct CapitationArea {
  const char* name;
  std::array<double, 6> need;
  std::array<double, 2> factors;  // market forces, ambulance
};
constexpr std::array<CapitationArea, 3> kCapitationAreas = {
    {{"North", {0.95, 0.96, 0.97, 0.98, 0.95, 0.96}, {1, 1.005}},
     {"South", {1, 1.02, 1, 1.02, 1, 1.02}, {1.02, 1}},
     {"Lanes", {1.05, 1.08, 1.07, 1.06, 1.05, 1.08}, {1.04, 0.995}}}};

double To(double value, double decimals) {
  return std::round(value * decimals) / decimals;
}

}  // namespace

void PlainCounts::BookCapitation() {
  std::array<double, 3> people{};
  double everybody = 0;
  for (size_t a = 0; a < people.size(); ++a) {
    people[a] = static_cast<double>(
        truth_.Get({"D01", "list_sizes", "crude"},
                   absl::StrCat("area=", kCapitationAreas[a].name)));
    if (people[a] == 0) return;  // of so few people an area has none
    everybody += people[a];
  }
  // Every index is centred: its mean over people is 1.
  const auto centred = [&](size_t area, const auto& index) {
    double sum = 0;
    for (size_t a = 0; a < people.size(); ++a) {
      sum += people[a] * index(kCapitationAreas[a]);
    }
    return index(kCapitationAreas[area]) * everybody / sum;
  };
  std::array<double, 3> weighted{};
  double sum = 0;
  for (size_t a = 0; a < people.size(); ++a) {
    double need = 0;
    for (size_t k = 0; k < kComponentWeights.size(); ++k) {
      need += kComponentWeights[k] *
              centred(a, [k](const auto& area) { return area.need[k]; });
    }
    for (size_t k = 0; k < 2; ++k) {
      need *= centred(a, [k](const auto& area) { return area.factors[k]; });
    }
    weighted[a] = people[a] * need;
    sum += weighted[a];
  }
  for (size_t a = 0; a < people.size(); ++a) {
    const std::string where = absl::StrCat("area=", kCapitationAreas[a].name);
    const double share = weighted[a] / sum;
    truth_.Set({"D01", "capitation", "weighted"}, where,
               To(share * everybody, 1));
    truth_.Set({"D01", "capitation", "share"}, where, To(100 * share, 1000));
    truth_.Set({"D01", "capitation", "target"}, where,
               To(share * kBudgetPounds, 1));
  }
}

}  // namespace tally::demo
