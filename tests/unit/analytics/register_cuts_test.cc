// A measure by default and then cut with --by, through one register: a reader
// who adds up the rows of one table to those of the other, declared or not,
// narrows no small count. The reader's solver is GLPK, not the gate's.
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "attacker.h"
#include "base/error.h"
#include "base/strings.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hospital_rows.h"
#include "risk_cast.h"

namespace tally::analytics {
namespace {

using testing::IsEmpty;
using CutBy = std::vector<std::string>;

// The dimensions that --by names, as tables call them.
const std::set<std::string>& CutDimensions() {
  static const auto& names = *new std::set<std::string>{
      "area", "sex", "imd_decile", "ethnicity", "age_band", "breakdown"};
  return names;
}

std::vector<std::string> PartsOfKey(const std::string& key) {
  return absl::StrSplit(key, '|');
}

// A key without those dimensions that are in `gone`.
std::string Without(const std::string& key, const std::set<std::string>& gone) {
  std::string rest;
  for (const std::string& part : PartsOfKey(key)) {
    const std::string name = part.substr(0, part.find('='));
    if (gone.contains(name)) continue;
    if (!rest.empty()) rest += '|';
    rest += part;
  }
  return rest;
}

std::set<std::string> DimensionsOf(const std::string& key) {
  std::set<std::string> names;
  for (const std::string& part : PartsOfKey(key)) {
    if (part.find('=') == std::string::npos) continue;
    names.insert(part.substr(0, part.find('=')));
  }
  return names;
}

std::vector<std::set<std::string>> SubsetsOf(
    const std::set<std::string>& names) {
  std::vector<std::set<std::string>> all = {{}};
  for (const std::string& name : names) {
    if (!CutDimensions().contains(name)) continue;
    for (size_t i = all.size(); i-- > 0;) {
      all.push_back(all[i]);
      all.back().insert(name);
    }
  }
  return all;
}

using Exact = std::map<std::string, int64_t>;

// Tells the attacker that counts of `fine` add up to counts of `coarse`,
// wherever they do.
void AddUp(const ReleasedTable& coarse, const ReleasedTable& fine,
           const Exact& exact, Attacker& attacker) {
  std::map<std::string,
           std::map<std::set<std::string>, std::vector<std::string>>>
      groups;
  for (const auto& [key, printed] : fine.cells) {
    const std::set<std::string> names = DimensionsOf(key);
    for (const std::set<std::string>& gone : SubsetsOf(names)) {
      const std::string rest = Without(key, gone);
      // A table of one breakdown does not say so in its keys any more.
      for (const auto& [whole, form] : coarse.cells) {
        if (Without(whole, {"breakdown"}) != Without(rest, {"breakdown"})) {
          continue;
        }
        groups[whole][names].push_back(key);
      }
    }
  }
  for (const auto& [whole, by_names] : groups) {
    for (const auto& [names, parts] : by_names) {
      int64_t sum = 0;
      std::vector<std::string> unknowns;
      for (const std::string& part : parts) {
        unknowns.push_back(UnknownName(fine, part));
        sum += exact.at(unknowns.back());
      }
      const std::string name = UnknownName(coarse, whole);
      if (sum != exact.at(name) || unknowns.front() == name) continue;
      attacker.Relate(name, unknowns);
    }
  }
}

// Runs `id` with each of `cuts` in turn through one register; what the reader
// can narrow afterwards. `refused` counts what the gate did not let pass.
std::vector<std::string> NarrowedByCuts(const FixtureRelease& release,
                                        std::string_view id,
                                        const std::vector<CutBy>& cuts,
                                        size_t* asked,
                                        size_t* refused = nullptr) {
  Bench bench(release);
  ReleaseRegistry printed(bench.root() + "/printed.jsonl");
  ReleaseRegistry exact(bench.root() + "/exact.jsonl");
  for (const char* profile : {"nhs-subnational", "nhs-national"}) {
    const bool is_exact = std::string_view(profile) == "nhs-national";
    GateOptions options;
    options.registry = is_exact ? &exact : &printed;
    Gate gate(*Profile::Named(profile), options);
    for (const CutBy& by : cuts) {
      RunOptions run;
      run.by = by;
      MeasureRunner runner(bench.folder(), bench.database(), gate, run);
      const auto result = runner.Run(id);
      if (!result.ok() &&
          ReasonOf(result.status()) == Reason::kDisclosureRefused) {
        if (refused != nullptr) ++*refused;
        continue;
      }
      EXPECT_TRUE(result.ok()) << id << " " << result.status();
    }
  }
  const auto tables = printed.All();
  const auto counts = exact.All();
  EXPECT_TRUE(tables.ok() && counts.ok());
  Exact known;
  std::map<std::string, int64_t> publics;
  for (const ReleasedTable& table : *counts) {
    for (const auto& [key, count] : table.cells) {
      known[UnknownName(table, key)] = *ParseInt64(count);
    }
  }
  Attacker attacker;
  if (asked != nullptr) *asked = 0;
  for (const ReleasedTable& table : *tables) {
    EXPECT_TRUE(attacker.Believe(table)) << table.table;
  }
  for (const ReleasedTable& coarse : *tables) {
    for (const ReleasedTable& fine : *tables) {
      const bool same_topic = coarse.measure == fine.measure &&
                              coarse.table == fine.table &&
                              coarse.period == fine.period;
      if (same_topic) AddUp(coarse, fine, known, attacker);
    }
  }
  if (attacker.problem().unknowns.empty()) return {"nothing was printed"};
  return Narrowed(attacker, *tables, asked);
}

// Seven and twelve of one band at two practices: 20 together leave 6 at least
// beside a printed 10.
TEST(RegisterCuts, LaceByPracticeIsAuditedWithLaceOfEverybody) {
  RiskCast cast;
  const auto discharge = [&](const char* practice, const char* until,
                             int people) {
    for (int i = 0; i < people; ++i) {
      const int person = cast.Person();
      cast.release.registrations.back().practice = practice;
      cast.Stay(person, "2025-06-01", until, "11");
    }
  };
  discharge("Z90001", "2025-06-01", 7);
  discharge("Z90002", "2025-06-01", 12);
  discharge("Z90001", "2025-06-15", 30);
  discharge("Z90002", "2025-06-15", 30);
  cast.Finish();
  size_t asked = 0;
  EXPECT_THAT(NarrowedByCuts(cast.release, "C05", {{}, {"practice"}}, &asked),
              IsEmpty());
  EXPECT_THAT(NarrowedByCuts(cast.release, "C05", {{"practice"}, {}}, &asked),
              IsEmpty());
  EXPECT_GT(asked, 0u);
}

// Two practices with diabetics of each sex: 7 and 12 here, 12 and 7 there.
FixtureRelease TwoPractices() {
  FixtureRelease town = MakeTown(2, 240, 0, 0);
  std::map<std::pair<std::string, std::string>, int> quota = {
      {{"Z90001", "1"}, 7},
      {{"Z90001", "2"}, 12},
      {{"Z90002", "1"}, 12},
      {{"Z90002", "2"}, 7}};
  for (const FixtureRegistration& r : town.registrations) {
    if (r.year_of_birth > 2000 || quota[{r.practice, r.sex}]-- <= 0) continue;
    town.events.push_back({r.person, "2024-03-01", "DM_COD", r.source});
    town.events.push_back({r.person, "2024-03-01", "HYP_COD", r.source});
  }
  FixtureTable items = PrescriptionTable();
  AddItem(1, "2025-10-01", "0212000B0", items);
  town.activity = {ApcTable(), EcdsTable(), items};
  return town;
}

struct CutPlan {
  const char* measure;
  std::vector<CutBy> cuts;
};

class RegisterCutsOf : public testing::TestWithParam<CutPlan> {};

TEST_P(RegisterCutsOf, AreAuditedTogether) {
  size_t asked = 0, refused = 0;
  EXPECT_THAT(NarrowedByCuts(TwoPractices(), GetParam().measure,
                             GetParam().cuts, &asked, &refused),
              IsEmpty());
  EXPECT_GT(asked + refused, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Measures, RegisterCutsOf,
    testing::Values(CutPlan{"C02", {{}, {"sex"}, {"practice", "sex"}}},
                    CutPlan{"C03", {{}, {"sex"}, {"practice", "sex"}}},
                    CutPlan{"C03", {{"practice", "sex"}, {}, {"sex"}}},
                    CutPlan{"C04", {{}, {"sex"}, {"practice", "sex"}}},
                    CutPlan{"C06", {{}, {"practice"}}},
                    CutPlan{"C37", {{}, {"practice"}, {"practice", "sex"}}}),
    [](const auto& cut) {
      return absl::StrFormat("%s%d", cut.param.measure, cut.index);
    });

// A table of counts by levels of `dimension`, or of all of them.
RawTable Counts(const std::string& dimension,
                const std::vector<std::pair<std::string, int64_t>>& counts) {
  TableInfo info;
  info.table = dimension.empty() ? "whole" : "by_" + dimension;
  info.measure_id = "T01";
  info.project = "trial";
  info.release = "r2026-11";
  info.period = "2026-10";
  info.cohort = "everyone";
  std::vector<ColumnSpec> columns = {DimensionColumn("kind", "Kind")};
  if (!dimension.empty()) columns.push_back(DimensionColumn(dimension, "Cut"));
  columns.push_back(CountColumn("n", ColumnKind::kPersons, "People"));
  auto table = RawTable::Create(info, std::move(columns));
  EXPECT_TRUE(table.ok());
  for (const auto& [level, count] : counts) {
    std::vector<RawValue> row = {std::string("a")};
    if (!dimension.empty()) row.emplace_back(level);
    row.emplace_back(count);
    EXPECT_TRUE(table->AddRow(std::move(row)).ok());
  }
  return *std::move(table);
}

// What the second table prints of the whole after the first one.
std::string WholeAfter(const RawTable& cut, int64_t whole) {
  std::string folder = testing::TempDir() + "cutsXXXXXX";
  EXPECT_NE(mkdtemp(folder.data()), nullptr);
  ReleaseRegistry registry(folder + "/released.jsonl");
  GateOptions options;
  options.registry = &registry;
  Gate gate(*Profile::Named("nhs-subnational"), options);
  EXPECT_TRUE(gate.Release(cut).ok());
  const auto table = gate.Release(Counts("", {{"", whole}}));
  std::filesystem::remove_all(folder);
  EXPECT_TRUE(table.ok()) << table.status();
  return table.ok() ? table->at(0, "n").text() : "";
}

// 24 months; 7 and 12 in the last twelve: 20 in print less 10 in print would
// leave 6 at least. Of 7 and 8, 15 less 10 tells nothing.
TEST(RegisterCuts, TheYearIsTheSumOfItsLastTwelveMonths) {
  std::vector<std::pair<std::string, int64_t>> months;
  for (int i = 0; i < 24; ++i) {
    months.emplace_back(absl::StrFormat("202%d-%02d", 4 + i / 12, 1 + i % 12),
                        i < 12 ? 40 : 0);
  }
  months[13].second = 7;
  months[20].second = 12;
  EXPECT_EQ(WholeAfter(Counts("month", months), 19), "*");
  months[20].second = 8;
  EXPECT_EQ(WholeAfter(Counts("month", months), 15), "15");
}

// Where the levels do not add up to the whole, nothing is hidden for them.
TEST(RegisterCuts, LevelsThatOverlapAreNoParts) {
  const std::vector<std::pair<std::string, int64_t>> at_least = {
      {"10", 60}, {"15", 7}, {"20", 6}};
  EXPECT_EQ(WholeAfter(Counts("threshold", at_least), 90), "90");
}

// A small sum of hidden counts hides with them: it says no more than they do.
TEST(RegisterCuts, ASmallWholeOfHiddenPartsIsHiddenAndNotRefused) {
  EXPECT_EQ(WholeAfter(Counts("sex", {{"1", 3}, {"2", 2}}), 5), "*");
  EXPECT_EQ(WholeAfter(Counts("sex", {{"1", 3}, {"2", 0}}), 3), "*");
}

// A cut of which a reader has the whole already.
TEST(RegisterCuts, TwoSmallPartsOfAPrintedWholeAreRefused) {
  std::string folder = testing::TempDir() + "cutsXXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  ReleaseRegistry registry(folder + "/released.jsonl");
  GateOptions options;
  options.registry = &registry;
  Gate gate(*Profile::Named("nhs-subnational"), options);
  ASSERT_TRUE(gate.Release(Counts("", {{"", 13}})).ok());
  EXPECT_EQ(
      ReasonOf(gate.Release(Counts("sex", {{"1", 7}, {"2", 6}})).status()),
      Reason::kDisclosureRefused);
  EXPECT_TRUE(gate.Release(Counts("sex", {{"1", 3}, {"2", 10}})).ok());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tally::analytics
