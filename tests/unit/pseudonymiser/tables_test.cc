// Number sets, the table of people, list files.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <utime.h>

#include <algorithm>
#include <random>
#include <set>
#include <thread>

#include "base/civil_day.h"
#include "crypto/init.h"
#include "pseudonymiser/list_files.h"
#include "pseudonymiser/number_set.h"
#include "pseudonymiser/person_table.h"
#include "status_matchers.h"
#include "temp_dir.h"
#include "world.h"

namespace tally::pseudonymiser {
namespace {

using dataset::ListName;
using dataset::RowReason;
using ::testing::HasSubstr;
using ::testing::Not;

NhsNumber NumberOf(uint32_t i) {
  return *ParseNhsNumber(TestNumber(i), crypto::Environment::kTest).number;
}

TEST(NumberSet, HoldsExactlyWhatItWasGiven) {
  std::mt19937 random(5);
  std::set<uint32_t> wanted = {0, 999'999'999, 16'383, 16'384};
  while (wanted.size() < 5000) wanted.insert(random() % 1'000'000'000);
  std::vector<uint32_t> stems(wanted.begin(), wanted.end());
  stems.push_back(stems.front());
  const NumberSet set = NumberSet::FromStems(stems);
  EXPECT_EQ(set.size(), wanted.size());
  for (int i = 0; i < 200'000; ++i) {
    const uint32_t stem =
        i % 2 == 0 ? stems[random() % stems.size()] : random() % 1'000'000'000;
    if (const auto number = NhsNumber::FromStem(stem)) {
      ASSERT_EQ(set.Contains(*number), wanted.count(stem) != 0);
    }
  }
  EXPECT_FALSE(NumberSet().Contains(NumberOf(1)));
  EXPECT_FALSE(NumberSet::FromStems({}).Contains(NumberOf(1)));
}

TEST(NumberSet, ALongListBecomesABitMapWithTheSameAnswers) {
  std::vector<uint32_t> stems;
  for (uint32_t i = 0; i < 32'000'000; ++i) stems.push_back(i * 31);
  const NumberSet set = NumberSet::FromStems(std::move(stems));
  EXPECT_EQ(set.size(), 32'000'000U);
  for (uint32_t stem = 900'000'000; stem < 900'002'000; ++stem) {
    if (const auto number = NhsNumber::FromStem(stem)) {
      EXPECT_EQ(set.Contains(*number), stem % 31 == 0);
    }
  }
}

TEST(PersonTable, NumbersPeopleOnceInAnyNumberOfThreads) {
  ASSERT_OK(crypto::InitCrypto());
  PersonTable table;
  const PersonTable::Judge judge = [](NhsNumber n) {
    return n.stem() % 2 == 0 ? uint8_t{kPersonNotEligible} : uint8_t{0};
  };
  constexpr uint32_t kPeople = 20'000;
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (uint32_t i = t; i < kPeople; i += t == 0 ? 1 : t) {
        const NhsNumber number = NumberOf(i);
        // A thread before this one may have seen it verified.
        EXPECT_EQ(table.Note(number, judge) & ~kPersonVerified, judge(number));
        if (i % 3 == 0) {
          EXPECT_OK(table.IndexOf(number, i % 6 == 0));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(table.numbers(), kPeople);
  EXPECT_EQ(table.persons(), (kPeople + 2) / 3);
  std::set<uint32_t> indices;
  std::map<uint32_t, bool> verified;
  table.ForEachPerson([&](NhsNumber number, uint32_t index, bool is_verified) {
    indices.insert(index);
    verified[number.stem()] = is_verified;
  });
  EXPECT_EQ(indices.size(), table.persons());
  EXPECT_EQ(*indices.rbegin(), table.persons() - 1);
  for (uint32_t i = 0; i < kPeople; i += 3) {
    EXPECT_EQ(verified.at(NumberOf(i).stem()), i % 6 == 0);
  }
  EXPECT_TRUE(table.Contains(NumberOf(5)));
  EXPECT_FALSE(table.Contains(NumberOf(kPeople + 5)));
}

TEST(PersonTable, RemembersFlagsThatAreAdded) {
  PersonTable table;
  const PersonTable::Judge none = [](NhsNumber) { return uint8_t{0}; };
  table.AddFlags(NumberOf(1), kPersonType1, none);
  EXPECT_EQ(table.Note(NumberOf(1), none), kPersonType1);
  EXPECT_EQ(table.Note(NumberOf(2), none), 0);
  EXPECT_EQ(table.persons(), 0U);
}

class ListFilesTest : public testing::Test {
 protected:
  absl::StatusOr<Lists> Load(ListName name, std::string_view text,
                             int mode = 0600) {
    path_ = dir_.Path("list.csv");
    WriteFile(path_, text);
    EXPECT_EQ(::chmod(path_.c_str(), static_cast<mode_t>(mode)), 0);
    return Lists::Load({{name, {.path = path_, .expires_after_ms = 0}}}, {name},
                       NowUnixMs());
  }

  TempDir dir_;
  std::string path_;
};

TEST_F(ListFilesTest, ReadsPeopleInEveryFormTheyComeIn) {
  const std::string n = TestNumber(1);
  for (const std::string& text :
       {n + "\n", n + ",\n", n + ",\r\n", "nhs_number\n" + n + "\n",
        "\xEF\xBB\xBF" + n,
        n.substr(0, 3) + " " + n.substr(3, 3) + " " + n.substr(6) + "\n",
        "\n\n" + n + ",x,y\n" + n + "\n"}) {
    ASSERT_OK_AND_ASSIGN(const Lists lists,
                         Load(ListName::kType1OptOuts, text));
    EXPECT_TRUE(lists.people(ListName::kType1OptOuts).Contains(NumberOf(1)));
    EXPECT_EQ(lists.people(ListName::kType1OptOuts).size(), 1U);
    EXPECT_EQ(lists.facts().at("type1_opt_outs").sha256, "");
    EXPECT_EQ(lists.facts().at("type1_opt_outs").rows, "*");
  }
}

TEST_F(ListFilesTest, RefusesALineThatIsNoNumberWithoutRepeatingIt) {
  const auto lists =
      Load(ListName::kType1OptOuts, TestNumber(1) + "\n" + WrongNumber(2));
  EXPECT_THAT(lists, ExitCodeIs(kExitInvalidInput));
  EXPECT_THAT(std::string(lists.status().message()), HasSubstr("line 2"));
  EXPECT_THAT(std::string(lists.status().message()),
              Not(HasSubstr(WrongNumber(2))));
  EXPECT_FALSE(Load(ListName::kType1OptOuts, "a,b\nJ Smith\n").ok());
}

TEST_F(ListFilesTest, AnEmptyListIsAList) {
  ASSERT_OK_AND_ASSIGN(const Lists lists, Load(ListName::kType1OptOuts, ""));
  EXPECT_EQ(lists.people(ListName::kType1OptOuts).size(), 0U);
  EXPECT_EQ(lists.facts().at("type1_opt_outs").rows, "0");
}

TEST_F(ListFilesTest, RefusesAListThatOthersMayReadOrChange) {
  for (const int mode : {0640, 0604, 0620, 0602, 0666}) {
    const auto lists = Load(ListName::kRestrictedCodes, "1\n", mode);
    EXPECT_THAT(lists, ExitCodeIs(kExitInvalidInput));
    EXPECT_THAT(std::string(lists.status().message()), HasSubstr("chmod 600"));
  }
  EXPECT_OK(Load(ListName::kRestrictedCodes, "1\n", 0400));
}

TEST_F(ListFilesTest, TellsMissingFromExpired) {
  const auto unnamed = Lists::Load({}, {ListName::kType1OptOuts}, NowUnixMs());
  EXPECT_EQ(ListFault(unnamed.status()), RowReason::kListMissing);
  const auto gone = Lists::Load(
      {{ListName::kClusters, {.path = dir_.Path("no"), .expires_after_ms = 0}}},
      {ListName::kClusters}, NowUnixMs());
  EXPECT_EQ(ListFault(gone.status()), RowReason::kListMissing);
  EXPECT_THAT(gone, ExitCodeIs(kExitInvalidInput));

  ASSERT_OK(Load(ListName::kNationalEligible, TestNumber(1) + ",\n"));
  const ListFile file{.path = path_, .expires_after_ms = 1000};
  const int64_t now = NowUnixMs();
  EXPECT_OK(Lists::Load({{ListName::kNationalEligible, file}},
                        {ListName::kNationalEligible}, now));
  const auto late = Lists::Load({{ListName::kNationalEligible, file}},
                                {ListName::kNationalEligible}, now + 5000);
  EXPECT_EQ(ListFault(late.status()), RowReason::kListExpired);
  EXPECT_THAT(late, ExitCodeIs(kExitInvalidInput));
  EXPECT_THAT(IsExpired(file, now + 5000), IsOkAndHolds(true));
}

TEST_F(ListFilesTest, ReadsTables) {
  ASSERT_OK_AND_ASSIGN(const Lists clusters,
                       Load(ListName::kClusters,
                            "cluster_id,Code,label\nA_COD,1,x\nB_COD,1,y\n"
                            "B_COD,2,z\n"));
  EXPECT_EQ(clusters.clusters().at("1"), "A_COD");
  EXPECT_EQ(clusters.clusters().at("2"), "B_COD");
  EXPECT_FALSE(Load(ListName::kClusters, "1,A_COD\n").ok());

  ASSERT_OK_AND_ASSIGN(
      const Lists lists,
      Load(ListName::kPostcodeLsoa,
           "postcode,lsoa21,imd_decile,rural_urban\nZZ99 1AA,E01990001,3,1\n"
           "ZZ991AB,E01990002,,8\n"));
  const PostcodeTable& table = lists.postcodes();
  ASSERT_TRUE(table.FindPostcode("zz991aa").has_value());
  EXPECT_EQ(table.FindPostcode("ZZ99 1AA")->lsoa21, "E01990001");
  EXPECT_EQ(table.FindPostcode("ZZ99  1AB")->imd_decile, 0);
  EXPECT_EQ(table.FindLsoa("E01990001")->imd_decile, 3);
  EXPECT_FALSE(table.FindPostcode("ZZ99 1AC").has_value());
  EXPECT_FALSE(table.FindPostcode("").has_value());
  EXPECT_FALSE(table.FindPostcode("ZZ99 1AA 1AA").has_value());
  EXPECT_FALSE(
      Load(ListName::kPostcodeLsoa,
           "postcode,lsoa21,imd_decile,rural_urban\nZZ99 1AA,E01990001,11,1\n")
          .ok());
}

}  // namespace
}  // namespace tally::pseudonymiser
