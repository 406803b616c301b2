#ifndef TALLY_PSEUDONYMISER_CSV_READER_H_
#define TALLY_PSEUDONYMISER_CSV_READER_H_

// A streaming CSV reader for files of any size in constant memory. It finds
// the fields; what they mean is for others. Unlike a database's reader it knows
// the line of every record, refuses NUL bytes, and never repeats a value in an
// error.
//
// Format: RFC 4180 with a comma. A line ends with LF, CRLF or CR, also mixed in
// one file; the last one may lack its end. A field that begins with a quote
// ends with one, may hold commas and line ends, and doubles its quotes. Lines
// without any character are passed over. A UTF-8 byte order mark is passed
// over; UTF-16 and compressed or Parquet files are recognised and refused.
//
// Limits: kMaxFieldBytes, kMaxLineBytes, kMaxFields. A record beyond them, or
// with a stray quote or a NUL, is delivered with a fault and no fields, and
// reading goes on with the next: one damaged line does not hide the others. A
// quote that is never closed is an error of the file.
//
// Spec: docs/spec/dataset-v1.md, "Files".
// Threading: one thread per reader; a filled block may be read by any thread.
// Secrets: a block holds identifiers in clear and lives only as long as it is
// worked on.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tally::pseudonymiser {

// Where the bytes come from: a file, or text in a test.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Fills at most `out.size()` bytes and returns how many; 0 only at the end.
  // Errors are passed on by the reader as they are.
  virtual absl::StatusOr<size_t> Read(std::span<char> out) = 0;
};

enum class CsvFault : uint8_t {
  kNone,
  kQuote,          // a quote inside an unquoted field, or text after a closing
  kNul,            // a NUL byte
  kFieldTooLong,   // over kMaxFieldBytes
  kLineTooLong,    // over kMaxLineBytes
  kTooManyFields,  // over kMaxFields
};

struct CsvRecord {
  uint64_t line = 0;  // where the record begins, from 1
  uint32_t first_field = 0;
  uint32_t field_count = 0;  // 0 when there is a fault
  CsvFault fault = CsvFault::kNone;
};

// Some records that follow each other, with their bytes. Reused: filling one
// again keeps its memory.
class CsvBlock {
 public:
  std::span<const CsvRecord> records() const { return records_; }
  // The text of field `index` of `record`, quotes removed.
  // REQUIRES: index < record.field_count.
  std::string_view field(const CsvRecord& record, size_t index) const {
    const Field& f = fields_[record.first_field + index];
    return {bytes_.data() + f.begin, f.end - f.begin};
  }

 private:
  friend class CsvReader;
  struct Field {
    uint32_t begin;
    uint32_t end;
  };
  std::vector<char> bytes_;
  std::vector<Field> fields_;  // the first field_count_ of them
  size_t field_count_ = 0;
  std::vector<CsvRecord> records_;
};

class CsvReader {
 public:
  static constexpr size_t kMaxFieldBytes = 64 * 1024;
  static constexpr size_t kMaxLineBytes = 1024 * 1024;
  static constexpr size_t kMaxFields = 512;
  // Small enough that a block and its fields stay near the worker that has it,
  // and that a file of a few MiB still gives all workers something to do.
  static constexpr size_t kDefaultBlockBytes = 256 * 1024;
  // The first block must show what kind of file it is.
  static constexpr size_t kMinBlockBytes = 4;

  // `name` is the file's name in messages. `source` must outlive the reader.
  // `block_bytes`: how much is read at once, kMinBlockBytes at least; small
  // values are for tests.
  CsvReader(std::string name, ByteSource& source,
            size_t block_bytes = kDefaultBlockBytes);

  // Fills `block` with the records of the next piece of the file; false, with
  // an empty block, at the end. Returns kInvalidArgument (exit 8) for a file
  // that is not CSV text and for a quote that is never closed, naming the line
  // where it opens, and passes on the errors of the source.
  absl::StatusOr<bool> Next(CsvBlock* block);

  // Lines passed so far.
  uint64_t lines() const { return line_ - 1; }

 private:
  struct Scan;
  absl::Status CheckBeginning(std::string_view bytes) const;
  absl::StatusOr<size_t> Fill(CsvBlock* block);
  size_t ScanRecords(CsvBlock* block, size_t begin, size_t size);
  void AddRecord(CsvBlock* block, size_t fields, size_t length, CsvFault fault);
  void SkipByte(char c);
  size_t SkipToEnd(const char* data, size_t size);

  const std::string name_;
  ByteSource& source_;
  const size_t block_bytes_;
  std::vector<char> carry_;  // the beginning of a record that is not complete
  uint64_t line_ = 1;        // line of the next record
  uint64_t quote_line_ = 0;  // where the quote that is open was opened
  bool started_ = false;
  bool at_end_ = false;
  // While a line over kMaxLineBytes is passed over.
  enum class Skip : uint8_t {
    kNo,
    kFieldStart,
    kUnquoted,
    kQuoted,
    kQuoteInQuoted,
    kAfterCr
  };
  Skip skip_ = Skip::kNo;
  bool skip_after_cr_ = false;
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_CSV_READER_H_
