// The usual breakdowns pass under every profile, also after the same figures
// were printed under a looser one.
#include "bench.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

TEST(Profiles, UsualBreakdownsPassUnderEachAfterTheAgreements) {
  // Practice 1 has no deprivation decile but one: zeros in print.
  FixtureRelease town = MakeTown(6, 700, 0.05, 0.03);
  for (FixtureRegistration& r : town.registrations) {
    if (r.practice == "Z90001") r.imd_decile = 5;
  }
  Bench bench(town);
  ReleaseRegistry registry(bench.root() + "/released.jsonl");
  GateOptions options;
  options.registry = &registry;
  for (const char* profile : {"nhs-subnational", "opensafely", "threshold10",
                              "midpoint6", "nhs-national"}) {
    Gate gate(*Profile::Named(profile), options);
    for (const char* id : {"C02", "C03"}) {
      MeasureRunner runner(bench.folder(), bench.database(), gate, {});
      const auto result = runner.Run(id);
      ASSERT_TRUE(result.ok()) << profile << " " << result.status();
      EXPECT_GT(result->tables[0].rows(), 0u);
    }
  }
}

}  // namespace
}  // namespace tally::analytics
