// A specification file: any bytes give a specification or an error, and what
// parses is consistent with itself.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/bytes.h"
#include "dataset/dictionary.h"
#include "dataset/record_batch.h"
#include "dataset/specification.h"

using tally::dataset::ColumnSpec;
using tally::dataset::Specification;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 64 * 1024) return 0;
  const std::string_view text = tally::AsChars({data, size});
  const auto parsed = Specification::Parse(text, "fuzz.toml");
  if (!parsed.ok()) {
    if (parsed.status().message().empty()) std::abort();
    return 0;
  }
  if (parsed->columns().empty() || parsed->columns().size() > 512) std::abort();
  for (size_t i = 0; i < parsed->columns().size(); ++i) {
    const ColumnSpec& column = parsed->columns()[i];
    if (parsed->FindColumn(column.name) != i) std::abort();
    if (!parsed->FindInput(column.input())) std::abort();
    tally::dataset::DictionaryColumn::From(column);
    column.AdmitsTenDigits();
  }
  for (size_t i = 0; i < parsed->inputs().size(); ++i) {
    if (parsed->FindInputByHeader(parsed->inputs()[i].name) != i) std::abort();
  }
  const auto batch = tally::dataset::RecordBatch::For(*parsed);
  if (batch.columns.size() != parsed->columns().size()) std::abort();
  return 0;
}
