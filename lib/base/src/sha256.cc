#include "base/sha256.h"

#include <openssl/evp.h>

#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"

#include <unistd.h>

#include <cerrno>

namespace tally {

// OpenSSL fails here only when it is out of memory or misused, so failures are
// broken invariants.
struct Sha256::State {
  State() : context(EVP_MD_CTX_new()) { TALLY_CHECK(context != nullptr); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void Start() {
    TALLY_CHECK(EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1);
  }

  EVP_MD_CTX* context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) { state_->Start(); }
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::Update(std::string_view bytes) { Update(AsBytes(bytes)); }

void Sha256::Update(std::span<const uint8_t> bytes) {
  TALLY_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) ==
              1);
}

std::array<uint8_t, Sha256::kBytes> Sha256::Finish() {
  std::array<uint8_t, kBytes> digest{};
  unsigned int size = 0;
  TALLY_CHECK(EVP_DigestFinal_ex(state_->context, digest.data(), &size) == 1);
  TALLY_CHECK(size == kBytes);
  state_->Start();
  return digest;
}

std::array<uint8_t, Sha256::kBytes> Sha256::Peek() const {
  State copy;
  TALLY_CHECK(EVP_MD_CTX_copy_ex(copy.context, state_->context) == 1);
  std::array<uint8_t, kBytes> digest{};
  unsigned int size = 0;
  TALLY_CHECK(EVP_DigestFinal_ex(copy.context, digest.data(), &size) == 1);
  return digest;
}

std::array<uint8_t, Sha256::kBytes> Sha256Of(std::string_view bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.Finish();
}

std::string Sha256Hex(std::string_view bytes) {
  return HexEncode(Sha256Of(bytes));
}

absl::StatusOr<std::string> Sha256HexOfFile(const std::string& path) {
  TALLY_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForRead(path));
  Sha256 hash;
  std::vector<char> buffer(1 << 20);
  for (;;) {
    const ssize_t got = read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, "read", path);
    if (got == 0) break;
    hash.Update(std::string_view(buffer.data(), static_cast<size_t>(got)));
  }
  return HexEncode(hash.Finish());
}

}  // namespace tally
