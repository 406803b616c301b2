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

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "linkage/release/linkage_report.h"
#include "linkage/release/release_sql.h"
#include "release_engine.h"

namespace tally::linkage {

// A table on its way into the release.
struct OutgoingTable {
  std::string name;
  engine::TableSchema schema;                  // of its rows
  std::vector<std::string> quasi_identifiers;  // QuasiIdentifiersOf
  SqlStatement rows;    // TableRowsSql; afterwards what goes out, without order
  UniquenessLine line;  // afterwards: what was found and done
};

// All tables of a release at once. With min_k 1, or for a table without
// quasi-identifiers, the rows stay as they are. Cost: writes each of the other
// tables once, and again each time that something of it is withheld.
[[nodiscard]] absl::Status WithholdAreas(int min_k, ReleaseEngine& engine,
                                         std::vector<OutgoingTable>& tables);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_SRC_WITHHELD_AREAS_H_
