// Provider spells and CIP spells: each rule with a case on either side of it.
#include "analytics/measures/spells.h"

#include <algorithm>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "engine_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "status_matchers.h"

namespace tally::analytics {
namespace {

using ::testing::ElementsAre;

// One episode; days are of January 2026. 0 or an empty text: none.
struct Episode {
  int person = 1;
  int spell = 1;
  int admitted = 1;
  int discharged = 0;
  int order = 1;
  bool last = true;
  std::string provider = "RZZ01";
  std::string method = "11";
  std::string source = "19";
  std::string destination = "19";
  std::string classification = "1";
  bool ended = true;
  std::string extract = "national";
  int age = 40;
  bool last_known = true;
};

class SpellsTest : public EngineFixture {
 protected:
  SpellsTest() {
    EXPECT_OK(connection_->Execute(
        "CREATE TABLE sus_apc (person INTEGER, source VARCHAR, spell_id "
        "BIGINT, provider_code VARCHAR, admission_date DATE, discharge_date "
        "DATE, episode_start DATE, episode_end DATE, episode_order INTEGER, "
        "last_episode BOOLEAN, admission_method VARCHAR, admission_source "
        "VARCHAR, discharge_method VARCHAR, discharge_destination VARCHAR, "
        "patient_classification VARCHAR, age_fy INTEGER)"));
  }

  static std::string Day(int day) {
    return day == 0 ? "NULL"
                    : absl::StrFormat("DATE '2026-01-01' + %d", day - 1);
  }

  static std::string Number(int value) {
    return value == 0 ? "NULL" : absl::StrFormat("%d", value);
  }
  static std::string Text(const std::string& value) {
    return value.empty() ? "NULL" : absl::StrFormat("'%s'", value);
  }

  void Add(const Episode& e) {
    const std::string end =
        Day(e.discharged == 0 ? e.admitted + e.order : e.discharged);
    const std::string last = e.last ? "true" : "false";
    EXPECT_OK(connection_->Execute(absl::StrFormat(
        "INSERT INTO sus_apc VALUES (%s, '%s', %s, %s, %s, %s, %s, %s, %s, "
        "%s, %s, %s, '1', %s, %s, %d)",
        Number(e.person), e.extract, Number(e.spell), Text(e.provider),
        Day(e.admitted), e.last ? Day(e.discharged) : "NULL",
        Day(e.order == 0 ? e.admitted : e.admitted + e.order - 1),
        e.ended ? end : "NULL", Number(e.order), e.last_known ? last : "NULL",
        Text(e.method), Text(e.source), Text(e.destination),
        Text(e.classification), e.age)));
  }

  // The spells of the episodes, in both orders of rows and of keys.
  std::vector<std::string> EitherWay(std::vector<Episode> episodes,
                                     const std::string& sql) {
    std::vector<std::vector<std::string>> rows;
    for (int turn = 0; turn < 2; ++turn) {
      EXPECT_OK(connection_->Execute("DELETE FROM sus_apc"));
      for (const Episode& e : episodes) Add(e);
      Build();
      rows.push_back(Rows(sql));
      std::reverse(episodes.begin(), episodes.end());
      for (Episode& e : episodes) e.spell = e.spell == 0 ? 0 : 100 - e.spell;
    }
    EXPECT_EQ(rows[0], rows[1]);
    return rows[0];
  }

  void Build() {
    ASSERT_OK(MakeProviderSpells(*connection_, {"age_fy"}));
    ASSERT_OK(MakeCipSpells(*connection_));
  }

  std::vector<std::string> Rows(const std::string& sql) {
    auto result = connection_->Query(sql);
    EXPECT_OK(result);
    std::vector<std::string> out;
    if (!result.ok()) return out;
    const auto rows = result->AllRows();
    EXPECT_OK(rows);
    for (const auto& row : *rows) {
      const std::string* text = row.at(0).As<std::string>();
      out.push_back(text == nullptr ? "NULL" : *text);
    }
    return out;
  }

  // How many CIP spells the two spells make, after the first was changed.
  size_t Chains(const Episode& first, const Episode& second) {
    EXPECT_OK(connection_->Execute("DELETE FROM sus_apc"));
    Add(first);
    Add(second);
    Build();
    return Rows("SELECT CAST(cip_no AS VARCHAR) FROM cip_spell").size();
  }
};

Episode Before() {
  return {.spell = 1, .admitted = 1, .discharged = 5, .destination = "51"};
}
Episode After(int admitted) {
  return {.spell = 2,
          .admitted = admitted,
          .discharged = 20,
          .provider = "RZZ02",
          .method = "81",
          .source = "51"};
}

TEST_F(SpellsTest, JoinsTransfersWithinTwoDays) {
  EXPECT_EQ(Chains(Before(), After(5)), 1u);
  EXPECT_EQ(Chains(Before(), After(6)), 1u);
  EXPECT_EQ(Chains(Before(), After(7)), 1u);
  EXPECT_EQ(Chains(Before(), After(8)), 2u);
}

TEST_F(SpellsTest, NeedsARecordOfTheTransfer) {
  Episode first = Before();
  Episode second = After(6);
  first.destination = "19";
  second.source = "19";
  second.method = "21";
  EXPECT_EQ(Chains(first, second), 2u);
  for (const char* code : {"49", "50", "51", "52", "53", "84"}) {
    Episode moved = first;
    moved.destination = code;
    EXPECT_EQ(Chains(moved, second), 1u) << code;
  }
  Episode moved = first;
  moved.destination = "87";  // a source, not a destination
  EXPECT_EQ(Chains(moved, second), 2u);
  first.destination = "30";  // so that the exception does not apply
  for (const char* code : {"49", "50", "51", "52", "53", "87"}) {
    Episode came = second;
    came.source = code;
    EXPECT_EQ(Chains(first, came), 1u) << code;
  }
  Episode came = second;
  came.source = "84";
  EXPECT_EQ(Chains(first, came), 2u);
  for (const char* code : {"2B", "81"}) {
    Episode method = second;
    method.method = code;
    EXPECT_EQ(Chains(first, method), 1u) << code;
  }
}

TEST_F(SpellsTest, LeavesOutAReturnThroughTheEmergencyDepartment) {
  Episode first = Before();
  Episode second = After(6);
  first.destination = "19";
  second.source = "51";
  second.method = "21";
  EXPECT_EQ(Chains(first, second), 2u);
  second.method = "22";
  EXPECT_EQ(Chains(first, second), 1u);
}

TEST_F(SpellsTest, LeavesOutRegularAttenders) {
  for (const char* classification : {"3", "4"}) {
    Episode first = Before();
    first.classification = classification;
    EXPECT_EQ(Chains(first, After(6)), 2u);
    Episode second = After(6);
    second.classification = classification;
    EXPECT_EQ(Chains(Before(), second), 2u);
  }
}

TEST_F(SpellsTest, TakesAnOverlapAsNoGapAndReportsIt) {
  EXPECT_EQ(Chains(Before(), After(3)), 1u);
  EXPECT_THAT(Rows("SELECT CAST(overlapping AS VARCHAR) FROM spell_chain "
                   "ORDER BY turn"),
              ElementsAre("false", "true"));
}

TEST_F(SpellsTest, EndsAChainAtASpellThatLasts) {
  Episode first = Before();
  first.discharged = 0;
  first.ended = false;
  first.last = false;
  EXPECT_EQ(Chains(first, After(6)), 2u);
}

TEST_F(SpellsTest, TakesTheFirstAdmissionAndTheLastDischargeOfAChain) {
  Add(Before());
  Add(After(6));
  Episode third = After(21);
  third.spell = 3;
  third.discharged = 30;
  third.provider = "RZZ03";
  third.source = "19";
  third.method = "2B";
  third.destination = "54";
  Add(third);
  Episode other = Before();  // another person: never in the chain
  other.person = 2;
  other.spell = 4;
  Add(other);
  Build();
  EXPECT_THAT(Rows("SELECT concat_ws(' ', person, spells, provider_code, "
                   "admission_date, admission_method, discharge_date, "
                   "discharge_destination, last_admission) FROM cip_spell "
                   "ORDER BY person, admission_date"),
              ElementsAre("1 3 RZZ01 2026-01-01 11 2026-01-30 54 2026-01-21",
                          "2 1 RZZ01 2026-01-01 11 2026-01-05 51 2026-01-01"));
}

TEST_F(SpellsTest, JoinsASpellThatCrossesTwoExtracts) {
  Add({.spell = 7, .admitted = 1, .order = 1, .last = false});
  Add({.spell = 8, .admitted = 1, .discharged = 9, .order = 2});
  Build();
  EXPECT_THAT(Rows("SELECT concat_ws(' ', episodes, admission_date, "
                   "discharge_date, age_fy) FROM provider_spell"),
              ElementsAre("2 2026-01-01 2026-01-09 40"));
}

TEST_F(SpellsTest, KeepsTwoDayCasesOfOneDayApart) {
  Add({.spell = 7, .admitted = 1, .discharged = 1, .classification = "2"});
  Add({.spell = 8, .admitted = 1, .discharged = 1, .classification = "2"});
  Build();
  EXPECT_EQ(Rows("SELECT 'x' FROM provider_spell").size(), 2u);
  EXPECT_EQ(Rows("SELECT 'x' FROM cip_spell").size(), 2u);
}

TEST_F(SpellsTest, LeavesOutAnUnfinishedEpisodeThatWasSentAgain) {
  Add({.spell = 7, .admitted = 1, .order = 1, .last = false, .ended = false});
  Add({.spell = 8, .admitted = 1, .discharged = 9, .order = 1});
  Build();
  EXPECT_THAT(Rows("SELECT concat_ws(' ', episodes, discharge_date) "
                   "FROM provider_spell"),
              ElementsAre("1 2026-01-09"));
}

TEST_F(SpellsTest, CountsSpellsWithoutAPersonAndChainsNone) {
  Episode first = Before();
  first.person = 0;
  Episode second = After(6);
  second.person = 0;
  Add(first);
  Add(second);
  Build();
  EXPECT_EQ(Rows("SELECT 'x' FROM provider_spell").size(), 2u);
  EXPECT_EQ(Rows("SELECT 'x' FROM cip_spell").size(), 0u);
}

constexpr char kChainRows[] =
    "SELECT concat_ws(' ', spells, admission_date, discharge_date, "
    "provider_code, coalesce(discharge_destination, '-')) FROM cip_spell "
    "ORDER BY admission_date, discharge_date, provider_code";
constexpr char kSpellRows[] =
    "SELECT concat_ws(' ', episodes, coalesce(CAST(discharge_date AS VARCHAR), "
    "'-'), age_fy) FROM provider_spell ORDER BY 1";

TEST_F(SpellsTest, DoesNotDependOnKeysOrTheOrderOfRows) {
  Episode third = After(9);
  third.spell = 3;
  third.discharged = 25;
  EXPECT_THAT(EitherWay({Before(), After(6), third}, kChainRows),
              ElementsAre("3 2026-01-01 2026-01-25 RZZ01 19"));
}

TEST_F(SpellsTest, LeavesNoTieOfStaysToTheirKeys) {
  // Two day cases that differ in where they came from and went to: the one
  // that came from a hospital (51) follows the one that came from home.
  Episode home = Before();
  home.discharged = 1;
  home.provider = "RZZ02";
  Episode moved = home;
  moved.spell = 2;
  moved.source = "51";
  moved.destination = "19";
  EXPECT_THAT(EitherWay({home, moved}, kChainRows),
              ElementsAre("2 2026-01-01 2026-01-01 RZZ02 19"));
}

TEST_F(SpellsTest, EndsAChainWithItsLatestDischarge) {
  Episode outer = Before();
  outer.discharged = 20;
  outer.destination = "54";
  Episode inner = After(3);
  inner.discharged = 5;
  EXPECT_THAT(EitherWay({outer, inner}, kChainRows),
              ElementsAre("2 2026-01-01 2026-01-20 RZZ01 54"));
  EXPECT_THAT(Rows("SELECT CAST(last_admission AS VARCHAR) FROM cip_spell"),
              ElementsAre("2026-01-01"));
  inner.discharged = 20;  // of equal days the later in the order
  EXPECT_THAT(EitherWay({outer, inner}, kChainRows),
              ElementsAre("2 2026-01-01 2026-01-20 RZZ01 19"));
  inner.discharged = 21;
  EXPECT_THAT(EitherWay({outer, inner}, kChainRows),
              ElementsAre("2 2026-01-01 2026-01-21 RZZ01 19"));
}

TEST_F(SpellsTest, ComparesWithTheLatestDischargeOfTheChain) {
  // A stay of four days inside one of twenty; what follows the longer one.
  Episode outer = Before();
  outer.discharged = 20;
  Episode inner = After(5);
  inner.discharged = 10;
  inner.source = "19";
  Episode next = After(21);
  next.spell = 3;
  next.discharged = 25;
  next.method = "21";
  EXPECT_THAT(EitherWay({outer, inner, next}, kChainRows),
              ElementsAre("3 2026-01-01 2026-01-25 RZZ01 19"));
  next.admitted = 22;
  EXPECT_EQ(EitherWay({outer, inner, next}, kChainRows).size(), 1u);
  next.admitted = 23;  // three days after
  EXPECT_EQ(EitherWay({outer, inner, next}, kChainRows).size(), 2u);
}

TEST_F(SpellsTest, ReadsTheTransferOfTheLatestDischargeOfTheChain) {
  Episode outer = Before();
  outer.discharged = 20;
  outer.destination = "54";
  Episode inner = After(5);
  inner.discharged = 10;
  inner.destination = "51";  // not where the longer stay went
  Episode next = After(21);
  next.spell = 3;
  next.discharged = 25;
  next.source = "19";
  next.method = "21";
  EXPECT_EQ(EitherWay({outer, inner, next}, kChainRows).size(), 2u);
  outer.destination = "51";
  inner.destination = "19";
  EXPECT_EQ(EitherWay({outer, inner, next}, kChainRows).size(), 1u);
  // A stay inside that lasts ends the chain as any other does.
  inner.discharged = 0;
  inner.ended = false;
  inner.last = false;
  EXPECT_EQ(EitherWay({outer, inner, next}, kChainRows).size(), 2u);
}

// Chains by walking through the stays of each person, one day of admission
// each, written without SQL.
size_t ChainsByWalking(const std::vector<Episode>& in_order) {
  size_t chains = 0;
  const Episode* end = nullptr;  // the spell of the chain discharged last
  for (const Episode& e : in_order) {
    const auto among = [](const std::string& code,
                          std::initializer_list<const char*> codes) {
      return std::any_of(codes.begin(), codes.end(),
                         [&](const char* c) { return code == c; });
    };
    bool joins = end != nullptr && end->person == e.person;
    joins = joins && end->discharged > 0 && e.admitted - end->discharged <= 2;
    joins = joins && (among(end->destination, {"51", "84"}) ||
                      among(e.source, {"51", "87"}) || e.method == "81");
    joins = joins &&
            !(end->destination == "19" && e.source == "51" && e.method == "21");
    joins = joins && end->classification == "1" && e.classification == "1";
    if (!joins) ++chains;
    if (!joins || e.discharged == 0 || e.discharged >= end->discharged) {
      end = &e;
    }
  }
  return chains;
}

TEST_F(SpellsTest, MakesTheChainsOfAWalkThroughRandomStays) {
  std::mt19937 random(20261122);
  const auto pick = [&](std::initializer_list<const char*> values) {
    return *(values.begin() + random() % values.size());
  };
  std::vector<Episode> in_order;
  for (int person = 1; person <= 60; ++person) {
    int day = 1;
    for (int stay = 0; stay < 6; ++stay) {
      Episode e;
      e.person = person;
      e.spell = 10 * person + stay;
      e.admitted = day;
      e.discharged =
          random() % 20 == 0 ? 0 : day + static_cast<int>(random() % 9);
      e.last = e.ended = e.discharged > 0;
      e.method = pick({"21", "81", "11"});
      e.source = pick({"19", "51", "87"});
      e.destination = pick({"19", "51", "54", "84"});
      e.classification = random() % 12 == 0 ? "4" : "1";
      in_order.push_back(e);
      day += 1 + static_cast<int>(random() % 4);
    }
  }
  for (const Episode& e : in_order) Add(e);
  Build();
  EXPECT_EQ(Rows("SELECT 'x' FROM cip_spell").size(),
            ChainsByWalking(in_order));
  EXPECT_EQ(Rows("SELECT 'x' FROM spell_chain").size(), in_order.size());
}

TEST_F(SpellsTest, JoinsACutSpellToTheLatestPartThatHasItsEnd) {
  // An unfinished first part, and two finished spells of the same day and
  // method: the one whose episodes begin with the second is its other part.
  const Episode cut{.spell = 7, .order = 1, .last = false, .age = 41};
  const Episode whole{.spell = 8, .discharged = 3, .order = 1, .age = 42};
  const Episode rest{.spell = 9, .discharged = 9, .order = 2, .age = 43};
  EXPECT_THAT(EitherWay({cut, whole, rest}, kSpellRows),
              ElementsAre("1 2026-01-03 42", "2 2026-01-09 41"));
  EXPECT_THAT(EitherWay({cut, rest, whole}, kSpellRows),
              ElementsAre("1 2026-01-03 42", "2 2026-01-09 41"));
}

TEST_F(SpellsTest, JoinsNoCutSpellsOfTwoSources) {
  Episode cut{.spell = 7, .order = 1, .last = false, .ended = false};
  const Episode rest{.spell = 8, .discharged = 9, .order = 2};
  EXPECT_EQ(EitherWay({cut, rest}, kSpellRows).size(), 1u);
  cut.extract = "other";
  EXPECT_EQ(EitherWay({cut, rest}, kSpellRows).size(), 2u);
}

TEST_F(SpellsTest, JoinsNothingByAValueThatIsNotKnown) {
  const Episode cut{.spell = 7, .order = 1, .last = false, .ended = false};
  const Episode rest{.spell = 8, .discharged = 9, .order = 2};
  EXPECT_EQ(EitherWay({cut, rest}, kSpellRows).size(), 1u);
  for (const auto clear :
       {+[](Episode& e) { e.person = 0; }, +[](Episode& e) { e.provider = ""; },
        +[](Episode& e) { e.admitted = 0; },
        +[](Episode& e) { e.method = ""; }}) {
    Episode first = cut;
    Episode second = rest;
    clear(first);
    clear(second);
    EXPECT_EQ(EitherWay({first, second}, kSpellRows).size(), 2u);
    first.spell = 0;  // nor without any key
    second.spell = 0;
    EXPECT_EQ(EitherWay({first, second}, kSpellRows).size(), 2u);
  }
}

TEST_F(SpellsTest, TellsEpisodesWithoutAKeyApartByWhatTheySay) {
  const Episode first{.spell = 0, .order = 1, .last = false};
  const Episode second{.spell = 0, .discharged = 9, .order = 2};
  EXPECT_THAT(EitherWay({first, second}, kSpellRows),
              ElementsAre("2 2026-01-09 40"));
  Episode other = second;
  other.provider = "RZZ02";
  EXPECT_EQ(EitherWay({first, other}, kSpellRows).size(), 2u);
}

TEST_F(SpellsTest, TakesADischargeAsTheEndWhereTheLastEpisodeIsNotNamed) {
  // Two finished spells of one day stay two; an unfinished one is joined.
  Episode first{.spell = 7, .discharged = 3, .last_known = false};
  const Episode second{.spell = 8, .discharged = 4, .last_known = false};
  EXPECT_EQ(EitherWay({first, second}, kSpellRows).size(), 2u);
  first.discharged = 0;
  EXPECT_EQ(EitherWay({first, second}, kSpellRows).size(), 1u);
}

TEST_F(SpellsTest, OrdersEpisodesOfEqualNumbersByWhatTheySay) {
  // Without a number before those with one; then start, end, last, values.
  const Episode unnumbered{.discharged = 9, .order = 0, .age = 44};
  const Episode numbered{.order = 1, .last = false, .age = 41};
  EXPECT_THAT(EitherWay({numbered, unnumbered}, kSpellRows),
              ElementsAre("2 2026-01-09 44"));
  const Episode older{.discharged = 9, .order = 1, .age = 46};
  const Episode younger{.discharged = 9, .order = 1, .age = 45};
  EXPECT_THAT(EitherWay({older, younger}, kSpellRows),
              ElementsAre("2 2026-01-09 45"));
}

TEST_F(SpellsTest, KeepsValuesOfEveryEpisode) {
  Add({.order = 1, .last = false, .age = 41});
  Add({.discharged = 9, .order = 2, .age = 42});
  ASSERT_OK(MakeProviderSpells(*connection_, {},
                               {{"twice", "concat(age_fy, '/', age_fy)"}}));
  EXPECT_THAT(Rows("SELECT concat_ws(' ', twice, place, places) "
                   "FROM spell_episode ORDER BY place"),
              ElementsAre("41/41 1 2", "42/42 2 2"));
}

}  // namespace
}  // namespace tally::analytics
