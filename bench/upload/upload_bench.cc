// bench_upload [ROWS [PERSONS [MEMORY_MIB]]]: prepared batches of 12 columns
// from a source to a hub over mutual TLS, until the extract is published:
// receiving, checking, journal, conversion, run and Parquet, all durable. The
// source is a process of its own on the same machine and reads its batches from
// a file. Default: 2,000,000 rows, 80,000 people, 384 MiB for the hub's work.
//
// Prints rows/s by the clock and by the processor's time of both, and the peak
// memory of either, and fails when what is published is not what was sent, when
// a side takes 512 MiB or more, or below 300,000 rows/s.

#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"
#include "base/status.h"
#include "crypto/random.h"
#include "hub_fixture.h"
#include "linkage/service/hub_services.h"
#include "prepared_delivery.h"
#include "pseudonymiser/client/grpc_extract_api.h"
#include "temp_dir.h"
#include "transport/call_executor.h"
#include "transport/client.h"
#include "transport/server.h"
#include "transport/stream_watch.h"
#include "transport/tls_policy.h"
#include "transport/unary.h"

namespace tally::linkage {
namespace {

constexpr double kUploadBarRowsPerSecond = 300'000;
constexpr int64_t kMostMemoryKib = 512 * 1'024;

// What the source tells at its end.
struct SourceResult {
  double sent_seconds = 0;       // last batch acknowledged
  double published_seconds = 0;  // both from the first batch on
  double processor_seconds = 0;
  int64_t peak_kib = 0;
};

double ProcessorOfUs() {
  rusage used = {};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void ForgetPeak() {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";
}
int64_t PeakKib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    int64_t kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib;
  }
  return 0;
}

void WriteBatches(const std::string& path, const TestDelivery& delivery) {
  std::ofstream file(path, std::ios::binary);
  for (const TestDelivery::Batch& batch : delivery.batches) {
    const auto kind = static_cast<char>(batch.kind);
    const uint64_t size = batch.content.size();
    file.write(&kind, 1);
    file.write(reinterpret_cast<const char*>(&size), sizeof size);
    file.write(batch.content.data(), static_cast<std::streamsize>(size));
  }
  TALLY_CHECK(file.good());
}
bool ReadBatch(std::ifstream& file, TestDelivery::Batch& batch) {
  char kind = 0;
  uint64_t size = 0;
  if (!file.read(&kind, 1)) return false;
  file.read(reinterpret_cast<char*>(&size), sizeof size);
  batch.kind = static_cast<wire::BatchKind>(kind);
  batch.content.resize(size);
  file.read(batch.content.data(), static_cast<std::streamsize>(size));
  TALLY_CHECK(file.good());
  return true;
}

// The source: sends, finalises, waits.
SourceResult RunSource(const std::string& folder, int port,
                       const std::string& batches, const std::string& name,
                       const std::string& manifest,
                       const std::string& signature) {
  transport::ClientOptions options;
  options.address = "127.0.0.1:" + std::to_string(port);
  options.trust_domain = kTrustDomain;
  const std::string own = folder + "/source-" + std::string(kTestSource);
  options.certificate_file = own + ".pem";
  options.key_reference = "file:" + own + ".key";
  options.ca_file = folder + "/ca.pem";
  auto channel = transport::HubChannel::Open(options);
  TALLY_CHECK(channel.ok());
  const auto api = pseudonymiser::MakeGrpcExtractApi(**channel, 10'000);
  const auto start = std::chrono::steady_clock::now();
  const auto since_start = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() -
                                         start)
        .count();
  };
  SourceResult result;
  {
    std::ifstream file(batches, std::ios::binary);
    auto stream = api->OpenUpload(name, 1);
    TALLY_CHECK(stream.ok());
    TestDelivery::Batch batch;
    for (uint64_t n = 1; ReadBatch(file, batch); ++n) {
      TALLY_CHECK((*stream)->Send(n, batch.kind, batch.content).ok());
    }
    TALLY_CHECK((*stream)->Finish().ok());
  }
  result.sent_seconds = since_start();
  extract::v1::FinalizeExtractRequest finalize;
  finalize.set_name(name);
  finalize.set_manifest(manifest);
  finalize.set_signature(signature);
  finalize.set_request_id(crypto::RandomUuid4());
  TALLY_CHECK(api->FinalizeExtract(finalize).ok());
  while (true) {
    const auto extract = api->GetExtract(name);
    TALLY_CHECK(extract.ok());
    const auto state = extract->extract().state();
    if (state != extract::v1::EXTRACT_STATE_FINALIZING) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  result.published_seconds = since_start();
  result.processor_seconds = ProcessorOfUs();
  result.peak_kib = PeakKib();
  return result;
}

// A hub and its server.
class UploadHub {
 public:
  UploadHub(const HubFixtureOptions& options, const std::string& folder)
      : fixture_(options) {
    std::ofstream(fixture_.Path("peers.toml"))
        << std::ifstream(folder + "/peers.toml").rdbuf();
    TALLY_CHECK(fixture_.peers().Reload().ok());
    fixture_.Unseal();
    fixture_.AdmitSource();
    transport::ServerOptions server;
    server.listen = "127.0.0.1:0";
    server.certificate_file = folder + "/hub-hub-a.pem";
    server.key_reference = "file:" + folder + "/hub-hub-a.key";
    server.ca_file = folder + "/ca.pem";
    server.staging_directory = folder + "/staging";
    auto started = transport::Server::Start(server, services_.services());
    TALLY_CHECK(started.ok());
    server_ = *std::move(started);
    server_->SetServing(true);
  }
  HubFixture& fixture() { return fixture_; }
  int port() const { return server_->port(); }

 private:
  HubFixture fixture_;
  transport::Authoriser authoriser_{fixture_.peers()};
  transport::CallExecutor executor_{8, 1'024};
  transport::CallRuntime calls_{authoriser_, executor_, {}};
  transport::StreamWatch streams_{authoriser_};
  HubServices services_{fixture_.hub(), fixture_.releases(), calls_, streams_,
                        [] { return transport::CertificateTerm{}; }};
  std::unique_ptr<transport::Server> server_;
};

template <typename T>
void Tell(int fd, const T& value) {
  TALLY_CHECK(write(fd, &value, sizeof value) == sizeof value);
}
template <typename T>
bool Hear(int fd, T& value) {
  return read(fd, &value, sizeof value) == sizeof value;
}

int RunUpload(const PreparedSize& size, int64_t memory_bytes) {
  TALLY_CHECK(transport::ApplyTlsPolicy().ok());  // before any digest
  const TempDir dir;
  const std::string folder = dir.Path("certificates");
  const std::string command =
      std::string(TALLY_SOURCE_DIR) +
      "/keys-example/make-certificates --trust-domain " + kTrustDomain + " " +
      folder + " hub/hub-a source/" + std::string(kTestSource) + " > " +
      dir.Path("peers.toml") + " 2> " + dir.Path("log") + " && mv " +
      dir.Path("peers.toml") + " " + folder;
  TALLY_CHECK(std::system(command.c_str()) == 0);

  HubFixtureOptions options;
  options.person_limit = size.persons + 1;
  options.kernel = "auto";
  options.memory_bytes = memory_bytes;
  options.specification = std::string(kPreparedSpecification);
  TestDelivery delivery;
  std::string signature;
  {
    const TestScheme scheme(options.person_limit);
    const auto specifications = PreparedSpecifications();
    delivery =
        PrepareDelivery(scheme, *specifications->Newest("bench-event"), size);
    signature = SignManifest(scheme, delivery.ManifestBytes());
  }
  const std::string batches = dir.Path("batches");
  WriteBatches(batches, delivery);
  std::exchange(delivery.batches, {}).clear();
  const std::string name = "sources/" + delivery.create.source + "/extracts/" +
                           delivery.create.extract_id;

  // Before the first thread of ours or of gRPC.
  int to_source[2];
  int to_hub[2];
  TALLY_CHECK(pipe(to_source) == 0 && pipe(to_hub) == 0);
  const pid_t source = fork();
  TALLY_CHECK(source >= 0);
  ForgetPeak();
  if (source == 0) {
    close(to_source[1]);
    int port = 0;
    if (!Hear(to_source[0], port)) _exit(1);
    Tell(to_hub[1], RunSource(folder, port, batches, name,
                              delivery.ManifestBytes(), signature));
    _exit(0);
  }
  close(to_hub[1]);
  LogOptions log;
  log.level = Level::kOff;
  TALLY_CHECK(InitLog(log).ok());
  UploadHub hub(options, folder);
  CallContext call;
  call.actor = SourceCaller(delivery.create.source).uri;
  TALLY_CHECK(
      hub.fixture().hub().extracts().CreateExtract(delivery.create, call).ok());
  const double before = ProcessorOfUs();
  Tell(to_source[1], hub.port());
  SourceResult result;
  const bool told = Hear(to_hub[0], result);
  const double processor = ProcessorOfUs() - before;
  const int64_t peak_kib = PeakKib();
  int status = 0;
  waitpid(source, &status, 0);
  const auto record = hub.fixture().hub().catalogue().GetExtract(
      delivery.create.source, delivery.create.extract_id);
  if (!told || !record.ok() || record->state != ExtractState::kPublished ||
      record->persons != size.persons ||
      record->datasets[0].rows != size.rows) {
    std::fprintf(stderr, "the published extract is not what was sent\n");
    return 1;
  }
  const auto n = static_cast<double>(size.rows);
  const double rate = n / result.published_seconds;
  std::printf("%lld rows, %lld people\n", static_cast<long long>(size.rows),
              static_cast<long long>(size.persons));
  std::printf("acknowledged: %10.0f rows/s\n", n / result.sent_seconds);
  std::printf("published:    %10.0f rows/s (bar %.0f)\n", rate,
              kUploadBarRowsPerSecond);
  std::printf("rows a second of processor: %.0f (hub %.2f s, source %.2f s)\n",
              n / (processor + result.processor_seconds), processor,
              result.processor_seconds);
  std::printf("peak memory: hub %lld MiB, source %lld MiB (bar 512)\n",
              static_cast<long long>(peak_kib / 1'024),
              static_cast<long long>(result.peak_kib / 1'024));
  return rate >= kUploadBarRowsPerSecond && peak_kib < kMostMemoryKib &&
                 result.peak_kib < kMostMemoryKib
             ? 0
             : 1;
}

}  // namespace
}  // namespace tally::linkage

int main(int argc, char** argv) {
  tally::linkage::PreparedSize size;
  size.rows = argc > 1 ? std::atoll(argv[1]) : 2'000'000;
  size.persons = argc > 2 ? std::atoll(argv[2]) : 80'000;
  size.real_tokens = true;
  const int64_t memory_mib = argc > 3 ? std::atoll(argv[3]) : 384;
  return tally::linkage::RunUpload(size, memory_mib << 20);
}
