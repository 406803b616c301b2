#include "transport/status_mapping.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "base/exit_code.h"
#include "base/log.h"
#include "status_matchers.h"
#include "tally/common/v1/error.pb.h"
#include "temp_dir.h"
#include "transport_fixture.h"

namespace tally::transport {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What a status looks like after the way to the client.
class StatusMapping : public ::testing::Test {
 protected:
  Answer Send(const absl::Status& status) {
    hub().service().answer = status;
    const Answer answer =
        CallGet(channel(), "sources/gp-supplier-a/extracts/p2026-11-r1");
    return answer;
  }
  static TestHub& hub() {
    static TestHub* const hub = new TestHub();
    return *hub;
  }
  static const std::shared_ptr<grpc::Channel>& channel() {
    static const auto* const channel = new std::shared_ptr<grpc::Channel>(
        RawChannel(hub().address(), "source-gp-supplier-a"));
    return *channel;
  }
};

TEST_F(StatusMapping, EveryReasonArrivesWithItsCodeAndDetail) {
  for (const Reason reason : AllReasons()) {
    if (reason == Reason::kInternal) continue;
    ErrorDetail detail;
    detail.resource = "sources/gp-supplier-a";
    detail.field = "columns[3].dates";
    detail.row = 17;
    detail.column = "event_date";
    detail.limit = 1'048'576;
    detail.count = 3;
    detail.corr = std::string(32, 'c');
    const Answer answer = Send(Error(reason, "words of ours", detail));
    EXPECT_EQ(answer.mapped.code(), ReasonCode(reason)) << ReasonName(reason);
    EXPECT_EQ(answer.mapped.message(), "words of ours");
    ASSERT_TRUE(DetailOf(answer.mapped).has_value()) << ReasonName(reason);
    detail.reason = reason;
    EXPECT_EQ(*DetailOf(answer.mapped), detail) << ReasonName(reason);
  }
}

TEST_F(StatusMapping, ACorrelationIdIsAddedWhereThereIsNone) {
  const Answer answer = Send(Error(Reason::kQuota, "full"));
  EXPECT_EQ(DetailOf(answer.mapped)->corr.size(), 32u);
}

TEST_F(StatusMapping, TextOfUnexpectedFaultsStaysInside) {
  for (const absl::Status& status :
       {absl::InternalError("row 9434765919 of /var/lib/tally"),
        absl::UnknownError("9434765919"), absl::NotFoundError("9434765919"),
        absl::InvalidArgumentError("9434765919"),
        Error(Reason::kInternal, "9434765919")}) {
    const Answer answer = Send(status);
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INTERNAL);
    EXPECT_THAT(answer.status.error_message(), Not(HasSubstr("9434765919")));
    EXPECT_THAT(answer.mapped, ReasonIs(Reason::kInternal));
    EXPECT_EQ(DetailOf(answer.mapped)->corr.size(), 32u);
  }
}

TEST_F(StatusMapping, AnUnexpectedFaultNamesItsLineInTheLog) {
  const TempDir dir;
  ASSERT_THAT(InitLog({.level = Level::kError, .path = dir.Path("log")}),
              IsOk());
  const Answer ours = Send(KeyError("ring.key does not open"));
  const Answer theirs = Send(absl::UnknownError("words of a library"));
  ASSERT_THAT(InitLog({.level = Level::kOff}), IsOk());
  const std::string corr = DetailOf(ours.mapped)->corr;
  EXPECT_THAT(std::string(ours.mapped.message()),
              HasSubstr("(correlation id " + corr + ")"));
  const std::string log = ReadText(dir.Path("log"));
  EXPECT_THAT(log, HasSubstr("\"code\":\"FAILED_PRECONDITION\",\"cause\":"
                             "\"ring.key does not open\",\"corr\":\"" +
                             corr + "\""));
  EXPECT_THAT(log, HasSubstr("GetExtract"));
  EXPECT_THAT(log, HasSubstr(DetailOf(theirs.mapped)->corr));
  EXPECT_THAT(log, Not(HasSubstr("words of a library")));
}

TEST_F(StatusMapping, CancelledDeadlineAndUnavailableKeepTheirCode) {
  EXPECT_EQ(Send(absl::CancelledError("secret")).mapped.code(),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(Send(absl::DeadlineExceededError("secret")).mapped.code(),
            absl::StatusCode::kDeadlineExceeded);
  const Answer answer = Send(absl::UnavailableError("secret"));
  EXPECT_EQ(answer.mapped.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(answer.status.error_message(), Not(HasSubstr("secret")));
}

TEST_F(StatusMapping, ADetailThatIsTooLongIsCutToItsReason) {
  ErrorDetail detail;
  // A status keeps 255 bytes of each.
  detail.resource = std::string(2'000, 'r');
  detail.field = std::string(2'000, 'f');
  detail.column = std::string(2'000, 'k');
  detail.corr = std::string(255, 'c');
  const Answer answer = Send(Error(Reason::kNameInvalid, "words", detail));
  ASSERT_TRUE(DetailOf(answer.mapped).has_value());
  EXPECT_EQ(DetailOf(answer.mapped)->resource, "");
  EXPECT_EQ(DetailOf(answer.mapped)->field, "");
  EXPECT_EQ(DetailOf(answer.mapped)->column, "");
  EXPECT_EQ(DetailOf(answer.mapped)->corr, std::string(255, 'c'));
}

TEST(StatusMappingText, WhatComesFromTheNetworkIsMadePrintable) {
  tally::common::v1::ErrorDetail detail;
  detail.set_reason(tally::common::v1::ERROR_REASON_QUOTA);
  detail.set_resource("a\x1b[31mb\n");
  EXPECT_EQ(FromProto(detail).resource, "a?[31mb?");
}

TEST(StatusMappingText, AnUnknownReasonIsNone) {
  tally::common::v1::ErrorDetail detail;
  detail.set_reason(static_cast<tally::common::v1::ErrorReason>(9'999));
  EXPECT_EQ(FromProto(detail).reason, Reason::kUnspecified);
}

TEST(StatusMappingText, CorrelateAddsOneIdAndKeepsTheRest) {
  ErrorDetail detail;
  detail.field = "name";
  const absl::Status status =
      Correlate(Error(Reason::kNameInvalid, "words", detail));
  EXPECT_EQ(DetailOf(status)->corr.size(), 32u);
  EXPECT_EQ(DetailOf(status)->field, "name");
  EXPECT_EQ(status.message(), "words");
  EXPECT_EQ(Correlate(status), status);
  EXPECT_THAT(Correlate(absl::OkStatus()), IsOk());
  EXPECT_EQ(Correlate(absl::NotFoundError("x")), absl::NotFoundError("x"));
}

TEST(StatusMappingText, CorrelationIdsDiffer) {
  EXPECT_EQ(NewCorrelationId().size(), 32u);
  EXPECT_NE(NewCorrelationId(), NewCorrelationId());
}

}  // namespace
}  // namespace tally::transport
