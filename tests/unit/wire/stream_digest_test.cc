#include "wire/stream_digest.h"

#include <gtest/gtest.h>

#include <string>

#include "base/bytes.h"
#include "base/sha256.h"
#include "base/strings.h"

namespace tally::wire {
namespace {

TEST(StreamDigest, OfNothingIsTheDigestOfNoBytes) {
  StreamDigest digest;
  EXPECT_EQ(digest.batches(), 0u);
  EXPECT_EQ(HexEncode(digest.Finish()), Sha256Hex(""));
}

TEST(StreamDigest, CoversSequenceKindLengthAndContent) {
  StreamDigest digest;
  digest.Add(BatchKind::kPerson, AsBytes("abc"));
  digest.Add(BatchKind::kRows, AsBytes(""));
  digest.Add(BatchKind::kRows, AsBytes("de"));
  EXPECT_EQ(digest.batches(), 3u);

  // Written out by hand from the definition.
  const std::string expected =
      std::string("\0\0\0\0\0\0\0\1", 8) + "\1" + std::string("\0\0\0\3", 4) +
      "abc" + std::string("\0\0\0\0\0\0\0\2", 8) + "\2" +
      std::string("\0\0\0\0", 4) + std::string("\0\0\0\0\0\0\0\3", 8) + "\2" +
      std::string("\0\0\0\2", 4) + "de";
  EXPECT_EQ(HexEncode(digest.Finish()), Sha256Hex(expected));
}

TEST(StreamDigest, TellsContentMovedBetweenBatches) {
  StreamDigest one, other;
  one.Add(BatchKind::kRows, AsBytes("ab"));
  one.Add(BatchKind::kRows, AsBytes("c"));
  other.Add(BatchKind::kRows, AsBytes("a"));
  other.Add(BatchKind::kRows, AsBytes("bc"));
  EXPECT_NE(one.Finish(), other.Finish());
}

TEST(StreamDigest, TellsOneKindFromTheOther) {
  StreamDigest one, other;
  one.Add(BatchKind::kRows, AsBytes("ab"));
  other.Add(BatchKind::kPerson, AsBytes("ab"));
  EXPECT_NE(one.Finish(), other.Finish());
}

}  // namespace
}  // namespace tally::wire
