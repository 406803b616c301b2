// What stands beside a hidden count says nothing of it: neither whether it is
// zero, nor through its row, nor through another grouping of the same people.
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/gate.h"
#include "analytics/export/table_writers.h"
#include "attacker.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "status_matchers.h"

namespace tally::analytics {
namespace {

using testing::IsEmpty;

TableInfo RestInfo(std::string table) {
  TableInfo info;
  info.table = std::move(table);
  info.measure_id = "T05";
  info.project = "trial";
  info.release = "r2026-11";
  info.period = "2026-11";
  info.cohort = "everyone";
  return info;
}

ColumnSpec OfPeople(std::string name, ColumnKind kind) {
  ColumnSpec column;
  column.name = std::move(name);
  column.kind = kind;
  column.title = column.name;
  column.numerator = column.denominator = "n";
  return column;
}

// Two rows: one that is shown, and one of `people` with their figures, which
// nobody has none of.
std::string RowOf(int64_t people, std::string_view profile) {
  ColumnSpec median = OfPeople("median", ColumnKind::kPercentile);
  median.percentile = 0.5;
  auto raw = RawTable::Create(RestInfo("beside"),
                              {DimensionColumn("area", "Area"),
                               CountColumn("n", ColumnKind::kPersons, "People"),
                               OfPeople("mean", ColumnKind::kMean), median,
                               OfPeople("cost", ColumnKind::kSum),
                               OfPeople("index", ColumnKind::kIndex),
                               OfPeople("metric", ColumnKind::kModelMetric),
                               OfPeople("rate", ColumnKind::kRate)});
  EXPECT_OK(raw);
  for (const int64_t n : {int64_t{400}, people}) {
    std::vector<RawValue> row = {n == 400 ? "north" : "south", n};
    for (int figure = 0; figure < 5; ++figure) {
      row.push_back(n == 0 ? RawValue() : RawValue(12.5));
    }
    row.emplace_back();
    EXPECT_OK(raw->AddRow(std::move(row)));
  }
  if (people == 0) {
    for (const size_t column : {size_t{5}, size_t{6}}) {
      raw->SetNa({1, column}, NaReason::kNoDenominator);
    }
  }
  const auto table = Gate(*Profile::Named(profile), {}).Release(*raw);
  EXPECT_OK(table);
  std::string text;
  for (size_t column = 0; column < table->columns().size(); ++column) {
    text += table->cell(1, column).text() + "|";
  }
  return text;
}

TEST(BesideAHiddenCount, NothingSaysWhetherItIsZero) {
  for (const char* profile : {"opensafely", "threshold10"}) {
    const std::string of_nobody = RowOf(0, profile);
    for (int64_t people = 1; people <= 7; ++people) {
      EXPECT_EQ(RowOf(people, profile), of_nobody) << profile << people;
    }
    EXPECT_THAT(of_nobody, testing::HasSubstr("*|*|*|*|*|*"));
  }
}

TEST(BesideAHiddenCount, AShownZeroHasNoFigures) {
  EXPECT_EQ(RowOf(0, "nhs-subnational"), "south|0|NA|NA|NA|NA|NA|NA|");
}

class Rests : public testing::Test {
 protected:
  Rests() {
    std::string name = testing::TempDir() + "restsXXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    registry_ = std::make_unique<ReleaseRegistry>(folder_ + "/released.jsonl");
  }
  ~Rests() override { std::filesystem::remove_all(folder_); }

  absl::StatusOr<GatedTable> Pass(const RawTable& raw) {
    GateOptions options;
    options.registry = registry_.get();
    return Gate(*Profile::Named("nhs-subnational"), options).Release(raw);
  }
  // What a reader of everything released so far narrows, who knows besides that
  // each whole is no less than its parts.
  std::vector<std::string> NarrowedByAll() {
    const auto all = registry_->All();
    EXPECT_OK(all);
    Attacker attacker;
    for (const ReleasedTable& table : *all) {
      EXPECT_TRUE(attacker.Believe(table)) << table.table;
    }
    return Narrowed(attacker, *all);
  }

  std::string folder_;
  std::unique_ptr<ReleaseRegistry> registry_;
};

// Of 165 referrals that were followed 161 were discharged without treatment,
// and 4 treated: one in each of four practices.
RawTable ReferralRows() {
  auto raw = RawTable::Create(
      RestInfo("referrals"),
      {DimensionColumn("area", "Area"),
       CountColumn("followed", ColumnKind::kEvents, "Followed"),
       CountColumn("treated", ColumnKind::kEvents, "Treated"),
       CountColumn("discharged", ColumnKind::kEvents, "Not treated")});
  EXPECT_OK(raw);
  const int64_t followed[] = {40, 45, 41, 39};
  std::vector<std::vector<CellRef>> parts(3);
  for (size_t area = 0; area < 4; ++area) {
    EXPECT_OK(raw->AddRow({absl::StrFormat("area %d", area), followed[area],
                           int64_t{1}, followed[area] - 1}));
    for (size_t c = 0; c < 3; ++c) parts[c].push_back({area, c + 1});
  }
  EXPECT_OK(raw->AddRow({"All", RawValue(), RawValue(), RawValue()}));
  for (size_t c = 0; c < 3; ++c) raw->SetTotal({4, c + 1}, parts[c]);
  raw->AddColumnsWithin("followed", {"treated", "discharged"});
  return *std::move(raw);
}

TEST_F(Rests, PartsOfOneRowThatExcludeEachOtherDoNotSayHowManyTheOthersAre) {
  ASSERT_OK(Pass(ReferralRows()));
  EXPECT_THAT(NarrowedByAll(), IsEmpty());
}

// 6 that were followed, 1 treated and 5 not: each is hidden, and none of the
// parts can be 7 beside the other.
TEST_F(Rests, SmallPartsOfASmallWholePass) {
  auto raw = RawTable::Create(
      RestInfo("referrals"),
      {DimensionColumn("area", "Area"),
       CountColumn("followed", ColumnKind::kEvents, "Followed"),
       CountColumn("treated", ColumnKind::kEvents, "Treated"),
       CountColumn("discharged", ColumnKind::kEvents, "Not treated")});
  ASSERT_OK(raw);
  ASSERT_OK(raw->AddRow({"a", int64_t{6}, int64_t{1}, int64_t{5}}));
  ASSERT_OK(raw->AddRow({"b", int64_t{40}, int64_t{12}, int64_t{20}}));
  raw->AddColumnsWithin("followed", {"treated", "discharged"});
  const auto table = Pass(*raw);
  ASSERT_OK(table);
  EXPECT_EQ(table->suppressed_cells(), 3U);
}

TEST_F(Rests, PartsThatAreMoreThanTheirWholeAreAFault) {
  auto raw = RawTable::Create(
      RestInfo("wrong"), {DimensionColumn("area", "Area"),
                          CountColumn("all", ColumnKind::kEvents, "All"),
                          CountColumn("some", ColumnKind::kEvents, "Some")});
  ASSERT_OK(raw->AddRow({"a", int64_t{20}, int64_t{21}}));
  raw->AddColumnsWithin("all", {"some"});
  const absl::Status status = Pass(*raw).status();
  EXPECT_THAT(status.message(), testing::HasSubstr("column all"));
}

// The same 85 people with an event, in bands of two scores: one of 85, and 35,
// 49 and 1. Printed are 85 (83 to 87), 35 (33 to 37) and 50 (48 to 52), so the
// last is 6 at most.
RawTable TwoScores(bool same) {
  TableInfo info = RestInfo("scores");
  info.cohort = same ? "the same people" : "people of each score";
  auto raw = RawTable::Create(
      std::move(info),
      {DimensionColumn("score", "Score"), DimensionColumn("band", "Band"),
       CountColumn("n", ColumnKind::kPersons, "People")});
  EXPECT_OK(raw);
  const std::vector<std::pair<std::string, std::vector<int64_t>>> scores = {
      {"one", {85}}, {"two", {35, 49, 1}}};
  std::vector<std::vector<CellRef>> groups;
  size_t row = 0;
  for (const auto& [score, bands] : scores) {
    groups.emplace_back();
    for (size_t band = 0; band < bands.size(); ++band) {
      EXPECT_OK(
          raw->AddRow({score, absl::StrFormat("band %d", band), bands[band]}));
      groups.back().push_back({row++, 2});
    }
  }
  if (same) raw->AddSameSum(groups);
  return *std::move(raw);
}

TEST_F(Rests, GroupingsOfTheSamePeopleAreAuditedTogether) {
  const auto apart = Pass(TwoScores(false));
  ASSERT_OK(apart);
  EXPECT_EQ(apart->suppressed_cells(), 1U);
  const auto together = Pass(TwoScores(true));
  ASSERT_OK(together);
  EXPECT_GT(together->suppressed_cells(), 1U);
}

TEST_F(Rests, WhatARowSaysIsKeptForLaterTables) {
  ASSERT_OK(Pass(ReferralRows()));
  const auto all = registry_->All();
  ASSERT_OK(all);
  size_t rests = 0;
  for (const ReleasedRelation& relation : all->front().equalities) {
    rests += relation.parts.back().starts_with(kRestMark);
  }
  EXPECT_GT(rests, 0U);
  // Read again, the same table is no news and no contradiction.
  ASSERT_OK(Pass(ReferralRows()));
  EXPECT_EQ(registry_->All()->size(), all->size());
}

// Conditions by practice, and by practice and sex.
RawTable Conditions(bool by_sex) {
  std::vector<ColumnSpec> columns = {DimensionColumn("area", "Area")};
  if (by_sex) columns.push_back(DimensionColumn("sex", "Sex"));
  columns.push_back(CountColumn("n", ColumnKind::kPersons, "People"));
  auto raw = RawTable::Create(RestInfo(by_sex ? "finer" : "coarser"), columns);
  EXPECT_OK(raw);
  const int64_t women[] = {7, 30, 25, 3, 40};
  const int64_t men[] = {8, 20, 5, 25, 35};
  for (size_t area = 0; area < 5; ++area) {
    const std::string name = absl::StrFormat("area %d", area);
    if (by_sex) {
      EXPECT_OK(raw->AddRow({name, "female", women[area]}));
      EXPECT_OK(raw->AddRow({name, "male", men[area]}));
    } else {
      EXPECT_OK(raw->AddRow({name, women[area] + men[area]}));
    }
  }
  return *std::move(raw);
}

std::string CsvOf(const absl::StatusOr<GatedTable>& table) {
  return table.ok() ? GatedCsv(*table) : table.status().ToString();
}

TEST_F(Rests, ATableThatIsOutPassesAgainAsItWas) {
  const std::string finer = CsvOf(Pass(Conditions(true)));
  const std::string coarser = CsvOf(Pass(Conditions(false)));
  const size_t lines = registry_->All()->size();
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(CsvOf(Pass(Conditions(true))), finer);
    EXPECT_EQ(CsvOf(Pass(Conditions(false))), coarser);
    EXPECT_EQ(registry_->All()->size(), lines);
  }
  EXPECT_THAT(NarrowedByAll(), IsEmpty());
}

TEST_F(Rests, SumsThatAreSaidToBeTheSameMustBe) {
  auto raw = RawTable::Create(
      RestInfo("wrong"), {DimensionColumn("area", "Area"),
                          CountColumn("n", ColumnKind::kPersons, "People")});
  ASSERT_OK(raw->AddRow({"a", int64_t{20}}));
  ASSERT_OK(raw->AddRow({"b", int64_t{21}}));
  raw->AddSameSum({{{0, 1}}, {{1, 1}}});
  EXPECT_FALSE(Pass(*raw).ok());
}

}  // namespace
}  // namespace tally::analytics
