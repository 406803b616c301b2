#ifndef TALLY_DEMO_NATIONAL_WRITER_H_
#define TALLY_DEMO_NATIONAL_WRITER_H_

// Writes what the national data team delivers: sus-apc, sus-op, ecds,
// ons-death, community-contact and gos-claim, with the faults that real
// national data have in their NHS Numbers, sorted by the number of the person
// they belong to; and books what must become of each row.
//
// Spec: docs/population.md, "Files of the national source".
// Threading: one writer.

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "demo/activity_truth.h"
#include "demo/csv_file.h"
#include "demo/delivery.h"
#include "demo/measure_truth.h"
#include "demo/national_identity.h"
#include "demo/national_rows.h"
#include "demo/person.h"

namespace tally::demo {

// What the releases must show of a person's national rows.
struct NationalTruth {
  bool linked_row = false;  // some linked row in the final state
  bool any_row = false;     // some row in the final state, linked or not
  // The same for hospital episodes, which carry the tracer.
  bool apc_linked_row = false;
  bool apc_any_row = false;
};

class NationalWriter {
 public:
  // Makes the files of every delivery below `directory`. Keeps references to
  // `maker`, `ledger` and `measures`. Fails when a folder or file cannot be
  // made.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<NationalWriter>> Create(
      const PersonMaker& maker, const std::string& directory, Ledger& ledger,
      MeasureTruth& measures);

  // Writes all rows of `person`, whom the source knows as `identity`.
  void Write(const Person& person, const NationalIdentity& identity,
             NationalTruth& truth);

  [[nodiscard]] absl::Status Close();

 private:
  struct Table {
    CsvFile file;
    FateBook book;
  };
  enum Dataset : size_t {
    kApc,
    kOp,
    kEcds,
    kDeaths,
    kCommunity,
    kEyeCare,
    kDatasets
  };
  struct Files {
    Delivery delivery;
    std::vector<Table> tables;  // by Dataset
    int64_t& persons;           // distinct people with a linked row
  };
  // A person in one delivery.
  struct Common {
    const Person& person;
    const NationalIdentity& identity;
    Files& files;
    std::string practice;
    std::string birth;
    std::string sex;
    int64_t rows = 0;  // sent, linked or not
    bool linked = false;
  };

  NationalWriter(const PersonMaker& maker, MeasureTruth& measures);
  void WriteEpisode(const Episode& row, int key, Common& common);
  void WriteAppointment(const Appointment& row, int key, Common& common);
  void WriteAttendance(const Attendance& row, int key, Common& common);
  void WriteDeath(const Death& row, Common& common);
  void WriteContact(const Contact& row, int key, Common& common);
  void WriteClaim(const EyeClaim& row, Common& common);
  // What becomes of a row that `reason` keeps from its person (empty: that
  // nothing does): books it, and in the final state counts it for measures.
  template <typename Row>
  void Book(const Row& row, Dataset dataset, const char* reason,
            Common& common);
  // As the source has it: that of the last registration.
  std::string PracticeCode(const Person& person) const;
  void WriteEpisodes(const Activity& rows, Common& common);
  void WriteOthers(const Activity& rows, Common& common);

  const PersonMaker& maker_;
  NationalRows rows_;
  ActivityTruth activity_;
  std::vector<std::unique_ptr<Files>> files_;
};

}  // namespace tally::demo

#endif  // TALLY_DEMO_NATIONAL_WRITER_H_
