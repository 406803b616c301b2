// After keys are destroyed, no copy of their bytes is left anywhere in the
// process: heap, stack, registers spilled by libsodium.

#include <sodium.h>

#include <cstdio>
#include <fstream>

#include "crypto/canary.h"
#include "crypto/key_directory.h"
#include "crypto/secret_access.h"
#include "crypto/source_key_file.h"
#include "crypto_fixture.h"
#include "temp_dir.h"

namespace tally::crypto {
namespace {

// A secret under a mask, so that the needle is no copy of what is looked for.
struct Needle {
  static constexpr uint8_t kMask = 0x5a;
  std::array<uint8_t, 32> masked;

  explicit Needle(const Secret32& secret) {
    const SecretAccess access = MintSecretAccess();
    const SecretView view = secret.Reveal(access);
    for (size_t i = 0; i < masked.size(); ++i) {
      masked[i] = view.data()[i] ^ kMask;
    }
  }
  bool At(const uint8_t* bytes) const {
    for (size_t i = 0; i < masked.size(); ++i) {
      if ((bytes[i] ^ kMask) != masked[i]) return false;
    }
    return true;
  }
};

// How often the needle occurs in memory that can be read.
int CountInMemory(const Needle& needle) {
  std::ifstream maps("/proc/self/maps");
  std::FILE* memory = std::fopen("/proc/self/mem", "rb");
  EXPECT_NE(memory, nullptr);
  std::string line;
  int found = 0;
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
    block.assign(end - begin, 0);
    if (std::fseek(memory, static_cast<long>(begin), SEEK_SET) != 0) continue;
    const size_t got = std::fread(block.data(), 1, block.size(), memory);
    for (size_t i = 0; i + 32 <= got; ++i) {
      if (needle.At(block.data() + i)) ++found;
    }
    sodium_memzero(block.data(), block.size());
  }
  std::fclose(memory);
  return found;
}

TEST(MemoryScan, FindsASecretWhileItCanBeRead) {
  const Secret32 secret = Secret32::Random().value();
  const Needle needle(secret);
  EXPECT_EQ(CountInMemory(needle), 0);  // behind its guard
  const SecretAccess access = MintSecretAccess();
  const SecretView view = secret.Reveal(access);
  EXPECT_GE(CountInMemory(needle), 1);
}

TEST(MemoryScan, NothingIsLeftOfKeysThatWereUsed) {
  TempDir dir;
  std::optional<Needle> seed;
  std::optional<Needle> scalar;
  std::optional<Needle> factor;
  std::optional<Needle> signing;
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
    seed.emplace(source.seed());
    scalar.emplace(source.scalar().secret());
    factor.emplace(conversion.scalar().secret());
    signing.emplace(sign.seed());
    std::vector<uint8_t> tokens(64);
    std::vector<uint8_t> rejected(2);
    const NhsMessage messages[] = {Number("9998242193"), Number("9991578153")};
    ASSERT_OK(TokeniseBatch(PortableKernel(), source, messages, tokens));
    ASSERT_OK(
        PortableKernel().ConvertBatch(conversion, tokens, tokens, rejected));
    ASSERT_OK(MakeCanaryProof(source));
    ASSERT_OK(source.scalar().Inverse());
  }
  EXPECT_EQ(CountInMemory(*seed), 0);
  EXPECT_EQ(CountInMemory(*scalar), 0);
  EXPECT_EQ(CountInMemory(*factor), 0);
  EXPECT_EQ(CountInMemory(*signing), 0);
}

}  // namespace
}  // namespace tally::crypto
