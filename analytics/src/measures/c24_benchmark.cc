// C24: areas against the comparator file.
#include <memory>
#include <utility>

#include "analytics/measures/reference.h"
#include "base/status.h"
#include "measures/benchmark.h"

namespace tally::analytics {
namespace {

class Benchmarks : public Measure {
 public:
  absl::StatusOr<std::vector<DerivedTable>> Derive(
      const DeriveContext& context) const override {
    TALLY_ASSIGN_OR_RETURN(
        const ReferenceFile file,
        ReferenceFile::Read(context.comparators, "comparator_indicators",
                            {{"indicator", ReferenceType::kText},
                             {"value", ReferenceType::kNumber},
                             {"lo", ReferenceType::kNumber},
                             {"hi", ReferenceType::kNumber}},
                            context.month));
    BenchmarkRequest request;
    request.comparators.emplace();
    for (size_t row = 0; row < file.rows(); ++row) {
      const Comparator comparator{file.Number(row, 1), file.Number(row, 2),
                                  file.Number(row, 3)};
      if (comparator.lo > comparator.value ||
          comparator.value > comparator.hi) {
        return file.ErrorAt(row, "lo <= value <= hi does not hold");
      }
      if (!request.comparators->emplace(file.Text(row, 0), comparator).second) {
        return file.ErrorAt(row, "this indicator is there twice");
      }
    }
    request.notes = {"Comparator: " + file.Citation()};
    return BenchmarkTables(context, request);
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition& definition,
      const std::vector<GatedTable>& tables) const override {
    return DrawBenchmark(tables, "benchmark", definition.pages(),
                         "the comparator");
  }
};

}  // namespace

std::unique_ptr<Measure> MakeC24() { return std::make_unique<Benchmarks>(); }

}  // namespace tally::analytics
