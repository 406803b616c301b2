// Run under valgrind: multiplies by a scalar whose bytes memcheck takes for
// undefined, so that a branch or an address that depends on it is reported.
//
//   poisoned_scalar KERNEL   libsodium, avx2, five or ten (emulated lanes)
//   poisoned_scalar leak     branches on the scalar: must be reported
//
// What comes out is declared defined before it is compared.

#include <sodium.h>
#include <valgrind/memcheck.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "kernels/batch.h"
#include "kernels/field_10.h"
#include "kernels/field_5.h"
#include "kernels/vector_kernel.h"
#include "lanes_for_tests.h"

namespace tally::crypto {
namespace {

using kernels::VectorOps;

template <typename F>
constexpr VectorOps EmulatedOps(const char* name) {
  using B = kernels::Batch<F>;
  return {name, B::kTokens, sizeof(typename B::Work), &B::Tokenise,
          &B::Convert};
}
constexpr VectorOps kFive =
    EmulatedOps<kernels::Field5<EmulatedLanes<8>>>("five");
constexpr VectorOps kTen =
    EmulatedOps<kernels::Field10<EmulatedLanes<4>>>("ten");

constexpr size_t kTokens = 9;
constexpr int kSkipped = 77;

void Halve(const uint8_t* scalar, int8_t* digits) {
  uint8_t half[32];
  crypto_core_ristretto255_scalar_mul(half, scalar, kernels::kHalf.data());
  kernels::RecodeScalar(half, digits);
}

int Run(std::string_view what) {
  const VectorOps* ops = what == "five" ? &kFive : &kTen;
#ifdef TALLY_X86_KERNELS
  if (what == "avx2") {
    if (!__builtin_cpu_supports("avx2")) return kSkipped;
    ops = &kernels::kAvx2Ops;
  }
#else
  if (what == "avx2") return kSkipped;
#endif
  uint8_t scalar[32];
  uint8_t in[32 * kTokens], right[32 * kTokens], out[32 * kTokens];
  crypto_core_ristretto255_scalar_random(scalar);
  for (size_t i = 0; i < kTokens; ++i) {
    crypto_core_ristretto255_random(in + 32 * i);
    if (crypto_scalarmult_ristretto255(right + 32 * i, scalar, in + 32 * i) !=
        0) {
      return 2;
    }
  }
  VALGRIND_MAKE_MEM_UNDEFINED(scalar, sizeof(scalar));
  if (what == "leak") {
    if (scalar[3] & 4) std::puts("a branch on the scalar");
    return 0;
  }
  if (what == "libsodium") {
    for (size_t i = 0; i < kTokens; ++i) {
      [[maybe_unused]] const int failed =
          crypto_scalarmult_ristretto255(out + 32 * i, scalar, in + 32 * i);
    }
    // As the portable kernel hashes the messages of a source.
    uint8_t message[10], wide[64], element[32];
    std::memset(message, '7', sizeof(message));
    VALGRIND_MAKE_MEM_UNDEFINED(message, sizeof(message));
    crypto_hash_sha512(wide, message, sizeof(message));
    crypto_core_ristretto255_from_hash(element, wide);
  } else {
    int8_t digits[64];
    uint8_t rejected[kTokens];
    Halve(scalar, digits);
    void* work = std::aligned_alloc(64, (ops->work_bytes + 63) / 64 * 64);
    ops->convert(digits, in, kTokens, out, rejected, work);
    // Messages of a source are no less secret.
    uint8_t messages[10 * kTokens];
    std::memset(messages, '7', sizeof(messages));
    VALGRIND_MAKE_MEM_UNDEFINED(messages, sizeof(messages));
    uint8_t tokens[32 * kTokens];
    const kernels::HashPlan plan = kernels::MakeHashPlan();
    ops->tokenise(plan, digits, messages, kTokens, tokens, work);
    std::free(work);
  }
  VALGRIND_MAKE_MEM_DEFINED(out, sizeof(out));
  return std::memcmp(out, right, sizeof(out)) == 0 ? 0 : 2;
}

}  // namespace
}  // namespace tally::crypto

int main(int argc, char** argv) {
  if (argc != 2 || sodium_init() < 0) return 2;
  return tally::crypto::Run(argv[1]);
}
