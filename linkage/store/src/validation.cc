#include "validation.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>
#include <utility>

#include "base/civil_day.h"
#include "base/error.h"

namespace tally::linkage {

namespace {

constexpr size_t kMaxCheckBytes = 63;
constexpr double kSigmas = 3.0;
// Periods that a standard deviation needs.
constexpr size_t kLeastHistory = 6;
// A column's share of filled values may fall by this much between periods.
constexpr double kMaxDrift = 0.10;

double Share(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0.0
                    : static_cast<double>(part) / static_cast<double>(whole);
}

ValidationResult Result(std::string dataset, std::string check, bool good,
                        double value, double bound) {
  return {std::move(dataset), check.substr(0, kMaxCheckBytes),
          good ? ValidationOutcome::kAccept : ValidationOutcome::kWarn, value,
          bound};
}

std::optional<int64_t> RowsOf(const ExtractRecord& record,
                              std::string_view dataset) {
  for (const ExtractDatasetRecord& one : record.datasets) {
    if (one.dataset == dataset) return one.rows;
  }
  return std::nullopt;
}

int Months(const ExtractRecord& record) {
  const auto first = CivilDay::FromDays(record.period_start);
  const auto last = CivilDay::FromDays(record.period_end);
  if (!first.ok() || !last.ok()) return 0;
  return (last->year() - first->year()) * 12 + last->month() - first->month() +
         1;
}

// Rows against the same period a year before, in standard deviations of the
// earlier periods of this length; nothing while there is too little history.
std::optional<ValidationResult> VolumeCheck(
    const ExtractRecord& record, const std::string& dataset, uint64_t rows,
    std::span<const EarlierExtract> earlier) {
  const auto start = CivilDay::FromDays(record.period_start);
  if (!start.ok()) return std::nullopt;
  const auto year_before = start->AddMonths(-12);
  if (!year_before.ok()) return std::nullopt;
  std::vector<double> history;
  std::optional<double> last_year;
  for (const EarlierExtract& one : earlier) {
    const std::optional<int64_t> count = RowsOf(one.record, dataset);
    if (!count.has_value() || Months(one.record) != Months(record)) continue;
    history.push_back(static_cast<double>(*count));
    if (one.record.period_start == year_before->days()) {
      last_year = static_cast<double>(*count);
    }
  }
  if (!last_year.has_value() || history.size() < kLeastHistory) {
    return std::nullopt;
  }
  double mean = 0;
  for (const double count : history) mean += count;
  mean /= static_cast<double>(history.size());
  double squares = 0;
  for (const double count : history) squares += (count - mean) * (count - mean);
  const double sigma =
      std::sqrt(squares / static_cast<double>(history.size() - 1));
  const double difference = static_cast<double>(rows) - *last_year;
  // Periods that never differed have no scale of their own: one row is a lot.
  const double value = difference / std::max(sigma, 1.0);
  return Result(dataset, "volume-same-month", std::abs(value) <= kSigmas, value,
                kSigmas);
}

// The share of filled values of each column, and whether it fell.
void FilledChecks(const std::string& dataset,
                  const dataset::Specification& specification,
                  const DatasetTally& tally,
                  std::span<const EarlierExtract> earlier,
                  std::vector<ValidationResult>& results) {
  for (size_t i = 0; i < specification.columns().size(); ++i) {
    const std::string check =
        ("filled-" + specification.columns()[i].name).substr(0, kMaxCheckBytes);
    const double filled =
        tally.rows == 0 ? 0.0 : 1.0 - Share(tally.nulls[i], tally.rows);
    double bound = 0;
    for (const EarlierExtract& one : earlier) {
      for (const ValidationResult& before : one.validation.results) {
        if (before.dataset == dataset && before.check == check) {
          bound = std::max(0.0, before.value - kMaxDrift);
        }
      }
    }
    results.push_back(Result(dataset, check, tally.rows == 0 || filled >= bound,
                             filled, bound));
  }
}

void DatasetChecks(const ExtractRecord& record,
                   const dataset::DatasetCounts& counts,
                   const dataset::Specification& specification,
                   const DatasetTally& tally,
                   std::span<const EarlierExtract> earlier,
                   std::vector<ValidationResult>& results) {
  const std::string& dataset = specification.id();
  // Schema, ranges and code sets are checked batch by batch, and a batch that
  // breaks one is never stored: what is here has none.
  for (const char* check : {"schema", "ranges", "code-sets"}) {
    results.push_back(Result(dataset, check, true, 0, 0));
  }
  results.push_back(Result(dataset, "rows", tally.rows > 0,
                           static_cast<double>(tally.rows), 1));
  const double unlinked = Share(tally.rows_unlinked, tally.rows);
  results.push_back(Result(dataset, "unlinked-share",
                           unlinked <= specification.max_unlinked(), unlinked,
                           specification.max_unlinked()));
  uint64_t faults = 0;
  for (const auto& [reason, rows] : counts.dropped) {
    if (dataset::OutcomeOf(reason) == dataset::RowOutcome::kDroppedFault) {
      faults += rows;
    }
  }
  const double rejected = Share(faults, tally.rows + faults);
  results.push_back(Result(dataset, "reject-share",
                           rejected <= specification.max_reject(), rejected,
                           specification.max_reject()));
  if (const auto volume = VolumeCheck(record, dataset, tally.rows, earlier)) {
    results.push_back(*volume);
  }
  FilledChecks(dataset, specification, tally, earlier, results);
}

}  // namespace

ValidationReport Validate(
    const ExtractRecord& record, const PublisherOutput& output,
    std::span<const dataset::Specification* const> specifications,
    uint64_t person_limit, std::span<const EarlierExtract> earlier) {
  ValidationReport report;
  report.results.push_back(Result("", "persons",
                                  output.run.records <= person_limit,
                                  static_cast<double>(output.run.records),
                                  static_cast<double>(person_limit)));
  for (size_t i = 0; i < specifications.size(); ++i) {
    DatasetChecks(record, output.manifest.datasets[i], *specifications[i],
                  output.datasets[i], earlier, report.results);
  }
  return report;
}

ValidationReport RejectedReport(const absl::Status& why) {
  const ErrorDetail detail = DetailOf(why).value_or(ErrorDetail{});
  std::string check;
  for (const char c : ReasonName(detail.reason)) {
    check += c == '_' ? '-' : static_cast<char>(std::tolower(c));
  }
  ValidationReport report;
  report.results.push_back(
      {"", check, ValidationOutcome::kReject,
       static_cast<double>(std::max<int64_t>(detail.count, 1)),
       static_cast<double>(detail.limit)});
  return report;
}

}  // namespace tally::linkage
