// C34: the hub's checks of the extracts in the release.
#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "analytics/measures/measure.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/json.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/indicator_series.h"
#include "measures/said_figures.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kValidationFolder = "validation/";
constexpr int64_t kMaxReportBytes = 4 << 20;
constexpr int kReportDepth = 8;

struct ValidationLine {
  std::string extract, dataset, check, result;
  double value = 0, bound = 0;
};

absl::Status BadReport(std::string_view file) {
  return IntegrityError(absl::StrFormat("%s is malformed", file));
}

absl::StatusOr<ValidationLine> ReadLine(const JsonValue& item) {
  ValidationLine line;
  TALLY_ASSIGN_OR_RETURN(line.dataset, item.GetString("dataset"));
  TALLY_ASSIGN_OR_RETURN(line.check, item.GetString("check"));
  TALLY_ASSIGN_OR_RETURN(line.result, item.GetString("result"));
  TALLY_ASSIGN_OR_RETURN(line.value, item.GetDouble("value"));
  TALLY_ASSIGN_OR_RETURN(line.bound, item.GetDouble("bound"));
  return line;
}

absl::StatusOr<std::vector<ValidationLine>> ReadReport(const std::string& path,
                                                       std::string_view name) {
  TALLY_ASSIGN_OR_RETURN(const std::string text,
                         ReadFile(path, kMaxReportBytes));
  const absl::StatusOr<JsonValue> report = ParseJson(text, kReportDepth);
  if (!report.ok() || !report->is_object()) return BadReport(name);
  const absl::StatusOr<std::string> extract = report->GetString("extract");
  const auto results = report->GetArray("results");
  if (!extract.ok() || !results.ok()) return BadReport(name);
  std::vector<ValidationLine> lines;
  for (const JsonValue& item : **results) {
    if (!item.is_object()) return BadReport(name);
    absl::StatusOr<ValidationLine> line = ReadLine(item);
    if (!line.ok()) return BadReport(name);
    line->extract = *extract;
    lines.push_back(*std::move(line));
  }
  return lines;
}

// "sources/gp-supplier-a/extracts/p2026-10-r2" -> "gp-supplier-a p2026-10-r2".
std::string ShortExtract(const std::string& name) {
  constexpr std::string_view kSources = "sources/";
  constexpr std::string_view kExtracts = "/extracts/";
  const size_t at = name.find(kExtracts);
  if (!name.starts_with(kSources) || at == std::string::npos) return name;
  return absl::StrFormat("%s %s",
                         name.substr(kSources.size(), at - kSources.size()),
                         name.substr(at + kExtracts.size()));
}

bool IsCountCheck(const std::string& check) {
  return check == "persons" || check == "rows" || check == "schema" ||
         check == "ranges" || check == "code-sets";
}

class ValidationGate : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    if (!context.by.empty()) {
      return UsageError("--by: checks are listed by extract and dataset");
    }
    TableBuilder table(
        context.Info("validation_report", "The hub's checks of each extract"));
    ColumnSpec figure;
    figure.name = "figure";
    figure.kind = ColumnKind::kModelMetric;
    figure.title = "Share or score";
    ColumnSpec bound = figure;
    bound.name = "bound";
    bound.title = "Bound";
    table.Dimension("extract", "Extract")
        .Dimension("dataset", "Dataset")
        .Dimension("check", "Check")
        .Text("result", "Result")
        .Events("value", "Counted")
        .Column(figure)
        .Column(bound);
    for (const dataset::ReleaseFile& file : context.release.manifest().files) {
      if (!file.path.starts_with(kValidationFolder)) continue;
      TALLY_ASSIGN_OR_RETURN(
          const std::vector<ValidationLine> lines,
          ReadReport(JoinPath(context.release.path(), file.path), file.path));
      for (const ValidationLine& line : lines) {
        const size_t row = table.AddRow(
            {ShortExtract(line.extract),
             line.dataset.empty() ? "all" : line.dataset, line.check});
        table.Set(row, "result", line.result).Set(row, "bound", line.bound);
        if (!IsCountCheck(line.check)) {
          table.Set(row, "figure", line.value);
          continue;
        }
        if (line.value < 0 || line.value > 9e15) return BadReport(file.path);
        table.Set(row, "value", static_cast<int64_t>(std::llround(line.value)));
      }
    }
    TALLY_ASSIGN_OR_RETURN(RawTable raw, table.Finish());
    std::vector<RawTable> tables;
    tables.push_back(std::move(raw));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition&,
      const std::vector<GatedTable>& tables) const override {
    std::vector<PagePart> parts;
    const GatedTable* table = PrintedTable(tables, "validation_report");
    if (table == nullptr || table->rows() == 0) return parts;
    std::set<std::string> extracts, warned;
    for (size_t row = 0; row < table->rows(); ++row) {
      const std::string& extract = table->at(row, "extract").text();
      extracts.insert(extract);
      if (table->at(row, "result").text() != "accept") warned.insert(extract);
    }
    PagePart quality{"quality", {}, {}};
    const std::string words =
        warned.empty()
            ? absl::StrFormat("All checks of %s were passed",
                              Counted(static_cast<int64_t>(extracts.size()),
                                      {"extract", "extracts"}))
            : Capitalised(absl::StrFormat(
                  "%s accepted with a warning, first %s",
                  PartOf(static_cast<int64_t>(warned.size()),
                         static_cast<int64_t>(extracts.size()),
                         {"extract", "extracts"}, {"was", "were"}),
                  *warned.begin()));
    quality.sentences.push_back({warned.empty() ? 9 : 3, words + "."});
    Chart chart(
        "validation", "table", *table,
        {"extract", "dataset", "check", "result", "value", "figure", "bound"},
        [&](const GatedTable& t, size_t row) {
          return warned.empty() || t.at(row, "result").text() != "accept";
        });
    AlsoSays(chart, {std::to_string(extracts.size())});
    chart.title = words;
    chart.summary = words + ". Value and bound of each check.";
    quality.charts.push_back(std::move(chart));
    parts.push_back(std::move(quality));
    return parts;
  }
};

}  // namespace

std::unique_ptr<Measure> MakeC34() {
  return std::make_unique<ValidationGate>();
}

}  // namespace tally::analytics
