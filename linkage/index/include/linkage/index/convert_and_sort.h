// Turns the tokens of one extract into its sealed, sorted index run.
//
// Role: hub, at finalise. Takes source tokens in person_index order, brings
// them into hub space with the source's conversion factors, sorts them by hub
// token and seals them as one run. It works in constant memory: what does not
// fit is written as sealed, sorted pieces beside the target and merged at the
// end. It must never see a row of payload, and no message of it ever contains
// a token.
//
// Two faults reject the whole extract, because an honest source never makes
// them: a token that is no group element, and two equal tokens. Both are
// reported as a count and the first position, and only once all tokens have
// been seen, so that the count is exact.
//
// Spec: docs/spec/run-v1.md
// Threading: one thread drives an object; conversion and sorting use the pool.
// Secrets: holds hub tokens; every buffer is wiped before it is freed. The
//   factors and the storage key are borrowed.

#ifndef TALLY_LINKAGE_INDEX_CONVERT_AND_SORT_H_
#define TALLY_LINKAGE_INDEX_CONVERT_AND_SORT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/worker_pool.h"
#include "crypto/keys.h"
#include "crypto/token_converter.h"
#include "linkage/index/run_format.h"

namespace tally::linkage {

struct ConvertAndSortOptions {
  // Where the run is written. It is made with O_EXCL; the caller renames it to
  // its place. Pieces are `path` + ".piece-N" and are gone when Finish or the
  // destructor returns.
  std::string path;
  // context.path is the final place of the run, not `path`.
  crypto::SealContext context;
  std::array<uint8_t, 8> hub_key_id{};
  const crypto::TokenConverter* converter = nullptr;  // borrowed
  const crypto::StorageKey* storage_key = nullptr;    // borrowed
  WorkerPool* pool = nullptr;                         // borrowed
  // Everything this object allocates stays below; at least 16 MiB.
  size_t memory_bytes = size_t{256} << 20;
  // Asked between pieces of work, from several threads; an error ends the work
  // with that error (the hub is being sealed or stopped). May be empty.
  std::function<absl::Status()> go_on;
  // Told how many tokens have been converted, from several threads, every few
  // thousand. May be empty.
  std::function<void(uint64_t done)> on_converted;
};

class ConvertAndSort {
 public:
  // Returns kInvalidArgument for missing parts or too little memory.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<ConvertAndSort>> Create(
      const ConvertAndSortOptions& options);

  // Removes pieces, and the target unless Finish succeeded.
  ~ConvertAndSort();
  ConvertAndSort(const ConvertAndSort&) = delete;
  ConvertAndSort& operator=(const ConvertAndSort&) = delete;

  // Takes the next tokens, in person_index order: the first token ever given
  // belongs to person 0. `tokens` is 32 bytes a token, `flags` one byte a token
  // or empty (all zero).
  //
  // Errors: ELEMENT_LENGTH if `tokens` is not a multiple of 32 bytes;
  // FIELD_INVALID for flags of another length or with unknown bits;
  // PERSON_INDEX_RANGE beyond 2^31 tokens; those of writing a piece.
  // Cost: one scalar multiplication a token, spread over the pool.
  [[nodiscard]] absl::Status Add(std::span<const uint8_t> tokens,
                                 std::span<const uint8_t> flags);

  // Writes the run, fsyncs it and returns what it holds. To be called once.
  //
  // Errors: ELEMENT_INVALID, else ELEMENT_REPEATED, with `count` and `row` =
  // 1 + the first person_index concerned (of a repeat: the lowest index whose
  // token occurred before it); those of writing.
  [[nodiscard]] absl::StatusOr<RunSummary> Finish();

  uint64_t tokens_added() const;

 private:
  class Impl;
  explicit ConvertAndSort(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_INDEX_CONVERT_AND_SORT_H_
