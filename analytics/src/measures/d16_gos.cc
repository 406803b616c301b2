// D16: claims of the General Ophthalmic Services.
#include "measures/d16_gos.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/measure.h"
#include "analytics/measures/patient_list.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "measures/areas.h"
#include "measures/counts.h"
#include "measures/eye_care.h"
#include "measures/list_stays.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

// Claims of one row.
struct GosClaims {
  int64_t n = 0;
  int64_t matched = 0;
  int64_t domiciliary = 0;
  int64_t asked = 0;
  int64_t early = 0;
  int64_t uncoded = 0;

  void Add(const std::vector<int64_t>& counts) {
    n += counts[0];
    matched += counts[1];
    domiciliary += counts[2];
    asked += counts[3];
    early += counts[4];
    uncoded += counts[5];
  }
};

using GosByLevel = std::map<std::string, GosClaims, decltype(&LevelLess)>;

// The counts of a grouped statement over gos_row joined with a list `l`.
constexpr char kGosCounts[] =
    "count(*), count(l.person), CAST(count_if(g.domiciliary) AS BIGINT), "
    "CAST(count_if(g.asked) AS BIGINT), CAST(count_if(g.coded) AS BIGINT), "
    "CAST(count_if(g.early AND NOT g.coded) AS BIGINT)";

// The levels of a row but for its breakdown, by column.
struct GosLevels {
  std::string area = std::string(kAllLevels);
  std::string month = std::string(kAllLevels);
  std::string claim_type = std::string(kAllLevels);
  std::string eligibility = std::string(kAllLevels);
  std::string age_band = std::string(kAllLevels);
  std::string imd_decile = std::string(kAllLevels);
  std::string voucher_band = std::string(kAllLevels);
};

class GosRows {
 public:
  explicit GosRows(TableInfo info) : table_(std::move(info)) {
    table_.Dimension("breakdown", "Cut")
        .Dimension("area", "Practice")
        .Dimension("month", "Month")
        .Dimension("claim_type", "Claim type")
        .Dimension("eligibility", "Reason")
        .Dimension("age_band", "Age band")
        .Dimension("imd_decile", "IMD decile")
        .Dimension("voucher_band", "Voucher")
        .Events("n", "Claims")
        .Events("matched", "Of people on the list")
        .Proportion("match_share", "Matched", "matched", "n", false)
        .Persons("list", "On the list")
        .CrudeRate("per_100k", "Matched claims per 100,000", "matched", "list",
                   100'000)
        .Events("domiciliary", "At home")
        .Proportion("domiciliary_share", "At home", "domiciliary", "n", false)
        .Events("asked", "With a known test before")
        .Events("early_retest", "Early, with a code")
        .Proportion("early_retest_share", "Early, with a code", "early_retest",
                    "asked", false)
        .Events("early_uncoded", "Early, without a code");
  }

  size_t Row(std::string_view breakdown, const GosLevels& levels) {
    return table_.AddRow({std::string(breakdown), levels.area, levels.month,
                          levels.claim_type, levels.eligibility,
                          levels.age_band, levels.imd_decile,
                          levels.voucher_band});
  }
  size_t Row(std::string_view breakdown, const GosLevels& levels,
             const GosClaims& claims) {
    const size_t row = Row(breakdown, levels);
    table_.Set(row, "n", claims.n)
        .Set(row, "matched", claims.matched)
        .Set(row, "domiciliary", claims.domiciliary)
        .Set(row, "asked", claims.asked)
        .Set(row, "early_retest", claims.early)
        .Set(row, "early_uncoded", claims.uncoded);
    return row;
  }
  // The people below the line, a number that stands in several rows under
  // `key`.
  void List(size_t row, const std::string& key, int64_t people) {
    const auto [first, is_new] = lists_.emplace(key, row);
    if (is_new) {
      table_.Set(row, "list", people);
    } else {
      table_.Same(row, first->second, "list");
    }
  }
  TableBuilder& table() { return table_; }
  // Both ways to a sum: `total` is the sum of `parts` too.
  void Join(size_t total, std::vector<size_t> parts) {
    joins_.emplace_back(total, std::move(parts));
  }
  absl::StatusOr<RawTable> Finish() {
    TALLY_ASSIGN_OR_RETURN(RawTable raw, table_.Finish());
    for (const char* name : {"n", "matched", "domiciliary", "asked",
                             "early_retest", "early_uncoded"}) {
      TALLY_ASSIGN_OR_RETURN(const size_t column, raw.ColumnIndex(name));
      for (const auto& [total, parts] : joins_) {
        std::vector<CellRef> cells;
        for (const size_t row : parts) cells.push_back({row, column});
        raw.AddEquality({total, column}, std::move(cells));
      }
    }
    return raw;
  }

 private:
  TableBuilder table_;
  std::vector<std::pair<size_t, std::vector<size_t>>> joins_;
  std::map<std::string, size_t> lists_;
};

// The twelve months, and the table of the list that stands for them.
struct GosYear {
  std::string text;
  std::string list;
  int64_t everyone = 0;  // on it
};

// One cut of the year's claims by a single column.
struct GosCut {
  std::string_view name;
  std::string_view type;  // what the column claim_type says
  std::string where;
  std::string level;  // SQL
  std::string list;   // column of the list that the people are cut by, or empty
  std::string GosLevels::*column;
};

absl::Status AddMonths(const MeasureContext& context, const Span& trend,
                       GosRows& rows) {
  TALLY_ASSIGN_OR_RETURN(const auto sizes, ListSizes(context, trend));
  std::map<std::string, int64_t> lists;
  for (const auto& [key, size] : sizes) lists[key.second.ToMonth()] += size;
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> groups,
      QueryGroups(context.connection,
                  absl::StrFormat(
                      "SELECT g.claim_type, strftime(g.month, '%%Y-%%m') AS m, "
                      "%s FROM gos_row AS g LEFT JOIN list_stay AS l ON "
                      "l.person = g.person AND g.month BETWEEN l.from_month "
                      "AND l.to_month GROUP BY g.claim_type, m",
                      kGosCounts),
                  2));
  std::map<std::string, std::map<std::string, GosClaims>> claims;
  for (const GroupedRow& group : groups) {
    claims[group.levels[0]][group.levels[1]].Add(group.counts);
  }
  for (auto& [type, by_month] : claims) {
    for (const CivilDay month : MonthsOf(trend)) {
      GosLevels levels;
      levels.claim_type = type;
      levels.month = month.ToMonth();
      const size_t row = rows.Row(kGosMonth, levels, by_month[levels.month]);
      rows.List(row, levels.month, lists[levels.month]);
    }
  }
  return absl::OkStatus();
}

absl::Status AddAreas(const MeasureContext& context, const Areas& areas,
                      const GosYear& year, GosRows& rows) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> groups,
      QueryGroups(context.connection,
                  absl::StrFormat("SELECT g.claim_type, coalesce(l.practice, "
                                  "''), %s FROM gos_year AS g LEFT JOIN "
                                  "%s AS l ON l.person = g.person "
                                  "GROUP BY ALL",
                                  kGosCounts, year.list),
                  2));
  std::map<std::string, std::map<std::string, GosClaims>> claims;
  for (const GroupedRow& group : groups) {
    const std::string* area = areas.Of(group.levels[1]);
    const bool off = group.levels[1].empty();
    if (area == nullptr && !off) continue;
    claims[group.levels[0]][off ? std::string(kNotOnAList) : *area].Add(
        group.counts);
  }
  for (auto& [type, by_area] : claims) {
    std::vector<size_t> parts;
    GosLevels levels;
    levels.claim_type = type;
    levels.month = year.text;
    for (const auto& [area, list] : areas.list) {
      levels.area = area;
      parts.push_back(rows.Row(kGosArea, levels, by_area[area]));
      rows.List(parts.back(), "area " + area, list);
    }
    levels.area = std::string(kNotOnAList);
    parts.push_back(rows.Row(kGosArea, levels, by_area[levels.area]));
    rows.table().SetNa(parts.back(), "list", NaReason::kNoDenominator);
    levels.area = std::string(kAllLevels);
    const size_t total = rows.Row(kGosArea, levels);
    rows.table().Total(total, parts);
  }
  return absl::OkStatus();
}

absl::Status AddCut(const MeasureContext& context, const GosCut& cut,
                    const GosYear& year, GosRows& rows) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> groups,
      QueryGroups(context.connection,
                  absl::StrFormat("SELECT %s AS level, %s FROM gos_year AS g "
                                  "LEFT JOIN %s AS l ON l.person = "
                                  "g.person WHERE %s GROUP BY level",
                                  cut.level, kGosCounts, year.list, cut.where),
                  1));
  GosByLevel claims(&LevelLess);
  std::map<std::string, int64_t> people;
  if (!cut.list.empty()) {
    TALLY_ASSIGN_OR_RETURN(
        const std::vector<GroupedRow> lists,
        QueryGroups(context.connection,
                    absl::StrFormat("SELECT %1$s, count(*) FROM %2$s "
                                    "GROUP BY %1$s",
                                    cut.list, year.list),
                    1));
    for (const GroupedRow& row : lists) {
      people[row.levels[0]] = row.counts[0];
      claims[row.levels[0]];
    }
  }
  for (const GroupedRow& group : groups) {
    claims[group.levels[0]].Add(group.counts);
  }
  if (claims.empty()) return absl::OkStatus();
  GosLevels levels;
  levels.claim_type = std::string(cut.type);
  levels.month = year.text;
  std::vector<size_t> parts;
  for (const auto& [level, counts] : claims) {
    levels.*cut.column = level;
    parts.push_back(rows.Row(cut.name, levels, counts));
    if (cut.list.empty()) {
      rows.List(parts.back(), "everyone", year.everyone);
    } else {
      rows.table().Set(parts.back(), "list", people[level]);
    }
  }
  levels.*cut.column = std::string(kAllLevels);
  const size_t total = rows.Row(cut.name, levels);
  if (cut.list.empty()) {
    rows.table().Total(total, parts, {"list"});
    rows.List(total, "everyone", year.everyone);
  } else {
    rows.table().Total(total, parts);
  }
  return absl::OkStatus();
}

// Claims of one type, or the sight tests of all of them, by reason.
class ReasonRows {
 public:
  ReasonRows(std::string year, int64_t everyone, GosRows& rows)
      : year_(std::move(year)), everyone_(everyone), rows_(rows) {}

  void AddType(const std::string& type, bool sight_test,
               const GosByLevel& claims) {
    std::vector<size_t> parts;
    for (const auto& [reason, counts] : claims) {
      parts.push_back(rows_.Row(kGosReason, Levels(type, reason), counts));
      rows_.List(parts.back(), "everyone", everyone_);
      if (sight_test) tests_[reason].push_back(parts.back());
    }
    const size_t total = AddSum(type, std::string(kAllLevels), parts);
    if (sight_test) totals_.push_back(total);
  }

  void AddSightTests() {
    if (totals_.empty()) return;
    const std::string type(kSightTests);
    std::vector<size_t> sums;
    for (const auto& [reason, parts] : tests_) {
      sums.push_back(AddSum(type, reason, parts));
    }
    rows_.Join(AddSum(type, std::string(kAllLevels), totals_), std::move(sums));
  }

 private:
  GosLevels Levels(const std::string& type, const std::string& reason) const {
    GosLevels levels;
    levels.month = year_;
    levels.claim_type = type;
    levels.eligibility = reason;
    return levels;
  }
  size_t AddSum(const std::string& type, const std::string& reason,
                const std::vector<size_t>& parts) {
    const size_t row = rows_.Row(kGosReason, Levels(type, reason));
    rows_.table().Total(row, parts, {"list"});
    rows_.List(row, "everyone", everyone_);
    return row;
  }

  std::string year_;
  int64_t everyone_;
  GosRows& rows_;
  std::map<std::string, std::vector<size_t>, decltype(&LevelLess)> tests_{
      &LevelLess};
  std::vector<size_t> totals_;
};

absl::Status AddReasons(const MeasureContext& context,
                        const EyeCareRules& rules, const GosYear& year,
                        GosRows& rows) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> groups,
      QueryGroups(context.connection,
                  absl::StrFormat("SELECT g.claim_type, g.eligibility, %s FROM "
                                  "gos_year AS g LEFT JOIN %s AS l ON "
                                  "l.person = g.person GROUP BY ALL",
                                  kGosCounts, year.list),
                  2));
  std::map<std::string, GosByLevel> claims;
  for (const GroupedRow& group : groups) {
    claims.try_emplace(group.levels[0], &LevelLess)
        .first->second[group.levels[1]]
        .Add(group.counts);
  }
  ReasonRows reasons(year.text, year.everyone, rows);
  for (const auto& [type, by_reason] : claims) {
    const bool test =
        std::find(rules.sight_tests.begin(), rules.sight_tests.end(), type) !=
        rules.sight_tests.end();
    reasons.AddType(type, test, by_reason);
  }
  reasons.AddSightTests();
  return absl::OkStatus();
}

// An age band of the claim where the person is not on the list, whose open band
// begins at `oldest`.
std::string GosAgeSql(int oldest) {
  return absl::StrFormat(
      "coalesce(l.age_band, CASE WHEN g.age >= %1$d THEN '%1$d+' WHEN g.age >= "
      "0 THEN CAST(g.age // 5 * 5 AS VARCHAR) || '-' || CAST(g.age // 5 * 5 + "
      "4 "
      "AS VARCHAR) END)",
      oldest);
}

std::vector<GosCut> GosCuts(const MeasureContext& context,
                            const EyeCareRules& rules, const Span& year) {
  std::vector<GosCut> cuts = {
      {kGosAge, kSightTests, "g.sight_test",
       GosAgeSql(OldestBand(context, MonthOfEyeList(year))), "age_band",
       &GosLevels::age_band}};
  if (context.release.Column("gp_patient", "imd_decile") != nullptr) {
    cuts.push_back({kGosDeprivation, kSightTests, "g.sight_test",
                    "coalesce(l.imd_decile, g.imd_decile)", "imd_decile",
                    &GosLevels::imd_decile});
  }
  cuts.push_back({kGosVoucher, kVouchers, OneOf("g.claim_type", rules.vouchers),
                  "g.voucher_band", "", &GosLevels::voucher_band});
  return cuts;
}

class Gos : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    if (!context.by.empty()) {
      return UsageError(
          "--by: claims are cut by month, practice, reason, age and "
          "deprivation already; they have no other grouping");
    }
    TALLY_ASSIGN_OR_RETURN(const EyeCareRules rules,
                           ReadEyeCare(context.definition));
    TALLY_ASSIGN_OR_RETURN(const double months,
                           context.definition.Parameter("months"));
    TALLY_ASSIGN_OR_RETURN(const double trend_months,
                           context.definition.Parameter("trend_months"));
    TALLY_ASSIGN_OR_RETURN(const double smallest,
                           context.definition.Parameter("smallest_area"));
    TALLY_ASSIGN_OR_RETURN(
        const Span year,
        MonthsEndingWith(context.month, static_cast<int64_t>(months)));
    TALLY_ASSIGN_OR_RETURN(
        const Span trend,
        MonthsEndingWith(context.month, static_cast<int64_t>(trend_months)));
    TALLY_RETURN_IF_ERROR(MakeEyeClaims(context, rules, trend, "gos_row"));
    TALLY_RETURN_IF_ERROR(MakeEyeClaims(context, rules, year, "gos_year"));
    GosYear last{.text = year.ToText(), .list = "", .everyone = 0};
    TALLY_ASSIGN_OR_RETURN(last.list, MakeEyeList(context, year));
    TALLY_RETURN_IF_ERROR(MakeListStays(context));
    TALLY_ASSIGN_OR_RETURN(
        const Areas areas,
        ReadAreas(context.connection, static_cast<int64_t>(smallest),
                  last.list));
    TableInfo info = context.Info("gos_activity", "Community eye care claims");
    info.period = trend.ToText();
    info.notes = {MatchNote()};
    if (!areas.note.empty()) info.notes.push_back(areas.note);
    TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "gos_claim", info));
    GosRows rows(std::move(info));
    TALLY_RETURN_IF_ERROR(AddMonths(context, trend, rows));
    TALLY_RETURN_IF_ERROR(AddAreas(context, areas, last, rows));
    TALLY_ASSIGN_OR_RETURN(
        const engine::Value people,
        context.connection.Scalar("SELECT count(*) FROM " + last.list));
    if (people.As<int64_t>() != nullptr) last.everyone = *people.As<int64_t>();
    TALLY_RETURN_IF_ERROR(AddReasons(context, rules, last, rows));
    for (const GosCut& cut : GosCuts(context, rules, year)) {
      TALLY_RETURN_IF_ERROR(AddCut(context, cut, last, rows));
    }
    std::vector<RawTable> tables;
    TALLY_ASSIGN_OR_RETURN(RawTable table, rows.Finish());
    tables.push_back(std::move(table));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition& definition,
      const std::vector<GatedTable>& tables) const override {
    return DrawGos(definition, tables);
  }
};

}  // namespace

std::unique_ptr<Measure> MakeD16() { return std::make_unique<Gos>(); }

}  // namespace tally::analytics
