#include "base/bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/sha256.h"
#include "base/strings.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally {
namespace {

TEST(ByteWriter, WritesBigEndian) {
  ByteWriter out;
  out.U8(0x01);
  out.U16(0x0203);
  out.U32(0x04050607);
  out.U64(0x08090a0b0c0d0e0f);
  EXPECT_EQ(HexEncode(AsBytes(out.Take())), "0102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(out.size(), 0u);
}

TEST(ByteWriter, PutsTheLengthBeforeTheText) {
  ByteWriter out;
  out.Lp1("abc");
  out.Lp2("de");
  EXPECT_EQ(HexEncode(AsBytes(out.Take())), "0361626300026465");
}

TEST(ByteWriterDeathTest, EndsTheProgramOnATextTooLongForItsLength) {
  ByteWriter out;
  EXPECT_DEATH(out.Lp1(std::string(256, 'x')), "check failed");
  EXPECT_DEATH(out.Lp2(std::string(65536, 'x')), "check failed");
}

TEST(ByteReader, ReadsBackWhatWasWritten) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    const std::string a(random() % 256, 'a');
    const std::string b(random() % 1000, 'b');
    const uint64_t number = random();
    ByteWriter out;
    out.Lp1(a);
    out.U64(number);
    out.Lp2(b);
    out.U32(static_cast<uint32_t>(number));
    out.U16(static_cast<uint16_t>(number));
    const std::string bytes = out.Take();
    ByteReader in(bytes);
    EXPECT_THAT(in.Lp1(), IsOkAndHolds(a));
    EXPECT_THAT(in.U64(), IsOkAndHolds(number));
    EXPECT_THAT(in.Lp2(), IsOkAndHolds(b));
    EXPECT_THAT(in.U32(), IsOkAndHolds(static_cast<uint32_t>(number)));
    EXPECT_THAT(in.U16(), IsOkAndHolds(static_cast<uint16_t>(number)));
    EXPECT_TRUE(in.AtEnd());
    EXPECT_OK(in.ExpectEnd());
  }
}

TEST(ByteReader, RefusesToReadPastTheEndAndStaysWhereItWas) {
  ByteReader in(
      std::string_view("\x05"
                       "abc"));
  EXPECT_THAT(in.Lp1(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(in.remaining(), 4u);
  EXPECT_THAT(in.U64(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(in.remaining(), 4u);
  EXPECT_THAT(in.Lp2(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(in.remaining(), 4u);
  EXPECT_THAT(in.Bytes(4), IsOkAndHolds(std::string_view("\x05"
                                                         "abc")));
}

TEST(ByteReader, NamesBytesThatAreLeftOver) {
  ByteReader in(std::string_view("x"));
  EXPECT_THAT(in.ExpectEnd(), StatusIs(absl::StatusCode::kInvalidArgument));
}

// FIPS 180-4 examples.
TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(Sha256Hex(""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(
      Sha256Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Sha256Hex(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, IsTheSameHoweverTheBytesAreCut) {
  std::mt19937 random(2);
  std::string text(5000, '\0');
  for (char& c : text) c = static_cast<char>(random());
  for (int round = 0; round < 50; ++round) {
    Sha256 hash;
    size_t at = 0;
    while (at < text.size()) {
      const size_t size = std::min<size_t>(random() % 400, text.size() - at);
      hash.Update(std::string_view(text).substr(at, size));
      at += size;
    }
    EXPECT_EQ(HexEncode(hash.Finish()), Sha256Hex(text));
  }
}

TEST(Sha256, StartsAgainAfterFinishAndGoesOnAfterPeek) {
  Sha256 hash;
  hash.Update("ab");
  EXPECT_EQ(HexEncode(hash.Peek()), Sha256Hex("ab"));
  hash.Update("c");
  EXPECT_EQ(HexEncode(hash.Finish()), Sha256Hex("abc"));
  EXPECT_EQ(HexEncode(hash.Finish()), Sha256Hex(""));
}

TEST(Sha256, OfAFileEqualsThatOfItsBytes) {
  TempDir dir;
  const std::string bytes(3000001, 'q');
  WriteFile(dir.Path("file"), bytes);
  EXPECT_THAT(Sha256HexOfFile(dir.Path("file")),
              IsOkAndHolds(Sha256Hex(bytes)));
  EXPECT_THAT(Sha256HexOfFile(dir.Path("none")),
              StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace tally
