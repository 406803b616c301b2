// What a CPU's file gives: functions over batches, and nothing that would drag
// a template of others into it.
//
// Spec: docs/spec/kernel-v1.md, "Batches".
// Threading: functions without state; each call has memory of its own.
// Secrets: digits of a scalar, messages; the caller wipes `work` and the stack.
#ifndef TALLY_CRYPTO_SRC_KERNELS_VECTOR_OPS_H_
#define TALLY_CRYPTO_SRC_KERNELS_VECTOR_OPS_H_

#include <cstddef>
#include <cstdint>

namespace tally::crypto::kernels {

inline constexpr size_t kMessageDigits = 10;

// The two blocks that every message of ten digits is hashed in
// (expand_message_xmd of RFC 9380), as big-endian words, and the state before
// the first.
struct HashPlan {
  uint64_t after_zeroes[8];
  uint64_t first[16];   // zero where the digits go: bytes 13 to 22
  uint64_t second[16];  // zero where the first hash goes: words 0 to 7
};

struct VectorOps {
  const char* name;
  size_t batch;       // most tokens that one call takes
  size_t work_bytes;  // what a call needs beside the stack
  // out[i] = 2 x scalar x the hash of message i, 32 bytes each. `digits`: the
  // scalar (ristretto.h). `messages`: ten ASCII digits each. `work`: aligned
  // to 64 bytes. Returns how many are the identity; these are zero bytes.
  size_t (*tokenise)(const HashPlan& plan, const int8_t* digits,
                     const uint8_t* messages, size_t count, uint8_t* out,
                     void* work);
  // out[i] = 2 x scalar x in[i]. Where in[i] is no canonical encoding, or the
  // identity, rejected[i] is 1 and out[i] zero bytes; else rejected[i] is 0.
  // `out` may be `in`. Returns how many were rejected.
  size_t (*convert)(const int8_t* digits, const uint8_t* in, size_t count,
                    uint8_t* out, uint8_t* rejected, void* work);
};

// For CPUs that have AVX2; AVX-512 F, BW, DQ, VL and IFMA.
extern const VectorOps kAvx2Ops;
extern const VectorOps kAvx512IfmaOps;

}  // namespace tally::crypto::kernels

#endif  // TALLY_CRYPTO_SRC_KERNELS_VECTOR_OPS_H_
