#include "base/versions.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"

namespace tally {
namespace {

std::vector<int64_t> Numbers(std::string_view version) {
  std::vector<int64_t> numbers;
  const char* at = version.data();
  const char* const end = at + version.size();
  for (;;) {
    int64_t number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc()) break;
    numbers.push_back(number);
    if (next == end || *next != '.') break;
    at = next + 1;
  }
  return numbers;
}

}  // namespace

std::string_view TallyVersion() { return TALLY_VERSION; }

std::string OpenSslVersion() { return OpenSSL_version(OPENSSL_VERSION_STRING); }

absl::Status CheckOpenSslVersion() {
  return RequireVersion("OpenSSL", OpenSslVersion(), TALLY_MIN_OPENSSL_VERSION);
}

std::string_view MinimumSodiumVersion() { return TALLY_MIN_SODIUM_VERSION; }

absl::Status RequireVersion(std::string_view library, std::string_view actual,
                            std::string_view minimum) {
  std::vector<int64_t> have = Numbers(actual);
  std::vector<int64_t> want = Numbers(minimum);
  const size_t size = std::max(have.size(), want.size());
  have.resize(size, 0);
  want.resize(size, 0);
  if (have >= want) return absl::OkStatus();
  return WithExitCode(
      absl::FailedPreconditionError(absl::StrFormat(
          "%s %s is older than %s, the oldest version that is accepted: "
          "install the security updates of this system",
          library, actual, minimum)),
      kExitUsage);
}

}  // namespace tally
