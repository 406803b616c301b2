#ifndef TALLY_PSEUDONYMISER_EXTRACT_PREPARER_H_
#define TALLY_PSEUDONYMISER_EXTRACT_PREPARER_H_

// From files to a complete spool: reads and checks everything, tokenises,
// shuffles, encodes, writes and signs the manifest. `check` runs the first half
// of it, offline and without keys; `push` all of it. Nothing leaves here.
//
// Spec: docs/pseudonymiser.md, "What a push does".
// Threading: one thread calls; workers are inside.
// Secrets: see the parts.

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/civil_day.h"
#include "base/progress.h"
#include "base/worker_pool.h"
#include "crypto/sign.h"
#include "crypto/source_key.h"
#include "dataset/extract_manifest.h"
#include "pseudonymiser/delivery_plan.h"
#include "pseudonymiser/delivery_report.h"
#include "pseudonymiser/spool_store.h"

namespace tally::pseudonymiser {

// Period, specifications, settings and key of a delivery, and the state of its
// lists; without its files.
DeliveryInputs DescribeTerms(const DeliveryPlan& plan,
                             std::string_view key_id_hex, uint32_t epoch);

// Whether a delivery has the files of `known`. A file that lies where it lay,
// with its size and time, is taken as the same; else its digest is made.
// Errors as InputFile.
absl::StatusOr<bool> HasSameFiles(const DeliveryPlan& plan,
                                  const DeliveryInputs& known);

class ExtractPreparer {
 public:
  // All must outlive this; `progress` may be null. `today` bounds columns with
  // max = "today".
  ExtractPreparer(const DeliveryPlan& plan, WorkerPool& pool,
                  ProgressReporter* progress, CivilDay today);

  struct Checked {
    DeliveryReport report;
    absl::Status verdict;  // why the delivery may not leave, or OK
  };
  // Reads and checks; keeps nothing. The temporary spool is sealed under a key
  // that is thrown away. Errors: those of files and disk.
  absl::StatusOr<Checked> Check();

  struct Prepared {
    DeliveryReport report;
    absl::Status verdict;   // when not OK the spool was dropped
    DeliveryRecord record;  // what is in the spool
  };
  // Fills the spool of `extract`. On an error or a refusal nothing is kept.
  absl::StatusOr<Prepared> Prepare(const dataset::ExtractId& extract,
                                   const crypto::TokenKey& key,
                                   const crypto::SigningKey& sign,
                                   SpoolStore* store);

 private:
  absl::StatusOr<Prepared> FillSpool(const dataset::ExtractId& extract,
                                     const crypto::TokenKey& key,
                                     const crypto::SigningKey& sign,
                                     SpoolStore* store);
  absl::Status FillRecord(const dataset::ExtractManifest& manifest,
                          const crypto::TokenKey& key,
                          const crypto::SigningKey& sign,
                          DeliveryRecord* record) const;

  const DeliveryPlan& plan_;
  WorkerPool& pool_;
  ProgressReporter* progress_;
  const CivilDay today_;
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_EXTRACT_PREPARER_H_
