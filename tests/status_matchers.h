#ifndef TALLY_TESTS_STATUS_MATCHERS_H_
#define TALLY_TESTS_STATUS_MATCHERS_H_

// GoogleTest matchers for absl::Status and absl::StatusOr<T>:
//   EXPECT_THAT(Parse(text), IsOk());
//   EXPECT_THAT(Parse(text), IsOkAndHolds(42));
//   EXPECT_THAT(Parse(text), StatusIs(absl::StatusCode::kNotFound));
//   EXPECT_THAT(Parse(text), StatusIs(absl::StatusCode::kNotFound,
//                                     HasSubstr("line 3")));
//   EXPECT_THAT(Push(batch), ReasonIs(Reason::kBatchSequence));
//   EXPECT_THAT(Run(), ExitCodeIs(kExitConflict));
// A value inside a StatusOr is printed by GoogleTest, which dumps the bytes of
// any class without PrintTo: identifiers have one that prints "[redacted]".

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/strings.h"

namespace tally {

inline const absl::Status& StatusOf(const absl::Status& status) {
  return status;
}
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& value) {
  return value.status();
}

// Found by GoogleTest for failed expectations.
inline void PrintTo(Reason reason, std::ostream* out) {
  *out << std::string(ReasonName(reason));
}

MATCHER(IsOk, negation ? "is an error" : "is OK") {
  const absl::Status& status = StatusOf(arg);
  if (!status.ok()) *result_listener << "whose status is " << status;
  return status.ok();
}

template <typename ValueMatcher>
class IsOkAndHoldsMatcher {
 public:
  explicit IsOkAndHoldsMatcher(ValueMatcher matcher)
      : matcher_(std::move(matcher)) {}

  template <typename StatusOrType>
  operator testing::Matcher<StatusOrType>()
      const {  // NOLINT(google-explicit-constructor): as GoogleTest's own
               // matchers
    return testing::Matcher<StatusOrType>(new Impl<StatusOrType>(matcher_));
  }

 private:
  template <typename StatusOrType>
  class Impl : public testing::MatcherInterface<StatusOrType> {
   public:
    using Value = typename std::decay_t<StatusOrType>::value_type;

    explicit Impl(const ValueMatcher& matcher)
        : matcher_(testing::SafeMatcherCast<const Value&>(matcher)) {}

    void DescribeTo(std::ostream* out) const override {
      *out << "is OK and holds a value that ";
      matcher_.DescribeTo(out);
    }

    bool MatchAndExplain(StatusOrType arg,
                         testing::MatchResultListener* out) const override {
      if (!arg.ok()) {
        *out << "whose status is " << arg.status();
        return false;
      }
      return matcher_.MatchAndExplain(*arg, out);
    }

   private:
    const testing::Matcher<const Value&> matcher_;
  };

  const ValueMatcher matcher_;
};

template <typename ValueMatcher>
IsOkAndHoldsMatcher<std::decay_t<ValueMatcher>> IsOkAndHolds(
    ValueMatcher&& matcher) {
  return IsOkAndHoldsMatcher<std::decay_t<ValueMatcher>>(
      std::forward<ValueMatcher>(matcher));
}

MATCHER_P(StatusIs, code,
          std::string(negation ? "does not have" : "has") + " status code " +
              absl::StatusCodeToString(code)) {
  const absl::Status& status = StatusOf(arg);
  *result_listener << "whose status is " << status;
  return status.code() == code;
}

MATCHER_P2(StatusIs, code, message,
           std::string(negation ? "does not have" : "has") + " status code " +
               absl::StatusCodeToString(code) + " and the message") {
  const absl::Status& status = StatusOf(arg);
  *result_listener << "whose status is " << status << " ";
  if (status.code() != code) return false;
  return testing::ExplainMatchResult(message, std::string(status.message()),
                                     result_listener);
}

MATCHER_P(ReasonIs, reason,
          std::string(negation ? "does not have" : "has") + " reason " +
              std::string(ReasonName(reason))) {
  const absl::Status& status = StatusOf(arg);
  *result_listener << "whose status is " << status << ", reason "
                   << std::string(ReasonName(ReasonOf(status)));
  return ReasonOf(status) == reason;
}

MATCHER_P(ExitCodeIs, code,
          std::string(negation ? "does not have" : "has") + " exit code " +
              std::to_string(static_cast<int>(code))) {
  const absl::Status& status = StatusOf(arg);
  *result_listener << "whose status is " << status << ", exit code "
                   << static_cast<int>(ExitCodeOf(status));
  return ExitCodeOf(status) == code;
}

}  // namespace tally

#define TALLY_TEST_JOIN2(a, b) a##b
#define TALLY_TEST_JOIN(a, b) TALLY_TEST_JOIN2(a, b)

// Assigns the value, or ends the test with the error:
//   ASSERT_OK_AND_ASSIGN(const std::string text, ReadFile(path, 100));
#define ASSERT_OK_AND_ASSIGN(lhs, expr) \
  TALLY_TEST_ASSIGN(TALLY_TEST_JOIN(tally_test_value_, __COUNTER__), lhs, expr)
#define TALLY_TEST_ASSIGN(name, lhs, expr)                  \
  auto name = (expr);                                       \
  ASSERT_TRUE(name.ok()) << #expr << ": " << name.status(); \
  lhs = *std::move(name)

#define EXPECT_OK(expr) EXPECT_THAT(expr, ::tally::IsOk())
#define ASSERT_OK(expr) ASSERT_THAT(expr, ::tally::IsOk())

#endif  // TALLY_TESTS_STATUS_MATCHERS_H_
