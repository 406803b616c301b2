// Checks the batches of one upload in order, and counts what they hold: the
// rules of an upload that need more than one batch to see.
//
// Spec: docs/spec/journal-v1.md, "Batches"
// Threading: one thread an object.
// Secrets: rows and tokens pass through; nothing of them is kept but counts.

#ifndef TALLY_LINKAGE_STORE_SRC_BATCH_CHECKER_H_
#define TALLY_LINKAGE_STORE_SRC_BATCH_CHECKER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dataset/extract_manifest.h"
#include "dataset/record_batch.h"
#include "dataset/specification.h"
#include "wire/limits.h"
#include "wire/person_batch_codec.h"

namespace tally::linkage {

struct UploadPeriod {
  int32_t first_day = 0;
  int32_t last_day = 0;
};

// What the rows of one dataset came to so far.
struct DatasetTally {
  uint64_t rows = 0;
  uint64_t rows_unlinked = 0;
  dataset::ReasonCounts unlinked;
  std::vector<uint64_t> nulls;  // of each column
};

class BatchChecker {
 public:
  // `specifications` in the order of the request; they outlive the checker.
  BatchChecker(std::vector<const dataset::Specification*> specifications,
               UploadPeriod period, uint64_t person_limit);

  // Decodes and checks the next batch. It counts once Accept is called.
  // Errors: BATCH_ORDER, FIELD_INVALID, ELEMENT_*, PERSON_INDEX_RANGE,
  // PERSON_LIMIT, those of the codecs, VALUE_REFUSED for a day outside the
  // period.
  [[nodiscard]] absl::Status Check(wire::BatchKind kind,
                                   std::span<const uint8_t> content);
  void Accept();

  // The batch that Check decoded last; the view points into its content.
  const wire::PersonBatchView& persons_batch() const { return view_; }
  // May be moved from after Accept.
  dataset::RecordBatch& rows_batch() { return rows_; }

  uint64_t persons() const { return persons_; }
  uint64_t rows() const;
  const std::vector<DatasetTally>& datasets() const { return tallies_; }

 private:
  [[nodiscard]] absl::Status CheckPersons(std::span<const uint8_t> content);
  [[nodiscard]] absl::Status CheckRows(std::span<const uint8_t> content);
  [[nodiscard]] absl::Status CheckDays() const;

  std::vector<const dataset::Specification*> specifications_;
  UploadPeriod period_;
  uint64_t person_limit_;
  wire::BatchKind kind_ = wire::BatchKind::kPerson;
  wire::PersonBatchView view_;
  dataset::RecordBatch rows_;
  uint64_t persons_ = 0;
  size_t dataset_ = 0;  // whose rows are coming
  bool has_rows_ = false;
  std::vector<DatasetTally> tallies_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_SRC_BATCH_CHECKER_H_
