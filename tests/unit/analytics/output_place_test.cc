#include "analytics/export/output_place.h"

#include <filesystem>
#include <string>

#include "analytics/export/table_writers.h"
#include "analytics/export/workbook.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "bench.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

// A folder of files that an analyst and this program left.
class OutputPlace : public ::testing::Test {
 protected:
  OutputPlace() : bench_(MakeTown(4, 300, 0.05, 0.01)) {
    std::filesystem::create_directories(bench_.root() + "/out");
    std::filesystem::create_directories(bench_.root() + "/t");
  }
  std::string Path(const std::string& name) {
    return bench_.root() + "/out/" + name;
  }
  std::string Written(const std::string& name, const std::string& text) {
    EXPECT_TRUE(WriteFileAtomically(Path(name), text, 0600).ok());
    return Path(name);
  }
  static ExitCode CodeOf(const std::string& path, OutputKind kind,
                         const std::vector<std::string>& columns = {}) {
    return ExitCodeOf(CheckOutputFile(path, kind, columns));
  }

  Bench bench_;
};

TEST_F(OutputPlace, LeavesWhatSomebodyElseWrote) {
  const std::string text = Written("notes.txt", "mine\n");
  const std::string html =
      Written("mine.html", "<!DOCTYPE html>\n<html><body>mine</body></html>\n");
  const std::string csv = Written("mine.csv", "condition,remark\na,b\n");
  for (const OutputKind kind :
       {OutputKind::kPage, OutputKind::kWorkbook, OutputKind::kCsv,
        OutputKind::kJson, OutputKind::kParquet}) {
    EXPECT_EQ(CodeOf(text, kind, {"condition"}), kExitConflict);
    EXPECT_EQ(CodeOf(html, kind, {"condition"}), kExitConflict);
    EXPECT_EQ(CodeOf(csv, kind, {"condition", "area"}), kExitConflict);
  }
  std::filesystem::create_symlink(text, Path("link.html"));
  EXPECT_EQ(CodeOf(Path("link.html"), OutputKind::kPage), kExitConflict);
}

TEST_F(OutputPlace, TakesWhatIsNotThereOrEmpty) {
  EXPECT_EQ(CodeOf(Path("new.html"), OutputKind::kPage), kExitDone);
  EXPECT_EQ(CodeOf(Path("a/b/new.xlsx"), OutputKind::kWorkbook), kExitDone);
  EXPECT_EQ(CodeOf(Written("empty", ""), OutputKind::kWorkbook), kExitDone);
  EXPECT_TRUE(CheckOutputFolder(Path("not/there/yet")).ok());
}

TEST_F(OutputPlace, TakesEarlierOutputOfTheSameKind) {
  const auto result = bench_.Run("C02");
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& table = result->tables.front();
  std::vector<std::string> columns;
  for (const ColumnSpec& column : table.columns()) {
    columns.push_back(column.name);
  }
  const std::string csv = Written("a.csv", GatedCsv(table));
  EXPECT_EQ(CodeOf(csv, OutputKind::kCsv, columns), kExitDone);
  EXPECT_EQ(CodeOf(csv, OutputKind::kJson), kExitConflict);
  const std::string json =
      Written("a.json", GatedJson(table).DumpPretty() + "\n");
  EXPECT_EQ(CodeOf(json, OutputKind::kJson), kExitDone);
  EXPECT_EQ(CodeOf(json, OutputKind::kCsv, columns), kExitConflict);
  ASSERT_TRUE(
      WriteGatedParquet(table, Path("a.parquet"), bench_.root() + "/t").ok());
  EXPECT_EQ(CodeOf(Path("a.parquet"), OutputKind::kParquet), kExitDone);
  const WorkbookFacts facts{"Title", "projects/p/releases/r2026-10",
                            "2026-11-01T00:00:00Z", "example"};
  const absl::Status written = WriteWorkbook(
      result->tables, facts, Path("a.xlsx"), bench_.root() + "/t");
  ASSERT_TRUE(written.ok()) << written;
  EXPECT_EQ(CodeOf(Path("a.xlsx"), OutputKind::kWorkbook), kExitDone);
  EXPECT_EQ(CodeOf(Path("a.xlsx"), OutputKind::kParquet), kExitConflict);
}

// An archive without entries: its last record alone.
std::string EmptyArchive() {
  return std::string("PK\x05\x06", 4) + std::string(18, '\0');
}

TEST_F(OutputPlace, TakesAWorkbookOnlyByTheMarkAtItsEnd) {
  const std::string foreign = Written("foreign.xlsx", EmptyArchive());
  EXPECT_EQ(CodeOf(foreign, OutputKind::kWorkbook), kExitConflict);
  const std::string own = Written("own.xlsx", EmptyArchive());
  ASSERT_TRUE(MarkWorkbook(own).ok());
  EXPECT_EQ(CodeOf(own, OutputKind::kWorkbook), kExitDone);
  const std::string marked = ReadFile(own, 1000).value();
  EXPECT_EQ(marked.substr(0, 20), EmptyArchive().substr(0, 20));
  EXPECT_EQ(marked.substr(20), std::string("\x10\0Written by Tally", 18));
  // Packed into an archive of somebody else, cut, and with another comment.
  for (const std::string& theirs :
       {marked + EmptyArchive(), marked.substr(0, marked.size() - 1),
        marked.substr(1), marked.substr(20), std::string("PK\x05\x06"),
        EmptyArchive().substr(0, 20) + std::string("\x04\0mine", 6)}) {
    EXPECT_EQ(CodeOf(Written("theirs.xlsx", theirs), OutputKind::kWorkbook),
              kExitConflict);
  }
}

TEST_F(OutputPlace, MarksNoFileThatIsNoArchiveOrHasAComment) {
  const std::string own = Written("own.xlsx", EmptyArchive());
  ASSERT_TRUE(MarkWorkbook(own).ok());
  for (const std::string& path :
       {own, Written("short.xlsx", "PK"), Written("none.xlsx", ""),
        Written("text.xlsx", std::string(100, 'a'))}) {
    const std::string before = ReadFile(path, 1000).value();
    EXPECT_EQ(MarkWorkbook(path).code(), absl::StatusCode::kInternal);
    EXPECT_EQ(ReadFile(path, 1000).value(), before);
  }
}

TEST_F(OutputPlace, NamesThePlaceThatCannotBeWritten) {
  const std::string file = Written("README.md", "mine\n");
  EXPECT_EQ(ExitCodeOf(CheckOutputFolder(file)), kExitUsage);
  EXPECT_EQ(CodeOf(file + "/page.html", OutputKind::kPage), kExitUsage);
  EXPECT_EQ(CodeOf(Path(""), OutputKind::kPage), kExitUsage);
  const absl::Status status =
      OutputStatus(absl::PermissionDeniedError(
                       "cannot create out/.a.xlsx.1f.tmp: Permission denied"),
                   "out/a.xlsx");
  EXPECT_EQ(ExitCodeOf(status), kExitUsage);
  EXPECT_EQ(status.message(),
            "out/a.xlsx cannot be written: Permission denied; name another "
            "place with --out, or get the right to write there");
  const absl::Status full = absl::ResourceExhaustedError("disk full");
  EXPECT_EQ(OutputStatus(full, "a"), full);
}

}  // namespace
}  // namespace tally::analytics
