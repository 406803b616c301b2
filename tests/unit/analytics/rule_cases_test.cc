// The shipped rules over codes, row by row: for every rule codes that meet it,
// its neighbours outside, each position and each exclusion, worked by hand.
#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "engine_fixture.h"
#include "gtest/gtest.h"
#include "measures/code_rules.h"
#include "status_matchers.h"

namespace tally::analytics {
namespace {

// Diagnoses and procedures in order, the age (-1: not known), and the ids of
// all rules that are met, in the order of the definition.
struct RuleCaseOf {
  const char* diagnoses;
  const char* procedures;
  int age;
  const char* met;
};

// M201 and A011 are of no rule.
const RuleCaseOf kAcscCases[] = {
    {"J100", "", 60, "influenza_pneumonia"},
    {"M201,J188", "", 60, "influenza_pneumonia"},
    {"J180", "", 60, ""},
    {"J151", "", 60, ""},
    {"J13,D570", "", 60, ""},
    {"D570,J13", "", 60, "influenza_pneumonia"},
    {"J13,D560", "", 60, "influenza_pneumonia"},
    {"A35", "", 60, "other_vaccine_preventable"},
    {"M201,B053", "", 60, "other_vaccine_preventable"},
    {"M201,M201,M201,M014", "", 60, "other_vaccine_preventable"},
    {"A34", "", 60, ""},
    {"B160", "", 60, ""},
    {"G001", "", 60, ""},
    {"J459", "", 60, "asthma"},
    {"J46", "", 60, "asthma"},
    {"M201,J459", "", 60, ""},
    {"J98", "", 60, ""},
    {"I110", "", 60, "congestive_heart_failure"},
    {"I500", "", 60, "congestive_heart_failure"},
    {"J81", "", 60, "congestive_heart_failure"},
    {"J82", "", 60, ""},
    {"M201,I500", "", 60, ""},
    {"I500", "K401", 60, ""},
    {"I500", "A011,K521", 60, ""},
    {"I500", "K519", 60, "congestive_heart_failure"},
    {"I500", "K701", 60, "congestive_heart_failure"},
    {"I10", "", 60, "hypertension"},
    {"I119", "", 60, "hypertension"},
    {"I120", "", 60, ""},
    {"M201,I10", "", 60, ""},
    {"I10", "A011,K611", 60, ""},
    {"I10", "K621", 60, "hypertension"},
    {"E100", "", 60, "diabetes_complications"},
    {"M201,E148", "", 60, "diabetes_complications"},
    {"E109", "", 60, ""},
    {"E150", "", 60, ""},
    {"J440", "", 60, "copd"},
    {"J47", "", 60, "copd"},
    {"M201,J440", "", 60, ""},
    {"J40", "", 60, ""},
    {"J209,J440", "", 60, "copd_acute_bronchitis"},
    {"J209,M201,J439", "", 60, "copd_acute_bronchitis"},
    {"J209", "", 60, ""},
    {"J440,J209", "", 60, "copd"},
    {"J219,J440", "", 60, ""},
    {"I200", "", 60, "angina"},
    {"I249", "", 60, "angina"},
    {"I241", "", 60, ""},
    {"M201,I200", "", 60, ""},
    {"I200", "K401", 60, ""},
    {"I200", "A011", 60, ""},
    {"I200", "X014", 60, ""},
    {"I200", "X033", 60, "angina"},
    {"I200", "X033,K401", 60, "angina"},
    {"I200", "U201", 60, "angina"},
    {"I200", "Y712", 60, "angina"},
    {"D509", "", 60, "iron_deficiency_anaemia"},
    {"D500", "", 60, ""},
    {"M201,D509", "", 60, ""},
    {"E43", "", 60, "nutritional_deficiency"},
    {"E550", "", 60, "nutritional_deficiency"},
    {"E440", "", 60, ""},
    {"E559", "", 60, ""},
    {"M201,E43", "", 60, ""},
    {"E86", "", 60, "dehydration_gastroenteritis"},
    {"K529", "", 60, "dehydration_gastroenteritis"},
    {"K521", "", 60, ""},
    {"M201,E86", "", 60, ""},
    {"N10", "", 60, "pyelonephritis"},
    {"N136", "", 60, "pyelonephritis"},
    {"N135", "", 60, ""},
    {"M201,N10", "", 60, ""},
    {"K250", "", 60, "perforated_bleeding_ulcer"},
    {"K286", "", 60, "perforated_bleeding_ulcer"},
    {"K253", "", 60, ""},
    {"K287", "", 60, ""},
    {"M201,K250", "", 60, ""},
    {"L031", "", 60, "cellulitis"},
    {"L980", "", 60, "cellulitis"},
    {"L081", "", 60, ""},
    {"M201,L031", "", 60, ""},
    {"L031", "S411", 60, ""},
    {"L031", "S471", 60, "cellulitis"},
    {"L031", "S471,T961", 60, ""},
    {"L031", "X021", 60, ""},
    {"L031", "X331", 60, "cellulitis"},
    {"L031", "U051,Y011", 60, "cellulitis"},
    {"N700", "", 60, "pelvic_inflammatory"},
    {"N74", "", 60, "pelvic_inflammatory"},
    {"N719", "", 60, ""},
    {"M201,N739", "", 60, ""},
    {"H669", "", 60, "ent_infections"},
    {"J312", "", 60, "ent_infections"},
    {"J311", "", 60, ""},
    {"J04", "", 60, ""},
    {"M201,J029", "", 60, ""},
    {"A690", "", 60, "dental"},
    {"K098", "", 60, "dental"},
    {"K139", "", 60, "dental"},
    {"K070", "", 60, ""},
    {"K090", "", 60, ""},
    {"M201,K047", "", 60, ""},
    {"G409", "", 60, "convulsions_epilepsy"},
    {"R568", "", 60, "convulsions_epilepsy"},
    {"O159", "", 60, "convulsions_epilepsy"},
    {"G430", "", 60, ""},
    {"M201,G409", "", 60, ""},
    {"R02", "", 60, "gangrene"},
    {"M201,R02", "", 60, "gangrene"},
    {"R030", "", 60, ""},
    {"E100,R02", "", 60, "diabetes_complications gangrene"},
};

const RuleCaseOf kEbiCases[] = {
    {"H652", "E201,D151", 40, "adenoids"},
    {"H652", "D151,E209", 17, "adenoids grommets"},
    {"H652", "E201", 40, ""},
    {"H652", "E202,D151", 40, ""},
    {"M201,H652", "E201,D151", 40, ""},
    {"H652,G473", "E201,D151", 40, ""},
    {"H651", "E201,D151", 40, ""},
    {"H659", "D151", 17, "grommets"},
    {"H661", "D151", 0, "grommets"},
    {"H659", "D151", 18, ""},
    {"H659", "D151", -1, ""},
    {"H659", "A011,D151", 17, ""},
    {"M201,H659", "D151", 17, ""},
    {"H650", "D151", 17, ""},
    {"H659", "D152", 17, ""},
    {"R065", "F324", 40, "snoring"},
    {"R065", "A011,F324", 40, ""},
    {"M201,R065", "F324", 40, ""},
    {"R065,G473", "F324", 40, ""},
    {"R065", "F323", 40, ""},
    {"R066", "F326", 40, ""},
    {"J039", "F341", 40, "tonsillectomy"},
    {"M201,J350", "A011,F361", 40, "tonsillectomy"},
    {"J351", "F341", 40, ""},
    {"J350", "F362", 40, ""},
    {"J350,J36", "F341", 40, ""},
    {"G473,J350", "F341", 40, ""},
    {"J350,J390", "F341", 40, ""},
    {"K640", "H511", 40, "haemorrhoids"},
    {"M201,O224", "H519", 40, "haemorrhoids"},
    {"K640", "A011,H511", 40, ""},
    {"K640", "H514", 40, ""},
    {"K650", "H511", 40, ""},
    {"K409", "T201", 40, "inguinal_hernia"},
    {"K402", "T209", 40, "inguinal_hernia"},
    {"K409", "A011,T201", 40, ""},
    {"M201,K409", "T201", 40, ""},
    {"K409", "T211", 40, ""},
    {"K403", "T201", 40, ""},
    {"M201", "H011", 40, "appendicectomy_uncomplicated"},
    {"", "H019", 40, "appendicectomy_uncomplicated"},
    {"K351", "H011", 40, "appendicectomy_uncomplicated"},
    {"K352", "H011", 40, ""},
    {"M201,K367", "H011", 40, ""},
    {"M201", "H014", 40, ""},
    {"M201", "A011,H011", 40, ""},
    {"M201", "G161", 40, "upper_gi_endoscopy"},
    {"", "G809", 40, "upper_gi_endoscopy"},
    {"M201", "G164", 40, ""},
    {"M201", "A011,G451", 40, ""},
    {"M201", "H221", 40, "colonoscopy"},
    {"Z093", "H684", 40, "colonoscopy"},
    {"Z092", "H221", 40, ""},
    {"D126", "H221", 40, ""},
    {"M201,Z121", "H221", 40, ""},
    {"M201,Z080", "H221", 40, ""},
    {"M201", "H221,H681", 40, ""},
    {"M201", "H221,H683", 40, ""},
    {"M201", "A011,H221", 40, ""},
    {"M201", "H222", 40, ""},
    {"M179", "W851", 40, "knee_arthroscopy_oa"},
    {"M150", "W802,Y767,Z846", 40, "knee_arthroscopy_oa"},
    {"M150", "W802,Z846,Y767", 40, "knee_arthroscopy_oa"},
    {"M150", "W802,Y767", 40, ""},
    {"M150", "W802,Z846", 40, ""},
    {"M179", "A011,W851", 40, ""},
    {"M201,M179", "W851", 40, ""},
    {"M179,M238", "W851", 40, ""},
    {"M161", "W851", 40, ""},
    {"M179", "W853", 40, ""},
    {"M232", "W821", 40, "meniscal_tear"},
    {"M201,M232", "W821", 40, "meniscal_tear"},
    {"M233,M238", "W821", 40, "meniscal_tear"},
    {"M238,M233", "W715,Z846,Y767", 40, "meniscal_tear"},
    {"M233", "W821", 40, ""},
    {"M238", "W821", 40, ""},
    {"M232", "W714,Y767", 40, ""},
    {"M232,S832", "W821", 40, ""},
    {"M232", "W831", 40, ""},
    {"M232", "A011,W821", 40, ""},
    {"M201,M754", "O291,Y767", 40, "shoulder_decompression"},
    {"M754", "W572,Z812", 40, "shoulder_decompression"},
    {"M754", "W844,Z812", 40, "shoulder_decompression"},
    {"M754", "O291", 40, ""},
    {"M754", "Y767,O291", 40, ""},
    {"M754", "W844", 40, ""},
    {"M754", "O291,Z812", 40, ""},
    {"M754,M751", "O291,Y767", 40, ""},
    {"M753", "O291,Y767", 40, ""},
    {"M545", "A521", 40, "back_injections"},
    {"M545", "V544", 40, "back_injections"},
    {"M545", "A523", 40, ""},
    {"M546", "A521", 40, ""},
    {"M201,M545", "A521", 40, ""},
    {"M545", "A011,A521", 40, ""},
    {"M545", "V382", 40, "spinal_fusion"},
    {"M545,M432", "V404", 40, "spinal_fusion"},
    {"M545,M400", "V382", 40, ""},
    {"M545,M419", "V382", 40, ""},
    {"M546", "V382", 40, ""},
    {"M545", "V381", 40, ""},
    {"M201,M545", "V382", 40, ""},
    {"M545", "A011,V382", 40, ""},
    {"M720", "T521", 40, "dupuytren"},
    {"M720", "T523", 40, ""},
    {"M721", "T521", 40, ""},
    {"M201,M720", "T521", 40, ""},
    {"M720", "A011,T521", 40, ""},
    {"M674,M258", "T591", 40, "ganglion"},
    {"M255,M201,M258", "T602", 40, "ganglion"},
    {"M674", "T591", 40, ""},
    {"M258,M674", "T591", 40, ""},
    {"M674,M258", "T593", 40, ""},
    {"M674,M258", "A011,T591", 40, ""},
    {"M653", "T691", 40, "trigger_finger"},
    {"M653", "T703", 40, ""},
    {"M654", "T691", 40, ""},
    {"M201,M653", "T691", 40, ""},
    {"M653", "A011,T723", 40, ""},
    {"M800", "V444", 40, "vertebral_augmentation"},
    {"M809", "V445", 40, "vertebral_augmentation"},
    {"M800", "V443", 40, ""},
    {"M806", "V444", 40, ""},
    {"M201,M800", "V444", 40, ""},
    {"M800", "A011,V444", 40, ""},
    {"I839", "L841", 40, "varicose_veins"},
    {"Q278", "L889", 40, "varicose_veins"},
    {"I839", "L847", 40, ""},
    {"I820", "L841", 40, ""},
    {"M201,I839", "L841", 40, ""},
    {"I839", "A011,L849", 40, ""},
    {"N40", "M611", 40, "bph_surgery"},
    {"N40,N180", "M719", 40, "bph_surgery"},
    {"N40,N131", "M611", 40, ""},
    {"N40,N185", "M611", 40, ""},
    {"N40", "M615", 40, ""},
    {"N410", "M611", 40, ""},
    {"M201,N40", "M611", 40, ""},
    {"N40", "A011,M611", 40, ""},
    {"M201,R31", "M455", 40, "cystoscopy_luts"},
    {"N390", "M459", 40, "cystoscopy_luts"},
    {"N390", "M455,M451", 40, ""},
    {"N390", "M451,M455", 40, ""},
    {"N390", "A011,M455", 40, ""},
    {"N390", "M456", 40, ""},
    {"N391", "M455", 40, ""},
};

class RuleCasesTest : public EngineFixture {
 protected:
  // Ids of the rules that a unit meets, as RuleCaseOf::met.
  std::string Met(const std::vector<CodeRule>& rules, size_t unit) {
    auto result = connection_->Query(
        "SELECT CAST(rule AS BIGINT) FROM rule_hit WHERE unit = ? "
        "ORDER BY rule",
        {engine::Value::Int64(static_cast<int64_t>(unit))});
    EXPECT_OK(result);
    std::vector<std::string> ids;
    const auto rows = result->AllRows();
    for (const auto& row : *rows) {
      ids.push_back(rules[static_cast<size_t>(*row[0].As<int64_t>())].id);
    }
    return absl::StrJoin(ids, " ");
  }

  void Check(const char* id, std::span<const RuleCaseOf> cases, size_t rules) {
    const auto definition = LoadDefinition(id, "");
    ASSERT_OK(definition);
    const auto read = ReadCodeRules(*definition);
    ASSERT_OK(read);
    EXPECT_EQ(read->size(), rules);
    ASSERT_OK(connection_->Execute(
        "CREATE TABLE unit_case (unit BIGINT, diagnoses VARCHAR, procedures "
        "VARCHAR, age_fy INTEGER)"));
    for (size_t i = 0; i < cases.size(); ++i) {
      const auto packed = [](const char* codes) {
        return engine::Value::Text(absl::StrJoin(
            std::vector<std::string>(absl::StrSplit(codes, ',')), " "));
      };
      ASSERT_OK(connection_->Execute(
          "INSERT INTO unit_case VALUES (?, ?, ?, ?)",
          {engine::Value::Int64(static_cast<int64_t>(i)),
           packed(cases[i].diagnoses), packed(cases[i].procedures),
           cases[i].age < 0 ? engine::Value::Null()
                            : engine::Value::Int64(cases[i].age)}));
    }
    ASSERT_OK(
        MakeCodeTable(*connection_, "unit_code",
                      "SELECT unit, diagnoses, procedures FROM unit_case"));
    ASSERT_OK(ApplyCodeRules(*connection_, *read, {"unit_code", "unit_case"}));
    for (size_t i = 0; i < cases.size(); ++i) {
      EXPECT_EQ(Met(*read, i), cases[i].met)
          << cases[i].diagnoses << " / " << cases[i].procedures << " / "
          << cases[i].age;
    }
    // No rule is without a case that meets it and one that does not.
    for (const CodeRule& rule : *read) {
      const bool met =
          std::any_of(cases.begin(), cases.end(), [&](const RuleCaseOf& c) {
            const std::string all = absl::StrFormat(" %s ", c.met);
            return all.find(" " + rule.id + " ") != std::string::npos;
          });
      EXPECT_TRUE(met) << rule.id;
    }
  }
};

TEST_F(RuleCasesTest, AmbulatoryCareSensitiveConditions) {
  Check("C31", kAcscCases, 20);
}

TEST_F(RuleCasesTest, ProceduresOfLowPriority) { Check("C27", kEbiCases, 21); }

}  // namespace
}  // namespace tally::analytics
