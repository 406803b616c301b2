// Tables for publication. Every writer takes a GatedTable; there is none that
// takes anything else.
// Runs in: the analyst's program.
//
// Spec: docs/commissioning.md, "Files".
// Threading: pure functions, but for WriteParquet.
// Secrets: none.
#ifndef TALLY_ANALYTICS_EXPORT_TABLE_WRITERS_H_
#define TALLY_ANALYTICS_EXPORT_TABLE_WRITERS_H_

#include <string>

#include "absl/status/status.h"
#include "analytics/disclosure/gated_table.h"
#include "base/json.h"
#include "base/table_printer.h"

namespace tally::analytics {

// UTF-8, LF, one header row, RFC 4180; text that looks like a formula gets an
// apostrophe. Suppressed cells are `*`, missing ones NA.
std::string GatedCsv(const GatedTable& table);

// {table, title, measure, version, definition_sha256, project, release,
// period, denominator, method, notes, rows_linked_pct, profile,
// profile_description, columns[{name, title, unit, kind}], rows[][]}.
// Numbers are numbers, everything else is text.
JsonValue GatedJson(const GatedTable& table);

// For the terminal. `named`: with a first column `table`, so that the lines of
// several tables in one stream can be told apart.
TablePrinter GatedPrinter(const GatedTable& table, bool named = false);

// zstd Parquet. A figure's column is DOUBLE, NULL where nothing is printed,
// with a text column NAME_mark (`*`, NA or NULL) beside it. What a figure must
// carry is in the file's metadata. `path` must not be there; `temp` is a
// folder of ours. Errors as engine::Connection::Query.
absl::Status WriteGatedParquet(const GatedTable& table, const std::string& path,
                               const std::string& temp);

// The name under which a column is written: midpoint6 counts and what is made
// from them end in "_midpoint6".
std::string OutputName(const GatedTable& table, size_t column);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_EXPORT_TABLE_WRITERS_H_
