#include "demo/hospital_writer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/files.h"
#include "base/status.h"

namespace tally::demo {
namespace {

// The national team's own column names: those of the NHS Data Dictionary's
// extracts, which the specifications know as aliases.
const std::vector<std::string> kApcHeader = {
    "NEWNHSNO",   "WITHHELD_IDENTITY_REASON_CODE",
    "SUSSPELLID", "EPIKEY",
    "EPIORDER",   "SPELEND",
    "ADMIDATE",   "DISDATE",
    "EPISTART",   "EPIEND",
    "ADMIMETH",   "ADMISORC",
    "DISMETH",    "DISDEST",
    "CLASSPAT",   "MAINSPEF",
    "TRETSPEF",   "PROCODE",
    "SITETRET",   "GPPRAC",
    "HOMEADD",    "DOB",
    "SEX",        "ETHNOS",
    "DIAG_01",    "DIAG_02",
    "DIAG_03",    "OPERTN_01",
    "OPDATE_01",  "SUSHRG",
    "TARIFF",     "MFF"};
const std::vector<std::string> kOpHeader = {
    "NEWNHSNO", "ATTENDKEY", "APPTDATE", "ATENTYPE", "ATTENDED",
    "OUTCOME",  "REFSOURC",  "PRIORITY", "REQDATE",  "TRETSPEF",
    "MAINSPEF", "PROCODE",   "GPPRAC",   "HOMEADD",  "DOB",
    "SEX",      "ETHNOS",    "DIAG_01",  "SUSHRG",   "TARIFF"};
const std::vector<std::string> kEcdsHeader = {
    "NEWNHSNO",   "AEKEY",       "ARRIVALDATE", "ARRIVALTIME", "DEPTIME",
    "AEDEPTTYPE", "AEATTENDCAT", "PROCODE",     "GPPRAC",      "HOMEADD",
    "DOB",        "SEX",         "ETHNOS",      "DIAGNOSIS_01"};

constexpr std::array<const char*, 8> kDiagnoses = {
    "I10X", "J181", "E119", "S720D", "N390", "K35.8", "M179", "R074A"};
constexpr std::array<const char*, 4> kElective = {"11", "12", "13", "11"};
constexpr std::array<const char*, 4> kEmergency = {"21", "22", "28", "2A"};
constexpr std::array<const char*, 5> kSpecialties = {"100", "110", "130", "300",
                                                     "430"};

std::string Provider(uint64_t number) {
  return absl::StrFormat("RZ%c", static_cast<char>('A' + number % 4));
}

std::string Day(int month, int day) {
  return absl::StrFormat("%04d-%02d-%02d", month / 12, month % 12 + 1, day);
}

}  // namespace

// The fields that every national row of a person shares.
struct HospitalWriter::Common {
  const Person& person;
  NationalIdentity identity;
  std::string practice;
  std::string birth;
  std::string sex;
  int64_t rows = 0;  // sent so far, linked or not
};

HospitalWriter::HospitalWriter(const PersonMaker& maker)
    : maker_(maker), draws_(maker.options().seed, "hospital event") {}

absl::StatusOr<std::unique_ptr<HospitalWriter>> HospitalWriter::Create(
    const PersonMaker& maker, const std::string& directory, Ledger& ledger) {
  std::unique_ptr<HospitalWriter> writer(new HospitalWriter(maker));
  for (Delivery& delivery : DeliveriesOf(maker, kNationalId, directory)) {
    TALLY_RETURN_IF_ERROR(MakeDirectories(delivery.folder, 0755));
    TALLY_ASSIGN_OR_RETURN(
        CsvFile apc, CsvFile::Create(delivery.folder + "/apc.csv", kApcHeader));
    TALLY_ASSIGN_OR_RETURN(
        CsvFile op, CsvFile::Create(delivery.folder + "/op.csv", kOpHeader));
    TALLY_ASSIGN_OR_RETURN(
        CsvFile ecds,
        CsvFile::Create(delivery.folder + "/ecds.csv", kEcdsHeader));
    FateBook apc_book(ledger, delivery, "sus-apc");
    FateBook op_book(ledger, delivery, "sus-op");
    FateBook ecds_book(ledger, delivery, "ecds");
    int64_t& persons = ledger.Figure("persons_sent", Dimensions(delivery));
    writer->files_.push_back(std::make_unique<Files>(
        Files{std::move(delivery), std::move(apc), std::move(op),
              std::move(ecds), apc_book, op_book, ecds_book, persons}));
  }
  return writer;
}

std::optional<uint64_t> HospitalWriter::Neighbour(uint64_t index) const {
  for (uint64_t i = index + 1; i < maker_.options().people; ++i) {
    const Person other = maker_.Make(i);
    // Two people must not take the same neighbour's number.
    if (other.plant == Plant::kSharedNumber) return std::nullopt;
    if (other.plant == Plant::kNone && !other.hospital &&
        other.death_month == kOpen && other.registrations.size() == 1 &&
        maker_.practices()[static_cast<size_t>(other.registrations[0].practice)]
            .participates) {
      return i;
    }
  }
  return std::nullopt;
}

namespace {

// A plant that is one number for everybody.
struct FixedNumber {
  Plant plant;
  const char* number;
  const char* reason;
};

// Ranges of real numbers never come with a valid check digit.
constexpr FixedNumber kFixedNumbers[] = {
    {Plant::kNumberRepeated, "9999999999", "NHS_NUMBER_REPEATED_DIGIT"},
    {Plant::kNumberChi, "0101010100", "NHS_NUMBER_RANGE_CHI"},
    {Plant::kNumberHc, "3200000001", "NHS_NUMBER_RANGE_HC"},
    {Plant::kNumberIhi, "8000000001", "NHS_NUMBER_RANGE_IHI"},
    {Plant::kNumberNotIssued, "5000000001", "NHS_NUMBER_RANGE_NOT_ISSUED"},
    {Plant::kNumberCanary, "9990000018", "NHS_NUMBER_CANARY"}};

const FixedNumber* FixedNumberOf(Plant plant) {
  for (const FixedNumber& fixed : kFixedNumbers) {
    if (fixed.plant == plant) return &fixed;
  }
  return nullptr;
}

}  // namespace

NationalIdentity HospitalWriter::IdentityOf(const Person& person) const {
  NationalIdentity identity;
  identity.number = person.nhs_number;
  identity.token_of = person.index;
  const auto faulty = [&](std::string number, const char* reason) {
    identity.number = std::move(number);
    identity.reason = reason;
    identity.token_of = std::nullopt;
  };
  const std::string& own = person.nhs_number;
  switch (person.plant) {
    case Plant::kNumberMissing:
      faulty(person.index % 2 == 0 ? "" : "NULL", "NHS_NUMBER_MISSING");
      break;
    case Plant::kNumberFormat:
      faulty(person.index % 2 == 0 ? own.substr(0, 9) : "9.43E+09",
             "NHS_NUMBER_FORMAT");
      break;
    case Plant::kNumberCheckDigit: {
      std::string wrong = own;
      wrong.back() =
          wrong.back() == '9' ? '0' : static_cast<char>(wrong.back() + 1);
      faulty(std::move(wrong), "NHS_NUMBER_CHECK_DIGIT");
      break;
    }
    case Plant::kIdentityWithheld:
      identity.withheld = true;  // hospital episodes only: see WriteSpells
      break;
    case Plant::kReplacedNumber:
      identity.number = maker_.NhsNumber(person.index, 1);
      identity.token_of = std::nullopt;
      break;
    case Plant::kSharedNumber:
      if (const auto other = Neighbour(person.index); other.has_value()) {
        identity.number = maker_.NhsNumber(*other, 0);
        identity.token_of = other;
      }
      break;
    default:
      if (const FixedNumber* fixed = FixedNumberOf(person.plant)) {
        faulty(fixed->number, fixed->reason);
      }
      break;
  }
  return identity;
}

HospitalWriter::Common HospitalWriter::CommonOf(const Person& person) const {
  const int practice =
      person.registrations.empty() ? -1 : person.registrations.back().practice;
  return {person,
          IdentityOf(person),
          practice < 0 ? std::string("V81999")
                       : maker_.practices()[static_cast<size_t>(practice)].code,
          person.birth.ToIso(),
          std::string(1, person.sex),
          0};
}

std::optional<int> HospitalWriter::MonthOf(const Person& person,
                                           uint64_t part) const {
  const int month = static_cast<int>(draws_.Between(
      maker_.first_month(), maker_.options().last_month, person.index, part));
  const int birth = person.birth.year() * 12 + person.birth.month() - 1;
  if (month <= birth) return std::nullopt;
  if (person.death_month != kOpen && month >= person.death_month) {
    return std::nullopt;
  }
  return month;
}

void HospitalWriter::Write(const Person& person, NationalTruth& truth) {
  TALLY_CHECK(person.hospital);
  Common common = CommonOf(person);
  for (const auto& files : files_) {
    bool linked = false;
    const int64_t before = common.rows;
    WriteSpells(common, *files, linked);
    if (files->delivery.stage != Stage::kMonth) {
      truth.apc_linked_row = truth.apc_linked_row || linked;
      truth.apc_any_row = truth.apc_any_row || common.rows > before;
    }
    WriteAppointments(common, *files, linked);
    WriteAttendances(common, *files, linked);
    if (linked) ++files->persons;
    if (files->delivery.stage == Stage::kMonth) continue;
    truth.linked_row = truth.linked_row || linked;
    truth.any_row = truth.any_row || common.rows > before;
  }
}

namespace {

// What becomes of a national row of a person.
void Book(const Person& person, const NationalIdentity& identity,
          FateBook& book, bool& linked, int64_t& rows) {
  if (person.plant == Plant::kNationalOptOut) {
    book.Add(RowFate::kOptedOut);
    return;
  }
  ++rows;
  if (identity.reason[0] != '\0') {
    book.Add(RowFate::kUnlinked, identity.reason);
  } else {
    book.Add(RowFate::kSent);
    linked = true;
  }
}

}  // namespace

// One spell, drawn; `part` begins its own row of draws.
struct HospitalWriter::Spell {
  uint64_t number;
  uint64_t part;
  int month;
  bool emergency;
  int day;   // of the month, of the admission
  int stay;  // days
  size_t pick;
  uint64_t episodes;
};

void HospitalWriter::WriteSpells(Common& common, Files& files, bool& linked) {
  const Person& person = common.person;
  const uint64_t spells = 1 + draws_.Below(2, person.index, 1);
  for (uint64_t i = 0; i < spells; ++i) {
    const uint64_t part = 100 + 20 * i;
    const std::optional<int> month = MonthOf(person, part);
    if (!month.has_value() || !files.delivery.Covers(*month)) continue;
    Spell spell = {};
    spell.number = i;
    spell.part = part;
    spell.month = *month;
    spell.emergency = draws_.Below(100, person.index, part + 1) < 45;
    spell.day = static_cast<int>(draws_.Between(1, 20, person.index, part + 2));
    spell.stay = static_cast<int>(draws_.Below(8, person.index, part + 3));
    spell.pick = draws_.Below(4, person.index, part + 4);
    spell.episodes = spell.stay >= 3 ? 2 : 1;
    for (uint64_t episode = 0; episode < spell.episodes; ++episode) {
      WriteEpisode(spell, episode, common, files, linked);
    }
  }
}

void HospitalWriter::WriteEpisode(const Spell& spell, uint64_t episode,
                                  Common& common, Files& files, bool& linked) {
  const Person& person = common.person;
  const uint64_t i = spell.number;
  const bool last = episode + 1 == spell.episodes;
  const int middle = spell.day + spell.stay / 2;
  const int start = episode == 0 ? spell.day : middle;
  const int end = last ? spell.day + spell.stay : middle;
  const bool same_day = spell.stay == 0;
  const size_t diagnosis =
      draws_.Below(kDiagnoses.size(), person.index, spell.part + 5 + episode);
  NationalIdentity identity = common.identity;
  if (identity.withheld) identity.reason = "IDENTITY_WITHHELD";
  files.apc.Row(
      {identity.number,
       identity.withheld ? "03" : "",
       absl::StrCat(person.index * 10 + i),
       absl::StrCat(person.index * 100 + i * 10 + episode),
       absl::StrCat(episode + 1),
       last ? "1" : "0",
       Day(spell.month, spell.day),
       Day(spell.month, spell.day + spell.stay),
       Day(spell.month, start),
       Day(spell.month, end),
       spell.emergency ? kEmergency[spell.pick] : kElective[spell.pick],
       person.care_home ? "54" : "19",
       "1",
       person.index % 211 == 0 ? "37" : "19",
       same_day ? "2" : "1",
       kSpecialties[spell.pick],
       kSpecialties[spell.pick],
       Provider(person.index + i),
       Provider(person.index + i) + "01",
       common.practice,
       person.postcode,
       common.birth,
       common.sex,
       person.ethnic_category,
       kDiagnoses[diagnosis],
       kDiagnoses[(diagnosis + 1) % kDiagnoses.size()],
       "",
       same_day ? "C711" : "",
       same_day ? Day(spell.month, start) : "",
       "AA01A",
       absl::StrCat(40000 + 25000 * spell.stay),
       absl::StrFormat("1.%08d", person.index + 1)});
  Book(person, identity, files.apc_book, linked, common.rows);
}

void HospitalWriter::WriteAppointments(Common& common, Files& files,
                                       bool& linked) {
  const Person& person = common.person;
  const uint64_t count = draws_.Below(6, person.index, 2);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t part = 1000 + 20 * i;
    const std::optional<int> month = MonthOf(person, part);
    if (!month.has_value() || !files.delivery.Covers(*month)) continue;
    const int day =
        static_cast<int>(draws_.Between(15, 28, person.index, part + 1));
    const bool seen = draws_.Below(100, person.index, part + 2) < 92;
    const size_t pick =
        draws_.Below(kSpecialties.size(), person.index, part + 3);
    files.op.Row({common.identity.number,
                  absl::StrCat(person.index * 10 + i),
                  Day(*month, day),
                  i == 0 ? "1" : "2",
                  seen ? "5" : "3",
                  seen ? "1" : "2",
                  "03",
                  "1",
                  Day(*month, day - 14),
                  kSpecialties[pick],
                  kSpecialties[pick],
                  Provider(person.index),
                  common.practice,
                  person.postcode,
                  common.birth,
                  common.sex,
                  person.ethnic_category,
                  seen ? kDiagnoses[pick] : "",
                  "WF01A",
                  "12000"});
    Book(person, common.identity, files.op_book, linked, common.rows);
  }
}

void HospitalWriter::WriteAttendances(Common& common, Files& files,
                                      bool& linked) {
  const Person& person = common.person;
  const uint64_t count = draws_.Below(4, person.index, 3);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t part = 2000 + 20 * i;
    const std::optional<int> month = MonthOf(person, part);
    if (!month.has_value() || !files.delivery.Covers(*month)) continue;
    const int day =
        static_cast<int>(draws_.Between(1, 28, person.index, part + 1));
    const int hour = static_cast<int>(draws_.Below(19, person.index, part + 2));
    const int wait =
        static_cast<int>(draws_.Between(1, 4, person.index, part + 3));
    const std::string date = Day(*month, day);
    files.ecds.Row({common.identity.number, absl::StrCat(person.index * 10 + i),
                    date, absl::StrFormat("%s %02d:15", date, hour),
                    absl::StrFormat("%s %02d:40", date, hour + wait), "01", "1",
                    Provider(person.index + i), common.practice,
                    person.postcode, common.birth, common.sex,
                    person.ethnic_category, "281900007"});
    Book(person, common.identity, files.ecds_book, linked, common.rows);
  }
}

absl::Status HospitalWriter::Close() {
  for (const auto& files : files_) {
    TALLY_RETURN_IF_ERROR(files->apc.Close());
    TALLY_RETURN_IF_ERROR(files->op.Close());
    TALLY_RETURN_IF_ERROR(files->ecds.Close());
  }
  return absl::OkStatus();
}

}  // namespace tally::demo
