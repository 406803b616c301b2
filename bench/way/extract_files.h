#ifndef TALLY_BENCH_WAY_EXTRACT_FILES_H_
#define TALLY_BENCH_WAY_EXTRACT_FILES_H_

// Made-up extracts as suppliers write them, of any size, and what must come out
// of them. Every value is a function of its place, so the same size gives the
// same files in the same month.
//
//   patients.csv  a row a person, the fifteen columns of a register
//   events.csv    25 rows a person, twelve columns as of gp-event; people as of
//                 the register but for one in fifty, who is not registered
//   rows.csv      the number and twelve columns as of bench-event
//   lists/        what a source must have: everybody may be used
//
// Threading: pure functions.
// Secrets: none; the numbers are of the range for tests.

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace tally::bench {

inline constexpr int64_t kRowsPerPerson = 25;
inline constexpr int64_t kMostPeople = 40'000'000;

// The month before this one, "2026-10": the period of all files.
std::string LastMonth();

struct Expected {
  int64_t people = 0;  // in the register, and as many in the events
  int64_t in_both = 0;
  int64_t events = 0;
  int64_t sum_tenths = 0;  // of value1 over all events, in tenths
};

// Writes patients.csv, events.csv and lists/ into `folder`, which exists.
// REQUIRES: 100 <= people <= kMostPeople.
absl::StatusOr<Expected> WriteWayFiles(const std::string& folder,
                                       int64_t people);

// Writes rows.csv and lists/; sum_tenths is of value_1. REQUIRES: as above.
absl::StatusOr<Expected> WriteIngestFiles(const std::string& folder,
                                          int64_t people);

}  // namespace tally::bench

#endif  // TALLY_BENCH_WAY_EXTRACT_FILES_H_
