// Every kernel of this machine against plain libsodium in the same process, and
// against what is common practice: a salted HMAC-SHA-256.
//
//   bench_crypto [TOKENS] [ROUNDS]        on one core
//   bench_crypto TOKENS ROUNDS cores      the first kernel on all cores
//   bench_crypto check TOKENS             answers only, on all cores
//
// Kernels and rivals take turns over the same input, timed by the thread's
// processor time, so that a busy machine disturbs all alike. Every answer is
// compared: a wrong one ends the program at once. All cores are timed by the
// clock on the wall, against one core in turn: that needs a machine that does
// nothing else. Their threads and pieces of work are those of the programs.
//
// A kernel that the flags in /proc/cpuinfo promise and the program lacks ends
// it with 2: its rows and their bars would be gone without a word.
//
// `check` compares every kernel with libsodium's over so many random numbers
// and what becomes of them: tokens, and their conversions after a bit of one in
// 32 was turned over. Keys change every 4,096. It says how far it is; 10^8 take
// some three hours on two cores (docs/spec/kernel-v1.md, "Self-check").

// SHA256_CTX can be copied like any struct, which makes the HMAC as fast as it
// can be; the functions around EVP allocate for each copy.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/worker_pool.h"
#include "bench/report.h"
#include "crypto/hash_to_group.h"
#include "crypto/init.h"
#include "crypto/pseudonym_maker.h"
#include "crypto/random.h"
#include "crypto/secret_access.h"
#include "crypto/token_kernel.h"
#include "wire/limits.h"

namespace tally::crypto {
namespace {

struct Bars {
  std::string_view kernel;
  double tokenise;
  double convert;
  std::string_view flags;  // of the CPU that has it, as Linux calls them
};
constexpr Bars kBars[] = {
    {"avx512ifma", 9, 8.5, "avx512f avx512bw avx512dq avx512vl avx512ifma"},
    {"avx2", 2.5, 2, "avx2"},
    {"portable", 0.95, 0.95, ""}};
// Of n cores at least this share of n.
constexpr double kCoresBar = 0.95;

// How a program cuts its work: one call of the pool for a group of tokens, one
// of the kernel for a piece.
struct Grain {
  int64_t group;
  int64_t piece;
};
// As a source does (pseudonymiser/src/batch_builder.cc) and the hub
// (linkage/index/src/record_blocks.cc).
Grain TokeniseGrain(const WorkerPool& pool) {
  return {static_cast<int64_t>(wire::kMaxTokens) * pool.threads(), 1024};
}
Grain ConvertGrain(int64_t tokens) { return {tokens, 2048}; }

// Whether Linux says that this CPU has all of `flags`. No AVX flag is among
// those it lists when its registers are not saved.
bool CpuHas(std::string_view flags) {
  std::ifstream file("/proc/cpuinfo");
  std::string listed;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("flags")) continue;
    listed = line.substr(line.find(':') + 1) + " ";
    break;
  }
  std::istringstream words{std::string(flags)};
  for (std::string word; words >> word;) {
    if (listed.find(" " + word + " ") == std::string::npos) return false;
  }
  return true;
}

// Says which kernels this CPU cannot have. False when it could have one that
// the program lacks.
bool HasAllKernels() {
  bool all = true;
  for (const Bars& bars : kBars) {
    const bool has =
        std::ranges::any_of(AvailableKernels(), [&](const TokenKernel* kernel) {
          return kernel->name() == bars.kernel;
        });
    if (has) continue;
    if (CpuHas(bars.flags)) {
      std::fprintf(stderr, "%s: this CPU has it and the program has not\n",
                   std::string(bars.kernel).c_str());
      all = false;
    } else {
      std::printf("%s: not on this CPU\n", std::string(bars.kernel).c_str());
    }
  }
  return all;
}

double Timed(const std::function<void()>& work) {
  const double start = bench::ThreadSeconds();
  work();
  return bench::ThreadSeconds() - start;
}

struct Contender {
  std::string name;
  double bar;
  std::function<void()> work;
};

// Runs all in turn, so many rounds, and reports each beside `plain`.
void Compare(const std::string& what, size_t tokens, int rounds,
             const std::function<void()>& plain,
             const std::vector<Contender>& contenders, bench::Report& report) {
  const auto rate = [tokens](const std::function<void()>& work) {
    return static_cast<double>(tokens) / Timed(work);
  };
  std::vector<double> plain_rates;
  std::vector<std::vector<double>> rates(contenders.size());
  for (int i = 0; i < rounds; ++i) {
    plain_rates.push_back(rate(plain));
    for (size_t j = 0; j < contenders.size(); ++j) {
      rates[j].push_back(rate(contenders[j].work));
    }
  }
  for (size_t j = 0; j < contenders.size(); ++j) {
    report.Add({.name = what + ", one core, " + contenders[j].name,
                .unit = what + "/s",
                .size = static_cast<int64_t>(tokens),
                .values = rates[j],
                .rival = "libsodium",
                .rival_values = plain_rates,
                .bar = bench::RatioAtLeast(contenders[j].bar)});
  }
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

// Common practice: one key of HMAC-SHA-256 for everybody, its two hash states
// prepared. A token of 32 bytes, which nobody can convert.
class HmacTokeniser {
 public:
  explicit HmacTokeniser(std::span<const uint8_t, 32> key) {
    std::array<uint8_t, SHA256_CBLOCK> inner;
    std::array<uint8_t, SHA256_CBLOCK> outer;
    inner.fill(0x36);
    outer.fill(0x5c);
    for (size_t i = 0; i < key.size(); ++i) {
      inner[i] ^= key[i];
      outer[i] ^= key[i];
    }
    SHA256_Init(&inner_);
    SHA256_Update(&inner_, inner.data(), inner.size());
    SHA256_Init(&outer_);
    SHA256_Update(&outer_, outer.data(), outer.size());
  }
  void Tokenise(const std::vector<std::string>& numbers, uint8_t* out) const {
    std::array<uint8_t, SHA256_DIGEST_LENGTH> digest;
    for (const std::string& number : numbers) {
      SHA256_CTX state = inner_;
      SHA256_Update(&state, number.data(), number.size());
      SHA256_Final(digest.data(), &state);
      state = outer_;
      SHA256_Update(&state, digest.data(), digest.size());
      SHA256_Final(out, &state);
      out += digest.size();
    }
  }

 private:
  SHA256_CTX inner_;
  SHA256_CTX outer_;
};

// No bar: what a token that can be converted costs beside one that cannot.
void CompareWithHmac(const Contender& ours,
                     const std::vector<std::string>& numbers, int rounds,
                     bench::Report& report) {
  std::array<uint8_t, 32> key;
  RandomBytes(key);
  const HmacTokeniser hmac(key);
  std::vector<uint8_t> out(32 * numbers.size());
  constexpr int kRepeats = 100;
  const auto count = static_cast<double>(numbers.size());
  std::vector<double> rates;
  std::vector<double> rival;
  for (int i = 0; i < rounds; ++i) {
    rates.push_back(count / Timed(ours.work));
    rival.push_back(kRepeats * count / Timed([&] {
                      for (int j = 0; j < kRepeats; ++j) {
                        hmac.Tokenise(numbers, out.data());
                      }
                    }));
  }
  for (size_t i = 0; i < numbers.size(); ++i) {
    std::array<uint8_t, 32> right;
    TALLY_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                     reinterpret_cast<const uint8_t*>(numbers[i].data()),
                     numbers[i].size(), right.data(), nullptr) != nullptr);
    TALLY_CHECK(std::equal(right.begin(), right.end(), out.data() + 32 * i));
  }
  report.Add({.name = "tokens, one core, beside common practice",
              .unit = "tokens/s",
              .values = rates,
              .rival = "salted HMAC-SHA-256",
              .rival_values = rival});
}

void TimePseudonyms(const std::vector<uint8_t>& tokens, int rounds,
                    bench::Report& report) {
  const ProjectKey key =
      ProjectKey::Generate(Environment::kTest, "bench", "bench").value();
  const PseudonymMaker maker = PseudonymMaker::Create(key).value();
  std::vector<PseudonymBytes> out(tokens.size() / 32);
  constexpr int kRepeats = 100;
  std::vector<double> rates;
  for (int i = 0; i < rounds; ++i) {
    const double seconds = Timed([&] {
      for (int j = 0; j < kRepeats; ++j) maker.MakeBatch(tokens, out);
    });
    rates.push_back(kRepeats * static_cast<double>(out.size()) / seconds);
  }
  const SecretAccess access = MintSecretAccess();
  const SecretView secret = key.secret().Reveal(access);
  for (size_t i = 0; i < out.size(); ++i) {
    std::string message(
        "tally1-pseudonym\0\x05"
        "bench",
        23);
    message.append(reinterpret_cast<const char*>(tokens.data()) + 32 * i, 32);
    std::array<uint8_t, 32> right;
    TALLY_CHECK(HMAC(EVP_sha256(), secret.data(),
                     static_cast<int>(secret.size()),
                     reinterpret_cast<const uint8_t*>(message.data()),
                     message.size(), right.data(), nullptr) != nullptr);
    TALLY_CHECK(std::equal(out[i].begin(), out[i].end(), right.begin()));
  }
  report.Add({.name = "pseudonyms, one core",
              .unit = "pseudonyms/s",
              .values = rates});
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

int OneCore(size_t tokens, int rounds, bench::Report& report) {
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
  Compare(
      "tokens", tokens, rounds,
      [&] { PlainTokenise(scalar.data(), input.numbers, out); }, tokenise,
      report);
  Compare(
      "conversions", tokens, rounds,
      [&] { PlainConvert(scalar.data(), right, out); }, convert, report);
  CompareWithHmac(tokenise.front(), input.numbers, rounds, report);
  TimePseudonyms(converted, rounds, report);
  return report.ExitCode();
}

// Work on tokens [begin, begin + count) of the input.
using Part = std::function<void(size_t begin, size_t count)>;

// Seconds of the wall for all tokens.
double InPool(WorkerPool& pool, const Grain& grain, int64_t tokens,
              const Part& work) {
  const double start = bench::WallSeconds();
  for (int64_t at = 0; at < tokens; at += grain.group) {
    const absl::Status status =
        pool.ParallelFor(std::min(grain.group, tokens - at), grain.piece,
                         [&](int64_t begin, int64_t end) {
                           work(static_cast<size_t>(at + begin),
                                static_cast<size_t>(end - begin));
                           return absl::OkStatus();
                         });
    TALLY_CHECK(status.ok());
  }
  return bench::WallSeconds() - start;
}

// One core and all of them in turn over the same work, which fills `out`: the
// row, for whoever has checked `out`.
bench::Row CompareCores(const std::string& what, size_t tokens, int rounds,
                        WorkerPool& cores, const Grain& grain, const Part& work,
                        std::vector<uint8_t>& out) {
  WorkerPool single(1);
  const auto count = static_cast<double>(tokens);
  const auto all_tokens = static_cast<int64_t>(tokens);
  std::vector<double> one;
  std::vector<double> all;
  for (int i = 0; i < rounds; ++i) {
    one.push_back(count / InPool(single, grain, all_tokens, work));
    const std::vector<uint8_t> right = out;
    std::ranges::fill(out, uint8_t{0});
    all.push_back(count / InPool(cores, grain, all_tokens, work));
    TALLY_CHECK(out == right);
  }
  return {.name = what + ", all cores",
          .unit = what + "/s",
          .size = all_tokens,
          .values = all,
          .rival = "one core",
          .rival_values = one,
          .bar = bench::RatioAtLeast(kCoresBar * cores.threads())};
}

// Compares some of the answers, from the first to the last, with those of the
// slow twin.
void CheckSample(const Input& input, const std::vector<uint8_t>& made,
                 const std::vector<uint8_t>& converted) {
  const size_t tokens = input.messages.size();
  const size_t sample = std::min<size_t>(tokens, 2000);
  std::vector<NhsMessage> messages;
  std::vector<uint8_t> some_made, some_converted;
  const auto copy = [](const std::vector<uint8_t>& from, size_t place,
                       std::vector<uint8_t>& to) {
    to.insert(to.end(), from.data() + 32 * place,
              from.data() + 32 * place + 32);
  };
  for (size_t i = 0; i < sample; ++i) {
    const size_t place = sample == 1 ? 0 : i * (tokens - 1) / (sample - 1);
    messages.push_back(input.messages[place]);
    copy(made, place, some_made);
    copy(converted, place, some_converted);
  }
  std::vector<uint8_t> right(32 * sample), twice(32 * sample), bad(sample);
  TALLY_CHECK(PortableKernel().Tokenise(input.key, messages, right).ok());
  TALLY_CHECK(right == some_made);
  const auto refused = PortableKernel().Convert(input.key, right, twice, bad);
  TALLY_CHECK(refused.ok() && *refused == 0);
  TALLY_CHECK(twice == some_converted);
}

int AllCores(size_t tokens, int rounds, bench::Report& report) {
  const TokenKernel& kernel = *AvailableKernels().front();
  const Input input(tokens);
  WorkerPool cores(0);
  std::vector<uint8_t> made(32 * tokens), converted(32 * tokens);
  std::vector<uint8_t> rejected(tokens);
  const bench::Row tokenised = CompareCores(
      "tokens", tokens, rounds, cores, TokeniseGrain(cores),
      [&](size_t begin, size_t count) {
        TALLY_CHECK(
            kernel
                .Tokenise(input.key,
                          std::span(input.messages).subspan(begin, count),
                          std::span(made).subspan(32 * begin, 32 * count))
                .ok());
      },
      made);
  const bench::Row conversions = CompareCores(
      "conversions", tokens, rounds, cores,
      ConvertGrain(static_cast<int64_t>(tokens)),
      [&](size_t begin, size_t count) {
        const auto bad = kernel.Convert(
            input.key, std::span(made).subspan(32 * begin, 32 * count),
            std::span(converted).subspan(32 * begin, 32 * count),
            std::span(rejected).subspan(begin, count));
        TALLY_CHECK(bad.ok() && *bad == 0);
      },
      converted);
  CheckSample(input, made, converted);
  report.Add(tokenised);
  report.Add(conversions);
  return report.ExitCode();
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
  std::atomic<uint64_t> done = 0, refused = 0;
  WorkerPool pool(0);
  const absl::Status status = pool.ParallelFor(
      static_cast<int64_t>(tokens), kBlock, [&](int64_t begin, int64_t end) {
        const auto count = static_cast<uint64_t>(end - begin);
        refused += CheckBlock(count);
        const uint64_t before = done.fetch_add(count);
        if (before / say_every != (before + count) / say_every) {
          std::printf("%llu of %llu\n",
                      static_cast<unsigned long long>(before + count),
                      static_cast<unsigned long long>(tokens));
          std::fflush(stdout);
        }
        return absl::OkStatus();
      });
  TALLY_CHECK(status.ok());
  TALLY_CHECK(done == tokens);
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
    if (tokens == 0 || !tally::crypto::HasAllKernels()) return 2;
    return tally::crypto::CheckAnswers(tokens);
  }
  tally::bench::Report report(&argc, argv);
  const long tokens = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 2000;
  const long rounds = argc > 2 ? std::strtol(argv[2], nullptr, 10) : 7;
  const bool cores = argc > 3 && argv[3] == std::string_view("cores");
  if (tokens < 1 || tokens > 10000000 || rounds < 1 || rounds > 1000 ||
      argc > (cores ? 4 : 3)) {
    return 2;
  }
  TALLY_CHECK(tally::crypto::InitCrypto().ok());
  if (!tally::crypto::HasAllKernels()) return 2;
  const auto run = cores ? tally::crypto::AllCores : tally::crypto::OneCore;
  return run(static_cast<size_t>(tokens), static_cast<int>(rounds), report);
}
