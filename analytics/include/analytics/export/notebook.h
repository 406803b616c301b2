// Starter notebooks for a pulled release: open its tables, list them, join two
// on `person`, and take figures through the gate.
// Runs in: the analyst's program. Must never hold: a value of the data; cells
// have no output, and what they show is read when they run.
//
// Spec: docs/commissioning.md, "Notebooks".
// Threading: pure functions.
// Secrets: none.
#ifndef TALLY_ANALYTICS_EXPORT_NOTEBOOK_H_
#define TALLY_ANALYTICS_EXPORT_NOTEBOOK_H_

#include <string>
#include <vector>

#include "analytics/release/release_folder.h"

namespace tally::analytics {

struct NotebookFacts {
  std::string release;      // resource name
  std::string folder;       // absolute
  std::string environment;  // other than production: said in the first cell
  std::vector<std::string> tables;  // ascending
  std::string left, right;  // two tables with a column `person`; or empty
  // How the last section calls the gate: the program, as a path or a name, and
  // its configuration, absolute; empty: the usual one.
  std::string program = "commissioning";
  std::string config;
};

NotebookFacts FactsForNotebook(const ReleaseFolder& release);

// nbformat 4.5, Python 3: DuckDB, pandas. One line of JSON a key, final
// newline.
std::string PythonNotebook(const NotebookFacts& facts);
// Quarto, which R Markdown reads too: DBI, duckdb, base R.
std::string QuartoNotebook(const NotebookFacts& facts);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_EXPORT_NOTEBOOK_H_
