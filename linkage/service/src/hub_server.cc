#include "linkage/service/hub_server.h"

#include <poll.h>
#include <signal.h>

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/process.h"
#include "base/status.h"
#include "linkage/service/hub.h"
#include "linkage/service/hub_services.h"
#include "linkage/service/release_manager.h"
#include "transport/server.h"

namespace tally::linkage {
namespace {

constexpr int kCallThreads = 8;
constexpr size_t kWaitingCalls = 1024;
constexpr int kTickMs = 500;

// Set by signal handlers, looked at by Run(). Lock-free, so a handler may.
std::atomic<bool> g_reload{false};
std::atomic<bool> g_seal{false};

void OnSignal(int number) {
  if (number == SIGHUP) g_reload.store(true);
  if (number == SIGUSR2) g_seal.store(true);
}

void InstallHubSignals() {
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGHUP, &action, nullptr);
  sigaction(SIGUSR2, &action, nullptr);
}

void LogCertificate(const absl::Status& outcome, int64_t days_left) {
  if (!outcome.ok()) {
    LogStatus(Level::kError, "certificate refused, the one before stays",
              outcome);
  } else if (days_left <= transport::kRenewDays) {
    Log(Level::kWarning, "certificate is near its end",
        {Field("days_left", days_left)});
  } else {
    Log(Level::kInfo, "certificate in force", {Field("days_left", days_left)});
  }
}

}  // namespace

// In order of construction; destroyed the other way round, the server first.
struct HubServer::Parts {
  std::unique_ptr<Hub> hub;
  std::unique_ptr<transport::PeerBook> peers;
  std::unique_ptr<transport::Authoriser> authoriser;
  std::unique_ptr<transport::CallExecutor> executor;
  std::unique_ptr<transport::CallRuntime> calls;
  std::unique_ptr<transport::StreamWatch> streams;
  std::unique_ptr<ReleaseManager> releases;
  std::unique_ptr<HubServices> services;
  std::unique_ptr<transport::Server> server;
  bool drained = false;

  void Drain() {
    if (std::exchange(drained, true)) return;
    if (server != nullptr) {
      server->SetServing(false);
      server->Drain();
    }
    if (hub != nullptr) hub->Stop();
    if (releases != nullptr) releases->Stop();
  }
};

HubServer::HubServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

HubServer::~HubServer() {
  if (parts_ != nullptr) parts_->Drain();
}

absl::StatusOr<std::unique_ptr<HubServer>> HubServer::Start(
    const HubConfig& config, const std::string& port_file) {
  auto parts = std::make_unique<Parts>();
  TALLY_ASSIGN_OR_RETURN(parts->hub, Hub::Open(config));
  Hub* hub = parts->hub.get();
  parts->peers = std::make_unique<transport::PeerBook>(
      config.peers_file, config.trust_domain, [](const absl::Status& outcome) {
        if (outcome.ok()) {
          Log(Level::kInfo, "allow-list read");
        } else {
          LogStatus(Level::kError, "allow-list refused, the one before stays",
                    outcome);
        }
      });
  parts->authoriser = std::make_unique<transport::Authoriser>(
      *parts->peers, [hub](const std::string& uri, std::string_view method,
                           const absl::Status& refusal) {
        hub->CountDenied(uri, method, ReasonName(ReasonOf(refusal)));
      });
  parts->executor =
      std::make_unique<transport::CallExecutor>(kCallThreads, kWaitingCalls);
  parts->calls = std::unique_ptr<transport::CallRuntime>(
      new transport::CallRuntime{*parts->authoriser, *parts->executor, {}});
  parts->streams = std::make_unique<transport::StreamWatch>(*parts->authoriser);
  parts->releases = std::make_unique<ReleaseManager>(*hub, *parts->peers);
  Parts* raw = parts.get();
  parts->services = std::make_unique<HubServices>(
      *hub, *parts->releases, *parts->calls, *parts->streams, [raw] {
        return raw->server == nullptr ? transport::CertificateTerm{}
                                      : raw->server->CertificateEnd();
      });
  if (!config.keys_passphrase.empty()) {
    TALLY_ASSIGN_OR_RETURN(const crypto::RingSecret secret,
                           ReadRingSecret(config.keys_passphrase));
    TALLY_RETURN_IF_ERROR(
        hub->Unseal(secret, config.OwnUri(), "", nullptr).status());
  }
  transport::ServerOptions options;
  options.listen = config.listen_grpc;
  options.certificate_file = config.tls_certificate;
  options.ca_file = config.tls_ca;
  options.key_reference = config.tls_key;
  options.staging_directory = config.temp_directory + "/tls";
  options.on_certificate = LogCertificate;
  TALLY_ASSIGN_OR_RETURN(
      parts->server,
      transport::Server::Start(options, parts->services->services()));
  parts->server->SetServing(hub->IsServing());
  if (!port_file.empty()) {
    TALLY_RETURN_IF_ERROR(WriteFileAtomically(
        port_file, absl::StrCat(parts->server->port(), "\n"), 0644));
  }
  return std::unique_ptr<HubServer>(new HubServer(std::move(parts)));
}

int HubServer::port() const { return parts_->server->port(); }

absl::Status HubServer::Reload() {
  absl::Status first;
  for (const absl::Status& status :
       {parts_->peers->Reload(), parts_->server->ReloadCertificate(),
        parts_->hub->Reload()}) {
    if (first.ok()) first = status;
  }
  return first;
}

absl::Status HubServer::Run() {
  InstallHubSignals();
  Log(Level::kInfo, "hub serves",
      {Field("port", parts_->server->port()),
       Field("sealed", parts_->hub->sealed())});
  while (!StopRequested()) {
    pollfd stop = {StopEventFd(), POLLIN, 0};
    poll(&stop, 1, kTickMs);
    if (g_reload.exchange(false)) {
      LogStatus(Level::kInfo, "reloaded", Reload());
    }
    if (g_seal.exchange(false) && !parts_->hub->sealed()) {
      parts_->server->SetServing(false);
      LogStatus(Level::kWarning, "sealed by signal",
                parts_->hub->Seal(parts_->hub->config().OwnUri(), "", nullptr));
    }
    parts_->hub->Tick();
    parts_->releases->Tick();
    parts_->server->SetServing(parts_->hub->IsServing());
  }
  Log(Level::kInfo, "hub drains");
  parts_->Drain();
  Log(Level::kInfo, "hub stopped");
  return absl::OkStatus();
}

}  // namespace tally::linkage
