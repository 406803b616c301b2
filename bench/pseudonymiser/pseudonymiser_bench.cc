// Rows a second of a source. "read, check": what `pseudonymiser check` does:
// read, check, find the person, apply the rules, make the columns. "CSV to
// sealed batches": all that a push does before it sends: the same, the sealed
// spool of rows, then tokens, shuffling, encoding and the spool that leaves.
//
//   bench_pseudonymiser [ROWS] [ROUNDS] [THREADS]
//
// The file has 12 columns and 25 rows for each person. Each round's counts are
// compared with what was planted: a wrong answer ends the program with 2. Bars,
// from 1,000,000 rows on: 500,000 and 250,000 rows a second. A second row is by
// the processor's time, which a busy machine disturbs less than the clock.
// Everything lies below TMPDIR (/tmp): 200 bytes a row.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "bench/child.h"
#include "bench/report.h"
#include "crypto/init.h"
#include "crypto/keys.h"
#include "crypto/sign.h"
#include "crypto/source_key.h"
#include "crypto/token_kernel.h"
#include "pseudonymiser/extract_preparer.h"
#include "pseudonymiser/nhs_number.h"

namespace tally::pseudonymiser {
namespace {

constexpr uint64_t kRowsPerPerson = 25;
constexpr double kBarRowsPerSecond = 500'000;
constexpr double kBarSpooledRowsPerSecond = 250'000;
constexpr uint64_t kBarRows = 1'000'000;

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
bool LacksNumber(uint64_t row) { return row % 1000 == 999; }
bool HasBadDay(uint64_t row) { return row % 1009 == 1008; }

Planted PlantedIn(uint64_t rows) {
  Planted planted{.rows = rows};
  std::vector<bool> seen(rows / kRowsPerPerson + 1);
  for (uint64_t i = 0; i < rows; ++i) {
    if (HasBadDay(i)) {
      ++planted.faults;
      continue;
    }
    ++planted.sent;
    if (LacksNumber(i)) {
      ++planted.unlinked;
    } else if (!seen[i / kRowsPerPerson]) {
      seen[i / kRowsPerPerson] = true;
      ++planted.persons;
    }
  }
  return planted;
}

void WriteRows(const std::string& path, uint64_t rows) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  TALLY_CHECK(file != nullptr);
  std::fputs(
      "nhs_number,status,event_date,concept_id,value1,value2,unit,"
      "practice_code,provider_code,sex,count,flag\n",
      file);
  for (uint64_t i = 0; i < rows; ++i) {
    std::fprintf(
        file,
        "%s,01,2026-11-%02d,%llu,%llu.%llu,%s,%s,A%05llu,R%02llu,%d,%llu,%d\n",
        LacksNumber(i) ? "" : NumberText(i / kRowsPerPerson).c_str(),
        HasBadDay(i) ? 31 : static_cast<int>(1 + i % 30),
        static_cast<unsigned long long>(100'000'000'000 + i * 7919 % 50'000),
        static_cast<unsigned long long>(i % 400),
        static_cast<unsigned long long>(i % 10), i % 3 == 0 ? "80.5" : "",
        i % 2 == 0 ? "mmol/L" : "mmHg", static_cast<unsigned long long>(i % 50),
        static_cast<unsigned long long>(i % 40), i % 2 == 0 ? 1 : 2,
        static_cast<unsigned long long>(i % 1000), i % 5 == 0 ? 1 : 0);
  }
  TALLY_CHECK(std::fclose(file) == 0);
}

void Put(const std::string& path, std::string_view text) {
  TALLY_CHECK(WriteFileAtomically(path, text, 0600).ok());
}

// The files of the source in `folder`.
struct Files {
  explicit Files(const std::string& folder)
      : rows(folder + "/events.csv"),
        eligible(folder + "/national.csv"),
        practices(folder + "/practices.csv"),
        specification(folder + "/bench-event.toml") {}
  void Write(uint64_t count) const {
    WriteRows(rows, count);
    std::string text;
    for (uint64_t i = 0; i <= count / kRowsPerPerson; ++i) {
      text += NumberText(i) + ",\n";
    }
    Put(eligible, text);
    text.clear();
    for (int i = 0; i < 50; ++i) text += absl::StrFormat("A%05d\n", i);
    Put(practices, text);
    Put(specification, kSpecification);
  }
  std::string rows;
  std::string eligible;
  std::string practices;
  std::string specification;
};

Configuration MakeConfiguration(const std::string& folder, const Files& files) {
  Configuration config;
  config.environment = crypto::Environment::kTest;
  config.source = "bench";
  config.domain = "commissioning";
  config.state_directory = folder;
  config.max_spool_bytes = int64_t{64} << 30;
  config.lists[dataset::ListName::kNationalEligible].path = files.eligible;
  config.lists[dataset::ListName::kParticipatingPractices].path =
      files.practices;
  config.datasets["bench-event"].specification = files.specification;
  TALLY_CHECK(SpecificationStore(config)
                  .Accept("bench-event", Sha256Hex(kSpecification))
                  .ok());
  return config;
}

bool IsRight(const DeliveryReport& report, const absl::Status& verdict,
             const Planted& planted) {
  const RowCounts& counts = report.datasets[0].counts;
  return verdict.ok() && counts.read == planted.rows &&
         counts.sent == planted.sent &&
         counts.rows_unlinked() == planted.unlinked &&
         counts.faults() == planted.faults && report.persons == planted.persons;
}

// One kind of work, round after round.
class Series {
 public:
  Series(std::string name, uint64_t rows)
      : name_(std::move(name)), rows_(rows) {}

  // Times `work`, which says whether its answer was right.
  void Run(const std::function<bool()>& work) {
    const double start = bench::WallSeconds();
    const double processor = bench::ProcessSeconds();
    right_ = work() && right_;
    const auto n = static_cast<double>(rows_);
    rates_.push_back(n / (bench::WallSeconds() - start));
    processor_rates_.push_back(n / (bench::ProcessSeconds() - processor));
  }
  bool right() const { return right_; }

  void Report(double bar, bench::Report& report) const {
    report.Add(
        {.name = name_,
         .unit = "rows/s",
         .size = static_cast<int64_t>(rows_),
         .values = rates_,
         .bar = rows_ >= kBarRows ? bench::ValueAtLeast(bar) : bench::Bar{},
         .peak_bytes = bench::PeakBytes()});
    report.Add({.name = name_ + ", of one processor",
                .unit = "rows/s",
                .size = static_cast<int64_t>(rows_),
                .values = processor_rates_});
  }

 private:
  std::string name_;
  uint64_t rows_;
  std::vector<double> rates_;
  std::vector<double> processor_rates_;
  bool right_ = true;
};

int Main(uint64_t rows, int rounds, int threads, bench::Report& report) {
  TALLY_CHECK(crypto::InitCrypto().ok());
  std::string folder =
      std::filesystem::temp_directory_path() / "tally-bench-XXXXXX";
  TALLY_CHECK(::mkdtemp(folder.data()) != nullptr);
  const Files files(folder);
  // In a child, for its memory is not the source's; before there are threads.
  TALLY_CHECK(bench::RunInChild([&] {
                files.Write(rows);
                return absl::OkStatus();
              }).ok());
  const Planted planted = PlantedIn(rows);
  const Configuration config = MakeConfiguration(folder, files);
  const auto plan = DeliveryPlan::Make(config, {{"bench-event", files.rows}},
                                       *Period::Parse("2026-11"), NowUnixMs());
  TALLY_CHECK(plan.ok());
  const crypto::LocalTokenKey token_key(
      *crypto::SourceKey::Generate({.environment = config.environment,
                                    .party = config.source,
                                    .domain = config.domain}),
      *crypto::AvailableKernels().front());
  const auto sign = crypto::SigningKey::Generate(
      config.environment, config.source, crypto::SignPurpose::kSign);
  TALLY_CHECK(sign.ok());
  std::vector<crypto::StorageKey> storage;
  storage.push_back(
      *crypto::StorageKey::Generate(config.environment, config.source));
  SpoolStore store(config, storage);
  WorkerPool pool(threads);
  const CivilDay today = *CivilDay::Create(2026, 12, 31);
  const dataset::ExtractId extract{.month = {2026, 11}, .revision = 1};
  Series check("source: read, check", rows);
  Series spool("source: CSV to sealed batches", rows);
  for (int round = 0; round < rounds; ++round) {
    check.Run([&] {
      ExtractPreparer preparer(*plan, pool, nullptr, today);
      const auto checked = preparer.Check();
      return checked.ok() &&
             IsRight(checked->report, checked->verdict, planted);
    });
    spool.Run([&] {
      ExtractPreparer preparer(*plan, pool, nullptr, today);
      const auto prepared = preparer.Prepare(extract, token_key, *sign, &store);
      return prepared.ok() &&
             IsRight(prepared->report, prepared->verdict, planted) &&
             prepared->record.rows == planted.sent;
    });
  }
  static_cast<void>(RemoveTree(folder));
  if (!check.right() || !spool.right()) {
    std::fprintf(stderr, "the counts are not what was planted\n");
    return 2;
  }
  check.Report(kBarRowsPerSecond, report);
  spool.Report(kBarSpooledRowsPerSecond, report);
  return report.ExitCode();
}

}  // namespace
}  // namespace tally::pseudonymiser

int main(int argc, char** argv) {
  tally::bench::Report report(&argc, argv);
  const auto number = [&](int at, long fallback) {
    return argc > at ? std::strtol(argv[at], nullptr, 10) : fallback;
  };
  const long rows = number(1, 1'000'000);
  const long rounds = number(2, 5);
  if (rows < 1 || rounds < 1 || argc > 4) {
    std::fprintf(stderr,
                 "usage: bench_pseudonymiser [ROWS [ROUNDS [THREADS]]]\n");
    return 2;
  }
  return tally::pseudonymiser::Main(static_cast<uint64_t>(rows),
                                    static_cast<int>(rounds),
                                    static_cast<int>(number(3, 0)), report);
}
