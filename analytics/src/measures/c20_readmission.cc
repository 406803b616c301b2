// C20: emergency readmission within 30 days, and within 28 days without well
// babies.
#include "measures/c20_readmission.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/patient_list.h"
#include "analytics/statistics/standardise.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/counts.h"
#include "measures/hospital.h"
#include "measures/strata.h"
#include "measures/table_months.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

// Ratios are printed as 100 x observed / expected.
constexpr double kReadmissionRatio = 100;
// Age band, sex, admission and diagnosis group of an index.
constexpr std::string_view kStratumColumns =
    "age_band, sex, admission, diagnosis";
constexpr size_t kStratumLevels = 4;

// One variant of the measure.
struct ReadmissionForm {
  const char* table;
  const char* title;
  int last_day;  // of the gap
  bool well_babies;
};
constexpr ReadmissionForm kThirtyDays = {
    "readmission_30d", "Emergency readmission within 30 days", 29, true};
constexpr ReadmissionForm kTwentyEightDays = {
    "readmission_28d", "Emergency readmission within 28 days", 28, false};

constexpr std::string_view kReadmissionProviders = "readmission_provider";
constexpr std::string_view kReadmissionMonths = "readmission_month";
constexpr std::string_view kReadmissionReasons = "readmission_reason";

// A financial year and the months of the run chart.
struct ReadmissionSpan {
  CivilDay year_first;
  CivilDay year_last;
  CivilDay months_first;  // first days; none if the last is before
  CivilDay months_last;
  CivilDay data_first;     // first day that sus_apc covers
  CivilDay history_first;  // of the stays that an index of the year needs

  bool HasYear() const { return data_first <= year_first; }
  bool HasMonths() const { return months_first <= months_last; }
  // A financial year, "2025/26".
  std::string Year() const {
    return absl::StrFormat("%d/%02d", year_first.year(),
                           (year_first.year() + 1) % 100);
  }
};

// The last year, and the last month, of which the release follows every
// discharge for 30 days; months from a year after the admissions begin, so that
// a history stands before each.
absl::StatusOr<ReadmissionSpan> SpanOf(const MeasureContext& context) {
  const int year = context.month.FinancialYear() - 1;
  ReadmissionSpan span;
  TALLY_ASSIGN_OR_RETURN(span.year_first, CivilDay::Create(year, 4, 1));
  TALLY_ASSIGN_OR_RETURN(span.year_last, CivilDay::Create(year + 1, 3, 31));
  TALLY_ASSIGN_OR_RETURN(const double history,
                         context.definition.Parameter("history_days"));
  TALLY_ASSIGN_OR_RETURN(
      span.history_first,
      span.year_first.AddDays(-static_cast<int64_t>(history)));
  TALLY_ASSIGN_OR_RETURN(span.data_first,
                         FirstMonthOfTable(context, "sus_apc"));
  TALLY_ASSIGN_OR_RETURN(span.months_first, span.data_first.AddMonths(12));
  // The first discharge that is not followed to its last day: its month is not
  // whole.
  TALLY_ASSIGN_OR_RETURN(
      const CivilDay open,
      context.month.LastOfMonth().AddDays(1 - kThirtyDays.last_day));
  TALLY_ASSIGN_OR_RETURN(span.months_last, open.FirstOfMonth().AddMonths(-1));
  return span;
}

struct ReadmissionCounts {
  int64_t index = 0;
  int64_t back = 0;
};
using ReadmissionStrata = std::map<std::string, ReadmissionCounts>;
using ReadmissionGroups = std::map<Group, ReadmissionStrata>;

absl::StatusOr<ReadmissionGroups> CountReadmissions(
    const MeasureContext& context, const ReadmissionSpan& span,
    const ReadmissionForm& form, const std::vector<std::string>& by) {
  const std::string columns = JoinText(by, ", ");
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(
          context.connection,
          absl::StrFormat(
              "SELECT %1$s, %2$s, count(*), CAST(count_if(coalesce(gap_days "
              "<= %3$d, false)) AS BIGINT) FROM readmission_index "
              "WHERE discharge_date BETWEEN ? AND ?%4$s GROUP BY %1$s, %2$s",
              columns, kStratumColumns, form.last_day,
              form.well_babies ? "" : " AND NOT well_baby"),
          by.size() + kStratumLevels,
          {engine::Value::Day(span.year_first.days()),
           engine::Value::Day(span.year_last.days())}));
  ReadmissionGroups groups;
  for (const GroupedRow& row : rows) {
    const auto split = row.levels.begin() + static_cast<int64_t>(by.size());
    const Group group(row.levels.begin(), split);
    const std::string stratum = JoinText({split, row.levels.end()}, "|");
    ReadmissionCounts& counts = groups[group][stratum];
    counts.index += row.counts[0];
    counts.back += row.counts[1];
  }
  return groups;
}

// Readmissions to expect in a group at the rates of all together.
absl::StatusOr<double> ExpectedReadmissions(const ReadmissionStrata& group,
                                            const ReadmissionStrata& all) {
  std::vector<ReferenceRate> rates;
  std::vector<BandCounts> index;
  for (const auto& [stratum, counts] : group) {
    const ReadmissionCounts& whole = all.at(stratum);
    rates.push_back({stratum, static_cast<double>(whole.back) /
                                  static_cast<double>(whole.index)});
    index.push_back({stratum, 0, static_cast<double>(counts.index)});
  }
  return ExpectedEvents(index, rates);
}

absl::Status AddReadmissionRow(TableBuilder& table, const Group& group,
                               const ReadmissionStrata& strata,
                               const ReadmissionStrata& all) {
  ReadmissionCounts total;
  for (const auto& [stratum, counts] : strata) {
    total.index += counts.index;
    total.back += counts.back;
  }
  TALLY_ASSIGN_OR_RETURN(const double expected,
                         ExpectedReadmissions(strata, all));
  const size_t row = table.AddRow(group);
  table.Set(row, "index_spells", total.index)
      .Set(row, "readmitted", total.back)
      .SetExpected(row, "ratio", total.back, expected);
  return absl::OkStatus();
}

void AddReadmissionCounts(TableBuilder& table) {
  table.Events("index_spells", "Index spells")
      .Events("readmitted", "Readmitted")
      .Proportion("rate", "Readmission rate", "readmitted", "index_spells");
}

absl::StatusOr<RawTable> ReadmissionTable(const MeasureContext& context,
                                          const ReadmissionSpan& span,
                                          const ReadmissionForm& form,
                                          const std::vector<std::string>& by,
                                          TableBuilder table) {
  AddReadmissionCounts(table);
  table.IndirectRatio("ratio", "Ratio, 100 = as expected", "readmitted",
                      kReadmissionRatio);
  TALLY_ASSIGN_OR_RETURN(const ReadmissionGroups groups,
                         CountReadmissions(context, span, form, by));
  ReadmissionStrata all;
  std::vector<Group> order;
  for (const auto& [group, strata] : groups) {
    order.push_back(group);
    for (const auto& [stratum, counts] : strata) {
      all[stratum].index += counts.index;
      all[stratum].back += counts.back;
    }
  }
  std::sort(order.begin(), order.end(), [](const Group& a, const Group& b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                        LevelLess);
  });
  std::vector<size_t> rows;
  for (const Group& group : order) {
    TALLY_RETURN_IF_ERROR(
        AddReadmissionRow(table, group, groups.at(group), all));
    rows.push_back(table.rows() - 1);
  }
  if (!rows.empty()) {
    TALLY_RETURN_IF_ERROR(AddReadmissionRow(
        table, Group(by.size(), std::string(kAllLevels)), all, all));
    table.Total(table.rows() - 1, rows);
  }
  return table.Finish();
}

absl::StatusOr<TableInfo> YearInfo(const MeasureContext& context,
                                   const ReadmissionSpan& span, int last_day,
                                   std::string table, std::string title) {
  TableInfo info = context.Info(std::move(table), std::move(title));
  info.period = span.Year();
  info.notes = {
      absl::StrFormat("Discharges from %s to %s; readmissions 0 to %d days "
                      "later. Continuous inpatient spells.",
                      span.year_first.ToText(), span.year_last.ToText(),
                      last_day),
      "Expected: rates of the whole release by age band, sex, kind of "
      "admission and chapter of the first diagnosis. Compare an area with 100, "
      "not with another area."};
  if (span.history_first < span.data_first) {
    info.notes.push_back(absl::StrFormat(
        "Table sus_apc begins with %s, and cancer is looked for from %s on: "
        "some "
        "spells count that an earlier stay would leave out.",
        span.data_first.ToMonth(), span.history_first.ToMonth()));
  }
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "sus_apc", info));
  return info;
}

absl::StatusOr<RawTable> YearTable(const MeasureContext& context,
                                   const ReadmissionSpan& span,
                                   const ReadmissionForm& form) {
  TALLY_ASSIGN_OR_RETURN(TableInfo info, YearInfo(context, span, form.last_day,
                                                  form.table, form.title));
  if (!form.well_babies) {
    info.notes.push_back("Without well babies.");
    // Columns and periods are those of the other form, the spells are not.
    info.cohort +=
        absl::StrFormat("; within %d days, without well babies", form.last_day);
  }
  TableBuilder table(std::move(info));
  table.Dimension("area", "Practice");
  return ReadmissionTable(context, span, form, {"practice"}, std::move(table));
}

absl::StatusOr<RawTable> ProviderTable(const MeasureContext& context,
                                       const ReadmissionSpan& span) {
  TALLY_ASSIGN_OR_RETURN(TableInfo info,
                         YearInfo(context, span, kThirtyDays.last_day,
                                  std::string(kReadmissionProviders),
                                  "Emergency readmission by provider"));
  info.notes.push_back("The provider is the one that discharged.");
  TableBuilder table(std::move(info));
  table.Dimension("provider", "Provider");
  return ReadmissionTable(context, span, kThirtyDays, {"provider"},
                          std::move(table));
}

absl::StatusOr<RawTable> MonthTable(const MeasureContext& context,
                                    const ReadmissionSpan& span) {
  TableInfo info = context.Info(std::string(kReadmissionMonths),
                                "Emergency readmission by month of discharge");
  info.period = absl::StrFormat("%s to %s", span.months_first.ToMonth(),
                                span.months_last.ToMonth());
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "sus_apc", info));
  TableBuilder table(std::move(info));
  table.Dimension("month", "Month");
  AddReadmissionCounts(table);
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  "SELECT month, count(*), count(gap_days) "
                  "FROM readmission_index WHERE discharge_date BETWEEN ? AND ? "
                  "GROUP BY month ORDER BY month",
                  1,
                  {engine::Value::Day(span.months_first.days()),
                   engine::Value::Day(span.months_last.LastOfMonth().days())}));
  for (const GroupedRow& row : rows) {
    const size_t at = table.AddRow({row.levels[0]});
    table.Set(at, "index_spells", row.counts[0])
        .Set(at, "readmitted", row.counts[1]);
  }
  return table.Finish();
}

absl::StatusOr<RawTable> ReasonTable(const MeasureContext& context,
                                     const ReadmissionSpan& span) {
  TALLY_ASSIGN_OR_RETURN(TableInfo info,
                         YearInfo(context, span, kThirtyDays.last_day,
                                  std::string(kReadmissionReasons),
                                  "Diagnoses of emergency readmissions"));
  info.notes.push_back(
      "The chapter of the first diagnosis of the readmission.");
  TableBuilder table(std::move(info));
  table.Dimension("reason", "Diagnosis")
      .Events("readmitted", "Readmitted")
      .Events("all_readmitted", "All readmitted")
      .Proportion("share", "Share of readmissions", "readmitted",
                  "all_readmitted", false);
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  "SELECT reason, count(*) FROM readmission_index "
                  "WHERE gap_days IS NOT NULL AND discharge_date "
                  "BETWEEN ? AND ? GROUP BY reason ORDER BY reason NULLS LAST",
                  1,
                  {engine::Value::Day(span.year_first.days()),
                   engine::Value::Day(span.year_last.days())}));
  int64_t all = 0;
  for (const GroupedRow& row : rows) all += row.counts[0];
  std::vector<size_t> parts;
  for (const GroupedRow& row : rows) {
    parts.push_back(table.AddRow({row.levels[0]}));
    table.Set(parts.back(), "readmitted", row.counts[0]);
  }
  if (!parts.empty()) {
    const size_t total = table.AddRow({std::string(kAllLevels)});
    table.Total(total, parts, {"all_readmitted"})
        .Set(total, "all_readmitted", all);
    for (const size_t part : parts) table.Same(part, total, "all_readmitted");
  }
  return table.Finish();
}

absl::StatusOr<RawTable> AskedTable(const MeasureContext& context,
                                    const ReadmissionSpan& span) {
  TALLY_ASSIGN_OR_RETURN(TableInfo info,
                         YearInfo(context, span, kThirtyDays.last_day,
                                  kThirtyDays.table, kThirtyDays.title));
  info.notes.push_back(CutNote(context.by));
  TableBuilder table(std::move(info));
  for (const std::string& column : context.by) {
    table.Dimension(column == "practice" ? "area" : column,
                    column == "practice" ? "Practice" : column);
  }
  table.RefuseMostlyHidden();
  return ReadmissionTable(context, span, kThirtyDays, context.by,
                          std::move(table));
}

class Readmission : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    TALLY_ASSIGN_OR_RETURN(const ReadmissionSpan span, SpanOf(context));
    std::vector<RawTable> tables;
    if (!span.HasYear()) LackYear(context, span);
    if (!span.HasMonths()) {
      context.Lacks(kReadmissionMonths,
                    absl::StrFormat("it begins a year after sus_apc, which "
                                    "begins with %s, and no month from then on "
                                    "is followed for 30 days",
                                    span.data_first.ToMonth()));
    }
    const bool asked = !context.by.empty();  // tables of the year alone
    if (!span.HasYear() && (asked || !span.HasMonths())) return tables;
    TALLY_RETURN_IF_ERROR(MakeHospitalChains(context));
    TALLY_RETURN_IF_ERROR(MakeReadmissionIndex(
        context, std::min(span.year_first, span.months_first),
        std::max(span.year_last, span.months_last.LastOfMonth())));
    const auto add = [&](absl::StatusOr<RawTable> table) -> absl::Status {
      TALLY_RETURN_IF_ERROR(table.status());
      tables.push_back(*std::move(table));
      return absl::OkStatus();
    };
    if (asked) {
      TALLY_RETURN_IF_ERROR(add(AskedTable(context, span)));
      return tables;
    }
    if (span.HasYear()) {
      TALLY_RETURN_IF_ERROR(add(YearTable(context, span, kThirtyDays)));
      TALLY_RETURN_IF_ERROR(add(YearTable(context, span, kTwentyEightDays)));
      TALLY_RETURN_IF_ERROR(add(ProviderTable(context, span)));
    }
    if (span.HasMonths()) {
      TALLY_RETURN_IF_ERROR(add(MonthTable(context, span)));
    }
    if (span.HasYear()) {
      TALLY_RETURN_IF_ERROR(add(ReasonTable(context, span)));
    }
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition& definition,
      const std::vector<GatedTable>& tables) const override {
    return DrawReadmissions(definition, tables);
  }

 private:
  static void LackYear(const MeasureContext& context,
                       const ReadmissionSpan& span) {
    const std::string why = absl::StrFormat(
        "the last financial year that can be followed for 30 days is %s, and "
        "sus_apc begins with %s",
        span.Year(), span.data_first.ToMonth());
    for (const std::string_view table :
         {std::string_view(kThirtyDays.table),
          std::string_view(kTwentyEightDays.table), kReadmissionProviders,
          kReadmissionReasons}) {
      context.Lacks(table, why);
    }
  }
};

}  // namespace

std::unique_ptr<Measure> MakeC20() { return std::make_unique<Readmission>(); }

}  // namespace tally::analytics
