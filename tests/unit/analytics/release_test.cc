// Release folders: signatures, digests, SQL lock-down, CSV.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "analytics/release/record_csv.h"
#include "analytics/release/release_database.h"
#include "analytics/release/release_folder.h"
#include "analytics/release/signature.h"
#include "base/error.h"
#include "base/files.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "release_fixture.h"

namespace tally::analytics {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ReleaseTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    key_ = new FixtureKey(FixtureKey::Make());
    std::string name = testing::TempDir() + "masterXXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    master_ = new std::string(name);
    FixtureRelease release = MakeTown(2, 120, 0.1, 0.1);
    release.registrations[5].practice = "=cmd()";
    FixtureRegistration nobody;
    nobody.practice = "with \"quote\", comma";
    release.registrations.push_back(nobody);
    WriteFixtureRelease(release, *key_, *master_ + "/release");
  }
  static void TearDownTestSuite() {
    fs::remove_all(*master_);
    delete master_;
    delete key_;
  }
  void SetUp() override {
    std::string name = testing::TempDir() + "releaseXXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
    folder_ = root_ + "/release";
    fs::copy(*master_ + "/release", folder_, fs::copy_options::recursive);
  }
  void TearDown() override { fs::remove_all(root_); }

  absl::StatusOr<ReleaseFolder> Open() {
    OpenOptions options;
    options.release_key = key_->public_base64url;
    return ReleaseFolder::Open(folder_, options);
  }
  absl::StatusOr<ReleaseDatabase> OpenDatabase(const ReleaseFolder& folder) {
    DatabaseSettings settings;
    settings.work_directory = root_ + "/work";
    settings.memory_bytes = 256 << 20;
    return ReleaseDatabase::Open(folder, settings);
  }
  // Flips one bit of one byte.
  void Damage(const std::string& path, std::streamoff at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const char c = static_cast<char>(file.get() ^ 1);
    file.seekp(at);
    file.put(c);
  }

  static FixtureKey* key_;
  static std::string* master_;
  std::string root_;
  std::string folder_;
};
FixtureKey* ReleaseTest::key_ = nullptr;
std::string* ReleaseTest::master_ = nullptr;

TEST_F(ReleaseTest, OpensWhatTheHubSigned) {
  const auto folder = Open();
  ASSERT_TRUE(folder.ok()) << folder.status();
  EXPECT_EQ(folder->name(), "projects/trial/releases/r2026-10");
  EXPECT_THAT(folder->Tables(), testing::ElementsAre("coverage", "gp_event",
                                                     "gp_patient", "persons"));
  EXPECT_NE(folder->Column("gp_patient", "sex"), nullptr);
  EXPECT_EQ(folder->Column("gp_patient", "nothing"), nullptr);
  EXPECT_EQ(folder->Grain("gp_event"), "month");
}

TEST_F(ReleaseTest, AnyChangedByteIsAnIntegrityError) {
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    if (!entry.is_regular_file()) continue;
    const std::string path = entry.path().string();
    const auto size = static_cast<std::streamoff>(fs::file_size(path));
    for (const std::streamoff at : {std::streamoff{0}, size / 2, size - 1}) {
      Damage(path, at);
      EXPECT_EQ(ExitCodeOf(Open().status()), kExitIntegrity) << path << at;
      Damage(path, at);
    }
  }
  EXPECT_TRUE(Open().ok());
}

TEST_F(ReleaseTest, ExtraMissingAndLinkedFilesAreIntegrityErrors) {
  std::ofstream(folder_ + "/tables/gp_event/part-00001.parquet") << "x";
  const auto extra = Open();
  EXPECT_EQ(ExitCodeOf(extra.status()), kExitIntegrity);
  EXPECT_THAT(std::string(extra.status().message()),
              HasSubstr(": tables/gp_event/part-00001.parquet"));
  fs::remove(folder_ + "/tables/gp_event/part-00001.parquet");
  fs::rename(folder_ + "/README.txt", root_ + "/README.txt");
  EXPECT_EQ(ExitCodeOf(Open().status()), kExitIntegrity);
  fs::create_symlink(root_ + "/README.txt", folder_ + "/README.txt");
  EXPECT_EQ(ExitCodeOf(Open().status()), kExitIntegrity);
}

TEST_F(ReleaseTest, SignatureOfAnotherKeyIsRefused) {
  SignFixture(FixtureKey::Make(), folder_);
  const auto folder = Open();
  EXPECT_EQ(ExitCodeOf(folder.status()), kExitIntegrity);
  EXPECT_THAT(std::string(folder.status().message()), HasSubstr("release_key"));
}

TEST_F(ReleaseTest, SignatureWithoutTheLabelIsRefused) {
  const auto manifest = ReadFile(folder_ + "/manifest.json", 1 << 24);
  const auto signature = ReadFile(folder_ + "/manifest.sig", 1 << 10);
  EXPECT_TRUE(
      VerifyReleaseSignature(key_->public_base64url, *manifest, *signature)
          .ok());
  EXPECT_FALSE(VerifyReleaseSignature(key_->public_base64url,
                                      manifest->substr(1), *signature)
                   .ok());
  std::string without = *signature;
  without.pop_back();
  EXPECT_EQ(ExitCodeOf(VerifyReleaseSignature(key_->public_base64url, *manifest,
                                              without)),
            kExitIntegrity);
  EXPECT_EQ(ExitCodeOf(VerifyReleaseSignature("AAAA", *manifest, *signature)),
            kExitUsage);
}

TEST_F(ReleaseTest, NotAReleaseIsNotFound) {
  fs::remove(folder_ + "/manifest.json");
  EXPECT_EQ(ExitCodeOf(Open().status()), kExitNotFound);
  fs::remove_all(folder_);
  EXPECT_EQ(ExitCodeOf(Open().status()), kExitNotFound);
}

TEST_F(ReleaseTest, PulledTablesMayBeFewerWhenSaidSo) {
  fs::remove_all(folder_ + "/tables/gp_event");
  EXPECT_EQ(ExitCodeOf(Open().status()), kExitIntegrity);
  OpenOptions options;
  options.release_key = key_->public_base64url;
  options.allow_absent_tables = true;
  const auto folder = ReleaseFolder::Open(folder_, options);
  ASSERT_TRUE(folder.ok()) << folder.status();
  EXPECT_FALSE(folder->HasTable("gp_event"));
  options.allow_absent_tables = false;
  options.tables = {"gp_patient", "persons", "coverage"};
  EXPECT_TRUE(ReleaseFolder::Open(folder_, options).ok());
}

TEST_F(ReleaseTest, UnfinishedDownloadIsNoExtraFile) {
  std::ofstream(folder_ + "/README.txt.part") << "half";
  EXPECT_TRUE(Open().ok());
  std::ofstream(folder_ + "/other.part") << "half";
  EXPECT_EQ(ExitCodeOf(Open().status()), kExitIntegrity);
}

TEST_F(ReleaseTest, SqlReadsTheTables) {
  const auto folder = Open();
  ASSERT_TRUE(folder.ok());
  auto database = OpenDatabase(*folder);
  ASSERT_TRUE(database.ok()) << database.status();
  const auto count =
      database->connection().Scalar("SELECT count(*) FROM gp_patient");
  ASSERT_TRUE(count.ok()) << count.status();
  EXPECT_EQ(*count->As<int64_t>(), 241);
}

// Every way out that a statement might try. Each must be refused, and leave
// no file behind.
TEST_F(ReleaseTest, SqlCannotReachOutside) {
  const auto folder = Open();
  auto database = OpenDatabase(*folder);
  ASSERT_TRUE(database.ok());
  std::ofstream(root_ + "/secret.csv") << "a\n1\n";
  const std::string secret = root_ + "/secret.csv";
  for (const std::string& sql : std::vector<std::string>{
           "SELECT * FROM read_csv('" + secret + "')",
           "SELECT * FROM read_text('" + secret + "')",
           "SELECT * FROM read_blob('/etc/passwd')",
           "SELECT * FROM '" + secret + "'",
           "SELECT * FROM read_csv('" + folder_ + "/../secret.csv')",
           "SELECT * FROM glob('/*')",
           "SELECT * FROM read_parquet('http://127.0.0.1/x.parquet')",
           std::string("SELECT getenv('HOME')"),
           std::string("SELECT * FROM duckdb_secrets()"),
       }) {
    const bool checked = database->CheckReadOnly(sql).ok();
    const bool ran = checked && database->connection().Execute(sql).ok();
    EXPECT_FALSE(ran) << sql;
  }
}

TEST_F(ReleaseTest, SqlOnlyReads) {
  const auto folder = Open();
  auto database = OpenDatabase(*folder);
  ASSERT_TRUE(database.ok());
  for (const std::string& sql : std::vector<std::string>{
           "COPY gp_patient TO '" + folder_ + "/out.csv'",
           "COPY (SELECT 1) TO '" + folder_ + "/out.parquet'",
           std::string("CREATE TABLE t AS SELECT 1"),
           std::string("DROP VIEW gp_patient"),
           std::string("SET threads = 1"),
           std::string("PRAGMA database_list"),
           std::string("ATTACH ':memory:' AS other"),
           std::string("INSTALL httpfs"),
           std::string("LOAD httpfs"),
           std::string("CREATE SECRET s (TYPE s3)"),
           std::string("EXPORT DATABASE 'x'"),
           std::string("SELECT 1; SELECT 2"),
           std::string("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a"),
           std::string("SELECT 1) AS a; COPY (SELECT 1"),
           std::string("-- only a comment"),
           std::string(""),
       }) {
    EXPECT_FALSE(database->CheckReadOnly(sql).ok()) << sql;
  }
  for (const char* sql :
       {"SELECT 1", "select 1;", "WITH a AS (SELECT 1) SELECT * FROM a",
        "FROM gp_patient", "DESCRIBE gp_patient", "SUMMARIZE gp_patient",
        "SELECT count(*) FROM persons -- how many", "VALUES (1), (2)"}) {
    EXPECT_TRUE(database->CheckReadOnly(sql).ok())
        << sql << database->CheckReadOnly(sql);
  }
  EXPECT_FALSE(FileExists(folder_ + "/out.csv"));
  EXPECT_FALSE(FileExists(folder_ + "/out.parquet"));
}

TEST(CsvField, MakesFormulasHarmless) {
  EXPECT_EQ(CsvField("plain", false), "plain");
  EXPECT_EQ(CsvField("=1+1", false), "'=1+1");
  EXPECT_EQ(CsvField("+1", false), "'+1");
  EXPECT_EQ(CsvField("-1", false), "'-1");
  EXPECT_EQ(CsvField("@x", false), "'@x");
  EXPECT_EQ(CsvField("\tx", false), "'\tx");
  EXPECT_EQ(CsvField("-1.5", true), "-1.5");
  EXPECT_EQ(CsvField("a,b", false), "\"a,b\"");
  EXPECT_EQ(CsvField("=a\"b", false), "\"'=a\"\"b\"");
  EXPECT_EQ(CsvField("", false), "");
}

// A process that was killed could not remove its folder.
TEST_F(ReleaseTest, SpillFilesOfProcessesThatAreGoneAreRemoved) {
  const auto folder = Open();
  const std::string work = root_ + "/work";
  const auto make = [&](const std::string& name, bool owner) {
    fs::create_directories(work + "/" + name);
    std::ofstream(work + "/" + name + "/duckdb_temp_storage-0.tmp") << "rows";
    if (owner) std::ofstream(work + "/" + name + "/owner.lock") << "";
    return work + "/" + name;
  };
  const std::string killed = make("spill-killed", true);
  const std::string living = make("spill-living", true);
  const std::string recent = make("spill-recent", false);
  const std::string old = make("spill-old", false);
  const std::string other = make("other", true);
  fs::last_write_time(
      old, fs::file_time_type::clock::now() - std::chrono::hours(24 * 8));
  const auto held = FileLock::Acquire(living + "/owner.lock");
  ASSERT_TRUE(held.ok()) << held.status();
  {
    const auto first = OpenDatabase(*folder);
    ASSERT_TRUE(first.ok()) << first.status();
    const auto second = OpenDatabase(*folder);  // leaves the first one alone
    ASSERT_TRUE(second.ok()) << second.status();
    EXPECT_EQ(
        std::distance(fs::directory_iterator(work), fs::directory_iterator()),
        6);  // living, recent, other, theirs, and the lock
  }
  EXPECT_FALSE(fs::exists(killed));
  EXPECT_FALSE(fs::exists(old));
  for (const std::string& kept : {living, recent, other}) {
    EXPECT_TRUE(fs::exists(kept + "/duckdb_temp_storage-0.tmp")) << kept;
  }
  EXPECT_EQ(
      std::distance(fs::directory_iterator(work), fs::directory_iterator()), 4);
}

TEST_F(ReleaseTest, CsvHoldsEveryRowOnceAndVerifies) {
  const auto folder = Open();
  auto database = OpenDatabase(*folder);
  ASSERT_TRUE(database.ok());
  const auto written = WriteReleaseCsv(*database, *folder, CsvChoice::kAuto);
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_EQ(*written, 4);
  const auto text = ReadFile(folder_ + "/csv/gp_patient.csv", 1 << 24);
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(std::count(text->begin(), text->end(), '\n'), 242);
  EXPECT_THAT(*text, HasSubstr("'=cmd()"));
  EXPECT_THAT(*text, HasSubstr("\"with \"\"quote\"\", comma\""));
  EXPECT_TRUE(text->starts_with("person,unlinked_reason,source,"));
  EXPECT_TRUE(Open().ok());
  EXPECT_TRUE(VerifyReleaseCsv(*database, *folder).ok());
  Damage(folder_ + "/csv/gp_patient.csv", 100);
  EXPECT_EQ(ExitCodeOf(VerifyReleaseCsv(*database, *folder)), kExitIntegrity);
}

TEST_F(ReleaseTest, CsvOfAnUnknownTableIsAnExtraFile) {
  fs::create_directories(folder_ + "/csv");
  std::ofstream(folder_ + "/csv/other.csv") << "x";
  EXPECT_EQ(ExitCodeOf(Open().status()), kExitIntegrity);
}

}  // namespace
}  // namespace tally::analytics
