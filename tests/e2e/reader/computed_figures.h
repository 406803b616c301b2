// What measures compute from a release, before the gate, for measure_truth.
// Figures of tables that are made from released ones are those printed under
// the profile that changes nothing.
#ifndef TALLY_TESTS_E2E_READER_COMPUTED_FIGURES_H_
#define TALLY_TESTS_E2E_READER_COMPUTED_FIGURES_H_

#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/disclosure/gate.h"
#include "analytics/measures/runner.h"
#include "analytics/release/release_database.h"
#include "analytics/release/release_folder.h"

namespace tally::analytics {

// Dimensions -> levels; columns -> figures, and words; rows by table.
using FigureLevels = std::map<std::string, std::string>;
struct FigureRow {
  std::map<std::string, double> figures;
  FigureLevels texts;
};
using FigureTable = std::map<FigureLevels, FigureRow>;
using FigureTables = std::map<std::string, FigureTable>;

// A figure that the truth names.
struct FigureName {
  std::string measure;
  std::string table;
  FigureLevels levels;
  std::string column;
};

class ComputedFigures {
 public:
  struct Folders {
    std::string release;
    std::string key;          // release key
    std::string references;   // of reference files, or empty
    std::string definitions;  // of replaced definitions, or empty
    std::string work;         // for the engine
  };
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<ComputedFigures>> Create(
      const Folders& folders);

  // The figure of the rows that `name` is about; nothing if there are none.
  // Levels, and words of a column, are found whatever the spaces, hyphens,
  // underscores, commas and capitals; an id of the definition stands for its
  // title, `all` for a level that begins with it. Of a dimension that is not
  // named, the level that stands for all of them is taken, of a census or
  // threshold the last one, else rows are added up. Column `row_count` is how
  // many rows there are, `x_pence` a hundred times x, which is in pounds. What
  // is not in the usual tables is looked for by practice. kNotFound: the
  // measure is not available, and why.
  absl::StatusOr<std::optional<double>> Find(const FigureName& name);

  // Every figure of the usual tables: measure,table,levels,column,figure.
  absl::Status WriteAll(std::ostream& out);

 private:
  // What one measure gives: its usual tables, then those by practice.
  struct Computed {
    FigureTables usual;
    std::optional<std::vector<FigureTables>> grouped;
    std::map<std::string, std::string> titles;  // of ids in the definition
  };

  ComputedFigures(ReleaseFolder release, ReleaseDatabase database,
                  Profile profile, Folders folders);
  absl::StatusOr<Computed*> Of(const std::string& id);
  absl::StatusOr<Computed> Usual(const std::string& id);
  absl::StatusOr<FigureTables> Raw(const std::string& id,
                                   std::vector<std::string> by);
  static bool IsAbout(const Computed& computed, const FigureLevels& levels,
                      const FigureRow& row, const FigureName& name);
  static std::optional<double> Lookup(const Computed& computed,
                                      const FigureTables& tables,
                                      const FigureName& name);
  static bool SameLevel(const Computed& computed, const std::string& named,
                        const std::string& level);

  ReleaseFolder release_;
  ReleaseDatabase database_;
  Gate gate_;
  Folders folders_;
  std::unique_ptr<MeasureRunner> runner_;
  BaseTables base_;
  std::map<std::string, absl::StatusOr<Computed>> computed_;
};

}  // namespace tally::analytics

#endif  // TALLY_TESTS_E2E_READER_COMPUTED_FIGURES_H_
