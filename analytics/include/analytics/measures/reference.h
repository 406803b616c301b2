// Reference files: what measures compare, price and weigh with, and what is
// the operator's to set: plans, tariffs, weights, comparators, peer groups.
//
// A file is <folder>/<id>.toml, the folder being `reference.comparators` of the
// configuration:
//
//   id = "contract_plan"
//   source = "Contract schedule 2026/27, version 3"
//   valid_from = 2026-04-01
//   valid_to = 2027-03-31
//   columns = ["provider", "pod", "month", "activity"]
//   row = [
//     ["RX1", "day_case", "2026-04", 120],
//   ]
//
// Runs in: the analyst's program.
// Spec: docs/measures/README.md, "Reference files".
// Threading: values.  Secrets: none: published or agreed figures.
#ifndef TALLY_ANALYTICS_MEASURES_REFERENCE_H_
#define TALLY_ANALYTICS_MEASURES_REFERENCE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/civil_day.h"
#include "base/toml.h"
#include "engine/database.h"

namespace tally::analytics {

// What a column of a reference file holds. A month is text, "2026-04".
enum class ReferenceType { kText, kInteger, kNumber };

struct ReferenceColumn {
  std::string name;
  ReferenceType type = ReferenceType::kText;
};

// For a file whose rows say when they hold, or that holds nothing but names:
// it is read whatever its validity.
inline constexpr std::nullopt_t kAnyMonth = std::nullopt;

class ReferenceFile {
 public:
  // Reads <folder>/<id>.toml and takes `columns` out of its rows, in that
  // order; it may have others. `month` is that of the figures, the whole of
  // which the file must cover, or kAnyMonth. kNotFound (exit 4) without such a
  // file; kInvalidArgument (exit 2), naming file and line, for a missing
  // column, a cell of another type, an unknown key, valid_to before valid_from;
  // the same, of which IsNotValidThen holds, if it does not cover the month.
  [[nodiscard]] static absl::StatusOr<ReferenceFile> Read(
      const std::string& folder, std::string_view id,
      const std::vector<ReferenceColumn>& columns,
      std::optional<CivilDay> month);

  const std::string& source() const { return source_; }
  size_t rows() const { return rows_.size(); }
  // REQUIRES: row and column are in range, the column is of that type; Number
  // takes integers too.
  const std::string& Text(size_t row, size_t column) const;
  int64_t Integer(size_t row, size_t column) const;
  double Number(size_t row, size_t column) const;
  // kInvalidArgument with file and line of a row, for a value out of range.
  absl::Status ErrorAt(size_t row, std::string_view message) const;

  // Makes the temporary table `name` with these columns (VARCHAR, BIGINT,
  // DOUBLE) and rows. Replaces one that is there.
  absl::Status Load(engine::Connection& connection,
                    std::string_view name) const;
  // "Source, valid 2026-04-01 to 2027-03-31", for the notes of a table.
  std::string Citation() const;

 private:
  ReferenceFile(CivilDay from, CivilDay to)
      : valid_from_(from), valid_to_(to) {}

  std::string file_;
  std::string source_;
  CivilDay valid_from_;
  CivilDay valid_to_;
  std::vector<ReferenceColumn> columns_;
  std::vector<std::vector<TomlValue>> rows_;
  std::vector<int> lines_;
};

// Whether this is the error of Read for a file that does not cover the month:
// the measure that asked for it is not available, and the message says why.
bool IsNotValidThen(const absl::Status& status);

// Whether the file is there; `folder` empty: no.
bool HasReference(const std::string& folder, std::string_view id);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_MEASURES_REFERENCE_H_
