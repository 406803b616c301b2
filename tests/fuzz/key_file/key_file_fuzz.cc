// Key file lines, signature files and public keys: what parses re-encodes to
// the same text.

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/init.h"
#include "crypto/key_file.h"
#include "crypto/sign.h"

namespace tally::crypto {
namespace {

void CheckText(std::string_view text) {
  if (const auto file = ParseKeyFile(text); file.ok()) {
    TALLY_CHECK(FormatKeyFile(*file) == text);
    TALLY_CHECK(text.starts_with(KeyFileAssociatedData(*file)));
    TALLY_CHECK(KeyFileName(file->header).find('/') == std::string::npos);
  }
  if (const auto signature = DecodeSignatureFile(text); signature.ok()) {
    TALLY_CHECK(EncodeSignatureFile(*signature) == text);
  }
  if (const auto key = DecodePublicKey(text); key.ok()) {
    TALLY_CHECK(EncodePublicKey(*key) == text);
  }
}

}  // namespace
}  // namespace tally::crypto

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool kReady = tally::crypto::InitCrypto().ok();
  TALLY_CHECK(kReady);
  tally::crypto::CheckText(tally::AsChars({data, size}));
  return 0;
}
