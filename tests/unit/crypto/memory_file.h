#ifndef TALLY_TESTS_UNIT_CRYPTO_MEMORY_FILE_H_
#define TALLY_TESTS_UNIT_CRYPTO_MEMORY_FILE_H_

// A file in memory that knows what a power loss would leave of it: everything
// synced, and of the rest any pages in any state.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "crypto/byte_file.h"

namespace tally::crypto {

// What the "disk" holds; outlives the ByteFile that writes to it.
struct MemoryDisk {
  std::vector<uint8_t> bytes;   // as the process sees them
  std::vector<uint8_t> synced;  // as they are safely on the disk
  int calls = 0;                // of Append, Sync and Truncate
  int fail_at = -1;             // this call fails, and all after it
  bool short_write = false;     // the failing Append writes half
};

std::unique_ptr<ByteFile> OpenMemoryFile(MemoryDisk* disk);

}  // namespace tally::crypto

#endif  // TALLY_TESTS_UNIT_CRYPTO_MEMORY_FILE_H_
