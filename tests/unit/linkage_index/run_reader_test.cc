#include "linkage/index/run_reader.h"

#include <random>
#include <set>
#include <vector>

#include "base/bytes.h"
#include "base/sha256.h"
#include "index_test_data.h"
#include "run_cursor.h"

namespace tally::linkage {
namespace {

class RunReaderTest : public testing::Test {
 protected:
  std::string Path() const { return dir_.Path("index.run"); }
  crypto::SealContext Context() const { return TestContext("x"); }
  RunSummary Write(const std::vector<Record>& records) {
    return WriteRun(Path(), Context(), keys_.storage(), records);
  }
  absl::StatusOr<std::unique_ptr<RunReader>> Open() {
    return RunReader::Open(Path(), Context(), keys_.finder());
  }
  absl::StatusOr<RunSummary> Verify() {
    return VerifyRun(Path(), Context(), keys_.finder());
  }

  std::mt19937_64 random_{7};
  TempDir dir_;
  IndexKeys keys_;
};

TEST_F(RunReaderTest, EmptyRunHasOnlyATrailer) {
  const RunSummary written = Write({});
  EXPECT_EQ(written.file_bytes, crypto::kSealedHeaderSize +
                                    crypto::kFrameOverhead + kRunTrailerBytes);
  ASSERT_OK_AND_ASSIGN(const auto reader, Open());
  EXPECT_EQ(reader->summary().records, 0u);
  EXPECT_THAT(reader->Next(), IsOkAndHolds(testing::Eq(std::nullopt)));
  EXPECT_THAT(Verify(), IsOk());
}

// Lengths around the frame of 16,384 records, where offsets could go wrong.
TEST_F(RunReaderTest, ScanGivesBackEveryRecordForEveryCriticalLength) {
  for (const size_t n : {1u, 2u, 16'383u, 16'384u, 16'385u, 40'000u}) {
    std::filesystem::remove(Path());
    const std::vector<Record> records = RandomRecords(random_, n);
    const RunSummary written = Write(records);
    ASSERT_OK_AND_ASSIGN(const auto reader, Open());
    ASSERT_EQ(reader->summary().records, n);
    EXPECT_EQ(reader->summary().hub_key_id, kTestHubKeyId);
    EXPECT_EQ(reader->summary().records_sha256, written.records_sha256);
    for (const Record& expected : records) {
      ASSERT_OK_AND_ASSIGN(const auto record, reader->Next());
      ASSERT_TRUE(record.has_value());
      ASSERT_TRUE(std::equal(record->token.bytes().begin(),
                             record->token.bytes().end(), expected.bytes));
      ASSERT_EQ(record->entry.person_index,
                static_cast<int32_t>(PersonIndex(expected)));
      ASSERT_EQ(record->entry.flags, Flags(expected));
    }
    EXPECT_THAT(reader->Next(), IsOkAndHolds(testing::Eq(std::nullopt)));
    ASSERT_OK_AND_ASSIGN(const RunSummary verified, Verify());
    EXPECT_EQ(verified.file_sha256, Sha256Hex(Slurp(Path())));
  }
}

TEST_F(RunReaderTest, BisectionEqualsScan) {
  const std::vector<Record> records = RandomRecords(random_, 50'000);
  Write(records);
  ASSERT_OK_AND_ASSIGN(const auto reader, Open());
  std::vector<size_t> places{0, 16'383, 16'384, 16'385, 32'767, 32'768, 49'999};
  for (int i = 0; i < 200; ++i) places.push_back(random_() % records.size());
  for (const size_t place : places) {
    ASSERT_OK_AND_ASSIGN(const crypto::HubToken token,
                         crypto::HubToken::Create(Token(records[place])));
    ASSERT_OK_AND_ASSIGN(const auto found, reader->Find(token));
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->person_index,
              static_cast<int32_t>(PersonIndex(records[place])));
    // From there on a scan goes on with the next record.
    ASSERT_OK_AND_ASSIGN(const auto next, reader->Next());
    ASSERT_EQ(next.has_value(), place + 1 < records.size());
    if (next.has_value()) {
      EXPECT_EQ(next->entry.person_index,
                static_cast<int32_t>(PersonIndex(records[place + 1])));
    }
  }
  for (int i = 0; i < 200; ++i) {
    ASSERT_OK_AND_ASSIGN(
        const crypto::HubToken token,
        crypto::HubToken::Create(Token(RandomRecord(random_, 0))));
    EXPECT_THAT(reader->Find(token), IsOkAndHolds(testing::Eq(std::nullopt)));
  }
}

TEST_F(RunReaderTest, PartsByPrefixTogetherAreTheWholeRun) {
  const std::vector<Record> records = RandomRecords(random_, 40'000);
  Write(records);
  for (const uint64_t parts : {1u, 2u, 3u, 7u, 64u}) {
    size_t seen = 0;
    for (uint64_t part = 0; part < parts; ++part) {
      ASSERT_OK_AND_ASSIGN(
          const auto cursor,
          RunCursor::Open(Path(), Context(), keys_.finder(), RunUse::kRun));
      const uint64_t width = UINT64_MAX / parts;
      const uint64_t first = part * width;
      const uint64_t last =
          part + 1 == parts ? UINT64_MAX : (part + 1) * width - 1;
      ASSERT_THAT(cursor->Restrict(first, last), IsOk());
      ASSERT_THAT(cursor->Advance(), IsOk());
      while (cursor->current() != nullptr) {
        ASSERT_EQ(CompareTokens(*cursor->current(), records[seen]), 0);
        ++seen;
        ASSERT_THAT(cursor->Advance(), IsOk());
      }
    }
    EXPECT_EQ(seen, records.size()) << parts << " parts";
  }
}

TEST_F(RunReaderTest, CountsTheRecordsBelowAPrefixAsAScanDoes) {
  for (const size_t n : {0u, 1u, 16'384u, 16'385u, 32'768u, 40'000u}) {
    std::filesystem::remove(Path());
    const std::vector<Record> records = RandomRecords(random_, n);
    Write(records);
    ASSERT_OK_AND_ASSIGN(
        const auto cursor,
        RunCursor::Open(Path(), Context(), keys_.finder(), RunUse::kRun));
    std::vector<uint64_t> prefixes{0, 1, UINT64_MAX / 2, UINT64_MAX};
    for (const size_t place : {size_t{0}, size_t{16'383}, size_t{16'384}, n}) {
      if (place == 0 || place > n) continue;
      prefixes.push_back(Prefix(records[place - 1]));
      prefixes.push_back(Prefix(records[place - 1]) + 1);
    }
    for (const uint64_t prefix : prefixes) {
      const auto below =
          std::count_if(records.begin(), records.end(),
                        [&](const Record& r) { return Prefix(r) < prefix; });
      EXPECT_THAT(cursor->RecordsBelow(prefix),
                  IsOkAndHolds(static_cast<uint64_t>(below)));
    }
  }
}

TEST_F(RunReaderTest, RefusesARunOfAnotherPlace) {
  Write(RandomRecords(random_, 10));
  crypto::SealContext elsewhere = TestContext("y");
  EXPECT_THAT(RunReader::Open(Path(), elsewhere, keys_.finder()),
              ReasonIs(Reason::kRunCorrupt));
  crypto::SealContext later = Context();
  later.hub_epoch = 2;
  EXPECT_THAT(RunReader::Open(Path(), later, keys_.finder()),
              ReasonIs(Reason::kRunCorrupt));
  crypto::SealContext example = Context();
  example.environment = crypto::Environment::kExample;
  EXPECT_FALSE(RunReader::Open(Path(), example, keys_.finder()).ok());
}

TEST_F(RunReaderTest, MissingRunIsNotFound) {
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(RunReaderTest, VerifyFindsEveryFlippedBitOfASmallRun) {
  Write(RandomRecords(random_, 3));
  const std::string good = Slurp(Path());
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    WriteFile(Path(), bad);
    ASSERT_FALSE(Verify().ok()) << "bit " << bit;
  }
  WriteFile(Path(), good);
  EXPECT_THAT(Verify(), IsOk());
}

TEST_F(RunReaderTest, VerifyFindsEveryCut) {
  Write(RandomRecords(random_, 3));
  const std::string good = Slurp(Path());
  for (size_t size = 0; size < good.size(); ++size) {
    WriteFile(Path(), good.substr(0, size));
    ASSERT_FALSE(Verify().ok()) << size;
  }
  WriteFile(Path(), good + "x");
  EXPECT_FALSE(Verify().ok());
}

// Records in an order, or with places, that ConvertAndSort never writes.
TEST_F(RunReaderTest, VerifyRefusesRecordsThatNoHubWrites) {
  const std::vector<Record> good = RandomRecords(random_, 4);
  const auto refused = [&](std::vector<Record> records) {
    std::filesystem::remove(Path());
    WriteRun(Path(), Context(), keys_.storage(), records);
    return ReasonOf(Verify().status()) == Reason::kRunCorrupt;
  };
  EXPECT_FALSE(refused(good));
  std::vector<Record> swapped = good;
  std::swap(swapped[1], swapped[2]);
  EXPECT_TRUE(refused(swapped));
  std::vector<Record> repeated = good;
  std::copy(good[0].bytes, good[0].bytes + 32, repeated[1].bytes);
  EXPECT_TRUE(refused(repeated));
  std::vector<Record> same_person = good;
  SetPlace(same_person[1], PersonIndex(good[0]), 0, 0);
  EXPECT_TRUE(refused(same_person));
  std::vector<Record> beyond = good;
  SetPlace(beyond[1], 4, 0, 0);
  EXPECT_TRUE(refused(beyond));
  std::vector<Record> flags = good;
  SetPlace(flags[1], PersonIndex(good[1]), 2, 0);
  EXPECT_TRUE(refused(flags));
  std::vector<Record> extra = good;
  SetPlace(extra[1], PersonIndex(good[1]), 0, 1);
  EXPECT_TRUE(refused(extra));
}

// A trailer with another count or digest than the records have.
TEST_F(RunReaderTest, VerifyRefusesAForeignTrailer) {
  const std::vector<Record> records = RandomRecords(random_, 2);
  const auto write = [&](uint64_t count, uint8_t digest_byte) {
    std::filesystem::remove(Path());
    auto writer = crypto::SealedWriter::Create(
        Path(), keys_.storage(), crypto::SealedKind::kRun, Context(),
        crypto::kRunFramePlaintext);
    TALLY_CHECK(writer.ok());
    std::string frame;
    for (const Record& r : records) {
      frame.append(reinterpret_cast<const char*>(r.bytes), sizeof r.bytes);
    }
    TALLY_CHECK(writer->Append(AsBytes(frame), false).ok());
    auto digest = Sha256Of(frame);
    digest[0] ^= digest_byte;
    ByteWriter trailer;
    trailer.U64(count);
    trailer.Bytes(std::span<const uint8_t>(digest));
    trailer.U64(0);
    TALLY_CHECK(writer->Append(AsBytes(trailer.view()), true).ok());
    return Verify();
  };
  EXPECT_THAT(write(2, 0), IsOk());
  EXPECT_THAT(write(3, 0), ReasonIs(Reason::kRunCorrupt));
  EXPECT_THAT(write(2, 1), ReasonIs(Reason::kRunCorrupt));
}

TEST_F(RunReaderTest, ErrorsNeverHoldATokenOrPath) {
  Write(RandomRecords(random_, 3));
  std::string bytes = Slurp(Path());
  bytes[200] = static_cast<char>(bytes[200] ^ 1);
  WriteFile(Path(), bytes);
  const absl::Status status = Verify().status();
  EXPECT_EQ(std::string(status.message()).find(dir_.path()), std::string::npos);
}

}  // namespace
}  // namespace tally::linkage
