#ifndef TALLY_TRANSPORT_SRC_ADDRESS_H_
#define TALLY_TRANSPORT_SRC_ADDRESS_H_

// "host:port", "[::1]:port". Private to lib/transport.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"

namespace tally::transport {

struct Address {
  std::string host;  // a name or an IP address, without brackets
  int port = 0;

  std::string ToText() const;  // as it is parsed
};

// "the hub does not answer at ...", kUnavailable (exit 5).
absl::Status NoAnswerFrom(const Address& address);

// kInvalidArgument (exit 2) for anything else. Port 0 only if `allow_zero`.
absl::StatusOr<Address> ParseAddress(std::string_view text, bool allow_zero);

// A connected TCP socket whose reads and writes give up after `timeout_ms`.
// kUnavailable if nobody answers.
absl::StatusOr<UniqueFd> ConnectTcp(const Address& address, int64_t timeout_ms);

// Whether two texts are the same IP address; false if one is none.
bool SameIpAddress(const std::string& a, const std::string& b);

}  // namespace tally::transport

#endif  // TALLY_TRANSPORT_SRC_ADDRESS_H_
