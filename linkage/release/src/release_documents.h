#ifndef TALLY_LINKAGE_RELEASE_SRC_RELEASE_DOCUMENTS_H_
#define TALLY_LINKAGE_RELEASE_SRC_RELEASE_DOCUMENTS_H_

// The texts of a release folder: README.txt, dictionary.html.
//
// Threading: pure functions.
// Secrets: none.

#include <string>
#include <vector>

#include "dataset/dictionary.h"
#include "linkage/release/release_builder.h"
#include "release_tables.h"

namespace tally::linkage {

std::string ReadmeText(const BuildInputs& inputs,
                       const std::vector<WrittenTable>& tables);

dataset::Dictionary DictionaryOf(const BuildInputs& inputs,
                                 const std::vector<WrittenTable>& tables);

// The dictionary as a page.
std::string DictionaryHtml(const dataset::Dictionary& dictionary);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_SRC_RELEASE_DOCUMENTS_H_
