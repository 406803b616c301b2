#include "link_map.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/status.h"
#include "dataset/pseudonym.h"
#include "dataset/record_batch.h"
#include "engine/row_writer.h"
#include "linkage/index/run_merger.h"
#include "table_writer.h"

namespace tally::linkage {
namespace {

using dataset::ColumnType;
using dataset::RecordBatch;
using engine::RowColumn;

class MapSink : public LinkSink {
 public:
  MapSink(TableWriter link, TableWriter everyone)
      : link_(std::move(link)), everyone_(std::move(everyone)) {}

  absl::Status AddLinks(std::span<const LinkRow> links) override {
    for (const LinkRow& row : links) {
      RecordBatch& batch = link_.batch();
      batch.AppendPerson(row.person_index, dataset::RowReason::kNone);
      batch.columns[0].AppendInt32(row.extract);
      batch.columns[1].AppendInt32(row.person);
      TALLY_RETURN_IF_ERROR(link_.RowDone());
    }
    return absl::OkStatus();
  }

  absl::Status AddPersons(
      std::span<const PersonRow> persons,
      std::span<const dataset::Pseudonym> pseudonyms) override {
    for (size_t i = 0; i < persons.size(); ++i) {
      RecordBatch& batch = everyone_.batch();
      batch.AppendPerson(dataset::kNoPerson, dataset::RowReason::kNone);
      batch.columns[0].AppendInt32(persons[i].person);
      batch.columns[1].AppendInt32(persons[i].sources);
      if (pseudonyms.empty()) {
        batch.columns[2].AppendNull();
      } else {
        batch.columns[2].AppendText(pseudonyms[i].ToText());
      }
      TALLY_RETURN_IF_ERROR(everyone_.RowDone());
    }
    return absl::OkStatus();
  }

  absl::Status Finish(ReleaseEngine& engine) {
    TALLY_RETURN_IF_ERROR(link_.Finish(engine, LinkSchema()));
    return everyone_.Finish(engine, EveryoneSchema());
  }

 private:
  TableWriter link_;
  TableWriter everyone_;
};

absl::StatusOr<std::unique_ptr<MapSink>> OpenSink(ReleaseEngine& engine) {
  const auto column = [](std::string name, size_t position, ColumnType type) {
    return RowColumn{std::move(name), RowColumn::From::kColumn, position, type};
  };
  TALLY_ASSIGN_OR_RETURN(
      TableWriter link,
      TableWriter::Open(engine, "link",
                        {column("extract_no", 0, ColumnType::kInt32),
                         {"person_index", RowColumn::From::kPersonIndex, 0,
                          ColumnType::kInt32},
                         column("link_person", 1, ColumnType::kInt32)}));
  TALLY_ASSIGN_OR_RETURN(
      TableWriter everyone,
      TableWriter::Open(engine, "everyone",
                        {column("link_person", 0, ColumnType::kInt32),
                         column("sources", 1, ColumnType::kInt32),
                         column("pseudonym", 2, ColumnType::kText)}));
  return std::make_unique<MapSink>(std::move(link), std::move(everyone));
}

std::vector<MergeInput> MergeInputsOf(const LinkInputs& inputs) {
  std::vector<MergeInput> runs;
  const ReleasePlan& plan = *inputs.plan;
  for (size_t i = 0; i < plan.extracts.size(); ++i) {
    const ExtractRecord& extract = plan.extracts[i];
    MergeInput input;
    input.path = inputs.extract_directory(extract.uid) + "/index.run";
    input.context.environment = inputs.environment;
    input.context.domain = inputs.agreement->domain;
    input.context.path = inputs.run_name(extract.uid);
    input.context.hub_epoch = static_cast<uint32_t>(extract.hub_epoch);
    input.extract = static_cast<int32_t>(i);
    input.source = plan.SourceNumber(extract.source);
    runs.push_back(std::move(input));
  }
  return runs;
}

}  // namespace

absl::Status WriteLinkMap(const LinkInputs& inputs,
                          const crypto::ProjectKey* project_key,
                          ReleaseEngine& engine) {
  RunMergerOptions options;
  options.storage_keys = inputs.storage_keys;
  options.storage_key = inputs.storage_key;
  options.go_on = [&inputs] {
    return inputs.cancelled && inputs.cancelled()
               ? absl::CancelledError("the hub was asked to stop")
               : absl::OkStatus();
  };
  options.pool = inputs.pool;
  options.parts = inputs.threads;
  options.memory_bytes = inputs.memory_bytes / 4;
  TALLY_ASSIGN_OR_RETURN(options.temp_directory,
                         engine.MakeTableDirectory("merge"));
  TALLY_ASSIGN_OR_RETURN(std::unique_ptr<RunMerger> merger,
                         RunMerger::Create(MergeInputsOf(inputs), options));
  TALLY_ASSIGN_OR_RETURN(std::unique_ptr<MapSink> sink, OpenSink(engine));
  TALLY_RETURN_IF_ERROR(merger->Link(
      project_key, project_key == nullptr ? "" : inputs.agreement->project,
      *sink));
  return sink->Finish(engine);
}

}  // namespace tally::linkage
