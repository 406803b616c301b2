// Run under valgrind: a kernel as programs run it, with a key and with NHS
// Numbers whose bytes memcheck takes for undefined, so that a branch or an
// address that depends on them is reported.
//
//   poisoned_scalar KERNEL        portable, avx2, five or ten (emulated lanes)
//   poisoned_scalar leak_key      a kernel that branches on the key, the
//   poisoned_scalar leak_factor   factor or a number: must be reported
//   poisoned_scalar leak_number
//
// What comes out is declared defined before it is compared.

#include <sodium.h>
#include <valgrind/memcheck.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "crypto/init.h"
#include "internal/secret_peek.h"
#include "kernels/batch.h"
#include "kernels/field_10.h"
#include "kernels/field_5.h"
#include "kernels/vector_kernel.h"
#include "lanes_for_tests.h"

namespace tally::crypto {
namespace {

using kernels::VectorKernel;
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

// Right answers, and one branch.
class LeakyKernel final : public TokenKernel {
 public:
  explicit LeakyKernel(std::string_view of) : of_(of) {}
  std::string_view name() const override { return "leaky"; }
  absl::Status Tokenise(const Scalar& key, std::span<const NhsMessage> messages,
                        std::span<uint8_t> out) const override {
    if (of_ == "leak_key") Branch(internal::SecretPeek::View(key).data()[3]);
    if (of_ == "leak_number") {
      Branch(static_cast<uint8_t>(messages.back().digits()[9]));
    }
    return PortableKernel().Tokenise(key, messages, out);
  }
  absl::StatusOr<size_t> Convert(const Scalar& factor,
                                 std::span<const uint8_t> in,
                                 std::span<uint8_t> out,
                                 std::span<uint8_t> rejected) const override {
    if (of_ == "leak_factor") {
      Branch(internal::SecretPeek::View(factor).data()[3]);
    }
    return PortableKernel().Convert(factor, in, out, rejected);
  }

 private:
  static void Branch(uint8_t byte) {
    if (byte & 4) std::puts("a branch on a secret");
  }
  const std::string_view of_;
};

// Null if this CPU lacks it.
std::unique_ptr<const TokenKernel> MakeKernel(std::string_view what) {
  // One token in so many is computed again and compared: none.
  constexpr uint64_t kNever = UINT64_MAX;
  if (what == "five") return std::make_unique<VectorKernel>(kFive, kNever);
  if (what == "ten") return std::make_unique<VectorKernel>(kTen, kNever);
#ifdef TALLY_X86_KERNELS
  if (what == "avx2" && __builtin_cpu_supports("avx2")) {
    return std::make_unique<VectorKernel>(kernels::kAvx2Ops, kNever);
  }
#endif
  if (what.starts_with("leak_")) return std::make_unique<LeakyKernel>(what);
  return nullptr;
}

struct Answers {
  std::vector<uint8_t> tokens = std::vector<uint8_t>(32 * kTokens);
  std::vector<uint8_t> converted = std::vector<uint8_t>(32 * kTokens);
  std::vector<uint8_t> rejected = std::vector<uint8_t>(kTokens);
  bool operator==(const Answers&) const = default;
};

bool Compute(const TokenKernel& kernel, const Scalar& scalar,
             std::span<const NhsMessage> messages, std::span<const uint8_t> in,
             Answers& out) {
  return kernel.Tokenise(scalar, messages, out.tokens).ok() &&
         kernel.Convert(scalar, in, out.converted, out.rejected).ok();
}

bool IsRight(const TokenKernel& kernel) {
  const Scalar scalar = Scalar::Random().value();
  std::vector<NhsMessage> messages(kTokens,
                                   NhsMessage::Create("7777777777").value());
  std::vector<uint8_t> in(32 * kTokens);
  for (size_t i = 0; i < kTokens; ++i) {
    crypto_core_ristretto255_random(in.data() + 32 * i);
  }
  Answers right, out;
  if (!Compute(PortableKernel(), scalar, messages, in, right)) return false;
  // Open until the end: what memcheck knows of a page ends when it is closed.
  const SecretView view = internal::SecretPeek::View(scalar);
  VALGRIND_MAKE_MEM_UNDEFINED(view.data(), view.size());
  VALGRIND_MAKE_MEM_UNDEFINED(messages.data(),
                              messages.size() * sizeof(messages[0]));
  const bool computed = Compute(kernel, scalar, messages, in, out);
  VALGRIND_MAKE_MEM_DEFINED(view.data(), view.size());
  for (const auto* bytes : {&out.tokens, &out.converted, &out.rejected}) {
    VALGRIND_MAKE_MEM_DEFINED(bytes->data(), bytes->size());
  }
  return computed && out == right;
}

int Run(std::string_view what) {
  if (what == "portable") return IsRight(PortableKernel()) ? 0 : 2;
  const auto kernel = MakeKernel(what);
  if (kernel == nullptr) return kSkipped;
  return IsRight(*kernel) ? 0 : 2;
}

}  // namespace
}  // namespace tally::crypto

int main(int argc, char** argv) {
  if (argc != 2 || !tally::crypto::InitCrypto().ok()) return 2;
  return tally::crypto::Run(argv[1]);
}
