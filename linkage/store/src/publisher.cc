#include "publisher.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "extract_context.h"

namespace tally::linkage {

namespace {

constexpr std::array<Reason, 17> kRejections{
    Reason::kJournalCorrupt,  Reason::kBatchSequence,
    Reason::kBatchTooLarge,   Reason::kBatchOrder,
    Reason::kElementLength,   Reason::kElementTopBit,
    Reason::kElementIdentity, Reason::kElementInvalid,
    Reason::kElementRepeated, Reason::kPersonIndexRange,
    Reason::kColumnMismatch,  Reason::kColumnEncoding,
    Reason::kValueRefused,    Reason::kFieldInvalid,
    Reason::kManifestInvalid, Reason::kManifestMismatch,
    Reason::kPersonLimit};

}  // namespace

bool IsRejection(const absl::Status& status) {
  const std::optional<ErrorDetail> detail = DetailOf(status);
  return detail.has_value() && std::find(kRejections.begin(), kRejections.end(),
                                         detail->reason) != kRejections.end();
}

Publisher::Publisher(const ExtractStoreOptions& options,
                     const HubKeys::Lease& lease, PublisherInput input)
    : options_(options),
      lease_(lease),
      input_(std::move(input)),
      staging_(options.directory->StagingDirectory(input_.record.uid)),
      checker_(input_.specifications,
               {input_.record.period_start, input_.record.period_end},
               input_.person_limit) {}

Publisher::~Publisher() = default;

void Publisher::Report(std::string_view stage, uint64_t done, uint64_t total,
                       std::string_view unit) const {
  if (!input_.progress) return;
  input_.progress({std::string(stage), static_cast<int64_t>(done),
                   static_cast<int64_t>(total), std::string(unit)});
}

absl::Status Publisher::BeginRun() {
  TALLY_ASSIGN_OR_RETURN(converter_, crypto::TokenConverter::Create(
                                         input_.factors, *options_.kernel));
  ConvertAndSortOptions sort;
  sort.path = staging_ + "/index.run";
  sort.context = RunContext(options_, input_.record);
  sort.hub_key_id = input_.hub_key_id;
  sort.converter = &*converter_;
  sort.storage_key = &lease_.storage();
  sort.pool = options_.pool;
  sort.memory_bytes =
      std::max<size_t>(options_.memory_bytes / 2, size_t{16} << 20);
  sort.go_on = input_.go_on;
  sort.on_converted = [this](uint64_t done) {
    Report("converting", done, all_persons_, "persons");
  };
  TALLY_ASSIGN_OR_RETURN(sorter_, ConvertAndSort::Create(sort));
  return absl::OkStatus();
}

// Ends the run before the first row, so that its memory is free for Parquet.
absl::Status Publisher::FinishRun() {
  if (run_.has_value()) return absl::OkStatus();
  all_persons_ = checker_.persons();
  TALLY_ASSIGN_OR_RETURN(run_, sorter_->Finish());
  sorter_.reset();
  TALLY_FAILPOINT("publish.after_run");
  return absl::OkStatus();
}

absl::Status Publisher::OnRequest(std::span<const uint8_t> create_request) {
  (void)create_request;  // checked when it came
  return BeginRun();
}

absl::Status Publisher::OnBatch(uint64_t sequence, wire::BatchKind kind,
                                std::span<const uint8_t> content) {
  (void)sequence;  // frames are numbered alike
  if (input_.go_on) TALLY_RETURN_IF_ERROR(input_.go_on());
  stream_.Add(kind, content);
  TALLY_RETURN_IF_ERROR(checker_.Check(kind, content));
  checker_.Accept();
  if (kind == wire::BatchKind::kPerson) {
    const wire::PersonBatchView& view = checker_.persons_batch();
    persons_.Update(view.tokens);
    Report("reading", checker_.persons(), 0, "persons");
    return sorter_->Add(view.tokens, view.flags);
  }
  TALLY_RETURN_IF_ERROR(FinishRun());
  if (rows_ == nullptr) {
    TALLY_ASSIGN_OR_RETURN(
        rows_,
        RowFiles::Create(
            {staging_, options_.temp_directory,
             std::max<int64_t>(static_cast<int64_t>(options_.memory_bytes / 2),
                               int64_t{64} << 20),
             options_.threads},
            input_.specifications));
  }
  Report("writing", checker_.rows(), static_cast<uint64_t>(input_.record.rows),
         "rows");
  dataset::RecordBatch batch = std::move(checker_.rows_batch());
  return rows_->Add(std::move(batch));
}

absl::Status Publisher::OnManifest(std::span<const uint8_t> signature,
                                   std::string_view manifest) {
  output_.manifest_bytes = std::string(manifest);
  output_.manifest_signature = std::string(AsChars(signature));
  TALLY_ASSIGN_OR_RETURN(output_.manifest,
                         dataset::ExtractManifest::Parse(manifest));
  return absl::OkStatus();
}

// The manifest as this hub would have written it from the journal.
absl::Status Publisher::CompareWithManifest() {
  dataset::ExtractManifest counted = output_.manifest;
  counted.batches = stream_.batches();
  counted.stream_sha256 = HexEncode(stream_.Finish());
  counted.persons = checker_.persons();
  counted.persons_sha256 = HexEncode(persons_.Finish());
  counted.datasets.resize(checker_.datasets().size());
  for (size_t i = 0; i < counted.datasets.size(); ++i) {
    const DatasetTally& tally = checker_.datasets()[i];
    dataset::DatasetCounts& counts = counted.datasets[i];
    counts.dataset = input_.specifications[i]->id();
    counts.spec_sha256 = input_.specifications[i]->digest_hex();
    counts.rows = tally.rows;
    counts.rows_unlinked = tally.rows_unlinked;
    counts.unlinked = tally.unlinked;
  }
  return dataset::CompareManifest(output_.manifest, counted);
}

absl::StatusOr<PublisherOutput> Publisher::Run() {
  const std::string& uid = input_.record.uid;
  TALLY_RETURN_IF_ERROR(RemoveTree(staging_));
  TALLY_RETURN_IF_ERROR(MakeDirectories(staging_, 0700));
  TALLY_RETURN_IF_ERROR(ReadJournal(options_.directory->JournalPath(uid),
                                    JournalContext(options_, uid),
                                    lease_.storage_finder(), *this));
  TALLY_RETURN_IF_ERROR(CompareWithManifest());
  TALLY_RETURN_IF_ERROR(FinishRun());
  if (rows_ == nullptr) {
    TALLY_ASSIGN_OR_RETURN(
        rows_, RowFiles::Create({staging_, options_.temp_directory,
                                 int64_t{64} << 20, options_.threads},
                                input_.specifications));
  }
  TALLY_ASSIGN_OR_RETURN(output_.files, rows_->Finish());
  rows_.reset();
  TALLY_FAILPOINT("publish.after_rows");
  output_.run = *run_;
  output_.files.push_back(
      {"index.run", static_cast<int64_t>(run_->file_bytes), run_->file_sha256});
  output_.datasets = checker_.datasets();
  return std::move(output_);
}

}  // namespace tally::linkage
