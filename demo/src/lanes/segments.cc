// Segments of the life course: one person an element, people of neighbouring
// segments at once, and one of none.
#include <string>
#include <utility>
#include <vector>

#include "lanes/lanes.h"

namespace tally::demo {
namespace {

constexpr int kSegmentDay = Ymd(2026, 4, 14);

CodedEvent Recorded(const char* cluster) {
  return {.day = kSegmentDay, .cluster = cluster};
}

// Clusters are recorded in April 2026; `segment` of the life course and `stage`
// of life are the first that fit.
Case SegmentCase(const char* what, const std::vector<const char*>& clusters,
                 const char* segment, const char* stage) {
  Case part;
  part.what = what;
  part.born = 1955;
  for (const char* cluster : clusters) {
    part.rows.events.push_back(Recorded(cluster));
  }
  part.expect = {{"C04", "segment_matrix", "persons", 1,
                  std::string("rules=life-course;segment=") + segment, false},
                 {"C04", "segment_matrix", "persons", 1,
                  std::string("rules=life-stages;segment=") + stage, false}};
  return part;
}

void AddElements(std::vector<Case>& cases) {
  cases.push_back(
      SegmentCase("dementia", {"DEM_COD"}, "Frailty and dementia", "Age well"));
  cases.push_back(SegmentCase("palliative care", {"PALCARE_COD"},
                              "Incurable cancer", "Die well"));
  for (const char* cluster : {"HF_COD", "COPD_COD"}) {
    cases.push_back(SegmentCase("each failing organ", {cluster},
                                "Organ failure", "Stay well"));
  }
  cases.push_back(SegmentCase("a learning disability", {"LD_COD"}, "Disability",
                              "Live well"));
  cases.push_back(
      SegmentCase("a mental illness", {"MH_COD"}, "Disability", "Stay well"));
  for (const char* cluster :
       {"AFIB_COD", "AST_COD", "CAN_COD", "CHD_COD", "CKD_COD", "DEPR_COD",
        "DM_COD", "EPIL_COD", "HYP_COD", "OSTEO_COD", "PAD_COD", "RARTH_COD"}) {
    cases.push_back(SegmentCase("each long-term condition", {cluster},
                                "Long-term conditions", "Stay well"));
  }
  cases.push_back(SegmentCase("a stroke", {"STRK_COD"}, "Long-term conditions",
                              "Age well"));
  for (const char* cluster : {"BP_COD", "SMOK_COD"}) {
    cases.push_back(SegmentCase("a code of no segment", {cluster},
                                "Generally well", "Live well"));
  }
}

// The more urgent segment wins.
void AddSegmentPairs(std::vector<Case>& cases) {
  cases.push_back(SegmentCase("dementia and palliative care",
                              {"PALCARE_COD", "DEM_COD"},
                              "Frailty and dementia", "Die well"));
  cases.push_back(SegmentCase("palliative care and heart failure",
                              {"HF_COD", "PALCARE_COD"}, "Incurable cancer",
                              "Die well"));
  cases.push_back(SegmentCase("heart failure and learning disability",
                              {"LD_COD", "HF_COD"}, "Organ failure",
                              "Stay well"));
  cases.push_back(SegmentCase("learning disability and diabetes",
                              {"DM_COD", "LD_COD"}, "Disability", "Stay well"));
}

// Segments that come from hospital rows.
void AddHospital(std::vector<Case>& cases) {
  const auto stay = [](const char* method, const char* pod) {
    return Episode{.admission = kSegmentDay,
                   .discharge = kSegmentDay + 2,
                   .method = method,
                   .provider = "RXO",
                   .pod = pod};
  };
  Case maternal =
      SegmentCase("admitted to give birth", {}, "Maternal health", "Live well");
  maternal.born = 1996;
  maternal.sex = '2';
  maternal.rows.episodes = {stay("31", "maternity")};
  maternal.rows.episodes[0].specialty = "501";
  maternal.rows.episodes[0].diagnoses = {"O800"};
  cases.push_back(maternal);
  Case chronic = SegmentCase("the same with diabetes", {"DM_COD"},
                             "Long-term conditions", "Stay well");
  chronic.born = 1996;
  chronic.sex = '2';
  chronic.rows.episodes = maternal.rows.episodes;
  cases.push_back(chronic);
  Case acute = SegmentCase("an emergency", {}, "Acutely ill", "Live well");
  acute.rows.episodes = {stay("21", "emergency")};
  cases.push_back(acute);
  Case both = SegmentCase("an emergency and a birth", {}, "Maternal health",
                          "Live well");
  both.born = 1996;
  both.sex = '2';
  both.rows.episodes = {stay("21", "emergency"), maternal.rows.episodes[0]};
  both.rows.episodes[1].spell = 1;
  both.rows.episodes[1].admission = kSegmentDay + 60;
  both.rows.episodes[1].discharge = kSegmentDay + 62;
  cases.push_back(both);
  Case planned =
      SegmentCase("a planned stay", {}, "Generally well", "Live well");
  planned.rows.episodes = {stay("11", "elective")};
  cases.push_back(planned);
  Case spread = SegmentCase("a stay with spread cancer", {}, "Incurable cancer",
                            "Live well");
  spread.rows.episodes = {stay("11", "elective")};
  spread.rows.episodes[0].diagnoses = {"M201", "C780"};
  cases.push_back(spread);
}

}  // namespace

Lane SegmentLane() {
  Lane lane = {.name = "segments", .first_practice = 15};
  lane.members = 0;  // these are instead:
  lane.cases.push_back(
      SegmentCase("nothing at all", {}, "Generally well", "Live well"));
  lane.cases.back().copies = 200;
  AddElements(lane.cases);
  AddSegmentPairs(lane.cases);
  AddHospital(lane.cases);
  return lane;
}

}  // namespace tally::demo
