#include "analytics/release/signature.h"

#include <openssl/evp.h>

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::analytics {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kSignatureBytes = 64;

struct KeyDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

absl::StatusOr<std::string> DecodeKey(std::string_view release_key) {
  absl::StatusOr<std::string> key = Base64UrlDecode(release_key);
  if (!key.ok() || key->size() != kKeyBytes) {
    return UsageError(
        "hub.release_key is not a public key: 32 bytes in URL-safe Base64 "
        "without padding");
  }
  return key;
}

}  // namespace

absl::Status CheckReleaseKey(std::string_view release_key) {
  return DecodeKey(release_key).status();
}

absl::Status VerifyReleaseSignature(std::string_view release_key,
                                    std::string_view manifest,
                                    std::string_view signature_file) {
  TALLY_ASSIGN_OR_RETURN(const std::string key, DecodeKey(release_key));
  if (!signature_file.ends_with('\n')) {
    return IntegrityError("manifest.sig is malformed");
  }
  signature_file.remove_suffix(1);
  const absl::StatusOr<std::string> signature = Base64UrlDecode(signature_file);
  if (!signature.ok() || signature->size() != kSignatureBytes) {
    return IntegrityError("manifest.sig is malformed");
  }
  std::string message(kReleaseLabel);
  message.push_back('\0');
  message.append(manifest);
  const std::unique_ptr<EVP_PKEY, KeyDeleter> public_key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                  AsBytes(key).data(), key.size()));
  const std::unique_ptr<EVP_MD_CTX, ContextDeleter> context(EVP_MD_CTX_new());
  const bool valid =
      public_key != nullptr && context != nullptr &&
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr,
                           public_key.get()) == 1 &&
      EVP_DigestVerify(context.get(), AsBytes(*signature).data(),
                       signature->size(), AsBytes(message).data(),
                       message.size()) == 1;
  if (!valid) {
    return IntegrityError(
        "manifest.sig is not the hub's signature of manifest.json: compare "
        "hub.release_key with the hub's operator, then pull again");
  }
  return absl::OkStatus();
}

}  // namespace tally::analytics
