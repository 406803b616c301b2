#ifndef TALLY_CRYPTO_TOKEN_KERNEL_H_
#define TALLY_CRYPTO_TOKEN_KERNEL_H_

// The batch kernel: many tokens at once, on the calling thread.
//
// Role: sources tokenise, the hub converts. One interface, one file per kind of
// CPU below lib/crypto/src/kernels/. The portable kernel over libsodium is the
// reference that every other must equal bit for bit; docs/spec/kernel-v1.md
// says how the others compute. Spec: docs/spec/token-v1.md, "Derivations",
// "Strict decoding". Threading: const functions from several threads; threads
// are the caller's (WorkerPool). Blocks of 256 to 4,096 tokens are a good
// grain. Secrets: scalars are read from guarded memory once a batch; no branch
// and no address depends on them. Token buffers are the caller's: use
// WipedBytes.

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/element.h"
#include "crypto/keys.h"
#include "crypto/scalar.h"
#include "crypto/token.h"

namespace tally::crypto {

// An NHS Number on its way into a token: ten ASCII digits, nothing checked
// beyond that. Which numbers may be tokenised is the pseudonymiser's rule.
class NhsMessage {
 public:
  static constexpr size_t kDigits = 10;
  // kInvalidArgument unless exactly ten ASCII digits.
  [[nodiscard]] static absl::StatusOr<NhsMessage> Create(
      std::string_view ten_digits);
  const std::array<char, kDigits>& digits() const { return digits_; }

 private:
  NhsMessage() = default;
  std::array<char, kDigits> digits_;
};
void PrintTo(const NhsMessage&, std::ostream* out);
std::ostream& operator<<(std::ostream&, const NhsMessage&) = delete;

class TokenKernel {
 public:
  virtual ~TokenKernel() = default;

  // "portable", "avx2", "avx512ifma". Logged and shown by doctor.
  virtual std::string_view name() const = 0;

  // `out[i] = key . HashToGroup(message i)`, 32 bytes each.
  // REQUIRES: out.size() == 32 * messages.size().
  // kInternal if an element comes out as the identity (chance 2^-252).
  // kDataLoss if a kernel's own check fails: the program must end.
  // Cost: about 62 us a token with libsodium, 20 with AVX2, 6 with AVX-512 IFMA
  // (docs/performance.md). Callers with a SourceKey use
  // TokeniseBatch() of "crypto/source_key.h".
  [[nodiscard]] virtual absl::Status Tokenise(
      const Scalar& key, std::span<const NhsMessage> messages,
      std::span<uint8_t> out) const = 0;

  // `out[i] = factor . in[i]`. A token that is not a strict encoding gets
  // rejected[i] = 1 and 32 zero bytes, others rejected[i] = 0; neighbours are
  // right. `out` may be `in` itself, but may not overlap it otherwise.
  // REQUIRES: in.size() == out.size() == 32 * rejected.size().
  // Returns how many were rejected; kDataLoss if a kernel's own check fails:
  // the program must end. Cost: about 48 us a token with libsodium, 18 with
  // AVX2, 6 with AVX-512 IFMA.
  [[nodiscard]] virtual absl::StatusOr<size_t> Convert(
      const Scalar& factor, std::span<const uint8_t> in, std::span<uint8_t> out,
      std::span<uint8_t> rejected) const = 0;

  // Convert with a conversion factor, as the hub does.
  [[nodiscard]] absl::StatusOr<size_t> ConvertBatch(
      const ConversionFactor& factor, std::span<const uint8_t> in,
      std::span<uint8_t> out, std::span<uint8_t> rejected) const {
    return Convert(factor.scalar(), in, out, rejected);
  }
};

// The reference kernel. Never destroyed.
const TokenKernel& PortableKernel();

// The kernels that this build has and this CPU runs, the fastest first; the
// portable one is the last. Never destroyed.
std::span<const TokenKernel* const> AvailableKernels();

// The kernel that configuration and CPU call for. `configured` is the setting
// limits.kernel: "auto" (or empty: the first of AvailableKernels()),
// "portable", "avx2", "avx512ifma". The environment variable TALLY_KERNEL, when
// set, takes its place. A kernel that this build or this CPU lacks, and any
// other word, is kInvalidArgument (exit 2): a forced path is never replaced in
// silence.
[[nodiscard]] absl::StatusOr<const TokenKernel*> SelectKernel(
    std::string_view configured);

// Runs the rows of the published vectors and 141 random numbers and elements
// (a full batch and a part of one: every lane) through `kernel`, as tokens and
// as conversions, and compares with libsodium; random tokens of "portable",
// which calls libsodium, only with its own. kDataLoss (exit 11) on any
// difference: the program must end. About 20 ms with AVX-512, 25 with AVX2, 40
// portable. Every program runs it at start.
[[nodiscard]] absl::Status SelfTestKernel(const TokenKernel& kernel);

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_TOKEN_KERNEL_H_
