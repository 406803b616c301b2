// Runs measures over one release: availability, exact figures, gate, charts.
// Runs in: the analyst's program.
//
// Spec: docs/measures/README.md.
// Threading: one thread; the engine uses its own.
// Secrets: record values stay in the engine; results are gated.
#ifndef TALLY_ANALYTICS_MEASURES_RUNNER_H_
#define TALLY_ANALYTICS_MEASURES_RUNNER_H_

#include <map>
#include <memory>
#include <optional>
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
  std::vector<PagePart> parts;
};

struct RunOptions {
  std::vector<std::string> by;
  std::optional<CivilDay> month;  // first day; else the last one covered
  std::string comparators;        // folder of reference files
  std::string definitions;        // folder of replaced definition files
  // How control charts take moving ranges, in place of what the definitions
  // say: "screened" or "excel" (analytics/statistics/spc.h); empty: as defined.
  std::string spc_mode;
};

class MeasureRunner {
 public:
  // All three must outlive the runner.
  MeasureRunner(const ReleaseFolder& release, ReleaseDatabase& database,
                Gate& gate, RunOptions options);

  // Computes and gates one measure, and before it those that it uses, each once
  // for this runner. A measure that the release cannot carry is no error:
  // `unavailable` says why. A table that the gate refuses is no error: it is
  // under `refused`. Other errors: of the measure or the gate.
  absl::StatusOr<MeasureResult> Run(std::string_view id);

  // The month of the figures. kInvalidArgument (exit 2), naming the first and
  // the last month, if the release does not cover the one that was asked for.
  absl::StatusOr<CivilDay> Month();

 private:
  absl::StatusOr<const MeasureResult*> RunOnce(std::string_view id);
  absl::StatusOr<MeasureResult> Compute(std::string_view id);
  // Why one of the measures that `definition` uses has no tables; runs them.
  absl::StatusOr<std::optional<std::string>> RunUsed(
      const MeasureDefinition& definition);
  absl::Status Release(const std::vector<RawTable>& raw, MeasureResult& result);
  absl::Status Derive(const Measure& measure,
                      const MeasureDefinition& definition, CivilDay month,
                      MeasureResult& result);

  const ReleaseFolder& release_;
  ReleaseDatabase& database_;
  Gate& gate_;
  RunOptions options_;
  std::optional<CivilDay> month_;
  BaseTables base_;
  // Null while the measure is at work.
  std::map<std::string, std::unique_ptr<MeasureResult>, std::less<>> results_;
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
