#include "linkage/audit/checkpoint.h"

#include <vector>

#include "audit_test_data.h"
#include "base/bytes.h"
#include "base/strings.h"

namespace tally::linkage {
namespace {

class CheckpointTest : public testing::Test {
 protected:
  Checkpoint Sample() const {
    return {TestOrigin(), 600, MerkleLeafHash("anything")};
  }
  absl::StatusOr<Checkpoint> Open(std::string_view note) const {
    return OpenCheckpoint(note, TestOrigin(), key_.public_key());
  }

  crypto::SigningKey key_ = MakeAuditKey();
};

TEST_F(CheckpointTest, OriginNamesTrustDomainAndHub) {
  EXPECT_EQ(TestOrigin(), "tally.example.nhs.uk/hub-a/audit");
}

TEST_F(CheckpointTest, TextIsThreeLines) {
  const Checkpoint checkpoint{"tally.example.nhs.uk/hub-a/audit", 0,
                              MerkleTree().Root()};
  EXPECT_EQ(CheckpointText(checkpoint),
            "tally.example.nhs.uk/hub-a/audit\n0\n"
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
}

TEST_F(CheckpointTest, NoteIsTextBlankLineAndSignature) {
  ASSERT_OK_AND_ASSIGN(const std::string note, SignCheckpoint(Sample(), key_));
  const std::string text = CheckpointText(Sample());
  EXPECT_EQ(note.substr(0, text.size() + 1), text + "\n");
  EXPECT_EQ(note.substr(text.size() + 1, 3 + 2 + TestOrigin().size()),
            "\xe2\x80\x94 " + TestOrigin() + " ");
  EXPECT_EQ(note.back(), '\n');
}

TEST_F(CheckpointTest, SignThenOpenGivesTheCheckpoint) {
  ASSERT_OK_AND_ASSIGN(const std::string note, SignCheckpoint(Sample(), key_));
  EXPECT_THAT(Open(note), IsOkAndHolds(Sample()));
}

// Key id and published key of golang.org/x/mod/sumdb/note's own example:
// PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW.
TEST_F(CheckpointTest, KeyIdAndVerifierKeyEqualThoseOfTheGoPackage) {
  ASSERT_OK_AND_ASSIGN(
      const std::string typed,
      Base64Decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"));
  ASSERT_EQ(typed.size(), 33u);
  const std::span<const uint8_t, 32> key =
      AsBytes(typed).subspan(1).first<32>();
  EXPECT_EQ(HexEncode(NoteKeyId("PeterNeumann", key)), "c74f20a3");
  EXPECT_EQ(NoteVerifierKey("PeterNeumann", key),
            "PeterNeumann+c74f20a3+"
            "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
}

// The worked example of docs/spec/audit-v1.md, made by another program.
TEST_F(CheckpointTest, EqualsTheWorkedExample) {
  std::array<uint8_t, 32> seed{};
  seed.fill(7);
  ASSERT_OK_AND_ASSIGN(crypto::Secret32 secret,
                       crypto::Secret32::TakeFrom(seed));
  ASSERT_OK_AND_ASSIGN(const crypto::SigningKey key,
                       crypto::SigningKey::FromSeed(
                           crypto::Environment::kTest, "hub-a",
                           crypto::SignPurpose::kAudit, std::move(secret)));
  const std::string start =
      "{\"action\":\"hub.start\",\"actor\":\"tally:hub-a\","
      "\"corr\":\"00112233445566778899aabbccddeeff\",\"outcome\":\"ok\","
      "\"seq\":0,\"ts\":\"2026-11-20T09:30:00.000Z\",\"v\":1}";
  const std::string create =
      "{\"action\":\"source.create\","
      "\"actor\":\"spiffe://example.nhs.uk/operator/j-price\","
      "\"actor_key\":\"0123456789abcdef\","
      "\"corr\":\"ffeeddccbbaa99887766554433221100\","
      "\"object\":\"sources/gp-supplier-a\",\"outcome\":\"ok\",\"seq\":1,"
      "\"ts\":\"2026-11-20T09:31:00.000Z\",\"v\":1}";
  EXPECT_THAT(ParseAuditLeaf(start), IsOk());
  EXPECT_THAT(ParseAuditLeaf(create), IsOk());
  MerkleTree tree;
  tree.Add(MerkleLeafHash(start));
  tree.Add(MerkleLeafHash(create));
  EXPECT_EQ(HexEncode(tree.Root()),
            "99424e7dec8ff232c5d09b15dd0b57e1461e8db70433d0d0115e49a507a3aa3a");
  EXPECT_THAT(
      SignCheckpoint({TestOrigin(), 2, tree.Root()}, key),
      IsOkAndHolds(
          "tally.example.nhs.uk/hub-a/audit\n2\n"
          "mUJOfeyP8jLF0JsV3QtX4UYejbcEM9DQEV5JpQejqjo=\n\n"
          "\xe2\x80\x94 tally.example.nhs.uk/hub-a/audit "
          "89XM5H7Tg9AwJ1R3q7OeoYkzzgndCNQzZNEQ9FXz0ih3eMQ0V0tN64jHqOPryPeTgWg/"
          "ZakZnwpWC/uRgE7Gdb523gY=\n"));
  EXPECT_EQ(NoteVerifierKey(TestOrigin(), key.public_key()),
            "tally.example.nhs.uk/hub-a/audit+f3d5cce4+"
            "AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs");
}

TEST_F(CheckpointTest, RefusesEveryChangedBit) {
  ASSERT_OK_AND_ASSIGN(const std::string note, SignCheckpoint(Sample(), key_));
  for (size_t bit = 0; bit < note.size() * 8; ++bit) {
    std::string bad = note;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_THAT(Open(bad), ReasonIs(Reason::kAuditCorrupt)) << bit;
  }
}

TEST_F(CheckpointTest, RefusesEveryCut) {
  ASSERT_OK_AND_ASSIGN(const std::string note, SignCheckpoint(Sample(), key_));
  for (size_t size = 0; size < note.size(); ++size) {
    EXPECT_FALSE(Open(note.substr(0, size)).ok()) << size;
  }
}

TEST_F(CheckpointTest, RefusesAnotherKeyAndAnotherOrigin) {
  ASSERT_OK_AND_ASSIGN(const std::string note, SignCheckpoint(Sample(), key_));
  const crypto::SigningKey other = MakeAuditKey();
  EXPECT_FALSE(OpenCheckpoint(note, TestOrigin(), other.public_key()).ok());
  EXPECT_FALSE(OpenCheckpoint(note, AuditOrigin("example.nhs.uk", "hub-b"),
                              key_.public_key())
                   .ok());
}

TEST_F(CheckpointTest, SkipsSignaturesOfOthersButNotMalformedLines) {
  ASSERT_OK_AND_ASSIGN(const std::string note, SignCheckpoint(Sample(), key_));
  const std::string cosignature =
      "\xe2\x80\x94 tally.example.nhs.uk/source/gp-supplier-a " +
      Base64Encode(AsBytes(std::string(76, 'x'))) + "\n";
  EXPECT_THAT(Open(note + cosignature), IsOkAndHolds(Sample()));
  EXPECT_FALSE(Open(note + "no dash\n").ok());
  EXPECT_FALSE(Open(note + "\xe2\x80\x94 name notbase64!\n").ok());
  EXPECT_FALSE(Open(note + "\n").ok());
  // The hub signs once.
  const std::string own = note.substr(note.find("\n\n") + 2);
  EXPECT_FALSE(Open(note + own).ok());
}

TEST_F(CheckpointTest, RefusesExtensionLinesAndOtherNumbers) {
  const auto signed_text = [this](const std::string& text) {
    const crypto::Signature signature = *key_.SignNote(text);
    ByteWriter blob;
    blob.Bytes(
        std::span<const uint8_t>(NoteKeyId(TestOrigin(), key_.public_key())));
    blob.Bytes(std::span<const uint8_t>(signature));
    return text + "\n\xe2\x80\x94 " + TestOrigin() + " " +
           Base64Encode(AsBytes(blob.view())) + "\n";
  };
  const std::string root = Base64Encode(Sample().root);
  const std::string origin = TestOrigin() + "\n";
  EXPECT_THAT(Open(signed_text(origin + "600\n" + root + "\n")), IsOk());
  EXPECT_FALSE(Open(signed_text(origin + "0600\n" + root + "\n")).ok());
  EXPECT_FALSE(Open(signed_text(origin + "+600\n" + root + "\n")).ok());
  EXPECT_FALSE(Open(signed_text(origin + "\n" + root + "\n")).ok());
  EXPECT_FALSE(Open(signed_text(origin + "600\n" + root + "\nmore\n")).ok());
  EXPECT_FALSE(
      Open(signed_text(origin + "99999999999999999\n" + root + "\n")).ok());
  EXPECT_FALSE(
      Open(signed_text(origin + "600\n" + root.substr(4) + "\n")).ok());
}

TEST_F(CheckpointTest, RefusesToSignUnderAnOriginThatIsNoName) {
  Checkpoint bad = Sample();
  for (const std::string origin : {"", "a b", "a+b", "a\nb", "caf\xc3\xa9"}) {
    bad.origin = origin;
    EXPECT_FALSE(SignCheckpoint(bad, key_).ok());
  }
}

TEST_F(CheckpointTest, OnlyAnAuditKeySigns) {
  const crypto::SigningKey sign = *crypto::SigningKey::Generate(
      crypto::Environment::kTest, "hub-a", crypto::SignPurpose::kSign);
  EXPECT_FALSE(SignCheckpoint(Sample(), sign).ok());
}

}  // namespace
}  // namespace tally::linkage
