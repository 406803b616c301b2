#ifndef TALLY_BENCH_WAY_EXTRACT_FILES_H_
#define TALLY_BENCH_WAY_EXTRACT_FILES_H_

// Made-up extracts as suppliers write them, of any size, and what must come out
// of them. Every value is a function of its place, so the same size gives the
// same files in the same month.
//
//   patients.csv      a row a person, the fifteen columns of a register
//   events.csv        22 rows a person, twelve columns as of gp-event
//   appointments.csv  3 rows a person, fourteen columns as of sus-op, each with
//                     a key of its own
//   rows.csv          25 rows a person: the number and twelve columns as of
//                     bench-event
//   lists/            what a source must have: everybody may be used
//
// As in real extracts, one in 64 patients and one in 32 later rows has no NHS
// Number or a wrong one. One in fifty people of the register has no event or
// appointment, and as many who have are not registered. Three people have a
// practice to themselves, which a release must withhold.
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

// Of one table of the release.
struct ExpectedTable {
  int64_t rows = 0;
  int64_t without_person = 0;
  int64_t without_practice = 0;  // of the one that is withheld
};

struct ExpectedWay {
  ExpectedTable patients;
  ExpectedTable events;
  ExpectedTable appointments;
  int64_t people = 0;                // with a number in any file
  int64_t in_both = 0;               // in the register, and something happened
  int64_t events_of_registered = 0;  // rows
  int64_t sum_tenths = 0;            // of value1 over all events, in tenths
};

struct ExpectedRows {
  int64_t people = 0;
  int64_t rows = 0;
  int64_t sum_tenths = 0;  // of value_1, in tenths
};

// Writes patients.csv, events.csv, appointments.csv and lists/ into `folder`,
// which exists. REQUIRES: 100 <= people <= kMostPeople.
absl::StatusOr<ExpectedWay> WriteWayFiles(const std::string& folder,
                                          int64_t people);

// Writes rows.csv and lists/. REQUIRES: as above.
absl::StatusOr<ExpectedRows> WriteIngestFiles(const std::string& folder,
                                              int64_t people);

}  // namespace tally::bench

#endif  // TALLY_BENCH_WAY_EXTRACT_FILES_H_
