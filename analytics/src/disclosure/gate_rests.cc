// Relations of printed counts with a number that no table prints: those of a
// whole that are in no part of it, and the sum of several groupings of the same
// people.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "disclosure/gate_run.h"

namespace tally::analytics {
namespace {

// A whole of more than this bounds no part of it: what could be so large is
// bounded by the sums it stands in.
constexpr int64_t kFarAbove = 100;

}  // namespace

absl::Status GateRun::FindRowParts() {
  row_parts_.clear();
  for (const ColumnSpec& column : raw_.columns_) {
    if (column.kind != ColumnKind::kProportion ||
        column.role != ColumnRole::kValue) {
      continue;
    }
    TALLY_RETURN_IF_ERROR(
        AddRowParts(column.denominator, {column.numerator}, false));
  }
  for (const RawTable::ColumnsWithin& within : raw_.within_) {
    TALLY_RETURN_IF_ERROR(AddRowParts(within.whole, within.parts, true));
  }
  return CheckSameSums();
}

absl::Status GateRun::AddRowParts(const std::string& whole,
                                  const std::vector<std::string>& parts,
                                  bool must_hold) {
  TALLY_ASSIGN_OR_RETURN(const size_t of, raw_.ColumnIndex(whole));
  std::vector<size_t> columns;
  bool counts = IsCountColumn(of);
  for (const std::string& part : parts) {
    TALLY_ASSIGN_OR_RETURN(const size_t column, raw_.ColumnIndex(part));
    columns.push_back(column);
    counts = counts && IsCountColumn(column);
  }
  const auto bad = [&](std::string_view what) {
    return InputError(absl::StrFormat("table %s, column %s: %s",
                                      raw_.info_.table, whole, what));
  };
  if (!counts) return bad("parts or whole are no counts");
  for (size_t row = 0; row < counts_.size(); ++row) {
    const CellRef all = Original({row, of});
    bool present = At(all).present;
    int64_t sum = 0;
    RowPart part{UnknownOf(all), {}};
    for (const size_t column : columns) {
      const CellRef cell = Original({row, column});
      present = present && At(cell).present;
      sum += At(cell).exact;
      part.parts.push_back(UnknownOf(cell));
    }
    if (!present) continue;
    if (sum <= At(all).exact) {
      row_parts_.push_back(std::move(part));
    } else if (must_hold) {
      return bad("its parts are more than it");
    }
  }
  return absl::OkStatus();
}

absl::Status GateRun::CheckSameSums() const {
  for (const auto& groups : raw_.same_sums_) {
    std::optional<int64_t> sum;
    for (const std::vector<CellRef>& group : groups) {
      int64_t own = 0;
      for (const CellRef cell : group) {
        const bool inside = cell.row < raw_.rows() &&
                            cell.column < raw_.columns_.size() &&
                            IsCountColumn(cell.column);
        if (!inside || !At(Original(cell)).present) {
          return InputError(absl::StrFormat(
              "table %s: a sum names a cell that holds no count",
              raw_.info_.table));
        }
        own += At(Original(cell)).exact;
      }
      if (sum.value_or(own) != own) {
        return InputError(absl::StrFormat(
            "table %s, column %s: sums that are the same differ",
            raw_.info_.table, raw_.columns_[group.front().column].name));
      }
      sum = own;
    }
  }
  return absl::OkStatus();
}

// Small hidden parts that exclude each other, of a whole that is hidden too:
// that none of them is less than the least of the others allows cannot be
// hidden.
void GateRun::AllowRowParts() {
  const CountRange hidden = profile_.hidden();
  for (const RowPart& part : row_parts_) {
    const int64_t small =
        std::count_if(part.parts.begin(), part.parts.end(), [&](size_t i) {
          return At(cells_[i]).decision == CellDecision::kPrimary;
        });
    if (small < 2 ||
        At(cells_[part.whole]).decision != CellDecision::kPrimary) {
      continue;
    }
    const auto allow = [&](size_t unknown, CountRange range) {
      const auto wanted = wanted_.find(unknown);
      if (wanted == wanted_.end()) return;
      wanted->second.low = std::max(wanted->second.low, range.low);
      wanted->second.high = std::min(wanted->second.high, range.high);
      if (wanted->second.low > wanted->second.high) wanted_.erase(wanted);
    };
    allow(part.whole, {small * hidden.low, hidden.high});
    for (const size_t unknown : part.parts) {
      allow(unknown, {hidden.low, hidden.high - (small - 1) * hidden.low});
    }
  }
}

bool GateRun::IsHidden(size_t unknown) const {
  return !At(cells_[unknown]).printed.has_value();
}

bool GateRun::SaysSomething(const RowPart& part) const {
  return IsHidden(part.whole) ||
         std::any_of(part.parts.begin(), part.parts.end(),
                     [&](size_t unknown) { return IsHidden(unknown); });
}

bool GateRun::IsFarAbove(const RowPart& part) const {
  return part.parts.size() == 1 && !IsHidden(part.whole) &&
         RangeOf(cells_[part.whole]).low > kFarAbove;
}

void GateRun::AddRests(AuditProblem& problem) const {
  const auto unprinted = [&] {
    problem.unknowns.emplace_back();
    return problem.unknowns.size() - 1;
  };
  for (const RowPart& part : row_parts_) {
    if (!SaysSomething(part) || IsFarAbove(part)) continue;
    AuditEquality equality;
    equality.parts = part.parts;
    equality.parts.push_back(unprinted());
    equality.whole = {part.whole};
    equality.with_rest = true;
    problem.equalities.push_back(std::move(equality));
  }
  for (const auto& groups : raw_.same_sums_) {
    const size_t sum = unprinted();
    for (const std::vector<CellRef>& group : groups) {
      AuditEquality equality;
      for (const CellRef cell : group) {
        equality.parts.push_back(UnknownOf(Original(cell)));
      }
      equality.whole = {sum};
      problem.equalities.push_back(std::move(equality));
    }
  }
}

// A rest has the keys of the cells that it is between as its own.
void GateRun::RecordRests(ReleasedTable& record) const {
  for (const RowPart& part : row_parts_) {
    if (!SaysSomething(part) || IsFarAbove(part)) continue;
    ReleasedRelation relation{keys_[part.whole], {}};
    std::string rest(kRestMark);
    rest += keys_[part.whole];
    for (const size_t unknown : part.parts) {
      relation.parts.push_back(keys_[unknown]);
      rest += ";" + keys_[unknown];
    }
    relation.parts.push_back(std::move(rest));
    record.equalities.push_back(std::move(relation));
  }
  for (const auto& groups : raw_.same_sums_) {
    std::string sum(kSumMark);
    for (const CellRef cell : groups.front()) {
      sum += ";" + KeyOf(Original(cell));
    }
    for (const std::vector<CellRef>& group : groups) {
      ReleasedRelation relation{sum, {}};
      for (const CellRef cell : group) {
        relation.parts.push_back(KeyOf(Original(cell)));
      }
      record.equalities.push_back(std::move(relation));
    }
  }
}

}  // namespace tally::analytics
