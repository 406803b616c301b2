#ifndef TALLY_BASE_EXAMPLE_AUTHORITY_H_
#define TALLY_BASE_EXAMPLE_AUTHORITY_H_

// The trial certificate authority, whose private key everybody can compute.
//
// Role: production refuses it wherever a certificate authority is configured.
// In base, because transport has no crypto.
// Spec: keys-example/README.md; docs/adr/0023.
// Threading: constants.
// Secrets: none; that is the point.

#include <string_view>

namespace tally {

// SHA-256 of its public key (DER SubjectPublicKeyInfo), lower-case hexadecimal.
inline constexpr std::string_view kExampleAuthorityKeySha256 =
    "37ce81bd6f1d10e24ee6826b46c6f58851291f8f16a2e1aef83f816e3734519f";

// Its subject.
inline constexpr std::string_view kExampleAuthorityName =
    "EXAMPLE ONLY - NOT FOR PATIENT DATA";

}  // namespace tally

#endif  // TALLY_BASE_EXAMPLE_AUTHORITY_H_
