#include "base/toml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/exit_code.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kExample[] = R"(# a comment
id = "gp-event"
version = 1
max_reject = 0.005
on = true
from = 1990-01-01
null_markers = ["NULL", "N/A"]
column = [   # a table over several lines
  { name = "event_date", required = true },
  { name = "value1", min = 0.0 },
]
[lists]
a = { file = "x.csv", days = 7 }
[lists.deeper]
b = "y"
)";

TEST(Toml, KeepsValuesTypesAndLines) {
  ASSERT_OK_AND_ASSIGN(const TomlTable table, ParseToml(kExample, "f.toml"));
  EXPECT_THAT(table.GetString("id"), IsOkAndHolds("gp-event"));
  EXPECT_THAT(table.GetInt("version"), IsOkAndHolds(1));
  EXPECT_THAT(table.GetDouble("max_reject"), IsOkAndHolds(0.005));
  EXPECT_THAT(table.GetDouble("version"), IsOkAndHolds(1.0));
  EXPECT_THAT(table.GetBool("on"), IsOkAndHolds(true));
  EXPECT_EQ(table.GetDate("from")->ToIso(), "1990-01-01");
  EXPECT_THAT(table.GetStrings("null_markers"),
              IsOkAndHolds(ElementsAre("NULL", "N/A")));
  ASSERT_OK_AND_ASSIGN(const TomlArray columns, table.GetArray("column"));
  ASSERT_EQ(columns.size(), 2u);
  EXPECT_EQ(columns[1].line(), 10);
  EXPECT_THAT(columns[1].AsTable().GetString("name"), IsOkAndHolds("value1"));
  ASSERT_NE(table.FindPath("lists.a.days"), nullptr);
  EXPECT_EQ(table.FindPath("lists.a.days")->AsInt(), 7);
  EXPECT_EQ(table.FindPath("lists.a.days")->line(), 13);
  EXPECT_EQ(table.FindPath("lists.deeper.b")->line(), 15);
  EXPECT_EQ(table.FindPath("lists.none"), nullptr);
  EXPECT_EQ(table.FindPath("id.x"), nullptr);
  EXPECT_EQ(table.file(), "f.toml");
}

TEST(Toml, NamesFileLineAndKeyOfAWrongType) {
  ASSERT_OK_AND_ASSIGN(const TomlTable table, ParseToml(kExample, "f.toml"));
  EXPECT_THAT(table.GetInt("id"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "f.toml:2: `id` is a text, not an integer"));
  EXPECT_THAT(table.GetInt("id"), ExitCodeIs(kExitUsage));
  EXPECT_THAT(
      table.GetString("version"),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("f.toml:3")));
  EXPECT_THAT(table.GetInt("max_reject"), testing::Not(IsOk()));
  EXPECT_THAT(table.GetString("none"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("`none` is missing")));
  ASSERT_OK_AND_ASSIGN(const TomlTable lists, table.GetTable("lists"));
  EXPECT_THAT(lists.GetString("a"), StatusIs(absl::StatusCode::kInvalidArgument,
                                             HasSubstr("f.toml:13")));
  ASSERT_OK_AND_ASSIGN(const TomlTable mixed, ParseToml("a=['x',\n2]", "f"));
  EXPECT_THAT(mixed.GetStrings("a"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("f:2")));
}

TEST(Toml, TakesTheEndsOfARangeAndNamesWhatLiesBeyond) {
  ASSERT_OK_AND_ASSIGN(const TomlTable table,
                       ParseToml("low = 1\nhigh = 10\ntext = 'x'\n", "f"));
  EXPECT_THAT(table.GetInt("low", 1, 10), IsOkAndHolds(1));
  EXPECT_THAT(table.GetInt("high", 1, 10), IsOkAndHolds(10));
  EXPECT_THAT(
      table.GetInt("low", 2, 10),
      StatusIs(absl::StatusCode::kInvalidArgument, "f:1: low is 2 to 10"));
  EXPECT_THAT(
      table.GetInt("high", -3, 9),
      StatusIs(absl::StatusCode::kInvalidArgument, "f:2: high is -3 to 9"));
  EXPECT_THAT(table.GetInt("high", 1, 9), ExitCodeIs(kExitUsage));
  EXPECT_THAT(table.GetInt("text", 1, 10),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "f:3: `text` is a text, not an integer"));
  EXPECT_THAT(table.GetInt("none", 1, 10),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("`none` is missing")));
}

TEST(Toml, NamesLineAndColumnOfASyntaxError) {
  const struct {
    const char* text;
    const char* where;
  } cases[] = {{"a = \n", "f:1:"},           {"a = 1\nb = 'x\n", "f:2:"},
               {"a = 1\n\na = 2\n", "f:3:"}, {"[x\n", "f:1:"},
               {"a = 1 b = 2", "f:1:"},      {"= 1", "f:1:"},
               {"a = [1,\n2", "f:2:"},       {"a = 01", "f:1:"}};
  for (const auto& c : cases) {
    EXPECT_THAT(
        ParseToml(c.text, "f"),
        StatusIs(absl::StatusCode::kInvalidArgument, StartsWith(c.where)))
        << c.text;
    EXPECT_THAT(ParseToml(c.text, "f"), ExitCodeIs(kExitUsage));
  }
}

TEST(Toml, SaysWhatIsMissingAndStopsAtNoHalfSentence) {
  const std::string missing(ParseToml("a 1\n", "f").status().message());
  EXPECT_THAT(missing, HasSubstr("'='"));
  for (const char* text : {"a = [1 2]", "a = { b = 1 c = 2 }", "a = p\n",
                           "a = [1,\n2", "a = \"\\q\""}) {
    const std::string words(ParseToml(text, "f").status().message());
    for (const char* end : {"expected", " or", ":", ",", " "}) {
      EXPECT_FALSE(words.ends_with(end)) << words;
    }
  }
}

TEST(Toml, NeverQuotesTheFile) {
  for (const char* text : {"password = hunter2\n", "a = 'hunter2\n",
                           "hunter2\n", "a = 1\nhunter2.b = 1\nhunter2 = 2\n",
                           "[hunter2]\n[hunter2]\n", "a = hunter2 # x"}) {
    const auto table = ParseToml(text, "f");
    ASSERT_FALSE(table.ok()) << text;
    EXPECT_THAT(std::string(table.status().message()),
                testing::Not(HasSubstr("hunter2")));
  }
}

TEST(Toml, RefusesTimesAndNumbersWithoutAValue) {
  for (const char* text : {"a = inf", "a = -inf", "a = nan", "a = 10:00:00",
                           "a = 2026-01-01T10:00:00Z",
                           "a = 2026-01-01 10:00:00", "b = [[1, {c = inf}]]"}) {
    EXPECT_THAT(ParseToml(text, "f"),
                StatusIs(absl::StatusCode::kInvalidArgument, StartsWith("f:1")))
        << text;
  }
  EXPECT_FALSE(ParseToml("a = 2026-02-30", "f").ok());
  EXPECT_FALSE(ParseToml("a = 0000-01-01", "f").ok());
}

TEST(Toml, RefusesWhatIsNotUtf8OrNestsTooDeeply) {
  EXPECT_FALSE(ParseToml("a = \"\xff\"", "f").ok());
  EXPECT_FALSE(ParseToml(std::string("a\0=1", 4), "f").ok());
  std::string deep = "a = ";
  for (int i = 0; i < 200; ++i) deep += "[";
  for (int i = 0; i < 200; ++i) deep += "]";
  EXPECT_FALSE(ParseToml(deep, "f").ok());
  std::string fine = "a = ";
  for (int i = 0; i < 20; ++i) fine += "[";
  for (int i = 0; i < 20; ++i) fine += "]";
  EXPECT_OK(ParseToml(fine, "f"));
  EXPECT_OK(ParseToml("", "f"));
}

TEST(Toml, NamesTheFirstUnknownKeyAndTheNearest) {
  ASSERT_OK_AND_ASSIGN(const TomlTable table,
                       ParseToml("zzz = 1\ncolum = 2\nid = 3\n", "f"));
  EXPECT_OK(table.OnlyKeys({"id", "colum", "zzz"}));
  EXPECT_THAT(table.OnlyKeys({"id", "zzz", "column"}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "f:2: unknown key `colum`; did you mean `column`?"));
  EXPECT_THAT(
      table.OnlyKeys({"id", "column"}),
      StatusIs(absl::StatusCode::kInvalidArgument, "f:1: unknown key `zzz`"));
  const std::vector<absl::Status> all = table.UnknownKeys({"id"});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].message(), "f:1: unknown key `zzz`");
  EXPECT_EQ(all[1].message(), "f:2: unknown key `colum`");
  EXPECT_TRUE(table.UnknownKeys({"id", "colum", "zzz"}).empty());
}

TEST(Toml, ReadsFilesAndSaysWhichIsMissing) {
  TempDir dir;
  WriteFile(dir.Path("a.toml"), "a = 1\n");
  EXPECT_OK(ReadTomlFile(dir.Path("a.toml")));
  EXPECT_THAT(ReadTomlFile(dir.Path("b.toml")), ExitCodeIs(kExitUsage));
  WriteFile(dir.Path("big.toml"), std::string((4 << 20) + 1, '#'));
  EXPECT_THAT(ReadTomlFile(dir.Path("big.toml")), ExitCodeIs(kExitUsage));
}

}  // namespace
}  // namespace tally
