#include "crypto/dleq.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/bytes.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "internal/clear_stack.h"
#include "internal/group.h"
#include "internal/secret_peek.h"

namespace tally::crypto {
namespace internal {
namespace {

// The length of every element, as lp2 writes it.
constexpr std::array<uint8_t, 2> kLength32 = {0, 32};
constexpr std::array<uint8_t, 2> kLength64 = {0, 64};

absl::Status CheckLists(std::span<const Element> c,
                        std::span<const Element> d) {
  if (c.size() != d.size() || c.empty() || c.size() > kMaxDleqPairs) {
    return InputError(
        "a proof is over two equal lists of 1 to 65,535 elements");
  }
  return absl::OkStatus();
}

// A sum of elements that may pass through the identity on its way.
class Sum {
 public:
  // Adds `scalar . element`. A scalar of zero adds nothing.
  absl::Status Add(const ScalarBytes& scalar, const Element& element) {
    Element::Bytes term;
    if (sodium_is_zero(scalar.data(), scalar.size()) == 1) {
      return absl::OkStatus();
    }
    if (crypto_scalarmult_ristretto255(term.data(), scalar.data(),
                                       element.bytes().data()) != 0) {
      return InputError("an element of a proof does not decode");
    }
    if (!has_value_) {
      sum_ = term;
      has_value_ = true;
      return absl::OkStatus();
    }
    Element::Bytes next;
    if (crypto_core_ristretto255_add(next.data(), sum_.data(), term.data()) !=
        0) {
      return absl::InternalError("group addition failed");
    }
    sum_ = next;
    has_value_ = !CheckElementBytes(sum_).has_value();
    return absl::OkStatus();
  }

  absl::StatusOr<Element> Result() const {
    if (!has_value_) return InputError("a sum in a proof is the identity");
    return ElementMaker::Make(sum_);
  }

 private:
  Element::Bytes sum_{};
  bool has_value_ = false;
};

// The composites of RFC 9497: M over the first list and, for the verifier, Z
// over the second.
struct Composites {
  Element m;
  std::optional<Element> z;
};

absl::StatusOr<Composites> Compose(const Element& b, std::span<const Element> c,
                                   std::span<const Element> d,
                                   const DleqTags& tags, bool with_z) {
  const std::array<uint8_t, 2> tag_length = {
      static_cast<uint8_t>(tags.seed.size() >> 8),
      static_cast<uint8_t>(tags.seed.size() & 0xff)};
  std::array<uint8_t, 64> seed;
  crypto_hash_sha512_state state;
  crypto_hash_sha512_init(&state);
  crypto_hash_sha512_update(&state, kLength32.data(), kLength32.size());
  crypto_hash_sha512_update(&state, b.bytes().data(), b.bytes().size());
  crypto_hash_sha512_update(&state, tag_length.data(), tag_length.size());
  crypto_hash_sha512_update(&state, AsBytes(tags.seed).data(),
                            tags.seed.size());
  crypto_hash_sha512_final(&state, seed.data());

  Sum m;
  Sum z;
  for (size_t i = 0; i < c.size(); ++i) {
    const std::array<uint8_t, 2> index = {static_cast<uint8_t>(i >> 8),
                                          static_cast<uint8_t>(i & 0xff)};
    ScalarBytes weight;
    HashToScalar({kLength64, seed, index, kLength32, c[i].bytes(), kLength32,
                  d[i].bytes(), AsBytes("Composite")},
                 tags.scalar, weight);
    TALLY_RETURN_IF_ERROR(m.Add(weight, c[i]));
    if (with_z) TALLY_RETURN_IF_ERROR(z.Add(weight, d[i]));
  }
  TALLY_ASSIGN_OR_RETURN(const Element m_sum, m.Result());
  Composites out{m_sum, std::nullopt};
  if (with_z) {
    TALLY_ASSIGN_OR_RETURN(const Element z_sum, z.Result());
    out.z = z_sum;
  }
  return out;
}

void Challenge(const Element& b, const Element& m, const Element& z,
               const Element& t2, const Element& t3, const DleqTags& tags,
               ScalarBytes& out) {
  HashToScalar(
      {kLength32, b.bytes(), kLength32, m.bytes(), kLength32, z.bytes(),
       kLength32, t2.bytes(), kLength32, t3.bytes(), AsBytes("Challenge")},
      tags.scalar, out);
}

absl::StatusOr<Element> MultiplyRaw(const ScalarBytes& scalar,
                                    const Element& element) {
  Element::Bytes out;
  const int failed = crypto_scalarmult_ristretto255(out.data(), scalar.data(),
                                                    element.bytes().data());
  ClearStack();
  if (failed != 0) {
    return absl::InternalError("a product in a proof is the identity");
  }
  return ElementMaker::Make(out);
}

absl::StatusOr<DleqProof> ProveComposed(const Scalar& k, const Element& b,
                                        const Element& m, const DleqTags& tags,
                                        const ScalarBytes& nonce) {
  TALLY_ASSIGN_OR_RETURN(const Element z, Multiply(k, m));
  TALLY_ASSIGN_OR_RETURN(const Element t2,
                         MultiplyRaw(nonce, Element::Generator()));
  TALLY_ASSIGN_OR_RETURN(const Element t3, MultiplyRaw(nonce, m));
  ScalarBytes challenge;
  Challenge(b, m, z, t2, t3, tags, challenge);

  ScalarBytes product;
  ScalarBytes response;
  const SecretView key = SecretPeek::View(k);
  crypto_core_ristretto255_scalar_mul(product.data(), challenge.data(),
                                      key.data());
  crypto_core_ristretto255_scalar_sub(response.data(), nonce.data(),
                                      product.data());
  DleqProof proof;
  std::copy_n(challenge.data(), 32, proof.begin());
  std::copy_n(response.data(), 32, proof.begin() + 32);
  return proof;
}

}  // namespace

absl::StatusOr<DleqProof> ProveWithNonce(const Scalar& k, const Element& b,
                                         std::span<const Element> c,
                                         std::span<const Element> d,
                                         const DleqTags& tags,
                                         const ScalarBytes& nonce) {
  TALLY_RETURN_IF_ERROR(CheckLists(c, d));
  TALLY_ASSIGN_OR_RETURN(const Composites composites,
                         Compose(b, c, d, tags, /*with_z=*/false));
  return ProveComposed(k, b, composites.m, tags, nonce);
}

absl::Status VerifyWithTags(const Element& b, std::span<const Element> c,
                            std::span<const Element> d, const DleqProof& proof,
                            const DleqTags& tags) {
  TALLY_RETURN_IF_ERROR(CheckLists(c, d));
  ScalarBytes challenge;
  ScalarBytes response;
  std::copy_n(proof.begin(), 32, challenge.data());
  std::copy_n(proof.begin() + 32, 32, response.data());
  if (!IsStrictScalar(challenge.span()) || !IsStrictScalar(response.span())) {
    return InputError("a proof does not hold two scalars");
  }
  TALLY_ASSIGN_OR_RETURN(const Composites composites,
                         Compose(b, c, d, tags, /*with_z=*/true));
  Sum t2_sum;
  TALLY_RETURN_IF_ERROR(t2_sum.Add(response, Element::Generator()));
  TALLY_RETURN_IF_ERROR(t2_sum.Add(challenge, b));
  Sum t3_sum;
  TALLY_RETURN_IF_ERROR(t3_sum.Add(response, composites.m));
  TALLY_RETURN_IF_ERROR(t3_sum.Add(challenge, *composites.z));
  TALLY_ASSIGN_OR_RETURN(const Element t2, t2_sum.Result());
  TALLY_ASSIGN_OR_RETURN(const Element t3, t3_sum.Result());
  ScalarBytes expected;
  Challenge(b, composites.m, *composites.z, t2, t3, tags, expected);
  if (sodium_memcmp(expected.data(), challenge.data(), 32) != 0) {
    return InputError("a proof does not hold");
  }
  return absl::OkStatus();
}

}  // namespace internal

absl::StatusOr<DleqProof> ProveDleq(const Scalar& k, const Element& b,
                                    std::span<const Element> c,
                                    std::span<const Element> d) {
  TALLY_RETURN_IF_ERROR(internal::CheckLists(c, d));
  TALLY_ASSIGN_OR_RETURN(
      const internal::Composites composites,
      internal::Compose(b, c, d, internal::kTallyDleq, /*with_z=*/false));
  // Randomness, secret and statement together: a machine whose random state is
  // repeated still draws another nonce for another statement.
  internal::WipedArray<32> fresh;
  randombytes_buf(fresh.data(), fresh.size());
  internal::ScalarBytes nonce;
  {
    const SecretView key = internal::SecretPeek::View(k);
    internal::HashToScalar(
        {internal::kLength32, fresh.span(), internal::kLength32, key.bytes(),
         internal::kLength32, composites.m.bytes()},
        internal::kDstNonce, nonce);
  }
  return internal::ProveComposed(k, b, composites.m, internal::kTallyDleq,
                                 nonce);
}

absl::Status VerifyDleq(const Element& b, std::span<const Element> c,
                        std::span<const Element> d, const DleqProof& proof) {
  return internal::VerifyWithTags(b, c, d, proof, internal::kTallyDleq);
}

}  // namespace tally::crypto
