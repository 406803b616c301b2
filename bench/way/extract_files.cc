#include "extract_files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <numeric>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/files.h"
#include "base/status.h"
#include "pseudonymiser/nhs_number.h"

namespace tally::bench {
namespace {

constexpr size_t kBufferBytes = 1 << 20;
constexpr int64_t kEventsPerPerson = 22;
constexpr int64_t kAppointmentsPerPerson = kRowsPerPerson - kEventsPerPerson;
constexpr int64_t kUnregisteredEvery = 50;
constexpr uint64_t kPatientsPerLost = 64;  // one of these lacks a number
constexpr uint64_t kRowsPerLost = 32;
constexpr int64_t kMostPractices = 200;
constexpr int64_t kPeopleOfPractice = 50;  // at least
constexpr int64_t kPeopleOfSmallPractice = 3;
constexpr int64_t kFirstPractice = 90'000;
constexpr uint64_t kConcepts = 400;
constexpr uint64_t kPostcodes = 2000;
constexpr uint64_t kLeastConcept = 1'000'000'000'000;
constexpr uint32_t kFirstStem = 900'000'000;  // of the range for tests

// A text file, written through a buffer of its own.
class Lines {
 public:
  static absl::StatusOr<Lines> Create(std::string path) {
    TALLY_ASSIGN_OR_RETURN(AppendFile file, AppendFile::Open(path, 0600));
    return Lines(std::move(file));
  }
  Lines& operator<<(std::string_view text) {
    buffer_ += text;
    return *this;
  }
  Lines& operator<<(uint64_t number) {
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
    buffer_.append(digits.begin(), end);
    return *this;
  }
  // A number of tenths, as "12.3".
  Lines& Tenths(uint64_t tenths) {
    return *this << tenths / 10 << "." << tenths % 10;
  }
  absl::Status EndLine() {
    buffer_ += '\n';
    return buffer_.size() < kBufferBytes ? absl::OkStatus() : Flush();
  }
  absl::Status Flush() {
    TALLY_RETURN_IF_ERROR(file_.Append(buffer_));
    buffer_.clear();
    return absl::OkStatus();
  }

 private:
  explicit Lines(AppendFile file) : file_(std::move(file)) {
    buffer_.reserve(kBufferBytes + 4096);
  }
  AppendFile file_;
  std::string buffer_;
};

// Draws for a row or a person: splitmix64.
uint64_t Mixed(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// Of two neighbouring stems at least one has a check digit.
pseudonymiser::NhsNumber::Digits NumberOf(int64_t person) {
  const uint32_t stem = kFirstStem + 2 * static_cast<uint32_t>(person);
  auto number = pseudonymiser::NhsNumber::FromStem(stem);
  if (!number) number = pseudonymiser::NhsNumber::FromStem(stem + 1);
  TALLY_CHECK(number.has_value());
  return number->digits();
}
std::string_view TextOf(const pseudonymiser::NhsNumber::Digits& digits) {
  return {digits.data(), digits.size()};
}

// How a row says whose it is. A row that has lost its number says so, or has
// one whose check digit is wrong.
struct Identity {
  std::string number;
  std::string_view status = "01";
};
Identity IdentityOf(int64_t person, bool is_lost, uint64_t draw) {
  pseudonymiser::NhsNumber::Digits digits = NumberOf(person);
  if (!is_lost) return {std::string(TextOf(digits)), "01"};
  if (draw % 2 == 0) return {"", "07"};
  digits.back() = digits.back() == '9' ? '0' : digits.back() + 1;
  return {std::string(TextOf(digits)), "01"};
}
bool IsLostPatient(int64_t person) {
  return Mixed(static_cast<uint64_t>(person)) % kPatientsPerLost == 1;
}

// Every person once in each sweep of rows, far from their neighbours.
class Order {
 public:
  explicit Order(int64_t people) : people_(people), step_(people * 5 / 8) {
    while (std::gcd(step_, people_) != 1) ++step_;
  }
  int64_t PersonOfRow(int64_t row) const {
    return row % people_ * step_ % people_;
  }

 private:
  int64_t people_;
  int64_t step_;
};

// Which practice somebody is registered with: one of many people each, or the
// one of three people in the middle.
class Practices {
 public:
  explicit Practices(int64_t people)
      : small_first_(people / 2),
        large_(std::clamp<int64_t>(people / kPeopleOfPractice, 1,
                                   kMostPractices)) {}
  bool IsSmall(int64_t person) const {
    return person >= small_first_ &&
           person < small_first_ + kPeopleOfSmallPractice;
  }
  // The number in the code, "Z90017".
  uint64_t Of(int64_t person) const {
    return static_cast<uint64_t>(kFirstPractice +
                                 (IsSmall(person) ? large_ : person % large_));
  }

 private:
  int64_t small_first_;
  int64_t large_;
};

// Days 1 to 28 of the month, as text.
std::array<std::string, 28> Days(const std::string& month) {
  std::array<std::string, 28> days;
  for (size_t i = 0; i < days.size(); ++i) {
    days[i] = absl::StrFormat("%s-%02d", month, i + 1);
  }
  return days;
}

uint64_t ConceptOf(uint64_t draw) { return 100'000'000 + draw % kConcepts; }

absl::Status WriteLists(const std::string& folder, int64_t people) {
  const std::string lists = folder + "/lists";
  TALLY_RETURN_IF_ERROR(MakeDirectories(lists, 0700));
  const auto put = [&lists](const std::string& name, const std::string& text) {
    return WriteFileAtomically(lists + "/" + name, text, 0600);
  };
  TALLY_ASSIGN_OR_RETURN(Lines national,
                         Lines::Create(lists + "/national.csv"));
  for (int64_t person = 0; person < people; ++person) {
    national << TextOf(NumberOf(person)) << ",";
    TALLY_RETURN_IF_ERROR(national.EndLine());
  }
  TALLY_RETURN_IF_ERROR(national.Flush());
  std::string practices;
  for (int64_t i = 0; i <= kMostPractices; ++i) {
    practices += absl::StrFormat("Z%05d\n", kFirstPractice + i);
  }
  std::string clusters = "code,cluster\n";
  for (uint64_t i = 0; i < kConcepts; ++i) {
    clusters += absl::StrFormat("%d,C%c%c_COD\n", ConceptOf(i), 'A' + i % 8,
                                'A' + i / 8 % 5);
  }
  std::string postcodes = "postcode,lsoa21,imd_decile,rural_urban\n";
  for (uint64_t i = 0; i < kPostcodes; ++i) {
    postcodes += absl::StrFormat("ZZ%d %dAA,E01%06d,%d,%d\n", 10 + i / 10 % 90,
                                 i % 10, i, 1 + i % 10, 1 + i % 8);
  }
  TALLY_RETURN_IF_ERROR(put("practices.csv", practices));
  TALLY_RETURN_IF_ERROR(put("clusters.csv", clusters));
  TALLY_RETURN_IF_ERROR(put("postcode-lsoa.csv", postcodes));
  TALLY_RETURN_IF_ERROR(put("care-homes.csv", "HOME1\nHOME2\n"));
  TALLY_RETURN_IF_ERROR(put("restricted.csv", "99999999\n"));
  // Somebody of whom there are no data.
  return put("type1.csv", std::string(TextOf(NumberOf(people))) + "\n");
}

// ZZ10 0AA to ZZ99 9AA, of the list.
void AddPostcode(Lines& out, uint64_t number) {
  out << "ZZ" << 10 + number / 10 % 90 << " " << number % 10 << "AA";
}

// Counts a row of a person, whatever its file.
void Count(const Practices& practices, int64_t person, bool is_lost,
           ExpectedTable& table) {
  ++table.rows;
  table.without_person += is_lost ? 1 : 0;
  table.without_practice += practices.IsSmall(person) ? 1 : 0;
}

constexpr std::array<std::string_view, 6> kEthnic = {"A", "B", "C",
                                                     "H", "N", "Z"};

absl::Status WritePatients(const std::string& path, int64_t people,
                           ExpectedTable& expected) {
  TALLY_ASSIGN_OR_RETURN(Lines out, Lines::Create(path));
  out << "nhs_number,nhs_number_status,surname,forename,date_of_birth,sex,"
         "ethnic_category,postcode,practice_code,registration_date,"
         "deregistration_date,date_of_death,address_key,type1_opt_out,"
         "local_patient_id";
  TALLY_RETURN_IF_ERROR(out.EndLine());
  const Order order(people);
  const Practices practices(people);
  for (int64_t row = 0; row < people; ++row) {
    const int64_t person = order.PersonOfRow(row);
    const uint64_t draw = Mixed(static_cast<uint64_t>(person));
    const bool is_lost = IsLostPatient(person);
    const Identity who = IdentityOf(person, is_lost, draw >> 44);
    out << who.number << "," << who.status << ",Surname" << draw % 5003
        << ",Forename" << draw % 499 << "," << 1935 + draw % 90 << "-0"
        << 1 + draw % 9 << "-1" << draw % 10 << "," << 1 + (draw >> 8) % 2
        << "," << kEthnic[(draw >> 16) % kEthnic.size()] << ",";
    AddPostcode(out, draw % kPostcodes);
    out << ",Z" << practices.Of(person) << "," << 2005 + (draw >> 32) % 20
        << "-0" << 1 + (draw >> 40) % 9 << "-01,,,";
    if (draw % 64 == 0) out << "HOME1";
    out << ",N,P" << static_cast<uint64_t>(person);
    TALLY_RETURN_IF_ERROR(out.EndLine());
    Count(practices, person, is_lost, expected);
  }
  return out.Flush();
}

// Whose a row is, for files of several rows a person. The first row of each
// person keeps its number, so that everybody is found.
struct RowOwner {
  int64_t person;
  bool is_lost;
};
RowOwner OwnerOf(const Order& order, int64_t first_person, int64_t people,
                 int64_t row, uint64_t draw) {
  return {first_person + order.PersonOfRow(row),
          row >= people && (draw >> 50) % kRowsPerLost == 1};
}

absl::Status WriteEvents(const std::string& path, int64_t people,
                         int64_t first_person, ExpectedWay& expected) {
  constexpr std::array<std::string_view, 4> kUnits = {"mmHg", "mmol/L", "kg",
                                                      "%"};
  TALLY_ASSIGN_OR_RETURN(Lines out, Lines::Create(path));
  out << "nhs_number,nhs_number_status,event_date,record_date,concept_id,"
         "value1,value2,unit,practice_code,supplier,sensitive_flag,"
         "consultation_key";
  TALLY_RETURN_IF_ERROR(out.EndLine());
  const auto days = Days(LastMonth());
  const Order order(people);
  const Practices practices(people);
  for (int64_t row = 0; row < people * kEventsPerPerson; ++row) {
    const uint64_t draw = Mixed(static_cast<uint64_t>(row) << 20);
    const auto [person, is_lost] =
        OwnerOf(order, first_person, people, row, draw);
    const Identity who = IdentityOf(person, is_lost, draw >> 44);
    const std::string& day = days[draw % days.size()];
    const uint64_t tenths = (draw >> 8) % 2000;
    out << who.number << "," << who.status << "," << day << "," << day << ","
        << ConceptOf(draw >> 16) << ",";
    if (draw % 4 != 0) {
      out.Tenths(tenths);
      expected.sum_tenths += static_cast<int64_t>(tenths);
    }
    out << ",";
    if (draw % 8 == 1) out << (draw >> 24) % 120;
    out << "," << kUnits[(draw >> 32) % kUnits.size()] << ",Z"
        << practices.Of(person) << ",System,0," << static_cast<uint64_t>(row);
    TALLY_RETURN_IF_ERROR(out.EndLine());
    Count(practices, person, is_lost, expected.events);
    if (!is_lost && person < people && !IsLostPatient(person)) {
      ++expected.events_of_registered;
    }
  }
  return out.Flush();
}

absl::Status WriteAppointments(const std::string& path, int64_t people,
                               int64_t first_person, ExpectedTable& expected) {
  TALLY_ASSIGN_OR_RETURN(Lines out, Lines::Create(path));
  out << "nhs_number,attendance_id,appointment_date,attended,attendance_type,"
         "referral_source,treatment_function,provider_code,practice_code,"
         "postcode,date_of_birth,sex,ethnic_category,tariff_pence";
  TALLY_RETURN_IF_ERROR(out.EndLine());
  const auto days = Days(LastMonth());
  const Order order(people);
  const Practices practices(people);
  for (int64_t row = 0; row < people * kAppointmentsPerPerson; ++row) {
    const uint64_t draw = Mixed((static_cast<uint64_t>(row) << 20) + 1);
    const auto [person, is_lost] =
        OwnerOf(order, first_person, people, row, draw);
    const uint64_t of_person = Mixed(static_cast<uint64_t>(person));
    out << IdentityOf(person, is_lost, draw >> 44).number << ",A"
        << static_cast<uint64_t>(row) << "," << days[draw % days.size()] << ","
        << 5 + (draw >> 8) % 3 << "," << 1 + (draw >> 12) % 4 << ",03,"
        << 100 + (draw >> 16) % 60 << ",R" << 10 + (draw >> 24) % 20 << ",Z"
        << practices.Of(person) << ",";
    AddPostcode(out, of_person % kPostcodes);
    out << "," << 1935 + of_person % 90 << "-0" << 1 + of_person % 9 << "-1"
        << of_person % 10 << "," << 1 + (of_person >> 8) % 2 << ","
        << kEthnic[(of_person >> 16) % kEthnic.size()] << ","
        << 5000 + (draw >> 32) % 20'000;
    TALLY_RETURN_IF_ERROR(out.EndLine());
    Count(practices, person, is_lost, expected);
  }
  return out.Flush();
}

// Returns the sum of value_1 in tenths.
absl::StatusOr<int64_t> WriteRows(const std::string& path, int64_t people) {
  TALLY_ASSIGN_OR_RETURN(Lines out, Lines::Create(path));
  out << "nhs_number,day,other_day,concept,count_1,count_2,value_1,value_2,"
         "cluster,practice,diagnosis,unit,flag";
  TALLY_RETURN_IF_ERROR(out.EndLine());
  const auto days = Days(LastMonth());
  const Order order(people);
  int64_t sum = 0;
  for (int64_t row = 0; row < people * kRowsPerPerson; ++row) {
    const uint64_t draw = Mixed(static_cast<uint64_t>(row) << 20);
    const uint64_t tenths = (draw >> 40) % 4096;
    sum += static_cast<int64_t>(tenths);
    out << TextOf(NumberOf(order.PersonOfRow(row))) << ","
        << days[draw % days.size()] << ",";
    if (draw % 7 != 0) out << days[(draw >> 8) % days.size()];
    // Thirteen digits and more: ten could be the NHS Number of somebody here.
    out << "," << kLeastConcept + (draw >> 20) << "," << (draw >> 24) % 256
        << "," << (draw >> 32) % 65'536 << ",";
    out.Tenths(tenths);
    out << ",";
    if (draw % 3 != 0) out << (draw >> 44) % 256;
    out << ",CLUSTER_" << (draw >> 12) % 64 << ",Z"
        << 10'000 + (draw >> 18) % 256 << ",I" << 100 + (draw >> 26) % 512
        << ((draw & 16) != 0 ? ",mmol/l," : ",kg,") << (draw >> 5) % 2;
    TALLY_RETURN_IF_ERROR(out.EndLine());
  }
  TALLY_RETURN_IF_ERROR(out.Flush());
  return sum;
}

}  // namespace

std::string LastMonth() {
  return CivilDay::TodayUtc().FirstOfMonth().AddMonths(-1)->ToMonth();
}

absl::StatusOr<ExpectedWay> WriteWayFiles(const std::string& folder,
                                          int64_t people) {
  TALLY_CHECK(people >= 100 && people <= kMostPeople);
  const int64_t unregistered = people / kUnregisteredEvery;
  ExpectedWay expected;
  TALLY_RETURN_IF_ERROR(WriteLists(folder, people + unregistered));
  TALLY_RETURN_IF_ERROR(
      WritePatients(folder + "/patients.csv", people, expected.patients));
  TALLY_RETURN_IF_ERROR(
      WriteEvents(folder + "/events.csv", people, unregistered, expected));
  TALLY_RETURN_IF_ERROR(WriteAppointments(folder + "/appointments.csv", people,
                                          unregistered, expected.appointments));
  expected.people = people;  // of these something happened to each
  for (int64_t person = 0; person < people; ++person) {
    if (IsLostPatient(person)) continue;
    ++(person < unregistered ? expected.people : expected.in_both);
  }
  return expected;
}

absl::StatusOr<ExpectedRows> WriteIngestFiles(const std::string& folder,
                                              int64_t people) {
  TALLY_CHECK(people >= 100 && people <= kMostPeople);
  ExpectedRows expected;
  expected.people = people;
  expected.rows = people * kRowsPerPerson;
  TALLY_RETURN_IF_ERROR(WriteLists(folder, people));
  TALLY_ASSIGN_OR_RETURN(expected.sum_tenths,
                         WriteRows(folder + "/rows.csv", people));
  return expected;
}

}  // namespace tally::bench
