#include "crypto/token_converter.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/status.h"
#include "crypto/wiped_bytes.h"

namespace tally::crypto {
namespace {

// The same conversion, whatever the stage.
bool SameRoute(FactorInfo a, FactorInfo b) {
  a.stage = b.stage;
  return a == b;
}

}  // namespace

absl::StatusOr<TokenConverter> TokenConverter::Create(
    std::vector<const ConversionFactor*> factors, const TokenKernel& kernel) {
  const auto mismatch = [](std::string message) {
    return Error(Reason::kFactorMismatch, std::move(message));
  };
  if (factors.empty()) return mismatch("a conversion needs a factor");
  for (size_t i = 0; i < factors.size(); ++i) {
    const FactorInfo& info = factors[i]->info();
    if (!SameRoute(info, factors[0]->info())) {
      return mismatch("the factors of a conversion belong to different keys");
    }
    if (info.stage != i + 1 || info.stages != factors.size()) {
      return mismatch("a conversion needs all its stages, in order");
    }
  }
  return TokenConverter(std::move(factors), kernel);
}

TokenConverter::TokenConverter(std::vector<const ConversionFactor*> factors,
                               const TokenKernel& kernel)
    : factors_(std::move(factors)), kernel_(&kernel) {}

absl::StatusOr<size_t> TokenConverter::Convert(
    std::span<const uint8_t> in, std::span<uint8_t> out,
    std::span<uint8_t> rejected) const {
  TALLY_ASSIGN_OR_RETURN(
      size_t count, kernel_->ConvertBatch(*factors_[0], in, out, rejected));
  // Later stages work in place; what one stage rejected is zero bytes, which
  // the next rejects too.
  for (size_t stage = 1; stage < factors_.size(); ++stage) {
    TALLY_ASSIGN_OR_RETURN(
        count, kernel_->ConvertBatch(*factors_[stage], out, out, rejected));
  }
  return count;
}

}  // namespace tally::crypto
