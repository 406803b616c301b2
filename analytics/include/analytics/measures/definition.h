// A measure's definition file: what is asked, counted, excluded, needed and
// printed. Definitions are files of TOML, versioned and named by digest in
// every output; values marked "(confirm)" in them belong to the operator.
// Runs in: the analyst's program.
//
// Spec: docs/measures/README.md.
// Threading: immutable values.
// Secrets: none.
#ifndef TALLY_ANALYTICS_MEASURES_DEFINITION_H_
#define TALLY_ANALYTICS_MEASURES_DEFINITION_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/release/release_folder.h"
#include "base/toml.h"

namespace tally::analytics {

// One thing that a measure reads, and cannot do without unless it says so.
struct MeasureNeed {
  std::string dataset;               // dataset id; empty for the next three
  std::string file;                  // a file of the release folder, or a
                                     // folder of it with its slash
  std::string reference;             // a reference file (reference.h)
  std::string measure;               // another measure, whose tables it uses
  std::vector<std::string> columns;  // all of them
  std::vector<std::vector<std::string>> one_of;  // at least one of each set
  std::vector<std::string> optional;             // used where present
  // The dataset is read where the release has it with all of the above; the
  // measure does without it elsewhere.
  bool optional_dataset = false;
  std::string grain;  // coarsest date grain that will do: day, week or month
  // Months, ending with the reference month, that the extracts must cover; 0:
  // the measure itself looks at what they cover.
  int64_t months = 0;

  std::string Table() const;  // gp-patient -> gp_patient
  // What the release lacks of the dataset that is needed; nothing if it is all
  // there.
  std::optional<std::string> MissingOfDataset(
      const ReleaseFolder& release) const;
};

struct MeasureOutput {
  std::string table;
  std::vector<std::string> columns;
};

class MeasureDefinition {
 public:
  // Reads one definition; unknown keys of the parts that all measures share
  // are errors. kInvalidArgument (exit 2) with file and line.
  [[nodiscard]] static absl::StatusOr<MeasureDefinition> Parse(
      std::string_view toml, std::string file);

  const std::string& id() const { return id_; }
  const std::string& version() const { return version_; }
  const std::string& title() const { return title_; }
  const std::string& question() const { return question_; }
  int stage() const { return stage_; }
  const std::string& owner() const { return owner_; }
  const std::string& numerator() const { return numerator_; }
  const std::string& denominator() const { return denominator_; }
  const std::string& exclusions() const { return exclusions_; }
  const std::string& direction() const { return direction_; }
  const std::string& target() const { return target_; }
  const std::string& interval() const { return interval_; }
  int64_t minimum_count() const { return minimum_count_; }
  const std::string& picture() const { return picture_; }
  const std::vector<std::string>& pages() const { return pages_; }
  const std::vector<MeasureNeed>& needs() const { return needs_; }
  const std::vector<MeasureOutput>& outputs() const { return outputs_; }
  // Columns that its tables can be grouped by, one or several of them; empty:
  // it has its own breakdowns only.
  const std::vector<std::string>& by() const { return by_; }
  // SHA-256 of the file's bytes, hex.
  const std::string& sha256() const { return sha256_; }
  const std::string& file() const { return file_; }

  // A number of [parameters]. kInvalidArgument naming the key.
  absl::StatusOr<double> Parameter(std::string_view key) const;
  // The same definition with another text for a key of [parameters]; unchanged
  // where it has no such key. The digest stays that of the file: what was asked
  // for beside it is said by the tables' notes and the run's own record.
  MeasureDefinition WithParameter(std::string_view key,
                                  const std::string& value) const;
  // The parts that only the measure itself understands.
  const TomlTable& root() const { return root_; }

  // Why the measure cannot be computed from this release, or nothing if it
  // can: a table, a column or a file is missing, or dates are too coarse.
  // `references` is the folder of reference files, or empty. Measures that it
  // uses are not asked.
  std::optional<std::string> Unavailable(const ReleaseFolder& release,
                                         const std::string& references) const;
  // Ids of the measures whose tables it uses.
  std::vector<std::string> Uses() const;

  // The definition as a page of documentation, in Markdown.
  std::string ToMarkdown() const;

 private:
  MeasureDefinition() = default;
  absl::Status ReadTexts();
  absl::Status ReadNeeds();
  absl::Status ReadOutputs();

  std::string id_, version_, title_, question_, owner_;
  std::string numerator_, denominator_, exclusions_, direction_, target_;
  std::string interval_, picture_, sha256_, file_;
  int stage_ = 0;
  int64_t minimum_count_ = 0;
  std::vector<std::string> pages_;
  std::vector<std::string> by_;
  std::vector<MeasureNeed> needs_;
  std::vector<MeasureOutput> outputs_;
  TomlTable root_;
};

// OK if every replaced definition in `override_folder` can be read; else as
// LoadDefinition. For callers that are about to let figures pass the gate.
absl::Status CheckDefinitions(const std::string& override_folder);

// The definition files that are built in, by file name without ".toml".
// A file of the same name in `override_folder` (if not empty) replaces one.
absl::StatusOr<MeasureDefinition> LoadDefinition(
    std::string_view id, const std::string& override_folder);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_MEASURES_DEFINITION_H_
