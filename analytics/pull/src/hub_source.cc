#include "analytics/pull/hub_source.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <algorithm>
#include <functional>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/mutex.h"
#include "base/status.h"
#include "base/strings.h"
#include "tally/release/v1/release.grpc.pb.h"

namespace tally::analytics {
namespace {

namespace pb = ::tally::release::v1;

constexpr int64_t kUnaryTimeoutMs = 30'000;
constexpr int64_t kRetryForMs = 60'000;
constexpr int64_t kPatienceMs = 2'000;  // a person's
constexpr int64_t kDownloadTimeoutMs = 3'600'000;
constexpr int kPageSize = 1000;

// Calls `say`, once, if it lives longer than a person's patience.
class LongWait {
 public:
  explicit LongWait(std::function<void()> say)
      : say_(std::move(say)), thread_([this] { Wait(); }) {}
  ~LongWait() {
    {
      const MutexLock lock(mu_);
      over_ = true;
    }
    ended_.NotifyAll();
    thread_.join();
  }
  LongWait(const LongWait&) = delete;
  LongWait& operator=(const LongWait&) = delete;

 private:
  void Wait() {
    const int64_t until = NowMonotonicMs() + kPatienceMs;
    {
      const MutexLock lock(mu_);
      while (!over_) {
        const int64_t left = until - NowMonotonicMs();
        if (left <= 0) break;
        ended_.WaitFor(mu_, left);
      }
      if (over_) return;
    }
    say_();
  }

  const std::function<void()> say_;
  Mutex mu_;
  CondVar ended_;
  bool over_ TALLY_GUARDED_BY(mu_) = false;
  std::thread thread_;  // last: it uses the others
};

std::string StateText(pb::ReleaseState state) {
  switch (state) {
    case pb::RELEASE_STATE_ACTIVE:
      return "ACTIVE";
    case pb::RELEASE_STATE_EXPIRED:
      return "EXPIRED";
    default:
      return "UNSPECIFIED";
  }
}

RemoteRelease FromProto(const pb::Release& release) {
  RemoteRelease out;
  out.name = release.name();
  out.state = StateText(release.state());
  out.title = release.title();
  out.agreement = release.agreement();
  out.create_time = release.create_time();
  const absl::StatusOr<CivilDay> expires =
      CivilDay::FromDays(release.expires());
  if (expires.ok()) out.expires = expires->ToIso();
  out.manifest_sha256 = HexEncode(AsBytes(release.manifest_sha256()));
  out.total_bytes = release.total_bytes();
  return out;
}

}  // namespace

class HubSource::Impl {
 public:
  Impl(std::unique_ptr<transport::HubChannel> channel, int64_t timeout_ms,
       std::string address, Notice notice)
      : channel_(std::move(channel)),
        stub_(pb::ReleaseService::NewStub(channel_->channel())),
        timeout_ms_(timeout_ms),
        address_(std::move(address)),
        notice_(std::move(notice)) {}

  // A call with one answer, with its retries.
  absl::Status Call(
      const std::function<grpc::Status(grpc::ClientContext&)>& attempt) {
    transport::CallOptions options;
    options.retry_for_ms = timeout_ms_ > 0 ? timeout_ms_ : kRetryForMs;
    options.timeout_ms = std::min(options.retry_for_ms, kUnaryTimeoutMs);
    const LongWait wait([&] {
      if (notice_ == nullptr) return;
      notice_(absl::StrFormat(
          "waiting for the hub at %s, for %d s at most (--timeout)", address_,
          (options.retry_for_ms + 999) / 1000));
    });
    return channel_->Call(options, attempt);
  }

  std::unique_ptr<transport::HubChannel> channel_;
  std::unique_ptr<pb::ReleaseService::Stub> stub_;
  int64_t timeout_ms_;
  std::string address_;
  Notice notice_;
};

HubSource::HubSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HubSource::~HubSource() = default;

absl::StatusOr<std::unique_ptr<HubSource>> HubSource::Open(
    const AnalystConfig& config, int64_t timeout_ms, Notice notice) {
  transport::ClientOptions options;
  options.address = config.hub_address;
  options.trust_domain = config.trust_domain;
  options.certificate_file = config.tls_certificate;
  options.key_reference = config.tls_key;
  options.ca_file = config.tls_ca;
  TALLY_ASSIGN_OR_RETURN(std::unique_ptr<transport::HubChannel> channel,
                         transport::HubChannel::Open(options));
  return std::unique_ptr<HubSource>(new HubSource(std::make_unique<Impl>(
      std::move(channel), timeout_ms, config.hub_address, std::move(notice))));
}

absl::StatusOr<std::vector<RemoteRelease>> HubSource::List(
    std::string_view parent) {
  std::vector<RemoteRelease> releases;
  std::string token;
  do {
    pb::ListReleasesRequest request;
    request.set_parent(std::string(parent));
    request.set_page_size(kPageSize);
    request.set_page_token(token);
    pb::ListReleasesResponse response;
    TALLY_RETURN_IF_ERROR(impl_->Call([&](grpc::ClientContext& context) {
      response.Clear();
      return impl_->stub_->ListReleases(&context, request, &response);
    }));
    for (const pb::Release& release : response.releases()) {
      releases.push_back(FromProto(release));
    }
    token = response.next_page_token();
  } while (!token.empty());
  return releases;
}

absl::StatusOr<RemoteDetails> HubSource::Describe(std::string_view name) {
  pb::GetReleaseRequest request;
  request.set_name(std::string(name));
  pb::GetReleaseResponse response;
  TALLY_RETURN_IF_ERROR(impl_->Call([&](grpc::ClientContext& context) {
    response.Clear();
    return impl_->stub_->GetRelease(&context, request, &response);
  }));
  RemoteDetails details;
  details.release = FromProto(response.release());
  details.terms_version = response.terms_version();
  for (const pb::ReleaseFile& file : response.files()) {
    details.files.push_back({file.path(), file.size_bytes(),
                             HexEncode(AsBytes(file.sha256())), file.rows()});
  }
  return details;
}

absl::Status HubSource::Download(std::string_view name, std::string_view path,
                                 int64_t offset, std::string_view terms_version,
                                 const Sink& sink) {
  pb::DownloadFileRequest request;
  request.set_name(absl::StrFormat("%s/files/%s", name, path));
  request.set_read_offset(offset);
  request.set_terms_version(std::string(terms_version));
  grpc::ClientContext context;
  transport::HubChannel::SetDeadline(context, impl_->timeout_ms_ > 0
                                                  ? impl_->timeout_ms_
                                                  : kDownloadTimeoutMs);
  const std::unique_ptr<grpc::ClientReader<pb::DownloadFileResponse>> reader =
      impl_->stub_->DownloadFile(&context, request);
  pb::DownloadFileResponse piece;
  while (reader->Read(&piece)) {
    absl::Status taken = sink(piece.offset(), piece.data());
    if (taken.ok()) continue;
    context.TryCancel();
    while (reader->Read(&piece)) {
    }
    reader->Finish();  // its status is the cancellation's
    return taken;
  }
  return impl_->channel_->Explain(reader->Finish(), context);
}

absl::Status HubSource::Diagnose() { return impl_->channel_->Diagnose(); }

const std::string& HubSource::own_uri() const {
  return impl_->channel_->own_uri();
}

}  // namespace tally::analytics
