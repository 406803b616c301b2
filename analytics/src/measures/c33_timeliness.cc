#include "measures/c33_timeliness.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "base/civil_day.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/json.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/printed.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kLinkageReport = "linkage_quality.json";
constexpr int64_t kMostReportText = 256LL << 20;
constexpr int kReportNesting = 16;
constexpr size_t kDayText = 10;  // of "2026-10-31T12:00:00Z"

absl::Status BadLinkageReport() {
  return IntegrityError(
      absl::StrFormat("%s is malformed", std::string(kLinkageReport)));
}

struct Delivery {
  std::string source;
  std::string period;
  CivilDay end, made;
  int64_t revision = 1;
};

absl::StatusOr<Delivery> ReadDelivery(const JsonValue& entry) {
  Delivery delivery;
  const auto source = entry.GetString("source");
  const auto start = entry.GetString("period_start");
  const auto end = entry.GetString("period_end");
  const auto created = entry.GetString("created");
  const auto revision = entry.GetInt("revision");
  if (!source.ok() || !start.ok() || !end.ok() || !created.ok() ||
      !revision.ok() || created->size() < kDayText) {
    return BadLinkageReport();
  }
  const auto first = CivilDay::Parse(*start);
  const auto last = CivilDay::Parse(*end);
  const auto made = CivilDay::Parse(created->substr(0, kDayText));
  if (!first.ok() || !last.ok() || !made.ok()) return BadLinkageReport();
  delivery.source = *source;
  delivery.end = *last;
  delivery.made = *made;
  delivery.revision = *revision;
  delivery.period =
      first->ToMonth() == last->ToMonth()
          ? last->ToMonth()
          : absl::StrFormat("%s to %s", first->ToMonth(), last->ToMonth());
  return delivery;
}

}  // namespace

absl::StatusOr<std::optional<RawTable>> TimelinessTable(
    const MeasureContext& context) {
  const std::string path =
      JoinPath(context.release.path(), std::string(kLinkageReport));
  if (!IsRegularFile(path)) {
    context.Lacks("dq_timeliness",
                  absl::StrFormat("the release has no %s", kLinkageReport));
    return std::optional<RawTable>();
  }
  TALLY_ASSIGN_OR_RETURN(const std::string text,
                         ReadFile(path, kMostReportText));
  const absl::StatusOr<JsonValue> report = ParseJson(text, kReportNesting);
  if (!report.ok()) return BadLinkageReport();
  const JsonValue* extracts = report->Find("extracts");
  if (extracts == nullptr) {
    context.Lacks("dq_timeliness",
                  absl::StrFormat("%s names no extracts", kLinkageReport));
    return std::optional<RawTable>();
  }
  if (!extracts->is_array()) return BadLinkageReport();
  TableInfo info = context.Info("dq_timeliness",
                                "Days from the end of a period to its extract");
  info.notes.emplace_back(
      "A revision came after a first extract of the same period, whose day a "
      "release does not know.");
  TableBuilder table(std::move(info));
  table.Dimension("source", "Source")
      .Dimension("period", "Period")
      .Text("revision", "Revision")
      .Text("made", "Made on")
      .Text("days", "Days after the period");
  for (const JsonValue& entry : extracts->AsArray()) {
    TALLY_ASSIGN_OR_RETURN(const Delivery one, ReadDelivery(entry));
    const size_t row = table.AddRow({one.source, one.period});
    table.Set(row, "revision", absl::StrFormat("%d", one.revision))
        .Set(row, "made", one.made.ToIso())
        .Set(row, "days", absl::StrFormat("%d", one.made - one.end));
  }
  TALLY_ASSIGN_OR_RETURN(RawTable raw, table.Finish());
  return std::optional<RawTable>(std::move(raw));
}

Chart TimelinessChart(const GatedTable& table) {
  Chart chart("dq-timeliness", "bar", table,
              {"period", "source", "revision", "made", "days"},
              [](const GatedTable&, size_t) { return true; });
  chart.AddComputed(
      {"days_late", "Days from the end of the period", "", true, 0},
      [&](size_t row) {
        const auto days = ParseInt64(chart.text(row, 4));
        return days.ok() ? Figure::Of(static_cast<double>(*days))
                         : Figure::Na(NaReason::kNotReleased);
      });
  chart.SortBy("days_late", true);
  chart.unit = "days";
  chart.options.Set("x", "days_late").Set("y", "source").Set("y2", "period");
  // The newest period tells how late data are now.
  std::string newest;
  for (size_t row = 0; row < chart.rows(); ++row) {
    const std::string& period = chart.text(row, 0);
    newest = std::max(newest,
                      period.substr(period.size() < 7 ? 0 : period.size() - 7));
  }
  std::optional<size_t> slowest;
  for (size_t row = 0; row < chart.rows() && !slowest; ++row) {
    if (chart.text(row, 0).ends_with(newest)) slowest = row;
  }
  chart.title = "No extract is named in the linkage report";
  if (slowest) {
    chart.title = absl::StrFormat(
        "Data up to %s came at most %s days after the end of the month, last "
        "from %s",
        MonthInWords(newest), chart.display_text(*slowest, 5),
        chart.text(*slowest, 1));
  }
  chart.summary = absl::StrFormat(
      "Days from the end of a period to the making of its extract, %d "
      "extracts. %s.",
      chart.rows(), chart.title);
  return chart;
}

}  // namespace tally::analytics
