#include "download_stream.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/files.h"
#include "base/mutex.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "transport/status_mapping.h"

namespace tally::linkage {
namespace {

constexpr char kMethod[] = "tally.release.v1.ReleaseService.DownloadFile";
constexpr int64_t kPieceBytes = 524'288;

using Reactor = grpc::ServerWriteReactor<release::v1::DownloadFileResponse>;

class DownloadStream : public Reactor,
                       public std::enable_shared_from_this<DownloadStream> {
 public:
  DownloadStream(ReleaseCalls& releases, transport::CallRuntime& calls,
                 grpc::CallbackServerContext* context, transport::Caller caller,
                 const release::v1::DownloadFileRequest& request)
      : releases_(releases),
        calls_(calls),
        context_(context),
        caller_(std::move(caller)),
        request_(request),
        start_ms_(NowMonotonicMs()) {}

  void Begin(transport::StreamWatch& watch) {
    self_ = shared_from_this();
    std::weak_ptr<DownloadStream> weak = self_;
    auto ticket = watch.Register(caller_, kMethod, false,
                                 [weak](const absl::Status& status) {
                                   if (auto stream = weak.lock()) {
                                     stream->End(status);
                                   }
                                 });
    {
      MutexLock lock(ticket_mu_);
      ticket_ = std::move(ticket);
    }
    Work([](DownloadStream& stream) { stream.Open(); });
  }

  void OnWriteDone(bool ok) override {
    if (!ok) {
      End(absl::CancelledError("the analyst has gone"));
      return;
    }
    const absl::Status allowed = Report(response_.data().size());
    if (!allowed.ok()) {
      End(allowed);
      return;
    }
    Work([](DownloadStream& stream) { stream.SendPiece(); });
  }

  void OnCancel() override {
    End(absl::CancelledError("the analyst has gone"));
  }

  void OnDone() override {
    transport::ReportCall(calls_, kMethod, &caller_, outcome_,
                          NowMonotonicMs() - start_ms_);
    {
      MutexLock lock(ticket_mu_);
      ticket_.reset();
    }
    self_.reset();  // may delete this
  }

 private:
  void Work(void (*work)(DownloadStream&)) {
    std::shared_ptr<DownloadStream> self = shared_from_this();
    if (!calls_.executor.TryRun([self, work] { work(*self); })) {
      End(Error(Reason::kRateLimited, "too many calls are waiting"));
    }
  }

  absl::Status Report(size_t bytes) {
    MutexLock lock(ticket_mu_);
    if (ticket_ == nullptr) return absl::OkStatus();
    return ticket_->OnMessage(static_cast<int64_t>(bytes));
  }

  void Open() {
    absl::Status status = OpenFile();
    if (!status.ok()) {
      End(status);
      return;
    }
    SendPiece();
  }

  absl::Status OpenFile() {
    TALLY_ASSIGN_OR_RETURN(download_,
                           releases_.OpenDownload(caller_, request_));
    TALLY_ASSIGN_OR_RETURN(file_, OpenForRead(download_.path));
    position_ = download_.offset;
    if (position_ == 0) digest_.emplace();
    return absl::OkStatus();
  }

  void SendPiece() {
    // An empty file, or an offset at the end, gets one message without bytes:
    // its total tells the client that it has everything.
    if (sent_any_ && position_ == download_.total_bytes) {
      End(CheckDigest());
      return;
    }
    const int64_t size =
        std::min(kPieceBytes, download_.total_bytes - position_);
    std::string piece(static_cast<size_t>(size), '\0');
    const absl::Status read =
        ReadAt(file_.get(), position_,
               std::span<uint8_t>(reinterpret_cast<uint8_t*>(piece.data()),
                                  piece.size()),
               "a file of the release");
    if (!read.ok()) {
      End(Error(Reason::kFileDigest,
                "a file of this release is not as it was published"));
      return;
    }
    if (digest_.has_value()) digest_->Update(piece);
    response_.set_offset(position_);
    response_.set_data(std::move(piece));
    response_.set_total_bytes(download_.total_bytes);
    position_ += size;
    sent_any_ = true;
    MutexLock lock(mu_);
    if (!finished_) StartWrite(&response_);
  }

  absl::Status CheckDigest() {
    if (!digest_.has_value() ||
        HexEncode(digest_->Finish()) == download_.sha256) {
      return absl::OkStatus();
    }
    return Error(Reason::kFileDigest,
                 "a file of this release is not as it was published");
  }

  void End(const absl::Status& status) {
    MutexLock lock(mu_);
    if (std::exchange(finished_, true)) return;
    outcome_ = status;
    Finish(transport::ToGrpc(status, *context_, kMethod));
  }

  ReleaseCalls& releases_;
  transport::CallRuntime& calls_;
  grpc::CallbackServerContext* const context_;
  const transport::Caller caller_;
  const release::v1::DownloadFileRequest request_;
  const int64_t start_ms_;
  Download download_;
  UniqueFd file_;
  int64_t position_ = 0;
  bool sent_any_ = false;
  std::optional<Sha256> digest_;
  release::v1::DownloadFileResponse response_;
  std::shared_ptr<DownloadStream> self_;
  absl::Status outcome_;
  Mutex ticket_mu_;
  std::unique_ptr<transport::StreamWatch::Ticket> ticket_
      TALLY_GUARDED_BY(ticket_mu_);
  Mutex mu_;
  bool finished_ TALLY_GUARDED_BY(mu_) = false;
};

// A stream that is refused before it begins.
class RefusedDownload : public Reactor {
 public:
  RefusedDownload(grpc::CallbackServerContext* context,
                  const absl::Status& status) {
    Finish(transport::ToGrpc(status, *context, kMethod));
  }
  void OnDone() override { delete this; }
};

}  // namespace

Reactor* OpenDownloadStream(ReleaseCalls& releases,
                            transport::CallRuntime& calls,
                            transport::StreamWatch& watch,
                            grpc::CallbackServerContext* context,
                            const release::v1::DownloadFileRequest* request) {
  absl::StatusOr<transport::Caller> caller =
      calls.authoriser.Authorise(*context, kMethod);
  absl::Status refusal =
      caller.ok() ? calls.authoriser.CheckRequest(*caller, kMethod, *request)
                  : caller.status();
  if (!refusal.ok()) {
    transport::ReportCall(calls, kMethod, caller.ok() ? &*caller : nullptr,
                          refusal, 0);
    return new RefusedDownload(context, refusal);
  }
  auto stream = std::make_shared<DownloadStream>(releases, calls, context,
                                                 *std::move(caller), *request);
  stream->Begin(watch);
  return stream.get();
}

}  // namespace tally::linkage
