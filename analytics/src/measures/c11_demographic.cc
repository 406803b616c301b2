// C11: activity at the projected population, from one year's activity by sex
// and age band.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/measures/reference.h"
#include "base/status.h"
#include "measures/c11_forecast.h"
#include "measures/counted.h"
#include "measures/counts.h"
#include "measures/event_lists.h"
#include "measures/kinds.h"
#include "measures/strata.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

// People by sex and age band.
using PeopleByAgeSex = std::map<std::pair<std::string, std::string>, double>;

// The people of each year.
absl::StatusOr<std::map<int64_t, PeopleByAgeSex>> PeopleByYear(
    const ReferenceFile& file) {
  std::map<int64_t, PeopleByAgeSex> years;
  for (size_t row = 0; row < file.rows(); ++row) {
    const bool is_new =
        years[file.Integer(row, 0)]
            .emplace(std::pair(file.Text(row, 1), file.Text(row, 2)),
                     static_cast<double>(file.Integer(row, 3)))
            .second;
    if (!is_new) return file.ErrorAt(row, "this sex and age band come twice");
  }
  return years;
}

absl::StatusOr<DerivedTable> DemographicTable(const DeriveContext& context,
                                              const GatedTable& source,
                                              std::string citation) {
  TableInfo info = context.Info("forecast_demographic",
                                "Activity at the projected population", source);
  info.method = "Activity by sex and age band, times the projected people";
  info.notes = {std::move(citation),
                "*: a sex and age band of the year is not printed. NA: the "
                "projection lacks one."};
  return DerivedTable::Create(
      std::move(info),
      {DimensionColumn("pod", "Type"),
       DimensionColumn("year", "Financial year"),
       DerivedColumn("base", "One year now", "events"),
       DerivedColumn("projected", "Projected", "events"),
       DerivedColumn("factor", "Factor")},
      {&source});
}

// One type of activity, now and with the people of a year to come.
struct ProjectedPod {
  double base = 0;
  double projected = 0;
  bool hidden = false;   // a sex and age band is not printed
  bool missing = false;  // the projection lacks one
};

// The projected people of a sex and age band. The list of a year before the
// snapshot ends with an open band such as 85+: that is all bands from there on.
std::optional<double> ProjectedPeople(const PeopleByAgeSex& people,
                                      const std::string& sex,
                                      const std::string& band) {
  const auto found = people.find({sex, band});
  if (found != people.end()) return found->second;
  const std::optional<int> open = FirstAgeOfBand(band);
  if (!band.ends_with('+') || !open.has_value()) return std::nullopt;
  std::optional<double> sum;
  for (const auto& [key, count] : people) {
    const std::optional<int> from = FirstAgeOfBand(key.second);
    if (key.first != sex || !from.has_value() || *from < *open) continue;
    sum = sum.value_or(0) + count;
  }
  return sum;
}

ProjectedPod Project(const GatedTable& source, const std::vector<size_t>& rows,
                     const PeopleByAgeSex& people) {
  ProjectedPod pod;
  for (const size_t row : rows) {
    const auto events = source.at(row, "events").number();
    const auto now = source.at(row, "people").number();
    const std::optional<double> then =
        ProjectedPeople(people, source.at(row, "sex").text(),
                        source.at(row, "age_band").text());
    if (!events.has_value() || !now.has_value()) {
      pod.hidden = true;
    } else if (*events > 0 && (!then.has_value() || *now <= 0)) {
      pod.missing = true;
    } else if (*events > 0) {
      pod.base += *events;
      pod.projected += *events / *now * *then;
    }
  }
  return pod;
}

DerivedCell ProjectedCell(const ProjectedPod& pod, double value, int decimals) {
  if (pod.hidden) return DerivedCell::Star();
  if (pod.missing || !(pod.base > 0)) {
    return DerivedCell::Na(NaReason::kReferenceMissing);
  }
  return DerivedCell::Number(value, decimals);
}

}  // namespace

absl::StatusOr<RawTable> ActivityAgeSexTable(
    const MeasureContext& context, const std::vector<std::string>& pods) {
  TALLY_ASSIGN_OR_RETURN(const CivilDay first, context.month.AddMonths(-11));
  TALLY_ASSIGN_OR_RETURN(const EventLists lists,
                         MakeEventLists(context, first));
  TALLY_ASSIGN_OR_RETURN(
      const KindStrata counted,
      CountKinds(context, {},
                 absl::StrFormat("(SELECT pod AS kind, person, month FROM "
                                 "activity WHERE month >= DATE '%s')",
                                 first.ToIso()),
                 lists));
  TableInfo info = context.Info("activity_age_sex",
                                "Activity of one year by sex and age band");
  info.notes.emplace_back(
      "Of the 12 months that end with the month, of people on a list in its "
      "month; the list is that of the middle.");
  TableBuilder table(std::move(info));
  table.Dimension("pod", "Type")
      .Dimension("sex", "Sex")
      .Dimension("age_band", "Age band")
      .Events("events", "Events")
      .Persons("people", "On the list");
  for (const std::string& pod : pods) {
    const Strata strata = SumOfGroups(counted.Of(pod));
    std::vector<Group> levels;
    for (const auto& [key, stratum] : strata) {
      levels.push_back({key.first, key.second});
    }
    std::sort(levels.begin(), levels.end(), [](const Group& a, const Group& b) {
      return std::lexicographical_compare(a.begin(), a.end(), b.begin(),
                                          b.end(), LevelLess);
    });
    for (const Group& level : levels) {
      const Stratum& stratum = strata.at({level[0], level[1]});
      table.Set(table.AddRow({pod, level[0], level[1]}), "events",
                stratum.events);
      table.Set(table.rows() - 1, "people", stratum.people)
          .Counted(table.rows() - 1, "people",
                   CountedPeople(lists.middle,
                                 {{"sex", level[0]}, {"age_band", level[1]}}));
    }
  }
  return table.Finish();
}

absl::StatusOr<std::optional<DerivedTable>> DemographicForecast(
    const DeriveContext& context) {
  const GatedTable* source =
      context.Find(context.definition.id(), "activity_age_sex");
  if (source == nullptr) return std::nullopt;
  // Each row is of one year, most of them to come.
  TALLY_ASSIGN_OR_RETURN(
      const ReferenceFile file,
      ReferenceFile::Read(context.comparators, kProjectionFile,
                          {{"year", ReferenceType::kInteger},
                           {"sex", ReferenceType::kText},
                           {"age_band", ReferenceType::kText},
                           {"people", ReferenceType::kInteger}},
                          kAnyMonth));
  TALLY_ASSIGN_OR_RETURN(const auto years, PeopleByYear(file));
  TALLY_ASSIGN_OR_RETURN(DerivedTable table,
                         DemographicTable(context, *source, file.Citation()));
  std::map<std::string, std::vector<size_t>> pods;
  for (size_t row = 0; row < source->rows(); ++row) {
    pods[source->at(row, "pod").text()].push_back(row);
  }
  for (const auto& [pod, rows] : pods) {
    for (const auto& [year, people] : years) {
      const ProjectedPod sum = Project(*source, rows, people);
      TALLY_RETURN_IF_ERROR(table.AddRow(
          {DerivedCell::Text(pod), DerivedCell::Text(std::to_string(year)),
           ProjectedCell(sum, sum.base, 0),
           ProjectedCell(sum, sum.projected, 0),
           ProjectedCell(sum, sum.projected / sum.base, 3)}));
    }
  }
  return table;
}

}  // namespace tally::analytics
