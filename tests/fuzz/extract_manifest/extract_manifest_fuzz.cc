// Signed documents: a manifest, receipt or release manifest that parses is
// written with the same bytes; a dictionary that parses is stable.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/bytes.h"
#include "dataset/dictionary.h"
#include "dataset/extract_manifest.h"
#include "dataset/receipt.h"
#include "dataset/release_manifest.h"

namespace {

template <typename Document>
void CheckSame(std::string_view text) {
  const auto parsed = Document::Parse(text);
  if (parsed.ok() && parsed->ToJson() != text) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = tally::AsChars({data, size});
  CheckSame<tally::dataset::ExtractManifest>(text);
  CheckSame<tally::dataset::Receipt>(text);
  CheckSame<tally::dataset::ReleaseManifest>(text);
  const auto dictionary = tally::dataset::Dictionary::Parse(text);
  if (dictionary.ok()) {
    const auto again = tally::dataset::Dictionary::Parse(dictionary->ToJson());
    if (!again.ok() || again->ToJson() != dictionary->ToJson()) std::abort();
  }
  return 0;
}
