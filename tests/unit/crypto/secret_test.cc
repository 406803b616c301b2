#include "crypto/secret.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>
#include <type_traits>

#include "crypto/secret_access.h"
#include "crypto/wiped_bytes.h"
#include "crypto_fixture.h"

namespace tally::crypto {
namespace {

static_assert(!std::is_copy_constructible_v<Secret32>);
static_assert(!std::is_copy_assignable_v<Secret32>);
static_assert(!std::is_default_constructible_v<SecretAccess>);
static_assert(!std::is_copy_constructible_v<SecretAccess>);
static_assert(!std::is_copy_constructible_v<SourceKey>);
static_assert(!std::is_copy_constructible_v<ConversionFactor>);
static_assert(!std::is_copy_constructible_v<ProjectKey>);
static_assert(!std::is_convertible_v<ProjectKey, StorageKey>);
static_assert(!std::is_convertible_v<SourceToken, HubToken>);
static_assert(!std::is_constructible_v<HubToken, SourceToken>);

TEST(Secret32, TakesItsBytesAndWipesTheSource) {
  std::vector<uint8_t> bytes(32, 0xab);
  ASSERT_OK_AND_ASSIGN(const Secret32 secret, Secret32::TakeFrom(bytes));
  EXPECT_THAT(bytes, testing::Each(0));
  const SecretAccess access = MintSecretAccess();
  EXPECT_THAT(secret.Reveal(access).bytes(), testing::Each(0xab));
}

TEST(Secret32, OtherLengthsAreRefusedAndWiped) {
  std::vector<uint8_t> bytes(31, 1);
  EXPECT_THAT(Secret32::TakeFrom(bytes),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(bytes, testing::Each(0));
}

TEST(Secret32, RandomOnesDifferAndEqualThemselves) {
  const Secret32 a = Secret32::Random().value();
  const Secret32 b = Secret32::Random().value();
  EXPECT_TRUE(a.EqualTo(a));
  EXPECT_FALSE(a.EqualTo(b));
  EXPECT_TRUE(a.EqualTo(*a.Clone()));
}

TEST(Secret32, KnowsOneRepeatedByte) {
  EXPECT_TRUE(RepeatedSecret(7).IsOneRepeatedByte());
  EXPECT_FALSE(Secret32::Random()->IsOneRepeatedByte());
}

TEST(Secret32, IsNotPrintedByTheTestFramework) {
  EXPECT_EQ(testing::PrintToString(RepeatedSecret(1)), "[redacted]");
}

TEST(SecretBytes, MayBeEmpty) {
  ASSERT_OK_AND_ASSIGN(const SecretBytes empty, SecretBytes::CopyOf(""));
  EXPECT_EQ(empty.size(), 0u);
}

TEST(SecretBytes, DifferentLengthsAreUnequal) {
  EXPECT_FALSE(SecretBytes::CopyOf("ab")->EqualTo(*SecretBytes::CopyOf("abc")));
}

// Without a view the memory cannot be read: the child dies of a fault.
TEST(Secret32, IsUnreadableWhileNoViewIsOpen) {
  const Secret32 secret = RepeatedSecret(5);
  const SecretAccess access = MintSecretAccess();
  const uint8_t* address = secret.Reveal(access).data();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);
    signal(SIGBUS, SIG_DFL);
    const volatile uint8_t* peek = address;
    _exit(*peek == 5 ? 1 : 2);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  // Killed by the fault, or ended by a sanitizer that saw it: never exit 1.
  EXPECT_FALSE(WIFEXITED(status) && WEXITSTATUS(status) == 1 &&
               !WIFSIGNALED(status))
      << "the secret was read";
}

TEST(Secret32, StaysReadableWhileAnyViewIsOpen) {
  const Secret32 secret = RepeatedSecret(5);
  const SecretAccess access = MintSecretAccess();
  const SecretView outer = secret.Reveal(access);
  { const SecretView inner = secret.Reveal(access); }
  EXPECT_THAT(outer.bytes(), testing::Each(5));
}

TEST(Secret32, CanBeReadByManyThreads) {
  const Secret32 secret = RepeatedSecret(5);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      const SecretAccess access = MintSecretAccess();
      for (int i = 0; i < 500; ++i) {
        if (secret.Reveal(access).bytes()[31] != 5) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

// In a child, because the flag is for the whole process and never goes back.
TEST(RequireLockedMemory, ProductionRefusesUnlockedMemoryOthersDoNot) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  GTEST_SKIP() << "a sanitizer's mlock locks nothing and says that it did";
#endif
#endif
  // Root locks without limit, so the child gives that up.
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit none{0, 0};
    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0) _exit(10);
    if (geteuid() == 0 && setuid(65534) != 0) _exit(11);
    const auto secret = Secret32::Random();
    if (!secret.ok() || secret->locked()) _exit(12);
    if (AllSecretsLocked()) _exit(13);
    if (RequireLockedMemory(Environment::kProduction).ok()) _exit(14);
    if (!RequireLockedMemory(Environment::kTest).ok()) _exit(15);
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(WipedBytes, BehaveAsABuffer) {
  WipedBytes bytes;
  for (int i = 0; i < 1000; ++i) bytes.push_back(static_cast<uint8_t>(i));
  EXPECT_EQ(bytes.size(), 1000u);
  EXPECT_EQ(bytes[999], static_cast<uint8_t>(999));
}

TEST(Wipe, ZeroesWhatItIsGiven) {
  std::array<uint8_t, 64> block;
  block.fill(0xcc);
  Wipe(block.data(), block.size());
  EXPECT_THAT(block, testing::Each(0));
}

}  // namespace
}  // namespace tally::crypto
