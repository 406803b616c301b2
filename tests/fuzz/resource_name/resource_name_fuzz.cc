// Resource names: what parses prints as the same text.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/bytes.h"
#include "dataset/resource_name.h"

namespace ds = tally::dataset;

namespace {

template <typename Name>
void CheckSame(const absl::StatusOr<Name>& parsed, std::string_view text) {
  if (parsed.ok() && parsed->ToText() != text) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = tally::AsChars({data, size});
  CheckSame(ds::ParseSourceName(text), text);
  CheckSame(ds::ParseExtractName(text), text);
  CheckSame(ds::ParseProjectName(text), text);
  CheckSame(ds::ParseAgreementName(text), text);
  CheckSame(ds::ParseReleaseName(text), text);
  const auto file = ds::ParseFileName(text);
  CheckSame(file, text);
  if (file.ok() && (file->path.find("..") == 0 || file->path[0] == '/')) {
    std::abort();
  }
  CheckSame(ds::ExtractId::Parse(text), text);
  CheckSame(ds::ReleaseId::Parse(text), text);
  return 0;
}
