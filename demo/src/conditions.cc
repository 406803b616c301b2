#include "demo/conditions.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace tally::demo {
namespace {

constexpr std::array<Condition, 20> kConditions = {{
    {"atrial_fibrillation",
     "AFIB_COD",
     990001000000101,
     0,
     {0, 1, 15, 90, 180}},
    {"asthma", "AST_COD", 990002000000102, 6, {55, 65, 70, 75, 60}},
    {"cancer", "CAN_COD", 990003000000103, 0, {1, 5, 40, 110, 150}},
    {"chronic_kidney_disease",
     "CKD_COD",
     990004000000104,
     18,
     {0, 3, 25, 130, 300}},
    {"copd", "COPD_COD", 990005000000105, 0, {0, 1, 25, 75, 80}},
    {"coronary_heart_disease",
     "CHD_COD",
     990006000000106,
     0,
     {0, 1, 30, 120, 180}},
    {"dementia", "DEM_COD", 990007000000107, 0, {0, 0, 1, 25, 140}},
    {"depression", "DEPR_COD", 990008000000108, 18, {0, 120, 150, 110, 90}},
    {"diabetes", "DM_COD", 990009000000109, 17, {0, 15, 85, 170, 160}},
    {"epilepsy", "EPIL_COD", 990010000000110, 18, {0, 7, 9, 8, 8}},
    {"heart_failure", "HF_COD", 990011000000111, 0, {0, 1, 8, 35, 90}},
    {"hypertension", "HYP_COD", 990012000000112, 0, {0, 15, 180, 430, 520}},
    {"learning_disability", "LD_COD", 990013000000113, 0, {3, 7, 6, 4, 2}},
    {"mental_illness", "MH_COD", 990014000000114, 0, {0, 9, 13, 11, 10}},
    {"non_diabetic_hyperglycaemia",
     "NDH_COD",
     990015000000115,
     18,
     {0, 15, 90, 170, 150}},
    {"obesity", "BMI30_COD", 990016000000116, 18, {0, 110, 160, 140, 70}},
    {"osteoporosis", "OSTEO_COD", 990017000000117, 50, {0, 0, 8, 40, 90}},
    {"peripheral_arterial_disease",
     "PAD_COD",
     990018000000118,
     0,
     {0, 0, 6, 25, 35}},
    {"rheumatoid_arthritis",
     "RARTH_COD",
     990019000000119,
     16,
     {0, 3, 10, 18, 16}},
    {"stroke", "STRK_COD", 990020000000120, 0, {0, 2, 18, 65, 140}},
}};

constexpr std::array<Background, 5> kBackgrounds = {{
    {"BP_COD", 990101000000101, 95, 185, 55, 110, "mmHg"},
    {"BMI_COD", 990102000000102, 17, 42, 0, 0, "kg/m2"},
    {"SMOK_COD", 990103000000103, 0, 0, 0, 0, ""},
    {"HBA1C_COD", 990104000000104, 30, 95, 0, 0, "mmol/mol"},
    {"CHOL_COD", 990105000000105, 2.5, 8, 0, 0, "mmol/L"},
}};

constexpr std::array<LaneCluster, 26> kLaneClusters = {{
    {"EFI_ACTLIM_COD", 990301002000101},
    {"EFI_ANAEMIA_COD", 990301003000101},
    {"EFI_ARTH_COD", 990301005000101},
    {"EFI_DIZZY_COD", 990301007000101},
    {"EFI_DYSPNOEA_COD", 990301011000101},
    {"FALLS_COD", 990301013000101},
    {"EFI_FOOT_COD", 990301015000101},
    {"FF_COD", 990301016000101},
    {"EFI_HEARING_COD", 990301017000101},
    {"EFI_VALVE_COD", 990301019000101},
    {"HOUSEBOUND_COD", 990301021000101},
    {"EFI_HYPOT_COD", 990301024000101},
    {"EFI_MEMORY_COD", 990301026000101},
    {"EFI_MOBILITY_COD", 990301027000101},
    {"EFI_PARK_COD", 990301028000101},
    {"EFI_ULCER_COD", 990301029000101},
    {"EFI_CARE_COD", 990301031000101},
    {"EFI_SKINULCER_COD", 990301033000101},
    {"EFI_SLEEP_COD", 990301035000101},
    {"EFI_SOCIAL_COD", 990301036000101},
    {"EFI_THYROID_COD", 990301038000101},
    {"EFI_INCONT_COD", 990301039000101},
    {"EFI_URINARY_COD", 990301041000101},
    {"EFI_VISUAL_COD", 990301042000101},
    {"EFI_WEIGHTLOSS_COD", 990301044000101},
    {"PALCARE_COD", 990301047000101},
}};

size_t RateGroup(int age) {
  if (age < 17) return 0;
  if (age < 40) return 1;
  if (age < 65) return 2;
  return age < 80 ? 3 : 4;
}

}  // namespace

std::span<const Condition> Conditions() { return kConditions; }
std::span<const Background> Backgrounds() { return kBackgrounds; }

std::span<const LaneCluster> LaneClusters() { return kLaneClusters; }

int ConditionOf(std::string_view cluster) {
  for (size_t i = 0; i < kConditions.size(); ++i) {
    if (cluster == kConditions[i].cluster) return static_cast<int>(i);
  }
  return -1;
}

int64_t ClusterCode(std::string_view cluster) {
  const int condition = ConditionOf(cluster);
  if (condition >= 0) {
    return kConditions[static_cast<size_t>(condition)].concept_id;
  }
  for (const Background& kind : kBackgrounds) {
    if (cluster == kind.cluster) return kind.concept_id;
  }
  for (const LaneCluster& lane : kLaneClusters) {
    if (cluster == lane.cluster) return lane.concept_id;
  }
  TALLY_CHECK(false && "a script names a cluster that is not there");
  return 0;
}

ConditionMaker::ConditionMaker(const PersonMaker& maker) : maker_(maker) {
  for (const Condition& condition : kConditions) {
    auto& bands = quotas_.emplace_back();
    for (int band = 0; band < kBands; ++band) {
      const uint64_t size = maker.BandSize(band);
      const auto rate =
          static_cast<uint64_t>(condition.rate[RateGroup(band * 5 + 2)]);
      bands.emplace_back(maker.options().seed,
                         absl::StrCat(condition.id, " ", band), size,
                         (size * rate + 500) / 1000);
    }
  }
}

bool ConditionMaker::Has(const Person& person, size_t condition) const {
  return person.age >= kConditions[condition].minimum_age &&
         quotas_[condition][static_cast<size_t>(person.band)].Contains(
             maker_.RankInBand(person.index));
}

}  // namespace tally::demo
