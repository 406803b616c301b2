// Low-priority procedures: for each procedure one case inside and its twin just
// outside. Planned day cases of February 2026.
#include <string>
#include <utility>
#include <vector>

#include "lanes/lanes.h"

namespace tally::demo {
namespace {

struct ProcedureLine {
  const char* procedure;
  const char* what;
  std::vector<std::string> procedures;
  std::vector<std::string> diagnoses;
  int64_t counted;
  int born = 1960;
};

Case ProcedureCase(const ProcedureLine& line) {
  Case part;
  part.what = line.what;
  part.born = line.born;
  part.rows.episodes = {{.admission = Ymd(2026, 2, 10),
                         .discharge = Ymd(2026, 2, 10),
                         .method = "11",
                         .classification = "2",
                         .specialty = "100",
                         .provider = "RXG",
                         .diagnoses = line.diagnoses,
                         .procedures = line.procedures,
                         .tariff_pence = 150000,
                         .pod = "day_case"}};
  part.expect = {{"C27", "ebi_opportunity", "n", line.counted,
                  std::string("procedure=") + line.procedure}};
  return part;
}

std::vector<ProcedureLine> HeadAndBelly() {
  return {
      {"adenoids", "inside", {"E201", "D151"}, {"H652"}, 1, 2018},
      {"adenoids", "no grommet", {"E201"}, {"H652"}, 0, 2018},
      {"adenoids", "cleft palate", {"E201", "D151"}, {"H652", "Q351"}, 0, 2018},
      {"grommets", "inside, age 17", {"D151"}, {"H660"}, 1, 2008},
      {"grommets", "age 18", {"D151"}, {"H660"}, 0, 2007},
      {"snoring", "inside", {"F324"}, {"R065"}, 1},
      {"snoring", "sleep apnoea", {"F324"}, {"R065", "G473"}, 0},
      {"tonsillectomy", "inside", {"F341"}, {"J350"}, 1},
      {"tonsillectomy", "any place", {"S065", "F361"}, {"M201", "J030"}, 1},
      {"tonsillectomy", "quinsy", {"F341"}, {"J350", "J36X"}, 0},
      {"haemorrhoids", "inside", {"H511"}, {"K640"}, 1},
      {"haemorrhoids", "second place", {"S065", "H511"}, {"K640"}, 0},
      {"inguinal_hernia", "inside", {"T201"}, {"K409"}, 1},
      {"inguinal_hernia", "with gangrene", {"T201"}, {"K404"}, 0},
      {"appendicectomy_uncomplicated", "inside", {"H011"}, {"K37X"}, 1},
      {"appendicectomy_uncomplicated", "peritonitis", {"H011"}, {"K353"}, 0},
      {"upper_gi_endoscopy", "inside", {"G451"}, {"M201"}, 1},
      {"upper_gi_endoscopy", "a code beside", {"G454"}, {"M201"}, 0},
      {"colonoscopy", "inside", {"H221"}, {"M201"}, 1},
      {"colonoscopy", "a polyp removed", {"H221", "H681"}, {"M201"}, 0},
      {"colonoscopy", "follow-up", {"H221"}, {"Z090"}, 0},
      {"colonoscopy", "follow-up of a fracture", {"H221"}, {"Z094"}, 1},
  };
}

std::vector<ProcedureLine> Joints() {
  return {
      {"knee_arthroscopy_oa", "inside", {"W851"}, {"M170"}, 1},
      {"knee_arthroscopy_oa",
       "other form",
       {"W802", "Y767", "Z846"},
       {"M150"},
       1},
      {"knee_arthroscopy_oa", "no knee", {"W802", "Y767"}, {"M150"}, 0},
      {"knee_arthroscopy_oa", "locked", {"W851"}, {"M170", "M238"}, 0},
      {"meniscal_tear", "inside", {"W821"}, {"M232"}, 1},
      {"meniscal_tear",
       "two codes",
       {"W714", "Y767", "Z846"},
       {"M233", "M238"},
       1},
      {"meniscal_tear", "one of two codes", {"W821"}, {"M233"}, 0},
      {"meniscal_tear", "a fresh tear", {"W821"}, {"M232", "S832"}, 0},
      {"shoulder_decompression", "inside", {"O291", "Y767"}, {"M754"}, 1},
      {"shoulder_decompression", "other form", {"W572", "Z812"}, {"M754"}, 1},
      {"shoulder_decompression", "open", {"O291"}, {"M754"}, 0},
      {"shoulder_decompression",
       "a torn cuff",
       {"O291", "Y767"},
       {"M754", "M751"},
       0},
      {"back_injections", "inside", {"A521"}, {"M545"}, 1},
      {"back_injections", "with sciatica", {"A521"}, {"M544"}, 0},
      {"spinal_fusion", "inside", {"V382"}, {"M545"}, 1},
      {"spinal_fusion", "scoliosis", {"V382"}, {"M545", "M412"}, 0},
      {"dupuytren", "inside", {"T521"}, {"M720"}, 1},
      {"dupuytren", "sole of the foot", {"T521"}, {"M722"}, 0},
      {"ganglion", "inside", {"T591"}, {"M674", "M258"}, 1},
      {"ganglion", "without its second code", {"T591"}, {"M674"}, 0},
      {"ganglion", "a tendon beside", {"T593"}, {"M674", "M258"}, 0},
      {"trigger_finger", "inside", {"T691"}, {"M653"}, 1},
      {"trigger_finger", "another tendon", {"T691"}, {"M654"}, 0},
      {"vertebral_augmentation", "inside", {"V444"}, {"M800"}, 1},
      {"vertebral_augmentation", "no fracture", {"V444"}, {"M810"}, 0},
  };
}

std::vector<ProcedureLine> VeinsAndBladder() {
  return {
      {"varicose_veins", "inside", {"L841"}, {"I839"}, 1},
      {"varicose_veins", "a code beside", {"L847"}, {"I839"}, 0},
      {"bph_surgery", "inside", {"M653"}, {"N40X"}, 1},
      {"bph_surgery", "kidney failure", {"M653"}, {"N40X", "N185"}, 0},
      {"bph_surgery", "kidney failure beside", {"M653"}, {"N40X", "N186"}, 1},
      {"cystoscopy_luts", "inside", {"M459"}, {"R31X"}, 1},
      {"cystoscopy_luts", "with a biopsy", {"M459", "M451"}, {"R31X"}, 0},
      // Any cancer code takes the admission out.
      {"inguinal_hernia", "cancer", {"T201"}, {"K409", "C189"}, 0},
      {"inguinal_hernia", "in situ", {"T201"}, {"K409", "D099"}, 0},
      {"inguinal_hernia", "uncertain", {"T201"}, {"K409", "D379"}, 0},
      {"inguinal_hernia", "benign", {"T201"}, {"K409", "D129"}, 1},
  };
}

}  // namespace

Lane ProcedureLane() {
  Lane lane = {.name = "procedures", .first_practice = 11};
  for (const auto& lines : {HeadAndBelly(), Joints(), VeinsAndBladder()}) {
    for (const ProcedureLine& line : lines) {
      lane.cases.push_back(ProcedureCase(line));
    }
  }
  return lane;
}

}  // namespace tally::demo
