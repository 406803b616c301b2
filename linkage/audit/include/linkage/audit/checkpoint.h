// A checkpoint: the size and root of the audit log, signed by the hub.
//
// Text (c2sp.org/tlog-checkpoint): origin, size, root, one a line; in a signed
// note (c2sp.org/signed-note): a blank line, then signature lines
// "<em dash> <name> <base64(key id | signature)>".
//
// Role: hub signs; auditors and, later, witnesses verify.
//
// Spec: docs/spec/audit-v1.md
// Threading: values and pure functions.
// Secrets: the audit signing key is borrowed for the call.

#ifndef TALLY_LINKAGE_AUDIT_CHECKPOINT_H_
#define TALLY_LINKAGE_AUDIT_CHECKPOINT_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/keys.h"
#include "linkage/audit/merkle.h"

namespace tally::linkage {

struct Checkpoint {
  std::string origin;  // tally.<trust domain>/<hub id>/audit
  uint64_t size = 0;
  MerkleHash root{};

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// tally.<trust_domain>/<hub_id>/audit; also the name of the hub's key.
std::string AuditOrigin(std::string_view trust_domain, std::string_view hub_id);

// First 4 bytes of SHA-256(name | 0x0A | 0x01 | public key).
std::array<uint8_t, 4> NoteKeyId(std::string_view name,
                                 std::span<const uint8_t, 32> public_key);

// The published key: name+<8 hex digits>+base64(0x01 | public key).
std::string NoteVerifierKey(std::string_view name,
                            std::span<const uint8_t, 32> public_key);

// Three lines, each ended by a newline. REQUIRES: an origin without white
// space and plus signs.
std::string CheckpointText(const Checkpoint& checkpoint);

// The note with one signature, by `key` under the name `checkpoint.origin`.
[[nodiscard]] absl::StatusOr<std::string> SignCheckpoint(
    const Checkpoint& checkpoint, const crypto::SigningKey& key);

// Parses a note strictly and demands a valid signature of this key under the
// name `origin`, and that origin. Signatures by other keys are skipped.
// Errors: AUDIT_CORRUPT.
[[nodiscard]] absl::StatusOr<Checkpoint> OpenCheckpoint(
    std::string_view note, std::string_view origin,
    std::span<const uint8_t, 32> public_key);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_AUDIT_CHECKPOINT_H_
