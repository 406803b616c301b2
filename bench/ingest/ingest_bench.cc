// bench_ingest [ROWS [PERSONS]]: prepared batches of 12 columns through
// journal, decoding, Parquet and sealed run, all durable, as the hub does it
// once they have come off the wire. Conversion is replaced by copying: it has a
// benchmark of its own. Default: 2,000,000 rows, 80,000 people.
//
// Prints rows/s of each half and of both, and fails when what is published is
// not what was sent, or both together are below 400,000 rows/s.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/random.h"
#include "store_fixture.h"
#include "temp_dir.h"
#include "wire/person_batch_codec.h"
#include "wire/row_batch_codec.h"
#include "wire/stream_digest.h"

namespace tally::linkage {
namespace {

constexpr double kBarRowsPerSecond = 400'000;
constexpr int kRowsPerBatch = 8'192;

constexpr std::string_view kSpecification = R"toml(
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

// Leaves tokens as they are.
class CopyingKernel final : public crypto::TokenKernel {
 public:
  std::string_view name() const override { return "copying"; }
  absl::Status Tokenise(const crypto::Scalar&,
                        std::span<const crypto::NhsMessage>,
                        std::span<uint8_t>) const override {
    return absl::UnimplementedError("not used");
  }
  absl::StatusOr<size_t> Convert(const crypto::Scalar&,
                                 std::span<const uint8_t> in,
                                 std::span<uint8_t> out,
                                 std::span<uint8_t> rejected) const override {
    if (in.data() != out.data()) std::copy(in.begin(), in.end(), out.begin());
    std::fill(rejected.begin(), rejected.end(), uint8_t{0});
    return 0;
  }
};

class Maker {
 public:
  Maker(const TestScheme& scheme, const dataset::Specification& specification,
        int64_t rows, int64_t persons)
      : specification_(specification) {
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
  size_t bytes() const { return bytes_; }

 private:
  void Add(wire::BatchKind kind, std::string content) {
    stream_.Add(kind, AsBytes(content));
    bytes_ += content.size();
    delivery_.batches.push_back({kind, std::move(content)});
  }
  void MakePersons(int64_t persons) {
    for (int64_t done = 0; done < persons;) {
      const size_t n =
          static_cast<size_t>(std::min<int64_t>(24'000, persons - done));
      std::vector<uint8_t> tokens(n * 32);
      crypto::RandomBytes(tokens);
      for (size_t i = 0; i < n; ++i) {
        tokens[i * 32] |= 2;
        tokens[i * 32 + 31] &= 0x7f;
      }
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

  const dataset::Specification& specification_;
  TestDelivery delivery_;
  wire::StreamDigest stream_;
  Sha256 persons_;
  size_t bytes_ = 0;
};

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since)
      .count();
}

int Run(int64_t rows, int64_t persons) {
  const TestScheme scheme(persons + 1);
  auto parsed = dataset::Specification::Parse(kSpecification, "bench.toml");
  TALLY_CHECK(parsed.ok());
  std::vector<dataset::Specification> all;
  all.push_back(*std::move(parsed));
  const auto specifications = SpecificationStore::Of(std::move(all));
  Maker maker(scheme, *specifications->Newest("bench-event"), rows, persons);
  const double megabytes = static_cast<double>(maker.bytes()) / 1e6;
  const TestDelivery delivery = maker.Take();

  const TempDir dir;
  const CopyingKernel kernel;
  TestHub hub(dir.path(), scheme, &kernel);
  hub.store().UseSpecifications(specifications);
  TALLY_CHECK(hub.Create(delivery).ok());
  const auto start = std::chrono::steady_clock::now();
  const absl::Status sent = hub.Send(delivery).status();
  if (!sent.ok()) {
    std::fprintf(stderr, "the hub refused a batch: %s\n",
                 std::string(sent.message()).c_str());
    return 1;
  }
  const double journal = Seconds(start);
  TALLY_CHECK(hub.Finalize(delivery).ok());
  const auto half = std::chrono::steady_clock::now();
  TALLY_CHECK(hub.Publish(delivery).ok());
  const double publish = Seconds(half);
  const auto record = hub.Get(delivery);
  TALLY_CHECK(record.ok());
  if (record->state != ExtractState::kPublished || record->persons != persons ||
      record->datasets[0].rows != rows) {
    std::fprintf(stderr, "the published extract is not what was sent\n");
    return 1;
  }
  const double n = static_cast<double>(rows);
  std::printf("%lld rows, %lld people, %zu batches, %.0f MB\n",
              static_cast<long long>(rows), static_cast<long long>(persons),
              delivery.batches.size(), megabytes);
  std::printf("journal (decode, seal, fsync): %10.0f rows/s\n", n / journal);
  std::printf("publish (open, decode, Parquet, run): %10.0f rows/s\n",
              n / publish);
  const double both = n / (journal + publish);
  std::printf("both: %10.0f rows/s (bar %.0f)\n", both, kBarRowsPerSecond);
  return both >= kBarRowsPerSecond ? 0 : 1;
}

}  // namespace
}  // namespace tally::linkage

int main(int argc, char** argv) {
  const int64_t rows = argc > 1 ? std::atoll(argv[1]) : 2'000'000;
  const int64_t persons = argc > 2 ? std::atoll(argv[2]) : 80'000;
  return tally::linkage::Run(rows, persons);
}
