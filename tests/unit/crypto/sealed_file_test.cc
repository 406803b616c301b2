#include "crypto/sealed_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/bytes.h"
#include "crypto/random.h"
#include "crypto_fixture.h"
#include "internal/frame_cipher.h"
#include "internal/secret_peek.h"
#include "temp_dir.h"

namespace tally::crypto {
namespace {

using testing::Not;

class SealedFile : public testing::Test {
 protected:
  SealedFile()
      : key_(StorageKey::Generate(Environment::kTest, "hub-a").value()) {
    context_.environment = Environment::kTest;
    context_.domain = "commissioning";
    context_.path = "extracts/u1/index.run";
    context_.hub_epoch = 1;
  }

  // Three frames: "first", "", "last one".
  std::string Write(std::string_view name, SealedKind kind = SealedKind::kRun) {
    const std::string path = dir_.Path(name);
    SealedWriter writer =
        SealedWriter::Create(path, key_, kind, context_, 64).value();
    EXPECT_OK(writer.Append(AsBytes("first"), false));
    EXPECT_OK(writer.Append({}, false));
    EXPECT_OK(writer.Append(AsBytes("last one"), true));
    EXPECT_OK(writer.Sync());
    EXPECT_TRUE(writer.finished());
    EXPECT_EQ(writer.frames(), 3u);
    return path;
  }

  // All frames put together, or the first error.
  absl::StatusOr<std::string> ReadAllOf(const std::string& path,
                                        SealedKind kind = SealedKind::kRun) {
    auto reader = SealedReader::Open(path, key_, kind, context_);
    if (!reader.ok()) return reader.status();
    std::string all;
    WipedBytes frame;
    while (true) {
      const auto info = reader->ReadNext(frame);
      if (!info.ok()) return info.status();
      if (!info->has_value()) return all;
      all += AsChars(frame);
      all += '|';
    }
  }

  TempDir dir_;
  StorageKey key_;
  SealContext context_;
};

TEST_F(SealedFile, FramesComeBackInOrder) {
  for (const SealedKind kind : {SealedKind::kRun, SealedKind::kJournal,
                                SealedKind::kSpool, SealedKind::kCarryTable}) {
    const std::string path =
        Write(std::to_string(static_cast<int>(kind)), kind);
    EXPECT_THAT(ReadAllOf(path, kind), IsOkAndHolds("first||last one|"));
  }
}

TEST_F(SealedFile, LayoutIsThatOfTheSpecification) {
  const std::string bytes = Slurp(Write("f"));
  EXPECT_EQ(bytes.size(), 128u + 3 * 56 + 13);
  EXPECT_EQ(bytes.substr(0, 8), "TALLYSF1");
  EXPECT_EQ(Hex(AsBytes(bytes).subspan(8, 8)), "0101000000000040");
  EXPECT_EQ(Hex(AsBytes(bytes).subspan(32, 8)), key_.key_id().Hex());
  EXPECT_EQ(Hex(AsBytes(bytes).subspan(112, 16)), std::string(32, '0'));
  // Second frame: 16 bytes of ciphertext, no flag, sequence 1.
  EXPECT_EQ(Hex(AsBytes(bytes).subspan(128 + 61, 16)),
            "00000010000000000000000000000001");
  // Third: 24 bytes, last, sequence 2.
  EXPECT_EQ(Hex(AsBytes(bytes).subspan(128 + 61 + 56, 16)),
            "00000018010000000000000000000002");
}

TEST_F(SealedFile, NothingIsInClear) {
  const std::string bytes = Slurp(Write("f"));
  EXPECT_EQ(bytes.find("first"), std::string::npos);
  EXPECT_EQ(bytes.find("last one"), std::string::npos);
}

TEST_F(SealedFile, TwoFilesOfTheSameContentDiffer) {
  EXPECT_NE(Slurp(Write("a")), Slurp(Write("b")));
}

// Each bit of a small file: opening or reading it fails, always with the
// reason of a damaged run or an unknown key.
TEST_F(SealedFile, EveryFlippedBitIsFound) {
  const std::string path = Write("f");
  const std::string good = Slurp(path);
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string changed = good;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    WriteFile(path, changed);
    const auto read = ReadAllOf(path);
    ASSERT_THAT(read, Not(IsOk())) << "bit " << bit;
    const Reason reason = ReasonOf(read.status());
    EXPECT_TRUE(
        reason == Reason::kRunCorrupt ||
        (reason == Reason::kKeyUnknown && bit / 8 >= 32 && bit / 8 < 40))
        << "bit " << bit << ": " << read.status();
  }
}

TEST_F(SealedFile, EveryCutIsFound) {
  const std::string path = Write("f");
  const std::string good = Slurp(path);
  for (size_t size = 0; size < good.size(); ++size) {
    WriteFile(path, good.substr(0, size));
    EXPECT_THAT(ReadAllOf(path), ReasonIs(Reason::kRunCorrupt)) << size;
  }
}

TEST_F(SealedFile, BytesAfterTheLastFrameAreFound) {
  const std::string path = Write("f");
  const std::string good = Slurp(path);
  WriteFile(path, good + "x");
  EXPECT_THAT(ReadAllOf(path), ReasonIs(Reason::kRunCorrupt));
  WriteFile(path, good + good.substr(good.size() - 64));
  EXPECT_THAT(ReadAllOf(path), ReasonIs(Reason::kRunCorrupt));
}

TEST_F(SealedFile, ExchangedAndRepeatedFramesAreFound) {
  // Two frames of equal length.
  const std::string path = dir_.Path("f");
  SealedWriter writer =
      SealedWriter::Create(path, key_, SealedKind::kRun, context_, 64).value();
  ASSERT_OK(writer.Append(AsBytes("aaaa"), false));
  ASSERT_OK(writer.Append(AsBytes("bbbb"), false));
  ASSERT_OK(writer.Append(AsBytes("cccc"), true));
  const std::string good = Slurp(path);
  const auto frame = [&](int i) { return good.substr(128 + 60 * i, 60); };
  const std::string header = good.substr(0, 128);
  for (const std::string& body :
       {frame(1) + frame(0) + frame(2), frame(0) + frame(0) + frame(2),
        frame(0) + frame(2), frame(0) + frame(2) + frame(1),
        frame(1) + frame(2)}) {
    WriteFile(path, header + body);
    EXPECT_THAT(ReadAllOf(path), ReasonIs(Reason::kRunCorrupt));
  }
}

TEST_F(SealedFile, FrameAndHeaderOfAnotherFileAreFound) {
  const std::string a = Slurp(Write("a"));
  const std::string b = Slurp(Write("b"));
  WriteFile(dir_.Path("c"), a.substr(0, 128) + b.substr(128));
  EXPECT_THAT(ReadAllOf(dir_.Path("c")), ReasonIs(Reason::kRunCorrupt));
  WriteFile(dir_.Path("d"), a.substr(0, 128 + 61) + b.substr(128 + 61));
  EXPECT_THAT(ReadAllOf(dir_.Path("d")), ReasonIs(Reason::kRunCorrupt));
}

TEST_F(SealedFile, AnotherPlaceDomainEnvironmentOrEpochDoesNotOpen) {
  const std::string path = Write("f");
  std::vector<SealContext> others(4, context_);
  others[0].path = "extracts/u2/index.run";
  others[1].domain = "research";
  others[2].environment = Environment::kExample;
  others[3].hub_epoch = 2;
  for (const SealContext& other : others) {
    EXPECT_THAT(SealedReader::Open(path, key_, SealedKind::kRun, other),
                ReasonIs(Reason::kRunCorrupt));
  }
  EXPECT_OK(SealedReader::Open(path, key_, SealedKind::kRun, context_));
}

TEST_F(SealedFile, AnotherKindDoesNotOpen) {
  const std::string path = Write("f", SealedKind::kJournal);
  EXPECT_THAT(SealedReader::Open(path, key_, SealedKind::kRun, context_),
              ReasonIs(Reason::kRunCorrupt));
  EXPECT_THAT(SealedReader::Open(path, key_, SealedKind::kSpool, context_),
              ReasonIs(Reason::kFileDigest));
  WriteFile(path, std::string(200, 'x'));
  EXPECT_THAT(SealedReader::Open(path, key_, SealedKind::kJournal, context_),
              ReasonIs(Reason::kJournalCorrupt));
}

TEST_F(SealedFile, UnknownStorageKeyIsExitTen) {
  const std::string path = Write("f");
  const StorageKey other =
      StorageKey::Generate(Environment::kTest, "hub-a").value();
  EXPECT_THAT(SealedReader::Open(path, other, SealedKind::kRun, context_),
              ReasonIs(Reason::kKeyUnknown));
  // With both keys at hand the right one is found by its id.
  const StorageKeyFinder both = [&](const KeyId& id) {
    return id == key_.key_id() ? &key_ : &other;
  };
  EXPECT_OK(SealedReader::Open(path, both, SealedKind::kRun, context_));
}

TEST_F(SealedFile, BadContextIsRefusedBeforeAFileExists) {
  for (const std::string_view path :
       {"", "/abs", "a//b", "../a", "a/..", "a/./b", "a/"}) {
    SealContext context = context_;
    context.path = std::string(path);
    EXPECT_THAT(SealedWriter::Create(dir_.Path("f"), key_, SealedKind::kRun,
                                     context, 64),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << path;
    EXPECT_FALSE(FileExists(dir_.Path("f")));
  }
}

TEST_F(SealedFile, KeyOfAnotherEnvironmentIsRefused) {
  const StorageKey other =
      StorageKey::Generate(Environment::kExample, "hub-a").value();
  EXPECT_THAT(SealedWriter::Create(dir_.Path("f"), other, SealedKind::kRun,
                                   context_, 64),
              ReasonIs(Reason::kEnvironmentMismatch));
}

TEST_F(SealedFile, FileIsNewAndPrivate) {
  const std::string path = Write("f");
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_THAT(SealedWriter::Create(path, key_, SealedKind::kRun, context_, 64),
              ExitCodeIs(kExitConflict));
}

TEST_F(SealedFile, SymbolicLinksAndDevicesAreNotOpened) {
  const std::string path = Write("f");
  ASSERT_EQ(symlink(path.c_str(), dir_.Path("link").c_str()), 0);
  EXPECT_THAT(
      SealedReader::Open(dir_.Path("link"), key_, SealedKind::kRun, context_),
      Not(IsOk()));
  ASSERT_EQ(mkfifo(dir_.Path("fifo").c_str(), 0600), 0);
  EXPECT_THAT(
      SealedReader::Open(dir_.Path("fifo"), key_, SealedKind::kRun, context_),
      Not(IsOk()));
  EXPECT_THAT(
      SealedReader::Open(dir_.Path("none"), key_, SealedKind::kRun, context_),
      StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SealedFile, BoundsAreKept) {
  EXPECT_THAT(SealedWriter::Create(dir_.Path("f"), key_, SealedKind::kRun,
                                   context_, kMaxFramePlaintext + 1),
              StatusIs(absl::StatusCode::kInvalidArgument));
  SealedWriter writer =
      SealedWriter::Create(dir_.Path("g"), key_, SealedKind::kRun, context_, 4)
          .value();
  EXPECT_THAT(writer.Append(AsBytes("12345"), false),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_OK(writer.Append(AsBytes("1234"), true));
  EXPECT_THAT(writer.Append(AsBytes("1"), false),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(SealedFile, FramesOfARunAreFoundByTheirNumber) {
  const std::string path = dir_.Path("f");
  SealedWriter writer = SealedWriter::Create(path, key_, SealedKind::kRun,
                                             context_, kRunFramePlaintext)
                            .value();
  std::vector<uint8_t> frame(kRunFramePlaintext);
  for (uint8_t i = 0; i < 3; ++i) {
    std::fill(frame.begin(), frame.end(), i);
    ASSERT_OK(writer.Append(frame, false));
  }
  ASSERT_OK(writer.Append(AsBytes("trailer"), true));
  ASSERT_OK_AND_ASSIGN(
      const SealedReader reader,
      SealedReader::Open(path, key_, SealedKind::kRun, context_));
  WipedBytes out;
  for (const uint64_t i : {2, 0, 1}) {
    ASSERT_OK_AND_ASSIGN(const FrameInfo info,
                         reader.ReadFrameAt(RunFrameOffset(i), i, out));
    EXPECT_FALSE(info.last);
    EXPECT_THAT(out, testing::Each(i));
    EXPECT_EQ(out.size(), kRunFramePlaintext);
  }
  ASSERT_OK_AND_ASSIGN(const FrameInfo info,
                       reader.ReadFrameAt(RunFrameOffset(3), 3, out));
  EXPECT_TRUE(info.last);
  EXPECT_THAT(reader.ReadFrameAt(RunFrameOffset(1), 2, out),
              ReasonIs(Reason::kRunCorrupt));
  EXPECT_THAT(reader.ReadFrameAt(RunFrameOffset(1) + 1, 1, out),
              ReasonIs(Reason::kRunCorrupt));
  EXPECT_THAT(reader.ReadFrameAt(reader.size_bytes(), 4, out),
              ReasonIs(Reason::kRunCorrupt));
  EXPECT_THAT(reader.ReadFrameAt(uint64_t{1} << 62, 4, out),
              ReasonIs(Reason::kRunCorrupt));
}

// Both libraries, over every length up to some blocks of each.
class FrameCipherTest : public testing::TestWithParam<size_t> {
 protected:
  FrameCipherTest() : plain_(GetParam()), ad_(GetParam() % 40) {
    RandomStream random;
    random.Fill(plain_);
    random.Fill(ad_);
    random.Fill(nonce_);
    sealed_.resize(plain_.size() + internal::kSealTagSize);
  }
  SecretView Key() const { return internal::SecretPeek::View(key_); }

  const Secret32 key_ = RepeatedSecret(7);
  std::vector<uint8_t> plain_;
  std::vector<uint8_t> ad_;
  std::array<uint8_t, internal::kSealNonceSize> nonce_{};
  std::vector<uint8_t> sealed_;
};

TEST_P(FrameCipherTest, GivesTheBytesOfLibsodium) {
  internal::SealFrame(Key(), nonce_, ad_, plain_, sealed_);
  std::vector<uint8_t> expected(sealed_.size());
  internal::SealFrameBySodium(Key(), nonce_, ad_, plain_, expected);
  EXPECT_EQ(sealed_, expected);
  ASSERT_TRUE(internal::OpenFrameBySodium(Key(), nonce_, ad_, sealed_));
  ASSERT_TRUE(internal::OpenFrame(Key(), nonce_, ad_, expected));
  for (const auto* opened : {&sealed_, &expected}) {
    EXPECT_TRUE(std::equal(plain_.begin(), plain_.end(), opened->begin()));
  }
}

TEST_P(FrameCipherTest, OpensNothingThatWasChangedAndLeavesZeroes) {
  internal::SealFrame(Key(), nonce_, ad_, plain_, sealed_);
  const auto refuses = [&](std::span<const uint8_t> ad,
                           std::vector<uint8_t> sealed) {
    const std::vector<uint8_t> zeroes(sealed.size());
    std::vector<uint8_t> again = sealed;
    EXPECT_FALSE(internal::OpenFrame(Key(), nonce_, ad, sealed));
    EXPECT_FALSE(internal::OpenFrameBySodium(Key(), nonce_, ad, again));
    EXPECT_EQ(sealed, zeroes);
    EXPECT_EQ(again, zeroes);
  };
  for (const size_t at : {size_t{0}, sealed_.size() / 2, sealed_.size() - 1}) {
    std::vector<uint8_t> changed = sealed_;
    changed[at] ^= 1;
    refuses(ad_, changed);
  }
  std::vector<uint8_t> longer = ad_;
  longer.push_back(0);
  refuses(longer, sealed_);
  nonce_[0] ^= 1;
  refuses(ad_, sealed_);
  nonce_[0] ^= 1;
  nonce_[23] ^= 1;
  refuses(ad_, sealed_);
}

INSTANTIATE_TEST_SUITE_P(ShortLengths, FrameCipherTest,
                         testing::Range(size_t{0}, size_t{330}));
INSTANTIATE_TEST_SUITE_P(LongLengths, FrameCipherTest,
                         testing::Values(1023, 1024, 1025, 4096, 8191, 32768,
                                         100'001));

}  // namespace
}  // namespace tally::crypto
