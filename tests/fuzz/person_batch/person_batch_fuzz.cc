// A PersonBatch: any bytes are refused or encode to the same bytes.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "wire/person_batch_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  const auto view = tally::wire::DecodePersonBatch(bytes);
  if (!view.ok()) {
    if (!tally::DetailOf(view.status())) std::abort();
    return 0;
  }
  if (view->tokens.size() != 32 * view->size()) std::abort();
  std::string again;
  if (!tally::wire::EncodePersonBatch(*view, again).ok() ||
      again != tally::AsChars(bytes)) {
    std::abort();
  }
  return 0;
}
