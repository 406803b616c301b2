#include "batch_checker.h"

#include <utility>

#include "base/civil_day.h"
#include "base/error.h"
#include "base/status.h"
#include "crypto/element.h"
#include "wire/row_batch_codec.h"

namespace tally::linkage {

BatchChecker::BatchChecker(
    std::vector<const dataset::Specification*> specifications,
    UploadPeriod period, uint64_t person_limit)
    : specifications_(std::move(specifications)),
      period_(period),
      person_limit_(person_limit),
      tallies_(specifications_.size()) {
  for (size_t i = 0; i < tallies_.size(); ++i) {
    tallies_[i].nulls.resize(specifications_[i]->columns().size());
  }
}

uint64_t BatchChecker::rows() const {
  uint64_t rows = 0;
  for (const DatasetTally& tally : tallies_) rows += tally.rows;
  return rows;
}

absl::Status BatchChecker::Check(wire::BatchKind kind,
                                 std::span<const uint8_t> content) {
  kind_ = kind;
  switch (kind) {
    case wire::BatchKind::kPerson:
      return CheckPersons(content);
    case wire::BatchKind::kRows:
      return CheckRows(content);
  }
  return Error(Reason::kFieldInvalid, "a batch has an unknown kind",
               {.field = "batch.kind"});
}

absl::Status BatchChecker::CheckPersons(std::span<const uint8_t> content) {
  if (has_rows_) {
    return Error(Reason::kBatchOrder, "persons come before the first rows",
                 {.field = "batch.kind"});
  }
  TALLY_ASSIGN_OR_RETURN(view_, wire::DecodePersonBatch(content));
  if (view_.first_person_index != persons_) {
    return Error(Reason::kBatchOrder,
                 "the first person does not follow the batch before",
                 {.field = "first_person_index",
                  .limit = static_cast<int64_t>(persons_)});
  }
  TALLY_RETURN_IF_ERROR(crypto::CheckTokenBytes(view_.tokens));
  if (persons_ + view_.size() > person_limit_) {
    return Error(Reason::kPersonLimit,
                 "more people than the registry allows this source",
                 {.limit = static_cast<int64_t>(person_limit_)});
  }
  return absl::OkStatus();
}

absl::Status BatchChecker::CheckRows(std::span<const uint8_t> content) {
  TALLY_ASSIGN_OR_RETURN(const wire::RowBatchHeader header,
                         wire::PeekRowBatch(content));
  if (header.dataset_index >= specifications_.size()) {
    return Error(Reason::kFieldInvalid, "a dataset that was not announced",
                 {.field = "dataset",
                  .limit = static_cast<int64_t>(specifications_.size()) - 1});
  }
  if (header.dataset_index < dataset_) {
    return Error(Reason::kBatchOrder, "datasets come in the announced order",
                 {.field = "dataset", .limit = static_cast<int64_t>(dataset_)});
  }
  const uint64_t expected = tallies_[header.dataset_index].rows;
  if (header.first_row != expected) {
    return Error(
        Reason::kBatchOrder, "the first row does not follow the batch before",
        {.field = "first_row", .limit = static_cast<int64_t>(expected)});
  }
  TALLY_RETURN_IF_ERROR(wire::DecodeRowBatch(
      *specifications_[header.dataset_index],
      {.persons = persons_, .today_days = CivilDay::TodayUtc().days()}, content,
      rows_));
  return CheckDays();
}

// Rows of activity belong to the period that sends them, or periods would not
// add up.
absl::Status BatchChecker::CheckDays() const {
  const dataset::Specification& specification =
      *specifications_[rows_.dataset_index];
  const std::optional<size_t> place = specification.period_column();
  if (!place.has_value()) return absl::OkStatus();
  const dataset::Column& column = rows_.columns[*place];
  if (column.type() != dataset::ColumnType::kDate) return absl::OkStatus();
  for (size_t row = 0; row < rows_.rows(); ++row) {
    const int32_t day = column.Int32(row);
    if (column.IsNull(row) ||
        (day >= period_.first_day && day <= period_.last_day)) {
      continue;
    }
    return Error(Reason::kValueRefused, "a row lies outside the period",
                 {.row = static_cast<int64_t>(rows_.first_row + row) + 1,
                  .column = specification.columns()[*place].name});
  }
  return absl::OkStatus();
}

void BatchChecker::Accept() {
  if (kind_ == wire::BatchKind::kPerson) {
    persons_ += view_.size();
    return;
  }
  has_rows_ = true;
  dataset_ = rows_.dataset_index;
  DatasetTally& tally = tallies_[dataset_];
  tally.rows += rows_.rows();
  for (const dataset::RowReason reason : rows_.person_reason) {
    if (reason == dataset::RowReason::kNone) continue;
    ++tally.rows_unlinked;
    ++tally.unlinked[reason];
  }
  for (size_t i = 0; i < rows_.columns.size(); ++i) {
    tally.nulls[i] += rows_.columns[i].null_count();
  }
}

}  // namespace tally::linkage
