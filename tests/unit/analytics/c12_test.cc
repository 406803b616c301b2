// C12 against waits counted by hand, on either side of every rule. The census
// is 31 October 2026.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "replaced_definition.h"

namespace tally::analytics {
namespace {

using testing::HasSubstr;

class WaitsTest : public testing::Test {
 protected:
  WaitsTest() {
    for (const char* dataset : {"sus-op", "sus-apc"}) {
      FixtureTable& table = release_.activity.emplace_back();
      table.dataset = dataset;
      table.columns = {"person",     "provider_code", "treatment_function",
                       "rtt_status", "rtt_start",     "rtt_end"};
      table.defaults = {{"provider_code", "RZ1"},
                        {"treatment_function", "110"},
                        {"rtt_status", "10"}};
    }
    release_.activity[0].columns.push_back("appointment_date");
    release_.activity[1].columns.push_back("admission_date");
    release_.activity[1].columns.push_back("pathway_id");
    release_.registrations.emplace_back().person = 1;
  }

  // An appointment; the clock began `wait` days before the census.
  FixtureRow& Op(int person, int wait, const std::string& status = "10") {
    FixtureRow& row = release_.activity[0].Add(
        {{"rtt_start", Before(wait)},
         {"rtt_status", status},
         {"appointment_date", Before(std::max(0, wait - 1))}});
    if (person > 0) row["person"] = std::to_string(person);
    return row;
  }
  FixtureRow& Apc(int person, int wait, const std::string& status,
                  const std::string& admitted) {
    FixtureRow& row = release_.activity[1].Add({{"rtt_start", Before(wait)},
                                                {"rtt_status", status},
                                                {"admission_date", admitted}});
    if (person > 0) row["person"] = std::to_string(person);
    return row;
  }
  static std::string Before(int days) {
    return CivilDay::Create(2026, 10, 31)->AddDays(-days)->ToIso();
  }
  MeasureResult Run(std::string_view profile = "nhs-national") {
    bench_.emplace(release_, profile);
    auto result = bench_->Run("C12");
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok()) return {};
    EXPECT_EQ(result->unavailable.value_or(""), "");
    return *std::move(result);
  }
  static std::string At(const MeasureResult& result, const std::string& column,
                        const std::string& census = "2026-10-31",
                        const std::string& provider = "All",
                        const std::string& tfc = "All") {
    return Find(TableNamed(result, "rtt_summary"),
                {{"provider", provider}, {"tfc", tfc}, {"census", census}},
                column);
  }

  FixtureRelease release_;
  std::optional<Bench> bench_;
};

TEST_F(WaitsTest, WaitsAreDaysToTheCensus) {
  int person = 0;
  for (const int wait : {125, 126, 127, 364, 365, 455, 456}) Op(++person, wait);
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "incomplete"), "7");
  EXPECT_EQ(At(result, "within_18"), "2");
  EXPECT_EQ(At(result, "over_52"), "3");
  EXPECT_EQ(At(result, "over_65"), "1");
  EXPECT_EQ(At(result, "share_18"), "28.6");
  // Wilson's limits of 2 in 7, worked in Python: 0.082216, 0.641114.
  EXPECT_EQ(At(result, "share_18_lo"), "8.2");
  EXPECT_EQ(At(result, "share_18_hi"), "64.1");
  // Weeks 17, 18, 18, 52, 52, 65, 65: the middle, 3.5, lies a quarter into the
  // two of week 52.
  EXPECT_EQ(At(result, "median_wk"), "52.3");
  // 0.92 x 7 = 6.44, 1.44 into the two of week 65.
  EXPECT_EQ(At(result, "p92_wk"), "65.7");
}

TEST_F(WaitsTest, ClockThatStopsOnTheCensusDayDoesNotRun) {
  Op(1, 30);
  Op(1, 30, "30")["appointment_date"] = "2026-10-31";
  Op(2, 30);
  Op(2, 30, "30")["appointment_date"] = "2026-11-01";
  Op(3, 0);   // starts on the census day
  Op(4, -1);  // a day after it
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "incomplete"), "2");
  EXPECT_EQ(At(result, "incomplete", "2026-09-30"), "0");
}

TEST_F(WaitsTest, RowsOfOneClockAreOnePathwayOverBothDatasets) {
  Op(1, 100);
  Op(1, 100, "20");
  Apc(1, 100, "30", "2026-10-15");  // treated
  Op(2, 100);
  Apc(2, 99, "30", "2026-10-15");  // another clock
  Op(3, 100);
  Op(3, 100)["provider_code"] = "RZ2";
  Op(3, 100)["treatment_function"] = "120";
  const MeasureResult result = Run();
  // 1 none, 2 one, 3 three.
  EXPECT_EQ(At(result, "incomplete"), "4");
  EXPECT_EQ(At(result, "incomplete", "2026-10-31", "RZ1"), "3");
  EXPECT_EQ(At(result, "incomplete", "2026-10-31", "All", "110"), "3");
  EXPECT_EQ(At(result, "incomplete", "2026-10-31", "RZ1", "120"), "1");
  EXPECT_EQ(At(result, "incomplete", "2026-09-30", "RZ1", "110"), "4");
}

TEST_F(WaitsTest, EndDateStopsAClockAndTheEarliestCounts) {
  Op(1, 100, "20")["rtt_end"] = "2026-10-20";
  Op(2, 100, "30")["rtt_end"] = "2026-11-05";
  Op(3, 100, "30")["rtt_end"] = "2026-09-20";
  Op(3, 100, "30")["rtt_end"] = "2026-11-20";
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "incomplete"), "1");
  EXPECT_EQ(At(result, "incomplete", "2026-09-30"), "2");
}

TEST_F(WaitsTest, OnlyStatusesThatCountSayAnything) {
  int person = 0;
  for (const char* status : {"10", "11", "12", "20", "21"}) {
    Op(++person, 50, status);
  }
  for (const char* status : {"90", "91", "92", "98", "99", ""}) {
    Op(++person, 50, status);
  }
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "incomplete"), "5");
  for (const char* status : {"30", "31", "32", "33", "34", "35", "36"}) {
    Op(1, 50, status);
    EXPECT_EQ(At(Run(), "incomplete"), "4") << status;
    release_.activity[0].rows.pop_back();
  }
}

TEST_F(WaitsTest, ClockThatStopsBeforeItStartsIsLeftOut) {
  Op(1, 50, "30")["rtt_end"] = Before(51);
  Op(2, 50, "20")["rtt_end"] = Before(50);
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "incomplete"), "0");  // 1 none, 2 over
  const MeasureResult again = [&] {
    Op(3, 50);
    return Run();
  }();
  EXPECT_EQ(At(again, "incomplete"), "1");
}

TEST_F(WaitsTest, WithoutAPersonThePathwayNumberJoins) {
  Apc(0, 60, "10", "2026-10-01")["pathway_id"] = "10000000001";
  Apc(0, 60, "20", "2026-10-09")["pathway_id"] = "10000000001";
  Apc(0, 60, "10", "2026-10-01")["pathway_id"] = "10000000002";
  Apc(0, 60, "10", "2026-10-01");  // neither: left out
  Op(0, 60);
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "incomplete"), "2");
  EXPECT_EQ(result.tables[0].linked_share_pct(), "0.0");
}

TEST_F(WaitsTest, WithoutAPersonAnotherSpecialtyIsTheSamePathway) {
  Apc(0, 60, "10", "2026-09-03")["pathway_id"] = "10000000001";
  FixtureRow& stop = Apc(0, 60, "30", "2026-10-01");
  stop["pathway_id"] = "10000000001";
  stop["treatment_function"] = "130";
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "incomplete", "2026-09-30"), "1");
  EXPECT_EQ(At(result, "incomplete", "2026-09-30", "All", "110"), "1");
  EXPECT_EQ(At(result, "incomplete"), "0");
}

TEST_F(WaitsTest, CensusesBeginWhereTheExtractsDo) {
  release_.period_start = "2025-11-01";
  Op(1, 600);
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "incomplete", "2025-11-30"), "1");
  const GatedTable& table = TableNamed(result, "rtt_summary");
  for (size_t row = 0; row < table.rows(); ++row) {
    EXPECT_NE(table.at(row, "census").text(), "2025-10-31");
  }
}

TEST_F(WaitsTest, WeeksAddUpToThePathwaysWaiting) {
  for (int person = 1; person <= 60; ++person) {
    Op(person, person * 11)["provider_code"] = person % 3 == 0 ? "RZ1" : "RZ2";
  }
  const MeasureResult result = Run();
  const GatedTable& table = TableNamed(result, "rtt_waits");
  int sum = 0;
  for (size_t row = 0; row < table.rows(); ++row) {
    if (table.at(row, "provider").text() != "All") continue;
    sum += static_cast<int>(*table.at(row, "incomplete").number());
  }
  EXPECT_EQ(sum, 60);
  const auto week = [&](const char* name) {
    return Find(table, {{"provider", "All"}, {"week", name}}, "incomplete");
  };
  EXPECT_EQ(week("0"), "0");     // from 11 days
  EXPECT_EQ(week("1"), "1");     // 11
  EXPECT_EQ(week("3"), "1");     // 22
  EXPECT_EQ(week("77"), "1");    // 539
  EXPECT_EQ(week("78+"), "11");  // 550 to 660
}

TEST_F(WaitsTest, QueueFiguresComeFromWeeklyMeans) {
  // 104 starts in 52 weeks, two a week; 52 stops, one a week; a start 53 weeks
  // ago counts in the queue only.
  int person = 0;
  for (int week = 0; week < 52; ++week) {
    Op(++person, 7 * week);
    Op(++person, 7 * week + 6);
    Op(person, 7 * week + 6, "30")["appointment_date"] = Before(7 * week);
  }
  Op(++person, 364);
  const MeasureResult result = Run();
  const auto count = [&](const char* column) {
    return Find(TableNamed(result, "queue_counts"),
                {{"provider", "All"}, {"tfc", "All"}}, column);
  };
  EXPECT_EQ(count("starts"), "104");
  EXPECT_EQ(count("stops"), "52");
  EXPECT_EQ(count("queue"), "53");
  // Waits of 0, 1, ... 51 and 52 weeks.
  EXPECT_EQ(count("mean_wait"), "26.0");
  EXPECT_EQ(count("cv_demand"), "0");
  const auto queue = [&](const char* column) {
    return Find(TableNamed(result, "queue_stats"),
                {{"provider", "RZ1"}, {"tfc", "110"}}, column);
  };
  EXPECT_EQ(queue("demand"), "2.0");
  EXPECT_EQ(queue("capacity"), "1.0");
  EXPECT_EQ(queue("load"), "2.00");
  EXPECT_EQ(queue("target_queue"), "9");  // 2 x 18 / 4
  EXPECT_EQ(queue("relief"), "3.7");      // 2 + (53 - 9) / 26 = 3.692
  EXPECT_EQ(queue("target_capacity"), "NA");
  EXPECT_EQ(queue("pressure"), "2.89");  // 2 x 26 / 18
}

TEST_F(WaitsTest, ShortQueueGetsATargetCapacity) {
  // Starts and stops alternate 4 and 0 a week: cv^2 = 4 x 52 / 51 / 4.
  int person = 0;
  for (int week = 0; week < 52; week += 2) {
    for (int i = 0; i < 4; ++i) {
      Op(++person, 7 * week + 1);
      Op(person, 7 * week + 1, "30")["appointment_date"] = Before(7 * week);
    }
  }
  const MeasureResult result = Run();
  const auto queue = [&](const char* column) {
    return Find(TableNamed(result, "queue_stats"),
                {{"provider", "All"}, {"tfc", "All"}}, column);
  };
  EXPECT_EQ(queue("load"), "1.00");
  EXPECT_EQ(queue("queue"), "0");
  EXPECT_EQ(queue("relief"), "NA");
  // 2 + (1.01 x 1.01) x 4 / 18, the printed cv being 1.01.
  EXPECT_EQ(queue("target_capacity"), "2.2");
}

TEST_F(WaitsTest, HiddenCountsGiveHiddenQueueFigures) {
  for (int person = 1; person <= 30; ++person) Op(person, 10 * person);
  for (int person = 31; person <= 33; ++person) {
    Op(person, 20)["treatment_function"] = "120";
  }
  const MeasureResult result = Run("nhs-subnational");
  const GatedTable& table = TableNamed(result, "queue_stats");
  EXPECT_EQ(Find(table, {{"provider", "RZ1"}, {"tfc", "120"}}, "demand"), "*");
  EXPECT_EQ(Find(table, {{"provider", "RZ1"}, {"tfc", "120"}}, "target_queue"),
            "*");
  EXPECT_EQ(Find(table, {{"provider", "RZ1"}, {"tfc", "120"}}, "load"), "*");
  EXPECT_FALSE(result.parts.empty());
}

TEST_F(WaitsTest, OrderOfRowsChangesNothing) {
  for (int person = 1; person <= 50; ++person) {
    Op(person % 20 + 1, 9 * person, person % 4 == 0 ? "30" : "20");
    Apc(person % 20 + 1, 9 * person, person % 5 == 0 ? "30" : "10",
        "2026-10-01");
  }
  const MeasureResult first = Run();
  for (FixtureTable& table : release_.activity) {
    std::reverse(table.rows.begin(), table.rows.end());
  }
  const MeasureResult second = Run();
  for (size_t i = 0; i < first.tables.size(); ++i) {
    EXPECT_EQ(RowsOf(first.tables[i]), RowsOf(second.tables[i]));
  }
}

TEST_F(WaitsTest, MonthsAreTooCoarse) {
  release_.activity[0].grain = "month";
  Op(1, 10);
  Bench bench(release_);
  EXPECT_EQ(bench.Run("C12")->unavailable.value_or(""),
            "dates of sus_op are by month, the measure needs day");
}

TEST_F(WaitsTest, WrongDefinitionsAreRefusedWithTheirLine) {
  Op(1, 10);
  bench_.emplace(release_);
  const std::pair<const char*, const char*> changes[] = {
      {"stop_codes = [\"30\"", "stop_codes = [\"10\""},
      {"continue_codes = [\"20\"", "continue_codes = [\"2\""},
      {"target_wait = 18", "target_wait = 0"},
      {"months = 13", "months = 0"},
  };
  for (const auto& [from, to] : changes) {
    RunOptions options;
    options.definitions = DefinitionWith(*bench_, "C12", {{from, to}});
    EXPECT_THAT(bench_->Run("C12", options).status().message(),
                HasSubstr("C12.toml:"))
        << to;
  }
  RunOptions by;
  by.by = {"sex"};
  EXPECT_THAT(bench_->Run("C12", by).status().message(),
              HasSubstr("C12 has its own breakdowns"));
}

}  // namespace
}  // namespace tally::analytics
