// D09: the printed forecast of C11 against the capacity file.
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/measure.h"
#include "analytics/measures/reference.h"
#include "base/status.h"
#include "measures/activity.h"
#include "measures/c11_forecast.h"
#include "measures/indicator_series.h"
#include "measures/level_words.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kForecastSource = "C11";

// provider, pod, tfc, month.
using CapacityKey =
    std::tuple<std::string, std::string, std::string, std::string>;

absl::StatusOr<std::map<CapacityKey, int64_t>> ReadCapacity(
    const ReferenceFile& file) {
  std::map<CapacityKey, int64_t> capacity;
  for (size_t row = 0; row < file.rows(); ++row) {
    if (file.Integer(row, 4) < 0) {
      return file.ErrorAt(row, "capacity is below 0");
    }
    if (!CivilDay::Parse(file.Text(row, 3) + "-01").ok()) {
      return file.ErrorAt(row, "month is as 2027-04");
    }
    const CapacityKey key(file.Text(row, 0), file.Text(row, 1),
                          file.Text(row, 2), file.Text(row, 3));
    if (!capacity.emplace(key, file.Integer(row, 4)).second) {
      return file.ErrorAt(row, "this line is there twice");
    }
  }
  return capacity;
}

// The line of the plan that a row of the forecast is, or nothing.
std::optional<CapacityKey> PlanLine(const GatedTable& forecast, size_t row) {
  const std::string all(kAllLevels);
  const std::string& by = forecast.at(row, "by").text();
  const std::string& level = forecast.at(row, "level").text();
  const std::string& pod = forecast.at(row, "pod").text();
  const std::string& month = forecast.at(row, "month").text();
  if (level == kOtherLevels) return std::nullopt;
  if (by == "provider") return CapacityKey(level, pod, all, month);
  if (by == "specialty") return CapacityKey(all, pod, level, month);
  return std::nullopt;
}

// A month to come has a point or a hidden one; counted months have neither.
bool IsToCome(const GatedTable& forecast, size_t row) {
  return forecast.at(row, "actual").state() == GatedCell::State::kNotAvailable;
}

// The plan of a line in the month of a row of the forecast, beside what its
// capacity file has for it.
std::vector<DerivedCell> PlanRow(const CapacityKey& line,
                                 const GatedTable& forecast, size_t row,
                                 std::optional<int64_t> capacity) {
  DerivedCell reach = DerivedCell::Na(NaReason::kReferenceMissing);
  DerivedCell gap = reach;
  if (capacity.has_value()) {
    const auto most = static_cast<double>(*capacity);
    const auto plan = forecast.at(row, "point").number();
    reach = DerivedCell::Number(most, 0);
    gap = plan.has_value() ? DerivedCell::Number(*plan - most, 0)
                           : DerivedCell::Star();
  }
  const auto& [provider, pod, tfc, month] = line;
  return {DerivedCell::Copy(forecast.at(row, "series")),
          DerivedCell::Text(provider),
          DerivedCell::Text(pod),
          DerivedCell::Text(tfc),
          DerivedCell::Text(month),
          DerivedCell::Copy(forecast.at(row, "point")),
          DerivedCell::Copy(forecast.at(row, "lo95")),
          DerivedCell::Copy(forecast.at(row, "hi95")),
          reach,
          gap};
}

class ActivityPlan : public Measure {
 public:
  absl::StatusOr<std::vector<DerivedTable>> Derive(
      const DeriveContext& context) const override {
    std::vector<DerivedTable> tables;
    const GatedTable* forecast = context.Find(kForecastSource, "forecast");
    if (forecast == nullptr) return tables;
    // Each row is the capacity of one month, most of them to come.
    TALLY_ASSIGN_OR_RETURN(
        const ReferenceFile file,
        ReferenceFile::Read(context.comparators, "capacity",
                            {{"provider", ReferenceType::kText},
                             {"pod", ReferenceType::kText},
                             {"tfc", ReferenceType::kText},
                             {"month", ReferenceType::kText},
                             {"capacity", ReferenceType::kInteger}},
                            kAnyMonth));
    TALLY_ASSIGN_OR_RETURN(const auto capacity, ReadCapacity(file));
    TableInfo info = context.Info(
        "activity_plan", "Indicative plan against capacity", *forecast);
    info.notes = {"Capacity: " + file.Citation(),
                  "Gap: plan less capacity; above 0 capacity does not reach."};
    TALLY_ASSIGN_OR_RETURN(
        DerivedTable table,
        DerivedTable::Create(
            std::move(info),
            {WordColumn("series", "Line"),
             DimensionColumn("provider", "Provider"),
             DimensionColumn("pod", "Type"),
             DimensionColumn("tfc", "Treatment function"),
             DimensionColumn("month", "Month"),
             DerivedColumn("plan", "Plan", "events"),
             DerivedColumn("lo", "Lower limit", "events"),
             DerivedColumn("hi", "Upper limit", "events"),
             DerivedColumn("capacity", "Capacity", "events"),
             DerivedColumn("gap", "Plan less capacity", "events")},
            {forecast}));
    for (size_t row = 0; row < forecast->rows(); ++row) {
      const std::optional<CapacityKey> line = PlanLine(*forecast, row);
      if (!line.has_value() || !IsToCome(*forecast, row)) continue;
      const auto found = capacity.find(*line);
      TALLY_RETURN_IF_ERROR(table.AddRow(
          PlanRow(*line, *forecast, row,
                  found == capacity.end() ? std::nullopt
                                          : std::optional(found->second))));
    }
    tables.push_back(std::move(table));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition&,
      const std::vector<GatedTable>& tables) const override {
    std::vector<PagePart> parts;
    const GatedTable* table = PrintedTable(tables, "activity_plan");
    if (table == nullptr || table->rows() == 0) return parts;
    struct CapacityLine {
      int months = 0, short_of = 0;
    };
    std::map<std::string, CapacityLine> lines;
    for (size_t row = 0; row < table->rows(); ++row) {
      const auto gap = table->at(row, "gap").number();
      CapacityLine& line = lines[SeriesWords(table->at(row, "series").text())];
      line.months += gap.has_value();
      line.short_of += gap.value_or(0) > 0;
    }
    std::string first = SeriesWords(table->at(0, "series").text());
    for (const auto& [name, line] : lines) {
      if (line.short_of > lines.at(first).short_of) first = name;
    }
    Chart chart("activity-plan", "fan", *table,
                {"series", "month", "plan", "lo", "hi", "capacity", "gap"},
                [](const GatedTable&, size_t) { return true; });
    chart.SayLevels("series", SeriesWords);
    chart.SelectBy("series", "Line", first);
    for (const auto& [name, line] : lines) {
      const std::string words =
          line.months == 0
              ? absl::StrFormat("%s: planned by month; capacity is not known",
                                name)
              : absl::StrFormat("%s: capacity falls short of the plan in %s",
                                name,
                                PartOf(line.short_of, line.months,
                                       {"month", "months"}, {"", ""}));
      chart.Describe(name, words, words + ". Plan with its 95 % interval.");
    }
    chart.unit = "events";
    chart.options.Set("x", "month")
        .Set("point", "plan")
        .Set("lo95", "lo")
        .Set("hi95", "hi")
        .Set("plan", "capacity")
        .Set("plan_label", "capacity");
    PagePart capacity{"capacity", {{2, chart.title + "."}}, {}};
    capacity.charts.push_back(std::move(chart));
    parts.push_back(std::move(capacity));
    return parts;
  }
};

}  // namespace

std::unique_ptr<Measure> MakeD09() { return std::make_unique<ActivityPlan>(); }

}  // namespace tally::analytics
