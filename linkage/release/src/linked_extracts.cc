#include "linked_extracts.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/status.h"
#include "dataset/resource_name.h"
#include "link_map.h"

namespace tally::linkage {
namespace {

// The Parquet parts in a folder, in order of name.
absl::StatusOr<std::vector<std::string>> PartFiles(
    const std::string& directory) {
  std::error_code error;
  std::vector<std::string> files;
  for (std::filesystem::directory_iterator it(directory, error), end;
       !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".parquet") files.push_back(it->path());
  }
  if (error || files.empty()) {
    return Error(Reason::kFileDigest,
                 "the rows of a published extract are missing");
  }
  std::sort(files.begin(), files.end());
  return files;
}

CivilDay Day(int32_t days) {
  const absl::StatusOr<CivilDay> day = CivilDay::FromDays(days);
  TALLY_CHECK(day.ok());  // checked when the extract was created
  return *day;
}

absl::StatusOr<std::vector<RowsTable>> RegisterParts(const LinkInputs& inputs,
                                                     ReleaseEngine& engine) {
  std::vector<RowsTable> tables;
  for (const PinnedPart& part : inputs.plan->parts) {
    const ExtractRecord& extract = inputs.plan->ExtractOf(part);
    RowsTable table;
    table.table = PartTableName(tables.size());
    table.extract = part.extract;
    table.source = extract.source;
    table.specification = part.specification;
    table.financial_year = Day(extract.period_end).FinancialYear();
    TALLY_ASSIGN_OR_RETURN(
        const std::vector<std::string> files,
        PartFiles(absl::StrFormat("%s/rows/%s",
                                  inputs.extract_directory(extract.uid),
                                  part.dataset)));
    TALLY_RETURN_IF_ERROR(engine.Register(
        table.table, files, PayloadTableSchema(*part.specification)));
    tables.push_back(std::move(table));
  }
  return tables;
}

absl::Status MakeCoverage(const LinkInputs& inputs,
                          const LinkedExtracts& linked, ReleaseEngine& engine) {
  std::vector<RowsTable> registrations;
  for (const RowsTable& part : linked.parts) {
    if (HasRegistrations(*part.specification)) registrations.push_back(part);
  }
  if (registrations.empty()) {
    return engine.Register("coverage", {}, CoverageSchema());
  }
  return engine
      .Materialise("coverage",
                   CoverageSql(registrations, CoveragePeriodsOf(*inputs.plan)),
                   CoverageSchema())
      .status();
}

}  // namespace

bool HasRegistrations(const dataset::Specification& specification) {
  const auto is_date = [&](std::string_view name) {
    const dataset::ColumnSpec* column = specification.Column(name);
    return column != nullptr && column->type == dataset::ColumnType::kDate;
  };
  return is_date("registration_start") && is_date("registration_end") &&
         is_date("death_month");
}

std::vector<RowsTable> LinkedExtracts::PartsOf(const ReleasePlan& plan,
                                               std::string_view dataset,
                                               bool released_only) const {
  std::vector<RowsTable> found;
  for (size_t i = 0; i < plan.parts.size(); ++i) {
    const PinnedPart& part = plan.parts[i];
    if (part.dataset == dataset && (part.released || !released_only)) {
      found.push_back(parts[i]);
    }
  }
  return found;
}

std::vector<Slice> LinkedExtracts::SlicesOf(int64_t people) const {
  const int64_t count = std::max<int64_t>(
      1, (people + max_people_counted - 1) / max_people_counted);
  std::vector<Slice> slices;
  for (int64_t i = 0; i < count; ++i) slices.push_back({i, count});
  return slices;
}

int64_t PeopleOf(const LinkInputs& inputs, const RowsTable& part) {
  return inputs.plan->extracts[static_cast<size_t>(part.extract)].persons;
}

int64_t PeopleCountedAtOnce(int64_t memory_bytes) {
  constexpr int64_t kBytesPerPerson = 250;
  return std::max<int64_t>(1, memory_bytes / kBytesPerPerson);
}

absl::Status EnterStage(const LinkInputs& inputs, std::string_view stage,
                        int64_t done, int64_t total, std::string_view unit) {
  if (inputs.cancelled && inputs.cancelled()) {
    return absl::CancelledError("the hub was asked to stop");
  }
  if (inputs.progress) {
    inputs.progress({std::string(stage), done, total, std::string(unit)});
  }
  return absl::OkStatus();
}

std::vector<CoveragePeriod> CoveragePeriodsOf(const ReleasePlan& plan) {
  std::set<std::string> registering;
  for (const PinnedPart& part : plan.parts) {
    if (HasRegistrations(*part.specification)) {
      registering.insert(plan.ExtractOf(part).source);
    }
  }
  // Source and dataset -> first and last month of each extract, ascending.
  using Months = std::vector<std::pair<CivilDay, CivilDay>>;
  std::map<std::pair<std::string, std::string>, Months> months;
  for (const PinnedPart& part : plan.parts) {
    const ExtractRecord& extract = plan.ExtractOf(part);
    if (registering.count(extract.source) == 0) continue;
    const bool snapshot =
        part.specification->kind() == dataset::DatasetKind::kSnapshot;
    // A snapshot tells the whole past, up to its last month.
    const CivilDay first = snapshot ? *CivilDay::Create(1900, 1, 1)
                                    : Day(extract.period_start).FirstOfMonth();
    months[{extract.source, part.dataset}].emplace_back(
        first, Day(extract.period_end).FirstOfMonth());
  }
  std::vector<CoveragePeriod> periods;
  for (auto& [key, spans] : months) {
    std::sort(spans.begin(), spans.end());
    for (const auto& [first, last] : spans) {
      CoveragePeriod* before = periods.empty() ? nullptr : &periods.back();
      const bool same = before != nullptr && before->source == key.first &&
                        before->dataset == key.second;
      if (same && first <= *before->last_month.AddMonths(1)) {
        before->last_month = std::max(before->last_month, last);
      } else {
        periods.push_back({key.first, key.second, first, last});
      }
    }
  }
  return periods;
}

absl::StatusOr<LinkedExtracts> LinkPinnedExtracts(
    const LinkInputs& inputs, const crypto::ProjectKey* project_key,
    ReleaseEngine& engine) {
  LinkedExtracts linked;
  TALLY_RETURN_IF_ERROR(EnterStage(inputs, "pin"));
  TALLY_ASSIGN_OR_RETURN(linked.parts, RegisterParts(inputs, engine));
  TALLY_RETURN_IF_ERROR(EnterStage(inputs, "link"));
  TALLY_RETURN_IF_ERROR(WriteLinkMap(inputs, project_key, engine));
  TALLY_ASSIGN_OR_RETURN(linked.everyone,
                         engine.Count({"SELECT count(*) FROM everyone", {}}));
  linked.max_people_counted =
      inputs.max_people_counted > 0
          ? inputs.max_people_counted
          : PeopleCountedAtOnce(engine.database().memory_bytes());
  TALLY_RETURN_IF_ERROR(EnterStage(inputs, "population"));
  const std::string& population = inputs.agreement->population;
  linked.anchored = population != kPopulationAll;
  std::vector<RowsTable> anchors;
  if (linked.anchored) {
    anchors = linked.PartsOf(*inputs.plan, population, false);
  }
  TALLY_RETURN_IF_ERROR(
      engine.Materialise("anchor", AnchorSql(anchors), AnchorSchema())
          .status());
  TALLY_ASSIGN_OR_RETURN(
      linked.persons,
      engine.Materialise("people", PeopleSql(), PeopleSchema()));
  TALLY_RETURN_IF_ERROR(
      engine.Materialise("person_map", MapSql(linked.anchored), MapSchema())
          .status());
  linked.has_registrations = std::any_of(
      linked.parts.begin(), linked.parts.end(), [](const RowsTable& part) {
        return HasRegistrations(*part.specification);
      });
  TALLY_RETURN_IF_ERROR(EnterStage(inputs, "coverage"));
  TALLY_RETURN_IF_ERROR(MakeCoverage(inputs, linked, engine));
  return linked;
}

}  // namespace tally::linkage
