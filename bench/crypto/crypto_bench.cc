// Tokens per second on one core, against plain libsodium in the same process.
//
//   bench_crypto [TOKENS] [ROUNDS]
//
// Kernel and rival take turns over the same input, timed by the thread's CPU
// time, so that a busy machine disturbs both alike; the median of the rounds
// counts. Every answer is compared: a wrong one ends the program with 1. So
// does a kernel that is more than 5 % slower than plain libsodium.

#include <sodium.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "base/status.h"
#include "crypto/hash_to_group.h"
#include "crypto/init.h"
#include "crypto/pseudonym_maker.h"
#include "crypto/random.h"
#include "crypto/secret_access.h"
#include "crypto/token_kernel.h"

namespace tally::crypto {
namespace {

constexpr double kLeastRatio = 0.95;

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         1e-9 * static_cast<double>(now.tv_nsec);
}

double Timed(const std::function<void()>& work) {
  const double start = CpuSeconds();
  work();
  return CpuSeconds() - start;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Runs both in turn and prints a line; false if the kernel is too slow.
bool Compare(const char* what, size_t tokens, int rounds,
             const std::function<void()>& kernel,
             const std::function<void()>& plain) {
  std::vector<double> kernel_times;
  std::vector<double> plain_times;
  std::vector<double> ratios;
  for (int i = 0; i < rounds; ++i) {
    kernel_times.push_back(Timed(kernel));
    plain_times.push_back(Timed(plain));
    ratios.push_back(plain_times.back() / kernel_times.back());
  }
  std::sort(ratios.begin(), ratios.end());
  const double ratio = Median(ratios);
  std::printf(
      "%-10s kernel %8.0f/s  libsodium %8.0f/s  ratio %.3f "
      "(%.3f to %.3f)\n",
      what, static_cast<double>(tokens) / Median(kernel_times),
      static_cast<double>(tokens) / Median(plain_times), ratio, ratios.front(),
      ratios.back());
  return ratio >= kLeastRatio;
}

// The rival: what a careful program writes over libsodium alone.
void PlainTokenise(const uint8_t* scalar,
                   const std::vector<std::string>& numbers,
                   std::vector<uint8_t>& out) {
  const std::array<uint8_t, 128> zeroes{};
  const std::string tail = std::string("\0\x40\0", 3) +
                           "HashToGroup-tally1-ristretto255-SHA512" +
                           static_cast<char>(38);
  for (size_t i = 0; i < numbers.size(); ++i) {
    const std::string message =
        std::string("\x0anhs-number\0\x0a", 13) + numbers[i] + tail;
    std::array<uint8_t, 64> b0;
    std::array<uint8_t, 64> wide;
    std::array<uint8_t, 32> element;
    const auto* bytes = reinterpret_cast<const uint8_t*>(message.data());
    crypto_hash_sha512_state state;
    crypto_hash_sha512_init(&state);
    crypto_hash_sha512_update(&state, zeroes.data(), zeroes.size());
    crypto_hash_sha512_update(&state, bytes, message.size());
    crypto_hash_sha512_final(&state, b0.data());
    const uint8_t one = 1;
    crypto_hash_sha512_init(&state);
    crypto_hash_sha512_update(&state, b0.data(), b0.size());
    crypto_hash_sha512_update(&state, &one, 1);
    crypto_hash_sha512_update(&state, bytes + message.size() - tail.size() + 3,
                              tail.size() - 3);
    crypto_hash_sha512_final(&state, wide.data());
    crypto_core_ristretto255_from_hash(element.data(), wide.data());
    TALLY_CHECK(crypto_scalarmult_ristretto255(out.data() + 32 * i, scalar,
                                               element.data()) == 0);
  }
}

void PlainConvert(const uint8_t* scalar, const std::vector<uint8_t>& in,
                  std::vector<uint8_t>& out) {
  for (size_t at = 0; at < in.size(); at += 32) {
    TALLY_CHECK(crypto_scalarmult_ristretto255(out.data() + at, scalar,
                                               in.data() + at) == 0);
  }
}

void TimePseudonyms(const std::vector<uint8_t>& tokens) {
  const ProjectKey key =
      ProjectKey::Generate(Environment::kTest, "bench", "bench").value();
  const PseudonymMaker maker = PseudonymMaker::Create(key).value();
  std::vector<PseudonymBytes> out(tokens.size() / 32);
  constexpr int kRepeats = 200;
  const double seconds = Timed([&] {
    for (int i = 0; i < kRepeats; ++i) maker.MakeBatch(tokens, out);
  });
  std::printf("%-10s %.2f M/s\n", "pseudonym",
              1e-6 * kRepeats * static_cast<double>(out.size()) / seconds);
}

int Main(size_t tokens, int rounds) {
  TALLY_CHECK(InitCrypto().ok());
  const TokenKernel& kernel = **SelectKernel("auto");
  TALLY_CHECK(SelfTestKernel(kernel).ok());
  std::printf("kernel %s, %zu tokens, %d rounds\n",
              std::string(kernel.name()).c_str(), tokens, rounds);
  const Scalar key = Scalar::Random().value();
  const SecretAccess access = MintSecretAccess();
  const SecretView scalar = key.secret().Reveal(access);

  std::vector<std::string> numbers;
  std::vector<NhsMessage> messages;
  for (size_t i = 0; i < tokens; ++i) {
    numbers.push_back(
        std::to_string(9000000000 + RandomUint64Below(999999999)));
    messages.push_back(NhsMessage::Create(numbers.back()).value());
  }
  std::vector<uint8_t> by_kernel(32 * tokens);
  std::vector<uint8_t> by_plain(32 * tokens);
  bool fast = Compare(
      "tokenise", tokens, rounds,
      [&] { TALLY_CHECK(kernel.Tokenise(key, messages, by_kernel).ok()); },
      [&] { PlainTokenise(scalar.data(), numbers, by_plain); });
  TALLY_CHECK(by_kernel == by_plain);

  std::vector<uint8_t> rejected(tokens);
  std::vector<uint8_t> converted(32 * tokens);
  fast &= Compare(
      "convert", tokens, rounds,
      [&] {
        const auto count = kernel.Convert(key, by_plain, converted, rejected);
        TALLY_CHECK(count.ok() && *count == 0);
      },
      [&] { PlainConvert(scalar.data(), by_plain, by_kernel); });
  TALLY_CHECK(converted == by_kernel);
  TimePseudonyms(converted);
  if (!fast) {
    std::printf("FAILED: slower than %.2f times plain libsodium\n",
                kLeastRatio);
  }
  return fast ? 0 : 1;
}

}  // namespace
}  // namespace tally::crypto

int main(int argc, char** argv) {
  const long tokens = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 2000;
  const long rounds = argc > 2 ? std::strtol(argv[2], nullptr, 10) : 7;
  if (tokens < 1 || tokens > 10000000 || rounds < 1 || rounds > 1000) return 2;
  return tally::crypto::Main(static_cast<size_t>(tokens),
                             static_cast<int>(rounds));
}
