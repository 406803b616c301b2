#include "dataset/extract_manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "dataset/receipt.h"
#include "manifest_fixture.h"
#include "status_matchers.h"

namespace tally::dataset {
namespace {

// The text of the example after one replacement, which must be found.
std::string Changed(std::string_view from, std::string_view to) {
  std::string json = ExampleManifest().ToJson();
  const size_t at = json.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return json.replace(at, from.size(), to);
}

std::string FieldAfter(const std::function<void(ExtractManifest&)>& change) {
  ExtractManifest manifest = ExampleManifest();
  change(manifest);
  const absl::Status status = manifest.Check();
  EXPECT_THAT(status, ReasonIs(Reason::kManifestInvalid));
  return DetailOf(status).value_or(ErrorDetail()).field;
}

TEST(ExtractManifest, IsOneLineOfSortedJson) {
  const std::string json = ExampleManifest().ToJson();
  EXPECT_TRUE(json.starts_with(
      R"({"batches":42,"created":"2026-11-20T08:15:00Z","datasets":[{"dataset":"gp-event","dropped":{"DATE_INVALID":21,"RESTRICTED_CODE":3},"rows":1203980,"rowsUnlinked":121,"specSha256":")"));
  EXPECT_TRUE(json.ends_with(R"("suite":"tally1-ristretto255-SHA512"})"
                             "\n"));
  EXPECT_EQ(json.find('\n'), json.size() - 1);
  EXPECT_NE(
      json.find(
          R"("lists":{"national_eligible":{"date":"2026-11-18","rows":"84100"},"restricted_codes":{"date":"2026-01-05","rows":1204,"sha256":")"),
      std::string::npos);
}

TEST(ExtractManifest, ParsesToTheSameAndWritesTheSameBytes) {
  const ExtractManifest manifest = ExampleManifest();
  ASSERT_THAT(manifest.Check(), IsOk());
  const auto parsed = ExtractManifest::Parse(manifest.ToJson());
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(*parsed, manifest);
  EXPECT_EQ(parsed->ToJson(), manifest.ToJson());
}

TEST(ExtractManifest, RefusesEveryOtherSpelling) {
  const std::string json = ExampleManifest().ToJson();
  const auto invalid = ReasonIs(Reason::kManifestInvalid);
  EXPECT_THAT(ExtractManifest::Parse(""), invalid);
  EXPECT_THAT(ExtractManifest::Parse(json.substr(0, json.size() - 1)), invalid);
  EXPECT_THAT(ExtractManifest::Parse(json + "\n"), invalid);
  EXPECT_THAT(ExtractManifest::Parse(" " + json), invalid);
  EXPECT_THAT(
      ExtractManifest::Parse(Changed("\"batches\":42", "\"batches\": 42")),
      invalid);
  EXPECT_THAT(
      ExtractManifest::Parse(Changed("\"batches\":42", "\"batches\":42.0")),
      invalid);
  EXPECT_THAT(
      ExtractManifest::Parse(Changed("\"batches\":42", "\"batches\":4.2e1")),
      invalid);
  EXPECT_THAT(
      ExtractManifest::Parse(Changed("\"batches\":42", "\"batches\":true")),
      invalid);
  EXPECT_THAT(
      ExtractManifest::Parse(Changed("\"batches\":42", "\"batches\":-1")),
      invalid);
  EXPECT_THAT(ExtractManifest::Parse(
                  Changed("\"batches\":42", "\"batches\":42,\"batches\":42")),
              invalid);
  EXPECT_THAT(ExtractManifest::Parse(Changed("gp-event", "gp\\u002devent")),
              invalid);
  EXPECT_THAT(ExtractManifest::Parse(Changed("{\"batches\":42,", "{")),
              invalid);
  EXPECT_THAT(ExtractManifest::Parse(
                  Changed("{\"batches\":42,", "{\"aa\":1,\"batches\":42,")),
              invalid);
  EXPECT_THAT(ExtractManifest::Parse(Changed("\"format\":1", "\"format\":2")),
              invalid);
  EXPECT_THAT(ExtractManifest::Parse(Changed("\"source\":\"gp-supplier-a\"",
                                             "\"source\":\"gp-supplier-b\"")),
              invalid);
  EXPECT_THAT(ExtractManifest::Parse(Changed("DATE_INVALID", "DATE_INVALIX")),
              invalid);
  EXPECT_THAT(
      ExtractManifest::Parse(Changed("restricted_codes", "restricted_xodes")),
      invalid);
  EXPECT_THAT(ExtractManifest::Parse(std::string(kMaxManifestBytes + 1, ' ')),
              invalid);
}

TEST(ExtractManifest, CheckNamesTheFieldAtFault) {
  using M = ExtractManifest;
  EXPECT_EQ(FieldAfter([](M& m) { m.created = "2026-11-20 08:15:00"; }),
            "created");
  EXPECT_EQ(FieldAfter([](M& m) { m.created = "2026-02-30T08:15:00Z"; }),
            "created");
  EXPECT_EQ(FieldAfter([](M& m) { m.datasets.clear(); }), "datasets");
  EXPECT_EQ(FieldAfter([](M& m) { m.datasets.resize(33); }), "datasets");
  EXPECT_EQ(FieldAfter([](M& m) { std::swap(m.datasets[0], m.datasets[1]); }),
            "datasets[1].dataset");
  EXPECT_EQ(FieldAfter([](M& m) { m.datasets[1].dataset = "gp-event"; }),
            "datasets[1].dataset");
  EXPECT_EQ(FieldAfter([](M& m) { m.datasets[0].spec_sha256 = "ab"; }),
            "datasets[0].specSha256");
  EXPECT_EQ(FieldAfter([](M& m) { m.datasets[0].rows_unlinked = 120; }),
            "datasets[0].unlinked");
  EXPECT_EQ(FieldAfter([](M& m) { m.datasets[0].rows = 5; }),
            "datasets[0].rowsUnlinked");
  EXPECT_EQ(FieldAfter([](M& m) {
              m.datasets[0].unlinked[RowReason::kNhsNumberMissing] = UINT64_MAX;
            }),
            "datasets[0].unlinked");
  EXPECT_EQ(FieldAfter([](M& m) { m.domain = "X"; }), "domain");
  EXPECT_EQ(FieldAfter([](M& m) { m.environment = "live"; }), "environment");
  EXPECT_EQ(FieldAfter([](M& m) { m.epoch = 0; }), "epoch");
  EXPECT_EQ(FieldAfter([](M& m) { m.extract.source = "../x"; }), "extract");
  EXPECT_EQ(FieldAfter([](M& m) { m.key_id = "FA8D4E17047812DD"; }), "keyId");
  EXPECT_EQ(FieldAfter([](M& m) { m.opted_out = "511"; }), "optedOut");
  EXPECT_EQ(FieldAfter([](M& m) { m.period_end = "2026-11-31"; }), "periodEnd");
  EXPECT_EQ(FieldAfter([](M& m) { m.period_end = "2026-12-31"; }), "periodEnd");
  EXPECT_EQ(FieldAfter([](M& m) { m.period_start = "2026-12-01"; }),
            "periodEnd");
  EXPECT_EQ(FieldAfter([](M& m) { m.persons = (uint64_t{1} << 31) + 1; }),
            "persons");
  EXPECT_EQ(FieldAfter([](M& m) { m.suite = ""; }), "suite");
}

TEST(ExtractManifest, ReasonsStandWhereTheyBelong) {
  for (const RowReason reason : AllRowReasons()) {
    const RowOutcome outcome = OutcomeOf(reason);
    ExtractManifest dropped = ExampleManifest();
    dropped.datasets[0].dropped = {{reason, 1}};
    const bool may_drop = (outcome == RowOutcome::kDroppedByRule ||
                           outcome == RowOutcome::kDroppedFault) &&
                          !IsOptOut(reason);
    EXPECT_EQ(dropped.Check().ok(), may_drop) << RowReasonName(reason);

    ExtractManifest unlinked = ExampleManifest();
    unlinked.datasets[0].unlinked = {{reason, 121}};
    EXPECT_EQ(unlinked.Check().ok(), outcome == RowOutcome::kUnlinked)
        << RowReasonName(reason);
  }
  EXPECT_EQ(FieldAfter([](ExtractManifest& m) {
              m.datasets[0].dropped[RowReason::kValueRange] = 0;
            }),
            "datasets[0].dropped.VALUE_RANGE");
}

TEST(ExtractManifest, ListsOfPeopleCarryNoDigestAndARoundedCount) {
  using M = ExtractManifest;
  EXPECT_EQ(FieldAfter([](M& m) {
              m.lists["type1_opt_outs"].sha256 = std::string(64, 'f');
            }),
            "lists.type1_opt_outs.sha256");
  EXPECT_EQ(FieldAfter([](M& m) { m.lists["type1_opt_outs"].rows = "3"; }),
            "lists.type1_opt_outs.rows");
  EXPECT_EQ(FieldAfter([](M& m) { m.lists["restricted_codes"].sha256 = ""; }),
            "lists.restricted_codes.sha256");
  EXPECT_EQ(FieldAfter([](M& m) { m.lists["restricted_codes"].rows = "*"; }),
            "lists.restricted_codes.rows");
}

TEST(CompareManifest, FindsEveryDifferenceInWhatTheHubCounts) {
  using M = ExtractManifest;
  const std::pair<const char*, std::function<void(M&)>> changes[] = {
      {"extract", [](M& m) { m.extract.extract.revision = 2; }},
      {"domain", [](M& m) { m.domain = "research"; }},
      {"environment", [](M& m) { m.environment = "test"; }},
      {"suite", [](M& m) { m.suite = "other"; }},
      {"epoch", [](M& m) { m.epoch = 2; }},
      {"keyId", [](M& m) { m.key_id[0] = '0'; }},
      {"periodStart", [](M& m) { m.period_start = "2026-10-01"; }},
      {"periodEnd", [](M& m) { m.period_end = "2026-11-29"; }},
      {"batches", [](M& m) { ++m.batches; }},
      {"persons", [](M& m) { --m.persons; }},
      {"datasets", [](M& m) { m.datasets.pop_back(); }},
      {"datasets[1].dataset", [](M& m) { m.datasets[1].dataset = "gp-x"; }},
      {"datasets[0].specSha256",
       [](M& m) { m.datasets[0].spec_sha256[0] = '0'; }},
      {"datasets[0].rows", [](M& m) { ++m.datasets[0].rows; }},
      {"datasets[0].rowsUnlinked", [](M& m) { ++m.datasets[0].rows_unlinked; }},
      {"datasets[0].unlinked",
       [](M& m) { --m.datasets[0].unlinked[RowReason::kNhsNumberMissing]; }},
      {"personsSha256", [](M& m) { m.persons_sha256[0] = '0'; }},
      {"streamSha256", [](M& m) { m.stream_sha256[0] = '0'; }}};
  const M counted = ExampleManifest();
  EXPECT_THAT(CompareManifest(counted, counted), IsOk());
  for (const auto& [field, change] : changes) {
    M claimed = counted;
    change(claimed);
    const absl::Status status = CompareManifest(claimed, counted);
    EXPECT_THAT(status, ReasonIs(Reason::kManifestMismatch)) << field;
    EXPECT_EQ(DetailOf(status).value_or(ErrorDetail()).field, field);
  }
}

TEST(CompareManifest, LeavesOutWhatOnlyTheSourceKnows) {
  ExtractManifest claimed = ExampleManifest();
  claimed.created = "2026-11-20T08:16:00Z";
  claimed.lists.clear();
  claimed.opted_out = "0";
  claimed.datasets[0].dropped.clear();
  EXPECT_THAT(CompareManifest(claimed, ExampleManifest()), IsOk());
}

TEST(Receipt, IsTheExampleOfTheDocumentation) {
  ExtractManifest manifest = ExampleManifest();
  manifest.datasets.pop_back();
  manifest.datasets[0].dropped = {{RowReason::kDateInvalid, 21}};
  manifest.datasets[0].unlinked = {{RowReason::kNhsNumberMissing, 121}};
  const Receipt receipt = Receipt::For(manifest, std::string(64, '9'),
                                       "2026-11-20T09:00:00Z", true);
  ASSERT_THAT(receipt.Check(), IsOk());
  EXPECT_EQ(
      receipt.ToJson(),
      R"({"created":"2026-11-20T09:00:00Z","datasets":[{"dataset":"gp-event","dropped":{"DATE_INVALID":21},"rows":1203980,"rowsUnlinked":121,"unlinked":{"NHS_NUMBER_MISSING":121}}],"epoch":1,"extract":"sources/gp-supplier-a/extracts/p2026-11-r1","keyId":"fa8d4e17047812dd","manifestSha256":"9999999999999999999999999999999999999999999999999999999999999999","optedOut":"510","persons":84120,"resumed":true,"state":"PUBLISHED"})"
      "\n");
}

TEST(Receipt, ParsesToTheSameAndRefusesOtherSpellings) {
  const Receipt receipt = Receipt::For(ExampleManifest(), std::string(64, '9'),
                                       "2026-11-20T09:00:00Z", false);
  const std::string json = receipt.ToJson();
  EXPECT_THAT(Receipt::Parse(json), IsOkAndHolds(receipt));
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = json;
    text.replace(text.find(from), from.size(), to);
    return Receipt::Parse(text).status();
  };
  const auto invalid = ReasonIs(Reason::kManifestInvalid);
  EXPECT_THAT(with("false", "0"), invalid);
  EXPECT_THAT(with("PUBLISHED", "REJECTED"), invalid);
  EXPECT_THAT(with("\"epoch\":1", "\"epoch\":0"), invalid);
  EXPECT_THAT(with("\"epoch\":1", "\"epoch\":4294967297"), invalid);
  EXPECT_THAT(with("\"epoch\":1,", "\"epoch\":1, "), invalid);
  EXPECT_THAT(with("\"persons\":84120", "\"persons\":\"84120\""), invalid);
  EXPECT_THAT(with("p2026-11-r1", "p2026-11-r0"), invalid);
  EXPECT_THAT(with("\n", ""), invalid);
}

}  // namespace
}  // namespace tally::dataset
