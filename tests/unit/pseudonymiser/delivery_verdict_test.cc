// What stops a delivery, and what is said of its rows.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "delivery_tools.h"
#include "status_matchers.h"
#include "world.h"

namespace tally::pseudonymiser {
namespace {

using dataset::ListName;
using dataset::RowReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(DeliveryVerdict, StopsWhenAValueIsANumberOfTheDelivery) {
  // In text, in an integer column, spaced, and before its own row.
  for (const auto& [field, value] : std::vector<std::pair<size_t, std::string>>{
           {2, TestNumber(5)},
           {4, "no " + TestNumber(5)},
           {4, TestNumber(5).substr(0, 3) + " " + TestNumber(5).substr(3, 3) +
                   " " + TestNumber(5).substr(6)}}) {
    World world;
    const std::string path =
        world.File("events.csv", World::EventHeader() + RowWith(field, value) +
                                     World::EventRow(TestNumber(5)));
    const auto checked = world.Check({{"gp-event", path}});
    ASSERT_OK(checked);
    EXPECT_THAT(checked->verdict, ExitCodeIs(kExitInvalidInput));
    const std::string message(checked->verdict.message());
    EXPECT_THAT(message, HasSubstr("HIDDEN_IDENTIFIER: "));
    EXPECT_THAT(message, HasSubstr("line 2"));
    EXPECT_THAT(message, Not(HasSubstr(TestNumber(5))));
  }
}

TEST(DeliveryVerdict, StopsAlsoForTheNumberOfSomeoneWhoIsNotSent) {
  World world;
  world.List(ListName::kType1OptOuts, TestNumber(5) + "\n");
  const std::string path = world.File(
      "events.csv", World::EventHeader() + RowWith(2, TestNumber(5)) +
                        World::EventRow(TestNumber(5)));
  const auto checked = world.Check({{"gp-event", path}});
  ASSERT_OK(checked);
  EXPECT_FALSE(checked->verdict.ok());
}

TEST(DeliveryVerdict, DropsOnlyTheRowForANumberOfNobodyInTheDelivery) {
  World world;
  const DatasetReport report = CheckEvents(
      world, RowWith(4, "x " + TestNumber(6)) +
                 RowWith(4, "x " + WrongNumber(6)) + RowWith(2, TestNumber(6)));
  EXPECT_EQ(Dropped(report, RowReason::kHiddenIdentifierPattern), 1U);
  EXPECT_EQ(report.counts.sent, 2U);
}

TEST(DeliveryVerdict, StopsForFreeText) {
  World world;
  const std::string path = world.File(
      "events.csv",
      World::EventHeader() +
          RowWith(4,
                  "the patient said that it had been hurting since the day "
                  "before yesterday"));
  const auto checked = world.Check({{"gp-event", path}});
  EXPECT_THAT(checked, ExitCodeIs(kExitInvalidInput));
  EXPECT_THAT(std::string(checked.status().message()), HasSubstr("FREE_TEXT"));
}

TEST(DeliveryVerdict, StopsWhenEnvironmentsAreMixed) {
  World example;
  // One living person's number in a test environment: made here, not written.
  uint32_t stem = 450'000'000;
  while (!NhsNumber::FromStem(stem)) ++stem;
  const auto digits = NhsNumber::FromStem(stem)->digits();
  const std::string live(digits.begin(), digits.end());
  std::string path = example.File(
      "events.csv", World::EventHeader() + World::EventRow(TestNumber(0)) +
                        World::EventRow(live));
  auto checked = example.Check({{"gp-event", path}});
  ASSERT_OK(checked);
  EXPECT_THAT(std::string(checked->verdict.message()), HasSubstr("RANGE_LIVE"));

  World production(crypto::Environment::kProduction);
  path = production.File("events.csv",
                         World::EventHeader() + World::EventRow(TestNumber(0)));
  checked = production.Check({{"gp-event", path}});
  ASSERT_OK(checked);
  EXPECT_THAT(std::string(checked->verdict.message()), HasSubstr("RANGE_TEST"));
}

TEST(DeliveryVerdict, StopsAboveMaxRejectAndMaxUnlinked) {
  World world;
  world.configuration().datasets["gp-event"].max_reject = 0.25;
  std::string rows = RowWith(1, "") + World::EventRow(TestNumber(0)) +
                     World::EventRow(TestNumber(1)) +
                     World::EventRow(TestNumber(2));
  EXPECT_EQ(CheckEvents(world, rows).counts.faults(), 1U);
  const std::string path =
      world.File("events.csv", World::EventHeader() + rows + RowWith(1, ""));
  auto checked = world.Check({{"gp-event", path}});
  ASSERT_OK(checked);
  EXPECT_THAT(checked->verdict, ExitCodeIs(kExitInvalidInput));
  EXPECT_THAT(std::string(checked->verdict.message()), HasSubstr("max_reject"));

  world.configuration().datasets["gp-event"].max_unlinked = 0.5;
  rows = World::EventRow("") + World::EventRow(TestNumber(0));
  EXPECT_EQ(CheckEvents(world, rows).counts.sent, 2U);
  world.File("events.csv", World::EventHeader() + rows + World::EventRow(""));
  checked = world.Check({{"gp-event", path}});
  ASSERT_OK(checked);
  EXPECT_THAT(std::string(checked->verdict.message()),
              HasSubstr("max_unlinked"));
}

TEST(DeliveryVerdict, SaysWhatIsWrongWithTheShapeOfARow) {
  World world;
  const std::string row = World::EventRow(TestNumber(1));
  const std::string path = world.File(
      "events.csv", World::EventHeader() + row + TestNumber(2) + ",1,2\n" +
                        TestNumber(3) + std::string(",\0x", 3) + "\n" +
                        TestNumber(4) + ",\"a\"b\n" + TestNumber(5) + "," +
                        std::string(70'000, 'x') + "\n");
  const auto checked = world.Check({{"gp-event", path}});
  ASSERT_OK(checked);
  std::vector<std::string> lines;
  for (const RowIssue& issue : checked->report.issues) {
    lines.push_back(checked->report.IssueLine(issue));
  }
  const auto line = [&](int number, const std::string& what) {
    return absl::StrFormat("%s line %d: ROW_SHAPE: %s", path, number, what);
  };
  const size_t fields = std::count(row.begin(), row.end(), ',') + 1;
  EXPECT_THAT(
      lines,
      ElementsAre(
          line(3, absl::StrFormat("3 fields, the header has %d", fields)),
          line(4, "a NUL byte"),
          line(5,
               "a quote inside an unquoted field, or text after a closing "
               "quote"),
          line(6, "a field of more than 64 KiB")));
}

TEST(DeliveryVerdict, RefusesADatasetOfWhichNothingWouldBeSent) {
  World world;
  world.RefuseEmpty();
  for (const std::string& rows : {std::string(), RowWith(1, "2026-01-05")}) {
    const std::string path =
        world.File("events.csv", World::EventHeader() + rows);
    const auto checked = world.Check({{"gp-event", path}});
    ASSERT_OK(checked);
    EXPECT_THAT(checked->verdict, ExitCodeIs(kExitInvalidInput));
    EXPECT_THAT(std::string(checked->verdict.message()),
                HasSubstr("--allow-empty"));
  }
}

TEST(DeliveryVerdict, NamesLineAndFieldOfFaultsNeverOfOptOuts) {
  World world;
  world.List(ListName::kType1OptOuts, TestNumber(1) + "\n");
  const std::string path = world.File(
      "events.csv", World::EventHeader() + World::EventRow(TestNumber(1)) +
                        RowWith(2, "oops") + World::EventRow(WrongNumber(3)));
  const auto checked = world.Check({{"gp-event", path}});
  ASSERT_OK(checked);
  const DeliveryReport& report = checked->report;
  ASSERT_EQ(report.issues.size(), 2U);
  EXPECT_EQ(report.IssueLine(report.issues[0]),
            path +
                " line 3 concept_id: VALUE_TYPE: A value is not of its "
                "column's type.");
  EXPECT_EQ(report.IssueLine(report.issues[1]),
            path +
                " line 4 nhs_number: NHS_NUMBER_CHECK_DIGIT: The check "
                "digit of the NHS Number is wrong.");
  EXPECT_THAT(report.IssuesCsv(), Not(HasSubstr("oops")));
  EXPECT_THAT(report.IssuesCsv(), Not(HasSubstr("OPTED")));
  for (const auto& counts : report.ManifestCounts()) {
    EXPECT_EQ(counts.dropped.count(RowReason::kOptedOutType1), 0U);
  }
  EXPECT_EQ(report.opted_out(), 1U);
}

}  // namespace
}  // namespace tally::pseudonymiser
