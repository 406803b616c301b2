#include "merge_tree.h"

#include <memory>
#include <random>
#include <vector>

#include "index_test_data.h"

namespace tally::linkage {
namespace {

class VectorStream final : public RecordStream {
 public:
  explicit VectorStream(const std::vector<Record>& records) {
    next_ = records.data();
    end_ = records.data() + records.size();
  }

 private:
  absl::Status Refill() override {
    current_ = nullptr;
    return absl::OkStatus();
  }
};

// Fails after its records.
class BrokenStream final : public RecordStream {
 private:
  absl::Status Refill() override { return absl::DataLossError("broken"); }
};

std::vector<Record> Merge(const std::vector<std::vector<Record>>& parts) {
  std::vector<std::unique_ptr<RecordStream>> owned;
  std::vector<RecordStream*> streams;
  for (const auto& part : parts) {
    owned.push_back(std::make_unique<VectorStream>(part));
    streams.push_back(owned.back().get());
  }
  MergeTree tree(streams);
  EXPECT_THAT(tree.Start(), IsOk());
  std::vector<Record> merged;
  while (tree.top() != nullptr) {
    merged.push_back(*tree.top());
    EXPECT_THAT(tree.Pop(), IsOk());
  }
  return merged;
}

TEST(MergeTree, EqualsSortingForEveryNumberOfStreams) {
  std::mt19937_64 random(20261121);
  for (size_t streams = 0; streams <= 17; ++streams) {
    std::vector<std::vector<Record>> parts(streams);
    std::vector<Record> all;
    for (auto& part : parts) {
      part = RandomRecords(random, random() % 40);
      // Few distinct prefixes, so that ties are common.
      for (Record& record : part) {
        for (int i = 0; i < 8; ++i) record.bytes[i] = random() % 2;
      }
      std::sort(part.begin(), part.end(), Before);
      all.insert(all.end(), part.begin(), part.end());
    }
    std::sort(all.begin(), all.end(), Before);
    const std::vector<Record> merged = Merge(parts);
    ASSERT_EQ(merged.size(), all.size()) << streams << " streams";
    for (size_t i = 0; i < all.size(); ++i) {
      ASSERT_FALSE(Before(merged[i], all[i]) || Before(all[i], merged[i]));
    }
  }
}

TEST(MergeTree, HandlesPrefixesOfAllOnes) {
  Record high{};
  std::fill(high.bytes, high.bytes + 32, uint8_t{0xff});
  const std::vector<Record> merged = Merge({{high}, {}, {high}});
  EXPECT_EQ(merged.size(), 2u);
}

TEST(MergeTree, PassesOnTheErrorOfAStream) {
  BrokenStream broken;
  MergeTree tree({&broken});
  EXPECT_THAT(tree.Start(), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace tally::linkage
