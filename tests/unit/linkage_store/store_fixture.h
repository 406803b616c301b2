// A whole hub store in a temporary folder, with one source that can upload:
// keys, registry, specifications, catalogue, extract store, and a small
// delivery made as a source makes one.

#ifndef TALLY_TESTS_UNIT_LINKAGE_STORE_STORE_FIXTURE_H_
#define TALLY_TESTS_UNIT_LINKAGE_STORE_STORE_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/worker_pool.h"
#include "crypto/registry.h"
#include "crypto/source_key.h"
#include "dataset/extract_manifest.h"
#include "linkage/store/catalogue.h"
#include "linkage/store/extract_store.h"
#include "linkage/store/hub_directory.h"
#include "linkage/store/hub_keys.h"
#include "linkage/store/specification_store.h"

namespace tally::linkage {

inline constexpr std::string_view kTestPassphrase = "correct horse";
inline constexpr std::string_view kTestSource = "gp-supplier-a";
inline constexpr std::string_view kTestHubActor = "tally:hub-a";

// Specifications of gp-event (activity) and gp-patient (snapshot), as TOML.
extern const std::string_view kTestEventSpecification;
extern const std::string_view kTestPatientSpecification;

// Both of them, read.
std::shared_ptr<const SpecificationStore> TestSpecifications();

// The keys of one scheme, made from fixed seeds, so that a process that is
// started again has the same ones.
class TestScheme {
 public:
  // `person_limit` of the source.
  explicit TestScheme(int64_t person_limit = 1'000);

  const crypto::Registry& registry() const { return *registry_; }
  std::shared_ptr<const crypto::Registry> shared_registry() const {
    return registry_;
  }
  const crypto::SourceKey& source() const { return source_; }
  const crypto::SigningKey& source_sign() const { return source_sign_; }
  const crypto::SigningKey& custodian_sign() const { return custodian_; }
  // k_hub / k_s.
  crypto::ConversionFactor Factor() const;
  // A factor that does not fit.
  crypto::ConversionFactor WrongFactor() const;

 private:
  crypto::Scalar hub_;
  crypto::SourceKey source_;
  crypto::SigningKey source_sign_;
  crypto::SigningKey hub_sign_;
  crypto::SigningKey custodian_;
  std::shared_ptr<const crypto::Registry> registry_;
};

// One delivery: batches and manifest, deterministic for a seed.
struct TestDelivery {
  CreateExtractCommand create;
  struct Batch {
    wire::BatchKind kind;
    std::string content;
  };
  std::vector<Batch> batches;
  dataset::ExtractManifest manifest;

  std::string ManifestBytes() const { return manifest.ToJson(); }
};
struct DeliveryOptions {
  std::string extract_id = "p2026-10-r1";
  std::string period_start = "2026-10-01";
  std::string period_end = "2026-10-31";
  int persons = 40;
  uint64_t first_number = 9'000'000'000;
  int events = 300;   // rows of gp-event
  int patients = 40;  // rows of gp-patient
  int rows_per_batch = 64;
  int tokens_per_batch = 16;
  std::string opt_out_date = "2026-10-20";
};
TestDelivery MakeDelivery(const TestScheme& scheme,
                          const DeliveryOptions& options = {});
// Signs as the source does.
std::string SignManifest(const TestScheme& scheme, std::string_view manifest);

// A hub's store. Opened on a folder that may have been used before.
class TestHub {
 public:
  // REQUIRES: `root` exists. `scheme` and `kernel` outlive the hub.
  TestHub(const std::string& root, const TestScheme& scheme,
          const crypto::TokenKernel* kernel = &crypto::PortableKernel());

  // Stops and starts: recovery included.
  void Restart();

  HubDirectory& directory() { return *directory_; }
  Catalogue& catalogue() { return *catalogue_; }
  HubKeys& keys() { return *keys_; }
  ExtractStore& store() { return *store_; }
  const ExtractStoreOptions& options() const { return options_; }
  WorkerPool& pool() { return pool_; }

  absl::StatusOr<ExtractRecord> Create(const TestDelivery& delivery);
  // Sends batches from `first` (1 = all) and syncs; returns what is durable.
  absl::StatusOr<uint64_t> Send(const TestDelivery& delivery,
                                uint64_t first = 1);
  absl::StatusOr<ExtractRecord> Finalize(const TestDelivery& delivery);
  absl::Status Publish(const TestDelivery& delivery);
  // All of it; returns the extract as it then stands.
  absl::StatusOr<ExtractRecord> Deliver(const TestDelivery& delivery);
  absl::StatusOr<ExtractRecord> Get(const TestDelivery& delivery);

  CallContext Call() const;

 private:
  void Start();

  std::string root_;
  const TestScheme& scheme_;
  const crypto::TokenKernel* kernel_;
  WorkerPool pool_{2};
  std::unique_ptr<HubDirectory> directory_;
  std::unique_ptr<Catalogue> catalogue_;
  std::unique_ptr<HubKeys> keys_;
  ExtractStoreOptions options_;
  std::unique_ptr<ExtractStore> store_;
};

}  // namespace tally::linkage

#endif  // TALLY_TESTS_UNIT_LINKAGE_STORE_STORE_FIXTURE_H_
