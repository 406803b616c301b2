#ifndef TALLY_TESTS_UNIT_WIRE_RANDOM_BATCH_H_
#define TALLY_TESTS_UNIT_WIRE_RANDOM_BATCH_H_

// A specification with a column of every type, and batches of it that a seed
// decides. The generator is our own, so a seed means the same everywhere.

#include <cstdint>
#include <string>

#include "base/status.h"
#include "dataset/record_batch.h"
#include "dataset/specification.h"

namespace tally::wire {

inline constexpr std::string_view kEveryTypeToml = R"(
id = "every-type"
version = 1
title = "A column of every type"
kind = "activity"
period_column = "day"
person = { input = "nhs_number" }
national_opt_out = { applies = false, reason = "a test" }
column = [
  { name = "day", type = "date", class = "QI", required = true, min = 1990-01-01, max = "today", description = "Day" },
  { name = "flag", type = "bool", class = "ATTR", description = "Flag" },
  { name = "small", type = "int32", class = "ATTR", min = -1000, max = 1000, description = "Small number" },
  { name = "large", type = "int64", class = "ATTR", min = -9000000000000000000, max = 9000000000000000000, description = "Large number" },
  { name = "real", type = "double", class = "ATTR", min = -1.0e300, max = 1.0e300, description = "Real number" },
  { name = "code", type = "code", class = "ATTR", pattern = "[A-Z][0-9]{1,5}", description = "Code" },
  { name = "choice", type = "code", class = "ATTR", codes = { "1" = "One", "2" = "Two", "9" = "Unknown" }, description = "Choice" },
  { name = "text", type = "text", class = "ATTR", pattern = "[a-z %/]{1,20}", max_length = 20, description = "Text" },
]
)";

inline constexpr int32_t kToday = 20000;  // 2024-10-04

inline const dataset::Specification& EveryType() {
  static const auto& specification = *[] {
    auto parsed = dataset::Specification::Parse(kEveryTypeToml, "every.toml");
    TALLY_CHECK(parsed.ok());
    return new dataset::Specification(*std::move(parsed));
  }();
  return specification;
}

// SplitMix64.
class TestRandom {
 public:
  explicit TestRandom(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  uint64_t Below(uint64_t bound) { return Next() % bound; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }

 private:
  uint64_t state_;
};

// Appends one random row. `nulls` = 0: no nulls; n: about one value in n.
inline void AppendRandomRow(TestRandom& random, uint64_t nulls,
                            uint64_t persons, dataset::RecordBatch& batch) {
  const auto null = [&] { return nulls != 0 && random.OneIn(nulls); };
  if (persons == 0 || random.OneIn(8)) {
    batch.AppendPerson(dataset::kNoPerson,
                       dataset::RowReason::kNhsNumberMissing);
  } else {
    batch.AppendPerson(static_cast<int32_t>(random.Below(persons)),
                       dataset::RowReason::kNone);
  }
  auto& columns = batch.columns;
  columns[0].AppendDate(7305 + static_cast<int32_t>(random.Below(12000)));
  null() ? columns[1].AppendNull() : columns[1].AppendBool(random.OneIn(2));
  null()
      ? columns[2].AppendNull()
      : columns[2].AppendInt32(static_cast<int32_t>(random.Below(2001)) - 1000);
  null() ? columns[3].AppendNull()
         : columns[3].AppendInt64(static_cast<int64_t>(random.Next() >> 1) /
                                  (int64_t{1} << random.Below(60)) %
                                  9'000'000'000'000'000'000);
  null()
      ? columns[4].AppendNull()
      : columns[4].AppendDouble(static_cast<double>(random.Below(100000)) / 8);
  null() ? columns[5].AppendNull()
         : columns[5].AppendCode(
               std::string(1, static_cast<char>('A' + random.Below(26))) +
               std::to_string(random.Below(40)));
  constexpr const char* kChoices[] = {"1", "2", "9"};
  null() ? columns[6].AppendNull()
         : columns[6].AppendCode(kChoices[random.Below(3)]);
  std::string text(1 + random.Below(20), 'a');
  for (char& c : text) c = static_cast<char>('a' + random.Below(26));
  null() ? columns[7].AppendNull() : columns[7].AppendText(text);
}

inline dataset::RecordBatch RandomBatch(uint64_t seed, size_t rows,
                                        uint64_t nulls, uint64_t persons) {
  TestRandom random(seed);
  dataset::RecordBatch batch = dataset::RecordBatch::For(
      EveryType(), static_cast<uint32_t>(random.Below(32)));
  batch.first_row = random.Below(3) == 0 ? 0 : random.Below(1'000'000'000);
  for (size_t i = 0; i < rows; ++i) {
    AppendRandomRow(random, nulls, persons, batch);
  }
  return batch;
}

}  // namespace tally::wire

#endif  // TALLY_TESTS_UNIT_WIRE_RANDOM_BATCH_H_
