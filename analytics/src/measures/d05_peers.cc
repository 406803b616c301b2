// D05: one programme of indicators within a named set of areas.
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/measures/reference.h"
#include "base/status.h"
#include "measures/benchmark.h"

namespace tally::analytics {
namespace {

class PeerBenchmark : public Measure {
 public:
  absl::StatusOr<std::vector<DerivedTable>> Derive(
      const DeriveContext& context) const override {
    TALLY_ASSIGN_OR_RETURN(const TomlTable parameters,
                           context.definition.root().GetTable("parameters"));
    TALLY_ASSIGN_OR_RETURN(const std::string set,
                           parameters.GetString("peer_set"));
    TALLY_ASSIGN_OR_RETURN(const ReferenceFile file,
                           ReferenceFile::Read(context.comparators, "peer_set",
                                               {{"set", ReferenceType::kText},
                                                {"area", ReferenceType::kText}},
                                               context.month));
    BenchmarkRequest request;
    request.areas.emplace();
    for (size_t row = 0; row < file.rows(); ++row) {
      if (file.Text(row, 0) == set) request.areas->insert(file.Text(row, 1));
    }
    if (request.areas->empty()) {
      return parameters.ErrorAt(
          parameters.Find("peer_set")->line(),
          absl::StrFormat("the file peer_set.toml has no set %s", set));
    }
    TALLY_ASSIGN_OR_RETURN(request.programme,
                           parameters.GetString("programme"));
    request.notes = {
        absl::StrFormat("Set of areas: %s. %s", set, file.Citation())};
    return BenchmarkTables(context, request);
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition& definition,
      const std::vector<GatedTable>& tables) const override {
    return DrawBenchmark(tables, "peers", definition.pages(), "similar areas");
  }
};

}  // namespace

std::unique_ptr<Measure> MakeD05() { return std::make_unique<PeerBenchmark>(); }

}  // namespace tally::analytics
