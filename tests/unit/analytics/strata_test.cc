// Yes and no of people in one pass, against one join for each question.
#include "measures/strata.h"

#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "measures/eye_care.h"
#include "measures/months.h"
#include "status_matchers.h"

namespace tally::analytics {
namespace {

// People of every age, some of none, in two practices.
FixtureRelease PeopleOfAllAges() {
  FixtureRelease release;
  for (int person = 1; person <= 200; ++person) {
    FixtureRegistration r;
    r.person = person;
    r.year_of_birth = person % 19 == 0 ? 0 : 1930 + person % 97;
    r.sex = person % 2 == 0 ? "1" : "2";
    r.practice = person % 3 == 0 ? "Z90001" : "Z90002";
    release.registrations.push_back(r);
  }
  return release;
}

std::string TextOf(const GroupedStrata& groups) {
  std::string text;
  for (const auto& [group, strata] : groups) {
    for (const auto& [key, stratum] : strata) {
      absl::StrAppendFormat(&text, "%s %s %s: %d %d %d %d\n", group[0],
                            key.first, key.second, stratum.people,
                            stratum.events, stratum.persons,
                            stratum.repeats.size());
    }
  }
  return text;
}

TEST(CountFlagged, AgreesWithAJoinForEachQuestion) {
  const FixtureRelease release = PeopleOfAllAges();
  Bench bench(release);
  const MeasureDefinition definition = *LoadDefinition("C02", "");
  BaseTables base;
  const MeasureContext context{bench.folder(),
                               bench.database().connection(),
                               definition,
                               *CivilDay::Create(2026, 10, 1),
                               {},
                               "",
                               base};
  ASSERT_OK(MakePatientList(context));
  // Nobody twice; 9001 is not on the list; 7 has no answer.
  ASSERT_OK(context.connection.Execute(
      "CREATE TEMPORARY TABLE flag AS SELECT CAST(i AS INTEGER) AS person, "
      "CASE WHEN i <> 7 THEN CAST(i % 8 AS BIGINT) END AS bits "
      "FROM range(5, 150) AS r(i) UNION ALL SELECT 9001, 7"));
  const std::vector<GroupColumn> groups = *GroupColumns({"practice"});
  struct Asked {
    int from, to, bit;
  };
  const std::vector<Asked> asked = {{0, 90, 1},  {0, 90, 2},   {17, 90, 1},
                                    {18, 64, 4}, {90, 90, 1},  {0, 0, 2},
                                    {65, 90, 2}, {0, 90, 4096}};
  std::vector<FlagQuestion> questions;
  for (const Asked& one : asked) {
    questions.push_back({WithinAges(one.from, one.to),
                         absl::StrFormat("f.bits & %d <> 0", one.bit)});
  }
  const auto counted = CountFlagged(context, groups, questions, "flag");
  ASSERT_OK(counted);
  ASSERT_EQ(counted->size(), asked.size());
  int64_t events = 0;
  for (size_t i = 0; i < asked.size(); ++i) {
    const auto alone = CountStrata(
        context, groups,
        absl::StrFormat("(SELECT person FROM flag WHERE bits & %d <> 0)",
                        asked[i].bit),
        absl::StrFormat("(SELECT * FROM patient_list WHERE %s)",
                        WithinAges(asked[i].from, asked[i].to)));
    ASSERT_OK(alone);
    EXPECT_EQ(TextOf((*counted)[i]), TextOf(*alone)) << i;
    EXPECT_NE(TextOf(*alone), "") << i;
    events += SumOfStrata(SumOfGroups(*alone)).events;
  }
  EXPECT_GT(events, 100);
}

TEST(PatientListAt, ListsOfDifferentMonthsStaySideBySide) {
  FixtureRelease release = PeopleOfAllAges();
  // The first five leave in June.
  for (size_t i = 0; i < 5; ++i) release.registrations[i].end = "2026-06-15";
  Bench bench(release);
  const MeasureDefinition definition = *LoadDefinition("C02", "");
  BaseTables base;
  const MeasureContext context{bench.folder(),
                               bench.database().connection(),
                               definition,
                               *CivilDay::Create(2026, 10, 1),
                               {},
                               "",
                               base};
  const auto year = MakePatientListAt(context, *CivilDay::Create(2026, 5, 1));
  ASSERT_OK(year);
  const auto half = MakePatientListAt(context, *CivilDay::Create(2026, 8, 1));
  ASSERT_OK(half);
  const auto again = MakePatientListAt(context, *CivilDay::Create(2026, 5, 1));
  ASSERT_OK(again);
  EXPECT_EQ(*year, *again);
  const auto people = [&](const std::string& list) -> int64_t {
    const auto count =
        context.connection.Scalar("SELECT count(*) FROM " + list);
    EXPECT_OK(count);
    return count.ok() ? *count->As<int64_t>() : -1;
  };
  EXPECT_EQ(people(*year), 200);  // May
  EXPECT_EQ(people(*half), 195);  // August
  ASSERT_OK(MakePatientList(context));
  EXPECT_EQ(people("patient_list"), 195);
}

}  // namespace
}  // namespace tally::analytics
