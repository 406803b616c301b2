// From files to the spool that leaves: right tokens, right rows, no order.

#include "pseudonymiser/extract_preparer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/process.h"
#include "crypto/canary.h"
#include "crypto/token_kernel.h"
#include "dataset/extract_manifest.h"
#include "pseudonymiser/nhs_number.h"
#include "status_matchers.h"
#include "wire/limits.h"
#include "world.h"

namespace tally::pseudonymiser {
namespace {

using dataset::RowReason;

const dataset::ExtractId kExtract{.month = {2026, 11}, .revision = 1};

class ExtractPreparerTest : public testing::Test {
 protected:
  // A file in order of people; value1 is the person's number in the test.
  std::string EventsFor(uint32_t people, uint32_t rows_each) {
    std::string text = World::EventHeader();
    for (uint32_t i = 0; i < people; ++i) {
      for (uint32_t r = 0; r < rows_each; ++r) {
        text += World::EventRow(
            TestNumber(i),
            absl::StrFormat("%s,2026-11-05,12345678,%d,u%d,A00001,,,",
                            i % 2 == 0 ? "01" : "", i, r));
      }
    }
    return text;
  }

  absl::StatusOr<SpoolContent> Prepare(const std::vector<FileArgument>& files) {
    TALLY_ASSIGN_OR_RETURN(const DeliveryPlan plan, world_.Plan(files));
    TALLY_ASSIGN_OR_RETURN(crypto::SourceKey key, world_.keys().LoadSource(1));
    const crypto::LocalTokenKey token_key(std::move(key),
                                          crypto::PortableKernel());
    SpoolStore store(world_.configuration(), world_.keys().storage());
    ExtractPreparer preparer(plan, world_.pool(), nullptr, World::Today());
    TALLY_ASSIGN_OR_RETURN(
        const auto prepared,
        preparer.Prepare(kExtract, token_key, world_.keys().sign(), &store));
    TALLY_RETURN_IF_ERROR(prepared.verdict);
    record_ = prepared.record;
    std::vector<std::shared_ptr<const dataset::Specification>> specs;
    for (const auto& dataset : prepared.record.datasets) {
      TALLY_ASSIGN_OR_RETURN(
          auto spec,
          SpecificationStore(world_.configuration()).Load(dataset.id));
      specs.push_back(std::move(spec));
    }
    TALLY_ASSIGN_OR_RETURN(SpoolContent content,
                           ReadSpool(store, "p2026-11-r1", specs));
    return content;
  }

  std::string TokenOf(uint32_t i) {
    const auto key = world_.keys().LoadSource(1);
    const auto message = crypto::NhsMessage::Create(TestNumber(i));
    std::string token(32, '\0');
    EXPECT_OK(crypto::TokeniseBatch(
        crypto::PortableKernel(), *key, {&*message, 1},
        {reinterpret_cast<uint8_t*>(token.data()), token.size()}));
    return token;
  }

  World world_;
  DeliveryRecord record_;
};

TEST_F(ExtractPreparerTest, EveryRowKeepsItsPersonAndEveryPersonOneToken) {
  ASSERT_OK_AND_ASSIGN(
      const SpoolContent content,
      Prepare({{"gp-event", world_.File("e.csv", EventsFor(60, 3))}}));
  ASSERT_EQ(content.tokens.size(), 60U);
  EXPECT_EQ(std::set(content.tokens.begin(), content.tokens.end()).size(), 60U);
  ASSERT_EQ(content.rows.size(), 180U);
  std::map<std::string, int> seen;
  for (const SpoolContent::Row& row : content.rows) {
    ASSERT_GE(row.person, 0);
    const uint32_t i = static_cast<uint32_t>(std::stoul(row.values[3]));
    EXPECT_EQ(content.tokens[static_cast<size_t>(row.person)], TokenOf(i));
    EXPECT_EQ(content.flags[static_cast<size_t>(row.person)],
              i % 2 == 0 ? 1 : 0);
    EXPECT_EQ(row.values[0], "2026-11-05");
    EXPECT_EQ(row.values[2], "DM_COD");
    ++seen[row.values[3] + row.values[4]];
  }
  EXPECT_EQ(seen.size(), 180U);
}

TEST_F(ExtractPreparerTest, ManifestSaysWhatTheSpoolHolds) {
  const std::string path = world_.File(
      "e.csv",
      EventsFor(10, 2) + World::EventRow("") +
          World::EventRow(TestNumber(0), "01,bad,12345678,,,A00001,,,"));
  ASSERT_OK_AND_ASSIGN(const SpoolContent content,
                       Prepare({{"gp-event", path}}));
  ASSERT_OK_AND_ASSIGN(const auto manifest,
                       dataset::ExtractManifest::Parse(record_.manifest));
  EXPECT_EQ(manifest.batches, content.batches);
  EXPECT_EQ(manifest.stream_sha256, content.stream_sha256);
  EXPECT_EQ(manifest.persons, 10U);
  EXPECT_EQ(manifest.datasets[0].rows, 21U);
  EXPECT_EQ(manifest.datasets[0].rows_unlinked, 1U);
  EXPECT_EQ(manifest.datasets[0].dropped.at(RowReason::kDateInvalid), 1U);
  EXPECT_EQ(manifest.lists.at("type1_opt_outs").sha256, "");
  EXPECT_EQ(manifest.lists.at("national_eligible").rows, "1000");
  EXPECT_EQ(manifest.lists.at("restricted_codes").rows, "1");
  EXPECT_EQ(manifest.lists.at("restricted_codes").sha256.size(), 64U);
  ASSERT_OK_AND_ASSIGN(const auto signature,
                       crypto::SignatureFromBytes(AsBytes(record_.signature)));
  EXPECT_OK(crypto::Verify(crypto::SignLabel::kManifest, record_.manifest,
                           signature, world_.keys().sign().public_key()));
  EXPECT_OK(crypto::VerifyCanaryProof(world_.keys().LoadSource(1)->public_key(),
                                      AsBytes(record_.canary_tokens),
                                      AsBytes(record_.canary_proof)));
}

TEST_F(ExtractPreparerTest, PeopleWhoseRowsAreAllKeptBackGetNoToken) {
  world_.List(dataset::ListName::kType1OptOuts, TestNumber(3) + "\n");
  const std::string path = world_.File(
      "e.csv", EventsFor(10, 1) +
                   World::EventRow(TestNumber(11),
                                   "01,2026-09-01,12345678,,,A00001,,,") +
                   World::EventRow(TestNumber(12),
                                   "02,2026-11-05,12345678,,,A00001,,,"));
  ASSERT_OK_AND_ASSIGN(const SpoolContent content,
                       Prepare({{"gp-event", path}}));
  EXPECT_EQ(content.tokens.size(), 9U);
  for (const uint32_t absent : {3U, 11U, 12U}) {
    EXPECT_EQ(std::count(content.tokens.begin(), content.tokens.end(),
                         TokenOf(absent)),
              0);
  }
}

TEST_F(ExtractPreparerTest, RekeyIsOneNumberInAnExtractAndAnotherInTheNext) {
  std::string text =
      "nhs_number,issue_date,item_id,bnf_code,consultation_key\n";
  for (int i = 0; i < 50; ++i) {
    text += absl::StrFormat("%s,2026-11-05,K%d,0101010A0AAAAAA,\n",
                            TestNumber(static_cast<uint32_t>(i)), i % 10);
  }
  const std::string path = world_.File("d.csv", text);
  std::vector<std::set<std::string>> keys;
  for (int run = 0; run < 2; ++run) {
    ASSERT_OK_AND_ASSIGN(const SpoolContent content,
                         Prepare({{"gp-prescription", path}}));
    keys.emplace_back();
    for (const auto& row : content.rows) {
      keys.back().insert(row.values[1]);
      EXPECT_EQ(row.values[2], "0101010A0");
      EXPECT_GT(std::stoll(row.values[1]), 9'999'999'999);
    }
    EXPECT_EQ(keys.back().size(), 10U);
  }
  for (const std::string& key : keys[0]) EXPECT_EQ(keys[1].count(key), 0U);
}

// Spearman's correlation is 0 for a random order, with standard error
// 1 / sqrt(n - 1).
double Correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const double n = static_cast<double>(x.size());
  double mx = 0;
  double my = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    mx += x[i] / n;
    my += y[i] / n;
  }
  double xy = 0;
  double xx = 0;
  double yy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mx) * (y[i] - my);
    xx += (x[i] - mx) * (x[i] - mx);
    yy += (y[i] - my) * (y[i] - my);
  }
  return xy / std::sqrt(xx * yy);
}

TEST_F(ExtractPreparerTest, OrderOfPeopleAndRowsTellsNothingOfTheFile) {
  const std::string path = world_.File("e.csv", EventsFor(900, 4));
  std::vector<std::vector<double>> runs;
  for (int run = 0; run < 2; ++run) {
    ASSERT_OK_AND_ASSIGN(const SpoolContent content,
                         Prepare({{"gp-event", path}}));
    ASSERT_EQ(content.rows.size(), 3600U);
    std::vector<double> file_order;
    std::vector<double> row_order;
    std::map<int, double> person_of;
    for (size_t at = 0; at < content.rows.size(); ++at) {
      const auto& row = content.rows[at];
      file_order.push_back(std::stod(row.values[3]));
      row_order.push_back(static_cast<double>(at));
      person_of[std::stoi(row.values[3])] = row.person;
    }
    EXPECT_LT(std::abs(Correlation(file_order, row_order)),
              4 / std::sqrt(3599.0));
    std::vector<double> people;
    std::vector<double> numbers;
    for (const auto& [i, person] : person_of) {
      people.push_back(i);
      numbers.push_back(person);
    }
    EXPECT_LT(std::abs(Correlation(people, numbers)), 4 / std::sqrt(899.0));
    runs.push_back(numbers);
  }
  EXPECT_LT(std::abs(Correlation(runs[0], runs[1])), 4 / std::sqrt(899.0));
}

TEST_F(ExtractPreparerTest, CutsBatchesByRowsAndBytes) {
  std::string text = World::EventHeader();
  for (uint32_t i = 0; i < 40'000; ++i) {
    text += World::EventRow(
        TestNumber(i % 20),
        absl::StrFormat("01,2026-11-05,%d,%d.5,unit %d,A00001,,,",
                        100'000'000 + i * 7, i % 9999, i));
  }
  ASSERT_OK_AND_ASSIGN(const SpoolContent content,
                       Prepare({{"gp-event", world_.File("e.csv", text)}}));
  EXPECT_EQ(content.rows.size(), 40'000U);
  EXPECT_GE(content.batches, 4U);   // 16,384 rows at most, and the people
  EXPECT_LE(content.batches, 70U);  // no crumbs from the buckets
}

TEST_F(ExtractPreparerTest, AnEmptyDeliveryIsADelivery) {
  ASSERT_OK_AND_ASSIGN(
      const SpoolContent content,
      Prepare({{"gp-event", world_.File("e.csv", World::EventHeader())}}));
  EXPECT_EQ(content.batches, 0U);
  EXPECT_EQ(record_.rows, 0U);
}

TEST_F(ExtractPreparerTest, LeavesNothingBehindWhenAStopIsAskedFor) {
  const std::vector<FileArgument> files = {
      {"gp-event", world_.File("e.csv", EventsFor(60, 3))}};
  const SpoolStore store(world_.configuration(), world_.keys().storage());
  RequestStop(2);
  const auto prepared = Prepare(files);
  ResetStopForTesting();
  EXPECT_THAT(prepared, StatusIs(absl::StatusCode::kCancelled));
  EXPECT_FALSE(store.IsBegun("p2026-11-r1"));
  for (const char* file : {"rows.spool", "outbox.spool", "delivery.spool"}) {
    EXPECT_FALSE(std::filesystem::exists(store.PathOf("p2026-11-r1", file)))
        << file;
  }
  EXPECT_OK(Prepare(files));
}

}  // namespace
}  // namespace tally::pseudonymiser
