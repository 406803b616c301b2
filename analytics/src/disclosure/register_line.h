// A line of the register of released tables, and the chain that the lines make.
// Spec: docs/measures/disclosure.md, "The register".
// Threading: values.  Secrets: none beyond what was released.
#ifndef TALLY_ANALYTICS_SRC_DISCLOSURE_REGISTER_LINE_H_
#define TALLY_ANALYTICS_SRC_DISCLOSURE_REGISTER_LINE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/disclosure/registry.h"
#include "base/json.h"

namespace tally::analytics {

JsonValue LineOfTable(const ReleasedTable& table);

// kUnimplemented: written by a newer program. Other errors: not a table, or a
// number or printed form in it is none.
absl::StatusOr<ReleasedTable> TableOfLine(const JsonValue& json);

// What is wrong with a line, counted from 1, that TableOfLine or RegisterChain
// did not take: kInvalidArgument (exit 8) of a newer program, else kDataLoss.
absl::Status LineProblem(const absl::Status& status, std::string_view path,
                         size_t line);

// Each line carries a digest of all before it and of itself: a line that is
// changed, taken away or put in between is found out. Who can write the file
// can write a new chain: this finds damage, not intent.
class RegisterChain {
 public:
  RegisterChain();

  // A line as it is to be appended next, and the chain behind it.
  struct SignedLine {
    std::string text;  // without the newline
    std::string digest;
  };
  SignedLine Sign(JsonValue line) const;
  // Goes past the line that Sign gave last. REQUIRES: it was appended, and
  // nothing else since.
  void Pass(SignedLine line);
  // Goes past the next line, of these bytes. kDataLoss if it does not belong
  // there.
  absl::Status Pass(std::string_view text, const JsonValue& line,
                    int64_t version);

 private:
  // Lines of this version and newer carry their place.
  static constexpr int64_t kChainedVersion = 3;
  std::string digest_;  // hex, of all lines so far
  bool chained_ = false;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_DISCLOSURE_REGISTER_LINE_H_
