#include "linkage/index/convert_and_sort.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "merge_runs.h"
#include "record_blocks.h"
#include "run_cursor.h"
#include "run_writer.h"

namespace tally::linkage {

namespace {

constexpr size_t kLeastSortMemory = size_t{16} << 20;
// Plain and sealed form of one frame, for the writer and for every piece that
// is read back.
constexpr size_t kFrameMemory = 2 * crypto::kRunFrameOnDisk;

}  // namespace

class ConvertAndSort::Impl {
 public:
  explicit Impl(const ConvertAndSortOptions& options) : options_(options) {
    // Three quarters for records; the rest for frames and for conversion.
    const size_t blocks =
        options_.memory_bytes * 3 / 4 / RecordBlocks::kBlockBytes;
    piece_records_ = std::max<size_t>(blocks, 1) * RecordBlocks::kBlockRecords;
  }

  ~Impl() {
    RemovePieces();
    if (!finished_) (void)RemoveFile(options_.path);
  }

  absl::Status Add(std::span<const uint8_t> tokens,
                   std::span<const uint8_t> flags);
  absl::StatusOr<RunSummary> Finish();
  uint64_t tokens_added() const { return added_; }

 private:
  absl::Status Prepare();
  absl::Status SpillPiece();
  absl::Status MergeGroupsOfPieces();
  absl::StatusOr<std::vector<std::unique_ptr<RecordStream>>> OpenPieces(
      size_t count) const;
  absl::StatusOr<RunSummary> WriteRun(
      std::span<const std::unique_ptr<RecordStream>> streams);
  void RemovePieces();
  absl::Status GoOn() const {
    return options_.go_on ? options_.go_on() : absl::OkStatus();
  }
  std::string PiecePath(size_t number) const {
    return options_.path + absl::StrFormat(".piece-%d", number);
  }
  crypto::SealContext PieceContext(size_t number) const {
    crypto::SealContext context = options_.context;
    context.path += absl::StrFormat(".piece-%d", number);
    return context;
  }
  crypto::StorageKeyFinder OwnKey() const {
    return [key = options_.storage_key](const crypto::KeyId& id) {
      return id == key->key_id() ? key : nullptr;
    };
  }

  const ConvertAndSortOptions options_;
  uint64_t piece_records_;
  RecordBlocks blocks_;
  uint64_t added_ = 0;
  std::atomic<uint64_t> converted_{0};
  InvalidTokens invalid_;
  std::vector<size_t> pieces_;  // numbers of the pieces that exist
  size_t next_piece_ = 0;
  bool finished_ = false;
};

absl::Status ConvertAndSort::Impl::Add(std::span<const uint8_t> tokens,
                                       std::span<const uint8_t> flags) {
  if (tokens.size() % kRunTokenBytes != 0) {
    return Error(Reason::kElementLength,
                 "tokens are not a multiple of 32 bytes");
  }
  const size_t count = tokens.size() / kRunTokenBytes;
  if (!flags.empty() && flags.size() != count) {
    return Error(Reason::kFieldInvalid, "flags do not fit the tokens",
                 {.field = "flags"});
  }
  if (std::any_of(flags.begin(), flags.end(), [](uint8_t flag) {
        return (flag & ~kRunFlagVerified) != 0;
      })) {
    return Error(Reason::kFieldInvalid, "a flag has an unknown bit",
                 {.field = "flags"});
  }
  if (count > kRunMaxRecords - added_) {
    return Error(Reason::kPersonIndexRange, "more than 2^31 people",
                 {.limit = static_cast<int64_t>(kRunMaxRecords - 1)});
  }
  for (size_t i = 0; i < count; ++i) {
    blocks_.Add(tokens.subspan(i * kRunTokenBytes).first<kRunTokenBytes>(),
                static_cast<uint32_t>(added_++), flags.empty() ? 0 : flags[i]);
    if (blocks_.size() == piece_records_) TALLY_RETURN_IF_ERROR(SpillPiece());
  }
  return absl::OkStatus();
}

absl::Status ConvertAndSort::Impl::Prepare() {
  const auto on_converted = [this](uint64_t count) {
    const uint64_t done = converted_.fetch_add(count) + count;
    if (options_.on_converted) options_.on_converted(done);
  };
  TALLY_RETURN_IF_ERROR(blocks_.Convert(*options_.converter, *options_.pool,
                                        options_.go_on, on_converted,
                                        invalid_));
  // The extract will be rejected: its tokens are only counted from now on.
  if (invalid_.count > 0) return absl::OkStatus();
  return blocks_.Sort(*options_.pool);
}

absl::Status ConvertAndSort::Impl::SpillPiece() {
  TALLY_RETURN_IF_ERROR(Prepare());
  if (invalid_.count == 0) {
    const size_t number = next_piece_++;
    pieces_.push_back(number);
    TALLY_ASSIGN_OR_RETURN(
        RunWriter writer,
        RunWriter::Create(PiecePath(number), PieceContext(number),
                          *options_.storage_key, options_.hub_key_id));
    TALLY_RETURN_IF_ERROR(MergeInto(blocks_.Streams(), writer, options_.go_on));
    TALLY_RETURN_IF_ERROR(writer.Finish().status());
  }
  blocks_.Clear();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::unique_ptr<RecordStream>>>
ConvertAndSort::Impl::OpenPieces(size_t count) const {
  std::vector<std::unique_ptr<RecordStream>> streams;
  for (size_t i = 0; i < count; ++i) {
    TALLY_ASSIGN_OR_RETURN(
        std::unique_ptr<RunCursor> cursor,
        RunCursor::Open(PiecePath(pieces_[i]), PieceContext(pieces_[i]),
                        OwnKey(), RunUse::kPiece));
    streams.push_back(std::move(cursor));
  }
  return streams;
}

// Leaves no more pieces than can be read side by side.
absl::Status ConvertAndSort::Impl::MergeGroupsOfPieces() {
  const size_t most =
      std::max<size_t>(2, options_.memory_bytes * 3 / 4 / kFrameMemory);
  while (pieces_.size() > most) {
    // Only as many as are too many: what is merged is written again.
    const size_t taken = std::min(pieces_.size() - most + 1, most);
    const size_t number = next_piece_++;
    {
      TALLY_ASSIGN_OR_RETURN(auto streams, OpenPieces(taken));
      TALLY_ASSIGN_OR_RETURN(
          RunWriter writer,
          RunWriter::Create(PiecePath(number), PieceContext(number),
                            *options_.storage_key, options_.hub_key_id));
      TALLY_RETURN_IF_ERROR(MergeInto(streams, writer, options_.go_on));
      TALLY_RETURN_IF_ERROR(writer.Finish().status());
    }
    for (size_t i = 0; i < taken; ++i) {
      TALLY_RETURN_IF_ERROR(RemoveFile(PiecePath(pieces_[i])));
    }
    pieces_.erase(pieces_.begin(),
                  pieces_.begin() + static_cast<ptrdiff_t>(taken));
    pieces_.push_back(number);
  }
  return absl::OkStatus();
}

absl::StatusOr<RunSummary> ConvertAndSort::Impl::WriteRun(
    std::span<const std::unique_ptr<RecordStream>> streams) {
  TALLY_ASSIGN_OR_RETURN(
      RunWriter writer,
      RunWriter::Create(options_.path, options_.context, *options_.storage_key,
                        options_.hub_key_id));
  RepeatedTokens repeated;
  TALLY_RETURN_IF_ERROR(
      MergeDistinctInto(streams, writer, options_.go_on, repeated));
  if (repeated.count > 0) {
    return Error(Reason::kElementRepeated,
                 "tokens occur more than once in the extract",
                 {.field = "tokens",
                  .row = static_cast<int64_t>(repeated.first) + 1,
                  .count = static_cast<int64_t>(repeated.count)});
  }
  return writer.Finish();
}

absl::StatusOr<RunSummary> ConvertAndSort::Impl::Finish() {
  if (finished_) {
    return absl::FailedPreconditionError("the run is finished already");
  }
  // Many pieces: the last records become one as well, which frees their blocks.
  if (!pieces_.empty() && blocks_.size() > 0) {
    TALLY_RETURN_IF_ERROR(SpillPiece());
  } else {
    TALLY_RETURN_IF_ERROR(Prepare());
  }
  if (invalid_.count > 0) {
    return Error(Reason::kElementInvalid, "tokens are no group elements",
                 {.field = "tokens",
                  .row = static_cast<int64_t>(invalid_.first) + 1,
                  .count = static_cast<int64_t>(invalid_.count)});
  }
  std::vector<std::unique_ptr<RecordStream>> streams;
  if (pieces_.empty()) {
    streams = blocks_.Streams();
  } else {
    TALLY_RETURN_IF_ERROR(MergeGroupsOfPieces());
    TALLY_ASSIGN_OR_RETURN(streams, OpenPieces(pieces_.size()));
  }
  TALLY_ASSIGN_OR_RETURN(RunSummary summary, WriteRun(streams));
  streams.clear();
  RemovePieces();
  TALLY_ASSIGN_OR_RETURN(summary.file_sha256, Sha256HexOfFile(options_.path));
  finished_ = true;
  return summary;
}

void ConvertAndSort::Impl::RemovePieces() {
  for (const size_t number : pieces_) (void)RemoveFile(PiecePath(number));
  pieces_.clear();
}

absl::StatusOr<std::unique_ptr<ConvertAndSort>> ConvertAndSort::Create(
    const ConvertAndSortOptions& options) {
  if (options.path.empty() || options.converter == nullptr ||
      options.storage_key == nullptr || options.pool == nullptr) {
    return absl::InvalidArgumentError(
        "a run needs a path, a converter, a storage key and a pool");
  }
  if (options.memory_bytes < kLeastSortMemory) {
    return absl::InvalidArgumentError("a run needs at least 16 MiB of memory");
  }
  return std::unique_ptr<ConvertAndSort>(
      new ConvertAndSort(std::make_unique<Impl>(options)));
}

ConvertAndSort::ConvertAndSort(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
ConvertAndSort::~ConvertAndSort() = default;

absl::Status ConvertAndSort::Add(std::span<const uint8_t> tokens,
                                 std::span<const uint8_t> flags) {
  return impl_->Add(tokens, flags);
}
absl::StatusOr<RunSummary> ConvertAndSort::Finish() { return impl_->Finish(); }
uint64_t ConvertAndSort::tokens_added() const { return impl_->tokens_added(); }

}  // namespace tally::linkage
