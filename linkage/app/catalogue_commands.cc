// source, key, extract, project
#include <string>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/files.h"
#include "base/strings.h"
#include "commands.h"
#include "dataset/resource_name.h"
#include "hub_client.h"
#include "hub_queries.h"
#include "tally/extract/v1/extract.grpc.pb.h"
#include "tally/hub/v1/project.grpc.pb.h"
#include "tally/hub/v1/source.grpc.pb.h"

namespace tally::linkage {
namespace {

using extract::v1::ExtractService;
using hub::v1::ProjectService;
using hub::v1::SourceService;

constexpr int64_t kMaxCeremonyBytes = 4096;

absl::Status CreateSource(const CommonFlags& flags, const std::string& id,
                          const std::string& title) {
  if (!IsResourceId(id)) return UsageError("SOURCE is no id");
  TALLY_ASSIGN_OR_RETURN(const auto hub, OpenHub(flags));
  if (flags.dry_run) {
    TALLY_RETURN_IF_ERROR(CheckSourceIsNew(*hub, flags, "sources/" + id));
    PrintNote("would add the source " + id + " to the hub's catalogue");
    return absl::OkStatus();
  }
  hub::v1::CreateSourceRequest request;
  request.set_source_id(id);
  request.set_title(title);
  request.set_request_id(NewRequestId());
  hub::v1::CreateSourceResponse response;
  const auto stub = SourceService::NewStub(hub->channel());
  TALLY_RETURN_IF_ERROR(CallHub(*hub, flags, *stub,
                                &SourceService::Stub::CreateSource, request,
                                &response));
  PrintAudit(response.audit());
  return flags.json ? PrintJson(response) : absl::OkStatus();
}

absl::Status ListSources(const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const auto hub, OpenHub(flags));
  TALLY_ASSIGN_OR_RETURN(const hub::v1::ListSourcesResponse all,
                         FetchSources(*hub, flags));
  if (flags.json) return PrintJson(all);
  TablePrinter table({"source", "state", "person_limit", "factors", "title"});
  for (const hub::v1::Source& source : all.sources()) {
    table.AddRow(
        {source.name(),
         StateText(hub::v1::SourceState_Name(source.state()), "SOURCE_STATE_"),
         source.person_limit(), int64_t{source.factors_size()},
         source.title()});
  }
  return table.Print(flags.format);
}

absl::Status ImportFactor(const CommonFlags& flags, const std::string& source,
                          const std::string& source_file,
                          const std::string& custodian_file) {
  TALLY_RETURN_IF_ERROR(CheckNamedFile(source_file));
  TALLY_RETURN_IF_ERROR(CheckNamedFile(custodian_file));
  TALLY_ASSIGN_OR_RETURN(const std::string from_source,
                         ReadFile(source_file, kMaxCeremonyBytes));
  TALLY_ASSIGN_OR_RETURN(const std::string from_custodian,
                         ReadFile(custodian_file, kMaxCeremonyBytes));
  TALLY_ASSIGN_OR_RETURN(const auto hub, OpenHub(flags));
  const std::string name = WithPrefix("sources/", source);
  if (flags.dry_run) {
    TALLY_RETURN_IF_ERROR(CheckSourceIsThere(*hub, flags, name));
    PrintNote(
        "would send both messages; the hub computes, checks and seals "
        "the factor");
    return absl::OkStatus();
  }
  hub::v1::ImportFactorRequest request;
  request.set_name(name);
  request.set_source_message(from_source);
  request.set_custodian_message(from_custodian);
  request.set_request_id(NewRequestId());
  hub::v1::ImportFactorResponse response;
  const auto stub = SourceService::NewStub(hub->channel());
  TALLY_RETURN_IF_ERROR(CallHub(*hub, flags, *stub,
                                &SourceService::Stub::ImportFactor, request,
                                &response));
  PrintAudit(response.audit());
  if (flags.json) return PrintJson(response);
  PrintNote(absl::StrFormat(
      "factor %s, epoch %d, hub epoch %d, domain %s",
      HexEncode(AsBytes(response.factor().key_id())), response.factor().epoch(),
      response.factor().hub_epoch(), response.factor().domain()));
  return absl::OkStatus();
}

absl::Status ListExtracts(const CommonFlags& flags, const std::string& source) {
  TALLY_ASSIGN_OR_RETURN(const auto hub, OpenHub(flags));
  const auto stub = ExtractService::NewStub(hub->channel());
  extract::v1::ListExtractsRequest request;
  request.set_parent(source.empty() ? "sources/-"
                                    : WithPrefix("sources/", source));
  extract::v1::ListExtractsResponse all;
  TALLY_RETURN_IF_ERROR(CallHubForAll(
      *hub, flags, *stub, &ExtractService::Stub::ListExtracts, request, &all));
  if (flags.json) return PrintJson(all);
  TablePrinter table(
      {"extract", "state", "from", "to", "persons", "rows", "rows_unlinked"});
  for (const extract::v1::Extract& item : all.extracts()) {
    int64_t rows = 0;
    int64_t unlinked = 0;
    for (const extract::v1::DatasetSummary& dataset : item.datasets()) {
      rows += dataset.rows();
      unlinked += dataset.rows_unlinked();
    }
    table.AddRow({item.name(),
                  StateText(extract::v1::ExtractState_Name(item.state()),
                            "EXTRACT_STATE_"),
                  DayText(item.period_start()), DayText(item.period_end()),
                  item.persons(), rows, unlinked});
  }
  return table.Print(flags.format);
}

absl::Status GetExtract(const CommonFlags& flags, const std::string& name) {
  TALLY_ASSIGN_OR_RETURN(const auto hub, OpenHub(flags));
  const auto stub = ExtractService::NewStub(hub->channel());
  extract::v1::GetExtractRequest request;
  // SOURCE/EXTRACT, or the full name.
  const size_t slash = name.find('/');
  request.set_name(name.rfind("sources/", 0) == 0 || slash == std::string::npos
                       ? name
                       : absl::StrFormat("sources/%s/extracts/%s",
                                         name.substr(0, slash),
                                         name.substr(slash + 1)));
  TALLY_RETURN_IF_ERROR(dataset::ParseExtractName(request.name()).status());
  extract::v1::GetExtractResponse response;
  TALLY_RETURN_IF_ERROR(CallHub(*hub, flags, *stub,
                                &ExtractService::Stub::GetExtract, request,
                                &response));
  if (flags.json) return PrintJson(response);
  const extract::v1::Extract& item = response.extract();
  PrintNote(absl::StrFormat(
      "%s  %s  %s to %s  %s people", item.name(),
      StateText(extract::v1::ExtractState_Name(item.state()), "EXTRACT_STATE_"),
      DayText(item.period_start()), DayText(item.period_end()),
      FormatCount(item.persons())));
  TablePrinter table({"dataset", "check", "result", "value", "bound"});
  for (const extract::v1::ValidationResult& check : response.validation()) {
    table.AddRow({check.dataset(), check.check(),
                  StateText(extract::v1::ValidationOutcome_Name(check.result()),
                            "VALIDATION_OUTCOME_"),
                  check.value(), check.bound()});
  }
  return table.Print(flags.format);
}

absl::Status CreateProject(const CommonFlags& flags, const std::string& id,
                           const std::string& title) {
  if (!IsResourceId(id)) return UsageError("PROJECT is no id");
  TALLY_ASSIGN_OR_RETURN(const auto hub, OpenHub(flags));
  if (flags.dry_run) {
    TALLY_RETURN_IF_ERROR(CheckProjectIsNew(*hub, flags, "projects/" + id));
    PrintNote("would add the project " + id + " and make its key");
    return absl::OkStatus();
  }
  hub::v1::CreateProjectRequest request;
  request.set_project_id(id);
  request.set_title(title);
  request.set_request_id(NewRequestId());
  hub::v1::CreateProjectResponse response;
  const auto stub = ProjectService::NewStub(hub->channel());
  TALLY_RETURN_IF_ERROR(CallHub(*hub, flags, *stub,
                                &ProjectService::Stub::CreateProject, request,
                                &response));
  PrintAudit(response.audit());
  return flags.json ? PrintJson(response) : absl::OkStatus();
}

absl::Status ListProjects(const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const auto hub, OpenHub(flags));
  TALLY_ASSIGN_OR_RETURN(const hub::v1::ListProjectsResponse all,
                         FetchProjects(*hub, flags));
  if (flags.json) return PrintJson(all);
  TablePrinter table({"project", "agreement", "state", "valid_from", "expires",
                      "approvals", "sha256"});
  for (const hub::v1::Project& project : all.projects()) {
    if (project.agreements().empty()) {
      table.AddRow({project.name(), std::string(),
                    StateText(hub::v1::ProjectState_Name(project.state()),
                              "PROJECT_STATE_"),
                    std::string(), std::string(), int64_t{0}, std::string()});
    }
    for (const hub::v1::Agreement& agreement : project.agreements()) {
      table.AddRow({project.name(), agreement.name(),
                    StateText(hub::v1::AgreementState_Name(agreement.state()),
                              "AGREEMENT_STATE_"),
                    DayText(agreement.valid_from()),
                    DayText(agreement.expires()),
                    int64_t{agreement.approvals_size()},
                    HexEncode(AsBytes(agreement.sha256()))});
    }
  }
  return table.Print(flags.format);
}

}  // namespace

void AddCatalogueCommands(CommandLine& line) {
  static std::string id;
  static std::string title;
  static std::string first;
  static std::string second;
  line.AddCommand("source create", "Adds a source that the registry names",
                  {"linkage source create gp-supplier-a --title 'Supplier A'"},
                  kTraitChanges)
      .AddPositional("SOURCE", &id, "Id, as in the registry")
      .AddOption("--title", &title, "For people", "TEXT")
      .SetHandler([](const CommonFlags& flags) {
        return CreateSource(flags, id, title);
      })
      .SetNext("linkage key import-factor SOURCE SOURCE-FILE CUSTODIAN-FILE");
  line.AddCommand("source list", "Sources with their factors",
                  {"linkage source list"}, kTraitLists)
      .SetHandler(ListSources);
  line.AddCommand("key import-factor",
                  "Hands the hub both messages of a factor ceremony",
                  {"linkage key import-factor gp-supplier-a hub.tally "
                   "answer.tally"},
                  kTraitChanges)
      .AddPositional("SOURCE", &id, "Id of the source")
      .AddPositional("SOURCE-FILE", &first, "The source's message to the hub")
      .AddPositional("CUSTODIAN-FILE", &second, "The custodian's answer")
      .SetHandler([](const CommonFlags& flags) {
        return ImportFactor(flags, id, first, second);
      });
  line.AddCommand(
          "extract list", "Extracts of one source, or of all",
          {"linkage extract list", "linkage extract list gp-supplier-a"},
          kTraitLists)
      .AddPositional("SOURCE", &id, "Id of the source", false)
      .SetHandler(
          [](const CommonFlags& flags) { return ListExtracts(flags, id); });
  line.AddCommand("extract get", "One extract with its validation report",
                  {"linkage extract get gp-supplier-a/p2026-11-r1"},
                  kTraitLists)
      .AddPositional("EXTRACT", &id, "SOURCE/EXTRACT, or the full name")
      .SetHandler(
          [](const CommonFlags& flags) { return GetExtract(flags, id); });
  line.AddCommand("project create", "Adds a project and makes its key",
                  {"linkage project create frailty-2026 --title 'Frailty'"},
                  kTraitChanges)
      .AddPositional("PROJECT", &id, "Id")
      .AddOption("--title", &title, "For people", "TEXT")
      .SetHandler([](const CommonFlags& flags) {
        return CreateProject(flags, id, title);
      })
      .SetNext("linkage agreement add PROJECT FILE");
  line.AddCommand("project list", "Projects with their agreements",
                  {"linkage project list"}, kTraitLists)
      .SetHandler(ListProjects);
}

}  // namespace tally::linkage
