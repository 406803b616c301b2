// bench_ingest [ROWS [ROUNDS]]: prepared batches of 12 columns, 25 rows a
// person, through journal, decoding, Parquet and sealed run, all durable, as
// the hub does it once they have come off the wire. Conversion is replaced by
// copying: it has a benchmark of its own, and `bench_way ingest` times the hub
// with both and with the network. What these rows are for is to see what those
// add; they have no bar. Default: 2,000,000 rows, 3 rounds.
//
// Ends with 2 when what is published is not what was sent.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "bench/report.h"
#include "crypto/random.h"
#include "store_fixture.h"
#include "temp_dir.h"
#include "wire/person_batch_codec.h"
#include "wire/row_batch_codec.h"
#include "wire/stream_digest.h"

namespace tally::linkage {
namespace {

constexpr int64_t kRowsPerPerson = 25;
// The same as for the whole hub.
constexpr char kSpecification[] =
    TALLY_SOURCE_DIR "/bench/way/bench-event.toml";
constexpr int kRowsPerBatch = 8'192;

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

// Rows a second of the two halves.
struct Rates {
  double journal = 0;
  double publish = 0;
};

absl::StatusOr<Rates> RunOnce(
    const TestDelivery& delivery, const TestScheme& scheme,
    const std::shared_ptr<const SpecificationStore>& specifications,
    int64_t rows, int64_t persons) {
  const TempDir dir;
  const CopyingKernel kernel;
  TestHub hub(dir.path(), scheme, &kernel);
  hub.store().UseSpecifications(specifications);
  TALLY_RETURN_IF_ERROR(hub.Create(delivery).status());
  const auto n = static_cast<double>(rows);
  Rates rates;
  const double start = bench::WallSeconds();
  TALLY_RETURN_IF_ERROR(hub.Send(delivery).status());
  rates.journal = n / (bench::WallSeconds() - start);
  TALLY_RETURN_IF_ERROR(hub.Finalize(delivery).status());
  const double half = bench::WallSeconds();
  TALLY_RETURN_IF_ERROR(hub.Publish(delivery));
  rates.publish = n / (bench::WallSeconds() - half);
  TALLY_ASSIGN_OR_RETURN(const ExtractRecord record, hub.Get(delivery));
  if (record.state != ExtractState::kPublished || record.persons != persons ||
      record.datasets[0].rows != rows) {
    return absl::DataLossError("the published extract is not what was sent");
  }
  return rates;
}

int Run(int64_t rows, int rounds, bench::Report& report) {
  const int64_t persons = std::max<int64_t>(1, rows / kRowsPerPerson);
  const TestScheme scheme(persons + 1);
  const auto text = ReadFile(kSpecification, 1 << 20);
  TALLY_CHECK(text.ok());
  auto parsed = dataset::Specification::Parse(*text, kSpecification);
  TALLY_CHECK(parsed.ok());
  std::vector<dataset::Specification> all;
  all.push_back(*std::move(parsed));
  const auto specifications = SpecificationStore::Of(std::move(all));
  Maker maker(scheme, *specifications->Newest("bench-event"), rows, persons);
  const size_t bytes = maker.bytes();
  const TestDelivery delivery = maker.Take();
  std::printf("%zu batches, %.1f bytes a row\n", delivery.batches.size(),
              static_cast<double>(bytes) / static_cast<double>(rows));
  std::vector<double> journal;
  std::vector<double> publish;
  std::vector<double> both;
  for (int i = 0; i < rounds; ++i) {
    const auto rates = RunOnce(delivery, scheme, specifications, rows, persons);
    if (!rates.ok()) {
      std::fprintf(stderr, "%s\n",
                   std::string(rates.status().message()).c_str());
      return 2;
    }
    journal.push_back(rates->journal);
    publish.push_back(rates->publish);
    both.push_back(1 / (1 / rates->journal + 1 / rates->publish));
  }
  const auto add = [&](const char* name, std::vector<double> values) {
    report.Add({.name = name,
                .unit = "rows/s",
                .size = rows,
                .values = std::move(values)});
  };
  add("hub without network and conversion", std::move(both));
  add("hub: decode, seal, fsync", std::move(journal));
  add("hub: open, decode, Parquet, run", std::move(publish));
  return report.ExitCode();
}

}  // namespace
}  // namespace tally::linkage

int main(int argc, char** argv) {
  tally::bench::Report report(&argc, argv);
  const int64_t rows = argc > 1 ? std::atoll(argv[1]) : 2'000'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
  if (rows < 1 || rounds < 1 || argc > 3) {
    std::fprintf(stderr, "usage: bench_ingest [ROWS [ROUNDS]]\n");
    return 2;
  }
  return tally::linkage::Run(rows, rounds, report);
}
