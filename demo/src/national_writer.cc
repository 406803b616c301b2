#include "demo/national_writer.h"

#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/files.h"
#include "base/status.h"

namespace tally::demo {
namespace {

// The national team's own column names: those of the NHS Data Dictionary's
// extracts, which the specifications know as aliases.
constexpr const char* kApcColumns[] = {
    "NEWNHSNO",
    "WITHHELD_IDENTITY_REASON_CODE",
    "SUSSPELLID",
    "EPIKEY",
    "EPIORDER",
    "SPELEND",
    "EPISTAT",
    "EPITYPE",
    "ADMIDATE",
    "DISDATE",
    "EPISTART",
    "EPIEND",
    "ADMIMETH",
    "ADMISORC",
    "DISMETH",
    "DISDEST",
    "CLASSPAT",
    "MAINSPEF",
    "TRETSPEF",
    "PROCODE",
    "SITETRET",
    "PURCODE",
    "GPPRAC",
    "HOMEADD",
    "DOB",
    "SEX",
    "ETHNOS",
    "DIAG_01",
    "DIAG_02",
    "DIAG_03",
    "DIAG_04",
    "DIAG_05",
    "OPERTN_01",
    "OPERTN_02",
    "OPERTN_03",
    "OPERTN_04",
    "OPDATE_01",
    "SUSHRG",
    "TARIFF",
    "MFF",
    "REFERRAL_TO_TREATMENT_PERIOD_STATUS",
    "REFERRAL_TO_TREATMENT_PERIOD_START_DATE",
    "REFERRAL_TO_TREATMENT_PERIOD_END_DATE"};
constexpr const char* kOpColumns[] = {"NEWNHSNO",
                                      "ATTENDKEY",
                                      "APPTDATE",
                                      "ATENTYPE",
                                      "ATTENDED",
                                      "OUTCOME",
                                      "REFSOURC",
                                      "PRIORITY",
                                      "REQDATE",
                                      "TRETSPEF",
                                      "MAINSPEF",
                                      "PROCODE",
                                      "PURCODE",
                                      "GPPRAC",
                                      "HOMEADD",
                                      "DOB",
                                      "SEX",
                                      "ETHNOS",
                                      "DIAG_01",
                                      "OPERTN_01",
                                      "SUSHRG",
                                      "TARIFF",
                                      "REFERRAL_TO_TREATMENT_PERIOD_STATUS",
                                      "REFERRAL_TO_TREATMENT_PERIOD_START_DATE",
                                      "REFERRAL_TO_TREATMENT_PERIOD_END_DATE"};
constexpr const char* kEcdsColumns[] = {
    "NEWNHSNO",    "AEKEY",        "ARRIVALDATE",
    "ARRIVALTIME", "DEPTIME",      "AEDEPTTYPE",
    "AEATTENDCAT", "PROCODE",      "GPPRAC",
    "HOMEADD",     "DOB",          "SEX",
    "ETHNOS",      "DIAGNOSIS_01", "EMERGENCY_CARE_DECIDED_TO_ADMIT_DATE"};
constexpr const char* kDeathColumns[] = {"DEC_CONF_NHS_NUMBER",
                                         "REG_DATE_OF_DEATH",
                                         "REG_DATE",
                                         "S_UNDERLYING_COD_ICD10",
                                         "S_COD_CODE_1",
                                         "S_COD_CODE_2",
                                         "S_COD_CODE_3",
                                         "POD_ESTABLISHMENT_TYPE",
                                         "GPPRAC",
                                         "DEC_USUAL_RESIDENCE_POSTCODE",
                                         "DEC_DATE_OF_BIRTH",
                                         "SEX",
                                         "ETHNOS"};
constexpr const char* kCommunityColumns[] = {"NHSNUMBER",
                                             "UNIQCARECONTID",
                                             "UNIQSERVREQID",
                                             "DATA_SET",
                                             "CARECONTDATE",
                                             "REFERRALREQUESTRECEIVEDDATE",
                                             "SERVDISCHDATE",
                                             "TEAMTYPE",
                                             "ATTENDSTATUS",
                                             "CONSMECHANISM",
                                             "CLINCONTDUROFCARECONT",
                                             "ORGIDPROV",
                                             "PURCODE",
                                             "GPPRAC",
                                             "HOMEADD",
                                             "PERSONBIRTHDATE",
                                             "SEX",
                                             "ETHNOS"};
constexpr const char* kEyeCareColumns[] = {"NHS_NO",
                                           "FORM_TYPE",
                                           "DATE_OF_SERVICE",
                                           "CONTRACTOR",
                                           "ELIGIBILITY",
                                           "LAST_TEST_DATE",
                                           "RETEST_CODE",
                                           "VOUCHER",
                                           "VOUCHER_SUPPLEMENTS",
                                           "DOMICILIARY_VISIT",
                                           "CLAIM_OUTCOME",
                                           "PRESENTING_CONDITION",
                                           "FEE",
                                           "POSTCODE",
                                           "BIRTH_DATE",
                                           "SEX"};

struct NationalFile {
  const char* dataset;
  const char* name;
  std::span<const char* const> columns;
};

constexpr NationalFile kNationalFiles[] = {
    {"sus-apc", "apc.csv", kApcColumns},
    {"sus-op", "op.csv", kOpColumns},
    {"ecds", "ecds.csv", kEcdsColumns},
    {"ons-death", "deaths.csv", kDeathColumns},
    {"community-contact", "community.csv", kCommunityColumns},
    {"gos-claim", "gos.csv", kEyeCareColumns},
};

constexpr const char* kCommissioner = "QZ9";
// Keys of a person's rows; a row of its own has its number in the file.
constexpr uint64_t kKeysPerPerson = 1000;

std::string Key(const Person& person, int key) {
  return absl::StrCat(person.index * kKeysPerPerson +
                      static_cast<uint64_t>(key));
}

std::string_view At(const std::vector<std::string>& texts, size_t index) {
  return index < texts.size() ? std::string_view(texts[index])
                              : std::string_view();
}

// A day and a time, `minutes` after the beginning of the day.
std::string DayAndTime(int day, int minutes) {
  return absl::StrFormat("%s %02d:%02d", IsoDay(day + minutes / 1440),
                         minutes / 60 % 24, minutes % 60);
}

int EndOf(const Episode& row) {
  return row.end != kNoDay ? row.end : row.discharge;
}
int SentOn(const Episode& row) {
  return row.sent != kNoDay ? row.sent : EndOf(row);
}

}  // namespace

NationalWriter::NationalWriter(const PersonMaker& maker, MeasureTruth& measures)
    : maker_(maker), rows_(maker), activity_(measures) {}

absl::StatusOr<std::unique_ptr<NationalWriter>> NationalWriter::Create(
    const PersonMaker& maker, const std::string& directory, Ledger& ledger,
    MeasureTruth& measures) {
  std::unique_ptr<NationalWriter> writer(new NationalWriter(maker, measures));
  for (Delivery& delivery : DeliveriesOf(maker, kNationalId, directory)) {
    TALLY_RETURN_IF_ERROR(MakeDirectories(delivery.folder, 0755));
    std::vector<Table> tables;
    for (const NationalFile& kind : kNationalFiles) {
      TALLY_ASSIGN_OR_RETURN(
          CsvFile file,
          CsvFile::Create(absl::StrCat(delivery.folder, "/", kind.name),
                          {kind.columns.begin(), kind.columns.end()}));
      tables.push_back(
          {std::move(file), FateBook(ledger, delivery, kind.dataset)});
    }
    int64_t& persons = ledger.Figure("persons_sent", Dimensions(delivery));
    writer->files_.push_back(std::make_unique<Files>(
        Files{std::move(delivery), std::move(tables), persons}));
  }
  return writer;
}

void NationalWriter::Write(const Person& person,
                           const NationalIdentity& identity,
                           NationalTruth& truth) {
  Activity rows = rows_.Of(person);
  for (const auto& files : files_) {
    Common common = {person,
                     identity,
                     *files,
                     PracticeCode(person),
                     person.birth.ToIso(),
                     std::string(1, person.sex)};
    WriteEpisodes(rows, common);
    const bool final = files->delivery.stage != Stage::kMonth;
    if (final) {
      truth.apc_linked_row = truth.apc_linked_row || common.linked;
      truth.apc_any_row = truth.apc_any_row || common.rows > 0;
    }
    WriteOthers(rows, common);
    if (common.linked) ++files->persons;
    if (!final) continue;
    truth.linked_row = truth.linked_row || common.linked;
    truth.any_row = truth.any_row || common.rows > 0;
  }
  if (identity.reason[0] == '\0' && person.plant != Plant::kNationalOptOut) {
    if (identity.withheld) rows.episodes.clear();
    activity_.AddPerson(rows, PracticeCode(person), person.script == nullptr);
  }
}

std::string NationalWriter::PracticeCode(const Person& person) const {
  if (person.registrations.empty()) return "V81999";  // on no list
  const int practice = person.registrations.back().practice;
  return maker_.practices()[static_cast<size_t>(practice)].code;
}

void NationalWriter::WriteEpisodes(const Activity& rows, Common& common) {
  int key = 0;
  for (const Episode& row : rows.episodes) {
    const int own = key++;
    if (common.files.delivery.Covers(MonthOfDay(SentOn(row)))) {
      WriteEpisode(row, row.key >= 0 ? row.key : own, common);
    }
  }
}

void NationalWriter::WriteOthers(const Activity& rows, Common& common) {
  const auto covers = [&](int day) {
    return common.files.delivery.Covers(MonthOfDay(day));
  };
  int key = 0;
  for (const Appointment& row : rows.appointments) {
    const int own = key++;
    if (covers(row.day)) {
      WriteAppointment(row, row.key >= 0 ? row.key : own, common);
    }
  }
  for (const Attendance& row : rows.attendances) {
    const int own = key++;
    if (covers(row.day)) {
      WriteAttendance(row, row.key >= 0 ? row.key : own, common);
    }
  }
  for (const Death& row : rows.deaths) {
    if (covers(row.registered)) WriteDeath(row, common);
  }
  for (const Contact& row : rows.contacts) {
    const int own = key++;
    if (covers(row.day)) {
      WriteContact(row, row.key >= 0 ? row.key : own, common);
    }
  }
  for (const EyeClaim& row : rows.claims) {
    if (covers(row.day)) WriteClaim(row, common);
  }
}

template <typename Row>
void NationalWriter::Book(const Row& row, Dataset dataset, const char* reason,
                          Common& common) {
  FateBook& book = common.files.tables[dataset].book;
  // Nobody can say who has opted out of a row without a number.
  const bool numbered = std::string_view(reason) != "NHS_NUMBER_MISSING";
  if (common.person.plant == Plant::kNationalOptOut && numbered) {
    book.Add(RowFate::kOptedOut);
    return;
  }
  ++common.rows;
  const bool linked = reason[0] == '\0';
  if (linked) {
    book.Add(RowFate::kSent);
    common.linked = true;
  } else {
    book.Add(RowFate::kUnlinked, reason);
  }
  if (common.files.delivery.stage == Stage::kMonth) return;
  // A claim names no practice.
  if (dataset == kApc || dataset == kOp || dataset == kEcds) {
    activity_.AddRecord(kNationalFiles[dataset].dataset,
                        common.person.ethnic_category);
  }
  const bool placed = !std::is_same_v<Row, EyeClaim>;
  activity_.Add(row, placed ? common.practice : std::string_view(), linked);
}

void NationalWriter::WriteEpisode(const Episode& row, int key, Common& common) {
  const Person& person = common.person;
  const NationalIdentity& identity = common.identity;
  const int start = row.start != kNoDay ? row.start : row.admission;
  const bool finished = EndOf(row) != kNoDay;
  common.files.tables[kApc].file.Row({
      identity.number,
      identity.withheld ? "03" : "",
      Key(person, row.spell),
      Key(person, key),
      absl::StrCat(row.order),
      row.last ? "1" : "0",
      finished ? "3" : "1",
      row.specialty == "501" ? "2" : "1",
      IsoDay(row.admission),
      IsoDay(row.discharge),
      IsoDay(start),
      IsoDay(EndOf(row)),
      row.method,
      row.source,
      row.discharge == kNoDay ? std::string("8") : row.discharge_method,
      row.discharge == kNoDay ? std::string("98") : row.destination,
      row.classification,
      row.specialty,
      row.specialty,
      row.provider,
      row.provider + "01",
      kCommissioner,
      common.practice,
      person.postcode,
      common.birth,
      common.sex,
      person.ethnic_category,
      At(row.diagnoses, 0),
      At(row.diagnoses, 1),
      At(row.diagnoses, 2),
      At(row.diagnoses, 3),
      At(row.diagnoses, 4),
      At(row.procedures, 0),
      At(row.procedures, 1),
      At(row.procedures, 2),
      At(row.procedures, 3),
      row.procedures.empty() ? std::string() : IsoDay(start),
      row.hrg,
      absl::StrCat(row.tariff_pence),
      row.mff,
      row.rtt_status,
      IsoDay(row.rtt_start),
      IsoDay(row.rtt_end),
  });
  Book(row, kApc, identity.withheld ? "IDENTITY_WITHHELD" : identity.reason,
       common);
}

void NationalWriter::WriteAppointment(const Appointment& row, int key,
                                      Common& common) {
  const Person& person = common.person;
  common.files.tables[kOp].file.Row({
      common.identity.number,
      Key(person, key),
      IsoDay(row.day),
      row.type,
      row.attended,
      row.outcome,
      row.referral_source,
      row.priority,
      IsoDay(row.referred),
      row.specialty,
      row.specialty,
      row.provider,
      kCommissioner,
      common.practice,
      person.postcode,
      common.birth,
      common.sex,
      person.ethnic_category,
      row.diagnosis,
      row.procedure,
      row.hrg,
      absl::StrCat(row.tariff_pence),
      row.rtt_status,
      IsoDay(row.rtt_start),
      IsoDay(row.rtt_end),
  });
  Book(row, kOp, common.identity.reason, common);
}

void NationalWriter::WriteAttendance(const Attendance& row, int key,
                                     Common& common) {
  const Person& person = common.person;
  const int arrival = row.hour * 60 + 15;
  common.files.tables[kEcds].file.Row({
      common.identity.number,
      Key(person, key),
      IsoDay(row.day),
      DayAndTime(row.day, arrival),
      DayAndTime(row.day, arrival + row.minutes),
      row.type,
      row.category,
      row.provider,
      common.practice,
      person.postcode,
      common.birth,
      common.sex,
      person.ethnic_category,
      row.diagnosis,
      IsoDay(row.decided),
  });
  Book(row, kEcds, common.identity.reason, common);
}

void NationalWriter::WriteDeath(const Death& row, Common& common) {
  const Person& person = common.person;
  common.files.tables[kDeaths].file.Row({
      common.identity.number,
      IsoDay(row.day),
      IsoDay(row.registered),
      row.cause,
      At(row.mentioned, 0),
      At(row.mentioned, 1),
      At(row.mentioned, 2),
      row.place,
      common.practice,
      person.postcode,
      common.birth,
      common.sex,
      person.ethnic_category,
  });
  Book(row, kDeaths, common.identity.reason, common);
}

void NationalWriter::WriteContact(const Contact& row, int key, Common& common) {
  const Person& person = common.person;
  common.files.tables[kCommunity].file.Row({
      common.identity.number,
      Key(person, key),
      Key(person, row.referral),
      row.dataset,
      IsoDay(row.day),
      IsoDay(row.referred),
      IsoDay(row.discharged),
      row.team,
      row.attended,
      row.mechanism,
      absl::StrCat(row.minutes),
      row.provider,
      kCommissioner,
      common.practice,
      person.postcode,
      common.birth,
      common.sex,
      person.ethnic_category,
  });
  Book(row, kCommunity, common.identity.reason, common);
}

void NationalWriter::WriteClaim(const EyeClaim& row, Common& common) {
  const Person& person = common.person;
  common.files.tables[kEyeCare].file.Row({
      row.numbered ? common.identity.number : std::string(),
      row.type,
      IsoDay(row.day),
      row.contractor,
      // One of the benefits that the source makes one of.
      row.eligibility == "benefit" ? "universal_credit" : row.eligibility,
      IsoDay(row.previous),
      row.retest,
      row.voucher,
      row.supplements,
      row.domiciliary ? "1" : "0",
      row.outcome,
      row.condition,
      absl::StrCat(row.fee_pence),
      person.postcode,
      common.birth,
      common.sex,
  });
  Book(row, kEyeCare,
       row.numbered ? common.identity.reason : "NHS_NUMBER_MISSING", common);
}

absl::Status NationalWriter::Close() {
  for (const auto& files : files_) {
    for (Table& table : files->tables) {
      TALLY_RETURN_IF_ERROR(table.file.Close());
    }
  }
  return absl::OkStatus();
}

}  // namespace tally::demo
