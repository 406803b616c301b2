#ifndef TALLY_ENGINE_SRC_STATEMENT_GUARD_H_
#define TALLY_ENGINE_SRC_STATEMENT_GUARD_H_

// Refuses what DuckDB's own lock leaves open: statements that change the
// engine itself (logging, profiling, attached databases, secrets) and functions
// that run text made inside a statement. Private to lib/engine.

#include <duckdb.h>

#include <string_view>

#include "absl/status/status.h"

namespace tally::engine {

// By the text. kPermissionDenied, naming the word, which is on our list.
absl::Status CheckStatementText(std::string_view sql);

// By the type that DuckDB gave the statement after reading it.
absl::Status CheckStatementType(duckdb_statement_type type);

}  // namespace tally::engine

#endif  // TALLY_ENGINE_SRC_STATEMENT_GUARD_H_
