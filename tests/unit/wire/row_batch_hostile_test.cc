// What a hostile or faulty source could send as a RowBatch, rule by rule.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

#include "base/bytes.h"
#include "base/strings.h"
#include "random_batch.h"
#include "row_batch_oracle.h"
#include "status_matchers.h"
#include "wire/limits.h"
#include "wire/row_batch_codec.h"

namespace tally::wire {
namespace {

using dataset::RecordBatch;
using extract::v1::RowBatch;

constexpr uint64_t kHostilePersons = 10;
constexpr size_t kRows = 9;

enum Place { kDay, kFlag, kSmall, kLarge, kReal, kCode, kChoice, kText };

absl::Status Decode(const std::string& bytes) {
  RecordBatch out;
  return DecodeRowBatch(EveryType(), {kHostilePersons, kToday}, AsBytes(bytes),
                        out);
}

// A good message without nulls, after `change`.
absl::Status After(const std::function<void(RowBatch&)>& change,
                   uint64_t nulls = 0) {
  RowBatch message = ToMessage(RandomBatch(7, kRows, nulls, kHostilePersons));
  change(message);
  return Decode(Serialised(message));
}

ErrorDetail DetailAfter(const std::function<void(RowBatch&)>& change,
                        uint64_t nulls = 0) {
  const absl::Status status = After(change, nulls);
  EXPECT_FALSE(status.ok());
  return DetailOf(status).value_or(ErrorDetail());
}

TEST(RowBatchHostile, UnchangedMessageIsAccepted) {
  EXPECT_THAT(After([](RowBatch&) {}), IsOk());
  EXPECT_THAT(After([](RowBatch&) {}, 2), IsOk());
}

TEST(RowBatchHostile, RowCountBounds) {
  EXPECT_THAT(After([](RowBatch& m) { m.set_row_count(0); }),
              ReasonIs(Reason::kFieldInvalid));
  EXPECT_THAT(After([](RowBatch& m) { m.set_row_count(16385); }),
              ReasonIs(Reason::kBatchTooLarge));
  EXPECT_THAT(After([](RowBatch& m) { m.set_row_count(0xffffffff); }),
              ReasonIs(Reason::kBatchTooLarge));
  EXPECT_THAT(After([](RowBatch& m) { m.set_row_count(kRows + 1); }),
              ReasonIs(Reason::kColumnEncoding));
  EXPECT_THAT(After([](RowBatch& m) { m.set_row_count(kRows - 1); }),
              ReasonIs(Reason::kColumnEncoding));
}

TEST(RowBatchHostile, PositionsBeyondTheirBounds) {
  EXPECT_THAT(After([](RowBatch& m) { m.set_dataset(32); }),
              ReasonIs(Reason::kFieldInvalid));
  EXPECT_THAT(After([](RowBatch& m) { m.set_first_row(-1); }),
              ReasonIs(Reason::kFieldInvalid));
  EXPECT_THAT(After([](RowBatch& m) {
                m.set_first_row(std::numeric_limits<int64_t>::max());
              }),
              ReasonIs(Reason::kFieldInvalid));
}

TEST(RowBatchHostile, PersonIndexOutsideThePeopleSent) {
  for (const int32_t index : {-2, 10, 11, std::numeric_limits<int32_t>::max(),
                              std::numeric_limits<int32_t>::min()}) {
    const ErrorDetail detail = DetailAfter([&](RowBatch& m) {
      m.set_first_row(100);
      m.set_person_index(3, index);
      m.clear_person_reason();
      for (int i = 0; i < 9; ++i) {
        if (i != 3) m.set_person_index(i, 0);
      }
    });
    EXPECT_EQ(detail.reason, Reason::kPersonIndexRange) << index;
    EXPECT_EQ(detail.field, "person_index");
    EXPECT_EQ(detail.row, 104);
    EXPECT_EQ(detail.limit, 10);
  }
}

TEST(RowBatchHostile, PersonAndReasonMustFit) {
  const auto with = [](int32_t index, int reason) {
    return After([&](RowBatch& m) {
      for (int i = 0; i < 9; ++i) m.set_person_index(i, 1);
      m.set_person_index(2, index);
      std::string reasons(kRows, '\0');
      reasons[2] = static_cast<char>(reason);
      if (reason != 0) {
        m.set_person_reason(reasons);
      } else {
        m.clear_person_reason();
      }
    });
  };
  EXPECT_THAT(with(1, 0), IsOk());
  for (int reason = 1; reason < 256; ++reason) {
    // 1 to 13 are the unlinked reasons.
    EXPECT_THAT(with(-1, reason), reason <= 13
                                      ? testing::Matcher<absl::Status>(IsOk())
                                      : ReasonIs(Reason::kFieldInvalid))
        << reason;
    EXPECT_THAT(with(1, reason), ReasonIs(Reason::kFieldInvalid)) << reason;
  }
  EXPECT_THAT(with(-1, 0), ReasonIs(Reason::kFieldInvalid));
}

TEST(RowBatchHostile, PersonReasonHasOneSpelling) {
  const auto with = [](const std::string& reasons) {
    return After([&](RowBatch& m) {
      for (int i = 0; i < 9; ++i) m.set_person_index(i, 1);
      m.set_person_reason(reasons);
    });
  };
  EXPECT_THAT(with(std::string(kRows, '\0')),
              ReasonIs(Reason::kColumnEncoding));
  EXPECT_THAT(with(std::string(kRows - 1, '\1')),
              ReasonIs(Reason::kColumnEncoding));
  EXPECT_THAT(with(std::string(kRows + 1, '\1')),
              ReasonIs(Reason::kColumnEncoding));
}

TEST(RowBatchHostile, ColumnsAreExactlyTheSpecifications) {
  const auto mismatch = ReasonIs(Reason::kColumnMismatch);
  EXPECT_THAT(After([](RowBatch& m) { m.mutable_columns()->RemoveLast(); }),
              mismatch);
  EXPECT_THAT(After([](RowBatch& m) { m.clear_columns(); }), mismatch);
  EXPECT_THAT(
      After([](RowBatch& m) { m.mutable_columns()->DeleteSubrange(2, 1); }),
      mismatch);
  EXPECT_THAT(
      After([](RowBatch& m) { m.mutable_columns()->SwapElements(1, 2); }),
      mismatch);
  EXPECT_THAT(After([](RowBatch& m) { *m.add_columns() = m.columns(kText); }),
              mismatch);
  EXPECT_THAT(
      After([](RowBatch& m) { m.mutable_columns(kText)->set_column(511); }),
      mismatch);
}

TEST(RowBatchHostile, ValuesOfAnotherTypeAreAMismatch) {
  for (int to = 0; to < 8; ++to) {
    for (int from = 0; from < 8; ++from) {
      const bool both_codes =
          (to == kCode || to == kChoice) && (from == kCode || from == kChoice);
      if (to == from || both_codes) continue;
      const ErrorDetail detail = DetailAfter([&](RowBatch& m) {
        extract::v1::Column column = m.columns(from);
        column.set_column(static_cast<uint32_t>(to));
        *m.mutable_columns(to) = column;
      });
      EXPECT_EQ(detail.reason, Reason::kColumnMismatch) << to << " " << from;
    }
  }
}

TEST(RowBatchHostile, ColumnWithoutValues) {
  EXPECT_THAT(
      After([](RowBatch& m) { m.mutable_columns(kSmall)->clear_values(); }),
      ReasonIs(Reason::kColumnEncoding));
}

TEST(RowBatchHostile, PresentHasOneSpelling) {
  const auto with = [](const std::string& present) {
    return DetailAfter(
        [&](RowBatch& m) { m.mutable_columns(kSmall)->set_present(present); });
  };
  // All present must be left out; spare bits; length.
  for (const std::string& present :
       {std::string("\xff\x01", 2), std::string("\xff\x03", 2),
        std::string("\xff", 1), std::string("\xff\x01\x00", 3)}) {
    const ErrorDetail detail = with(present);
    EXPECT_EQ(detail.reason, Reason::kColumnEncoding);
    EXPECT_EQ(detail.field, "columns[2].present");
    EXPECT_EQ(detail.column, "small");
  }
}

TEST(RowBatchHostile, SlotsUnderNullsAreZero) {
  // Row 0 null in every column that may be; the value stays where it was.
  for (int place = kFlag; place <= kText; ++place) {
    const ErrorDetail detail = DetailAfter([&](RowBatch& m) {
      extract::v1::Column& column = *m.mutable_columns(place);
      column.set_present(std::string("\xfe\x01", 2));
      if (place == kFlag) column.set_bools(std::string("\x01\x00", 2));
      if (place == kSmall) column.mutable_int32s()->set_values(0, 1);
      if (place == kLarge) column.mutable_int64s()->set_values(0, 1);
      if (place == kReal) column.mutable_doubles()->set_values(0, -0.0);
      if (place == kCode || place == kChoice) {
        column.mutable_codes()->set_index(0, 1);
      }
    });
    EXPECT_EQ(detail.reason, Reason::kColumnEncoding) << place;
  }
}

TEST(RowBatchHostile, NullInARequiredColumn) {
  const ErrorDetail detail = DetailAfter([](RowBatch& m) {
    m.set_first_row(50);
    m.mutable_columns(kDay)->set_present(std::string("\xfd\x01", 2));
    m.mutable_columns(kDay)->mutable_dates()->set_values(1, 0);
  });
  EXPECT_EQ(detail.reason, Reason::kValueRefused);
  EXPECT_EQ(detail.field, "columns[0].dates");
  EXPECT_EQ(detail.column, "day");
  EXPECT_EQ(detail.row, 52);
}

TEST(RowBatchHostile, ArraysHaveOneSlotARow) {
  const auto encoding = ReasonIs(Reason::kColumnEncoding);
  EXPECT_THAT(After([](RowBatch& m) {
                m.mutable_columns(kSmall)->mutable_int32s()->add_values(1);
              }),
              encoding);
  EXPECT_THAT(After([](RowBatch& m) {
                m.mutable_columns(kSmall)
                    ->mutable_int32s()
                    ->mutable_values()
                    ->RemoveLast();
              }),
              encoding);
  EXPECT_THAT(After([](RowBatch& m) {
                m.mutable_columns(kLarge)->mutable_int64s()->add_values(1);
              }),
              encoding);
  EXPECT_THAT(After([](RowBatch& m) {
                m.mutable_columns(kReal)->mutable_doubles()->add_values(1);
              }),
              encoding);
  EXPECT_THAT(After([](RowBatch& m) {
                m.mutable_columns(kDay)->mutable_dates()->add_values(1);
              }),
              encoding);
  EXPECT_THAT(After([](RowBatch& m) {
                m.mutable_columns(kFlag)->set_bools(std::string(3, '\0'));
              }),
              encoding);
  EXPECT_THAT(After([](RowBatch& m) {
                m.mutable_columns(kCode)->mutable_codes()->add_index(0);
              }),
              encoding);
  EXPECT_THAT(After([](RowBatch& m) {
                auto* texts = m.mutable_columns(kText)->mutable_texts();
                texts->add_end(texts->end(kRows - 1));
              }),
              encoding);
  EXPECT_THAT(After([](RowBatch& m) {
                m.mutable_columns(kSmall)->mutable_int32s()->clear_values();
              }),
              encoding);
}

TEST(RowBatchHostile, ValuesOutsideTheirRange) {
  const auto refused = ReasonIs(Reason::kValueRefused);
  for (const int32_t value : {-1001, 1001, INT32_MAX, INT32_MIN}) {
    EXPECT_THAT(After([&](RowBatch& m) {
                  m.mutable_columns(kSmall)->mutable_int32s()->set_values(
                      4, value);
                }),
                refused);
  }
  EXPECT_THAT(After([](RowBatch& m) {
                m.mutable_columns(kLarge)->mutable_int64s()->set_values(
                    4, INT64_MAX);
              }),
              refused);
  EXPECT_THAT(After([](RowBatch& m) {
                m.mutable_columns(kReal)->mutable_doubles()->set_values(4,
                                                                        1e301);
              }),
              refused);
  EXPECT_THAT(After([](RowBatch& m) {
                m.mutable_columns(kDay)->mutable_dates()->set_values(4, 7304);
              }),
              refused);
  EXPECT_THAT(After([](RowBatch& m) {
                m.mutable_columns(kDay)->mutable_dates()->set_values(
                    4, kToday + 1);
              }),
              refused);
  EXPECT_THAT(After([](RowBatch& m) {
                m.mutable_columns(kDay)->mutable_dates()->set_values(4, kToday);
              }),
              IsOk());
}

TEST(RowBatchHostile, DoublesAreFiniteAndNeverMinusZero) {
  for (const double value : {std::numeric_limits<double>::quiet_NaN(),
                             std::numeric_limits<double>::infinity(), -0.0}) {
    EXPECT_THAT(After([&](RowBatch& m) {
                  m.mutable_columns(kReal)->mutable_doubles()->set_values(
                      4, value);
                }),
                ReasonIs(Reason::kColumnEncoding));
  }
}

// Replaces the codes of the column by one value for all rows.
std::function<void(RowBatch&)> AllCodes(Place place, std::string value) {
  return [=](RowBatch& m) {
    auto* codes = m.mutable_columns(place)->mutable_codes();
    codes->Clear();
    codes->add_dictionary(value);
    for (size_t i = 0; i < kRows; ++i) codes->add_index(0);
  };
}

TEST(RowBatchHostile, CodesOutsideTheirPatternOrList) {
  EXPECT_THAT(After(AllCodes(kCode, "A1")), IsOk());
  for (const std::string& value :
       {std::string("a1"), std::string("A"), std::string("A123456"),
        std::string("A1 "), std::string(), std::string("A\n"),
        std::string("A\x80"), std::string("A\0", 2), std::string(65, 'A')}) {
    EXPECT_THAT(After(AllCodes(kCode, value)), ReasonIs(Reason::kValueRefused));
  }
  EXPECT_THAT(After(AllCodes(kChoice, "9")), IsOk());
  EXPECT_THAT(After(AllCodes(kChoice, "3")), ReasonIs(Reason::kValueRefused));
}

TEST(RowBatchHostile, DictionaryIsSortedDistinctAndFullyUsed) {
  const auto with = [](std::initializer_list<const char*> entries,
                       uint32_t last) {
    return After([&](RowBatch& m) {
      auto* codes = m.mutable_columns(kCode)->mutable_codes();
      codes->Clear();
      for (const char* entry : entries) codes->add_dictionary(entry);
      for (size_t i = 0; i < kRows; ++i) {
        codes->add_index(i == 0 ? 0 : last);
      }
    });
  };
  EXPECT_THAT(with({"A1", "B1"}, 1), IsOk());
  EXPECT_THAT(with({"B1", "A1"}, 1), ReasonIs(Reason::kColumnEncoding));
  EXPECT_THAT(with({"A1", "A1"}, 1), ReasonIs(Reason::kColumnEncoding));
  EXPECT_THAT(with({"A1", "B1", "C1"}, 1), ReasonIs(Reason::kColumnEncoding));
  EXPECT_THAT(with({"A1", "B1"}, 2), ReasonIs(Reason::kColumnEncoding));
  EXPECT_THAT(with({"A1", "B1"}, UINT32_MAX),
              ReasonIs(Reason::kColumnEncoding));
}

TEST(RowBatchHostile, TextsAreUtf8WithoutControls) {
  const auto with = [](const std::string& data, uint32_t first_end) {
    return After([&](RowBatch& m) {
      auto* texts = m.mutable_columns(kText)->mutable_texts();
      texts->Clear();
      texts->set_data(data);
      for (size_t i = 0; i < kRows; ++i) {
        texts->add_end(i == 0 ? first_end
                              : first_end + static_cast<uint32_t>(i));
      }
    });
  };
  EXPECT_THAT(with("mg" + std::string(8, 'a'), 2), IsOk());
  for (const std::string& value :
       {std::string("MG"), std::string("m\n"), std::string("m\x7f"),
        std::string("\xc2\xb5"), std::string("m\xff"),
        std::string("\xc0\x80")}) {
    EXPECT_THAT(with(value + std::string(8, 'a'), 2),
                ReasonIs(Reason::kValueRefused));
  }
  EXPECT_THAT(with(std::string(21 + 8, 'a'), 21),
              ReasonIs(Reason::kValueRefused));
  // An empty value is a null and nothing else.
  EXPECT_THAT(with(std::string(8, 'a'), 0), ReasonIs(Reason::kValueRefused));
}

TEST(RowBatchHostile, TextEndsAscendInsideTheData) {
  const auto with = [](int row, uint32_t end) {
    return After([&](RowBatch& m) {
      m.mutable_columns(kText)->mutable_texts()->set_end(row, end);
    });
  };
  EXPECT_THAT(with(8, 0xffffffff), ReasonIs(Reason::kColumnEncoding));
  EXPECT_THAT(with(8, 0), ReasonIs(Reason::kColumnEncoding));
  EXPECT_THAT(
      After([](RowBatch& m) {
        m.mutable_columns(kText)->mutable_texts()->mutable_data()->append("x");
      }),
      ReasonIs(Reason::kColumnEncoding));
  EXPECT_THAT(After([](RowBatch& m) {
                m.mutable_columns(kText)->mutable_texts()->clear_data();
              }),
              ReasonIs(Reason::kColumnEncoding));
}

TEST(RowBatchHostile, EveryTruncationIsRefused) {
  const std::string bytes =
      Serialised(ToMessage(RandomBatch(7, kRows, 3, kHostilePersons)));
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(Decode(bytes.substr(0, length)).ok()) << length;
  }
}

TEST(RowBatchHostile, UnknownAndRepeatedFieldsAreRefusedEverywhere) {
  const std::string bytes =
      Serialised(ToMessage(RandomBatch(7, kRows, 0, kHostilePersons)));
  // Field 7 as varint, field 15 as bytes, a group, a second row_count.
  for (const char* more : {"\x38\x01", "\x7a\x01x", "\x3b\x3c", "\x18\x09"}) {
    EXPECT_FALSE(Decode(bytes + more).ok());
    EXPECT_FALSE(Decode(more + bytes).ok());
  }
  RowBatch message = ToMessage(RandomBatch(7, kRows, 0, kHostilePersons));
  message.GetReflection()
      ->MutableUnknownFields(message.mutable_columns(kSmall))
      ->AddVarint(12, 1);
  EXPECT_THAT(Decode(Serialised(message)), ReasonIs(Reason::kColumnEncoding));
  RowBatch inner = ToMessage(RandomBatch(7, kRows, 0, kHostilePersons));
  inner.GetReflection()
      ->MutableUnknownFields(inner.mutable_columns(kCode)->mutable_codes())
      ->AddLengthDelimited(3, "x");
  EXPECT_THAT(Decode(Serialised(inner)), ReasonIs(Reason::kColumnEncoding));
}

TEST(RowBatchHostile, EverySingleByteChangeIsRefusedOrHasItsOwnEncoding) {
  const std::string bytes =
      Serialised(ToMessage(RandomBatch(11, kRows, 4, kHostilePersons)));
  size_t accepted = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int flip = 1; flip < 256; ++flip) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      RecordBatch out;
      if (!DecodeRowBatch(EveryType(), {kHostilePersons, kToday},
                          AsBytes(changed), out)
               .ok()) {
        continue;
      }
      ++accepted;
      std::string again;
      ASSERT_THAT(EncodeRowBatch(EveryType(), out, again), IsOk());
      ASSERT_EQ(again, changed) << i << " " << flip;
    }
  }
  EXPECT_GT(accepted, 100u);  // the test does reach good batches
}

TEST(RowBatchHostile, TooLongContentIsRefusedBeforeItIsRead) {
  EXPECT_THAT(Decode(std::string(kMaxContentBytes + 1, '\0')),
              ReasonIs(Reason::kBatchTooLarge));
}

TEST(RowBatchHostile, MessagesNeverCarryAValue) {
  const absl::Status status = After(AllCodes(kCode, "SECRETVALUE"));
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(ToStd(status.message()).find("SECRET"), std::string_view::npos);
}

}  // namespace
}  // namespace tally::wire
