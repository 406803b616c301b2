#ifndef TALLY_LINKAGE_RELEASE_SRC_LINK_MAP_H_
#define TALLY_LINKAGE_RELEASE_SRC_LINK_MAP_H_

// Writes what the merge of the runs yields as two tables: `link` and
// `everyone` (release_sql.h). This is the line that tokens do not cross.
//
// Threading: one thread; the merge uses the pool.
// Secrets: pseudonyms pass through, to the work folder only.

#include "absl/status/status.h"
#include "linkage/release/release_builder.h"
#include "release_engine.h"

namespace tally::linkage {

// `project_key` may be null: then there are no pseudonyms (preview).
[[nodiscard]] absl::Status WriteLinkMap(const LinkInputs& inputs,
                                        const crypto::ProjectKey* project_key,
                                        ReleaseEngine& engine);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_SRC_LINK_MAP_H_
