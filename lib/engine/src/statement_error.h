#ifndef TALLY_ENGINE_SRC_STATEMENT_ERROR_H_
#define TALLY_ENGINE_SRC_STATEMENT_ERROR_H_

// DuckDB's errors in our own words. Its text quotes the data (a failed cast
// prints the value, a CSV error the whole line), so it is dropped unless the
// database was opened for an analyst's own statements. Private to lib/engine.

#include <duckdb.h>

#include <string_view>

#include "absl/status/status.h"
#include "engine/database.h"

namespace tally::engine {

// `text` is looked at for the kind of fault, and kept only with kEngine.
absl::Status StatementError(duckdb_error_type type, std::string_view text,
                            ErrorText error_text);

}  // namespace tally::engine

#endif  // TALLY_ENGINE_SRC_STATEMENT_ERROR_H_
