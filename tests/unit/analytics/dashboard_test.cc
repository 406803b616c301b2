// Files and pages: what reaches them, and how.
#include <filesystem>

#include "analytics/dashboard/dashboard.h"
#include "analytics/export/table_writers.h"
#include "analytics/release/record_csv.h"
#include "base/error.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

TEST(Writers, SuppressedCellsAreStarsEverywhere) {
  Bench bench(MakeTown(2, 300, 0.01, 0.1), "nhs-subnational");
  const auto result = bench.Run("C03");
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& table = result->tables[0];
  EXPECT_EQ(Find(table, {{"area", "Z90001"}}, "register"), "*");  // 3 cases
  EXPECT_THAT(GatedCsv(table), HasSubstr("Diabetes,Z90001,*,"));
  const JsonValue json = GatedJson(table);
  EXPECT_EQ(json.Find("rows")->AsArray()[0].AsArray()[2].AsString(), "*");
  const std::string path = bench.root() + "/out.parquet";
  fs::create_directories(bench.root() + "/temp");
  ASSERT_TRUE(WriteGatedParquet(table, path, bench.root() + "/temp").ok());
  EXPECT_TRUE(FileExists(path));
}

PageSet BuildPages(Bench& bench) {
  std::vector<PagePart> parts;
  std::vector<MeasureResult> results;
  for (const std::string& id : MeasureIds()) {
    auto result = bench.Run(id);
    EXPECT_TRUE(result.ok()) << result.status();
    for (PagePart& part : result->parts) parts.push_back(std::move(part));
    results.push_back(*std::move(result));
  }
  auto about = AboutPage(bench.folder(), bench.gate().profile(), results);
  EXPECT_TRUE(about.ok()) << about.status();
  parts.push_back(*std::move(about));
  PageSet set;
  set.release = bench.folder().name();
  set.project = "trial";
  set.environment = "example";
  set.generated = "2026-11-21T12:00:00Z";
  set.data_date = *CivilDay::Create(2026, 10, 31);
  set.profile = bench.gate().profile().name();
  set.profile_description = bench.gate().profile().description();
  set.peer_group = "all practices of the release";
  set.pages = *ArrangePages(std::move(parts), {}, set);
  return set;
}

TEST(Dashboard, HasItsPagesWithThreeSentencesEach) {
  Bench bench(MakeTown(6, 1900, 0.06, 0.02), "nhs-subnational");
  const PageSet set = BuildPages(bench);
  std::vector<std::string> ids;
  for (const Page& page : set.pages) {
    ids.push_back(page.id);
    EXPECT_EQ(page.sentences.size(), 3u) << page.id;
    for (const Chart& chart : page.charts) {
      EXPECT_FALSE(chart.title.empty()) << chart.id();
      EXPECT_FALSE(chart.summary.empty()) << chart.id();
    }
  }
  EXPECT_THAT(ids, testing::ElementsAre("summary", "population", "needs",
                                        "quality", "about"));
}

// The slot's JSON: everything in it must be printable text or a printed
// number, and every row as wide as its columns.
TEST(Dashboard, SlotFollowsTheSchema) {
  Bench bench(MakeTown(4, 950, 0.06, 0.02), "nhs-subnational");
  const auto html = WriteDashboard(BuildPages(bench));
  ASSERT_TRUE(html.ok()) << html.status();
  const std::string begin = "id=\"tally-data\">";
  const size_t from = html->find(begin) + begin.size();
  const size_t to = html->find("</script>", from);
  const auto json = ParseJson(html->substr(from, to - from), 12);
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_TRUE(json->OnlyKeys({"format", "release", "project", "generated",
                              "data_date", "profile", "peer_group", "pages"})
                  .ok());
  for (const JsonValue& page : json->Find("pages")->AsArray()) {
    EXPECT_TRUE(page.OnlyKeys({"id", "title", "sentences", "charts"}).ok());
    for (const JsonValue& chart : page.Find("charts")->AsArray()) {
      EXPECT_TRUE(chart
                      .OnlyKeys({"id", "type", "title", "summary", "unit",
                                 "denominator", "source", "method", "notes",
                                 "columns", "rows", "options"})
                      .ok());
      const size_t width = chart.Find("columns")->AsArray().size();
      for (const JsonValue& row : chart.Find("rows")->AsArray()) {
        EXPECT_EQ(row.AsArray().size(), width);
      }
    }
  }
}

TEST(Dashboard, PolicyAllowsExactlyItsScript) {
  Bench bench(MakeTown(2, 400, 0.1, 0.02), "nhs-subnational");
  const auto html = WriteDashboard(BuildPages(bench));
  ASSERT_TRUE(html.ok());
  const size_t begin = html->rfind("<script>") + 8;
  const size_t end = html->rfind("</script>");
  const auto digest =
      Sha256Of(std::string_view(*html).substr(begin, end - begin));
  EXPECT_THAT(*html, HasSubstr("script-src 'sha256-" + Base64Encode(digest)));
  EXPECT_THAT(*html, HasSubstr("default-src 'none'"));
  EXPECT_LT(html->size(), 700'000u + 200'000u);
}

TEST(Dashboard, HostileLabelsStayText) {
  FixtureRelease town = MakeTown(2, 400, 0.1, 0.02);
  for (auto& r : town.registrations) {
    if (r.practice == "Z90002")
      r.practice = "</script><script>alert(1)</script>";
  }
  Bench bench(town, "nhs-subnational");
  const auto html = WriteDashboard(BuildPages(bench));
  ASSERT_TRUE(html.ok());
  EXPECT_THAT(*html, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(*html, HasSubstr("&lt;script&gt;alert"));
}

TEST(Dashboard, UnknownPageIsNotFound) {
  EXPECT_EQ(ExitCodeOf(ArrangePages({}, {"popultion"}, {}).status()),
            kExitNotFound);
}

}  // namespace
}  // namespace tally::analytics
