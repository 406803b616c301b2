#include "base/bounded_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

namespace tally {
namespace {

TEST(BoundedQueue, HandsOutItemsInOrder) {
  BoundedQueue<int> queue(3);
  EXPECT_TRUE(queue.Push(1));
  EXPECT_TRUE(queue.Push(2));
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue.Pop(), 1);
  EXPECT_EQ(queue.Pop(), 2);
}

TEST(BoundedQueue, CloseLeavesTheRestAndRefusesMore) {
  BoundedQueue<std::unique_ptr<int>> queue(3);
  EXPECT_TRUE(queue.Push(std::make_unique<int>(7)));
  queue.Close();
  EXPECT_FALSE(queue.Push(std::make_unique<int>(8)));
  const auto item = queue.Pop();
  ASSERT_TRUE(item.has_value());
  EXPECT_EQ(**item, 7);
  EXPECT_FALSE(queue.Pop().has_value());
}

TEST(BoundedQueue, AbortDropsTheRest) {
  BoundedQueue<int> queue(3);
  EXPECT_TRUE(queue.Push(1));
  queue.Abort();
  EXPECT_FALSE(queue.Pop().has_value());
}

TEST(BoundedQueue, CloseWakesWhoeverWaits) {
  BoundedQueue<int> full(1);
  BoundedQueue<int> empty(1);
  EXPECT_TRUE(full.Push(1));
  std::atomic<bool> pushed{true};
  std::atomic<bool> popped{true};
  std::thread producer([&] { pushed = full.Push(2); });
  std::thread consumer([&] { popped = empty.Pop().has_value(); });
  full.Close();
  empty.Close();
  producer.join();
  consumer.join();
  EXPECT_FALSE(pushed);
  EXPECT_FALSE(popped);
}

TEST(BoundedQueue, NeverHoldsMoreThanItsCapacityAndLosesNothing) {
  constexpr int kItems = 20000;
  constexpr int kProducers = 3;
  BoundedQueue<int> queue(4);
  std::atomic<int> next{0};
  std::atomic<size_t> most{0};
  std::vector<std::thread> threads;
  threads.reserve(kProducers);
  for (int p = 0; p < kProducers; ++p) {
    threads.emplace_back([&] {
      for (int i = next++; i < kItems; i = next++) {
        EXPECT_TRUE(queue.Push(i));
        size_t size = queue.size();
        size_t seen = most.load();
        while (size > seen && !most.compare_exchange_weak(seen, size)) {
        }
      }
    });
  }
  std::vector<int> got;
  for (int i = 0; i < kItems; ++i) got.push_back(queue.Pop().value());
  for (std::thread& thread : threads) thread.join();
  std::sort(got.begin(), got.end());
  std::vector<int> want(kItems);
  std::iota(want.begin(), want.end(), 0);
  EXPECT_EQ(got, want);
  EXPECT_LE(most.load(), 4u);
}

}  // namespace
}  // namespace tally
