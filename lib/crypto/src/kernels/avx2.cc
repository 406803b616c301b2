// The kernel for CPUs with AVX2: four lanes, field of ten limbs. Compiled with
// -mavx2; nothing here may be called, or kept by the linker for others, on a
// CPU without.
#include "kernels/batch.h"
#include "kernels/field_10.h"
#include "kernels/lanes_avx2.h"
#include "kernels/vector_ops.h"

namespace tally::crypto::kernels {

using Avx2Batch = Batch<Field10<Avx2Lanes>>;

constinit const VectorOps kAvx2Ops = {
    "avx2", Avx2Batch::kTokens, sizeof(Avx2Batch::Work), &Avx2Batch::Tokenise,
    &Avx2Batch::Convert};

}  // namespace tally::crypto::kernels
