#include "linkage/index/run_merger.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/files.h"
#include "base/mutex.h"
#include "base/status.h"
#include "crypto/pseudonym_maker.h"
#include "crypto/random.h"
#include "linkage/index/number_permutation.h"
#include "merge_runs.h"
#include "merge_tree.h"
#include "run_cursor.h"

namespace tally::linkage {

namespace {

constexpr size_t kLeastMemory = size_t{16} << 20;
constexpr size_t kCursorMemory = 2 * crypto::kRunFrameOnDisk;
constexpr size_t kPersonBlock = 8'192;
constexpr size_t kLinkBlock = 32'768;
constexpr uint64_t kAskEveryRecord = 65'536;
constexpr size_t kNumbersAhead = 256;

// Where one part of the token space begins and ends, by prefix.
struct PrefixRange {
  uint64_t first;
  uint64_t last;
};
PrefixRange RangeOfPart(int part, int parts) {
  __extension__ using Wide = unsigned __int128;
  const auto bound = [parts](int p) {
    return static_cast<uint64_t>((Wide{static_cast<unsigned>(p)} << 64) /
                                 static_cast<unsigned>(parts));
  };
  return {part == 0 ? 0 : bound(part),
          part + 1 == parts ? UINT64_MAX : bound(part + 1) - 1};
}

// Stamps the number of an input on every record that passes.
class StampedStream final : public RecordStream {
 public:
  StampedStream(std::unique_ptr<RecordStream> inner, uint32_t input)
      : inner_(std::move(inner)), input_(input) {}
  ~StampedStream() override { crypto::Wipe(&record_, sizeof record_); }

 private:
  absl::Status Refill() override {
    TALLY_RETURN_IF_ERROR(inner_->Advance());
    if (inner_->current() == nullptr) {
      current_ = nullptr;
      return absl::OkStatus();
    }
    record_ = *inner_->current();
    SetPlace(record_, PersonIndex(record_), Flags(record_), input_);
    current_ = &record_;
    return absl::OkStatus();
  }

  std::unique_ptr<RecordStream> inner_;
  uint32_t input_;
  Record record_{};
};

// The runs lie sealed and pinned: who changes them breaks in.
absl::Status CountedOtherwise() {
  return Error(Reason::kRunCorrupt, "runs changed while they were merged");
}

// One place where a person was found.
struct Member {
  uint32_t input;
  uint32_t person_index;
  uint8_t flags;
};

}  // namespace

class RunMerger::Impl {
 public:
  Impl(std::vector<MergeInput> inputs, const RunMergerOptions& options)
      : inputs_(std::move(inputs)), options_(options) {}
  ~Impl() {
    for (const auto& path : temporary_) (void)RemoveFile(path);
  }

  absl::Status Open();
  absl::StatusOr<uint64_t> CountPersons();
  absl::Status Link(const crypto::ProjectKey* project_key,
                    std::string_view project, LinkSink& sink);

 private:
  // Something sorted that a pass reads: a run, or a temporary file of many.
  struct Feed {
    std::string path;
    crypto::SealContext context;
    std::optional<uint32_t> input;  // of a run
    uint64_t records = 0;
  };
  absl::Status MeasureParts();
  absl::Status MergeGroups();
  absl::Status MergeGroup(size_t taken);
  absl::StatusOr<std::unique_ptr<RunCursor>> OpenFeed(const Feed& feed) const;
  // `fn` is a status of (const Record& token, std::span<const Member>).
  template <typename F>
  absl::Status ForEachPerson(int part, const F& fn) const;
  // People of the part take the numbers from `first` on, `most` at most.
  struct Numbers {
    uint64_t first;
    uint64_t most;
  };
  absl::Status LinkPart(int part, Numbers range,
                        const NumberPermutation& numbers,
                        const crypto::PseudonymMaker* maker, Mutex& mu,
                        LinkSink& sink) const;

  std::vector<MergeInput> inputs_;
  const RunMergerOptions options_;
  std::vector<int32_t> source_places_;  // of each input, dense
  int32_t sources_ = 0;
  std::vector<Feed> feeds_;
  std::vector<std::string> temporary_;
  uint64_t records_ = 0;                // of all runs
  std::vector<uint64_t> part_records_;  // empty until measured
  std::vector<uint64_t> part_persons_;  // empty until counted
};

absl::Status RunMerger::Impl::Open() {
  std::set<int32_t> extracts;
  std::map<int32_t, int32_t> places;
  if (inputs_.size() > kMaxExtra) {
    return absl::InvalidArgumentError("too many runs in one merge");
  }
  for (uint32_t i = 0; i < inputs_.size(); ++i) {
    const MergeInput& input = inputs_[i];
    if (!extracts.insert(input.extract).second) {
      return absl::InvalidArgumentError("an extract is named twice in a merge");
    }
    const auto place =
        places.emplace(input.source, static_cast<int32_t>(places.size()));
    source_places_.push_back(place.first->second);
    feeds_.push_back({input.path, input.context, i});
    TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<RunCursor> run,
                           OpenFeed(feeds_.back()));
    feeds_.back().records = run->summary().records;
    records_ += feeds_.back().records;
  }
  sources_ = static_cast<int32_t>(places.size());
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<RunCursor>> RunMerger::Impl::OpenFeed(
    const Feed& feed) const {
  if (feed.input.has_value()) {
    return RunCursor::Open(feed.path, feed.context, options_.storage_keys,
                           RunUse::kRun);
  }
  return RunCursor::Open(
      feed.path, feed.context,
      [key = options_.storage_key](const crypto::KeyId& id) {
        return id == key->key_id() ? key : nullptr;
      },
      RunUse::kTemporary);
}

// Merges feeds into one temporary file, which takes their place.
absl::Status RunMerger::Impl::MergeGroup(size_t taken) {
  std::vector<std::unique_ptr<RecordStream>> streams;
  const std::string name = "merge-" + crypto::RandomHex(16) + ".run";
  Feed merged{JoinPath(options_.temp_directory, name), inputs_.front().context,
              std::nullopt};
  merged.context.path = "tmp/" + name;
  for (size_t i = 0; i < taken; ++i) {
    TALLY_ASSIGN_OR_RETURN(std::unique_ptr<RecordStream> stream,
                           OpenFeed(feeds_[i]));
    if (feeds_[i].input.has_value()) {
      stream =
          std::make_unique<StampedStream>(std::move(stream), *feeds_[i].input);
    }
    streams.push_back(std::move(stream));
    merged.records += feeds_[i].records;
  }
  temporary_.push_back(merged.path);
  TALLY_ASSIGN_OR_RETURN(RunWriter writer,
                         RunWriter::Create(merged.path, merged.context,
                                           *options_.storage_key, {}));
  TALLY_RETURN_IF_ERROR(MergeInto(streams, writer, options_.go_on));
  TALLY_RETURN_IF_ERROR(writer.Finish().status());
  streams.clear();
  for (size_t i = 0; i < taken; ++i) {
    if (!feeds_[i].input.has_value()) {
      TALLY_RETURN_IF_ERROR(RemoveFile(feeds_[i].path));
    }
  }
  feeds_.erase(feeds_.begin(), feeds_.begin() + static_cast<ptrdiff_t>(taken));
  feeds_.push_back(std::move(merged));
  return absl::OkStatus();
}

// Leaves no more feeds than all parts can read side by side. Only so many are
// merged as are too many, and the smallest: what is merged is written again.
absl::Status RunMerger::Impl::MergeGroups() {
  const size_t cursors =
      std::max<size_t>(2, options_.memory_bytes * 3 / 4 / kCursorMemory);
  const size_t most =
      std::max<size_t>(2, cursors / static_cast<size_t>(options_.parts));
  while (feeds_.size() > most) {
    std::stable_sort(
        feeds_.begin(), feeds_.end(),
        [](const Feed& a, const Feed& b) { return a.records < b.records; });
    TALLY_RETURN_IF_ERROR(
        MergeGroup(std::min(feeds_.size() - most + 1, cursors)));
  }
  return absl::OkStatus();
}

// How many records each part of the token space has.
absl::Status RunMerger::Impl::MeasureParts() {
  if (!part_records_.empty()) return absl::OkStatus();
  std::vector<uint64_t> records(static_cast<size_t>(options_.parts));
  for (const Feed& feed : feeds_) {
    if (options_.go_on) TALLY_RETURN_IF_ERROR(options_.go_on());
    TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<RunCursor> cursor,
                           OpenFeed(feed));
    uint64_t below = 0;
    for (int part = 0; part < options_.parts; ++part) {
      uint64_t end = cursor->summary().records;
      if (part + 1 < options_.parts) {
        TALLY_ASSIGN_OR_RETURN(
            end,
            cursor->RecordsBelow(RangeOfPart(part + 1, options_.parts).first));
      }
      if (end < below) return CountedOtherwise();
      records[static_cast<size_t>(part)] += end - std::exchange(below, end);
    }
  }
  if (std::accumulate(records.begin(), records.end(), uint64_t{0}) !=
      records_) {
    return CountedOtherwise();
  }
  part_records_ = std::move(records);
  return absl::OkStatus();
}

template <typename F>
absl::Status RunMerger::Impl::ForEachPerson(int part, const F& fn) const {
  const PrefixRange range = RangeOfPart(part, options_.parts);
  std::vector<std::unique_ptr<RunCursor>> cursors;
  std::vector<RecordStream*> streams;
  for (const Feed& feed : feeds_) {
    if (options_.go_on) TALLY_RETURN_IF_ERROR(options_.go_on());
    TALLY_ASSIGN_OR_RETURN(std::unique_ptr<RunCursor> cursor, OpenFeed(feed));
    TALLY_RETURN_IF_ERROR(cursor->Restrict(range.first, range.last));
    streams.push_back(cursor.get());
    cursors.push_back(std::move(cursor));
  }
  MergeTree tree(std::move(streams));
  TALLY_RETURN_IF_ERROR(tree.Start());
  // No run has a token twice.
  std::vector<Member> members(inputs_.size());
  Record token{};
  absl::Status status;
  for (uint64_t n = 1; tree.top() != nullptr && status.ok(); ++n) {
    token = *tree.top();
    size_t found = 0;
    do {
      const Record& record = *tree.top();
      const std::optional<uint32_t>& input = feeds_[tree.top_stream()].input;
      TALLY_CHECK(found < members.size());
      members[found++] = {input.has_value() ? *input : Extra(record),
                          PersonIndex(record), Flags(record)};
      status = tree.Pop();
    } while (status.ok() && tree.top() != nullptr &&
             CompareTokens(token, *tree.top()) == 0);
    if (status.ok()) {
      status = fn(token, std::span<const Member>(members.data(), found));
    }
    if (status.ok() && n % kAskEveryRecord == 0 && options_.go_on) {
      status = options_.go_on();
    }
  }
  crypto::Wipe(token.bytes, sizeof token.bytes);
  return status;
}

absl::StatusOr<uint64_t> RunMerger::Impl::CountPersons() {
  if (part_persons_.empty()) {
    TALLY_RETURN_IF_ERROR(MergeGroups());
    std::vector<uint64_t> counts(static_cast<size_t>(options_.parts));
    TALLY_RETURN_IF_ERROR(options_.pool->ParallelFor(
        options_.parts, 1, [&](int64_t begin, int64_t end) -> absl::Status {
          for (int64_t part = begin; part < end; ++part) {
            uint64_t& count = counts[static_cast<size_t>(part)];
            TALLY_RETURN_IF_ERROR(
                ForEachPerson(static_cast<int>(part),
                              [&count](const Record&, std::span<const Member>) {
                                ++count;
                                return absl::OkStatus();
                              }));
          }
          return absl::OkStatus();
        }));
    part_persons_ = std::move(counts);
  }
  uint64_t persons = 0;
  for (const uint64_t count : part_persons_) persons += count;
  return persons;
}

namespace {

// Collects what one part finds and hands it to the sink in blocks.
class PartOutput {
 public:
  PartOutput(const crypto::PseudonymMaker* maker, Mutex& mu, LinkSink& sink)
      : maker_(maker), mu_(mu), sink_(sink) {
    tokens_.reserve(maker == nullptr ? 0 : kPersonBlock * kRunTokenBytes);
  }

  void AddLink(const LinkRow& row) { links_.push_back(row); }
  absl::Status AddPerson(const PersonRow& row, const Record& token) {
    persons_.push_back(row);
    if (maker_ != nullptr) {
      tokens_.insert(tokens_.end(), token.bytes, token.bytes + kRunTokenBytes);
    }
    if (persons_.size() < kPersonBlock && links_.size() < kLinkBlock) {
      return absl::OkStatus();
    }
    return Flush();
  }
  absl::Status Flush() {
    std::vector<dataset::Pseudonym> pseudonyms;
    if (maker_ != nullptr) {
      made_.resize(persons_.size());
      maker_->MakeBatch(tokens_, made_);
      pseudonyms.reserve(made_.size());
      for (const crypto::PseudonymBytes& bytes : made_) {
        TALLY_ASSIGN_OR_RETURN(dataset::Pseudonym pseudonym,
                               dataset::Pseudonym::Create(bytes));
        pseudonyms.push_back(pseudonym);
      }
    }
    {
      MutexLock lock(mu_);
      TALLY_RETURN_IF_ERROR(sink_.AddLinks(links_));
      TALLY_RETURN_IF_ERROR(sink_.AddPersons(persons_, pseudonyms));
    }
    links_.clear();
    persons_.clear();
    tokens_.clear();
    return absl::OkStatus();
  }

 private:
  const crypto::PseudonymMaker* maker_;
  Mutex& mu_;
  LinkSink& sink_;
  std::vector<LinkRow> links_;
  std::vector<PersonRow> persons_;
  crypto::WipedBytes tokens_;
  std::vector<crypto::PseudonymBytes> made_;
};

}  // namespace

absl::Status RunMerger::Impl::LinkPart(int part, Numbers range,
                                       const NumberPermutation& numbers,
                                       const crypto::PseudonymMaker* maker,
                                       Mutex& mu, LinkSink& sink) const {
  PartOutput output(maker, mu, sink);
  std::vector<uint64_t> seen(static_cast<size_t>(sources_), UINT64_MAX);
  uint64_t left = part_records_[static_cast<size_t>(part)];
  const uint64_t end = range.first + range.most;
  uint64_t next = range.first;
  std::array<uint64_t, kNumbersAhead> ahead;
  size_t used = ahead.size();
  TALLY_RETURN_IF_ERROR(ForEachPerson(
      part, [&](const Record& token, std::span<const Member> members) {
        if (next == end || left < members.size()) return CountedOtherwise();
        left -= members.size();
        if (used == ahead.size()) {
          const uint64_t count = std::min<uint64_t>(ahead.size(), end - next);
          numbers.Fill(next, std::span(ahead).first(count));
          used = 0;
        }
        PersonRow person{static_cast<int32_t>(ahead[used++]),
                         static_cast<int32_t>(members.size()), 0};
        for (const Member& member : members) {
          output.AddLink({inputs_[member.input].extract,
                          static_cast<int32_t>(member.person_index),
                          person.person, member.flags});
          uint64_t& last =
              seen[static_cast<size_t>(source_places_[member.input])];
          if (last != next) {
            last = next;
            ++person.sources;
          }
        }
        ++next;
        return output.AddPerson(person, token);
      }));
  if (left != 0) return CountedOtherwise();
  return output.Flush();
}

absl::Status RunMerger::Impl::Link(const crypto::ProjectKey* project_key,
                                   std::string_view project, LinkSink& sink) {
  if ((project_key == nullptr) != project.empty() ||
      (project_key != nullptr && project_key->project() != project)) {
    return absl::InvalidArgumentError(
        "pseudonyms need a project and its own key, or neither");
  }
  TALLY_RETURN_IF_ERROR(MergeGroups());
  TALLY_RETURN_IF_ERROR(MeasureParts());
  // There are no more people than records: a number for each of these will do.
  // Where that is more than there are numbers, the people are counted first.
  constexpr uint64_t kMostPeople = std::numeric_limits<int32_t>::max();
  const bool count = records_ > kMostPeople;
  if (count) {
    TALLY_ASSIGN_OR_RETURN(const uint64_t persons, CountPersons());
    if (persons > kMostPeople) {
      return absl::ResourceExhaustedError("more than 2^31 - 1 people");
    }
  }
  const std::vector<uint64_t>& sizes = count ? part_persons_ : part_records_;
  std::optional<crypto::PseudonymMaker> maker;
  if (project_key != nullptr) {
    TALLY_ASSIGN_OR_RETURN(maker, crypto::PseudonymMaker::Create(*project_key));
  }
  std::vector<Numbers> ranges;
  uint64_t all = 0;
  for (const uint64_t size : sizes) {
    ranges.push_back({all, size});
    all += size;
  }
  const NumberPermutation numbers(all);
  Mutex mu;
  return options_.pool->ParallelFor(
      options_.parts, 1, [&](int64_t begin, int64_t end) -> absl::Status {
        for (int64_t part = begin; part < end; ++part) {
          TALLY_RETURN_IF_ERROR(LinkPart(
              static_cast<int>(part), ranges[static_cast<size_t>(part)],
              numbers, maker.has_value() ? &*maker : nullptr, mu, sink));
        }
        return absl::OkStatus();
      });
}

absl::StatusOr<std::unique_ptr<RunMerger>> RunMerger::Create(
    std::vector<MergeInput> inputs, const RunMergerOptions& options) {
  if (options.storage_key == nullptr || options.pool == nullptr ||
      !options.storage_keys || options.parts < 1 ||
      options.memory_bytes < kLeastMemory) {
    return absl::InvalidArgumentError(
        "a merge needs storage keys, a pool, a part and 16 MiB of memory");
  }
  auto impl = std::make_unique<Impl>(std::move(inputs), options);
  TALLY_RETURN_IF_ERROR(impl->Open());
  return std::unique_ptr<RunMerger>(new RunMerger(std::move(impl)));
}

RunMerger::RunMerger(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RunMerger::~RunMerger() = default;

absl::StatusOr<uint64_t> RunMerger::CountPersons() {
  return impl_->CountPersons();
}
absl::Status RunMerger::Link(const crypto::ProjectKey* project_key,
                             std::string_view project, LinkSink& sink) {
  return impl_->Link(project_key, project, sink);
}

}  // namespace tally::linkage
