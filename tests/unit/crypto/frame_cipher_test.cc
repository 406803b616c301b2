#include "internal/frame_cipher.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <array>
#include <vector>

#include "crypto/init.h"
#include "crypto/random.h"
#include "internal/secret_peek.h"
#include "status_matchers.h"

namespace tally::crypto {
namespace {

struct OneFrame {
  std::array<uint8_t, internal::kSealNonceSize> nonce;
  std::vector<uint8_t> ad;
  std::vector<uint8_t> plain;
};

OneFrame RandomFrame(size_t plain, size_t ad) {
  OneFrame frame{{}, std::vector<uint8_t>(ad), std::vector<uint8_t>(plain)};
  RandomBytes(frame.nonce);
  RandomBytes(frame.ad);
  RandomBytes(frame.plain);
  return frame;
}

std::vector<uint8_t> SealedByLibsodium(const Secret32& key,
                                       const OneFrame& frame) {
  std::vector<uint8_t> sealed(frame.plain.size() + internal::kSealTagSize);
  const SecretView view = internal::SecretPeek::View(key);
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      sealed.data(), nullptr, frame.plain.data(), frame.plain.size(),
      frame.ad.data(), frame.ad.size(), nullptr, frame.nonce.data(),
      view.data());
  return sealed;
}

class FrameCipher : public testing::Test {
 protected:
  void SetUp() override { ASSERT_THAT(InitCrypto(), IsOk()); }
};

// Every length up to some blocks of both ciphers' widest loops, and frames of
// the size of a run's.
TEST_F(FrameCipher, SealsAndOpensTheBytesOfLibsodium) {
  ASSERT_OK_AND_ASSIGN(const Secret32 key, Secret32::Random());
  std::vector<size_t> sizes;
  for (size_t size = 0; size <= 1'100; ++size) sizes.push_back(size);
  sizes.insert(sizes.end(), {4'095, 4'096, 65'537, 655'360, 1'048'577});
  for (const size_t size : sizes) {
    const OneFrame frame = RandomFrame(size, 28);
    const std::vector<uint8_t> expected = SealedByLibsodium(key, frame);
    std::vector<uint8_t> sealed(expected.size());
    internal::SealFrame(key, frame.nonce, frame.ad, frame.plain, sealed);
    ASSERT_EQ(sealed, expected) << size;
    ASSERT_TRUE(internal::OpenFrame(key, frame.nonce, frame.ad, sealed));
    sealed.resize(size);
    ASSERT_EQ(sealed, frame.plain) << size;
  }
}

TEST_F(FrameCipher, AnyFlippedBitIsRefusedAndLeavesNoPlaintext) {
  ASSERT_OK_AND_ASSIGN(const Secret32 key, Secret32::Random());
  const OneFrame frame = RandomFrame(100, 28);
  const std::vector<uint8_t> sealed = SealedByLibsodium(key, frame);
  const std::vector<uint8_t> wiped(sealed.size());
  for (size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
    std::vector<uint8_t> altered = sealed;
    altered[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
    EXPECT_FALSE(internal::OpenFrame(key, frame.nonce, frame.ad, altered));
    EXPECT_EQ(altered, wiped) << bit;
  }
  OneFrame other = frame;
  other.nonce[23] ^= 1;
  std::vector<uint8_t> copy = sealed;
  EXPECT_FALSE(internal::OpenFrame(key, other.nonce, frame.ad, copy));
  other = frame;
  other.nonce[0] ^= 1;
  copy = sealed;
  EXPECT_FALSE(internal::OpenFrame(key, other.nonce, frame.ad, copy));
  other.ad[0] ^= 1;
  copy = sealed;
  EXPECT_FALSE(internal::OpenFrame(key, frame.nonce, other.ad, copy));
}

}  // namespace
}  // namespace tally::crypto
