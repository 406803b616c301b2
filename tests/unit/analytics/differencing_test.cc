// Two releases that differ in a few people, three measures of each through one
// register, and an attacker who is not the gate's: GLPK over everything that
// was printed. No small count can be narrowed.
#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "attacker.h"
#include "base/strings.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

constexpr const char* kMeasures[] = {"C01", "C02", "C03"};

// List sizes of practices are public: a key that has the practice and, apart
// from the breakdown that it stands in, nothing else.
bool IsPublic(const std::string& key) { return key.starts_with("list|area="); }

struct Released {
  std::vector<ReleasedTable> printed;  // by this release, the newest of each
  std::map<std::string, int64_t> publics;  // list sizes
};

// Runs the measures through `registry`, and once more for the exact counts.
Released Release(const FixtureRelease& town, ReleaseRegistry& registry) {
  Released released;
  Bench bench(town);
  ReleaseRegistry exact(bench.root() + "/exact.jsonl");
  for (const char* profile : {"nhs-subnational", "nhs-national"}) {
    const bool is_exact = std::string_view(profile) == "nhs-national";
    GateOptions options;
    options.registry = is_exact ? &exact : &registry;
    Gate gate(*Profile::Named(profile), options);
    for (const char* id : kMeasures) {
      MeasureRunner runner(bench.folder(), bench.database(), gate, {});
      const auto result = runner.Run(id);
      EXPECT_TRUE(result.ok()) << id << " " << result.status();
    }
  }
  const auto all = registry.All();
  const auto exact_tables = exact.All();
  EXPECT_TRUE(all.ok() && exact_tables.ok());
  if (!all.ok() || !exact_tables.ok()) return released;
  // What a release prints as it was before has no line of its own.
  std::map<std::vector<std::string>, ReleasedTable> newest;
  for (const ReleasedTable& table : *all) {
    newest[{table.measure, table.table, table.period, table.cohort}] = table;
  }
  for (const auto& [name, table] : newest) released.printed.push_back(table);
  for (const ReleasedTable& table : *exact_tables) {
    for (const auto& [key, count] : table.cells) {
      const std::string name = UnknownName(table, key);
      if (IsPublic(key)) released.publics[name] = *ParseInt64(count);
    }
  }
  return released;
}

// Every cell that was hidden for being small must still be anything from 1 to
// 7. Returns how many there were.
size_t ExpectAllOpen(const Attacker& attacker, const Released& released) {
  size_t asked = 0;
  EXPECT_THAT(Narrowed(attacker, released.printed, &asked), testing::IsEmpty());
  return asked;
}

// A town with small groups, and the same one with `moves` people gone, come or
// changed.
FixtureRelease TownWith(int moves) {
  FixtureRelease town = MakeTown(4, 420, 0.02, 0.03);
  for (int i = 0; i < moves; ++i) {
    FixtureRegistration& r =
        town.registrations[static_cast<size_t>(i * 311 + 17) %
                           town.registrations.size()];
    if (i % 3 == 0) r.imd_decile = r.imd_decile.value_or(5) % 10 + 1;
    if (i % 3 == 1) r.end = "2026-06-30";
    if (i % 3 == 2) r.year_of_birth -= 5;
  }
  return town;
}

TEST(Differencing, TwoReleasesThatDifferInFewPeopleOpenNoHiddenCell) {
  for (const int moves : {1, 5}) {
    std::string folder = testing::TempDir() + "differencingXXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    ReleaseRegistry registry(folder + "/released.jsonl");
    const Released first = Release(TownWith(0), registry);
    const Released second = Release(TownWith(moves), registry);
    ASSERT_FALSE(first.printed.empty());
    ASSERT_FALSE(second.printed.empty());

    // Each release by itself.
    for (const Released* one : {&first, &second}) {
      Attacker attacker(one->publics);
      for (const ReleasedTable& table : one->printed) {
        EXPECT_TRUE(attacker.Believe(table)) << table.table;
      }
      EXPECT_GT(ExpectAllOpen(attacker, *one), 0u);
    }

    // Both: the newer one, and of the older one what does not contradict it.
    Attacker both(second.publics);
    for (const ReleasedTable& table : second.printed) {
      EXPECT_TRUE(both.Believe(table)) << table.table;
    }
    for (const ReleasedTable& table : first.printed) both.Believe(table);
    EXPECT_GT(ExpectAllOpen(both, second), 0u);
    std::filesystem::remove_all(folder);
  }
}

// The attacker finds what a gate without an audit lets through.
TEST(Differencing, AttackerFindsTheCellOfATableThatWasNotAudited) {
  ReleasedTable table;
  table.measure = "T01";
  table.profile = "nhs-subnational";
  table.cells = {{"n|a=1", "*"}, {"n|a=2", "25"}, {"n", "25"}};
  table.sums = {{"n", {"n|a=1", "n|a=2"}}};
  Attacker attacker;
  ASSERT_TRUE(attacker.Believe(table));
  const std::string name = UnknownName(table, "n|a=1");
  const auto bounds = OracleBounds(attacker.problem(), {*attacker.Find(name)});
  ASSERT_TRUE(bounds.has_value());
  EXPECT_EQ(bounds->front(), (CountRange{1, 4}));
}

}  // namespace
}  // namespace tally::analytics
