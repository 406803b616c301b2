// The shape of an index run: records of 40 bytes, sorted by hub token.
//
// A run is the only form in which hub tokens lie on disk. It is a sealed
// container (kind 1) of records
//
//   T (32 bytes) | person_index (4, big-endian) | flags (1) | 0 0 0
//
// strictly ascending by T, 16,384 to a frame (crypto/sealed_file.h), closed by
// a trailer frame records (8) | SHA-256 of all records (32) | key id of the hub
// key (8).
//
// Role: hub, index plane. Never leaves the index library as bytes.
//
// Spec: docs/spec/run-v1.md
// Threading: constants and pure functions.
// Secrets: a record holds a hub token; it is wiped before its memory is freed.

#ifndef TALLY_LINKAGE_INDEX_RUN_FORMAT_H_
#define TALLY_LINKAGE_INDEX_RUN_FORMAT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "crypto/sealed_file.h"

namespace tally::linkage {

inline constexpr size_t kRunTokenBytes = 32;
inline constexpr size_t kRunTrailerBytes = 8 + 32 + 8;
// person_index is a non-negative int32 on the wire, so a run has at most this
// many records.
inline constexpr uint64_t kRunMaxRecords = uint64_t{1} << 31;

// Bit 0 of a record's flags: the source had verified the number. The other
// bits are zero.
inline constexpr uint8_t kRunFlagVerified = 0x01;

// What a finished run says about itself.
struct RunSummary {
  uint64_t records = 0;
  std::array<uint8_t, 32>
      records_sha256{};  // of the records, as in the trailer
  std::array<uint8_t, 8> hub_key_id{};
  uint64_t file_bytes = 0;
  // Lower-case hex of the file as it lies on disk (sealed): the only digest
  // that may be kept elsewhere. Empty where it was not computed.
  std::string file_sha256;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_INDEX_RUN_FORMAT_H_
