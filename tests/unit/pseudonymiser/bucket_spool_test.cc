#include "bucket_spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "crypto/init.h"
#include "crypto/keys.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally::pseudonymiser {
namespace {

constexpr int64_t kMib = int64_t{1} << 20;

class BucketSpoolTest : public testing::Test {
 protected:
  BucketSpoolTest() {
    EXPECT_TRUE(crypto::InitCrypto().ok());
    auto key =
        crypto::StorageKey::Generate(crypto::Environment::kTest, "source");
    EXPECT_TRUE(key.ok());
    key_.emplace(*std::move(key));
    options_.path = dir_.Path("rows.spool");
    options_.context = {.environment = crypto::Environment::kTest,
                        .domain = "commissioning",
                        .path = "check/rows.spool"};
    options_.max_bytes = 1024 * kMib;
  }

  TempDir dir_;
  std::optional<crypto::StorageKey> key_;
  BucketSpool::Options options_;
};

TEST_F(BucketSpoolTest, HasBucketsOf32MiBWhileTheBuffersFit) {
  const auto buckets = [this](int64_t input_mib, int pens) {
    options_.input_bytes = input_mib * kMib;
    options_.pens = pens;
    return BucketSpool::BucketsFor(options_);
  };
  EXPECT_EQ(buckets(0, 2), 64u);
  EXPECT_EQ(buckets(2'000, 2), 64u);
  EXPECT_EQ(buckets(8'192, 2), 256u);
  EXPECT_EQ(buckets(45'000, 2), 2'048u);
  EXPECT_EQ(buckets(1'000'000, 2), 4'096u);
  for (const int pens : {1, 2, 3, 16, 64}) {
    for (const int64_t room : {kMib, 16 * kMib, 48 * kMib}) {
      options_.buffer_bytes = room;
      const size_t count = buckets(1'000'000, pens);
      EXPECT_TRUE(std::has_single_bit(count));
      if (count > 64) {
        EXPECT_LE(count * static_cast<size_t>(pens) * 4096,
                  static_cast<size_t>(room));
      }
    }
  }
}

// About as many in each, whatever their number.
TEST_F(BucketSpoolTest, GivesEveryRowBackOnceFromARandomBucket) {
  constexpr uint32_t kRows = 200'000;
  for (const int64_t input_mib : {1, 20'000}) {
    options_.input_bytes = input_mib * kMib;
    ASSERT_OK_AND_ASSIGN(const auto spool,
                         BucketSpool::Create(options_, *key_));
    BucketSpool::Pen pen(spool.get(), 0);
    for (uint32_t i = 0; i < kRows; ++i) {
      ASSERT_OK(
          pen.Write(std::string_view(reinterpret_cast<char*>(&i), sizeof i)));
    }
    ASSERT_OK(pen.Flush());
    ASSERT_OK(spool->Close());
    const double mean =
        static_cast<double>(kRows) / static_cast<double>(spool->buckets());
    std::vector<bool> seen(kRows);
    double deviations = 0;
    for (size_t bucket = 0; bucket < spool->buckets(); ++bucket) {
      std::string rows;
      ASSERT_OK(spool->ReadBucket(0, bucket, &rows));
      for (size_t at = 0; at < rows.size(); at += sizeof(uint32_t)) {
        uint32_t row = 0;
        std::memcpy(&row, rows.data() + at, sizeof row);
        ASSERT_LT(row, kRows);
        ASSERT_FALSE(seen[row]);
        seen[row] = true;
      }
      const double more = static_cast<double>(rows.size() / 4) - mean;
      deviations += more * more / mean;
    }
    EXPECT_EQ(std::count(seen.begin(), seen.end(), true), kRows);
    // Chi squared: its mean is the number of buckets less one.
    EXPECT_LT(deviations, 1.5 * static_cast<double>(spool->buckets()));
  }
}

TEST_F(BucketSpoolTest, MeasuresWithoutAFile) {
  options_.max_bytes = kMib;
  options_.path.clear();
  const auto spool = BucketSpool::Measuring(options_);
  BucketSpool::Pen pen(spool.get(), 0);
  absl::Status status;
  int rows = 0;
  for (; status.ok() && rows < 100'000; ++rows) {
    status = pen.Write(std::string(100, 'x'));
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_GT(rows, 10'000);
  EXPECT_LE(spool->bytes(), static_cast<uint64_t>(kMib));
  ASSERT_OK(spool->Close());
  EXPECT_TRUE(std::filesystem::is_empty(dir_.path()));
}

}  // namespace
}  // namespace tally::pseudonymiser
