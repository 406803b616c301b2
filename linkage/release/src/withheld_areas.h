#ifndef TALLY_LINKAGE_RELEASE_SRC_WITHHELD_AREAS_H_
#define TALLY_LINKAGE_RELEASE_SRC_WITHHELD_AREAS_H_

// min_k: counts how many people share each combination of quasi-identifiers of
// a table and withholds the small area of those who share it with too few, in
// every table of the release; and an organisation that too few people of the
// release have at all.
//
// Spec: docs/adr/0072-min-k.md
// Threading: one thread.
// Secrets: record values in the work folder.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "linkage/release/linkage_report.h"
#include "linkage/release/release_sql.h"
#include "linked_extracts.h"
#include "release_engine.h"

namespace tally::linkage {

// A table on its way into the release.
struct OutgoingTable {
  std::string name;
  engine::TableSchema schema;                  // of its rows
  std::vector<std::string> quasi_identifiers;  // QuasiIdentifiersOf
  std::vector<SqlStatement> keys;  // KeysSql of every part and slice
  SqlStatement rows;    // TableRowsSql; afterwards what goes out, without order
  UniquenessLine line;  // afterwards: what was found and done
  // Afterwards, where they were counted: all rows, and those with a person.
  struct Counts {
    int64_t rows = 0;
    int64_t with_person = 0;
  };
  std::optional<Counts> counts;
  // Afterwards: something is withheld, for which reading the rows joins more.
  bool withheld = false;
};

// All tables of a release at once. With min_k 1, or for a table without
// quasi-identifiers, the rows stay as they are. Cost: reads the people and
// quasi-identifiers of each of the other tables once, and works on the
// combinations that there are, at most max_people_counted at a time.
[[nodiscard]] absl::Status WithholdAreas(int min_k,
                                         const LinkedExtracts& linked,
                                         ReleaseEngine& engine,
                                         std::vector<OutgoingTable>& tables);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_SRC_WITHHELD_AREAS_H_
