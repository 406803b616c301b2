// Downloads: resumed from any byte, checked against the signed manifest.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "analytics/release/pull_release.h"
#include "analytics/release/release_folder.h"
#include "analytics/terms.h"
#include "base/error.h"
#include "base/files.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "release_fixture.h"

namespace tally::analytics {
namespace {

namespace fs = std::filesystem;

constexpr char kName[] = "projects/trial/releases/r2026-10";

// A hub that gives the files of a folder, and can be told to fail.
class FolderSource : public ReleaseSource {
 public:
  explicit FolderSource(std::string folder) : folder_(std::move(folder)) {}

  absl::StatusOr<std::vector<RemoteRelease>> List(std::string_view) override {
    return std::vector<RemoteRelease>{};
  }
  absl::StatusOr<RemoteDetails> Describe(std::string_view name) override {
    if (name != kName) {
      return Error(Reason::kResourceNotFound, "there is no such release");
    }
    RemoteDetails details;
    details.terms_version = "v1";
    return details;
  }
  absl::Status Download(std::string_view, std::string_view path, int64_t offset,
                        std::string_view terms, const Sink& sink) override {
    EXPECT_EQ(terms, "v1");
    ++calls;
    asked.insert(std::string(path));
    auto bytes = ReadFile(folder_ + "/" + std::string(path), 1 << 24);
    if (!bytes.ok()) return bytes.status();
    if (path == corrupt) bytes->back() = static_cast<char>(bytes->back() ^ 1);
    for (size_t at = static_cast<size_t>(offset); at < bytes->size();
         at += piece) {
      if (break_after >= 0 && sent >= break_after) {
        return absl::UnavailableError("the hub does not answer");
      }
      const std::string_view part = std::string_view(*bytes).substr(at, piece);
      const int64_t claimed = static_cast<int64_t>(at) + shift;
      if (absl::Status taken = sink(claimed, part); !taken.ok()) return taken;
      sent += static_cast<int64_t>(part.size());
    }
    return absl::OkStatus();
  }

  int64_t sent = 0;
  int64_t break_after = -1;  // bytes of one run
  int64_t shift = 0;         // added to every offset: a faulty hub
  size_t piece = 512;
  std::string corrupt;
  int calls = 0;
  std::set<std::string> asked;

 private:
  std::string folder_;
};

class PullTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "pullXXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
    key_ = FixtureKey::Make();
    WriteFixtureRelease(MakeTown(1, 60, 0.1, 0), key_, root_ + "/hub");
    options_.release_key = key_.public_base64url;
    options_.accepted_terms = "v1";
    options_.folder = root_ + "/pulled/trial/r2026-10";
  }
  void TearDown() override { fs::remove_all(root_); }

  absl::Status Verify() {
    OpenOptions open;
    open.release_key = key_.public_base64url;
    return ReleaseFolder::Open(options_.folder, open).status();
  }

  std::string root_;
  FixtureKey key_;
  PullOptions options_;
};

TEST_F(PullTest, BringsTheWholeReleaseAndNothingElse) {
  FolderSource source(root_ + "/hub");
  const auto result = PullRelease(source, kName, options_);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(Verify().ok()) << Verify();
  std::set<std::string> left, right;
  for (const auto& e : fs::recursive_directory_iterator(root_ + "/hub")) {
    left.insert(e.path().lexically_relative(root_ + "/hub").string());
  }
  for (const auto& e : fs::recursive_directory_iterator(options_.folder)) {
    right.insert(e.path().lexically_relative(options_.folder).string());
  }
  EXPECT_EQ(left, right);
}

TEST_F(PullTest, GoesOnFromWhereverItBroke) {
  int64_t total = 0;
  for (const auto& e : fs::recursive_directory_iterator(root_ + "/hub")) {
    if (e.is_regular_file()) total += static_cast<int64_t>(e.file_size());
  }
  // The manifest is fetched in one go: no break comes before its end.
  const int64_t manifest =
      static_cast<int64_t>(fs::file_size(root_ + "/hub/manifest.json"));
  int runs = 0;
  int64_t sent = 0;
  while (runs < 200) {
    FolderSource source(root_ + "/hub");
    source.piece = 300;
    source.break_after = manifest + 1000;
    const auto result = PullRelease(source, kName, options_);
    ++runs;
    sent += source.sent;
    if (result.ok()) break;
    EXPECT_EQ(ExitCodeOf(result.status()), kExitTemporary);
  }
  EXPECT_GT(runs, 3);
  EXPECT_TRUE(Verify().ok()) << Verify();
  // Only the manifest is fetched anew after a break before its signature was
  // there; no other byte twice.
  EXPECT_LE(sent, total + 4 * manifest);
}

TEST_F(PullTest, SecondRunDownloadsNothing) {
  FolderSource first(root_ + "/hub");
  ASSERT_TRUE(PullRelease(first, kName, options_).ok());
  FolderSource second(root_ + "/hub");
  ASSERT_TRUE(PullRelease(second, kName, options_).ok());
  EXPECT_EQ(second.calls, 0);
}

TEST_F(PullTest, WithoutAcceptedTermsNothingIsAsked) {
  options_.accepted_terms = "";
  FolderSource source(root_ + "/hub");
  const auto result = PullRelease(source, kName, options_);
  EXPECT_EQ(ReasonOf(result.status()), Reason::kTermsNotAccepted);
  EXPECT_EQ(source.calls, 0);
  EXPECT_FALSE(FileExists(options_.folder));
}

TEST_F(PullTest, DryRunLeavesNoTrace) {
  options_.dry_run = true;
  FolderSource source(root_ + "/hub");
  EXPECT_TRUE(PullRelease(source, kName, options_).ok());
  EXPECT_EQ(source.calls, 0);
  EXPECT_FALSE(FileExists(options_.folder));
}

TEST_F(PullTest, WrongBytesAreRemovedAndReported) {
  FolderSource source(root_ + "/hub");
  source.corrupt = "tables/gp_event/part-00000.parquet";
  const auto result = PullRelease(source, kName, options_);
  EXPECT_EQ(ReasonOf(result.status()), Reason::kFileDigest);
  EXPECT_EQ(ExitCodeOf(result.status()), kExitIntegrity);
  EXPECT_FALSE(FileExists(options_.folder + "/" + source.corrupt));
  EXPECT_FALSE(FileExists(options_.folder + "/" + source.corrupt + ".part"));
  FolderSource good(root_ + "/hub");
  EXPECT_TRUE(PullRelease(good, kName, options_).ok());
  EXPECT_TRUE(Verify().ok());
}

TEST_F(PullTest, ManifestOfAnotherKeyStopsBeforeAnyTable) {
  SignFixture(FixtureKey::Make(), root_ + "/hub");
  FolderSource source(root_ + "/hub");
  const auto result = PullRelease(source, kName, options_);
  EXPECT_EQ(ExitCodeOf(result.status()), kExitIntegrity);
  EXPECT_EQ(source.asked,
            (std::set<std::string>{"manifest.json", "manifest.sig"}));
}

TEST_F(PullTest, OffsetsThatWereNotAskedForAreRefused) {
  FolderSource source(root_ + "/hub");
  source.shift = 1;
  const auto result = PullRelease(source, kName, options_);
  EXPECT_EQ(ExitCodeOf(result.status()), kExitIntegrity);
}

TEST_F(PullTest, TakesOnlyTheTablesThatWereNamed) {
  options_.tables = {"gp_patient"};
  FolderSource source(root_ + "/hub");
  ASSERT_TRUE(PullRelease(source, kName, options_).ok());
  EXPECT_TRUE(FileExists(options_.folder + "/tables/gp_patient"));
  EXPECT_FALSE(FileExists(options_.folder + "/tables/gp_event"));
  EXPECT_TRUE(FileExists(options_.folder + "/dictionary.json"));
  options_.tables = {"nothing"};
  EXPECT_EQ(ExitCodeOf(PullRelease(source, kName, options_).status()),
            kExitNotFound);
}

TEST_F(PullTest, FilesArePrivate) {
  FolderSource source(root_ + "/hub");
  ASSERT_TRUE(PullRelease(source, kName, options_).ok());
  for (const auto& e : fs::recursive_directory_iterator(options_.folder)) {
    const auto mode = e.status().permissions() & fs::perms::all;
    EXPECT_EQ(mode & (fs::perms::group_all | fs::perms::others_all),
              fs::perms::none)
        << e.path();
  }
}

TEST_F(PullTest, ChangedFileOnDiskIsNotOverwrittenSilently) {
  FolderSource source(root_ + "/hub");
  ASSERT_TRUE(PullRelease(source, kName, options_).ok());
  std::ofstream(options_.folder + "/README.txt") << "changed";
  FolderSource again(root_ + "/hub");
  EXPECT_EQ(ExitCodeOf(PullRelease(again, kName, options_).status()),
            kExitIntegrity);
}

TEST_F(PullTest, AcceptedTermsAreKeptAndRead) {
  const std::string path = root_ + "/pulled/terms.json";
  EXPECT_EQ(ReadAcceptedTerms(path)->version, "");
  ASSERT_TRUE(SaveAcceptedTerms(
                  path, {"v1", "spiffe://x/analyst/a", "2026-11-21T12:00:00Z"})
                  .ok());
  EXPECT_EQ(ReadAcceptedTerms(path)->version, "v1");
  EXPECT_EQ(ReadAcceptedTerms(path)->identity, "spiffe://x/analyst/a");
  std::ofstream(path) << "[]";
  EXPECT_EQ(ExitCodeOf(ReadAcceptedTerms(path).status()), kExitUsage);
  EXPECT_THAT(std::string(TermsText()), testing::HasSubstr("section 171"));
}

}  // namespace
}  // namespace tally::analytics
