#ifndef TALLY_ENGINE_SRC_ROW_TABLE_FUNCTION_H_
#define TALLY_ENGINE_SRC_ROW_TABLE_FUNCTION_H_

// The table function tally_rows(feed): hands record batches of a queue to
// DuckDB, vector by vector, on as many threads as the feed allows. Private to
// lib/engine.
//
// Threading: RowFeeds and RowFeed from any thread.

#include <duckdb.h>

#include <cstdint>
#include <map>
#include <memory>

#include "absl/status/status.h"
#include "base/bounded_queue.h"
#include "base/mutex.h"
#include "dataset/record_batch.h"
#include "engine/row_writer.h"

namespace tally::engine {

// Batches on their way into one COPY.
struct RowFeed {
  RowFeed(RowSchema columns, size_t capacity, int threads)
      : schema(std::move(columns)), queue(capacity), source_threads(threads) {}

  const RowSchema schema;
  BoundedQueue<std::shared_ptr<const dataset::RecordBatch>> queue;
  const int source_threads;
};

// The feeds of a database by the number that a statement names.
class RowFeeds {
 public:
  int64_t Add(std::shared_ptr<RowFeed> feed) TALLY_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    feeds_.emplace(++last_, std::move(feed));
    return last_;
  }
  void Remove(int64_t number) TALLY_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    feeds_.erase(number);
  }
  // Null if there is none.
  std::shared_ptr<RowFeed> Find(int64_t number) TALLY_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    const auto found = feeds_.find(number);
    return found == feeds_.end() ? nullptr : found->second;
  }

 private:
  Mutex mu_;
  int64_t last_ TALLY_GUARDED_BY(mu_) = 0;
  std::map<int64_t, std::shared_ptr<RowFeed>> feeds_ TALLY_GUARDED_BY(mu_);
};

// Makes tally_rows() known to the database. `feeds` must outlive it.
absl::Status RegisterRowFunction(duckdb_connection connection, RowFeeds& feeds);

}  // namespace tally::engine

#endif  // TALLY_ENGINE_SRC_ROW_TABLE_FUNCTION_H_
