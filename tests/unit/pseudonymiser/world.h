#ifndef TALLY_TESTS_UNIT_PSEUDONYMISER_WORLD_H_
#define TALLY_TESTS_UNIT_PSEUDONYMISER_WORLD_H_

// A source in a temporary folder: specifications, lists, files, keys, a
// registry. Tests change what they are about.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/worker_pool.h"
#include "crypto/registry.h"
#include "crypto/source_key.h"
#include "dataset/record_batch.h"
#include "pseudonymiser/configuration.h"
#include "pseudonymiser/delivery_plan.h"
#include "pseudonymiser/extract_preparer.h"
#include "pseudonymiser/source_keys.h"
#include "pseudonymiser/spool_store.h"
#include "temp_dir.h"

namespace tally::pseudonymiser {

// The i-th number of a block that is never issued; 0 <= i < 1,000,000.
std::string TestNumber(uint32_t i);
// The same with a wrong check digit.
std::string WrongNumber(uint32_t i);

class World {
 public:
  // Datasets gp-event, gp-patient and gp-prescription, an empty deny list,
  // everybody of TestNumber(0..999) eligible, practices A00001 and A00002.
  explicit World(crypto::Environment environment = crypto::Environment::kTest);
  ~World();

  Configuration& configuration() { return configuration_; }
  const std::string& path() const { return dir_.path(); }

  // Writes a file of the delivery and returns its path.
  std::string File(const std::string& name, std::string_view text);
  // Replaces a list.
  void List(dataset::ListName name, std::string_view text, int mode = 0600);
  // Replaces and accepts a specification.
  void Specify(const std::string& dataset, std::string_view toml);

  static std::string EventHeader();
  // A good row of gp-event for person `i`, with the fields of EventHeader().
  static std::string EventRow(const std::string& number,
                              const std::string& rest =
                                  "01,2026-11-05,12345678,7.5,mmol/L,A00001,"
                                  "C1,0,2026-11-06");

  // From here on a delivery of which nothing is sent is an error, as it is for
  // users who do not say --allow-empty.
  void RefuseEmpty() { allow_empty_ = false; }
  absl::StatusOr<DeliveryPlan> Plan(const std::vector<FileArgument>& files,
                                    std::string_view period = "2026-11");
  // Reads and checks, as `check` does.
  absl::StatusOr<ExtractPreparer::Checked> Check(
      const std::vector<FileArgument>& files,
      std::string_view period = "2026-11");

  // Keys and a registry that knows them, made on first use.
  const SourceKeys& keys();
  const crypto::Registry& registry();
  const crypto::SigningKey& hub_sign_key();

  WorkerPool& pool() { return pool_; }
  static CivilDay Today();

 private:
  void MakeKeys();

  TempDir dir_;
  Configuration configuration_;
  bool allow_empty_ = true;
  WorkerPool pool_;
  std::unique_ptr<SourceKeys> keys_;
  std::unique_ptr<crypto::SigningKey> custodian_;
  std::unique_ptr<crypto::SigningKey> hub_sign_;
  std::unique_ptr<crypto::Registry> registry_;
};

// What a spool holds, decoded: all tokens in order, and all rows.
struct SpoolContent {
  std::vector<std::string> tokens;
  std::vector<uint8_t> flags;
  struct Row {
    uint32_t dataset = 0;
    int32_t person = -1;
    dataset::RowReason reason = dataset::RowReason::kNone;
    std::vector<std::string> values;  // as text; "-" is null
  };
  std::vector<Row> rows;
  uint64_t batches = 0;
  std::string stream_sha256;
};
absl::StatusOr<SpoolContent> ReadSpool(
    const SpoolStore& store, const std::string& extract,
    const std::vector<std::shared_ptr<const dataset::Specification>>& specs);

}  // namespace tally::pseudonymiser

#endif  // TALLY_TESTS_UNIT_PSEUDONYMISER_WORLD_H_
