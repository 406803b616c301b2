// C13 against counts kept by hand: people on either side of every rule.
#include <algorithm>
#include <fstream>

#include "absl/strings/str_format.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "replaced_definition.h"

namespace tally::analytics {
namespace {

using testing::HasSubstr;

constexpr char kLipids[] = "Lipid-regulating medicines";
constexpr char kStatin[] = "0212000B0";

class PrescribingTest : public testing::Test {
 protected:
  PrescribingTest() {
    FixtureTable& items = release_.activity.emplace_back();
    items.dataset = "gp-prescription";
    items.columns = {"person", "issue_date", "bnf_code",
                     "items",  "nic_pence",  "quantity"};
    items.defaults = {{"items", "1"}, {"nic_pence", "100"}};
  }

  FixtureRegistration& Add(int person, const std::string& practice = "Z90001") {
    FixtureRegistration r;
    r.person = person;
    r.practice = practice;
    return release_.registrations.emplace_back(r);
  }
  FixtureRow& Item(int person, const std::string& day,
                   const std::string& code = kStatin) {
    FixtureRow& row =
        release_.activity[0].Add({{"bnf_code", code}, {"issue_date", day}});
    if (person > 0) row["person"] = std::to_string(person);
    return row;
  }
  // One item in each of the months, "2026-01".
  void Months(int person, const std::vector<std::string>& months) {
    for (const std::string& month : months) Item(person, month + "-10");
  }
  MeasureResult Run(std::vector<std::pair<std::string, std::string>> changes =
                        {{"smallest_area = 100", "smallest_area = 1"}},
                    std::string_view profile = "nhs-national",
                    const std::string& comparators = "") {
    bench_.emplace(release_, profile);
    RunOptions options;
    options.definitions = DefinitionWith(*bench_, "C13", changes);
    options.comparators = comparators;
    auto result = bench_->Run("C13", options);
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok()) return {};
    EXPECT_EQ(result->unavailable.value_or(""), "");
    return *std::move(result);
  }
  std::string At(const MeasureResult& result, const std::string& column,
                 const std::string& month = "2026-10",
                 const std::string& area = "All",
                 const std::string& bnf = kLipids) {
    return Find(TableNamed(result, "rx_trend"),
                {{"bnf", bnf}, {"area", area}, {"month", month}}, column);
  }

  FixtureRelease release_;
  std::optional<Bench> bench_;
};

TEST_F(PrescribingTest, ItemsAndCostAreThoseOfPeopleOnTheList) {
  for (int person = 1; person <= 4; ++person) Add(person);
  Add(5, "Z90002");
  release_.registrations[3].end = "2026-09-01";
  Item(1, "2026-10-01")["items"] = "2";
  Item(1, "2026-10-31")["nic_pence"] = "250";
  Item(2, "2026-09-30");
  Item(4, "2026-10-05");  // left in September
  Item(0, "2026-10-05");  // nobody
  Item(5, "2026-10-05")["items"] = "";
  Item(3, "2026-10-05")["items"] = "0";
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "items", "2026-10", "Z90001"), "3");
  EXPECT_EQ(At(result, "list", "2026-10", "Z90001"), "3");
  EXPECT_EQ(At(result, "per_1000", "2026-10", "Z90001"), "1000.0");
  EXPECT_EQ(At(result, "nic", "2026-10", "Z90001"), "350");
  EXPECT_EQ(At(result, "items"), "4");
  EXPECT_EQ(At(result, "nic"), "450");
  EXPECT_EQ(At(result, "list", "2026-09", "Z90001"), "4");
  EXPECT_EQ(At(result, "items", "2026-09"), "1");
  EXPECT_EQ(At(result, "items", "2026-08"), "0");
  // The paragraph of the code, all practices together.
  EXPECT_EQ(At(result, "items", "2026-10", "All", "021200"), "4");
  EXPECT_EQ(At(result, "items", "2026-10", "Z90001", "021200"), "absent");
  EXPECT_EQ(At(result, "list", "2026-10", "All", "021200"), "4");
}

TEST_F(PrescribingTest, AppliancesAreLeftOut) {
  Add(1);
  Item(1, "2026-10-01", "2003000A0");
  Item(1, "2026-10-01", "1502010J0");
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "items", "2026-10", "All", "200300"), "absent");
  EXPECT_EQ(At(result, "items", "2026-10", "All", "150201"), "1");
}

TEST_F(PrescribingTest, ItemsBelongToThePracticeOfTheirMonth) {
  Add(1, "Z90001").end = "2026-08-01";
  Add(1, "Z90002").start = "2026-09-01";
  Add(2, "Z90001");
  for (const char* day : {"2026-08-20", "2026-09-01"}) Item(1, day);
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "items", "2026-08", "Z90001"), "1");
  EXPECT_EQ(At(result, "items", "2026-09", "Z90001"), "0");
  EXPECT_EQ(At(result, "items", "2026-09", "Z90002"), "1");
  EXPECT_EQ(At(result, "list", "2026-08", "Z90002"), "0");
}

TEST_F(PrescribingTest, NewUsersHaveNoItemInTwelveMonthsBefore) {
  for (int person = 1; person <= 3; ++person) Add(person);
  Months(1, {"2025-10", "2026-10"});  // within twelve months
  Months(2, {"2025-09", "2026-10"});  // thirteen
  Months(3, {"2026-10"});
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "new_users"), "2");
  EXPECT_EQ(At(result, "new_users", "2025-10"), "1");
  EXPECT_EQ(At(result, "new_users", "2025-09"), "1");
  EXPECT_EQ(At(result, "new_users", "2025-11"), "0");
}

TEST_F(PrescribingTest, WhoHasJustJoinedIsNoNewUser) {
  // On a list for twelve months before October, one in all of them, one at two
  // practices; one missed the first of them.
  Add(1).start = "2025-10-01";
  Add(2).start = "2025-10-01";
  release_.registrations.back().end = "2026-03-01";
  Add(2, "Z90002").start = "2026-04-01";
  Add(3).start = "2025-11-01";
  for (int person = 1; person <= 3; ++person) Months(person, {"2026-10"});
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "new_users"), "2");
}

TEST_F(PrescribingTest, FiguresThatLookBackNeedTheMonthsBefore) {
  Add(1);
  Item(1, "2026-10-01");
  release_.period_start = "2025-01-01";
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "new_users", "2025-12"), "NA");
  EXPECT_EQ(At(result, "new_users", "2026-01"), "0");
  EXPECT_EQ(At(result, "users", "2025-11"), "NA");
  EXPECT_EQ(At(result, "persistent", "2025-11"), "NA");
  EXPECT_EQ(At(result, "users", "2025-12"), "0");
}

TEST_F(PrescribingTest, PersistenceNeedsFourFifthsOfTheMonthsSinceTheFirst) {
  const std::vector<std::string> year = {
      "2025-11", "2025-12", "2026-01", "2026-02", "2026-03", "2026-04",
      "2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10"};
  const auto take = [&](int person, size_t from, int months) {
    Add(person);
    Months(person, {year.begin() + static_cast<long>(from),
                    year.begin() + static_cast<long>(from) + months});
  };
  take(1, 0, 10);  // 10 of 12: 0.83
  take(2, 0, 9);   // 9 of 12: 0.75
  take(3, 2, 8);   // 8 of 10: exactly 0.8
  take(4, 2, 7);   // 7 of 10
  take(5, 6, 5);   // first item six months old, 5 of 6
  take(6, 7, 5);   // five months old: not asked
  Add(7);
  Months(7, {"2025-10"});  // before the window
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "users"), "5");
  EXPECT_EQ(At(result, "persistent"), "3");
  EXPECT_EQ(At(result, "persistent_share"), "60.0");
  // An item of two months covers the month after it: 11 and 10 months of 12, 9
  // and 8 of 10, 6 of 6.
  const MeasureResult longer =
      Run({{"smallest_area = 100", "smallest_area = 1"},
           {"supply_months = 1", "supply_months = 2"}});
  EXPECT_EQ(At(longer, "persistent"), "5");
}

TEST_F(PrescribingTest, OrderOfRowsChangesNothing) {
  for (int person = 1; person <= 30; ++person) {
    Add(person, person % 3 == 0 ? "Z90001" : "Z90002");
    for (int month = 1; month <= 9; ++month) {
      if ((person + month) % 4 == 0) continue;
      Item(person, absl::StrFormat("2026-%02d-%02d", month, person % 28 + 1),
           month % 2 == 0 ? kStatin : "0501013B0")["nic_pence"] =
          std::to_string(person * month);
    }
  }
  const MeasureResult first = Run();
  std::reverse(release_.registrations.begin(), release_.registrations.end());
  std::reverse(release_.activity[0].rows.begin(),
               release_.activity[0].rows.end());
  const MeasureResult second = Run();
  EXPECT_EQ(RowsOf(first.tables[0]), RowsOf(second.tables[0]));
}

TEST_F(PrescribingTest, CostsOfFewOrOfOneAreNotPrinted) {
  for (int person = 1; person <= 40; ++person) Add(person);
  for (int person = 1; person <= 20; ++person) Item(person, "2026-10-05");
  for (int person = 1; person <= 7; ++person) Item(person, "2026-09-05");
  for (int person = 1; person <= 20; ++person) {
    Item(person, "2026-08-05")["nic_pence"] = person == 1 ? "100000" : "100";
  }
  const MeasureResult result =
      Run({{"smallest_area = 100", "smallest_area = 1"}}, "nhs-subnational");
  EXPECT_EQ(At(result, "nic"), "2000");
  EXPECT_EQ(At(result, "nic", "2026-09"), "*");  // seven people
  EXPECT_EQ(At(result, "nic", "2026-08"), "*");  // one has nearly all
  EXPECT_EQ(At(result, "items"), "20");
}

TEST_F(PrescribingTest, DecilesAreComputedFromPrintedRates) {
  int person = 0;
  for (int practice = 1; practice <= 11; ++practice) {
    for (int i = 0; i < 10; ++i) {
      Add(++person, absl::StrFormat("Z900%02d", practice));
      if (i < practice - 1) Item(person, "2026-10-05");
    }
  }
  const MeasureResult result = Run();
  const GatedTable& table = TableNamed(result, "rx_deciles");
  // Rates 0, 100, ... 1000: the quantile of p is 1000 p.
  for (int decile = 1; decile <= 9; ++decile) {
    EXPECT_EQ(Find(table,
                   {{"bnf", kLipids},
                    {"month", "2026-10"},
                    {"decile", std::to_string(decile)}},
                   "per_1000"),
              absl::StrFormat("%d.0", 100 * decile));
  }
  EXPECT_FALSE(result.parts.empty());
}

TEST_F(PrescribingTest, WeightsOfTheOperatorGiveRatesPerPrescribingUnit) {
  Add(1);
  Add(2).sex = "2";
  Add(3).year_of_birth = 1950;
  Item(1, "2026-10-05")["quantity"] = "28";
  Item(1, "2026-10-06", "0212000Y0")["quantity"] = "10.5";
  Item(1, "2026-10-07", "0212000M0")["quantity"] = "99";  // no daily quantity
  const std::string folder = testing::TempDir() + "c13weights";
  std::filesystem::create_directories(folder);
  const char* const head =
      "source = \"made up\"\nvalid_from = 2026-04-01\nvalid_to = 2027-03-31\n";
  std::ofstream(folder + "/star_pu.toml")
      << "id = \"star_pu\"\n"
      << head
      << "columns = [\"bnf\", \"sex\", \"age_from\", \"age_to\", \"weight\"]\n"
         "row = [[\"lipid_lowering\", \"male\", 0, 64, 2],\n"
         "[\"lipid_lowering\", \"male\", 65, 90, 7.5],\n"
         "[\"lipid_lowering\", \"female\", 0, 90, 3]]\n";
  const MeasureResult units = Run(
      {{"smallest_area = 100", "smallest_area = 1"}}, "nhs-national", folder);
  const auto at = [&](const MeasureResult& result, const char* column) {
    return Find(TableNamed(result, "rx_weighted"),
                {{"bnf", kLipids}, {"area", "All"}}, column);
  };
  EXPECT_EQ(at(units, "star_pu"), "13");  // 2 + 3 + 7.5 = 12.5
  EXPECT_EQ(at(units, "items"), "3");
  EXPECT_EQ(at(units, "per_1000_star_pu"), "230.8");
  EXPECT_EQ(at(units, "adq"), "NA");
  std::ofstream(folder + "/adq.toml")
      << "id = \"adq\"\n"
      << head
      << "columns = [\"bnf\", \"quantity\"]\n"
         "row = [[\"0212000\", 99999], [\"0212000B0\", 2], "
         "[\"0212000Y0\", 0.5]]\n";
  const MeasureResult both = Run({{"smallest_area = 100", "smallest_area = 1"}},
                                 "nhs-national", folder);
  EXPECT_EQ(at(both, "adq"), "35");  // 28 / 2 + 10.5 / 0.5, 99 / 99999
  EXPECT_EQ(at(both, "adq_per_1000_star_pu"), "2692.3");
  std::filesystem::remove_all(folder);
}

TEST_F(PrescribingTest, OtherGroupingsAreRefused) {
  Add(1);
  bench_.emplace(release_);
  RunOptions options;
  options.by = {"sex"};
  EXPECT_THAT(bench_->Run("C13", options).status().message(),
              HasSubstr("C13 has its own breakdowns"));
}

TEST_F(PrescribingTest, WrongDefinitionsAreRefusedWithTheirLine) {
  Add(1);
  bench_.emplace(release_);
  const std::pair<const char*, const char*> changes[] = {
      {"\nmonths = 24", "\nmonths = 52"},
      {"pdc = 0.8", "pdc = 1.1"},
      {"pdc_least_months = 6", "pdc_least_months = 13"},
      {"prefixes = [\"0501\"]", "prefixes = []"},
      {"id = \"opioids\"", "id = \"hypnotics\""},
  };
  for (const auto& [from, to] : changes) {
    RunOptions options;
    options.definitions = DefinitionWith(*bench_, "C13", {{from, to}});
    EXPECT_THAT(bench_->Run("C13", options).status().message(),
                HasSubstr("C13.toml:"))
        << to;
  }
}

}  // namespace
}  // namespace tally::analytics
