#include "pseudonymiser/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "slow_csv.h"
#include "special_finder.h"
#include "status_matchers.h"
#include "text_source.h"

namespace tally::pseudonymiser {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Row = CsvRow;

absl::StatusOr<std::vector<Row>> ReadAll(const std::string& text,
                                         size_t block = 1 << 20,
                                         size_t piece = 1 << 20) {
  TextSource source(text, piece);
  CsvReader reader("people.csv", source, block);
  CsvBlock out;
  std::vector<Row> rows;
  while (true) {
    const absl::StatusOr<bool> more = reader.Next(&out);
    if (!more.ok()) return more.status();
    if (!*more) return rows;
    for (const CsvRecord& record : out.records()) {
      Row row{.line = record.line, .fault = record.fault, .fields = {}};
      for (size_t i = 0; i < record.field_count; ++i) {
        row.fields.emplace_back(out.field(record, i));
      }
      rows.push_back(std::move(row));
    }
  }
}

Row Good(uint64_t line, std::vector<std::string> fields) {
  return {.line = line, .fault = CsvFault::kNone, .fields = std::move(fields)};
}
Row Bad(uint64_t line, CsvFault fault) {
  return {.line = line, .fault = fault, .fields = {}};
}

#if defined(__SSE2__)
TEST(SpecialFinder, MakesTheSameMaskWithAndWithoutVectors) {
  constexpr std::string_view kBytes(",\"\n\r\0\x2b\x2d\x21\x23\x0b\x0c a\xac",
                                    14);
  std::mt19937_64 random(5);
  for (int round = 0; round < 10'000; ++round) {
    char text[64];
    for (char& c : text) {
      c = round % 2 == 0 ? static_cast<char>(random())
                         : kBytes[random() % kBytes.size()];
    }
    ASSERT_EQ(SpecialFinder::VectorMask(text), SpecialFinder::PlainMask(text));
  }
}
#endif

TEST(CsvReader, SplitsFieldsAndLines) {
  EXPECT_THAT(ReadAll("a,b\n1,2\n,\n"),
              IsOkAndHolds(ElementsAre(Good(1, {"a", "b"}), Good(2, {"1", "2"}),
                                       Good(3, {"", ""}))));
}

TEST(CsvReader, TakesEveryKindOfLineEndMixed) {
  EXPECT_THAT(ReadAll("a\r\nb\rc\nd"),
              IsOkAndHolds(ElementsAre(Good(1, {"a"}), Good(2, {"b"}),
                                       Good(3, {"c"}), Good(4, {"d"}))));
}

TEST(CsvReader, KeepsLineNumbersThroughQuotedLineEnds) {
  EXPECT_THAT(ReadAll("\"a\nb\",\"c\r\nd\"\ne,f\n"),
              IsOkAndHolds(ElementsAre(Good(1, {"a\nb", "c\r\nd"}),
                                       Good(4, {"e", "f"}))));
}

TEST(CsvReader, UnquotesDoubledQuotesAndCommas) {
  EXPECT_THAT(
      ReadAll("\"say \"\"hi\"\"\",\"a,b\",\"\",\"\"\"\"\n"),
      IsOkAndHolds(ElementsAre(Good(1, {"say \"hi\"", "a,b", "", "\""}))));
}

TEST(CsvReader, PassesOverBlankLinesButCountsThem) {
  EXPECT_THAT(ReadAll("\n\r\n\ra\n\n\nb"),
              IsOkAndHolds(ElementsAre(Good(4, {"a"}), Good(7, {"b"}))));
}

TEST(CsvReader, PassesOverTheByteOrderMark) {
  EXPECT_THAT(ReadAll("\xEF\xBB\xBF\"a\",b\n"),
              IsOkAndHolds(ElementsAre(Good(1, {"a", "b"}))));
}

TEST(CsvReader, GivesNothingForAnEmptyFile) {
  EXPECT_THAT(ReadAll(""), IsOkAndHolds(ElementsAre()));
  EXPECT_THAT(ReadAll("\xEF\xBB\xBF"), IsOkAndHolds(ElementsAre()));
}

TEST(CsvReader, RefusesOtherFormatsByName) {
  for (const char* text :
       {"\xFF\xFE"
        "a",
        "\xFE\xFF"
        "a",
        "PK\x03\x04zip", "PAR1....", "\x1F\x8B\x08x", "\x28\xB5\x2F\xFDx"}) {
    const auto rows = ReadAll(text);
    EXPECT_THAT(rows, ExitCodeIs(kExitInvalidInput));
    EXPECT_THAT(rows, StatusIs(absl::StatusCode::kInvalidArgument,
                               HasSubstr("CSV as UTF-8")));
  }
}

TEST(CsvReader, MarksAQuoteInsideAFieldAndGoesOn) {
  EXPECT_THAT(
      ReadAll("a,b\"c,d\n\"e\"f,g\nh,i\n"),
      IsOkAndHolds(ElementsAre(Bad(1, CsvFault::kQuote),
                               Bad(2, CsvFault::kQuote), Good(3, {"h", "i"}))));
}

TEST(CsvReader, MarksNulBytesAndGoesOn) {
  EXPECT_THAT(
      ReadAll(std::string("a,\0b\n\"c\0\",d\ne,f\n", 16)),
      IsOkAndHolds(ElementsAre(Bad(1, CsvFault::kNul), Bad(2, CsvFault::kNul),
                               Good(3, {"e", "f"}))));
}

TEST(CsvReader, NamesTheLineOfAQuoteThatIsNeverClosed) {
  const auto rows = ReadAll("a,b\nc,\"d\ne,f\n");
  EXPECT_THAT(rows, ExitCodeIs(kExitInvalidInput));
  EXPECT_THAT(rows, StatusIs(absl::StatusCode::kInvalidArgument,
                             HasSubstr("people.csv line 2")));
}

TEST(CsvReader, NamesTheLineOfAnOpenQuoteBeyondTheLineLimit) {
  const std::string text =
      "a,b\n\"x\ny\",\"" + std::string(3 << 20, 'z') + "\nq";
  EXPECT_THAT(ReadAll(text), StatusIs(absl::StatusCode::kInvalidArgument,
                                      HasSubstr("people.csv line 3")));
}

TEST(CsvReader, DropsOneFieldThatIsTooLongAndGoesOn) {
  const std::string text =
      "a," + std::string(CsvReader::kMaxFieldBytes, 'x') + "\nb," +
      std::string(CsvReader::kMaxFieldBytes + 1, 'x') + "\nc,d\n";
  const auto rows = ReadAll(text);
  ASSERT_OK(rows);
  ASSERT_EQ(rows->size(), 3U);
  EXPECT_EQ((*rows)[0].fields.size(), 2U);
  EXPECT_EQ((*rows)[1], Bad(2, CsvFault::kFieldTooLong));
  EXPECT_EQ((*rows)[2], Good(3, {"c", "d"}));
}

TEST(CsvReader, DropsALineThatIsTooLongInConstantMemoryAndGoesOn) {
  std::string text = "a,b\n";
  for (int i = 0; i < 40; ++i) text += std::string(100'000, 'x') + ",";
  text += "\"q\n\"\"q\"\r\nc,d\n";
  for (const size_t block : {size_t{1} << 16, size_t{1} << 20}) {
    EXPECT_THAT(ReadAll(text, block),
                IsOkAndHolds(ElementsAre(Good(1, {"a", "b"}),
                                         Bad(2, CsvFault::kLineTooLong),
                                         Good(4, {"c", "d"}))));
  }
}

TEST(CsvReader, DropsALineWithTooManyFieldsAndGoesOn) {
  std::string most;
  for (size_t i = 1; i < CsvReader::kMaxFields; ++i) most += ",";
  const auto rows = ReadAll(most + "\n" + most + ",\nc,d\n");
  ASSERT_OK(rows);
  ASSERT_EQ(rows->size(), 3U);
  EXPECT_EQ((*rows)[0].fields.size(), CsvReader::kMaxFields);
  EXPECT_EQ((*rows)[1], Bad(2, CsvFault::kTooManyFields));
  EXPECT_EQ((*rows)[2], Good(3, {"c", "d"}));
}

TEST(CsvReader, KeepsTheFieldsOfManyWideRecordsApart) {
  std::string text;
  std::vector<Row> expected;
  for (size_t r = 0; r < 40; ++r) {
    const size_t width = r % 3 == 0 ? CsvReader::kMaxFields : 1 + r;
    Row row = Good(r + 1, {});
    for (size_t i = 0; i < width; ++i) {
      row.fields.push_back(std::to_string(r) + "." + std::to_string(i));
      text += (i == 0 ? "" : ",") + row.fields.back();
    }
    text += "\n";
    expected.push_back(std::move(row));
  }
  for (const size_t block : {size_t{64}, size_t{4000}, text.size()}) {
    const auto rows = ReadAll(text, block);
    ASSERT_OK(rows);
    EXPECT_EQ(*rows, expected) << block;
  }
}

TEST(CsvReader, PassesErrorsOfTheSourceOn) {
  class Failing final : public ByteSource {
    absl::StatusOr<size_t> Read(std::span<char>) override {
      return InputError("disk");
    }
  } source;
  CsvReader reader("x", source);
  CsvBlock block;
  EXPECT_THAT(reader.Next(&block),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("disk")));
}

TEST(CsvReader, AgreesWithASlowReaderOnRandomTextAtEveryBlockSize) {
  std::mt19937 random(20261121);
  const std::string alphabet = std::string("ab,,\"\"\n\r ") + '\0';
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    const size_t size = random() % 200;
    for (size_t i = 0; i < size; ++i) {
      text += alphabet[random() % (round % 4 == 0 ? alphabet.size() : 8)];
    }
    SlowCsv slow(text);
    const std::vector<Row> expected = slow.Read();
    const size_t block = 1 + random() % 70;
    const auto rows = ReadAll(text, block, 1 + random() % 40);
    if (slow.open_quote()) {
      ASSERT_FALSE(rows.ok()) << "round " << round;
    } else {
      ASSERT_OK(rows) << "round " << round;
      ASSERT_EQ(*rows, expected) << "round " << round << " block " << block;
    }
  }
}

}  // namespace
}  // namespace tally::pseudonymiser
