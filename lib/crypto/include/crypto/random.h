#ifndef TALLY_CRYPTO_RANDOM_H_
#define TALLY_CRYPTO_RANDOM_H_

// Random numbers: from the operating system through libsodium, and repeatable
// streams from a secret seed.
//
// Role: all programs. Never use another source for anything that must not be
// guessed: person numbers, row order, ids, keys.
// Spec: docs/spec/token-v1.md, "Secrets in memory".
// Threading: free functions from any thread; a stream belongs to one thread.
// Secrets: a stream's seed decides all it gives; it is wiped with the object.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "crypto/secret.h"

namespace tally::crypto {

// Fills `out`. Cannot fail after InitCrypto().
void RandomBytes(std::span<uint8_t> out);

// Even over [0, bound). REQUIRES: bound > 0.
uint64_t RandomUint64Below(uint64_t bound);

// `bytes` random bytes as lower-case hexadecimal.
std::string RandomHex(size_t bytes);

// A version 4 UUID as text, for request ids.
std::string RandomUuid4();

// Random bytes in blocks, so that a shuffle of millions costs no system calls.
// Satisfies the interface that Shuffle() wants.
class RandomStream {
 public:
  // Bytes that nobody can foretell: a key from the operating system, stretched
  // by ChaCha20, which draws itself a new key with each block.
  RandomStream();
  // The same bytes for the same seed, for ever (ChaCha20, 96-bit nonce
  // "TallyStream1", RFC 8439 block counter from 0): for what a repeated run
  // must repeat. The seed must outlive the stream. REQUIRES: less than 256 GiB
  // are drawn.
  explicit RandomStream(const Secret32& seed);
  RandomStream(const RandomStream&) = delete;
  RandomStream& operator=(const RandomStream&) = delete;
  ~RandomStream();

  void Fill(std::span<uint8_t> out);
  uint64_t Next();
  // Even over [0, bound). REQUIRES: bound > 0.
  uint64_t Below(uint64_t bound);

 private:
  void Refill();

  static constexpr size_t kBlock = 4096;
  static constexpr size_t kKey = 32;
  const Secret32* seed_ = nullptr;  // null: key_
  std::array<uint8_t, kKey> key_{};
  uint32_t counter_ = 0;
  size_t used_ = kBlock;
  std::array<uint8_t, kBlock> block_;
};

// Puts `items` into a random order (Fisher-Yates): every order is as likely as
// any other.
template <typename T>
void Shuffle(std::span<T> items, RandomStream& stream) {
  for (size_t i = items.size(); i > 1; --i) {
    const size_t j = static_cast<size_t>(stream.Below(i));
    using std::swap;
    swap(items[i - 1], items[j]);
  }
}
template <typename T>
void Shuffle(std::span<T> items) {
  RandomStream stream;
  Shuffle(items, stream);
}

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_RANDOM_H_
