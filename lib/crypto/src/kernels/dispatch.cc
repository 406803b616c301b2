#include "kernels/dispatch.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "kernels/vector_kernel.h"

namespace tally::crypto {
namespace {

constexpr std::array<std::string_view, 3> kKnown = {"portable", "avx2",
                                                    "avx512ifma"};

#ifdef TALLY_X86_KERNELS
// These look at what the operating system saves of the registers, too.
bool HasAvx2() { return __builtin_cpu_supports("avx2"); }
bool HasAvx512Ifma() {
  return __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512ifma");
}
#endif

std::vector<const TokenKernel*> FindKernels() {
  std::vector<const TokenKernel*> found;
#ifdef TALLY_X86_KERNELS
  __builtin_cpu_init();
  if (HasAvx512Ifma()) {
    found.push_back(new kernels::VectorKernel(kernels::kAvx512IfmaOps));
  }
  if (HasAvx2()) {
    found.push_back(new kernels::VectorKernel(kernels::kAvx2Ops));
  }
#endif
  found.push_back(&PortableKernel());
  return found;
}

}  // namespace

std::span<const TokenKernel* const> AvailableKernels() {
  static const std::vector<const TokenKernel*>& found =
      *new std::vector<const TokenKernel*>(FindKernels());  // never destroyed
  return found;
}

absl::StatusOr<const TokenKernel*> SelectKernel(std::string_view configured) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read once, while the program starts
  return kernels::ChooseKernel(configured, std::getenv("TALLY_KERNEL"),
                               AvailableKernels());
}

namespace kernels {

absl::StatusOr<const TokenKernel*> ChooseKernel(
    std::string_view configured, const char* forced,
    std::span<const TokenKernel* const> available) {
  const std::string_view wanted = forced != nullptr ? forced : configured;
  if (wanted == "auto" || (forced == nullptr && wanted.empty())) {
    return available.front();
  }
  const auto found = std::ranges::find(available, wanted, &TokenKernel::name);
  if (found != available.end()) return *found;
  const std::string_view origin =
      forced != nullptr ? "TALLY_KERNEL" : "limits.kernel";
  if (std::ranges::find(kKnown, wanted) == kKnown.end()) {
    return UsageError(absl::StrFormat(
        "%s is not auto, portable, avx2 or avx512ifma", origin));
  }
  return UsageError(absl::StrFormat(
      "%s asks for the kernel %s, which this CPU or this build does not have; "
      "auto takes the fastest that it has",
      origin, wanted));
}

}  // namespace kernels
}  // namespace tally::crypto
