#ifndef TALLY_PSEUDONYMISER_SRC_COLUMN_READER_H_
#define TALLY_PSEUDONYMISER_SRC_COLUMN_READER_H_

// Makes the value of one outgoing column from the text of its inputs: derives,
// checks, scans. What it returns may leave, or says why the row may not.
//
// Spec: docs/spec/dataset-v1.md, "Values", "Derivations", "Scan".
// Threading: one object per worker; what they share is thread-safe.
// Secrets: sees identifiers (postcodes, birth dates); returns none.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/civil_day.h"
#include "dataset/row_reason.h"
#include "dataset/specification.h"
#include "pseudonymiser/egress_scanner.h"
#include "pseudonymiser/list_files.h"
#include "rekey.h"
#include "shared_codes.h"
#include "text_cache.h"
#include "value_reader.h"

namespace tally::pseudonymiser {

// What all columns of a delivery read from; must outlive the readers.
struct ReadingContext {
  const DateReader* dates = nullptr;  // of the dataset
  const Lists* lists = nullptr;
  const Rekey* rekey = nullptr;
  HiddenNumbers* hidden = nullptr;
  CivilDay today;
  int financial_year = 0;  // of the period's last day
};

// One value on its way into a row.
struct Cell {
  enum class Form : uint8_t { kNull, kNumber, kReal, kCode, kText };
  dataset::RowReason fault = dataset::RowReason::kNone;
  Form form = Form::kNull;
  int64_t number = 0;  // bool, int32, int64, date; the number of a code
  double real = 0;
  // kText, and a code without number. Valid until the next Read.
  std::string_view text;
};

// Where a value stands, for the scanner.
struct CellPlace {
  uint32_t file = 0;
  uint64_t line = 0;
};

class ColumnReader {
 public:
  // `codes` is used for code columns only.
  ColumnReader(const dataset::ColumnSpec& column, const ReadingContext& context,
               SharedCodes* codes);

  // `text` and `other` are without white space around, and empty when null.
  Cell Read(std::string_view text, std::string_view other,
            const CellPlace& place);

 private:
  struct Cached {
    dataset::RowReason fault = dataset::RowReason::kNone;
    Cell::Form form = Cell::Form::kNull;
    int64_t number = 0;
  };

  Cell ReadNew(std::string_view text, std::string_view other,
               const CellPlace& place);
  Cell Make(std::string_view text, std::string_view other,
            const CellPlace& place);
  Cell MakePlain(std::string_view text, const CellPlace& place);
  Cell MakeMonth(std::string_view text) const;
  Cell MakeAge(std::string_view text, std::string_view event_text) const;
  Cell MakeInteger(int64_t value) const;
  Cell MakeDate(int32_t days) const;
  Cell MakeCode(std::string_view code);
  Cell MakeText(std::string_view text, const CellPlace& place);
  Cell MakeArea(std::string_view text);
  Cell MakeMapped(std::string_view text, const CellPlace& place);
  Cell MakeMinutes(std::string_view from, std::string_view to) const;
  Cell MakePassedCode(std::string_view code, const CellPlace& place);
  void Note(std::optional<NhsNumber> number, const CellPlace& place);

  const dataset::ColumnSpec& column_;
  const ReadingContext& context_;
  SharedCodes* codes_;
  bool cacheable_;
  bool is_plain_text_;  // what leaves is what came in, if it may
  bool scan_;           // values could be ten digits
  TextCache<Cached> cache_;
  std::string scratch_;  // text of the last cell, where it is not the input's
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SRC_COLUMN_READER_H_
