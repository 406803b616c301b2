// Figures that are counted on a thread of their own.
#include "measures/count_ahead.h"

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/exit_code.h"
#include "base/process.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "measures/tables.h"
#include "status_matchers.h"

namespace tally::analytics {
namespace {

using ::testing::ElementsAre;

// Remembers what was counted, and gives figures that carry the id.
class Counter {
 public:
  // Each measure has a table of `rows`.
  explicit Counter(size_t rows = 1) : rows_(rows) {}
  CountAhead::Figures Count(const std::string& id) {
    {
      const std::lock_guard<std::mutex> lock(mu_);
      counted_.push_back(id);
    }
    if (id == "bad") return absl::NotFoundError("bad");
    auto figures = std::make_unique<CountedFigures>(
        CountedFigures{nullptr, *LoadDefinition("C02", ""), {}, {}, {}, {}});
    figures->result.id = id;
    TableInfo info;
    info.measure_id = "C02";
    info.table = "rows";
    TableBuilder table(std::move(info));
    table.Dimension("row", "Row");
    for (size_t row = 0; row < rows_; ++row) {
      table.AddRow({std::to_string(row)});
    }
    auto finished = table.Finish();
    if (!finished.ok()) return finished.status();
    figures->raw = std::vector<RawTable>{*std::move(finished)};
    return figures;
  }
  std::vector<std::string> counted() {
    const std::lock_guard<std::mutex> lock(mu_);
    return counted_;
  }
  std::function<CountAhead::Figures(const std::string&)> function() {
    return [this](const std::string& id) { return Count(id); };
  }

 private:
  const size_t rows_;
  std::mutex mu_;
  std::vector<std::string> counted_;
};

void Nothing() {}

std::string Taken(CountAhead& ahead, const std::string& id) {
  auto figures = ahead.Take(id);
  if (!figures.has_value()) return "not announced";
  if (!figures->ok()) return std::string(figures->status().message());
  return (**figures)->result.id;
}

TEST(CountAhead, GivesEachFigureOnceWhateverTheOrderOfTaking) {
  const std::vector<std::string> ids = {"a", "b", "c", "d", "bad", "e"};
  for (const std::vector<std::string>& order :
       {ids, std::vector<std::string>{"e", "bad", "a", "d", "c", "b"}}) {
    Counter counter;
    CountAhead ahead(ids, counter.function(), Nothing);
    for (const std::string& id : order) EXPECT_EQ(Taken(ahead, id), id);
    for (const std::string& id : order) {
      EXPECT_EQ(Taken(ahead, id), "not announced");
    }
    EXPECT_EQ(Taken(ahead, "z"), "not announced");
    EXPECT_EQ(counter.counted(), ids);
  }
}

// Of measures with 3 rows each, two at most lie ready before 5 rows do: the
// third after those that were asked for is not begun.
TEST(CountAhead, CountsNoFurtherWhileManyRowsLieReady) {
  std::vector<std::string> ids;
  for (int id = 0; id < 100; ++id) ids.push_back(std::to_string(id));
  Counter counter(3);
  std::atomic<int> asked_for = 0;
  std::atomic<int> furthest = 0;
  int begun = 0;  // of the counting thread
  CountAhead ahead(
      ids,
      [&](const std::string& id) {
        furthest = std::max<int>(furthest, ++begun - asked_for);
        return counter.Count(id);
      },
      Nothing, 5);
  for (const std::string& id : ids) {
    ++asked_for;
    EXPECT_EQ(Taken(ahead, id), id);
  }
  EXPECT_LE(furthest, 2);
}

TEST(CountAhead, CountsOnForTheOneThatIsWaitedForWhateverLiesReady) {
  Counter counter(3);
  CountAhead ahead({"a", "b", "c", "d", "e"}, counter.function(), Nothing, 5);
  EXPECT_EQ(Taken(ahead, "e"), "e");
  EXPECT_EQ(counter.counted().size(), 5U);
}

TEST(CountAhead, MakesErrorsOfWhatCountingThrows) {
  CountAhead ahead(
      {"memory", "other", "next"},
      [](const std::string& id) -> CountAhead::Figures {
        if (id == "memory") throw std::bad_alloc();
        if (id == "other") throw std::runtime_error("of a record");
        return absl::NotFoundError(id);
      },
      Nothing);
  const auto status_of = [&](const std::string& id) {
    auto figures = ahead.Take(id);
    return figures.has_value() ? figures->status()
                               : absl::UnknownError("not announced");
  };
  EXPECT_THAT(status_of("memory"),
              StatusIs(absl::StatusCode::kResourceExhausted));
  const absl::Status other = status_of("other");
  EXPECT_THAT(other, StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(other.message().find("record"), std::string::npos);
  EXPECT_THAT(status_of("next"), StatusIs(absl::StatusCode::kNotFound));
}

TEST(CountAhead, WaitsNoLongerOnceAStopWasAskedFor) {
  ResetStopForTesting();
  std::atomic<bool> interrupted = false;
  {
    CountAhead ahead(
        {"long", "never"},
        [&](const std::string&) -> CountAhead::Figures {
          RequestStop(SIGINT);
          while (!interrupted) std::this_thread::yield();
          return absl::CancelledError("interrupted");
        },
        [&] { interrupted = true; });
    auto figures = ahead.Take("long");
    ASSERT_TRUE(figures.has_value());
    EXPECT_FALSE(interrupted);
    EXPECT_THAT(figures->status(), StatusIs(absl::StatusCode::kCancelled));
    EXPECT_THAT(figures->status(), ExitCodeIs(kExitInterrupted));
  }
  EXPECT_TRUE(interrupted);
  ResetStopForTesting();
}

TEST(CountAhead, GoesOnWhereTablesAreSmall) {
  Counter counter;
  const std::vector<std::string> ids = {"a", "b", "c", "d", "e"};
  CountAhead ahead(ids, counter.function(), Nothing);
  while (counter.counted().size() < ids.size()) std::this_thread::yield();
}

TEST(CountAhead, EndsTheCallUnderWayWhenItGoes) {
  std::atomic<bool> interrupted = false;
  std::atomic<bool> begun = false;
  std::vector<std::string> counted;
  {
    CountAhead ahead(
        {"long", "never"},
        [&](const std::string& id) -> CountAhead::Figures {
          counted.push_back(id);
          begun = true;
          while (!interrupted) std::this_thread::yield();
          return absl::CancelledError("interrupted");
        },
        [&] { interrupted = true; });
    while (!begun) std::this_thread::yield();
  }
  EXPECT_THAT(counted, ElementsAre("long"));
}

TEST(CountAhead, InterruptsNothingOnceAllIsCounted) {
  Counter counter;
  int interrupts = 0;
  {
    CountAhead ahead({"a"}, counter.function(), [&] { ++interrupts; });
    EXPECT_EQ(Taken(ahead, "a"), "a");
  }
  EXPECT_LE(interrupts, 1);  // between the last figure and the thread's end
}

}  // namespace
}  // namespace tally::analytics
