#ifndef TALLY_BASE_VERSIONS_H_
#define TALLY_BASE_VERSIONS_H_

// Which Tally this is, and whether the libraries that it runs with are new
// enough. The minimum versions are those of cmake/Versions.cmake; checked when
// built and again at start, since packages change in between.
//
// Threading: no state.
// Secrets: none.

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tally {

// "0.1.0".
std::string_view TallyVersion();

// Number of the data formats on disk and on the wire.
inline constexpr int kDataFormat = 1;

// kFailedPrecondition with kExitUsage when the OpenSSL in this process is older
// than the minimum.
absl::Status CheckOpenSslVersion();

// The version of the OpenSSL in this process, as "3.0.17".
std::string OpenSslVersion();

// The oldest libsodium that is accepted, as "1.0.18", for crypto's own check.
std::string_view MinimumSodiumVersion();

// OK when `actual` is not older than `minimum`; else kFailedPrecondition with
// kExitUsage, naming `library`. Versions are dotted numbers; what follows the
// numbers ("-1+deb12") is ignored.
absl::Status RequireVersion(std::string_view library, std::string_view actual,
                            std::string_view minimum);

}  // namespace tally

#endif  // TALLY_BASE_VERSIONS_H_
