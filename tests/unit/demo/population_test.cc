// A whole population, written into a folder: equal bytes, sums of the truth,
// neutral background, and the rows of lanes in the files.
#include "demo/population.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "demo/national_rows.h"
#include "demo/prescriptions.h"
#include "status_matchers.h"

namespace tally::demo {
namespace {

namespace fs = std::filesystem;

std::string Read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Fields without commas, which these files are.
std::vector<std::vector<std::string>> ReadRows(const fs::path& path) {
  std::vector<std::vector<std::string>> rows;
  std::ifstream in(path);
  std::string line;
  while (std::getline(in, line)) {
    std::vector<std::string>& row = rows.emplace_back();
    size_t begin = 0;
    for (size_t end = 0; end != std::string::npos; begin = end + 1) {
      end = line.find(',', begin);
      row.push_back(line.substr(begin, end - begin));
    }
  }
  return rows;
}

std::map<std::string, std::string> Files(const fs::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) {
      files[fs::relative(entry.path(), directory)] = Read(entry.path());
    }
  }
  return files;
}

class WholePopulation : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new fs::path(testing::TempDir() + "/tally-population-" +
                              std::to_string(getpid()));
    fs::remove_all(*directory_);
    for (const char* name : {"one", "two", "other", "plain"}) {
      PopulationOptions options;
      options.people = 600;
      options.seed = std::string(name) == "other" ? 2 : 1;
      options.lanes = std::string(name) != "plain";
      ASSERT_THAT(WritePopulation(options, *directory_ / name, [](uint64_t) {}),
                  IsOk());
    }
  }
  static void TearDownTestSuite() {
    fs::remove_all(*directory_);
    delete directory_;
  }
  static fs::path In(const char* name) { return *directory_ / name; }

  static fs::path* directory_;
};
fs::path* WholePopulation::directory_ = nullptr;

TEST_F(WholePopulation, EqualSeedsGiveEqualBytesAndOthersOthers) {
  const auto one = Files(In("one"));
  // Two suppliers, the national source, the truth, a plan.
  EXPECT_EQ(one.size(), 33U + 33 + 39 + 15 + 1);
  EXPECT_TRUE(one == Files(In("two")));
  const auto other = Files(In("other"));
  EXPECT_NE(one.at("truth/measures.csv"), other.at("truth/measures.csv"));
}

TEST_F(WholePopulation, WithoutLanesThereAreNoLanePractices) {
  for (const auto& [name, text] : Files(In("plain"))) {
    EXPECT_EQ(text.find("Z98"), std::string::npos) << name;
  }
}

// The truth's figures by measure, table, column and dimensions.
using Figures = std::map<std::string, int64_t>;
Figures ReadFigures(const fs::path& directory) {
  Figures figures;
  const auto rows = ReadRows(directory / "truth/measures.csv");
  for (size_t i = 1; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].size(), 5U);
    const std::string key =
        rows[i][0] + "," + rows[i][1] + "," + rows[i][3] + "," + rows[i][2];
    EXPECT_TRUE(figures.emplace(key, std::stoll(rows[i][4])).second) << key;
  }
  return figures;
}

TEST_F(WholePopulation, ActivityByPracticeAddsUpToAll) {
  const Figures figures = ReadFigures(In("one"));
  std::map<std::string, int64_t> all;
  std::map<std::string, int64_t> practices;
  for (const auto& [key, value] : figures) {
    const size_t area = key.find(",area=");
    if (key.rfind("ACT,", 0) != 0 || area == std::string::npos) continue;
    if (key.find("claims") != std::string::npos ||
        key.find("by_paragraph") != std::string::npos) {
      continue;  // by all only
    }
    const size_t end = key.find(';', area);
    const std::string rest = key.substr(0, area) + key.substr(end);
    const bool total = key.substr(area + 6, end - area - 6) == "All";
    (total ? all : practices)[rest] += value;
  }
  EXPECT_GT(all.size(), 500U);
  EXPECT_EQ(all, practices);
}

// Rows of a file of the national source in the final state, without those of
// people who opted out nationally.
std::map<std::string, int64_t> CountedRows(const fs::path& directory,
                                           const char* file, size_t column) {
  std::set<std::string> eligible;
  for (const auto& row :
       ReadRows(directory / "national-apc/p2026-10-r2/lists/national.csv")) {
    eligible.insert(row[0]);
  }
  std::set<std::string> gone;
  const auto people = ReadRows(directory / "truth/persons.csv");
  for (size_t i = 1; i < people.size(); ++i) {
    if (eligible.count(people[i][1]) == 0) gone.insert(people[i][1]);
  }
  std::map<std::string, int64_t> counts;
  for (const char* extract : {"p2026-09-r1", "p2026-10-r2"}) {
    const auto rows = ReadRows(directory / "national-apc" / extract / file);
    for (size_t i = 1; i < rows.size(); ++i) {
      if (gone.count(rows[i][0]) == 0) ++counts[rows[i][column].substr(0, 7)];
    }
  }
  return counts;
}

// The month of the one attendance whose key another row has.
constexpr const char* kRepeatedMonth = "2026-02";

TEST_F(WholePopulation, AttendancesAndDeathsAreThoseOfTheFiles) {
  const Figures figures = ReadFigures(In("one"));
  std::map<std::string, int64_t> attendances;
  std::map<std::string, int64_t> deaths;
  for (const auto& [key, value] : figures) {
    const std::string month = key.substr(key.size() - 7);
    if (key.rfind("ACT,ecds,attendances,area=All;", 0) == 0) {
      attendances[month] += value;
    }
    if (key.rfind("ACT,deaths,deaths,area=All;", 0) == 0) {
      deaths[month] += value;
    }
  }
  EXPECT_EQ(attendances.size(), 49U);
  ++attendances[kRepeatedMonth];
  EXPECT_EQ(attendances, CountedRows(In("one"), "ecds.csv", 2));
  EXPECT_EQ(deaths, CountedRows(In("one"), "deaths.csv", 1));
}

TEST_F(WholePopulation, EveryLanePracticeHasItsRows) {
  std::map<std::string, std::set<std::string>> found;
  for (const auto& [name, text] : Files(In("one"))) {
    if (name.rfind("truth", 0) == 0 || name.find("lists") != name.npos)
      continue;
    for (size_t at = text.find("Z98"); at != std::string::npos;
         at = text.find("Z98", at + 1)) {
      found[text.substr(at, 6)].insert(fs::path(name).filename());
    }
  }
  ASSERT_EQ(found.size(), 20U);
  const auto has = [&](const char* practice, const char* file) {
    EXPECT_EQ(found[practice].count(file), 1U) << practice << " " << file;
  };
  for (const auto& [practice, files] : found) {
    EXPECT_EQ(files.count("patients.csv"), 1U) << practice;
  }
  for (const char* practice : {"Z98001", "Z98002", "Z98004", "Z98008", "Z98011",
                               "Z98013", "Z98014", "Z98015", "Z98020"}) {
    has(practice, "apc.csv");
  }
  for (const char* practice :
       {"Z98003", "Z98010", "Z98016", "Z98017", "Z98018", "Z98019"}) {
    has(practice, "ecds.csv");
  }
  has("Z98005", "scripts.csv");
  has("Z98006", "deaths.csv");
  has("Z98007", "deaths.csv");
  has("Z98009", "op.csv");
  has("Z98010", "community.csv");
  has("Z98014", "events.csv");
}

TEST_F(WholePopulation, BackgroundHasNoReadmissionAndNoTwoRowsOfAKindOnADay) {
  PopulationOptions options;
  const PersonMaker maker(options);
  const NationalRows national(maker);
  const Prescriptions prescriptions(maker);
  for (uint64_t i = 0; i < 4000; ++i) {
    const Person person = maker.Make(i);
    const Activity rows = national.Of(person);
    std::map<int, std::pair<int, int>> stays;  // by spell
    for (const Episode& row : rows.episodes) {
      stays[row.spell] = {row.admission, row.discharge};
    }
    if (stays.size() == 2) {
      const auto& [one, two] = std::minmax(stays[0], stays[1]);
      EXPECT_GT(two.first - one.second, 30);
    }
    std::set<int> days;
    for (const auto& row : rows.attendances) days.insert(row.day);
    EXPECT_EQ(days.size(), rows.attendances.size());
    EXPECT_LT(rows.attendances.size(), 4U);
    std::set<int> issued;
    std::set<std::string> substances;
    for (const Prescription& item : prescriptions.Of(person)) {
      issued.insert(item.day);
      substances.insert(item.bnf.substr(0, 9));
      if (person.death_month != kOpen) {
        EXPECT_LT(MonthOfDay(item.day), person.death_month);
      }
    }
    EXPECT_LT(substances.size(), 8U);
    EXPECT_LE(prescriptions.Of(person).size(), issued.size() + 1);
  }
}

}  // namespace
}  // namespace tally::demo
