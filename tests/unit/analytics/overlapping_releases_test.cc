// A differencing script: two releases over the same people, with and without a
// few who came, went or moved, whose tables overlap in every way that tables
// do: the same cells again, a subgroup beside the whole, age bands cut
// elsewhere. GLPK takes all of it together. With a gate that forgets the first
// release the same script finds narrowed counts, so it can fail.
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/gate.h"
#include "attacker.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

constexpr int kVillageSize = 700;
constexpr int kVillageAges = 60;
constexpr int kPieceYears = 5;  // every band is made of these

struct Villager {
  int area = 0;
  int age = 0;
  bool carer = false;
  int segment = 0;
};

// The same numbers on every machine.
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed * 2654435761U + 1) {}
  int Below(int n) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<int>((state_ >> 33) % static_cast<uint64_t>(n));
  }

 private:
  uint64_t state_;
};

// Few are in the later segments, so half of all cells are small.
std::vector<Villager> MakeVillage(uint64_t seed) {
  Dice dice(seed);
  std::vector<Villager> village;
  for (int i = 0; i < kVillageSize; ++i) {
    Villager v;
    v.area = dice.Below(5);
    v.age = dice.Below(kVillageAges);
    v.carer = dice.Below(100) < 6;
    const int rare = dice.Below(100);
    v.segment = rare < 60   ? 0
                : rare < 84 ? 1
                : rare < 92 ? 2
                : rare < 97 ? 3
                            : 4;
    village.push_back(v);
  }
  return village;
}

// How a table is cut.
struct Cut {
  std::string name;
  std::vector<std::string> dimensions;  // of area, age_band, carer, segment
  int years = 10;                       // of an age band
};

std::string BandOf(int age, int years) {
  const int first = age / years * years;
  return absl::StrFormat("%d-%d", first, first + years - 1);
}

std::string LevelOf(const Villager& v, const std::string& dimension,
                    int years) {
  if (dimension == "area") return absl::StrFormat("Z%d", v.area);
  if (dimension == "age_band") return BandOf(v.age, years);
  if (dimension == "carer") return v.carer ? "carers" : "others";
  return absl::StrFormat("S%d", v.segment);
}

using VillageLevels = std::vector<std::string>;

// Every cell with the levels of its dimensions or "All", empty ones too.
std::map<VillageLevels, int64_t> CountVillage(
    const std::vector<Villager>& village, const Cut& cut) {
  std::map<VillageLevels, int64_t> counts;
  std::vector<std::set<std::string>> levels(cut.dimensions.size());
  for (const Villager& v : village) {
    VillageLevels own;
    for (size_t d = 0; d < cut.dimensions.size(); ++d) {
      own.push_back(LevelOf(v, cut.dimensions[d], cut.years));
      levels[d].insert(own.back());
    }
    for (size_t all = 0; all < size_t{1} << own.size(); ++all) {
      VillageLevels cell = own;
      for (size_t d = 0; d < own.size(); ++d) {
        if ((all >> d & 1) != 0) cell[d] = std::string(kAllLevels);
      }
      ++counts[cell];
    }
  }
  std::vector<VillageLevels> every = {{}};
  for (std::set<std::string>& of : levels) {
    of.insert(std::string(kAllLevels));
    std::vector<VillageLevels> longer;
    for (const VillageLevels& head : every) {
      for (const std::string& level : of) {
        longer.push_back(head);
        longer.back().push_back(level);
      }
    }
    every = std::move(longer);
  }
  for (const VillageLevels& cell : every) counts[cell] += 0;
  return counts;
}

// A total along its first dimension of "All", further equalities along the
// others; list sizes of areas are public.
RawTable MakeCut(const std::vector<Villager>& village, const Cut& cut,
                 const std::string& release) {
  TableInfo info;
  info.table = cut.name;
  info.measure_id = "T05";
  info.project = "trial";
  info.release = release;
  info.period = "2026-10";
  info.cohort = "everyone";
  std::vector<ColumnSpec> columns;
  for (const std::string& name : cut.dimensions) {
    columns.push_back(DimensionColumn(name, name));
  }
  columns.push_back(CountColumn("n", ColumnKind::kPersons, "People"));
  auto table = RawTable::Create(info, columns);
  EXPECT_TRUE(table.ok()) << table.status();
  const auto counts = CountVillage(village, cut);
  const size_t n = cut.dimensions.size();
  std::map<VillageLevels, size_t> rows;
  for (const auto& [levels, count] : counts) {
    std::vector<RawValue> row(levels.begin(), levels.end());
    row.emplace_back(count);
    rows[levels] = table->rows();
    EXPECT_TRUE(table->AddRow(std::move(row)).ok());
  }
  for (const auto& [levels, row] : rows) {
    bool first = true;
    for (size_t d = 0; d < n; ++d) {
      if (levels[d] != kAllLevels) continue;
      std::vector<CellRef> parts;
      for (const auto& [others, part] : rows) {
        VillageLevels same = others;
        same[d] = levels[d];
        if (others[d] != kAllLevels && same == levels) {
          parts.push_back({part, n});
        }
      }
      first ? table->SetTotal({row, n}, parts)
            : table->AddEquality({row, n}, parts);
      first = false;
    }
  }
  if (cut.dimensions.front() != "area") return *std::move(table);
  for (const auto& [levels, row] : rows) {
    const bool list =
        levels[0] != kAllLevels &&
        std::all_of(levels.begin() + 1, levels.end(),
                    [](const auto& level) { return level == kAllLevels; });
    if (list) table->AddKnownMargin({{row, n}}, counts.at(levels));
  }
  return *std::move(table);
}

const std::vector<Cut>& FirstCuts() {
  static const auto& cuts =
      *new std::vector<Cut>{{"by_area", {"area", "segment"}},
                            {"by_age", {"age_band", "segment"}, 10}};
  return cuts;
}

// The same again, with a subgroup, with other bands.
const std::vector<Cut>& SecondCuts() {
  static const auto& cuts =
      *new std::vector<Cut>{{"by_area", {"area", "segment"}},
                            {"by_area_and_carer", {"area", "carer", "segment"}},
                            {"by_other_age", {"age_band", "segment"}, 15},
                            {"by_finer_age", {"age_band", "segment"}, 5}};
  return cuts;
}

// The people a month later: some have moved, gone or fallen ill.
std::vector<Villager> Later(std::vector<Villager> village, int moves) {
  for (int i = 0; i < moves; ++i) {
    Villager& v = village[static_cast<size_t>(i * 311 + 17) % village.size()];
    if (i % 3 == 0) v.area = (v.area + 1) % 5;
    if (i % 3 == 1) v.segment = (v.segment + 1) % 5;
    if (i % 3 == 2) v.age = (v.age + 20) % kVillageAges;
  }
  return village;
}

class OverlappingReleases : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "overlapXXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // The tables of one release as they are printed, through a register.
  std::vector<ReleasedTable> Release(const std::vector<Villager>& village,
                                     const std::vector<Cut>& cuts,
                                     const std::string& release,
                                     const std::string& registered) {
    ReleaseRegistry registry(folder_ + "/" + registered);
    const size_t before = registry.All()->size();
    GateOptions options;
    options.registry = &registry;
    Gate gate(*Profile::Named("nhs-subnational"), options);
    for (const Cut& cut : cuts) {
      const auto table = gate.Release(MakeCut(village, cut, release));
      if (!table.ok()) ++refused_;
    }
    const auto all = *registry.All();
    return {all.begin() + static_cast<std::ptrdiff_t>(before), all.end()};
  }

  // Readers know that 0-9 and 10-14 are fifteen years.
  static void RelateBands(Attacker& attacker,
                          const std::vector<ReleasedTable>& tables) {
    for (const ReleasedTable& table : tables) {
      for (const auto& [key, printed] : table.cells) {
        int first = 0, last = 0;
        const size_t at = key.find("|age_band=");
        if (at == std::string::npos) continue;
        if (sscanf(key.c_str() + at, "|age_band=%d-%d", &first, &last) != 2) {
          continue;
        }
        const size_t end = std::min(key.find('|', at + 1), key.size());
        std::vector<std::string> pieces;
        for (int age = first; age <= last; age += kPieceYears) {
          std::string piece = key;
          piece.replace(at, end - at, absl::StrFormat("|piece=%d", age));
          pieces.push_back(UnknownName(table, piece));
        }
        attacker.Relate(UnknownName(table, key), pieces);
      }
    }
  }

  // What the two releases together give away, newest first. `asked` adds up
  // the hidden counts that were looked at.
  std::vector<std::string> Difference(
      const std::vector<ReleasedTable>& first,
      const std::vector<ReleasedTable>& second) {
    Attacker attacker;
    std::vector<ReleasedTable> believed;
    std::vector<ReleasedTable> all(second.rbegin(), second.rend());
    all.insert(all.end(), first.rbegin(), first.rend());
    for (const ReleasedTable& table : all) {
      Attacker tried = attacker;
      bool possible = tried.Believe(table) || tried.Believe(table, false);
      if (possible) {
        RelateBands(tried, {table});
        possible = OracleIsPossible(tried.problem());
      }
      if (!possible) continue;  // people came or went in between
      attacker = std::move(tried);
      believed.push_back(table);
    }
    size_t asked = 0;
    const std::vector<std::string> narrowed =
        Narrowed(attacker, believed, &asked);
    asked_ += asked;
    believed_ += believed.size();
    return narrowed;
  }

  std::string folder_;
  size_t asked_ = 0;
  size_t believed_ = 0;
  int refused_ = 0;
};

TEST_F(OverlappingReleases, OpenNoHiddenCount) {
  for (const int seed : {1, 2, 3}) {
    for (const int moves : {0, 1, 6}) {
      const std::string file = absl::StrFormat("r%d-%d", seed, moves);
      const std::vector<Villager> village =
          MakeVillage(static_cast<uint64_t>(seed));
      const auto first = Release(village, FirstCuts(), "r2026-10", file);
      const auto second =
          Release(Later(village, moves), SecondCuts(), "r2026-11", file);
      EXPECT_THAT(Difference(first, second), testing::IsEmpty())
          << "seed " << seed << ", " << moves << " moves";
    }
  }
  EXPECT_GE(asked_, 9 * 35u);    // many hidden counts each time
  EXPECT_GE(believed_, 9 * 4u);  // of both releases
  // Of 54 tables few: earlier ones tell their cells already.
  EXPECT_LE(refused_, 6);
}

// The script itself: a gate that does not remember the first release.
TEST_F(OverlappingReleases, ScriptFindsOutAGateThatForgets) {
  size_t narrowed = 0;
  for (const int seed : {1, 2, 3}) {
    const std::vector<Villager> village =
        MakeVillage(static_cast<uint64_t>(seed));
    const auto first =
        Release(village, FirstCuts(), "r2026-10", absl::StrFormat("a%d", seed));
    const auto second = Release(village, SecondCuts(), "r2026-11",
                                absl::StrFormat("b%d", seed));
    narrowed += Difference(first, second).size();
  }
  EXPECT_GT(narrowed, 0u);
}

}  // namespace
}  // namespace tally::analytics
