// JSON: what parses re-encodes to a text that parses to the same value; a
// canonical document re-encodes to the same bytes; no error repeats the input.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/json.h"
#include "base/status.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = tally::AsChars({data, size});
  const auto value = tally::ParseJson(text, 32);
  if (value.ok()) {
    TALLY_CHECK(tally::ParseJson(value->Dump(), 32).value() == *value);
    TALLY_CHECK(tally::ParseJson(value->DumpPretty(), 32).value() == *value);
  }
  const auto canonical = tally::ParseCanonicalJson(text, 1 << 16, 4);
  if (canonical.ok()) {
    TALLY_CHECK(value.status().ok() || size == 0 || text.back() == '\n');
    TALLY_CHECK(tally::DumpCanonicalJson(*canonical) == text);
  }
  return 0;
}
