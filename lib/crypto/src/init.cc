#include "crypto/init.h"

#include <sodium.h>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"

namespace tally::crypto {
namespace {

// 1.0.18 calls itself 10.3: the first with the ristretto255 group.
constexpr int kOldestMajor = 10;
constexpr int kOldestMinor = 3;

}  // namespace

absl::Status InitCrypto() {
  if (sodium_init() < 0) {
    return absl::InternalError("libsodium cannot be initialised");
  }
  const int major = sodium_library_version_major();
  const int minor = sodium_library_version_minor();
  if (major < kOldestMajor || (major == kOldestMajor && minor < kOldestMinor)) {
    return UsageError(
        absl::StrFormat("libsodium %s is too old: 1.0.18 or later is needed",
                        sodium_version_string()));
  }
  return absl::OkStatus();
}

}  // namespace tally::crypto
