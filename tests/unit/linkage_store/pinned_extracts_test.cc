#include "linkage/store/pinned_extracts.h"

#include <random>

#include "status_matchers.h"

namespace tally::linkage {
namespace {

using dataset::DatasetKind;

ExtractRecord Published(const std::string& source, int32_t period,
                        int32_t revision,
                        const std::vector<std::string>& datasets) {
  ExtractRecord record;
  record.uid = source + std::to_string(period) + "-" + std::to_string(revision);
  record.source = source;
  record.extract_id =
      "p" + std::to_string(period) + "-r" + std::to_string(revision);
  record.state = ExtractState::kPublished;
  record.period_start = period;
  record.period_end = period + 27;
  record.revision = revision;
  for (const auto& one : datasets) record.datasets.push_back({one, "", 0, 0});
  return record;
}

std::vector<std::string> Names(const std::vector<PinnedExtract>& pinned) {
  std::vector<std::string> names;
  for (const PinnedExtract& one : pinned) {
    std::string name = one.extract.uid + ":";
    for (const std::string& dataset : one.datasets) name += " " + dataset;
    names.push_back(name);
  }
  return names;
}

TEST(PinExtracts, SnapshotTakesTheNewestAndActivityAllPeriods) {
  const std::vector<ExtractRecord> published{
      Published("a", 100, 1, {"event", "patient"}),
      Published("a", 200, 1, {"event", "patient"}),
      Published("b", 100, 1, {"event"}),
  };
  const std::vector<DatasetSelection> selections{
      {"event", DatasetKind::kActivity, {}},
      {"patient", DatasetKind::kSnapshot, {}}};
  EXPECT_THAT(Names(PinExtracts(published, selections)),
              testing::ElementsAre("a100-1: event", "a200-1: event patient",
                                   "b100-1: event"));
}

TEST(PinExtracts, AHigherRevisionReplacesTheWholeExtract) {
  const std::vector<ExtractRecord> published{
      Published("a", 100, 1, {"event", "patient"}),
      Published("a", 100, 10, {"event"}),  // without patients
      Published("a", 100, 2, {"event", "patient"}),
  };
  const std::vector<DatasetSelection> selections{
      {"event", DatasetKind::kActivity, {}},
      {"patient", DatasetKind::kSnapshot, {}}};
  EXPECT_THAT(Names(PinExtracts(published, selections)),
              testing::ElementsAre("a100-10: event"));
}

TEST(PinExtracts, ASnapshotMayBeOlderThanTheNewestPeriod) {
  const std::vector<ExtractRecord> published{
      Published("a", 100, 1, {"patient"}),
      Published("a", 200, 1, {"event"}),
  };
  const std::vector<DatasetSelection> selections{
      {"patient", DatasetKind::kSnapshot, {}}};
  EXPECT_THAT(Names(PinExtracts(published, selections)),
              testing::ElementsAre("a100-1: patient"));
}

TEST(PinExtracts, OnlyNamedSourcesAreTaken) {
  const std::vector<ExtractRecord> published{Published("a", 100, 1, {"event"}),
                                             Published("b", 100, 1, {"event"})};
  const std::vector<DatasetSelection> selections{
      {"event", DatasetKind::kActivity, {"b"}}};
  EXPECT_THAT(Names(PinExtracts(published, selections)),
              testing::ElementsAre("b100-1: event"));
}

TEST(PinExtracts, OtherStatesNeverCount) {
  std::vector<ExtractRecord> records{Published("a", 100, 1, {"event"}),
                                     Published("a", 100, 2, {"event"})};
  records[1].state = ExtractState::kFinalizing;
  const std::vector<DatasetSelection> selections{
      {"event", DatasetKind::kActivity, {}}};
  EXPECT_THAT(Names(PinExtracts(records, selections)),
              testing::ElementsAre("a100-1: event"));
}

// Whatever the order in which they come, the same are pinned.
TEST(PinExtracts, DoesNotDependOnTheOrderOfItsInput) {
  std::vector<ExtractRecord> published;
  for (const char* source : {"a", "b", "c"}) {
    for (int period = 100; period < 500; period += 100) {
      for (int revision = 1; revision <= 3; ++revision) {
        published.push_back(
            Published(source, period, revision, {"event", "patient"}));
      }
    }
  }
  const std::vector<DatasetSelection> selections{
      {"event", DatasetKind::kActivity, {"a", "c"}},
      {"patient", DatasetKind::kSnapshot, {}}};
  const auto expected = Names(PinExtracts(published, selections));
  EXPECT_EQ(expected.size(), 9u);
  std::mt19937 random(5);
  for (int i = 0; i < 20; ++i) {
    std::shuffle(published.begin(), published.end(), random);
    EXPECT_EQ(Names(PinExtracts(published, selections)), expected);
  }
}

}  // namespace
}  // namespace tally::linkage
