#ifndef TALLY_CRYPTO_ENROLMENT_H_
#define TALLY_CRYPTO_ENROLMENT_H_

// Enrolment files: how a party hands its public keys to the custodian.
//
// Role: `pseudonymiser enrol` and the hub's command line write one, `custodian
// registry add` reads it. The signature shows that whoever wrote the file holds
// the signing key; that it is the right party is for two people to settle, who
// compare the fingerprints by telephone.
// Spec: docs/spec/token-v1.md, "Enrolment file".
// Threading: values.
// Secrets: none. The source's key takes part in signing only through its proof.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/element.h"
#include "crypto/key_id.h"
#include "crypto/registry.h"
#include "crypto/scalar.h"
#include "crypto/sign.h"
#include "crypto/token.h"

namespace tally::crypto {

struct Enrolment {
  Environment environment = Environment::kExample;
  PartyRole role = PartyRole::kSource;  // kSource or kHub
  std::string party{};
  std::string domain{};
  PublicKey sign_public{};
  PublicKey box_public{};
  // Sources only: the key whose tokens will come.
  std::optional<uint32_t> epoch{};
  std::optional<Element> public_key{};
  std::optional<KeyId> key_id{};
};

// The file's bytes: canonical JSON with all of `enrolment` and, last but one,
// the party's Ed25519 signature (label "tally1-enrolment"). For a source,
// `proof_key` is its scalar: the file also proves that the source holds it.
// kInvalidArgument for bad names, or a hub with a public key.
[[nodiscard]] absl::StatusOr<std::string> WriteEnrolment(
    const Enrolment& enrolment, const SigningKey& sign_key,
    const Scalar* proof_key);

// Parses strictly and verifies signature, key id and proof.
// kInvalidArgument (exit 8) naming the field; ENVIRONMENT_MISMATCH if it is
// another environment's.
[[nodiscard]] absl::StatusOr<Enrolment> ReadEnrolment(std::string_view text,
                                                      Environment environment);

// What to compare by telephone, one name and fingerprint a line.
std::string EnrolmentFingerprints(const Enrolment& enrolment);

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_ENROLMENT_H_
