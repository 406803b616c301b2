#ifndef TALLY_DATASET_DICTIONARY_H_
#define TALLY_DATASET_DICTIONARY_H_

// The data dictionary of a release: a Frictionless Tabular Data Package, so
// that common tools read it, with our own keys for what matters here (class,
// grain, derivation, share filled). `commissioning synth` makes rows of the
// same shape from it alone.
//
// Role: written by the hub, read by the analyst.
//
// Spec: docs/spec/manifest-v1.md, "Data dictionary".
// Threading: values and pure functions.
// Secrets: none; shares of filled values are figures of the release and stay
// with it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "dataset/column_type.h"
#include "dataset/specification.h"

namespace tally::dataset {

struct DictionaryColumn {
  std::string name;
  ColumnType type = ColumnType::kCode;  // kCode and kText are both STRING
  std::string unit;
  std::string description;
  std::optional<ColumnClass> column_class;  // none: made by the hub
  std::vector<std::pair<std::string, std::string>> codes;  // value, label
  std::string grain;        // day | week | month; dates only
  std::string derivation;   // as Derivation::Describe, or the hub's own words
  std::string pattern;      // code, text
  uint32_t max_length = 0;  // code, text; 0 = not said
  std::optional<int64_t> min_int, max_int;  // integers; dates as days
  std::optional<double> min_double, max_double;
  bool required = false;
  // Share of rows with a value, 0 to 1, written with 6 decimals.
  std::optional<double> filled;

  // What a specification says about a column that it sends.
  static DictionaryColumn From(const ColumnSpec& column);
  friend bool operator==(const DictionaryColumn&,
                         const DictionaryColumn&) = default;
};

// One specification that fed a table.
struct DictionarySource {
  std::string dataset;  // id
  uint32_t version = 0;
  std::string spec_sha256;  // hex
  friend bool operator==(const DictionarySource&,
                         const DictionarySource&) = default;
};

struct DictionaryTable {
  std::string name;  // "gp_event"
  std::string title;
  std::string description;
  std::vector<std::string> paths;  // Parquet parts, relative to the folder
  uint64_t rows = 0;
  std::vector<DictionarySource> sources;
  std::vector<DictionaryColumn> columns;
  std::vector<std::string> primary_key;  // columns that identify a row, if any
  friend bool operator==(const DictionaryTable&,
                         const DictionaryTable&) = default;
};

struct Dictionary {
  std::string release;  // resource name
  std::string title;
  std::string created;  // RFC 3339, UTC
  std::string environment;
  std::vector<DictionaryTable> tables;

  // JSON with two-space indentation and a newline. Text is UTF-8.
  std::string ToJson() const;

  // Reads what ToJson writes; keys it does not know are ignored, as the
  // Frictionless format asks. kInvalidArgument, naming the path, otherwise.
  [[nodiscard]] static absl::StatusOr<Dictionary> Parse(std::string_view json);

  const DictionaryTable* Find(std::string_view table) const;  // or null
  friend bool operator==(const Dictionary&, const Dictionary&) = default;
};

}  // namespace tally::dataset

#endif  // TALLY_DATASET_DICTIONARY_H_
