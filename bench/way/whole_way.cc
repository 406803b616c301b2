#include "whole_way.h"

#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/files.h"
#include "base/status.h"
#include "bench/child.h"
#include "extract_files.h"
#include "trial_world.h"

namespace tally::bench {
namespace {

constexpr int64_t kWayBarPeople = 1'200'000;
constexpr int64_t kWaySteadyPeople = 100'000;
constexpr double kWayBar = 5;
constexpr double kWayIngestMib = 512;
constexpr double kWayHubMib = 2048;  // limits.memory of the hub
constexpr double kSourceBarMib = 256;
constexpr double kSourceBarBytesPerPerson = 40;

// What the rival makes of the columns: numbers and days as such, so that it has
// less to write than text.
constexpr std::string_view kEventColumns =
    "{nhs_number: 'BIGINT', nhs_number_status: 'VARCHAR', event_date: 'DATE', "
    "record_date: 'DATE', concept_id: 'BIGINT', value1: 'DOUBLE', value2: "
    "'DOUBLE', unit: 'VARCHAR', practice_code: 'VARCHAR', supplier: 'VARCHAR', "
    "sensitive_flag: 'BOOLEAN', consultation_key: 'BIGINT'}";
constexpr std::string_view kPatientColumns =
    "{nhs_number: 'BIGINT', nhs_number_status: 'VARCHAR', surname: 'VARCHAR', "
    "forename: 'VARCHAR', date_of_birth: 'DATE', sex: 'VARCHAR', "
    "ethnic_category: 'VARCHAR', postcode: 'VARCHAR', practice_code: "
    "'VARCHAR', registration_date: 'DATE', deregistration_date: 'DATE', "
    "date_of_death: 'DATE', address_key: 'VARCHAR', type1_opt_out: 'VARCHAR', "
    "local_patient_id: 'VARCHAR'}";

constexpr std::string_view kAppointmentColumns =
    "{nhs_number: 'BIGINT', attendance_id: 'VARCHAR', appointment_date: "
    "'DATE', attended: 'INTEGER', attendance_type: 'INTEGER', referral_source: "
    "'VARCHAR', treatment_function: 'VARCHAR', provider_code: 'VARCHAR', "
    "practice_code: 'VARCHAR', postcode: 'VARCHAR', date_of_birth: 'DATE', "
    "sex: 'VARCHAR', ethnic_category: 'VARCHAR', tariff_pence: 'BIGINT'}";

absl::Status CopyFilesByRival(const Places& places) {
  TALLY_ASSIGN_OR_RETURN(Rival rival, Rival::Open(places));
  const auto copy = [&](const std::string& name, std::string_view columns) {
    const std::string path = places.folder + "/" + name;
    return rival.CopyToParquet(
        absl::StrFormat("read_csv(%s, header = true, auto_detect = false, "
                        "delim = ',', columns = %s)",
                        engine::QuoteLiteral(path + ".csv"), columns),
        path + ".parquet");
  };
  TALLY_RETURN_IF_ERROR(copy("patients", kPatientColumns));
  TALLY_RETURN_IF_ERROR(copy("events", kEventColumns));
  return copy("appointments", kAppointmentColumns);
}

absl::Status CheckRival(const Places& places, const ExpectedWay& expected) {
  TALLY_ASSIGN_OR_RETURN(Rival rival, Rival::Open(places));
  const auto file = [&places](const char* name) {
    return Parquet(places.folder + "/" + name + ".parquet");
  };
  TALLY_RETURN_IF_ERROR(rival.CheckCount(
      "patients of the rival", expected.patients.rows, file("patients")));
  TALLY_RETURN_IF_ERROR(rival.CheckCount("events of the rival",
                                         expected.events.rows, file("events")));
  TALLY_RETURN_IF_ERROR(rival.CheckCount("appointments of the rival",
                                         expected.appointments.rows,
                                         file("appointments")));
  return rival.CheckTenths("sum of the rival", expected.sum_tenths, "value1",
                           file("events"));
}

// Every row is kept; whose number was lost, or whose practice has hardly
// anybody, is so without it.
absl::Status CheckReleased(Rival& rival, const char* name,
                           const std::string& table,
                           const ExpectedTable& expected) {
  const std::string what = name;
  TALLY_RETURN_IF_ERROR(rival.CheckCount(name, expected.rows, table));
  TALLY_RETURN_IF_ERROR(rival.CheckCount((what + " without a person").c_str(),
                                         expected.without_person, table,
                                         "person IS NULL"));
  return rival.CheckCount((what + " without a practice").c_str(),
                          expected.without_practice, table,
                          "practice_code IS NULL");
}

// The hub numbers record keys anew, from 0, without a gap.
absl::Status CheckKeys(Rival& rival, const std::string& appointments,
                       int64_t rows) {
  TALLY_RETURN_IF_ERROR(
      rival.Check("keys of appointments", rows,
                  "SELECT CAST(count(DISTINCT attendance_id) AS BIGINT) FROM " +
                      appointments));
  return rival.CheckCount(
      "keys in their range", rows, appointments,
      absl::StrFormat("attendance_id >= 0 AND attendance_id < %d", rows));
}

absl::Status CheckRelease(const Places& places, const std::string& release,
                          const ExpectedWay& expected) {
  TALLY_ASSIGN_OR_RETURN(Rival rival, Rival::Open(places));
  const auto table = [&release](const std::string& name) {
    return Parquet(release + "/tables/" + name + "/part-*.parquet");
  };
  const std::string events = table("gp_event");
  const std::string patients = table("gp_patient");
  const std::string persons = table("persons");
  const std::string appointments = table("sus_op");
  TALLY_RETURN_IF_ERROR(
      CheckReleased(rival, "patients", patients, expected.patients));
  TALLY_RETURN_IF_ERROR(
      CheckReleased(rival, "events", events, expected.events));
  TALLY_RETURN_IF_ERROR(CheckReleased(rival, "appointments", appointments,
                                      expected.appointments));
  TALLY_RETURN_IF_ERROR(
      CheckKeys(rival, appointments, expected.appointments.rows));
  TALLY_RETURN_IF_ERROR(rival.CheckTenths("sum of value1", expected.sum_tenths,
                                          "value1", events));
  TALLY_RETURN_IF_ERROR(rival.CheckCount("people", expected.people, persons));
  TALLY_RETURN_IF_ERROR(rival.CheckCount("people in both sources",
                                         expected.in_both, persons,
                                         "link_status = 'nhs_number'"));
  return rival.CheckCount("events of registered people",
                          expected.events_of_registered, events,
                          "person IN (SELECT person FROM " + patients + ")");
}

// What one round took.
struct WayRound {
  Usage rival;
  Usage pushes;
  Usage build;
  Usage download;
  Usage ingest;  // of the hub, until the pushes end
  Usage hub;
  double seconds() const {
    return pushes.seconds + build.seconds + download.seconds;
  }
  double processor() const {
    return pushes.processor_seconds + build.processor_seconds +
           download.processor_seconds + hub.processor_seconds;
  }
  double kernel() const {
    return pushes.kernel_seconds + build.kernel_seconds +
           download.kernel_seconds + hub.kernel_seconds;
  }
};

absl::Status RunRival(const Places& places, const ExpectedWay& expected,
                      WayRound& round) {
  ::sync();  // what others have written is not ours to wait for
  TALLY_ASSIGN_OR_RETURN(round.rival,
                         RunInChild([&] { return CopyFilesByRival(places); }));
  TALLY_RETURN_IF_ERROR(
      RunInChild([&] { return CheckRival(places, expected); }).status());
  for (const char* made :
       {"/patients.parquet", "/events.parquet", "/appointments.parquet"}) {
    TALLY_RETURN_IF_ERROR(RemoveTree(places.folder + made));
  }
  return absl::OkStatus();
}

absl::Status RunOurs(const Places& places, const ExpectedWay& expected,
                     WayRound& round) {
  TALLY_RETURN_IF_ERROR(RemoveTree(places.folder + "/world"));
  TALLY_ASSIGN_OR_RETURN(const TrialWorld world,
                         TrialWorld::Start(places.folder, places.programs));
  const auto input = [&places](const char* dataset, const char* name) {
    return absl::StrFormat("%s=%s/%s.csv", dataset, places.folder, name);
  };
  ::sync();
  TALLY_ASSIGN_OR_RETURN(const Usage before, UsageSoFar(world.hub()));
  TALLY_ASSIGN_OR_RETURN(
      round.pushes,
      world.Push("gp-register", {input("gp-patient", "patients")}));
  TALLY_ASSIGN_OR_RETURN(
      const Usage activity,
      world.Push("gp-activity", {input("gp-event", "events"),
                                 input("sus-op", "appointments")}));
  round.pushes += activity;
  TALLY_ASSIGN_OR_RETURN(round.ingest, UsageSoFar(world.hub()));
  TALLY_ASSIGN_OR_RETURN(round.build, world.BuildRelease());
  TALLY_ASSIGN_OR_RETURN(round.download, world.Download());
  TALLY_ASSIGN_OR_RETURN(round.hub, UsageSoFar(world.hub()));
  for (Usage* usage : {&round.ingest, &round.hub}) {
    usage->processor_seconds -= before.processor_seconds;
    usage->kernel_seconds -= before.kernel_seconds;
  }
  return RunInChild([&] {
           return CheckRelease(places, world.ReleaseFolder(), expected);
         })
      .status();
}

// Who comes second may find the files warmer or the machine busier: that is the
// rival in one round and we in the next.
absl::StatusOr<WayRound> RunWay(const Places& places,
                                const ExpectedWay& expected, bool rival_first) {
  WayRound round;
  if (rival_first) {
    TALLY_RETURN_IF_ERROR(RunRival(places, expected, round));
  }
  TALLY_RETURN_IF_ERROR(RunOurs(places, expected, round));
  if (!rival_first) {
    TALLY_RETURN_IF_ERROR(RunRival(places, expected, round));
  }
  return round;
}

std::vector<double> Each(const std::vector<WayRound>& rounds,
                         double (*figure)(const WayRound&)) {
  std::vector<double> values;
  for (const WayRound& round : rounds) values.push_back(figure(round));
  return values;
}

void ReportSeconds(const std::vector<WayRound>& rounds, int64_t people,
                   Report& report) {
  using R = const WayRound&;
  const auto row = [&](const char* name, double (*figure)(R)) {
    return Row{.name = name,
               .unit = "s",
               .size = people * kRowsPerPerson,
               .values = Each(rounds, figure)};
  };
  const auto beside = [&](Row ours, double (*figure)(R)) {
    ours.rival = "DuckDB, CSV to Parquet";
    ours.rival_values = Each(rounds, figure);
    ours.is_steady = people >= kWaySteadyPeople;
    return ours;
  };
  Usage largest;
  for (R r : rounds) {
    for (const Usage* part : {&r.hub, &r.pushes, &r.build, &r.download}) {
      largest += *part;
    }
  }
  Row all = beside(row("whole way", [](R r) { return r.seconds(); }),
                   [](R r) { return r.rival.seconds; });
  if (people >= kWayBarPeople) all.bar = RatioAtMost(kWayBar);
  all.peak_bytes = largest.peak_bytes;
  report.Add(all);
  report.Add(
      beside(row("whole way, processor", [](R r) { return r.processor(); }),
             [](R r) { return r.rival.processor_seconds; }));
  report.Add(beside(
      row("whole way, processor outside the kernel",
          [](R r) { return r.processor() - r.kernel(); }),
      [](R r) { return r.rival.processor_seconds - r.rival.kernel_seconds; }));
  report.Add(row("whole way, processor of the hub",
                 [](R r) { return r.hub.processor_seconds; }));
  report.Add(
      row("whole way, processor of the hub for link and release", [](R r) {
        return r.hub.processor_seconds - r.ingest.processor_seconds;
      }));
  report.Add(row("whole way, processor of the sources",
                 [](R r) { return r.pushes.processor_seconds; }));
  report.Add(row("whole way, push", [](R r) { return r.pushes.seconds; }));
  report.Add(
      row("whole way, link and release", [](R r) { return r.build.seconds; }));
  report.Add(
      row("whole way, download", [](R r) { return r.download.seconds; }));
}

void ReportMemory(const std::vector<WayRound>& rounds, int64_t people,
                  Report& report) {
  const auto add = [&](const char* name, const Usage WayRound::*who,
                       double limit) {
    Usage largest;
    for (const WayRound& round : rounds) largest += round.*who;
    report.Add(MemoryRow(name, people * kRowsPerPerson, largest.peak_bytes,
                         ValueAtMost(limit)));
  };
  add("whole way, hub's memory of ingest", &WayRound::ingest, kWayIngestMib);
  add("whole way, hub's memory", &WayRound::hub, kWayHubMib);
  add("whole way, source's memory", &WayRound::pushes,
      kSourceBarMib +
          kSourceBarBytesPerPerson * static_cast<double>(people) / (1 << 20));
}

}  // namespace

absl::Status WholeWay(const Places& places, int64_t people, int rounds,
                      Report& report) {
  TALLY_ASSIGN_OR_RETURN(const ExpectedWay expected,
                         WriteWayFiles(places.folder, people));
  std::vector<WayRound> all;
  for (int i = 0; i < rounds; ++i) {
    TALLY_ASSIGN_OR_RETURN(const WayRound round,
                           RunWay(places, expected, i % 2 == 0));
    all.push_back(round);
  }
  ReportSeconds(all, people, report);
  ReportMemory(all, people, report);
  return absl::OkStatus();
}

}  // namespace tally::bench
