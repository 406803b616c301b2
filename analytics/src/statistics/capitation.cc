#include "analytics/statistics/capitation.h"

#include <algorithm>
#include <functional>

#include "analytics/statistics/sum.h"
#include "base/exit_code.h"
#include "base/status.h"

namespace tally::analytics {
namespace {

bool Positive(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return value > 0; });
}

absl::Status CheckShape(const CapitationInput& area,
                        const CapitationInput& first) {
  if (!(area.people > 0)) return UsageError("an area has no people");
  if (area.components.size() != first.components.size() ||
      area.factors.size() != first.factors.size()) {
    return UsageError("areas have different numbers of indices");
  }
  for (size_t c = 0; c < area.components.size(); ++c) {
    if (area.components[c].size() != first.components[c].size()) {
      return UsageError("areas have different numbers of indices");
    }
    if (!Positive(area.components[c])) {
      return UsageError("an index is not above 0");
    }
  }
  if (!Positive(area.factors)) return UsageError("a factor is not above 0");
  if ((area.baseline > 0) != (first.baseline > 0) || area.baseline < 0) {
    return UsageError("some areas have a baseline and some have none");
  }
  return absl::OkStatus();
}

absl::Status CheckTerms(std::span<const CapitationInput> areas,
                        const CapitationTerms& terms) {
  if (areas.empty()) return UsageError("there are no areas");
  if (areas[0].components.empty() ||
      terms.weights.size() != areas[0].components.size()) {
    return UsageError("components and their weights differ");
  }
  const bool negative = std::any_of(terms.weights.begin(), terms.weights.end(),
                                    [](double w) { return w < 0; });
  if (negative || !(PairwiseSum(terms.weights) > 0)) {
    return UsageError("weights of components add up to nothing");
  }
  if (!(terms.budget > 0)) return UsageError("the budget is not above 0");
  if (terms.least_growth > terms.most_growth) {
    return UsageError("the least growth is above the most");
  }
  for (const CapitationInput& area : areas) {
    TALLY_RETURN_IF_ERROR(CheckShape(area, areas[0]));
  }
  return absl::OkStatus();
}

// Values of all areas divided by their mean over people.
std::vector<double> Centred(std::span<const CapitationInput> areas,
                            const std::function<double(size_t)>& value) {
  std::vector<double> products, people, centred;
  for (size_t i = 0; i < areas.size(); ++i) {
    products.push_back(areas[i].people * value(i));
    people.push_back(areas[i].people);
  }
  const double mean = PairwiseSum(products) / PairwiseSum(people);
  for (size_t i = 0; i < areas.size(); ++i) centred.push_back(value(i) / mean);
  return centred;
}

// The centred index of each component, by area.
void FillComponents(std::span<const CapitationInput> areas,
                    std::vector<CapitationShare>& shares) {
  for (size_t c = 0; c < areas[0].components.size(); ++c) {
    std::vector<double> product(areas.size(), 1);
    for (size_t k = 0; k < areas[0].components[c].size(); ++k) {
      const std::vector<double> index =
          Centred(areas, [&](size_t i) { return areas[i].components[c][k]; });
      for (size_t i = 0; i < areas.size(); ++i) product[i] *= index[i];
    }
    product = Centred(areas, [&](size_t i) { return product[i]; });
    for (size_t i = 0; i < areas.size(); ++i) {
      shares[i].components.push_back(product[i]);
    }
  }
}

void FillFactors(std::span<const CapitationInput> areas,
                 std::vector<CapitationShare>& shares) {
  for (size_t k = 0; k < areas[0].factors.size(); ++k) {
    const std::vector<double> factor =
        Centred(areas, [&](size_t i) { return areas[i].factors[k]; });
    for (size_t i = 0; i < areas.size(); ++i) shares[i].factor *= factor[i];
  }
}

void FillAllocations(std::span<const CapitationInput> areas,
                     const CapitationTerms& terms,
                     std::vector<CapitationShare>& shares) {
  if (!(areas[0].baseline > 0)) return;
  std::vector<double> moved;
  for (size_t i = 0; i < areas.size(); ++i) {
    CapitationShare& share = shares[i];
    share.distance = (areas[i].baseline - share.target) / share.target;
    const double growth = std::clamp(share.target / areas[i].baseline - 1,
                                     terms.least_growth, terms.most_growth);
    moved.push_back(areas[i].baseline * (1 + growth));
  }
  const double scale = terms.budget / PairwiseSum(moved);
  for (size_t i = 0; i < areas.size(); ++i) {
    shares[i].allocation = moved[i] * scale;
    shares[i].growth = shares[i].allocation / areas[i].baseline - 1;
  }
}

}  // namespace

absl::StatusOr<std::vector<CapitationShare>> WeightedCapitation(
    std::span<const CapitationInput> areas, const CapitationTerms& terms) {
  TALLY_RETURN_IF_ERROR(CheckTerms(areas, terms));
  std::vector<CapitationShare> shares(areas.size());
  FillComponents(areas, shares);
  FillFactors(areas, shares);
  const double weights = PairwiseSum(terms.weights);
  std::vector<double> people, weighted;
  for (size_t i = 0; i < areas.size(); ++i) {
    std::vector<double> parts;
    for (size_t c = 0; c < terms.weights.size(); ++c) {
      parts.push_back(terms.weights[c] / weights * shares[i].components[c]);
    }
    people.push_back(areas[i].people);
    weighted.push_back(areas[i].people * PairwiseSum(parts) * shares[i].factor);
  }
  const double all = PairwiseSum(people);
  const double scale = all / PairwiseSum(weighted);
  for (size_t i = 0; i < areas.size(); ++i) {
    shares[i].weighted = weighted[i] * scale;
    shares[i].index = shares[i].weighted / areas[i].people;
    shares[i].share = shares[i].weighted / all;
    shares[i].target = shares[i].share * terms.budget;
  }
  FillAllocations(areas, terms, shares);
  return shares;
}

}  // namespace tally::analytics
