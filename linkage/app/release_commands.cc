// agreement, preview, release
#include <chrono>
#include <string>
#include <thread>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "commands.h"
#include "hub_client.h"
#include "hub_queries.h"
#include "linkage/release/agreement.h"
#include "tally/hub/v1/linkage.grpc.pb.h"
#include "tally/hub/v1/project.grpc.pb.h"
#include "tally/hub/v1/release_admin.grpc.pb.h"
#include "transport/status_mapping.h"

namespace tally::linkage {
namespace {

using hub::v1::LinkageService;
using hub::v1::ProjectService;
using hub::v1::ReleaseAdminService;

constexpr int64_t kPollMs = 500;

void PrintAgreement(const hub::v1::Agreement& agreement) {
  PrintNote(absl::StrFormat(
      "%s  %s  sha256 %s  approvals %d", agreement.name(),
      StateText(hub::v1::AgreementState_Name(agreement.state()),
                "AGREEMENT_STATE_"),
      HexEncode(AsBytes(agreement.sha256())), agreement.approvals_size()));
}

absl::Status AddAgreement(const CommonFlags& flags, const std::string& project,
                          const std::string& file) {
  TALLY_RETURN_IF_ERROR(CheckNamedFile(file));
  TALLY_ASSIGN_OR_RETURN(
      const std::string text,
      ReadFile(file, static_cast<int64_t>(kMaxAgreementBytes)));
  TALLY_ASSIGN_OR_RETURN(const Agreement agreement, ParseAgreement(text, file));
  const std::string parent = WithPrefix("projects/", project);
  TALLY_ASSIGN_OR_RETURN(const auto hub, OpenHub(flags));
  if (flags.dry_run) {
    TALLY_RETURN_IF_ERROR(CheckAgreementIsNew(
        *hub, flags, parent, parent + "/agreements/" + agreement.id));
    if (WithPrefix("projects/", agreement.project) != parent) {
      return Error(Reason::kAgreementInvalid, "project.id is another project's",
                   {.resource = parent, .field = "project.id"});
    }
    PrintNote(absl::StrFormat(
        "%s parses; sha256 %s; would add it as %s of %s; its sources, columns "
        "and rules are checked by the hub when it is added",
        file, agreement.sha256, agreement.id, project));
    return absl::OkStatus();
  }
  hub::v1::AddAgreementRequest request;
  request.set_parent(parent);
  request.set_agreement_id(agreement.id);
  request.set_text(text);
  request.set_request_id(NewRequestId());
  hub::v1::AddAgreementResponse response;
  const auto stub = ProjectService::NewStub(hub->channel());
  TALLY_RETURN_IF_ERROR(CallHub(*hub, flags, *stub,
                                &ProjectService::Stub::AddAgreement, request,
                                &response));
  PrintAudit(response.audit());
  if (flags.json) return PrintJson(response);
  PrintAgreement(response.agreement());
  return absl::OkStatus();
}

absl::Status ApproveAgreement(const CommonFlags& flags, const std::string& name,
                              const std::string& digest,
                              const std::string& file) {
  if (file.empty() && digest.empty()) {
    return UsageError(
        "say what is approved: --file FILE, or --sha256 with its digest");
  }
  std::string hex = digest;
  if (!file.empty()) {
    TALLY_RETURN_IF_ERROR(CheckNamedFile(file));
    TALLY_ASSIGN_OR_RETURN(
        const std::string text,
        ReadFile(file, static_cast<int64_t>(kMaxAgreementBytes)));
    hex = Sha256Hex(text);
  }
  TALLY_ASSIGN_OR_RETURN(const std::string bytes, DigestOf(hex, "--sha256"));
  hub::v1::ApproveAgreementRequest request;
  TALLY_ASSIGN_OR_RETURN(*request.mutable_name(),
                         ProjectChild("agreements", name));
  request.set_sha256(bytes);
  request.set_request_id(NewRequestId());
  if (flags.dry_run) {
    PrintNote("would approve " + request.name() + " with sha256 " + hex);
    return absl::OkStatus();
  }
  TALLY_ASSIGN_OR_RETURN(const auto hub, OpenHub(flags));
  hub::v1::ApproveAgreementResponse response;
  const auto stub = ProjectService::NewStub(hub->channel());
  TALLY_RETURN_IF_ERROR(CallHub(*hub, flags, *stub,
                                &ProjectService::Stub::ApproveAgreement,
                                request, &response));
  PrintAudit(response.audit());
  if (flags.json) return PrintJson(response);
  PrintAgreement(response.agreement());
  return absl::OkStatus();
}

// Shows how far the hub has come with what it is asked about again and again.
class HubProgress {
 public:
  HubProgress(const CommonFlags& flags, std::string op)
      : reporter_(flags.MakeProgressOptions()), op_(std::move(op)) {}

  // One answer; then waits until it is time to ask again. kCancelled when the
  // process was asked to stop.
  absl::Status ShowAndWait(const common::v1::Progress& progress) {
    if (progress.stage() != stage_) {
      stage_ = progress.stage();
      reporter_.Start(op_, stage_, progress.total(), progress.unit());
    }
    reporter_.SetTotal(progress.total());
    reporter_.Update(progress.done());
    TALLY_RETURN_IF_ERROR(CheckNotStopped());
    std::this_thread::sleep_for(std::chrono::milliseconds(kPollMs));
    return absl::OkStatus();
  }
  void Finish() { reporter_.Finish(); }

 private:
  ProgressReporter reporter_;
  const std::string op_;
  std::string stage_;
};

// The error of work at the hub that failed.
absl::Status FailureOf(const common::v1::ErrorDetail& error, std::string text) {
  ErrorDetail detail = transport::FromProto(error);
  if (detail.reason == Reason::kInternal && !detail.corr.empty()) {
    text += " (correlation id " + detail.corr + ")";
  }
  return Error(detail.reason, std::move(text), detail);
}

// Asks until the preview is there or has failed.
absl::StatusOr<hub::v1::PreviewLinkageResponse> WaitForPreview(
    transport::HubChannel& hub, const CommonFlags& flags,
    const hub::v1::PreviewLinkageRequest& request) {
  const auto stub = LinkageService::NewStub(hub.channel());
  HubProgress progress(flags, "previewing");
  while (true) {
    hub::v1::PreviewLinkageResponse response;
    TALLY_RETURN_IF_ERROR(CallHub(hub, flags, *stub,
                                  &LinkageService::Stub::PreviewLinkage,
                                  request, &response));
    switch (response.state()) {
      case hub::v1::PREVIEW_STATE_WAITING:
      case hub::v1::PREVIEW_STATE_RUNNING:
        break;
      case hub::v1::PREVIEW_STATE_FAILED:
        return FailureOf(
            response.error(),
            "the preview of " + request.agreement() + " could not be made");
      default:
        progress.Finish();
        return response;
    }
    TALLY_RETURN_IF_ERROR(progress.ShowAndWait(response.progress()));
  }
}

absl::Status Preview(const CommonFlags& flags, const std::string& name) {
  hub::v1::PreviewLinkageRequest request;
  TALLY_ASSIGN_OR_RETURN(*request.mutable_agreement(),
                         ProjectChild("agreements", name));
  request.set_request_id(NewRequestId());
  TALLY_ASSIGN_OR_RETURN(const auto hub, OpenHub(flags));
  TALLY_ASSIGN_OR_RETURN(const hub::v1::PreviewLinkageResponse response,
                         WaitForPreview(*hub, flags, request));
  if (flags.json) return PrintJson(response);
  for (const std::string& sentence : response.summary()) PrintNote(sentence);
  TablePrinter table({"source", "dataset", "dimension", "level", "month",
                      "rows", "rows_with_person", "persons", "persons_linked",
                      "rate", "reason", "rows_reason"});
  for (const hub::v1::LinkageQualityRow& row : response.rows()) {
    TablePrinter::Cell rate;
    if (row.has_rate()) rate = row.rate();
    table.AddRow(
        {row.source(), row.dataset(), row.dimension(), row.level(),
         row.month() == 0 ? std::string() : DayText(row.month()).substr(0, 7),
         row.rows(), row.rows_with_person(), row.persons(),
         row.persons_linked(), rate, row.reason(), row.rows_reason()});
  }
  return table.Print(flags.format);
}

std::string StateOf(const hub::v1::Release& release) {
  return StateText(hub::v1::ReleaseState_Name(release.state()),
                   "RELEASE_STATE_");
}

// Polls until the release is built or has failed.
absl::StatusOr<hub::v1::GetReleaseResponse> WaitForRelease(
    transport::HubChannel& hub, const CommonFlags& flags,
    const std::string& name) {
  HubProgress progress(flags, "building");
  while (true) {
    TALLY_ASSIGN_OR_RETURN(hub::v1::GetReleaseResponse response,
                           FetchRelease(hub, flags, name));
    if (response.release().state() != hub::v1::RELEASE_STATE_BUILDING) {
      progress.Finish();
      return response;
    }
    TALLY_RETURN_IF_ERROR(progress.ShowAndWait(response.release().progress()));
  }
}

void PrintRelease(const hub::v1::Release& release) {
  PrintNote(absl::StrFormat("%s  %s  agreement %s  approvals %d",
                            release.name(), StateOf(release),
                            release.agreement(), release.approvals_size()));
  if (!release.manifest_sha256().empty()) {
    PrintNote("manifest sha256 " +
              HexEncode(AsBytes(release.manifest_sha256())));
  }
  for (const hub::v1::ReleaseTable& table : release.tables()) {
    PrintNote(absl::StrFormat("  %-24s %15s rows", table.table(),
                              FormatCount(table.rows())));
  }
}

// Where those who approve find the linkage report.
void PrintReportPlace(const hub::v1::Release& release) {
  if (release.manifest_sha256().empty()) return;
  PrintNote(absl::StrFormat(
      "linkage report releases/%s/linkage_quality.html below the hub's data "
      "directory",
      release.uid()));
}

// A release that failed ends the command with its reason.
absl::Status OutcomeOf(const hub::v1::Release& release) {
  if (release.state() != hub::v1::RELEASE_STATE_FAILED) {
    return absl::OkStatus();
  }
  return FailureOf(release.error(), release.name() + " could not be built");
}

// Where a release has the name already: what a later one is called.
absl::Status HintLaterId(const absl::Status& status, const std::string& id) {
  if (ReasonOf(status) != Reason::kResourceExists) return status;
  return Error(Reason::kResourceExists,
               absl::StrFormat("%s; a later one of the month is --id %s-2, and "
                               "so on",
                               ToStd(status.message()), id.substr(0, 8)),
               *DetailOf(status));
}

absl::Status CreateRelease(const CommonFlags& flags, const std::string& project,
                           const std::string& agreement, std::string id,
                           bool no_wait) {
  if (id.empty()) id = "r" + CivilDay::TodayUtc().ToMonth();
  hub::v1::CreateReleaseRequest request;
  request.set_parent(WithPrefix("projects/", project));
  request.set_release_id(id);
  request.set_agreement(request.parent() + "/agreements/" + agreement);
  request.set_request_id(NewRequestId());
  TALLY_ASSIGN_OR_RETURN(const auto hub, OpenHub(flags));
  if (flags.dry_run) {
    TALLY_RETURN_IF_ERROR(
        HintLaterId(CheckReleaseMayBegin(*hub, flags, request), id));
    PrintNote("would link and build " + request.parent() + "/releases/" + id +
              " under " + request.agreement() +
              "; linkage preview shows what "
              "would be linked");
    return absl::OkStatus();
  }
  hub::v1::CreateReleaseResponse response;
  const auto stub = ReleaseAdminService::NewStub(hub->channel());
  TALLY_RETURN_IF_ERROR(HintLaterId(
      CallHub(*hub, flags, *stub, &ReleaseAdminService::Stub::CreateRelease,
              request, &response),
      id));
  PrintAudit(response.audit());
  if (no_wait) {
    return flags.json ? PrintJson(response) : absl::OkStatus();
  }
  TALLY_ASSIGN_OR_RETURN(
      const hub::v1::GetReleaseResponse built,
      WaitForRelease(*hub, flags, response.release().name()));
  *response.mutable_release() = built.release();
  if (flags.json) {
    TALLY_RETURN_IF_ERROR(PrintJson(response));
  } else {
    PrintRelease(built.release());
    PrintReportPlace(built.release());
  }
  return OutcomeOf(built.release());
}

absl::Status ListReleases(const CommonFlags& flags,
                          const std::string& project) {
  TALLY_ASSIGN_OR_RETURN(const auto hub, OpenHub(flags));
  const auto stub = ReleaseAdminService::NewStub(hub->channel());
  hub::v1::ListReleasesRequest request;
  request.set_parent(project.empty() ? "projects/-"
                                     : WithPrefix("projects/", project));
  hub::v1::ListReleasesResponse all;
  TALLY_RETURN_IF_ERROR(CallHubForAll(*hub, flags, *stub,
                                      &ReleaseAdminService::Stub::ListReleases,
                                      request, &all));
  if (flags.json) return PrintJson(all);
  TablePrinter table({"release", "state", "created", "agreement", "approvals",
                      "manifest_sha256"});
  for (const hub::v1::Release& release : all.releases()) {
    table.AddRow({release.name(), StateOf(release), release.create_time(),
                  release.agreement(), int64_t{release.approvals_size()},
                  HexEncode(AsBytes(release.manifest_sha256()))});
  }
  return table.Print(flags.format);
}

absl::Status GetRelease(const CommonFlags& flags, const std::string& name,
                        bool wait) {
  TALLY_ASSIGN_OR_RETURN(const std::string full,
                         ProjectChild("releases", name));
  TALLY_ASSIGN_OR_RETURN(const auto hub, OpenHub(flags));
  const absl::StatusOr<hub::v1::GetReleaseResponse> response =
      wait ? WaitForRelease(*hub, flags, full)
           : FetchRelease(*hub, flags, full);
  TALLY_RETURN_IF_ERROR(response.status());
  if (flags.json) return PrintJson(*response);
  PrintRelease(response->release());
  PrintReportPlace(response->release());
  TablePrinter extracts({"extract"});
  for (const std::string& extract : response->release().extracts()) {
    extracts.AddRow({extract});
  }
  return extracts.Print(flags.format);
}

absl::Status ApproveRelease(const CommonFlags& flags, const std::string& name,
                            const std::string& digest) {
  hub::v1::ApproveReleaseRequest request;
  TALLY_ASSIGN_OR_RETURN(*request.mutable_name(),
                         ProjectChild("releases", name));
  TALLY_ASSIGN_OR_RETURN(*request.mutable_manifest_sha256(),
                         DigestOf(digest, "--manifest"));
  request.set_request_id(NewRequestId());
  TALLY_ASSIGN_OR_RETURN(const auto hub, OpenHub(flags));
  if (flags.dry_run) {
    TALLY_RETURN_IF_ERROR(CheckReleaseAwaits(*hub, flags, request));
    PrintNote("would approve " + request.name() + " with manifest " + digest);
    return absl::OkStatus();
  }
  hub::v1::ApproveReleaseResponse response;
  const auto stub = ReleaseAdminService::NewStub(hub->channel());
  TALLY_RETURN_IF_ERROR(CallHub(*hub, flags, *stub,
                                &ReleaseAdminService::Stub::ApproveRelease,
                                request, &response));
  PrintAudit(response.audit());
  if (flags.json) return PrintJson(response);
  PrintRelease(response.release());
  return absl::OkStatus();
}

void AddAgreementCommands(CommandLine& line) {
  static std::string name;
  static std::string file;
  static std::string digest;
  line.AddCommand("agreement add", "Hands in an agreement for approval",
                  {"linkage agreement add frailty-2026 frailty-2026.toml"},
                  kTraitChanges)
      .AddPositional("PROJECT", &name, "Id of the project")
      .AddPositional("FILE", &file, "The agreement, TOML")
      .SetHandler([](const CommonFlags& flags) {
        return AddAgreement(flags, name, file);
      })
      .SetNext("linkage agreement approve PROJECT/AGREEMENT --file FILE");
  line.AddCommand("agreement approve",
                  "Approves an agreement; two persons must",
                  {"linkage agreement approve frailty-2026/v1 --file "
                   "frailty-2026.toml"},
                  kTraitChanges)
      .AddPositional("AGREEMENT", &name, "PROJECT/AGREEMENT")
      .AddOption("--sha256", &digest, "Digest of what is approved", "HEX")
      .AddOption("--file", &file, "What is approved, instead of its digest",
                 "FILE")
      .SetHandler([](const CommonFlags& flags) {
        return ApproveAgreement(flags, name, digest, file);
      });
  line.AddCommand("preview",
                  "The linkage report of an agreement; builds nothing",
                  {"linkage preview frailty-2026/v1"}, kTraitLists | kTraitLong)
      .AddPositional("AGREEMENT", &name, "PROJECT/AGREEMENT")
      .SetHandler(
          [](const CommonFlags& flags) { return Preview(flags, name); });
}

}  // namespace

void AddReleaseCommands(CommandLine& line) {
  static std::string name;
  static std::string agreement;
  static std::string id;
  static std::string digest;
  static bool no_wait = false;
  static bool wait = false;
  AddAgreementCommands(line);
  line.AddCommand("release create", "Links and builds a release",
                  {"linkage release create frailty-2026 --agreement v1"},
                  kTraitChanges | kTraitLong)
      .AddPositional("PROJECT", &name, "Id of the project")
      .AddOption("--agreement", &agreement, "Id of the agreement", "AGREEMENT")
      .Require("--agreement")
      .AddOption("--id", &id, "Id of the release; default r and this month",
                 "rYYYY-MM")
      .AddFlag("--no-wait", &no_wait, "Do not wait until it is built")
      .SetHandler([](const CommonFlags& flags) {
        return CreateRelease(flags, name, agreement, id, no_wait);
      })
      .SetNext("linkage release approve PROJECT/RELEASE --manifest SHA256");
  line.AddCommand("release list", "Releases of one project, or of all",
                  {"linkage release list"}, kTraitLists)
      .AddPositional("PROJECT", &name, "Id of the project", false)
      .SetHandler(
          [](const CommonFlags& flags) { return ListReleases(flags, name); });
  line.AddCommand("release get", "One release with the extracts it uses",
                  {"linkage release get frailty-2026/r2026-11"},
                  kTraitLists | kTraitLong)
      .AddPositional("RELEASE", &name, "PROJECT/RELEASE")
      .AddFlag("--wait", &wait, "Wait until it is built")
      .SetHandler([](const CommonFlags& flags) {
        return GetRelease(flags, name, wait);
      });
  line.AddCommand("release approve", "Approves a release; two persons must",
                  {"linkage release approve frailty-2026/r2026-11 --manifest "
                   "SHA256"},
                  kTraitChanges)
      .AddPositional("RELEASE", &name, "PROJECT/RELEASE")
      .AddOption("--manifest", &digest, "SHA-256 of its manifest", "HEX")
      .Require("--manifest")
      .SetHandler([](const CommonFlags& flags) {
        return ApproveRelease(flags, name, digest);
      });
}

}  // namespace tally::linkage
