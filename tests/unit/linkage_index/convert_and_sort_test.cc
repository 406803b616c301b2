#include "linkage/index/convert_and_sort.h"

#include <atomic>
#include <map>
#include <mutex>
#include <numeric>
#include <random>
#include <set>

#include "index_test_data.h"
#include "linkage/index/run_reader.h"
#include "run_cursor.h"

namespace tally::linkage {
namespace {

using testing::Field;
using testing::Optional;

class ConvertAndSortTest : public testing::Test {
 protected:
  ConvertAndSortTest()
      : converter_(*crypto::TokenConverter::Create({&keys_.factor_a()},
                                                   crypto::PortableKernel())) {}

  ConvertAndSortOptions Options() {
    ConvertAndSortOptions options;
    options.path = dir_.Path("index.run");
    options.context = TestContext("x");
    options.hub_key_id = kTestHubKeyId;
    options.converter = &converter_;
    options.storage_key = &keys_.storage();
    options.pool = &pool_;
    options.memory_bytes = size_t{16} << 20;
    return options;
  }
  std::vector<uint64_t> Numbers(size_t n) {
    std::vector<uint64_t> numbers(n);
    std::iota(numbers.begin(), numbers.end(), 9'000'000'000);
    std::shuffle(numbers.begin(), numbers.end(), random_);
    return numbers;
  }
  std::vector<std::string> Files() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(dir_.path())) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  std::mt19937_64 random_{11};
  TempDir dir_;
  IndexKeys keys_;
  WorkerPool pool_{2};
  crypto::TokenConverter converter_;
};

TEST_F(ConvertAndSortTest, RunHoldsTheHubTokenOfEveryPerson) {
  const std::vector<uint64_t> numbers = Numbers(700);
  const std::vector<uint8_t> tokens = keys_.TokensA(numbers);
  const std::vector<uint8_t> expected = keys_.HubTokens(numbers);
  ASSERT_OK_AND_ASSIGN(const auto sorter, ConvertAndSort::Create(Options()));
  // In batches of uneven size, some with flags.
  std::vector<uint8_t> flags(numbers.size());
  for (uint8_t& flag : flags) flag = random_() & 1;
  size_t done = 0;
  while (done < numbers.size()) {
    const size_t n =
        std::min<size_t>(1 + random_() % 90, numbers.size() - done);
    ASSERT_THAT(sorter->Add(std::span(tokens).subspan(done * 32, n * 32),
                            std::span(flags).subspan(done, n)),
                IsOk());
    done += n;
  }
  EXPECT_EQ(sorter->tokens_added(), numbers.size());
  ASSERT_OK_AND_ASSIGN(const RunSummary summary, sorter->Finish());
  EXPECT_EQ(summary.records, numbers.size());
  ASSERT_OK_AND_ASSIGN(
      const RunSummary verified,
      VerifyRun(Options().path, TestContext("x"), keys_.finder()));
  EXPECT_EQ(verified.file_sha256, summary.file_sha256);
  EXPECT_EQ(verified.file_bytes, summary.file_bytes);
  ASSERT_OK_AND_ASSIGN(
      const auto reader,
      RunReader::Open(Options().path, TestContext("x"), keys_.finder()));
  for (size_t i = 0; i < numbers.size(); ++i) {
    ASSERT_OK_AND_ASSIGN(
        const crypto::HubToken token,
        crypto::HubToken::Create(std::span(expected).subspan(i * 32, 32)));
    ASSERT_OK_AND_ASSIGN(const auto entry, reader->Find(token));
    ASSERT_TRUE(entry.has_value());
    EXPECT_EQ(entry->person_index, static_cast<int32_t>(i));
    EXPECT_EQ(entry->flags, flags[i]);
  }
}

TEST_F(ConvertAndSortTest, TellsHowFarTheConversionIs) {
  const std::vector<uint8_t> tokens = keys_.TokensA(Numbers(5'000));
  ConvertAndSortOptions options = Options();
  std::mutex mu;
  std::set<uint64_t> told;
  options.on_converted = [&](uint64_t done) {
    const std::scoped_lock lock(mu);
    told.insert(done);
  };
  ASSERT_OK_AND_ASSIGN(const auto sorter, ConvertAndSort::Create(options));
  ASSERT_THAT(sorter->Add(tokens, {}), IsOk());
  ASSERT_THAT(sorter->Finish(), IsOk());
  EXPECT_EQ(told.size(), 3u);  // pieces of 2,048
  EXPECT_EQ(*told.rbegin(), 5'000u);
}

TEST_F(ConvertAndSortTest, NoTokensGiveAnEmptyRun) {
  ASSERT_OK_AND_ASSIGN(const auto sorter, ConvertAndSort::Create(Options()));
  ASSERT_OK_AND_ASSIGN(const RunSummary summary, sorter->Finish());
  EXPECT_EQ(summary.records, 0u);
}

TEST_F(ConvertAndSortTest, CountsInvalidTokensAndNamesTheFirstPlaceOnly) {
  std::vector<uint8_t> tokens = keys_.TokensA(Numbers(500));
  for (const size_t bad : {301u, 17u, 499u}) {
    // The generator's s + 1 is odd, so negative: no encoding.
    std::fill(tokens.begin() + bad * 32, tokens.begin() + bad * 32 + 32, 0);
    tokens[bad * 32] = 1;
  }
  ASSERT_OK_AND_ASSIGN(auto sorter, ConvertAndSort::Create(Options()));
  ASSERT_THAT(sorter->Add(tokens, {}), IsOk());
  const auto result = sorter->Finish();
  EXPECT_THAT(result, ReasonIs(Reason::kElementInvalid));
  EXPECT_THAT(DetailOf(result.status()),
              Optional(testing::AllOf(Field(&ErrorDetail::count, 3),
                                      Field(&ErrorDetail::row, 18))));
  sorter.reset();
  EXPECT_THAT(Files(), testing::IsEmpty());
}

TEST_F(ConvertAndSortTest, CountsRepeatsAndNamesTheFirstSecondOccurrence) {
  std::vector<uint8_t> tokens = keys_.TokensA(Numbers(400));
  const auto copy = [&](size_t from, size_t to) {
    std::copy(tokens.begin() + from * 32, tokens.begin() + from * 32 + 32,
              tokens.begin() + to * 32);
  };
  copy(5, 200);
  copy(5, 150);
  copy(301, 100);  // the later place is 301
  ASSERT_OK_AND_ASSIGN(auto sorter, ConvertAndSort::Create(Options()));
  ASSERT_THAT(sorter->Add(tokens, {}), IsOk());
  const auto result = sorter->Finish();
  EXPECT_THAT(result, ReasonIs(Reason::kElementRepeated));
  EXPECT_THAT(DetailOf(result.status()),
              Optional(testing::AllOf(Field(&ErrorDetail::count, 3),
                                      Field(&ErrorDetail::row, 151))));
  sorter.reset();
  EXPECT_THAT(Files(), testing::IsEmpty());
}

TEST_F(ConvertAndSortTest, InvalidTokensComeBeforeRepeats) {
  std::vector<uint8_t> tokens = keys_.TokensA(Numbers(10));
  std::copy(tokens.begin(), tokens.begin() + 32, tokens.begin() + 32);
  std::fill(tokens.begin() + 96, tokens.begin() + 128, 0xff);
  tokens[127] = 0x7f;
  ASSERT_OK_AND_ASSIGN(const auto sorter, ConvertAndSort::Create(Options()));
  ASSERT_THAT(sorter->Add(tokens, {}), IsOk());
  EXPECT_THAT(sorter->Finish(), ReasonIs(Reason::kElementInvalid));
}

TEST_F(ConvertAndSortTest, MessagesHoldNoBytesOfTokens) {
  std::vector<uint8_t> tokens(32, 0xff);
  tokens[31] = 0x7f;
  ASSERT_OK_AND_ASSIGN(const auto sorter, ConvertAndSort::Create(Options()));
  ASSERT_THAT(sorter->Add(tokens, {}), IsOk());
  const std::string message(sorter->Finish().status().message());
  EXPECT_EQ(message.find("ff"), std::string::npos);
  EXPECT_EQ(message.find('\xff'), std::string::npos);
}

TEST_F(ConvertAndSortTest, RefusesTokensAndFlagsOfOddLengths) {
  ASSERT_OK_AND_ASSIGN(const auto sorter, ConvertAndSort::Create(Options()));
  const std::vector<uint8_t> bytes(64);
  EXPECT_THAT(sorter->Add(std::span(bytes).first(31), {}),
              ReasonIs(Reason::kElementLength));
  EXPECT_THAT(sorter->Add(std::span(bytes).first(33), {}),
              ReasonIs(Reason::kElementLength));
  EXPECT_THAT(sorter->Add(bytes, std::vector<uint8_t>{0}),
              ReasonIs(Reason::kFieldInvalid));
  EXPECT_THAT(sorter->Add(bytes, std::vector<uint8_t>{0, 2}),
              ReasonIs(Reason::kFieldInvalid));
  EXPECT_EQ(sorter->tokens_added(), 0u);
}

TEST_F(ConvertAndSortTest, StopsWhenToldSoAndLeavesNothing) {
  ConvertAndSortOptions options = Options();
  std::atomic<int> asked{0};
  options.go_on = [&]() -> absl::Status {
    return ++asked > 0 ? absl::CancelledError("stop") : absl::OkStatus();
  };
  ASSERT_OK_AND_ASSIGN(auto sorter, ConvertAndSort::Create(options));
  ASSERT_THAT(sorter->Add(keys_.TokensA(Numbers(50)), {}), IsOk());
  EXPECT_THAT(sorter->Finish(), StatusIs(absl::StatusCode::kCancelled));
  sorter.reset();
  EXPECT_THAT(Files(), testing::IsEmpty());
}

TEST_F(ConvertAndSortTest, RefusesMissingPartsAndLittleMemory) {
  ConvertAndSortOptions options = Options();
  options.memory_bytes = size_t{15} << 20;
  EXPECT_FALSE(ConvertAndSort::Create(options).ok());
  options = Options();
  options.pool = nullptr;
  EXPECT_FALSE(ConvertAndSort::Create(options).ok());
}

// A kernel that leaves tokens as they are, so that pieces and groups of pieces
// can be tested on many records in little time.
class IdentityKernel final : public crypto::TokenKernel {
 public:
  std::string_view name() const override { return "identity"; }
  absl::Status Tokenise(const crypto::Scalar&,
                        std::span<const crypto::NhsMessage>,
                        std::span<uint8_t>) const override {
    return absl::UnimplementedError("not used");
  }
  absl::StatusOr<size_t> Convert(const crypto::Scalar&,
                                 std::span<const uint8_t> in,
                                 std::span<uint8_t> out,
                                 std::span<uint8_t> rejected) const override {
    std::copy(in.begin(), in.end(), out.begin());
    std::fill(rejected.begin(), rejected.end(), uint8_t{0});
    return 0;
  }
};

class ManyRecordsTest : public ConvertAndSortTest {
 protected:
  ManyRecordsTest()
      : identity_(
            *crypto::TokenConverter::Create({&keys_.factor_a()}, kernel_)) {}
  ConvertAndSortOptions ManyOptions() {
    ConvertAndSortOptions options = Options();
    options.converter = &identity_;
    return options;
  }

  IdentityKernel kernel_;
  crypto::TokenConverter identity_;
};

// 16 MiB hold four blocks of 65,536 records: two million records make more
// pieces than may be open at once.
TEST_F(ManyRecordsTest, PiecesAreMergedIntoTheSameRunAsSortingInMemory) {
  constexpr size_t kRecords = 2'700'000;
  std::vector<Record> expected;
  expected.reserve(kRecords);
  std::vector<uint8_t> batch;
  ASSERT_OK_AND_ASSIGN(const auto sorter,
                       ConvertAndSort::Create(ManyOptions()));
  for (uint32_t i = 0; i < kRecords; ++i) {
    Record record = RandomRecord(random_, i);
    SetPlace(record, i, 0, 0);
    expected.push_back(record);
    batch.insert(batch.end(), record.bytes, record.bytes + 32);
    if (batch.size() == 24'000 * 32 || i + 1 == kRecords) {
      ASSERT_THAT(sorter->Add(batch, {}), IsOk());
      batch.clear();
    }
  }
  ASSERT_OK_AND_ASSIGN(const RunSummary summary, sorter->Finish());
  EXPECT_EQ(summary.records, kRecords);
  EXPECT_THAT(Files(), testing::ElementsAre("index.run"));
  std::sort(expected.begin(), expected.end(), Before);
  ASSERT_OK_AND_ASSIGN(const auto cursor,
                       RunCursor::Open(Options().path, TestContext("x"),
                                       keys_.finder(), RunUse::kRun));
  for (const Record& record : expected) {
    ASSERT_THAT(cursor->Advance(), IsOk());
    ASSERT_NE(cursor->current(), nullptr);
    ASSERT_EQ(std::memcmp(cursor->current()->bytes, record.bytes, 40), 0);
  }
  ASSERT_THAT(cursor->Advance(), IsOk());
  EXPECT_EQ(cursor->current(), nullptr);
}

TEST_F(ManyRecordsTest, RepeatsInDifferentPiecesAreFound) {
  constexpr uint32_t kRecords = 600'000;
  std::vector<uint8_t> tokens(kRecords * 32);
  for (uint32_t i = 0; i < kRecords; ++i) {
    const Record record = RandomRecord(random_, i);
    std::copy(record.bytes, record.bytes + 32, tokens.begin() + i * 32);
  }
  std::copy(tokens.begin(), tokens.begin() + 32, tokens.begin() + 599'999 * 32);
  std::copy(tokens.begin() + 32, tokens.begin() + 64,
            tokens.begin() + 300'000 * 32);
  ASSERT_OK_AND_ASSIGN(auto sorter, ConvertAndSort::Create(ManyOptions()));
  ASSERT_THAT(sorter->Add(tokens, {}), IsOk());
  const auto result = sorter->Finish();
  EXPECT_THAT(result, ReasonIs(Reason::kElementRepeated));
  EXPECT_THAT(DetailOf(result.status()),
              Optional(testing::AllOf(Field(&ErrorDetail::count, 2),
                                      Field(&ErrorDetail::row, 300'001))));
  sorter.reset();
  EXPECT_THAT(Files(), testing::IsEmpty());
}

// One element a million times in one extract.
TEST_F(ManyRecordsTest, OneTokenAMillionTimesIsRejectedWithItsCount) {
  const Record record = RandomRecord(random_, 0);
  std::vector<uint8_t> batch;
  for (int i = 0; i < 20'000; ++i) {
    batch.insert(batch.end(), record.bytes, record.bytes + 32);
  }
  ASSERT_OK_AND_ASSIGN(const auto sorter,
                       ConvertAndSort::Create(ManyOptions()));
  for (int i = 0; i < 50; ++i) ASSERT_THAT(sorter->Add(batch, {}), IsOk());
  const auto result = sorter->Finish();
  EXPECT_THAT(DetailOf(result.status()),
              Optional(testing::AllOf(Field(&ErrorDetail::count, 999'999),
                                      Field(&ErrorDetail::row, 2))));
}

}  // namespace
}  // namespace tally::linkage
