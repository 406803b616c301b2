// The linkage report as JSON.
#include <cmath>
#include <utility>

#include "base/json.h"
#include "linkage/release/report_text.h"

namespace tally::linkage {
namespace {

constexpr std::string_view kFormat = "tally-linkage-quality-1";

// Six decimals are what the CSV shows; more would only differ by machine.
double Rounded(double value) { return std::round(value * 1e6) / 1e6; }

template <typename Items, typename Encode>
JsonValue ArrayOf(const Items& items, Encode encode) {
  JsonValue array = JsonValue::MakeArray();
  for (const auto& item : items) array.Append(encode(item));
  return array;
}

JsonValue Texts(const std::vector<std::string>& texts) {
  return ArrayOf(texts,
                 [](const std::string& text) { return JsonValue(text); });
}

JsonValue Counts(const std::map<std::string, int64_t>& counts) {
  JsonValue object = JsonValue::MakeObject();
  for (const auto& [key, value] : counts) object.Set(key, value);
  return object;
}

void SetProportion(const Proportion& rate, JsonValue& object) {
  object.Set("rate", Rounded(rate.value));
  object.Set("lower", Rounded(rate.lower));
  object.Set("upper", Rounded(rate.upper));
}

JsonValue EncodeLine(const ReportLine& line) {
  JsonValue object = JsonValue::MakeObject();
  const auto text = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) object.Set(key, value);
  };
  const auto number = [&](std::string_view key,
                          const std::optional<int64_t>& value) {
    if (value) object.Set(key, *value);
  };
  text("source", line.source);
  text("dataset", line.dataset);
  text("dimension", line.dimension);
  text("level", line.level);
  text("month", line.month);
  number("rows", line.rows);
  number("rows_with_person", line.rows_with_person);
  number("persons", line.persons);
  number("persons_linked", line.persons_linked);
  if (line.rate) SetProportion(*line.rate, object);
  text("reason", line.reason);
  number("rows_reason", line.rows_reason);
  text("rows_reason_rounded", line.rounded_reason);
  return object;
}

JsonValue EncodeExtract(const ExtractSummary& extract) {
  JsonValue object = JsonValue::MakeObject();
  object.Set("extract", extract.name);
  object.Set("source", extract.source);
  object.Set("period_start", extract.period_start);
  object.Set("period_end", extract.period_end);
  object.Set("revision", extract.revision);
  object.Set("epoch", extract.epoch);
  object.Set("created", extract.created);
  object.Set("persons", extract.persons);
  object.Set("opted_out", extract.opted_out);
  if (!extract.newest_opt_out_list.empty()) {
    object.Set("newest_opt_out_list", extract.newest_opt_out_list);
  }
  return object;
}

JsonValue EncodeDataset(const DatasetReport& dataset) {
  JsonValue object = JsonValue::MakeObject();
  object.Set("source", dataset.source);
  object.Set("dataset", dataset.dataset);
  object.Set("rows", dataset.counts.rows);
  object.Set("rows_with_person", dataset.counts.rows_with_person);
  object.Set("persons", dataset.counts.persons);
  object.Set("persons_linked", dataset.counts.persons_linked);
  SetProportion(
      WilsonProportion(dataset.counts.persons_linked, dataset.counts.persons),
      object);
  object.Set("row_rate",
             Rounded(WilsonProportion(dataset.counts.rows_with_person,
                                      dataset.counts.rows)
                         .value));
  object.Set("outcomes", Counts(dataset.outcomes));
  object.Set("dropped_by_rule", Counts(dataset.dropped_by_rule));
  object.Set("dropped_by_fault", Counts(dataset.dropped_by_fault));
  return object;
}

JsonValue EncodeFreshness(const DatasetReport& dataset) {
  JsonValue object = JsonValue::MakeObject();
  object.Set("source", dataset.source);
  object.Set("dataset", dataset.dataset);
  object.Set("newest_extract_created", dataset.newest_extract_created);
  if (!dataset.newest_event.empty()) {
    object.Set("newest_event", dataset.newest_event);
    object.Set("days_since_newest_event", dataset.days_since_newest_event);
  }
  object.Set("unusual_months",
             ArrayOf(dataset.unusual_months, [](const UnusualMonth& month) {
               JsonValue value = JsonValue::MakeObject();
               value.Set("month", month.month);
               value.Set("rows", month.rows);
               value.Set("mean", Rounded(month.mean));
               value.Set("sigma", Rounded(month.sigma));
               return value;
             }));
  object.Set("row_rate_by_period",
             ArrayOf(dataset.row_rate_by_period,
                     [](double rate) { return JsonValue(Rounded(rate)); }));
  return object;
}

JsonValue EncodeContrast(const ContrastLine& line) {
  JsonValue object = JsonValue::MakeObject();
  object.Set("source", line.source);
  object.Set("dataset", line.dataset);
  object.Set("attribute", line.attribute);
  object.Set("level", line.level);
  object.Set("linked_rows", line.linked_rows);
  object.Set("unlinked_rows", line.unlinked_rows);
  object.Set("all_linked_rows", line.all_linked_rows);
  object.Set("all_unlinked_rows", line.all_unlinked_rows);
  object.Set("difference", Rounded(line.Difference()));
  object.Set("flagged", line.Flagged());
  return object;
}

JsonValue EncodeOverlap(const LinkageReport& report) {
  JsonValue object = JsonValue::MakeObject();
  object.Set("pairs", ArrayOf(report.pairs, [](const PairOverlap& pair) {
               JsonValue value = JsonValue::MakeObject();
               value.Set("source_a", pair.source_a);
               value.Set("source_b", pair.source_b);
               value.Set("persons", pair.persons);
               return value;
             }));
  object.Set("combinations",
             ArrayOf(report.combinations, [](const Combination& combination) {
               JsonValue value = JsonValue::MakeObject();
               value.Set("sources", Texts(combination.sources));
               value.Set("persons", combination.persons);
               return value;
             }));
  return object;
}

JsonValue EncodeCoverage(const LinkageReport& report) {
  JsonValue object = JsonValue::MakeObject();
  object.Set("persons_with_overlapping_spans",
             report.persons_with_overlapping_spans);
  object.Set("by_dataset",
             ArrayOf(report.coverage, [](const CoverageLine& line) {
               JsonValue value = JsonValue::MakeObject();
               value.Set("source", line.source);
               value.Set("dataset", line.dataset);
               value.Set("spans", line.spans);
               value.Set("persons", line.persons);
               value.Set("ended_by", Counts(line.ended_by));
               return value;
             }));
  return object;
}

JsonValue EncodeUniqueness(const UniquenessLine& line) {
  JsonValue value = JsonValue::MakeObject();
  value.Set("table", line.table);
  value.Set("quasi_identifiers", Texts(line.quasi_identifiers));
  value.Set("min_k", line.min_k);
  value.Set("rows", line.rows);
  value.Set("rows_below_before", line.rows_below_before);
  value.Set("rows_area_withheld", line.rows_area_withheld);
  value.Set("rows_practice_withheld", line.rows_practice_withheld);
  value.Set("rows_below_after", line.rows_below_after);
  return value;
}

JsonValue EncodeJoinAttack(const JoinAttackLine& line) {
  JsonValue value = JsonValue::MakeObject();
  value.Set("project", line.project);
  value.Set("release", line.release);
  value.Set("table", line.table);
  value.Set("columns", Texts(line.columns));
  value.Set("persons", line.persons);
  value.Set("relinked", line.relinked);
  value.Set("share",
            Rounded(WilsonProportion(line.relinked, line.persons).value));
  return value;
}

JsonValue EncodeTiers(const LinkageReport& report) {
  JsonValue array = JsonValue::MakeArray();
  for (const auto& [status, persons] : report.persons_by_status) {
    JsonValue value = JsonValue::MakeObject();
    value.Set("link_status", status);
    value.Set("persons", persons);
    // One exact tier gives one answer: nothing can contradict it.
    value.Set("conflicts", 0);
    array.Append(std::move(value));
  }
  return array;
}

}  // namespace

std::string ReportJson(const LinkageReport& report) {
  JsonValue root = JsonValue::MakeObject();
  root.Set("format", kFormat);
  root.Set("project", report.project);
  root.Set("release", report.release);
  root.Set("environment", report.environment);
  root.Set("created", report.created);
  JsonValue anchor = JsonValue::MakeObject();
  anchor.Set("population", report.population);
  anchor.Set("persons", report.anchor_persons);
  root.Set("anchor", std::move(anchor));
  root.Set("summary", Texts(report.summary));
  root.Set("warnings", Texts(report.warnings));
  root.Set("extracts", ArrayOf(report.extracts, EncodeExtract));
  root.Set("datasets", ArrayOf(report.datasets, EncodeDataset));
  root.Set("lines", ArrayOf(ReportLines(report), EncodeLine));
  root.Set("tiers", EncodeTiers(report));
  root.Set("overlap", EncodeOverlap(report));
  root.Set("linked_against_unlinked",
           ArrayOf(report.contrasts, EncodeContrast));
  root.Set("coverage", EncodeCoverage(report));
  root.Set("freshness", ArrayOf(report.datasets, EncodeFreshness));
  root.Set("opt_outs",
           ArrayOf(report.stale_opt_outs, [](const StaleOptOuts& stale) {
             JsonValue value = JsonValue::MakeObject();
             value.Set("source", stale.source);
             value.Set("newest_list", stale.newest_list);
             value.Set("older_extracts", Texts(stale.extracts));
             return value;
           }));
  root.Set("uniqueness", ArrayOf(report.uniqueness, EncodeUniqueness));
  root.Set("join_attack", ArrayOf(report.join_attack, EncodeJoinAttack));
  return root.DumpPretty() + "\n";
}

}  // namespace tally::linkage
