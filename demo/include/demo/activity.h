#ifndef TALLY_DEMO_ACTIVITY_H_
#define TALLY_DEMO_ACTIVITY_H_

// The rows of a person in the datasets of activity, before a supplier's names
// and formats are put on them. Every member has a neutral value, which meets no
// rule of any measure, so a scripted row names only what it is about.
//
// Days count from 1970-01-01; kNoDay is none. Money is pence.
//
// Spec: docs/population.md, "Files of the national source" and "Lanes".
// Threading: values.

#include <cstdint>
#include <string>
#include <vector>

namespace tally::demo {

inline constexpr int kNoDay = -1000000;

// 2026-10-31 -> its day. REQUIRES: a day that exists, from 1970 on.
constexpr int Ymd(int year, int month, int day) {
  // Counted from 1 March of year 0, so that a leap day ends its year.
  const int y = month <= 2 ? year - 1 : year;
  const int m = month <= 2 ? month + 9 : month - 3;
  return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 -
         719468;
}

// The month number (year * 12 + month - 1) of a day, and "2026-10" of a month.
int MonthOfDay(int day);
std::string MonthText(int month);
// "2026-10-31"; empty for kNoDay.
std::string IsoDay(int day);

// A hospital episode; rows of one `spell` are one spell.
struct Episode {
  int spell = 0;
  int order = 1;
  bool last = true;
  int admission = kNoDay;
  int discharge = kNoDay;  // kNoDay: the spell lasts
  int start = kNoDay;      // kNoDay: the admission
  int end = kNoDay;        // kNoDay: the discharge
  // The day by which a delivery takes the row; kNoDay: the end.
  int sent = kNoDay;
  std::string method = "21";
  std::string source = "19";
  std::string discharge_method = "1";
  std::string destination = "19";
  std::string classification = "1";
  std::string specialty = "300";
  std::string provider = "RZA";
  std::vector<std::string> diagnoses = {"M201"};  // at most 5
  std::vector<std::string> procedures = {};       // at most 4, on the first day
  std::string hrg = "AA01A";
  int64_t tariff_pence = 100000;
  std::string mff = "1";
  std::string rtt_status = {};
  int rtt_start = kNoDay;
  int rtt_end = kNoDay;
  // What an admission counts as (emergency, elective, day_case, regular,
  // maternity, transfer, birth); empty: not the first row of its spell.
  std::string pod = "emergency";
  int key = -1;  // of the person's episodes; -1: a key of its own
};

// An outpatient appointment.
struct Appointment {
  int day = kNoDay;
  std::string type = "1";      // 1 first, 2 follow-up
  std::string attended = "5";  // 5, 6 seen
  std::string outcome = "1";
  std::string referral_source = "03";
  std::string priority = "1";
  int referred = kNoDay;
  std::string specialty = "300";
  std::string provider = "RZA";
  std::string diagnosis = {};
  std::string procedure = {};
  std::string hrg = "WF01A";
  int64_t tariff_pence = 12000;
  std::string rtt_status = {};
  int rtt_start = kNoDay;
  int rtt_end = kNoDay;
  int key = -1;
};

// An attendance at an emergency department.
struct Attendance {
  int day = kNoDay;
  int hour = 10;      // arrival at a quarter past
  int minutes = 145;  // to departure
  std::string type = "01";
  std::string category = "1";
  std::string provider = "RZA";
  std::string diagnosis = "281900007";
  int decided = kNoDay;  // to admit
  int key = -1;
  // False for a row whose key another has: attendances are counted by keys.
  bool counted = true;
};

struct Death {
  int day = kNoDay;
  int registered = kNoDay;
  std::string cause = "R99X";
  std::vector<std::string> mentioned = {};  // at most 3
  std::string place = "hospital";
};

// A contact of a community or mental health service.
struct Contact {
  int day = kNoDay;
  int referred = kNoDay;
  int discharged = kNoDay;
  std::string dataset = "CSDS";
  std::string team = "A01";
  std::string attended = "5";
  std::string mechanism = "01";
  int minutes = 30;
  std::string provider = "RZC";
  int referral = 0;  // of the person
  int key = -1;
};

// A claim or an episode of eye care in the community.
struct EyeClaim {
  int day = kNoDay;
  std::string type = "GOS1";
  std::string eligibility = {};
  int previous = kNoDay;  // test
  std::string retest = {};
  std::string voucher = {};
  std::string supplements = {};
  bool domiciliary = false;
  std::string outcome = "no_rx";
  std::string condition = {};
  int64_t fee_pence = 2331;
  std::string contractor = "TP001";
  bool numbered = true;  // carries the NHS Number
};

// A prescribed item.
struct Prescription {
  int day = kNoDay;
  std::string bnf = "1901010Z0AAAAAA";  // of no counted chapter
  double quantity = 28;
  int items = 1;
  int64_t nic_pence = 100;
  int64_t cost_pence = 95;
  bool repeat = false;
  int practice = -1;          // -1: where the person is registered on that day
  uint64_t number = 0;        // of the person's items
  uint64_t consultation = 0;  // 0: one of its own
  const char* drop = "";      // the reason for which the source keeps it back
};

// A coded event of general practice.
struct CodedEvent {
  int day = kNoDay;
  const char* cluster = "BP_COD";  // one of ClusterCode()
  std::string value1 = {};
  std::string value2 = {};
  std::string unit = {};
};

struct Activity {
  std::vector<Episode> episodes = {};
  std::vector<Appointment> appointments = {};
  std::vector<Attendance> attendances = {};
  std::vector<Death> deaths = {};
  std::vector<Contact> contacts = {};
  std::vector<EyeClaim> claims = {};
  std::vector<Prescription> prescriptions = {};
  std::vector<CodedEvent> events = {};

  // True if the national source has a row.
  bool National() const {
    return !episodes.empty() || !appointments.empty() || !attendances.empty() ||
           !deaths.empty() || !contacts.empty() || !claims.empty();
  }
};

}  // namespace tally::demo

#endif  // TALLY_DEMO_ACTIVITY_H_
