#include "measures/c05_tables.h"

#include <tuple>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/patient_list.h"
#include "base/status.h"
#include "measures/counts.h"

namespace tally::analytics {
namespace {

size_t BandOf(const std::vector<ScoreBand>& bands, int64_t score) {
  size_t band = 0;
  while (band + 1 < bands.size() && score >= bands[band + 1].low) ++band;
  return band;
}

// Rows of area; score, people, outcomes.
AreaBands CountBands(const std::vector<GroupedRow>& rows,
                     const std::vector<ScoreBand>& bands) {
  AreaBands areas;
  for (const GroupedRow& row : rows) {
    std::vector<BandCount>& counts = areas[row.levels[0]];
    counts.resize(bands.size());
    BandCount& count = counts[BandOf(bands, row.counts[0])];
    count.persons += row.counts[1];
    count.outcomes += row.counts[2];
  }
  return areas;
}

size_t AddBandRow(const std::string& model, const std::string& area,
                  const std::string& band, const BandCount& count,
                  bool predicted, TableBuilder& table) {
  const size_t row = table.AddRow({model, area, band});
  if (predicted && count.persons > 0) {
    table.Set(row, "predicted",
              100 * count.predicted / static_cast<double>(count.persons));
  }
  return row;
}

}  // namespace

absl::StatusOr<AreaBands> CountScore(const MeasureContext& context,
                                     const RiskScore& score,
                                     const std::vector<ScoreBand>& bands,
                                     std::string_view table) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(
          context.connection,
          absl::StrFormat("SELECT practice, CAST(%1$s AS BIGINT), count(*), "
                          "CAST(sum(outcome) AS BIGINT) FROM %2$s WHERE %3$s "
                          "GROUP BY practice, %1$s",
                          score.column, table, score.where),
          1));
  return CountBands(rows, bands);
}

AreaBands BandsOfModel(const RiskModel& model) {
  AreaBands areas;
  for (size_t band = 0; band < model.bands.size(); ++band) {
    for (const auto& [area, counts] : model.bands[band].areas) {
      std::vector<BandCount>& row = areas[area];
      row.resize(model.bands.size());
      row[band] = {counts.persons, counts.outcomes, counts.predicted};
    }
  }
  return areas;
}

TableBuilder BandTable(TableInfo info) {
  TableBuilder table(std::move(info));
  table.Dimension("model", "Score or model")
      .Dimension("area", "Practice")
      .Dimension("band", "Band")
      .Persons("persons", "People")
      .Persons("list", "People with a score")
      .Proportion("share", "Share of them", "persons", "list", false)
      .Persons("admitted", "With an emergency admission in the year after")
      .Proportion("observed", "Observed", "admitted", "persons")
      .Mean("predicted", "Predicted", "%", "persons");
  return table;
}

void AddModelBands(const std::string& model,
                   const std::vector<std::string>& bands,
                   const AreaBands& areas, bool predicted, TableBuilder& table,
                   std::vector<BandSplit>& splits) {
  std::vector<std::string> order;
  for (const auto& [area, counts] : areas) order.push_back(area);
  SortLevels(order);
  std::vector<std::vector<size_t>> parts(bands.size());
  std::vector<BandCount> all(bands.size());
  for (const std::string& area : order) {
    BandSplit split{area, {}, {}};
    for (size_t band = 0; band < bands.size(); ++band) {
      const BandCount& count = areas.at(area)[band];
      const size_t row =
          AddBandRow(model, area, bands[band], count, predicted, table);
      table.Set(row, "persons", count.persons);
      table.Set(row, "admitted", count.outcomes);
      parts[band].push_back(row);
      split.rows.push_back(row);
      split.sum.Add(count);
      all[band].Add(count);
    }
    splits.push_back(std::move(split));
  }
  if (order.empty()) return;
  BandSplit split{std::string(kAllLevels), {}, {}};
  for (size_t band = 0; band < bands.size(); ++band) {
    const size_t row = AddBandRow(model, std::string(kAllLevels), bands[band],
                                  all[band], predicted, table);
    table.Total(row, parts[band]);
    split.rows.push_back(row);
    split.sum.Add(all[band]);
  }
  splits.push_back(std::move(split));
}

void AddSamePeople(const std::vector<BandSplit>& splits, TableBuilder& table) {
  // A score that fewer people have shares nothing.
  std::map<std::tuple<std::string, int64_t, int64_t>,
           std::vector<std::vector<size_t>>>
      groups;
  for (const BandSplit& split : splits) {
    groups[{split.area, split.sum.persons, split.sum.outcomes}].push_back(
        split.rows);
  }
  for (const auto& [people, of_models] : groups) {
    if (of_models.size() < 2) continue;
    table.SameSum("persons", of_models).SameSum("admitted", of_models);
  }
}

TableBuilder ModelTable(TableInfo info) {
  TableBuilder table(std::move(info));
  table.Dimension("model", "Score or model")
      .Text("trained", "Trained at the end of")
      .Text("judged", "Judged at the end of")
      .Persons("persons", "People")
      .Persons("admitted", "With an emergency admission in the year after");
  const auto add = [&](const char* name, const char* title, bool percent) {
    ColumnSpec column;
    column.name = name;
    column.kind = ColumnKind::kModelMetric;
    column.title = title;
    column.numerator = "admitted";
    if (percent) {
      column.unit = "%";
      column.decimals = 0;  // finer ones would say how many events there are
    }
    table.Column(column);
  };
  add("auc", "Area under the curve", false);
  add("brier", "Brier score", false);
  add("intercept", "Calibration intercept", false);
  add("slope", "Calibration slope", false);
  add("capture_0_5", "Share of all events in the top 0.5 %", true);
  add("capture_5", "Share of all events in the top 5 %", true);
  add("capture_20", "Share of all events in the top 20 %", true);
  return table;
}

void AddModelRow(const std::string& model, const std::string& trained,
                 const std::string& judged, const ModelFigures& figures,
                 TableBuilder& table) {
  const size_t row = table.AddRow({model});
  table.Set(row, "trained", trained).Set(row, "judged", judged);
  table.Set(row, "persons", figures.persons);
  table.Set(row, "admitted", figures.outcomes);
  const auto set = [&](const char* name, const Figure& figure, double scale) {
    if (figure.known()) {
      table.Set(row, name, scale * figure.value());
    } else {
      table.SetNa(row, name, figure.reason());
    }
  };
  set("auc", figures.auc, 1);
  set("brier", figures.brier, 1);
  set("intercept", figures.intercept, 1);
  set("slope", figures.slope, 1);
  set("capture_0_5", figures.capture_0_5, 100);
  set("capture_5", figures.capture_5, 100);
  set("capture_20", figures.capture_20, 100);
}

absl::StatusOr<RawTable> CalibrationTable(TableInfo info,
                                          const RiskModel& model) {
  TableBuilder table(std::move(info));
  table.Dimension("group", "Group")
      .Dimension("level", "Level")
      .Persons("persons", "People")
      .Persons("admitted", "With an emergency admission in the year after")
      .Proportion("observed", "Observed", "admitted", "persons")
      .Mean("predicted", "Predicted", "%", "persons")
      .IndirectRatio("ratio", "Observed over predicted", "admitted");
  std::map<std::string, BandSplit> dimensions;
  for (const ModelGroup& group : model.groups) {
    const size_t row = table.AddRow({group.dimension, group.level});
    BandSplit& split = dimensions[group.dimension];
    split.sum.Add({group.persons, group.outcomes, group.predicted});
    split.rows.push_back(row);
    table.Set(row, "persons", group.persons);
    table.Set(row, "admitted", group.outcomes);
    table.Set(row, "predicted",
              100 * group.predicted / static_cast<double>(group.persons));
    table.SetExpected(row, "ratio", group.outcomes, group.predicted);
  }
  std::vector<BandSplit> splits;
  for (auto& [dimension, split] : dimensions) {
    splits.push_back(std::move(split));
  }
  AddSamePeople(splits, table);
  return table.Finish();
}

absl::StatusOr<RawTable> LaceTable(const MeasureContext& context,
                                   TableInfo info,
                                   const std::vector<ScoreBand>& bands,
                                   bool by_practice) {
  const std::string sql = absl::StrFormat(
      "SELECT coalesce(%s, '%s') AS area, l.points, count(*), "
      "CAST(sum(l.readmitted) AS BIGINT) FROM lace AS l LEFT JOIN "
      "risk_judged AS j ON j.person = l.person GROUP BY ALL",
      by_practice ? "j.practice" : "NULL",
      std::string(by_practice ? kUnknown : kAllLevels));
  TALLY_ASSIGN_OR_RETURN(const std::vector<GroupedRow> rows,
                         QueryGroups(context.connection, sql, 1));
  AreaBands areas = CountBands(rows, bands);
  if (!by_practice) areas[std::string(kAllLevels)].resize(bands.size());
  TableBuilder table(std::move(info));
  if (by_practice) table.Dimension("area", "Practice");
  table.Dimension("band", "LACE at discharge")
      .Events("discharges", "Discharges alive")
      .Events("readmitted", "Emergency admission within 30 days")
      .Proportion("observed", "Observed", "readmitted", "discharges");
  std::vector<std::string> order;
  for (const auto& [area, counts] : areas) order.push_back(area);
  SortLevels(order);
  std::vector<std::vector<size_t>> of_areas(bands.size() + 1);
  const auto add_row = [&](const std::string& area, std::string band) {
    std::vector<std::string> levels = {std::move(band)};
    if (by_practice) levels.insert(levels.begin(), area);
    return table.AddRow(levels);
  };
  const std::string all(kAllLevels);
  for (const std::string& area : order) {
    std::vector<size_t> parts;
    for (size_t band = 0; band < bands.size(); ++band) {
      const size_t row = add_row(area, bands[band].name);
      table.Set(row, "discharges", areas.at(area)[band].persons);
      table.Set(row, "readmitted", areas.at(area)[band].outcomes);
      parts.push_back(row);
    }
    const size_t total = add_row(area, all);
    table.Total(total, parts);
    parts.push_back(total);
    for (size_t i = 0; i < parts.size(); ++i) of_areas[i].push_back(parts[i]);
  }
  // What the table of everybody says.
  for (size_t i = 0; by_practice && i < of_areas.size() && !order.empty();
       ++i) {
    table.Total(add_row(all, i < bands.size() ? bands[i].name : all),
                of_areas[i]);
  }
  return table.Finish();
}

}  // namespace tally::analytics
