// Sorted records, one after the other: what the k-way merge takes.
//
// Threading: one thread an object. Secrets: points at hub tokens.

#ifndef TALLY_LINKAGE_INDEX_SRC_RECORD_STREAM_H_
#define TALLY_LINKAGE_INDEX_SRC_RECORD_STREAM_H_

#include "absl/status/status.h"
#include "record.h"

namespace tally::linkage {

class RecordStream {
 public:
  virtual ~RecordStream() = default;
  // The current record, or null at the end. Valid until Advance. The stream
  // is at its first record once Advance has been called once.
  const Record* current() const { return current_; }
  [[nodiscard]] absl::Status Advance() {
    if (next_ != end_) {
      current_ = next_++;
      return absl::OkStatus();
    }
    return Refill();
  }

 protected:
  // Sets current_, next_ and end_ to the next stretch of records; current_ to
  // null when there is none.
  [[nodiscard]] virtual absl::Status Refill() = 0;

  const Record* current_ = nullptr;
  const Record* next_ = nullptr;
  const Record* end_ = nullptr;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_INDEX_SRC_RECORD_STREAM_H_
