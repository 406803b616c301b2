// The cast of C05's tests: people whose care makes their scores.
#ifndef TALLY_TESTS_UNIT_ANALYTICS_RISK_CAST_H_
#define TALLY_TESTS_UNIT_ANALYTICS_RISK_CAST_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "bench.h"
#include "gtest/gtest.h"
#include "hospital_rows.h"

namespace tally::analytics {

// The index date of these releases is 31 October 2025.
struct RiskCast {
  FixtureRelease release;
  FixtureTable apc = ApcTable();
  FixtureTable ecds = EcdsTable();
  int last = 0;

  int Person(int age = 40, const std::string& sex = "2") {
    FixtureRegistration r;
    r.person = ++last;
    r.year_of_birth = 2025 - age;
    r.sex = sex;
    release.registrations.push_back(r);
    return last;
  }
  void Stay(int person, const std::string& from, const std::string& to,
            const std::string& method = "21",
            const std::string& diagnosis = "R690",
            const std::string& second = "") {
    FixtureEpisode e;
    e.person = person;
    e.spell = static_cast<int>(apc.rows.size()) + 1;
    e.admitted = from;
    e.discharged = to;
    e.method = method;
    e.diag_01 = diagnosis;
    e.diag_02 = second;
    AddEpisode(e, apc);
  }
  void Finish() {
    FixtureTable items = PrescriptionTable();
    AddItem(last, "2020-01-01", "0212000B0", items);
    release.activity = {apc, ecds, items};
  }
};

// A whole number of a working table; -1 for null, -2 if there is no row.
inline int64_t ScoreOf(Bench& bench, const std::string& table,
                       const std::string& column, int person) {
  auto result = bench.database().connection().Query(absl::StrFormat(
      "SELECT CAST(coalesce(%s, -1) AS BIGINT) FROM %s WHERE person = %d",
      column, table, person));
  EXPECT_TRUE(result.ok()) << result.status();
  const auto rows = result->AllRows();
  return rows->empty() ? -2 : *rows->at(0).at(0).As<int64_t>();
}

inline const GatedTable* RiskTable(const MeasureResult& result,
                                   std::string_view name) {
  for (const GatedTable& table : result.tables) {
    if (table.info().table == name) return &table;
  }
  return nullptr;
}

// Runs C05 and fails the test on an error.
inline MeasureResult RunRisk(Bench& bench, const RunOptions& options = {}) {
  auto result = bench.Run("C05", options);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : MeasureResult();
}

}  // namespace tally::analytics

#endif  // TALLY_TESTS_UNIT_ANALYTICS_RISK_CAST_H_
