#include "address.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::transport {
namespace {

absl::Status BadAddress() {
  return UsageError("an address is HOST:PORT, with a port from 1 to 65535");
}

// A non-blocking connect that waits `timeout_ms`, then a blocking socket.
UniqueFd TryConnect(const addrinfo& target, int64_t timeout_ms) {
  UniqueFd fd(socket(target.ai_family,
                     target.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                     target.ai_protocol));
  if (!fd.valid()) return UniqueFd();
  if (connect(fd.get(), target.ai_addr, target.ai_addrlen) != 0) {
    if (errno != EINPROGRESS) return UniqueFd();
    pollfd wait = {fd.get(), POLLOUT, 0};
    if (poll(&wait, 1, static_cast<int>(timeout_ms)) != 1) return UniqueFd();
    int error = 0;
    socklen_t size = sizeof(error);
    if (getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 ||
        error != 0) {
      return UniqueFd();
    }
  }
  const int flags = fcntl(fd.get(), F_GETFL);
  fcntl(fd.get(), F_SETFL, flags & ~O_NONBLOCK);
  timeval limit = {};
  limit.tv_sec = static_cast<time_t>(timeout_ms / 1'000);
  limit.tv_usec = static_cast<suseconds_t>(timeout_ms % 1'000 * 1'000);
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  return fd;
}

// 4 or 16 bytes; empty if `text` is no IP address.
std::string IpBytes(const std::string& text) {
  std::array<char, 16> bytes = {};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
    return std::string(bytes.data(), 4);
  }
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) {
    return std::string(bytes.data(), 16);
  }
  return "";
}

}  // namespace

std::string Address::ToText() const {
  const bool bracketed = host.find(':') != std::string::npos;
  return (bracketed ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

absl::Status NoAnswerFrom(const Address& address) {
  return TemporaryError("the hub does not answer at " + address.ToText() +
                        ": run the same command again");
}

absl::StatusOr<Address> ParseAddress(std::string_view text, bool allow_zero) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return BadAddress();
  std::string_view host = text.substr(0, colon);
  const bool bracketed =
      host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const bool has_colon = host.find(':') != std::string_view::npos;
  if (host.empty() || host.size() > 253 || bracketed != has_colon) {
    return BadAddress();
  }
  for (const char c : host) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      (c >= '0' && c <= '9') || c == '.' || c == '-' ||
                      c == '_' || c == ':';
    if (!good) return BadAddress();
  }
  const absl::StatusOr<int64_t> port =
      ParseInt64In(text.substr(colon + 1), allow_zero ? 0 : 1, 65'535);
  if (!port.ok()) return BadAddress();
  return Address{std::string(host), static_cast<int>(*port)};
}

absl::StatusOr<UniqueFd> ConnectTcp(const Address& address,
                                    int64_t timeout_ms) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(),
                  &hints, &found) != 0) {
    return TemporaryError("the hub's name " + address.host +
                          " does not resolve: run the same command again");
  }
  UniqueFd fd;
  for (const addrinfo* at = found; at != nullptr && !fd.valid();
       at = at->ai_next) {
    fd = TryConnect(*at, timeout_ms);
  }
  freeaddrinfo(found);
  if (!fd.valid()) return NoAnswerFrom(address);
  return fd;
}

bool SameIpAddress(const std::string& a, const std::string& b) {
  const std::string bytes = IpBytes(a);
  return !bytes.empty() && bytes == IpBytes(b);
}

}  // namespace tally::transport
