#ifndef TALLY_CRYPTO_SRC_INTERNAL_CLEAR_STACK_H_
#define TALLY_CRYPTO_SRC_INTERNAL_CLEAR_STACK_H_

// Wipes what the group arithmetic left below the stack pointer and in vector
// registers: libsodium recodes a scalar into digits on its stack and does not
// clear them, and what a register still holds goes to the stack when the
// dynamic linker looks up a function of another library for the first time.
//
// Spec: docs/spec/token-v1.md, "Secrets in memory".
// Threading: the calling thread's stack.
// Secrets: removes them.

#include <sodium.h>

namespace tally::crypto::internal {

// The deepest call of libsodium's arithmetic writes about 5 KiB below its
// caller. A test measures it.
inline constexpr size_t kArithmeticStack = 16384;

// A batch on lanes: about 29 KiB, as g++ builds it. A test measures that, too.
inline constexpr size_t kVectorStack = 65536;

// All vector and mask registers that the CPU has. Cost: some 30 instructions.
void ClearVectorRegisters();

// Registers first: a call may put them on the stack. Closing a SecretView does
// ClearStack; it is for those who work on copies.
inline void ClearStack() {
  ClearVectorRegisters();
  sodium_stackzero(kArithmeticStack);
}
inline void ClearVectorStack() {
  ClearVectorRegisters();
  sodium_stackzero(kVectorStack);
}

}  // namespace tally::crypto::internal

#endif  // TALLY_CRYPTO_SRC_INTERNAL_CLEAR_STACK_H_
