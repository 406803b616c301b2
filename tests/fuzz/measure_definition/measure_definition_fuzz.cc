// Definition files: what parses has an id, a digest and a page of text, and
// never aborts.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "analytics/measures/definition.h"
#include "base/bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = tally::AsChars({data, size});
  const auto definition =
      tally::analytics::MeasureDefinition::Parse(text, "fuzz.toml");
  if (!definition.ok()) return 0;
  if (definition->id().size() != 3 || definition->sha256().size() != 64 ||
      definition->stage() < 1 || definition->stage() > 8 ||
      !definition->ToMarkdown().starts_with("# ")) {
    std::abort();
  }
  return 0;
}
