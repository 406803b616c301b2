#include "linkage/release/release_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/sha256.h"
#include "dataset/dictionary.h"
#include "dataset/release_manifest.h"
#include "engine/sql_lint.h"
#include "release_builder_fixture.h"
#include "release_world.h"
#include "status_matchers.h"

namespace tally::linkage {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::SizeIs;

TEST_F(ReleaseBuilder, PreviewsTheSameReportAndLeavesNothing) {
  PublishBasics();
  const Agreement agreement = BasicTerms();
  const absl::StatusOr<ReleasePlan> plan = world_.Plan(agreement);
  ASSERT_THAT(plan, IsOk());
  const absl::StatusOr<LinkageReport> preview =
      PreviewLinkage(world_.LinkInputsFor(agreement, *plan));
  ASSERT_THAT(preview, IsOk());
  const BuiltRelease built = world_.MustBuild(agreement, kRelease);
  ASSERT_EQ(preview->datasets.size(), built.report.datasets.size());
  for (size_t i = 0; i < preview->datasets.size(); ++i) {
    EXPECT_EQ(preview->datasets[i].outcomes, built.report.datasets[i].outcomes);
    EXPECT_EQ(preview->datasets[i].counts.persons_linked,
              built.report.datasets[i].counts.persons_linked);
  }
  EXPECT_EQ(preview->levels.size(), built.report.levels.size());
  EXPECT_FALSE(std::filesystem::exists(world_.work_directory()));
}

TEST_F(ReleaseBuilder, SignsAManifestThatListsEveryFile) {
  PublishBasics();
  const BuiltRelease built = world_.MustBuild(BasicTerms(), kRelease);
  const std::string folder = world_.ReleaseDirectory(kRelease);
  const std::string json = Slurp(folder + "/manifest.json");
  EXPECT_EQ(Sha256Hex(json), built.manifest_sha256);
  const auto signature =
      crypto::DecodeSignatureFile(Slurp(folder + "/manifest.sig"));
  ASSERT_THAT(signature, IsOk());
  EXPECT_THAT(crypto::Verify(crypto::SignLabel::kRelease, json, *signature,
                             world_.sign_key().public_key()),
              IsOk());
  const auto manifest = dataset::ReleaseManifest::Parse(json);
  ASSERT_THAT(manifest, IsOk());
  std::set<std::string> listed = {"manifest.json", "manifest.sig"};
  for (const dataset::ReleaseFile& file : manifest->files) {
    listed.insert(file.path);
    EXPECT_EQ(Sha256Hex(Slurp(folder + "/" + file.path)), file.sha256);
  }
  std::set<std::string> present;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      present.insert(std::filesystem::relative(entry.path(), folder));
    }
  }
  EXPECT_EQ(present, listed);
  EXPECT_THAT(present, Contains("README.txt"));
  EXPECT_THAT(present, Contains("linkage_quality.csv"));
  EXPECT_THAT(present, Contains("validation/national-apc-p2026-11-r1.json"));
  EXPECT_EQ(manifest->row_counts.at("sus_apc"), 5u);
}

TEST_F(ReleaseBuilder, SaysWhatEachExtractHoldsOfTheDatasetsUsed) {
  PublishBasics();
  // An older snapshot, and a dataset that is taken from another source.
  world_.Publish("gp-supplier-a", "2026-10", 1,
                 {{"gp-patient", {Patient(1)}},
                  {"gp-event", {Event(1, "2026-10-12")}},
                  {"sus-apc", {Spell(1, 600, "2026-10-05")}}});
  world_.Publish("gp-supplier-b", "2026-10", 1,
                 {{"gp-event", {Event(7, "2026-10-04")}}});
  world_.MustBuild(BasicTerms(), kRelease);
  const auto manifest = dataset::ReleaseManifest::Parse(
      Slurp(world_.ReleaseDirectory(kRelease) + "/manifest.json"));
  ASSERT_THAT(manifest, IsOk());
  EXPECT_EQ(manifest->format, dataset::kReleaseFormat);
  std::map<std::string, std::vector<std::string>> held;
  for (const dataset::ReleaseExtract& extract : manifest->extracts) {
    held[extract.extract.ToText()] = extract.datasets;
  }
  const std::vector<std::string> both = {"gp-event", "gp-patient"};
  EXPECT_EQ(held,
            (std::map<std::string, std::vector<std::string>>{
                {"sources/gp-supplier-a/extracts/p2026-10-r1", both},
                {"sources/gp-supplier-a/extracts/p2026-11-r1", both},
                {"sources/gp-supplier-b/extracts/p2026-10-r1", {"gp-event"}},
                {"sources/gp-supplier-b/extracts/p2026-11-r1", both},
                {"sources/national-apc/extracts/p2026-11-r1", {"sus-apc"}}}));
}

TEST_F(ReleaseBuilder, DescribesEveryColumnOfEveryTable) {
  PublishBasics();
  world_.MustBuild(BasicTerms(), kRelease);
  const auto dictionary = dataset::Dictionary::Parse(
      Slurp(world_.ReleaseDirectory(kRelease) + "/dictionary.json"));
  ASSERT_THAT(dictionary, IsOk());
  const dataset::DictionaryTable* apc = dictionary->Find("sus_apc");
  ASSERT_NE(apc, nullptr);
  std::vector<std::string> names;
  for (const auto& column : apc->columns) names.push_back(column.name);
  EXPECT_THAT(names,
              ElementsAre("person", "unlinked_reason", "source", "spell_id",
                          "admission_date", "diag_01", "tariff_pence"));
  EXPECT_EQ(apc->rows, 5u);
  EXPECT_DOUBLE_EQ(*apc->columns[0].filled, 0.8);
  EXPECT_EQ(apc->columns[4].grain, "month");
}

TEST_F(ReleaseBuilder, LeavesNothingBehindWhenItIsCancelled) {
  PublishBasics();
  const Agreement agreement = BasicTerms();
  const absl::StatusOr<ReleasePlan> plan = world_.Plan(agreement);
  ASSERT_THAT(plan, IsOk());
  // Stopped as each stage begins, until one gets through.
  for (int stages = 1; stages < 20; ++stages) {
    BuildInputs inputs = world_.BuildInputsFor(agreement, *plan, "r2026-11-9");
    std::atomic<int> seen{0};
    std::atomic<bool> stop{false};
    inputs.link.progress = [&](const OperationProgress&) {
      if (++seen == stages) stop = true;
    };
    inputs.link.cancelled = [&] { return stop.load(); };
    const absl::StatusOr<BuiltRelease> built = BuildRelease(inputs);
    if (built.ok()) {
      EXPECT_GE(stages, 6);
      break;
    }
    EXPECT_THAT(built, StatusIs(absl::StatusCode::kCancelled));
    EXPECT_FALSE(std::filesystem::exists(inputs.directory));
    EXPECT_FALSE(std::filesystem::exists(BuildingDirectory(inputs.directory)));
    EXPECT_FALSE(std::filesystem::exists(world_.work_directory()));
  }
}

TEST_F(ReleaseBuilder, RefusesToReplaceARelease) {
  PublishBasics();
  const Agreement agreement = BasicTerms();
  world_.MustBuild(agreement, kRelease);
  const absl::StatusOr<ReleasePlan> plan = world_.Plan(agreement);
  ASSERT_THAT(plan, IsOk());
  EXPECT_THAT(BuildRelease(world_.BuildInputsFor(agreement, *plan, kRelease)),
              StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(ReleaseBuilder, MeasuresWhatContentAloneWouldJoin) {
  PublishBasics();
  Agreement agreement = BasicTerms();
  world_.MustBuild(agreement, kRelease);
  Agreement other = agreement;
  other.project = "other-2026";
  const absl::StatusOr<ReleasePlan> plan = world_.Plan(other);
  ASSERT_THAT(plan, IsOk());
  BuildInputs inputs = world_.BuildInputsFor(other, *plan, "r2026-12");
  inputs.link.agreement = &other;
  inputs.live_releases = {{agreement.project,
                           "projects/frailty-2026/releases/r2026-11",
                           world_.ReleaseDirectory(kRelease), agreement}};
  const absl::StatusOr<BuiltRelease> built = BuildRelease(inputs);
  ASSERT_THAT(built, IsOk());
  ASSERT_THAT(built->report.join_attack, SizeIs(2));
  // value1 tells everybody apart in gp-event, so does the tariff in sus-apc.
  for (const JoinAttackLine& line : built->report.join_attack) {
    EXPECT_EQ(line.persons, 3) << line.table;
    EXPECT_EQ(line.relinked, 3) << line.table;
    EXPECT_THAT(line.columns, Not(Contains("spell_id")));
  }
  other.max_relinked_share = 0.5;
  inputs.directory = world_.ReleaseDirectory("r2027-01");
  EXPECT_THAT(BuildRelease(inputs), ReasonIs(Reason::kDisclosureRefused));
  EXPECT_FALSE(std::filesystem::exists(inputs.directory));
}

TEST_F(ReleaseBuilder, SpeaksTheDialectOfBothEngines) {
  PublishBasics();
  Agreement agreement = BasicTerms();
  agreement.min_k = 3;
  agreement.datasets[0].columns.push_back("practice_code");
  agreement.datasets[0].filters = {
      {"cluster_id", FilterOp::kPrefix, {std::string("DM")}},
      {"value1", FilterOp::kNotIn, {7.0}}};
  world_.MustBuild(agreement, kRelease);
  EXPECT_GT(world_.statements().size(), 20u);
  for (const std::string& sql : world_.statements()) {
    const std::vector<engine::SqlFinding> findings = engine::LintSql(sql);
    EXPECT_TRUE(findings.empty()) << engine::FormatFindings(sql, findings);
  }
}

TEST_F(ReleaseBuilder, NamesWhatNobodyHasPublished) {
  world_.Publish("gp-supplier-a", "2026-11", 1,
                 {{"gp-event", {Event(1, "2026-11-12")}}});
  EXPECT_THAT(world_.Plan(BasicTerms()), ReasonIs(Reason::kReleaseState));
}

}  // namespace
}  // namespace tally::linkage
