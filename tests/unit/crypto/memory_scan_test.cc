// After keys are used, and after they are destroyed, no copy of their bytes, of
// half of a scalar or of its digits is left anywhere in the process: heap,
// stack, registers spilled by libsodium or by a kernel.

#include <sodium.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>

#include "crypto/canary.h"
#include "crypto/key_directory.h"
#include "crypto/secret_access.h"
#include "crypto/source_key_file.h"
#include "crypto_fixture.h"
#include "internal/clear_stack.h"
#include "internal/secret_peek.h"
#include "internal/wiped_array.h"
#include "kernels/vector_kernel.h"
#include "temp_dir.h"

namespace tally::crypto {
namespace {

using testing::Contains;
using testing::Ge;
using testing::IsEmpty;

// Secrets in pieces of eight bytes: what is written over a stack leaves parts
// (eight digits, where libsodium multiplied). Under a mask, so that what is
// looked for is no copy of it.
class Needles {
 public:
  void Add(const std::string& what, std::span<const uint8_t> secret) {
    for (size_t at = 0; at + kPiece <= secret.size(); at += kPiece) {
      const uint64_t masked = Masked(secret.data() + at);
      pieces_.push_back({masked, what});
      filter_[Hash(masked)] = true;
    }
  }
  void Add(const std::string& what, const Secret32& secret) {
    Add(what, internal::SecretPeek::View(secret).bytes());
  }
  // What libsodium and the kernels make of a scalar, too: half of it, and the
  // digits of both in radix 16.
  void AddScalar(const std::string& what, const Scalar& scalar);
  // What Ed25519 makes of a seed, too: scalar, its digits, prefix of the nonce.
  void AddSigningSeed(const Secret32& seed);

  // The name of each piece found in `memory`, as often as it is there.
  void Find(std::span<const uint8_t> memory,
            std::vector<std::string>& found) const {
    for (size_t at = 0; at + kPiece <= memory.size(); ++at) {
      const uint64_t masked = Masked(memory.data() + at);
      if (!filter_[Hash(masked)]) continue;
      for (const Piece& piece : pieces_) {
        if (piece.masked == masked) found.push_back(piece.what);
      }
    }
  }

 private:
  static constexpr size_t kPiece = 8;
  struct Piece {
    uint64_t masked;
    std::string what;
  };
  static uint64_t Masked(const uint8_t* bytes) {
    uint64_t word;
    std::memcpy(&word, bytes, kPiece);
    return word ^ 0x5aa55aa55aa55aa5;
  }
  static size_t Hash(uint64_t masked) {
    return (masked * 0x9e3779b97f4a7c15) >> 48;
  }
  std::vector<Piece> pieces_;
  std::array<bool, 65536> filter_{};
};

void Needles::AddScalar(const std::string& what, const Scalar& scalar) {
  {
    const SecretView view = internal::SecretPeek::View(scalar);
    internal::WipedArray<32> half;
    crypto_core_ristretto255_scalar_mul(half.data(), view.data(),
                                        kernels::kHalf.data());
    internal::WipedArray<64> digits;
    const auto recode = [&digits](const uint8_t* of) {
      kernels::RecodeScalar(of, reinterpret_cast<int8_t*>(digits.data()));
    };
    Add(what, view.bytes());
    Add("half of " + what, half.span());
    recode(view.data());
    Add("digits of " + what, digits.span());
    recode(half.data());
    Add("digits of half of " + what, digits.span());
  }
  internal::ClearVectorStack();
}

void Needles::AddSigningSeed(const Secret32& seed) {
  {
    const SecretView view = internal::SecretPeek::View(seed);
    internal::WipedArray<crypto_hash_sha512_BYTES> hash;
    crypto_hash_sha512(hash.data(), view.data(), view.size());
    Add("the prefix", hash.span().subspan(32));
    hash.data()[0] &= 248;  // RFC 8032, 5.1.5
    hash.data()[31] &= 127;
    hash.data()[31] |= 64;
    internal::WipedArray<64> digits;
    kernels::RecodeScalar(hash.data(),
                          reinterpret_cast<int8_t*>(digits.data()));
    Add("the seed", view.bytes());
    Add("the scalar", hash.span().first(32));
    Add("digits of the scalar", digits.span());
  }
  internal::ClearVectorStack();
}

// What is found in memory that can be read.
std::vector<std::string> FindInMemory(const Needles& needles) {
  std::ifstream maps("/proc/self/maps");
  std::FILE* memory = std::fopen("/proc/self/mem", "rb");
  EXPECT_NE(memory, nullptr);
  std::string line;
  std::vector<std::string> found;
  std::vector<uint8_t> block;
  while (std::getline(maps, line)) {
    unsigned long begin = 0;
    unsigned long end = 0;
    char mode[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, mode) != 3 ||
        mode[0] != 'r' || end - begin > (256ul << 20)) {
      continue;
    }
    if (line.find("[vvar") != std::string::npos ||
        line.find("[vsyscall") != std::string::npos) {
      continue;
    }
    if (std::string_view(mode) == "r-xp") continue;  // code
    block.assign(end - begin, 0);
    if (std::fseek(memory, static_cast<long>(begin), SEEK_SET) != 0) continue;
    const size_t got = std::fread(block.data(), 1, block.size(), memory);
    needles.Find(std::span(block).first(got), found);
    sodium_memzero(block.data(), block.size());
  }
  std::fclose(memory);
  return found;
}

// Runs `work` so far down the stack that looking through memory does not write
// over what it left there.
__attribute__((noinline)) void FarBelow(const std::function<void()>& work) {
  volatile uint8_t above[32768];
  above[0] = 0;
  work();
  above[sizeof(above) - 1] = above[0];
}

TEST(MemoryScan, SigningLeavesNothingOfTheKeyBelow) {
  const SigningKey sign =
      SigningKey::Generate(Environment::kTest, "gp-one", SignPurpose::kAudit)
          .value();
  Needles needles;
  needles.AddSigningSeed(sign.seed());
  EXPECT_THAT(FindInMemory(needles), IsEmpty());
  FarBelow([&] { ASSERT_OK(sign.Sign(SignLabel::kReceipt, "text")); });
  EXPECT_THAT(FindInMemory(needles), IsEmpty()) << "after Sign";
  FarBelow([&] { ASSERT_OK(sign.SignNote("text\n")); });
  EXPECT_THAT(FindInMemory(needles), IsEmpty()) << "after SignNote";
  FarBelow([&] {
    ASSERT_OK(SigningKey::FromSeed(Environment::kTest, "gp-one",
                                   SignPurpose::kAudit,
                                   sign.seed().Clone().value()));
  });
  EXPECT_THAT(FindInMemory(needles), IsEmpty()) << "after FromSeed";
}

TEST(MemoryScan, FindsASecretWhileItCanBeRead) {
  const Secret32 secret = Secret32::Random().value();
  Needles needles;
  needles.Add("a secret", secret);
  EXPECT_THAT(FindInMemory(needles), IsEmpty());  // behind its guard
  const SecretAccess access = MintSecretAccess();
  const SecretView view = secret.Reveal(access);
  EXPECT_THAT(FindInMemory(needles), Contains("a secret").Times(Ge(4)));
}

// Nobody wipes here.
TEST(MemoryScan, FindsWhatIsLeftOnTheStack) {
  const Scalar scalar = Scalar::Random().value();
  Needles needles;
  needles.AddScalar("a scalar", scalar);
  EXPECT_THAT(FindInMemory(needles), IsEmpty());
  {
    // Closed after we have looked, for that clears.
    const SecretView view = internal::SecretPeek::View(scalar);
    FarBelow([&view] {
      uint8_t element[32], out[32];
      crypto_core_ristretto255_random(element);
      EXPECT_EQ(crypto_scalarmult_ristretto255(out, view.data(), element), 0);
    });
    EXPECT_THAT(FindInMemory(needles), Contains("digits of a scalar"));
    FarBelow([&view] {
      uint8_t half[32];
      int8_t digits[64];
      crypto_core_ristretto255_scalar_mul(half, view.data(),
                                          kernels::kHalf.data());
      kernels::RecodeScalar(half, digits);
    });
    const std::vector<std::string> found = FindInMemory(needles);
    EXPECT_THAT(found, Contains("half of a scalar").Times(Ge(4)));
    EXPECT_THAT(found, Contains("digits of half of a scalar").Times(Ge(8)));
  }
  internal::ClearVectorStack();
  EXPECT_THAT(FindInMemory(needles), IsEmpty());
}

// A batch and a part, looked at after each call: the next one would write over
// what this one left.
TEST(MemoryScan, NoKernelLeavesAScalarOrItsDigits) {
  constexpr size_t kTokens = 140;
  const std::vector<NhsMessage> messages(kTokens, Number("9998242193"));
  for (const TokenKernel* kernel : AvailableKernels()) {
    SCOPED_TRACE(kernel->name());
    std::vector<uint8_t> tokens(32 * kTokens), rejected(kTokens);
    Needles needles;
    {
      const Scalar key = Scalar::Random().value();
      const Scalar factor = Scalar::Random().value();
      needles.AddScalar("the key", key);
      needles.AddScalar("the factor", factor);
      FarBelow([&] { ASSERT_OK(kernel->Tokenise(key, messages, tokens)); });
      EXPECT_THAT(FindInMemory(needles), IsEmpty()) << "after Tokenise";
      FarBelow([&] {
        ASSERT_OK(kernel->Convert(factor, tokens, tokens, rejected));
      });
      EXPECT_THAT(FindInMemory(needles), IsEmpty()) << "after Convert";
    }
    EXPECT_THAT(FindInMemory(needles), IsEmpty()) << "at the end";
  }
}

TEST(MemoryScan, NothingIsLeftOfKeysThatWereUsed) {
  TempDir dir;
  Needles needles;
  {
    KeyDirectory keys =
        KeyDirectory::Create(dir.Path("keys"), Environment::kTest, "gp-one",
                             KeyHolder::kParty, *RingSecret::Passphrase("x"))
            .value();
    {
      const SourceKey made =
          SourceKey::Generate({.environment = Environment::kTest,
                               .role = KeyRole::kSource,
                               .party = "gp-one",
                               .domain = "commissioning",
                               .epoch = 1})
              .value();
      ASSERT_OK(StoreKey(keys, made));
    }
    const SourceKey source =
        LoadSourceKey(keys, "gp-one", "commissioning", 1).value();
    const ConversionFactor conversion =
        ConversionFactor::Create({.environment = Environment::kTest,
                                  .domain = "commissioning",
                                  .source = "gp-one"},
                                 *Scalar::Random())
            .value();
    const SigningKey sign =
        SigningKey::Generate(Environment::kTest, "gp-one", SignPurpose::kSign)
            .value();
    ASSERT_OK(sign.Sign(SignLabel::kManifest, "text"));
    needles.AddScalar("the source key", source.scalar());
    needles.AddScalar("the factor", conversion.scalar());
    needles.Add("the seed", source.seed());
    needles.Add("the signing seed", sign.seed());
    std::vector<uint8_t> tokens(64);
    std::vector<uint8_t> rejected(2);
    const NhsMessage messages[] = {Number("9998242193"), Number("9991578153")};
    for (const TokenKernel* kernel : AvailableKernels()) {
      ASSERT_OK(TokeniseBatch(*kernel, source, messages, tokens));
      ASSERT_OK(kernel->ConvertBatch(conversion, tokens, tokens, rejected));
    }
    ASSERT_OK(MakeCanaryProof(source));
    ASSERT_OK(source.scalar().Inverse());
  }
  EXPECT_THAT(FindInMemory(needles), IsEmpty());
}

}  // namespace
}  // namespace tally::crypto
