#ifndef TALLY_LINKAGE_SERVICE_MEMORY_SHARES_H_
#define TALLY_LINKAGE_SERVICE_MEMORY_SHARES_H_

// Who gets how much of limits.memory, which is the limit of the whole process.
// The work of one share runs one piece after the other, in a queue of its own,
// so that what runs at once never has more than the shares added up.
//
// Role: hub.
// Spec: docs/operations.md, "hub.toml"
// Threading: constants.
// Secrets: none.

#include <array>
#include <cstddef>
#include <cstdint>

namespace tally::linkage {

// Publishing extracts, and counting the people of a source: the publish queue.
inline constexpr double kIngestMemoryShare = 0.5;
// Builds of releases, and previews: the release queue.
inline constexpr double kReleaseMemoryShare = 0.5;

inline constexpr std::array<double, 2> kMemoryShares = {kIngestMemoryShare,
                                                        kReleaseMemoryShare};

constexpr size_t BytesOfShare(int64_t memory_bytes, double share) {
  return static_cast<size_t>(static_cast<double>(memory_bytes) * share);
}

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_SERVICE_MEMORY_SHARES_H_
