#ifndef TALLY_PSEUDONYMISER_SRC_ROW_READER_H_
#define TALLY_PSEUDONYMISER_SRC_ROW_READER_H_

// Rows of one dataset, from CSV records to spooled rows: the person is found,
// the rules are applied, the columns made, the outcome counted. One object per
// worker and dataset.
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

// A file as its header says its records are to be read.
struct FileShape {
  uint32_t number = 0;          // of the file in the delivery
  std::string path;             // for messages
  std::vector<int32_t> fields;  // by input; -1 = absent
  size_t header_fields = 0;
};

// The inputs of one record, by number, trimmed, null as empty.
class InputValues {
 public:
  explicit InputValues(const DatasetPlan& plan);
  // Records of `file` follow.
  void Begin(const FileShape& file);
  const RowRules::Values& Read(const CsvBlock& block, const CsvRecord& record);

 private:
  // An input that is read and that the file has.
  struct Source {
    size_t input;
    size_t field;
    const NullMarkers* null_markers;
  };
  const DatasetPlan& plan_;
  std::vector<Source> sources_;
  RowRules::Values values_;
};

// What a row's number says, and what the delivery knows of that person.
struct RowPerson {
  NhsNumberResult number;
  uint8_t flags = 0;               // PersonFlag, when there is a number
  std::optional<uint32_t> index;   // the provisional number, once it was given
  bool index_is_verified = false;  // whether it was given to a traced number
};

// Finds the person of a row, and remembers the last one: rows of a person often
// stand together.
class PersonFinder {
 public:
  explicit PersonFinder(const SharedReading& shared) : shared_(shared) {}
  ~PersonFinder();
  PersonFinder(const PersonFinder&) = delete;
  PersonFinder& operator=(const PersonFinder&) = delete;

  // Takes note of the number in `text`. Valid until the next call.
  const RowPerson& Find(std::string_view text);
  // Provisional number of the person last found, as PersonTable::IndexOf.
  // REQUIRES: that text held a number.
  absl::StatusOr<uint32_t> Index(bool verified);

 private:
  const SharedReading& shared_;
  ShortText text_ = ShortText::None();
  RowPerson person_;
};

// The first pass: notes who is opted out by a column, and the keys of rows
// with restricted codes. Keeps no row.
class RowScout {
 public:
  RowScout(const DatasetPlan& plan, const SharedReading& shared);
  // Returns kInvalidArgument (exit 8) for a broken row where the dataset has an
  // opt-out column: nobody can say whose opt-out it held.
  // REQUIRES: `file` lives as long as this.
  absl::Status Read(const FileShape& file, const CsvBlock& block,
                    size_t first_record);
  const std::vector<uint64_t>& restricted_keys() const { return keys_; }

 private:
  const DatasetPlan& plan_;
  const SharedReading& shared_;
  const FileShape* file_ = nullptr;
  InputValues inputs_;
  RowRules rules_;
  std::vector<uint64_t> keys_;
};

class RowReader {
 public:
  // `codes` has one entry a column.
  RowReader(const DatasetPlan& plan, const SharedReading& shared,
            std::vector<const LinkedKeys::mapped_type*> tied,
            std::deque<SharedCodes>* codes, BucketSpool::Pen* pen);

  // Reads the records from `first_record` on. Returns an error of the spool,
  // or kInvalidArgument (exit 8) for FREE_TEXT, which stops the push.
  // REQUIRES: `file` lives as long as this.
  absl::Status Read(const FileShape& file, const CsvBlock& block,
                    size_t first_record);

  const RowCounts& counts() const { return counts_; }
  const std::vector<RowIssue>& issues() const { return issues_; }

 private:
  absl::Status ReadRow(const CsvBlock& block, const CsvRecord& record);
  // The row whose columns the writer holds, with its person if it has one.
  absl::Status WriteRow(const CsvRecord& record, const RowRules::Values& values,
                        const RowPerson& person);
  // Reason without a person; kNone when the row is linked.
  dataset::RowReason LinkReason(const NhsNumberResult& number,
                                const RowRules::Values& values,
                                bool verified) const;
  struct Column {
    ColumnReader reader;
    DatasetPlan::ColumnInputs inputs;
  };
  static Cell ReadColumn(Column& column, const RowRules::Values& values,
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
  const FileShape* file_ = nullptr;
  ReadingContext context_;
  InputValues inputs_;
  PersonFinder persons_;
  RowRules rules_;
  std::vector<Column> columns_;
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
