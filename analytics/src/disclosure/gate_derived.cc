// Tables of figures that were computed from gated tables.
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "analytics/disclosure/gate.h"
#include "base/civil_day.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "disclosure/number_text.h"
#include "disclosure/synthetic_mark.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kUnnamedLevel = "unknown";

std::vector<std::string> SourceNames(const DerivedTable& table) {
  std::set<std::string> names;
  for (const DerivedSource& source : table.sources()) {
    names.insert(source.Name());
  }
  return {names.begin(), names.end()};
}

// The lowest share of the sources; `*` and NA win over any number.
std::string LowestShare(const DerivedTable& table) {
  std::string lowest;
  for (const DerivedSource& source : table.sources()) {
    const std::string& share = source.linked_share_pct;
    if (share == "NA") return share;
    const bool lower =
        lowest != "*" && (lowest.empty() || share == "*" ||
                          std::strtod(share.c_str(), nullptr) <
                              std::strtod(lowest.c_str(), nullptr));
    if (lower) lowest = share;
  }
  return lowest;
}

}  // namespace

GatedCell Gate::PrintDerived(const DerivedCell& cell, ColumnKind kind) {
  GatedCell out;
  out.state_ = cell.state_;
  out.reason_ = cell.reason_;
  out.everyone_ = cell.everyone_;
  out.text_ = cell.text_;
  switch (cell.state_) {
    case GatedCell::State::kText:
      if (cell.text_.empty() && kind == ColumnKind::kDimension) {
        out.text_ = kUnnamedLevel;
      }
      break;
    case GatedCell::State::kSuppressed:
      out.text_ = "*";
      break;
    case GatedCell::State::kNotAvailable:
      out.text_ = "NA";
      break;
    default:
      if (cell.decimals_ >= 0) {
        out.text_ = FixedDecimals(cell.number_, cell.decimals_);
      }
      out.number_ = std::strtod(out.text_.c_str(), nullptr);
      break;
  }
  return out;
}

GatedTable Gate::StampDerived(const DerivedTable& table) const {
  GatedTable out;
  out.info_ = table.info_;
  out.info_.notes.push_back(
      absl::StrFormat("Computed from released figures: %s.",
                      absl::StrJoin(SourceNames(table), ", ")));
  if (options_.synthetic) MarkSynthetic(out.info_);
  out.linked_share_pct_ = LowestShare(table);
  out.profile_ = profile_.name();
  out.profile_description_ = profile_.description();
  out.columns_ = table.columns_;
  for (const std::vector<DerivedCell>& row : table.rows_) {
    std::vector<GatedCell>& cells = out.cells_.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) {
      cells.push_back(PrintDerived(row[i], table.columns_[i].kind));
      if (cells.back().suppressed()) ++out.suppressed_cells_;
    }
  }
  return out;
}

absl::StatusOr<GatedTable> Gate::ReleaseDerived(const DerivedTable& table) {
  for (const DerivedSource& source : table.sources()) {
    if (source.profile == profile_.name()) continue;
    return InputError(absl::StrFormat(
        "table %s: its source %s was gated under %s, not under %s",
        table.info().table, source.Name(), source.profile, profile_.name()));
  }
  GatedTable gated = StampDerived(table);
  TALLY_RETURN_IF_ERROR(RecordDerived(table, gated));
  return gated;
}

TableDecisions Gate::DecisionsOf(const GatedTable& gated) const {
  TableDecisions d;
  const TableInfo& info = gated.info();
  d.project = info.project;
  d.release = info.release;
  d.measure = info.measure_id;
  d.table = info.table;
  d.period = info.period;
  d.dimensions = DimensionNames(gated.columns());
  d.profile = profile_.name();
  for (const std::vector<GatedCell>& row : gated.cells_) {
    std::string& letters = d.cells.emplace_back();
    for (const GatedCell& cell : row) {
      const auto decision = cell.suppressed() ? CellDecision::kSecondary
                                              : CellDecision::kReleased;
      const bool decided = cell.suppressed() || cell.number().has_value();
      letters += decided ? static_cast<char>(decision) : '-';
    }
  }
  return d;
}

absl::Status Gate::RecordDerived(const DerivedTable& table,
                                 const GatedTable& gated) {
  const TableInfo& info = gated.info();
  const std::string time = NowUtcRfc3339();
  const std::vector<std::string> sources = SourceNames(table);
  if (options_.log != nullptr) {
    TableDecisions decisions = DecisionsOf(gated);
    decisions.time = time;
    decisions.derived_from = sources;
    TALLY_RETURN_IF_ERROR(options_.log->Append(decisions));
  }
  if (options_.registry == nullptr) return absl::OkStatus();
  ReleasedTable record;
  record.time = time;
  record.project = info.project;
  record.release = info.release;
  record.measure = info.measure_id;
  record.table = info.table;
  record.period = info.period;
  record.cohort = info.cohort;
  record.profile = profile_.name();
  record.derived_from = sources;
  record.dimensions = DimensionNames(gated.columns());
  TALLY_ASSIGN_OR_RETURN(const std::optional<FileLock> held,
                         options_.registry->Hold());
  // The same table of the same sources again is no news to a reader.
  TALLY_ASSIGN_OR_RETURN(const bool known, options_.registry->Has(record));
  if (known) return absl::OkStatus();
  return options_.registry->Append(std::move(record), held);
}

}  // namespace tally::analytics
