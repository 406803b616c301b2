// A measure: SQL counts and groups, C++ does the statistics, the gate decides
// what is printed, and charts are drawn from what was printed. Control charts,
// forecasts, ranks and comparisons are computed from printed figures only.
// Runs in: the analyst's program.
//
// A new measure is one definition file,
// analytics/measures/definitions/C04.toml, and one source file in
// analytics/src/measures that defines `std::unique_ptr<Measure> MakeC04()` in
// this namespace. The build finds both by the name of the definition and
// registers the pair; nothing else changes. Threading: one measure runs on one
// thread; the engine uses its own. Secrets: computes from record values; keeps
// none.
#ifndef TALLY_ANALYTICS_MEASURES_MEASURE_H_
#define TALLY_ANALYTICS_MEASURES_MEASURE_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/dashboard/page_model.h"
#include "analytics/disclosure/decision_log.h"
#include "analytics/disclosure/derived_table.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/disclosure/raw_table.h"
#include "analytics/measures/base_tables.h"
#include "analytics/measures/definition.h"
#include "analytics/release/release_folder.h"
#include "base/civil_day.h"
#include "engine/database.h"

namespace tally::analytics {

// Why tables that a definition declares were not made, by name of the table, in
// words that end a line: "there is no reference file star_pu.toml".
using MissingTables = std::map<std::string, std::string, std::less<>>;

// What a measure works with.
struct MeasureContext {
  const ReleaseFolder& release;
  engine::Connection& connection;
  const MeasureDefinition& definition;
  CivilDay month;                    // first day of the reference month
  std::vector<std::string> by;       // columns asked for; empty: the usual ones
  std::string comparators;           // folder of reference files, or empty
  BaseTables& base;                  // tables that measures share
  std::string definitions = {};      // folder of replaced definition files
  const DecisionLog* log = nullptr;  // what the gate decided; may be null
  MissingTables* missing = nullptr;  // where reasons go; may be null

  // Says why Compute does not make a table that the definition declares. Who
  // leaves one out says so: the runner takes silence for a fault.
  void Lacks(std::string_view table, std::string reason) const {
    if (missing != nullptr) {
      missing->insert_or_assign(std::string(table), std::move(reason));
    }
  }
  // The parts of TableInfo that are the same for all tables of a measure.
  TableInfo Info(std::string table, std::string title) const;
};

// Released tables by measure id.
using ReleasedTables = std::map<std::string, std::vector<GatedTable>>;

// What a measure may look at when it computes from printed figures: no
// release and no connection.
struct DeriveContext {
  const MeasureDefinition& definition;
  CivilDay month;
  const std::string& comparators;
  // Of this measure, and of those that its definition names under `needs`.
  const ReleasedTables& released;
  MissingTables* missing = nullptr;  // where reasons go; may be null

  // As MeasureContext::Lacks, for Derive. Where a source is not there (Find
  // gives null) the runner names it, and nothing need be said.
  void Lacks(std::string_view table, std::string reason) const {
    if (missing != nullptr) {
      missing->insert_or_assign(std::string(table), std::move(reason));
    }
  }
  // The table of a measure, or null if there is none (the measure was not
  // available, or was asked for by other columns).
  const GatedTable* Find(std::string_view measure,
                         std::string_view table) const;
  // As MeasureContext::Info, for project and release of `source`.
  TableInfo Info(std::string table, std::string title,
                 const GatedTable& source) const;
};

class Measure {
 public:
  virtual ~Measure() = default;

  // Exact figures. kInvalidArgument (exit 2): `by` names a column that this
  // measure cannot be grouped by. A measure that computes from released figures
  // alone has none: this gives no table, and refuses any `by`.
  virtual absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const;

  // Figures that are computed from printed figures. They join the measure's
  // tables, behind those of Compute. Not called with `by`.
  virtual absl::StatusOr<std::vector<DerivedTable>> Derive(
      const DeriveContext& context) const;

  // Charts and sentences, from the printed tables only: those of Compute, then
  // those of Derive, each in the order in which they were given; a table that
  // the gate refused is missing.
  virtual std::vector<PagePart> Draw(
      const MeasureDefinition& definition,
      const std::vector<GatedTable>& tables) const = 0;
};

// Ids of every measure that is built in, ascending.
std::vector<std::string> MeasureIds();
// The same in the order in which a run of all computes them: the audit of
// disclosure (C23) last, for it counts what the gate decided in the run.
std::vector<std::string> MeasureRunOrder();
// The measure that an id in small letters or without its nought means, "c03"
// and "C3" as C03; nothing if there is none. By letters alone C07 would be as
// near to C01 as to C09.
std::string MeantMeasure(std::string_view id);
// kNotFound (exit 4) naming the one that is meant.
absl::StatusOr<std::unique_ptr<Measure>> MakeMeasure(std::string_view id);

// First days of months, both included.
struct MonthRange {
  CivilDay first;
  CivilDay last;
};

// The months that every source of the release covers by its pinned extracts,
// without a hole: they end with the last such month and begin after the last
// one that somebody did not send. Figures are about the last one unless another
// is asked for: of a later month some source says nothing yet, and a count of 0
// would be false.
// kFailedPrecondition (exit 7) if the release names no extract, or its sources
// have no month in common.
absl::StatusOr<MonthRange> CoveredMonths(const ReleaseFolder& release);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_MEASURES_MEASURE_H_
