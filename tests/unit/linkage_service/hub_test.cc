#include "linkage/service/hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <set>
#include <string>
#include <thread>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "hub_fixture.h"
#include "linkage/audit/audit_log.h"
#include "linkage/service/memory_shares.h"
#include "sqlite_statement.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally::linkage {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> ActionsOf(Hub& hub) {
  std::vector<std::string> actions;
  EXPECT_THAT(hub.WithAuditLog([&](const AuditLog& log) -> absl::Status {
    absl::StatusOr<AuditPage> page = log.ListEvents({}, 0, 1000);
    if (!page.ok()) return page.status();
    for (const AuditLeaf& leaf : page->leaves) {
      actions.emplace_back(AuditActionName(leaf.entry.action));
    }
    return absl::OkStatus();
  }),
              IsOk());
  return actions;
}

TEST(Hub, StartsSealedAndServesNothing) {
  HubFixture fixture;
  EXPECT_TRUE(fixture.hub().sealed());
  EXPECT_FALSE(fixture.hub().IsServing());
  EXPECT_THAT(fixture.hub().DrainAudit(), ReasonIs(Reason::kAuditUnavailable));
}

TEST(Hub, ServesOnceUnsealed) {
  HubFixture fixture;
  fixture.Unseal();
  EXPECT_FALSE(fixture.hub().sealed());
  EXPECT_TRUE(fixture.hub().IsServing());
  EXPECT_THAT(ActionsOf(fixture.hub()),
              testing::ElementsAre("hub.start", "hub.unseal"));
}

TEST(Hub, RefusesAWrongPassphraseAndStaysSealed) {
  HubFixture fixture;
  const auto wrong = crypto::RingSecret::Passphrase("wrong");
  ASSERT_THAT(wrong, IsOk());
  EXPECT_THAT(fixture.hub().Unseal(*wrong, "someone", "", nullptr),
              ExitCodeIs(kExitKey));
  EXPECT_TRUE(fixture.hub().sealed());
}

TEST(Hub, WritesItsLifeIntoTheAuditLog) {
  HubFixture fixture;
  fixture.Unseal();
  AuditPlace place;
  ASSERT_THAT(fixture.hub().Seal("someone", "", &place), IsOk());
  EXPECT_TRUE(fixture.hub().sealed());
  EXPECT_EQ(place.seq, 2u);
  fixture.Unseal();
  EXPECT_THAT(ActionsOf(fixture.hub()),
              testing::ElementsAre("hub.start", "hub.unseal", "hub.seal",
                                   "hub.unseal"));
}

TEST(Hub, KeepsItsLogOverARestart) {
  HubFixture fixture;
  fixture.Unseal();
  fixture.Close();
  fixture.Open();
  fixture.Unseal();
  EXPECT_THAT(ActionsOf(fixture.hub()),
              testing::ElementsAre("hub.start", "hub.unseal", "hub.stop",
                                   "hub.start", "hub.unseal"));
}

TEST(Hub, AllowsOneProcessPerDirectory) {
  HubFixture fixture;
  EXPECT_FALSE(Hub::Open(fixture.config()).ok());
}

TEST(Hub, RefusesAnOlderRegistryAfterARestart) {
  HubFixture fixture;
  fixture.Close();
  EXPECT_THAT(Slurp(fixture.Path("data/registry.accepted")),
              HasSubstr(fixture.scheme().registry().sha256()));
  fixture.Open();  // the same again
  fixture.Close();
  // As a hub that has seen a newer one.
  WriteFile(fixture.Path("data/registry.accepted"),
            R"({"sha256":"00","version":1000000})");
  EXPECT_THAT(Hub::Open(fixture.config()), ExitCodeIs(kExitKey));
  // One of the same version with other content.
  WriteFile(fixture.Path("data/registry.accepted"),
            absl::StrFormat(R"({"sha256":"00","version":%d})",
                            fixture.scheme().registry().version()));
  EXPECT_THAT(Hub::Open(fixture.config()), ExitCodeIs(kExitKey));
  WriteFile(fixture.Path("data/registry.accepted"), "?");
  EXPECT_THAT(Hub::Open(fixture.config()), ExitCodeIs(kExitKey));
}

TEST(Hub, CountsRefusalsAsOneEntryAMinute) {
  HubFixture fixture;
  fixture.Unseal();
  for (int i = 0; i < 50; ++i) {
    fixture.hub().CountDenied("spiffe://example.test/source/x", "method",
                              "ROLE_NOT_ALLOWED");
  }
  fixture.Close();  // writes what is counted
  fixture.Open();
  fixture.Unseal();
  const std::vector<std::string> actions = ActionsOf(fixture.hub());
  EXPECT_EQ(std::count(actions.begin(), actions.end(), "denied"), 1);
}

TEST(Hub, TakesUpAPublishThatAStopInterrupted) {
  HubFixture fixture;
  fixture.Unseal();
  fixture.AdmitSource();
  const TestDelivery delivery = MakeDelivery(fixture.scheme());
  CallContext call;
  call.actor = "someone";
  call.corr = NewCorrelationId();
  ASSERT_THAT(fixture.hub().extracts().CreateExtract(delivery.create, call),
              IsOk());
  const auto ticket = fixture.hub().extracts().BeginStream(
      delivery.create.source, delivery.create.extract_id, 1);
  ASSERT_THAT(ticket, IsOk());
  for (size_t i = 0; i < delivery.batches.size(); ++i) {
    ASSERT_THAT(fixture.hub().extracts().AddBatch(
                    *ticket, i + 1, delivery.batches[i].kind,
                    AsBytes(delivery.batches[i].content)),
                IsOk());
  }
  ASSERT_THAT(fixture.hub().extracts().Sync(*ticket), IsOk());
  call.corr = NewCorrelationId();
  ASSERT_THAT(
      fixture.hub().extracts().FinalizeExtract(
          delivery.create.source, delivery.create.extract_id,
          delivery.ManifestBytes(),
          AsBytes(SignManifest(fixture.scheme(), delivery.ManifestBytes())),
          call),
      IsOk());
  // Stopped before anybody published it.
  fixture.Close();
  fixture.Open();
  fixture.Unseal();
  for (int i = 0; i < 3000; ++i) {
    const auto extract = fixture.hub().catalogue().GetExtract(
        delivery.create.source, delivery.create.extract_id);
    ASSERT_THAT(extract, IsOk());
    if (extract->state == ExtractState::kPublished) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  FAIL() << "it was not published in 30 s";
}

void Sql(HubFixture& fixture, const std::string& statement) {
  RunOnSqlite(fixture.hub().directory().CataloguePath(), statement);
}

// The share that the hub's status tells once it is above `than`.
double AwaitShareAbove(HubFixture& fixture, double than) {
  HubCalls calls(fixture.hub(), {});
  for (int i = 0; i < 3000; ++i) {
    hub::v1::GetStatusResponse status;
    EXPECT_THAT(calls.GetStatus(OperatorCaller("j"), {}, &status), IsOk());
    const double share = status.sources(0).person_limit_share();
    if (share > than) return share;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ADD_FAILURE() << "the people were not counted in 30 s";
  return 0;
}

// Monitoring asks every few seconds: it must not wait for a merge of all runs.
TEST(Hub, CountsPeopleBehindItsStatus) {
  HubFixture fixture;
  fixture.Unseal();
  fixture.AdmitSource();
  const ExtractRecord first = fixture.Deliver();
  const double share = AwaitShareAbove(fixture, 0);
  // Status reads no run.
  const std::string run = fixture.hub().directory().RunPath(first.uid);
  std::filesystem::rename(run, run + ".away");
  EXPECT_EQ(AwaitShareAbove(fixture, 0), share);
  std::filesystem::rename(run + ".away", run);
  fixture.Deliver({.extract_id = "p2026-11-r1",
                   .period_start = "2026-11-01",
                   .period_end = "2026-11-30",
                   .first_number = 9'000'000'020});
  const double more = AwaitShareAbove(fixture, share);
  // After a start people are counted again, without a publication.
  fixture.Close();
  fixture.Open();
  fixture.Unseal();
  EXPECT_EQ(AwaitShareAbove(fixture, 0), more);
}

// A build that is cancelled before it knows of the stop is recorded as failed.
TEST(Hub, TellsItsQueuesOfAStopBeforeItCancelsTheirWork) {
  HubFixture fixture;
  std::promise<void> started;
  std::promise<bool> knew;
  fixture.hub().release_queue().Add("a build", [&] {
    started.set_value();
    while (!fixture.hub().pool().cancelled()) {
    }
    knew.set_value(fixture.hub().release_queue().stopping());
  });
  started.get_future().wait();
  fixture.hub().Stop();
  EXPECT_TRUE(knew.get_future().get());
}

// Who unseals must not be told that it failed, and try again.
TEST(Hub, IsUnsealedThoughItsSourcesCannotBeListed) {
  HubFixture fixture;
  Sql(fixture, "ALTER TABLE sources RENAME TO sources_away");
  fixture.Unseal();
  EXPECT_FALSE(fixture.hub().sealed());
  Sql(fixture, "ALTER TABLE sources_away RENAME TO sources");
}

TEST(Hub, SharesOfTheMemoryFitIntoItsLimit) {
  double sum = 0;
  for (const double share : kMemoryShares) sum += share;
  EXPECT_LE(sum, 1.0);
  for (const int64_t limit : {int64_t{512} << 20, int64_t{2'000'000'001}}) {
    size_t bytes = 0;
    for (const double share : kMemoryShares)
      bytes += BytesOfShare(limit, share);
    EXPECT_LE(bytes, static_cast<size_t>(limit));
  }
}

// What awaits approval may be opened any day, so a build must look at it too.
TEST(ReleaseManager, ABuildLooksAtAReleaseOfAnotherThatAwaitsApproval) {
  HubFixture fixture;
  fixture.Unseal();
  fixture.AdmitSource();
  fixture.Deliver();
  fixture.ApproveAgreement("p1");
  ReleaseAdminCalls calls(fixture.hub(), fixture.releases());
  hub::v1::CreateReleaseRequest create;
  create.set_parent("projects/p1");
  create.set_release_id("r2026-10");
  create.set_agreement("projects/p1/agreements/v1");
  create.set_request_id(FreshRequestId());
  hub::v1::CreateReleaseResponse created;
  ASSERT_THAT(calls.CreateRelease(OperatorCaller("j-price"), create, &created),
              IsOk());
  ASSERT_EQ(fixture.WaitForRelease(created.release().name()).state(),
            hub::v1::RELEASE_STATE_AWAITING_APPROVAL);
  fixture.MakeActiveRelease("p2", "r2026-11");
  const auto second = fixture.hub().catalogue().GetRelease("p2", "r2026-11");
  ASSERT_THAT(second, IsOk());
  const std::string folder =
      fixture.hub().directory().ReleaseDirectory(second->uid);
  bool named = false;
  for (const auto& file :
       std::filesystem::recursive_directory_iterator(folder)) {
    if (file.path().extension() != ".json") continue;
    named = named ||
            Slurp(file.path().string()).find("r2026-10") != std::string::npos;
  }
  EXPECT_TRUE(named);
}

// Whether the build or the answer to the call is faster must not matter.
TEST(ReleaseManager, TheAuditSummaryHoldsTheEntryThatAskedForTheRelease) {
  HubFixture fixture;
  fixture.Unseal();
  fixture.AdmitSource();
  fixture.Deliver();
  fixture.MakeActiveRelease("p1", "r2026-10");
  const auto release = fixture.hub().catalogue().GetRelease("p1", "r2026-10");
  ASSERT_THAT(release, IsOk());
  const std::string summary =
      Slurp(fixture.hub().directory().ReleaseDirectory(release->uid) +
            "/audit_summary.csv");
  EXPECT_NE(summary.find(",release.create,1\n"), std::string::npos);
}

}  // namespace
}  // namespace tally::linkage
