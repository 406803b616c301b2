#ifndef TALLY_CRYPTO_SRC_INTERNAL_SEALED_STATE_H_
#define TALLY_CRYPTO_SRC_INTERNAL_SEALED_STATE_H_

// The insides of SealedWriter and SealedReader, shared with journal recovery,
// which turns one into the other.
//
// Spec: docs/spec/sealed-files-v1.md, "Sealed container".
// Threading: as the classes.
// Secrets: the file key.

#include <memory>
#include <utility>
#include <vector>

#include "crypto/sealed_file.h"
#include "internal/sealed_format.h"

namespace tally::crypto {

struct SealedWriter::State {
  State(std::unique_ptr<ByteFile> output, Secret32 key,
        const internal::SealedHeaderFields& header)
      : file(std::move(output)), file_key(std::move(key)), fields(header) {}

  std::unique_ptr<ByteFile> file;
  Secret32 file_key;
  internal::SealedHeaderFields fields;
  uint64_t next_sequence = 0;
  uint64_t size = 0;
  bool finished = false;
  absl::Status broken;           // the first error, for ever
  std::vector<uint8_t> scratch;  // one sealed frame
};

struct SealedReader::State {
  State(std::unique_ptr<ByteFile> input, Secret32 key,
        const internal::SealedHeaderFields& header, uint64_t bytes)
      : file(std::move(input)),
        file_key(std::move(key)),
        fields(header),
        size(bytes) {}

  std::unique_ptr<ByteFile> file;
  Secret32 file_key;
  internal::SealedHeaderFields fields;
  uint64_t size;
  // Of ReadNext().
  uint64_t next_sequence = 0;
  uint64_t next_offset = kSealedHeaderSize;
  bool saw_last = false;
};

// The way in for journal recovery.
struct JournalAccess {
  static ByteFile& File(SealedReader& reader) { return *reader.state_->file; }
  // A writer that goes on at `size` with `sequence`; the reader is used up.
  static SealedWriter Continue(SealedReader reader, uint64_t sequence,
                               uint64_t size, bool finished);
};

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_SRC_INTERNAL_SEALED_STATE_H_
