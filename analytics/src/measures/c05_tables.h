// The tables of C05: people by band of each score, how well scores and the
// model foretold, the model group by group, LACE at discharge.
//
// Threading: one connection.  Secrets: exact counts, on their way to the gate.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C05_TABLES_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C05_TABLES_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/disclosure/raw_table.h"
#include "analytics/measures/measure.h"
#include "measures/c05_risk.h"
#include "measures/tables.h"

namespace tally::analytics {

// A score of whole numbers as it is printed.
struct RiskScore {
  std::string model;   // as printed
  std::string bands;   // key of its bands in the definition
  std::string column;  // of the score table
  std::string where;   // who has it
};

// People and outcomes of one model by area, then band.
struct BandCount {
  int64_t persons = 0;
  int64_t outcomes = 0;
  double predicted = 0;

  void Add(const BandCount& other) {
    persons += other.persons;
    outcomes += other.outcomes;
    predicted += other.predicted;
  }
};
using AreaBands = std::map<std::string, std::vector<BandCount>>;

// The people of `table` (MakeRiskScores) who have the score.
absl::StatusOr<AreaBands> CountScore(const MeasureContext& context,
                                     const RiskScore& score,
                                     const std::vector<ScoreBand>& bands,
                                     std::string_view table);
AreaBands BandsOfModel(const RiskModel& model);

// risk_bands, without rows.
TableBuilder BandTable(TableInfo info);
// The bands of one model in one area, which share a list.
struct BandSplit {
  std::string area;
  BandCount sum;
  std::vector<size_t> rows;
};

// Adds the rows of a model or score: practices, then all of them, each with a
// split. `predicted`: with the mean probability.
void AddModelBands(const std::string& model,
                   const std::vector<std::string>& bands,
                   const AreaBands& areas, bool predicted, TableBuilder& table,
                   std::vector<BandSplit>& splits);

// Of each area: the rows of different splits hold the same people, so they add
// up to the same numbers.
void AddSamePeople(const std::vector<BandSplit>& splits, TableBuilder& table);

// risk_model, without rows.
TableBuilder ModelTable(TableInfo info);
// `trained`, `judged`: months; `trained` is empty for a score.
void AddModelRow(const std::string& model, const std::string& trained,
                 const std::string& judged, const ModelFigures& figures,
                 TableBuilder& table);

// risk_calibration. REQUIRES: the model is fitted.
absl::StatusOr<RawTable> CalibrationTable(TableInfo info,
                                          const RiskModel& model);

// lace_bands, of everybody or, with `by_practice`, by the practice on whose
// list somebody was at the index date.
// REQUIRES: the tables lace (MakeLace) and risk_judged (MakeRiskScores).
absl::StatusOr<RawTable> LaceTable(const MeasureContext& context,
                                   TableInfo info,
                                   const std::vector<ScoreBand>& bands,
                                   bool by_practice);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C05_TABLES_H_
