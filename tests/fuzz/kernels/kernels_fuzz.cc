// Every kernel on the same bytes: the verdicts and tokens of all that this CPU
// runs, and of both fields on emulated lanes, are the portable kernel's.
//
// Input: 32 bytes of a scalar (reduced), then up to twelve tokens of 32 bytes
// each. The same bytes make the digits of as many messages. How many zero
// tokens stand before the first follows from the first byte of the scalar, so
// that every lane sees every token; how long the list is, at the most 151, from
// the second: the tokens are repeated. Written in place and apart.

#include <sodium.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/status.h"
#include "crypto/init.h"
#include "crypto/token_kernel.h"
#include "kernels/batch.h"
#include "kernels/field_10.h"
#include "kernels/field_5.h"
#include "kernels/vector_kernel.h"
#include "lanes_for_tests.h"

namespace tally::crypto {
namespace {

constexpr size_t kMostDrawn = 12;

template <typename F>
constexpr kernels::VectorOps EmulatedOps(const char* name) {
  using B = kernels::Batch<F>;
  return {name, B::kTokens, sizeof(typename B::Work), &B::Tokenise,
          &B::Convert};
}
constexpr kernels::VectorOps kFive =
    EmulatedOps<kernels::Field5<EmulatedLanes<8>>>("five limbs");
constexpr kernels::VectorOps kTen =
    EmulatedOps<kernels::Field10<EmulatedLanes<4>>>("ten limbs");

const std::vector<const TokenKernel*>& Rivals() {
  static const auto& rivals = *[] {
    TALLY_CHECK(InitCrypto().ok());
    auto* all = new std::vector<const TokenKernel*>(AvailableKernels().begin(),
                                                    AvailableKernels().end());
    all->push_back(new kernels::VectorKernel(kFive));
    all->push_back(new kernels::VectorKernel(kTen));
    return all;
  }();
  return rivals;
}

void Convert(const Scalar& scalar, std::span<const uint8_t> in) {
  std::vector<uint8_t> right(in.size());
  std::vector<uint8_t> verdicts(in.size() / 32);
  const auto count = PortableKernel().Convert(scalar, in, right, verdicts);
  TALLY_CHECK(count.ok());
  for (const TokenKernel* kernel : Rivals()) {
    std::vector<uint8_t> out(in.begin(), in.end());
    std::vector<uint8_t> rejected(verdicts.size(), 9);
    const auto bad = kernel->Convert(scalar, out, out, rejected);
    TALLY_CHECK(bad.ok() && *bad == *count);
    TALLY_CHECK(out == right && rejected == verdicts);
    // Apart, with a byte on each side that must stay.
    std::vector<uint8_t> apart(in.size() + 2, 0xa5);
    std::fill(rejected.begin(), rejected.end(), 9);
    const auto again = kernel->Convert(
        scalar, in, std::span(apart).subspan(1, in.size()), rejected);
    TALLY_CHECK(again.ok() && *again == *count && rejected == verdicts);
    TALLY_CHECK(apart.front() == 0xa5 && apart.back() == 0xa5);
    TALLY_CHECK(std::equal(right.begin(), right.end(), apart.begin() + 1));
  }
}

void Tokenise(const Scalar& scalar, std::span<const uint8_t> in) {
  std::vector<NhsMessage> messages;
  for (size_t at = 0; at + 32 <= in.size(); at += 32) {
    std::array<char, 10> digits;
    for (size_t i = 0; i < digits.size(); ++i) {
      digits[i] = static_cast<char>('0' + in[at + i] % 10);
    }
    messages.push_back(
        NhsMessage::Create({digits.data(), digits.size()}).value());
  }
  std::vector<uint8_t> right(32 * messages.size());
  TALLY_CHECK(PortableKernel().Tokenise(scalar, messages, right).ok());
  for (const TokenKernel* kernel : Rivals()) {
    std::vector<uint8_t> out(right.size() + 2, 0xa5);
    TALLY_CHECK(kernel
                    ->Tokenise(scalar, messages,
                               std::span(out).subspan(1, right.size()))
                    .ok());
    TALLY_CHECK(out.front() == 0xa5 && out.back() == 0xa5);
    TALLY_CHECK(std::equal(right.begin(), right.end(), out.begin() + 1));
  }
}

}  // namespace
}  // namespace tally::crypto

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tally::crypto::Rivals;
  using tally::crypto::Scalar;
  Rivals();
  if (size < 32) return 0;
  std::array<uint8_t, 64> wide{};
  std::copy(data, data + 32, wide.begin());
  std::array<uint8_t, 32> reduced;
  crypto_core_ristretto255_scalar_reduce(reduced.data(), wide.data());
  auto scalar = Scalar::TakeFrom(reduced);
  if (!scalar.ok()) return 0;  // zero
  // Zero bytes first: bad tokens, and the same message.
  std::vector<uint8_t> tokens(32 * (data[0] % 9));
  const size_t count = std::min((size - 32) / 32, tally::crypto::kMostDrawn);
  tokens.insert(tokens.end(), data + 32, data + 32 + 32 * count);
  // One list in four ends near the end of the largest batch, 128, or in the
  // next one. Not all do: long ones cost a fuzzer its speed.
  if (data[1] % 4 == 1 && count > 0) {
    const size_t wanted = 32 * (120 + data[1] / 8);
    while (tokens.size() < wanted) {
      tokens.insert(tokens.end(), data + 32, data + 32 + 32 * count);
    }
    tokens.resize(wanted);
  }
  tally::crypto::Convert(*scalar, tokens);
  tally::crypto::Tokenise(*scalar, tokens);
  return 0;
}
