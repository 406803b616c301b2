#include "analytics/dashboard/xmr_chart.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "base/status.h"

namespace tally::analytics {
namespace {

// One series: its rows that have a value, and what the chart says of them.
struct XmrSeries {
  std::vector<size_t> rows;
  std::vector<SpcPoint> points;
  size_t missing = 0;
};

std::string SeriesOf(const Chart& chart, size_t row) {
  if (chart.select_column().empty()) return "";
  return chart.text(row, chart.ColumnIndex(chart.select_column()));
}

std::vector<std::string> SeriesNames(const Chart& chart) {
  if (chart.select_column().empty()) return {""};
  return chart.LevelsOf(chart.select_column());
}

XmrSeries XmrSeriesOf(const Chart& chart, const XmrRequest& request,
                      const std::string& name) {
  const size_t value = chart.ColumnIndex(request.value);
  const size_t month = chart.ColumnIndex(request.month);
  XmrSeries series;
  std::vector<double> values;
  std::vector<size_t> starts;
  for (size_t row = 0; row < chart.rows(); ++row) {
    if (SeriesOf(chart, row) != name) continue;
    const std::optional<double> number = chart.number(row, value);
    if (!number.has_value()) {
      ++series.missing;
      continue;
    }
    for (const std::string& start : request.rebase) {
      // The first printed month from there on starts anew.
      const bool first =
          series.rows.empty() || chart.text(series.rows.back(), month) < start;
      if (first && !series.rows.empty() && chart.text(row, month) >= start) {
        starts.push_back(values.size());
      }
    }
    series.rows.push_back(row);
    values.push_back(*number);
  }
  std::sort(starts.begin(), starts.end());
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  series.points = XmrChart(values, request.mode, starts);
  return series;
}

std::string XmrNumber(double value, int decimals) {
  return WithThousands(absl::StrFormat("%.*f", decimals, value));
}

std::string XmrTitle(const Chart& chart, const XmrRequest& request,
                     const std::string& name, const XmrSeries& series) {
  const std::string subject =
      name.empty() ? request.subject
                   : absl::StrFormat("%s, %s", request.subject, name);
  if (series.points.empty()) {
    return absl::StrFormat("%s: no value can be printed", subject);
  }
  const SpcPoint& last = series.points.back();
  const Variation variation = VariationOf(series.points, request.direction);
  if (variation == Variation::kUnstable) {
    const auto [special, months] = SpecialMonths(series.points);
    return absl::StrFormat("%s: %s", subject, UnstableText(special, months));
  }
  if (!IsJudged(variation)) {
    return absl::StrFormat("%s: %s", subject, VariationText(variation));
  }
  const std::string when = MonthInWords(
      chart.text(series.rows.back(), chart.ColumnIndex(request.month)));
  if (last.rule == SpcRule::kNone) {
    return absl::StrFormat("%s: no special cause in %s", subject, when);
  }
  return absl::StrFormat("%s: %s in %s (%s)", subject, VariationText(variation),
                         when, SpcRuleText(last.rule));
}

std::string SpecialCauses(const XmrSeries& series) {
  const auto special =
      std::count_if(series.points.begin(), series.points.end(),
                    [](const SpcPoint& p) { return p.rule != SpcRule::kNone; });
  if (special == 0) return "No point shows a special cause";
  if (special == 1) return "1 point shows a special cause";
  return absl::StrFormat("%d points show a special cause", special);
}

// "36 months, April 2023 to March 2026".
std::string XmrSpan(const XmrSeries& series, const std::string& first,
                    const std::string& last) {
  if (series.points.size() == 1) return "1 month, " + first;
  return absl::StrFormat("%d months, %s to %s", series.points.size(), first,
                         last);
}

std::string TargetWords(const XmrSeries& series, double target,
                        const XmrRequest& request) {
  const Assurance assurance =
      AssuranceOf(series.points, target, request.direction);
  const std::string number = XmrNumber(target, request.decimals);
  if (assurance == Assurance::kNoTarget || assurance == Assurance::kNotJudged) {
    return absl::StrFormat(" The target is %s.", number);
  }
  return absl::StrFormat(" The target is %s: the process %s.", number,
                         AssuranceText(assurance));
}

std::string XmrSummary(const Chart& chart, const XmrRequest& request,
                       const XmrSeries& series, std::optional<double> target) {
  if (series.points.empty()) return "No month has a value that is printed.";
  const size_t month = chart.ColumnIndex(request.month);
  const SpcPoint& last = series.points.back();
  std::string text = absl::StrFormat(
      "XmR chart, %s. The last value is %s, the mean %s",
      XmrSpan(series, MonthInWords(chart.text(series.rows.front(), month)),
              MonthInWords(chart.text(series.rows.back(), month))),
      chart.display_text(series.rows.back(), chart.ColumnIndex(request.value)),
      XmrNumber(last.mean, request.decimals));
  if (last.lower.has_value() && last.upper.has_value()) {
    absl::StrAppend(&text, ", the limits ",
                    XmrNumber(*last.lower, request.decimals), " to ",
                    XmrNumber(*last.upper, request.decimals));
  }
  text += ".";
  if (last.upper.has_value()) {
    absl::StrAppend(&text, " ", SpecialCauses(series), ".");
    if (last.trial) text += " The limits are trial limits: points are few.";
  }
  if (target.has_value()) text += TargetWords(series, *target, request);
  return text;
}

struct XmrRow {
  Figure mean = Figure::Na(NaReason::kTooFewValues);
  Figure lower = Figure::Na(NaReason::kTooFewValues);
  Figure upper = Figure::Na(NaReason::kTooFewValues);
  std::string point = "none";
  std::string rule;
  std::string trial = "no";
};

XmrRow XmrRowOf(const SpcPoint& point, Direction direction) {
  XmrRow row;
  row.mean = Figure::Of(point.mean);
  if (point.lower.has_value()) row.lower = Figure::Of(*point.lower);
  if (point.upper.has_value()) row.upper = Figure::Of(*point.upper);
  row.point = VariationCode(VariationOfPoint(point, direction));
  row.rule = std::string(SpcRuleText(point.rule));
  row.trial = point.trial ? "yes" : "no";
  return row;
}

void AddXmrColumns(Chart& chart, const XmrRequest& request,
                   const std::vector<XmrRow>& rows) {
  const std::string unit =
      chart.columns()[chart.ColumnIndex(request.value)].unit;
  const auto number = [&](const char* name, const char* heading,
                          Figure XmrRow::*member) {
    chart.AddComputed({name, heading, unit, true, request.decimals},
                      [&](size_t row) { return rows[row].*member; });
  };
  const auto words = [&](const char* name, const char* heading,
                         std::string XmrRow::*member) {
    chart.AddComputedText({name, heading, "", false, -1},
                          [&](size_t row) { return rows[row].*member; });
  };
  number("spc_mean", "Mean", &XmrRow::mean);
  number("spc_lower", "Lower process limit", &XmrRow::lower);
  number("spc_upper", "Upper process limit", &XmrRow::upper);
  words("spc_point", "Kind of point", &XmrRow::point);
  words("spc_rule", "Rule", &XmrRow::rule);
  words("spc_trial", "Trial limits", &XmrRow::trial);
}

void SetXmrOptions(Chart& chart, const XmrRequest& request, JsonValue icons) {
  JsonValue targets = JsonValue::MakeObject();
  for (const auto& [name, target] : request.targets) targets.Set(name, target);
  JsonValue rebase = JsonValue::MakeArray();
  for (const std::string& month : request.rebase) rebase.Append(month);
  chart.options.Set("x", request.month)
      .Set("y", request.value)
      .Set("mean", "spc_mean")
      .Set("lo", "spc_lower")
      .Set("hi", "spc_upper")
      .Set("point", "spc_point")
      .Set("trial", "spc_trial")
      .Set("targets", std::move(targets))
      .Set("icons", std::move(icons))
      .Set("rebase", std::move(rebase));
}

}  // namespace

void AddXmr(Chart& chart, const XmrRequest& request) {
  TALLY_CHECK(chart.type() == "xmr");
  std::vector<XmrRow> rows(chart.rows());
  JsonValue icons = JsonValue::MakeObject();
  size_t missing = 0;
  for (const std::string& name : SeriesNames(chart)) {
    const XmrSeries series = XmrSeriesOf(chart, request, name);
    missing += series.missing;
    for (size_t i = 0; i < series.rows.size(); ++i) {
      rows[series.rows[i]] = XmrRowOf(series.points[i], request.direction);
    }
    const auto found = request.targets.find(name);
    const std::optional<double> target =
        found == request.targets.end() ? std::nullopt
                                       : std::optional<double>(found->second);
    JsonValue icon = JsonValue::MakeObject();
    icon.Set("variation", std::string(VariationCode(
                              VariationOf(series.points, request.direction))))
        .Set("assurance", std::string(AssuranceCode(AssuranceOf(
                              series.points, target, request.direction))));
    icons.Set(name, std::move(icon));
    std::string title = XmrTitle(chart, request, name, series);
    std::string summary = XmrSummary(chart, request, series, target);
    if (chart.select_column().empty()) {
      chart.title = std::move(title);
      chart.summary = std::move(summary);
    } else {
      chart.Describe(name, std::move(title), std::move(summary));
    }
  }
  AddXmrColumns(chart, request, rows);
  SetXmrOptions(chart, request, std::move(icons));
  if (missing > 0) {
    chart.notes.push_back(absl::StrFormat(
        "Values that are not printed and left out of mean and limits: %d.",
        missing));
  }
}

}  // namespace tally::analytics
