#ifndef TALLY_DEMO_HOSPITAL_WRITER_H_
#define TALLY_DEMO_HOSPITAL_WRITER_H_

// Writes what the national data team delivers: sus-apc, sus-op and ecds, with
// the faults that real national data have in their NHS Numbers, sorted by the
// number of the person they belong to; and books what must become of each row.
//
// Threading: one writer.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "demo/csv_file.h"
#include "demo/delivery.h"
#include "demo/person.h"

namespace tally::demo {

inline constexpr const char* kNationalId = "national-apc";

// How the national source knows a person.
struct NationalIdentity {
  std::string number;       // as written there; may be empty or faulty
  const char* reason = "";  // of rows that stay unlinked; empty: linked
  // Whose token the rows get: the person's own index, another's (a shared
  // number), or nobody's in the GP data (a replaced number).
  std::optional<uint64_t> token_of;
  bool withheld = false;  // hospital episodes carry a withheld-identity code
};

// What the releases must show of a person's national rows.
struct NationalTruth {
  bool linked_row = false;  // some linked row in the final state
  bool any_row = false;     // some row in the final state, linked or not
  // The same for hospital episodes, which carry the tracer.
  bool apc_linked_row = false;
  bool apc_any_row = false;
};

class HospitalWriter {
 public:
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<HospitalWriter>> Create(
      const PersonMaker& maker, const std::string& directory, Ledger& ledger);

  // Writes all rows of `person`. REQUIRES: person.hospital.
  void Write(const Person& person, NationalTruth& truth);

  // How this source knows `person`: a pure function.
  NationalIdentity IdentityOf(const Person& person) const;

  [[nodiscard]] absl::Status Close();

 private:
  struct Files {
    Delivery delivery;
    CsvFile apc;
    CsvFile op;
    CsvFile ecds;
    FateBook apc_book;
    FateBook op_book;
    FateBook ecds_book;
    int64_t& persons;  // distinct people with a linked row
  };
  struct Common;

  explicit HospitalWriter(const PersonMaker& maker);
  Common CommonOf(const Person& person) const;
  struct Spell;
  void WriteSpells(Common& common, Files& files, bool& linked);
  void WriteEpisode(const Spell& spell, uint64_t episode, Common& common,
                    Files& files, bool& linked);
  void WriteAppointments(Common& common, Files& files, bool& linked);
  void WriteAttendances(Common& common, Files& files, bool& linked);
  // The month of the person's `number`-th event of one kind; none before
  // birth or after death.
  std::optional<int> MonthOf(const Person& person, uint64_t part) const;
  // The first person after `index` whose number a clerk could take for theirs.
  std::optional<uint64_t> Neighbour(uint64_t index) const;

  const PersonMaker& maker_;
  Draws draws_;
  std::vector<std::unique_ptr<Files>> files_;
};

}  // namespace tally::demo

#endif  // TALLY_DEMO_HOSPITAL_WRITER_H_
