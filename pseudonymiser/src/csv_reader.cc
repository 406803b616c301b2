#include "pseudonymiser/csv_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "special_finder.h"

namespace tally::pseudonymiser {
namespace {

// Line ends in `size` bytes: LF, CR, and CRLF as one.
uint64_t CountLineEnds(const char* data, size_t size) {
  uint64_t lines = 0;
  char before = 0;
  for (size_t i = 0; i < size; ++i) {
    if (data[i] == '\r' || (data[i] == '\n' && before != '\r')) ++lines;
    before = data[i];
  }
  return lines;
}

const char* FindByte(const char* data, char wanted, size_t size) {
  return static_cast<const char*>(std::memchr(data, wanted, size));
}

}  // namespace

// One pass over the bytes of a block. `Record` reads one record from `pos`.
struct CsvReader::Scan {
  enum class End { kRecord, kIncomplete };

  const char* data;
  size_t size;
  bool at_end;  // nothing follows these bytes
  SpecialFinder finder;

  size_t pos = 0;
  // Of the record at hand:
  CsvBlock::Field* fields = nullptr;  // room for kMaxFields
  size_t field_count = 0;
  uint64_t lines = 0;        // line ends inside its quotes
  uint64_t quote_lines = 0;  // those before the quote that is open
  bool open_quote = false;
  CsvFault fault = CsvFault::kNone;
  std::vector<uint32_t> escaped;  // fields with doubled quotes

  void Fault(CsvFault found) {
    if (fault == CsvFault::kNone) fault = found;
  }

  void AddField(size_t begin, size_t end) {
    if (field_count == kMaxFields) {
      Fault(CsvFault::kTooManyFields);
      return;
    }
    if (end - begin > kMaxFieldBytes) Fault(CsvFault::kFieldTooLong);
    fields[field_count++] = {static_cast<uint32_t>(begin),
                             static_cast<uint32_t>(end)};
  }

  // Reads a quoted field that begins at `pos`; afterwards `pos` is behind the
  // closing quote. False when its end is not here.
  bool Quoted() {
    const size_t begin = pos + 1;
    size_t at = begin;
    bool doubled = false;
    open_quote = true;
    quote_lines = lines;
    while (true) {
      const char* quote = FindByte(data + at, '"', size - at);
      if (quote == nullptr) return false;
      at = static_cast<size_t>(quote - data);
      if (at + 1 == size) {
        if (!at_end) return false;  // it may be the first of two
        break;
      }
      if (data[at + 1] != '"') break;
      doubled = true;
      at += 2;
    }
    open_quote = false;
    if (FindByte(data + begin, '\0', at - begin) != nullptr) {
      Fault(CsvFault::kNul);
    }
    lines += CountLineEnds(data + begin, at - begin);
    if (doubled) escaped.push_back(static_cast<uint32_t>(field_count));
    AddField(begin, at);
    pos = at + 1;
    return true;
  }

  // Goes to the comma or line end that ends the field, noting stray bytes.
  // False when it is not here.
  bool ToFieldEnd() {
    while (true) {
      const size_t next = finder.Next(pos);
      pos = next;
      if (next == size) return at_end;
      const char c = data[next];
      if (c == ',' || c == '\n') return true;
      if (c == '\r') return next + 1 < size || at_end;  // LF may follow
      Fault(c == '"' ? CsvFault::kQuote : CsvFault::kNul);
      ++pos;
    }
  }

  // Reads the field that begins at `pos`; afterwards `pos` is at the comma or
  // line end behind it. False when that is not here.
  bool ReadField() {
    const size_t begin = pos;
    pos = finder.Next(begin);
    if (pos < size && data[pos] == ',') {
      AddField(begin, pos);
      return true;
    }
    if (pos < size && pos == begin && data[pos] == '"') {
      if (!Quoted()) return false;
      const size_t after = pos;
      if (!ToFieldEnd()) return false;
      if (pos != after) Fault(CsvFault::kQuote);
      return true;
    }
    if (!ToFieldEnd()) return false;
    AddField(begin, pos);
    return true;
  }

  // Reads one record into `into`; afterwards `pos` is behind its line end.
  End Record(CsvBlock::Field* into) {
    fields = into;
    field_count = 0;
    fault = CsvFault::kNone;
    lines = 0;
    escaped.clear();
    while (true) {
      if (!ReadField()) return End::kIncomplete;
      if (pos == size) return End::kRecord;
      const char c = data[pos++];
      if (c == ',') continue;
      if (c == '\r' && pos < size && data[pos] == '\n') ++pos;
      ++lines;
      return End::kRecord;
    }
  }

  // Makes one quote of two in the fields that need it.
  void Unescape(char* bytes) {
    for (const uint32_t index : escaped) {
      if (index >= field_count) break;
      CsvBlock::Field& field = fields[index];
      uint32_t to = field.begin;
      for (uint32_t from = field.begin; from < field.end; ++from) {
        bytes[to++] = bytes[from];
        if (bytes[from] == '"') ++from;
      }
      field.end = to;
    }
  }
};

CsvReader::CsvReader(std::string name, ByteSource& source, size_t block_bytes)
    : name_(std::move(name)),
      source_(source),
      block_bytes_(std::max(block_bytes, kMinBlockBytes)) {}

absl::Status CsvReader::CheckBeginning(std::string_view bytes) const {
  const auto begins = [&](std::string_view magic) {
    return bytes.substr(0, magic.size()) == magic;
  };
  const char* kind = nullptr;
  if (begins("\xFF\xFE") || begins("\xFE\xFF")) kind = "UTF-16 text";
  if (begins("\x1F\x8B")) kind = "gzip";
  if (begins("PK\x03\x04")) kind = "zip or a workbook";
  if (begins("PAR1")) kind = "Parquet";
  if (begins("\x28\xB5\x2F\xFD")) kind = "zstd";
  if (kind == nullptr) return absl::OkStatus();
  return InputError(
      absl::StrFormat("%s is %s; CSV as UTF-8 text is needed", name_, kind));
}

// Carry and new bytes into the block; returns how many there are.
absl::StatusOr<size_t> CsvReader::Fill(CsvBlock* block) {
  const size_t kept = carry_.size();
  block->bytes_.resize(kept + block_bytes_ + SpecialFinder::kPadding);
  std::copy(carry_.begin(), carry_.end(), block->bytes_.begin());
  carry_.clear();
  size_t size = kept;
  while (size < kept + block_bytes_) {
    TALLY_ASSIGN_OR_RETURN(const size_t got,
                           source_.Read({block->bytes_.data() + size,
                                         kept + block_bytes_ - size}));
    if (got == 0) {
      at_end_ = true;
      break;
    }
    size += got;
  }
  return size;
}

// Reads the records in `size` bytes of the block; returns where the one begins
// that is not complete, or `size`.
size_t CsvReader::ScanRecords(CsvBlock* block, size_t begin, size_t size) {
  char* bytes = block->bytes_.data();
  Scan scan{.data = bytes,
            .size = size,
            .at_end = at_end_,
            .finder = SpecialFinder(bytes, size),
            .pos = begin,
            .escaped = {}};
  while (scan.pos < size) {
    const size_t start = scan.pos;
    const char first = bytes[start];
    if (first == '\n') {
      ++scan.pos;
      ++line_;
      continue;
    }
    std::vector<CsvBlock::Field>& fields = block->fields_;
    if (fields.size() - block->field_count_ < kMaxFields) {
      fields.resize(2 * fields.size() + kMaxFields);
    }
    if (scan.Record(fields.data() + block->field_count_) ==
        Scan::End::kIncomplete) {
      if (scan.open_quote) quote_line_ = line_ + scan.quote_lines;
      return start;
    }
    if (first != '\r') {
      if (scan.fault == CsvFault::kNone) scan.Unescape(bytes);
      AddRecord(block, scan.field_count, scan.pos - start, scan.fault);
    }
    line_ += scan.lines;
  }
  return size;
}

// A record whose `fields` fields are already in their place.
void CsvReader::AddRecord(CsvBlock* block, size_t fields, size_t length,
                          CsvFault fault) {
  if (length > kMaxLineBytes) fault = CsvFault::kLineTooLong;
  if (fault != CsvFault::kNone) fields = 0;
  block->records_.push_back(
      {.line = line_,
       .first_field = static_cast<uint32_t>(block->field_count_),
       .field_count = static_cast<uint32_t>(fields),
       .fault = fault});
  block->field_count_ += fields;
}

// What a byte of a line that is too long does to the state of skipping.
void CsvReader::SkipByte(char c) {
  if (skip_ == Skip::kQuoted) {
    if (c == '"') skip_ = Skip::kQuoteInQuoted;
    if (c == '\r' || (c == '\n' && !skip_after_cr_)) ++line_;
    skip_after_cr_ = c == '\r';
  } else if (c == '\n' || c == '\r') {
    ++line_;
    skip_ = c == '\r' ? Skip::kAfterCr : Skip::kNo;
  } else if (c == ',') {
    skip_ = Skip::kFieldStart;
  } else if (c == '"' && skip_ != Skip::kUnquoted) {
    if (skip_ == Skip::kFieldStart) quote_line_ = line_;
    skip_ = Skip::kQuoted;
    skip_after_cr_ = false;
  } else {
    skip_ = Skip::kUnquoted;
  }
}

// Passes over the rest of a line that is too long; returns how many bytes
// belong to it.
size_t CsvReader::SkipToEnd(const char* data, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (skip_ == Skip::kAfterCr) {
      skip_ = Skip::kNo;
      return data[i] == '\n' ? i + 1 : i;
    }
    SkipByte(data[i]);
    if (skip_ == Skip::kNo) return i + 1;
  }
  return size;
}

absl::StatusOr<bool> CsvReader::Next(CsvBlock* block) {
  block->field_count_ = 0;
  block->records_.clear();
  while (block->records_.empty() && !at_end_) {
    TALLY_ASSIGN_OR_RETURN(const size_t size, Fill(block));
    const char* bytes = block->bytes_.data();
    size_t begin = 0;
    if (!started_) {
      started_ = true;
      const std::string_view head(bytes, std::min<size_t>(size, 4));
      TALLY_RETURN_IF_ERROR(CheckBeginning(head));
      if (head.substr(0, 3) == "\xEF\xBB\xBF") begin = 3;
    }
    if (skip_ != Skip::kNo) begin += SkipToEnd(bytes, size);
    if (skip_ != Skip::kNo) continue;
    const size_t rest = ScanRecords(block, begin, size);
    if (size - rest > kMaxLineBytes) {
      AddRecord(block, 0, size - rest, CsvFault::kLineTooLong);
      skip_ = Skip::kFieldStart;
      SkipToEnd(bytes + rest, size - rest);
    } else if (rest < size) {
      carry_.assign(bytes + rest, bytes + size);
    }
  }
  if (at_end_ && (skip_ == Skip::kQuoted || !carry_.empty())) {
    return InputError(
        absl::StrFormat("%s line %d: a quote is opened here and never closed",
                        name_, quote_line_));
  }
  return !block->records_.empty();
}

}  // namespace tally::pseudonymiser
