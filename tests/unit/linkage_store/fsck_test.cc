#include <filesystem>

#include "linkage/store/recovery.h"
#include "status_matchers.h"
#include "store_fixture.h"
#include "temp_dir.h"

namespace tally::linkage {
namespace {

class FsckTest : public testing::Test {
 protected:
  FsckTest() : hub_(dir_.path(), scheme_) {
    record_ = *hub_.Deliver(MakeDelivery(scheme_));
    TALLY_CHECK(record_.state == ExtractState::kPublished);
    root_ = hub_.directory().ExtractDirectory(record_.uid);
  }
  FsckReport Check() {
    auto lease = hub_.keys().Borrow();
    TALLY_CHECK(lease.ok());
    const crypto::PublicKey key = lease->sign().public_key();
    FsckOptions options;
    options.environment = crypto::Environment::kTest;
    options.domain = "commissioning";
    options.storage_keys = lease->storage_finder();
    options.registry = &scheme_.registry();
    options.hub_sign_key = &key;
    auto report = Fsck(hub_.directory(), hub_.catalogue(), options);
    TALLY_CHECK(report.ok());
    return *std::move(report);
  }
  static std::vector<std::string> Paths(const FsckReport& report) {
    std::vector<std::string> paths;
    for (const auto& finding : report.findings) paths.push_back(finding.path);
    return paths;
  }
  void Flip(const std::string& path, size_t at) {
    std::string bytes = Slurp(root_ + "/" + path);
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    WriteFile(root_ + "/" + path, bytes);
  }

  TempDir dir_;
  TestScheme scheme_;
  TestHub hub_;
  ExtractRecord record_;
  std::string root_;
};

TEST_F(FsckTest, APublishedExtractIsAsItWasPublished) {
  const FsckReport report = Check();
  EXPECT_EQ(report.extracts, 1);
  EXPECT_EQ(report.files, 6);
  EXPECT_GT(report.bytes, 0);
  EXPECT_THAT(Paths(report), testing::IsEmpty());
}

TEST_F(FsckTest, AnyChangedFileIsFound) {
  ASSERT_OK_AND_ASSIGN(const auto files,
                       hub_.catalogue().ExtractFiles(record_.uid));
  for (const FileRecord& file : files) {
    const size_t at = static_cast<size_t>(file.bytes) / 2;
    Flip(file.path, at);
    EXPECT_THAT(Paths(Check()), testing::Contains(file.path));
    Flip(file.path, at);
  }
  EXPECT_THAT(Paths(Check()), testing::IsEmpty());
}

TEST_F(FsckTest, MissingCutAndExtraFilesAreFound) {
  const std::string part = "rows/gp-event/part-00000.parquet";
  const std::string bytes = Slurp(root_ + "/" + part);
  WriteFile(root_ + "/" + part, bytes.substr(0, bytes.size() - 1));
  EXPECT_THAT(Paths(Check()), testing::Contains(part));
  std::filesystem::remove(root_ + "/" + part);
  EXPECT_THAT(Paths(Check()), testing::Contains(part));
  WriteFile(root_ + "/" + part, bytes);
  WriteFile(root_ + "/rows/extra", "x");
  std::filesystem::create_symlink("/etc/hostname", root_ + "/link");
  EXPECT_THAT(Paths(Check()),
              testing::UnorderedElementsAre("rows/extra", "link?"));
  std::filesystem::remove_all(root_);
  EXPECT_FALSE(Check().findings.empty());
}

TEST_F(FsckTest, WithoutKeysTheDigestsAloneAreChecked) {
  Flip("index.run", 200);
  ASSERT_OK_AND_ASSIGN(const FsckReport report,
                       Fsck(hub_.directory(), hub_.catalogue(), {}));
  EXPECT_THAT(Paths(report), testing::ElementsAre("index.run"));
}

TEST_F(FsckTest, ASignatureOfSomebodyElseIsFound) {
  const TestScheme other;
  FsckOptions options;
  const crypto::SigningKey stranger = *crypto::SigningKey::Generate(
      crypto::Environment::kTest, "hub-a", crypto::SignPurpose::kSign);
  const crypto::PublicKey key = stranger.public_key();
  options.hub_sign_key = &key;
  ASSERT_OK_AND_ASSIGN(const FsckReport report,
                       Fsck(hub_.directory(), hub_.catalogue(), options));
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].path, "receipt");
  EXPECT_EQ(report.findings[0].reason, Reason::kSignatureInvalid);
}

TEST_F(FsckTest, ReportsItsProgress) {
  int64_t done = 0;
  FsckOptions options;
  options.progress = [&](int64_t d, int64_t total) {
    done = d;
    EXPECT_EQ(total, 1);
  };
  ASSERT_THAT(Fsck(hub_.directory(), hub_.catalogue(), options), IsOk());
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace tally::linkage
