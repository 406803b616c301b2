#include "kernels/vector_kernel.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "crypto/random.h"
#include "crypto/wiped_bytes.h"
#include "internal/clear_stack.h"
#include "internal/declassify.h"
#include "internal/message_blocks.h"
#include "internal/secret_peek.h"
#include "internal/wiped_array.h"

namespace tally::crypto::kernels {
namespace {

constexpr size_t kSize = kTokenSize;
constexpr size_t kDigitCount = 64;
static_assert(NhsMessage::kDigits == kMessageDigits);
// Messages lie one after the other, as the kernels read them.
static_assert(sizeof(NhsMessage) == kMessageDigits);

// Half the scalar, in signed digits: the kernels encode doubles.
class Digits {
 public:
  explicit Digits(const Scalar& scalar) {
    internal::ScalarBytes half;
    {
      const SecretView view = internal::SecretPeek::View(scalar);
      crypto_core_ristretto255_scalar_mul(half.data(), view.data(),
                                          kHalf.data());
    }
    RecodeScalar(half.data(), digits_.data());
  }
  ~Digits() { Wipe(digits_.data(), digits_.size()); }
  Digits(const Digits&) = delete;
  Digits& operator=(const Digits&) = delete;

  const int8_t* data() const { return digits_.data(); }

 private:
  std::array<int8_t, kDigitCount> digits_;
};

// Memory for a kernel: aligned to 64 bytes, wiped at the end.
class Work {
 public:
  explicit Work(size_t bytes) : bytes_(bytes + kAlignment) {
    start_ = bytes_.data();
    size_t space = bytes_.size();
    TALLY_CHECK(std::align(kAlignment, bytes, start_, space) != nullptr);
  }
  void* data() const { return start_; }

 private:
  static constexpr size_t kAlignment = 64;
  WipedBytes bytes_;
  void* start_;
};

// The words of a padded SHA-512 block: `used` bytes, the last of a text of
// `hashed` bytes.
void FillBlock(std::array<uint8_t, 128> block, size_t used, size_t hashed,
               uint64_t words[16]) {
  block[used] = 0x80;
  const uint64_t bits = 8 * uint64_t{hashed};
  for (size_t i = 0; i < 8; ++i) {
    block[127 - i] = static_cast<uint8_t>(bits >> (8 * i));
  }
  for (size_t i = 0; i < 16; ++i) {
    words[i] = 0;
    for (size_t j = 0; j < 8; ++j) {
      words[i] = words[i] << 8 | block[8 * i + j];
    }
  }
}

// Which of `count` elements is computed again, if any: every element of a block
// of `every` has the same chance, and one in `every` is taken.
size_t Sampled(size_t count, uint64_t every) {
  return static_cast<size_t>(
      std::min<uint64_t>(RandomUint64Below(every), count));
}

absl::Status WrongAnswer(const VectorOps& ops) {
  return IntegrityError(absl::StrFormat(
      "the %s kernel gave another token than libsodium for the same element; "
      "this program must not run on this machine",
      ops.name));
}

}  // namespace

const std::array<uint8_t, 32> kHalf = {
    0xf7, 0xe9, 0x7a, 0x2e, 0x8d, 0x31, 0x09, 0x2c, 0x6b, 0xce, 0x7b,
    0x51, 0xef, 0x7c, 0x6f, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x08};

void RecodeScalar(const uint8_t scalar[32], int8_t digits[64]) {
  int carry = 0;
  for (size_t i = 0; i < kDigitCount; ++i) {
    const int digit = (scalar[i / 2] >> (4 * (i & 1)) & 15) + carry;
    // The last digit of a scalar below 2^253 is 2 at most.
    carry = (digit + 8) >> 4;
    digits[i] = static_cast<int8_t>(digit - (carry << 4));
  }
}

HashPlan MakeHashPlan() {
  using internal::kMessageHead;
  using internal::kMessageTail;
  HashPlan plan;
  std::array<uint8_t, 128> block{};
  crypto_hash_sha512_state state;
  crypto_hash_sha512_init(&state);
  crypto_hash_sha512_update(&state, block.data(), block.size());
  std::copy(std::begin(state.state), std::end(state.state), plan.after_zeroes);
  std::copy(kMessageHead.begin(), kMessageHead.end(), block.begin());
  std::copy(kMessageTail.begin(), kMessageTail.end(),
            block.begin() + kMessageHead.size() + NhsMessage::kDigits);
  FillBlock(block, internal::kFirstHashed,
            block.size() + internal::kFirstHashed, plan.first);
  block = {};
  block[64] = 0x01;
  std::copy(kMessageTail.begin() + internal::kTagAt, kMessageTail.end(),
            block.begin() + 65);
  FillBlock(block, internal::kSecondHashed, internal::kSecondHashed,
            plan.second);
  return plan;
}

VectorKernel::VectorKernel(const VectorOps& ops, uint64_t check_every)
    : ops_(ops), check_every_(check_every), plan_(MakeHashPlan()) {}

absl::Status VectorKernel::Tokenise(const Scalar& key,
                                    std::span<const NhsMessage> messages,
                                    std::span<uint8_t> out) const {
  TALLY_CHECK(out.size() == kSize * messages.size());
  const Digits digits(key);
  const Work work(ops_.work_bytes);
  size_t identities = 0;
  for (size_t at = 0; at < messages.size(); at += ops_.batch) {
    const size_t count = std::min(ops_.batch, messages.size() - at);
    identities +=
        ops_.tokenise(plan_, digits.data(),
                      reinterpret_cast<const uint8_t*>(messages.data() + at),
                      count, out.data() + kSize * at, work.data());
  }
  internal::ClearVectorStack();
  // An identity ends the call, which anyone can see.
  if (internal::Declassify(identities > 0)) {
    Wipe(out.data(), out.size());
    return absl::InternalError("a token is the identity");
  }
  for (size_t at = 0; at < messages.size(); at += check_every_) {
    const auto block = messages.subspan(
        at, std::min<size_t>(check_every_, messages.size() - at));
    const size_t one = Sampled(block.size(), check_every_);
    if (one == block.size()) continue;
    internal::WipedArray<kSize> expected;
    TALLY_RETURN_IF_ERROR(
        PortableKernel().Tokenise(key, block.subspan(one, 1), expected.span()));
    if (sodium_memcmp(expected.data(), out.data() + kSize * (at + one),
                      kSize) != 0) {
      Wipe(out.data(), out.size());
      return WrongAnswer(ops_);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> VectorKernel::Convert(
    const Scalar& factor, std::span<const uint8_t> in, std::span<uint8_t> out,
    std::span<uint8_t> rejected) const {
  TALLY_CHECK(in.size() == out.size());
  TALLY_CHECK(in.size() == kSize * rejected.size());
  // `out` may be `in`: what is to be computed again is kept first.
  struct Sample {
    size_t index;
    std::array<uint8_t, kSize> token;
  };
  std::vector<Sample, WipingAllocator<Sample>> samples;
  for (size_t at = 0; at < rejected.size(); at += check_every_) {
    const size_t count = std::min<size_t>(check_every_, rejected.size() - at);
    const size_t one = Sampled(count, check_every_);
    if (one == count) continue;
    samples.push_back({at + one, {}});
    std::memcpy(samples.back().token.data(), in.data() + kSize * (at + one),
                kSize);
  }
  size_t bad = 0;
  {
    const Digits digits(factor);
    const Work work(ops_.work_bytes);
    for (size_t at = 0; at < rejected.size(); at += ops_.batch) {
      bad += ops_.convert(digits.data(), in.data() + kSize * at,
                          std::min(ops_.batch, rejected.size() - at),
                          out.data() + kSize * at, rejected.data() + at,
                          work.data());
    }
    internal::ClearVectorStack();
  }
  for (const Sample& sample : samples) {
    internal::WipedArray<kSize> expected;
    uint8_t expected_rejected = 0;
    TALLY_ASSIGN_OR_RETURN(
        [[maybe_unused]] const size_t count,
        PortableKernel().Convert(factor, sample.token, expected.span(),
                                 {&expected_rejected, 1}));
    if (expected_rejected != rejected[sample.index] ||
        sodium_memcmp(expected.data(), out.data() + kSize * sample.index,
                      kSize) != 0) {
      Wipe(out.data(), out.size());
      return WrongAnswer(ops_);
    }
  }
  return bad;
}

}  // namespace tally::crypto::kernels
