// Providers that became others keep their history under the successor.
#include "measures/successors.h"

#include <filesystem>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stays.h"

namespace tally::analytics {
namespace {

// Emergencies in March 2026: 3 at RZZ01, 4 at RZZ02, 5 at RZZ03.
FixtureRelease ThreeProviders() {
  FixtureRelease release;
  FixtureTable apc = StayTable();
  int person = 0;
  for (const auto& [provider, stays] :
       {std::pair("RZZ01", 3), std::pair("RZZ02", 4), std::pair("RZZ03", 5)}) {
    for (int i = 0; i < stays; ++i) {
      apc.Add(Stay(++person, "2026-03-10", "2026-03-12",
                   {{"provider_code", provider}}));
    }
  }
  release.activity.push_back(apc);
  return release;
}

class SuccessorsOf {
 public:
  explicit SuccessorsOf(const std::string& rows) : bench_(ThreeProviders()) {
    options_.comparators = bench_.root() + "/reference";
    std::filesystem::create_directories(options_.comparators);
    EXPECT_TRUE(WriteFileAtomically(
                    options_.comparators + "/provider_successors.toml",
                    absl::StrFormat("id = \"provider_successors\"\n"
                                    "source = \"test\"\n"
                                    "valid_from = 2020-04-01\n"
                                    "valid_to = 2030-03-31\n"
                                    "columns = [\"provider\", \"successor\", "
                                    "\"month\"]\nrow = [%s]\n",
                                    rows),
                    0600)
                    .ok());
  }
  absl::StatusOr<MeasureResult> Run() { return bench_.Run("C19", options_); }
  Bench& bench() { return bench_; }

  // Emergencies of the year at a provider; "absent" if it has no row.
  std::string Emergencies(const std::string& provider) {
    const auto result = Run();
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok()) return "error";
    return Find(result->tables[0],
                {{"provider", provider},
                 {"pod", "Emergency admission"},
                 {"month", "All"}},
                "activity");
  }

 private:
  Bench bench_;
  RunOptions options_;
};

TEST(ProviderSuccessors, TakeTheHistoryOfThoseBeforeThem) {
  SuccessorsOf merged(R"(["RZZ01", "RZZ02", "2026-05"])");
  EXPECT_EQ(merged.Emergencies("RZZ02"), "7");
  EXPECT_EQ(merged.Emergencies("RZZ01"), "absent");
  EXPECT_EQ(merged.Emergencies("RZZ03"), "5");
  EXPECT_EQ(merged.Emergencies("All"), "12");
  // Nights as well, which are counted by other rows.
  const auto result = merged.Run();
  EXPECT_EQ(Find(result->tables[1], {{"provider", "RZZ02"}}, "stays"), "7");
}

TEST(ProviderSuccessors, FollowOneAnother) {
  SuccessorsOf chain(
      R"(["RZZ01", "RZZ02", "2024-05"], ["RZZ02", "RZZ09", "2026-10"])");
  EXPECT_EQ(chain.Emergencies("RZZ09"), "7");
  EXPECT_EQ(chain.Emergencies("RZZ02"), "absent");
}

TEST(ProviderSuccessors, CountFromTheirMonthOn) {
  // Figures are about October 2026.
  SuccessorsOf later(R"(["RZZ01", "RZZ02", "2026-11"])");
  EXPECT_EQ(later.Emergencies("RZZ01"), "3");
  EXPECT_EQ(later.Emergencies("RZZ02"), "4");
}

TEST(ProviderSuccessors, AreForgottenByARunWithoutTheFile) {
  SuccessorsOf merged(R"(["RZZ01", "RZZ02", "2026-05"])");
  EXPECT_EQ(merged.Emergencies("RZZ02"), "7");
  const auto plain = merged.bench().Run("C19");
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(Find(plain->tables[0],
                 {{"provider", "RZZ02"},
                  {"pod", "Emergency admission"},
                  {"month", "All"}},
                 "activity"),
            "4");
}

TEST(ProviderSuccessors, RefuseFilesThatContradictThemselves) {
  for (const char* rows :
       {R"(["RZZ01", "RZZ01", "2026-05"])",
        R"(["RZZ01", "RZZ02", "2026-05"], ["RZZ02", "RZZ01", "2026-05"])",
        R"(["RZZ01", "RZZ02", "2026-05"], ["RZZ01", "RZZ03", "2026-06"])",
        R"(["RZZ01", "RZZ02", "May 2026"])"}) {
    const auto result = SuccessorsOf(rows).Run();
    EXPECT_EQ(ExitCodeOf(result.status()), 2) << rows;
    EXPECT_THAT(result.status().message(),
                testing::HasSubstr("provider_successors.toml"));
  }
}

}  // namespace
}  // namespace tally::analytics
