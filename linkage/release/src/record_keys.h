#ifndef TALLY_LINKAGE_RELEASE_SRC_RECORD_KEYS_H_
#define TALLY_LINKAGE_RELEASE_SRC_RECORD_KEYS_H_

// Record keys of a release: random numbers, new in every release.
//
// Spec: docs/spec/release-v1.md, "Tables"
// Threading: one thread.
// Secrets: old and new keys, in tables of the work folder.

#include "absl/status/status.h"
#include "linkage/release/release_builder.h"
#include "linked_extracts.h"
#include "release_engine.h"

namespace tally::linkage {

// Renumbers every record key C that any table of the release shows, as table
// rekey_C (RekeySchema()); once for all tables, so that equal keys of two
// tables stay equal. Streams: memory is a batch and the root of the number of
// keys. Errors: kResourceExhausted beyond 2^32 different keys of one column,
// kCancelled, and those of the engine.
[[nodiscard]] absl::Status RenumberRecordKeys(const BuildInputs& inputs,
                                              const LinkedExtracts& linked,
                                              ReleaseEngine& engine);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_SRC_RECORD_KEYS_H_
