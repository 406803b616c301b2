#include "report_builder.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "dataset/extract_manifest.h"
#include "report_sql.h"

namespace tally::linkage {
namespace {

using dataset::ExtractManifest;
using dataset::Specification;

constexpr size_t kMostCombinations = 64;
constexpr double kSigmas = 3.0;
constexpr size_t kFewestEarlierYears = 2;

using Manifests = std::vector<ExtractManifest>;  // in the order of the plan
// Source -> its report of one dataset.
using BySource = std::map<std::string, DatasetReport>;

absl::StatusOr<Manifests> ReadManifests(const LinkInputs& inputs) {
  Manifests manifests;
  for (const ExtractRecord& extract : inputs.plan->extracts) {
    TALLY_ASSIGN_OR_RETURN(
        const std::string text,
        ReadFile(inputs.extract_directory(extract.uid) + "/manifest.json",
                 dataset::kMaxManifestBytes));
    absl::StatusOr<ExtractManifest> manifest = ExtractManifest::Parse(text);
    if (!manifest.ok()) {
      ErrorDetail detail;
      detail.resource = extract.name();
      return Error(Reason::kFileDigest,
                   "the manifest of a published extract does not parse",
                   std::move(detail));
    }
    manifests.push_back(*std::move(manifest));
  }
  return manifests;
}

// Dates of the two opt-out lists; the newer one, or "".
std::string OptOutListDate(const ExtractManifest& manifest) {
  std::string newest;
  for (const char* name : {"type1_opt_outs", "national_eligible"}) {
    const auto it = manifest.lists.find(name);
    if (it != manifest.lists.end()) newest = std::max(newest, it->second.date);
  }
  return newest;
}

void AddExtracts(const LinkInputs& inputs, const Manifests& manifests,
                 LinkageReport& report) {
  for (size_t i = 0; i < manifests.size(); ++i) {
    const ExtractRecord& extract = inputs.plan->extracts[i];
    ExtractSummary summary;
    summary.name = extract.name();
    summary.source = extract.source;
    summary.period_start = manifests[i].period_start;
    summary.period_end = manifests[i].period_end;
    summary.revision = extract.revision;
    summary.epoch = extract.epoch;
    summary.created = manifests[i].created;
    summary.persons = static_cast<int64_t>(manifests[i].persons);
    summary.opted_out = manifests[i].opted_out;
    summary.newest_opt_out_list = OptOutListDate(manifests[i]);
    report.extracts.push_back(std::move(summary));
  }
}

void AddStaleOptOuts(const LinkInputs& inputs, LinkageReport& report) {
  std::map<std::string, std::string> newest = inputs.newest_opt_out_list;
  for (const ExtractSummary& extract : report.extracts) {
    std::string& date = newest[extract.source];
    date = std::max(date, extract.newest_opt_out_list);
  }
  for (const auto& [source, date] : newest) {
    StaleOptOuts stale{source, date, {}};
    for (const ExtractSummary& extract : report.extracts) {
      if (extract.source == source && extract.newest_opt_out_list < date) {
        stale.extracts.push_back(extract.name);
      }
    }
    if (!stale.extracts.empty()) {
      report.stale_opt_outs.push_back(std::move(stale));
    }
  }
}

// What the sources' manifests say about one dataset.
void AddFromManifests(const LinkInputs& inputs, const Manifests& manifests,
                      const std::string& dataset, BySource& by_source) {
  struct Period {
    std::string end;
    double rate;
  };
  std::map<std::string, std::vector<Period>> rates;
  for (const PinnedPart& part : inputs.plan->parts) {
    if (part.dataset != dataset) continue;
    const ExtractRecord& extract = inputs.plan->ExtractOf(part);
    const ExtractManifest& manifest =
        manifests[static_cast<size_t>(part.extract)];
    DatasetReport& report = by_source[extract.source];
    report.newest_extract_created =
        std::max(report.newest_extract_created, manifest.created);
    for (const dataset::DatasetCounts& counts : manifest.datasets) {
      if (counts.dataset != dataset) continue;
      for (const auto& [reason, rows] : counts.dropped) {
        auto& dropped =
            dataset::OutcomeOf(reason) == dataset::RowOutcome::kDroppedByRule
                ? report.dropped_by_rule
                : report.dropped_by_fault;
        dropped[std::string(dataset::RowReasonName(reason))] +=
            static_cast<int64_t>(rows);
      }
      if (counts.rows > 0) {
        rates[extract.source].push_back(
            {manifest.period_end,
             1.0 - static_cast<double>(counts.rows_unlinked) /
                       static_cast<double>(counts.rows)});
      }
    }
  }
  for (auto& [source, periods] : rates) {
    std::sort(periods.begin(), periods.end(),
              [](const Period& a, const Period& b) { return a.end < b.end; });
    for (const Period& period : periods) {
      by_source[source].row_rate_by_period.push_back(period.rate);
    }
  }
}

LinkCounts CountsAt(const std::vector<engine::Value>& row, size_t first) {
  return {IntOf(row[first]), IntOf(row[first + 1]), IntOf(row[first + 2]),
          IntOf(row[first + 3])};
}

// The rows of statements whose first `names` columns name a line, and whose
// others are counts: of each line once, with its counts added up.
absl::StatusOr<std::vector<std::vector<engine::Value>>> AddedUp(
    const std::vector<SqlStatement>& statements, size_t names,
    ReleaseEngine& engine) {
  std::map<std::vector<std::string>, std::vector<engine::Value>> lines;
  for (const SqlStatement& statement : statements) {
    TALLY_ASSIGN_OR_RETURN(auto rows, engine.Rows(statement));
    for (std::vector<engine::Value>& row : rows) {
      std::vector<std::string> name;
      for (size_t i = 0; i < names; ++i) name.push_back(TextOf(row[i]));
      const auto [line, is_new] = lines.try_emplace(name, row);
      if (is_new) continue;
      for (size_t i = names; i < row.size(); ++i) {
        line->second[i] =
            engine::Value::Int64(IntOf(line->second[i]) + IntOf(row[i]));
      }
    }
  }
  std::vector<std::vector<engine::Value>> added;
  for (auto& [name, line] : lines) added.push_back(std::move(line));
  return added;
}

absl::Status AddLevels(const LinkedExtracts& linked, const std::string& facts,
                       const std::vector<ReportDimension>& dimensions,
                       const std::string& dataset, ReleaseEngine& engine,
                       BySource& by_source, LinkageReport& report) {
  std::vector<SqlStatement> statements;
  for (const Slice slice : linked.SlicesOf(linked.everyone)) {
    statements.push_back(LevelsSql(facts, dimensions, slice));
  }
  TALLY_ASSIGN_OR_RETURN(const auto rows, AddedUp(statements, 3, engine));
  std::map<std::string, int64_t> linked_rows;  // by source
  for (const auto& row : rows) {
    if (TextOf(row[1]) != "all") continue;
    by_source[TextOf(row[0])].counts = CountsAt(row, 3);
    linked_rows[TextOf(row[0])] = IntOf(row[7]);
  }
  for (const auto& row : rows) {
    const std::string dimension = TextOf(row[1]);
    if (dimension == "all") continue;
    const std::string source = TextOf(row[0]);
    const LinkCounts counts = CountsAt(row, 3);
    report.levels.push_back(
        {source, dataset, dimension, TextOf(row[2]), "", counts});
    // Who has no verified number cannot be linked: that says nothing of them.
    if (dimension == "nhs_number_status") continue;
    ContrastLine contrast;
    contrast.source = source;
    contrast.dataset = dataset;
    contrast.attribute = dimension;
    contrast.level = TextOf(row[2]);
    contrast.linked_rows = IntOf(row[7]);
    contrast.unlinked_rows = counts.rows - contrast.linked_rows;
    contrast.all_linked_rows = linked_rows[source];
    contrast.all_unlinked_rows =
        by_source[source].counts.rows - contrast.all_linked_rows;
    if (contrast.all_linked_rows > 0 && contrast.all_unlinked_rows > 0) {
      report.contrasts.push_back(std::move(contrast));
    }
  }
  return absl::OkStatus();
}

absl::Status AddOutcomes(const std::string& facts, ReleaseEngine& engine,
                         BySource& by_source) {
  TALLY_ASSIGN_OR_RETURN(auto rows, engine.Rows(OutcomesSql(facts)));
  for (const auto& row : rows) {
    std::map<std::string, int64_t>& outcomes =
        by_source[TextOf(row[0])].outcomes;
    const bool no_person = *row[2].As<bool>();
    const bool linked = *row[3].As<bool>();
    std::string outcome = linked ? "linked" : "not in population";
    if (no_person) outcome = TextOf(row[1]);
    outcomes[outcome] += IntOf(row[4]);
  }
  return absl::OkStatus();
}

// Counts the parts one after the other, `rows_of` a part and a slice of its
// people and `facts_of` such rows, and then their counts together, slice by
// slice: the engine holds the groups of one slice of one part at a time, not
// those of all.
template <typename RowsOf, typename FactsOf>
absl::Status MaterialiseFacts(const LinkInputs& inputs,
                              const LinkedExtracts& linked,
                              const std::string& facts,
                              const std::vector<RowsTable>& parts,
                              const engine::TableSchema& schema,
                              const RowsOf& rows_of, const FactsOf& facts_of,
                              ReleaseEngine& engine) {
  const auto facts_of_part = [&](const RowsTable& part) {
    std::vector<SqlStatement> statements;
    for (const Slice slice : linked.SlicesOf(PeopleOf(inputs, part))) {
      statements.push_back(facts_of(rows_of(part, slice), Slice{}));
    }
    return statements;
  };
  if (parts.size() == 1) {
    return engine.Materialise(facts, facts_of_part(parts.front()), schema)
        .status();
  }
  std::vector<std::string> names, selects;
  for (size_t i = 0; i < parts.size(); ++i) {
    names.push_back(absl::StrFormat("part_%d_of_%s", i, facts));
    selects.push_back("SELECT * FROM " + names.back());
    TALLY_RETURN_IF_ERROR(
        engine.Materialise(names.back(), facts_of_part(parts[i]), schema)
            .status());
  }
  std::vector<SqlStatement> together;
  for (const Slice slice : linked.SlicesOf(linked.everyone)) {
    together.push_back(facts_of(JoinText(selects, " UNION ALL "), slice));
  }
  TALLY_RETURN_IF_ERROR(engine.Materialise(facts, together, schema).status());
  for (const std::string& name : names) {
    TALLY_RETURN_IF_ERROR(engine.Discard(name));
  }
  return absl::OkStatus();
}

absl::Status AddMonths(const LinkInputs& inputs, const LinkedExtracts& linked,
                       const std::vector<RowsTable>& parts,
                       const std::string& dataset, ReleaseEngine& engine,
                       BySource& by_source, LinkageReport& report) {
  const Specification& specification = NewestOf(parts);
  if (!specification.period_column().has_value()) return absl::OkStatus();
  const std::string column =
      specification.columns()[*specification.period_column()].name;
  const std::string facts = "month_facts_" + specification.sql_name();
  TALLY_RETURN_IF_ERROR(MaterialiseFacts(
      inputs, linked, facts, parts, MonthFactsSchema(),
      [&](const RowsTable& part, Slice slice) {
        return PartMonthFactsSql(part, parts, column, slice);
      },
      MonthFactsSql, engine));
  TALLY_ASSIGN_OR_RETURN(auto rows, engine.Rows(MonthLevelsSql(facts)));
  std::map<std::string, std::map<std::string, int64_t>> volumes;
  for (const auto& row : rows) {
    const std::string source = TextOf(row[0]);
    const std::optional<CivilDay> month = DayOf(row[1]);
    const LinkCounts counts = CountsAt(row, 2);
    const std::string name = month ? month->ToMonth() : "unknown";
    report.levels.push_back({source, dataset, "month", "", name, counts});
    if (month) volumes[source][name] = counts.rows;
  }
  for (const auto& [source, months] : volumes) {
    by_source[source].unusual_months = FindUnusualMonths(months);
  }
  TALLY_ASSIGN_OR_RETURN(auto newest,
                         engine.Rows(NewestEventSql(parts, column)));
  const absl::StatusOr<CivilDay> today =
      CivilDay::Parse(inputs.created.substr(0, 10));
  for (const auto& row : newest) {
    const std::optional<CivilDay> day = DayOf(row[1]);
    if (!day) continue;
    DatasetReport& source = by_source[TextOf(row[0])];
    source.newest_event = day->ToIso();
    if (today.ok()) source.days_since_newest_event = *today - *day;
  }
  const std::string& population = inputs.agreement->population;
  if (!linked.anchored || !linked.has_registrations || dataset == population) {
    return absl::OkStatus();
  }
  TALLY_ASSIGN_OR_RETURN(auto outside,
                         engine.Rows(OutsideCoverageSql(facts, population)));
  for (const auto& row : outside) {
    std::map<std::string, int64_t>& outcomes =
        by_source[TextOf(row[0])].outcomes;
    outcomes["outside coverage"] += IntOf(row[1]);
    outcomes["linked"] -= IntOf(row[1]);
  }
  return absl::OkStatus();
}

absl::Status AddDataset(const LinkInputs& inputs, const LinkedExtracts& linked,
                        const Manifests& manifests, const std::string& dataset,
                        ReleaseEngine& engine, LinkageReport& report) {
  const std::vector<RowsTable> parts =
      linked.PartsOf(*inputs.plan, dataset, false);
  const Specification& specification = NewestOf(parts);
  const std::vector<ReportDimension> dimensions =
      DimensionsOf(specification, inputs.agreement->ethnicity_groups);
  const std::string facts = "facts_" + specification.sql_name();
  TALLY_RETURN_IF_ERROR(MaterialiseFacts(
      inputs, linked, facts, parts, FactsSchema(dimensions),
      [&](const RowsTable& part, Slice slice) {
        return PartFactsSql(part, parts, dimensions, slice);
      },
      [&](std::string_view rows, Slice slice) {
        return FactsSql(rows, dimensions, slice);
      },
      engine));
  BySource by_source;
  // A source whose extracts hold no row of the dataset has a line too.
  for (const RowsTable& part : parts) by_source[part.source];
  TALLY_RETURN_IF_ERROR(
      AddLevels(linked, facts, dimensions, dataset, engine, by_source, report));
  TALLY_RETURN_IF_ERROR(AddOutcomes(facts, engine, by_source));
  TALLY_RETURN_IF_ERROR(
      AddMonths(inputs, linked, parts, dataset, engine, by_source, report));
  AddFromManifests(inputs, manifests, dataset, by_source);
  for (auto& [source, entry] : by_source) {
    entry.source = source;
    entry.dataset = dataset;
    std::erase_if(entry.outcomes,
                  [](const auto& outcome) { return outcome.second == 0; });
    report.datasets.push_back(std::move(entry));
  }
  return absl::OkStatus();
}

absl::Status AddOverlap(const LinkInputs& inputs, ReleaseEngine& engine,
                        LinkageReport& report) {
  const std::vector<std::string> sources = inputs.plan->Sources();
  std::vector<std::vector<int>> extracts(sources.size());
  for (size_t i = 0; i < inputs.plan->extracts.size(); ++i) {
    const int source =
        inputs.plan->SourceNumber(inputs.plan->extracts[i].source);
    extracts[static_cast<size_t>(source)].push_back(static_cast<int>(i));
  }
  TALLY_ASSIGN_OR_RETURN(auto rows, engine.Rows(CombinationsSql(extracts)));
  std::map<std::pair<std::string, std::string>, int64_t> pairs;
  std::vector<Combination> combinations;
  for (const auto& row : rows) {
    Combination combination;
    combination.persons = IntOf(row.back());
    for (size_t i = 0; i < sources.size(); ++i) {
      if (IntOf(row[i]) != 0) combination.sources.push_back(sources[i]);
    }
    for (size_t a = 0; a < combination.sources.size(); ++a) {
      for (size_t b = a + 1; b < combination.sources.size(); ++b) {
        pairs[{combination.sources[a], combination.sources[b]}] +=
            combination.persons;
      }
    }
    combinations.push_back(std::move(combination));
  }
  std::sort(combinations.begin(), combinations.end(),
            [](const Combination& a, const Combination& b) {
              return std::tie(b.persons, a.sources) <
                     std::tie(a.persons, b.sources);
            });
  Combination rest;
  for (size_t i = 0; i < combinations.size(); ++i) {
    if (i < kMostCombinations) {
      report.combinations.push_back(std::move(combinations[i]));
    } else {
      rest.persons += combinations[i].persons;
    }
  }
  if (rest.persons > 0) report.combinations.push_back(std::move(rest));
  for (size_t a = 0; a < sources.size(); ++a) {
    for (size_t b = a + 1; b < sources.size(); ++b) {
      report.pairs.push_back(
          {sources[a], sources[b], pairs[{sources[a], sources[b]}]});
    }
  }
  return absl::OkStatus();
}

absl::Status AddCoverage(ReleaseEngine& engine, LinkageReport& report) {
  std::map<std::pair<std::string, std::string>, CoverageLine> lines;
  TALLY_ASSIGN_OR_RETURN(auto spans, engine.Rows(SpansSql()));
  for (const auto& row : spans) {
    CoverageLine& line = lines[{TextOf(row[0]), TextOf(row[1])}];
    line.ended_by[TextOf(row[2])] += IntOf(row[3]);
    line.spans += IntOf(row[3]);
  }
  TALLY_ASSIGN_OR_RETURN(auto persons, engine.Rows(SpanPersonsSql()));
  for (const auto& row : persons) {
    lines[{TextOf(row[0]), TextOf(row[1])}].persons = IntOf(row[2]);
  }
  for (auto& [key, line] : lines) {
    line.source = key.first;
    line.dataset = key.second;
    report.coverage.push_back(std::move(line));
  }
  TALLY_ASSIGN_OR_RETURN(report.persons_with_overlapping_spans,
                         engine.Count(OverlappingSpansSql()));
  return absl::OkStatus();
}

void SortLines(LinkageReport& report) {
  std::sort(
      report.levels.begin(), report.levels.end(),
      [](const LevelLine& a, const LevelLine& b) {
        return std::tie(a.source, a.dataset, a.dimension, a.month, a.level) <
               std::tie(b.source, b.dataset, b.dimension, b.month, b.level);
      });
  std::sort(report.contrasts.begin(), report.contrasts.end(),
            [](const ContrastLine& a, const ContrastLine& b) {
              return std::tie(a.source, a.dataset, a.attribute, a.level) <
                     std::tie(b.source, b.dataset, b.attribute, b.level);
            });
  std::sort(report.datasets.begin(), report.datasets.end(),
            [](const DatasetReport& a, const DatasetReport& b) {
              return std::tie(a.source, a.dataset) <
                     std::tie(b.source, b.dataset);
            });
}

}  // namespace

std::vector<UnusualMonth> FindUnusualMonths(
    const std::map<std::string, int64_t>& rows_by_month) {
  std::vector<UnusualMonth> unusual;
  for (const auto& [month, rows] : rows_by_month) {
    std::vector<double> earlier;
    for (const auto& [other, count] : rows_by_month) {
      if (other < month && other.substr(4) == month.substr(4)) {
        earlier.push_back(static_cast<double>(count));
      }
    }
    if (earlier.size() < kFewestEarlierYears) continue;
    const double n = static_cast<double>(earlier.size());
    double mean = 0;
    for (const double value : earlier) mean += value / n;
    double squares = 0;
    for (const double value : earlier)
      squares += (value - mean) * (value - mean);
    const double sigma =
        std::max(std::sqrt(squares / (n - 1)), std::sqrt(std::max(mean, 1.0)));
    if (std::fabs(static_cast<double>(rows) - mean) > kSigmas * sigma) {
      unusual.push_back({month, rows, mean, sigma});
    }
  }
  return unusual;
}

absl::StatusOr<LinkageReport> BuildLinkageReport(const LinkInputs& inputs,
                                                 const LinkedExtracts& linked,
                                                 ReleaseEngine& engine) {
  LinkageReport report;
  report.project = inputs.agreement->project;
  report.environment = std::string(crypto::EnvironmentName(inputs.environment));
  report.created = inputs.created;
  report.population = inputs.agreement->population;
  report.anchor_persons = linked.persons;
  TALLY_ASSIGN_OR_RETURN(const Manifests manifests, ReadManifests(inputs));
  AddExtracts(inputs, manifests, report);
  AddStaleOptOuts(inputs, report);
  const std::vector<std::string> datasets = inputs.plan->Datasets();
  for (size_t i = 0; i < datasets.size(); ++i) {
    TALLY_RETURN_IF_ERROR(EnterStage(inputs, "report", static_cast<int64_t>(i),
                                     static_cast<int64_t>(datasets.size()),
                                     "datasets"));
    TALLY_RETURN_IF_ERROR(
        AddDataset(inputs, linked, manifests, datasets[i], engine, report));
  }
  TALLY_RETURN_IF_ERROR(AddOverlap(inputs, engine, report));
  TALLY_RETURN_IF_ERROR(AddCoverage(engine, report));
  TALLY_ASSIGN_OR_RETURN(auto statuses, engine.Rows(StatusSql()));
  for (const auto& row : statuses) {
    report.persons_by_status[TextOf(row[0])] = IntOf(row[1]);
  }
  SortLines(report);
  Summarise(report);
  return report;
}

}  // namespace tally::linkage
