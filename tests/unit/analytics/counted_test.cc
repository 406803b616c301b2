// Counts that tables of two measures have under one name: what one hides, the
// other may not print or give away (ADR 96).
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/decision_log.h"
#include "analytics/disclosure/gate.h"
#include "analytics/disclosure/registry.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A count of one level, and the name of what it counts ("": its own).
struct NamedCount {
  std::string level;
  int64_t n;
  std::string name;
};

TableInfo CountedInfo(const std::string& measure, const std::string& table,
                      const std::string& period) {
  TableInfo info;
  info.table = table;
  info.measure_id = measure;
  info.project = "trial";
  info.release = "r2026-11";
  info.period = period;
  info.cohort = "what " + measure + " counts";
  return info;
}

std::string TrialName(const std::string& level) {
  return CountedKey("trial", {{"month", "2026-11"}, {"provider", level}});
}

// `known` is a sum of all that every reader knows.
RawTable CountedTable(const std::string& measure,
                      const std::vector<NamedCount>& counts,
                      std::optional<int64_t> known = std::nullopt,
                      const std::string& period = "2026-11") {
  // Neither column nor dimension is called as in another measure.
  auto raw = RawTable::Create(
      CountedInfo(measure, "counts", period),
      {DimensionColumn("level_" + measure.substr(1), "Level"),
       CountColumn("n_" + measure.substr(1), ColumnKind::kEvents, "Events")});
  EXPECT_TRUE(raw.ok()) << raw.status();
  std::vector<CellRef> all;
  for (const NamedCount& one : counts) {
    EXPECT_TRUE(raw->AddRow({one.level, one.n}).ok());
    all.push_back({raw->rows() - 1, 1});
    if (!one.name.empty()) raw->SetCounted(all.back(), one.name);
  }
  if (known.has_value()) raw->AddKnownMargin(all, *known);
  return *std::move(raw);
}

class CountedGate : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "countedXXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    log_.emplace(folder_ + "/decisions.jsonl");
    registry_.emplace(folder_ + "/released.jsonl");
    GateOptions options;
    options.log = &*log_;
    options.registry = &*registry_;
    gate_.emplace(*Profile::Named("nhs-subnational"), options);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // What is printed of each row.
  std::vector<std::string> Printed(const RawTable& raw) {
    std::vector<std::string> printed;
    const auto table = gate_->Release(raw);
    EXPECT_TRUE(table.ok()) << table.status();
    if (!table.ok()) return printed;
    for (size_t row = 0; row < table->rows(); ++row) {
      printed.push_back(table->at(row, raw.columns()[1].name).text());
    }
    return printed;
  }

  std::string folder_;
  std::optional<DecisionLog> log_;
  std::optional<ReleaseRegistry> registry_;
  std::optional<Gate> gate_;
};

TEST_F(CountedGate, ACellThatOneMeasureHidIsHiddenInTheOther) {
  EXPECT_THAT(
      Printed(CountedTable(
          "T01", {{"small", 4, TrialName("A")}, {"shield", 30, TrialName("B")}},
          34)),
      ElementsAre("*", "*"));
  EXPECT_THAT(
      Printed(CountedTable("T02", {{"x", 30, TrialName("B")}, {"y", 50, ""}})),
      ElementsAre("*", "50"));
}

TEST_F(CountedGate, WithoutANameTheOtherMeasurePrintsIt) {
  Printed(CountedTable("T01", {{"small", 4, ""}, {"shield", 30, ""}}, 34));
  EXPECT_THAT(Printed(CountedTable("T02", {{"x", 30, ""}, {"y", 50, ""}})),
              ElementsAre("30", "50"));
}

// B is hidden in the first table and would follow from a sum of the second.
TEST_F(CountedGate, ACellThatOneMeasureHidDoesNotFollowFromSumsOfTheOther) {
  Printed(CountedTable("T01",
                       {{"small", 4, ""}, {"shield", 30, TrialName("B")}}, 34));
  EXPECT_THAT(Printed(CountedTable(
                  "T02", {{"x", 30, TrialName("B")}, {"y", 50, ""}}, 80)),
              ElementsAre("*", "*"));
}

// The small count stands in the first table only: the second has its shield.
TEST_F(CountedGate, SmallCountsOfTheOtherMeasureStayOpen) {
  Printed(CountedTable("T01",
                       {{"small", 2, ""},
                        {"shield", 20, TrialName("B")},
                        {"printed", 60, TrialName("C")}},
                       82));
  const auto printed =
      Printed(CountedTable("T02", {{"x", 20, TrialName("B")},
                                   {"y", 60, TrialName("C")},
                                   {"z", 90, TrialName("D")}}));
  EXPECT_THAT(printed, ElementsAre("*", "60", "90"));
}

// A measure whose definition was changed may count others under the old name.
TEST_F(CountedGate, CountsThatContradictEachOtherAreTwo) {
  Printed(CountedTable("T01",
                       {{"small", 4, TrialName("A")},
                        {"shield", 30, TrialName("B")},
                        {"large", 70, TrialName("C")}},
                       104));
  EXPECT_THAT(Printed(CountedTable("T02", {{"x", 90, TrialName("A")},
                                           {"y", 30, TrialName("B")},
                                           {"z", 200, TrialName("C")}})),
              testing::SizeIs(3));
  const auto decisions = log_->Read();
  ASSERT_TRUE(decisions.ok());
  ASSERT_EQ(decisions->size(), 2u);
  EXPECT_FALSE(decisions->back().left_out.empty());
}

TEST_F(CountedGate, TwoCellsOfOneNameInOneTableAreOneNumber) {
  const std::vector<NamedCount> counts = {{"small", 4, ""},
                                          {"shield", 30, TrialName("B")}};
  RawTable raw = CountedTable("T01", counts, 34);
  ASSERT_TRUE(raw.AddRow({"again", int64_t{30}}).ok());
  raw.SetCounted({2, 1}, TrialName("B"));
  EXPECT_THAT(Printed(raw), ElementsAre("*", "*", "*"));
}

// A name that a measure gives to two numbers joins neither of them.
TEST_F(CountedGate, TwoNumbersOfOneNameInOneTableAreReleased) {
  EXPECT_THAT(Printed(CountedTable("T01", {{"x", 20, TrialName("B")},
                                           {"y", 50, TrialName("B")}})),
              ElementsAre("20", "50"));
}

TEST_F(CountedGate, TheSameTableAgainIsPrintedAsItWas) {
  Printed(
      CountedTable("T01", {{"small", 4, ""}, {"s", 30, TrialName("B")}}, 34));
  const RawTable second =
      CountedTable("T02", {{"x", 30, TrialName("B")}, {"y", 50, ""}});
  const auto first = Printed(second);
  EXPECT_EQ(Printed(second), first);
  EXPECT_EQ(registry_->All()->size(), 2u);
}

TEST_F(CountedGate, ANameThatIsNoneIsRefused) {
  RawTable raw = CountedTable("T01", {{"x", 30, ""}});
  raw.SetCounted({0, 1}, "n_01|level=x");
  EXPECT_EQ(gate_->Release(raw).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(CountedGate, TheRegisterFindsTablesOfOtherMeasuresByNameAndPeriod) {
  Printed(CountedTable("T01", {{"x", 30, TrialName("B")}}));
  Printed(CountedTable("T02", {{"x", 40, ""}}));
  Printed(CountedTable("T03", {{"x", 30, TrialName("B")}}, std::nullopt,
                       "2026-08"));
  Printed(CountedTable("T04", {{"x", 30, TrialName("B")}}, std::nullopt,
                       "12 months to 2026-11"));
  ReleasedTable asked;
  asked.measure = "T05";
  asked.period = "2026-11";
  asked.counted["n|level=L1"] = TrialName("B");
  const auto related =
      registry_->Related(asked, {"n|level=L1"}, {TrialName("B")});
  ASSERT_TRUE(related.ok()) << related.status();
  std::vector<std::string> measures;
  for (const ReleasedTablePtr& table : *related) {
    measures.push_back(table->measure);
  }
  EXPECT_THAT(measures, ElementsAre("T04", "T01"));
  EXPECT_EQ(related->back()->counted,
            (std::map<std::string, std::string>{
                {"n_01|level_01=x", TrialName("B")}}));
  // Nothing is hidden near B here or there.
  EXPECT_THAT(*registry_->Related(asked, {"n|level=L1"}), IsEmpty());
  Printed(CountedTable(
      "T06", {{"small", 4, ""}, {"s", 30, TrialName("B")}, {"t", 40, ""}}, 74));
  EXPECT_THAT(*registry_->Related(asked, {"n|level=L1"}), testing::SizeIs(3));
  asked.counted.clear();
  EXPECT_THAT(*registry_->Related(asked, {"n|level=L1"}), IsEmpty());
}

// What readers have of B leaves too little of the small count, and cannot be
// taken back.
TEST_F(CountedGate, ARefusalNamesTheTablesBehindIt) {
  Printed(CountedTable("T01", {{"x", 30, TrialName("B")}}));
  Printed(CountedTable("T03", {{"far", 300, ""}}));
  const auto refused = gate_->Release(
      CountedTable("T02", {{"small", 4, ""}, {"y", 30, TrialName("B")}}, 34));
  ASSERT_EQ(ReasonOf(refused.status()), Reason::kDisclosureRefused)
      << refused.status();
  const std::string text(refused.status().message());
  EXPECT_THAT(text, HasSubstr("could be narrowed"));
  EXPECT_THAT(text, HasSubstr("T01/counts@r2026-11 of trial, 2026-11 (by "
                              "level_01)"));
  EXPECT_THAT(text, testing::Not(HasSubstr("T03")));
  EXPECT_THAT(text, HasSubstr("fewer dimensions or wider groups"));
}

// Nobody's earlier table is behind it: none is named.
TEST_F(CountedGate, ARefusalOfATableByItselfNamesNone) {
  const auto refused = gate_->Release(
      CountedTable("T02", {{"small", 3, ""}, {"none", 0, ""}}, 3));
  ASSERT_EQ(ReasonOf(refused.status()), Reason::kDisclosureRefused);
  EXPECT_THAT(std::string(refused.status().message()),
              testing::Not(HasSubstr("readers have")));
}

}  // namespace
}  // namespace tally::analytics
