// The data quality page says what a rate means, leaves the population out of
// the comparison, and puts levels in words and in order.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/dashboard.h"
#include "analytics/measures/agreement.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

using testing::HasSubstr;
using testing::Not;

FixtureRelease ReleaseWithMonths() {
  FixtureRelease release = MakeTown(1, 150, 0.1, 0);
  release.agreement =
      "population = \"gp-patient\"\nproject = { title = \"Frail & old\" }\n";
  std::string& csv = release.linkage_quality_csv;
  csv =
      "source,dataset,dimension,level,month,rows,rows_with_person,persons,"
      "persons_linked,rate,lower,upper,reason,rows_reason\n"
      "gp-supplier-a,gp-patient,all,,,900,900,900,900,1,1,1,,\n"
      "gp-supplier-a,gp-patient,sex,1,,450,450,450,450,1,1,1,,\n"
      "national-apc,sus-apc,all,,,1000,1000,1000,797,0.797,0,1,,\n"
      "national-apc,sus-apc,sex,1,,500,500,500,390,0.78,0,1,,\n"
      "national-apc,sus-apc,sex,2,,500,500,500,407,0.8,0,1,,\n";
  for (const char* decile : {"1", "10", "2"}) {
    csv += absl::StrFormat(
        "national-apc,sus-apc,imd_decile,%s,,300,300,300,240,0.8,0,1,,\n",
        decile);
  }
  for (int month = 0; month < 40; ++month) {
    csv += absl::StrFormat(
        "national-apc,sus-apc,month,,%d-%02d,25,25,25,20,0.8,0,1,,\n",
        2023 + month / 12, month % 12 + 1);
  }
  return release;
}

const Chart* ChartOf(const PagePart& part, std::string_view id) {
  for (const Chart& chart : part.charts) {
    if (chart.id() == id) return &chart;
  }
  return nullptr;
}

std::vector<std::string> ColumnTexts(const Chart& chart,
                                     std::string_view column) {
  std::vector<std::string> texts;
  for (size_t row = 0; row < chart.rows(); ++row) {
    texts.push_back(chart.cell(row, chart.ColumnIndex(column)).text());
  }
  return texts;
}

TEST(QualityPage, SaysWhatARateMeansAndLeavesThePopulationOut) {
  Bench bench(ReleaseWithMonths(), "nhs-subnational");
  const auto result = bench.Run("C01");
  ASSERT_TRUE(result.ok()) << result.status();
  const PagePart& part = result->parts[0];
  EXPECT_THAT(part.sentences[0].text,
              HasSubstr("79.5 % of the people in sus-apc of national-apc are "
                        "in the population. The other 20.5 %"));
  EXPECT_THAT(part.sentences[0].text, HasSubstr("no failed matches"));
  for (const Chart& chart : part.charts) {
    EXPECT_THAT(chart.title, Not(HasSubstr("gp-patient"))) << chart.id();
    EXPECT_THAT(chart.title, Not(HasSubstr("linked"))) << chart.id();
  }
}

TEST(QualityPage, LevelsAreWordsInOrderAndMonthsTheLast) {
  Bench bench(ReleaseWithMonths(), "nhs-subnational");
  const auto result = bench.Run("C01");
  ASSERT_TRUE(result.ok()) << result.status();
  const PagePart& part = result->parts[0];
  const Chart* sex = ChartOf(part, "link-rates-sex");
  ASSERT_NE(sex, nullptr);
  EXPECT_THAT(ColumnTexts(*sex, "level"),
              testing::ElementsAre("male", "female"));
  const Chart* decile = ChartOf(part, "link-rates-imd_decile");
  ASSERT_NE(decile, nullptr);
  EXPECT_THAT(ColumnTexts(*decile, "level"),
              testing::ElementsAre("1", "2", "10"));
  const Chart* month = ChartOf(part, "link-rates-month");
  ASSERT_NE(month, nullptr);
  EXPECT_EQ(month->rows(), 24u);
  EXPECT_EQ(ColumnTexts(*month, "month").back(), "2026-04");
}

TEST(QualityPage, HeadingIsTheProjectsTitleWhereKnown) {
  Bench bench(ReleaseWithMonths());
  PageSet set;
  set.project = "frailty";
  set.data_date = *CivilDay::Create(2026, 10, 31);
  EXPECT_THAT(*WriteDashboard(set), HasSubstr("<h1>frailty</h1>"));
  const auto agreement = ReadAgreement(bench.folder());
  ASSERT_TRUE(agreement.ok()) << agreement.status();
  set.title = agreement->title;
  EXPECT_THAT(*WriteDashboard(set), HasSubstr("<h1>Frail &amp; old</h1>"));
}

}  // namespace
}  // namespace tally::analytics
