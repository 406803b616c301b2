// Whether a kernel takes another time for another secret: fixed against random
// keys, and fixed against random NHS Numbers (Reparaz, Balasch and Verbauwhede,
// "Dude, is my code constant time?", 2017).
//
//   kernel_timing KERNEL           source tokens; portable, avx2, avx512ifma
//   kernel_timing KERNEL convert   conversions: the factor alone is secret
//   kernel_timing leak             kernels with a leak, which must be found
//
// One sample is one call over one vector of tokens, timed in cycles. Key and
// numbers are fixed or random by two coins, so that every sample serves both
// comparisons; the fixed ones are such that a short way, if there is one, is
// shortest: the key of which half is one, and digits of zero. What is random is
// drawn for every sample, used or not: tokens, which are no secret of the hub,
// from a store of 256.
//
// Welch's t is taken of the samples' ranks in their block of 200, which finds a
// difference of 0.1 % even on a busy machine, and of their cycles without the
// slowest fifth and without the slowest hundredth, which finds what is rare.
// The largest of the three counts.
//
// Environment: TALLY_TIMING_SAMPLES, 100000 if it is not set, and 20000 for
// conversions. Ends with 1 if t of the same comparison reaches 5 three times in
// a row, with 77 if this CPU lacks the kernel. Chance alone reaches 5 once in
// some 500,000 tries; noise of another kind does not come back three times.

#include <sodium.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

#ifdef TALLY_X86_KERNELS
#include <x86intrin.h>
#endif

#include "base/status.h"
#include "crypto/init.h"
#include "crypto/random.h"
#include "crypto/token_kernel.h"
#include "internal/secret_peek.h"
#include "kernels/vector_kernel.h"

namespace tally::crypto {
namespace {

constexpr double kTooMuch = 5;
constexpr int kAttempts = 3;
constexpr int kSkipped = 77;

uint64_t Now() {
#ifdef TALLY_X86_KERNELS
  _mm_lfence();
  const uint64_t now = __rdtsc();
  _mm_lfence();
  return now;
#else
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return uint64_t{1000000000} * static_cast<uint64_t>(now.tv_sec) +
         static_cast<uint64_t>(now.tv_nsec);
#endif
}

// Mean and variance, one value at a time (Welford).
class Moments {
 public:
  void Add(double value) {
    count_ += 1;
    const double delta = value - mean_;
    mean_ += delta / count_;
    squares_ += delta * (value - mean_);
  }
  static double WelchT(const Moments& a, const Moments& b) {
    if (a.count_ < 2 || b.count_ < 2) return 0;
    const double error = std::sqrt(a.squares_ / (a.count_ - 1) / a.count_ +
                                   b.squares_ / (b.count_ - 1) / b.count_);
    return error > 0 ? std::abs(a.mean_ - b.mean_) / error : 0;
  }

 private:
  double count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

struct Sample {
  double cycles;
  std::array<bool, 2> random;  // key, numbers
};

// Both comparisons, each over ranks and over cycles below two limits.
class Comparison {
 public:
  void Add(std::vector<Sample>& block) {
    std::ranges::sort(block, {}, &Sample::cycles);
    // A machine changes its pace: each block is measured from its own median.
    const double median = block[block.size() / 2].cycles;
    for (size_t i = 0; i < block.size(); ++i) {
      const double rank =
          static_cast<double>(i) / static_cast<double>(block.size());
      AddTo(kKept.size(), block[i], rank);
      for (size_t at = 0; at < kKept.size(); ++at) {
        if (rank < kKept[at]) AddTo(at, block[i], block[i].cycles - median);
      }
    }
    block.clear();
  }

  // The largest t of the keys (0) or the numbers (1).
  double Worst(size_t what) const {
    double worst = 0;
    for (const auto& at : moments_) {
      worst = std::max(worst, Moments::WelchT(at[what][0], at[what][1]));
    }
    return worst;
  }

 private:
  static constexpr std::array<double, 2> kKept = {0.8, 0.99};
  void AddTo(size_t at, const Sample& sample, double value) {
    for (size_t what = 0; what < 2; ++what) {
      moments_[at][what][sample.random[what] ? 1 : 0].Add(value);
    }
  }
  Moments moments_[kKept.size() + 1][2][2];
};

class Subject {
 public:
  Subject(const TokenKernel& kernel, size_t tokens, bool convert)
      : kernel_(kernel), convert_(convert) {
    const NhsMessage zeroes = NhsMessage::Create("0000000000").value();
    for (auto& messages : numbers_) messages.assign(tokens, zeroes);
    used_ = numbers_[0];
    for (size_t at = 0; at < store_.size(); at += 32) {
      crypto_core_ristretto255_random(store_.data() + at);
    }
    for (auto& elements : elements_) elements.resize(32 * tokens);
    Elements(elements_[0]);
    in_.resize(32 * tokens);
    out_.resize(32 * tokens);
    rejected_.resize(tokens);
    keys_[0] = {2};
  }

  Sample Measure() {
    std::array<uint8_t, 1> coins;
    RandomBytes(coins);
    const size_t key = coins[0] & 1, numbers = coins[0] >> 1 & 1;
    crypto_core_ristretto255_scalar_random(keys_[1].data());
    std::array<uint8_t, 32> raw = keys_[key];
    const Scalar scalar = Scalar::TakeFrom(raw).value();
    if (convert_) {
      Elements(elements_[1]);
      in_ = elements_[numbers];
    } else {
      for (NhsMessage& message : numbers_[1]) {
        std::array<char, NhsMessage::kDigits> digits;
        for (char& digit : digits) {
          digit = static_cast<char>('0' + RandomUint64Below(10));
        }
        message = NhsMessage::Create({digits.data(), digits.size()}).value();
      }
      used_ = numbers_[numbers];
    }
    const uint64_t start = Now();
    bool right = true;
    if (convert_) {
      right = kernel_.Convert(scalar, in_, out_, rejected_).ok();
    } else {
      right = kernel_.Tokenise(scalar, used_, out_).ok();
    }
    const uint64_t end = Now();
    TALLY_CHECK(right);
    return {static_cast<double>(end - start), {key == 1, numbers == 1}};
  }

 private:
  void Elements(std::vector<uint8_t>& out) const {
    for (size_t at = 0; at < out.size(); at += 32) {
      std::memcpy(out.data() + at,
                  store_.data() + 32 * RandomUint64Below(kStored), 32);
    }
  }

  static constexpr size_t kStored = 256;
  const TokenKernel& kernel_;
  const bool convert_;
  std::vector<uint8_t> store_ = std::vector<uint8_t>(32 * kStored);
  std::array<uint8_t, 32> keys_[2];  // fixed, random
  std::vector<NhsMessage> numbers_[2], used_;
  std::vector<uint8_t> elements_[2], in_, out_, rejected_;
};

// Which comparisons show a difference: bit 0 the keys, bit 1 the numbers.
int Attempt(Subject& subject, uint64_t samples, bool convert) {
  constexpr size_t kBlock = 200;
  constexpr uint64_t kSayEvery = 1000000;
  Comparison comparison;
  std::vector<Sample> block;
  for (size_t i = 0; i < 5 * kBlock; ++i) subject.Measure();  // warms up
  for (uint64_t i = 1; i <= samples; ++i) {
    block.push_back(subject.Measure());
    if (block.size() == kBlock) comparison.Add(block);
    if (i % kSayEvery == 0 || i == samples) {
      std::printf("%9llu samples: keys t %.2f, %s t %.2f\n",
                  static_cast<unsigned long long>(i), comparison.Worst(0),
                  convert ? "tokens" : "numbers", comparison.Worst(1));
      std::fflush(stdout);
    }
  }
  int found = 0;
  // The tokens of a conversion are no secret of the hub.
  for (int what = 0; what < (convert ? 1 : 2); ++what) {
    if (comparison.Worst(static_cast<size_t>(what)) >= kTooMuch) {
      found |= 1 << what;
    }
  }
  return found;
}

int FoundEachTime(Subject& subject, uint64_t samples, bool convert) {
  int found = 3;
  for (int i = 0; i < kAttempts && found != 0; ++i) {
    found &= Attempt(subject, samples, convert);
  }
  return found;
}

// Right answers, and for each byte or digit that is not zero some eighty
// cycles more.
class LeakyKernel final : public TokenKernel {
 public:
  explicit LeakyKernel(bool of_key) : of_key_(of_key) {}
  std::string_view name() const override { return "leaky"; }
  absl::Status Tokenise(const Scalar& key, std::span<const NhsMessage> messages,
                        std::span<uint8_t> out) const override {
    if (of_key_) {
      LingerOver(key);
    } else {
      for (const char digit : messages[0].digits()) Linger(digit != '0');
    }
    return PortableKernel().Tokenise(key, messages, out);
  }
  absl::StatusOr<size_t> Convert(const Scalar& factor,
                                 std::span<const uint8_t> in,
                                 std::span<uint8_t> out,
                                 std::span<uint8_t> rejected) const override {
    LingerOver(factor);
    return PortableKernel().Convert(factor, in, out, rejected);
  }

 private:
  static void LingerOver(const Scalar& scalar) {
    const SecretView view = internal::SecretPeek::View(scalar);
    for (size_t i = 0; i < 32; ++i) Linger(view.data()[i] != 0);
  }
  static void Linger(bool longer) {
    if (!longer) return;
    volatile int turns = 0;
    while (turns < 32) turns = turns + 1;
  }
  const bool of_key_;
};

// Whether the leak `expected` is found, and no other, as it would be in a
// kernel: each time. With twice the samples if not, for neighbours on the
// machine can hide it in few.
bool IsFound(Subject& subject, uint64_t samples, bool convert, int expected) {
  constexpr int kTries = 5;
  for (int i = 0; i < kTries; ++i, samples *= 2) {
    if (FoundEachTime(subject, samples, convert) == expected) return true;
  }
  return false;
}

int FindLeaks(uint64_t samples) {
  struct Leak {
    const char* of;
    bool convert;
    int expected;
  };
  for (const Leak& leak : {Leak{"key", false, 1}, Leak{"number", false, 2},
                           Leak{"factor", true, 1}}) {
    const LeakyKernel leaky(leak.expected == 1);
    Subject subject(leaky, 1, leak.convert);
    if (!IsFound(subject, samples, leak.convert, leak.expected)) {
      std::printf("a leak of the %s was not found\n", leak.of);
      return 1;
    }
  }
  return 0;
}

int Run(std::string_view name, bool convert, uint64_t samples) {
  if (name == "leak") return FindLeaks(std::min<uint64_t>(samples, 10000));
  const auto available = AvailableKernels();
  if (std::ranges::find(available, name, &TokenKernel::name) ==
      available.end()) {
    std::printf("this CPU has no %s\n", std::string(name).c_str());
    return kSkipped;
  }
  // Without the check of one token in 4,096, which would be noise.
  std::unique_ptr<TokenKernel> vectors;
  size_t tokens = 1;
#ifdef TALLY_X86_KERNELS
  for (const kernels::VectorOps* ops :
       {&kernels::kAvx2Ops, &kernels::kAvx512IfmaOps}) {
    if (name != ops->name) continue;
    vectors = std::make_unique<kernels::VectorKernel>(
        *ops, std::numeric_limits<uint64_t>::max());
    tokens = ops == &kernels::kAvx2Ops ? 4 : 8;
  }
#endif
  Subject subject(vectors != nullptr ? *vectors : PortableKernel(), tokens,
                  convert);
  const int found = FoundEachTime(subject, samples, convert);
  if (found & 1) std::puts("the time depends on the key");
  if (found & 2) std::puts("the time depends on the numbers");
  return found == 0 ? 0 : 1;
}

}  // namespace
}  // namespace tally::crypto

int main(int argc, char** argv) {
  const bool convert = argc == 3 && argv[2] == std::string_view("convert");
  const char* wanted = std::getenv("TALLY_TIMING_SAMPLES");
  uint64_t samples = convert ? 20000 : 100000;
  if (wanted != nullptr) samples = std::strtoull(wanted, nullptr, 10);
  if (argc != (convert ? 3 : 2) || samples < 1000) return 2;
  TALLY_CHECK(tally::crypto::InitCrypto().ok());
  return tally::crypto::Run(argv[1], convert, samples);
}
