#include "transport/peers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/files.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally::transport {
namespace {

using ::testing::HasSubstr;

const std::string kA(64, 'a');
const std::string kB(64, 'b');

std::string Source(const std::string& id, const std::string& keys) {
  return "  { uri = \"spiffe://d/source/" + id + "\", public_key_sha256 = [" +
         keys + "], organisation = \"" + id + "\", not_after = 2999-01-01 },\n";
}
std::string Operator(const std::string& more) {
  return "  { uri = \"spiffe://d/operator/j-price\", public_key_sha256 = [\"" +
         kB + "\"], organisation = \"hub\", not_after = 2999-01-01" + more +
         " },\n";
}
std::string List(const std::string& entries) {
  return "peer = [\n" + entries + "]\n";
}
absl::StatusOr<PeerList> Parse(const std::string& text) {
  return PeerList::Parse(text, "peers.toml", "d");
}
std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

TEST(PeerList, ReadsSourcesAndOperators) {
  const absl::StatusOr<PeerList> list = Parse(
      List(Source("b", Quoted(kA)) +
           Operator(", person = \"jo\", grants = [\"admin\", \"approve\"]")));
  ASSERT_THAT(list, IsOk());
  ASSERT_EQ(list->entries().size(), 2u);
  const PeerEntry* entry = list->Find({"d", PeerRole::kOperator, "j-price"});
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->person, "jo");
  EXPECT_TRUE(entry->grants.admin && entry->grants.approve);
  EXPECT_EQ(entry->not_after.ToIso(), "2999-01-01");
  const PeerEntry* source = list->Find({"d", PeerRole::kSource, "b"});
  ASSERT_NE(source, nullptr);
  EXPECT_FALSE(source->grants.admin || source->grants.approve);
  EXPECT_EQ(list->Find({"d", PeerRole::kSource, "c"}), nullptr);
  EXPECT_EQ(list->Find({"d", PeerRole::kAnalyst, "b"}), nullptr);
  EXPECT_EQ(list->Find({"e", PeerRole::kSource, "b"}), nullptr);
}

TEST(PeerList, AnEmptyListIsNobody) {
  EXPECT_TRUE(Parse("")->entries().empty());
  EXPECT_TRUE(Parse("peer = []\n")->entries().empty());
}

TEST(PeerList, TwoKeysServeARenewal) {
  EXPECT_THAT(Parse(List(Source("a", Quoted(kA) + ", " + Quoted(kB)))), IsOk());
}

TEST(PeerList, RefusesWhatItDoesNotUnderstand) {
  const std::string person = ", person = \"jo\"";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"peer = 1", "peers.toml:1"},
      {"peers = []", "peer"},
      {"peer = [1]", "table"},
      {List(Source("a", "")), "key digest"},
      {List(Source("a", Quoted(kA) + "," + Quoted(kB) + "," +
                            Quoted(std::string(64, 'c')))),
       "key digest"},
      {List(Source("a", Quoted("AB"))), "hexadecimal"},
      {List(Source("a", Quoted(std::string(64, 'A')))), "hexadecimal"},
      {List(Source("a", Quoted(kA)) + Source("a", Quoted(kB))), "twice"},
      {List(Source("a", Quoted(kA)) + Source("b", Quoted(kA))), "twice"},
      {List(Operator("")), "person"},
      {List(Operator(person + ", grants = [\"root\"]")), "grant"},
      {List(Operator(person + ", colour = 1")), "colour"},
      {List(Operator(", person = \"Jo Price\"")), "person"},
  };
  for (const auto& [text, words] : cases) {
    EXPECT_THAT(Parse(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(words)))
        << text;
  }
}

TEST(PeerList, GrantsAreForOperatorsOnly) {
  const std::string text =
      "peer = [ { uri = \"spiffe://d/source/a\", public_key_sha256 = [\"" + kA +
      "\"], organisation = \"a\", not_after = 2999-01-01, ";
  EXPECT_THAT(Parse(text + "grants = [\"admin\"] } ]"),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Parse(text + "person = \"jo\" } ]"),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(PeerList, RefusesOtherTrustDomainsAndHubs) {
  const auto with = [&](const std::string& uri) {
    return Parse("peer = [ { uri = \"" + uri + "\", public_key_sha256 = [\"" +
                 kA + "\"], organisation = \"a\", not_after = 2999-01-01 } ]");
  };
  EXPECT_THAT(with("spiffe://d/source/a"), IsOk());
  EXPECT_THAT(with("spiffe://e/source/a"),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(with("spiffe://d/hub/a"),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(with("spiffe://d/source/A"),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

class PeerBookTest : public ::testing::Test {
 protected:
  void Write(const std::string& text) {
    ASSERT_THAT(WriteFileAtomically(path_, text, 0600), IsOk());
  }
  TempDir folder_;
  const std::string path_ = folder_.path() + "/peers.toml";
};

TEST_F(PeerBookTest, NobodyWithoutAFileAtTheStart) {
  int told = 0;
  PeerBook book(path_, "d", [&](const absl::Status& status) {
    EXPECT_FALSE(status.ok());
    ++told;
  });
  EXPECT_TRUE(book.Current()->entries().empty());
  EXPECT_EQ(told, 1);
}

TEST_F(PeerBookTest, ABadListKeepsTheOneBeforeAndSaysSo) {
  Write(List(Source("a", Quoted(kA))));
  PeerBook book(path_, "d");
  const uint64_t generation = book.generation();
  Write("peer = [ { uri = ");
  EXPECT_THAT(book.Reload(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(book.Current()->entries().size(), 1u);
  EXPECT_EQ(book.generation(), generation);
  Write(List(""));
  EXPECT_THAT(book.Reload(), IsOk());
  EXPECT_TRUE(book.Current()->entries().empty());
  EXPECT_GT(book.generation(), generation);
}

TEST_F(PeerBookTest, AChangeComesIntoForceWithinFiveSeconds) {
  Write(List(Source("a", Quoted(kA))));
  PeerBook book(path_, "d");
  const uint64_t generation = book.generation();
  Write(List(Source("a", Quoted(kA)) + Source("b", Quoted(kB))));
  const int64_t end = NowMonotonicMs() + 5'000;
  while (book.generation() == generation && NowMonotonicMs() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(book.Current()->entries().size(), 2u);
}

}  // namespace
}  // namespace tally::transport
