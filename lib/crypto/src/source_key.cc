#include "crypto/source_key.h"

#include <algorithm>
#include <ostream>
#include <utility>
#include <vector>

#include "base/exit_code.h"
#include "base/status.h"
#include "crypto/hash_to_group.h"

namespace tally::crypto {
namespace {

// The first sixteen numbers with a right check digit of the range from
// 999 000 0000, which is never issued.
constexpr std::array<std::string_view, kCanaryCount> kCanaryNumbers = {
    "9990000018", "9990000026", "9990000034", "9990000042",
    "9990000050", "9990000069", "9990000077", "9990000085",
    "9990000093", "9990000107", "9990000115", "9990000123",
    "9990000131", "9990000158", "9990000166", "9990000174"};

}  // namespace

SourceKey::SourceKey(KeyInfo info, Secret32 seed, Scalar scalar,
                     const Element& public_key)
    : info_(std::move(info)),
      seed_(std::move(seed)),
      scalar_(std::move(scalar)),
      public_key_(public_key) {}

absl::StatusOr<SourceKey> SourceKey::Generate(KeyInfo info) {
  TALLY_ASSIGN_OR_RETURN(Secret32 seed, Secret32::Random());
  return FromSeed(std::move(info), std::move(seed));
}

absl::StatusOr<SourceKey> SourceKey::FromSeed(KeyInfo info, Secret32 seed) {
  if (info.role != KeyRole::kSource) {
    return UsageError("a source key has the role source");
  }
  TALLY_ASSIGN_OR_RETURN(Scalar scalar, DerivePrivateKey(seed, info));
  TALLY_ASSIGN_OR_RETURN(const Element public_key, MultiplyBase(scalar));
  return SourceKey(std::move(info), std::move(seed), std::move(scalar),
                   public_key);
}

LocalTokenKey::LocalTokenKey(SourceKey key, const TokenKernel& kernel)
    : key_(std::move(key)), kernel_(&kernel) {}

absl::Status LocalTokenKey::Tokenise(std::span<const NhsMessage> messages,
                                     std::span<uint8_t> out) const {
  return kernel_->Tokenise(key_.scalar(), messages, out);
}

absl::StatusOr<CanaryProof> LocalTokenKey::ProveCanary() const {
  return MakeCanaryProof(key_);
}

absl::Status TokeniseBatch(const TokenKernel& kernel, const SourceKey& key,
                           std::span<const NhsMessage> messages,
                           std::span<uint8_t> out) {
  return kernel.Tokenise(key.scalar(), messages, out);
}

absl::StatusOr<CanaryProof> MakeCanaryProof(const SourceKey& key) {
  std::vector<Element> inputs;
  std::vector<Element> tokens;
  CanaryProof out;
  for (size_t i = 0; i < kCanaryCount; ++i) {
    TALLY_ASSIGN_OR_RETURN(const WipedBytes message,
                           EncodeMessage(kNhsNumberKind, kCanaryNumbers[i]));
    TALLY_ASSIGN_OR_RETURN(const Element input, HashToGroup(message));
    TALLY_ASSIGN_OR_RETURN(const Element token, Multiply(key.scalar(), input));
    std::copy(token.bytes().begin(), token.bytes().end(),
              out.tokens.begin() + static_cast<ptrdiff_t>(i * Element::kSize));
    inputs.push_back(input);
    tokens.push_back(token);
  }
  TALLY_ASSIGN_OR_RETURN(
      out.proof, ProveDleq(key.scalar(), key.public_key(), inputs, tokens));
  return out;
}

std::span<const std::string_view, kCanaryCount> CanaryNumbers() {
  return kCanaryNumbers;
}

bool IsCanaryNumber(std::string_view ten_digits) {
  return std::find(kCanaryNumbers.begin(), kCanaryNumbers.end(), ten_digits) !=
         kCanaryNumbers.end();
}

void PrintTo(const SourceKey&, std::ostream* out) { *out << "[redacted]"; }

}  // namespace tally::crypto
