// Exact figures of measures that will be asked for soon, counted on a thread of
// their own while the gate works on the ones before.
// Threading: one thread takes.  Secrets: exact figures, until they are taken.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_COUNT_AHEAD_H_
#define TALLY_ANALYTICS_SRC_MEASURES_COUNT_AHEAD_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/measures/runner.h"
#include "base/mutex.h"

namespace tally::analytics {

// One measure before the gate.
struct CountedFigures {
  std::unique_ptr<Measure> measure;
  MeasureDefinition definition;
  CivilDay month;
  MeasureResult result;   // names; `unavailable` if columns are missing
  MissingTables reasons;  // of tables that were not made
  // Why the months are not those that are needed, or which reference file does
  // not hold in the month; nothing if all is well.
  std::optional<std::string> not_covered;
  absl::StatusOr<std::vector<RawTable>> raw = std::vector<RawTable>();
};

class CountAhead {
 public:
  using Figures = absl::StatusOr<std::unique_ptr<CountedFigures>>;
  // Nothing is begun while so many rows of tables or more lie ready: some tens
  // of megabytes.
  static constexpr size_t kMostRowsReady = 200'000;

  // Calls `count` for `ids` in their order, on the new thread. `interrupt` ends
  // a call early; it is called from the destructor only.
  CountAhead(std::vector<std::string> ids,
             std::function<Figures(const std::string&)> count,
             std::function<void()> interrupt,
             size_t most_rows_ready = kMostRowsReady);
  // Ends the call that is under way.
  ~CountAhead();
  CountAhead(const CountAhead&) = delete;
  CountAhead& operator=(const CountAhead&) = delete;

  // What `count` gave for `id`; waits for it. Nothing if `id` is not among the
  // ids, or was taken. kResourceExhausted if `count` ran out of memory,
  // kInternal if it threw anything else; kCancelled, without waiting longer, if
  // the user asked to stop: the destructor then ends the call under way.
  std::optional<Figures> Take(const std::string& id) TALLY_EXCLUDES(mu_);

 private:
  void Work() TALLY_EXCLUDES(mu_);

  const std::vector<std::string> ids_;
  const std::function<Figures(const std::string&)> count_;
  const std::function<void()> interrupt_;
  const size_t most_rows_ready_;
  Mutex mu_;
  CondVar changed_;
  std::map<std::string, Figures> ready_ TALLY_GUARDED_BY(mu_);
  std::vector<std::string> awaited_ TALLY_GUARDED_BY(mu_);  // not yet taken
  size_t rows_ready_ TALLY_GUARDED_BY(mu_) = 0;
  // The id that somebody waits for: then all before it are counted, however
  // many rows lie ready. Empty if nobody does.
  std::string waited_for_ TALLY_GUARDED_BY(mu_);
  bool stop_ TALLY_GUARDED_BY(mu_) = false;
  bool ended_ TALLY_GUARDED_BY(mu_) = false;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_COUNT_AHEAD_H_
