// Turns the closed journal of one upload into a published extract's files, in
// the upload's staging directory: run, Parquet, manifest, validation report.
//
// Spec: docs/spec/hub-directory-v1.md, "Publishing"
// Threading: one thread an object; works on the pool.
// Secrets: tokens and rows of one extract pass through; keys are borrowed.

#ifndef TALLY_LINKAGE_STORE_SRC_PUBLISHER_H_
#define TALLY_LINKAGE_STORE_SRC_PUBLISHER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "batch_checker.h"
#include "crypto/token_converter.h"
#include "dataset/extract_manifest.h"
#include "linkage/index/convert_and_sort.h"
#include "linkage/store/extract_store.h"
#include "linkage/store/upload_journal.h"
#include "row_files.h"
#include "wire/stream_digest.h"

namespace tally::linkage {

struct PublisherInput {
  ExtractRecord record;
  std::vector<const dataset::Specification*> specifications;
  uint64_t person_limit = 0;
  std::array<uint8_t, 8> hub_key_id{};
  std::vector<const crypto::ConversionFactor*> factors;
  // Asked between pieces of work; an error ends publishing with it.
  std::function<absl::Status()> go_on;
  std::function<void(const OperationProgress&)> progress;
};

// What publishing found and wrote.
struct PublisherOutput {
  dataset::ExtractManifest manifest;
  std::string manifest_bytes;
  std::string manifest_signature;  // 64 bytes
  RunSummary run;
  std::vector<DatasetTally> datasets;
  std::vector<FileRecord> files;  // run and Parquet, relative
};

class Publisher final : public JournalVisitor {
 public:
  Publisher(const ExtractStoreOptions& options, const HubKeys::Lease& lease,
            PublisherInput input);
  ~Publisher() override;

  // Reads the journal and writes run and rows below the staging directory.
  // Errors: those that reject an extract (IsRejection) and others.
  [[nodiscard]] absl::StatusOr<PublisherOutput> Run();

  // JournalVisitor.
  absl::Status OnRequest(std::span<const uint8_t> create_request) override;
  absl::Status OnBatch(uint64_t sequence, wire::BatchKind kind,
                       std::span<const uint8_t> content) override;
  absl::Status OnManifest(std::span<const uint8_t> signature,
                          std::string_view manifest) override;

 private:
  [[nodiscard]] absl::Status BeginRun();
  [[nodiscard]] absl::Status FinishRun();
  [[nodiscard]] absl::Status CompareWithManifest();
  void Report(std::string_view stage, uint64_t done, uint64_t total,
              std::string_view unit) const;

  const ExtractStoreOptions& options_;
  const HubKeys::Lease& lease_;
  PublisherInput input_;
  std::string staging_;
  BatchChecker checker_;
  wire::StreamDigest stream_;
  Sha256 persons_;
  uint64_t all_persons_ = 0;  // once all have come
  std::optional<crypto::TokenConverter> converter_;
  std::unique_ptr<ConvertAndSort> sorter_;
  std::optional<RunSummary> run_;
  std::unique_ptr<RowFiles> rows_;
  PublisherOutput output_;
};

// Whether an error is the source's or the journal's fault, so that the extract
// is rejected, and not the hub's, so that publishing is tried again.
bool IsRejection(const absl::Status& status);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_SRC_PUBLISHER_H_
