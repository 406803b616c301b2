#ifndef TALLY_LINKAGE_RELEASE_SRC_LINKED_EXTRACTS_H_
#define TALLY_LINKAGE_RELEASE_SRC_LINKED_EXTRACTS_H_

// The pinned extracts, linked: everything that tables and report are made from.
// The engine then knows part_N, link, everyone, anchor, people, person_map and
// coverage (release_sql.h).
//
// Threading: one thread.
// Secrets: none beyond the pseudonyms in the work folder.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "linkage/release/release_builder.h"
#include "linkage/release/release_sql.h"
#include "release_engine.h"

namespace tally::linkage {

struct LinkedExtracts {
  std::vector<RowsTable> parts;    // in the order of plan.parts
  bool anchored = false;           // the population is a dataset
  bool has_registrations = false;  // coverage can have rows
  int64_t persons = 0;             // in `people`: the population
  int64_t everyone = 0;            // in `everyone`: of all extracts
  // By one statement that groups by text; as it stands, everybody.
  int64_t max_people_counted = int64_t{1} << 32;

  // The parts of one dataset.
  std::vector<RowsTable> PartsOf(const ReleasePlan& plan,
                                 std::string_view dataset,
                                 bool released_only) const;
  // The slices in which so many people, or combinations, are counted.
  std::vector<Slice> SlicesOf(int64_t people) const;
};

// Reports progress of a stage without a count, and asks whether to go on.
[[nodiscard]] absl::Status EnterStage(const LinkInputs& inputs,
                                      std::string_view stage, int64_t done = 0,
                                      int64_t total = 0,
                                      std::string_view unit = "");

// `project_key` null: without pseudonyms.
[[nodiscard]] absl::StatusOr<LinkedExtracts> LinkPinnedExtracts(
    const LinkInputs& inputs, const crypto::ProjectKey* project_key,
    ReleaseEngine& engine);

// Periods of each source with registrations, by dataset, in whole months and
// merged where they adjoin.
std::vector<CoveragePeriod> CoveragePeriodsOf(const ReleasePlan& plan);

// How many people the extract of a part has.
int64_t PeopleOf(const LinkInputs& inputs, const RowsTable& part);

// How many people, each of a few groups, the engine counts by text in one
// statement. It keeps these groups in its memory, with 150 bytes each, and
// needs room for what it reads, joins and writes.
int64_t PeopleCountedAtOnce(int64_t memory_bytes);

// Whether a dataset tells registrations.
bool HasRegistrations(const dataset::Specification& specification);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_SRC_LINKED_EXTRACTS_H_
