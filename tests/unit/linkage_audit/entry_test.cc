#include "linkage/audit/entry.h"

#include <vector>

#include "audit_test_data.h"

namespace tally::linkage {
namespace {

AuditLeaf FullLeaf() {
  AuditLeaf leaf;
  leaf.seq = 12;
  leaf.ts = "2026-11-20T09:30:00.000Z";
  leaf.entry = MakeEntry(AuditAction::kReleaseApprove,
                         "projects/frailty-2026/releases/r2026-11");
  leaf.entry.corr = "00112233445566778899aabbccddeeff";
  leaf.entry.counts = {{"files", 7}, {"bytes", (int64_t{1} << 53) - 1}};
  leaf.entry.digests = {{"manifest", std::string(64, 'a')}};
  leaf.entry.reason =
      "zur \xc3\x9c"
      "berpr\xc3\xbc"
      "fung";
  leaf.entry.approvals = {"j-price", "a-khan"};
  return leaf;
}

TEST(AuditEntry, HasExactlyThisEncoding) {
  AuditLeaf leaf = FullLeaf();
  leaf.entry.reason = "caf\xc3\xa9";
  EXPECT_THAT(
      EncodeAuditLeaf(leaf),
      IsOkAndHolds(
          std::string("{\"action\":\"release.approve\","
                      "\"actor\":\"spiffe://example.nhs.uk/operator/j-price\","
                      "\"actor_key\":\"0123456789abcdef\","
                      "\"approvals\":[\"j-price\",\"a-khan\"],"
                      "\"corr\":\"00112233445566778899aabbccddeeff\","
                      "\"counts\":{\"bytes\":9007199254740991,\"files\":7},"
                      "\"digests\":{\"manifest\":\"") +
          std::string(64, 'a') +
          "\"},\"object\":\"projects/frailty-2026/releases/r2026-11\","
          "\"outcome\":\"ok\",\"reason\":\"caf\\u00e9\",\"seq\":12,"
          "\"ts\":\"2026-11-20T09:30:00.000Z\",\"v\":1}"));
}

TEST(AuditEntry, WhatIsEncodedParsesToTheSame) {
  const AuditLeaf leaf = FullLeaf();
  ASSERT_OK_AND_ASSIGN(const std::string line, EncodeAuditLeaf(leaf));
  ASSERT_OK_AND_ASSIGN(const AuditLeaf parsed, ParseAuditLeaf(line));
  EXPECT_TRUE(parsed == leaf);
  ASSERT_OK_AND_ASSIGN(const std::string entry, EncodeAuditEntry(leaf.entry));
  ASSERT_OK_AND_ASSIGN(const AuditEntry again, ParseAuditEntry(entry));
  EXPECT_TRUE(again == leaf.entry);
}

TEST(AuditEntry, AbsentFieldsAreLeftOut) {
  AuditLeaf leaf;
  leaf.ts = "2026-11-20T09:30:00.000Z";
  leaf.entry.action = AuditAction::kHubStart;
  leaf.entry.corr = std::string(32, '0');
  EXPECT_THAT(EncodeAuditLeaf(leaf),
              IsOkAndHolds("{\"action\":\"hub.start\",\"corr\":\"" +
                           std::string(32, '0') +
                           "\",\"outcome\":\"ok\",\"seq\":0,"
                           "\"ts\":\"2026-11-20T09:30:00.000Z\",\"v\":1}"));
}

TEST(AuditEntry, EveryActionHasItsOwnName) {
  int actions = 0;
  for (int i = 0; i <= static_cast<int>(AuditAction::kDenied); ++i) {
    const AuditAction action = static_cast<AuditAction>(i);
    const std::string_view name = AuditActionName(action);
    ASSERT_FALSE(name.empty());
    EXPECT_EQ(AuditActionFromName(name), action);
    ++actions;
  }
  EXPECT_EQ(actions, 20);
  EXPECT_EQ(AuditActionFromName("extract.delete"), std::nullopt);
}

TEST(AuditEntry, RefusesEntriesThatBreakTheFormat) {
  const auto refused = [](auto change) {
    AuditLeaf leaf = FullLeaf();
    change(leaf);
    return !EncodeAuditLeaf(leaf).ok();
  };
  EXPECT_FALSE(refused([](AuditLeaf&) {}));
  EXPECT_TRUE(refused([](AuditLeaf& l) { l.entry.corr = "short"; }));
  EXPECT_TRUE(
      refused([](AuditLeaf& l) { l.entry.corr = std::string(32, 'A'); }));
  EXPECT_TRUE(refused([](AuditLeaf& l) { l.entry.counts["n"] = -1; }));
  EXPECT_TRUE(
      refused([](AuditLeaf& l) { l.entry.counts["n"] = int64_t{1} << 53; }));
  EXPECT_TRUE(refused([](AuditLeaf& l) { l.entry.counts["Bad"] = 1; }));
  EXPECT_TRUE(refused([](AuditLeaf& l) { l.entry.digests["d"] = "ab"; }));
  EXPECT_TRUE(refused([](AuditLeaf& l) { l.entry.reason = "\xff"; }));
  EXPECT_TRUE(refused([](AuditLeaf& l) { l.entry.actor_key = "xyz"; }));
  EXPECT_TRUE(refused([](AuditLeaf& l) { l.entry.outcome = "failed"; }));
  EXPECT_TRUE(refused([](AuditLeaf& l) { l.entry.approvals = {""}; }));
  EXPECT_TRUE(refused([](AuditLeaf& l) { l.seq = uint64_t{1} << 53; }));
  EXPECT_TRUE(refused([](AuditLeaf& l) { l.ts = "2026-11-20T09:30:00Z"; }));
  EXPECT_TRUE(refused([](AuditLeaf& l) { l.ts = "2026-02-30T09:30:00.000Z"; }));
  EXPECT_TRUE(
      refused([](AuditLeaf& l) { l.entry.reason = std::string(2'000, 'x'); }));
}

TEST(AuditEntry, LongestEntryStaysWithinSixteenKib) {
  AuditLeaf leaf = FullLeaf();
  for (int i = 0; i < 64; ++i) {
    leaf.entry.approvals.push_back(std::string(250, 'a' + i % 26));
  }
  EXPECT_FALSE(EncodeAuditLeaf(leaf).ok());
  leaf.entry.approvals.resize(40);
  ASSERT_OK_AND_ASSIGN(const std::string line, EncodeAuditLeaf(leaf));
  EXPECT_LE(line.size(), kMaxAuditLeafBytes);
}

TEST(AuditEntry, RefusesEveryOtherSpelling) {
  ASSERT_OK_AND_ASSIGN(const std::string line, EncodeAuditLeaf(FullLeaf()));
  const auto replaced = [&line](std::string_view from, std::string_view to) {
    std::string other = line;
    const size_t at = other.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return other.replace(at, from.size(), to);
  };
  const std::vector<std::string> spellings = {
      " " + line,
      line + "\n",
      replaced(":", ": "),
      replaced("\\u00fc", "\\u00FC"),
      replaced("\\u00fc", "\xc3\xbc"),
      replaced("\"v\":1", "\"v\":2"),
      replaced("\"v\":1", "\"v\":1.0"),
      replaced("\"v\":1", "\"v\":1,\"w\":1"),
      replaced("\"seq\":12", "\"seq\":-12"),
      replaced("\"seq\":12", "\"seq\":\"12\""),
      replaced("release.approve", "release.destroy"),
      replaced("\"outcome\":\"ok\",", ""),
      replaced("\"seq\":12,", ""),
      replaced("\"files\":7", "\"files\":7.5"),
      replaced("\"approvals\":[", "\"approvals\":[1,"),
      "",
      "{}",
      "[]",
      "null",
  };
  for (const std::string& other : spellings) {
    EXPECT_THAT(ParseAuditLeaf(other), ReasonIs(Reason::kAuditCorrupt))
        << other;
  }
  EXPECT_THAT(ParseAuditLeaf(line), IsOk());
}

TEST(AuditEntry, CorrelationIdsDiffer) {
  EXPECT_NE(NewCorrelationId(), NewCorrelationId());
  EXPECT_EQ(NewCorrelationId().size(), 32u);
}

}  // namespace
}  // namespace tally::linkage
