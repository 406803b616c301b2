#include "crypto/secret.h"

#include <sodium.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <ostream>
#include <string>
#include <utility>

#include "base/exit_code.h"
#include "base/mutex.h"
#include "base/status.h"
#include "crypto/secret_access.h"
#include "crypto/wiped_bytes.h"
#include "internal/clear_stack.h"
#include "internal/secret_peek.h"

namespace tally::crypto {
namespace internal {

// One guarded allocation: unreadable unless a view is open.
struct SecretMemory {
  explicit SecretMemory(size_t length)
      : data(static_cast<uint8_t*>(sodium_malloc(std::max<size_t>(length, 1)))),
        size(length) {}
  ~SecretMemory() {
    if (data != nullptr) sodium_free(data);  // wipes, whatever its protection
  }
  SecretMemory(const SecretMemory&) = delete;
  SecretMemory& operator=(const SecretMemory&) = delete;

  void Open() {
    MutexLock lock(mu);
    if (readers++ == 0) TALLY_CHECK(sodium_mprotect_readonly(data) == 0);
  }
  void Close() {
    MutexLock lock(mu);
    if (--readers == 0) TALLY_CHECK(sodium_mprotect_noaccess(data) == 0);
  }

  uint8_t* const data;
  const size_t size;
  bool locked = false;
  Mutex mu;
  int readers TALLY_GUARDED_BY(mu) = 0;
};

SecretView SecretPeek::View(const SecretBytes& secret) {
  TALLY_CHECK(secret.memory_ != nullptr);  // moved from
  return SecretView(secret.memory_.get());
}

}  // namespace internal

namespace {

std::atomic<bool> all_locked{true};

void Redact(std::ostream* out) { *out << "[redacted]"; }

}  // namespace

void Wipe(void* data, size_t size) { sodium_memzero(data, size); }

SecretAccess MintSecretAccess() { return SecretAccess(); }

SecretView::SecretView(internal::SecretMemory* memory) : memory_(memory) {
  memory_->Open();
}
SecretView::SecretView(SecretView&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)) {}
SecretView::~SecretView() {
  if (memory_ == nullptr) return;
  memory_->Close();
  internal::ClearStack();
}
std::span<const uint8_t> SecretView::bytes() const {
  return {memory_->data, memory_->size};
}

absl::StatusOr<SecretBytes> SecretBytes::TakeFrom(std::span<uint8_t> bytes) {
  auto copy =
      CopyOf({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  Wipe(bytes.data(), bytes.size());
  return copy;
}

absl::StatusOr<SecretBytes> SecretBytes::CopyOf(std::string_view text) {
  auto memory = std::make_unique<internal::SecretMemory>(text.size());
  if (memory->data == nullptr) {
    return WithExitCode(
        absl::ResourceExhaustedError("no guarded memory for a key"),
        kExitFailure);
  }
  // sodium_malloc() locks too, but tells nobody when it could not.
  memory->locked =
      sodium_mlock(memory->data, std::max<size_t>(text.size(), 1)) == 0;
  if (!memory->locked) all_locked.store(false, std::memory_order_relaxed);
  std::copy(text.begin(), text.end(), memory->data);
  TALLY_CHECK(sodium_mprotect_noaccess(memory->data) == 0);
  // What made and copied it may have left it below, or in a register.
  internal::ClearStack();
  return SecretBytes(std::move(memory));
}

SecretBytes::SecretBytes(std::unique_ptr<internal::SecretMemory> memory)
    : memory_(std::move(memory)) {}
SecretBytes::SecretBytes(SecretBytes&&) noexcept = default;
SecretBytes& SecretBytes::operator=(SecretBytes&&) noexcept = default;
SecretBytes::~SecretBytes() = default;

size_t SecretBytes::size() const { return memory_->size; }
bool SecretBytes::locked() const { return memory_->locked; }

bool SecretBytes::EqualTo(const SecretBytes& other) const {
  if (size() != other.size()) return false;
  if (memory_ == other.memory_) return true;
  const SecretView mine = internal::SecretPeek::View(*this);
  const SecretView theirs = internal::SecretPeek::View(other);
  return sodium_memcmp(mine.data(), theirs.data(), mine.size()) == 0;
}

SecretView SecretBytes::Reveal(const SecretAccess& /*access*/) const {
  return internal::SecretPeek::View(*this);
}

absl::StatusOr<Secret32> Secret32::Random() {
  std::array<uint8_t, kSize> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  return TakeFrom(bytes);
}

absl::StatusOr<Secret32> Secret32::TakeFrom(std::span<uint8_t> bytes) {
  const bool right_size = bytes.size() == kSize;
  TALLY_ASSIGN_OR_RETURN(SecretBytes taken, SecretBytes::TakeFrom(bytes));
  if (!right_size) {
    return absl::InvalidArgumentError("a secret key has 32 bytes");
  }
  return Secret32(std::move(taken));
}

absl::StatusOr<Secret32> Secret32::Clone() const {
  const SecretView view = internal::SecretPeek::View(*this);
  TALLY_ASSIGN_OR_RETURN(
      SecretBytes copy,
      SecretBytes::CopyOf({reinterpret_cast<const char*>(view.data()), kSize}));
  return Secret32(std::move(copy));
}

bool Secret32::IsOneRepeatedByte() const {
  const SecretView view = internal::SecretPeek::View(*this);
  uint8_t differs = 0;
  for (const uint8_t byte : view.bytes()) differs |= byte ^ view.bytes()[0];
  return differs == 0;
}

bool AllSecretsLocked() { return all_locked.load(std::memory_order_relaxed); }

absl::Status RequireLockedMemory(Environment environment) {
  if (AllSecretsLocked() || environment != Environment::kProduction) {
    return absl::OkStatus();
  }
  return KeyError(
      "keys cannot be locked into memory: raise the limit of locked memory "
      "(LimitMEMLOCK in the unit, ulimit -l)");
}

std::string_view SwapWarning() {
  std::ifstream swaps("/proc/swaps");
  std::string line;
  std::getline(swaps, line);  // the heading
  while (std::getline(swaps, line)) {
    // Compressed memory is no disk; of a mapped device we take it that it is
    // mapped in order to be encrypted.
    if (line.starts_with("/dev/zram") || line.starts_with("/dev/dm-") ||
        line.starts_with("/dev/mapper/")) {
      continue;
    }
    return "swap is on and seems not to be encrypted: what is swapped out "
           "stays readable on the disk";
  }
  return "";
}

void PrintTo(const SecretBytes&, std::ostream* out) { Redact(out); }
void PrintTo(const Secret32&, std::ostream* out) { Redact(out); }

}  // namespace tally::crypto
