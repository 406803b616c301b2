// Elements and scalars: the strict decoders agree with each other, with
// libsodium's stricter half, and with the bulk path; what decodes re-encodes to
// the same bytes.

#include <sodium.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/status.h"
#include "crypto/element.h"
#include "crypto/init.h"
#include "crypto/scalar.h"
#include "crypto/token.h"
#include "crypto/token_kernel.h"

namespace tally::crypto {
namespace {

const Scalar& Two() {
  static const Scalar& two = *[] {
    TALLY_CHECK(InitCrypto().ok());
    std::array<uint8_t, 32> bytes{2};
    return new Scalar(Scalar::TakeFrom(bytes).value());
  }();
  return two;
}

void CheckElement(std::span<const uint8_t> bytes) {
  const auto element = Element::Decode(bytes);
  if (element.ok()) {
    TALLY_CHECK(std::ranges::equal(element->bytes(), bytes));
    TALLY_CHECK(crypto_core_ristretto255_is_valid_point(bytes.data()) == 1);
    TALLY_CHECK(SourceToken::Create(bytes).ok());
    // Doubling as a sum and as a product is one element.
    std::array<uint8_t, 32> sum;
    TALLY_CHECK(crypto_core_ristretto255_add(sum.data(), bytes.data(),
                                             bytes.data()) == 0);
    TALLY_CHECK(std::ranges::equal(Multiply(Two(), *element)->bytes(), sum));
  }
  if (bytes.size() != 32) {
    TALLY_CHECK(!element.ok());
    return;
  }
  std::array<uint8_t, 32> out;
  uint8_t rejected = 9;
  const auto count =
      PortableKernel().Convert(Two(), bytes, out, {&rejected, 1});
  TALLY_CHECK(count.ok() && *count == rejected);
  TALLY_CHECK((rejected == 0) == element.ok());
}

void CheckScalar(std::span<const uint8_t> bytes) {
  std::vector<uint8_t> copy(bytes.begin(), bytes.end());
  const bool strict = Scalar::TakeFrom(copy).ok();
  TALLY_CHECK(std::ranges::all_of(copy, [](uint8_t b) { return b == 0; }));
  if (bytes.size() != 32) {
    TALLY_CHECK(!strict);
    return;
  }
  std::array<uint8_t, 64> wide{};
  std::ranges::copy(bytes, wide.begin());
  std::array<uint8_t, 32> reduced;
  crypto_core_ristretto255_scalar_reduce(reduced.data(), wide.data());
  const bool same = std::ranges::equal(reduced, bytes);
  const bool zero =
      std::ranges::all_of(bytes, [](uint8_t b) { return b == 0; });
  TALLY_CHECK(strict == (same && !zero));
}

}  // namespace
}  // namespace tally::crypto

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tally::crypto::Two();
  const std::span<const uint8_t> bytes(data, size);
  tally::crypto::CheckElement(bytes);
  tally::crypto::CheckScalar(bytes);
  // Packed lists: the summary agrees with one by one.
  const bool all_fine = tally::crypto::CheckTokenBytes(bytes).ok();
  bool each_fine = size % 32 == 0;
  for (size_t at = 0; each_fine && at < size; at += 32) {
    each_fine =
        !tally::crypto::CheckElementBytes(bytes.subspan(at, 32)).has_value();
  }
  TALLY_CHECK(all_fine == each_fine);
  return 0;
}
