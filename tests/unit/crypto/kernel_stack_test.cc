// How far down the stack the arithmetic writes, and that the kernels clear at
// least that much: measured on a stack that is painted before.

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "crypto_fixture.h"
#include "internal/clear_stack.h"
#include "kernels/vector_kernel.h"

namespace tally::crypto {
namespace {

using internal::kArithmeticStack;
using internal::kVectorStack;
using testing::AllOf;
using testing::Ge;
using testing::Lt;

// More than the frames between a test and the arithmetic.
constexpr size_t kFrames = 4096;

// A thread's stack whose every byte has one value until it is written.
class PaintedStack {
 public:
  // Runs `work` on it, in a thread.
  explicit PaintedStack(std::function<void()> work)
      : memory_(static_cast<uint8_t*>(aligned_alloc(4096, kSize)), &free),
        work_(std::move(work)) {
    std::fill_n(memory_.get(), kSize, kPaint);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    EXPECT_EQ(pthread_attr_setstack(&attributes, memory_.get(), kSize), 0);
    pthread_t thread;
    EXPECT_EQ(pthread_create(&thread, &attributes, &PaintedStack::Enter, this),
              0);
    EXPECT_EQ(pthread_join(thread, nullptr), 0);
    pthread_attr_destroy(&attributes);
  }

  // How many bytes below its caller `work` wrote at the most.
  size_t Depth() const {
    const uint8_t* lowest = std::find_if(
        memory_.get(), top_, [](uint8_t byte) { return byte != kPaint; });
    return static_cast<size_t>(top_ - lowest);
  }
  // How many bytes, `begin` to `end` of them below the caller of `work`, hold
  // what was written there.
  size_t Left(size_t begin, size_t end) const {
    return static_cast<size_t>(std::count_if(
        top_ - end, top_ - begin,
        [](uint8_t byte) { return byte != kPaint && byte != 0; }));
  }

 private:
  static constexpr size_t kSize = 512 * 1024;
  static constexpr uint8_t kPaint = 0xa5;
  static void* Enter(void* self) {
    auto* stack = static_cast<PaintedStack*>(self);
    stack->top_ = static_cast<uint8_t*>(__builtin_frame_address(0));
    stack->work_();
    return nullptr;
  }

  std::unique_ptr<uint8_t, void (*)(void*)> memory_;
  std::function<void()> work_;
  uint8_t* top_ = nullptr;
};

std::vector<const kernels::VectorOps*> OpsOfThisMachine() {
  std::vector<const kernels::VectorOps*> found;
#ifdef TALLY_X86_KERNELS
  const auto available = AvailableKernels();
  for (const kernels::VectorOps* ops :
       {&kernels::kAvx2Ops, &kernels::kAvx512IfmaOps}) {
    if (std::ranges::find(available, ops->name, &TokenKernel::name) !=
        available.end()) {
      found.push_back(ops);
    }
  }
#endif
  return found;
}

class KernelStack : public testing::Test {
 protected:
  void SetUp() override {
#ifdef TALLY_INSTRUMENTED
    GTEST_SKIP() << "sanitizers and coverage put things of their own on stacks";
#endif
    crypto_core_ristretto255_scalar_random(scalar_);
    crypto_core_ristretto255_random(element_);
    for (size_t i = 0; i < kTokens; ++i) {
      std::copy_n(element_, 32, tokens_.data() + 32 * i);
    }
  }

  static constexpr size_t kTokens = 128;  // a full batch
  uint8_t scalar_[32], element_[32], out_[64];
  std::vector<uint8_t> tokens_ = std::vector<uint8_t>(32 * kTokens);
  std::vector<uint8_t> rejected_ = std::vector<uint8_t>(kTokens);
  std::vector<NhsMessage> messages_ =
      std::vector<NhsMessage>(kTokens, Number("9998242193"));
};

TEST_F(KernelStack, APaintedStackShowsHowDeepACallWrites) {
  const PaintedStack stack([] {
    volatile uint8_t block[20000];
    for (volatile uint8_t& byte : block) byte = 1;
  });
  EXPECT_THAT(stack.Depth(), AllOf(Ge(20000u), Lt(22000u)));
  EXPECT_GE(stack.Left(0, kVectorStack), 20000u);
}

TEST_F(KernelStack, LibsodiumStaysWithinWhatIsCleared) {
  const std::pair<const char*, std::function<int()>> works[] = {
      {"product",
       [this] {
         return crypto_scalarmult_ristretto255(out_, scalar_, element_);
       }},
      {"product of the base",
       [this] { return crypto_scalarmult_ristretto255_base(out_, scalar_); }},
      {"hash",
       [this] {
         return crypto_hash_sha512(out_, tokens_.data(), tokens_.size());
       }},
      {"map",
       [this] {
         return crypto_core_ristretto255_from_hash(out_, tokens_.data());
       }},
      {"inverse", [this] {
         return crypto_core_ristretto255_scalar_invert(out_, scalar_);
       }}};
  for (const auto& work : works) {
    const PaintedStack stack([&work] { EXPECT_EQ(work.second(), 0); });
    EXPECT_THAT(stack.Depth(), AllOf(Ge(100u), Lt(kArithmeticStack - kFrames)))
        << work.first;
  }
}

TEST_F(KernelStack, LanesStayWithinWhatIsCleared) {
  const kernels::HashPlan plan = kernels::MakeHashPlan();
  int8_t digits[64];
  kernels::RecodeScalar(scalar_, digits);
  for (const kernels::VectorOps* ops : OpsOfThisMachine()) {
    const std::unique_ptr<void, void (*)(void*)> memory(
        aligned_alloc(64, (ops->work_bytes + 63) / 64 * 64), &free);
    const PaintedStack tokenise([&] {
      ops->tokenise(plan, digits,
                    reinterpret_cast<const uint8_t*>(messages_.data()),
                    ops->batch, tokens_.data(), memory.get());
    });
    const PaintedStack convert([&] {
      ops->convert(digits, tokens_.data(), ops->batch, tokens_.data(),
                   rejected_.data(), memory.get());
    });
    const auto fits = AllOf(Ge(1000u), Lt(kVectorStack - kFrames));
    EXPECT_THAT(tokenise.Depth(), fits) << ops->name;
    EXPECT_THAT(convert.Depth(), fits) << ops->name;
  }
}

// All that lies deeper than a kernel's own frames, which wipe themselves.
TEST_F(KernelStack, EveryKernelClearsItsStack) {
  const Scalar scalar = Scalar::Random().value();
  const auto expect_cleared = [&](const TokenKernel& kernel, size_t cleared) {
    const PaintedStack tokenise(
        [&] { EXPECT_OK(kernel.Tokenise(scalar, messages_, tokens_)); });
    EXPECT_GE(tokenise.Depth(), cleared) << kernel.name();
    EXPECT_EQ(tokenise.Left(kFrames, cleared), 0u) << kernel.name();
    const PaintedStack convert([&] {
      EXPECT_OK(kernel.Convert(scalar, tokens_, tokens_, rejected_));
    });
    EXPECT_GE(convert.Depth(), cleared) << kernel.name();
    EXPECT_EQ(convert.Left(kFrames, cleared), 0u) << kernel.name();
  };
  expect_cleared(PortableKernel(), kArithmeticStack);
  for (const kernels::VectorOps* ops : OpsOfThisMachine()) {
    // Without a sample: libsodium would work in what was cleared.
    expect_cleared(kernels::VectorKernel(*ops, UINT64_MAX), kVectorStack);
  }
}

}  // namespace
}  // namespace tally::crypto
