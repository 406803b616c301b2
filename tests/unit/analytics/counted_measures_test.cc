// Names that measures give to their counts (counted.h): counts of one name are
// one number, and several measures do use them. What two measures print of the
// same activity narrows no small count of either; the reader's solver is GLPK.
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "attacker.h"
#include "base/error.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hospital_rows.h"
#include "indicator_world.h"
#include "replaced_definition.h"

namespace tally::analytics {
namespace {

using testing::IsEmpty;

constexpr int kCountedMonths = 15;

// The n-th month of the release, "2025-08" first.
std::string CountedMonth(int n) {
  return CivilDay::Create(2025, 8, 1)->AddMonths(n)->ToMonth();
}

void AddCare(FixtureRelease& town) {
  FixtureTable apc = ApcTable(), ecds = EcdsTable(), op = OutpatientTable(),
               deaths = DeathTable(), items = PrescriptionTable();
  int spell = 0;
  const auto appoint = [&](const std::string& month, const char* provider,
                           int count) {
    for (int i = 0; i < count; ++i) {
      op.Add({{"person", i % 10 == 0 ? "" : std::to_string(i * 31 + 1)},
              {"appointment_date", month + "-12"},
              {"attended", "5"},
              {"provider_code", provider},
              {"tariff_pence", i % 3 == 0 ? "" : "10000"}});
    }
  };
  for (int m = 0; m < kCountedMonths; ++m) {
    const std::string month = CountedMonth(m);
    appoint(month, "RZA", 35);
    appoint(month, "RZB", 3);
    appoint(month, "RZC", 9);
    for (int i = 0; i < 9; ++i) {
      FixtureEpisode e;
      e.person = (i == 4 ? 0 : 11 * i + m + 1);
      e.spell = ++spell;
      e.admitted = month + "-10";
      const bool day_case = i % 3 == 0;
      e.discharged = month + (day_case ? "-10" : "-12");
      e.method = day_case ? "11" : "21";
      e.classification = day_case ? "2" : "1";
      e.provider = i < 7 ? "RZZ01" : "RZZ02";
      AddEpisode(e, apc);
      AddAttendance(e.person, month + "-05", ecds);
    }
    for (int i = 0; i < 30; ++i) {
      const char* codes[] = {"0501013B0", "0212000B0", "0407020A0"};
      items.Add({{"person", std::to_string(17 * i + m + 1)},
                 {"issue_date", month + "-03"},
                 {"bnf_code", codes[i % 3]},
                 {"items", std::to_string(1 + i % 2)},
                 {"nic_pence", "500"}});
    }
    AddDeath(900 + 40 * m, month + "-20", deaths);
  }
  town.activity = {apc, ecds, op, deaths, items};
}

// Three practices, and one that is too small to be shown.
FixtureRelease CountedTown() {
  FixtureRelease town = MakeTown(3, 600, 0.2, 0.05);
  for (int person = 40; person < 1500; person += 9) {
    town.events.push_back({person, "2024-03-01", "HYP_COD", "gp-supplier-a"});
  }
  for (int i = 0; i < 5; ++i) {
    FixtureRegistration r = town.registrations.back();
    r.person = 2000 + i;
    r.practice = "Z90009";
    town.registrations.push_back(r);
  }
  town.period_start = "2025-08-01";
  AddCare(town);
  return town;
}

struct CountedRun {
  const char* measure;
  std::vector<std::string> by;
};

// The register after these runs under a profile. `refused` counts what the gate
// did not let pass.
std::vector<ReleasedTable> RegisterOf(Bench& bench,
                                      const std::vector<CountedRun>& runs,
                                      std::string_view profile,
                                      size_t* refused = nullptr) {
  ReleaseRegistry registry(
      absl::StrFormat("%s/%s.jsonl", bench.root(), profile));
  GateOptions options;
  options.registry = &registry;
  options.accepted_by = "a test";
  Gate gate(*Profile::Named(profile), options);
  // Months of areas as small as those here.
  const std::string definitions = DefinitionWith(
      bench, "C29",
      {{"smallest_area_month = 5000 ", "smallest_area_month = 100 "}});
  for (const CountedRun& one : runs) {
    RunOptions run;
    run.by = one.by;
    run.definitions = definitions;
    IndicatorWorld::Reference(bench, run, "budget",
                              R"("line", "year", "pounds")",
                              R"(["All", 2026, 1200])");
    MeasureRunner runner(bench.folder(), bench.database(), gate, run);
    const auto result = runner.Run(one.measure);
    if (!result.ok() &&
        ReasonOf(result.status()) == Reason::kDisclosureRefused) {
      if (refused != nullptr) ++*refused;
      continue;
    }
    EXPECT_TRUE(result.ok()) << one.measure << " " << result.status();
    if (result.ok() && refused != nullptr) *refused += result->refused.size();
  }
  const auto tables = registry.All();
  EXPECT_TRUE(tables.ok()) << tables.status();
  return tables.ok() ? *tables : std::vector<ReleasedTable>();
}

TEST(CountedMeasures, CountsOfOneNameAreOneNumber) {
  Bench bench(CountedTown());
  const std::vector<ReleasedTable> tables =
      RegisterOf(bench,
                 {{"C02", {}},
                  {"C02", {"sex"}},
                  {"C02", {"practice", "sex"}},
                  {"C03", {}},
                  {"C03", {"imd_decile"}},
                  {"C03", {"practice", "sex"}},
                  {"C04", {}},
                  {"C04", {"practice", "sex"}},
                  {"C06", {}},
                  {"C06", {"practice"}},
                  {"C11", {}},
                  {"C13", {}},
                  {"C15", {}},
                  {"C15", {"sex"}},
                  {"C19", {}},
                  {"C29", {}},
                  {"C31", {"sex"}},
                  {"C37", {}},
                  {"C37", {"practice", "sex"}},
                  {"D10", {}}},
                 "nhs-national");
  std::map<std::string, std::pair<std::string, std::string>> first;
  std::map<std::string, std::set<std::string>> measures;  // by what is counted
  std::map<std::string, std::set<std::string>> of_name;
  for (const ReleasedTable& table : tables) {
    for (const auto& [key, name] : table.counted) {
      const auto cell = table.cells.find(key);
      ASSERT_NE(cell, table.cells.end()) << key;
      const std::string place = table.measure + " " + table.table + " " + key;
      const auto [known, is_new] =
          first.emplace(name, std::pair(cell->second, place));
      EXPECT_EQ(known->second.first, cell->second)
          << name << ": " << known->second.second << ", " << place;
      of_name[name].insert(table.measure);
    }
  }
  for (const auto& [name, users] : of_name) {
    if (users.size() < 2) continue;
    measures[name.substr(0, name.find('|'))].insert(users.begin(), users.end());
  }
  const std::map<std::string, std::set<std::string>> expected = {
      {"@activity", {"C11", "D10"}},
      {"@cases", {"C03", "C06"}},
      {"@deaths", {"C15", "C29"}},
      {"@emergencies", {"C06", "C29"}},
      {"@items", {"C13", "C29"}},
      {"@people", {"C02", "C03", "C04", "C06", "C15", "C31", "C37"}}};
  for (const auto& [name, users] : expected) {
    EXPECT_THAT(measures[name], testing::IsSupersetOf(users)) << name;
  }
}

// What a reader of all these tables can narrow, who knows the names.
std::vector<std::string> NarrowedByNames(Bench& bench,
                                         const std::vector<CountedRun>& runs,
                                         size_t& asked, size_t& refused) {
  refused = 0;
  const std::vector<ReleasedTable> tables =
      RegisterOf(bench, runs, "nhs-subnational", &refused);
  Attacker attacker;
  std::map<std::string, std::string> first;
  for (const ReleasedTable& table : tables) {
    EXPECT_TRUE(attacker.Believe(table)) << table.measure << table.table;
    for (const auto& [key, name] : table.counted) {
      const std::string own = UnknownName(table, key);
      const auto [known, is_new] = first.emplace(name, own);
      if (!is_new && known->second != own) {
        attacker.Relate(known->second, {own});
      }
    }
  }
  return Narrowed(attacker, tables, &asked);
}

// 157 and 3 of the 160 people of one practice, 140 and 20 of the other.
FixtureRelease TwoGroups() {
  FixtureRelease town = MakeTown(2, 160, 0, 0);
  std::map<std::string, int> left = {{"Z90001", 3}, {"Z90002", 20}};
  for (FixtureRegistration& r : town.registrations) {
    r.ethnic_category = left[r.practice]-- > 0 ? "mixed" : "white";
    if (r.person % 2 == 0) continue;
    town.events.push_back({r.person, "2024-03-01", "HYP_COD", r.source});
  }
  FixtureTable items = PrescriptionTable();
  AddItem(1, "2025-10-01", "0212000B0", items);
  town.activity = {ApcTable(), EcdsTable(), items};
  return town;
}

// The list of the practice is public, so C02 hides the 157 with the 3; C03 has
// both as its denominators.
TEST(CountedMeasures, WhatOneCutOfTheListHidesIsNoDenominatorOfAnother) {
  const std::vector<std::string> by = {"practice", "ethnicity"};
  const FixtureRelease town = TwoGroups();
  size_t asked = 0, refused = 0;
  Bench bench(town);
  EXPECT_THAT(
      NarrowedByNames(bench, {{"C02", by}, {"C03", by}}, asked, refused),
      IsEmpty());
  EXPECT_GT(asked, 0u);
  EXPECT_EQ(refused, 0u);
  // The other way round readers have the 157 already.
  Bench other(town);
  EXPECT_THAT(
      NarrowedByNames(other, {{"C03", by}, {"C02", by}}, asked, refused),
      IsEmpty());
  EXPECT_EQ(refused, 1u);
}

}  // namespace
}  // namespace tally::analytics
