#include "wire/person_batch_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/strings.h"
#include "random_batch.h"
#include "status_matchers.h"
#include "tally/extract/v1/extract.pb.h"
#include "wire/limits.h"

namespace tally::wire {
namespace {

struct People {
  std::vector<uint8_t> tokens;
  std::vector<uint8_t> flags;
  uint64_t first = 0;

  PersonBatchView View() const {
    return {PersonKind::kNhsNumber, first, tokens, flags};
  }
};

People RandomPeople(uint64_t seed, size_t count, uint64_t first) {
  TestRandom random(seed);
  People people;
  people.first = first;
  for (size_t i = 0; i < count * kTokenBytes; ++i) {
    people.tokens.push_back(static_cast<uint8_t>(random.Next()));
  }
  for (size_t i = 0; i < count; ++i) {
    people.flags.push_back(static_cast<uint8_t>(random.Below(2)));
  }
  return people;
}

std::string Encoded(const People& people) {
  std::string bytes;
  EXPECT_THAT(EncodePersonBatch(people.View(), bytes), IsOk());
  return bytes;
}

extract::v1::PersonBatch Message(const People& people) {
  extract::v1::PersonBatch message;
  message.set_kind(extract::v1::PERSON_KIND_NHS_NUMBER);
  message.set_first_person_index(static_cast<int64_t>(people.first));
  message.set_tokens(std::string(AsChars(people.tokens)));
  message.set_flags(std::string(AsChars(people.flags)));
  return message;
}

absl::Status DecodeText(const std::string& bytes) {
  return DecodePersonBatch(AsBytes(bytes)).status();
}

TEST(PersonBatchCodec, EncodesAsTheGeneratedMessageDoesAndDecodesBack) {
  uint64_t seed = 0;
  for (const size_t count : {1u, 2u, 7u, 1000u, 24000u}) {
    for (const uint64_t first : {0u, 1u, 127u, 128u, 2000000000u}) {
      const People people = RandomPeople(++seed, count, first);
      const std::string bytes = Encoded(people);
      EXPECT_EQ(bytes, Message(people).SerializeAsString());
      const absl::StatusOr<PersonBatchView> view =
          DecodePersonBatch(AsBytes(bytes));
      ASSERT_THAT(view, IsOk());
      EXPECT_EQ(view->first_person_index, first);
      EXPECT_EQ(AsChars(view->tokens), AsChars(people.tokens));
      EXPECT_EQ(AsChars(view->flags), AsChars(people.flags));
      EXPECT_EQ(view->size(), count);
    }
  }
}

TEST(PersonBatchCodec, LargestBatchFitsARequest) {
  EXPECT_LE(
      Encoded(RandomPeople(1, kMaxTokens, kMaxPersons - kMaxTokens)).size(),
      kAimRequestBytes - kMaxEnvelopeBytes);
}

TEST(PersonBatchCodec, RefusesTokensThatAreNotWhole) {
  for (const size_t bytes : {0u, 1u, 31u, 33u, 63u}) {
    extract::v1::PersonBatch message = Message(RandomPeople(1, 2, 0));
    message.set_tokens(std::string(bytes, 'x'));
    EXPECT_THAT(DecodeText(message.SerializeAsString()),
                ReasonIs(Reason::kElementLength))
        << bytes;
  }
}

TEST(PersonBatchCodec, RefusesTooManyTokens) {
  People people = RandomPeople(1, kMaxTokens + 1, 0);
  EXPECT_THAT(DecodeText(Message(people).SerializeAsString()),
              ReasonIs(Reason::kBatchTooLarge));
  std::string bytes;
  EXPECT_THAT(EncodePersonBatch(people.View(), bytes),
              ReasonIs(Reason::kBatchTooLarge));
}

TEST(PersonBatchCodec, AcceptsTheLastPersonNumberAndRefusesTheNext) {
  EXPECT_THAT(
      DecodeText(
          Message(RandomPeople(1, 2, kMaxPersons - 2)).SerializeAsString()),
      IsOk());
  EXPECT_THAT(
      DecodeText(
          Message(RandomPeople(1, 2, kMaxPersons - 1)).SerializeAsString()),
      ReasonIs(Reason::kPersonIndexRange));
  extract::v1::PersonBatch negative = Message(RandomPeople(1, 1, 0));
  negative.set_first_person_index(-1);
  EXPECT_THAT(DecodeText(negative.SerializeAsString()),
              ReasonIs(Reason::kPersonIndexRange));
}

TEST(PersonBatchCodec, RefusesFlagsOfAnotherCountOrWithUnknownBits) {
  extract::v1::PersonBatch message = Message(RandomPeople(1, 3, 0));
  for (const std::string& flags :
       {std::string(), std::string(2, '\0'), std::string(4, '\0'),
        std::string("\0\2\0", 3), std::string("\0\0\x80", 3)}) {
    message.set_flags(flags);
    EXPECT_THAT(DecodeText(message.SerializeAsString()),
                ReasonIs(Reason::kFieldInvalid));
  }
}

TEST(PersonBatchCodec, RefusesEveryOtherKind) {
  for (const int kind : {0, 2, 3, 11, 15, 127, 300}) {
    extract::v1::PersonBatch message = Message(RandomPeople(1, 1, 0));
    message.set_kind(static_cast<extract::v1::PersonKind>(kind));
    EXPECT_THAT(DecodeText(message.SerializeAsString()),
                ReasonIs(Reason::kFieldInvalid))
        << kind;
  }
}

TEST(PersonBatchCodec, RefusesEveryTruncationAndEveryByteBehindTheEnd) {
  const std::string bytes = Encoded(RandomPeople(4, 3, 200));
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(DecodeText(bytes.substr(0, length)).ok()) << length;
  }
  for (int byte = 0; byte < 256; ++byte) {
    EXPECT_FALSE(DecodeText(bytes + static_cast<char>(byte)).ok()) << byte;
  }
}

TEST(PersonBatchCodec, RefusesASecondSpellingOfTheSameBatch) {
  const std::string bytes = Encoded(RandomPeople(4, 1, 5));
  ASSERT_EQ(bytes.substr(0, 4), std::string("\x08\x01\x10\x05", 4));
  const std::string rest = bytes.substr(4);
  EXPECT_FALSE(DecodeText("\x10\x05\x08\x01" + rest).ok());  // other order
  EXPECT_FALSE(DecodeText("\x08\x81" + std::string(1, '\0') + "\x10\x05" + rest)
                   .ok());  // longer varint
  EXPECT_FALSE(DecodeText(std::string("\x08\x01\x08\x01\x10\x05") + rest).ok());
  EXPECT_FALSE(
      DecodeText(std::string("\x08\x01\x10\x00", 4) + rest).ok());  // default
  EXPECT_FALSE(DecodeText(bytes + rest).ok());  // repeated fields
}

TEST(PersonBatchCodec, SurvivesEverySingleByteChange) {
  const std::string bytes = Encoded(RandomPeople(9, 2, 130));
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int flip = 1; flip < 256; ++flip) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      const auto view = DecodePersonBatch(AsBytes(changed));
      if (!view.ok()) continue;
      std::string again;
      ASSERT_THAT(EncodePersonBatch(*view, again), IsOk());
      EXPECT_EQ(again, changed);
    }
  }
}

}  // namespace
}  // namespace tally::wire
