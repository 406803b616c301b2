#include "demo/person.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace tally::demo {
namespace {

PopulationOptions Small() {
  PopulationOptions options;
  options.people = 5000;
  return options;
}

// The check as a clerk would do it on paper, beside the code under test.
bool PassesModulus11(const std::string& number) {
  int sum = 0;
  for (int i = 0; i < 9; ++i) {
    sum += (10 - i) * (number[static_cast<size_t>(i)] - '0');
  }
  return (sum + number[9] - '0') % 11 == 0;
}

TEST(PersonMaker, NumbersAreValidSyntheticAscendingAndDistinct) {
  const PersonMaker maker(Small());
  std::string last;
  for (uint64_t i = 0; i < Small().people; ++i) {
    const std::string number = maker.Make(i).nhs_number;
    ASSERT_EQ(number.size(), 10U);
    ASSERT_EQ(number[0], '9');
    ASSERT_TRUE(PassesModulus11(number));
    ASSERT_LT(last, number);
    last = number;
  }
}

TEST(PersonMaker, NumbersKeepOutOfTheCanaryRangeAtAnySize) {
  for (const uint64_t people : {100, 20000, 9999999}) {
    PopulationOptions options;
    options.people = people;
    const PersonMaker maker(options);
    for (int choice = 0; choice < 3; ++choice) {
      EXPECT_LT(maker.NhsNumber(people - 1, choice), "9990000000");
    }
  }
}

TEST(PersonMaker, ThreeNumbersOfAPersonBelongToNobodyElse) {
  PopulationOptions options;
  options.people = 9999999;  // the densest: nine stems a person
  const PersonMaker maker(options);
  std::set<std::string> seen;
  for (uint64_t i = 777000; i < 779000; ++i) {
    for (int choice = 0; choice < 3; ++choice) {
      const std::string number = maker.NhsNumber(i, choice);
      EXPECT_TRUE(PassesModulus11(number));
      EXPECT_TRUE(seen.insert(number).second);
    }
  }
}

TEST(PersonMaker, PeopleMoveWithinAHistoryOfAnyLength) {
  for (int years = 1; years <= 10; ++years) {
    PopulationOptions options = Small();
    options.years = years;
    const PersonMaker maker(options);
    int moved = 0;
    for (uint64_t i = 0; i < options.people; ++i) {
      const Person person = maker.Make(i);
      if (person.registrations.size() < 2) continue;
      ++moved;
      EXPECT_GE(person.registrations[0].last_month, maker.first_month() + 6);
      EXPECT_LE(person.registrations[1].first_month, options.last_month);
    }
    EXPECT_GT(moved, 0) << years;
  }
}

TEST(PersonMaker, ByNameIsInOrderOfNamesAndHasEverybodyOnce) {
  const PersonMaker maker(Small());
  std::set<uint64_t> seen;
  std::pair<std::string, std::string> last;
  for (uint64_t rank = 0; rank < Small().people; ++rank) {
    const Person person = maker.MakeByName(rank);
    const std::pair<std::string, std::string> name = {person.family_name,
                                                      person.given_name};
    ASSERT_LE(last, name);
    last = name;
    ASSERT_TRUE(seen.insert(person.index).second);
  }
  EXPECT_EQ(seen.size(), Small().people);
}

TEST(PersonMaker, BandSizesAreExact) {
  const PersonMaker maker(Small());
  std::map<int, uint64_t> counted;
  for (uint64_t i = 0; i < Small().people; ++i) {
    const Person person = maker.Make(i);
    ++counted[person.band];
    ASSERT_EQ(person.band, std::min(person.age / 5, kBands - 1));
    ASSERT_LT(maker.RankInBand(i), maker.BandSize(person.band));
  }
  for (int band = 0; band < kBands; ++band) {
    EXPECT_EQ(counted[band], maker.BandSize(band));
  }
}

TEST(PersonMaker, EveryPlantIsCarriedBySomebody) {
  const PersonMaker maker(Small());
  std::map<Plant, int> counted;
  for (uint64_t i = 0; i < Small().people; ++i) ++counted[maker.Make(i).plant];
  for (int plant = 1; plant < static_cast<int>(Plant::kCount); ++plant) {
    EXPECT_GE(counted[static_cast<Plant>(plant)], 1) << plant;
  }
  EXPECT_GT(counted[Plant::kNone], 4000);
}

TEST(PersonMaker, PracticesHaveTheirExactSizes) {
  const PersonMaker maker(Small());
  std::map<int, uint64_t> counted;
  for (uint64_t i = 0; i < Small().people; ++i) {
    const Person person = maker.Make(i);
    if (!person.registrations.empty())
      ++counted[person.registrations[0].practice];
  }
  for (size_t i = 0; i < maker.practices().size(); ++i) {
    EXPECT_EQ(counted[static_cast<int>(i)], maker.practices()[i].people);
  }
}

TEST(PersonMaker, AMoveGoesToTheOtherSupplierWithoutGapOrOverlap) {
  const PersonMaker maker(Small());
  int moved = 0;
  for (uint64_t i = 0; i < Small().people; ++i) {
    const Person person = maker.Make(i);
    if (person.registrations.size() < 2) continue;
    ++moved;
    const auto& [from, to] =
        std::tie(person.registrations[0], person.registrations[1]);
    EXPECT_EQ(to.first_month, from.last_month + 1);
    EXPECT_NE(maker.practices()[static_cast<size_t>(from.practice)].supplier,
              maker.practices()[static_cast<size_t>(to.practice)].supplier);
  }
  EXPECT_GT(moved, 50);
}

TEST(NhsCheckDigit, AgreesWithTheWorkedExampleAndRefusesTen) {
  EXPECT_EQ(NhsCheckDigit(943476591), 9);  // 943 476 5919
  EXPECT_EQ(NhsCheckDigit(987654321), 0);  // 987 654 3210
  int none = 0;
  for (uint64_t stem = 900000000; stem < 900001100; ++stem) {
    none += NhsCheckDigit(stem) < 0 ? 1 : 0;
  }
  EXPECT_EQ(none, 100);  // one stem in eleven has no check digit
}

}  // namespace
}  // namespace tally::demo
