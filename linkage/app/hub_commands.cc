// health, status, seal, unseal, doctor
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <termios.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "absl/strings/str_format.h"
#include "base/config.h"
#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "base/strings.h"
#include "commands.h"
#include "crypto/token_kernel.h"
#include "hub_client.h"
#include "tally/hub/v1/hub.grpc.pb.h"
#include "transport/status_mapping.h"

namespace tally::linkage {
namespace {

using hub::v1::HubService;

constexpr char kHealthMethod[] = "/grpc.health.v1.Health/Check";
constexpr int kServing = 1;  // grpc.health.v1.HealthCheckResponse.SERVING

// The health service has no stub in Debian's gRPC; its answer is one field.
int ServingStatusOf(const grpc::ByteBuffer& answer) {
  std::vector<grpc::Slice> slices;
  if (!answer.Dump(&slices).ok()) return 0;
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes.size() == 2 && bytes[0] == 0x08 ? bytes[1] : 0;
}

grpc::Status CheckHealth(grpc::GenericStub& stub, grpc::ClientContext& context,
                         int* serving) {
  grpc::CompletionQueue queue;
  const grpc::ByteBuffer request(nullptr, 0);
  auto call = stub.PrepareUnaryCall(&context, kHealthMethod, request, &queue);
  call->StartCall();
  grpc::ByteBuffer answer;
  grpc::Status status;
  call->Finish(&answer, &status, &queue);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  if (status.ok()) *serving = ServingStatusOf(answer);
  return status;
}

absl::StatusOr<ExitCode> Health(const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const auto hub, OpenHub(flags));
  grpc::GenericStub stub(hub->channel());
  int serving = 0;
  transport::CallOptions once;
  once.retry_for_ms = 0;
  TALLY_RETURN_IF_ERROR(hub->Call(once, [&](grpc::ClientContext& context) {
    return CheckHealth(stub, context, &serving);
  }));
  const bool good = serving == kServing;
  TALLY_RETURN_IF_ERROR(
      PrintOut(flags.json ? absl::StrFormat("{\"status\":\"%s\"}\n",
                                            good ? "SERVING" : "NOT_SERVING")
                          : std::string(good ? "serving\n" : "not serving\n")));
  return good ? kExitDone : kExitTemporary;
}

void PrintStatusText(const hub::v1::GetStatusResponse& status) {
  PrintNote(absl::StrFormat(
      "hub %s, %s, version %s, up since %s\n%s, %s; disk %.0f %% free; %d "
      "audit events; %d open uploads; certificate until %s; kernel %s",
      status.hub(), status.environment(), status.version(), status.start_time(),
      status.sealed() ? "SEALED" : "unsealed",
      status.serving() ? "serving" : "not serving",
      status.disk_free_share() * 100, status.audit_size(),
      status.open_uploads(), DayText(status.certificate_expires()),
      status.kernel()));
  for (const hub::v1::Warning& warning : status.warnings()) {
    PrintNote(absl::StrFormat("warning %s%s%s: %s", warning.code(),
                              warning.resource().empty() ? "" : " ",
                              warning.resource(), warning.text()));
  }
  for (const std::string& name : status.stale_resources()) {
    PrintNote("older than its source's newest opt-out list: " + name);
  }
}

// A share for people in a table, as a number for programs.
TablePrinter::Cell ShareCell(double share, OutputFormat format) {
  if (format != OutputFormat::kTable && format != OutputFormat::kMarkdown) {
    return std::round(share * 1000) / 1000;
  }
  return absl::StrFormat("%.1f %%", share * 100);
}

absl::Status Status(const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const auto hub, OpenHub(flags));
  const auto stub = HubService::NewStub(hub->channel());
  hub::v1::GetStatusResponse status;
  TALLY_RETURN_IF_ERROR(CallHub(*hub, flags, *stub,
                                &HubService::Stub::GetStatus,
                                hub::v1::GetStatusRequest(), &status));
  if (flags.json) return PrintJson(status);
  PrintStatusText(status);
  TablePrinter table({"source", "newest_extract", "published", "extracts",
                      "person_limit_share"});
  for (const hub::v1::SourceStatus& source : status.sources()) {
    table.AddRow({source.name(), source.newest_extract(), source.publish_time(),
                  int64_t{source.extracts()},
                  ShareCell(source.person_limit_share(), flags.format)});
  }
  return table.Print(flags.format);
}

absl::Status Seal(const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const auto hub, OpenHub(flags));
  if (flags.dry_run) {
    PrintNote(
        "would wipe every key of the hub; uploads and releases stop "
        "until linkage unseal");
    return absl::OkStatus();
  }
  TALLY_RETURN_IF_ERROR(Confirm(flags, "Wipe the hub's keys from memory?"));
  const auto stub = HubService::NewStub(hub->channel());
  hub::v1::SealRequest request;
  request.set_request_id(NewRequestId());
  hub::v1::SealResponse response;
  TALLY_RETURN_IF_ERROR(
      CallHub(*hub, flags, *stub, &HubService::Stub::Seal, request, &response));
  PrintAudit(response.audit());
  return flags.json ? PrintJson(response) : absl::OkStatus();
}

// Reads a line from the terminal without showing it.
absl::StatusOr<SecretText> AskPassphrase() {
  if (!IsTerminal(STDIN_FILENO)) {
    return UsageError(
        "without a terminal --passphrase must name where the "
        "passphrase is");
  }
  termios before{};
  tcgetattr(STDIN_FILENO, &before);
  termios quiet = before;
  quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  PrintNote("Passphrase of the hub's key directory:");
  SecretText text;
  char c = 0;
  while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n') {
    text.Append(std::string_view(&c, 1));
  }
  WipeMemory(&c, 1);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  return text;
}

absl::Status Unseal(const CommonFlags& flags, const std::string& reference) {
  TALLY_ASSIGN_OR_RETURN(const auto hub, OpenHub(flags));
  if (flags.dry_run) {
    PrintNote("would ask the hub to open its key directory");
    return absl::OkStatus();
  }
  absl::StatusOr<SecretText> passphrase =
      reference.empty() ? AskPassphrase() : ReadSecretReference(reference);
  TALLY_RETURN_IF_ERROR(passphrase.status());
  hub::v1::UnsealRequest request;
  request.set_passphrase(std::string(passphrase->Reveal()));
  request.set_request_id(NewRequestId());
  hub::v1::UnsealResponse response;
  const auto stub = HubService::NewStub(hub->channel());
  const absl::Status status =
      CallHub(*hub, flags, *stub, &HubService::Stub::Unseal, request, &response,
              60'000);
  std::string* sent = request.mutable_passphrase();
  WipeMemory(sent->data(), sent->size());
  TALLY_RETURN_IF_ERROR(status);
  PrintAudit(response.audit());
  if (flags.json) return PrintJson(response);
  PrintNote(absl::StrFormat("unsealed; factors loaded %d, refused %d",
                            response.factors_loaded(),
                            response.factors_refused()));
  return absl::OkStatus();
}

class Findings {
 public:
  void Add(std::string_view what, const absl::Status& status,
           std::string_view remedy) {
    const bool good = status.ok();
    table_.AddRow(
        {std::string(good ? "ok" : "fail"), std::string(what),
         good ? std::string()
              : std::string(status.message()) + "; " + std::string(remedy)});
    if (!good && first_.ok()) first_ = status;
  }
  void Warn(std::string_view what, std::string_view text) {
    table_.AddRow({std::string("warn"), std::string(what), std::string(text)});
  }
  absl::Status Finish(const CommonFlags& flags) {
    TALLY_RETURN_IF_ERROR(
        table_.Print(flags.json ? OutputFormat::kJson : flags.format));
    return first_;
  }

 private:
  TablePrinter table_{{"result", "check", "remedy"}};
  absl::Status first_;
};

// Whether a folder lies on a device-mapper volume, as encrypted ones do.
bool LooksEncrypted(const std::string& path) {
  const absl::StatusOr<std::string> mounts =
      ReadFile("/proc/self/mounts", 1 << 20);
  if (!mounts.ok()) return false;
  std::string best_device;
  size_t best = 0;
  size_t begin = 0;
  while (begin < mounts->size()) {
    const size_t end = std::min(mounts->find('\n', begin), mounts->size());
    const std::string line = mounts->substr(begin, end - begin);
    const size_t first = line.find(' ');
    const size_t second = line.find(' ', first + 1);
    begin = end + 1;
    if (second == std::string::npos) continue;
    const std::string point = line.substr(first + 1, second - first - 1);
    if (path.rfind(point, 0) == 0 && point.size() >= best) {
      best = point.size();
      best_device = line.substr(0, first);
    }
  }
  return best_device.rfind("/dev/mapper/", 0) == 0 ||
         best_device.rfind("/dev/dm-", 0) == 0;
}

absl::Status Doctor(const CommonFlags& flags, const std::string& data_dir) {
  Findings findings;
  const absl::StatusOr<ClientConfig> config = LoadClientConfig(flags);
  findings.Add("configuration", config.status(), "see docs/operations.md");
  if (config.ok()) {
    const auto hub = transport::HubChannel::Open(config->options);
    findings.Add("certificate and key", hub.status(),
                 "renew the certificate; the key's file must be 0600");
    if (hub.ok()) {
      findings.Add("hub reachable", (*hub)->Diagnose(),
                   "check address, name service, firewall and allow-list");
      const auto stub = HubService::NewStub((*hub)->channel());
      hub::v1::GetStatusResponse status;
      const absl::Status called =
          CallHub(**hub, flags, *stub, &HubService::Stub::GetStatus,
                  hub::v1::GetStatusRequest(), &status);
      findings.Add("status", called, "the peer must be an operator's");
      if (!status.kernel().empty()) {
        findings.Add("kernel of the hub: " + status.kernel(), absl::OkStatus(),
                     "");
      }
      for (const hub::v1::Warning& warning : status.warnings()) {
        findings.Warn(warning.code(), warning.text());
      }
    }
  }
  if (!data_dir.empty()) {
    // The hub's own machine: what its CPU is given unless limits.kernel says
    // otherwise.
    const absl::StatusOr<const crypto::TokenKernel*> kernel =
        crypto::SelectKernel("auto");
    findings.Add(
        kernel.ok() ? absl::StrFormat("kernel %s of this machine's CPU",
                                      (*kernel)->name())
                    : std::string("kernel"),
        kernel.ok() ? crypto::SelfTestKernel(**kernel) : kernel.status(),
        "do not run a hub on this machine until it passes");
    std::error_code error;
    const std::string path = std::filesystem::canonical(data_dir, error);
    if (error) {
      findings.Add("data directory", UsageError("is not there"),
                   "check --data-dir");
    } else if (!LooksEncrypted(path)) {
      findings.Warn("encrypted volume",
                    "the data directory is not on an encrypted volume: "
                    "payload Parquet relies on one");
    } else {
      findings.Add("encrypted volume", absl::OkStatus(), "");
    }
  }
  return findings.Finish(flags);
}

}  // namespace

void AddHubCommands(CommandLine& line) {
  static std::string passphrase;
  static std::string data_dir;
  line.AddCommand("health", "Asks whether the hub serves; exit 5 if not",
                  {"linkage health"})
      .SetHandler(Health);
  line.AddCommand("status", "How the hub does and what needs attention",
                  {"linkage status", "linkage status --json"}, kTraitLists)
      .SetHandler(Status);
  line.AddCommand("seal", "Wipes the hub's keys from memory",
                  {"linkage seal --yes"}, kTraitChanges | kTraitDestroys)
      .SetHandler(Seal)
      .SetNext("linkage unseal");
  line.AddCommand("unseal", "Opens the hub's keys",
                  {"linkage unseal", "linkage unseal --passphrase fd:3"},
                  kTraitChanges)
      .AddOption("--passphrase", &passphrase,
                 "Where the passphrase is: credential:NAME, file:PATH, fd:N "
                 "or command:PROGRAM; asked for on a terminal",
                 "REFERENCE")
      .SetHandler(
          [](const CommonFlags& flags) { return Unseal(flags, passphrase); });
  line.AddCommand(
          "doctor", "Checks configuration, certificate, hub, volume",
          {"linkage doctor", "linkage doctor --data-dir /var/lib/tally/hub"},
          kTraitLists)
      .AddOption("--data-dir", &data_dir, "The hub's, if it is on this machine",
                 "DIR")
      .SetHandler(
          [](const CommonFlags& flags) { return Doctor(flags, data_dir); });
}

}  // namespace tally::linkage
