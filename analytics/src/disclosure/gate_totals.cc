// Totals that nobody declared: a row of level "All" is the sum of the rows of
// the other levels wherever its exact counts say so. A reader sees that too.
#include <algorithm>
#include <utility>

#include "disclosure/gate_run.h"

namespace tally::analytics {

std::vector<GateRun::RowTotal> GateRun::RowsOfAll() const {
  std::vector<size_t> dimensions;
  for (size_t i = 0; i < raw_.columns_.size(); ++i) {
    if (raw_.columns_[i].kind == ColumnKind::kDimension) {
      dimensions.push_back(i);
    }
  }
  std::vector<std::vector<std::string>> levels(raw_.rows());
  for (size_t row = 0; row < raw_.rows(); ++row) {
    for (const size_t column : dimensions) {
      levels[row].push_back(TextCell({row, column}).text());
    }
  }
  std::vector<RowTotal> totals;
  for (size_t d = 0; d < dimensions.size(); ++d) {
    std::map<std::vector<std::string>, RowTotal> groups;
    std::set<std::vector<std::string>> whole;
    for (size_t row = 0; row < raw_.rows(); ++row) {
      std::vector<std::string> others = levels[row];
      const bool all = others[d] == kAllLevels;
      others[d].clear();
      RowTotal& group = groups[others];
      if (all) {
        group.whole = row;
        whole.insert(others);
      } else {
        group.parts.push_back(row);
      }
    }
    for (auto& [others, group] : groups) {
      if (!whole.contains(others) || group.parts.empty()) continue;
      totals.push_back(std::move(group));
    }
  }
  return totals;
}

void GateRun::InferTotals() {
  inferred_.clear();
  std::set<std::pair<CellRef, std::vector<CellRef>>> declared;
  const auto declare = [&](CellRef whole, std::vector<CellRef> parts) {
    std::sort(parts.begin(), parts.end());
    declared.emplace(whole, std::move(parts));
  };
  for (const auto& [whole, parts] : raw_.totals_) declare(whole, parts);
  for (const auto& relation : raw_.equalities_) {
    declare(relation.whole, relation.parts);
  }
  for (const RowTotal& total : RowsOfAll()) {
    for (size_t column = 0; column < raw_.columns_.size(); ++column) {
      if (!IsCountColumn(column)) continue;
      RawTable::Relation relation{{total.whole, column}, {}};
      int64_t sum = 0;
      bool present = At(relation.whole).present;
      for (const size_t row : total.parts) {
        const CellRef part{row, column};
        present = present && At(part).present;
        sum += At(part).exact;
        relation.parts.push_back(part);
      }
      if (!present || sum != At(relation.whole).exact) continue;
      std::sort(relation.parts.begin(), relation.parts.end());
      if (declared.contains({relation.whole, relation.parts})) continue;
      inferred_.push_back(std::move(relation));
    }
  }
}

}  // namespace tally::analytics
