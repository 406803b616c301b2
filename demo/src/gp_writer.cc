#include "demo/gp_writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/files.h"
#include "base/status.h"

namespace tally::demo {
namespace {

const std::array<std::vector<std::string>, kSuppliers> kPatientHeader = {{
    {"NHS_NUMBER", "NHS_STATUS", "SURNAME", "FORENAME", "DOB", "SEX",
     "ETHNICITY", "POSTCODE", "GP_PRACTICE", "REG_START", "REG_END",
     "DEATH_DATE", "HOME_KEY", "TYPE1", "PATIENT_ID"},
    {"NhsNo", "NhsNoStatus", "FamilyName", "GivenName", "BirthDate", "Gender",
     "EthnicCategory", "PostCode", "Practice", "RegisteredFrom", "RegisteredTo",
     "DiedOn", "AddressKey", "DissentFlag", "LocalId"},
}};
const std::array<std::vector<std::string>, kSuppliers> kEventHeader = {{
    {"NHS_NUMBER", "NHS_STATUS", "EFFECTIVE_DATE", "RECORDED_DATE",
     "SNOMED_CODE", "RESULT", "RESULT2", "UNIT", "GP_PRACTICE", "SYSTEM",
     "SENSITIVE", "CONS_ID"},
    {"NhsNo", "NhsNoStatus", "EventDate", "EntryDate", "Code", "Value",
     "SecondValue", "Units", "Practice", "Supplier", "Confidential",
     "ConsultationId"},
}};

const std::array<std::vector<std::string>, kSuppliers> kScriptHeader = {{
    {"NHS_NUMBER", "NHS_STATUS", "ISSUE_DATE", "BNF_CODE", "DMD_CODE", "QTY",
     "ITEMS", "NIC", "ACTUAL_COST", "GP_PRACTICE", "REPEAT", "SENSITIVE",
     "CONS_ID"},
    {"NhsNo", "NhsNoStatus", "IssuedOn", "BnfCode", "DmdCode", "Quantity",
     "Items", "NetCost", "ActualCost", "Practice", "IsRepeat", "Confidential",
     "ConsultationId"},
}};

constexpr uint64_t kConsultationsPerPerson = 1000;
// Of items, beside those of events and the planted ones.
constexpr uint64_t kFirstItemConsultation = 500;

const char* Status(const Person& person) {
  return person.plant == Plant::kNotVerified ? "02" : "01";
}

// Books a row that no list or flag keeps back.
void Book(const Person& person, RowFate fate, const char* reason,
          FateBook& book, bool& sent) {
  if (fate == RowFate::kSent && person.plant == Plant::kNotVerified) {
    book.Add(RowFate::kUnlinked, "NHS_NUMBER_NOT_VERIFIED");
    return;
  }
  book.Add(fate, reason);
  sent = sent || fate == RowFate::kSent;
}

}  // namespace

GpWriter::GpWriter(const PersonMaker& maker, const ConditionMaker& conditions,
                   int supplier, MeasureTruth& measures)
    : maker_(maker),
      events_(maker, conditions),
      prescriptions_(maker),
      activity_(measures),
      supplier_(supplier) {}

absl::StatusOr<std::unique_ptr<GpWriter>> GpWriter::Create(
    const PersonMaker& maker, const ConditionMaker& conditions, int supplier,
    const std::string& directory, Ledger& ledger, MeasureTruth& measures) {
  const auto index = static_cast<size_t>(supplier);
  std::unique_ptr<GpWriter> writer(
      new GpWriter(maker, conditions, supplier, measures));
  for (Delivery& delivery :
       DeliveriesOf(maker, kSupplierIds[index], directory)) {
    TALLY_RETURN_IF_ERROR(MakeDirectories(delivery.folder, 0755));
    TALLY_ASSIGN_OR_RETURN(CsvFile patients,
                           CsvFile::Create(delivery.folder + "/patients.csv",
                                           kPatientHeader[index]));
    TALLY_ASSIGN_OR_RETURN(
        CsvFile events,
        CsvFile::Create(delivery.folder + "/events.csv", kEventHeader[index]));
    TALLY_ASSIGN_OR_RETURN(CsvFile scripts,
                           CsvFile::Create(delivery.folder + "/scripts.csv",
                                           kScriptHeader[index]));
    FateBook patient_book(ledger, delivery, "gp-patient");
    FateBook event_book(ledger, delivery, "gp-event");
    FateBook script_book(ledger, delivery, "gp-prescription");
    int64_t& persons = ledger.Figure("persons_sent", Dimensions(delivery));
    writer->files_.push_back(std::make_unique<Files>(Files{
        std::move(delivery), std::move(patients), std::move(events),
        std::move(scripts), patient_book, event_book, script_book, persons}));
  }
  return writer;
}

bool GpWriter::Mine(int practice) const {
  return practice >= 0 &&
         maker_.practices()[static_cast<size_t>(practice)].supplier ==
             supplier_;
}

std::string GpWriter::DateText(int month, int day) const {
  const int year = month / 12;
  const int number = month % 12 + 1;
  return supplier_ == 0 ? absl::StrFormat("%02d/%02d/%04d", day, number, year)
                        : absl::StrFormat("%04d-%02d-%02d", year, number, day);
}

std::string GpWriter::NumberText(const std::string& number) const {
  if (supplier_ == 0) return number;
  return absl::StrCat(number.substr(0, 3), " ", number.substr(3, 3), " ",
                      number.substr(6));
}

void GpWriter::Write(const Person& person) {
  const bool mine = std::any_of(
      person.registrations.begin(), person.registrations.end(),
      [&](const Registration& stay) { return Mine(stay.practice); });
  if (!mine) return;
  for (const auto& files : files_) {
    const bool patient = WritePatients(person, *files);
    const bool event = WriteEvents(person, *files);
    const bool script = WriteScripts(person, *files);
    if (patient || event || script) ++files->persons;
  }
}

bool GpWriter::WritePatients(const Person& person, Files& files) {
  const Delivery& delivery = files.delivery;
  bool sent = false;
  for (const Registration& stay : person.registrations) {
    if (!Mine(stay.practice) || stay.first_month > delivery.last_month) {
      continue;
    }
    const Practice& practice =
        maker_.practices()[static_cast<size_t>(stay.practice)];
    const bool ended =
        stay.last_month != kOpen && stay.last_month <= delivery.last_month;
    const bool died = person.death_month != kOpen &&
                      person.death_month <= delivery.last_month;
    const bool column = person.plant == Plant::kType1Column ||
                        person.plant == Plant::kType1Both;
    const bool spaces = person.index % 61 == 0;  // white space around values
    files.patients.Row(
        {spaces ? " " + NumberText(person.nhs_number) + " "
                : NumberText(person.nhs_number),
         Status(person), person.family_name, person.given_name,
         DateText(person.birth.year() * 12 + person.birth.month() - 1,
                  person.birth.day()),
         std::string(1, person.sex), person.ethnic_category, person.postcode,
         practice.code, DateText(stay.first_month, 1),
         ended ? DateText(stay.last_month, 28) : std::string(),
         died ? DateText(person.death_month, 15) : std::string(),
         person.care_home ? absl::StrCat("HOME", person.area) : std::string(),
         column ? "Y" : "N", absl::StrCat("P", person.index)});
    if (OptedOut(person, delivery.stage)) {
      files.patient_book.Add(RowFate::kOptedOut);
    } else if (!practice.participates) {
      files.patient_book.Add(RowFate::kDropped, "NOT_PARTICIPATING");
    } else {
      Book(person, RowFate::kSent, "", files.patient_book, sent);
    }
  }
  return sent;
}

std::string GpWriter::EventDate(const GpEvent& event) const {
  switch (event.date_fault) {
    case DateFault::kNone:
      break;
    case DateFault::kInvalid:
      return supplier_ == 0 ? "31/02/2025" : "2025-02-31";
    case DateFault::kFuture:
      return supplier_ == 0 ? "01/01/2199" : "2199-01-01";
    case DateFault::kLongAgo:
      return supplier_ == 0 ? "05/06/2001" : "2001-06-05";
  }
  return DateText(event.month, event.day);
}

bool GpWriter::WriteEvents(const Person& person, Files& files) {
  const Delivery& delivery = files.delivery;
  const bool opted_out = OptedOut(person, delivery.stage);
  bool sent = false;
  for (const GpEvent& event : events_.Of(person)) {
    if (!Mine(event.practice) || !delivery.Covers(event.month)) continue;
    // The revision lacks some rows and changes others.
    if (delivery.stage == Stage::kRevision &&
        GpEvents::GoneFromRevision(person, event)) {
      continue;
    }
    WriteEvent(person, event, files);
    const Practice& practice =
        maker_.practices()[static_cast<size_t>(event.practice)];
    if (opted_out) {
      files.event_book.Add(RowFate::kOptedOut);
    } else if (!practice.participates) {
      files.event_book.Add(RowFate::kDropped, "NOT_PARTICIPATING");
    } else {
      Book(person, event.fate, event.reason, files.event_book, sent);
    }
  }
  return sent;
}

void GpWriter::WriteEvent(const Person& person, const GpEvent& event,
                          Files& files) {
  const bool changed = files.delivery.stage == Stage::kRevision &&
                       event.condition < 0 && person.plant == Plant::kNone &&
                       person.script == nullptr &&
                       (person.index + event.number) % 50 == 1;
  const std::string date = EventDate(event);
  const std::string recorded =
      event.date_fault == DateFault::kNone
          ? DateText(event.month,
                     std::max(event.day, std::min(28, event.day + 2)))
          : std::string();
  files.events.Row(
      {NumberText(person.nhs_number), Status(person), date, recorded,
       absl::StrCat(event.concept_id), event.value1,
       changed ? absl::StrCat(event.value2, "1") : event.value2, event.unit,
       maker_.practices()[static_cast<size_t>(event.practice)].code,
       supplier_ == 0 ? "SYSTEM A" : "SYSTEM B", event.sensitive ? "Y" : "N",
       absl::StrCat(person.index * kConsultationsPerPerson +
                    event.consultation)});
}

bool GpWriter::WriteScripts(const Person& person, Files& files) {
  const Delivery& delivery = files.delivery;
  const bool opted_out = OptedOut(person, delivery.stage);
  bool sent = false;
  for (const Prescription& item : prescriptions_.Of(person)) {
    if (!Mine(item.practice) || !delivery.Covers(MonthOfDay(item.day)) ||
        (delivery.stage == Stage::kRevision &&
         Prescriptions::GoneFromRevision(person, item))) {
      continue;
    }
    WriteScript(person, item, files);
    const Practice& practice =
        maker_.practices()[static_cast<size_t>(item.practice)];
    if (opted_out) {
      files.script_book.Add(RowFate::kOptedOut);
    } else if (!practice.participates) {
      files.script_book.Add(RowFate::kDropped, "NOT_PARTICIPATING");
    } else if (item.drop[0] != '\0') {
      files.script_book.Add(RowFate::kDropped, item.drop);
    } else {
      bool linked = false;
      Book(person, RowFate::kSent, "", files.script_book, linked);
      sent = sent || linked;
      if (delivery.stage != Stage::kMonth) {
        activity_.Add(item, practice.code, linked);
      }
    }
  }
  return sent;
}

void GpWriter::WriteScript(const Person& person, const Prescription& item,
                           Files& files) {
  const CivilDay day = CivilDay::FromDays(item.day).value();
  const uint64_t consultation = item.consultation != 0
                                    ? item.consultation
                                    : kFirstItemConsultation + item.number;
  files.scripts.Row(
      {NumberText(person.nhs_number), Status(person),
       DateText(day.year() * 12 + day.month() - 1, day.day()), item.bnf, "",
       absl::StrCat(item.quantity), absl::StrCat(item.items),
       absl::StrCat(item.nic_pence), absl::StrCat(item.cost_pence),
       maker_.practices()[static_cast<size_t>(item.practice)].code,
       item.repeat ? "1" : "0", "N",
       absl::StrCat(person.index * kConsultationsPerPerson + consultation)});
}

absl::Status GpWriter::Close() {
  for (const auto& files : files_) {
    TALLY_RETURN_IF_ERROR(files->patients.Close());
    TALLY_RETURN_IF_ERROR(files->events.Close());
    TALLY_RETURN_IF_ERROR(files->scripts.Close());
  }
  return absl::OkStatus();
}

}  // namespace tally::demo
