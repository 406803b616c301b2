// The field of ten limbs on the lanes that ship. Compiled as avx2.cc is.
#include "field_probe.h"
#include "kernels/field_10.h"
#include "kernels/lanes_avx2.h"

namespace tally::crypto {

constinit const FieldProbe kAvx2FieldProbe =
    ProbeOf<kernels::Field10<Avx2Lanes>, 10>::kProbe;

}  // namespace tally::crypto
