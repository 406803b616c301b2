#include "analytics/measures/measure.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/strings.h"
#include "measures/measure_table.h"

namespace tally::analytics {

TableInfo MeasureContext::Info(std::string table, std::string title) const {
  TableInfo info;
  info.table = std::move(table);
  info.title = std::move(title);
  info.measure_id = definition.id();
  info.measure_version = definition.version();
  info.definition_sha256 = definition.sha256();
  info.project = release.manifest().project;
  info.release = release.manifest().release.ToText();
  info.period = month.ToMonth();
  info.cohort = definition.numerator();
  info.denominator = definition.denominator();
  info.method = definition.interval();
  return info;
}

const GatedTable* DeriveContext::Find(std::string_view measure,
                                      std::string_view table) const {
  const auto found = released.find(std::string(measure));
  if (found == released.end()) return nullptr;
  for (const GatedTable& candidate : found->second) {
    if (candidate.info().table == table) return &candidate;
  }
  return nullptr;
}

TableInfo DeriveContext::Info(std::string table, std::string title,
                              const GatedTable& source) const {
  TableInfo info;
  info.table = std::move(table);
  info.title = std::move(title);
  info.measure_id = definition.id();
  info.measure_version = definition.version();
  info.definition_sha256 = definition.sha256();
  info.project = source.info().project;
  info.release = source.info().release;
  info.period = month.ToMonth();
  info.cohort = definition.numerator();
  info.denominator = definition.denominator();
  info.method = definition.interval();
  return info;
}

absl::StatusOr<std::vector<RawTable>> Measure::Compute(
    const MeasureContext& context) const {
  if (!context.by.empty()) {
    return UsageError(
        absl::StrFormat("--by: this measure is read from the tables of %s",
                        JoinText(context.definition.Uses(), ", ")));
  }
  return std::vector<RawTable>();
}

absl::StatusOr<std::vector<DerivedTable>> Measure::Derive(
    const DeriveContext&) const {
  return std::vector<DerivedTable>();
}

std::vector<std::string> MeasureIds() {
  std::vector<std::string> ids;
  for (const MeasureEntry& entry : MeasureTable()) {
    ids.emplace_back(entry.id);
  }
  return ids;
}

std::vector<std::string> MeasureRunOrder() {
  std::vector<std::string> ids = MeasureIds();
  std::stable_partition(ids.begin(), ids.end(), [](const std::string& id) {
    return id != kDisclosureAudit;
  });
  return ids;
}

std::string MeantMeasure(std::string_view id) {
  std::string meant(id);
  for (char& c : meant) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  constexpr size_t kIdSize = 3;
  if (meant.size() == kIdSize - 1) meant = {meant[0], '0', meant[1]};
  for (const MeasureEntry& entry : MeasureTable()) {
    if (entry.id == meant) return meant;
  }
  return "";
}

absl::StatusOr<std::unique_ptr<Measure>> MakeMeasure(std::string_view id) {
  for (const MeasureEntry& entry : MeasureTable()) {
    if (entry.id == id) return entry.make();
  }
  const std::string near = MeantMeasure(id);
  return NotFoundError(absl::StrFormat(
      "there is no measure %s%s; `commissioning measure list` shows all", id,
      near.empty() ? "" : absl::StrFormat(" (did you mean %s?)", near)));
}

}  // namespace tally::analytics
