// The page that says where the figures come from.
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "analytics/measures/runner.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::analytics {
namespace {

ColumnSpec TextColumn(std::string name, std::string title) {
  ColumnSpec column = DimensionColumn(std::move(name), std::move(title));
  column.kind = ColumnKind::kText;
  return column;
}

TableInfo AboutInfo(const ReleaseFolder& release, std::string table,
                    std::string title) {
  TableInfo info;
  info.table = std::move(table);
  info.title = std::move(title);
  info.measure_id = "about";
  info.measure_version = "1";
  info.project = release.manifest().project;
  info.release = release.manifest().release.ToText();
  info.period = release.manifest().created.substr(0, 10);
  info.method = "text of the release manifest and of the definition files";
  return info;
}

absl::StatusOr<Chart> TextChart(Gate& gate, const RawTable& raw, std::string id,
                                std::string summary) {
  TALLY_ASSIGN_OR_RETURN(const GatedTable table, gate.Release(raw));
  std::vector<std::string> columns;
  for (const ColumnSpec& column : table.columns()) {
    columns.push_back(column.name);
  }
  Chart chart(std::move(id), "table", table, columns,
              [](const GatedTable&, size_t) { return true; });
  chart.summary = std::move(summary);
  chart.source = absl::StrFormat("manifest of release %s of %s",
                                 table.info().release, table.info().project);
  return chart;
}

absl::StatusOr<RawTable> MeasuresTable(
    const ReleaseFolder& release, const std::vector<MeasureResult>& results) {
  TALLY_ASSIGN_OR_RETURN(
      RawTable table,
      RawTable::Create(
          AboutInfo(release, "measures", "Measures"),
          {DimensionColumn("measure", "Measure"), TextColumn("title", "Title"),
           TextColumn("version", "Version"), TextColumn("state", "State"),
           TextColumn("definition", "SHA-256 of the definition")}));
  for (const MeasureResult& result : results) {
    std::string state = "computed";
    if (result.unavailable.has_value()) {
      state = absl::StrFormat("not available: %s", *result.unavailable);
    } else {
      for (const MissingTable& missing : result.missing) {
        state +=
            absl::StrFormat("; without %s: %s", missing.table, missing.reason);
      }
    }
    TALLY_RETURN_IF_ERROR(table.AddRow({result.id, result.title, result.version,
                                        state, result.definition_sha256}));
  }
  return table;
}

absl::StatusOr<RawTable> ReleaseTable(const ReleaseFolder& release,
                                      const Profile& profile) {
  TALLY_ASSIGN_OR_RETURN(
      RawTable table, RawTable::Create(AboutInfo(release, "release", "Release"),
                                       {DimensionColumn("part", "Part"),
                                        TextColumn("content", "Content")}));
  const dataset::ReleaseManifest& manifest = release.manifest();
  std::vector<std::pair<std::string, std::string>> rows = {
      {"Release", release.name()},
      {"Environment", manifest.environment},
      {"Created", manifest.created},
      {"Hub", manifest.hub},
      {"SHA-256 of the agreement", manifest.agreement_sha256},
      {"Version of the hub's program", manifest.tally_version},
      {"Disclosure profile", profile.name()},
      {"Suppression rules", profile.description()},
  };
  for (const dataset::ReleaseExtract& extract : manifest.extracts) {
    std::string content =
        absl::StrFormat("%s to %s", extract.period_start, extract.period_end);
    if (!extract.datasets.empty()) {
      content += ": " + JoinText(extract.datasets, ", ");
    }
    rows.emplace_back(absl::StrFormat("Extract %s", extract.extract.ToText()),
                      std::move(content));
  }
  for (const auto& [dataset, grain] : manifest.date_grain) {
    rows.emplace_back(absl::StrFormat("Dates of %s", dataset),
                      absl::StrFormat("by %s", grain));
  }
  for (auto& [part, content] : rows) {
    TALLY_RETURN_IF_ERROR(table.AddRow({part, content}));
  }
  return table;
}

}  // namespace

absl::StatusOr<PagePart> AboutPage(const ReleaseFolder& release,
                                   const Profile& profile,
                                   const std::vector<MeasureResult>& results) {
  // Text only: nothing to log or to remember.
  Gate gate(profile, {});
  PagePart part{"about", {}, {}};
  int computed = 0;
  for (const MeasureResult& result : results) {
    computed += !result.unavailable.has_value();
  }
  part.sentences = {
      {1, absl::StrFormat("%d of %d measures were computed from %s.", computed,
                          results.size(), release.name())},
      {2,
       absl::StrFormat("The release was made on %s from %d extracts.",
                       MonthInWords(release.manifest().created.substr(0, 10)),
                       release.manifest().extracts.size())},
      {3, absl::StrFormat("Profile %s: %s.", profile.name(),
                          profile.description())}};
  TALLY_ASSIGN_OR_RETURN(const RawTable facts, ReleaseTable(release, profile));
  TALLY_ASSIGN_OR_RETURN(
      Chart release_chart,
      TextChart(gate, facts, "release",
                "What the signed manifest of the release says."));
  TALLY_ASSIGN_OR_RETURN(const RawTable measures,
                         MeasuresTable(release, results));
  TALLY_ASSIGN_OR_RETURN(
      Chart measure_chart,
      TextChart(
          gate, measures, "measures",
          "Every measure with the version and digest of its definition."));
  part.charts.push_back(std::move(release_chart));
  part.charts.push_back(std::move(measure_chart));
  return part;
}

}  // namespace tally::analytics
