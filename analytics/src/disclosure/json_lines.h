// Files of one JSON value a line, that only grow: the decision log and the
// register of released tables. Created 0600, locked while written, synced
// before a call returns.
// Threading: a file lock beside the file keeps writers apart.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_DISCLOSURE_JSON_LINES_H_
#define TALLY_ANALYTICS_SRC_DISCLOSURE_JSON_LINES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/json.h"

namespace tally::analytics {

// Appends one line. The folder is made (0700) when missing. kAborted (exit 7)
// when another program holds the lock.
absl::Status AppendJsonLine(const std::string& path, const JsonValue& value);

// All lines, none if there is no file. A last line without its newline was
// never acknowledged and is left out. kDataLoss if another line is not JSON.
absl::StatusOr<std::vector<JsonValue>> ReadJsonLines(const std::string& path);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_DISCLOSURE_JSON_LINES_H_
