// A RowBatch: any bytes are refused or decode to a batch that encodes to the
// same bytes.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "unit/wire/random_batch.h"
#include "wire/row_batch_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tally::wire::EveryType;
  static tally::dataset::RecordBatch batch;  // used again, as the hub does
  const std::span<const uint8_t> bytes(data, size);
  (void)tally::wire::PeekRowBatch(bytes);
  const absl::Status status = tally::wire::DecodeRowBatch(
      EveryType(), {1000, tally::wire::kToday}, bytes, batch);
  if (!status.ok()) {
    if (!tally::DetailOf(status)) std::abort();
    return 0;
  }
  std::string again;
  if (!tally::wire::EncodeRowBatch(EveryType(), batch, again).ok() ||
      again != tally::AsChars(bytes)) {
    std::abort();
  }
  return 0;
}
