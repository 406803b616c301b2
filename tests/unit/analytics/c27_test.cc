// C27: what counts as a procedure, and the opportunity against the practices.
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "indicator_world.h"
#include "stays.h"

namespace tally::analytics {
namespace {

using ::testing::HasSubstr;
using Fields = FixtureRow;

const Fields& Hernia() {
  static const auto& fields = *new Fields{
      {"diag_01", "K409"}, {"proc_01", "T201"}, {"admission_method", "11"}};
  return fields;
}

Fields With(Fields fields, const Fields& more) {
  for (const auto& [name, value] : more) fields[name] = value;
  return fields;
}

std::string Number(const MeasureResult& result, const std::string& procedure,
                   const std::string& column = "n",
                   const std::string& area = "All") {
  return Find(result.tables[0], {{"procedure", procedure}, {"area", area}},
              column);
}

FixtureRow InMarch(int person, const Fields& fields) {
  return Stay(person, "2026-03-10", "2026-03-11", fields);
}

TEST(EbiMeasure, CountsAnAdmissionOnceAndNoneWithCancer) {
  FixtureRelease release = MakeTown(1, 190, 0, 0);
  release.events.clear();
  FixtureTable apc = StayTable();
  apc.columns.push_back("tariff_pence");
  apc.rows = {
      InMarch(1, Hernia()),
      InMarch(2, With(Hernia(), {{"patient_classification", "2"}})),
      InMarch(3, With(Hernia(), {{"diag_02", "C61"}})),
      InMarch(4, With(Hernia(), {{"diag_02", "D051"}})),
      InMarch(5, With(Hernia(), {{"diag_02", "D370"}})),
      InMarch(6, With(Hernia(), {{"diag_02", "D100"}})),  // benign
      // The second episode meets the rule, and again the third.
      InMarch(7, {{"spell_id", "30000000007"}, {"last_episode", "false"}}),
      InMarch(7, With(Hernia(), {{"spell_id", "30000000007"},
                                 {"episode_order", "2"},
                                 {"last_episode", "false"}})),
      InMarch(7, With(Hernia(),
                      {{"spell_id", "30000000007"}, {"episode_order", "3"}})),
      // Cancer in another episode of the admission.
      InMarch(8, With(Hernia(), {{"spell_id", "30000000008"},
                                 {"last_episode", "false"}})),
      InMarch(8, {{"spell_id", "30000000008"},
                  {"episode_order", "2"},
                  {"diag_01", "C189"}}),
      InMarch(100000, Hernia()),  // on no list
      Stay(9, "2025-10-31", "2025-11-01", Hernia()),
      Stay(10, "2025-11-01", "2025-11-01", Hernia()),
      Stay(11, "2026-10-31", "", Hernia()),
  };
  release.activity.push_back(apc);
  Bench bench(release);
  const auto result = bench.Run("C27");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_FALSE(result->unavailable.has_value()) << *result->unavailable;
  // 1, 2, 6, 7, 10, 11.
  EXPECT_EQ(Number(*result, "Inguinal hernia repair"), "6");
  EXPECT_EQ(Number(*result, "Snoring"), "absent");
}

TEST(EbiMeasure, CountsAttendedAppointments) {
  FixtureRelease release = MakeTown(1, 190, 0, 0);
  release.events.clear();
  FixtureTable apc = StayTable();
  apc.rows = {InMarch(1, Hernia())};
  FixtureTable op{.dataset = "sus-op",
                  .defaults = {{"appointment_date", "2026-03-10"},
                               {"attended", "5"},
                               {"proc_01", "M455"},
                               {"diag_01", "N390"},
                               {"tariff_pence", "20000"}}};
  for (const char* attended : {"5", "6", "7", "2", "3", "4"}) {
    op.Add({{"person", "2"}, {"attended", attended}});
  }
  op.Add({{"person", "2"}});  // the same again is another appointment
  op.Add({{"person", "2"}, {"diag_02", "C61"}});
  op.Add({{"person", "2"}, {"proc_01", "M456"}});
  op.Add({{"person", "2"}, {"appointment_date", "2025-10-31"}});
  release.activity = {apc, op};
  Bench bench(release);
  const auto result = bench.Run("C27");
  ASSERT_TRUE(result.ok()) << result.status();
  const std::string cystoscopy = "Cystoscopy for urinary symptoms";
  EXPECT_EQ(Number(*result, cystoscopy), "3");
}

TEST(EbiMeasure, FindsAProcedureBehindAGapOfPlaces) {
  FixtureRelease release = MakeTown(1, 190, 0, 0);
  release.events.clear();
  FixtureTable op{.dataset = "sus-op",
                  .defaults = {{"appointment_date", "2026-03-10"},
                               {"attended", "5"},
                               {"diag_01", "J030"}}};
  op.Add({{"person", "1"}, {"proc_02", "F341"}});
  op.Add({{"person", "2"}, {"proc_01", "F341"}});
  op.Add({{"person", "3"}, {"proc_02", "F349"}, {"diag_02", "C61"}});
  op.Add({{"person", "4"}});
  FixtureTable apc = StayTable();
  apc.rows = {InMarch(
      5, With(Hernia(),
              {{"diag_01", "J030"}, {"proc_01", ""}, {"proc_02", "F341"}}))};
  release.activity = {apc, op};
  Bench bench(release);
  const auto result = bench.Run("C27");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Number(*result, "Tonsil removal"), "3");  // 1, 2, 5
}

TEST(EbiMeasure, CostsAnAppointmentAsTheProviderReportDoes) {
  FixtureRelease release = MakeTown(1, 190, 0, 0);
  release.events.clear();
  FixtureTable op{.dataset = "sus-op",
                  .defaults = {{"appointment_date", "2026-03-10"},
                               {"attended", "5"},
                               {"attendance_type", "1"},
                               {"provider_code", "RZA"},
                               {"proc_01", "M455"},
                               {"diag_01", "N390"},
                               {"tariff_pence", "20000"}}};
  op.Add({{"person", "1"}});                            // 200 x 1.2
  op.Add({{"person", "2"}, {"tariff_pence", ""}});      // 300 x 1.2
  op.Add({{"person", "3"}, {"provider_code", "RZB"}});  // no factor
  op.Add({{"person", "4"}, {"provider_code", ""}});
  FixtureTable apc = StayTable();
  // A stay with a price and no factor costs as little as an appointment does.
  for (int person = 5; person <= 7; ++person) {
    apc.Add(InMarch(person, With(Hernia(), {{"tariff_pence", "100000"},
                                            {"mff", person == 5 ? "1.1" : ""},
                                            {"provider_code",
                                             person == 7 ? "RZA" : "RZB"}})));
  }
  release.activity = {apc, op};
  Bench bench(release);
  RunOptions options;
  IndicatorWorld::Reference(bench, options, "market_forces",
                            "\"provider\", \"factor\"", "[\"RZA\", 1.2]");
  IndicatorWorld::Reference(bench, options, "tariff",
                            "\"pod\", \"currency\", \"pence\"",
                            "[\"op_first\", \"any\", 30000]");
  const auto result = bench.Run("C27", options);
  ASSERT_TRUE(result.ok()) << result.status();
  const std::string cystoscopy = "Cystoscopy for urinary symptoms";
  EXPECT_EQ(Number(*result, cystoscopy), "4");
  EXPECT_EQ(Number(*result, cystoscopy, "priced"), "2");
  EXPECT_EQ(Number(*result, cystoscopy, "mean_cost"), "300");
  const std::string hernia = "Inguinal hernia repair";
  EXPECT_EQ(Number(*result, hernia, "priced"), "2");  // 5 and 7
  EXPECT_EQ(Number(*result, hernia, "mean_cost"), "1150");
}

// Four practices of equal ages with 20, 30, 40 and 60 procedures, each of
// 1,000 pounds at a market forces factor of 1.1.
FixtureRelease FourPractices() {
  FixtureRelease release = MakeTown(4, 760, 0, 0);
  release.events.clear();
  FixtureTable apc = StayTable();
  const int counts[] = {20, 30, 40, 60};
  for (int p = 0; p < 4; ++p) {
    for (int i = 0; i < counts[p]; ++i) {
      apc.Add(InMarch(
          760 * p + 1 + i,
          With(Hernia(), {{"tariff_pence", "100000"}, {"mff", "1.1"}})));
    }
  }
  release.activity.push_back(apc);
  return release;
}

TEST(EbiMeasure, OpportunityIsAgainstTheLowestQuarter) {
  Bench bench(FourPractices());
  const auto result = bench.Run("C27");
  ASSERT_TRUE(result.ok()) << result.status();
  ExpectDeclaredColumns(*result);
  ASSERT_EQ(result->tables.size(), 2u);
  const GatedTable& table = result->tables[1];
  const std::string hernia = "Inguinal hernia repair";
  const auto cell = [&](const std::string& area, const char* column) {
    return Find(table, {{"procedure", hernia}, {"area", area}}, column);
  };
  // The 25th percentile of four rates lies a quarter of the way from the
  // second to the ... lowest first: type 7, position 0.75.
  std::vector<double> rates;
  for (int p = 1; p <= 4; ++p) {
    rates.push_back(std::stod(cell(absl::StrFormat("Z9%04d", p), "dsr")));
  }
  const double benchmark = rates[0] + 0.75 * (rates[1] - rates[0]);
  EXPECT_EQ(cell("All", "benchmark_p25"), absl::StrFormat("%.1f", benchmark));
  EXPECT_EQ(cell("Z90001", "excess"), "0.0");
  const double excess = 60 * (1 - benchmark / rates[3]);
  EXPECT_EQ(cell("Z90004", "excess"), absl::StrFormat("%.1f", excess));
  EXPECT_EQ(Number(*result, hernia, "mean_cost"), "1100");
  EXPECT_EQ(cell("Z90004", "cost"), absl::StrFormat("%.0f", 1100 * excess));
}

TEST(EbiMeasure, FewerThanFourPracticesAreNoBenchmark) {
  FixtureRelease release = FourPractices();
  auto& rows = release.activity[0].rows;
  rows.resize(90);  // 20, 30, 40
  Bench bench(release);
  const auto result = bench.Run("C27");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Find(result->tables[1], {{"area", "All"}}, "benchmark_p25"), "NA");
  EXPECT_EQ(Find(result->tables[1], {{"area", "Z90003"}}, "excess"), "NA");
}

TEST(EbiMeasure, DrawsWhatIsPrinted) {
  Bench bench(FourPractices(), "nhs-subnational");
  const auto result = bench.Run("C27");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->parts.size(), 2u);
  EXPECT_EQ(result->parts[0].page, "finance");
  EXPECT_EQ(result->parts[1].page, "where-to-look");
  ASSERT_EQ(result->parts[0].charts.size(), 2u);
  EXPECT_THAT(result->parts[0].charts[0].title,
              HasSubstr("Inguinal hernia repair"));
}

TEST(EbiMeasure, CountsAndPricesTheProcedureOfSomebodyWhoDied) {
  FixtureRelease release = MakeTown(1, 190, 0, 0);
  release.events.clear();
  const Fields priced =
      With(Hernia(), {{"tariff_pence", "100000"}, {"mff", "1.1"}});
  FixtureTable apc = StayTable();
  apc.rows = {Stay(1, "2025-12-10", "2025-12-11", priced),
              Stay(2, "2025-12-10", "2025-12-11", priced)};
  FixtureTable op{
      .dataset = "sus-op",
      .defaults = {
          {"attended", "5"}, {"proc_01", "T201"}, {"diag_01", "K409"}}};
  op.Add({{"person", "1"}, {"appointment_date", "2026-01-20"}});
  op.Add({{"person", "1"}, {"appointment_date", "2026-02-20"}});  // dead
  apc.columns.insert(apc.columns.end(), {"tariff_pence", "mff"});
  release.activity = {apc, op};
  release.registrations[0].death = "2026-01-01";
  release.registrations[1].start = "2026-01-01";  // after the procedure
  Bench bench(release);
  const auto result = bench.Run("C27");
  ASSERT_TRUE(result.ok()) << result.status();
  const std::string hernia = "Inguinal hernia repair";
  EXPECT_EQ(Number(*result, hernia), "2");
  EXPECT_EQ(Number(*result, hernia, "list"), "189");
  EXPECT_EQ(Number(*result, hernia, "priced"), "1");
}

}  // namespace
}  // namespace tally::analytics
