#include "internal/frame_cipher.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/status.h"
#include "crypto/wiped_bytes.h"
#include "internal/wiped_array.h"

namespace tally::crypto::internal {
namespace {

static_assert(kSealNonceSize == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(kSealTagSize == crypto_aead_xchacha20poly1305_ietf_ABYTES);

// The part of the nonce that makes the sub-key; the rest is the cipher's own.
constexpr size_t kSubKeyNonce = crypto_core_hchacha20_INPUTBYTES;
constexpr size_t kZeroesInIv = 4;

struct FreeContext {
  // Wipes the sub-key and the state.
  void operator()(EVP_CIPHER_CTX* context) const {
    EVP_CIPHER_CTX_free(context);
  }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

// Null where OpenSSL does not offer it. Looked up once, kept for ever.
const EVP_CIPHER* ChaCha20Poly1305() {
  static const EVP_CIPHER* const cipher =
      EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr);
  return cipher;
}

// Ready for the associated data.
Context Start(const EVP_CIPHER* cipher, const SecretView& key, SealNonce nonce,
              bool encrypt) {
  WipedArray<crypto_core_hchacha20_OUTPUTBYTES> sub_key;
  crypto_core_hchacha20(sub_key.data(), nonce.data(), key.data(), nullptr);
  std::array<uint8_t, kZeroesInIv + kSealNonceSize - kSubKeyNonce> iv{};
  std::copy(nonce.begin() + kSubKeyNonce, nonce.end(),
            iv.begin() + kZeroesInIv);
  Context context(EVP_CIPHER_CTX_new());
  TALLY_CHECK(context != nullptr);
  TALLY_CHECK(EVP_CipherInit_ex2(context.get(), cipher, sub_key.data(),
                                 iv.data(), encrypt ? 1 : 0, nullptr) == 1);
  return context;
}

// Passes `in` through the cipher into `out`, or takes it as associated data
// when `out` is null. Frames are at most 16 MiB, so sizes fit an int.
void Pass(const Context& context, std::span<const uint8_t> in, uint8_t* out) {
  if (in.empty()) return;
  int written = 0;
  TALLY_CHECK(EVP_CipherUpdate(context.get(), out, &written, in.data(),
                               static_cast<int>(in.size())) == 1);
}

}  // namespace

void SealFrameBySodium(const SecretView& key, SealNonce nonce,
                       std::span<const uint8_t> ad,
                       std::span<const uint8_t> plain,
                       std::span<uint8_t> sealed) {
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      sealed.data(), nullptr, plain.data(), plain.size(), ad.data(), ad.size(),
      nullptr, nonce.data(), key.data());
}

bool OpenFrameBySodium(const SecretView& key, SealNonce nonce,
                       std::span<const uint8_t> ad, std::span<uint8_t> sealed) {
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          sealed.data(), nullptr, nullptr, sealed.data(), sealed.size(),
          ad.data(), ad.size(), nonce.data(), key.data()) == 0) {
    return true;
  }
  Wipe(sealed.data(), sealed.size());
  return false;
}

void SealFrame(const SecretView& key, SealNonce nonce,
               std::span<const uint8_t> ad, std::span<const uint8_t> plain,
               std::span<uint8_t> sealed) {
  TALLY_CHECK(sealed.size() == plain.size() + kSealTagSize);
  const EVP_CIPHER* const cipher = ChaCha20Poly1305();
  if (cipher == nullptr) {
    SealFrameBySodium(key, nonce, ad, plain, sealed);
    return;
  }
  const Context context = Start(cipher, key, nonce, /*encrypt=*/true);
  Pass(context, ad, nullptr);
  Pass(context, plain, sealed.data());
  uint8_t* const tag = sealed.data() + plain.size();
  int written = 0;
  TALLY_CHECK(EVP_CipherFinal_ex(context.get(), tag, &written) == 1);
  TALLY_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG,
                                  kSealTagSize, tag) == 1);
}

bool OpenFrame(const SecretView& key, SealNonce nonce,
               std::span<const uint8_t> ad, std::span<uint8_t> sealed) {
  TALLY_CHECK(sealed.size() >= kSealTagSize);
  const EVP_CIPHER* const cipher = ChaCha20Poly1305();
  if (cipher == nullptr) return OpenFrameBySodium(key, nonce, ad, sealed);
  const std::span<uint8_t> text = sealed.first(sealed.size() - kSealTagSize);
  uint8_t* const tag = sealed.data() + text.size();
  const Context context = Start(cipher, key, nonce, /*encrypt=*/false);
  TALLY_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG,
                                  kSealTagSize, tag) == 1);
  Pass(context, ad, nullptr);
  Pass(context, text, text.data());
  int written = 0;
  if (EVP_CipherFinal_ex(context.get(), tag, &written) == 1) return true;
  Wipe(sealed.data(), sealed.size());
  return false;
}

}  // namespace tally::crypto::internal
