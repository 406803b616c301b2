#ifndef TALLY_DEMO_LEDGER_H_
#define TALLY_DEMO_LEDGER_H_

// The truth of a synthetic population, kept by bookkeeping: whoever writes a
// row adds what must become of it. Nothing here is computed from the files
// that were written, and no code of analytics is used, so a test that compares
// the two compares two independent answers.
//
// Spec: docs/population.md, "Truth".
// Threading: one writer.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tally::demo {

class Ledger {
 public:
  // Adds `count` to the figure `measure` of `dimensions`, a text such as
  // "source=gp-supplier-a;dataset=gp-event;reason=DATE_INVALID".
  void Add(std::string_view measure, std::string_view dimensions,
           int64_t count = 1);

  // The figure itself, made with 0 if it is new; valid as long as the ledger.
  int64_t& Figure(std::string_view measure, std::string_view dimensions);

  // The figure, 0 if nothing was added.
  int64_t Get(std::string_view measure, std::string_view dimensions) const;

  // Dimensions and figures of a measure; empty if there are none.
  const std::map<std::string, int64_t, std::less<>>& All(
      std::string_view measure) const;

  // Writes `directory`/<measure>.csv for every measure, with the columns
  // dimensions and value, ordered by dimensions. Fails as WriteFileAtomically.
  absl::Status Write(std::string_view directory) const;

 private:
  std::map<std::string, std::map<std::string, int64_t, std::less<>>,
           std::less<>>
      figures_;
};

}  // namespace tally::demo

#endif  // TALLY_DEMO_LEDGER_H_
