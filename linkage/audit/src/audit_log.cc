#include "linkage/audit/audit_log.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/files.h"
#include "base/mutex.h"
#include "base/status.h"
#include "base/strings.h"
#include "log_match.h"
#include "log_scan.h"

namespace tally::linkage {

namespace {

constexpr int64_t kMaxCheckpointBytes = 65'536;
// Entries of one write at most, and so those beyond the checkpoint, whole or
// torn, that an interrupted one may have left.
constexpr int kMostGroupEntries = 100;
constexpr uint64_t kTornLimit = kMostGroupEntries * (2 + kMaxAuditLeafBytes);
constexpr int kDrainBatch = 100;

absl::Status Unavailable(std::string_view what) {
  return Error(Reason::kAuditUnavailable,
               "the audit log cannot be written: " + std::string(what));
}

std::string Framed(std::string_view line) {
  ByteWriter frame;
  frame.Lp2(line);
  return frame.Take();
}

}  // namespace

class AuditLog::Impl {
 public:
  explicit Impl(const AuditLogOptions& options) : options_(options) {}

  absl::Status Open();
  absl::StatusOr<uint64_t> Append(const AuditEntry& entry);
  absl::Status AppendAll(std::span<const AuditEntry> entries);
  absl::Status Drain(AuditOutbox& outbox);
  absl::StatusOr<AuditPage> ListEvents(const AuditFilter& filter,
                                       uint64_t first_seq, int limit) const;
  absl::StatusOr<std::vector<AuditSummaryRow>> Summarise(
      const AuditFilter& filter) const;

  std::optional<uint64_t> SeqOf(std::string_view corr) const {
    const absl::StatusOr<std::string> bytes = HexDecode(corr);
    if (!bytes.ok() || bytes->size() != 16) return std::nullopt;
    MutexLock lock(mu_);
    const auto found = corrs_.find(CorrKeyOf(corr));
    if (found == corrs_.end() || found->second >= checkpoint_.size) {
      return std::nullopt;
    }
    return found->second;
  }
  bool healthy() const {
    MutexLock lock(mu_);
    return broken_.ok();
  }
  Checkpoint checkpoint() const {
    MutexLock lock(mu_);
    return checkpoint_;
  }
  std::string note() const {
    MutexLock lock(mu_);
    return note_;
  }

 private:
  // An entry that waits to be written. Its caller waits as well, until corrs_
  // has its place or its write has failed; so the pointer stays valid.
  struct Waiting {
    const AuditEntry* entry;
    uint64_t seq = 0;
  };
  // In corrs_: an entry that is on its way.
  static constexpr uint64_t kOnItsWay = UINT64_MAX;

  std::string LogPath() const { return options_.directory + "/log"; }
  std::string CheckpointPath() const {
    return options_.directory + "/checkpoint";
  }
  absl::StatusOr<std::optional<Checkpoint>> ReadCheckpoint();
  absl::Status ReadLog(const std::optional<Checkpoint>& signed_one);
  absl::Status Sign();
  void WriteGroup() TALLY_REQUIRES(mu_);
  // What a failed write left behind.
  enum class Left {
    kUnknown,      // nobody can tell what the file holds
    kNothing,      // log and tree are as they were
    kWithoutNote,  // the entries are in the log; their checkpoint is missing
  };
  absl::Status WriteEntries(std::vector<Waiting>& group, Left* left);
  void GiveUp(std::span<const Waiting> group, const absl::Status& why)
      TALLY_REQUIRES(mu_);
  absl::StatusOr<AuditLeaf> ReadLeaf(uint64_t offset) const;

  const AuditLogOptions options_;
  mutable Mutex mu_;
  CondVar changed_;
  std::deque<const AuditEntry*> queue_ TALLY_GUARDED_BY(mu_);
  bool writing_ TALLY_GUARDED_BY(mu_) = false;
  absl::Status broken_ TALLY_GUARDED_BY(mu_);
  // The log holds entries that no checkpoint covers. Nothing more is appended
  // until one does: at the start, one write of such entries is believed.
  bool unsigned_ TALLY_GUARDED_BY(mu_) = false;
  // Writes that failed and may be tried again, and why the last one did.
  uint64_t failures_ TALLY_GUARDED_BY(mu_) = 0;
  absl::Status failure_ TALLY_GUARDED_BY(mu_);
  Checkpoint checkpoint_ TALLY_GUARDED_BY(mu_);
  std::string note_ TALLY_GUARDED_BY(mu_);
  std::vector<uint64_t> offsets_ TALLY_GUARDED_BY(mu_);
  CorrIndex corrs_ TALLY_GUARDED_BY(mu_);
  // Touched by Open and then by the one thread that writes.
  std::optional<AppendFile> log_;
  MerkleTree tree_;
  Mutex drain_mu_;
};

absl::StatusOr<std::optional<Checkpoint>> AuditLog::Impl::ReadCheckpoint() {
  if (!FileExists(CheckpointPath())) return std::optional<Checkpoint>();
  TALLY_ASSIGN_OR_RETURN(std::string note,
                         ReadFile(CheckpointPath(), kMaxCheckpointBytes));
  TALLY_ASSIGN_OR_RETURN(
      Checkpoint checkpoint,
      OpenCheckpoint(note, options_.origin, options_.key->public_key()));
  return std::optional<Checkpoint>(std::move(checkpoint));
}

absl::Status AuditLog::Impl::ReadLog(
    const std::optional<Checkpoint>& signed_one) {
  const uint64_t covered = signed_one.has_value() ? signed_one->size : 0;
  const auto check_root = [&]() -> absl::Status {
    if (signed_one.has_value() && tree_.size() == covered &&
        tree_.Root() != signed_one->root) {
      return Error(Reason::kAuditCorrupt,
                   "the audit log does not have the root of its checkpoint");
    }
    return absl::OkStatus();
  };
  TALLY_RETURN_IF_ERROR(check_root());
  TALLY_ASSIGN_OR_RETURN(
      const ScanEnd end,
      ScanAuditLog(
          LogPath(),
          [&](const AuditLeaf& leaf, std::string_view line,
              uint64_t offset) -> absl::Status {
            MutexLock lock(mu_);
            if (!corrs_.emplace(CorrKeyOf(leaf.entry.corr), leaf.seq).second) {
              return Error(Reason::kAuditCorrupt,
                           "the audit log holds one entry twice");
            }
            offsets_.push_back(offset);
            const MerkleHash hash = MerkleLeafHash(line);
            tree_.Add(hash);
            if (options_.hash_store != nullptr) {
              TALLY_RETURN_IF_ERROR(
                  options_.hash_store->AddLeafHash(leaf.seq, hash));
            }
            return check_root();
          }));
  if (end.entries < covered) {
    return Error(Reason::kAuditCorrupt,
                 "the audit log is shorter than its checkpoint");
  }
  if (!signed_one.has_value() && end.file_bytes > 0) {
    return Error(Reason::kAuditCorrupt, "the audit log has no checkpoint");
  }
  if (end.entries - covered > kMostGroupEntries) {
    return Error(Reason::kAuditCorrupt,
                 "the audit log holds more entries beyond its checkpoint than "
                 "one write");
  }
  if (end.fault.ok()) return absl::OkStatus();
  // What one interrupted write may leave is cut; it was never answered for.
  if (end.file_bytes - end.whole_bytes > kTornLimit) return end.fault;
  return log_->Truncate(static_cast<int64_t>(end.whole_bytes));
}

// Signs what is in the tree and puts the note in place of the old one.
absl::Status AuditLog::Impl::Sign() {
  const Checkpoint next{options_.origin, tree_.size(), tree_.Root()};
  TALLY_ASSIGN_OR_RETURN(std::string note, SignCheckpoint(next, *options_.key));
  TALLY_FAILPOINT("audit.before_checkpoint");
  TALLY_RETURN_IF_ERROR(WriteFileAtomically(CheckpointPath(), note, 0600));
  TALLY_FAILPOINT("audit.after_checkpoint");
  MutexLock lock(mu_);
  checkpoint_ = next;
  note_ = std::move(note);
  return absl::OkStatus();
}

absl::Status AuditLog::Impl::Open() {
  TALLY_RETURN_IF_ERROR(MakeDirectories(options_.directory, 0700));
  TALLY_ASSIGN_OR_RETURN(const std::optional<Checkpoint> signed_one,
                         ReadCheckpoint());
  if (signed_one.has_value() && signed_one->size > 0 &&
      !FileExists(LogPath())) {
    return Error(Reason::kAuditCorrupt,
                 "the audit log is missing, its checkpoint is not");
  }
  TALLY_ASSIGN_OR_RETURN(log_, AppendFile::Open(LogPath(), 0600));
  TALLY_RETURN_IF_ERROR(ReadLog(signed_one));
  // Entries that were kept may not have reached the disk yet.
  TALLY_RETURN_IF_ERROR(log_->Sync());
  return Sign();
}

// An empty group only signs.
absl::Status AuditLog::Impl::WriteEntries(std::vector<Waiting>& group,
                                          Left* left) {
  std::string bytes;
  std::vector<std::string> lines;
  std::vector<uint64_t> offsets;
  uint64_t offset = static_cast<uint64_t>(log_->size());
  uint64_t seq = tree_.size();
  for (Waiting& waiting : group) {
    waiting.seq = seq++;
    TALLY_ASSIGN_OR_RETURN(
        std::string line,
        EncodeAuditLeaf({waiting.seq,
                         options_.now ? options_.now() : NowUtcRfc3339Ms(),
                         *waiting.entry}));
    offsets.push_back(offset);
    offset += 2 + line.size();
    bytes += Framed(line);
    lines.push_back(std::move(line));
  }
  TALLY_FAILPOINT("audit.before_append");
  if (absl::Status appended = log_->Append(bytes); !appended.ok()) {
    // Cut back to what it was, unless this fails.
    TALLY_RETURN_IF_ERROR(log_->Sync());
    *left = Left::kNothing;
    return appended;
  }
  TALLY_FAILPOINT("audit.before_fsync");
  TALLY_RETURN_IF_ERROR(log_->Sync());
  for (size_t i = 0; i < lines.size(); ++i) {
    const MerkleHash hash = MerkleLeafHash(lines[i]);
    if (options_.hash_store != nullptr) {
      TALLY_RETURN_IF_ERROR(
          options_.hash_store->AddLeafHash(group[i].seq, hash));
    }
    tree_.Add(hash);
  }
  *left = Left::kWithoutNote;
  {
    MutexLock lock(mu_);
    offsets_.insert(offsets_.end(), offsets.begin(), offsets.end());
  }
  return Sign();
}

// All who wait are told. Entries that were not written are forgotten, so that
// they may come again.
void AuditLog::Impl::GiveUp(std::span<const Waiting> forgotten,
                            const absl::Status& why) {
  for (const Waiting& waiting : forgotten) {
    corrs_.erase(CorrKeyOf(waiting.entry->corr));
  }
  for (const AuditEntry* entry : queue_) corrs_.erase(CorrKeyOf(entry->corr));
  queue_.clear();
  failure_ = Unavailable(absl::StatusCodeToString(why.code()));
  ++failures_;
}

// One caller writes for all that wait; the others wait for it.
void AuditLog::Impl::WriteGroup() {
  std::vector<Waiting> group;
  const size_t most = static_cast<size_t>(
      std::clamp(options_.group_entries, 1, kMostGroupEntries));
  while (!unsigned_ && !queue_.empty() && group.size() < most) {
    group.push_back({queue_.front()});
    queue_.pop_front();
  }
  writing_ = true;
  mu_.Unlock();
  Left left = Left::kUnknown;
  const absl::Status status = WriteEntries(group, &left);
  mu_.Lock();
  writing_ = false;
  unsigned_ = !status.ok() && left == Left::kWithoutNote;
  if (status.ok() || unsigned_) {
    for (const Waiting& waiting : group) {
      corrs_[CorrKeyOf(waiting.entry->corr)] = waiting.seq;
    }
  }
  if (status.ok()) {
    // Those who wait look for their entries.
  } else if (unsigned_) {
    GiveUp({}, status);
  } else if (left == Left::kNothing) {
    GiveUp(group, status);
  } else {
    broken_ = Unavailable(absl::StatusCodeToString(status.code()));
    queue_.clear();
  }
  changed_.NotifyAll();
}

absl::Status AuditLog::Impl::AppendAll(std::span<const AuditEntry> entries) {
  std::vector<CorrKey> keys;
  for (const AuditEntry& entry : entries) {
    TALLY_RETURN_IF_ERROR(EncodeAuditEntry(entry).status());
    keys.push_back(CorrKeyOf(entry.corr));
  }
  MutexLock lock(mu_);
  if (!broken_.ok()) return broken_;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (corrs_.emplace(keys[i], kOnItsWay).second) {
      queue_.push_back(&entries[i]);
    }
  }
  const auto written = [this](const CorrKey& key) TALLY_REQUIRES(mu_) {
    const auto found = corrs_.find(key);
    return !unsigned_ && found != corrs_.end() && found->second != kOnItsWay;
  };
  const uint64_t failures = failures_;
  while (broken_.ok() && !std::all_of(keys.begin(), keys.end(), written)) {
    if (failures_ != failures) return failure_;
    if (!writing_ && (unsigned_ || !queue_.empty())) {
      WriteGroup();
    } else {
      changed_.Wait(mu_);
    }
  }
  return broken_;
}

absl::StatusOr<uint64_t> AuditLog::Impl::Append(const AuditEntry& entry) {
  TALLY_RETURN_IF_ERROR(AppendAll(std::span<const AuditEntry>(&entry, 1)));
  MutexLock lock(mu_);
  return corrs_.at(CorrKeyOf(entry.corr));
}

absl::Status AuditLog::Impl::Drain(AuditOutbox& outbox) {
  MutexLock lock(drain_mu_);
  while (true) {
    TALLY_ASSIGN_OR_RETURN(const std::vector<AuditOutbox::Pending> pending,
                           outbox.NextPending(kDrainBatch));
    if (pending.empty()) return absl::OkStatus();
    std::vector<AuditEntry> entries;
    std::vector<int64_t> ids;
    for (const AuditOutbox::Pending& one : pending) {
      entries.push_back(one.entry);
      ids.push_back(one.id);
    }
    TALLY_RETURN_IF_ERROR(AppendAll(entries));
    TALLY_FAILPOINT("audit.before_mark");
    TALLY_RETURN_IF_ERROR(outbox.MarkWritten(ids));
  }
}

absl::StatusOr<AuditLeaf> AuditLog::Impl::ReadLeaf(uint64_t offset) const {
  std::array<uint8_t, 2> head{};
  TALLY_RETURN_IF_ERROR(
      ReadAt(log_->fd(), static_cast<int64_t>(offset), head, log_->path()));
  std::string line(static_cast<size_t>(head[0]) << 8 | head[1], '\0');
  TALLY_RETURN_IF_ERROR(ReadAt(
      log_->fd(), static_cast<int64_t>(offset) + 2,
      std::span<uint8_t>(reinterpret_cast<uint8_t*>(line.data()), line.size()),
      log_->path()));
  return ParseAuditLeaf(line);
}

absl::StatusOr<AuditPage> AuditLog::Impl::ListEvents(const AuditFilter& filter,
                                                     uint64_t first_seq,
                                                     int limit) const {
  AuditPage page;
  for (uint64_t seq = first_seq;; ++seq) {
    uint64_t offset = 0;
    {
      MutexLock lock(mu_);
      if (seq >= checkpoint_.size) return page;
      offset = offsets_[seq];
    }
    if (page.leaves.size() >= static_cast<size_t>(std::max(1, limit))) {
      page.next_seq = seq;
      return page;
    }
    TALLY_ASSIGN_OR_RETURN(AuditLeaf leaf, ReadLeaf(offset));
    if (Matches(filter, leaf)) page.leaves.push_back(std::move(leaf));
  }
}

absl::StatusOr<std::vector<AuditSummaryRow>> AuditLog::Impl::Summarise(
    const AuditFilter& filter) const {
  SummaryCounts counts;
  const uint64_t entries = checkpoint().size;
  for (uint64_t seq = 0; seq < entries; ++seq) {
    uint64_t offset = 0;
    {
      MutexLock lock(mu_);
      offset = offsets_[seq];
    }
    TALLY_ASSIGN_OR_RETURN(const AuditLeaf leaf, ReadLeaf(offset));
    if (Matches(filter, leaf)) CountEvent(leaf, counts);
  }
  return SummaryRows(counts);
}

absl::StatusOr<std::unique_ptr<AuditLog>> AuditLog::Open(
    const AuditLogOptions& options) {
  if (options.directory.empty() || options.key == nullptr) {
    return absl::InvalidArgumentError(
        "an audit log needs a directory and a key");
  }
  auto impl = std::make_unique<Impl>(options);
  TALLY_RETURN_IF_ERROR(impl->Open());
  return std::unique_ptr<AuditLog>(new AuditLog(std::move(impl)));
}

AuditLog::AuditLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AuditLog::~AuditLog() = default;

absl::StatusOr<uint64_t> AuditLog::Append(const AuditEntry& entry) {
  return impl_->Append(entry);
}
absl::Status AuditLog::Drain(AuditOutbox& outbox) {
  return impl_->Drain(outbox);
}
std::optional<uint64_t> AuditLog::SeqOf(std::string_view corr) const {
  return impl_->SeqOf(corr);
}
bool AuditLog::healthy() const { return impl_->healthy(); }
uint64_t AuditLog::size() const { return impl_->checkpoint().size; }
Checkpoint AuditLog::checkpoint() const { return impl_->checkpoint(); }
std::string AuditLog::checkpoint_note() const { return impl_->note(); }
absl::StatusOr<AuditPage> AuditLog::ListEvents(const AuditFilter& filter,
                                               uint64_t first_seq,
                                               int limit) const {
  return impl_->ListEvents(filter, first_seq, limit);
}
absl::StatusOr<std::vector<AuditSummaryRow>> AuditLog::Summarise(
    const AuditFilter& filter) const {
  return impl_->Summarise(filter);
}

}  // namespace tally::linkage
