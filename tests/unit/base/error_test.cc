#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "base/exit_code.h"
#include "base/status.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally {
namespace {

TEST(Error, GivesEachReasonItsPublishedNumberNameAndCode) {
  // Numbers are on the wire: this table never changes, it only grows.
  EXPECT_EQ(static_cast<int>(Reason::kIdentityMissing), 1);
  EXPECT_EQ(static_cast<int>(Reason::kResourceNotFound), 8);
  EXPECT_EQ(static_cast<int>(Reason::kElementInvalid), 22);
  EXPECT_EQ(static_cast<int>(Reason::kHubSealed), 37);
  EXPECT_EQ(static_cast<int>(Reason::kPersonLimit), 46);
  EXPECT_EQ(static_cast<int>(Reason::kInternal), 57);
  EXPECT_EQ(static_cast<int>(Reason::kMemoryLow), 58);
  EXPECT_EQ(AllReasons().size(), 58u);
  int32_t number = 0;
  std::set<std::string_view> names;
  for (const Reason reason : AllReasons()) {
    EXPECT_EQ(static_cast<int32_t>(reason), ++number);
    EXPECT_TRUE(names.insert(ReasonName(reason)).second);
    EXPECT_EQ(ReasonFromName(ReasonName(reason)), reason);
    EXPECT_EQ(ReasonFromNumber(number), reason);
  }
}

TEST(Error, KnowsNoOtherNamesAndNumbers) {
  EXPECT_EQ(ReasonFromName("UNSPECIFIED"), std::nullopt);
  EXPECT_EQ(ReasonFromName("element_invalid"), std::nullopt);
  EXPECT_EQ(ReasonFromNumber(0), std::nullopt);
  EXPECT_EQ(ReasonFromNumber(59), std::nullopt);
  EXPECT_EQ(ReasonFromNumber(-1), std::nullopt);
  EXPECT_EQ(ReasonName(static_cast<Reason>(4711)), "UNSPECIFIED");
}

TEST(Error, TakesCodeAndExitCodeFromTheReason) {
  struct Case {
    Reason reason;
    absl::StatusCode code;
    ExitCode exit;
  };
  for (const Case& c : {
           Case{Reason::kIdentityMissing, absl::StatusCode::kUnauthenticated,
                kExitNotPermitted},
           {Reason::kRoleNotAllowed, absl::StatusCode::kPermissionDenied,
            kExitNotPermitted},
           {Reason::kResourceNotFound, absl::StatusCode::kNotFound,
            kExitNotFound},
           {Reason::kResourceExists, absl::StatusCode::kAlreadyExists,
            kExitConflict},
           {Reason::kBatchConflict, absl::StatusCode::kAborted, kExitConflict},
           {Reason::kElementRepeated, absl::StatusCode::kInvalidArgument,
            kExitInvalidInput},
           {Reason::kHubSealed, absl::StatusCode::kFailedPrecondition,
            kExitKey},
           {Reason::kSpecMismatch, absl::StatusCode::kFailedPrecondition,
            kExitConflict},
           {Reason::kTermsNotAccepted, absl::StatusCode::kFailedPrecondition,
            kExitNotPermitted},
           {Reason::kDiskLow, absl::StatusCode::kResourceExhausted,
            kExitTemporary},
           {Reason::kDraining, absl::StatusCode::kUnavailable, kExitTemporary},
           {Reason::kFileDigest, absl::StatusCode::kDataLoss, kExitIntegrity},
           {Reason::kInternal, absl::StatusCode::kInternal, kExitFailure},
           {Reason::kMemoryLow, absl::StatusCode::kResourceExhausted,
            kExitTemporary},
       }) {
    const absl::Status status = Error(c.reason, "words");
    EXPECT_EQ(status.code(), c.code) << ReasonName(c.reason);
    EXPECT_EQ(ExitCodeOf(status), c.exit) << ReasonName(c.reason);
    EXPECT_EQ(ReasonExitCode(c.reason), c.exit);
  }
}

TEST(Error, CarriesItsDetailThroughTheStatus) {
  ErrorDetail detail;
  detail.resource = "sources/gp-supplier-a";
  detail.field = "columns[3].dates";
  detail.row = 1204;
  detail.column = "event_date";
  detail.limit = -5;
  detail.count = INT64_MAX;
  detail.corr = std::string(32, 'a');
  const absl::Status status = Error(Reason::kColumnEncoding, "bad", detail);
  detail.reason = Reason::kColumnEncoding;
  ASSERT_TRUE(DetailOf(status).has_value());
  EXPECT_EQ(*DetailOf(status), detail);
  const absl::Status copy = status;
  EXPECT_EQ(*DetailOf(copy), detail);
}

TEST(Error, CutsTextsThatWouldNotFitIntoMetadata) {
  ErrorDetail detail;
  detail.resource = std::string(1000, 'r');
  const auto out = DetailOf(Error(Reason::kNameInvalid, "bad", detail));
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->resource, std::string(255, 'r'));
}

TEST(Error, HasAReasonEvenWhenNoneWasGiven) {
  EXPECT_THAT(Error(Reason::kUnspecified, "x"), ReasonIs(Reason::kInternal));
  EXPECT_THAT(Error(static_cast<Reason>(999), "x"),
              ReasonIs(Reason::kInternal));
}

TEST(Error, FindsNoDetailInOtherStatuses) {
  EXPECT_EQ(DetailOf(absl::OkStatus()), std::nullopt);
  EXPECT_EQ(DetailOf(absl::NotFoundError("x")), std::nullopt);
  EXPECT_EQ(ReasonOf(absl::NotFoundError("x")), Reason::kUnspecified);
  absl::Status damaged = absl::NotFoundError("x");
  damaged.SetPayload("tally/error-detail", absl::Cord("\x01garbage"));
  EXPECT_EQ(DetailOf(damaged), std::nullopt);
}

// "### NAME" and, two lines below, "`CODE`, exit N.".
TEST(Error, IsWhatThePageOfErrorsSays) {
  std::istringstream page(Slurp(TALLY_SOURCE_DIR "/docs/errors.md"));
  std::set<Reason> described;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("### ")) continue;
    const std::string name = line.substr(4);
    const std::optional<Reason> reason = ReasonFromName(name);
    ASSERT_TRUE(reason.has_value()) << name << " is on the page only";
    EXPECT_TRUE(described.insert(*reason).second) << name << " comes twice";
    while (std::getline(page, line) && line.empty()) {
    }
    EXPECT_EQ(line, "`" + absl::StatusCodeToString(ReasonCode(*reason)) +
                        "`, exit " + std::to_string(ReasonExitCode(*reason)) +
                        ".")
        << name;
  }
  for (const Reason reason : AllReasons()) {
    EXPECT_TRUE(described.contains(reason))
        << ReasonName(reason) << " is not on the page";
  }
}

TEST(Error, HasTheNumbersOfTheWire) {
  std::istringstream proto(
      Slurp(TALLY_SOURCE_DIR "/proto/tally/common/v1/error.proto"));
  const std::regex value(" *ERROR_REASON_([A-Z0-9_]+) = ([0-9]+);.*");
  size_t values = 0;
  for (std::string line; std::getline(proto, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, value) || match[2] == "0") continue;
    ++values;
    const std::optional<Reason> reason = ReasonFromName(match[1].str());
    ASSERT_TRUE(reason.has_value()) << match[1];
    EXPECT_EQ(std::to_string(static_cast<int>(*reason)), match[2].str())
        << match[1];
  }
  EXPECT_EQ(values, AllReasons().size());
}

TEST(ExitCode, ComesFromTheStatusCodeWhereNothingElseSays) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), kExitDone);
  EXPECT_EQ(ExitCodeOf(absl::UnavailableError("")), kExitTemporary);
  EXPECT_EQ(ExitCodeOf(absl::DeadlineExceededError("")), kExitTemporary);
  EXPECT_EQ(ExitCodeOf(absl::ResourceExhaustedError("")), kExitTemporary);
  EXPECT_EQ(ExitCodeOf(absl::CancelledError("")), kExitInterrupted);
  EXPECT_EQ(ExitCodeOf(absl::InternalError("")), kExitFailure);
  EXPECT_EQ(ExitCodeOf(absl::InvalidArgumentError("")), kExitFailure);
}

TEST(ExitCode, SetByHandWinsOverTheReason) {
  const absl::Status status =
      WithExitCode(Error(Reason::kFieldInvalid, "flag"), kExitUsage);
  EXPECT_THAT(status, ExitCodeIs(kExitUsage));
  EXPECT_THAT(status, ReasonIs(Reason::kFieldInvalid));
  EXPECT_OK(WithExitCode(absl::OkStatus(), kExitKey));
}

TEST(ExitCode, EachHelperHasItsOwn) {
  EXPECT_THAT(UsageError("x"), ExitCodeIs(kExitUsage));
  EXPECT_THAT(NotFoundError("x"), ExitCodeIs(kExitNotFound));
  EXPECT_THAT(TemporaryError("x"), ExitCodeIs(kExitTemporary));
  EXPECT_THAT(NotPermittedError("x"), ExitCodeIs(kExitNotPermitted));
  EXPECT_THAT(ConflictError("x"), ExitCodeIs(kExitConflict));
  EXPECT_THAT(InputError("x"), ExitCodeIs(kExitInvalidInput));
  EXPECT_THAT(KeyError("x"), ExitCodeIs(kExitKey));
  EXPECT_THAT(IntegrityError("x"), ExitCodeIs(kExitIntegrity));
}

absl::StatusOr<int> Half(int value) {
  if (value % 2 != 0) return absl::InvalidArgumentError("odd");
  return value / 2;
}

absl::StatusOr<int> Quarter(int value) {
  TALLY_ASSIGN_OR_RETURN(const int half, Half(value));
  int quarter = 0;
  TALLY_ASSIGN_OR_RETURN(quarter, Half(half));
  TALLY_RETURN_IF_ERROR(absl::OkStatus());
  return quarter;
}

absl::Status Nested(bool fail) {
  TALLY_RETURN_IF_ERROR([fail]() -> absl::Status {
    TALLY_RETURN_IF_ERROR(fail ? absl::AbortedError("inner")
                               : absl::OkStatus());
    return absl::OkStatus();
  }());
  return absl::OkStatus();
}

TEST(StatusMacros, PassOnErrorsAndValues) {
  EXPECT_THAT(Quarter(8), IsOkAndHolds(2));
  EXPECT_THAT(Quarter(6), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Quarter(7), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_OK(Nested(false));
  EXPECT_THAT(Nested(true), StatusIs(absl::StatusCode::kAborted));
}

TEST(StatusMacrosDeathTest, CheckEndsTheProgramInEveryBuild) {
  TALLY_CHECK(1 + 1 == 2);
  EXPECT_DEATH(TALLY_CHECK(1 + 1 == 3), "check failed: 1 \\+ 1 == 3");
}

}  // namespace
}  // namespace tally
