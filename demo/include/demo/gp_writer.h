#ifndef TALLY_DEMO_GP_WRITER_H_
#define TALLY_DEMO_GP_WRITER_H_

// Writes what a GP system supplier delivers: gp-patient, gp-event and
// gp-prescription, in the supplier's own column names and date format, sorted
// as its files are (supplier a by NHS Number, supplier b by name), with the
// plants of docs/population.md; and books what must become of every row.
//
// Threading: one writer a supplier.

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "demo/activity_truth.h"
#include "demo/conditions.h"
#include "demo/csv_file.h"
#include "demo/delivery.h"
#include "demo/gp_events.h"
#include "demo/measure_truth.h"
#include "demo/person.h"
#include "demo/prescriptions.h"

namespace tally::demo {

class GpWriter {
 public:
  // Makes the files of every delivery of `supplier` (0 or 1) below
  // `directory`. Fails when a folder or file cannot be made.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<GpWriter>> Create(
      const PersonMaker& maker, const ConditionMaker& conditions, int supplier,
      const std::string& directory, Ledger& ledger, MeasureTruth& measures);

  // Writes all rows of `person` at this supplier, in every delivery.
  void Write(const Person& person);

  [[nodiscard]] absl::Status Close();

 private:
  struct Files {
    Delivery delivery;
    CsvFile patients;
    CsvFile events;
    CsvFile scripts;
    FateBook patient_book;
    FateBook event_book;
    FateBook script_book;
    int64_t& persons;  // distinct people with a row that was sent
  };

  GpWriter(const PersonMaker& maker, const ConditionMaker& conditions,
           int supplier, MeasureTruth& measures);
  // Each returns true if a row of the person must be sent.
  bool WritePatients(const Person& person, Files& files);
  bool WriteEvents(const Person& person, Files& files);
  bool WriteScripts(const Person& person, Files& files);
  void WriteEvent(const Person& person, const GpEvent& event, Files& files);
  void WriteScript(const Person& person, const Prescription& item,
                   Files& files);
  std::string EventDate(const GpEvent& event) const;
  std::string DateText(int month, int day) const;
  std::string NumberText(const std::string& number) const;
  bool Mine(int practice) const;

  const PersonMaker& maker_;
  GpEvents events_;
  Prescriptions prescriptions_;
  ActivityTruth activity_;
  int supplier_;
  std::vector<std::unique_ptr<Files>> files_;
};

// The two suppliers' ids.
inline constexpr std::array<const char*, kSuppliers> kSupplierIds = {
    "gp-supplier-a", "gp-supplier-b"};

}  // namespace tally::demo

#endif  // TALLY_DEMO_GP_WRITER_H_
