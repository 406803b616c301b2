#ifndef TALLY_LINKAGE_RELEASE_SRC_TABLE_DICTIONARY_H_
#define TALLY_LINKAGE_RELEASE_SRC_TABLE_DICTIONARY_H_

// What the data dictionary of a release says of its tables. The shares of rows
// with a value are not known before a table is written: they are empty here.
//
// Spec: docs/spec/manifest-v1.md, "Data dictionary"
// Threading: pure functions.
// Secrets: none.

#include "dataset/dictionary.h"
#include "linkage/release/release_sql.h"

namespace tally::linkage {

// The table of a dataset: the hub's own columns, then those agreed.
dataset::DictionaryTable DescribeTable(const TableRecipe& recipe);

dataset::DictionaryTable DescribePersons();
dataset::DictionaryTable DescribeCoverage();

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_SRC_TABLE_DICTIONARY_H_
