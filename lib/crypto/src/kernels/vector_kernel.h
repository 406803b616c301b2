#ifndef TALLY_CRYPTO_SRC_KERNELS_VECTOR_KERNEL_H_
#define TALLY_CRYPTO_SRC_KERNELS_VECTOR_KERNEL_H_

// A TokenKernel over the functions of a CPU's file: cuts batches, prepares the
// scalar, checks itself against libsodium, and wipes.
//
// Spec: docs/spec/kernel-v1.md, "Batches" and "Self-check".
// Threading: as TokenKernel; memory is of each call.
// Secrets: reads a scalar once a call, and wipes what it made of it: digits,
// work memory and stack.

#include <array>
#include <cstdint>

#include "crypto/token_kernel.h"
#include "kernels/vector_ops.h"

namespace tally::crypto::kernels {

// A scalar, below 2^253, as 64 signed digits of radix 16, the least first, each
// in [-8, 8). No branch and no address depends on it.
void RecodeScalar(const uint8_t scalar[32], int8_t digits[64]);

// The inverse of two modulo the group's order, as 32 bytes.
extern const std::array<uint8_t, 32> kHalf;

// What the two hashes of every message share.
HashPlan MakeHashPlan();

class VectorKernel final : public TokenKernel {
 public:
  // How many elements there are to one that libsodium computes again.
  static constexpr uint64_t kCheckEvery = 4096;

  // REQUIRES: this CPU can run `ops`, which outlives the kernel. `check_every`
  // is another number in tests only.
  explicit VectorKernel(const VectorOps& ops,
                        uint64_t check_every = kCheckEvery);

  std::string_view name() const override { return ops_.name; }

  // As TokenKernel. kDataLoss if libsodium, asked about one element in
  // check_every, gives another answer: `out` is wiped, and the program must
  // end.
  [[nodiscard]] absl::Status Tokenise(const Scalar& key,
                                      std::span<const NhsMessage> messages,
                                      std::span<uint8_t> out) const override;
  [[nodiscard]] absl::StatusOr<size_t> Convert(
      const Scalar& factor, std::span<const uint8_t> in, std::span<uint8_t> out,
      std::span<uint8_t> rejected) const override;

 private:
  const VectorOps& ops_;
  uint64_t check_every_;
  HashPlan plan_;
};

}  // namespace tally::crypto::kernels

#endif  // TALLY_CRYPTO_SRC_KERNELS_VECTOR_KERNEL_H_
