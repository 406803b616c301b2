#include "analytics/measures/runner.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/measures/agreement.h"
#include "analytics/measures/reference.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/process.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/count_ahead.h"
#include "measures/measure_table.h"
#include "measures/successors.h"
#include "measures/table_months.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kDefaultProfile = "nhs-subnational";

// Why the months of the figures are not known, or nothing if they are: of each
// dataset that must reach so far back, every source with rows has to.
absl::StatusOr<std::optional<std::string>> NotCovered(
    const MeasureContext& context) {
  for (const MeasureNeed& need : context.definition.needs()) {
    if (need.months == 0) continue;
    // Of what the measure does without here there are no months.
    if (need.MissingOfDataset(context.release).has_value()) continue;
    TALLY_ASSIGN_OR_RETURN(const CivilDay first,
                           context.month.AddMonths(1 - need.months));
    TALLY_ASSIGN_OR_RETURN(
        const TableCoverage covered,
        MonthsOfTable(context, need.Table(), {first, context.month}));
    if (!covered.has_rows) continue;  // nothing to be wrong about
    if (covered.months.has_value() && covered.months->first == first &&
        covered.months->last == context.month) {
      continue;
    }
    return absl::StrFormat(
        "table %s has to cover %s to %s, and its extracts do not", need.Table(),
        first.ToMonth(), context.month.ToMonth());
  }
  return std::nullopt;
}

bool HasName(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

absl::Status CheckGrouping(const MeasureDefinition& definition,
                           const std::vector<std::string>& by) {
  const std::vector<std::string>& known = definition.by();
  if (known.empty() && !by.empty()) {
    return UsageError(absl::StrFormat(
        "--by: %s has its own breakdowns and is not grouped by others",
        definition.id()));
  }
  std::vector<std::string> unknown;
  for (const std::string& column : by) {
    if (HasName(known, column)) continue;
    const std::string near = NearestMatch(column, known);
    unknown.push_back(
        near.empty() ? column
                     : absl::StrFormat("%s (did you mean %s?)", column, near));
  }
  if (!unknown.empty()) {
    return UsageError(absl::StrFormat(
        "--by: %s is not grouped by %s; it can be by %s", definition.id(),
        JoinText(unknown, " and "), JoinText(known, ", ")));
  }
  for (size_t i = 0; i < by.size(); ++i) {
    if (std::find(by.begin(), by.begin() + static_cast<int64_t>(i), by[i]) !=
        by.begin() + static_cast<int64_t>(i)) {
      return UsageError(absl::StrFormat("--by: %s is there twice", by[i]));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Profile> EffectiveProfile(const ReleaseFolder& release,
                                         const std::string& configured,
                                         const std::string& asked) {
  TALLY_ASSIGN_OR_RETURN(const AgreementFacts agreement,
                         ReadAgreement(release));
  const std::string agreed = agreement.profile.empty()
                                 ? std::string(kDefaultProfile)
                                 : agreement.profile;
  TALLY_ASSIGN_OR_RETURN(Profile floor, Profile::Named(agreed));
  if (asked.empty()) {
    if (configured.empty()) return floor;
    TALLY_ASSIGN_OR_RETURN(Profile usual, Profile::Named(configured));
    return usual.AsStrictAs(floor) ? usual : floor;
  }
  TALLY_ASSIGN_OR_RETURN(Profile wanted, Profile::Named(asked));
  if (!wanted.AsStrictAs(floor)) {
    return NotPermittedError(
        absl::StrFormat("the agreement asks for the profile %s; %s is looser",
                        floor.name(), wanted.name()));
  }
  return wanted;
}

MeasureRunner::MeasureRunner(const ReleaseFolder& release,
                             ReleaseDatabase& database, Gate& gate,
                             RunOptions options)
    : release_(release),
      database_(database),
      gate_(gate),
      options_(std::move(options)) {}

MeasureRunner::~MeasureRunner() = default;

absl::Status MeasureRunner::AddInOrder(const std::string& id,
                                       std::set<std::string>& seen,
                                       std::vector<std::string>& order) const {
  // Of measures that use each other Run says what is wrong.
  if (!seen.insert(id).second || id == kDisclosureAudit) {
    return absl::OkStatus();
  }
  TALLY_ASSIGN_OR_RETURN(const MeasureDefinition definition,
                         LoadDefinition(id, options_.definitions));
  if (options_.by.empty()) {
    for (const std::string& used : definition.Uses()) {
      TALLY_RETURN_IF_ERROR(AddInOrder(used, seen, order));
    }
  }
  order.push_back(id);
  return absl::OkStatus();
}

void MeasureRunner::Announce(const std::vector<std::string>& ids) {
  TALLY_CHECK(ahead_ == nullptr);
  std::set<std::string> seen;
  std::vector<std::string> order;
  absl::Status status = Month().status();  // both threads read it from now on
  for (const std::string& id : ids) status.Update(AddInOrder(id, seen, order));
  if (!status.ok()) return;  // Run says what is wrong
  ahead_ = std::make_unique<CountAhead>(
      std::move(order), [this](const std::string& id) { return Count(id); },
      [this] { database_.connection().Interrupt(); });
}

absl::StatusOr<CivilDay> MeasureRunner::Month() {
  if (month_.has_value()) return *month_;
  TALLY_ASSIGN_OR_RETURN(const MonthRange covered, CoveredMonths(release_));
  CivilDay month = covered.last;
  if (options_.month.has_value()) month = options_.month->FirstOfMonth();
  if (month < covered.first || covered.last < month) {
    return UsageError(absl::StrFormat(
        "--month: the release covers %s to %s, not %s", covered.first.ToMonth(),
        covered.last.ToMonth(), month.ToMonth()));
  }
  month_ = month;
  return month;
}

// One measure at work: what it is asked for and what has come of it.
struct MeasureRunner::Part {
  bool whole = true;
  const std::vector<std::string>& chosen;
  MissingTables reasons;
  MeasureResult result;

  bool Wants(std::string_view table) const {
    return whole || chosen.empty() || HasName(chosen, table);
  }
  bool Has(std::string_view table) const {
    return std::any_of(
               result.tables.begin(), result.tables.end(),
               [&](const GatedTable& t) { return t.info().table == table; }) ||
           std::any_of(result.refused.begin(), result.refused.end(),
                       [&](const RefusedTable& t) { return t.table == table; });
  }
};

absl::StatusOr<MeasureResult> MeasureRunner::Run(std::string_view id) {
  TALLY_ASSIGN_OR_RETURN(const MeasureResult* result,
                         RunOnce(id, options_.tables.empty()));
  return *result;
}

absl::StatusOr<const MeasureResult*> MeasureRunner::RunOnce(std::string_view id,
                                                            bool whole) {
  const std::string key = std::string(id) + (whole ? "" : " in part");
  const auto found = results_.find(key);
  if (found != results_.end()) {
    if (found->second == nullptr) {
      return UsageError(
          absl::StrFormat("measure %s uses itself: its definition needs a "
                          "measure that needs it",
                          std::string(id)));
    }
    return found->second.get();
  }
  const auto place = results_.emplace(key, nullptr).first;
  absl::StatusOr<MeasureResult> result = Compute(id, whole);
  if (!result.ok()) {
    results_.erase(place);
    return result.status();
  }
  place->second = std::make_unique<MeasureResult>(*std::move(result));
  return place->second.get();
}

absl::StatusOr<std::optional<std::string>> MeasureRunner::RunUsed(
    const MeasureDefinition& definition) {
  for (const std::string& used : definition.Uses()) {
    TALLY_ASSIGN_OR_RETURN(const MeasureResult* result, RunOnce(used, true));
    if (result->unavailable.has_value()) {
      return absl::StrFormat("it uses %s, which is not available: %s", used,
                             *result->unavailable);
    }
  }
  return std::nullopt;
}

absl::Status MeasureRunner::Release(const std::vector<RawTable>& raw,
                                    Part& part) {
  MeasureResult& result = part.result;
  for (const RawTable& table : raw) {
    TALLY_RETURN_IF_ERROR(CheckNotStopped());
    absl::StatusOr<GatedTable> gated = gate_.Release(table);
    if (gated.ok()) {
      result.tables.push_back(*std::move(gated));
      if (!part.Wants(table.info().table)) {
        result.gated_for_others.push_back(
            absl::StrFormat("%s/%s", result.id, table.info().table));
      }
      continue;
    }
    if (ReasonOf(gated.status()) != Reason::kDisclosureRefused) {
      return gated.status();
    }
    result.refused.push_back({table.info().table, gated.status()});
  }
  return absl::OkStatus();
}

absl::Status MeasureRunner::Derive(const CountedFigures& counted, Part& part) {
  MeasureResult& result = part.result;
  ReleasedTables released;
  released[result.id] = result.tables;
  for (const std::string& used : counted.definition.Uses()) {
    released[used] = results_.find(used)->second->tables;
  }
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<DerivedTable> derived,
      counted.measure->Derive({counted.definition, counted.month,
                               options_.comparators, released, &part.reasons}));
  for (const DerivedTable& table : derived) {
    if (!part.Wants(table.info().table)) continue;
    TALLY_RETURN_IF_ERROR(CheckNotStopped());
    TALLY_ASSIGN_OR_RETURN(GatedTable gated, gate_.ReleaseDerived(table));
    result.tables.push_back(std::move(gated));
  }
  return absl::OkStatus();
}

void MeasureRunner::NameMissing(const MeasureDefinition& definition,
                                Part& part) const {
  std::vector<std::string> refused;  // what derived tables stand on
  for (const RefusedTable& table : part.result.refused) {
    refused.push_back(table.table);
  }
  for (const std::string& used : definition.Uses()) {
    const auto found = results_.find(used);
    if (found == results_.end()) continue;
    for (const RefusedTable& table : found->second->refused) {
      refused.push_back(absl::StrFormat("%s/%s", used, table.table));
    }
  }
  for (const MeasureOutput& output : definition.outputs()) {
    if (!part.Wants(output.table) || part.Has(output.table)) continue;
    const auto reason = part.reasons.find(output.table);
    std::string words = "the measure gives no reason, which is a fault of it";
    if (reason != part.reasons.end()) {
      words = reason->second;
    } else if (!options_.by.empty()) {
      words = "it is made without --by only";
    } else if (!refused.empty()) {
      words = "the gate refused what it is computed from: " +
              JoinText(refused, ", ");
    }
    part.result.missing.push_back({output.table, std::move(words)});
  }
}

absl::Status MeasureRunner::MakeTables(CountedFigures& counted, Part& part) {
  TALLY_RETURN_IF_ERROR(counted.raw.status());
  std::vector<RawTable>& raw = *counted.raw;
  bool derives = false;  // something wanted is computed from printed tables
  for (const MeasureOutput& output : counted.definition.outputs()) {
    const bool here =
        std::any_of(raw.begin(), raw.end(), [&](const RawTable& table) {
          return table.info().table == output.table;
        });
    derives = derives || (part.Wants(output.table) && !here &&
                          !part.reasons.contains(output.table));
  }
  derives = derives && options_.by.empty();
  if (!derives) {
    std::erase_if(raw, [&](const RawTable& table) {
      return !part.Wants(table.info().table);
    });
  }
  TALLY_RETURN_IF_ERROR(Release(raw, part));
  raw.clear();
  if (derives) TALLY_RETURN_IF_ERROR(Derive(counted, part));
  NameMissing(counted.definition, part);
  // Pictures are of whole measures.
  if (part.whole && options_.by.empty()) {
    part.result.parts =
        counted.measure->Draw(counted.definition, part.result.tables);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<CountedFigures>> MeasureRunner::Count(
    std::string_view id) {
  TALLY_ASSIGN_OR_RETURN(std::unique_ptr<Measure> measure, MakeMeasure(id));
  TALLY_ASSIGN_OR_RETURN(MeasureDefinition definition,
                         LoadDefinition(id, options_.definitions));
  if (!options_.spc_mode.empty()) {
    definition = definition.WithParameter("spc_mode", options_.spc_mode);
  }
  TALLY_RETURN_IF_ERROR(CheckGrouping(definition, options_.by));
  auto counted = std::make_unique<CountedFigures>(CountedFigures{
      std::move(measure), std::move(definition), {}, {}, {}, {}});
  MeasureResult& result = counted->result;
  result.id = counted->definition.id();
  result.title = counted->definition.title();
  result.version = counted->definition.version();
  result.definition_sha256 = counted->definition.sha256();
  result.pages = counted->definition.pages();
  result.unavailable =
      counted->definition.Unavailable(release_, options_.comparators);
  if (result.unavailable.has_value()) return counted;
  TALLY_ASSIGN_OR_RETURN(counted->month, Month());
  MutexLock lock(engine_);
  const MeasureContext context{release_,
                               database_.connection(),
                               counted->definition,
                               counted->month,
                               options_.by,
                               options_.comparators,
                               base_,
                               options_.definitions,
                               gate_.log(),
                               &counted->reasons};
  TALLY_RETURN_IF_ERROR(UseProviderSuccessors(context));
  TALLY_ASSIGN_OR_RETURN(counted->not_covered, NotCovered(context));
  if (counted->not_covered.has_value()) return counted;
  counted->raw = counted->measure->Compute(context);
  if (IsNotValidThen(counted->raw.status())) {
    counted->not_covered = std::string(counted->raw.status().message());
  }
  return counted;
}

absl::StatusOr<MeasureResult> MeasureRunner::Compute(std::string_view id,
                                                     bool whole) {
  std::optional<CountAhead::Figures> ready;
  if (ahead_ != nullptr) ready = ahead_->Take(std::string(id));
  // Nothing passes the gate once the user said stop.
  TALLY_RETURN_IF_ERROR(CheckNotStopped());
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<CountedFigures> counted,
                         ready.has_value() ? *std::move(ready) : Count(id));
  Part part{whole, options_.tables, std::move(counted->reasons),
            std::move(counted->result)};
  MeasureResult& result = part.result;
  if (result.unavailable.has_value()) return result;
  // Of a measure that computes from others' tables nothing is grouped anew.
  if (options_.by.empty()) {
    TALLY_ASSIGN_OR_RETURN(result.unavailable, RunUsed(counted->definition));
    if (result.unavailable.has_value()) return result;
    if (!whole) {
      for (const std::string& used : counted->definition.Uses()) {
        for (const GatedTable& table : results_.find(used)->second->tables) {
          result.gated_for_others.push_back(
              absl::StrFormat("%s/%s", used, table.info().table));
        }
      }
    }
  }
  result.unavailable = counted->not_covered;
  if (result.unavailable.has_value()) return result;
  const absl::Status made = MakeTables(*counted, part);
  if (IsNotValidThen(made)) {
    result.tables.clear();
    result.unavailable = std::string(made.message());
    return result;
  }
  TALLY_RETURN_IF_ERROR(made);
  return result;
}

}  // namespace tally::analytics
