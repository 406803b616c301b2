#ifndef TALLY_CRYPTO_SRC_INTERNAL_GROUP_H_
#define TALLY_CRYPTO_SRC_INTERNAL_GROUP_H_

// Group and hash functions with their domain separation tags as parameters, so
// that the vectors of RFC 9497 run through the code that production uses.
//
// Spec: docs/spec/token-v1.md, "Derivations" and "Proofs".
// Threading: safe.
// Secrets: scalars in and out; callers wipe them.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/dleq.h"
#include "crypto/element.h"
#include "crypto/scalar.h"
#include "crypto/token.h"
#include "internal/wiped_array.h"

namespace tally::crypto {

struct ElementMaker {
  // REQUIRES: `bytes` is known to be a strict encoding.
  static Element Make(const Element::Bytes& bytes) { return Element(bytes); }
};

namespace internal {

inline constexpr std::string_view kDstGroup =
    "HashToGroup-tally1-ristretto255-SHA512";
inline constexpr std::string_view kDstScalar =
    "HashToScalar-tally1-ristretto255-SHA512";
inline constexpr std::string_view kDstKey =
    "DeriveKeyPairtally1-ristretto255-SHA512";
inline constexpr std::string_view kDstSeed = "Seed-tally1-ristretto255-SHA512";
inline constexpr std::string_view kDstNonce = "tally1-nonce";

using ScalarBytes = WipedArray<32>;
using Parts = std::initializer_list<std::span<const uint8_t>>;

// expand_message_xmd of RFC 9380 with SHA-512, 64 bytes, over the parts put
// together. REQUIRES: the tag has at most 255 bytes.
void Expand(Parts message, std::string_view dst, WipedArray<64>& out);

void HashToScalar(Parts message, std::string_view dst, ScalarBytes& out);
absl::StatusOr<Element> HashToGroup(Parts message, std::string_view dst);

// DeriveKeyPair of RFC 9497, with the tag that fits: the first counter that
// gives a scalar other than zero.
absl::StatusOr<Scalar> DeriveScalar(const Secret32& seed,
                                    std::span<const uint8_t> info,
                                    std::string_view dst);

// The tags that DLEQ proofs use.
struct DleqTags {
  std::string_view seed;
  std::string_view scalar;
};
inline constexpr DleqTags kTallyDleq{kDstSeed, kDstScalar};

// As ProveDleq and VerifyDleq. `nonce` is r; only tests choose it.
absl::StatusOr<DleqProof> ProveWithNonce(const Scalar& k, const Element& b,
                                         std::span<const Element> c,
                                         std::span<const Element> d,
                                         const DleqTags& tags,
                                         const ScalarBytes& nonce);
absl::Status VerifyWithTags(const Element& b, std::span<const Element> c,
                            std::span<const Element> d, const DleqProof& proof,
                            const DleqTags& tags);

// 0 < s < L, in constant time in the value.
bool IsStrictScalar(std::span<const uint8_t> bytes);

// The bytes of `lp1(environment) || lp1(role) || lp1(party) || lp1(domain) ||
// I2OSP(epoch, 4)`. REQUIRES: Validate(info) is OK.
std::string EncodeKeyInfo(const KeyInfo& info);

}  // namespace internal
}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_SRC_INTERNAL_GROUP_H_
