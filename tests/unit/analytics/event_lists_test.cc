// Events of a year at the lists on which people were when they happened.
#include "measures/event_lists.h"

#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "measures/kinds.h"
#include "status_matchers.h"

namespace tally::analytics {
namespace {

using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// The twelve months to October 2026: May is in the middle.
class EventListsTest : public testing::Test {
 protected:
  FixtureRegistration& Add(int person, const std::string& practice,
                           const std::string& start = "2015-04-01",
                           const std::string& end = "") {
    FixtureRegistration r;
    r.person = person;
    r.practice = practice;
    r.start = start;
    r.end = end;
    return release_.registrations.emplace_back(r);
  }
  const MeasureContext& Context() {
    bench_.emplace(release_);
    definition_.emplace(*LoadDefinition("C02", ""));
    context_.emplace(MeasureContext{bench_->folder(),
                                    bench_->database().connection(),
                                    *definition_,
                                    *CivilDay::Create(2026, 10, 1),
                                    {},
                                    "",
                                    base_});
    return *context_;
  }
  static EventLists Lists(const MeasureContext& context) {
    const auto lists = MakeEventLists(context, *CivilDay::Create(2025, 11, 1));
    EXPECT_TRUE(lists.ok()) << lists.status();
    return lists.value_or(EventLists());
  }

  FixtureRelease release_;
  BaseTables base_;
  std::optional<MeasureDefinition> definition_;
  std::optional<Bench> bench_;
  std::optional<MeasureContext> context_;
};

TEST_F(EventListsTest, CountsWhatHappenedToPeopleWhileTheyWereOnAList) {
  Add(1, "Z90001");
  FixtureRegistration& dead = Add(2, "Z90001");
  dead.year_of_birth = 1936;
  dead.death = "2026-01-01";
  Add(3, "Z90001", "2026-08-01");
  Add(4, "Z90001", "2015-04-01", "2026-03-15");
  Add(4, "Z90002", "2026-03-16");
  Add(5, "Z90001", "2015-04-01", "2026-02-10");
  Add(6, "Z90001", "2026-09-01").year_of_birth = 2026;
  const MeasureContext& context = Context();
  ASSERT_OK(context.connection.Execute(
      "CREATE TEMPORARY TABLE seen AS SELECT CAST(p AS INTEGER) AS person, "
      "CAST(m AS DATE) AS month FROM (VALUES (1, '2026-02-01'), "
      "(1, '2026-02-01'), (2, '2025-11-01'), (2, '2025-12-01'), "
      "(2, '2026-01-01'), (2, '2026-02-01'), (3, '2026-07-01'), "
      "(3, '2026-09-01'), (4, '2026-02-01'), (4, '2026-04-01'), "
      "(4, '2026-05-01'), (5, '2026-02-01'), (5, '2026-03-01'), "
      "(6, '2026-09-01'), (99, '2026-02-01'), (NULL, '2026-02-01')) "
      "AS v(p, m)"));
  const EventLists lists = Lists(context);
  EXPECT_EQ(lists.middle, *CivilDay::Create(2026, 5, 1));
  const auto counted =
      CountEvents(context, *GroupColumns({"practice"}), "seen", lists);
  ASSERT_OK(counted);
  ASSERT_EQ(counted->size(), 2U);
  const Stratum first = SumOfStrata(counted->at({"Z90001"}));
  EXPECT_EQ(first.people, 1);  // in May: 1
  EXPECT_EQ(first.events, 9);
  EXPECT_EQ(first.persons, 6);
  EXPECT_THAT(first.repeats,
              UnorderedElementsAre(Pair(1, 4), Pair(2, 1), Pair(3, 1)));
  const Stratum second = SumOfStrata(counted->at({"Z90002"}));
  EXPECT_EQ(second.people, 1);  // in May: 4
  EXPECT_EQ(second.events, 2);
  // Of the ages of May: the dead of January would have been 90, not 89.
  const Stratum& old = counted->at({"Z90001"}).at({"male", "90+"});
  EXPECT_EQ(old.people, 0);
  EXPECT_EQ(old.events, 3);
  EXPECT_EQ(counted->at({"Z90001"}).at({"male", "0-4"}).events, 1);
  // Who moved is one person where practices are not told apart.
  const auto by_sex =
      CountEvents(context, *GroupColumns({"sex"}), "seen", lists);
  ASSERT_OK(by_sex);
  EXPECT_THAT(SumOfStrata(by_sex->at({"male"})).repeats,
              UnorderedElementsAre(Pair(1, 3), Pair(2, 1), Pair(3, 2)));
  // Of some ages only.
  const auto young = CountEvents(context, *GroupColumns({"practice"}), "seen",
                                 lists.Between(0, 60));
  ASSERT_OK(young);
  EXPECT_EQ(SumOfStrata(SumOfGroups(*young)).events, 8);
}

// Everybody is in the stays of a month as on the list of that month.
TEST_F(EventListsTest, SayWhatTheListOfEachMonthSays) {
  for (int person = 1; person <= 300; ++person) {
    FixtureRegistration& r =
        Add(person, person % 3 == 0 ? "Z90001" : "Z90002",
            absl::StrFormat("2026-%02d-01", 1 + person % 12));
    r.sex = person % 2 == 0 ? "1" : "2";
    r.imd_decile = 1 + person % 10;
    if (person % 2 == 0) r.start = "2015-04-01";
    if (person % 5 == 0)
      r.end = absl::StrFormat("2026-%02d-20", 2 + person % 9);
    if (person % 7 == 0) {
      r.death = absl::StrFormat("2026-%02d-01", 1 + person % 10);
    }
    if (person % 4 != 0) continue;
    const std::string moved =
        absl::StrFormat("%d-%02d-01", 2025 + person % 2, 1 + person % 12);
    FixtureRegistration& other = Add(person, "Z90003", moved);
    other.source = "gp-supplier-b";
    other.imd_decile = 1 + (person + 3) % 10;
    if (person % 8 == 0) other.end = "2026-06-30";
  }
  const MeasureContext& context = Context();
  const EventLists lists = Lists(context);
  const auto count = [&](const std::string& sql) {
    const auto value = context.connection.Scalar(sql);
    EXPECT_TRUE(value.ok()) << value.status();
    return value.ok() ? *value->As<int64_t>() : int64_t{-1};
  };
  int64_t people = 0;
  for (int back = 0; back < 12; ++back) {
    const CivilDay month = *context.month.AddMonths(-back);
    const auto of_month = MakePatientListAt(context, month);
    ASSERT_OK(of_month);
    constexpr std::string_view kOf =
        "SELECT person, practice, sex, imd_decile, ethnicity FROM ";
    const std::string list = absl::StrFormat("%s%s", kOf, *of_month);
    const std::string stays =
        absl::StrFormat("%s%s WHERE DATE '%s' BETWEEN from_month AND to_month",
                        kOf, lists.stays, month.ToIso());
    for (const auto& [one, other] :
         {std::pair(list, stays), std::pair(stays, list)}) {
      EXPECT_EQ(count(absl::StrFormat("SELECT count(*) FROM (%s EXCEPT ALL %s)",
                                      one, other)),
                0)
          << month.ToMonth();
    }
    people += count(absl::StrFormat("SELECT count(*) FROM (%s)", list));
  }
  EXPECT_GT(people, 1000);
}

}  // namespace
}  // namespace tally::analytics
