// Any bytes as an agreement: no crash, a reason for each refusal, and no value
// of the file in an error.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "linkage/release/agreement.h"

namespace {

// Whether `message` holds six or more bytes in a row that are not words of
// ours but came from the file's text values. The file's own name is given as
// "f", so that it matches nothing.
bool Leaks(const tally::linkage::Agreement& agreement,
           std::string_view message) {
  for (const std::string& value :
       {agreement.title, agreement.purpose, agreement.controller}) {
    if (value.size() >= 6 && message.find(value) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<tally::linkage::Agreement> first =
      tally::linkage::ParseAgreement(text, "f");
  if (!first.ok()) {
    const std::optional<tally::ErrorDetail> detail =
        tally::DetailOf(first.status());
    if (!detail.has_value() ||
        detail->reason != tally::Reason::kAgreementInvalid ||
        detail->field.empty()) {
      abort();
    }
    return 0;
  }
  // What parses keeps its promises whatever the file said.
  if (first->datasets.empty() || first->analysts.empty() ||
      first->expires < first->valid_from || first->min_k < 1 ||
      first->max_relinked_share < 0 || first->max_relinked_share > 1) {
    abort();
  }
  const absl::StatusOr<tally::linkage::Agreement> second =
      tally::linkage::ParseAgreement(text, "f");
  if (!second.ok() || second->sha256 != first->sha256) abort();
  // A broken copy must not quote the values of the good one.
  const absl::StatusOr<tally::linkage::Agreement> broken =
      tally::linkage::ParseAgreement(std::string(text) + "\nunknown = 1\n",
                                     "f");
  if (!broken.ok() && Leaks(*first, std::string(broken.status().message()))) {
    abort();
  }
  return 0;
}
