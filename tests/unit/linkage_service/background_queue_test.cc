#include "linkage/service/background_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>
#include <vector>

namespace tally::linkage {
namespace {

TEST(BackgroundQueue, RunsWorkInOrder) {
  BackgroundQueue queue;
  std::vector<int> order;
  std::promise<void> done;
  for (int i = 0; i < 5; ++i) {
    queue.Add("work " + std::to_string(i), [&order, &done, i] {
      order.push_back(i);
      if (i == 4) done.set_value();
    });
  }
  done.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(BackgroundQueue, QueuesOneKeyOnce) {
  BackgroundQueue queue;
  std::promise<void> go;
  const std::shared_future<void> gate = go.get_future().share();
  std::promise<void> done;
  std::atomic<int> runs{0};
  EXPECT_TRUE(queue.Add("a", [&] {
    gate.wait();
    ++runs;
  }));
  EXPECT_FALSE(queue.Add("a", [&] { ++runs; }));
  EXPECT_TRUE(queue.Add("b", [&] {
    ++runs;
    done.set_value();
  }));
  EXPECT_FALSE(queue.Add("b", [&] { ++runs; }));
  EXPECT_TRUE(queue.Has("a"));
  go.set_value();
  done.get_future().wait();
  EXPECT_EQ(runs.load(), 2);
}

TEST(BackgroundQueue, BeginsIdleWorkWhenNothingElseWaits) {
  BackgroundQueue queue;
  std::promise<void> go;
  std::promise<void> done;
  std::string order;
  queue.Add("gate", [&] { go.get_future().wait(); });
  EXPECT_TRUE(queue.AddIdle("x", [&] { order += 'x'; }));
  EXPECT_TRUE(queue.AddIdle("y", [&] {
    order += 'y';
    done.set_value();
  }));
  EXPECT_FALSE(queue.AddIdle("x", [&] { order += '?'; }));
  EXPECT_TRUE(queue.Add("a", [&] { order += 'a'; }));
  EXPECT_TRUE(queue.Add("b", [&] { order += 'b'; }));
  go.set_value();
  done.get_future().wait();
  EXPECT_EQ(order, "abxy");
}

TEST(BackgroundQueue, BeginStopForgetsWhatWaitsAndDoesNotWait) {
  BackgroundQueue queue;
  std::promise<void> go;
  std::promise<void> started;
  std::atomic<bool> other{false};
  queue.Add("a", [&] {
    started.set_value();
    go.get_future().wait();
  });
  queue.Add("b", [&] { other = true; });
  queue.AddIdle("c", [&] { other = true; });
  started.get_future().wait();
  queue.BeginStop();  // while `a` is at work
  EXPECT_TRUE(queue.stopping());
  EXPECT_FALSE(queue.AddIdle("d", [] {}));
  go.set_value();
  queue.Stop();
  EXPECT_FALSE(other.load());
}

TEST(BackgroundQueue, TakesNothingAfterStop) {
  BackgroundQueue queue;
  queue.Stop();
  EXPECT_TRUE(queue.stopping());
  EXPECT_FALSE(queue.Add("a", [] {}));
}

TEST(BackgroundQueue, LetsThePieceAtWorkEnd) {
  BackgroundQueue queue;
  std::promise<void> started;
  std::atomic<bool> ended{false};
  queue.Add("a", [&] {
    started.set_value();
    while (!queue.stopping()) {
    }
    ended = true;
  });
  started.get_future().wait();
  queue.Stop();
  EXPECT_TRUE(ended.load());
}

}  // namespace
}  // namespace tally::linkage
