#include "internal/frame_cipher.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <memory>

#include "base/exit_code.h"
#include "base/status.h"
#include "crypto/wiped_bytes.h"
#include "internal/secret_peek.h"
#include "internal/wiped_array.h"

namespace tally::crypto::internal {
namespace {

constexpr size_t kChaChaNonce = 12;

// OpenSSL fails here only when it is out of memory or misused, so failures but
// that of a tag are broken invariants.
void MustSucceed(int result) { TALLY_CHECK(result == 1); }

// Freed, it wipes what it keeps of the key.
struct ContextDeleter {
  void operator()(EVP_CIPHER_CTX* context) const {
    EVP_CIPHER_CTX_free(context);
  }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, ContextDeleter>;

// A context for one frame, its additional data taken in.
CipherContext ContextOf(bool seal, const Secret32& key, FrameNonce nonce,
                        std::span<const uint8_t> ad) {
  static_assert(crypto_core_hchacha20_INPUTBYTES + 8 == kSealNonceSize);
  WipedArray<crypto_core_hchacha20_OUTPUTBYTES> frame_key;
  {
    const SecretView view = SecretPeek::View(key);
    crypto_core_hchacha20(frame_key.data(), nonce.data(), view.data(), nullptr);
  }
  uint8_t rest[kChaChaNonce] = {};
  std::copy(nonce.begin() + crypto_core_hchacha20_INPUTBYTES, nonce.end(),
            rest + 4);
  CipherContext context(EVP_CIPHER_CTX_new());
  TALLY_CHECK(context != nullptr);
  MustSucceed(EVP_CipherInit_ex(context.get(), EVP_chacha20_poly1305(), nullptr,
                                frame_key.data(), rest, seal ? 1 : 0));
  int size = 0;
  MustSucceed(EVP_CipherUpdate(context.get(), nullptr, &size, ad.data(),
                               static_cast<int>(ad.size())));
  return context;
}

// REQUIRES: frames are at most 16 MiB, so that lengths are an int.
void Crypt(EVP_CIPHER_CTX* context, std::span<const uint8_t> in, uint8_t* out) {
  if (in.empty()) return;
  int size = 0;
  MustSucceed(EVP_CipherUpdate(context, out, &size, in.data(),
                               static_cast<int>(in.size())));
  TALLY_CHECK(static_cast<size_t>(size) == in.size());
}

}  // namespace

absl::Status CheckFrameCipher() {
  EVP_CIPHER* const cipher =
      EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr);
  if (cipher == nullptr) {
    return WithExitCode(
        absl::FailedPreconditionError(
            "this machine's OpenSSL is configured without ChaCha20-Poly1305"),
        kExitUsage);
  }
  EVP_CIPHER_free(cipher);
  return absl::OkStatus();
}

void SealFrame(const Secret32& key, FrameNonce nonce,
               std::span<const uint8_t> ad, std::span<const uint8_t> plain,
               std::span<uint8_t> sealed) {
  TALLY_CHECK(sealed.size() == plain.size() + kSealTagSize);
  const CipherContext context = ContextOf(/*seal=*/true, key, nonce, ad);
  Crypt(context.get(), plain, sealed.data());
  int size = 0;
  uint8_t* const tag = sealed.data() + plain.size();
  MustSucceed(EVP_CipherFinal_ex(context.get(), tag, &size));
  MustSucceed(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG,
                                  static_cast<int>(kSealTagSize), tag));
}

bool OpenFrame(const Secret32& key, FrameNonce nonce,
               std::span<const uint8_t> ad, std::span<uint8_t> sealed) {
  TALLY_CHECK(sealed.size() >= kSealTagSize);
  const std::span<uint8_t> text = sealed.first(sealed.size() - kSealTagSize);
  const CipherContext context = ContextOf(/*seal=*/false, key, nonce, ad);
  MustSucceed(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG,
                                  static_cast<int>(kSealTagSize),
                                  sealed.data() + text.size()));
  Crypt(context.get(), text, text.data());
  uint8_t end[kSealTagSize];
  int size = 0;
  if (EVP_CipherFinal_ex(context.get(), end, &size) == 1) return true;
  Wipe(sealed.data(), sealed.size());
  return false;
}

}  // namespace tally::crypto::internal
