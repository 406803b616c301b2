// The SELECT that makes one table of a synthetic release. Every value is a
// function of the seed, the column's name and the row's or the person's number.
#ifndef TALLY_ANALYTICS_SRC_RELEASE_SYNTHETIC_SQL_H_
#define TALLY_ANALYTICS_SRC_RELEASE_SYNTHETIC_SQL_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/civil_day.h"
#include "dataset/dictionary.h"

namespace tally::analytics {

// What the tables of one synthetic release share.
struct SyntheticWorld {
  uint64_t seed = 1;
  int64_t people = 0;
  CivilDay first;  // of the periods of the extracts
  CivilDay last;
  // Sources that send a dataset, ascending; by dataset id.
  std::map<std::string, std::vector<std::string>> sources;
  std::vector<std::string> all_sources;
  std::vector<std::string> covered;  // dataset ids in `coverage`
  std::string population;            // dataset id that registers people, or ""
  std::map<std::string, std::vector<std::string>> words;
};

// Rows of a table: the dictionary's in proportion to people, coarsely.
int64_t SyntheticRows(const SyntheticWorld& world,
                      const dataset::DictionaryTable& table,
                      uint64_t persons_rows);

// One SELECT with the table's columns in their order, rows ordered as a
// release's are. kInvalidArgument (exit 8) for a column whose pattern is none.
absl::StatusOr<std::string> SyntheticSelect(
    const SyntheticWorld& world, const dataset::DictionaryTable& table,
    int64_t rows);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_RELEASE_SYNTHETIC_SQL_H_
