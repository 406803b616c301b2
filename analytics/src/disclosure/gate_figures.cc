// Derived figures: each is computed from printed counts, or scaled to them.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <variant>

#include "absl/strings/str_format.h"
#include "analytics/statistics/poisson.h"
#include "analytics/statistics/proportion.h"
#include "analytics/statistics/standardise.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "disclosure/gate_run.h"
#include "disclosure/number_text.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kUnknownGroup = "unknown";
// Dominance of a sum: the two largest hold at most this share.
constexpr double kDominanceShare = 0.9;
// p % rule: what is left must be at least this share of the largest.
constexpr double kRestShare = 0.1;

int64_t NearestFive(double value) {
  return static_cast<int64_t>(std::floor((value + 2.5) / 5)) * 5;
}

Figure LimitOf(const Estimate& estimate, ColumnRole role) {
  if (role == ColumnRole::kLower) return estimate.lower;
  if (role == ColumnRole::kUpper) return estimate.upper;
  return estimate.value;
}

// Three figures while few events stand behind it, else one decimal.
std::string RateText(double value, int64_t events) {
  return events < kManyEvents ? ThreeFigures(value) : FixedDecimals(value, 1);
}

// Three figures, but no decimals finer than one in `people`: the means of whole
// numbers of so many lie on a grid of that width, and finer ones would say how
// many there are. A mean in per cent has one decimal at most, like all shares.
std::string MeanText(double value, int64_t people, std::string_view unit) {
  int decimals = 0;
  for (int64_t grid = 10; grid <= people; grid *= 10) ++decimals;
  if (unit == "%") return FixedDecimals(value, std::min(decimals, 1));
  std::string text = ThreeFigures(value);
  const size_t point = text.find('.');
  const bool fine = point != std::string::npos &&
                    text.size() - point - 1 > static_cast<size_t>(decimals);
  return fine ? FixedDecimals(value, decimals) : text;
}

}  // namespace

GatedCell GateRun::ToCell(const Printed& printed) {
  GatedCell out;
  out.state_ = printed.state;
  out.text_ = printed.text;
  out.reason_ = printed.reason;
  out.everyone_ = printed.everyone;
  if (printed.state == GatedCell::State::kFigure ||
      printed.state == GatedCell::State::kCount) {
    out.number_ = std::strtod(printed.text.c_str(), nullptr);
  }
  return out;
}

const GateRun::Count* GateRun::CountIn(size_t row,
                                       std::string_view column) const {
  const absl::StatusOr<size_t> index = raw_.ColumnIndex(column);
  if (!index.ok()) return nullptr;
  const Count& count = counts_[row][*index];
  return count.present ? &count : nullptr;
}

CountRange GateRun::PrintedRange(size_t row, std::string_view column) const {
  const absl::StatusOr<size_t> index = raw_.ColumnIndex(column);
  if (!index.ok() || !counts_[row][*index].printed.has_value()) return {0, 0};
  const int64_t printed = *counts_[row][*index].printed;
  return IsMidpoint(*index) ? Profile::RangeOfMidpoint(printed)
                            : profile_.RangeOfPrinted(printed);
}

// Limits stand on the basis of their value.
CellBasis GateRun::BasisOf(CellRef cell) const {
  auto found = raw_.basis_.find(cell);
  const ColumnSpec& column = raw_.columns_[cell.column];
  if (found == raw_.basis_.end() && !column.of.empty()) {
    const absl::StatusOr<size_t> of = raw_.ColumnIndex(column.of);
    if (of.ok()) found = raw_.basis_.find({cell.row, *of});
  }
  return found == raw_.basis_.end() ? CellBasis() : found->second;
}

std::optional<double> GateRun::RawNumber(size_t row,
                                         std::string_view column) const {
  const absl::StatusOr<size_t> index = raw_.ColumnIndex(column);
  if (!index.ok()) return std::nullopt;
  const auto* number = std::get_if<double>(&raw_.rows_[row][*index]);
  if (number == nullptr) return std::nullopt;
  return *number;
}

GatedCell GateRun::CountCell(CellRef cell) const {
  const Count& count = At(cell);
  if (!count.present) {
    const auto na = raw_.na_.find(cell);
    return ToCell(Printed::Na(na == raw_.na_.end() ? NaReason::kNotReleased
                                                   : na->second));
  }
  if (!count.printed.has_value()) return ToCell(Printed::Star());
  return ToCell({GatedCell::State::kCount, std::to_string(*count.printed)});
}

GatedCell GateRun::TextCell(CellRef cell) const {
  const auto* text =
      std::get_if<std::string>(&raw_.rows_[cell.row][cell.column]);
  const bool level = raw_.columns_[cell.column].kind == ColumnKind::kDimension;
  Printed printed{GatedCell::State::kText, ""};
  if (text != nullptr) {
    printed.text = *text;
  } else if (level) {
    printed.text = kUnknownGroup;
  }
  return ToCell(printed);
}

GateRun::Printed GateRun::Proportion(CellRef cell) const {
  const ColumnSpec& column = raw_.columns_[cell.column];
  const Count* x = CountIn(cell.row, column.numerator);
  const Count* n = CountIn(cell.row, column.denominator);
  if (x == nullptr || n == nullptr) {
    return Printed::Na(NaReason::kNoDenominator);
  }
  if (!x->printed || !n->printed) return Printed::Star();
  if (*n->printed == 0) return Printed::Na(NaReason::kNoDenominator);
  // Rounding apart, a part is never above its whole; a sum of `*` may be.
  const int64_t part = std::min(*x->printed, *n->printed);
  if (column.role == ColumnRole::kValue) {
    Printed printed = Printed::Number(Percentage(part, *n->printed));
    printed.everyone = *n->printed >= profile_.minimum_people() &&
                       (part == 0 || part == *n->printed);
    return printed;
  }
  const Figure limit =
      LimitOf(WilsonProportion(part, *n->printed, column.alpha), column.role);
  if (!limit.known()) return Printed::Na(limit.reason());
  return Printed::Number(FixedDecimals(100 * limit.value(), 1));
}

GateRun::Printed GateRun::Rate(CellRef cell) const {
  const ColumnSpec& column = raw_.columns_[cell.column];
  const Count* x = CountIn(cell.row, column.numerator);
  const Count* n = CountIn(cell.row, column.denominator);
  if (x == nullptr || n == nullptr) {
    return Printed::Na(NaReason::kNoDenominator);
  }
  if (!x->printed || !n->printed) return Printed::Star();
  const Estimate rate = CrudeRate(static_cast<double>(*x->printed),
                                  static_cast<double>(*n->printed),
                                  column.multiplier, column.alpha);
  const Figure figure = LimitOf(rate, column.role);
  if (!figure.known()) return Printed::Na(figure.reason());
  return Printed::Number(FixedDecimals(figure.value(), 1));
}

// Standardised rates and ratios: the exact figure scaled by printed events
// over exact events; limits from the printed events.
GateRun::Printed GateRun::Standardised(CellRef cell) const {
  const ColumnSpec& column = raw_.columns_[cell.column];
  const Count* events = CountIn(cell.row, column.numerator);
  if (events == nullptr) return Printed::Na(NaReason::kNoDenominator);
  if (!events->printed) return Printed::Star();
  const std::string& name =
      column.role == ColumnRole::kValue ? column.name : column.of;
  const absl::StatusOr<size_t> value_column = raw_.ColumnIndex(name);
  if (!value_column.ok()) return Printed::Na(NaReason::kNotReleased);
  const CellRef value_cell{cell.row, *value_column};
  const auto na = raw_.na_.find(value_cell);
  if (na != raw_.na_.end()) return Printed::Na(na->second);
  const std::optional<double> exact = RawNumber(cell.row, name);
  const auto basis = raw_.basis_.find(value_cell);
  const int64_t printed = *events->printed;
  if (events->exact < column.minimum_events ||
      printed < column.minimum_events) {
    return Printed::Na(NaReason::kTooFewEvents);
  }
  if (!exact.has_value()) return Printed::Na(NaReason::kNotReleased);
  // What is compared with itself is as expected, which every reader knows:
  // scaled it would say how many events there are.
  const ColumnSpec& value = raw_.columns_[*value_column];
  const bool is_the_standard =
      value.kind == ColumnKind::kRatio &&
      std::abs(*exact - value.multiplier) <= 1e-9 * value.multiplier;
  const double scaled = is_the_standard
                            ? *exact
                            : *exact * static_cast<double>(printed) /
                                  static_cast<double>(events->exact);
  if (column.role == ColumnRole::kValue) {
    return Printed::Number(RateText(scaled, printed));
  }
  if (basis == raw_.basis_.end() || !basis->second.spread.has_value()) {
    return Printed::Na(NaReason::kLimitUndefined);
  }
  const Estimate limits =
      DobsonLimits(scaled, *basis->second.spread, static_cast<double>(printed),
                   column.alpha);
  const Figure limit = LimitOf(limits, column.role);
  if (!limit.known()) return Printed::Na(limit.reason());
  return Printed::Number(RateText(limit.value(), printed));
}

GateRun::Printed GateRun::Expected(CellRef cell) const {
  const ColumnSpec& column = raw_.columns_[cell.column];
  const Count* events = CountIn(cell.row, column.numerator);
  if (events != nullptr && !events->printed) return Printed::Star();
  const auto na = raw_.na_.find(cell);
  if (na != raw_.na_.end()) return Printed::Na(na->second);
  const std::optional<double> exact = RawNumber(cell.row, column.name);
  // Below 100 events for sure: 100 in print may be 98.
  if (events == nullptr || !exact.has_value() ||
      PrintedRange(cell.row, column.numerator).low < kManyEvents) {
    return Printed::Na(NaReason::kNotReleased);
  }
  return Printed::Number(std::to_string(NearestFive(*exact)));
}

GateRun::Printed GateRun::Gap(CellRef cell) const {
  const ColumnSpec& column = raw_.columns_[cell.column];
  const absl::StatusOr<size_t> expected = raw_.ColumnIndex(column.of);
  if (!expected.ok()) return Printed::Na(NaReason::kNotReleased);
  Printed printed = Expected({cell.row, *expected});
  if (printed.state != GatedCell::State::kFigure) return printed;
  const Count* events = CountIn(cell.row, column.numerator);
  const int64_t gap =
      std::strtoll(printed.text.c_str(), nullptr, 10) - *events->printed;
  return Printed::Number(std::to_string(gap));
}

GateRun::Printed GateRun::Mean(CellRef cell) const {
  const ColumnSpec& column = raw_.columns_[cell.column];
  const Count* n = CountIn(cell.row, column.denominator);
  if (n == nullptr) return Printed::Na(NaReason::kNoDenominator);
  // Before whether there is a value: of a hidden count that is what says
  // whether it is zero.
  if (!n->printed) return Printed::Star();
  const std::optional<double> exact = RawNumber(cell.row, column.name);
  if (!exact.has_value()) return Printed::Na(NaReason::kNoDenominator);
  if (profile_.exact()) {
    return Printed::Number(column.unit == "%" ? FixedDecimals(*exact, 1)
                                              : ThreeFigures(*exact));
  }
  if (n->exact < profile_.minimum_people()) return Printed::Star();
  return Printed::Number(MeanText(*exact, *n->printed, column.unit));
}

GateRun::Printed GateRun::Percentile(CellRef cell) const {
  const ColumnSpec& column = raw_.columns_[cell.column];
  const Count* n = CountIn(cell.row, column.denominator);
  if (n == nullptr) return Printed::Na(NaReason::kNoDenominator);
  // Before whether there is a value: of a hidden count that is what says
  // whether it is zero.
  if (!n->printed) return Printed::Star();
  const std::optional<double> exact = RawNumber(cell.row, column.name);
  if (!exact.has_value()) return Printed::Na(NaReason::kNoDenominator);
  const double tail = std::min(column.percentile, 1 - column.percentile);
  // The slack keeps 100 x min(0.92, 0.08) = 8 from falling short by rounding.
  const bool few = static_cast<double>(n->exact) * tail + 1e-9 <
                   static_cast<double>(profile_.minimum_people());
  if (!profile_.exact() && few) return Printed::Star();
  const double steps = std::round(*exact / column.step);
  return Printed::Number(
      FixedDecimals(steps * column.step, column.step < 1 ? 1 : 0));
}

// Nothing, of nobody, where readers may see zeros; beside a hidden count it
// would say that the count is one.
bool GateRun::IsShownZero(CellRef cell, const CellBasis& basis,
                          double sum) const {
  if (sum != 0 || basis.contributors != 0) return false;
  return MaySayNothing(cell.row);
}

// Whether nothing, or no value, beside the counts of a row says no more than
// they do: zeros are shown, and no count is hidden.
bool GateRun::MaySayNothing(size_t row) const {
  return !profile_.zero_is_disclosive() &&
         std::all_of(counts_[row].begin(), counts_[row].end(),
                     [](const Count& count) {
                       return !count.present || count.printed.has_value();
                     });
}

bool GateRun::SumMayBePrinted(CellRef cell) const {
  const double exact =
      RawNumber(cell.row, raw_.columns_[cell.column].name).value_or(0);
  const auto basis = raw_.basis_.find(cell);
  if (basis == raw_.basis_.end()) return false;
  const CellBasis& b = basis->second;
  if (IsShownZero(cell, b, exact)) return true;
  const bool few = b.contributors < profile_.minimum_people();
  const bool dominated = b.largest + b.second > kDominanceShare * exact;
  const bool close = exact - b.largest - b.second < kRestShare * b.largest;
  return !few && !dominated && !close;
}

GateRun::Printed GateRun::Sum(CellRef cell) const {
  const ColumnSpec& column = raw_.columns_[cell.column];
  const std::optional<double> exact = RawNumber(cell.row, column.name);
  if (!exact.has_value()) {
    return profile_.exact() || MaySayNothing(cell.row)
               ? Printed::Na(NaReason::kNoDenominator)
               : Printed::Star();
  }
  if (profile_.exact()) return Printed::Number(FixedDecimals(*exact, 0));
  if (!SumMayBePrinted(cell) || hidden_sums_.contains(cell)) {
    return Printed::Star();
  }
  double printed = *exact;
  if (!column.numerator.empty()) {
    // Of as many as are printed: by a price that is known the sum would say how
    // many there are.
    const Count* of = CountIn(cell.row, column.numerator);
    if (of == nullptr) return Printed::Na(NaReason::kNoDenominator);
    if (!of->printed) return Printed::Star();
    if (of->exact > 0) {
      printed *=
          static_cast<double>(*of->printed) / static_cast<double>(of->exact);
    }
  }
  return Printed::Number(ThreeFigures(printed));
}

GateRun::Printed GateRun::ModelMetric(CellRef cell) const {
  const ColumnSpec& column = raw_.columns_[cell.column];
  if (!column.numerator.empty()) {
    const Count* events = CountIn(cell.row, column.numerator);
    if (events == nullptr) return Printed::Na(NaReason::kNoDenominator);
    if (!events->printed) return Printed::Star();
  }
  const auto na = raw_.na_.find(cell);
  if (na != raw_.na_.end()) return Printed::Na(na->second);
  const std::optional<double> exact = RawNumber(cell.row, column.name);
  if (!exact.has_value()) return Printed::Na(NaReason::kNotReleased);
  return Printed::Number(FixedDecimals(*exact, column.decimals));
}

GateRun::Printed GateRun::Coefficient(CellRef cell) const {
  const auto na = raw_.na_.find(cell);
  if (na != raw_.na_.end()) return Printed::Na(na->second);
  const std::optional<double> exact =
      RawNumber(cell.row, raw_.columns_[cell.column].name);
  if (!exact.has_value()) return Printed::Na(NaReason::kNotReleased);
  const int64_t events = BasisOf(cell).events;
  if (!profile_.exact() && events < profile_.minimum_people()) {
    return Printed::Star();
  }
  return Printed::Number(FixedDecimals(*exact, 2));
}

// Limits stand on the same events as their value.
GateRun::Printed GateRun::Index(CellRef cell) const {
  const ColumnSpec& column = raw_.columns_[cell.column];
  const Count* events =
      column.numerator.empty() ? nullptr : CountIn(cell.row, column.numerator);
  if (events != nullptr && !events->printed) return Printed::Star();
  const auto na = raw_.na_.find(cell);
  if (na != raw_.na_.end()) return Printed::Na(na->second);
  const std::optional<double> exact = RawNumber(cell.row, column.name);
  if (!exact.has_value()) return Printed::Na(NaReason::kNotReleased);
  if (!column.numerator.empty()) {
    if (events == nullptr) return Printed::Na(NaReason::kNoDenominator);
    if (!profile_.exact() &&
        (events->exact < kManyEvents || *events->printed < kManyEvents)) {
      return Printed::Na(NaReason::kTooFewEvents);
    }
  } else if (!profile_.exact() && BasisOf(cell).events < kManyEvents) {
    return Printed::Na(NaReason::kTooFewEvents);
  }
  return Printed::Number(ThreeFigures(*exact));
}

GateRun::Printed GateRun::FigureOf(CellRef cell) const {
  const ColumnSpec& column = raw_.columns_[cell.column];
  if (column.role == ColumnRole::kExpected) return Expected(cell);
  if (column.role == ColumnRole::kGap) return Gap(cell);
  switch (column.kind) {
    case ColumnKind::kProportion:
      return Proportion(cell);
    case ColumnKind::kRate:
      return Rate(cell);
    case ColumnKind::kStdRate:
    case ColumnKind::kRatio:
      return Standardised(cell);
    case ColumnKind::kMean:
      return Mean(cell);
    case ColumnKind::kPercentile:
      return Percentile(cell);
    case ColumnKind::kSum:
      return Sum(cell);
    case ColumnKind::kModelMetric:
      return ModelMetric(cell);
    case ColumnKind::kCoefficient:
      return Coefficient(cell);
    case ColumnKind::kIndex:
      return Index(cell);
    default:
      return Printed::Na(NaReason::kNotReleased);
  }
}

absl::Status GateRun::ComputeFigures(GatedTable& out) {
  const size_t columns = raw_.columns_.size();
  hidden_figures_.assign(raw_.rows(), std::vector<bool>(columns, false));
  for (size_t row = 0; row < raw_.rows(); ++row) {
    std::vector<GatedCell>& cells = out.cells_.emplace_back();
    for (size_t column = 0; column < columns; ++column) {
      const CellRef cell{row, column};
      const ColumnSpec& spec = raw_.columns_[column];
      const bool is_text =
          spec.kind == ColumnKind::kDimension || spec.kind == ColumnKind::kText;
      if (is_text) {
        cells.push_back(TextCell(cell));
      } else if (IsCountColumn(column)) {
        cells.push_back(CountCell(cell));
      } else {
        cells.push_back(ToCell(FigureOf(cell)));
        hidden_figures_[row][column] = cells.back().suppressed();
      }
      if (cells.back().everyone() && options_.accepted_by.empty() &&
          spec.sensitive) {
        return Error(
            Reason::kDisclosureRefused,
            absl::StrFormat("table %s, column %s: a share of 0 or 100 %% tells "
                            "something about everyone in its group; a named "
                            "person must accept it (--accept NAME)",
                            raw_.info_.table, spec.name));
      }
    }
  }
  for (const auto& [row, peer] : raw_.peers_) {
    for (size_t column = 0; column < columns; ++column) {
      const ColumnSpec& spec = raw_.columns_[column];
      if (spec.role != ColumnRole::kPeer) continue;
      TALLY_ASSIGN_OR_RETURN(const size_t of, raw_.ColumnIndex(spec.of));
      out.cells_[row][column] = out.cells_[peer][of];
    }
  }
  for (const std::vector<GatedCell>& row : out.cells_) {
    for (const GatedCell& cell : row) {
      if (cell.suppressed()) ++out.suppressed_cells_;
    }
  }
  return absl::OkStatus();
}

std::string GateRun::LinkedShare() const {
  const TableInfo& info = raw_.info_;
  if (info.rows_linked < 0 || info.rows_all < info.rows_linked ||
      info.rows_all == 0) {
    return "NA";
  }
  const std::optional<int64_t> part = profile_.PrintCount(info.rows_linked);
  const std::optional<int64_t> whole = profile_.PrintCount(info.rows_all);
  if (!part.has_value() || !whole.has_value()) return "*";
  return Percentage(std::min(*part, *whole), *whole);
}

}  // namespace tally::analytics
