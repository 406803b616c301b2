// A built-in definition of a measure in which texts were replaced, for tests
// of parameters.
#ifndef TALLY_TESTS_UNIT_ANALYTICS_REPLACED_DEFINITION_H_
#define TALLY_TESTS_UNIT_ANALYTICS_REPLACED_DEFINITION_H_

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "bench.h"
#include "gtest/gtest.h"

namespace tally::analytics {

// The folder for RunOptions::definitions. Each text must be there.
inline std::string DefinitionWith(
    const Bench& bench, const std::string& id,
    const std::vector<std::pair<std::string, std::string>>& changes) {
  const std::string folder = bench.root() + "/definitions";
  std::filesystem::create_directories(folder);
  std::string text =
      *ReadFile(std::string(TALLY_SOURCE_DIR) +
                    "/analytics/measures/definitions/" + id + ".toml",
                1 << 20);
  for (const auto& [from, to] : changes) {
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    if (at != std::string::npos) text.replace(at, from.size(), to);
  }
  EXPECT_TRUE(
      WriteFileAtomically(folder + "/" + id + ".toml", text, 0600).ok());
  return folder;
}

// The table of that name; fails the test if there is none.
inline const GatedTable& TableNamed(const MeasureResult& result,
                                    std::string_view name) {
  for (const GatedTable& table : result.tables) {
    if (table.info().table == name) return table;
  }
  ADD_FAILURE() << "no table " << name;
  std::abort();
}

// A table as text, row by row, for comparisons.
inline std::vector<std::string> RowsOf(const GatedTable& table) {
  std::vector<std::string> rows;
  for (size_t row = 0; row < table.rows(); ++row) {
    std::string& line = rows.emplace_back();
    for (size_t column = 0; column < table.columns().size(); ++column) {
      line += table.cell(row, column).text() + "|";
    }
  }
  return rows;
}

}  // namespace tally::analytics

#endif  // TALLY_TESTS_UNIT_ANALYTICS_REPLACED_DEFINITION_H_
