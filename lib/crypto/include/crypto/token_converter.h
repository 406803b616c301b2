#ifndef TALLY_CRYPTO_TOKEN_CONVERTER_H_
#define TALLY_CRYPTO_TOKEN_CONVERTER_H_

// Source tokens to hub tokens, through every stage of conversion.
//
// Role: the hub. A conversion is always a list of factors, one per stage;
// today the list has one. Sees tokens, never a number or a source key.
// Spec: docs/spec/token-v1.md, "Parties and secrets", "Derivations".
// Threading: const functions from several threads.
// Secrets: refers to factors; the results are hub tokens.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/keys.h"
#include "crypto/token_kernel.h"

namespace tally::crypto {

class TokenConverter {
 public:
  // The factors of one source, one epoch and one hub epoch: stages 1 to n of n,
  // in order. Anything else is kFailedPrecondition, FACTOR_MISMATCH. Factors
  // and kernel must outlive the converter.
  [[nodiscard]] static absl::StatusOr<TokenConverter> Create(
      std::vector<const ConversionFactor*> factors, const TokenKernel& kernel);

  const FactorInfo& info() const { return factors_.back()->info(); }

  // As TokenKernel::Convert, through all stages; a token that any stage
  // rejects is rejected. `out` may be `in`.
  [[nodiscard]] absl::StatusOr<size_t> Convert(
      std::span<const uint8_t> in, std::span<uint8_t> out,
      std::span<uint8_t> rejected) const;

 private:
  TokenConverter(std::vector<const ConversionFactor*> factors,
                 const TokenKernel& kernel);
  std::vector<const ConversionFactor*> factors_;
  const TokenKernel* kernel_;
};

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_TOKEN_CONVERTER_H_
