// What lies in the data directory and is not in the catalogue.
//
// Spec: docs/spec/hub-directory-v1.md, "Recovery"
// Threading: nothing else may use the directory meanwhile. Secrets: none.

#ifndef TALLY_LINKAGE_STORE_SRC_UNKNOWN_DIRECTORIES_H_
#define TALLY_LINKAGE_STORE_SRC_UNKNOWN_DIRECTORIES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "linkage/store/catalogue.h"
#include "linkage/store/hub_directory.h"

namespace tally::linkage {

// Everything below extracts/, releases/ and uploads/ that no stop of a hub with
// this catalogue can have left behind, as `extracts/<name>`, in order. Not
// among them: what the catalogue knows, half-built releases, and uploads that
// hold no batch yet (their journal comes before their row). An extract that is
// not published yet although its journal is gone counts as unknown: only a
// later catalogue can have removed the journal.
[[nodiscard]] absl::StatusOr<std::vector<std::string>> UnknownDirectories(
    const HubDirectory& directory, Catalogue& catalogue);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_SRC_UNKNOWN_DIRECTORIES_H_
