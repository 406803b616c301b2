#include "delivery_reader.h"

#include <algorithm>
#include <thread>
#include <tuple>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/bounded_queue.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/process.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::pseudonymiser {
namespace {

using dataset::ListName;
using BlockPtr = std::unique_ptr<CsvBlock>;

// Of all numbers, the share of 9xx numbers in production above which somebody
// has mixed up two environments.
constexpr uint64_t kTestNumbersPer = 1000;

struct QueuedBlock {
  BlockPtr block;
  size_t first_record = 0;
  const FileShape* file = nullptr;
};

}  // namespace

// Blocks on their way to the workers, and back to be filled again.
struct DeliveryReader::BlockQueues {
  BoundedQueue<QueuedBlock> full;
  BoundedQueue<BlockPtr> empty;
};

DeliveryReader::DeliveryReader(const DeliveryPlan& plan, WorkerPool& pool,
                               ProgressReporter* progress, CivilDay today)
    : plan_(plan), pool_(pool), progress_(progress) {
  shared_.environment = plan.configuration->environment;
  shared_.lists = &plan.lists;
  shared_.rekey = &rekey_;
  shared_.hidden = &hidden_;
  shared_.period_start = plan.period.first.days();
  shared_.period_end = plan.period.last.days();
  shared_.today = today;
  shared_.judge = MakeJudge();
}

PersonTable::Judge DeliveryReader::MakeJudge() const {
  const NumberSet* denied = nullptr;
  const NumberSet* allowed = nullptr;
  for (const DeliveryPlan::Dataset& dataset : plan_.datasets) {
    if (dataset.plan->type1_list()) {
      denied = &plan_.lists.people(ListName::kType1OptOuts);
    }
    if (dataset.plan->national_list()) {
      allowed = &plan_.lists.people(ListName::kNationalEligible);
    }
  }
  return [denied, allowed](NhsNumber number) {
    uint8_t flags = 0;
    if (denied != nullptr && denied->Contains(number)) flags |= kPersonType1;
    if (allowed != nullptr && !allowed->Contains(number)) {
      flags |= kPersonNotEligible;
    }
    return flags;
  };
}

absl::StatusOr<int64_t> DeliveryReader::InputBytes() const {
  int64_t bytes = 0;
  for (const DeliveryPlan::Dataset& dataset : plan_.datasets) {
    for (const std::string& path : dataset.files) {
      TALLY_ASSIGN_OR_RETURN(const FileIdentity identity, IdentifyFile(path));
      bytes += identity.size;
    }
  }
  return bytes;
}

// Rows to come, from the bytes that those so far took.
void DeliveryReader::EstimateRows(size_t rows, int64_t bytes_of_file) {
  rows_split_ += static_cast<int64_t>(rows);
  const int64_t bytes = bytes_before_ + bytes_of_file;
  if (progress_ == nullptr || bytes == 0) return;
  progress_->SetTotal(static_cast<int64_t>(static_cast<double>(rows_split_) *
                                           static_cast<double>(dataset_bytes_) /
                                           static_cast<double>(bytes)));
}

absl::Status DeliveryReader::StartStage(const char* op,
                                        const DeliveryPlan::Dataset& dataset) {
  rows_split_ = 0;
  bytes_before_ = 0;
  dataset_bytes_ = 0;
  for (const std::string& path : dataset.files) {
    TALLY_ASSIGN_OR_RETURN(const FileIdentity identity, IdentifyFile(path));
    dataset_bytes_ += identity.size;
  }
  if (progress_ != nullptr) progress_->Start(op, dataset.plan->id(), 0, "rows");
  return absl::OkStatus();
}

absl::StatusOr<bool> DeliveryReader::SplitFile(const DatasetPlan& plan,
                                               InputFile& file,
                                               FileShape* shape,
                                               BlockQueues& queues) {
  CsvReader reader(file.path(), file);
  size_t first_record = 1;  // the header is in the first block
  while (auto block = queues.empty.Pop()) {
    TALLY_RETURN_IF_ERROR(CheckNotStopped());
    TALLY_ASSIGN_OR_RETURN(const bool more, reader.Next(block->get()));
    if (!more) {
      if (first_record == 1) {
        return InputError(
            absl::StrFormat("%s is empty: it has no header", file.path()));
      }
      return queues.empty.Push(std::move(*block));
    }
    if (first_record == 1) {
      const CsvRecord header = (*block)->records().front();
      TALLY_ASSIGN_OR_RETURN(shape->fields,
                             plan.BindHeader(file.path(), **block, header));
      shape->header_fields = header.field_count;
    }
    EstimateRows((*block)->records().size() - first_record, file.bytes_read());
    if (!queues.full.Push({std::move(*block), first_record, shape})) break;
    first_record = 0;
  }
  return false;
}

absl::Status DeliveryReader::SplitFiles(const DeliveryPlan::Dataset& dataset,
                                        uint32_t first_number,
                                        const FileHooks& hooks,
                                        std::deque<FileShape>* shapes,
                                        BlockQueues& queues) {
  for (const std::string& path : dataset.files) {
    TALLY_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
    TALLY_RETURN_IF_ERROR(hooks.before(file));
    shapes->push_back(
        {.number = first_number + static_cast<uint32_t>(shapes->size()),
         .path = path,
         .fields = {}});
    TALLY_ASSIGN_OR_RETURN(
        const bool goes_on,
        SplitFile(*dataset.plan, file, &shapes->back(), queues));
    if (!goes_on) break;
    bytes_before_ += file.bytes_read();
    hooks.after(file);
  }
  return absl::OkStatus();
}

absl::Status DeliveryReader::ForEachBlock(const DeliveryPlan::Dataset& dataset,
                                          uint32_t first_number,
                                          const FileHooks& hooks,
                                          const BlockFunction& on_block) {
  const size_t workers = static_cast<size_t>(pool_.threads());
  const size_t blocks = 2 * workers + 2;
  BlockQueues queues{.full = BoundedQueue<QueuedBlock>(2 * workers),
                     .empty = BoundedQueue<BlockPtr>(blocks)};
  for (size_t i = 0; i < blocks; ++i) {
    queues.empty.Push(std::make_unique<CsvBlock>());
  }
  std::deque<FileShape> shapes;  // its entries stay where they are
  absl::Status read_status;
  std::thread splitter([&] {
    read_status = SplitFiles(dataset, first_number, hooks, &shapes, queues);
    queues.full.Close();
  });
  const absl::Status work_status = pool_.ParallelFor(
      static_cast<int64_t>(workers), 1, [&](int64_t begin, int64_t) {
        while (auto queued = queues.full.Pop()) {
          const absl::Status status =
              on_block(static_cast<size_t>(begin), *queued->file,
                       *queued->block, queued->first_record);
          if (!status.ok()) {
            queues.full.Abort();
            queues.empty.Abort();
            return status;
          }
          if (progress_ != nullptr) {
            progress_->Add(static_cast<int64_t>(
                queued->block->records().size() - queued->first_record));
          }
          queues.empty.Push(std::move(queued->block));
        }
        return absl::OkStatus();
      });
  queues.empty.Abort();
  queues.full.Abort();
  splitter.join();
  TALLY_RETURN_IF_ERROR(work_status);
  return read_status;
}

absl::Status DeliveryReader::FirstPass(const DeliveryPlan::Dataset& dataset) {
  const DatasetPlan& plan = *dataset.plan;
  TALLY_RETURN_IF_ERROR(StartStage("looking through", dataset));
  std::deque<RowScout> scouts;
  for (int i = 0; i < pool_.threads(); ++i) scouts.emplace_back(plan, shared_);
  TALLY_RETURN_IF_ERROR(
      ForEachBlock(dataset, 0,
                   {.before =
                        [&](const InputFile& file) {
                          first_pass_files_[file.path()] = file.identity();
                          return absl::OkStatus();
                        },
                    .after = [](InputFile&) {}},
                   [&](size_t worker, const FileShape& file,
                       const CsvBlock& block, size_t first_record) {
                     return scouts[worker].Read(file, block, first_record);
                   }));
  for (const RowScout& scout : scouts) {
    linked_keys_[plan.id()].insert(scout.restricted_keys().begin(),
                                   scout.restricted_keys().end());
  }
  return absl::OkStatus();
}

// The restricted keys of every dataset that names this one, or that this one
// names.
std::vector<const LinkedKeys::mapped_type*> DeliveryReader::KeysTiedTo(
    const DatasetPlan& plan) const {
  std::vector<const LinkedKeys::mapped_type*> tied;
  if (plan.linked_key() == kNoInput) return tied;
  const auto names = [](const DatasetPlan& from, const std::string& id) {
    const auto& ids = from.linked_datasets();
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  for (const DeliveryPlan::Dataset& other : plan_.datasets) {
    const auto keys = linked_keys_.find(other.plan->id());
    if (keys == linked_keys_.end() || keys->second.empty()) continue;
    if (names(*other.plan, plan.id()) || names(plan, other.plan->id())) {
      tied.push_back(&keys->second);
    }
  }
  return tied;
}

absl::Status DeliveryReader::ReadDataset(size_t number, ReadDelivery* out) {
  const DeliveryPlan::Dataset& dataset = plan_.datasets[number];
  const DatasetPlan& plan = *dataset.plan;
  out->report.datasets.push_back({.dataset = plan.id(), .counts = {}});
  out->codes.emplace_back(plan.specification().columns().size());
  TALLY_RETURN_IF_ERROR(StartStage("reading", dataset));
  std::deque<BucketSpool::Pen> pens;
  std::deque<RowReader> readers;
  for (int i = 0; i < pool_.threads(); ++i) {
    pens.emplace_back(out->rows.get(), number);
    readers.emplace_back(plan, shared_, KeysTiedTo(plan), &out->codes[number],
                         &pens.back());
  }
  const FileHooks hooks = {
      .before =
          [&](const InputFile& file) {
            const auto known = first_pass_files_.find(file.path());
            if (known == first_pass_files_.end() ||
                known->second == file.identity()) {
              return absl::OkStatus();
            }
            return InputError(absl::StrFormat(
                "%s changed while it was read; push a finished file",
                file.path()));
          },
      .after =
          [&](InputFile& file) {
            out->files.push_back({.dataset = plan.id(),
                                  .path = file.path(),
                                  .identity = file.identity(),
                                  .sha256 = file.Digest()});
          }};
  const uint32_t first_number = static_cast<uint32_t>(out->report.files.size());
  out->report.files.insert(out->report.files.end(), dataset.files.begin(),
                           dataset.files.end());
  TALLY_RETURN_IF_ERROR(
      ForEachBlock(dataset, first_number, hooks,
                   [&](size_t worker, const FileShape& file,
                       const CsvBlock& block, size_t first_record) {
                     return readers[worker].Read(file, block, first_record);
                   }));
  for (const RowReader& reader : readers) {
    out->report.datasets[number].counts.Add(reader.counts());
    out->report.issues.insert(out->report.issues.end(), reader.issues().begin(),
                              reader.issues().end());
  }
  for (BucketSpool::Pen& pen : pens) TALLY_RETURN_IF_ERROR(pen.Flush());
  return absl::OkStatus();
}

absl::StatusOr<ReadDelivery> DeliveryReader::Read(
    std::unique_ptr<BucketSpool> spool) {
  ReadDelivery out;
  out.rows = std::move(spool);
  out.people = std::make_unique<PersonTable>();
  shared_.people = out.people.get();
  for (const DeliveryPlan::Dataset& dataset : plan_.datasets) {
    if (dataset.plan->NeedsFirstPass()) {
      TALLY_RETURN_IF_ERROR(FirstPass(dataset));
    }
  }
  for (size_t i = 0; i < plan_.datasets.size(); ++i) {
    TALLY_RETURN_IF_ERROR(ReadDataset(i, &out));
  }
  TALLY_RETURN_IF_ERROR(out.rows->Close());
  out.report.persons = out.people->persons();
  std::sort(out.report.issues.begin(), out.report.issues.end(),
            [](const RowIssue& a, const RowIssue& b) {
              return std::tie(a.file, a.line) < std::tie(b.file, b.line);
            });
  if (out.report.issues.size() > kMaxIssues) {
    out.report.issues.resize(kMaxIssues);
    out.report.issues_cut = true;
  }
  out.verdict = Verdict(out);
  return out;
}

absl::Status DeliveryReader::Verdict(const ReadDelivery& read) const {
  RowCounts all;
  for (const DatasetReport& report : read.report.datasets) {
    all.Add(report.counts);
  }
  if (all.numbers_live > 0) {
    return InputError(absl::StrFormat(
        "NHS_NUMBER_RANGE_LIVE: %d numbers of living people in the environment "
        "%s; environments have been mixed, nothing was sent",
        all.numbers_live, crypto::EnvironmentName(shared_.environment)));
  }
  if (all.numbers_test * kTestNumbersPer > all.numbers) {
    return InputError(
        "NHS_NUMBER_RANGE_TEST: more than one in 1,000 numbers is a test "
        "number; environments have been mixed, nothing was sent");
  }
  if (const auto place = hidden_.FindIn(*read.people)) {
    return InputError(absl::StrFormat(
        "HIDDEN_IDENTIFIER: %s line %d, column %s, holds an NHS Number of this "
        "delivery; nothing was sent",
        read.report.files[place->file], place->line, place->column));
  }
  for (size_t i = 0; i < plan_.datasets.size(); ++i) {
    const DatasetPlan& plan = *plan_.datasets[i].plan;
    const RowCounts& counts = read.report.datasets[i].counts;
    if (counts.sent == 0 && !plan_.allow_empty) {
      return InputError(absl::StrFormat(
          "%s: of %s rows none would be sent, and the hub would take it that "
          "there are none; is %s to %s the right period? Nothing was kept. If "
          "it is right, add --allow-empty",
          plan.id(), FormatCount(static_cast<int64_t>(counts.read)),
          plan_.period.first.ToIso(), plan_.period.last.ToIso()));
    }
    const auto share = [](uint64_t part, uint64_t whole) {
      return whole == 0
                 ? 0.0
                 : static_cast<double>(part) / static_cast<double>(whole);
    };
    if (share(counts.faults(), counts.read) > plan.max_reject()) {
      return InputError(absl::StrFormat(
          "%s: %s of %s rows are faulty, more than max_reject %g allows; "
          "nothing was kept",
          plan.id(), FormatCount(static_cast<int64_t>(counts.faults())),
          FormatCount(static_cast<int64_t>(counts.read)), plan.max_reject()));
    }
    const uint64_t unlinked = counts.rows_unlinked() + counts.without_person();
    if (share(unlinked, counts.sent + counts.without_person()) >
        plan.max_unlinked()) {
      return InputError(absl::StrFormat(
          "%s: %s of %s rows have no person, more than max_unlinked %g allows; "
          "nothing was kept",
          plan.id(), FormatCount(static_cast<int64_t>(unlinked)),
          FormatCount(
              static_cast<int64_t>(counts.sent + counts.without_person())),
          plan.max_unlinked()));
    }
  }
  return absl::OkStatus();
}

}  // namespace tally::pseudonymiser
