#ifndef TALLY_CRYPTO_SECRET_H_
#define TALLY_CRYPTO_SECRET_H_

// Secret bytes in guarded memory, and the capability to read them.
//
// Role: the only home of keys in every program. A secret is move-only, cannot
// be printed or compared by accident, lies between guard pages in memory that
// is locked, left out of core dumps, and unreadable while nobody has a view
// open. Few and long-lived: never one per record.
// Spec: docs/spec/token-v1.md, "Secrets in memory".
// Threading: const functions may be called from several threads at once.
// Secrets: yes. Raw bytes leave only through Reveal(SecretAccess).

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/token.h"

namespace tally::crypto {

namespace internal {
struct SecretPeek;    // the library's own way in; src/internal/secret_peek.h
struct SecretMemory;  // one guarded allocation
}  // namespace internal

// The capability to read raw secret bytes. It is minted by MintSecretAccess()
// of "crypto/secret_access.h", which one reviewed file per program includes:
// `grep -r SecretAccess` is the audit of who touches keys.
class SecretAccess {
 public:
  SecretAccess(const SecretAccess&) = delete;
  SecretAccess& operator=(const SecretAccess&) = delete;
  SecretAccess(SecretAccess&&) = default;

 private:
  SecretAccess() = default;
  friend SecretAccess MintSecretAccess();
};

// A window onto a secret: the memory is readable while at least one view of it
// exists, and not otherwise. Keep it short-lived. Must not outlive the secret.
// When it closes, what was called while it was open is cleared from the 16 KiB
// of stack below and from vector registers: declare it before the work, and let
// it close after. Cost of open and close: two system calls at most and some
// 0.3 us.
class SecretView {
 public:
  SecretView(SecretView&& other) noexcept;
  SecretView& operator=(SecretView&&) = delete;
  ~SecretView();

  std::span<const uint8_t> bytes() const;
  const uint8_t* data() const { return bytes().data(); }
  size_t size() const { return bytes().size(); }

 private:
  friend struct internal::SecretPeek;
  explicit SecretView(internal::SecretMemory* memory);
  internal::SecretMemory* memory_;
};

// Secret bytes of any fixed length (a passphrase, for example).
class SecretBytes {
 public:
  // Copies `bytes` into guarded memory and wipes the source.
  // Returns kResourceExhausted (exit 1) if no guarded memory can be had.
  // Cost: some system calls and three pages of address space.
  [[nodiscard]] static absl::StatusOr<SecretBytes> TakeFrom(
      std::span<uint8_t> bytes);
  // The same for text that its owner wipes itself.
  [[nodiscard]] static absl::StatusOr<SecretBytes> CopyOf(
      std::string_view text);

  SecretBytes(SecretBytes&&) noexcept;
  SecretBytes& operator=(SecretBytes&&) noexcept;
  ~SecretBytes();

  size_t size() const;
  // False if the operating system would not lock the memory (RLIMIT_MEMLOCK).
  bool locked() const;
  // Constant time in the contents. Different sizes are unequal.
  bool EqualTo(const SecretBytes& other) const;
  [[nodiscard]] SecretView Reveal(const SecretAccess& access) const;

 private:
  friend struct internal::SecretPeek;
  friend class Secret32;
  explicit SecretBytes(std::unique_ptr<internal::SecretMemory> memory);
  std::unique_ptr<internal::SecretMemory> memory_;
};

// Thirty-two secret bytes: a seed, a scalar, a key.
class Secret32 {
 public:
  static constexpr size_t kSize = 32;

  // Fresh random bytes. Errors as SecretBytes::TakeFrom.
  [[nodiscard]] static absl::StatusOr<Secret32> Random();
  // Moves 32 bytes into guarded memory and wipes the source. Any other length
  // is kInvalidArgument.
  [[nodiscard]] static absl::StatusOr<Secret32> TakeFrom(
      std::span<uint8_t> bytes);
  // A second copy, for the rare place that must keep one (a key directory).
  [[nodiscard]] absl::StatusOr<Secret32> Clone() const;

  Secret32(Secret32&&) noexcept = default;
  Secret32& operator=(Secret32&&) noexcept = default;

  bool locked() const { return bytes_.locked(); }
  bool EqualTo(const Secret32& other) const {
    return bytes_.EqualTo(other.bytes_);
  }
  // True if all 32 bytes are the same: no random source makes such a seed.
  bool IsOneRepeatedByte() const;
  [[nodiscard]] SecretView Reveal(const SecretAccess& access) const {
    return bytes_.Reveal(access);
  }

 private:
  friend struct internal::SecretPeek;
  explicit Secret32(SecretBytes bytes) : bytes_(std::move(bytes)) {}
  SecretBytes bytes_;
};

// True while every secret made so far could be locked into memory.
bool AllSecretsLocked();

// OK if memory is locked or the environment is not production; otherwise
// kFailedPrecondition (exit 10) saying which limit to raise. Called by
// KeyDirectory after it has opened keys.
[[nodiscard]] absl::Status RequireLockedMemory(Environment environment);

// What `doctor` says about swap: empty if none is on or all of it is encrypted
// or in memory, otherwise the sentence to print.
std::string_view SwapWarning();

// Streams and test frameworks see no secret.
void PrintTo(const SecretBytes&, std::ostream* out);
void PrintTo(const Secret32&, std::ostream* out);
std::ostream& operator<<(std::ostream&, const SecretBytes&) = delete;
std::ostream& operator<<(std::ostream&, const Secret32&) = delete;

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_SECRET_H_
