// The catalogue's tables, as migrations that are only ever added to.
//
// Spec: docs/spec/hub-directory-v1.md, "Catalogue"
// Threading: one thread. Secrets: none.

#ifndef TALLY_LINKAGE_STORE_SRC_SCHEMA_H_
#define TALLY_LINKAGE_STORE_SRC_SCHEMA_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sql.h"

namespace tally::linkage {

// Titles of the migrations that this database still lacks, oldest first.
// FILE_DIGEST (exit 11) for a database of a later version of this program.
[[nodiscard]] absl::StatusOr<std::vector<std::string>> PendingMigrations(
    Sql& sql);

// Runs them, each in one transaction.
[[nodiscard]] absl::Status Migrate(Sql& sql);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_SRC_SCHEMA_H_
