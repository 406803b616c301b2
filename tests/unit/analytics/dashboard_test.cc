// Files and pages: what reaches them, and how.
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "analytics/dashboard/dashboard.h"
#include "analytics/disclosure/gate.h"
#include "analytics/export/table_writers.h"
#include "analytics/release/record_csv.h"
#include "base/error.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "bench.h"
#include "engine/database.h"
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

// Texts of a release may hold anything that is UTF-8.
TEST(Writers, ParquetHoldsEveryCellAsItIsPrinted) {
  TableInfo info;
  info.table = "counts";
  info.measure_id = "T01";
  auto raw = RawTable::Create(
      info, {DimensionColumn("level", "Level"),
             CountColumn("n", ColumnKind::kPersons, "People")});
  ASSERT_TRUE(raw.ok());
  const std::string odd =
      "a\x1f"
      "b\x1e"
      "c=,\"'\n";
  ASSERT_TRUE(raw->AddRow({odd, 40}).ok());
  ASSERT_TRUE(raw->AddRow({"", 3}).ok());
  ASSERT_TRUE(raw->AddRow({"=", 0}).ok());
  Gate gate(*Profile::Named("nhs-subnational"), {});
  const auto table = gate.Release(*raw);
  ASSERT_TRUE(table.ok()) << table.status();
  std::string folder = testing::TempDir() + "parquetXXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/out.parquet";
  ASSERT_TRUE(WriteGatedParquet(*table, path, folder).ok());
  engine::DatabaseOptions options;
  options.directories = {folder};
  options.temp_directory = folder;
  auto database = engine::Database::Open(options);
  ASSERT_TRUE(database.ok()) << database.status();
  auto connection = database->Connect();
  ASSERT_TRUE(connection.ok());
  auto result = connection->Query("SELECT level, n, n_mark FROM read_parquet(" +
                                  engine::QuoteLiteral(path) + ")");
  ASSERT_TRUE(result.ok()) << result.status();
  const auto rows = result->AllRows();
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->size(), 3u);
  const std::string levels[] = {odd, "", "="};
  const std::optional<double> numbers[] = {40, std::nullopt, 0};
  for (size_t i = 0; i < 3; ++i) {
    const auto& row = (*rows)[i];
    EXPECT_EQ(*row[0].As<std::string>(), levels[i]);
    ASSERT_EQ(row[1].As<double>() != nullptr, numbers[i].has_value()) << i;
    if (numbers[i].has_value()) {
      EXPECT_EQ(*row[1].As<double>(), *numbers[i]);
    }
    ASSERT_EQ(row[2].As<std::string>() != nullptr, !numbers[i].has_value());
  }
  EXPECT_EQ(*(*rows)[1][2].As<std::string>(), "*");
  fs::remove_all(folder);
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
  EXPECT_EQ(ids, PageIds());
  EXPECT_EQ(ids.size(), 14u);
}

TEST(Dashboard, PageWithoutMeasuresSaysSoAndWhy) {
  PageSet about;
  about.release = "projects/trial/releases/r2026-11";
  about.missing = {{"risk", "C05", "Risk stratification",
                    "the release has no table <ecds>"}};
  about.pages = *ArrangePages({}, {"risk", "pathways"}, about);
  ASSERT_EQ(about.pages.size(), 2u);
  const Page& risk = about.pages[0];
  EXPECT_THAT(risk.sentences[0], testing::StartsWith("Not available:"));
  EXPECT_EQ(risk.sentences.size(), 3u);
  EXPECT_FALSE(risk.question.empty());
  EXPECT_THAT(risk.missing,
              testing::ElementsAre("C05 Risk stratification: the release has "
                                   "no table <ecds>"));
  EXPECT_TRUE(about.pages[1].missing.empty());
  const auto html = WriteDashboard(about);
  ASSERT_TRUE(html.ok()) << html.status();
  EXPECT_THAT(*html, HasSubstr("Not available from this release"));
  EXPECT_THAT(*html, HasSubstr("no table &lt;ecds&gt;"));
}

// "* % of attendances": a figure that is not printed is not said either. "1 to
// 7 as *" explains the sign.
bool NamesAHiddenFigure(const std::string& text) {
  for (const std::string_view hidden : {"*", "NA"}) {
    for (size_t at = text.find(hidden); at != std::string::npos;
         at = text.find(hidden, at + 1)) {
      const size_t after = at + hidden.size();
      const bool begins = at == 0 || text[at - 1] == ' ' || text[at - 1] == '(';
      const bool ends = after == text.size() ||
                        std::string_view(" ,.;:%)").find(text[after]) !=
                            std::string_view::npos;
      const bool explains =
          std::string_view(text).substr(0, at).ends_with(" as ");
      if (begins && ends && !explains) return true;
    }
  }
  return false;
}

TEST(Dashboard, NoTextNamesAFigureThatIsNotPrinted) {
  EXPECT_TRUE(NamesAHiddenFigure("of these * % wait"));
  EXPECT_TRUE(NamesAHiddenFigure("NA people"));
  EXPECT_FALSE(NamesAHiddenFigure("Practice A*, NATO"));
  EXPECT_FALSE(NamesAHiddenFigure("1 to 7 as *, others rounded"));
  // So small that much is hidden.
  Bench bench(MakeTown(3, 150, 0.04, 0.02), "nhs-subnational");
  const PageSet pages = BuildPages(bench);
  for (const Page& page : pages.pages) {
    for (const std::string& text : page.sentences) {
      EXPECT_FALSE(NamesAHiddenFigure(text)) << page.id << ": " << text;
    }
    for (const Chart& chart : page.charts) {
      EXPECT_FALSE(NamesAHiddenFigure(chart.title))
          << page.id << "/" << chart.id() << ": " << chart.title;
      EXPECT_FALSE(NamesAHiddenFigure(chart.summary))
          << page.id << "/" << chart.id() << ": " << chart.summary;
    }
  }
}

TEST(Dashboard, SentencesAloneFillAPage) {
  PagePart part{"risk", {{1, "The model was refused."}}, {}};
  const auto pages = ArrangePages({part}, {"risk"}, {});
  ASSERT_TRUE(pages.ok());
  EXPECT_EQ((*pages)[0].sentences[0], "The model was refused.");
}

size_t CountOf(std::string_view text, std::string_view what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string_view::npos;
       at = text.find(what, at + what.size())) {
    ++count;
  }
  return count;
}

TEST(Dashboard, EveryPageSaysWhereItsDataComeFrom) {
  PageSet set;
  set.release = "projects/trial/releases/r2026-11";
  set.peer_group = "all <practices>";
  set.pages = *ArrangePages({}, {}, set);
  const auto html = WriteDashboard(set);
  ASSERT_TRUE(html.ok()) << html.status();
  EXPECT_EQ(CountOf(*html, "<summary>About these data</summary>"), 14u);
  EXPECT_EQ(CountOf(*html, "<dd>all &lt;practices&gt;</dd>"), 14u);
}

// Style, script and frame: what a page weighs before there are figures.
TEST(Dashboard, ShellStaysBelowItsLimit) {
  const auto html = WriteDashboard({});
  ASSERT_TRUE(html.ok()) << html.status();
  EXPECT_LE(html->size(), 700'000u);
  EXPECT_GT(html->size(), 400'000u) << "the libraries are in it";
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
