// The Merkle tree of RFC 6962 over SHA-256, grown leaf by leaf.
//
// Role: hub, and whoever verifies its log. Only hashes of entries pass here.
//
// Spec: RFC 6962 section 2.1; docs/spec/audit-v1.md
// Threading: one thread an object.
// Secrets: none.

#ifndef TALLY_LINKAGE_AUDIT_MERKLE_H_
#define TALLY_LINKAGE_AUDIT_MERKLE_H_

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace tally::linkage {

using MerkleHash = std::array<uint8_t, 32>;

MerkleHash MerkleLeafHash(std::string_view leaf);  // SHA-256(0x00 | leaf)
MerkleHash MerkleNodeHash(const MerkleHash& left, const MerkleHash& right);

// Where the hashes of leaves go besides the running root. The first build
// needs none; stored tiles take this seat.
class HashStore {
 public:
  virtual ~HashStore() = default;
  // Leaves arrive in order from 0. Called before the checkpoint that covers
  // the leaf is signed.
  [[nodiscard]] virtual absl::Status AddLeafHash(uint64_t index,
                                                 const MerkleHash& hash) = 0;
};

// Keeps the roots of the full subtrees only: at most 64 hashes.
class MerkleTree {
 public:
  void Add(const MerkleHash& leaf_hash);
  uint64_t size() const { return size_; }
  // The root of the leaves so far; of none: SHA-256 of nothing.
  MerkleHash Root() const;

 private:
  uint64_t size_ = 0;
  std::vector<MerkleHash> full_;  // largest subtree first
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_AUDIT_MERKLE_H_
