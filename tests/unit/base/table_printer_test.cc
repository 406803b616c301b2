#include "base/table_printer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/json.h"
#include "status_matchers.h"

namespace tally {
namespace {

TablePrinter Example() {
  TablePrinter table({"name", "row_count", "ok", "share"});
  table.AddRow({std::string("gp-event"), int64_t{1204}, true, 0.5});
  table.AddRow({std::string("caf\xc3\xa9"), int64_t{7}, false, {}});
  return table;
}

TEST(TablePrinter, PadsColumnsAndPutsNumbersRight) {
  EXPECT_EQ(Example().Format(OutputFormat::kTable),
            "NAME      ROW COUNT  OK   SHARE\n"
            "gp-event       1204  yes    0.5\n"
            "caf\xc3\xa9              7  no\n");
}

TEST(TablePrinter, JsonAndJsonlParse) {
  ASSERT_OK_AND_ASSIGN(const JsonValue all,
                       ParseJson(Example().Format(OutputFormat::kJson), 3));
  ASSERT_EQ(all.AsArray().size(), 2u);
  EXPECT_THAT(all.AsArray()[0].GetInt("row_count"), IsOkAndHolds(1204));
  EXPECT_TRUE(all.AsArray()[1].Find("share")->is_null());
  EXPECT_EQ(Example().Format(OutputFormat::kJsonl),
            "{\"name\":\"gp-event\",\"row_count\":1204,\"ok\":true,\"share\":0."
            "5}\n"
            "{\"name\":\"caf\\u00e9\",\"row_count\":7,\"ok\":false,\"share\":"
            "null}\n");
}

TEST(TablePrinter, CsvQuotesAndDisarmsFormulas) {
  TablePrinter table({"a", "b"});
  table.AddRow({std::string("x,\"y\"\n"), int64_t{-5}});
  table.AddRow({std::string("=1+1"), std::string("-2")});
  table.AddRow({std::string("@x"), std::string("+3,4")});
  EXPECT_EQ(table.Format(OutputFormat::kCsv),
            "a,b\n\"x,\"\"y\"\"\n\",-5\n'=1+1,'-2\n'@x,\"'+3,4\"\n");
}

TEST(TablePrinter, MarkdownEscapesBars) {
  TablePrinter table({"a", "n"});
  table.AddRow({std::string("x|y"), int64_t{3}});
  EXPECT_EQ(table.Format(OutputFormat::kMarkdown),
            "| a | n |\n| --- | ---: |\n| x\\|y | 3 |\n");
}

TEST(TablePrinter, ShowsNoControlCharactersOnATerminal) {
  TablePrinter table({"a"});
  table.AddRow({std::string("x\x1b[2J\ny")});
  EXPECT_EQ(table.Format(OutputFormat::kTable), "A\nx?[2J?y\n");
}

TEST(TablePrinter, PrintsAnEmptyTable) {
  const TablePrinter table({"name"});
  EXPECT_EQ(table.Format(OutputFormat::kTable), "NAME\n");
  EXPECT_EQ(table.Format(OutputFormat::kJson), "[]\n");
  EXPECT_EQ(table.Format(OutputFormat::kJsonl), "");
  EXPECT_EQ(table.Format(OutputFormat::kCsv), "name\n");
}

TEST(TablePrinter, WritesNumbersThatAreNoneAsEmpty) {
  TablePrinter table({"a"});
  table.AddRow({std::nan("")});
  EXPECT_EQ(table.Format(OutputFormat::kCsv), "a\n\n");
  EXPECT_EQ(table.Format(OutputFormat::kJsonl), "{\"a\":null}\n");
}

TEST(TablePrinterDeathTest, WantsOneCellAColumn) {
  TablePrinter table({"a", "b"});
  EXPECT_DEATH(table.AddRow({int64_t{1}}), "check failed");
}

TEST(ParseOutputFormat, KnowsFiveWordsAndADefault) {
  EXPECT_THAT(ParseOutputFormat("markdown"),
              IsOkAndHolds(OutputFormat::kMarkdown));
  EXPECT_OK(ParseOutputFormat(""));
  EXPECT_THAT(ParseOutputFormat("xml"), ExitCodeIs(kExitUsage));
}

}  // namespace
}  // namespace tally
