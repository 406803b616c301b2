// check and push: the same reading, offline and for good.

#include <algorithm>
#include <cstdio>
#include <memory>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/log.h"
#include "base/process.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/worker_pool.h"
#include "commands.h"
#include "crypto/token_kernel.h"
#include "pseudonymiser/client/grpc_extract_api.h"
#include "pseudonymiser/delivery_plan.h"
#include "pseudonymiser/extract_preparer.h"
#include "pseudonymiser/push_job.h"
#include "pseudonymiser/source_keys.h"
#include "pseudonymiser/spool_store.h"
#include "transport/client.h"

namespace tally::pseudonymiser {
namespace {

// Lines at fault that go to the screen; all of them are in the report.
constexpr size_t kShownIssues = 20;
constexpr int64_t kRetryMs = 60'000;

struct DeliveryArguments {
  std::vector<std::string> files;
  std::string period;
  std::string report;
  std::optional<int64_t> revision;
  bool no_wait = false;
  bool restart = false;
  bool allow_empty = false;
};

absl::StatusOr<Period> PeriodOf(const DeliveryArguments& arguments) {
  if (arguments.period.empty()) {
    return Period::MonthBefore(CivilDay::TodayUtc());
  }
  return Period::Parse(arguments.period);
}

absl::StatusOr<DeliveryPlan> MakePlan(const Configuration& configuration,
                                      const DeliveryArguments& arguments) {
  std::vector<FileArgument> files;
  for (const std::string& word : arguments.files) {
    TALLY_ASSIGN_OR_RETURN(FileArgument file, ParseFileArgument(word));
    files.push_back(std::move(file));
  }
  TALLY_ASSIGN_OR_RETURN(const Period period, PeriodOf(arguments));
  TALLY_ASSIGN_OR_RETURN(
      DeliveryPlan plan,
      DeliveryPlan::Make(configuration, files, period, NowUnixMs()));
  plan.allow_empty = arguments.allow_empty;
  return plan;
}

void ShowReport(const DeliveryReport& report, const CommonFlags& flags) {
  Say(flags, report.Summary());
  const size_t shown = std::min(report.issues.size(), kShownIssues);
  for (size_t i = 0; i < shown; ++i) {
    Say(flags, report.IssueLine(report.issues[i]));
  }
  if (report.issues.size() > shown) {
    Say(flags,
        absl::StrFormat("... and %d more lines", report.issues.size() - shown));
  }
}

JsonValue ReportJson(const DeliveryReport& report,
                     const absl::Status& verdict) {
  JsonValue json = JsonValue::MakeObject();
  JsonValue datasets = JsonValue::MakeArray();
  const auto counts_of = [](const auto& counts) {
    JsonValue out = JsonValue::MakeObject();
    for (size_t i = 1; i < kReasonSlots; ++i) {
      if (counts[i] == 0) continue;
      out.Set(dataset::RowReasonName(static_cast<dataset::RowReason>(i)),
              counts[i]);
    }
    return out;
  };
  for (const DatasetReport& dataset : report.datasets) {
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("dataset", dataset.dataset);
    entry.Set("rowsRead", dataset.counts.read);
    entry.Set("rows", dataset.counts.sent);
    entry.Set("rowsUnlinked", dataset.counts.rows_unlinked());
    entry.Set("unlinked", counts_of(dataset.counts.unlinked));
    entry.Set("dropped", counts_of(dataset.counts.dropped));
    datasets.Append(std::move(entry));
  }
  json.Set("datasets", std::move(datasets));
  JsonValue issues = JsonValue::MakeArray();
  for (const RowIssue& issue : report.issues) {
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("file", report.files[issue.file]);
    entry.Set("line", issue.line);
    entry.Set("field", issue.field);
    entry.Set("reason", dataset::RowReasonName(issue.reason));
    issues.Append(std::move(entry));
  }
  json.Set("issues", std::move(issues));
  json.Set("issuesCut", report.issues_cut);
  json.Set("persons", int64_t{report.persons});
  json.Set("accepted", verdict.ok());
  if (!verdict.ok()) json.Set("verdict", std::string(verdict.message()));
  return json;
}

ExitCode CodeOf(const DeliveryReport& report) {
  return report.has_rejected_or_unlinked() ? kExitRowsRejected : kExitDone;
}

absl::StatusOr<ExitCode> CheckFiles(const Configuration& configuration,
                                    const DeliveryPlan& plan,
                                    const DeliveryArguments& arguments,
                                    const CommonFlags& flags) {
  WorkerPool pool(configuration.threads);
  ProgressReporter progress(flags.MakeProgressOptions());
  ExtractPreparer preparer(plan, pool, &progress, CivilDay::TodayUtc());
  TALLY_ASSIGN_OR_RETURN(const ExtractPreparer::Checked checked,
                         preparer.Check());
  if (!arguments.report.empty() && !flags.dry_run) {
    TALLY_RETURN_IF_ERROR(WriteFileAtomically(
        arguments.report, checked.report.IssuesCsv(), 0600));
  }
  if (flags.json) {
    PrintJson(ReportJson(checked.report, checked.verdict));
  } else {
    ShowReport(checked.report, flags);
  }
  TALLY_RETURN_IF_ERROR(checked.verdict);
  return CodeOf(checked.report);
}

absl::StatusOr<ExitCode> Check(const DeliveryArguments& arguments,
                               const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const Configuration configuration,
                         ReadConfiguration(flags));
  TALLY_ASSIGN_OR_RETURN(const DeliveryPlan plan,
                         MakePlan(configuration, arguments));
  return CheckFiles(configuration, plan, arguments, flags);
}

// The list of people whose data may be used must not be kept beyond its life.
absl::Status DropExpiredList(const Configuration& configuration,
                             const absl::Status& status) {
  if (ListFault(status) != dataset::RowReason::kListExpired) return status;
  const auto list =
      configuration.lists.find(dataset::ListName::kNationalEligible);
  if (list == configuration.lists.end()) return status;
  TALLY_ASSIGN_OR_RETURN(const bool expired,
                         IsExpired(list->second, NowUnixMs()));
  if (expired) {
    TALLY_RETURN_IF_ERROR(RemoveFile(list->second.path));
    std::fprintf(stderr, "%s was past its life and has been deleted\n",
                 list->second.path.c_str());
  }
  return status;
}

absl::Status KeepReport(const Configuration& configuration,
                        const std::string& name, const DeliveryReport& report) {
  if (report.issues.empty()) return absl::OkStatus();
  return WriteFileAtomically(
      JoinPath(configuration.ReportDirectory(), name + ".csv"),
      report.IssuesCsv(), 0600);
}

ExitCode CodeOf(const PushResult& result) {
  if (result.repeated || !result.receipt) return kExitDone;
  if (result.report) return CodeOf(*result.report);
  const auto& datasets = result.receipt->datasets;
  const bool some =
      std::any_of(datasets.begin(), datasets.end(), [](const auto& counts) {
        return counts.rows_unlinked > 0 ||
               std::any_of(counts.dropped.begin(), counts.dropped.end(),
                           [](const auto& dropped) {
                             return dataset::OutcomeOf(dropped.first) !=
                                    dataset::RowOutcome::kDroppedByRule;
                           });
      });
  return some ? kExitRowsRejected : kExitDone;
}

void ShowResult(const PushResult& result, const CommonFlags& flags) {
  for (const std::string& note : result.notes) Say(flags, note);
  if (flags.json && result.receipt) {
    std::fputs(result.receipt_json.c_str(), stdout);
    return;
  }
  if (flags.json) {
    JsonValue json = JsonValue::MakeObject();
    json.Set("extract", result.extract);
    json.Set("state", "FINALIZING");
    PrintJson(json);
    return;
  }
  if (!result.receipt) {
    Say(flags, absl::StrFormat("%s is with the hub; the receipt comes with the "
                               "next push, or see: pseudonymiser status %s",
                               result.extract, result.extract));
    return;
  }
  for (const auto& counts : result.receipt->datasets) {
    std::printf(
        "%s %s rows, %s without a person\n", counts.dataset.c_str(),
        FormatCount(static_cast<int64_t>(counts.rows)).c_str(),
        FormatCount(static_cast<int64_t>(counts.rows_unlinked)).c_str());
  }
  std::printf(
      "%s published, %s people, receipt %s\n", result.extract.c_str(),
      FormatCount(static_cast<int64_t>(result.receipt->persons)).c_str(),
      result.receipt->created.c_str());
}

absl::StatusOr<ExitCode> PushFiles(const Configuration& configuration,
                                   const DeliveryPlan& plan,
                                   const DeliveryArguments& arguments,
                                   const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const crypto::TokenKernel* kernel,
                         crypto::SelectKernel(configuration.kernel));
  TALLY_RETURN_IF_ERROR(crypto::SelfTestKernel(*kernel));
  Log(Level::kInfo, "kernel tested", {Field("kernel", Name(kernel->name()))});
  TALLY_ASSIGN_OR_RETURN(const crypto::Registry registry,
                         LoadRegistry(configuration, true));
  TALLY_ASSIGN_OR_RETURN(const SourceKeys keys,
                         SourceKeys::Open(configuration));
  TALLY_ASSIGN_OR_RETURN(const auto channel,
                         transport::HubChannel::Open(
                             {.address = configuration.hub_address,
                              .trust_domain = configuration.hub_trust_domain,
                              .certificate_file = configuration.tls_certificate,
                              .key_reference = configuration.tls_key,
                              .ca_file = configuration.tls_ca}));
  const std::unique_ptr<ExtractApi> api = MakeGrpcExtractApi(
      *channel,
      flags.timeout_ms > 0 ? std::min(kRetryMs, flags.timeout_ms) : kRetryMs);
  SpoolStore store(configuration, keys.storage());
  TALLY_RETURN_IF_ERROR(store.Lock());
  WorkerPool pool(configuration.threads);
  ProgressReporter progress(flags.MakeProgressOptions());
  PushJob job(plan, keys, registry, *kernel, *api, store, pool, &progress,
              CivilDay::TodayUtc());
  absl::Status report_status;
  job.SetOnReport(
      [&](const std::string& extract, const DeliveryReport& report) {
        progress.Finish();
        ShowReport(report, flags);
        report_status = KeepReport(configuration, extract, report);
      });
  PushRequest request;
  request.restart = arguments.restart;
  request.upload.source = configuration.source;
  request.upload.wait = !arguments.no_wait;
  request.upload.timeout_ms = flags.timeout_ms;
  if (arguments.revision) {
    request.revision = static_cast<uint32_t>(*arguments.revision);
  }
  absl::StatusOr<PushResult> result = job.Run(request);
  progress.Finish();
  TALLY_RETURN_IF_ERROR(result.status());
  TALLY_RETURN_IF_ERROR(report_status);
  ShowResult(*result, flags);
  return CodeOf(*result);
}

absl::StatusOr<ExitCode> Push(const DeliveryArguments& arguments,
                              const CommonFlags& flags) {
  if (arguments.revision &&
      (*arguments.revision < 1 || *arguments.revision > 9999)) {
    return UsageError("--revision is 1 to 9999");
  }
  TALLY_ASSIGN_OR_RETURN(const Configuration configuration,
                         ReadConfiguration(flags));
  absl::StatusOr<DeliveryPlan> plan = MakePlan(configuration, arguments);
  if (!plan.ok()) {
    return flags.dry_run ? plan.status()
                         : DropExpiredList(configuration, plan.status());
  }
  if (!flags.dry_run) {
    return PushFiles(configuration, *plan, arguments, flags);
  }
  // All that can be found out here: files, lists, keys, registry.
  TALLY_ASSIGN_OR_RETURN(const SourceKeys keys,
                         SourceKeys::Open(configuration));
  TALLY_ASSIGN_OR_RETURN(const ExitCode code,
                         CheckFiles(configuration, *plan, arguments, flags));
  Say(flags,
      absl::StrFormat("would push an extract of %s with key epoch %d; nothing "
                      "was sent",
                      plan->period.last.ToMonth(),
                      keys.Epochs().ok() && !keys.Epochs()->empty()
                          ? keys.Epochs()->back()
                          : 0));
  return code;
}

void AddFiles(Command& command,
              const std::shared_ptr<DeliveryArguments>& args) {
  command.AddPositionals("DATASET=FILE", &args->files,
                         "files of this delivery; a dataset may repeat");
  command.AddOption("--period", &args->period,
                    "month of the delivery, or FIRST..LAST; default the month "
                    "before this one",
                    "YYYY-MM");
  command.AddFlag("--allow-empty", &args->allow_empty,
                  "a dataset of which no row would be sent is no error");
}

}  // namespace

void AddDeliveryCommands(CommandLine& line) {
  auto check = std::make_shared<DeliveryArguments>();
  Command& check_command = line.AddCommand(
      "check", "Reads and checks files as push does, offline; sends nothing",
      {"pseudonymiser check --period 2026-11 gp-patient=patients.csv "
       "gp-event=events.csv",
       "pseudonymiser check gp-event=a.csv gp-event=b.csv --report faults.csv"},
      kTraitReadsData | kTraitLong | kTraitChanges);
  AddFiles(check_command, check);
  check_command.AddOption("--report", &check->report,
                          "writes every line at fault as CSV: file, line, "
                          "field, reason",
                          "FILE");
  check_command.SetHandler(
      [check](const CommonFlags& flags) { return Check(*check, flags); });

  auto push = std::make_shared<DeliveryArguments>();
  Command& push_command = line.AddCommand(
      "push", "Checks, tokenises and sends one delivery; run again it goes on",
      {"pseudonymiser push --period 2026-11 gp-patient=patients.csv "
       "gp-event=events.csv",
       "pseudonymiser push --period 2023-04..2026-11 gp-event=history.csv"},
      kTraitReadsData | kTraitLong | kTraitChanges);
  AddFiles(push_command, push);
  push_command.AddOption("--revision", &push->revision,
                         "revision of the period; default the one begun, else "
                         "the next free one");
  push_command.AddFlag("--no-wait", &push->no_wait,
                       "ends when the hub has taken the manifest");
  push_command.AddFlag("--restart", &push->restart,
                       "drops a spool that was begun, and begins anew");
  push_command.SetHandler(
      [push](const CommonFlags& flags) { return Push(*push, flags); });
}

}  // namespace tally::pseudonymiser
