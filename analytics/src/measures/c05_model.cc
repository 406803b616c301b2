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

// SQL: the features and the outcome of the people with an age.
std::string ModelColumns(const std::vector<std::string>& features) {
  std::string columns;
  for (const std::string& feature : features) {
    columns += absl::StrFormat("CAST(%s AS DOUBLE), ", FeatureSql(feature));
  }
  return columns + "CAST(outcome AS BIGINT)";
}

// Calls `visit` with the columns of each chunk of a query.
template <typename Visit>
absl::Status ForEachChunk(const MeasureContext& context, const std::string& sql,
                          size_t columns, const Visit& visit) {
  TALLY_ASSIGN_OR_RETURN(engine::Result result, context.connection.Stream(sql));
  while (true) {
    TALLY_ASSIGN_OR_RETURN(const std::optional<engine::Chunk> chunk,
                           result.Next());
    if (!chunk.has_value()) return absl::OkStatus();
    std::vector<engine::ColumnView> views;
    for (size_t i = 0; i < columns; ++i) views.push_back(chunk->column(i));
    visit(views, chunk->rows());
  }
}

// Appends the features and outcomes of a chunk.
void AddRows(const std::vector<engine::ColumnView>& views, size_t rows,
             LogisticData& data) {
  for (size_t row = 0; row < rows; ++row) {
    for (size_t i = 0; i < data.features; ++i) {
      data.x.push_back(views[i].Double(row));
    }
    data.y.push_back(static_cast<uint8_t>(views[data.features].Int64(row)));
  }
}

// Those that the model learns from: who is alike shares a row. In the order of
// the content, so that sums are the same every time.
absl::StatusOr<LogisticData> ReadTraining(
    const MeasureContext& context, const std::vector<std::string>& features,
    std::string_view table) {
  LogisticData data;
  data.features = features.size();
  TALLY_RETURN_IF_ERROR(ForEachChunk(
      context,
      absl::StrFormat("SELECT %s, count(*) FROM %s WHERE age IS NOT NULL "
                      "GROUP BY ALL ORDER BY ALL",
                      ModelColumns(features), table),
      features.size() + 2,
      [&](const std::vector<engine::ColumnView>& views, size_t rows) {
        AddRows(views, rows, data);
        for (size_t row = 0; row < rows; ++row) {
          data.people.push_back(
              static_cast<double>(views[features.size() + 1].Int64(row)));
        }
      }));
  return data;
}

// Those that the model is judged on, in no order.
absl::StatusOr<ModelData> ReadJudged(const MeasureContext& context,
                                     const std::vector<std::string>& features,
                                     std::string_view table) {
  std::vector<std::string> dimensions = {"practice"};
  dimensions.insert(dimensions.end(), SubgroupColumns().begin(),
                    SubgroupColumns().end());
  ModelData out;
  out.data.features = features.size();
  out.levels.resize(dimensions.size());
  out.names.resize(dimensions.size());
  std::vector<LevelNumbers> numbers;
  for (auto& names : out.names) numbers.emplace_back(names);
  TALLY_RETURN_IF_ERROR(ForEachChunk(
      context,
      absl::StrFormat("SELECT %s, %s FROM %s WHERE age IS NOT NULL",
                      ModelColumns(features), JoinText(dimensions, ", "),
                      table),
      features.size() + 1 + dimensions.size(),
      [&](const std::vector<engine::ColumnView>& views, size_t rows) {
        AddRows(views, rows, out.data);
        for (size_t i = 0; i < dimensions.size(); ++i) {
          const engine::ColumnView& view = views[features.size() + 1 + i];
          for (size_t row = 0; row < rows; ++row) {
            out.levels[i].push_back(numbers[i].Of(view.Text(row)));
          }
        }
      }));
  return out;
}

// One person as the model sees them.
struct ModelPerson {
  double p = 0;
  size_t row = 0;  // of the data
  uint8_t outcome = 0;
};

// Everybody by probability, then outcome: whoever is alike in both adds the
// same to every sum, so that sums are the same every time.
std::vector<ModelPerson> PeopleByScore(const ModelData& judged,
                                       const LogisticModel& fitted) {
  std::vector<ModelPerson> people;
  people.reserve(judged.data.rows());
  const size_t features = judged.data.features;
  const std::span<const double> x(judged.data.x);
  for (size_t i = 0; i < judged.data.rows(); ++i) {
    people.push_back({fitted.Predict(x.subspan(i * features, features)), i,
                      judged.data.y[i]});
  }
  std::sort(people.begin(), people.end(),
            [](const ModelPerson& a, const ModelPerson& b) {
              return a.p != b.p ? a.p < b.p : a.outcome < b.outcome;
            });
  return people;
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

// By person, then `levels` of a dimension: the people, outcomes and predicted
// sum of each level.
std::vector<ModelArea> SumByLevel(const std::vector<ModelPerson>& people,
                                  const std::vector<uint32_t>& levels,
                                  size_t count) {
  std::vector<ModelArea> sums(count);
  for (const ModelPerson& person : people) {
    ModelArea& sum = sums[levels[person.row]];
    ++sum.persons;
    sum.outcomes += person.outcome;
    sum.predicted += person.p;
  }
  return sums;
}

// `bands` are those of the people, in their order.
void FillBands(const ModelData& judged, const std::vector<ModelPerson>& people,
               const std::vector<size_t>& bands, RiskModel& model) {
  for (const std::string_view name : kModelBands) {
    model.bands.push_back({std::string(name), {}});
  }
  const std::vector<std::string>& areas = judged.names[0];
  std::vector<ModelArea> sums(areas.size() * model.bands.size());
  for (size_t i = 0; i < people.size(); ++i) {
    const size_t area = judged.levels[0][people[i].row];
    ModelArea& sum = sums[area * model.bands.size() + bands[i]];
    ++sum.persons;
    sum.outcomes += people[i].outcome;
    sum.predicted += people[i].p;
  }
  for (size_t i = 0; i < sums.size(); ++i) {
    if (sums[i].persons == 0) continue;
    model.bands[i % model.bands.size()].areas[areas[i / model.bands.size()]] =
        sums[i];
  }
}

void FillGroups(const ModelData& judged, const std::vector<ModelPerson>& people,
                const std::vector<size_t>& tenths, RiskModel& model) {
  const auto add = [&](const std::string& dimension, const std::string& level,
                       const ModelArea& sum) {
    if (sum.persons == 0) return;
    model.groups.push_back(
        {dimension, level, sum.persons, sum.outcomes, sum.predicted});
  };
  std::vector<uint32_t> of_row(people.size());
  add("all", "all", SumByLevel(people, of_row, 1)[0]);
  for (size_t i = 0; i < people.size(); ++i) {
    of_row[people[i].row] = static_cast<uint32_t>(tenths[i]);
  }
  const std::vector<ModelArea> scores = SumByLevel(people, of_row, kTenths);
  for (size_t i = 0; i < kTenths; ++i) {
    add("tenth of the score", std::to_string(i + 1), scores[i]);
  }
  for (size_t d = 0; d < SubgroupColumns().size(); ++d) {
    const std::vector<std::string>& names = judged.names[d + 1];
    const std::vector<ModelArea> sums =
        SumByLevel(people, judged.levels[d + 1], names.size());
    std::map<std::string, size_t> place;
    for (size_t i = 0; i < names.size(); ++i) place[names[i]] = i;
    std::vector<std::string> levels = names;
    SortLevels(levels);
    for (const std::string& level : levels) {
      add(SubgroupColumns()[d], level, sums[place.at(level)]);
    }
  }
}

}  // namespace

std::vector<size_t> TopBands(const std::vector<double>& scores,
                             const std::vector<double>& shares) {
  std::vector<size_t> order(scores.size());
  std::iota(order.rbegin(), order.rend(), size_t{0});
  if (!std::is_sorted(scores.begin(), scores.end())) {
    std::sort(order.begin(), order.end(),
              [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  }
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
  TALLY_ASSIGN_OR_RETURN(LogisticData trained,
                         ReadTraining(context, definition.features, training));
  const std::vector<size_t> dropped = DropRareFeatures(trained);
  if (!dropped.empty()) {
    std::vector<std::string> names;
    for (const size_t i : dropped) names.push_back(definition.features[i]);
    model.notes.push_back(
        absl::StrFormat("Left out, for a level has fewer than 8 events: %s.",
                        JoinText(names, ", ")));
  }
  const absl::StatusOr<LogisticModel> fitted = FitLogistic(trained);
  if (!fitted.ok()) {
    if (fitted.status().code() != absl::StatusCode::kFailedPrecondition) {
      return fitted.status();
    }
    model.notes.push_back(absl::StrFormat("The model is refused: %s.",
                                          fitted.status().message()));
    return model;
  }
  TALLY_ASSIGN_OR_RETURN(ModelData judged,
                         ReadJudged(context, definition.features, judging));
  DropFeatures(judged.data, dropped);
  const std::vector<ModelPerson> people = PeopleByScore(judged, *fitted);
  std::vector<double> p;
  std::vector<uint8_t> y;
  p.reserve(people.size());
  y.reserve(people.size());
  for (const ModelPerson& person : people) {
    p.push_back(person.p);
    y.push_back(person.outcome);
  }
  model.figures = JudgeRanks(p, y);
  model.figures.brier = BrierScore(p, y);
  const Calibration calibration = CalibrationOf(p, y);
  model.figures.intercept = calibration.intercept;
  model.figures.slope = calibration.slope;
  model.fitted = true;
  FillBands(judged, people, TopBands(p, {0.005, 0.045, 0.15}), model);
  FillGroups(judged, people, TopBands(p, std::vector<double>(kTenths - 1, 0.1)),
             model);
  return model;
}

}  // namespace tally::analytics
