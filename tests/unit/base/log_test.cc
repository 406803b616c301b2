#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

#include "base/config.h"
#include "base/error.h"
#include "base/json.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally {
namespace {

using testing::HasSubstr;

// What can be a field and what cannot: no text, no pointer, no conversion.
static_assert(std::is_constructible_v<Field, const char*, int>);
static_assert(std::is_constructible_v<Field, const char*, uint64_t>);
static_assert(std::is_constructible_v<Field, const char*, bool>);
static_assert(std::is_constructible_v<Field, const char*, double>);
static_assert(std::is_constructible_v<Field, const char*, Name>);
static_assert(!std::is_constructible_v<Field, const char*, const char*>);
static_assert(!std::is_constructible_v<Field, const char*, std::string>);
static_assert(!std::is_constructible_v<Field, const char*, std::string_view>);
static_assert(!std::is_constructible_v<Field, const char*, char>);
static_assert(!std::is_constructible_v<Field, const char*, void*>);
static_assert(!std::is_constructible_v<Field, const char*, Level>);
static_assert(!std::is_constructible_v<Field, const char*, SecretText>);
static_assert(!std::is_constructible_v<Field, const char*, std::vector<char>>);
static_assert(!std::is_convertible_v<std::string, Name>);
static_assert(!std::is_convertible_v<const char*, Name>);

class LogFile : public testing::Test {
 protected:
  void SetUp() override { Start(Level::kDebug); }
  void TearDown() override {
    ASSERT_OK(InitLog({.level = Level::kWarning, .path = "", .program = ""}));
  }
  void Start(Level level) {
    ASSERT_OK(InitLog(
        {.level = level, .path = dir_.Path("log"), .program = "unit_base"}));
  }

  // Every line as JSON; each must be an object.
  std::vector<JsonValue> Lines() {
    FlushLog();
    std::vector<JsonValue> lines;
    std::string text = Slurp(dir_.Path("log"));
    for (size_t end = text.find('\n'); end != std::string::npos;
         end = text.find('\n')) {
      const auto value = ParseJson(text.substr(0, end), 4);
      EXPECT_OK(value);
      if (value.ok()) lines.push_back(*value);
      text.erase(0, end + 1);
    }
    EXPECT_EQ(text, "");
    return lines;
  }

  TempDir dir_;
};

TEST_F(LogFile, WritesOneJsonObjectALine) {
  Log(Level::kInfo, "extract published",
      {Field("rows", 1204), Field("share", 0.5), Field("resumed", true),
       Field("resource", Name("sources/gp-supplier-a"))});
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0].GetString("level"), IsOkAndHolds("info"));
  EXPECT_THAT(lines[0].GetString("program"), IsOkAndHolds("unit_base"));
  EXPECT_THAT(lines[0].GetString("msg"), IsOkAndHolds("extract published"));
  EXPECT_THAT(lines[0].GetInt("rows"), IsOkAndHolds(1204));
  EXPECT_THAT(lines[0].GetDouble("share"), IsOkAndHolds(0.5));
  EXPECT_THAT(lines[0].GetBool("resumed"), IsOkAndHolds(true));
  EXPECT_THAT(lines[0].GetString("resource"),
              IsOkAndHolds("sources/gp-supplier-a"));
  EXPECT_THAT(lines[0].GetString("ts"),
              IsOkAndHolds(
                  testing::MatchesRegex("[0-9-]+T[0-9:]+\\.[0-9][0-9][0-9]Z")));
}

TEST_F(LogFile, LeavesOutWhatIsBelowItsLevel) {
  Start(Level::kWarning);
  Log(Level::kDebug, "debug");
  Log(Level::kInfo, "info");
  Log(Level::kWarning, "warning");
  Log(Level::kError, "error");
  Log(Level::kOff, "off");
  EXPECT_EQ(Lines().size(), 2u);
  EXPECT_FALSE(LogEnabled(Level::kInfo));
  EXPECT_TRUE(LogEnabled(Level::kError));
  Start(Level::kOff);
  Log(Level::kError, "error");
  EXPECT_EQ(Lines().size(), 2u);
}

TEST_F(LogFile, RedactsANameThatHoldsAnNhsNumber) {
  for (const char* text :
       {"9434765919", "943 476 5919", "943-476-5919", "file 9434765919.csv",
        "x/9434765919", "(9434765919)", "4 9434765919"}) {
    EXPECT_EQ(Name(text).text(), "[redacted]") << text;
  }
  for (const char* text :
       {"94347659190", "943476591", "a9434765919", "9434765919a", "p2026-11-r1",
        "550e8400-e29b-41d4-a716-446655440000", "fa8d4e17047812dd",
        "2026-11-20T09:30:00Z", "127.0.0.1:50051", "part-00000.parquet"}) {
    EXPECT_EQ(Name(text).text(), text);
  }
}

TEST_F(LogFile, KeepsALineALineWhateverANameHolds) {
  Log(Level::kInfo, "message",
      {Field("file", Name("a\nb\"c\\d\x1b[2J\xff\xc3"))});
  Log(Level::kInfo, "message", {Field("file", Name(std::string(1000, 'x')))});
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0].GetString("file"), IsOkAndHolds("a?b\"c\\d?[2J??"));
  EXPECT_THAT(lines[1].GetString("file"), IsOkAndHolds(std::string(256, 'x')));
}

TEST_F(LogFile, WritesNumbersThatAreNoneAsNull) {
  Log(Level::kInfo, "m",
      {Field("a", std::nan("")),
       Field("b", std::numeric_limits<double>::infinity())});
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(lines[0].Find("a")->is_null());
  EXPECT_TRUE(lines[0].Find("b")->is_null());
}

TEST_F(LogFile, LogsAStatusByReasonAndNotByItsMessage) {
  ErrorDetail detail;
  detail.resource = "sources/a";
  detail.row = 7;
  LogStatus(Level::kError, "push failed",
            Error(Reason::kBatchOrder, "secret words", detail),
            {Field("batch", 3)});
  LogStatus(Level::kError, "read failed", absl::NotFoundError("secret words"));
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0].GetString("reason"), IsOkAndHolds("BATCH_ORDER"));
  EXPECT_THAT(lines[0].GetString("code"), IsOkAndHolds("INVALID_ARGUMENT"));
  EXPECT_THAT(lines[0].GetInt("row"), IsOkAndHolds(7));
  EXPECT_THAT(lines[0].GetInt("batch"), IsOkAndHolds(3));
  EXPECT_THAT(lines[1].GetString("code"), IsOkAndHolds("NOT_FOUND"));
  EXPECT_THAT(Slurp(dir_.Path("log")), testing::Not(HasSubstr("secret")));
}

TEST_F(LogFile, NeverMixesLinesOfSeveralThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 250; ++i) {
        Log(Level::kInfo, "line", {Field("thread", t), Field("i", i)});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Lines().size(), 1000u);
}

TEST_F(LogFile, OpensItsFileAnewAfterItWasMoved) {
  Log(Level::kInfo, "one");
  ASSERT_OK(RenameDurably(dir_.Path("log"), dir_.Path("log.1")));
  Start(Level::kInfo);
  Log(Level::kInfo, "two");
  EXPECT_EQ(Lines().size(), 1u);
}

TEST(Log, SaysWhenItsFileCannotBeOpened) {
  EXPECT_FALSE(InitLog({.path = "/proc/no/such/folder/log"}).ok());
}

TEST(Log, GoesToStderrByDefault) {
  ASSERT_OK(InitLog({.level = Level::kInfo, .path = "", .program = "p"}));
  testing::internal::CaptureStderr();
  Log(Level::kInfo, "hello");
  FlushLog();
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("\"msg\":\"hello\""));
  ASSERT_OK(InitLog({.level = Level::kWarning, .path = "", .program = ""}));
}

TEST(ParseLevel, KnowsFiveWords) {
  EXPECT_THAT(ParseLevel("debug"), IsOkAndHolds(Level::kDebug));
  EXPECT_THAT(ParseLevel("off"), IsOkAndHolds(Level::kOff));
  EXPECT_FALSE(ParseLevel("WARN").ok());
}

}  // namespace
}  // namespace tally
