// Batches in memory and the checks of single values.

#include "dataset/record_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <string>

#include "dataset/column_filler.h"
#include "dataset/value_check.h"
#include "status_matchers.h"

namespace tally::dataset {
namespace {

TEST(CodeDictionary, GivesOneNumberToOneValue) {
  CodeDictionary dictionary;
  std::map<std::string, uint32_t> oracle;
  for (int i = 0; i < 50000; ++i) {
    const std::string value = "C" + std::to_string(i * 7919 % 3001);
    const auto [entry, added] =
        oracle.emplace(value, static_cast<uint32_t>(oracle.size()));
    ASSERT_EQ(dictionary.Intern(value), entry->second) << added;
  }
  ASSERT_EQ(dictionary.size(), oracle.size());
  for (const auto& [value, number] : oracle) {
    EXPECT_EQ(dictionary.value(number), value);
  }
}

TEST(CodeDictionary, ClearForgetsAndKeepsWorking) {
  CodeDictionary dictionary;
  dictionary.Intern("A");
  dictionary.Intern("B");
  dictionary.Clear();
  EXPECT_EQ(dictionary.size(), 0u);
  EXPECT_EQ(dictionary.total_bytes(), 0u);
  EXPECT_EQ(dictionary.Intern("B"), 0u);
  EXPECT_EQ(dictionary.Intern("A"), 1u);
}

TEST(CodeDictionary, TellsValuesOfEveryLengthApart) {
  CodeDictionary dictionary;
  std::string value;
  for (uint32_t i = 0; i < 64; ++i) {
    value += '0';
    EXPECT_EQ(dictionary.Intern(value), i);
  }
  for (uint32_t i = 0; i < 64; ++i) {
    EXPECT_EQ(dictionary.Intern(value.substr(0, i + 1)), i);
  }
}

TEST(Column, KeepsValuesAndNulls) {
  Column column(ColumnType::kInt32);
  for (int i = 0; i < 100; ++i) {
    if (i % 3 == 0) {
      column.AppendNull();
    } else {
      column.AppendInt32(i);
    }
  }
  EXPECT_EQ(column.rows(), 100u);
  EXPECT_EQ(column.null_count(), 34u);
  EXPECT_EQ(column.present().size(), 13u);
  for (size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(column.IsNull(i), i % 3 == 0);
    EXPECT_EQ(column.Int32(i), i % 3 == 0 ? 0 : static_cast<int32_t>(i));
  }
}

TEST(Column, SlotsUnderNullsAreZeroInEveryType) {
  for (int i = 0; i <= static_cast<int>(ColumnType::kText); ++i) {
    Column column(static_cast<ColumnType>(i));
    column.AppendNull();
    EXPECT_TRUE(column.IsNull(0));
    EXPECT_EQ(column.rows(), 1u);
    EXPECT_EQ(column.present()[0], 0);
    for (const uint8_t byte : column.bools()) EXPECT_EQ(byte, 0);
    for (const int32_t value : column.int32s()) EXPECT_EQ(value, 0);
    for (const int64_t value : column.int64s()) EXPECT_EQ(value, 0);
    for (const double value : column.doubles()) EXPECT_EQ(value, 0);
    for (const uint32_t value : column.code_indices()) EXPECT_EQ(value, 0u);
    for (const uint32_t value : column.text_ends()) EXPECT_EQ(value, 0u);
  }
}

TEST(Column, CodesAndTextsReadBack) {
  Column codes(ColumnType::kCode);
  codes.AppendCode("J44");
  codes.AppendNull();
  codes.AppendCode("E11");
  codes.AppendCode("J44");
  codes.AppendCodeIndex(1);
  EXPECT_EQ(codes.Code(0), "J44");
  EXPECT_EQ(codes.Code(1), "");
  EXPECT_EQ(codes.Code(3), "J44");
  EXPECT_EQ(codes.Code(4), "E11");
  EXPECT_EQ(codes.dictionary().size(), 2u);

  Column texts(ColumnType::kText);
  texts.AppendText("mmol/L");
  texts.AppendNull();
  texts.AppendText("%");
  EXPECT_EQ(texts.Text(0), "mmol/L");
  EXPECT_EQ(texts.Text(1), "");
  EXPECT_EQ(texts.Text(2), "%");
}

TEST(ColumnDeathTest, AnotherTypeAborts) {
  Column column(ColumnType::kInt32);
  EXPECT_DEATH(column.AppendDate(1), "check failed");
  EXPECT_DEATH(column.AppendCode("A"), "check failed");
  Column codes(ColumnType::kCode);
  EXPECT_DEATH(codes.AppendCodeIndex(0), "check failed");
}

TEST(ColumnFillerDeathTest, RefusesArraysThatDoNotFit) {
  Column column(ColumnType::kInt32);
  ColumnFiller filler(column);
  filler.present() = {0x03};
  filler.ints() = {1};
  EXPECT_DEATH(filler.Finish(2, 0), "check failed");
  filler.ints() = {1, 2};
  filler.Finish(2, 0);
  EXPECT_EQ(column.Int32(1), 2);
}

ColumnSpec SpecOf(std::string_view type, std::string_view rest) {
  const std::string text = std::string(R"(id = "x"
version = 1
title = "X"
kind = "snapshot"
person = { input = "n" }
national_opt_out = { applies = false, reason = "test" }
column = [ { name = "a", type = ")") +
                           std::string(type) +
                           R"(", class = "ATTR", description = "A", )" +
                           std::string(rest) + " } ]\n";
  auto parsed = Specification::Parse(text, "x.toml");
  EXPECT_THAT(parsed, IsOk());
  return parsed->columns()[0];
}

TEST(ValueCheck, IntegersStayInTheirRange) {
  const ColumnSpec column = SpecOf("int32", "min = -5, max = 5");
  EXPECT_EQ(CheckInteger(column, -5), RowReason::kNone);
  EXPECT_EQ(CheckInteger(column, 5), RowReason::kNone);
  EXPECT_EQ(CheckInteger(column, -6), RowReason::kValueRange);
  EXPECT_EQ(CheckInteger(column, 6), RowReason::kValueRange);
}

TEST(ValueCheck, DoublesAreFiniteAndInRange) {
  const ColumnSpec column = SpecOf("double", "min = 0.0, max = 10.0");
  EXPECT_EQ(CheckDouble(column, 0.0), RowReason::kNone);
  EXPECT_EQ(CheckDouble(column, 10.0), RowReason::kNone);
  EXPECT_EQ(CheckDouble(column, 10.0000001), RowReason::kValueRange);
  EXPECT_EQ(CheckDouble(column, -0.0), RowReason::kValueType);
  EXPECT_EQ(CheckDouble(column, std::numeric_limits<double>::quiet_NaN()),
            RowReason::kValueType);
  EXPECT_EQ(CheckDouble(column, std::numeric_limits<double>::infinity()),
            RowReason::kValueType);
}

TEST(ValueCheck, DatesEndToday) {
  const ColumnSpec column = SpecOf("date", "min = 1990-01-01, max = \"today\"");
  EXPECT_EQ(CheckDate(column, 7305, 20000), RowReason::kNone);
  EXPECT_EQ(CheckDate(column, 7304, 20000), RowReason::kValueRange);
  EXPECT_EQ(CheckDate(column, 20000, 20000), RowReason::kNone);
  EXPECT_EQ(CheckDate(column, 20001, 20000), RowReason::kDateFuture);
  const ColumnSpec open = SpecOf("date", "required = false");
  EXPECT_EQ(CheckDate(open, INT32_MAX, 0), RowReason::kNone);
}

TEST(ValueCheck, CodesFollowPatternOrList) {
  const ColumnSpec closed =
      SpecOf("code", R"(codes = { "1" = "One", "9" = "Nine" })");
  EXPECT_EQ(CheckCode(closed, "1"), RowReason::kNone);
  EXPECT_EQ(CheckCode(closed, "2"), RowReason::kValueNotInList);
  const ColumnSpec labelled =
      SpecOf("code", R"(pattern = "[0-9]", codes = { "1" = "One" })");
  EXPECT_EQ(CheckCode(labelled, "2"), RowReason::kNone);
  EXPECT_EQ(CheckCode(labelled, "A"), RowReason::kValueRange);
  EXPECT_EQ(CheckCode(labelled, ""), RowReason::kValueMissing);
  EXPECT_EQ(CheckCode(labelled, std::string(65, '1')), RowReason::kTextLength);
  EXPECT_EQ(CheckCode(labelled, "1\t"), RowReason::kTextEncoding);
  EXPECT_EQ(CheckCode(labelled, "\xc2\xb5"), RowReason::kTextEncoding);
}

TEST(ValueCheck, TextsAreShortUtf8WithoutControls) {
  const ColumnSpec column =
      SpecOf("text", R"(pattern = "[a-z/]{1,8}", max_length = 8)");
  EXPECT_EQ(CheckText(column, "mg/l"), RowReason::kNone);
  EXPECT_EQ(CheckText(column, ""), RowReason::kValueMissing);
  EXPECT_EQ(CheckText(column, "abcdefghi"), RowReason::kTextLength);
  EXPECT_EQ(CheckText(column, "a\xff"), RowReason::kTextEncoding);
  EXPECT_EQ(CheckText(column, "a\xed\xa0\x80"), RowReason::kTextEncoding);
  EXPECT_EQ(CheckText(column, "a\x01"), RowReason::kTextControl);
  EXPECT_EQ(CheckText(column, "A"), RowReason::kValueRange);
}

TEST(ValueCheck, ControlsAndHiddenMarksAreFound) {
  for (const char* text : {"\x01", "a\n", "\x7f", "\xc2\x85", "\xe2\x80\x8b",
                           "\xe2\x80\xae", "\xe2\x81\xa6", "\xef\xbb\xbf"}) {
    EXPECT_TRUE(HasControl(text)) << text;
  }
  for (const char* text : {"", "abc", "\xc2\xb5g", "\xe2\x82\xac",
                           "\xf0\x9f\x98\x80", "\xc3\xa9"}) {
    EXPECT_FALSE(HasControl(text)) << text;
  }
}

}  // namespace
}  // namespace tally::dataset
