#ifndef TALLY_PSEUDONYMISER_DELIVERY_PLAN_H_
#define TALLY_PSEUDONYMISER_DELIVERY_PLAN_H_

// What one delivery is made of: its period, its datasets with the files of
// each, the lists. Made from the configuration and the command line before a
// file is opened, so that a mistake in either costs no time.
//
// Threading: immutable once made.
// Secrets: the lists hold NHS Numbers.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/civil_day.h"
#include "dataset/resource_name.h"
#include "dataset/specification.h"
#include "pseudonymiser/configuration.h"
#include "pseudonymiser/list_files.h"

namespace tally::pseudonymiser {

class DatasetPlan;  // src/dataset_plan.h

// First and last day of what a delivery covers; whole months.
struct Period {
  CivilDay first;
  CivilDay last;
  dataset::YearMonth last_month;  // names the extract

  // "2026-11", or "2023-04..2026-11" for a first load. kInvalidArgument (exit
  // 2) for anything else, and for a last month before the first.
  [[nodiscard]] static absl::StatusOr<Period> Parse(std::string_view text);
  // The month before `today`'s: what a monthly job delivers.
  static Period MonthBefore(CivilDay today);
  friend bool operator==(const Period&, const Period&) = default;
};

// One word of the command line: "gp-patient=patients.csv".
struct FileArgument {
  std::string dataset;
  std::string path;
};
// kInvalidArgument (exit 2) unless there is a dataset id, "=" and a path.
absl::StatusOr<FileArgument> ParseFileArgument(std::string_view word);

// The specifications that this source works from. `accept` copies one into the
// state directory after its digest was compared; only accepted bytes are used.
class SpecificationStore {
 public:
  explicit SpecificationStore(const Configuration& configuration)
      : configuration_(configuration) {}

  // The specification of a configured dataset, as accepted. Returns kNotFound
  // (exit 4) when no such dataset is configured, kInvalidArgument (exit 2) for
  // a bad file, and kFailedPrecondition (exit 7) when the file was changed
  // since it was accepted, or never was.
  absl::StatusOr<std::shared_ptr<const dataset::Specification>> Load(
      const std::string& dataset) const;
  // The same without asking whether it was accepted.
  absl::StatusOr<std::shared_ptr<const dataset::Specification>> LoadAny(
      const std::string& dataset) const;
  // Hex digest that was accepted; empty when none was.
  absl::StatusOr<std::string> AcceptedDigest(const std::string& dataset) const;
  // Accepts the file as it is. kFailedPrecondition (exit 7) when its digest is
  // not `digest_hex`.
  absl::Status Accept(const std::string& dataset,
                      std::string_view digest_hex) const;

 private:
  const Configuration& configuration_;
};

struct DeliveryPlan {
  struct Dataset {
    std::shared_ptr<const DatasetPlan> plan;
    std::vector<std::string> files;  // read one after the other
  };

  const Configuration* configuration = nullptr;
  Period period;
  std::vector<Dataset> datasets;  // ascending by id: the extract's order
  Lists lists;
  bool allow_empty = false;  // a dataset of which no row is sent

  // Checks the words, loads specifications and lists. `now_ms`: milliseconds
  // since 1970. `configuration` must outlive the plan. Errors: kInvalidArgument
  // (exit 2) for words and configuration, exit 8 for lists, and those of
  // SpecificationStore::Load.
  [[nodiscard]] static absl::StatusOr<DeliveryPlan> Make(
      const Configuration& configuration,
      const std::vector<FileArgument>& arguments, const Period& period,
      int64_t now_ms);
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_DELIVERY_PLAN_H_
