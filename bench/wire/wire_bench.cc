// How many rows a second one core encodes and decodes, for batches of twelve
// columns. Every decoded batch is compared with the one that was encoded, so a
// fast wrong answer fails.
//
// Usage: bench_wire [ROWS_PER_BATCH [BATCHES [REPEATS]]]
// A row for each direction, by the processor's time. Ends with 2 when an answer
// is wrong.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "bench/report.h"
#include "dataset/record_batch.h"
#include "dataset/specification.h"
#include "unit/wire/random_batch.h"
#include "wire/row_batch_codec.h"

namespace tally::wire {
namespace {

constexpr uint64_t kPersons = 1'000'000;
constexpr double kBarRowsPerSecond = 3e6;

// Twelve columns, as in an event or an attendance.
constexpr std::string_view kTwelve = R"(
id = "twelve"
version = 1
title = "Twelve columns"
kind = "activity"
period_column = "day"
person = { input = "nhs_number" }
national_opt_out = { applies = false, reason = "made up" }
column = [
  { name = "day", type = "date", class = "QI", required = true, min = 1990-01-01, max = "today", description = "Day" },
  { name = "end_day", type = "date", class = "QI", min = 1990-01-01, max = "today", description = "End" },
  { name = "concept", type = "int64", class = "SEN", min = 100000, max = 999999999999999999, description = "Concept" },
  { name = "cluster", type = "code", class = "ATTR", pattern = "[A-Z]{2,6}_COD", description = "Cluster" },
  { name = "value", type = "double", class = "ATTR", min = 0.0, max = 10000.0, description = "Value" },
  { name = "unit", type = "text", class = "ATTR", pattern = "[A-Za-z/%]{1,12}", max_length = 12, description = "Unit" },
  { name = "practice", type = "code", class = "QI", pattern = "[A-Z][0-9]{5}", description = "Practice" },
  { name = "sex", type = "code", class = "QI", codes = { "0" = "Not known", "1" = "Male", "2" = "Female" }, description = "Sex" },
  { name = "age", type = "int32", class = "QI", min = 0, max = 90, description = "Age" },
  { name = "minutes", type = "int32", class = "ATTR", min = 0, max = 99999, description = "Minutes" },
  { name = "last", type = "bool", class = "ATTR", description = "Last" },
  { name = "diag", type = "code", class = "SEN", pattern = "[A-Z][0-9]{2}[0-9]?", description = "Diagnosis" },
]
)";

dataset::RecordBatch MakeBatch(const dataset::Specification& specification,
                               uint64_t seed, size_t rows) {
  TestRandom random(seed);
  auto batch = dataset::RecordBatch::For(specification);
  constexpr const char* kUnits[] = {"mmHg", "mmol/L", "kg", "%"};
  for (size_t row = 0; row < rows; ++row) {
    batch.AppendPerson(static_cast<int32_t>(random.Below(kPersons)),
                       dataset::RowReason::kNone);
    auto& c = batch.columns;
    const auto day = 15000 + static_cast<int32_t>(random.Below(4000));
    c[0].AppendDate(day);
    random.OneIn(10) ? c[1].AppendNull() : c[1].AppendDate(day);
    c[2].AppendInt64(static_cast<int64_t>(100000 + random.Below(1u << 30)));
    c[3].AppendCode(std::string(2 + random.Below(5), 'D') + "_COD");
    random.OneIn(3)
        ? c[4].AppendNull()
        : c[4].AppendDouble(static_cast<double>(random.Below(80000)) / 8);
    random.OneIn(3) ? c[5].AppendNull()
                    : c[5].AppendText(kUnits[random.Below(4)]);
    c[6].AppendCode("F" + std::to_string(10000 + random.Below(300)));
    c[7].AppendCode(random.OneIn(2) ? "1" : "2");
    c[8].AppendInt32(static_cast<int32_t>(random.Below(91)));
    c[9].AppendInt32(static_cast<int32_t>(random.Below(1500)));
    c[10].AppendBool(random.OneIn(2));
    c[11].AppendCode(std::string(1, static_cast<char>('A' + random.Below(26))) +
                     std::to_string(10 + random.Below(90)));
  }
  return batch;
}

void Report(const char* what, std::vector<double> rates,
            bench::Report& report) {
  report.Add({.name = std::string("wire, ") + what + ", one core",
              .unit = "rows/s",
              .values = std::move(rates),
              .bar = bench::ValueAtLeast(kBarRowsPerSecond)});
}

int Run(size_t rows, size_t batches, size_t repeats, bench::Report& report) {
  auto parsed = dataset::Specification::Parse(kTwelve, "twelve.toml");
  TALLY_CHECK(parsed.ok());
  std::vector<dataset::RecordBatch> all;
  for (size_t i = 0; i < batches; ++i) {
    all.push_back(MakeBatch(*parsed, i + 1, rows));
  }
  std::vector<std::string> encoded(batches);
  std::vector<double> encode_rates, decode_rates;
  dataset::RecordBatch decoded;
  size_t bytes = 0;
  for (size_t repeat = 0; repeat < repeats; ++repeat) {
    double begin = bench::ThreadSeconds();
    for (size_t i = 0; i < batches; ++i) {
      TALLY_CHECK(EncodeRowBatch(*parsed, all[i], encoded[i]).ok());
    }
    encode_rates.push_back(static_cast<double>(rows * batches) /
                           (bench::ThreadSeconds() - begin));
    begin = bench::ThreadSeconds();
    for (size_t i = 0; i < batches; ++i) {
      TALLY_CHECK(DecodeRowBatch(*parsed, {kPersons, kToday},
                                 AsBytes(encoded[i]), decoded)
                      .ok());
    }
    decode_rates.push_back(static_cast<double>(rows * batches) /
                           (bench::ThreadSeconds() - begin));
  }
  for (size_t i = 0; i < batches; ++i) {
    bytes += encoded[i].size();
    std::string again;
    TALLY_CHECK(DecodeRowBatch(*parsed, {kPersons, kToday}, AsBytes(encoded[i]),
                               decoded)
                    .ok());
    TALLY_CHECK(EncodeRowBatch(*parsed, decoded, again).ok());
    if (again != encoded[i] || decoded.person_index != all[i].person_index) {
      std::printf("wrong answer in batch %zu\n", i);
      return 2;
    }
    for (size_t row = 0; row < rows; ++row) {
      if (decoded.columns[2].Int64(row) != all[i].columns[2].Int64(row) ||
          decoded.columns[6].Code(row) != all[i].columns[6].Code(row) ||
          decoded.columns[5].Text(row) != all[i].columns[5].Text(row)) {
        std::printf("wrong value in batch %zu\n", i);
        return 2;
      }
    }
  }
  const size_t per_row = bytes / (rows * batches);
  std::printf("%zu bytes a row\n", per_row);
  Report("encode", std::move(encode_rates), report);
  Report("decode", std::move(decode_rates), report);
  return report.ExitCode();
}

size_t Argument(int argc, char** argv, int place, size_t otherwise) {
  if (argc <= place) return otherwise;
  const long value = std::strtol(argv[place], nullptr, 10);
  return value > 0 ? static_cast<size_t>(value) : otherwise;
}

}  // namespace
}  // namespace tally::wire

int main(int argc, char** argv) {
  tally::bench::Report report(&argc, argv);
  return tally::wire::Run(tally::wire::Argument(argc, argv, 1, 4096),
                          tally::wire::Argument(argc, argv, 2, 64),
                          tally::wire::Argument(argc, argv, 3, 9), report);
}
