#include "crypto/pseudonym_maker.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include <atomic>
#include <bit>
#include <set>
#include <thread>

#include "crypto_fixture.h"

namespace tally::crypto {
namespace {

PseudonymMaker Maker(std::string_view project, uint8_t key) {
  const ProjectKey project_key =
      ProjectKey::FromSecret(Environment::kTest, "commissioning", project,
                             RepeatedSecret(key))
          .value();
  return PseudonymMaker::Create(project_key).value();
}

HubToken RandomToken() {
  std::array<uint8_t, 32> bytes;
  crypto_core_ristretto255_random(bytes.data());
  return HubToken::Create(bytes).value();
}

// The slow plain twin: HMAC in one call over bytes put together.
std::string PlainPseudonym(std::string_view project, uint8_t key,
                           const HubToken& token) {
  std::string message("tally1-pseudonym\0", 17);
  message += static_cast<char>(project.size());
  message += project;
  message.append(token.bytes().begin(), token.bytes().end());
  const std::vector<uint8_t> secret(32, key);
  std::array<uint8_t, 32> out;
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), 32,
       reinterpret_cast<const uint8_t*>(message.data()), message.size(),
       out.data(), &size);
  return Hex(std::span(out).first(16));
}

TEST(PseudonymMaker, EqualsPlainHmacForEveryLengthOfName) {
  for (size_t length = 1; length <= 63; ++length) {
    const std::string project(length, 'p');
    const HubToken token = RandomToken();
    EXPECT_EQ(Hex(Maker(project, 9).Make(token)),
              PlainPseudonym(project, 9, token));
  }
}

TEST(PseudonymMaker, BatchEqualsOneByOne) {
  const PseudonymMaker maker = Maker("proj-001", 4);
  std::vector<uint8_t> tokens;
  std::vector<std::string> expected;
  for (int i = 0; i < 20; ++i) {
    const HubToken token = RandomToken();
    tokens.insert(tokens.end(), token.bytes().begin(), token.bytes().end());
    expected.push_back(Hex(maker.Make(token)));
  }
  std::vector<PseudonymBytes> out(20);
  maker.MakeBatch(tokens, out);
  for (size_t i = 0; i < out.size(); ++i) EXPECT_EQ(Hex(out[i]), expected[i]);
}

TEST(PseudonymMaker, MayBeSharedByThreads) {
  const PseudonymMaker maker = Maker("proj-001", 4);
  const HubToken token = RandomToken();
  const PseudonymBytes expected = maker.Make(token);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        if (maker.Make(token) != expected) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

// Of two projects no pseudonyms are equal, and their bits are as independent
// as those of coins.
TEST(PseudonymMaker, TwoProjectsShareNothing) {
  const PseudonymMaker one = Maker("proj-001", 4);
  const PseudonymMaker same_key = Maker("proj-002", 4);
  const PseudonymMaker same_name = Maker("proj-001", 5);
  std::set<PseudonymBytes> seen;
  int equal_bits = 0;
  constexpr int kPeople = 2000;
  for (int i = 0; i < kPeople; ++i) {
    const HubToken token = RandomToken();
    const PseudonymBytes a = one.Make(token);
    const PseudonymBytes b = same_key.Make(token);
    EXPECT_TRUE(seen.insert(a).second);
    EXPECT_TRUE(seen.insert(b).second);
    EXPECT_TRUE(seen.insert(same_name.Make(token)).second);
    for (size_t j = 0; j < a.size(); ++j) {
      equal_bits += 8 - std::popcount(static_cast<unsigned>(a[j] ^ b[j]));
    }
  }
  // 256,000 coins: mean 128,000, standard deviation 253.
  EXPECT_NEAR(equal_bits, kPeople * 64, 1300);
}

}  // namespace
}  // namespace tally::crypto
