#ifndef TALLY_TESTS_UNIT_LINKAGE_RELEASE_RELEASE_WORLD_H_
#define TALLY_TESTS_UNIT_LINKAGE_RELEASE_RELEASE_WORLD_H_

// Published extracts on disk, as the hub keeps them, made from rows that a test
// writes down: the world that releases are built from.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/worker_pool.h"
#include "crypto/keys.h"
#include "crypto/sign.h"
#include "dataset/row_reason.h"
#include "engine/database.h"
#include "engine/value.h"
#include "linkage/release/release_builder.h"
#include "linkage/store/specification_store.h"
#include "release_test_data.h"
#include "temp_dir.h"

namespace tally::linkage {

// One row: whose it is (a number of the test's own; -1 nobody), and values by
// column; a column that is not named is NULL.
struct TestRow {
  int who = -1;
  std::map<std::string, engine::Value> values;
  dataset::RowReason reason = dataset::RowReason::kNone;
};

engine::Value DayValue(std::string_view iso);

class ReleaseWorld {
 public:
  ReleaseWorld();

  // Publishes an extract of `source` for the month `period` ("2026-11").
  // Every person of its rows is in its index; `more_people` without rows.
  void Publish(const std::string& source, const std::string& period,
               int revision,
               const std::map<std::string, std::vector<TestRow>>& datasets,
               const std::vector<int>& more_people = {});

  // Planned over everything published.
  absl::StatusOr<ReleasePlan> Plan(const Agreement& agreement) const;

  // Inputs that borrow `agreement` and `plan`.
  LinkInputs LinkInputsFor(const Agreement& agreement,
                           const ReleasePlan& plan) const;
  BuildInputs BuildInputsFor(const Agreement& agreement,
                             const ReleasePlan& plan,
                             const std::string& release) const;

  // A release of `agreement`, which must build.
  BuiltRelease MustBuild(const Agreement& agreement,
                         const std::string& release);
  std::string ReleaseDirectory(const std::string& release) const;

  // Rows of a table of a release, in file order, NULL as "-".
  std::vector<std::vector<std::string>> Table(const std::string& release,
                                              const std::string& table) const;

  const std::vector<std::string>& statements() const { return statements_; }
  const crypto::SigningKey& sign_key() const { return sign_key_; }
  std::string work_directory() const { return dir_.Path("work"); }

 private:
  void WriteRows(const std::string& directory, const std::string& dataset,
                 const std::vector<TestRow>& rows,
                 const std::map<int, int>& index_of);
  void WriteRun(const std::string& uid, const std::string& source,
                const std::vector<int>& people);

  TempDir dir_;
  std::shared_ptr<const SpecificationStore> specifications_;
  crypto::StorageKey storage_;
  mutable std::map<std::string, crypto::ProjectKey> project_keys_;
  crypto::SigningKey sign_key_;
  mutable WorkerPool pool_{2};
  std::vector<ExtractRecord> published_;
  mutable std::vector<std::string> statements_;
  int next_uid_ = 1;
};

}  // namespace tally::linkage

#endif  // TALLY_TESTS_UNIT_LINKAGE_RELEASE_RELEASE_WORLD_H_
