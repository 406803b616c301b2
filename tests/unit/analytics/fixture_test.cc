// The release that tests make: activity tables with the types of the shipped
// specifications, beside patients and events.
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

std::string FirstText(Bench& bench, const std::string& sql) {
  const auto value = bench.database().connection().Scalar(sql);
  EXPECT_TRUE(value.ok()) << value.status();
  if (!value.ok() || value->As<std::string>() == nullptr) return "no text";
  return *value->As<std::string>();
}

TEST(FixtureRelease, WritesTablesWithTheTypesOfTheirSpecification) {
  FixtureRelease release;
  FixtureTable apc{.dataset = "sus-apc",
                   .defaults = {{"provider_code", "RZZ01"}, {"sex", "1"}},
                   .columns = {"diag_02"}};
  apc.Add({{"person", "7"},
           {"admission_date", "2026-01-31"},
           {"spell_id", "99999999999"},
           {"last_episode", "true"},
           {"mff", "1.25"}});
  apc.Add({{"sex", ""}});
  release.activity.push_back(apc);
  Bench bench(release);
  EXPECT_EQ(bench.folder().Grain("sus_apc"), "day");
  EXPECT_NE(bench.folder().Column("sus_apc", "diag_02"), nullptr);
  EXPECT_EQ(bench.folder().Column("sus_apc", "diag_01"), nullptr);
  EXPECT_EQ(FirstText(bench,
                      "SELECT concat_ws(' ', typeof(admission_date), "
                      "typeof(spell_id), typeof(last_episode), typeof(mff)) "
                      "FROM sus_apc LIMIT 1"),
            "DATE BIGINT BOOLEAN DOUBLE");
  EXPECT_EQ(FirstText(bench,
                      "SELECT string_agg(concat_ws(' ', "
                      "coalesce(CAST(person AS VARCHAR), unlinked_reason), "
                      "source, provider_code, coalesce(sex, '-')), '; ' "
                      "ORDER BY person NULLS LAST) FROM sus_apc"),
            "7 national-apc RZZ01 1; NHS_NUMBER_MISSING national-apc RZZ01 -");
  EXPECT_EQ(FirstText(bench, "SELECT CAST(person AS VARCHAR) FROM persons"),
            "7");
}

}  // namespace
}  // namespace tally::analytics
