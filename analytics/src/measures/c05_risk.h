// Scores of C05: what its definition sets, the working tables in which a score
// stays beside its person, the model, and the pictures.
// Runs in: the analyst's program. Must never hold a score in a table that is
// printed: only counts by band leave.
// Threading: one connection.
// Secrets: scores of people stay in the engine and, while a model is fitted, in
// memory.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C05_RISK_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C05_RISK_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/dashboard/page_model.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/disclosure/raw_table.h"
#include "analytics/measures/definition.h"
#include "analytics/measures/measure.h"
#include "measures/elements.h"

namespace tally::analytics {

// A group of the Charlson index.
struct CharlsonGroup {
  std::string id;
  int64_t weight_1987 = 0;
  int64_t weight_2011 = 0;
  std::vector<std::string> prefixes;
  std::vector<size_t> cancels;  // positions of milder groups
};

// "2 to 4": a band of a score, both ends included; high -1: open.
struct ScoreBand {
  std::string name;
  int64_t low = 0;
  int64_t high = -1;
};

// Points of the LACE index from a value: the last step not above it counts.
using PointSteps = std::vector<std::pair<int64_t, int64_t>>;

struct RiskDefinition {
  std::vector<RuleElement> deficits;
  std::vector<RuleElement> conditions;
  std::vector<CharlsonGroup> charlson;
  bool hierarchy = true;
  int charlson_months = 24;
  PointSteps stay_points;
  PointSteps charlson_points;
  int64_t emergency_points = 3;
  int64_t most_visits = 4;
  std::vector<std::string> features;
  // Points times ten of the Hospital Frailty Risk Score, by code of three
  // characters; a reference file hfrs_weights.toml takes their place.
  std::map<std::string, int64_t> frailty_tenths;
  std::map<std::string, std::vector<ScoreBand>> bands;  // by model
};

// kInvalidArgument (exit 2) with file and line.
absl::StatusOr<RiskDefinition> ReadRiskDefinition(
    const MeasureDefinition& definition);

// What the release can carry.
struct RiskSources {
  bool deficits = false;
  bool conditions = false;
  bool admissions = false;  // with days: emergency admissions and outcomes
  bool diagnoses = false;
  bool ed = false;
  bool outpatients = false;
  bool frailty_weights = false;  // diagnoses, and points for them
  std::vector<std::string> notes;
};
RiskSources FindRiskSources(const MeasureContext& context,
                            const RiskDefinition& definition);

// Makes the temporary table charlson_hit (person, day, grp): a group that an
// admission of that day has a code of. Made once for a run.
absl::Status MakeCharlsonHits(const MeasureContext& context,
                              const RiskDefinition& definition);

// Makes the temporary table `name`: the list at the month of `at`, its last
// day, with deficits, conditions, charlson_1987, charlson_2011, emergency_12,
// emergency_24, ed_12, ed_24, outpatient_12, outpatient_24, frailty_tenths
// (null: under 75 or never admitted in the window) and outcome: 1 if an
// emergency admission came in the twelve months after. What the release cannot
// carry is 0. Records after `at` say nothing but the outcome.
absl::Status MakeRiskScores(const MeasureContext& context,
                            const RiskDefinition& definition,
                            const RiskSources& sources, CivilDay at,
                            std::string_view name);

// Makes the temporary table `lace` (person, points, readmitted): a row a
// discharge alive of the twelve months to `at`; readmitted: an emergency
// admission 0 to 29 days later. REQUIRES: HasAdmissions, diag_01, ecds.
absl::Status MakeLace(const MeasureContext& context,
                      const RiskDefinition& definition, CivilDay at);

// People of one practice in one band of the fitted model.
struct ModelArea {
  int64_t persons = 0;
  int64_t outcomes = 0;
  double predicted = 0;  // sum of probabilities
};
struct ModelBand {
  std::string band;
  std::map<std::string, ModelArea> areas;
};
struct ModelGroup {
  std::string dimension;  // "sex"; "score" for tenths of the score
  std::string level;
  int64_t persons = 0;
  int64_t outcomes = 0;
  double predicted = 0;  // sum of probabilities
};
struct ModelFigures {
  int64_t persons = 0;
  int64_t outcomes = 0;
  Figure auc = Figure::Na(NaReason::kTooFewEvents);
  Figure brier = Figure::Na(NaReason::kTooFewEvents);
  Figure intercept = Figure::Na(NaReason::kTooFewEvents);
  Figure slope = Figure::Na(NaReason::kTooFewEvents);
  Figure capture_0_5 = Figure::Na(NaReason::kTooFewEvents);
  Figure capture_5 = Figure::Na(NaReason::kTooFewEvents);
  Figure capture_20 = Figure::Na(NaReason::kTooFewEvents);
};
struct RiskModel {
  ModelFigures figures;
  std::vector<ModelBand> bands;
  std::vector<ModelGroup> groups;
  std::vector<std::string> notes;
  bool fitted = false;
};
// Fits the model on one table of MakeRiskScores and judges it on another of a
// later day. A model that is refused comes back with its reason under notes.
// Cost: memory of rows x features numbers, twice.
absl::StatusOr<RiskModel> FitRiskModel(const MeasureContext& context,
                                       const RiskDefinition& definition,
                                       std::string_view training,
                                       std::string_view judging);
// The figures of a whole-number score as it ranks people; no Brier score and no
// calibration, for it is no probability.
absl::StatusOr<ModelFigures> JudgeScore(const MeasureContext& context,
                                        std::string_view table,
                                        std::string_view column,
                                        std::string_view where);

// Bands of `shares` from the top of scores, the rest behind: the place of each
// score. Equal scores share the higher band.
std::vector<size_t> TopBands(const std::vector<double>& scores,
                             const std::vector<double>& shares);

std::vector<PagePart> DrawRisk(const MeasureDefinition& definition,
                               const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C05_RISK_H_
