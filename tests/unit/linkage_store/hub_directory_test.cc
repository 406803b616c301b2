#include "linkage/store/hub_directory.h"

#include <sys/stat.h>

#include "status_matchers.h"
#include "temp_dir.h"

namespace tally::linkage {
namespace {

TEST(HubDirectory, MakesItsPartsForItselfAlone) {
  TempDir dir;
  ASSERT_OK_AND_ASSIGN(const auto hub,
                       HubDirectory::Open(dir.Path("data"), 0.05));
  for (const char* part :
       {"", "/uploads", "/extracts", "/releases", "/audit"}) {
    struct stat info {};
    ASSERT_EQ(stat((hub->root() + part).c_str(), &info), 0) << part;
    EXPECT_EQ(info.st_mode & 0777, 0700u) << part;
  }
}

TEST(HubDirectory, BelongsToOneProcessAtATime) {
  TempDir dir;
  {
    ASSERT_OK_AND_ASSIGN(const auto first,
                         HubDirectory::Open(dir.Path("data"), 0));
    EXPECT_THAT(HubDirectory::Open(dir.Path("data"), 0),
                ReasonIs(Reason::kCatalogueBusy));
  }
  EXPECT_THAT(HubDirectory::Open(dir.Path("data"), 0), IsOk());
}

TEST(HubDirectory, SealedNamesAreThePathsInsideIt) {
  TempDir dir;
  ASSERT_OK_AND_ASSIGN(const auto hub, HubDirectory::Open(dir.Path("d"), 0));
  EXPECT_EQ(hub->root() + "/" + HubDirectory::JournalName("u"),
            hub->JournalPath("u"));
  EXPECT_EQ(hub->root() + "/" + HubDirectory::RunName("u"), hub->RunPath("u"));
  EXPECT_EQ(hub->RowsDirectory("u", "gp-event"),
            hub->root() + "/extracts/u/rows/gp-event");
}

TEST(HubDirectory, SaysWhenTheDiskIsNearlyFull) {
  TempDir dir;
  ASSERT_OK_AND_ASSIGN(auto hub, HubDirectory::Open(dir.Path("data"), 0));
  EXPECT_THAT(hub->CheckFreeDisk(), IsOk());
  ASSERT_OK_AND_ASSIGN(const double share, hub->FreeDiskShare());
  EXPECT_GT(share, 0);
  hub.reset();
  ASSERT_OK_AND_ASSIGN(hub, HubDirectory::Open(dir.Path("data"), 0.9999999));
  EXPECT_THAT(hub->CheckFreeDisk(), ReasonIs(Reason::kDiskLow));
  EXPECT_THAT(hub->CheckFreeDisk(), ExitCodeIs(kExitTemporary));
}

TEST(HubDirectory, RefusesSharesThatAreNone) {
  TempDir dir;
  EXPECT_FALSE(HubDirectory::Open(dir.Path("data"), 1.0).ok());
  EXPECT_FALSE(HubDirectory::Open(dir.Path("data"), -0.1).ok());
  EXPECT_FALSE(HubDirectory::Open("", 0.1).ok());
}

}  // namespace
}  // namespace tally::linkage
