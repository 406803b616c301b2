#ifndef TALLY_TESTS_UNIT_PSEUDONYMISER_TEXT_SOURCE_H_
#define TALLY_TESTS_UNIT_PSEUDONYMISER_TEXT_SOURCE_H_

// A ByteSource over text, which hands it out in pieces of a given size.

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "pseudonymiser/csv_reader.h"

namespace tally::pseudonymiser {

class TextSource final : public ByteSource {
 public:
  explicit TextSource(std::string text, size_t piece = 1 << 20)
      : text_(std::move(text)), piece_(piece) {}

  absl::StatusOr<size_t> Read(std::span<char> out) override {
    const size_t size = std::min({out.size(), piece_, text_.size() - at_});
    std::copy_n(text_.data() + at_, size, out.data());
    at_ += size;
    return size;
  }

 private:
  std::string text_;
  size_t piece_;
  size_t at_ = 0;
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_TESTS_UNIT_PSEUDONYMISER_TEXT_SOURCE_H_
