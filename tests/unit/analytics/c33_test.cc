// Data quality: scores by hand, and each rule with a row on either side.
#include <algorithm>
#include <string>
#include <vector>

#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "indicator_world.h"
#include "measures/c33_rules.h"
#include "status_matchers.h"

namespace tally::analytics {
namespace {

using ::testing::HasSubstr;

FixtureTable QualityAdmissions() {
  return {.dataset = "sus-apc",
          .defaults = {{"person", "1"},
                       {"admission_date", "2026-05-10"},
                       {"discharge_date", "2026-05-13"},
                       {"episode_start", "2026-05-10"},
                       {"episode_end", "2026-05-13"},
                       {"sex", "1"},
                       {"diag_01", "I639"}}};
}

std::string Failures(const MeasureResult& result, const std::string& rule,
                     const std::string& column = "failures") {
  return Find(*TableOf(result, "dq_failures"), {{"rule", rule}}, column);
}

TEST(DataQuality, CountsItemsAndScoresThem) {
  FixtureTable apc = QualityAdmissions();
  // 100 rows: 4 without sex, 6 with the default 9; threshold 1 %.
  for (int i = 0; i < 100; ++i) {
    apc.Add({{"sex", i < 4    ? ""
                     : i < 10 ? "9"
                              : "2"},
             {"person", i % 2 == 0 ? "1" : ""},
             {"diag_01", i < 3 ? "R69X" : "I639"}});
  }
  FixtureRelease release;
  release.activity.push_back(apc);
  Bench bench(release);
  const auto result = bench.Run("C33");
  ASSERT_OK(result);
  const GatedTable& items = *TableOf(*result, "dq_items");
  const auto item = [&](std::string name, std::string column) {
    return Find(items, {{"dataset", "sus-apc"}, {"item", std::move(name)}},
                column);
  };
  EXPECT_EQ(item("sex", "records"), "100");
  EXPECT_EQ(item("sex", "complete"), "96");
  EXPECT_EQ(item("sex", "defaults"), "6");
  EXPECT_EQ(item("diag_01", "defaults"), "3");
  EXPECT_EQ(item("admission_method", "records"), "absent");
  const GatedTable& scores = *TableOf(*result, "dq_scores");
  const auto score = [&](std::string name, std::string column) {
    return Find(scores, {{"dataset", "sus-apc"}, {"item", std::move(name)}},
                column);
  };
  EXPECT_EQ(score("sex", "completeness"), "96.0");
  EXPECT_EQ(score("sex", "validity"), "100.0");
  EXPECT_EQ(score("sex", "default_excess"), "5");  // 6 - 1 % of 100
  EXPECT_EQ(score("sex", "score"), "91.0");
  EXPECT_EQ(score("diag_01", "default_excess"), "1");  // 3 - 2 % of 100
  EXPECT_EQ(score("diag_01", "score"), "99.0");
  EXPECT_EQ(score("sex", "coverage"), "100.0");
  const GatedTable& index = *TableOf(*result, "dq_index");
  EXPECT_EQ(Find(index, {{"source", "national-apc"}}, "items"), "2");
  EXPECT_EQ(Find(index, {{"source", "national-apc"}}, "dqmi"), "95.0");
}

TEST(DataQuality, CountsDaysFromTheEndOfAPeriodToItsExtract) {
  FixtureRelease release;
  release.activity.push_back(QualityAdmissions());
  release.activity.back().Add({});
  release.linkage_quality_json =
      R"({"extracts":[{"source":"a","period_start":"2022-10-01",)"
      R"("period_end":"2026-09-30","created":"2026-10-05T23:59:59Z",)"
      R"("revision":1},{"source":"b","period_start":"2026-10-01",)"
      R"("period_end":"2026-10-31","created":"2026-11-30T00:00:00Z",)"
      R"("revision":2}]})";
  Bench bench(release);
  const auto result = bench.Run("C33");
  ASSERT_OK(result);
  const GatedTable& table = *TableOf(*result, "dq_timeliness");
  EXPECT_EQ(Find(table, {{"source", "a"}}, "period"), "2022-10 to 2026-09");
  EXPECT_EQ(Find(table, {{"source", "a"}}, "days"), "5");
  EXPECT_EQ(Find(table, {{"source", "b"}}, "period"), "2026-10");
  EXPECT_EQ(Find(table, {{"source", "b"}}, "days"), "30");
  EXPECT_EQ(Find(table, {{"source", "b"}}, "revision"), "2");
}

TEST(DataQuality, RefusesALinkageReportWithoutTheDayOfAnExtract) {
  FixtureRelease release;
  release.activity.push_back(QualityAdmissions());
  release.activity.back().Add({});
  release.linkage_quality_json =
      R"({"extracts":[{"source":"a","period_start":"2026-10-01",)"
      R"("period_end":"2026-10-31","revision":1}]})";
  Bench bench(release);
  EXPECT_THAT(bench.Run("C33"), StatusIs(absl::StatusCode::kDataLoss,
                                         HasSubstr("linkage_quality.json")));
}

TEST(DataQuality, FindsDatesInTheWrongOrder) {
  FixtureTable apc = QualityAdmissions();
  apc.Add({});
  apc.Add({{"discharge_date", "2026-05-10"}, {"episode_end", "2026-05-10"}});
  apc.Add({{"discharge_date", "2026-05-09"}});
  apc.Add({{"discharge_date", ""}});
  apc.Add({{"episode_start", "2026-05-09"}});
  FixtureRelease release;
  release.activity.push_back(apc);
  Bench bench(release);
  const auto result = bench.Run("C33");
  ASSERT_OK(result);
  EXPECT_EQ(Failures(*result, "discharge_before_admission"), "1");
  EXPECT_EQ(Failures(*result, "discharge_before_admission", "checked"), "4");
  EXPECT_EQ(Failures(*result, "episode_before_spell"), "1");
  EXPECT_EQ(Failures(*result, "episode_after_spell"), "1");
  // No key, no outpatients in this release.
  EXPECT_EQ(Failures(*result, "episode_key_twice"), "absent");
  EXPECT_EQ(Failures(*result, "appointment_twice"), "absent");
}

TEST(DataQuality, FindsActivityInAMonthAfterDeath) {
  FixtureTable apc = QualityAdmissions();
  apc.Add({});                                  // the month of death
  apc.Add({{"admission_date", "2026-06-01"}});  // the month after
  apc.Add({{"person", "2"}, {"admission_date", "2026-06-01"}});  // alive
  apc.Add({{"person", ""}, {"admission_date", "2026-06-01"}});
  FixtureRelease release;
  FixtureRegistration dead;
  dead.person = 1;
  dead.death = "2026-05-01";
  release.registrations.push_back(dead);
  release.activity.push_back(apc);
  Bench bench(release);
  const auto result = bench.Run("C33");
  ASSERT_OK(result);
  EXPECT_EQ(Failures(*result, "admitted_after_death"), "1");
  EXPECT_EQ(Failures(*result, "admitted_after_death", "checked"), "3");
}

TEST(DataQuality, FindsActivityTheDayAfterDeathWhereDaysAreKnown) {
  FixtureTable apc = QualityAdmissions();
  apc.Add({});                                  // the day of death
  apc.Add({{"admission_date", "2026-05-11"}});  // the day after
  FixtureTable deaths{.dataset = "ons-death"};
  deaths.Add({{"person", "1"}, {"date_of_death", "2026-05-10"}});
  FixtureRelease release;
  release.activity = {apc, deaths};
  Bench days(release);
  const auto by_day = days.Run("C33");
  ASSERT_OK(by_day);
  EXPECT_EQ(Failures(*by_day, "admitted_after_death"), "1");
  release.activity[1].grain = "month";
  Bench months(release);
  const auto by_month = months.Run("C33");
  ASSERT_OK(by_month);
  EXPECT_EQ(Failures(*by_month, "admitted_after_death"), "0");
}

TEST(DataQuality, FindsCodesThatDoNotFitTheSex) {
  FixtureTable apc = QualityAdmissions();
  apc.Add({{"diag_01", "O800"}});
  apc.Add({{"diag_02", "O800"}});
  apc.Add({{"diag_01", "O800"}, {"sex", "2"}});
  apc.Add({{"diag_01", "N800"}});
  FixtureRelease release;
  release.activity.push_back(apc);
  Bench bench(release);
  const auto result = bench.Run("C33");
  ASSERT_OK(result);
  EXPECT_EQ(Failures(*result, "male_obstetric"), "2");
  EXPECT_EQ(Failures(*result, "male_obstetric", "checked"), "3");
}

TEST(DataQuality, FindsObstetricCodesOfAManInEveryPlace) {
  FixtureTable apc = QualityAdmissions();
  apc.Add({{"diag_06", "O800"}});
  apc.Add({{"diag_20", "O800"}});
  apc.Add({{"diag_20", "O800"}, {"sex", "2"}});
  FixtureRelease release;
  release.activity.push_back(apc);
  Bench bench(release);
  const auto result = bench.Run("C33");
  ASSERT_OK(result);
  EXPECT_EQ(Failures(*result, "male_obstetric"), "2");
}

TEST(DataQuality, LooksAtContactsClaimsAndCodedEventsToo) {
  FixtureRelease release;
  FixtureRegistration dead;
  dead.person = 1;
  dead.death = "2026-05-01";
  release.registrations.push_back(dead);
  for (const char* day : {"2026-05-31", "2026-06-01"}) {
    FixtureEvent event;
    event.person = 1;
    event.date = day;
    release.events.push_back(event);
  }
  FixtureTable claims{.dataset = "gos-claim",
                      .defaults = {{"person", "1"},
                                   {"claim_type", "GOS1"},
                                   {"service_date", "2026-06-02"}}};
  claims.Add({});
  claims.Add({});
  claims.Add({{"service_date", "2026-05-02"}});
  FixtureTable contacts{
      .dataset = "community-contact",
      .defaults = {{"person", "2"}, {"contact_date", "2026-06-02"}}};
  contacts.Add({{"contact_id", "20000000001"}});
  contacts.Add({{"contact_id", "20000000002"}});  // another key says nothing
  contacts.Add({{"contact_id", "20000000003"}, {"person", "3"}});
  release.activity = {claims, contacts};
  Bench bench(release);
  const auto result = bench.Run("C33");
  ASSERT_OK(result);
  EXPECT_EQ(Failures(*result, "coded_after_death"), "1");
  EXPECT_EQ(Failures(*result, "claimed_after_death"), "2");
  EXPECT_EQ(Failures(*result, "claim_twice"), "1");
  EXPECT_EQ(Failures(*result, "contact_twice"), "1");
}

TEST(DataQuality, FindsRowsAndKeysThatAreThereTwice) {
  FixtureTable apc = QualityAdmissions();
  apc.Add({{"episode_id", "20000000001"}, {"spell_id", "30000000001"}});
  apc.Add({{"episode_id", "20000000002"}, {"spell_id", "30000000002"}});
  apc.Add({{"episode_id", "20000000002"}, {"person", "2"}});
  apc.Add({{"episode_id", "20000000003"}, {"person", "3"}});
  apc.Add(
      {{"episode_id", "20000000003"}, {"person", "4"}, {"source", "other"}});
  // Without an end it is sent again every month; without a person it is
  // nobody's.
  apc.Add({{"person", "5"}, {"episode_end", ""}});
  apc.Add({{"person", "5"}, {"episode_end", ""}});
  apc.Add({{"person", ""}});
  apc.Add({{"person", ""}});
  FixtureRelease release;
  release.activity.push_back(apc);
  Bench bench(release);
  const auto result = bench.Run("C33");
  ASSERT_OK(result);
  const auto of = [&](std::string rule, std::string source) {
    return Find(*TableOf(*result, "dq_failures"),
                {{"rule", std::move(rule)}, {"source", std::move(source)}},
                "failures");
  };
  EXPECT_EQ(of("episode_key_twice", "national-apc"), "1");
  EXPECT_EQ(of("episode_key_twice", "other"), "0");
  EXPECT_EQ(of("episode_twice", "national-apc"), "1");  // of person 1
}

TEST(DataQuality, FindsOverlappingRegistrationsOfOneSource) {
  FixtureRelease release;
  const auto add = [&](int person, std::string start, std::string end,
                       std::string source = "gp-supplier-a") {
    FixtureRegistration r;
    r.person = person;
    r.start = std::move(start);
    r.end = std::move(end);
    r.source = std::move(source);
    release.registrations.push_back(r);
  };
  add(1, "2020-01-01", "2022-05-01");
  add(1, "2022-05-01", "");  // begins in the month in which the other ends
  add(2, "2020-01-01", "2022-05-01");
  add(2, "2022-04-01", "");  // overlaps
  add(3, "2020-01-01", "");
  add(3, "2022-04-01", "", "gp-supplier-b");  // another source
  // The long one still lasts when the third begins.
  add(4, "2010-01-01", "2022-05-01");
  add(4, "2011-01-01", "2012-01-01");
  add(4, "2015-01-01", "2016-01-01");
  Bench bench(release);
  const auto result = bench.Run("C33");
  ASSERT_OK(result);
  EXPECT_EQ(
      Find(*TableOf(*result, "dq_failures"),
           {{"rule", "registrations_overlap"}, {"source", "gp-supplier-a"}},
           "failures"),
      "3");
}

TEST(DataQuality, HidesScoresThatStandOnAHiddenCount) {
  FixtureTable apc = QualityAdmissions();
  for (int i = 0; i < 100; ++i) apc.Add({{"sex", i < 3 ? "9" : "2"}});
  FixtureRelease release;
  release.activity.push_back(apc);
  Bench bench(release, "nhs-subnational");
  const auto result = bench.Run("C33");
  ASSERT_OK(result);
  EXPECT_EQ(Find(*TableOf(*result, "dq_scores"),
                 {{"dataset", "sus-apc"}, {"item", "sex"}}, "score"),
            "*");
  EXPECT_EQ(
      Find(*TableOf(*result, "dq_index"), {{"source", "national-apc"}}, "dqmi"),
      "*");
}

TEST(DataQuality, RefusesARuleThatLacksAPart) {
  const auto Read = [](const std::string& from, const std::string& to) {
    std::string text = IndicatorWorld::Definition("C33");
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos);
    text.replace(at, from.size(), to);
    const auto definition = MeasureDefinition::Parse(text, "C33.toml");
    EXPECT_OK(definition);
    return std::string(ReadQualityRules(*definition).status().message());
  };
  EXPECT_THAT(Read("kind = \"several\"", "kind = \"often\""),
              HasSubstr("there is no such kind"));
  EXPECT_THAT(Read("later = \"discharge_date\"\n", ""), HasSubstr("later"));
  EXPECT_THAT(Read("key = \"episode_id\"", "key = \"episode_id; drop\""),
              HasSubstr("a name of a column is none"));
  EXPECT_THAT(Read("id = \"two_deaths\"", "id = \"event_twice\""),
              HasSubstr("this rule is there twice"));
}

}  // namespace
}  // namespace tally::analytics
