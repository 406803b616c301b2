// Files in, outcomes out: every row outcome, every list in both polarities.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <utime.h>

#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "dataset/rounding.h"
#include "delivery_tools.h"
#include "status_matchers.h"
#include "world.h"

namespace tally::pseudonymiser {
namespace {

using dataset::ListName;
using dataset::RowReason;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(DeliveryReader, SendsAGoodRowWithItsPerson) {
  World world;
  const DatasetReport report =
      CheckEvents(world, World::EventRow(TestNumber(0)));
  EXPECT_EQ(report.counts.read, 1U);
  EXPECT_EQ(report.counts.sent, 1U);
  EXPECT_EQ(report.counts.rows_unlinked(), 0U);
}

TEST(DeliveryReader, GivesEachFaultOfAValueItsReason) {
  struct Case {
    size_t field;
    const char* value;
    RowReason reason;
  };
  const Case cases[] = {
      {1, "", RowReason::kValueMissing},
      {1, "NULL", RowReason::kValueMissing},
      {1, " 1800-01-01 ", RowReason::kValueMissing},
      {1, "2026-02-30", RowReason::kDateInvalid},
      {1, "05/11/2026", RowReason::kDateInvalid},
      {1, "1989-12-31", RowReason::kValueRange},
      {1, "2026-12-02", RowReason::kDateFuture},
      {2, "12a", RowReason::kValueType},
      {2, "1.5E+09", RowReason::kValueType},
      {2, "99999", RowReason::kValueRange},
      {3, "much", RowReason::kValueType},
      {4, "a way too long unit to be right", RowReason::kTextLength},
      {4, "mmol\xC3", RowReason::kTextEncoding},
      {4,
       "a\x07"
       "b",
       RowReason::kTextControl},
      {4, "a*b", RowReason::kValueRange},
      {4, "x@example.org", RowReason::kHiddenIdentifierPattern},
      {4, "ZZ99 1AA", RowReason::kHiddenIdentifierPattern},
      {4, "born 12/11/1962", RowReason::kHiddenIdentifierPattern},
      {8, "2026-11-04", RowReason::kDateOrder},
  };
  for (const Case& c : cases) {
    World world;
    const DatasetReport report = CheckEvents(
        world, RowWith(c.field, c.value) + World::EventRow(TestNumber(1)));
    EXPECT_EQ(Dropped(report, c.reason), 1U)
        << c.field << " " << dataset::RowReasonName(c.reason);
    EXPECT_EQ(report.counts.sent, 1U) << c.value;
    EXPECT_EQ(report.counts.faults(), 1U) << c.value;
  }
}

TEST(DeliveryReader, ForgivesWhatTheSpecificationForgives) {
  World world;
  const DatasetReport report = CheckEvents(
      world, RowWith(3, "10001") + RowWith(3, " N/A ") + RowWith(4, "NULL") +
                 RowWith(2, "") + RowWith(1, " 2026-11-05\t"));
  EXPECT_EQ(report.counts.sent, 5U);
  EXPECT_EQ(report.counts.faults(), 0U);
}

TEST(DeliveryReader, DropsRowsOfAnotherShape) {
  World world;
  const DatasetReport report = CheckEvents(
      world, "a,b\n" + World::EventRow(TestNumber(0)) + TestNumber(1) +
                 ",\"x\"y\n" + TestNumber(1) + std::string(",\0", 2) + "\n");
  EXPECT_EQ(Dropped(report, RowReason::kRowShape), 3U);
  EXPECT_EQ(report.counts.sent, 1U);
}

TEST(DeliveryReader, KeepsRowsOfOtherPeriodsBack) {
  World world;
  const DatasetReport report = CheckEvents(
      world,
      RowWith(1, "2026-10-31") + RowWith(1, "2026-11-01") +
          World::EventRow(TestNumber(0), "01,2026-11-30,12345678,,,A00001,,,"));
  EXPECT_EQ(Dropped(report, RowReason::kOutsidePeriod), 1U);
  EXPECT_EQ(report.counts.faults(), 0U);
  EXPECT_EQ(report.counts.sent, 2U);
}

// A number is read once where rows of a person stand together; what a row comes
// to must not hang on its neighbours.
TEST(DeliveryReader, CountsTheSameWhetherRowsOfAPersonStandTogetherOrNot) {
  const std::string rest = "2026-11-05,12345678,,mmol,A00001,,,\n";
  const std::vector<std::string> numbers = {
      TestNumber(0), TestNumber(1), WrongNumber(2),  "",
      "9990000018",  "12345",       TestNumber(5000)};
  std::string together;
  std::string apart;
  for (const std::string& number : numbers) {
    for (const char* status : {"01", "", "02"}) {
      together += number + "," + status + "," + rest;
    }
  }
  for (const char* status : {"02", "01", ""}) {
    for (const std::string& number : numbers) {
      apart += number + "," + status + "," + rest;
    }
  }
  World world;
  const RowCounts a = CheckEvents(world, together).counts;
  const RowCounts b = CheckEvents(world, apart).counts;
  EXPECT_EQ(a.read, 21U);
  EXPECT_GT(a.sent, 0U);
  EXPECT_EQ(a.sent, b.sent);
  EXPECT_EQ(a.numbers, b.numbers);
  EXPECT_EQ(a.dropped, b.dropped);
  EXPECT_EQ(a.unlinked, b.unlinked);
}

TEST(DeliveryReader, GivesATextTheSameReasonEachTime) {
  World world;
  std::string rows;
  for (int i = 0; i < 3; ++i) {
    rows += RowWith(4, "a*b") + RowWith(4, "x@example.org") +
            RowWith(4, "mmol/L") + RowWith(4, "a longer unit of 22 ch") +
            RowWith(4, "");
  }
  const DatasetReport report = CheckEvents(world, rows);
  EXPECT_EQ(Dropped(report, RowReason::kValueRange), 3U);
  EXPECT_EQ(Dropped(report, RowReason::kHiddenIdentifierPattern), 3U);
  EXPECT_EQ(report.counts.sent, 9U);
}

TEST(DeliveryReader, SendsRowsWithoutAGoodNumberUnlinked) {
  World world;
  const std::string rest = "01,2026-11-05,12345678,,,A00001,,,";
  const DatasetReport report = CheckEvents(
      world,
      World::EventRow("", rest) + World::EventRow(WrongNumber(0), rest) +
          World::EventRow("12345", rest) + World::EventRow("9990000018", rest) +
          World::EventRow("1234567890", rest) +
          World::EventRow(TestNumber(2), "02,2026-11-05,12345678,,,A00001,,,"));
  EXPECT_EQ(report.counts.sent, 6U);
  EXPECT_EQ(Unlinked(report, RowReason::kNhsNumberMissing), 1U);
  EXPECT_EQ(Unlinked(report, RowReason::kNhsNumberCheckDigit), 1U);
  EXPECT_EQ(Unlinked(report, RowReason::kNhsNumberFormat), 1U);
  EXPECT_EQ(Unlinked(report, RowReason::kNhsNumberCanary), 1U);
  EXPECT_EQ(Unlinked(report, RowReason::kNhsNumberRangeChi), 1U);
  EXPECT_EQ(Unlinked(report, RowReason::kNhsNumberNotVerified), 1U);
}

TEST(DeliveryReader, Type1ListDeniesThoseOnIt) {
  World world;
  world.List(ListName::kType1OptOuts, "nhs_number\n" + TestNumber(1) + "\n");
  const DatasetReport report = CheckEvents(
      world, World::EventRow(TestNumber(0)) + World::EventRow(TestNumber(1)) +
                 World::EventRow(TestNumber(1)));
  EXPECT_EQ(Dropped(report, RowReason::kOptedOutType1), 2U);
  EXPECT_EQ(report.counts.sent, 1U);
}

TEST(DeliveryReader, Type1ListDeniesARowThatWouldBeUnlinked) {
  World world;
  world.List(ListName::kType1OptOuts, TestNumber(1) + "\n");
  const DatasetReport report = CheckEvents(
      world,
      World::EventRow(TestNumber(1), "02,2026-11-05,12345678,,,A00001,,,"));
  EXPECT_EQ(Dropped(report, RowReason::kOptedOutType1), 1U);
}

TEST(DeliveryReader, EmptyDenyListDropsNobodyAndEmptyAllowListEverybody) {
  World world;
  world.List(ListName::kType1OptOuts, "");
  const std::string rows =
      World::EventRow(TestNumber(0)) + World::EventRow(TestNumber(1));
  EXPECT_EQ(CheckEvents(world, rows).counts.sent, 2U);
  world.List(ListName::kNationalEligible, "");
  const DatasetReport report = CheckEvents(world, rows);
  EXPECT_EQ(Dropped(report, RowReason::kOptedOutNational), 2U);
  EXPECT_EQ(report.counts.sent, 0U);
}

TEST(DeliveryReader, NationalListAllowsOnlyThoseOnIt) {
  World world;
  world.List(ListName::kNationalEligible, TestNumber(0) + ",\n");
  const DatasetReport report = CheckEvents(
      world, World::EventRow(TestNumber(0)) + World::EventRow(TestNumber(1)));
  EXPECT_EQ(Dropped(report, RowReason::kOptedOutNational), 1U);
  EXPECT_EQ(report.counts.sent, 1U);
}

TEST(DeliveryReader, ListsGivenTheWrongWayRoundGiveTheOppositeCounts) {
  World world;
  world.List(ListName::kType1OptOuts, TestNumber(0) + "\n");
  world.List(ListName::kNationalEligible, TestNumber(1) + ",\n");
  const std::string rows =
      World::EventRow(TestNumber(0)) + World::EventRow(TestNumber(1));
  EXPECT_EQ(CheckEvents(world, rows).counts.sent, 1U);
  std::swap(world.configuration().lists[ListName::kType1OptOuts],
            world.configuration().lists[ListName::kNationalEligible]);
  const DatasetReport swapped = CheckEvents(world, rows);
  EXPECT_EQ(Dropped(swapped, RowReason::kOptedOutType1), 1U);
  EXPECT_EQ(swapped.counts.sent, 1U);
}

TEST(DeliveryReader, OnlyPracticesThatTakePartAreSent) {
  World world;
  const DatasetReport report =
      CheckEvents(world, RowWith(5, "A00001") + RowWith(5, "A00002") +
                             RowWith(5, "A00003") + RowWith(5, ""));
  EXPECT_EQ(Dropped(report, RowReason::kNotParticipating), 2U);
  EXPECT_EQ(report.counts.sent, 2U);
  world.List(ListName::kParticipatingPractices, "");
  EXPECT_EQ(CheckEvents(world, RowWith(5, "A00001")).counts.sent, 0U);
}

TEST(DeliveryReader, AColumnOptsAPersonOutOfEveryDataset) {
  World world;
  // The opt-out stands after the person's events, in another file.
  const std::string events = world.File(
      "e.csv", World::EventHeader() + World::EventRow(TestNumber(0)) +
                   World::EventRow(TestNumber(1)));
  const std::string patients =
      world.File("p.csv", "nhs_number,birth_date,postcode,sex,type1_opt_out\n" +
                              TestNumber(0) + ",1960-01-02,ZZ99 1AA,1,N\n" +
                              TestNumber(1) + ",1970-01-02,ZZ99 1AA,2,\n" +
                              TestNumber(1) + ",1970-01-02,ZZ99 1AA,2,Y\n");
  const auto checked =
      world.Check({{"gp-event", events}, {"gp-patient", patients}});
  ASSERT_OK(checked);
  ASSERT_OK(checked->verdict);
  EXPECT_EQ(Dropped(checked->report.datasets[0], RowReason::kOptedOutType1),
            1U);
  EXPECT_EQ(Dropped(checked->report.datasets[1], RowReason::kOptedOutType1),
            2U);
  EXPECT_EQ(checked->report.persons, 1U);
}

TEST(DeliveryReader, AnOptOutThatNobodyKnowsKeepsThePersonBack) {
  // Value of the column; whether the person's event is kept back, and whether
  // the row is a fault that its supplier is told of.
  struct Case {
    const char* value;
    bool kept_back;
    bool fault;
  };
  const Case cases[] = {{"Y", true, false},    {" y ", true, false},
                        {"N", false, false},   {"n", false, false},
                        {"", false, false},    {"YES", true, true},
                        {"TRUE", true, true},  {"2", true, true},
                        {"maybe", true, true}, {"-", true, true}};
  for (const Case& c : cases) {
    World world;
    const std::string events = world.File(
        "e.csv", World::EventHeader() + World::EventRow(TestNumber(0)));
    const std::string patients = world.File(
        "p.csv", "nhs_number,birth_date,postcode,sex,type1_opt_out\n" +
                     TestNumber(0) + ",1960-01-02,ZZ99 1AA,1," + c.value +
                     "\n" + TestNumber(1) + ",1960-01-02,ZZ99 1AA,1,N\n");
    const auto checked =
        world.Check({{"gp-event", events}, {"gp-patient", patients}});
    ASSERT_OK(checked);
    ASSERT_OK(checked->verdict);
    const DatasetReport& of_events = checked->report.datasets[0];
    const DatasetReport& of_patients = checked->report.datasets[1];
    EXPECT_EQ(of_events.counts.sent, c.kept_back ? 0U : 1U) << c.value;
    EXPECT_EQ(of_patients.counts.sent, c.kept_back ? 1U : 2U) << c.value;
    EXPECT_EQ(Dropped(of_patients, RowReason::kValueNotInList),
              c.fault ? 1U : 0U)
        << c.value;
    ASSERT_EQ(checked->report.issues.size(), c.fault ? 1U : 0U) << c.value;
    if (c.fault) {
      EXPECT_THAT(checked->report.IssueLine(checked->report.issues[0]),
                  HasSubstr("p.csv line 2 type1_opt_out: VALUE_NOT_IN_LIST: "));
    }
  }
}

// Whose opt-out a broken row held cannot be known, so nobody's rows go.
TEST(DeliveryReader, ABrokenRowBesideAnOptOutColumnStopsThePush) {
  for (const std::string& broken :
       {TestNumber(0) + ",1960-01-02,ZZ99 1AA,1,Y,", TestNumber(0) + ",Y",
        TestNumber(0) + ",1960-01-02,ZZ99 1AA,1\"x,Y"}) {
    World world;
    const std::string patients = world.File(
        "p.csv", "nhs_number,birth_date,postcode,sex,type1_opt_out\n" + broken +
                     "\n" + TestNumber(1) + ",1960-01-02,ZZ99 1AA,1,N\n");
    const auto checked = world.Check({{"gp-patient", patients}});
    ASSERT_FALSE(checked.ok());
    EXPECT_THAT(checked.status().message(),
                HasSubstr("ROW_SHAPE: " + patients + " line 2: "));
    EXPECT_THAT(checked.status().message(), Not(HasSubstr(TestNumber(0))));
  }
}

TEST(DeliveryReader, RestrictedRowsTakeTheirConsultationWithThem) {
  World world;
  const auto row = [](int i, const char* concept_id, const char* key) {
    return World::EventRow(
        TestNumber(static_cast<uint32_t>(i)),
        absl::StrFormat("01,2026-11-05,%s,,,A00001,%s,0,", concept_id, key));
  };
  // The tied row comes before the restricted one.
  const std::string events = world.File(
      "e.csv", World::EventHeader() + row(0, "12345678", "C7") +
                   row(0, "77777777", "C7") + row(1, "12345678", "C8") +
                   row(2, "77777777", ""));
  const std::string drugs =
      world.File("d.csv",
                 "nhs_number,issue_date,item_id,bnf_code,"
                 "consultation_key\n" +
                     TestNumber(0) + ",2026-11-05,1,0101010A0,C7\n" +
                     TestNumber(1) + ",2026-11-05,2,0101010A0,C8\n" +
                     TestNumber(2) + ",2026-11-05,3,0101010A0,\n");
  const auto checked =
      world.Check({{"gp-event", events}, {"gp-prescription", drugs}});
  ASSERT_OK(checked);
  ASSERT_OK(checked->verdict);
  const DatasetReport& event_report = checked->report.datasets[0];
  EXPECT_EQ(Dropped(event_report, RowReason::kRestrictedCode), 2U);
  EXPECT_EQ(Dropped(event_report, RowReason::kRestrictedLinkedRow), 1U);
  EXPECT_EQ(event_report.counts.sent, 1U);
  const DatasetReport& drug_report = checked->report.datasets[1];
  EXPECT_EQ(Dropped(drug_report, RowReason::kRestrictedLinkedRow), 1U);
  EXPECT_EQ(drug_report.counts.sent, 2U);
}

TEST(DeliveryReader, SensitiveRowsAreDropped) {
  World world;
  const DatasetReport report =
      CheckEvents(world, RowWith(7, "Y") + RowWith(7, "1") + RowWith(7, "0"));
  EXPECT_EQ(Dropped(report, RowReason::kSensitiveFlag), 2U);
}

TEST(DeliveryReader, ReadsSeveralFilesOfADatasetInAnyColumnOrder) {
  World world;
  const std::string a = world.File(
      "a.csv", World::EventHeader() + World::EventRow(TestNumber(0)));
  const std::string b = world.File(
      "b.csv",
      "GPPRAC,ignored,NHS_NUMBER,STATUS,EVENT_DATE,SNOMED,CONSULTATION_KEY,"
      "SENSITIVE_FLAG,RECORD_DATE\nA00002,x," +
          TestNumber(1) + ",01,2026-11-07,12345678,,,\n");
  const auto checked = world.Check({{"gp-event", a}, {"gp-event", b}});
  ASSERT_OK(checked);
  ASSERT_OK(checked->verdict);
  EXPECT_EQ(checked->report.datasets[0].counts.sent, 2U);
  EXPECT_EQ(checked->report.persons, 2U);
}

TEST(DeliveryReader, RefusesHeadersThatDoNotFit) {
  World world;
  const auto refusal = [&](const std::string& header) {
    const auto checked =
        world.Check({{"gp-event", world.File("h.csv", header)}});
    EXPECT_THAT(checked, ExitCodeIs(kExitInvalidInput));
    return std::string(checked.status().message());
  };
  EXPECT_THAT(refusal(""), HasSubstr("no header"));
  EXPECT_THAT(refusal("a,b\n"), HasSubstr("nhs_number, status"));
  EXPECT_THAT(refusal("nhs_number;status;event_date\n"),
              HasSubstr("parted by commas"));
  EXPECT_THAT(refusal("nhs_number,status,NHS_NUMBER\n"),
              HasSubstr("same name"));
  EXPECT_THAT(refusal(std::string("n\0h", 3)), HasSubstr("not CSV"));
  world.configuration().datasets["gp-event"].columns["event_date"] =
      "EFFECTIVE";
  EXPECT_THAT(refusal(World::EventHeader()), HasSubstr("lacks EFFECTIVE"));
}

TEST(DeliveryReader, AFileMayLackAColumnThatOnlyCouldHoldRestrictedCodes) {
  World world;
  const std::string path =
      world.File("e.csv",
                 "nhs_number,status,event_date,practice_code,consultation_key,"
                 "sensitive_flag,record_date\n" +
                     TestNumber(0) + ",01,2026-11-05,A00001,,,\n");
  const auto checked = world.Check({{"gp-event", path}});
  ASSERT_OK(checked);
  EXPECT_EQ(checked->report.datasets[0].counts.sent, 1U);
}

TEST(DeliveryReader, UsesTheSuppliersNamesAndDateFormat) {
  World world;
  auto& settings = world.configuration().datasets["gp-event"];
  settings.columns = {{"event_date", "EFFECTIVE"}, {"record_date", "ENTERED"}};
  settings.date_format = "%d/%m/%Y";
  const std::string path = world.File(
      "e.csv",
      "NHS_NUMBER,STATUS,effective,SNOMED,PRACTICE_CODE,CONSULTATION_KEY,"
      "SENSITIVE_FLAG,ENTERED\n" +
          TestNumber(0) + ",01,05/11/2026,12345678,A00001,,,06/11/2026\n" +
          TestNumber(0) + ",01,2026-11-05,12345678,A00001,,,\n");
  const auto checked = world.Check({{"gp-event", path}});
  ASSERT_OK(checked);
  EXPECT_EQ(checked->report.datasets[0].counts.sent, 1U);
  EXPECT_EQ(Dropped(checked->report.datasets[0], RowReason::kDateInvalid), 1U);
}

TEST(DeliveryReader, RefusesWhatIsNoRegularFile) {
  World world;
  EXPECT_THAT(world.Check({{"gp-event", world.path()}}),
              ExitCodeIs(kExitInvalidInput));
  EXPECT_THAT(world.Check({{"gp-event", world.path() + "/none.csv"}}),
              ExitCodeIs(kExitNotFound));
  EXPECT_THAT(world.Check({{"gp-event", "/dev/zero"}}),
              ExitCodeIs(kExitInvalidInput));
  EXPECT_THAT(world.Check({{"gp-event", "/proc/self/mem"}}),
              ExitCodeIs(kExitInvalidInput));
  EXPECT_THAT(world.Check({{"gp-event", "/proc/self/maps"}}),
              ExitCodeIs(kExitInvalidInput));
  const std::string fifo = world.path() + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(world.Check({{"gp-event", fifo}}), ExitCodeIs(kExitInvalidInput));
}

TEST(DeliveryReader, RefusesOneFileTwiceAndUnknownDatasets) {
  World world;
  const std::string path = world.File("e.csv", World::EventHeader());
  EXPECT_THAT(world.Check({{"gp-event", path}, {"gp-event", path}}),
              ExitCodeIs(kExitUsage));
  EXPECT_THAT(world.Check({{"gp-events", path}}), ExitCodeIs(kExitNotFound));
}

TEST(DeliveryReader, LeavesNothingBehind) {
  World world;
  CheckEvents(world, World::EventRow(TestNumber(0)));
  ASSERT_OK_AND_ASSIGN(const auto names,
                       ListDirectory(world.configuration().state_directory));
  EXPECT_THAT(names, testing::ElementsAre("datasets"));
}

TEST(DeliveryReader, CountsTheSameWithAnyNumberOfThreads) {
  World world;
  std::string rows;
  for (uint32_t i = 0; i < 5000; ++i) {
    rows += i % 7 == 0   ? RowWith(1, "")
            : i % 5 == 0 ? World::EventRow("")
                         : World::EventRow(TestNumber(i % 900));
  }
  const std::string path = world.File("e.csv", World::EventHeader() + rows);
  ASSERT_OK_AND_ASSIGN(const DeliveryPlan plan,
                       world.Plan({{"gp-event", path}}));
  std::vector<RowCounts> all;
  for (const int threads : {1, 2, 5}) {
    WorkerPool pool(threads);
    ExtractPreparer preparer(plan, pool, nullptr, World::Today());
    ASSERT_OK_AND_ASSIGN(const auto checked, preparer.Check());
    all.push_back(checked.report.datasets[0].counts);
    EXPECT_EQ(checked.report.issues.size(), 715U + 857U);
  }
  for (const RowCounts& counts : all) {
    EXPECT_EQ(counts.read, 5000U);
    EXPECT_EQ(counts.sent, all[0].sent);
    EXPECT_EQ(counts.dropped, all[0].dropped);
    EXPECT_EQ(counts.unlinked, all[0].unlinked);
  }
}

// Blocks of several files are at work at once; each file is read by its own
// header and named by its own lines.
TEST(DeliveryReader, ReadsManySmallFilesWithHeadersOfTheirOwn) {
  World world;
  std::vector<FileArgument> files;
  constexpr uint32_t kFiles = 60;
  for (uint32_t i = 0; i < kFiles; ++i) {
    const std::string number = TestNumber(i % 20);
    const std::string bad = i % 7 == 0 ? "2026-13-01" : "2026-11-05";
    // Turned around, and without the columns that may be absent.
    const std::string text =
        i % 2 == 0
            ? World::EventHeader() + World::EventRow(number) +
                  World::EventRow(number, "01," + bad + ",12345678,,,A00001,,,")
            : "practice_code,record_date,sensitive_flag,concept_id,"
              "consultation_key,event_date,status,nhs_number\n" +
                  ("A00001,,,12345678,,2026-11-05,01," + number + "\n") +
                  ("A00001,,,12345678,," + bad + ",01," + number + "\n");
    files.push_back(
        {"gp-event", world.File(absl::StrFormat("%d.csv", i), text)});
  }
  const auto checked = world.Check(files);
  ASSERT_OK(checked);
  EXPECT_OK(checked->verdict);
  const DeliveryReport& report = checked->report;
  EXPECT_EQ(report.datasets[0].counts.read, 2 * kFiles);
  EXPECT_EQ(Dropped(report.datasets[0], RowReason::kDateInvalid), 9U);
  EXPECT_EQ(report.datasets[0].counts.sent, 2 * kFiles - 9);
  EXPECT_EQ(report.persons, 20U);
  ASSERT_EQ(report.files.size(), kFiles);
  ASSERT_EQ(report.issues.size(), 9U);
  for (size_t i = 0; i < report.issues.size(); ++i) {
    EXPECT_EQ(report.issues[i].file, 7 * i);
    EXPECT_EQ(report.issues[i].line, 3U);
    EXPECT_EQ(report.files[report.issues[i].file], files[7 * i].path);
  }
}

TEST(DeliveryReader, NamesTheFileWhoseHeaderIsWrongAmongMany) {
  World world;
  std::vector<FileArgument> files;
  for (int i = 0; i < 20; ++i) {
    files.push_back(
        {"gp-event", world.File(absl::StrFormat("%d.csv", i),
                                i == 13 ? "a,b\n1,2\n"
                                        : World::EventHeader() +
                                              World::EventRow(TestNumber(1)))});
  }
  const auto checked = world.Check(files);
  EXPECT_THAT(checked, ExitCodeIs(kExitInvalidInput));
  EXPECT_THAT(checked, StatusIs(absl::StatusCode::kInvalidArgument,
                                HasSubstr("13.csv")));
  files[13].path = world.File("13.csv", "");
  EXPECT_THAT(world.Check(files), StatusIs(absl::StatusCode::kInvalidArgument,
                                           HasSubstr("13.csv is empty")));
}

TEST(DeliveryReader, SaysThatMoreLinesAreAtFaultThanItKept) {
  World world;
  std::string text = World::EventHeader();
  for (size_t i = 0; i < kMaxIssues / 2; ++i) text += "x\n";
  std::vector<FileArgument> files = {{"gp-event", world.File("1.csv", text)},
                                     {"gp-event", world.File("2.csv", text)}};
  const auto all = world.Check(files);
  ASSERT_OK(all);
  EXPECT_EQ(all->report.issues.size(), kMaxIssues);
  EXPECT_FALSE(all->report.issues_cut);
  files[1].path = world.File("3.csv", text + "x\n");
  const auto cut = world.Check(files);
  ASSERT_OK(cut);
  EXPECT_EQ(cut->report.issues.size(), kMaxIssues);
  EXPECT_TRUE(cut->report.issues_cut);
  EXPECT_EQ(cut->report.issues.back().line, kMaxIssues / 2 + 1);
}

}  // namespace
}  // namespace tally::pseudonymiser
