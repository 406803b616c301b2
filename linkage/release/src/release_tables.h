#ifndef TALLY_LINKAGE_RELEASE_SRC_RELEASE_TABLES_H_
#define TALLY_LINKAGE_RELEASE_SRC_RELEASE_TABLES_H_

// Writes the tables of a release below its folder: persons, coverage and one a
// dataset, in parts of people (BuildInputs::max_rows_per_part), ordered by
// person.
//
// Spec: docs/spec/release-v1.md, "Tables"
// Threading: one thread.
// Secrets: record values and pseudonyms, on their way to the release.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dataset/dictionary.h"
#include "linkage/release/linkage_report.h"
#include "linkage/release/release_builder.h"
#include "linked_extracts.h"
#include "release_engine.h"

namespace tally::linkage {

// One table as it was written.
struct WrittenTable {
  std::string name;                // "gp_event"
  std::vector<std::string> paths;  // relative to the release
  std::map<std::string, int64_t> rows_of_path;
  int64_t rows = 0;
  dataset::DictionaryTable dictionary;
};

// Writes everything below inputs.directory's building folder `folder`. Adds a
// line a table to `report.uniqueness`.
[[nodiscard]] absl::StatusOr<std::vector<WrittenTable>> WriteTables(
    const BuildInputs& inputs, const LinkedExtracts& linked,
    const std::string& folder, ReleaseEngine& engine, LinkageReport& report);

// What a dataset's table is made from. The columns are of the newest
// specification among its parts.
[[nodiscard]] absl::StatusOr<TableRecipe> RecipeOf(
    const Agreement& agreement, const AgreementDataset& agreed,
    std::vector<RowsTable> parts);

// How many threads the engine of a release uses: as many as are allowed and
// its memory feeds, at least one. Each keeps groups, row groups and pages of
// its own; with less for each it now and then finds no room for a statement.
int ThreadsThatFit(int64_t memory_bytes, int allowed);

// How many rows of so many columns the engine puts in order with all its
// threads: twice what fits its memory, less what it holds besides, however few
// the rows are (row groups that are written, pages that are read); 250,000 at
// least. It sorts more, in runs that meet on disk, but with seven times the
// memory one thread only writes, and with more than twenty times it fails.
int64_t RowsThatSort(int64_t memory_bytes, size_t columns);

// The ranges whose rows make one part each: of `persons` people, whose numbers
// are random, so that equal ranges have about equal rows, and then as many of
// nobody as the rows without a person need.
std::vector<PartRange> SplitIntoParts(int64_t rows_with_person,
                                      int64_t rows_without_person,
                                      int64_t persons, int64_t max_rows);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_SRC_RELEASE_TABLES_H_
