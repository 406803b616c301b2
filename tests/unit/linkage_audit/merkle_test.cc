#include "linkage/audit/merkle.h"

#include <vector>

#include "audit_test_data.h"
#include "base/sha256.h"
#include "base/strings.h"

namespace tally::linkage {
namespace {

// The definition of RFC 6962 2.1, word for word: split at the largest power of
// two below n.
MerkleHash SlowRoot(const std::vector<MerkleHash>& leaves, size_t begin,
                    size_t end) {
  const size_t n = end - begin;
  if (n == 0) return Sha256().Finish();
  if (n == 1) return leaves[begin];
  size_t k = 1;
  while (k * 2 < n) k *= 2;
  return MerkleNodeHash(SlowRoot(leaves, begin, begin + k),
                        SlowRoot(leaves, begin + k, end));
}

// Published vectors of the certificate transparency reference implementation:
// the eight leaves and the roots at every size.
TEST(MerkleTree, EqualsThePublishedVectors) {
  const std::vector<std::string> leaves = {"",
                                           "00",
                                           "10",
                                           "2021",
                                           "3031",
                                           "40414243",
                                           "5051525354555657",
                                           "606162636465666768696a6b6c6d6e6f"};
  const std::vector<std::string> roots = {
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  MerkleTree tree;
  EXPECT_EQ(HexEncode(tree.Root()), roots[0]);
  for (size_t i = 0; i < leaves.size(); ++i) {
    ASSERT_OK_AND_ASSIGN(const std::string leaf, HexDecode(leaves[i]));
    tree.Add(MerkleLeafHash(leaf));
    EXPECT_EQ(HexEncode(tree.Root()), roots[i + 1]) << i;
  }
}

TEST(MerkleTree, EqualsTheDefinitionAtEverySize) {
  MerkleTree tree;
  std::vector<MerkleHash> leaves;
  for (int i = 0; i <= 300; ++i) {
    EXPECT_EQ(tree.size(), leaves.size());
    EXPECT_EQ(tree.Root(), SlowRoot(leaves, 0, leaves.size())) << i;
    leaves.push_back(MerkleLeafHash("leaf " + std::to_string(i)));
    tree.Add(leaves.back());
  }
}

}  // namespace
}  // namespace tally::linkage
