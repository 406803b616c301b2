// The field of five limbs on the lanes that ship. Compiled as avx512ifma.cc is.
#include "field_probe.h"
#include "kernels/field_5.h"
#include "kernels/lanes_avx512.h"

namespace tally::crypto {

constinit const FieldProbe kAvx512FieldProbe =
    ProbeOf<kernels::Field5<Avx512Lanes>, 5>::kProbe;

}  // namespace tally::crypto
