// Ages of a release are held to 90 in the year of its newest extract: in lists
// of earlier years the oldest cannot be told apart, and rates say so.
#include <cmath>
#include <string>

#include "bench.h"
#include "gtest/gtest.h"
#include "indicator_world.h"
#include "measures/strata.h"
#include "status_matchers.h"

namespace tally::analytics {
namespace {

// Of every band so many people and events, one each.
Strata Even(int64_t people, int64_t events) {
  Strata strata;
  for (const StandardBand& band : Esp2013()) {
    Stratum& stratum = strata[{"male", std::string(band.name)}];
    stratum.Add(1, events);
    stratum.Add(0, people - events);
  }
  return strata;
}

TEST(OldestAges, WholeBandsStayAsTheyAre) {
  const DirectRate rate =
      StandardisedOver(Even(100, 10), Esp2013(), 100, false);
  EXPECT_DOUBLE_EQ(rate.rate.value.value(), 10);
}

TEST(OldestAges, OneOpenBandTakesTheWeightOfAllThatItHolds) {
  // 50 of 100 in the open band, 10 of 100 in each other: the standard has 1,500
  // and 1,000 of 100,000 people from 85 on.
  Strata strata = Even(100, 10);
  strata.erase({"male", "90+"});
  strata.erase({"male", "85-89"});
  strata[{"male", "85+"}].Add(1, 50);
  strata[{"male", "85+"}].Add(0, 50);
  for (const bool repeated : {false, true}) {
    const DirectRate rate = StandardisedOver(strata, Esp2013(), 100, repeated);
    ASSERT_TRUE(rate.rate.value.known());
    EXPECT_NEAR(rate.rate.value.value(), 0.975 * 10 + 0.025 * 50, 1e-9);
  }
  // From 80 on: 2,500 more.
  Strata older = strata;
  older.erase({"male", "80-84"});
  older[{"male", "80+"}] = older[{"male", "85+"}];
  older.erase({"male", "85+"});
  EXPECT_NEAR(StandardisedOver(older, Esp2013(), 100, false).rate.value.value(),
              0.95 * 10 + 0.05 * 50, 1e-9);
}

TEST(OldestAges, TheStandardIsCutBeforeItIsJoined) {
  // 80 to 90: 2,500, and 2,500 from 85 on.
  Strata strata;
  strata[{"male", "80-84"}].Add(1, 20);
  strata[{"male", "80-84"}].Add(0, 80);
  strata[{"male", "85+"}].Add(1, 40);
  strata[{"male", "85+"}].Add(0, 60);
  EXPECT_NEAR(StandardisedOver(strata, Esp2013Between(80, 90), 100, false)
                  .rate.value.value(),
              30, 1e-9);
}

TEST(OldestAges, ListsOfTwoYearsAreJoined) {
  GroupedStrata groups;
  groups[{"a"}][{"male", "90+"}].Add(1, 3);
  groups[{"a"}][{"male", "85-89"}].Add(1, 4);
  groups[{"a"}][{"male", "80-84"}].Add(1, 5);
  groups[{"a"}][{"male", "unknown"}].Add(1, 1);
  groups[{"b"}][{"male", "85+"}].Add(1, 2);
  JoinOldest(groups);
  ASSERT_EQ(groups[{"a"}].size(), 3u);
  EXPECT_EQ((groups[{"a"}][{"male", "85+"}].events), 7);
  EXPECT_EQ((groups[{"a"}][{"male", "80-84"}].events), 5);
  EXPECT_EQ((groups[{"a"}][{"male", "unknown"}].events), 1);
  EXPECT_EQ((groups[{"b"}][{"male", "85+"}].events), 2);
}

// The open band of the list of a month.
int OldestOf(Bench& bench, int year, int at) {
  BaseTables base;
  const MeasureDefinition definition = *LoadDefinition("C02", "");
  const CivilDay month = *CivilDay::Create(2026, 10, 1);
  const MeasureContext context{bench.folder(),
                               bench.database().connection(),
                               definition,
                               month,
                               {},
                               "",
                               base};
  return OldestBand(context, *CivilDay::Create(year, at, 1));
}

TEST(OldestAges, OpenBandFallsWithTheYearsBeforeTheSnapshot) {
  Bench bench(MakeTown(1, 100, 0.1, 0));  // to October 2026
  const auto oldest = [&](int year, int at) {
    return OldestOf(bench, year, at);
  };
  EXPECT_EQ(oldest(2026, 10), 90);
  EXPECT_EQ(oldest(2026, 4), 90);
  EXPECT_EQ(oldest(2026, 3), 85);  // 89 and over are one
  EXPECT_EQ(oldest(2021, 4), 85);  // 85 and over
  EXPECT_EQ(oldest(2021, 3), 80);  // 84 and over
  EXPECT_EQ(oldest(2027, 10), 90);
}

TEST(OldestAges, TheSnapshotIsOfTheNewestExtractThatHoldsTheRegister) {
  FixtureRelease town = MakeTown(1, 100, 0.1, 0);
  for (const char* source : {"gp-supplier-a", "gp-supplier-b"}) {
    town.periods_of[source] = {{"2022-11-01", "2026-03-31"},
                               {"2026-04-01", "2026-10-31"}};
    town.datasets_of[source] = {{"gp-event", "gp-patient"}, {"gp-event"}};
  }
  Bench bench(town);
  EXPECT_EQ(OldestOf(bench, 2026, 3), 90);
  EXPECT_EQ(OldestOf(bench, 2025, 3), 85);
}

TEST(OldestAges, AnEarlierMonthHasARate) {
  // Born in 1936 at the earliest, as a release has it.
  Bench bench(MakeTown(2, 380, 0.3, 0));
  for (const char* month : {"2026-10-01", "2026-03-01", "2025-03-01"}) {
    RunOptions options;
    options.month = *CivilDay::Parse(month);
    const auto result = bench.Run("C03", options);
    ASSERT_OK(result);
    const GatedTable& table = *TableOf(*result, "prevalence");
    EXPECT_NE(Find(table, {{"area", "All"}}, "dsr"), "NA") << month;
  }
}

}  // namespace
}  // namespace tally::analytics
