#include "prepared_delivery.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/random.h"
#include "crypto/token_kernel.h"
#include "dataset/record_batch.h"
#include "wire/person_batch_codec.h"
#include "wire/row_batch_codec.h"
#include "wire/stream_digest.h"

namespace tally::linkage {

const std::string_view kPreparedSpecification = R"toml(
id = "bench-event"
version = 1
title = "Twelve columns"
kind = "activity"
period_column = "day"
person = { input = "nhs_number", when_no_token = "unlinked" }
national_opt_out = { applies = false, reason = "a benchmark" }
column = [
  { name = "day", type = "date", required = true, min = 1990-01-01, max = 2030-12-31, class = "QI", description = "Day" },
  { name = "other_day", type = "date", min = 1990-01-01, max = 2030-12-31, class = "QI", description = "Other day" },
  { name = "concept", type = "int64", min = 100000, max = 999999999999999999, class = "SEN", description = "Concept" },
  { name = "count_1", type = "int32", min = 0, max = 100000, class = "ATTR", description = "Count" },
  { name = "count_2", type = "int32", min = 0, max = 100000, class = "ATTR", description = "Count" },
  { name = "value_1", type = "double", min = 0.0, max = 100000.0, class = "ATTR", description = "Value" },
  { name = "value_2", type = "double", min = 0.0, max = 100000.0, class = "ATTR", description = "Value" },
  { name = "cluster", type = "code", pattern = "[A-Z0-9_]{1,16}", class = "ATTR", description = "Cluster" },
  { name = "practice", type = "code", pattern = "[A-Z][0-9]{5}", class = "QI", description = "Practice" },
  { name = "diagnosis", type = "code", pattern = "[A-Z][0-9]{2,3}", class = "SEN", description = "Diagnosis" },
  { name = "unit", type = "text", pattern = "[a-z/]{1,12}", max_length = 12, class = "ATTR", description = "Unit" },
  { name = "flag", type = "bool", class = "ATTR", description = "Flag" },
]
)toml";

namespace {

constexpr int kRowsPerBatch = 8'192;

class BatchMaker {
 public:
  BatchMaker(const TestScheme& scheme,
             const dataset::Specification& specification,
             const PreparedSize& size)
      : scheme_(scheme), specification_(specification), size_(size) {
    const int64_t rows = size.rows;
    const int64_t persons = size.persons;
    delivery_ =
        MakeDelivery(scheme, {.persons = 0, .events = 0, .patients = 0});
    delivery_.batches.clear();
    delivery_.create.datasets = {
        {specification.id(), specification.digest_hex(), 0, 0}};
    MakePersons(persons);
    MakeRows(rows, persons);
    dataset::ExtractManifest& manifest = delivery_.manifest;
    manifest.batches = stream_.batches();
    manifest.persons = static_cast<uint64_t>(persons);
    manifest.persons_sha256 = HexEncode(persons_.Finish());
    manifest.stream_sha256 = HexEncode(stream_.Finish());
    dataset::DatasetCounts counts;
    counts.dataset = specification.id();
    counts.spec_sha256 = specification.digest_hex();
    counts.rows = static_cast<uint64_t>(rows);
    manifest.datasets = {counts};
    TALLY_CHECK(manifest.Check().ok());
  }
  TestDelivery Take() { return std::move(delivery_); }

 private:
  void Add(wire::BatchKind kind, std::string content) {
    stream_.Add(kind, AsBytes(content));
    delivery_.batches.push_back({kind, std::move(content)});
  }
  void MakePersons(int64_t persons) {
    for (int64_t done = 0; done < persons;) {
      const size_t n =
          static_cast<size_t>(std::min<int64_t>(24'000, persons - done));
      const std::vector<uint8_t> tokens = Tokens(done, n);
      const std::vector<uint8_t> flags(n, 1);
      std::string content;
      TALLY_CHECK(
          wire::EncodePersonBatch({wire::PersonKind::kNhsNumber,
                                   static_cast<uint64_t>(done), tokens, flags},
                                  content)
              .ok());
      persons_.Update(tokens);
      Add(wire::BatchKind::kPerson, std::move(content));
      done += static_cast<int64_t>(n);
    }
  }
  std::vector<uint8_t> Tokens(int64_t first, size_t n) const {
    std::vector<uint8_t> tokens(n * 32);
    if (!size_.real_tokens) {
      crypto::RandomBytes(tokens);
      for (size_t i = 0; i < n; ++i) {
        tokens[i * 32] |= 2;
        tokens[i * 32 + 31] &= 0x7f;
      }
      return tokens;
    }
    std::vector<crypto::NhsMessage> messages;
    for (size_t i = 0; i < n; ++i) {
      messages.push_back(*crypto::NhsMessage::Create(
          std::to_string(9'000'000'000 + static_cast<uint64_t>(first) + i)));
    }
    const auto kernel = crypto::SelectKernel("auto");
    TALLY_CHECK(kernel.ok());
    TALLY_CHECK(
        crypto::TokeniseBatch(**kernel, scheme_.source(), messages, tokens)
            .ok());
    return tokens;
  }
  void MakeRows(int64_t rows, int64_t persons) {
    crypto::RandomStream random;
    auto batch = dataset::RecordBatch::For(specification_, 0);
    const int32_t first = delivery_.create.period_start;
    for (int64_t row = 0; row < rows; ++row) {
      const uint64_t r = random.Next();
      batch.AppendPerson(
          static_cast<int32_t>(r % static_cast<uint64_t>(persons)),
          dataset::RowReason::kNone);
      auto& c = batch.columns;
      c[0].AppendDate(first + static_cast<int32_t>((r >> 8) % 28));
      if (r % 7 == 0) {
        c[1].AppendNull();
      } else {
        c[1].AppendDate(15'000 + static_cast<int32_t>(r >> 16 & 0xfff));
      }
      c[2].AppendInt64(100'000 + static_cast<int64_t>(r >> 20));
      c[3].AppendInt32(static_cast<int32_t>(r >> 24 & 0xff));
      c[4].AppendInt32(static_cast<int32_t>(r >> 32 & 0xffff));
      c[5].AppendDouble(static_cast<double>(r >> 40 & 0xfff) / 10);
      if (r % 3 == 0) {
        c[6].AppendNull();
      } else {
        c[6].AppendDouble(static_cast<double>(r >> 44 & 0xff));
      }
      c[7].AppendCode("CLUSTER_" + std::to_string(r >> 12 & 63));
      c[8].AppendCode("Z" + std::to_string(10'000 + (r >> 18 & 255)));
      c[9].AppendCode("I" + std::to_string(100 + (r >> 26 & 511)));
      c[10].AppendText((r & 16) != 0 ? "mmol/l" : "kg");
      c[11].AppendBool((r & 32) != 0);
      if (batch.rows() == kRowsPerBatch || row + 1 == rows) {
        std::string content;
        TALLY_CHECK(wire::EncodeRowBatch(specification_, batch, content).ok());
        Add(wire::BatchKind::kRows, std::move(content));
        const uint64_t next = batch.first_row + batch.rows();
        batch.Clear();
        batch.first_row = next;
      }
    }
  }

  const TestScheme& scheme_;
  const dataset::Specification& specification_;
  const PreparedSize size_;
  TestDelivery delivery_;
  wire::StreamDigest stream_;
  Sha256 persons_;
};

}  // namespace

std::shared_ptr<const SpecificationStore> PreparedSpecifications() {
  auto parsed =
      dataset::Specification::Parse(kPreparedSpecification, "bench.toml");
  TALLY_CHECK(parsed.ok());
  std::vector<dataset::Specification> all;
  all.push_back(*std::move(parsed));
  return SpecificationStore::Of(std::move(all));
}

TestDelivery PrepareDelivery(const TestScheme& scheme,
                             const dataset::Specification& specification,
                             const PreparedSize& size) {
  return BatchMaker(scheme, specification, size).Take();
}

}  // namespace tally::linkage
