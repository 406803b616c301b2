#ifndef TALLY_CRYPTO_SRC_INTERNAL_DECLASSIFY_H_
#define TALLY_CRYPTO_SRC_INTERNAL_DECLASSIFY_H_

// The one place where a program may branch on what was computed from a secret:
// an answer that everyone is told anyway. The check for branches on secrets
// knows this function by its name.
//
// Spec: docs/spec/kernel-v1.md, "Constant time".
// Threading: safe.
// Secrets: takes one bit of them; the caller says why it is no secret.

namespace tally::crypto::internal {

// `value`, by a branch here and in no caller: volatile, so that no compiler
// makes a choice without a branch of it, and hands on the secret bit.
[[gnu::noinline]] inline bool Declassify(bool value) {
  volatile bool told = false;
  if (value) told = true;
  return told;
}

}  // namespace tally::crypto::internal

#endif  // TALLY_CRYPTO_SRC_INTERNAL_DECLASSIFY_H_
