#include "base/worker_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "status_matchers.h"

namespace tally {
namespace {

class WorkerPoolOf : public testing::TestWithParam<int> {};

TEST_P(WorkerPoolOf, VisitsEveryIndexOnce) {
  WorkerPool pool(GetParam());
  EXPECT_EQ(pool.threads(), GetParam());
  for (int64_t count : {0, 1, 7, 8, 9, 1000}) {
    for (int64_t grain : {1, 3, 8, 5000}) {
      std::vector<std::atomic<int>> visits(static_cast<size_t>(count));
      EXPECT_OK(pool.ParallelFor(count, grain, [&](int64_t begin, int64_t end) {
        EXPECT_LT(begin, end);
        EXPECT_LE(end - begin, grain);
        for (int64_t i = begin; i < end; ++i) ++visits[static_cast<size_t>(i)];
        return absl::OkStatus();
      }));
      for (const auto& visit : visits) EXPECT_EQ(visit, 1);
    }
  }
}

TEST_P(WorkerPoolOf, ReturnsTheErrorOfTheLowestPieceEveryTime) {
  WorkerPool pool(GetParam());
  for (int round = 0; round < 200; ++round) {
    const absl::Status status =
        pool.ParallelFor(100, 1, [](int64_t begin, int64_t) {
          if (begin % 10 != 7) return absl::OkStatus();
          return absl::DataLossError("piece " + std::to_string(begin));
        });
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kDataLoss, "piece 7"));
  }
}

TEST_P(WorkerPoolOf, BeginsNoPieceAfterAnError) {
  WorkerPool pool(GetParam());
  std::atomic<int> pieces{0};
  EXPECT_THAT(pool.ParallelFor(1000000, 1,
                               [&](int64_t, int64_t) {
                                 ++pieces;
                                 return absl::AbortedError("x");
                               }),
              StatusIs(absl::StatusCode::kAborted));
  EXPECT_LE(pieces, GetParam());
}

TEST_P(WorkerPoolOf, TurnsExceptionsIntoErrorsWithoutTheirText) {
  WorkerPool pool(GetParam());
  const absl::Status thrown =
      pool.ParallelFor(10, 1, [](int64_t begin, int64_t) -> absl::Status {
        if (begin == 4) throw std::runtime_error("value 9434765919");
        return absl::OkStatus();
      });
  EXPECT_THAT(thrown, StatusIs(absl::StatusCode::kInternal,
                               testing::Not(testing::HasSubstr("9434"))));
  EXPECT_THAT(pool.ParallelFor(1, 1,
                               [](int64_t, int64_t) -> absl::Status {
                                 throw std::bad_alloc();
                               }),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_P(WorkerPoolOf, NestedCallsDoNotRunDry) {
  WorkerPool pool(GetParam());
  std::atomic<int64_t> sum{0};
  EXPECT_OK(pool.ParallelFor(20, 1, [&](int64_t, int64_t) {
    return pool.ParallelFor(50, 3, [&](int64_t begin, int64_t end) {
      sum += end - begin;
      return absl::OkStatus();
    });
  }));
  EXPECT_EQ(sum, 1000);
}

TEST_P(WorkerPoolOf, SeveralThreadsMayCallAtOnce) {
  WorkerPool pool(GetParam());
  std::vector<std::thread> callers;
  std::atomic<int64_t> sum{0};
  for (int c = 0; c < 4; ++c) {
    callers.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        EXPECT_OK(pool.ParallelFor(100, 7, [&](int64_t begin, int64_t end) {
          sum += end - begin;
          return absl::OkStatus();
        }));
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sum, 4 * 50 * 100);
}

TEST_P(WorkerPoolOf, CancelEndsRunningAndLaterCalls) {
  WorkerPool pool(GetParam());
  std::atomic<int> pieces{0};
  EXPECT_THAT(pool.ParallelFor(1000000, 1,
                               [&](int64_t, int64_t) {
                                 ++pieces;
                                 pool.Cancel();
                                 return absl::OkStatus();
                               }),
              StatusIs(absl::StatusCode::kCancelled));
  EXPECT_LE(pieces, GetParam());
  EXPECT_TRUE(pool.cancelled());
  EXPECT_THAT(
      pool.ParallelFor(1, 1, [](int64_t, int64_t) { return absl::OkStatus(); }),
      StatusIs(absl::StatusCode::kCancelled));
}

INSTANTIATE_TEST_SUITE_P(Threads, WorkerPoolOf, testing::Values(1, 2, 4, 7));

TEST(WorkerPool, UsesSeveralThreadsAtOnce) {
  WorkerPool pool(3);
  Mutex mu;
  CondVar changed;
  int inside = 0;
  // Each piece waits until all three are there: it would hang on fewer threads.
  EXPECT_OK(pool.ParallelFor(3, 1, [&](int64_t, int64_t) {
    MutexLock lock(mu);
    ++inside;
    changed.NotifyAll();
    while (inside < 3) changed.Wait(mu);
    return absl::OkStatus();
  }));
}

// In a process of its own, in which stacks for 200 threads do not fit.
TEST(WorkerPoolDeathTest, WorksWithTheThreadsThatTheSystemGives) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  GTEST_SKIP() << "sanitizers need all of the address space";
#endif
#endif
  EXPECT_EXIT(
      {
        rlimit limit{};
        limit.rlim_cur = limit.rlim_max = rlim_t{512} << 20;
        TALLY_CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
        WorkerPool pool(200);
        TALLY_CHECK(pool.threads() < 200);
        std::atomic<int64_t> sum{0};
        const absl::Status status =
            pool.ParallelFor(1'000, 7, [&](int64_t begin, int64_t end) {
              for (int64_t i = begin; i < end; ++i) sum += i;
              return absl::OkStatus();
            });
        std::exit(status.ok() && sum == 499'500 ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(WorkerPool, TakesAllProcessorsByDefault) {
  EXPECT_GE(WorkerPool::DefaultThreads(), 1);
  EXPECT_EQ(WorkerPool(0).threads(), WorkerPool::DefaultThreads());
  EXPECT_EQ(WorkerPool(-3).threads(), WorkerPool::DefaultThreads());
}

}  // namespace
}  // namespace tally
