// What seals the files of an extract to their places.
//
// Threading: pure functions. Secrets: none.

#ifndef TALLY_LINKAGE_STORE_SRC_EXTRACT_CONTEXT_H_
#define TALLY_LINKAGE_STORE_SRC_EXTRACT_CONTEXT_H_

#include <string_view>

#include "crypto/sealed_file.h"
#include "linkage/store/extract_store.h"

namespace tally::linkage {

// Tokens of a journal are the source's own: it belongs to no hub epoch.
inline crypto::SealContext JournalContext(const ExtractStoreOptions& options,
                                          std::string_view uid) {
  return {options.environment, options.domain, HubDirectory::JournalName(uid),
          0};
}

inline crypto::SealContext RunContext(const ExtractStoreOptions& options,
                                      const ExtractRecord& record) {
  return {options.environment, options.domain,
          HubDirectory::RunName(record.uid),
          static_cast<uint32_t>(record.hub_epoch)};
}

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_SRC_EXTRACT_CONTEXT_H_
