// C05: risk stratification: counts by band of each score, and how well scores
// and the fitted model foretold emergency admissions.
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/measures/patient_list.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/admissions.h"
#include "measures/c05_risk.h"
#include "measures/c05_tables.h"
#include "measures/list_totals.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kModelName = "Logistic model";
// The Hospital Frailty Risk Score: an admission of the year before the index
// date, and two years before that one.
constexpr int kFrailtyMonths = 36;
constexpr int kLaceStayMonths = 12;  // of the discharges
constexpr int kLaceVisitMonths = 6;  // of attendances before each

std::vector<RiskScore> ScoresHere(const RiskDefinition& definition,
                                  const RiskSources& sources, int frail_from) {
  const std::string everybody = "age IS NOT NULL";
  std::vector<RiskScore> scores;
  if (sources.deficits) {
    scores.push_back({"Electronic frailty index", "efi", "deficits",
                      absl::StrFormat("age >= %d", frail_from)});
  }
  if (sources.frailty_weights) {
    scores.push_back({"Hospital Frailty Risk Score", "hfrs", "frailty_tenths",
                      "frailty_tenths IS NOT NULL"});
  }
  if (sources.diagnoses) {
    const char* hierarchy =
        definition.hierarchy ? "hierarchy on" : "hierarchy off";
    for (const int year : {1987, 2011}) {
      scores.push_back({absl::StrFormat("Charlson index, weights of %d, %s",
                                        year, hierarchy),
                        "charlson", absl::StrFormat("charlson_%d", year),
                        everybody});
    }
  }
  if (sources.conditions) {
    scores.push_back(
        {"Long-term conditions", "conditions", "conditions", everybody});
  }
  if (sources.admissions) {
    scores.push_back({"Emergency admissions, 12 months before",
                      "prior_emergency", "emergency_12", everybody});
    scores.push_back({"Emergency admissions, 24 months before",
                      "prior_emergency", "emergency_24", everybody});
  }
  if (sources.ed) {
    scores.push_back(
        {"Attendances, 12 months before", "prior_ed", "ed_12", everybody});
    scores.push_back(
        {"Attendances, 24 months before", "prior_ed", "ed_24", everybody});
  }
  if (sources.outpatients) {
    scores.push_back({"Outpatient visits, 12 months before", "prior_outpatient",
                      "outpatient_12", everybody});
    scores.push_back({"Outpatient visits, 24 months before", "prior_outpatient",
                      "outpatient_24", everybody});
  }
  return scores;
}

// Everything that Compute passes about.
struct RiskRun {
  RiskDefinition definition;
  RiskSources sources;
  CivilDay judged;  // index dates, last days of months
  CivilDay trained;
  bool fit = false;  // the release reaches back to the training date
  std::vector<RiskScore> scores;
};

// The elements whose records a feature, or the column of a score, counts, and
// how far back; none of those that look at no records.
std::vector<RuleElement> ElementsOfColumn(const RiskDefinition& definition,
                                          std::string_view column) {
  if (column == "deficits") return definition.deficits;
  if (column == "conditions") return definition.conditions;
  RuleElement element;
  element.dataset = column.starts_with("ed_")          ? "ecds"
                    : column.starts_with("outpatient") ? "sus-op"
                                                       : "sus-apc";
  if (column.starts_with("charlson")) {
    element.look_back_months = definition.charlson_months;
  } else if (column == "frailty_tenths") {
    element.look_back_months = kFrailtyMonths;
  } else if (column.ends_with("_12")) {
    element.look_back_months = 12;
  } else if (column.ends_with("_24")) {
    element.look_back_months = 24;
  } else {
    return {};
  }
  return {element};
}

// Whether the release covers the months that `column` counts before `index`.
absl::StatusOr<bool> IsCounted(const MeasureContext& context,
                               const RiskDefinition& definition,
                               std::string_view column, CivilDay index) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<OpenLookBack> open,
      OpenLookBacks(context, ElementsOfColumn(definition, column), index));
  return open.empty();
}

// Takes out the features whose months before the training date the release does
// not cover: they would count less there than where the model is judged.
absl::Status KeepFeaturesCovered(const MeasureContext& context, RiskRun& run) {
  std::vector<std::string> kept, gone;
  for (const std::string& feature : run.definition.features) {
    TALLY_ASSIGN_OR_RETURN(
        const bool counted,
        IsCounted(context, run.definition, feature, run.trained));
    (counted ? kept : gone).push_back(feature);
  }
  if (gone.empty()) return absl::OkStatus();
  run.definition.features = std::move(kept);
  run.sources.notes.push_back(absl::StrFormat(
      "The model does without features that look further back from %s than "
      "their dataset reaches: %s.",
      run.trained.ToMonth(), JoinText(gone, ", ")));
  return absl::OkStatus();
}

// The scores of which the release covers what they count; names the others.
absl::Status FindScores(const MeasureContext& context, RiskRun& run) {
  TALLY_ASSIGN_OR_RETURN(const double frail_from,
                         context.definition.Parameter("efi_from"));
  std::vector<std::string> gone;
  for (RiskScore& score :
       ScoresHere(run.definition, run.sources, static_cast<int>(frail_from))) {
    TALLY_ASSIGN_OR_RETURN(
        const bool counted,
        IsCounted(context, run.definition, score.column, run.judged));
    if (counted) {
      run.scores.push_back(std::move(score));
    } else {
      gone.push_back(score.model);
    }
  }
  if (gone.empty()) return absl::OkStatus();
  run.sources.notes.push_back(absl::StrFormat(
      "Not available, for they look further back from %s than their dataset "
      "reaches: %s.",
      run.judged.ToMonth(), JoinText(gone, "; ")));
  return absl::OkStatus();
}

// Takes out the features that stand on what the release lacks, and names them.
void KeepFeaturesHere(RiskRun& run) {
  const auto missing = [&](const std::string& feature) {
    if (feature == "deficits") return !run.sources.deficits;
    if (feature == "conditions") return !run.sources.conditions;
    if (feature.starts_with("charlson")) return !run.sources.diagnoses;
    if (feature.starts_with("ed_")) return !run.sources.ed;
    if (feature.starts_with("outpatient")) return !run.sources.outpatients;
    return false;
  };
  std::vector<std::string> kept, gone;
  for (const std::string& feature : run.definition.features) {
    (missing(feature) ? gone : kept).push_back(feature);
  }
  if (gone.empty()) return;
  run.definition.features = std::move(kept);
  run.sources.notes.push_back(
      absl::StrFormat("The model does without features that the release "
                      "lacks: %s.",
                      JoinText(gone, ", ")));
}

absl::StatusOr<RiskRun> StartRun(const MeasureContext& context) {
  RiskRun run;
  TALLY_ASSIGN_OR_RETURN(run.definition,
                         ReadRiskDefinition(context.definition));
  for (const char* model :
       {"efi", "hfrs", "charlson", "conditions", "lace", "prior_emergency",
        "prior_ed", "prior_outpatient"}) {
    if (run.definition.bands.contains(model)) continue;
    return context.definition.root().ErrorAt(
        context.definition.root().Find("band")->line(),
        absl::StrFormat("there are no bands of %s", model));
  }
  run.sources = FindRiskSources(context, run.definition);
  KeepFeaturesHere(run);
  std::vector<RuleElement> elements = run.definition.deficits;
  elements.insert(elements.end(), run.definition.conditions.begin(),
                  run.definition.conditions.end());
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> unseen,
                         ClustersWithoutRecords(context, elements));
  if (!unseen.empty()) {
    run.sources.notes.push_back(absl::StrFormat(
        "Code clusters of the rules without any record in this release, so "
        "that scores may be too low: %s.",
        JoinText(unseen, ", ")));
  }
  TALLY_ASSIGN_OR_RETURN(const CivilDay judged, context.month.AddMonths(-12));
  TALLY_ASSIGN_OR_RETURN(const CivilDay trained, context.month.AddMonths(-24));
  run.judged = judged.LastOfMonth();
  run.trained = trained.LastOfMonth();
  TALLY_ASSIGN_OR_RETURN(const MonthRange covered,
                         CoveredMonths(context.release));
  run.fit = !(trained < covered.first);
  if (run.fit) {
    TALLY_RETURN_IF_ERROR(KeepFeaturesCovered(context, run));
  } else {
    run.sources.notes.push_back(absl::StrFormat(
        "The model is not fitted: it is trained at the end of %s, before the "
        "release begins.",
        trained.ToMonth()));
  }
  if (run.fit && run.definition.features.empty()) {
    run.fit = false;
    run.sources.notes.emplace_back(
        "The model is not fitted: no feature is left.");
  }
  TALLY_RETURN_IF_ERROR(FindScores(context, run));
  return run;
}

absl::StatusOr<TableInfo> RiskInfo(const MeasureContext& context,
                                   const RiskRun& run, std::string table,
                                   std::string title) {
  TableInfo info = context.Info(std::move(table), std::move(title));
  info.period = run.judged.ToMonth();
  info.notes = {
      absl::StrFormat("Scores at the end of %s from records up to that day; "
                      "outcomes of the twelve months after.",
                      run.judged.ToMonth()),
      "Scores stay with the analyst's working tables: only counts by band "
      "leave."};
  info.notes.insert(info.notes.end(), run.sources.notes.begin(),
                    run.sources.notes.end());
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "sus_apc", info));
  return info;
}

class RiskStratification : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    const bool by_practice = !context.by.empty();
    if (by_practice && context.by != std::vector<std::string>{"practice"}) {
      return UsageError(
          "--by: scores are shown by practice and the model by subgroups; only "
          "LACE can be grouped, by practice");
    }
    TALLY_ASSIGN_OR_RETURN(RiskRun run, StartRun(context));
    TALLY_RETURN_IF_ERROR(MakeRiskScores(context, run.definition, run.sources,
                                         run.judged, "risk_judged"));
    if (by_practice) {
      std::vector<RawTable> lace;
      TALLY_RETURN_IF_ERROR(AddLace(context, run, lace));
      return lace;
    }
    RiskModel model;
    if (run.fit) {
      TALLY_RETURN_IF_ERROR(MakeRiskScores(context, run.definition, run.sources,
                                           run.trained, "risk_trained"));
      TALLY_ASSIGN_OR_RETURN(
          model,
          FitRiskModel(context, run.definition, "risk_trained", "risk_judged"));
      run.sources.notes.insert(run.sources.notes.end(), model.notes.begin(),
                               model.notes.end());
    }
    std::vector<RawTable> tables;
    TALLY_RETURN_IF_ERROR(AddScores(context, run, model, tables));
    if (model.fitted) {
      TALLY_ASSIGN_OR_RETURN(TableInfo info,
                             RiskInfo(context, run, "risk_calibration",
                                      "Predicted and observed by group"));
      info.notes.emplace_back(
          "Equal scores stand together in the higher tenth, so tenths may "
          "differ in size.");
      TALLY_ASSIGN_OR_RETURN(RawTable table,
                             CalibrationTable(std::move(info), model));
      tables.push_back(std::move(table));
    } else {
      context.Lacks("risk_calibration",
                    "the model is not fitted; the notes of risk_model say why");
    }
    TALLY_RETURN_IF_ERROR(AddLace(context, run, tables));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition& definition,
      const std::vector<GatedTable>& tables) const override {
    return DrawRisk(definition, tables);
  }

 private:
  // The table lace_bands, where the release has what it needs.
  static absl::Status AddLace(const MeasureContext& context, const RiskRun& run,
                              std::vector<RawTable>& tables) {
    if (!run.sources.diagnoses || !run.sources.ed || !HasAdmissions(context) ||
        context.release.Grain("sus_apc") != "day") {
      context.Lacks(
          "lace_bands",
          "LACE needs sus_apc with diag_01 and dates by day, and ecds "
          "with arrival_date and attendance_category");
      return absl::OkStatus();
    }
    RuleElement stays, visits;
    stays.dataset = "sus-apc";
    stays.look_back_months = kLaceStayMonths + run.definition.charlson_months;
    visits.dataset = "ecds";
    visits.look_back_months = kLaceStayMonths + kLaceVisitMonths;
    TALLY_ASSIGN_OR_RETURN(const std::vector<OpenLookBack> open,
                           OpenLookBacks(context, {stays, visits}, run.judged));
    if (!open.empty()) {
      context.Lacks("lace_bands",
                    absl::StrFormat("LACE looks back to %s, and table %s "
                                    "begins with %s",
                                    open[0].first.ToMonth(), open[0].table,
                                    open[0].covered.ToMonth()));
      return absl::OkStatus();
    }
    TALLY_RETURN_IF_ERROR(MakeLace(context, run.definition, run.judged));
    TALLY_ASSIGN_OR_RETURN(TableInfo info,
                           RiskInfo(context, run, "lace_bands",
                                    "LACE at discharge and readmissions"));
    TALLY_ASSIGN_OR_RETURN(
        RawTable table,
        LaceTable(context, std::move(info), run.definition.bands.at("lace"),
                  !context.by.empty()));
    tables.push_back(std::move(table));
    return absl::OkStatus();
  }
  // The tables risk_bands and risk_model.
  static absl::Status AddScores(const MeasureContext& context,
                                const RiskRun& run, const RiskModel& model,
                                std::vector<RawTable>& tables) {
    TALLY_ASSIGN_OR_RETURN(TableInfo info, RiskInfo(context, run, "risk_bands",
                                                    "People by risk band"));
    TableBuilder bands = BandTable(std::move(info));
    TALLY_ASSIGN_OR_RETURN(
        info, RiskInfo(context, run, "risk_model", "How well scores foretell"));
    TableBuilder figures = ModelTable(std::move(info));
    std::vector<BandSplit> splits;
    const std::string judged = run.judged.ToMonth();
    if (model.fitted) {
      std::vector<std::string> names;
      for (const ModelBand& band : model.bands) names.push_back(band.band);
      AddModelBands(std::string(kModelName), names, BandsOfModel(model), true,
                    bands, splits);
      AddModelRow(std::string(kModelName), run.trained.ToMonth(), judged,
                  model.figures, figures);
    }
    for (const RiskScore& score : run.scores) {
      const std::vector<ScoreBand>& of_score =
          run.definition.bands.at(score.bands);
      std::vector<std::string> names;
      for (const ScoreBand& band : of_score) names.push_back(band.name);
      TALLY_ASSIGN_OR_RETURN(
          const AreaBands counts,
          CountScore(context, score, of_score, "risk_judged"));
      AddModelBands(score.model, names, counts, false, bands, splits);
      TALLY_ASSIGN_OR_RETURN(
          const ModelFigures judged_score,
          JudgeScore(context, "risk_judged", score.column, score.where));
      AddModelRow(score.model, "", judged, judged_score, figures);
    }
    AddSamePeople(splits, bands);
    TALLY_ASSIGN_OR_RETURN(RawTable table, bands.Finish());
    std::vector<std::vector<size_t>> lists;
    for (BandSplit& split : splits) lists.push_back(std::move(split.rows));
    TALLY_RETURN_IF_ERROR(SetListTotals(table, lists));
    tables.push_back(std::move(table));
    TALLY_ASSIGN_OR_RETURN(RawTable of_models, figures.Finish());
    tables.push_back(std::move(of_models));
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Measure> MakeC05() {
  return std::make_unique<RiskStratification>();
}

}  // namespace tally::analytics
