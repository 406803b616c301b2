// Ambulatory care sensitive admissions: for each condition one case inside, one
// beside its codes, one planned, and one of its codes in second place; and the
// extra rules of some; and who is on the list then, not in the middle of the
// year.
#include <string>
#include <utility>
#include <vector>

#include "lanes/lanes.h"

namespace tally::demo {
namespace {

constexpr const char* kNoCondition = "M201";

// One condition: `inside` and `more` are of it, `beside` is of none. Whether a
// code in second place is enough is said by `second`.
struct AcscLine {
  const char* condition;
  const char* group;
  const char* inside;
  const char* more;
  const char* beside;
  int64_t second;
};

const std::vector<AcscLine>& AcscLines() {
  static const std::vector<AcscLine>& lines = *new std::vector<AcscLine>{
      {"influenza_pneumonia", "Vaccine-preventable", "J100", "J153", "J120", 1},
      {"other_vaccine_preventable", "Vaccine-preventable", "A370", "B161",
       "A380", 1},
      {"asthma", "chronic", "J450", "J46X", "J40X", 0},
      {"congestive_heart_failure", "chronic", "I500", "I110", "I510", 0},
      {"hypertension", "chronic", "I10X", "I119", "I120", 0},
      {"diabetes_complications", "chronic", "E101", "E148", "E109", 1},
      {"copd", "chronic", "J440", "J47X", "J60X", 0},
      {"angina", "chronic", "I200", "I240", "I210", 0},
      {"iron_deficiency_anaemia", "chronic", "D501", "D509", "D500", 0},
      {"nutritional_deficiency", "chronic", "E43X", "E550", "E440", 0},
      {"dehydration_gastroenteritis", "acute", "E86X", "K522", "K520", 0},
      {"pyelonephritis", "acute", "N10X", "N136", "N130", 0},
      {"perforated_bleeding_ulcer", "acute", "K250", "K286", "K253", 0},
      {"cellulitis", "acute", "L030", "L980", "L050", 0},
      {"pelvic_inflammatory", "acute", "N700", "N740", "N710", 0},
      {"ent_infections", "acute", "H660", "J312", "J040", 0},
      {"dental", "acute", "K021", "A690", "K071", 0},
      {"convulsions_epilepsy", "acute", "G400", "R560", "G430", 0},
      {"gangrene", "acute", "R02X", "R02X", "R030", 1}};
  return lines;
}

// An emergency stay of February 2026 with these codes.
Episode AcscStay(std::vector<std::string> diagnoses,
                 std::vector<std::string> procedures = {}) {
  return {.admission = Ymd(2026, 2, 3),
          .discharge = Ymd(2026, 2, 6),
          .provider = "RXF",
          .diagnoses = std::move(diagnoses),
          .procedures = std::move(procedures)};
}

// A person of whom the measure counts nothing.
Case AcscNone(const char* what, Episode stay) {
  Case part;
  part.what = what;
  part.rows.episodes = {std::move(stay)};
  return part;
}

void ExpectAdmission(std::string dimensions, Case& part) {
  part.expect.push_back(
      {"C31", "acsc", "admissions", 1, std::move(dimensions)});
}

// A person with one admission of one condition.
Case AcscOne(const char* what, Episode stay, const std::string& condition,
             const std::string& group) {
  Case part = AcscNone(what, std::move(stay));
  ExpectAdmission("condition=" + condition + ";group=" + group, part);
  ExpectAdmission("condition=all;group=" + group, part);
  ExpectAdmission("condition=all;group=all", part);
  return part;
}

void AddLine(const AcscLine& line, std::vector<Case>& cases) {
  cases.push_back(AcscOne("first code", AcscStay({line.inside}), line.condition,
                          line.group));
  cases.push_back(AcscOne("another code", AcscStay({line.more, kNoCondition}),
                          line.condition, line.group));
  cases.push_back(AcscNone("a code beside", AcscStay({line.beside})));
  Episode planned = AcscStay({line.inside});
  planned.method = "11";
  planned.pod = "elective";
  cases.push_back(AcscNone("planned", planned));
  Episode second = AcscStay({kNoCondition, line.inside});
  cases.push_back(line.second == 1
                      ? AcscOne("in second place, where any place counts",
                                second, line.condition, line.group)
                      : AcscNone("in second place", second));
}

void AddProcedures(std::vector<Case>& cases) {
  for (const char* code : {"I500", "I10X"}) {
    cases.push_back(
        AcscNone("heart with a heart operation", AcscStay({code}, {"K401"})));
    cases.push_back(
        AcscNone("in second place too", AcscStay({code}, {"S065", "K710"})));
  }
  cases.push_back(AcscOne("heart failure with an operation beside",
                          AcscStay({"I500"}, {"K530"}),
                          "congestive_heart_failure", "chronic"));
  cases.push_back(AcscOne("hypertension with an operation beside",
                          AcscStay({"I10X"}, {"K700"}), "hypertension",
                          "chronic"));
  cases.push_back(AcscNone("angina with an operation in first place",
                           AcscStay({"I200"}, {"K631"})));
  cases.push_back(
      AcscNone("angina with a procedure of X01", AcscStay({"I200"}, {"X011"})));
  cases.push_back(AcscOne("angina with the operation in second place",
                          AcscStay({"I200"}, {"U051", "K631"}), "angina",
                          "chronic"));
  cases.push_back(AcscOne("angina with a procedure of X03",
                          AcscStay({"I200"}, {"X031"}), "angina", "chronic"));
  cases.push_back(AcscNone("cellulitis with an operation",
                           AcscStay({"L030"}, {"S065", "A011"})));
  cases.push_back(
      AcscNone("cellulitis with a graft", AcscStay({"L030"}, {"S418"})));
  cases.push_back(AcscOne("cellulitis with its own procedure",
                          AcscStay({"L030"}, {"S470"}), "cellulitis", "acute"));
}

void AddAcscPairs(std::vector<Case>& cases) {
  cases.push_back(AcscNone("pneumonia with sickle cell disease",
                           AcscStay({"J13X", "D570"})));
  cases.push_back(AcscOne("pneumonia with another anaemia",
                          AcscStay({"J13X", "D560"}), "influenza_pneumonia",
                          "Vaccine-preventable"));
  cases.push_back(AcscOne("acute bronchitis of somebody with COPD",
                          AcscStay({"J209", "J449"}), "copd", "chronic"));
  cases.push_back(AcscNone("acute bronchitis alone", AcscStay({"J209"})));
  cases.push_back(
      AcscNone("bronchiolitis with COPD", AcscStay({"J219", "J449"})));
  Case same = AcscOne("two conditions of one group", AcscStay({"J459", "E101"}),
                      "asthma", "chronic");
  ExpectAdmission("condition=diabetes_complications;group=chronic", same);
  cases.push_back(same);
  Case two = AcscOne("two conditions of two groups", AcscStay({"J459", "J13X"}),
                     "asthma", "chronic");
  ExpectAdmission("condition=influenza_pneumonia;group=Vaccine-preventable",
                  two);
  ExpectAdmission("condition=all;group=Vaccine-preventable", two);
  cases.push_back(two);
}

// Who was on the list in February 2026 counts, whoever is in May, the middle of
// the year.
void AddAcscLists(std::vector<Case>& cases) {
  const auto asthma = [](const char* what) {
    return AcscOne(what, AcscStay({"J459"}), "asthma", "chronic");
  };
  Case died = asthma("died in the month");
  died.died = Ymd(2026, 2, 20);
  cases.push_back(died);
  Case left = asthma("left before the middle of the year");
  left.left = Ymd(2026, 4, 10);
  cases.push_back(left);
  Case gone = AcscNone("left the month before", AcscStay({"J459"}));
  gone.left = Ymd(2026, 1, 10);
  cases.push_back(gone);
  Case later = AcscNone("came the month after", AcscStay({"J459"}));
  later.joined = Ymd(2026, 3, 1);
  cases.push_back(later);
}

// A stay of two episodes counts by its first.
void AddAcscEpisodes(std::vector<Case>& cases) {
  const auto stay = [](const char* first, const char* second) {
    Episode one = AcscStay({first});
    one.last = false;
    one.end = Ymd(2026, 2, 4);
    Episode two = AcscStay({second});
    two.order = 2;
    two.start = Ymd(2026, 2, 4);
    two.pod.clear();
    return std::vector<Episode>{one, two};
  };
  Case first = AcscOne("in the first episode", {}, "asthma", "chronic");
  first.rows.episodes = stay("J459", kNoCondition);
  cases.push_back(first);
  Case second = AcscNone("in the second episode", {});
  second.rows.episodes = stay(kNoCondition, "J459");
  cases.push_back(second);
  for (const char* method :
       {"21", "22", "23", "24", "25", "28", "2A", "2B", "2C", "2D"}) {
    Episode row = AcscStay({"N390", "R02X"});
    row.method = method;
    cases.push_back(AcscOne("each emergency method", row, "gangrene", "acute"));
  }
  Episode transfer = AcscStay({"R02X"});
  transfer.method = "81";
  transfer.pod = "transfer";
  cases.push_back(AcscNone("a transfer", transfer));
}

}  // namespace

Lane AcscLane() {
  Lane lane = {.name = "acsc", .first_practice = 4};
  for (const AcscLine& line : AcscLines()) AddLine(line, lane.cases);
  AddProcedures(lane.cases);
  AddAcscPairs(lane.cases);
  AddAcscEpisodes(lane.cases);
  AddAcscLists(lane.cases);
  return lane;
}

}  // namespace tally::demo
