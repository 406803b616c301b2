#ifndef TALLY_CRYPTO_PSEUDONYM_MAKER_H_
#define TALLY_CRYPTO_PSEUDONYM_MAKER_H_

// Hub tokens to project pseudonyms.
//
// Role: the hub, while it writes a release. A hash and not one more
// multiplication: that destroys the algebra, so nothing an analyst holds can
// be converted.
// Spec: docs/spec/token-v1.md, "Derivations".
// Threading: const functions from several threads.
// Secrets: the prepared key lies in guarded memory.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/keys.h"
#include "crypto/token.h"

namespace tally::crypto {

inline constexpr size_t kPseudonymSize = 16;
using PseudonymBytes = std::array<uint8_t, kPseudonymSize>;

class PseudonymMaker {
 public:
  // Prepares HMAC-SHA-256 under the project's key.
  [[nodiscard]] static absl::StatusOr<PseudonymMaker> Create(
      const ProjectKey& key);
  PseudonymMaker(PseudonymMaker&&) noexcept;
  PseudonymMaker& operator=(PseudonymMaker&&) noexcept;
  ~PseudonymMaker();

  // First 16 bytes of HMAC-SHA-256(K, "tally1-pseudonym" || 0x00 ||
  // lp1(project) || token). About 0.25 us.
  PseudonymBytes Make(const HubToken& token) const;
  // The same for packed tokens. REQUIRES: tokens.size() == 32 * n,
  // out.size() == n.
  void MakeBatch(std::span<const uint8_t> tokens,
                 std::span<PseudonymBytes> out) const;

 private:
  struct State;
  explicit PseudonymMaker(State* state) : state_(state) {}
  State* state_;  // sodium_malloc; read-only once prepared
};

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_PSEUDONYM_MAKER_H_
