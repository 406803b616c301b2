// The words of a log line are fixed: a text put together is no message.
// expect: cannot convert|no viable|no matching function
#include <string>

#include "base/log.h"

void Run(const std::string& text) {
#ifdef TALLY_BAD
  tally::Log(tally::Level::kInfo, "read " + text);
#else
  tally::Log(tally::Level::kInfo, "read", {tally::Field("bytes", text.size())});
#endif
}
