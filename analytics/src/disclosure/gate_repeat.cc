// A table that was released before, of the same figures: printed again as it
// was. What it hid may have been chosen before other tables came, and an audit
// together with those could hide more, or refuse; but it tells nothing anew.
#include <algorithm>

#include "disclosure/gate_run.h"

namespace tally::analytics {

// As the register has it: a number, a small `*`, or one that shields others.
std::string GateRun::FormOf(CellRef cell) const {
  const Count& count = At(cell);
  if (!count.printed.has_value()) {
    const bool shield = count.decision == CellDecision::kSecondary;
    return std::string(shield ? kShieldMark : "*");
  }
  std::string printed = std::to_string(*count.printed);
  if (IsMidpoint(cell.column)) printed.insert(0, kMidpointMark);
  return printed;
}

// Every cell is printed as it was, or was hidden.
bool GateRun::SaysNoNews(const ReleasedTable& table) const {
  if (table.cells.size() != cells_.size()) return false;
  return std::all_of(cells_.begin(), cells_.end(), [&](CellRef cell) {
    const auto found = table.cells.find(KeyOf(cell));
    if (found == table.cells.end()) return false;
    const Count& count = At(cell);
    if (count.copy) return true;  // as its original
    if (found->second == kShieldMark) return true;
    return found->second == FormOf(cell);
  });
}

bool GateRun::RepeatEarlier(const std::vector<ReleasedTablePtr>& earlier) {
  const TableInfo& info = raw_.info();
  for (const ReleasedTablePtr& table : earlier) {
    const bool same =
        table->version > 1 && table->project == info.project &&
        table->release == info.release && table->measure == info.measure_id &&
        table->table == info.table && table->period == info.period &&
        table->cohort == info.cohort && table->profile == profile_.name();
    if (!same || !SaysNoNews(*table)) continue;
    for (const CellRef cell : cells_) {
      const bool shield = table->cells.at(KeyOf(cell)) == kShieldMark;
      if (shield && !At(cell).copy) Hide(cell, CellDecision::kSecondary);
    }
    shield_low_ = table->hides_zeros ? 0 : profile_.hidden().low;
    return true;
  }
  return false;
}

}  // namespace tally::analytics
