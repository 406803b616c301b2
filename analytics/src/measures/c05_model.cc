// The fitted model of C05 and how scores are judged.
#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/statistics/logistic.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/c05_risk.h"
#include "measures/counts.h"

namespace tally::analytics {
namespace {

constexpr size_t kTenths = 10;

// Dimensions by which calibration is shown.
const std::vector<std::string>& SubgroupColumns() {
  static const auto& columns = *new std::vector<std::string>{
      "sex", "age_band", "imd_decile", "ethnicity"};
  return columns;
}

std::string FeatureSql(std::string_view feature) {
  if (feature == "age_squared") return "age * age";
  if (feature == "female") return "CASE WHEN sex = 'female' THEN 1 ELSE 0 END";
  if (feature == "deprived") {
    return "CASE WHEN imd_decile IN ('1', '2') THEN 1 ELSE 0 END";
  }
  return std::string(feature);
}

// People of one table: features, outcome, and the levels of practice and
// subgroups, each level once in `names`.
struct ModelData {
  LogisticData data;
  std::vector<std::vector<uint32_t>> levels;    // by dimension, by person
  std::vector<std::vector<std::string>> names;  // by dimension
};

// Gives each level its number, in the order in which it is met.
class LevelNumbers {
 public:
  explicit LevelNumbers(std::vector<std::string>& names) : names_(names) {}
  uint32_t Of(std::string_view level) {
    const auto found = numbers_.find(level);
    if (found != numbers_.end()) return found->second;
    const auto number = static_cast<uint32_t>(names_.size());
    names_.emplace_back(level);
    numbers_.emplace(level, number);
    return number;
  }

 private:
  std::vector<std::string>& names_;
  std::map<std::string, uint32_t, std::less<>> numbers_;
};

absl::StatusOr<ModelData> ReadModelData(
    const MeasureContext& context, const std::vector<std::string>& features,
    std::string_view table) {
  std::vector<std::string> dimensions = {"practice"};
  dimensions.insert(dimensions.end(), SubgroupColumns().begin(),
                    SubgroupColumns().end());
  std::string columns;
  for (const std::string& feature : features) {
    columns += absl::StrFormat("CAST(%s AS DOUBLE), ", FeatureSql(feature));
  }
  // The order is that of the content, so that sums are the same every time.
  TALLY_ASSIGN_OR_RETURN(
      engine::Result result,
      context.connection.Stream(absl::StrFormat(
          "SELECT %sCAST(outcome AS BIGINT), %s FROM %s WHERE age IS NOT NULL "
          "ORDER BY ALL",
          columns, JoinText(dimensions, ", "), table)));
  ModelData out;
  out.data.features = features.size();
  out.levels.resize(dimensions.size());
  out.names.resize(dimensions.size());
  std::vector<LevelNumbers> numbers;
  for (auto& names : out.names) numbers.emplace_back(names);
  while (true) {
    TALLY_ASSIGN_OR_RETURN(const std::optional<engine::Chunk> chunk,
                           result.Next());
    if (!chunk.has_value()) break;
    std::vector<engine::ColumnView> views;
    for (size_t i = 0; i <= features.size() + dimensions.size(); ++i) {
      views.push_back(chunk->column(i));
    }
    for (size_t row = 0; row < chunk->rows(); ++row) {
      for (size_t i = 0; i < features.size(); ++i) {
        out.data.x.push_back(views[i].Double(row));
      }
      out.data.y.push_back(
          static_cast<uint8_t>(views[features.size()].Int64(row)));
      for (size_t i = 0; i < dimensions.size(); ++i) {
        out.levels[i].push_back(
            numbers[i].Of(views[features.size() + 1 + i].Text(row)));
      }
    }
  }
  return out;
}

// `scores` and outcomes in any order; put in order once for all figures.
ModelFigures JudgeRanks(std::span<const double> scores,
                        std::span<const uint8_t> outcomes) {
  std::vector<std::pair<double, uint8_t>> rows;
  rows.reserve(scores.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    rows.emplace_back(scores[i], outcomes[i]);
  }
  if (!std::is_sorted(rows.begin(), rows.end())) {
    std::sort(rows.begin(), rows.end());
  }
  std::vector<double> p;
  std::vector<uint8_t> y;
  p.reserve(rows.size());
  y.reserve(rows.size());
  for (const auto& [score, outcome] : rows) {
    p.push_back(score);
    y.push_back(outcome);
  }
  ModelFigures figures;
  figures.persons = static_cast<int64_t>(y.size());
  figures.outcomes = std::accumulate(y.begin(), y.end(), int64_t{0});
  figures.auc = AreaUnderCurve(p, y);
  figures.capture_0_5 = Capture(p, y, 0.005);
  figures.capture_5 = Capture(p, y, 0.05);
  figures.capture_20 = Capture(p, y, 0.2);
  return figures;
}

// The four bands of the model, highest first.
constexpr std::string_view kModelBands[] = {"top 0.5 %", "next 4.5 %",
                                            "next 15 %", "rest"};

void FillBands(const ModelData& judged, const std::vector<double>& p,
               RiskModel& model) {
  const std::vector<size_t> bands = TopBands(p, {0.005, 0.045, 0.15});
  for (const std::string_view name : kModelBands) {
    model.bands.push_back({std::string(name), {}});
  }
  for (size_t i = 0; i < p.size(); ++i) {
    ModelArea& area =
        model.bands[bands[i]].areas[judged.names[0][judged.levels[0][i]]];
    ++area.persons;
    area.outcomes += judged.data.y[i];
    area.predicted += p[i];
  }
}

void FillGroups(const ModelData& judged, const std::vector<double>& p,
                RiskModel& model) {
  const auto add = [&](ModelGroup& group, size_t person) {
    ++group.persons;
    group.outcomes += judged.data.y[person];
    group.predicted += p[person];
  };
  const std::vector<size_t> tenths =
      TopBands(p, std::vector<double>(kTenths - 1, 0.1));
  std::vector<ModelGroup> scores;
  for (size_t i = 0; i < kTenths; ++i) {
    scores.push_back({"tenth of the score", std::to_string(i + 1)});
  }
  ModelGroup all{"all", "all"};
  for (size_t i = 0; i < p.size(); ++i) {
    add(scores[tenths[i]], i);
    add(all, i);
  }
  model.groups.push_back(std::move(all));
  for (ModelGroup& group : scores) {
    if (group.persons > 0) model.groups.push_back(std::move(group));
  }
  for (size_t d = 0; d < SubgroupColumns().size(); ++d) {
    std::map<std::string, ModelGroup> groups;
    for (size_t i = 0; i < p.size(); ++i) {
      const std::string& level = judged.names[d + 1][judged.levels[d + 1][i]];
      ModelGroup& group = groups[level];
      group.dimension = SubgroupColumns()[d];
      group.level = level;
      add(group, i);
    }
    std::vector<std::string> levels;
    for (const auto& [level, group] : groups) levels.push_back(level);
    SortLevels(levels);
    for (const std::string& level : levels) {
      model.groups.push_back(groups.at(level));
    }
  }
}

}  // namespace

std::vector<size_t> TopBands(const std::vector<double>& scores,
                             const std::vector<double>& shares) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  std::vector<double> cuts;
  double share = 0;
  for (const double part : shares) {
    share += part;
    // A cut of exactly k people stays k in floating point.
    cuts.push_back(share * static_cast<double>(scores.size()) - 1e-6);
  }
  std::vector<size_t> bands(scores.size());
  size_t first = 0;  // of the people with one score
  for (size_t i = 0; i < order.size(); ++i) {
    if (scores[order[i]] != scores[order[first]]) first = i;
    size_t band = 0;
    while (band < cuts.size() && static_cast<double>(first) >= cuts[band]) {
      ++band;
    }
    bands[order[i]] = band;
  }
  return bands;
}

absl::StatusOr<ModelFigures> JudgeScore(const MeasureContext& context,
                                        std::string_view table,
                                        std::string_view column,
                                        std::string_view where) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  absl::StrFormat("SELECT CAST(%1$s AS BIGINT), "
                                  "CAST(outcome AS BIGINT), count(*) FROM %2$s "
                                  "WHERE %3$s GROUP BY %1$s, outcome "
                                  "ORDER BY 1, 2",
                                  column, table, where),
                  0));
  std::vector<double> p;
  std::vector<uint8_t> y;
  for (const GroupedRow& row : rows) {
    const auto people = static_cast<size_t>(row.counts[2]);
    p.insert(p.end(), people, static_cast<double>(row.counts[0]));
    y.insert(y.end(), people, static_cast<uint8_t>(row.counts[1]));
  }
  return JudgeRanks(p, y);
}

absl::StatusOr<RiskModel> FitRiskModel(const MeasureContext& context,
                                       const RiskDefinition& definition,
                                       std::string_view training,
                                       std::string_view judging) {
  RiskModel model;
  TALLY_ASSIGN_OR_RETURN(ModelData trained,
                         ReadModelData(context, definition.features, training));
  const std::vector<size_t> dropped = DropRareFeatures(trained.data);
  if (!dropped.empty()) {
    std::vector<std::string> names;
    for (const size_t i : dropped) names.push_back(definition.features[i]);
    model.notes.push_back(
        absl::StrFormat("Left out, for a level has fewer than 8 events: %s.",
                        JoinText(names, ", ")));
  }
  const absl::StatusOr<LogisticModel> fitted = FitLogistic(trained.data);
  if (!fitted.ok()) {
    if (fitted.status().code() != absl::StatusCode::kFailedPrecondition) {
      return fitted.status();
    }
    model.notes.push_back(absl::StrFormat("The model is refused: %s.",
                                          fitted.status().message()));
    return model;
  }
  TALLY_ASSIGN_OR_RETURN(ModelData judged,
                         ReadModelData(context, definition.features, judging));
  DropFeatures(judged.data, dropped);
  std::vector<double> p;
  p.reserve(judged.data.rows());
  const std::span<const double> x(judged.data.x);
  for (size_t i = 0; i < judged.data.rows(); ++i) {
    p.push_back(fitted->Predict(
        x.subspan(i * judged.data.features, judged.data.features)));
  }
  model.figures = JudgeRanks(p, judged.data.y);
  model.figures.brier = BrierScore(p, judged.data.y);
  const Calibration calibration = CalibrationOf(p, judged.data.y);
  model.figures.intercept = calibration.intercept;
  model.figures.slope = calibration.slope;
  model.fitted = true;
  FillBands(judged, p, model);
  FillGroups(judged, p, model);
  return model;
}

}  // namespace tally::analytics
