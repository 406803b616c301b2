#include "upload_session.h"

#include <gtest/gtest.h>

#include <string>

#include "hub_fixture.h"
#include "status_matchers.h"

namespace tally::linkage {
namespace {

class Upload : public ::testing::Test {
 protected:
  Upload() : authoriser_(fixture_.peers()) {
    fixture_.Unseal();
    fixture_.AdmitSource();
    CallContext call;
    call.actor = "someone";
    call.corr = NewCorrelationId();
    EXPECT_THAT(fixture_.hub().extracts().CreateExtract(delivery_.create, call),
                IsOk());
  }

  static extract::v1::UploadBatchesRequest Start(const std::string& name,
                                                 int64_t next) {
    extract::v1::UploadBatchesRequest message;
    message.mutable_start()->set_extract(name);
    message.mutable_start()->set_next_sequence(next);
    return message;
  }
  extract::v1::UploadBatchesRequest Batch(size_t sequence) const {
    extract::v1::UploadBatchesRequest message;
    auto* batch = message.mutable_batch();
    batch->set_sequence(static_cast<int64_t>(sequence));
    batch->set_kind(static_cast<extract::v1::BatchKind>(
        delivery_.batches[sequence - 1].kind));
    batch->set_content(delivery_.batches[sequence - 1].content);
    return message;
  }
  UploadSession Session(const std::string& source = "gp-supplier-a") {
    return UploadSession(fixture_.hub(), authoriser_, SourceCaller(source));
  }

  const std::string name_ = "sources/gp-supplier-a/extracts/p2026-10-r1";
  HubFixture fixture_;
  transport::Authoriser authoriser_;
  TestDelivery delivery_ =
      MakeDelivery(fixture_.scheme(), {.rows_per_batch = 8});
};

TEST_F(Upload, AcknowledgesEverySixteenBatches) {
  UploadSession session = Session();
  ASSERT_THAT(session.Take(Start(name_, 1), 0), IsOk());
  ASSERT_GT(delivery_.batches.size(), 20u);
  int64_t acked = 0;
  for (size_t i = 1; i <= 20; ++i) {
    const auto ack = session.Take(Batch(i), 0);
    ASSERT_THAT(ack, IsOk());
    if (ack->has_value()) acked = **ack;
    EXPECT_LT(static_cast<int64_t>(i) - acked, 16);
  }
  EXPECT_EQ(acked, 16);
  const auto rest = session.Flush();
  ASSERT_THAT(rest, IsOk());
  EXPECT_EQ(**rest, 20);
}

TEST_F(Upload, IsDueAfterTwoSecondsWithWaitingBatches) {
  UploadSession session = Session();
  ASSERT_THAT(session.Take(Start(name_, 1), 1000), IsOk());
  EXPECT_FALSE(session.IsAckDue(100'000));
  ASSERT_THAT(session.Take(Batch(1), 1000), IsOk());
  EXPECT_FALSE(session.IsAckDue(2999));
  EXPECT_TRUE(session.IsAckDue(3000));
  ASSERT_THAT(session.Flush(), IsOk());
  EXPECT_FALSE(session.IsAckDue(100'000));
}

TEST_F(Upload, BeginsWithStartAndOnlyOnce) {
  UploadSession session = Session();
  EXPECT_THAT(session.Take(Batch(1), 0), ReasonIs(Reason::kFieldInvalid));
  ASSERT_THAT(session.Take(Start(name_, 1), 0), IsOk());
  EXPECT_THAT(session.Take(Start(name_, 1), 0),
              ReasonIs(Reason::kFieldInvalid));
}

TEST_F(Upload, RefusesAnotherSourcesExtract) {
  UploadSession session = Session("national-apc");
  EXPECT_THAT(session.Take(Start(name_, 1), 0),
              ReasonIs(Reason::kNotYourResource));
}

TEST_F(Upload, EndsWhenASecondStreamTakesOver) {
  UploadSession first = Session();
  ASSERT_THAT(first.Take(Start(name_, 1), 0), IsOk());
  ASSERT_THAT(first.Take(Batch(1), 0), IsOk());
  UploadSession second = Session();
  ASSERT_THAT(second.Take(Start(name_, 2), 0), IsOk());
  EXPECT_THAT(first.Take(Batch(2), 0), ReasonIs(Reason::kUploadSuperseded));
  ASSERT_THAT(second.Take(Batch(2), 0), IsOk());
}

TEST_F(Upload, RefusesUnknownKindsAndSequences) {
  UploadSession session = Session();
  ASSERT_THAT(session.Take(Start(name_, 1), 0), IsOk());
  extract::v1::UploadBatchesRequest message = Batch(1);
  message.mutable_batch()->set_kind(extract::v1::BATCH_KIND_UNSPECIFIED);
  EXPECT_THAT(session.Take(message, 0), ReasonIs(Reason::kFieldInvalid));
  message = Batch(1);
  message.mutable_batch()->set_sequence(0);
  EXPECT_THAT(session.Take(message, 0), ReasonIs(Reason::kBatchSequence));
  message.mutable_batch()->set_sequence(7);
  EXPECT_THAT(session.Take(message, 0), ReasonIs(Reason::kBatchSequence));
}

}  // namespace
}  // namespace tally::linkage
