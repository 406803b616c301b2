// Counts: which are there, which are sums of which, and how they are printed.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "disclosure/gate_run.h"

namespace tally::analytics {
namespace {

bool IsCountKind(ColumnKind kind) {
  return kind == ColumnKind::kPersons || kind == ColumnKind::kEvents;
}

// Kinds whose printed form is made from other columns of the row.
bool NeedsDenominator(const ColumnSpec& column) {
  if (column.role == ColumnRole::kExpected || column.role == ColumnRole::kGap ||
      column.role == ColumnRole::kPeer) {
    return false;
  }
  return column.kind == ColumnKind::kProportion ||
         column.kind == ColumnKind::kRate || column.kind == ColumnKind::kMean ||
         column.kind == ColumnKind::kPercentile;
}

bool NeedsNumerator(const ColumnSpec& column) {
  if (column.role == ColumnRole::kPeer) return false;
  return column.kind == ColumnKind::kProportion ||
         column.kind == ColumnKind::kRate ||
         column.kind == ColumnKind::kStdRate ||
         column.kind == ColumnKind::kRatio;
}

// A limit, or what else stands beside a value and says of which it is.
bool NeedsValue(const ColumnSpec& column) {
  return column.role != ColumnRole::kValue &&
         column.role != ColumnRole::kExpected &&
         column.role != ColumnRole::kGap;
}

// What is wrong with a column by itself; empty: nothing.
std::string_view FaultOf(const ColumnSpec& column) {
  if (column.kind == ColumnKind::kUnknown) return "has no kind";
  if (column.kind == ColumnKind::kDerived) {
    return "is derived; such figures are released as a DerivedTable";
  }
  if (column.midpoint && !IsCountKind(column.kind)) {
    return "is no count and cannot be a midpoint";
  }
  if (NeedsNumerator(column) && column.numerator.empty()) {
    return "names no numerator";
  }
  if (NeedsDenominator(column) && column.denominator.empty()) {
    return "names no denominator";
  }
  if (NeedsValue(column) && column.of.empty()) return "names no value column";
  return "";
}

}  // namespace

bool GateRun::IsCountColumn(size_t column) const {
  return IsCountKind(raw_.columns_[column].kind);
}

bool GateRun::IsMidpoint(size_t column) const {
  return raw_.columns_[column].midpoint && !profile_.exact();
}

absl::Status GateRun::CheckColumns() const {
  for (const ColumnSpec& column : raw_.columns_) {
    const auto bad = [&](std::string_view what) {
      return InputError(absl::StrFormat("table %s, column %s %s",
                                        raw_.info_.table, column.name, what));
    };
    const std::string_view fault = FaultOf(column);
    if (!fault.empty()) return bad(fault);
    for (const std::string& name : {column.numerator, column.denominator}) {
      if (name.empty()) continue;
      TALLY_ASSIGN_OR_RETURN(const size_t index, raw_.ColumnIndex(name));
      if (!IsCountColumn(index)) return bad("refers to a column of no count");
    }
  }
  return absl::OkStatus();
}

CellRef GateRun::Original(CellRef cell) const {
  for (size_t steps = 0; steps <= raw_.same_.size(); ++steps) {
    const auto found = raw_.same_.find(cell);
    if (found == raw_.same_.end()) return cell;
    cell = found->second;
  }
  return cell;  // a ring; ReadCounts has refused it
}

absl::Status GateRun::ReadCounts() {
  counts_.assign(raw_.rows(), std::vector<Count>(raw_.columns_.size()));
  const auto inside = [&](CellRef cell) {
    return cell.row < raw_.rows() && cell.column < raw_.columns_.size() &&
           IsCountColumn(cell.column);
  };
  const auto bad = [&](std::string_view what) {
    return InputError(absl::StrFormat("table %s: %s", raw_.info_.table, what));
  };
  for (const auto& [total, parts] : raw_.totals_) {
    if (!inside(total)) return bad("a total is not a count cell");
    for (const CellRef part : parts) {
      if (!inside(part)) return bad("a part of a total is not a count cell");
    }
  }
  for (const auto& [cell, original] : raw_.same_) {
    if (!inside(cell) || !inside(original)) return bad("no such count cell");
    if (raw_.same_.contains(Original(cell))) return bad("cells in a ring");
    if (raw_.totals_.contains(cell)) return bad("a total that is a copy too");
  }
  for (size_t row = 0; row < raw_.rows(); ++row) {
    for (size_t column = 0; column < raw_.columns_.size(); ++column) {
      if (IsCountColumn(column)) {
        TALLY_RETURN_IF_ERROR(ResolveExact({row, column}));
      }
    }
  }
  return CheckRelations();
}

// Everything that joins the audit must be a count that is there.
absl::Status GateRun::CheckRelations() const {
  const auto counts = [&](const std::vector<CellRef>& cells) {
    return std::all_of(cells.begin(), cells.end(), [&](CellRef cell) {
      return cell.row < raw_.rows() && cell.column < raw_.columns_.size() &&
             IsCountColumn(cell.column) && At(Original(cell)).present;
    });
  };
  bool all = true;
  for (const RawTable::Relation& relation : raw_.equalities_) {
    all = all && counts(relation.parts) && counts({relation.whole});
  }
  for (const RawTable::Margin& margin : raw_.margins_) {
    all = all && counts(margin.parts);
  }
  if (all) return absl::OkStatus();
  return InputError(
      absl::StrFormat("table %s: a relation names a cell that holds no count",
                      raw_.info_.table));
}

absl::Status GateRun::ResolveExact(CellRef cell) {
  Count& count = At(cell);
  const auto bad = [&](std::string_view what) {
    return InputError(absl::StrFormat("table %s, column %s: %s",
                                      raw_.info_.table,
                                      raw_.columns_[cell.column].name, what));
  };
  if (count.mark == Mark::kDone) return absl::OkStatus();
  if (count.mark == Mark::kWorking) return bad("totals in a ring");
  count.mark = Mark::kWorking;
  const auto* given = std::get_if<int64_t>(&raw_.rows_[cell.row][cell.column]);
  if (given != nullptr) {
    count.present = true;
    count.exact = *given;
  }
  const auto same = raw_.same_.find(cell);
  const auto total = raw_.totals_.find(cell);
  if (same != raw_.same_.end()) {
    count.copy = true;
    TALLY_RETURN_IF_ERROR(ResolveExact(same->second));
    const Count& original = At(same->second);
    if (given != nullptr && original.exact != *given) {
      return bad("two forms of one number differ");
    }
    count.present = original.present;
    count.exact = original.exact;
  } else if (total != raw_.totals_.end()) {
    TALLY_RETURN_IF_ERROR(ResolveTotal(cell, total->second));
    if (given != nullptr && At(cell).exact != *given) {
      return bad("a total is not the sum of its parts");
    }
  }
  At(cell).mark = Mark::kDone;
  return absl::OkStatus();
}

absl::Status GateRun::ResolveTotal(CellRef cell,
                                   const std::vector<CellRef>& parts) {
  int64_t sum = 0;
  for (const CellRef part : parts) {
    TALLY_RETURN_IF_ERROR(ResolveExact(part));
    if (!At(part).present) {
      return InputError(absl::StrFormat("table %s: a part of a total is null",
                                        raw_.info_.table));
    }
    sum += At(part).exact;
  }
  Count& count = At(cell);
  count.total = true;
  count.copy = parts.size() == 1;
  count.present = true;
  count.exact = sum;
  return absl::OkStatus();
}

// A total is a count like any other: printed by the profile, not added up from
// printed cells, so one number is the same wherever it stands.
void GateRun::PrintCounts() {
  for (std::vector<Count>& row : counts_) {
    for (size_t column = 0; column < row.size(); ++column) {
      Count& count = row[column];
      if (!count.present || count.copy) continue;
      count.printed = IsMidpoint(column) ? Profile::MidpointOf(count.exact)
                                         : profile_.PrintCount(count.exact);
      if (count.printed.has_value()) {
        count.decision =
            count.exact == 0 ? CellDecision::kZero : CellDecision::kReleased;
      } else {
        // What a reader may not narrow is the cell; a total goes with it.
        count.decision =
            count.total ? CellDecision::kSecondary : CellDecision::kPrimary;
      }
    }
  }
}

void GateRun::Hide(CellRef cell, CellDecision why) {
  Count& count = At(cell);
  count.printed.reset();
  count.decision = why;
}

void GateRun::PrintCopies() {
  for (std::vector<Count>& row : counts_) {
    for (Count& count : row) count.mark = Mark::kPending;
  }
  for (size_t row = 0; row < counts_.size(); ++row) {
    for (size_t column = 0; column < raw_.columns_.size(); ++column) {
      if (IsCountColumn(column)) PrintCopy({row, column});
    }
  }
}

void GateRun::PrintCopy(CellRef cell) {
  Count& count = At(cell);
  if (count.mark == Mark::kDone || !count.present || !count.copy) return;
  count.mark = Mark::kDone;
  const auto same = raw_.same_.find(cell);
  const CellRef original =
      same != raw_.same_.end() ? same->second : raw_.totals_.at(cell).front();
  PrintCopy(original);
  count.printed = At(original).printed;
  count.decision = At(original).decision;
}

absl::Status GateRun::CheckMostlyShown() const {
  if (!raw_.mostly_shown_) return absl::OkStatus();
  size_t hidden = 0, shown = 0;
  for (const std::vector<Count>& row : counts_) {
    for (const Count& count : row) {
      if (!count.present || count.total || count.copy) continue;
      hidden += !count.printed.has_value();
      shown += count.printed.value_or(0) > 0;
    }
  }
  if (hidden <= shown) return absl::OkStatus();
  return Error(Reason::kDisclosureRefused,
               absl::StrFormat("table %s is not released: most of its cells "
                               "would be hidden; use fewer dimensions or wider "
                               "groups",
                               raw_.info_.table));
}

}  // namespace tally::analytics
