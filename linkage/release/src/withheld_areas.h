#ifndef TALLY_LINKAGE_RELEASE_SRC_WITHHELD_AREAS_H_
#define TALLY_LINKAGE_RELEASE_SRC_WITHHELD_AREAS_H_

// min_k: counts how many people share each combination of quasi-identifiers of
// a table and withholds the small area where too few do, and the practice where
// too few are with it at all.
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

struct ProtectedRows {
  SqlStatement rows;    // what goes out, without order
  UniquenessLine line;  // what was found and done
};

// `schema`: of the rows of `recipe`. Names of tables made begin with `name`.
[[nodiscard]] absl::StatusOr<ProtectedRows> WithholdAreas(
    const TableRecipe& recipe, const std::string& name,
    const engine::TableSchema& schema, int min_k, ReleaseEngine& engine);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_SRC_WITHHELD_AREAS_H_
