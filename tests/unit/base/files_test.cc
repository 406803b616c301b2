#include "base/files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "base/exit_code.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

int ModeOf(const std::string& path) {
  struct stat info {};
  EXPECT_EQ(lstat(path.c_str(), &info), 0);
  return static_cast<int>(info.st_mode & 07777);
}

TEST(ReadFile, ReturnsTheBytesUpToTheLimit) {
  TempDir dir;
  const std::string bytes(200000, 'x');
  WriteFile(dir.Path("f"), bytes);
  EXPECT_THAT(ReadFile(dir.Path("f"), 200000), IsOkAndHolds(bytes));
  EXPECT_THAT(ReadFile(dir.Path("f"), 199999),
              StatusIs(absl::StatusCode::kInvalidArgument));
  WriteFile(dir.Path("empty"), "");
  EXPECT_THAT(ReadFile(dir.Path("empty"), 0), IsOkAndHolds(""));
}

TEST(ReadFile, RefusesWhatIsNoRegularFile) {
  TempDir dir;
  ASSERT_EQ(mkfifo(dir.Path("fifo").c_str(), 0600), 0);
  EXPECT_THAT(ReadFile(dir.Path("fifo"), 10),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ReadFile(dir.path(), 10),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ReadFile("/dev/zero", 10),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ReadFile(dir.Path("none"), 10),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("none")));
}

TEST(ErrnoStatus, EndsAsTheUserCanMendIt) {
  EXPECT_THAT(ErrnoStatus(ENOENT, "open", "a"), ExitCodeIs(kExitNotFound));
  EXPECT_THAT(ErrnoStatus(EACCES, "open", "a"), ExitCodeIs(kExitUsage));
  EXPECT_THAT(ErrnoStatus(EROFS, "create", "a"), ExitCodeIs(kExitUsage));
  EXPECT_THAT(ErrnoStatus(ENOSPC, "write", "a"), ExitCodeIs(kExitTemporary));
  EXPECT_THAT(ErrnoStatus(EIO, "read", "a"), ExitCodeIs(kExitFailure));
  EXPECT_THAT(ReadFile("/", 10), ExitCodeIs(kExitUsage));
}

TEST(WriteFileAtomically, ReplacesTheContentAndLeavesNothingElse) {
  TempDir dir;
  EXPECT_OK(WriteFileAtomically(dir.Path("f"), "one", 0640));
  EXPECT_EQ(Slurp(dir.Path("f")), "one");
  EXPECT_EQ(ModeOf(dir.Path("f")), 0640);
  EXPECT_OK(WriteFileAtomically(dir.Path("f"), "two", 0600));
  EXPECT_EQ(Slurp(dir.Path("f")), "two");
  EXPECT_EQ(ModeOf(dir.Path("f")), 0600);
  EXPECT_THAT(ListDirectory(dir.path()), IsOkAndHolds(ElementsAre("f")));
}

TEST(WriteFileAtomically, LeavesTheOldFileWhenItCannotReplaceIt) {
  TempDir dir;
  ASSERT_EQ(mkdir(dir.Path("f").c_str(), 0700), 0);
  WriteFile(dir.Path("f/inside"), "kept");
  EXPECT_FALSE(WriteFileAtomically(dir.Path("f"), "new", 0600).ok());
  EXPECT_EQ(Slurp(dir.Path("f/inside")), "kept");
  EXPECT_THAT(ListDirectory(dir.path()), IsOkAndHolds(ElementsAre("f")));
  EXPECT_THAT(WriteFileAtomically(dir.Path("none/f"), "new", 0600),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST(WriteFileAtomically, ReplacesALinkAndNotWhatItPointsTo) {
  TempDir dir;
  WriteFile(dir.Path("target"), "old");
  ASSERT_EQ(symlink("target", dir.Path("link").c_str()), 0);
  EXPECT_OK(WriteFileAtomically(dir.Path("link"), "new", 0600));
  EXPECT_EQ(Slurp(dir.Path("target")), "old");
  EXPECT_TRUE(IsRegularFile(dir.Path("link")));
}

TEST(WriteFileAtomically, ReadersSeeTheOldFileOrTheNewOne) {
  TempDir dir;
  const std::string a(100000, 'a');
  const std::string b(100000, 'b');
  ASSERT_OK(WriteFileAtomically(dir.Path("f"), a, 0600));
  std::thread writer([&] {
    for (int i = 0; i < 30; ++i) {
      EXPECT_OK(WriteFileAtomically(dir.Path("f"), i % 2 ? a : b, 0600));
    }
  });
  for (int i = 0; i < 100; ++i) {
    const std::string seen = Slurp(dir.Path("f"));
    EXPECT_TRUE(seen == a || seen == b);
  }
  writer.join();
}

TEST(CreateFileExclusive, NeverOverwrites) {
  TempDir dir;
  EXPECT_OK(CreateFileExclusive(dir.Path("f"), "one", 0600));
  EXPECT_EQ(ModeOf(dir.Path("f")), 0600);
  EXPECT_THAT(CreateFileExclusive(dir.Path("f"), "two", 0600),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(Slurp(dir.Path("f")), "one");
  ASSERT_EQ(symlink("nowhere", dir.Path("dangling").c_str()), 0);
  EXPECT_THAT(CreateFileExclusive(dir.Path("dangling"), "x", 0600),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_FALSE(FileExists(dir.Path("nowhere")));
  EXPECT_THAT(ListDirectory(dir.path()),
              IsOkAndHolds(ElementsAre("dangling", "f")));
}

TEST(AppendFile, GrowsAndCanBeCut) {
  TempDir dir;
  {
    ASSERT_OK_AND_ASSIGN(AppendFile file,
                         AppendFile::Open(dir.Path("f"), 0600));
    EXPECT_OK(file.Append("one"));
    EXPECT_OK(file.Sync());
    EXPECT_EQ(file.size(), 3);
  }
  ASSERT_OK_AND_ASSIGN(AppendFile file, AppendFile::Open(dir.Path("f"), 0600));
  EXPECT_EQ(file.size(), 3);
  EXPECT_OK(file.Append("two"));
  EXPECT_EQ(Slurp(dir.Path("f")), "onetwo");
  EXPECT_OK(file.Truncate(4));
  EXPECT_OK(file.Append("!"));
  EXPECT_EQ(Slurp(dir.Path("f")), "onet!");
  EXPECT_EQ(ModeOf(dir.Path("f")), 0600);
}

TEST(AppendFile, RemembersAnErrorForGood) {
  if (!FileExists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  // A device is refused, so the write error comes from a closed descriptor.
  EXPECT_THAT(AppendFile::Open("/dev/full", 0600),
              StatusIs(absl::StatusCode::kInvalidArgument));
  TempDir dir;
  ASSERT_OK_AND_ASSIGN(AppendFile file, AppendFile::Open(dir.Path("f"), 0600));
  const UniqueFd read_only(open(dir.Path("f").c_str(), O_RDONLY));
  ASSERT_EQ(dup2(read_only.get(), file.fd()), file.fd());
  EXPECT_FALSE(file.Append("x").ok());
  EXPECT_FALSE(file.Sync().ok());
  EXPECT_FALSE(file.Truncate(0).ok());
  EXPECT_EQ(file.size(), 0);
}

TEST(AppendFile, DoesNotFollowALink) {
  TempDir dir;
  WriteFile(dir.Path("target"), "");
  ASSERT_EQ(symlink("target", dir.Path("link").c_str()), 0);
  EXPECT_FALSE(AppendFile::Open(dir.Path("link"), 0600).ok());
}

TEST(ReadAt, ReadsExactlyOrSaysThatTheFileEnds) {
  TempDir dir;
  WriteFile(dir.Path("f"), "0123456789");
  ASSERT_OK_AND_ASSIGN(const UniqueFd fd, OpenForRead(dir.Path("f")));
  std::vector<uint8_t> out(4);
  EXPECT_OK(ReadAt(fd.get(), 3, out, "f"));
  EXPECT_THAT(out, ElementsAre('3', '4', '5', '6'));
  EXPECT_THAT(ReadAt(fd.get(), 7, out, "f"),
              StatusIs(absl::StatusCode::kOutOfRange));
}

TEST(WriteAll, ReportsAFullDisk) {
  const UniqueFd full(open("/dev/full", O_WRONLY));
  if (!full.valid()) GTEST_SKIP() << "no /dev/full here";
  EXPECT_THAT(WriteAll(full.get(), "x", "f"),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(Rename, IsDurableAndCanRefuseToReplace) {
  TempDir dir;
  ASSERT_OK(MakeDirectories(dir.Path("sub"), 0700));
  WriteFile(dir.Path("a"), "a");
  WriteFile(dir.Path("b"), "b");
  EXPECT_THAT(RenameDurablyNoReplace(dir.Path("a"), dir.Path("b")),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_OK(RenameDurablyNoReplace(dir.Path("a"), dir.Path("sub/a")));
  EXPECT_OK(RenameDurably(dir.Path("sub/a"), dir.Path("b")));
  EXPECT_EQ(Slurp(dir.Path("b")), "a");
  EXPECT_THAT(RenameDurably(dir.Path("none"), dir.Path("b")),
              StatusIs(absl::StatusCode::kNotFound));
}

class SecretFile : public testing::Test {
 protected:
  void SetUp() override { WriteFile(path_, "secret", 0600); }
  TempDir dir_;
  const std::string path_ = dir_.Path("key");
};

TEST_F(SecretFile, OpensOneThatKeepsTheRules) {
  ASSERT_OK_AND_ASSIGN(const UniqueFd fd, OpenSecretFile(path_));
  EXPECT_THAT(ReadAll(fd.get(), 100, "key"), IsOkAndHolds("secret"));
  ASSERT_EQ(chmod(path_.c_str(), 0400), 0);
  EXPECT_OK(OpenSecretFile(path_));
}

TEST_F(SecretFile, RefusesEveryRightOfOthers) {
  for (int bit : {0040, 0020, 0010, 0004, 0002, 0001}) {
    ASSERT_EQ(chmod(path_.c_str(), static_cast<mode_t>(0600 | bit)), 0);
    const auto fd = OpenSecretFile(path_);
    EXPECT_THAT(fd, ExitCodeIs(kExitKey)) << bit;
    EXPECT_THAT(fd, StatusIs(absl::StatusCode::kFailedPrecondition,
                             HasSubstr("others have rights")));
  }
}

TEST_F(SecretFile, RefusesALinkOfAnyKind) {
  ASSERT_EQ(symlink("key", dir_.Path("link").c_str()), 0);
  EXPECT_THAT(OpenSecretFile(dir_.Path("link")),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("symbolic link")));
  ASSERT_EQ(symlink("nowhere", dir_.Path("dangling").c_str()), 0);
  EXPECT_THAT(OpenSecretFile(dir_.Path("dangling")), ExitCodeIs(kExitKey));
}

TEST_F(SecretFile, RefusesWhatIsNoRegularFile) {
  ASSERT_EQ(mkfifo(dir_.Path("fifo").c_str(), 0600), 0);
  EXPECT_THAT(OpenSecretFile(dir_.Path("fifo")),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("regular file")));
  ASSERT_EQ(mkdir(dir_.Path("folder").c_str(), 0700), 0);
  EXPECT_THAT(OpenSecretFile(dir_.Path("folder")), ExitCodeIs(kExitKey));
}

TEST_F(SecretFile, RefusesAFolderThatOthersMayWriteTo) {
  for (int mode : {0770, 0720, 0702, 01777}) {
    ASSERT_EQ(chmod(dir_.path().c_str(), static_cast<mode_t>(mode)), 0);
    EXPECT_THAT(OpenSecretFile(path_),
                StatusIs(absl::StatusCode::kFailedPrecondition,
                         HasSubstr("folder is writable")))
        << mode;
  }
  ASSERT_EQ(chmod(dir_.path().c_str(), 0755), 0);
  EXPECT_OK(OpenSecretFile(path_));
  ASSERT_EQ(chmod(dir_.path().c_str(), 0700), 0);
}

TEST_F(SecretFile, RefusesAnEmptyOrMissingFile) {
  WriteFile(path_, "");
  EXPECT_THAT(
      OpenSecretFile(path_),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("empty")));
  EXPECT_THAT(OpenSecretFile(dir_.Path("none")), ExitCodeIs(kExitKey));
  EXPECT_THAT(OpenSecretFile(dir_.Path("none/key")), ExitCodeIs(kExitKey));
}

TEST_F(SecretFile, RefusesTheFileOfAnotherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  ASSERT_EQ(chown(path_.c_str(), 12345, 12345), 0);
  EXPECT_THAT(OpenSecretFile(path_),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("another user")));
  ASSERT_EQ(chown(path_.c_str(), 0, 0), 0);
  ASSERT_EQ(chown(dir_.path().c_str(), 12345, 12345), 0);
  EXPECT_THAT(OpenSecretFile(path_),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("folder belongs to another user")));
}

TEST(FileLock, HasOneHolder) {
  TempDir dir;
  {
    const auto first = FileLock::Acquire(dir.Path("lock"));
    ASSERT_OK(first);
    const auto second = FileLock::Acquire(dir.Path("lock"));
    EXPECT_THAT(second, StatusIs(absl::StatusCode::kAborted));
    EXPECT_THAT(second, ExitCodeIs(kExitConflict));
  }
  EXPECT_OK(FileLock::Acquire(dir.Path("lock")));
}

TEST(Folders, AreMadeWithTheirModeAndRemovedWhole) {
  TempDir dir;
  EXPECT_OK(MakeDirectories(dir.Path("a/b/c"), 0750));
  EXPECT_EQ(ModeOf(dir.Path("a")), 0750);
  EXPECT_EQ(ModeOf(dir.Path("a/b/c")), 0750);
  EXPECT_OK(MakeDirectories(dir.Path("a/b/c"), 0700));
  EXPECT_EQ(ModeOf(dir.Path("a/b/c")), 0750);
  WriteFile(dir.Path("a/b/file"), "x");
  EXPECT_THAT(MakeDirectories(dir.Path("a/b/file/d"), 0700),
              testing::Not(IsOk()));
  EXPECT_THAT(MakeDirectories(dir.Path("a/b/file"), 0700),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_OK(FsyncTree(dir.Path("a")));
  EXPECT_OK(RemoveTree(dir.Path("a")));
  EXPECT_FALSE(FileExists(dir.Path("a")));
  EXPECT_OK(RemoveTree(dir.Path("a")));
}

TEST(RemoveTree, DoesNotFollowLinksOutOfTheTree) {
  TempDir dir;
  ASSERT_OK(MakeDirectories(dir.Path("outside"), 0700));
  WriteFile(dir.Path("outside/kept"), "x");
  ASSERT_OK(MakeDirectories(dir.Path("tree/sub"), 0700));
  ASSERT_EQ(
      symlink(dir.Path("outside").c_str(), dir.Path("tree/sub/link").c_str()),
      0);
  EXPECT_OK(RemoveTree(dir.Path("tree")));
  EXPECT_EQ(Slurp(dir.Path("outside/kept")), "x");
  ASSERT_EQ(symlink("outside", dir.Path("link").c_str()), 0);
  EXPECT_OK(RemoveTree(dir.Path("link")));
  EXPECT_EQ(Slurp(dir.Path("outside/kept")), "x");
}

TEST(Files, AnswerQuestionsAboutPaths) {
  TempDir dir;
  WriteFile(dir.Path("f"), "12345");
  EXPECT_THAT(FileSize(dir.Path("f")), IsOkAndHolds(5));
  EXPECT_FALSE(FileSize(dir.Path("none")).ok());
  EXPECT_OK(FileModifiedMs(dir.Path("f")));
  EXPECT_TRUE(IsDirectory(dir.path()));
  EXPECT_FALSE(IsDirectory(dir.Path("f")));
  EXPECT_OK(RemoveFile(dir.Path("f")));
  EXPECT_OK(RemoveFile(dir.Path("f")));
  EXPECT_FALSE(FileExists(dir.Path("f")));
  EXPECT_THAT(FreeBytes(dir.path()), IsOkAndHolds(testing::Gt(0)));
  EXPECT_THAT(FreeShare(dir.path()),
              IsOkAndHolds(testing::AllOf(testing::Ge(0.0), testing::Le(1.0))));
  EXPECT_FALSE(FreeBytes(dir.Path("none")).ok());
}

TEST(Paths, AreTakenApartAndPutTogether) {
  EXPECT_EQ(DirectoryOf("a/b/c"), "a/b");
  EXPECT_EQ(DirectoryOf("c"), ".");
  EXPECT_EQ(DirectoryOf("/c"), "/");
  EXPECT_EQ(BaseNameOf("a/b/c"), "c");
  EXPECT_EQ(BaseNameOf("c"), "c");
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("a", "/b"), "/b");
  EXPECT_EQ(JoinPath("", "b"), "b");
}

TEST(UniqueFd, ClosesOnceAndMoves) {
  TempDir dir;
  WriteFile(dir.Path("f"), "x");
  ASSERT_OK_AND_ASSIGN(UniqueFd fd, OpenForRead(dir.Path("f")));
  const int number = fd.get();
  UniqueFd other = std::move(fd);
  EXPECT_FALSE(fd.valid());  // NOLINT(bugprone-use-after-move): it is the point
  EXPECT_EQ(other.get(), number);
  EXPECT_OK(other.Close());
  EXPECT_EQ(fcntl(number, F_GETFD), -1);
  EXPECT_OK(other.Close());
}

}  // namespace
}  // namespace tally
