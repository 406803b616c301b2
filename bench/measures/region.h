// A region of made-up people, as large as asked for, as the tables of a
// release: 25 rows a person over four years. Every value is a hash of a row
// number, so the same size gives the same region everywhere. For speed and
// memory only: nothing in it hangs together as people's lives do.
#ifndef TALLY_BENCH_MEASURES_REGION_H_
#define TALLY_BENCH_MEASURES_REGION_H_

#include <cstdint>

#include "release_fixture.h"

namespace tally::analytics {

FixtureRelease MakeRegion(int64_t people);

}  // namespace tally::analytics

#endif  // TALLY_BENCH_MEASURES_REGION_H_
