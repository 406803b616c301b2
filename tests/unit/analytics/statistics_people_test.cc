// Life tables, survival and logistic models against published data, worked
// values and properties.
#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <vector>

#include "analytics/statistics/life_expectancy.h"
#include "analytics/statistics/logistic.h"
#include "analytics/statistics/survival.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

void ExpectWithin(double got, double want, double tolerance) {
  EXPECT_NEAR(got, want, tolerance * std::fabs(want));
}

std::vector<LifeBandCounts> LifeTable() {
  const std::vector<double> deaths = {60,  8,    6,    7,    22,   35,  41,
                                      52,  78,   110,  160,  240,  360, 560,
                                      820, 1250, 1900, 2700, 3100, 3900};
  const std::vector<double> people = {
      11000, 45000, 58000, 57000, 54000, 60000, 66000, 69000, 68000, 64000,
      60000, 67000, 70000, 64000, 53000, 46000, 42000, 30000, 19000, 11500};
  std::vector<LifeBandCounts> bands;
  for (size_t i = 0; i < 20; ++i) bands.push_back({deaths[i], people[i]});
  return bands;
}

TEST(LifeExpectancy, EqualsTheFormulasInFortyDigits) {
  const auto table = LifeExpectancy(LifeTable());
  const struct {
    size_t band;
    double value, lower, upper;
  } kWorked[] = {
      {0, 78.209110561515876, 77.961257406607688, 78.456963716424065},
      {13, 21.503635226138827, 21.351893592913022, 21.655376859364631},
      {19, 2.9487179487179487, 2.8561737880707204, 3.041262109365177},
  };
  for (const auto& want : kWorked) {
    ExpectWithin(table[want.band].value.value(), want.value, 1e-13);
    ExpectWithin(table[want.band].lower.value(), want.lower, 1e-13);
    ExpectWithin(table[want.band].upper.value(), want.upper, 1e-13);
  }
}

TEST(LifeExpectancy, FallsWhenMoreDie) {
  const auto before = LifeExpectancy(LifeTable());
  for (size_t band = 0; band < 20; ++band) {
    std::vector<LifeBandCounts> bands = LifeTable();
    bands[band].deaths *= 1.5;
    const auto after = LifeExpectancy(bands);
    for (size_t i = 0; i < 20; ++i) {
      if (i <= band) {
        EXPECT_LT(after[i].value.value(), before[i].value.value());
      } else {
        ExpectWithin(after[i].value.value(), before[i].value.value(), 1e-12);
      }
    }
  }
}

TEST(LifeExpectancy, StandsWithABandInWhichNobodyDies) {
  std::vector<LifeBandCounts> bands = LifeTable();
  bands[2].deaths = 0;
  EXPECT_TRUE(LifeExpectancy(bands)[0].upper.known());
}

TEST(LifeExpectancy, RefusesWhatItsRulesRefuse) {
  const auto reason = [](const std::vector<LifeBandCounts>& bands) {
    const auto table = LifeExpectancy(bands);
    EXPECT_EQ(table.size(), 20u);
    return table[0].value.reason();
  };
  std::vector<LifeBandCounts> bands = LifeTable();
  bands[4].population = 0;
  EXPECT_EQ(reason(bands), NaReason::kEmptyBand);
  bands = LifeTable();
  bands[4].deaths = bands[4].population + 1;
  EXPECT_EQ(reason(bands), NaReason::kInconsistent);
  bands = LifeTable();
  bands[19].deaths = 0;
  EXPECT_EQ(reason(bands), NaReason::kTooFewEvents);
  bands = LifeTable();
  for (LifeBandCounts& band : bands) band = {band.deaths > 0 ? 1.0 : 0, 250};
  EXPECT_EQ(reason(bands), NaReason::kTooFewValues);  // 5,000 people
  bands = LifeTable();
  bands.push_back({1, 1000});
  EXPECT_EQ(reason(bands), NaReason::kInconsistent);
  EXPECT_EQ(reason({{1, 10000}}), NaReason::kInconsistent);
}

TEST(LifeExpectancy, MayEndWithAnEarlierOpenBand) {
  // 85 and over as one: who is 85 lives 1 / M years more.
  std::vector<LifeBandCounts> bands = LifeTable();
  const double deaths = bands[18].deaths + bands[19].deaths;
  const double people = bands[18].population + bands[19].population;
  const auto whole = LifeExpectancy(bands);
  bands.pop_back();
  bands[18] = {deaths, people};
  const auto table = LifeExpectancy(bands);
  ASSERT_EQ(table.size(), 19u);
  EXPECT_NEAR(table[18].value.value(), people / deaths, 1e-9);
  EXPECT_NEAR(table[0].value.value(), whole[0].value.value(), 0.5);
}

TEST(LifeExpectancy, SaysNothingBeyondTwentyYearsOfWidth) {
  std::vector<LifeBandCounts> bands(20, LifeBandCounts{0, 300});
  bands[19] = {1, 300};
  EXPECT_EQ(LifeExpectancy(bands)[0].value.reason(), NaReason::kTooWide);
}

TEST(LifeBandOfAge, KeepsInfantsApart) {
  EXPECT_EQ(LifeBandOfAge(-1), 0);
  EXPECT_EQ(LifeBandOfAge(0), 0);
  EXPECT_EQ(LifeBandOfAge(1), 1);
  EXPECT_EQ(LifeBandOfAge(4), 1);
  EXPECT_EQ(LifeBandOfAge(5), 2);
  EXPECT_EQ(LifeBandOfAge(89), 18);
  EXPECT_EQ(LifeBandOfAge(90), 19);
  EXPECT_EQ(LifeBandOfAge(104), 19);
}

// Remission of leukaemia in weeks, treated and not (Freireich et al., 1963).
std::vector<SurvivalTime> Treated() {
  return {{6, true},  {6, true},   {6, true},   {6, false},  {7, true},
          {9, false}, {10, true},  {10, false}, {11, false}, {13, true},
          {16, true}, {17, false}, {19, false}, {20, false}, {22, true},
          {23, true}, {25, false}, {32, false}, {32, false}, {34, false},
          {35, false}};
}
std::vector<SurvivalTime> Untreated() {
  std::vector<SurvivalTime> out;
  for (const int64_t week : {1, 1, 2,  2,  3,  4,  4,  5,  5,  8, 8,
                             8, 8, 11, 11, 12, 12, 15, 17, 22, 23}) {
    out.push_back({week, true});
  }
  return out;
}

TEST(KaplanMeier, EqualsPublishedCurve) {
  const auto steps = KaplanMeier(CountSurvival(Treated()));
  const struct {
    int64_t days;
    double at_risk, events, survival, lower, upper;
  } kPublished[] = {
      {6, 21, 3, 0.857142857, 0.619718, 0.951552},
      {7, 17, 1, 0.806722689, 0.563147, 0.922809},
      {10, 15, 1, 0.752941176, 0.503200, 0.889362},
      {13, 12, 1, 0.690196078, 0.431610, 0.849066},
      {16, 11, 1, 0.627450980, 0.367511, 0.804912},
      {22, 7, 1, 0.537815126, 0.267779, 0.746791},
      {23, 6, 1, 0.448179272, 0.188052, 0.680143},
  };
  ASSERT_EQ(steps.size(), std::size(kPublished));
  for (size_t i = 0; i < steps.size(); ++i) {
    EXPECT_EQ(steps[i].days, kPublished[i].days);
    EXPECT_EQ(steps[i].at_risk, kPublished[i].at_risk);
    EXPECT_EQ(steps[i].events, kPublished[i].events);
    EXPECT_NEAR(steps[i].survival.value.value(), kPublished[i].survival, 1e-9);
    EXPECT_NEAR(steps[i].survival.lower.value(), kPublished[i].lower, 1e-6);
    EXPECT_NEAR(steps[i].survival.upper.value(), kPublished[i].upper, 1e-6);
  }
}

TEST(KaplanMeier, WithoutCensoringIsTheShareThatIsLeft) {
  const auto people = Untreated();
  for (const SurvivalStep& step : KaplanMeier(CountSurvival(people))) {
    const auto left = std::count_if(
        people.begin(), people.end(),
        [&](const SurvivalTime& p) { return p.days > step.days; });
    EXPECT_NEAR(step.survival.value.value(), static_cast<double>(left) / 21,
                1e-12);
  }
}

TEST(KaplanMeier, StopsWhereCountsContradict) {
  const std::vector<SurvivalCounts> counts = {{1, 9, 3}, {2, 3, 6}, {3, 3, 3}};
  const auto steps = KaplanMeier(counts);
  EXPECT_TRUE(steps[0].survival.value.known());
  EXPECT_EQ(steps[1].survival.value.reason(), NaReason::kInconsistent);
  EXPECT_EQ(steps[2].survival.value.reason(), NaReason::kInconsistent);
}

TEST(LogRank, EqualsPublishedTest) {
  const std::vector<std::vector<SurvivalTime>> groups = {Treated(),
                                                         Untreated()};
  const LogRank test = LogRankTest(groups);
  ExpectWithin(test.chi_squared.value(), 16.792940989216547, 1e-12);
  ExpectWithin(test.p.value(), 4.168809109334511e-05, 1e-10);
  EXPECT_EQ(test.degrees, 1);
}

TEST(LogRank, ComparesThreeGroups) {
  std::vector<std::vector<SurvivalTime>> groups(3);
  const auto all = Treated();
  for (size_t i = 0; i < all.size(); ++i) groups[i / 7].push_back(all[i]);
  groups.emplace_back();  // nobody: not a group
  const LogRank test = LogRankTest(groups);
  ExpectWithin(test.chi_squared.value(), 18.56847639193336, 1e-11);
  ExpectWithin(test.p.value(), 9.287665866569044e-05, 1e-10);
  EXPECT_EQ(test.degrees, 2);
}

TEST(LogRank, HasReasonsWhereNothingCanBeCompared) {
  std::vector<std::vector<SurvivalTime>> groups = {Treated()};
  EXPECT_EQ(LogRankTest(groups).p.reason(), NaReason::kTooFewValues);
  groups = {{{5, false}}, {{6, false}}};
  EXPECT_EQ(LogRankTest(groups).p.reason(), NaReason::kTooFewEvents);
}

// Temperature and damage of 23 flights (Dalal, Fowlkes, Hoadley, 1989).
LogisticData Flights() {
  const std::vector<double> temperature = {66, 70, 69, 68, 67, 72, 73, 70,
                                           57, 63, 70, 78, 67, 53, 67, 75,
                                           70, 81, 76, 79, 75, 76, 58};
  return {1, temperature, {0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0,
                           0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1}};
}

std::vector<double> PredictAll(const LogisticModel& model,
                               const LogisticData& data) {
  std::vector<double> p;
  for (size_t i = 0; i < data.rows(); ++i) {
    p.push_back(model.Predict(
        std::span(data.x).subspan(i * data.features, data.features)));
  }
  return p;
}

TEST(FitLogistic, EqualsAnIndependentFit) {
  const auto model = FitLogistic(Flights());
  ASSERT_TRUE(model.ok());
  ExpectWithin(model->intercept, 15.022692212171663, 1e-8);
  ExpectWithin(model->coefficients[0], -0.2318654555896462, 1e-8);
  // Without the ridge, published: 15.043 and -0.232.
  EXPECT_NEAR(model->intercept, 15.043, 0.03);
  const auto p = PredictAll(*model, Flights());
  EXPECT_DOUBLE_EQ(AreaUnderCurve(p, Flights().y).value(), 0.78125);
  ExpectWithin(BrierScore(p, Flights().y).value(), 0.1385259823603193, 1e-9);
}

// People whose outcomes come by quota from known coefficients.
LogisticData Planted() {
  LogisticData data;
  data.features = 2;
  for (int a = 0; a < 2; ++a) {
    for (int b = 0; b < 10; ++b) {
      const double p = 1 / (1 + std::exp(2.5 - 1.2 * a - 0.25 * b));
      const int events = static_cast<int>(std::lround(4000 * p));
      for (int i = 0; i < 4000; ++i) {
        data.x.push_back(a);
        data.x.push_back(b);
        data.y.push_back(i < events ? 1 : 0);
      }
    }
  }
  return data;
}

TEST(FitLogistic, FindsPlantedCoefficients) {
  const LogisticData data = Planted();
  const auto model = FitLogistic(data);
  ASSERT_TRUE(model.ok());
  EXPECT_NEAR(model->intercept, -2.5, 0.005);
  EXPECT_NEAR(model->coefficients[0], 1.2, 0.005);
  EXPECT_NEAR(model->coefficients[1], 0.25, 0.001);
  const auto p = PredictAll(*model, data);
  const Calibration calibration = CalibrationOf(p, data.y);
  EXPECT_NEAR(calibration.intercept.value(), 0, 0.002);
  EXPECT_NEAR(calibration.slope.value(), 1, 0.002);
  for (const CalibrationGroup& group : CalibrationGroups(p, data.y, 10)) {
    EXPECT_NEAR(group.people, 8000, 1e-6);
    EXPECT_NEAR(group.observed / group.expected, 1, 0.01);
  }
}

// The same people, those who are alike in one row.
LogisticData Shared(const LogisticData& data) {
  std::map<std::pair<std::vector<double>, uint8_t>, double> rows;
  for (size_t i = 0; i < data.rows(); ++i) {
    const auto begin = data.x.begin() + static_cast<long>(i * data.features);
    ++rows[{{begin, begin + static_cast<long>(data.features)}, data.y[i]}];
  }
  LogisticData shared{.features = data.features, .x = {}, .y = {}};
  for (const auto& [row, people] : rows) {
    shared.x.insert(shared.x.end(), row.first.begin(), row.first.end());
    shared.y.push_back(row.second);
    shared.people.push_back(people);
  }
  return shared;
}

TEST(FitLogistic, GivesTheSameWhereThoseWhoAreAlikeShareARow) {
  for (const LogisticData& data : {Planted(), Flights()}) {
    const LogisticData shared = Shared(data);
    EXPECT_LT(shared.rows(), data.rows());
    const auto one = FitLogistic(data), other = FitLogistic(shared);
    ASSERT_TRUE(one.ok() && other.ok());
    ExpectWithin(other->intercept, one->intercept, 1e-10);
    for (size_t i = 0; i < data.features; ++i) {
      ExpectWithin(other->coefficients[i], one->coefficients[i], 1e-10);
    }
  }
}

TEST(FitLogistic, RefusesRowsOfNobody) {
  LogisticData data = Flights();
  data.people.assign(data.rows(), 1);
  ASSERT_TRUE(FitLogistic(data).ok());
  data.people[7] = 0;
  EXPECT_EQ(FitLogistic(data).status().code(),
            absl::StatusCode::kInvalidArgument);
  data.people.pop_back();
  EXPECT_EQ(FitLogistic(data).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(FitLogistic, IgnoresAFeatureWithoutVariation) {
  LogisticData data = Flights();
  LogisticData wide{.features = 2, .x = {}, .y = data.y};
  for (const double t : data.x) {
    wide.x.push_back(3);
    wide.x.push_back(t);
  }
  const auto narrow = FitLogistic(data);
  const auto model = FitLogistic(wide);
  ASSERT_TRUE(narrow.ok() && model.ok());
  EXPECT_EQ(model->coefficients[0], 0);
  ExpectWithin(model->coefficients[1], narrow->coefficients[0], 1e-9);
}

TEST(FitLogistic, RefusesSeparation) {
  EXPECT_EQ(FitLogistic({1, {1, 2, 3, 4}, {0, 0, 1, 1}}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(FitLogistic({1, {4, 3, 2, 1}, {0, 0, 1, 1}}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  // Neither feature alone, both together.
  EXPECT_EQ(FitLogistic({2,
                         {0, 0, 1, 2, 2, 1, 3, 3, 1, 0, 0, 1, 2, 3, 3, 2},
                         {1, 1, 0, 0, 0, 1, 1, 0}})
                .status()
                .code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(FitLogistic({1, {1, 2, 3}, {1, 1, 1}}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(FitLogistic, HoldsALevelWithoutEventsByItsPenalty) {
  // Oracle: Newton's method on the penalised likelihood, in Python.
  const auto model = FitLogistic({1, {1, 1, 0, 0, 0}, {0, 0, 1, 0, 1}});
  ASSERT_TRUE(model.ok()) << model.status();
  ExpectWithin(model->coefficients[0], -8.296489761140764, 1e-6);
  ExpectWithin(model->intercept, 0.69165418372453, 1e-6);
  // Values that meet in one point separate nobody either.
  EXPECT_TRUE(FitLogistic({1, {1, 2, 2, 3}, {0, 0, 1, 1}}).ok());
}

TEST(DropRareFeatures, TakesOutLevelsWithFewEvents) {
  // Of 40 people 20 have the event. Level 1 of the features has 8 and 7 events,
  // 13 (so 7 are in level 0), 0; the last is a number, however rare.
  LogisticData data{.features = 5, .x = {}, .y = {}};
  for (int i = 0; i < 40; ++i) {
    data.y.push_back(i < 20 ? 1 : 0);
    data.x.insert(data.x.end(),
                  {i < 8 ? 1.0 : 0.0, i < 7 ? 1.0 : 0.0, i < 13 ? 1.0 : 0.0,
                   i == 39 ? 1.0 : 0.0, i == 39 ? 2.0 : 0.0});
  }
  LogisticData later = data;
  const std::vector<size_t> dropped = DropRareFeatures(data);
  EXPECT_EQ(dropped, (std::vector<size_t>{1, 2, 3}));
  EXPECT_EQ(data.features, 2u);
  ASSERT_EQ(data.x.size(), 80u);
  EXPECT_EQ(data.x[14], 1.0);  // of the eighth person
  EXPECT_EQ(data.x[16], 0.0);
  EXPECT_EQ(data.x[79], 2.0);
  DropFeatures(later, dropped);
  EXPECT_EQ(later.x, data.x);
  EXPECT_EQ(DropRareFeatures(later, 9), (std::vector<size_t>{0}));
}

TEST(DropRareFeatures, CountsThePeopleOfARow) {
  // Level 1 of the first has five people with the event, of the second nine.
  LogisticData data{.features = 2, .x = {1, 0, 0, 1, 0, 0}, .y = {1, 1, 1}};
  data.people = {5, 9, 9};
  EXPECT_EQ(DropRareFeatures(data), (std::vector<size_t>{0}));
  EXPECT_EQ(data.x, (std::vector<double>{0, 1, 0}));
}

TEST(FitLogistic, RefusesDataOfOtherSizes) {
  EXPECT_EQ(FitLogistic({2, {1, 2, 3}, {0, 1}}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FitLogistic({1, {1, 2}, {0, 2}}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(AreaUnderCurve, CountsTiesHalf) {
  const std::vector<double> p = {0.1, 0.4, 0.4, 0.8};
  EXPECT_DOUBLE_EQ(AreaUnderCurve(p, std::vector<uint8_t>{0, 1, 0, 1}).value(),
                   0.875);
  EXPECT_DOUBLE_EQ(AreaUnderCurve(std::vector<double>(4, 0.3),
                                  std::vector<uint8_t>{0, 1, 0, 1})
                       .value(),
                   0.5);
  EXPECT_EQ(AreaUnderCurve(p, std::vector<uint8_t>{0, 0, 0, 0}).reason(),
            NaReason::kTooFewEvents);
}

TEST(Capture, SharesTiesAtTheCut) {
  const std::vector<double> p = {0.9, 0.5, 0.5, 0.5, 0.5,
                                 0.1, 0.1, 0.1, 0.1, 0.1};
  const std::vector<uint8_t> y = {1, 1, 1, 0, 0, 1, 0, 0, 0, 0};
  EXPECT_DOUBLE_EQ(Capture(p, y, 0.1).value(), 0.25);
  EXPECT_DOUBLE_EQ(Capture(p, y, 0.3).value(), 0.5);  // half of the four
  EXPECT_DOUBLE_EQ(Capture(p, y, 1).value(), 1);
}

TEST(ModelFigures, DoNotHangOnTheOrderOfRows) {
  LogisticData data = Planted();
  const auto model = FitLogistic(data);
  ASSERT_TRUE(model.ok());
  std::vector<double> p = PredictAll(*model, data);
  std::vector<size_t> order(p.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937_64(3));
  std::vector<double> p2;
  std::vector<uint8_t> y2;
  for (const size_t i : order) {
    p2.push_back(p[i]);
    y2.push_back(data.y[i]);
  }
  EXPECT_EQ(AreaUnderCurve(p, data.y).value(), AreaUnderCurve(p2, y2).value());
  for (const double top : {0.005, 0.05, 0.2}) {
    EXPECT_EQ(Capture(p, data.y, top).value(), Capture(p2, y2, top).value());
  }
}

TEST(Calibration, SlopeUndoesAStretchedScore) {
  const LogisticData data = Planted();
  const auto model = FitLogistic(data);
  ASSERT_TRUE(model.ok());
  std::vector<double> p = PredictAll(*model, data);
  for (double& value : p) {
    const double logit = std::log(value / (1 - value));
    value = 1 / (1 + std::exp(-logit / 2));
  }
  EXPECT_NEAR(CalibrationOf(p, data.y).slope.value(), 2, 0.005);
}

}  // namespace
}  // namespace tally::analytics
