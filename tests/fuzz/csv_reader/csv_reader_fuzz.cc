// The fast CSV reader against the slow one, at a block size that the input
// chooses: the same records, the same lines, the same faults.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "unit/pseudonymiser/slow_csv.h"
#include "unit/pseudonymiser/text_source.h"

namespace tally::pseudonymiser {
namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

bool IsOtherFormat(const std::string& text) {
  for (const char* magic : {"\xFF\xFE", "\xFE\xFF", "\x1F\x8B", "PK\x03\x04",
                            "PAR1", "\x28\xB5\x2F\xFD"}) {
    if (text.rfind(magic, 0) == 0) return true;
  }
  return false;
}

void Compare(const std::string& text, size_t block_bytes) {
  TextSource source(text);
  CsvReader reader("fuzz", source, block_bytes);
  CsvBlock block;
  std::vector<CsvRow> rows;
  absl::StatusOr<bool> more = true;
  while ((more = reader.Next(&block)).ok() && *more) {
    for (const CsvRecord& record : block.records()) {
      CsvRow row{.line = record.line, .fault = record.fault, .fields = {}};
      for (size_t i = 0; i < record.field_count; ++i) {
        row.fields.emplace_back(block.field(record, i));
      }
      rows.push_back(std::move(row));
    }
  }
  if (IsOtherFormat(text)) {
    Require(!more.ok());
    return;
  }
  SlowCsv slow(text);
  const std::vector<CsvRow> expected = slow.Read();
  Require(more.ok() != slow.open_quote());
  // The slow reader has no limits: inputs stay below them.
  if (more.ok()) Require(rows == expected);
}

}  // namespace
}  // namespace tally::pseudonymiser

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1 || size > 400) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  tally::pseudonymiser::Compare(text, 1 + data[0]);
  tally::pseudonymiser::Compare(text, 1 << 20);
  return 0;
}
