#ifndef TALLY_PSEUDONYMISER_SRC_ROW_READER_H_
#define TALLY_PSEUDONYMISER_SRC_ROW_READER_H_

// Rows of one dataset, from CSV records to spooled rows: the person is found,
// the rules are applied, the columns made, the outcome counted. One object per
// worker and file.
//
// Spec: docs/spec/dataset-v1.md, "Row outcomes".
// Threading: one thread per object; what they share is thread-safe.
// Secrets: sees whole rows with identifiers; writes rows without.

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "bucket_spool.h"
#include "column_reader.h"
#include "crypto/token.h"
#include "dataset/row_reason.h"
#include "dataset_plan.h"
#include "pseudonymiser/csv_reader.h"
#include "pseudonymiser/delivery_report.h"
#include "pseudonymiser/person_table.h"
#include "row_record.h"
#include "row_rules.h"
#include "text_cache.h"

namespace tally::pseudonymiser {

// Parts of a delivery that all its readers share; must outlive them.
struct SharedReading {
  crypto::Environment environment = crypto::Environment::kExample;
  const Lists* lists = nullptr;
  const Rekey* rekey = nullptr;
  PersonTable* people = nullptr;
  PersonTable::Judge judge;
  HiddenNumbers* hidden = nullptr;
  int32_t period_start = 0;  // days since 1970-01-01
  int32_t period_end = 0;
  CivilDay today;
};

// The inputs of one record, by number, trimmed, null as empty.
class InputValues {
 public:
  InputValues(const DatasetPlan& plan, const std::vector<int32_t>& fields);
  const RowRules::Values& Read(const CsvBlock& block, const CsvRecord& record);

 private:
  // An input that is read and that the file has.
  struct Source {
    size_t input;
    size_t field;
    const NullMarkers* null_markers;
  };
  std::vector<Source> sources_;
  RowRules::Values values_;
};

// Reads NHS Numbers, and remembers the last one: the rows of a person often
// stand together.
class NumberReader {
 public:
  explicit NumberReader(crypto::Environment environment)
      : environment_(environment) {}
  ~NumberReader();
  NumberReader(const NumberReader&) = delete;
  NumberReader& operator=(const NumberReader&) = delete;
  const NhsNumberResult& Read(std::string_view text);

 private:
  const crypto::Environment environment_;
  ShortText text_ = ShortText::None();
  NhsNumberResult result_;
};

// The first pass: notes who is opted out by a column, and the keys of rows
// with restricted codes. Keeps no row.
class RowScout {
 public:
  // `path`: the file's name for messages.
  RowScout(const DatasetPlan& plan, const std::vector<int32_t>& fields,
           size_t header_fields, std::string path, const SharedReading& shared);
  // Returns kInvalidArgument (exit 8) for a broken row where the dataset has an
  // opt-out column: nobody can say whose opt-out it held.
  absl::Status Read(const CsvBlock& block, size_t first_record);
  const std::vector<uint64_t>& restricted_keys() const { return keys_; }

 private:
  const DatasetPlan& plan_;
  const SharedReading& shared_;
  size_t header_fields_;
  const std::string path_;
  InputValues inputs_;
  RowRules rules_;
  std::vector<uint64_t> keys_;
};

class RowReader {
 public:
  // `file` is the file's number in the delivery, `path` its name for messages,
  // `codes` one a column.
  RowReader(const DatasetPlan& plan, const std::vector<int32_t>& fields,
            size_t header_fields, uint32_t file, std::string path,
            const SharedReading& shared,
            std::vector<const LinkedKeys::mapped_type*> tied,
            std::deque<SharedCodes>* codes, BucketSpool::Pen* pen);

  // Reads the records from `first_record` on. Returns an error of the spool,
  // or kInvalidArgument (exit 8) for FREE_TEXT, which stops the push.
  absl::Status Read(const CsvBlock& block, size_t first_record);

  const RowCounts& counts() const { return counts_; }
  const std::vector<RowIssue>& issues() const { return issues_; }

 private:
  absl::Status ReadRow(const CsvBlock& block, const CsvRecord& record);
  // The row whose columns the writer holds, with its person if it has one.
  absl::Status WriteRow(const CsvRecord& record, const RowRules::Values& values,
                        const NhsNumberResult& number);
  // Reason without a person; kNone when the row is linked.
  dataset::RowReason LinkReason(const NhsNumberResult& number,
                                const RowRules::Values& values,
                                bool verified) const;
  Cell ReadColumn(size_t column, const RowRules::Values& values,
                  const CellPlace& place);
  bool IsVerified(const RowRules::Values& values) const;
  // Makes all columns; the reason that drops the row, or kNone.
  dataset::RowReason MakeColumns(const RowRules::Values& values,
                                 const CsvRecord& record, size_t* column);
  bool IsOutsidePeriod(const RowRules::Values& values, const CellPlace& place);
  bool BreaksDateOrder(const RowRules::Values& values);
  void Drop(dataset::RowReason reason, const CsvRecord& record,
            std::string_view field, std::string detail = "");
  std::optional<CivilDay> DayOf(std::string_view text);

  const DatasetPlan& plan_;
  const SharedReading& shared_;
  const size_t header_fields_;
  const uint32_t file_;
  const std::string path_;
  ReadingContext context_;
  InputValues inputs_;
  NumberReader numbers_;
  RowRules rules_;
  std::deque<ColumnReader> columns_;
  // Of the row at hand, read ahead of the others; kNoInput: none.
  size_t period_column_ = kNoInput;
  Cell period_;
  TextCache<int32_t> days_;
  RowWriter writer_;
  BucketSpool::Pen* pen_;
  RowCounts counts_;
  std::vector<RowIssue> issues_;
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SRC_ROW_READER_H_
