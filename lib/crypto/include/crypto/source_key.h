#ifndef TALLY_CRYPTO_SOURCE_KEY_H_
#define TALLY_CRYPTO_SOURCE_KEY_H_

// A source's key, and the interface behind which it may live elsewhere.
//
// Role: sources only. The hub includes neither this header nor its object
// code: for it there is no such thing as a source key.
// Spec: docs/spec/token-v1.md, "Derivations".
// Threading: const functions from several threads.
// Secrets: seed and scalar. Whoever has them and tokens made with them tries
// out all NHS Numbers in half an hour.

#include <array>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/canary.h"
#include "crypto/element.h"
#include "crypto/key_id.h"
#include "crypto/private_key.h"
#include "crypto/scalar.h"
#include "crypto/secret.h"
#include "crypto/token.h"
#include "crypto/token_kernel.h"

namespace tally::crypto {

class SourceKey {
 public:
  // A fresh seed. kInvalidArgument if `info` is not a valid source's.
  [[nodiscard]] static absl::StatusOr<SourceKey> Generate(KeyInfo info);
  [[nodiscard]] static absl::StatusOr<SourceKey> FromSeed(KeyInfo info,
                                                          Secret32 seed);
  SourceKey(SourceKey&&) noexcept = default;
  SourceKey& operator=(SourceKey&&) noexcept = default;

  const KeyInfo& info() const { return info_; }
  const Element& public_key() const { return public_key_; }
  KeyId key_id() const { return KeyId::OfPublic(public_key_.bytes()); }
  const Secret32& seed() const { return seed_; }
  const Scalar& scalar() const { return scalar_; }

 private:
  SourceKey(KeyInfo info, Secret32 seed, Scalar scalar,
            const Element& public_key);
  KeyInfo info_;
  Secret32 seed_;
  Scalar scalar_;
  Element public_key_;
};

// What a source needs of its key. Today the key is in this process; a remote
// evaluator (RFC 9497's blind mode gives the same tokens) fits behind it.
class TokenKey {
 public:
  virtual ~TokenKey() = default;
  virtual const KeyInfo& info() const = 0;
  virtual const Element& public_key() const = 0;
  KeyId key_id() const { return KeyId::OfPublic(public_key().bytes()); }
  // Tokens of `messages` into `out`, 32 bytes each, in the same order.
  // REQUIRES: out.size() == 32 * messages.size(). kInternal if the kernel's
  // spot check finds a difference: then nothing of the job may be used.
  [[nodiscard]] virtual absl::Status Tokenise(
      std::span<const NhsMessage> messages, std::span<uint8_t> out) const = 0;
  // The canary tokens and the proof that this key made them.
  [[nodiscard]] virtual absl::StatusOr<CanaryProof> ProveCanary() const = 0;
};

// A TokenKey in this process. The kernel must outlive it.
class LocalTokenKey final : public TokenKey {
 public:
  LocalTokenKey(SourceKey key, const TokenKernel& kernel);
  const KeyInfo& info() const override { return key_.info(); }
  const Element& public_key() const override { return key_.public_key(); }
  absl::Status Tokenise(std::span<const NhsMessage> messages,
                        std::span<uint8_t> out) const override;
  absl::StatusOr<CanaryProof> ProveCanary() const override;
  const SourceKey& source_key() const { return key_; }

 private:
  SourceKey key_;
  const TokenKernel* kernel_;
};

// The same through a key and a kernel directly.
[[nodiscard]] absl::Status TokeniseBatch(const TokenKernel& kernel,
                                         const SourceKey& key,
                                         std::span<const NhsMessage> messages,
                                         std::span<uint8_t> out);

// Tokens of the 16 canary numbers and one batch proof.
[[nodiscard]] absl::StatusOr<CanaryProof> MakeCanaryProof(const SourceKey& key);

// The 16 canary numbers as text, ascending: never issued, never tokenised as
// data.
std::span<const std::string_view, kCanaryCount> CanaryNumbers();
bool IsCanaryNumber(std::string_view ten_digits);

void PrintTo(const SourceKey&, std::ostream* out);
std::ostream& operator<<(std::ostream&, const SourceKey&) = delete;

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_SOURCE_KEY_H_
