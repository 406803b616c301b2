// bench_way way PEOPLE [ROUNDS]
//   The whole way: a register of so many people and 25 events for each, from
//   CSV files through two sources' `pseudonymiser push`, the hub over mTLS, a
//   release and `commissioning pull`, all as processes of their own. Rival:
//   DuckDB, which reads the same files and writes them as Parquet. Checked:
//   rows and a sum of the downloaded tables, people and links.
// bench_way ingest PEOPLE [ROUNDS]
//   25 rows of twelve columns for each person, read, checked and sealed in
//   advance: from there to the published extract. Rival: DuckDB, which copies
//   the published rows. Checked: rows and a sum of what is published.
// Bars apply from 1,200,000 and 400,000 people on. Everything lies below TMPDIR
// (/tmp): at 1,200,000 people up to 25 GB.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/files.h"
#include "base/process.h"
#include "base/status.h"
#include "bench/child.h"
#include "bench/report.h"
#include "engine/database.h"
#include "extract_files.h"
#include "trial_world.h"

namespace tally::bench {
namespace {

constexpr int64_t kWayBarPeople = 1'200'000;
constexpr int64_t kIngestBarPeople = 400'000;
constexpr double kWayBar = 5;
constexpr double kIngestBarRows = 1e6;
constexpr double kHubBarMib = 512;
constexpr double kSourceBarMib = 256;
constexpr double kSourceBarBytesPerPerson = 40;
constexpr int64_t kRivalMemory = int64_t{4} << 30;

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

struct Places {
  std::string folder;    // ours alone
  std::string programs;  // of the parties
};

// A DuckDB over our folder, with as many threads as there are processors.
absl::StatusOr<engine::Database> OpenEngine(const Places& places) {
  const std::string temp = places.folder + "/engine";
  TALLY_RETURN_IF_ERROR(MakeDirectories(temp, 0700));
  engine::DatabaseOptions options;
  options.directories = {places.folder};
  options.temp_directory = temp;
  options.memory_bytes = kRivalMemory;
  options.threads =
      static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  options.error_text = engine::ErrorText::kEngine;
  return engine::Database::Open(options);
}

// Compares the number that a statement gives.
absl::Status Check(engine::Connection& connection, const char* what,
                   int64_t expected, const std::string& sql) {
  TALLY_ASSIGN_OR_RETURN(const engine::Value value, connection.Scalar(sql));
  const int64_t* found = value.As<int64_t>();
  if (found == nullptr) return absl::InternalError("a count of another type");
  if (*found == expected) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrFormat("%s: expected %d, found %d", what, expected, *found));
}

std::string CountOf(const std::string& tables, const std::string& where = "") {
  return "SELECT CAST(count(*) AS BIGINT) FROM " + tables +
         (where.empty() ? "" : " WHERE " + where);
}
std::string TenthsOf(const std::string& column, const std::string& table) {
  return "SELECT CAST(sum(CAST(round(" + column +
         " * 10) AS BIGINT)) AS BIGINT) FROM " + table;
}
std::string Parquet(const std::string& pattern) {
  return "read_parquet(" + engine::QuoteLiteral(pattern) + ")";
}

absl::Status CopyToParquet(engine::Connection& connection,
                           const std::string& from, const std::string& path) {
  return connection.Execute("COPY (SELECT * FROM " + from + ") TO " +
                            engine::QuoteLiteral(path) +
                            " (FORMAT parquet, COMPRESSION zstd)");
}

absl::Status CopyFilesByRival(const Places& places) {
  TALLY_ASSIGN_OR_RETURN(engine::Database database, OpenEngine(places));
  TALLY_ASSIGN_OR_RETURN(engine::Connection connection, database.Connect());
  const auto copy = [&](const std::string& name, std::string_view columns) {
    const std::string path = places.folder + "/" + name;
    return CopyToParquet(
        connection,
        absl::StrFormat("read_csv(%s, header = true, auto_detect = false, "
                        "delim = ',', columns = %s)",
                        engine::QuoteLiteral(path + ".csv"), columns),
        path + ".parquet");
  };
  TALLY_RETURN_IF_ERROR(copy("patients", kPatientColumns));
  return copy("events", kEventColumns);
}

absl::Status CheckRival(const Places& places, const Expected& expected) {
  TALLY_ASSIGN_OR_RETURN(engine::Database database, OpenEngine(places));
  TALLY_ASSIGN_OR_RETURN(engine::Connection connection, database.Connect());
  const std::string events = Parquet(places.folder + "/events.parquet");
  TALLY_RETURN_IF_ERROR(
      Check(connection, "rows of the rival", expected.events, CountOf(events)));
  return Check(connection, "sum of the rival", expected.sum_tenths,
               TenthsOf("value1", events));
}

absl::Status CheckRelease(const Places& places, const std::string& release,
                          const Expected& expected) {
  TALLY_ASSIGN_OR_RETURN(engine::Database database, OpenEngine(places));
  TALLY_ASSIGN_OR_RETURN(engine::Connection connection, database.Connect());
  const auto table = [&release](const std::string& name) {
    return Parquet(release + "/tables/" + name + "/part-*.parquet");
  };
  const int64_t unregistered = expected.people - expected.in_both;
  TALLY_RETURN_IF_ERROR(Check(connection, "patients", expected.people,
                              CountOf(table("gp_patient"))));
  TALLY_RETURN_IF_ERROR(
      Check(connection, "events", expected.events, CountOf(table("gp_event"))));
  TALLY_RETURN_IF_ERROR(Check(connection, "sum of value1", expected.sum_tenths,
                              TenthsOf("value1", table("gp_event"))));
  TALLY_RETURN_IF_ERROR(Check(connection, "people",
                              expected.people + unregistered,
                              CountOf(table("persons"))));
  TALLY_RETURN_IF_ERROR(
      Check(connection, "people in both sources", expected.in_both,
            CountOf(table("persons"), "link_status = 'nhs_number'")));
  return Check(connection, "events of registered people",
               expected.in_both * kRowsPerPerson,
               CountOf(table("gp_event"), "person IN (SELECT person FROM " +
                                              table("gp_patient") + ")"));
}

double Mib(int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

// What one round took.
struct WayRound {
  Usage rival;
  Usage pushes;
  Usage build;
  Usage download;
  Usage hub;
  double seconds() const {
    return pushes.seconds + build.seconds + download.seconds;
  }
  double processor() const {
    return pushes.processor_seconds + build.processor_seconds +
           download.processor_seconds + hub.processor_seconds;
  }
};

absl::StatusOr<WayRound> RunWay(const Places& places,
                                const Expected& expected) {
  WayRound round;
  TALLY_ASSIGN_OR_RETURN(round.rival,
                         RunInChild([&] { return CopyFilesByRival(places); }));
  TALLY_RETURN_IF_ERROR(
      RunInChild([&] { return CheckRival(places, expected); }).status());
  TALLY_RETURN_IF_ERROR(RemoveTree(places.folder + "/world"));
  TALLY_ASSIGN_OR_RETURN(const TrialWorld world,
                         TrialWorld::Start(places.folder, places.programs));
  TALLY_ASSIGN_OR_RETURN(const Usage before, UsageSoFar(world.hub()));
  TALLY_ASSIGN_OR_RETURN(
      round.pushes,
      world.Push("gp-register", "gp-patient", places.folder + "/patients.csv"));
  TALLY_ASSIGN_OR_RETURN(
      const Usage events,
      world.Push("gp-events", "gp-event", places.folder + "/events.csv"));
  round.pushes += events;
  TALLY_ASSIGN_OR_RETURN(round.build, world.BuildRelease());
  TALLY_ASSIGN_OR_RETURN(round.download, world.Download());
  TALLY_ASSIGN_OR_RETURN(round.hub, UsageSoFar(world.hub()));
  round.hub.processor_seconds -= before.processor_seconds;
  TALLY_RETURN_IF_ERROR(RunInChild([&] {
                          return CheckRelease(places, world.ReleaseFolder(),
                                              expected);
                        }).status());
  return round;
}

void ReportWay(const std::vector<WayRound>& rounds, int64_t people,
               Report& report) {
  const auto each = [&rounds](const auto& figure) {
    std::vector<double> values;
    for (const WayRound& round : rounds) values.push_back(figure(round));
    return values;
  };
  Usage largest;
  Usage hub;
  Usage source;
  for (const WayRound& round : rounds) {
    hub += round.hub;
    source += round.pushes;
    for (const Usage* part :
         {&round.hub, &round.pushes, &round.build, &round.download}) {
      largest += *part;
    }
  }
  const int64_t size = people * kRowsPerPerson;
  const auto add = [&](const char* name, std::vector<double> values,
                       std::vector<double> rival, Bar bar, int64_t peak) {
    const bool has_rival = !rival.empty();
    report.Add({.name = name,
                .unit = "s",
                .size = size,
                .values = std::move(values),
                .rival = has_rival ? "DuckDB, CSV to Parquet" : "",
                .rival_values = std::move(rival),
                .bar = bar,
                .peak_bytes = peak});
  };
  add("whole way", each([](const auto& r) { return r.seconds(); }),
      each([](const auto& r) { return r.rival.seconds; }),
      people >= kWayBarPeople ? RatioAtMost(kWayBar) : Bar{},
      largest.peak_bytes);
  add("whole way, processor", each([](const auto& r) { return r.processor(); }),
      each([](const auto& r) { return r.rival.processor_seconds; }), {}, 0);
  add("whole way, processor of the hub",
      each([](const auto& r) { return r.hub.processor_seconds; }), {}, {}, 0);
  add("whole way, processor of the sources",
      each([](const auto& r) { return r.pushes.processor_seconds; }), {}, {},
      0);
  add("whole way, push", each([](const auto& r) { return r.pushes.seconds; }),
      {}, {}, source.peak_bytes);
  add("whole way, link and release",
      each([](const auto& r) { return r.build.seconds; }), {}, {},
      hub.peak_bytes);
  add("whole way, download",
      each([](const auto& r) { return r.download.seconds; }), {}, {}, 0);
  report.Add(
      {.name = "whole way, hub's memory",
       .unit = "MiB",
       .size = size,
       .values = each([](const auto& r) { return Mib(r.hub.peak_bytes); }),
       .bar = ValueAtMost(kHubBarMib),
       .peak_bytes = hub.peak_bytes});
  report.Add(
      {.name = "whole way, source's memory",
       .unit = "MiB",
       .size = size,
       .values = each([](const auto& r) { return Mib(r.pushes.peak_bytes); }),
       .bar = ValueAtMost(kSourceBarMib + kSourceBarBytesPerPerson *
                                              static_cast<double>(people) /
                                              (1 << 20)),
       .peak_bytes = source.peak_bytes});
}

absl::Status Way(const Places& places, int64_t people, int rounds,
                 Report& report) {
  TALLY_ASSIGN_OR_RETURN(const Expected expected,
                         WriteWayFiles(places.folder, people));
  std::vector<WayRound> all;
  for (int i = 0; i < rounds; ++i) {
    TALLY_ASSIGN_OR_RETURN(const WayRound round, RunWay(places, expected));
    all.push_back(round);
  }
  ReportWay(all, people, report);
  return absl::OkStatus();
}

// Reads and checks what is published, and copies it as the rival.
absl::Status CopyRowsByRival(const Places& places, const std::string& rows) {
  TALLY_ASSIGN_OR_RETURN(engine::Database database, OpenEngine(places));
  TALLY_ASSIGN_OR_RETURN(engine::Connection connection, database.Connect());
  return CopyToParquet(connection, Parquet(rows),
                       places.folder + "/rows.parquet");
}

absl::Status CheckRows(const Places& places, const std::string& rows,
                       const Expected& expected) {
  TALLY_ASSIGN_OR_RETURN(engine::Database database, OpenEngine(places));
  TALLY_ASSIGN_OR_RETURN(engine::Connection connection, database.Connect());
  const std::string published = Parquet(rows);
  TALLY_RETURN_IF_ERROR(
      Check(connection, "rows", expected.events, CountOf(published)));
  TALLY_RETURN_IF_ERROR(Check(
      connection, "people", expected.people,
      "SELECT CAST(count(DISTINCT person_index) AS BIGINT) FROM " + published));
  return Check(connection, "sum of value_1", expected.sum_tenths,
               TenthsOf("value_1", published));
}

struct IngestRound {
  Usage rival;
  Usage sender;
  Usage hub;
};

absl::StatusOr<IngestRound> RunIngest(const Places& places,
                                      const Expected& expected) {
  const std::string file = places.folder + "/rows.csv";
  TALLY_RETURN_IF_ERROR(RemoveTree(places.folder + "/world"));
  TALLY_ASSIGN_OR_RETURN(const TrialWorld world,
                         TrialWorld::Start(places.folder, places.programs));
  TALLY_RETURN_IF_ERROR(world.PrepareOnly("gp-events", "bench-event", file));
  IngestRound round;
  TALLY_ASSIGN_OR_RETURN(round.sender,
                         world.Push("gp-events", "bench-event", file));
  TALLY_ASSIGN_OR_RETURN(round.hub, UsageSoFar(world.hub()));
  const std::string rows =
      world.Path("hub/data/extracts/*/rows/bench-event/part-*.parquet");
  TALLY_ASSIGN_OR_RETURN(
      round.rival, RunInChild([&] { return CopyRowsByRival(places, rows); }));
  TALLY_RETURN_IF_ERROR(
      RunInChild([&] { return CheckRows(places, rows, expected); }).status());
  return round;
}

absl::Status Ingest(const Places& places, int64_t people, int rounds,
                    Report& report) {
  TALLY_ASSIGN_OR_RETURN(const Expected expected,
                         WriteIngestFiles(places.folder, people));
  const auto size = static_cast<double>(expected.events);
  std::vector<double> ours;
  std::vector<double> theirs;
  std::vector<double> hubs;
  std::vector<double> senders;
  Usage hub;
  Usage sender;
  for (int i = 0; i < rounds; ++i) {
    TALLY_ASSIGN_OR_RETURN(const IngestRound round,
                           RunIngest(places, expected));
    ours.push_back(size / round.sender.seconds);
    theirs.push_back(size / round.rival.seconds);
    hubs.push_back(Mib(round.hub.peak_bytes));
    senders.push_back(Mib(round.sender.peak_bytes));
    hub += round.hub;
    sender += round.sender;
  }
  report.Add(
      {.name = "hub ingest over mTLS",
       .unit = "rows/s",
       .size = expected.events,
       .values = ours,
       .rival = "DuckDB, Parquet to Parquet",
       .rival_values = theirs,
       .bar = people >= kIngestBarPeople ? ValueAtLeast(kIngestBarRows) : Bar{},
       .peak_bytes = std::max(hub.peak_bytes, sender.peak_bytes)});
  report.Add({.name = "hub ingest over mTLS, hub's memory",
              .unit = "MiB",
              .size = expected.events,
              .values = hubs,
              .bar = ValueAtMost(kHubBarMib),
              .peak_bytes = hub.peak_bytes});
  report.Add({.name = "hub ingest over mTLS, sender's memory",
              .unit = "MiB",
              .size = expected.events,
              .values = senders,
              .bar = ValueAtMost(kHubBarMib),
              .peak_bytes = sender.peak_bytes});
  return absl::OkStatus();
}

int Run(std::string_view mode, int64_t people, int rounds, Report& report) {
  namespace fs = std::filesystem;
  Places places;
  places.folder = fs::temp_directory_path() / "tally-bench-XXXXXX";
  if (::mkdtemp(places.folder.data()) == nullptr) {
    std::fprintf(stderr, "no folder can be made in %s\n",
                 fs::temp_directory_path().c_str());
    return 2;
  }
  places.programs =
      fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "bin";
  InstallStopSignals();
  const auto bench = mode == "way" ? Way : Ingest;
  const absl::Status status = bench(places, people, rounds, report);
  const absl::Status removed = RemoveTree(places.folder);
  for (const absl::Status& part : {status, removed}) {
    if (part.ok()) continue;
    std::fprintf(stderr, "%s\n", std::string(part.message()).c_str());
    return 2;
  }
  return report.ExitCode();
}

}  // namespace
}  // namespace tally::bench

int main(int argc, char** argv) {
  tally::bench::Report report(&argc, argv);
  const std::string_view mode = argc > 1 ? argv[1] : "";
  const int64_t people = argc > 2 ? std::strtoll(argv[2], nullptr, 10) : 0;
  const long rounds = argc > 3 ? std::strtol(argv[3], nullptr, 10) : 1;
  if ((mode != "way" && mode != "ingest") || people < 100 ||
      people > tally::bench::kMostPeople || rounds < 1 || rounds > 100 ||
      argc > 4) {
    std::fprintf(stderr,
                 "usage: bench_way way|ingest PEOPLE [ROUNDS] [--json FILE]\n");
    return 2;
  }
  return tally::bench::Run(mode, people, static_cast<int>(rounds), report);
}
