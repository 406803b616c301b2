// Every kernel of this machine against plain libsodium in the same process.
//
//   bench_crypto [TOKENS] [ROUNDS]        on one core
//   bench_crypto TOKENS ROUNDS cores      the first kernel on all cores
//   bench_crypto check TOKENS             answers only, on all cores
//
// Kernels and rival take turns over the same input, timed by the thread's CPU
// time, so that a busy machine disturbs all alike; the median of the rounds
// counts. Every answer is compared: a wrong one ends the program at once. A
// kernel that misses its bar (docs/performance.md) ends it with 1. All cores
// are timed by the clock on the wall, against one core in turn: that needs a
// machine that does nothing else.
//
// `check` compares every kernel with libsodium's over so many random numbers
// and what becomes of them: tokens, and their conversions after a bit of one in
// 32 was turned over. Keys change every 4,096. It says how far it is; 10^8 take
// some three hours on two cores (docs/spec/kernel-v1.md, "Self-check").

#include <sodium.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string_view>
#include <thread>
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

struct Bars {
  std::string_view kernel;
  double tokenise;
  double convert;
};
constexpr Bars kBars[] = {
    {"avx512ifma", 9, 8.5}, {"avx2", 2.5, 2}, {"portable", 0.95, 0.95}};
// Of n cores at least this share of n.
constexpr double kCoresBar = 0.95;

double WallSeconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) +
         1e-9 * static_cast<double>(now.tv_nsec);
}

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

struct Contender {
  std::string name;
  double bar;
  std::function<void()> work;
};

// Runs all in turn, so many rounds, and prints a line for each; false if one
// misses its bar.
bool Compare(const char* what, size_t tokens, int rounds,
             const std::function<void()>& plain,
             const std::vector<Contender>& contenders) {
  std::vector<double> plain_times;
  std::vector<std::vector<double>> times(contenders.size());
  std::vector<std::vector<double>> ratios(contenders.size());
  for (int i = 0; i < rounds; ++i) {
    plain_times.push_back(Timed(plain));
    for (size_t j = 0; j < contenders.size(); ++j) {
      times[j].push_back(Timed(contenders[j].work));
      ratios[j].push_back(plain_times.back() / times[j].back());
    }
  }
  const auto per_second = [tokens](const std::vector<double>& seconds) {
    return static_cast<double>(tokens) / Median(seconds);
  };
  std::printf("%-9s %-10s %8.0f/s\n", what, "libsodium",
              per_second(plain_times));
  bool fast = true;
  for (size_t j = 0; j < contenders.size(); ++j) {
    std::sort(ratios[j].begin(), ratios[j].end());
    const double ratio = Median(ratios[j]);
    const bool met = ratio >= contenders[j].bar;
    std::printf("%-9s %-10s %8.0f/s  ratio %5.2f (%.2f to %.2f)  bar %.2f %s\n",
                what, contenders[j].name.c_str(), per_second(times[j]), ratio,
                ratios[j].front(), ratios[j].back(), contenders[j].bar,
                met ? "met" : "MISSED");
    fast &= met;
  }
  return fast;
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

// One list for all ways to compute it.
struct Input {
  explicit Input(size_t tokens) {
    for (size_t i = 0; i < tokens; ++i) {
      numbers.push_back(
          std::to_string(9000000000 + RandomUint64Below(999999999)));
      messages.push_back(NhsMessage::Create(numbers.back()).value());
    }
  }
  std::vector<std::string> numbers;
  std::vector<NhsMessage> messages;
  Scalar key = Scalar::Random().value();
};

int OneCore(size_t tokens, int rounds) {
  const Input input(tokens);
  const SecretAccess access = MintSecretAccess();
  const SecretView scalar = input.key.secret().Reveal(access);
  std::vector<uint8_t> right(32 * tokens), converted(32 * tokens);
  PlainTokenise(scalar.data(), input.numbers, right);
  PlainConvert(scalar.data(), right, converted);

  std::vector<uint8_t> out(32 * tokens), rejected(tokens);
  std::vector<Contender> tokenise, convert;
  for (const TokenKernel* kernel : AvailableKernels()) {
    TALLY_CHECK(SelfTestKernel(*kernel).ok());
    const auto bars = std::ranges::find(kBars, kernel->name(), &Bars::kernel);
    TALLY_CHECK(bars != std::end(kBars));
    tokenise.push_back(
        {std::string(kernel->name()), bars->tokenise, [&, kernel] {
           std::ranges::fill(out, uint8_t{0});
           TALLY_CHECK(kernel->Tokenise(input.key, input.messages, out).ok());
           TALLY_CHECK(out == right);
         }});
    convert.push_back({std::string(kernel->name()), bars->convert, [&, kernel] {
                         std::ranges::fill(out, uint8_t{0});
                         const auto bad =
                             kernel->Convert(input.key, right, out, rejected);
                         TALLY_CHECK(bad.ok() && *bad == 0);
                         TALLY_CHECK(out == converted);
                       }});
  }
  bool fast = Compare(
      "tokenise", tokens, rounds,
      [&] { PlainTokenise(scalar.data(), input.numbers, out); }, tokenise);
  fast &= Compare(
      "convert", tokens, rounds,
      [&] { PlainConvert(scalar.data(), right, out); }, convert);
  TimePseudonyms(converted);
  return fast ? 0 : 1;
}

int AllCores(size_t tokens, int rounds) {
  const size_t cores = std::thread::hardware_concurrency();
  const TokenKernel& kernel = *AvailableKernels().front();
  const Input input(tokens);
  std::vector<uint8_t> right(32 * tokens), out(32 * tokens);
  TALLY_CHECK(PortableKernel().Tokenise(input.key, input.messages, right).ok());
  const auto timed = [&](size_t threads) {
    std::ranges::fill(out, uint8_t{0});
    const double start = WallSeconds();
    std::vector<std::jthread> pool;
    for (size_t i = 0; i < threads; ++i) {
      pool.emplace_back([&, i] {
        const size_t begin = tokens * i / threads;
        const size_t count = tokens * (i + 1) / threads - begin;
        TALLY_CHECK(
            kernel
                .Tokenise(input.key,
                          std::span(input.messages).subspan(begin, count),
                          std::span(out).subspan(32 * begin, 32 * count))
                .ok());
      });
    }
    pool.clear();  // joins
    const double seconds = WallSeconds() - start;
    TALLY_CHECK(out == right);
    return seconds;
  };
  std::vector<double> ratios;
  for (int i = 0; i < rounds; ++i) {
    const double one = timed(1);
    ratios.push_back(one / timed(cores));
  }
  const double bar = kCoresBar * static_cast<double>(cores);
  const double ratio = Median(ratios);
  std::printf("%zu cores, %s: ratio %.2f (%.2f to %.2f)  bar %.2f %s\n", cores,
              std::string(kernel.name()).c_str(), ratio,
              *std::ranges::min_element(ratios),
              *std::ranges::max_element(ratios), bar,
              ratio >= bar ? "met" : "MISSED");
  return ratio >= bar ? 0 : 1;
}

// One block with keys of its own; ends the program if a kernel differs. Returns
// how many tokens were refused.
size_t CheckBlock(size_t tokens) {
  const Input input(tokens);
  const Scalar factor = Scalar::Random().value();
  std::vector<uint8_t> right(32 * tokens), out(32 * tokens), bad(tokens);
  TALLY_CHECK(PortableKernel().Tokenise(input.key, input.messages, right).ok());
  std::vector<uint8_t> turned = right;
  for (size_t i = RandomUint64Below(32); i < tokens; i += 32) {
    turned[32 * i + RandomUint64Below(32)] ^=
        static_cast<uint8_t>(1 << RandomUint64Below(8));
  }
  std::vector<uint8_t> converted(32 * tokens), refused(tokens);
  const auto count =
      PortableKernel().Convert(factor, turned, converted, refused);
  TALLY_CHECK(count.ok());
  for (const TokenKernel* kernel : AvailableKernels()) {
    if (kernel == &PortableKernel()) continue;
    TALLY_CHECK(kernel->Tokenise(input.key, input.messages, out).ok());
    TALLY_CHECK(out == right);
    out = turned;  // in place
    const auto found = kernel->Convert(factor, out, out, bad);
    TALLY_CHECK(found.ok() && *found == *count);
    TALLY_CHECK(out == converted && bad == refused);
  }
  return *count;
}

int CheckAnswers(uint64_t tokens) {
  constexpr uint64_t kBlock = 4096;
  const uint64_t say_every = std::max<uint64_t>(tokens / 100, kBlock);
  std::atomic<uint64_t> begun = 0, done = 0, refused = 0;
  {
    std::vector<std::jthread> pool;
    for (size_t i = 0; i < std::thread::hardware_concurrency(); ++i) {
      pool.emplace_back([&] {
        for (uint64_t at = begun.fetch_add(kBlock); at < tokens;
             at = begun.fetch_add(kBlock)) {
          const uint64_t count = std::min(kBlock, tokens - at);
          refused += CheckBlock(count);
          const uint64_t before = done.fetch_add(count);
          if (before / say_every == (before + count) / say_every) continue;
          std::printf("%llu of %llu\n",
                      static_cast<unsigned long long>(before + count),
                      static_cast<unsigned long long>(tokens));
          std::fflush(stdout);
        }
      });
    }
  }
  for (const TokenKernel* kernel : AvailableKernels()) {
    std::printf("%s ", std::string(kernel->name()).c_str());
  }
  std::printf("agree on %llu tokens and %llu refusals\n",
              static_cast<unsigned long long>(done),
              static_cast<unsigned long long>(refused));
  return 0;
}

}  // namespace
}  // namespace tally::crypto

int main(int argc, char** argv) {
  if (argc == 3 && argv[1] == std::string_view("check")) {
    const uint64_t tokens = std::strtoull(argv[2], nullptr, 10);
    TALLY_CHECK(tally::crypto::InitCrypto().ok());
    return tokens > 0 ? tally::crypto::CheckAnswers(tokens) : 2;
  }
  const long tokens = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 2000;
  const long rounds = argc > 2 ? std::strtol(argv[2], nullptr, 10) : 7;
  const bool cores = argc > 3 && argv[3] == std::string_view("cores");
  if (tokens < 1 || tokens > 10000000 || rounds < 1 || rounds > 1000 ||
      argc > (cores ? 4 : 3)) {
    return 2;
  }
  TALLY_CHECK(tally::crypto::InitCrypto().ok());
  const auto run = cores ? tally::crypto::AllCores : tally::crypto::OneCore;
  return run(static_cast<size_t>(tokens), static_cast<int>(rounds));
}
