// The kernel for CPUs with AVX-512 IFMA: eight lanes, field of five limbs.
// Compiled with -mavx512ifma and what belongs to it; nothing here may be
// called, or kept by the linker for others, on a CPU without.
#include "kernels/batch.h"
#include "kernels/field_5.h"
#include "kernels/lanes_avx512.h"
#include "kernels/vector_ops.h"

namespace tally::crypto::kernels {

using Avx512Batch = Batch<Field5<Avx512Lanes>>;

constinit const VectorOps kAvx512IfmaOps = {
    "avx512ifma", Avx512Batch::kTokens, sizeof(Avx512Batch::Work),
    &Avx512Batch::Tokenise, &Avx512Batch::Convert};

}  // namespace tally::crypto::kernels
