#include "linkage/index/run_merger.h"

#include <map>
#include <random>
#include <set>
#include <tuple>

#include "crypto/pseudonym_maker.h"
#include "index_test_data.h"

namespace tally::linkage {
namespace {

// Keeps everything that a merge yields.
class Collector final : public LinkSink {
 public:
  absl::Status AddLinks(std::span<const LinkRow> rows) override {
    links.insert(links.end(), rows.begin(), rows.end());
    return absl::OkStatus();
  }
  absl::Status AddPersons(std::span<const PersonRow> rows,
                          std::span<const dataset::Pseudonym> names) override {
    persons.insert(persons.end(), rows.begin(), rows.end());
    pseudonyms.insert(pseudonyms.end(), names.begin(), names.end());
    return absl::OkStatus();
  }

  std::vector<LinkRow> links;
  std::vector<PersonRow> persons;
  std::vector<dataset::Pseudonym> pseudonyms;
};

// A person of the oracle: where the token was found.
using Places = std::set<std::pair<int32_t, int32_t>>;  // extract, person_index

class RunMergerTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directory(Temp()); }
  std::string Temp() const { return dir_.Path("tmp"); }

  // Writes a run and adds it to the merge.
  void AddRun(int32_t source, std::vector<Record> records) {
    std::sort(records.begin(), records.end(), Before);
    const int32_t extract = static_cast<int32_t>(inputs_.size());
    const std::string name = "x" + std::to_string(extract);
    MergeInput input{dir_.Path(name), TestContext(name), extract, source};
    WriteRun(input.path, input.context, keys_.storage(), records);
    inputs_.push_back(input);
    runs_.push_back(std::move(records));
  }

  RunMergerOptions Options(int parts = 2) {
    RunMergerOptions options;
    options.storage_keys = keys_.finder();
    options.storage_key = &keys_.storage();
    options.pool = &pool_;
    options.temp_directory = Temp();
    options.parts = parts;
    options.memory_bytes = size_t{64} << 20;
    return options;
  }

  // The slow plain twin: every record against every other.
  std::vector<Places> NestedLoopJoin() const {
    std::vector<Places> persons;
    std::vector<std::vector<bool>> done(runs_.size());
    for (size_t a = 0; a < runs_.size(); ++a) done[a].resize(runs_[a].size());
    for (size_t a = 0; a < runs_.size(); ++a) {
      for (size_t i = 0; i < runs_[a].size(); ++i) {
        if (done[a][i]) continue;
        Places places;
        for (size_t b = 0; b < runs_.size(); ++b) {
          for (size_t j = 0; j < runs_[b].size(); ++j) {
            if (CompareTokens(runs_[a][i], runs_[b][j]) != 0) continue;
            places.emplace(static_cast<int32_t>(b),
                           static_cast<int32_t>(PersonIndex(runs_[b][j])));
            done[b][j] = true;
          }
        }
        persons.push_back(std::move(places));
      }
    }
    std::sort(persons.begin(), persons.end());
    return persons;
  }

  std::vector<Places> Grouped(const Collector& found) const {
    std::map<int32_t, Places> by_person;
    for (const LinkRow& row : found.links) {
      EXPECT_TRUE(
          by_person[row.person].emplace(row.extract, row.person_index).second);
    }
    std::vector<Places> persons;
    for (auto& [person, places] : by_person) persons.push_back(places);
    std::sort(persons.begin(), persons.end());
    return persons;
  }

  // Runs over a small pool of tokens, so that people are shared.
  void AddRandomRuns(size_t runs, size_t pool_size) {
    std::vector<Record> pool = RandomRecords(random_, pool_size);
    for (size_t r = 0; r < runs; ++r) {
      std::shuffle(pool.begin(), pool.end(), random_);
      std::vector<Record> records(
          pool.begin(),
          pool.begin() + static_cast<ptrdiff_t>(random_() % (pool_size + 1)));
      for (uint32_t i = 0; i < records.size(); ++i) {
        SetPlace(records[i], i, static_cast<uint8_t>(random_() & 1), 0);
      }
      AddRun(static_cast<int32_t>(r % 3), std::move(records));
    }
  }
  void Reset() {
    inputs_.clear();
    runs_.clear();
  }

  std::mt19937_64 random_{23};
  TempDir dir_;
  IndexKeys keys_;
  WorkerPool pool_{2};
  std::vector<MergeInput> inputs_;
  std::vector<std::vector<Record>> runs_;
};

TEST_F(RunMergerTest, RefusesRunsThatChangeBetweenCountAndLink) {
  for (const size_t other : {size_t{90}, size_t{110}}) {
    Reset();
    std::filesystem::remove(dir_.Path("x0"));
    AddRun(0, RandomRecords(random_, 100));
    ASSERT_OK_AND_ASSIGN(const auto merger,
                         RunMerger::Create(inputs_, Options()));
    ASSERT_THAT(merger->CountPersons(), IsOkAndHolds(100u));
    std::filesystem::remove(dir_.Path("x0"));
    WriteRun(inputs_[0].path, inputs_[0].context, keys_.storage(),
             RandomRecords(random_, other));
    Collector found;
    EXPECT_THAT(merger->Link(nullptr, "", found),
                ReasonIs(Reason::kRunCorrupt));
  }
}

TEST_F(RunMergerTest, EqualsTheNestedLoopJoinOnRandomData) {
  for (int round = 0; round < 40; ++round) {
    for (size_t i = 0; i < 6; ++i) {
      std::filesystem::remove(dir_.Path("x" + std::to_string(i)));
    }
    Reset();
    AddRandomRuns(random_() % 6, 1 + random_() % 30);
    const int parts = 1 + static_cast<int>(random_() % 4);
    ASSERT_OK_AND_ASSIGN(const auto merger,
                         RunMerger::Create(inputs_, Options(parts)));
    Collector found;
    ASSERT_THAT(merger->Link(nullptr, "", found), IsOk());
    const std::vector<Places> expected = NestedLoopJoin();
    EXPECT_EQ(Grouped(found), expected) << "round " << round;
    EXPECT_THAT(merger->CountPersons(), IsOkAndHolds(expected.size()));
    EXPECT_EQ(found.persons.size(), expected.size());
    EXPECT_TRUE(found.pseudonyms.empty());
  }
}

TEST_F(RunMergerTest, PersonsAreDistinctAndCountTheirExtractsAndSources) {
  AddRandomRuns(5, 40);
  ASSERT_OK_AND_ASSIGN(const auto merger,
                       RunMerger::Create(inputs_, Options()));
  Collector found;
  ASSERT_THAT(merger->Link(nullptr, "", found), IsOk());
  std::map<int32_t, std::set<int32_t>> extracts;
  std::map<int32_t, std::set<int32_t>> sources;
  for (const LinkRow& row : found.links) {
    extracts[row.person].insert(row.extract);
    sources[row.person].insert(row.extract % 3);
  }
  std::set<int32_t> numbers;
  for (const PersonRow& person : found.persons) {
    EXPECT_TRUE(numbers.insert(person.person).second);
    EXPECT_GE(person.person, 0);
    EXPECT_LT(person.person, static_cast<int32_t>(found.links.size()));
    EXPECT_EQ(person.extracts,
              static_cast<int32_t>(extracts[person.person].size()));
    EXPECT_EQ(person.sources,
              static_cast<int32_t>(sources[person.person].size()));
  }
}

TEST_F(RunMergerTest, KeepsTheFlagsOfRecords) {
  AddRandomRuns(2, 20);
  ASSERT_OK_AND_ASSIGN(const auto merger,
                       RunMerger::Create(inputs_, Options()));
  Collector found;
  ASSERT_THAT(merger->Link(nullptr, "", found), IsOk());
  std::map<std::pair<int32_t, int32_t>, uint8_t> flags;
  for (size_t r = 0; r < runs_.size(); ++r) {
    for (const Record& record : runs_[r]) {
      flags[{static_cast<int32_t>(r),
             static_cast<int32_t>(PersonIndex(record))}] = Flags(record);
    }
  }
  for (const LinkRow& row : found.links) {
    EXPECT_EQ(row.flags, (flags[{row.extract, row.person_index}]));
  }
}

TEST_F(RunMergerTest, PseudonymsAreThoseOfTheProjectAndDifferBetweenProjects) {
  AddRandomRuns(2, 30);
  ASSERT_OK_AND_ASSIGN(
      const crypto::ProjectKey first,
      crypto::ProjectKey::Generate(crypto::Environment::kTest, "commissioning",
                                   "proj-001"));
  ASSERT_OK_AND_ASSIGN(
      const crypto::ProjectKey second,
      crypto::ProjectKey::Generate(crypto::Environment::kTest, "commissioning",
                                   "proj-002"));
  ASSERT_OK_AND_ASSIGN(const auto merger,
                       RunMerger::Create(inputs_, Options()));
  Collector one;
  ASSERT_THAT(merger->Link(&first, "proj-001", one), IsOk());
  Collector two;
  ASSERT_THAT(merger->Link(&second, "proj-002", two), IsOk());
  ASSERT_EQ(one.pseudonyms.size(), one.persons.size());
  // From each person's place back to its token, and to the expected pseudonym.
  ASSERT_OK_AND_ASSIGN(const crypto::PseudonymMaker maker,
                       crypto::PseudonymMaker::Create(first));
  std::map<std::pair<int32_t, int32_t>, const Record*> tokens;
  for (size_t r = 0; r < runs_.size(); ++r) {
    for (const Record& record : runs_[r]) {
      tokens[{static_cast<int32_t>(r),
              static_cast<int32_t>(PersonIndex(record))}] = &record;
    }
  }
  std::map<int32_t, crypto::PseudonymBytes> expected;
  for (const LinkRow& row : one.links) {
    ASSERT_OK_AND_ASSIGN(const crypto::HubToken token,
                         crypto::HubToken::Create(
                             Token(*tokens[{row.extract, row.person_index}])));
    expected[row.person] = maker.Make(token);
  }
  for (size_t i = 0; i < one.persons.size(); ++i) {
    EXPECT_TRUE(one.pseudonyms[i].bytes() == expected[one.persons[i].person]);
  }
  std::set<dataset::Pseudonym> all(one.pseudonyms.begin(),
                                   one.pseudonyms.end());
  EXPECT_EQ(all.size(), one.pseudonyms.size());
  for (const dataset::Pseudonym& pseudonym : two.pseudonyms) {
    EXPECT_FALSE(all.contains(pseudonym));
  }
}

TEST_F(RunMergerTest, RefusesAKeyOfAnotherProject) {
  AddRandomRuns(1, 5);
  ASSERT_OK_AND_ASSIGN(
      const crypto::ProjectKey key,
      crypto::ProjectKey::Generate(crypto::Environment::kTest, "commissioning",
                                   "proj-001"));
  ASSERT_OK_AND_ASSIGN(const auto merger,
                       RunMerger::Create(inputs_, Options()));
  Collector found;
  EXPECT_FALSE(merger->Link(&key, "proj-002", found).ok());
  EXPECT_FALSE(merger->Link(&key, "", found).ok());
  EXPECT_FALSE(merger->Link(nullptr, "proj-001", found).ok());
}

TEST_F(RunMergerTest, NumbersAreDrawnAfreshForEachLink) {
  AddRandomRuns(1, 1);
  std::vector<Record> records = RandomRecords(random_, 2'000);
  AddRun(0, records);
  ASSERT_OK_AND_ASSIGN(const auto merger,
                       RunMerger::Create(inputs_, Options()));
  Collector one;
  Collector two;
  ASSERT_THAT(merger->Link(nullptr, "", one), IsOk());
  ASSERT_THAT(merger->Link(nullptr, "", two), IsOk());
  std::map<std::pair<int32_t, int32_t>, int32_t> first;
  for (const LinkRow& row : one.links) {
    first[{row.extract, row.person_index}] = row.person;
  }
  int equal = 0;
  for (const LinkRow& row : two.links) {
    equal += first[{row.extract, row.person_index}] == row.person;
  }
  EXPECT_LT(equal, 20);
}

// More runs than the memory lets it hold open: groups are merged first.
TEST_F(RunMergerTest, ManyRunsInLittleMemoryGiveTheSameAnswer) {
  AddRandomRuns(40, 60);
  RunMergerOptions options = Options(2);
  options.memory_bytes = size_t{16} << 20;
  {
    ASSERT_OK_AND_ASSIGN(const auto merger,
                         RunMerger::Create(inputs_, options));
    Collector found;
    ASSERT_THAT(merger->Link(nullptr, "", found), IsOk());
    EXPECT_EQ(Grouped(found), NestedLoopJoin());
    EXPECT_FALSE(std::filesystem::is_empty(Temp()));
  }
  EXPECT_TRUE(std::filesystem::is_empty(Temp()));
}

// One run too many must not have all of them written again.
TEST_F(RunMergerTest, MergesOnlyTheSmallestRunsBeforeAndNoMoreThanItMust) {
  for (const size_t records : {1'000u, 20u, 1'000u, 10u, 1'000u}) {
    AddRun(0, RandomRecords(random_, records));
  }
  RunMergerOptions options = Options(2);
  options.memory_bytes = size_t{16} << 20;  // four runs in each of two parts
  ASSERT_OK_AND_ASSIGN(const auto merger, RunMerger::Create(inputs_, options));
  ASSERT_THAT(merger->CountPersons(), IsOkAndHolds(3'030u));
  std::vector<uintmax_t> sizes;
  for (const auto& entry : std::filesystem::directory_iterator(Temp())) {
    sizes.push_back(entry.file_size());
  }
  ASSERT_EQ(sizes.size(), 1u);
  EXPECT_GT(sizes[0], 30 * sizeof(Record));
  EXPECT_LT(sizes[0], 60 * sizeof(Record));
}

TEST_F(RunMergerTest, NoRunsMakeNoPeople) {
  ASSERT_OK_AND_ASSIGN(const auto merger, RunMerger::Create({}, Options()));
  Collector found;
  ASSERT_THAT(merger->Link(nullptr, "", found), IsOk());
  EXPECT_TRUE(found.links.empty());
  EXPECT_THAT(merger->CountPersons(), IsOkAndHolds(0u));
}

TEST_F(RunMergerTest, RefusesAnExtractNamedTwice) {
  AddRandomRuns(2, 5);
  inputs_[1].extract = 0;
  EXPECT_THAT(RunMerger::Create(inputs_, Options()),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(RunMergerTest, ADamagedRunEndsTheMerge) {
  std::vector<Record> records = RandomRecords(random_, 20'000);
  AddRun(0, records);
  std::string bytes = Slurp(inputs_[0].path);
  bytes[300'000] = static_cast<char>(bytes[300'000] ^ 1);
  WriteFile(inputs_[0].path, bytes);
  ASSERT_OK_AND_ASSIGN(const auto merger,
                       RunMerger::Create(inputs_, Options()));
  EXPECT_THAT(merger->CountPersons(), ReasonIs(Reason::kRunCorrupt));
}

class FailingSink final : public LinkSink {
 public:
  absl::Status AddLinks(std::span<const LinkRow>) override {
    return absl::ResourceExhaustedError("full");
  }
  absl::Status AddPersons(std::span<const PersonRow>,
                          std::span<const dataset::Pseudonym>) override {
    return absl::OkStatus();
  }
};

TEST_F(RunMergerTest, AnErrorOfTheSinkEndsTheMerge) {
  AddRandomRuns(2, 10);
  ASSERT_OK_AND_ASSIGN(const auto merger,
                       RunMerger::Create(inputs_, Options()));
  FailingSink sink;
  EXPECT_THAT(merger->Link(nullptr, "", sink),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(RunMergerTest, StopsWhenToldSo) {
  AddRun(0, RandomRecords(random_, 70'000));
  RunMergerOptions options = Options(1);
  options.go_on = [] { return absl::CancelledError("stop"); };
  ASSERT_OK_AND_ASSIGN(const auto merger, RunMerger::Create(inputs_, options));
  EXPECT_THAT(merger->CountPersons(), StatusIs(absl::StatusCode::kCancelled));
}

// As many runs as a source has, each of them short.
TEST_F(RunMergerTest, AsksBeforeEachRun) {
  AddRandomRuns(3, 10);
  int asked = 0;
  int most = 0;
  RunMergerOptions options = Options(1);
  options.go_on = [&]() -> absl::Status {
    return ++asked > most ? absl::CancelledError("stop") : absl::OkStatus();
  };
  ASSERT_OK_AND_ASSIGN(const auto merger, RunMerger::Create(inputs_, options));
  EXPECT_THAT(merger->CountPersons(), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(asked, 1);
  Collector found;
  for (most = 0; most < 6; ++most) {  // measured and read: each run twice
    asked = 0;
    ASSERT_OK_AND_ASSIGN(const auto linker,
                         RunMerger::Create(inputs_, options));
    EXPECT_THAT(linker->Link(nullptr, "", found),
                StatusIs(absl::StatusCode::kCancelled))
        << most;
  }
  asked = 0;
  ASSERT_OK_AND_ASSIGN(const auto linker, RunMerger::Create(inputs_, options));
  EXPECT_THAT(linker->Link(nullptr, "", found), IsOk());
}

}  // namespace
}  // namespace tally::linkage
