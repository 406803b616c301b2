// Temporary tables that several measures read, each made once for a run.
// Runs in: the analyst's program.
// Threading: one thread at a time, as its connection: who counts holds a lock
// (runner.h).
// Secrets: record values stay in the engine.
#ifndef TALLY_ANALYTICS_MEASURES_BASE_TABLES_H_
#define TALLY_ANALYTICS_MEASURES_BASE_TABLES_H_

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tally::analytics {

// Remembers what was made on one connection. `name` says the table and what it
// depends on, such as "patient_list 2026-10": the same name is made once.
class BaseTables {
 public:
  // Calls `make` unless it succeeded before under this name. Errors: of `make`.
  absl::Status Once(std::string_view name,
                    const std::function<absl::Status()>& make) {
    if (made_.contains(name)) return absl::OkStatus();
    absl::Status status = make();
    if (status.ok()) made_.emplace(name);
    return status;
  }

 private:
  std::set<std::string, std::less<>> made_;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_MEASURES_BASE_TABLES_H_
