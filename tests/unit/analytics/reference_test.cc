// Reference files: what is taken from them, and what is refused with its line.
#include "analytics/measures/reference.h"

#include <string>

#include "base/exit_code.h"
#include "base/files.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "temp_dir.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kReferenceHead =
    "id = \"plan\"\nsource = \"Schedule 3\"\nvalid_from = 2026-04-01\n"
    "valid_to = 2027-03-31\n";

class ReferenceTest : public testing::Test {
 protected:
  absl::StatusOr<ReferenceFile> ReadText(const std::string& body) {
    EXPECT_TRUE(WriteFileAtomically(JoinPath(dir_.path(), "plan.toml"),
                                    std::string(kReferenceHead) + body, 0600)
                    .ok());
    return ReferenceFile::Read(dir_.path(), "plan",
                               {{"activity", ReferenceType::kInteger},
                                {"provider", ReferenceType::kText},
                                {"price", ReferenceType::kNumber}},
                               kAnyMonth);
  }
  TempDir dir_;
};

TEST_F(ReferenceTest, ColumnsAreTakenByNameWhateverTheirOrder) {
  const auto file = ReadText(
      "columns = [\"provider\", \"note\", \"price\", \"activity\"]\n"
      "row = [[\"RX1\", \"x\", 12, 120], [\"RX2\", \"y\", 0.5, 7]]\n");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(file->rows(), 2);
  EXPECT_EQ(file->Integer(0, 0), 120);
  EXPECT_EQ(file->Text(1, 1), "RX2");
  EXPECT_EQ(file->Number(0, 2), 12.0);
  EXPECT_EQ(file->Number(1, 2), 0.5);
  EXPECT_EQ(file->Citation(), "Schedule 3, valid 2026-04-01 to 2027-03-31");
}

TEST_F(ReferenceTest, CoversTheWholeMonthOfTheFiguresOrIsRefused) {
  ASSERT_TRUE(ReadText("columns = [\"provider\", \"price\", \"activity\"]\n"
                       "row = []\n")
                  .ok());
  for (const char* day : {"2026-04-01", "2026-10-15", "2027-03-31"}) {
    const auto file =
        ReferenceFile::Read(dir_.path(), "plan", {}, *CivilDay::Parse(day));
    EXPECT_TRUE(file.ok()) << file.status();
    EXPECT_FALSE(IsNotValidThen(file.status()));
  }
  for (const char* day : {"2026-03-31", "2027-04-01"}) {
    const auto file =
        ReferenceFile::Read(dir_.path(), "plan", {}, *CivilDay::Parse(day));
    EXPECT_TRUE(IsNotValidThen(file.status())) << day;
    EXPECT_EQ(ExitCodeOf(file.status()), kExitUsage);
  }
  EXPECT_EQ(ReferenceFile::Read(dir_.path(), "plan", {},
                                *CivilDay::Parse("2027-04-01"))
                .status()
                .message(),
            "plan.toml is valid 2026-04-01 to 2027-03-31, and not in all of "
            "2027-04, the month of the figures");
}

TEST_F(ReferenceTest, FaultsNameFileAndLine) {
  const struct {
    const char* body;
    const char* message;
  } cases[] = {
      {"columns = [\"provider\", \"price\"]\nrow = []\n",
       "plan.toml:5: column activity is missing"},
      {"columns = [\"provider\", \"price\", \"activity\"]\n"
       "row = [\n[\"RX1\", 1.5, 2.5]]\n",
       "plan.toml:7: activity is a whole number"},
      {"columns = [\"provider\", \"price\", \"activity\"]\n"
       "row = [\n[\"RX1\", 1.5]]\n",
       "plan.toml:7: a row is a list of 3 values"},
      {"columns = [\"provider\", \"price\", \"activity\"]\n"
       "row = [\n[1, 1.5, 2]]\n",
       "plan.toml:7: provider is text"},
      {"colums = []\nrow = []\n", "plan.toml:5: "},
  };
  for (const auto& c : cases) {
    const auto file = ReadText(c.body);
    ASSERT_FALSE(file.ok()) << c.body;
    EXPECT_EQ(ExitCodeOf(file.status()), kExitUsage);
    EXPECT_THAT(std::string(file.status().message()),
                testing::HasSubstr(c.message));
  }
}

TEST_F(ReferenceTest, MissingFileIsNotFound) {
  EXPECT_FALSE(HasReference("", "plan"));
  EXPECT_FALSE(HasReference(dir_.path(), "plan"));
  const auto file = ReferenceFile::Read(dir_.path(), "plan", {}, kAnyMonth);
  EXPECT_EQ(ExitCodeOf(file.status()), kExitNotFound);
}

}  // namespace
}  // namespace tally::analytics
