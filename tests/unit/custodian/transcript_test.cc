#include "custodian/transcript.h"

#include "base/sha256.h"
#include "custodian_fixture.h"

namespace tally::custodian {
namespace {

class TranscriptTest : public CustodianTest {
 protected:
  std::string path_ = dir_.Path("transcript.jsonl");
  void AddThree() {
    Transcript transcript = Transcript::Open(path_).value();
    for (const std::string_view action : {"a.one", "b.two", "c.three"}) {
      JsonValue entry = JsonValue::MakeObject();
      entry.Set("ceremony", std::string(action));
      ASSERT_OK(transcript.Add(action, entry));
    }
  }
};

TEST_F(TranscriptTest, BeginsEmpty) {
  ASSERT_OK_AND_ASSIGN(const Transcript transcript, Transcript::Open(path_));
  EXPECT_TRUE(transcript.entries().empty());
  EXPECT_EQ(transcript.head(), std::string(64, '0'));
}

TEST_F(TranscriptTest, EntriesAreChained) {
  AddThree();
  ASSERT_OK_AND_ASSIGN(const Transcript transcript, Transcript::Open(path_));
  ASSERT_EQ(transcript.entries().size(), 3u);
  const std::string text = Slurp(path_);
  std::string previous(64, '0');
  size_t at = 0;
  for (size_t i = 0; i < 3; ++i) {
    const size_t end = text.find('\n', at);
    EXPECT_EQ(*transcript.entries()[i].GetString("previous"), previous);
    EXPECT_EQ(*transcript.entries()[i].GetInt("seq"),
              static_cast<int64_t>(i) + 1);
    previous = Sha256Hex(text.substr(at, end + 1 - at));
    at = end + 1;
  }
  EXPECT_EQ(transcript.head(), previous);
}

// A cut at any byte is a torn line or a shorter transcript that still holds;
// any changed byte, and any line out of place, is found.
TEST_F(TranscriptTest, ChangedBytesAreFound) {
  AddThree();
  const std::string good = Slurp(path_);
  const size_t last_line = good.rfind('\n', good.size() - 2) + 1;
  for (size_t i = 0; i < last_line; ++i) {
    std::string changed = good;
    changed[i] = changed[i] == '1' ? '2' : '1';
    WriteFile(path_, changed);
    EXPECT_THAT(Transcript::Open(path_), ExitCodeIs(kExitIntegrity)) << i;
  }
}

TEST_F(TranscriptTest, MissingOrExchangedLinesAreFound) {
  AddThree();
  const std::string good = Slurp(path_);
  const size_t one = good.find('\n') + 1;
  const size_t two = good.find('\n', one) + 1;
  for (const std::string& text :
       {good.substr(one), good.substr(0, one) + good.substr(two),
        good.substr(one, two - one) + good.substr(0, one) + good.substr(two),
        good + good.substr(two), "\n" + good}) {
    WriteFile(path_, text);
    EXPECT_THAT(Transcript::Open(path_), ExitCodeIs(kExitIntegrity));
  }
}

TEST_F(TranscriptTest, TornLastLineIsCutAndGoesOn) {
  AddThree();
  const std::string good = Slurp(path_);
  const size_t two = good.rfind('\n', good.size() - 2) + 1;
  for (size_t size = two; size < good.size(); ++size) {
    WriteFile(path_, good.substr(0, size));
    ASSERT_OK_AND_ASSIGN(Transcript transcript, Transcript::Open(path_));
    EXPECT_EQ(transcript.entries().size(), 2u);
    EXPECT_EQ(Slurp(path_), good.substr(0, two));
  }
  ASSERT_OK_AND_ASSIGN(Transcript transcript, Transcript::Open(path_));
  ASSERT_OK(transcript.Add("again", JsonValue::MakeObject()));
  EXPECT_EQ(Transcript::Open(path_)->entries().size(), 3u);
}

}  // namespace
}  // namespace tally::custodian
