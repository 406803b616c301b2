#ifndef TALLY_DEMO_TRUTH_WRITER_H_
#define TALLY_DEMO_TRUTH_WRITER_H_

// Books what linking and the measures must find, and writes a line a person
// with every number used for them.
//
// Spec: docs/population.md, "Truth".
// Threading: one writer.

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "demo/csv_file.h"
#include "demo/gp_events.h"
#include "demo/ledger.h"
#include "demo/national_identity.h"
#include "demo/national_writer.h"
#include "demo/person.h"

namespace tally::demo {

class TruthWriter {
 public:
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<TruthWriter>> Create(
      const PersonMaker& maker, const GpEvents& events,
      const std::string& directory, Ledger& ledger);

  // REQUIRES: `identity` and `national` are those of `person`; default made
  // ones where the person has no national rows.
  void Add(const Person& person, const NationalIdentity& identity,
           const NationalTruth& national);

  [[nodiscard]] absl::Status Close();

 private:
  TruthWriter(const PersonMaker& maker, const GpEvents& events, Ledger& ledger,
              CsvFile persons, CsvFile identifiers);
  void AddMeasures(const Person& person, const GpTruth& gp);
  void AddLinkage(const Person& person, const GpTruth& gp,
                  const NationalIdentity& identity,
                  const NationalTruth& national);

  const PersonMaker& maker_;
  const GpEvents& events_;
  Ledger& ledger_;
  CsvFile persons_;
  CsvFile identifiers_;
};

}  // namespace tally::demo

#endif  // TALLY_DEMO_TRUTH_WRITER_H_
