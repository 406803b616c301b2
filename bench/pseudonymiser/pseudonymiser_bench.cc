// Rows a second from CSV to the sealed spool: read, check, find the person,
// apply the rules, make the columns, seal. Tokenising is bench/crypto's.
//
//   bench_pseudonymiser [ROWS] [ROUNDS] [THREADS] [FLOOR]
//
// The file has 12 columns and 25 rows for each person. Each round's counts are
// compared with what was planted: a wrong answer ends the program with 1, and
// so does a median below FLOOR rows a second (default 500,000). Also printed:
// CPU seconds, which a busy machine disturbs less than the clock.

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/files.h"
#include "base/process.h"
#include "base/sha256.h"
#include "base/status.h"
#include "crypto/init.h"
#include "pseudonymiser/extract_preparer.h"
#include "pseudonymiser/nhs_number.h"

namespace tally::pseudonymiser {
namespace {

constexpr uint64_t kRowsPerPerson = 25;
constexpr double kFloor = 500'000;

// Twelve columns, of which one is a small text and five are codes.
constexpr std::string_view kSpecification = R"(
id = "bench-event"
version = 1
title = "Rows for a benchmark"
kind = "activity"
period_column = "event_date"
person = { input = "nhs_number", status_input = "status", linked_status = ["01"] }
national_opt_out = { applies = true }
column = [
  { name = "event_date", type = "date", class = "QI", required = true, min = 1990-01-01, max = "today", description = "d" },
  { name = "concept_id", type = "int64", class = "SEN", min = 100000, max = 999999999999999999, description = "d" },
  { name = "value1", type = "double", class = "ATTR", min = 0.0, max = 10000.0, outside = "null", description = "d" },
  { name = "value2", type = "double", class = "ATTR", min = 0.0, max = 10000.0, outside = "null", description = "d" },
  { name = "unit", type = "text", class = "ATTR", pattern = "[A-Za-z/%]{1,12}", max_length = 12, description = "d" },
  { name = "practice_code", type = "code", class = "QI", pattern = "[A-Z][0-9]{5}", max_length = 6, description = "d" },
  { name = "provider_code", type = "code", class = "QI", pattern = "[A-Z0-9]{3}", max_length = 3, description = "d" },
  { name = "sex", type = "code", class = "QI", codes = { "1" = "Male", "2" = "Female" }, description = "d" },
  { name = "count", type = "int32", class = "ATTR", min = 0, max = 9999, description = "d" },
  { name = "flag", type = "bool", class = "ATTR", description = "d" },
]
rule = [
  { reason = "OPTED_OUT_NATIONAL", list = "national_eligible" },
  { reason = "NOT_PARTICIPATING", column = "practice_code", list = "participating_practices" },
]
)";

double Seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) +
         1e-9 * static_cast<double>(now.tv_nsec);
}

std::string NumberText(uint64_t person) {
  uint32_t stem = 900'000'000 + static_cast<uint32_t>(person * 2 % 90'000'000);
  auto number = NhsNumber::FromStem(stem);
  if (!number) number = NhsNumber::FromStem(stem + 1);
  TALLY_CHECK(number.has_value());
  const NhsNumber::Digits digits = number->digits();
  return std::string(digits.begin(), digits.end());
}

struct Planted {
  uint64_t rows = 0;
  uint64_t sent = 0;
  uint64_t unlinked = 0;
  uint64_t faults = 0;
  uint32_t persons = 0;
};

// Every 1,000th row lacks its number, every 1,009th has a day that is none.
Planted WriteFile(const std::string& path, uint64_t rows) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  TALLY_CHECK(file != nullptr);
  std::fputs(
      "nhs_number,status,event_date,concept_id,value1,value2,unit,"
      "practice_code,provider_code,sex,count,flag\n",
      file);
  Planted planted{.rows = rows};
  std::vector<bool> seen(rows / kRowsPerPerson + 1);
  for (uint64_t i = 0; i < rows; ++i) {
    const uint64_t person = i / kRowsPerPerson;
    const bool no_number = i % 1000 == 999;
    const bool bad_day = i % 1009 == 1008;
    std::fprintf(
        file,
        "%s,01,2026-11-%02d,%llu,%llu.%llu,%s,%s,A%05llu,R%02llu,%d,%llu,%d\n",
        no_number ? "" : NumberText(person).c_str(),
        bad_day ? 31 : static_cast<int>(1 + i % 30),
        static_cast<unsigned long long>(100'000'000'000 + i * 7919 % 50'000),
        static_cast<unsigned long long>(i % 400),
        static_cast<unsigned long long>(i % 10), i % 3 == 0 ? "80.5" : "",
        i % 2 == 0 ? "mmol/L" : "mmHg", static_cast<unsigned long long>(i % 50),
        static_cast<unsigned long long>(i % 40), i % 2 == 0 ? 1 : 2,
        static_cast<unsigned long long>(i % 1000), i % 5 == 0 ? 1 : 0);
    if (bad_day) {
      ++planted.faults;
      continue;
    }
    ++planted.sent;
    if (no_number) {
      ++planted.unlinked;
    } else if (!seen[person]) {
      seen[person] = true;
      ++planted.persons;
    }
  }
  TALLY_CHECK(std::fclose(file) == 0);
  return planted;
}

Configuration MakeConfiguration(const std::string& folder, uint64_t people) {
  Configuration config;
  config.environment = crypto::Environment::kTest;
  config.source = "bench";
  config.domain = "commissioning";
  config.state_directory = folder;
  config.max_spool_bytes = int64_t{64} << 30;
  const auto put = [&folder](const std::string& name, std::string_view text) {
    const std::string path = folder + "/" + name;
    TALLY_CHECK(WriteFileAtomically(path, text, 0600).ok());
    return path;
  };
  std::string eligible;
  for (uint64_t i = 0; i < people; ++i) eligible += NumberText(i) + ",\n";
  std::string practices;
  for (int i = 0; i < 50; ++i) practices += absl::StrFormat("A%05d\n", i);
  config.lists[dataset::ListName::kNationalEligible].path =
      put("national.csv", eligible);
  config.lists[dataset::ListName::kParticipatingPractices].path =
      put("practices.csv", practices);
  config.datasets["bench-event"].specification =
      put("bench-event.toml", kSpecification);
  TALLY_CHECK(SpecificationStore(config)
                  .Accept("bench-event", Sha256Hex(kSpecification))
                  .ok());
  return config;
}

bool IsRight(const ExtractPreparer::Checked& checked, const Planted& planted) {
  const RowCounts& counts = checked.report.datasets[0].counts;
  return checked.verdict.ok() && counts.read == planted.rows &&
         counts.sent == planted.sent &&
         counts.rows_unlinked() == planted.unlinked &&
         counts.faults() == planted.faults &&
         checked.report.persons == planted.persons;
}

int Main(uint64_t rows, int rounds, int threads, double floor) {
  TALLY_CHECK(crypto::InitCrypto().ok());
  std::string folder = "/tmp/tally-bench-XXXXXX";
  TALLY_CHECK(::mkdtemp(folder.data()) != nullptr);
  const std::string path = folder + "/events.csv";
  const Planted planted = WriteFile(path, rows);
  const Configuration config =
      MakeConfiguration(folder, rows / kRowsPerPerson + 1);
  const auto plan = DeliveryPlan::Make(config, {{"bench-event", path}},
                                       *Period::Parse("2026-11"), NowUnixMs());
  TALLY_CHECK(plan.ok());
  WorkerPool pool(threads);
  std::vector<double> rates;
  bool right = true;
  for (int round = 0; round < rounds; ++round) {
    ExtractPreparer preparer(*plan, pool, nullptr,
                             *CivilDay::Create(2026, 12, 31));
    const double start = Seconds(CLOCK_MONOTONIC);
    const double cpu = Seconds(CLOCK_PROCESS_CPUTIME_ID);
    const auto checked = preparer.Check();
    const double seconds = Seconds(CLOCK_MONOTONIC) - start;
    const double cpu_seconds = Seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    right = right && checked.ok() && IsRight(*checked, planted);
    rates.push_back(static_cast<double>(rows) / seconds);
    std::printf("round %d: %.0f rows/s, %.0f rows a CPU second, %s\n", round,
                rates.back(), static_cast<double>(rows) / cpu_seconds,
                right ? "right" : "WRONG");
  }
  std::sort(rates.begin(), rates.end());
  const double median = rates[rates.size() / 2];
  std::printf(
      "%llu rows of 12 columns, %d threads: median %.0f rows/s, spread "
      "%.0f to %.0f, peak memory %lld MiB\n",
      static_cast<unsigned long long>(rows), pool.threads(), median,
      rates.front(), rates.back(),
      static_cast<long long>(PeakMemoryBytes() >> 20));
  static_cast<void>(RemoveTree(folder));
  return right && median >= floor ? 0 : 1;
}

}  // namespace
}  // namespace tally::pseudonymiser

int main(int argc, char** argv) {
  const auto number = [&](int at, double fallback) {
    return argc > at ? std::strtod(argv[at], nullptr) : fallback;
  };
  return tally::pseudonymiser::Main(static_cast<uint64_t>(number(1, 1'000'000)),
                                    static_cast<int>(number(2, 5)),
                                    static_cast<int>(number(3, 0)),
                                    number(4, tally::pseudonymiser::kFloor));
}
