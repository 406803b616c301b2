#ifndef TALLY_PSEUDONYMISER_SAMPLE_WRITER_H_
#define TALLY_PSEUDONYMISER_SAMPLE_WRITER_H_

// Fake files of a dataset, made from its specification alone: every value has
// the right form and means nothing, every NHS Number is of the 9 billion block
// that is never issued. To try configuration, `check` and the way to a test
// hub without a patient's data.
//
// Threading: one thread.
// Secrets: none: what it writes is invented.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/civil_day.h"
#include "dataset/specification.h"
#include "pseudonymiser/configuration.h"

namespace tally::pseudonymiser {

struct SampleOptions {
  uint64_t seed = 1;
  uint64_t rows = 1000;   // a dataset
  uint64_t people = 200;  // distinct NHS Numbers; the same in all datasets
  CivilDay first;         // days of rows lie in this period
  CivilDay last;
};

// The file of one dataset as CSV text, with the supplier's own names and date
// format. The same options give the same text.
std::string SampleCsv(const dataset::Specification& specification,
                      const DatasetSettings& settings,
                      const SampleOptions& options);

// The lists that let such files through: `name` as in [lists]. Empty text for a
// list that the sample needs nothing of.
std::string SampleList(dataset::ListName name, const SampleOptions& options);

// A text that `pattern` (docs/spec/dataset-v1.md, "Patterns") describes; the
// numbers drawn from `next`, which returns less than its argument.
std::string SampleText(std::string_view pattern,
                       const std::function<uint64_t(uint64_t)>& next);

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SAMPLE_WRITER_H_
