// bench_ingest [ROWS [PERSONS]]: prepared batches of 12 columns through
// journal, decoding, Parquet and sealed run, all durable, as the hub does it
// once they have come off the wire. Conversion is replaced by copying: it has a
// benchmark of its own. Default: 2,000,000 rows, 80,000 people.
//
// Prints rows/s of each half and of both, by the clock and by the processor's
// time, and fails when what is published is not what was sent, or both together
// are below 400,000 rows/s.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "base/status.h"
#include "prepared_delivery.h"
#include "store_fixture.h"
#include "temp_dir.h"

namespace tally::linkage {
namespace {

constexpr double kBarRowsPerSecond = 400'000;

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

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since)
      .count();
}
// Of all threads, user and system.
double ProcessorSeconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

int Run(int64_t rows, int64_t persons) {
  const TestScheme scheme(persons + 1);
  const auto specifications = PreparedSpecifications();
  const TestDelivery delivery =
      PrepareDelivery(scheme, *specifications->Newest("bench-event"),
                      {.rows = rows, .persons = persons});
  size_t bytes = 0;
  for (const TestDelivery::Batch& batch : delivery.batches) {
    bytes += batch.content.size();
  }
  const TempDir dir;
  const CopyingKernel kernel;
  TestHub hub(dir.path(), scheme, &kernel);
  hub.store().UseSpecifications(specifications);
  TALLY_CHECK(hub.Create(delivery).ok());
  const auto start = std::chrono::steady_clock::now();
  const double processor = ProcessorSeconds();
  const absl::Status sent = hub.Send(delivery).status();
  if (!sent.ok()) {
    std::fprintf(stderr, "the hub refused a batch: %s\n",
                 std::string(sent.message()).c_str());
    return 1;
  }
  const double journal = Seconds(start);
  const double journal_processor = ProcessorSeconds() - processor;
  TALLY_CHECK(hub.Finalize(delivery).ok());
  const auto half = std::chrono::steady_clock::now();
  TALLY_CHECK(hub.Publish(delivery).ok());
  const double publish = Seconds(half);
  const double processor_used = ProcessorSeconds() - processor;
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
              delivery.batches.size(), static_cast<double>(bytes) / 1e6);
  std::printf("journal (decode, seal, fsync): %10.0f rows/s\n", n / journal);
  std::printf("publish (open, decode, Parquet, run): %10.0f rows/s\n",
              n / publish);
  std::printf(
      "rows a second of processor: journal %.0f, publish %.0f, both "
      "%.0f\n",
      n / journal_processor, n / (processor_used - journal_processor),
      n / processor_used);
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
