// A region of made-up people, as large as asked for, as the tables of a
// release: 25 rows a person over four years, 200 practices, eight providers,
// some 2,000 medicines. Every value is a hash of a row number, so the same size
// gives the same region everywhere. For speed and memory only: nothing in it
// hangs together as people's lives do.
#ifndef TALLY_BENCH_MEASURES_REGION_H_
#define TALLY_BENCH_MEASURES_REGION_H_

#include <cstdint>
#include <string>

#include "release_fixture.h"

namespace tally::analytics {

inline constexpr int kRegionPractices = 200;
inline constexpr int kRegionProviders = 8;

FixtureRelease MakeRegion(int64_t people);

// Writes every reference file that a measure needs or can use into `folder`,
// which is made.
void WriteRegionReferences(int64_t people, const std::string& folder);

}  // namespace tally::analytics

#endif  // TALLY_BENCH_MEASURES_REGION_H_
