// The log takes no plain text: a value of a record could be in it.
// expect: no matching (function|constructor|conversion) for .*(Field|Name)
#include <string>

#include "base/log.h"

void Run(const std::string& text) {
#ifdef TALLY_BAD
  tally::Log(tally::Level::kInfo, "read", {tally::Field("text", text)});
#else
  tally::Log(tally::Level::kInfo, "read",
             {tally::Field("resource", tally::Name(text))});
#endif
}
