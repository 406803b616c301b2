// A pseudonym cannot be logged.
// expect: no matching (function|constructor|conversion) for .*(Field|Name)
#include "base/log.h"
#include "dataset/pseudonym.h"

void Run(const tally::dataset::Pseudonym& pseudonym) {
#ifdef TALLY_BAD
  tally::Log(tally::Level::kInfo, "person",
             {tally::Field("pseudonym", pseudonym)});
#else
  tally::Log(tally::Level::kInfo, "person",
             {tally::Field("bytes", pseudonym.bytes().size())});
#endif
}
