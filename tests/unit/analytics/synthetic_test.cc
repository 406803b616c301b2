// A synthetic release has everything that measures look for: registrations by
// month, and the organisations that the reference files name.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "analytics/release/synthetic_release.h"
#include "bench.h"
#include "gtest/gtest.h"
#include "status_matchers.h"

namespace tally::analytics {
namespace {

SyntheticShape ShapeOf(Bench& bench, const std::string& population) {
  SyntheticShape shape;
  shape.dictionary = bench.folder().dictionary();
  shape.manifest = bench.folder().manifest();
  shape.agreement =
      "population = \"" + population +
      "\"\ndataset = [\n"
      "{ id = \"gp-patient\", sources = [\"gp-supplier-a\"] },\n"
      "{ id = \"gp-event\", sources = [\"gp-supplier-a\"] },\n]\n";
  return shape;
}

TEST(SyntheticRelease, CoversEverybodyWhateverThePopulationIsCalled) {
  Bench bench(MakeTown(2, 100, 0.1, 0));
  for (const std::string population : {"gp-patient", "all"}) {
    SyntheticOptions options;
    options.people = 50;
    options.temp = bench.root();
    const auto rows =
        WriteSyntheticRelease(ShapeOf(bench, population), options,
                              bench.root() + "/made-up-" + population);
    ASSERT_OK(rows);
    // A span a person and dataset.
    EXPECT_EQ(rows->at("coverage"), 100u) << population;
  }
}

TEST(SyntheticRelease, PracticesAreThoseThatAreNamed) {
  Bench bench(MakeTown(2, 100, 0.1, 0));
  SyntheticShape shape = ShapeOf(bench, "all");
  shape.words["practice_code"] = {"Z91001", "Z91002", "Z91003", "Z91004"};
  SyntheticOptions options;
  options.people = 1000;
  options.temp = bench.root();
  const std::string folder = bench.root() + "/made-up";
  ASSERT_OK(WriteSyntheticRelease(shape, options, folder));
  const auto release = ReleaseFolder::Open(folder, {});
  ASSERT_OK(release);
  DatabaseSettings settings;
  settings.work_directory = bench.root() + "/again";
  settings.memory_bytes = 512 << 20;
  auto database = ReleaseDatabase::Open(*release, settings);
  ASSERT_OK(database);
  const auto found = database->connection().Scalar(
      "SELECT string_agg(DISTINCT practice_code, ' ' ORDER BY practice_code) "
      "FROM gp_patient");
  ASSERT_OK(found);
  EXPECT_EQ(*found->As<std::string>(), "Z91001 Z91002 Z91003 Z91004");
}

}  // namespace
}  // namespace tally::analytics
