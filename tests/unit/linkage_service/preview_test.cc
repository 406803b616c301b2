// Previews over a whole hub: what they cost others, and who may see them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>

#include "hub_fixture.h"
#include "linkage/audit/audit_log.h"
#include "status_matchers.h"

namespace tally::linkage {
namespace {

class Preview : public ::testing::Test {
 protected:
  Preview() {
    fixture_.Unseal();
    fixture_.AdmitSource();
    fixture_.Deliver();
    fixture_.ApproveAgreement("p1");
    request_.set_agreement("projects/p1/agreements/v1");
    request_.set_request_id(FreshRequestId());
  }

  // The queue of releases is busy until `done` has its value.
  void Occupy(std::promise<void>& done) {
    fixture_.hub().release_queue().Add(
        "a release", [ended = done.get_future().share()] { ended.wait(); });
  }
  absl::Status Ask(hub::v1::PreviewLinkageResponse* answer,
                   const std::string& person = "j-price") {
    ReleaseAdminCalls calls(fixture_.hub(), fixture_.releases());
    return calls.PreviewLinkage(OperatorCaller(person), request_, answer);
  }
  // Actors and extracts of the entries about previews.
  std::vector<std::pair<std::string, int64_t>> Entries() {
    std::vector<std::pair<std::string, int64_t>> entries;
    EXPECT_THAT(
        fixture_.hub().WithAuditLog([&](const AuditLog& log) -> absl::Status {
          const auto page = log.ListEvents({}, 0, 1000);
          if (!page.ok()) return page.status();
          for (const AuditLeaf& leaf : page->leaves) {
            if (leaf.entry.action != AuditAction::kLinkagePreview) {
              continue;
            }
            entries.emplace_back(leaf.entry.actor,
                                 leaf.entry.counts.at("extracts"));
          }
          return absl::OkStatus();
        }),
        IsOk());
    return entries;
  }

  HubFixture fixture_;
  hub::v1::PreviewLinkageRequest request_;
};

TEST_F(Preview, AnswersAtOnceWhileAReleaseIsBuilt) {
  std::promise<void> built;
  Occupy(built);
  hub::v1::PreviewLinkageResponse answer;
  for (int i = 0; i < 3; ++i) {
    ASSERT_THAT(Ask(&answer), IsOk());
    EXPECT_EQ(answer.state(), hub::v1::PREVIEW_STATE_WAITING);
    EXPECT_EQ(answer.rows_size(), 0);
  }
  EXPECT_TRUE(Entries().empty());
  built.set_value();
  answer = fixture_.WaitForPreview(request_);
  EXPECT_EQ(answer.state(), hub::v1::PREVIEW_STATE_DONE);
  EXPECT_GT(answer.rows_size(), 2);
}

TEST_F(Preview, HasOneEntryHoweverOftenItIsAskedAbout) {
  fixture_.WaitForPreview(request_);
  fixture_.WaitForPreview(request_);
  EXPECT_THAT(Entries(), testing::ElementsAre(std::pair<std::string, int64_t>(
                             OperatorCaller("j-price").uri, 1)));
}

TEST_F(Preview, OfAnotherOperatorIsOneOfHisOwn) {
  EXPECT_EQ(fixture_.WaitForPreview(request_).state(),
            hub::v1::PREVIEW_STATE_DONE);
  std::promise<void> go;
  Occupy(go);
  hub::v1::PreviewLinkageResponse answer;
  ASSERT_THAT(Ask(&answer, "m-evans"), IsOk());
  EXPECT_EQ(answer.state(), hub::v1::PREVIEW_STATE_WAITING);
  EXPECT_EQ(answer.rows_size(), 0);
  go.set_value();
}

TEST_F(Preview, WithoutARequestIdIsRefused) {
  hub::v1::PreviewLinkageResponse answer;
  request_.set_request_id("");
  EXPECT_THAT(Ask(&answer), ReasonIs(Reason::kFieldInvalid));
}

TEST_F(Preview, OfAnAgreementThatIsNotThereIsRefusedAtOnce) {
  hub::v1::PreviewLinkageResponse answer;
  request_.set_agreement("projects/p1/agreements/v9");
  EXPECT_THAT(Ask(&answer), ReasonIs(Reason::kResourceNotFound));
}

TEST_F(Preview, EndsWhenTheHubIsSealed) {
  std::promise<void> go;
  Occupy(go);
  hub::v1::PreviewLinkageResponse answer;
  ASSERT_THAT(Ask(&answer), IsOk());
  AuditPlace place;
  ASSERT_THAT(fixture_.hub().Seal("someone", "", &place), IsOk());
  go.set_value();
  answer = fixture_.WaitForPreview(request_);
  EXPECT_EQ(answer.state(), hub::v1::PREVIEW_STATE_FAILED);
  EXPECT_EQ(answer.error().reason(), common::v1::ERROR_REASON_HUB_SEALED);
  EXPECT_EQ(answer.rows_size(), 0);
}

}  // namespace
}  // namespace tally::linkage
