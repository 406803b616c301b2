// Hits `journal.write` five times and `other` once, saying so each time.

#include <cstdio>

#include "base/failpoint.h"

int main() {
  for (int i = 1; i <= 5; ++i) {
    TALLY_FAILPOINT("journal.write");
    std::printf("passed %d\n", i);
    std::fflush(stdout);
  }
  TALLY_FAILPOINT("other");
  std::puts("end");
  return 0;
}
