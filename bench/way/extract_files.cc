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
constexpr int64_t kUnregisteredEvery = 50;
constexpr uint64_t kPractices = 200;
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
  for (uint64_t i = 0; i < kPractices; ++i) {
    practices += absl::StrFormat("Z%05d\n", 90'000 + i);
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

absl::Status WritePatients(const std::string& path, int64_t people) {
  constexpr std::array<std::string_view, 6> kEthnic = {"A", "B", "C",
                                                       "H", "N", "Z"};
  TALLY_ASSIGN_OR_RETURN(Lines out, Lines::Create(path));
  out << "nhs_number,nhs_number_status,surname,forename,date_of_birth,sex,"
         "ethnic_category,postcode,practice_code,registration_date,"
         "deregistration_date,date_of_death,address_key,type1_opt_out,"
         "local_patient_id";
  TALLY_RETURN_IF_ERROR(out.EndLine());
  const Order order(people);
  for (int64_t row = 0; row < people; ++row) {
    const int64_t person = order.PersonOfRow(row);
    const uint64_t draw = Mixed(static_cast<uint64_t>(person));
    const uint64_t postcode = draw % kPostcodes;
    out << TextOf(NumberOf(person)) << ",01,Surname" << draw % 5003
        << ",Forename" << draw % 499 << "," << 1935 + draw % 90 << "-0"
        << 1 + draw % 9 << "-1" << draw % 10 << "," << 1 + (draw >> 8) % 2
        << "," << kEthnic[(draw >> 16) % kEthnic.size()] << ",ZZ"
        << 10 + postcode / 10 % 90 << " " << postcode % 10 << "AA,Z"
        << 90'000 + (draw >> 24) % kPractices << "," << 2005 + (draw >> 32) % 20
        << "-0" << 1 + (draw >> 40) % 9 << "-01,,,";
    if (draw % 64 == 0) out << "HOME1";
    out << ",N,P" << static_cast<uint64_t>(person);
    TALLY_RETURN_IF_ERROR(out.EndLine());
  }
  return out.Flush();
}

// Returns the sum of value1 in tenths.
absl::StatusOr<int64_t> WriteEvents(const std::string& path, int64_t people,
                                    int64_t first_person) {
  constexpr std::array<std::string_view, 4> kUnits = {"mmHg", "mmol/L", "kg",
                                                      "%"};
  TALLY_ASSIGN_OR_RETURN(Lines out, Lines::Create(path));
  out << "nhs_number,nhs_number_status,event_date,record_date,concept_id,"
         "value1,value2,unit,practice_code,supplier,sensitive_flag,"
         "consultation_key";
  TALLY_RETURN_IF_ERROR(out.EndLine());
  const auto days = Days(LastMonth());
  const Order order(people);
  int64_t sum = 0;
  for (int64_t row = 0; row < people * kRowsPerPerson; ++row) {
    const int64_t person = first_person + order.PersonOfRow(row);
    const uint64_t draw = Mixed(static_cast<uint64_t>(row) << 20);
    const std::string& day = days[draw % days.size()];
    const uint64_t tenths = (draw >> 8) % 2000;
    out << TextOf(NumberOf(person)) << ",01," << day << "," << day << ","
        << ConceptOf(draw >> 16) << ",";
    if (draw % 4 != 0) {
      out.Tenths(tenths);
      sum += static_cast<int64_t>(tenths);
    }
    out << ",";
    if (draw % 8 == 1) out << (draw >> 24) % 120;
    out << "," << kUnits[(draw >> 32) % kUnits.size()] << ",Z"
        << 90'000 + static_cast<uint64_t>(person) % kPractices << ",System,0,"
        << static_cast<uint64_t>(row);
    TALLY_RETURN_IF_ERROR(out.EndLine());
  }
  TALLY_RETURN_IF_ERROR(out.Flush());
  return sum;
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

absl::StatusOr<Expected> WriteWayFiles(const std::string& folder,
                                       int64_t people) {
  TALLY_CHECK(people >= 100 && people <= kMostPeople);
  const int64_t unregistered = people / kUnregisteredEvery;
  Expected expected;
  expected.people = people;
  expected.in_both = people - unregistered;
  expected.events = people * kRowsPerPerson;
  TALLY_RETURN_IF_ERROR(WriteLists(folder, people + unregistered));
  TALLY_RETURN_IF_ERROR(WritePatients(folder + "/patients.csv", people));
  TALLY_ASSIGN_OR_RETURN(
      expected.sum_tenths,
      WriteEvents(folder + "/events.csv", people, unregistered));
  return expected;
}

absl::StatusOr<Expected> WriteIngestFiles(const std::string& folder,
                                          int64_t people) {
  TALLY_CHECK(people >= 100 && people <= kMostPeople);
  Expected expected;
  expected.people = people;
  expected.events = people * kRowsPerPerson;
  TALLY_RETURN_IF_ERROR(WriteLists(folder, people));
  TALLY_ASSIGN_OR_RETURN(expected.sum_tenths,
                         WriteRows(folder + "/rows.csv", people));
  return expected;
}

}  // namespace tally::bench
