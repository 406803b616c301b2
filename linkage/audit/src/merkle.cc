#include "linkage/audit/merkle.h"

#include <bit>

#include "base/sha256.h"

namespace tally::linkage {

namespace {
constexpr std::array<uint8_t, 1> kLeafPrefix{0x00};
constexpr std::array<uint8_t, 1> kNodePrefix{0x01};
}  // namespace

MerkleHash MerkleLeafHash(std::string_view leaf) {
  Sha256 sha;
  sha.Update(std::span<const uint8_t>(kLeafPrefix));
  sha.Update(leaf);
  return sha.Finish();
}

MerkleHash MerkleNodeHash(const MerkleHash& left, const MerkleHash& right) {
  Sha256 sha;
  sha.Update(std::span<const uint8_t>(kNodePrefix));
  sha.Update(std::span<const uint8_t>(left));
  sha.Update(std::span<const uint8_t>(right));
  return sha.Finish();
}

void MerkleTree::Add(const MerkleHash& leaf_hash) {
  // Full subtrees merge like the carries of a binary counter.
  MerkleHash hash = leaf_hash;
  for (int carries = std::countr_one(size_); carries > 0; --carries) {
    hash = MerkleNodeHash(full_.back(), hash);
    full_.pop_back();
  }
  full_.push_back(hash);
  ++size_;
}

MerkleHash MerkleTree::Root() const {
  if (full_.empty()) return Sha256().Finish();
  MerkleHash root = full_.back();
  for (size_t i = full_.size() - 1; i > 0; --i) {
    root = MerkleNodeHash(full_[i - 1], root);
  }
  return root;
}

}  // namespace tally::linkage
