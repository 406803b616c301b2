// Runs measures over one release: availability, exact figures, gate, charts.
// Runs in: the analyst's program.
//
// Spec: docs/measures/README.md.
// Threading: one thread calls; a second one counts ahead (Announce); the engine
// uses its own.
// Secrets: record values stay in the engine; results are gated.
#ifndef TALLY_ANALYTICS_MEASURES_RUNNER_H_
#define TALLY_ANALYTICS_MEASURES_RUNNER_H_

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/dashboard/dashboard.h"
#include "analytics/disclosure/gate.h"
#include "analytics/measures/measure.h"
#include "analytics/release/release_database.h"
#include "analytics/release/release_folder.h"
#include "base/civil_day.h"
#include "base/mutex.h"

namespace tally::analytics {

// The profile under which a release's figures are printed: the agreement's, or
// the one of the configuration where that is stricter, or the one that was
// asked for. Empty texts name none.
// kPermissionDenied (exit 6) if `asked` is looser than the agreement's.
absl::StatusOr<Profile> EffectiveProfile(const ReleaseFolder& release,
                                         const std::string& configured,
                                         const std::string& asked);

struct RefusedTable {
  std::string table;
  absl::Status status;  // kFailedPrecondition DISCLOSURE_REFUSED (exit 6)
};

// A table that the definition declares and that was not made.
struct MissingTable {
  std::string table;
  std::string reason;  // in words, for a reader
};

struct MeasureResult {
  std::string id;
  std::string title;
  std::string version;
  std::string definition_sha256;
  std::vector<std::string> pages;  // on which it would be drawn
  // Why nothing was computed; nothing if there are tables.
  std::optional<std::string> unavailable;
  std::vector<GatedTable> tables;
  // Tables that the gate refused, with its reason.
  std::vector<RefusedTable> refused;
  // With `tables` and `refused` every table of the definition, or every one
  // that was asked for; empty if the measure is not available.
  std::vector<MissingTable> missing;
  // Tables that passed the gate only because tables that were asked for are
  // computed from them: "C29/indicators". They are under `tables` of their
  // measures, and registered as released.
  std::vector<std::string> gated_for_others;
  std::vector<PagePart> parts;
};

struct RunOptions {
  std::vector<std::string> by;
  // Only these tables pass the gate, and those that they are computed from;
  // empty: all. Of measures that are used by others all do.
  std::vector<std::string> tables;
  std::optional<CivilDay> month;  // first day; else the last one covered
  std::string comparators;        // folder of reference files
  std::string definitions;        // folder of replaced definition files
  // How control charts take moving ranges, in place of what the definitions
  // say: "screened" or "excel" (analytics/statistics/spc.h); empty: as defined.
  std::string spc_mode;
};

// kInvalidArgument (exit 2), naming the columns that there are, if a measure
// cannot be grouped by one of `by`, or if one is there twice. For callers that
// look at several measures before the first figure passes the gate.
absl::Status CheckGrouping(const MeasureDefinition& definition,
                           const std::vector<std::string>& by);

class CountAhead;
struct CountedFigures;

class MeasureRunner {
 public:
  // All three must outlive the runner.
  MeasureRunner(const ReleaseFolder& release, ReleaseDatabase& database,
                Gate& gate, RunOptions options);
  ~MeasureRunner();
  MeasureRunner(const MeasureRunner&) = delete;
  MeasureRunner& operator=(const MeasureRunner&) = delete;

  // Says which measures will be run, in their order. A second thread then
  // counts for the next ones while the gate works on one, until so many figures
  // lie ready (CountAhead); what passes the gate, and when, is up to Run as
  // before. Until all have been run nobody else may use the database. Call it
  // once at most.
  void Announce(const std::vector<std::string>& ids);

  // Computes and gates one measure, and before it those that it uses, each once
  // for this runner. A measure that the release cannot carry is no error:
  // `unavailable` says why. A table that the gate refuses is no error: it is
  // under `refused`. Other errors: of the measure or the gate; kCancelled once
  // the user asked to stop, and then no further table passes the gate.
  absl::StatusOr<MeasureResult> Run(std::string_view id);

  // The month of the figures. kInvalidArgument (exit 2), naming the first and
  // the last month, if the release does not cover the one that was asked for.
  absl::StatusOr<CivilDay> Month();

 private:
  struct Part;  // of one measure, while it is at work

  // The measure with those that it uses before it, each once.
  absl::Status AddInOrder(const std::string& id, std::set<std::string>& seen,
                          std::vector<std::string>& order) const;
  // Everything before the gate. On either thread.
  absl::StatusOr<std::unique_ptr<CountedFigures>> Count(std::string_view id)
      TALLY_EXCLUDES(engine_);
  // `whole`: all its tables, whichever were asked for.
  absl::StatusOr<const MeasureResult*> RunOnce(std::string_view id, bool whole);
  absl::StatusOr<MeasureResult> Compute(std::string_view id, bool whole);
  // Why one of the measures that `definition` uses has no tables; runs them.
  absl::StatusOr<std::optional<std::string>> RunUsed(
      const MeasureDefinition& definition);
  // Fills tables, refused and missing.
  absl::Status MakeTables(CountedFigures& counted, Part& part);
  absl::Status Release(const std::vector<RawTable>& raw, Part& part);
  absl::Status Derive(const CountedFigures& counted, Part& part);
  void NameMissing(const MeasureDefinition& definition, Part& part) const;

  const ReleaseFolder& release_;
  ReleaseDatabase& database_;
  Gate& gate_;
  RunOptions options_;
  std::optional<CivilDay> month_;
  Mutex engine_;  // who counts holds it
  BaseTables base_ TALLY_GUARDED_BY(engine_);
  // Null while the measure is at work.
  std::map<std::string, std::unique_ptr<MeasureResult>, std::less<>> results_;
  std::unique_ptr<CountAhead> ahead_;  // last: its thread uses the rest
};

// The profile of a table's columns, through the gate: rows, filled, share,
// median and quartiles of numbers, commonest levels of codes.
// kNotFound (exit 4): no such table or column.
absl::StatusOr<std::vector<GatedTable>> DescribeColumns(
    const ReleaseFolder& release, ReleaseDatabase& database, Gate& gate,
    std::string_view table, const std::vector<std::string>& columns);

// The page "about": measures with their versions and digests, what was not
// available and why, files of the release.
absl::StatusOr<PagePart> AboutPage(const ReleaseFolder& release,
                                   const Profile& profile,
                                   const std::vector<MeasureResult>& results);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_MEASURES_RUNNER_H_
