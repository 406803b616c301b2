// status and receipt verify: what came of pushes.

#include <algorithm>
#include <cstdio>
#include <memory>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/table_printer.h"
#include "commands.h"
#include "pseudonymiser/client/grpc_extract_api.h"
#include "pseudonymiser/source_keys.h"
#include "pseudonymiser/spool_store.h"
#include "pseudonymiser/uploader.h"
#include "transport/client.h"

namespace tally::pseudonymiser {
namespace {

constexpr int64_t kMaxReceiptBytes = 65'536;
constexpr int64_t kReceiptRetryMs = 10'000;

std::string StateText(pb::ExtractState state) {
  switch (state) {
    case pb::EXTRACT_STATE_OPEN:
      return "OPEN";
    case pb::EXTRACT_STATE_FINALIZING:
      return "FINALIZING";
    case pb::EXTRACT_STATE_PUBLISHED:
      return "PUBLISHED";
    case pb::EXTRACT_STATE_REJECTED:
      return "REJECTED";
    case pb::EXTRACT_STATE_WITHDRAWN:
      return "WITHDRAWN";
    default:
      return "UNKNOWN";
  }
}

// A line for each dataset of each extract.
void AddExtract(const pb::Extract& extract, TablePrinter& table) {
  const TablePrinter::Cell error =
      extract.state() == pb::EXTRACT_STATE_REJECTED
          ? std::string(StatusOfDetail(extract.error(), "rejected").message())
          : TablePrinter::Cell();
  const auto add = [&](TablePrinter::Cell dataset, TablePrinter::Cell rows,
                       TablePrinter::Cell unlinked) {
    table.AddRow({extract.name(), StateText(extract.state()),
                  extract.create_time(), extract.persons(), std::move(dataset),
                  std::move(rows), std::move(unlinked), error});
  };
  if (extract.datasets().empty()) add({}, {}, {});
  for (const pb::DatasetSummary& dataset : extract.datasets()) {
    add(dataset.dataset(), dataset.rows(), dataset.rows_unlinked());
  }
}

// Extracts that were read and have not begun to leave: the hub does not know
// of them.
absl::Status AddSpools(const Configuration& configuration,
                       const std::vector<pb::Extract>& at_hub,
                       TablePrinter& table) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> begun,
                         SpoolStore::Begun(configuration));
  for (const std::string& id : begun) {
    const std::string name =
        absl::StrFormat("sources/%s/extracts/%s", configuration.source, id);
    const bool known = std::any_of(
        at_hub.begin(), at_hub.end(),
        [&](const pb::Extract& extract) { return extract.name() == name; });
    if (!known) table.AddRow({name, "SPOOLED", {}, {}, {}, {}, {}, {}});
  }
  return absl::OkStatus();
}

absl::Status ShowStatus(const std::string& extract, const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const Configuration configuration,
                         ReadConfiguration(flags));
  TALLY_ASSIGN_OR_RETURN(const auto channel,
                         transport::HubChannel::Open(
                             {.address = configuration.hub_address,
                              .trust_domain = configuration.hub_trust_domain,
                              .certificate_file = configuration.tls_certificate,
                              .key_reference = configuration.tls_key,
                              .ca_file = configuration.tls_ca}));
  const std::unique_ptr<ExtractApi> api =
      MakeGrpcExtractApi(*channel, kReceiptRetryMs);
  const std::string parent =
      absl::StrFormat("sources/%s", configuration.source);
  std::vector<pb::Extract> extracts;
  if (extract.empty()) {
    TALLY_ASSIGN_OR_RETURN(extracts, api->ListExtracts(parent));
  } else {
    if (!dataset::ExtractId::Parse(extract).ok()) {
      return UsageError("an extract is named as p2026-11-r1");
    }
    TALLY_ASSIGN_OR_RETURN(
        const pb::GetExtractResponse response,
        api->GetExtract(absl::StrFormat("%s/extracts/%s", parent, extract)));
    extracts.push_back(response.extract());
  }
  TablePrinter table({"extract", "state", "created", "persons", "dataset",
                      "rows", "rows_unlinked", "error"});
  for (const pb::Extract& entry : extracts) AddExtract(entry, table);
  if (extract.empty()) {
    TALLY_RETURN_IF_ERROR(AddSpools(configuration, extracts, table));
  }
  return table.Print(flags.json ? OutputFormat::kJson : flags.format);
}

absl::Status VerifyFile(const std::string& path, const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const Configuration configuration,
                         ReadConfiguration(flags));
  TALLY_ASSIGN_OR_RETURN(const crypto::Registry registry,
                         LoadRegistry(configuration, false));
  TALLY_ASSIGN_OR_RETURN(const crypto::PublicKey hub, HubSignKey(registry));
  TALLY_ASSIGN_OR_RETURN(const std::string json,
                         ReadFile(path, kMaxReceiptBytes));
  std::string sig_path = path;
  const size_t dot = sig_path.rfind(".json");
  if (dot != std::string::npos) sig_path.resize(dot);
  sig_path += ".sig";
  TALLY_ASSIGN_OR_RETURN(const std::string sig,
                         ReadFile(sig_path, kMaxReceiptBytes));
  const absl::StatusOr<crypto::Signature> signature =
      crypto::DecodeSignatureFile(sig);
  if (!signature.ok()) {
    return IntegrityError(absl::StrFormat("%s holds no signature", sig_path));
  }
  TALLY_ASSIGN_OR_RETURN(const dataset::Receipt receipt,
                         VerifyReceipt(json, *signature, hub));
  if (receipt.extract.source != configuration.source) {
    return IntegrityError("this receipt is another source's");
  }
  if (flags.json) {
    std::fputs(json.c_str(), stdout);
  } else {
    std::printf("%s: signed by the hub, %s, %s people\n",
                receipt.extract.ToText().c_str(), receipt.created.c_str(),
                FormatCount(static_cast<int64_t>(receipt.persons)).c_str());
  }
  return absl::OkStatus();
}

}  // namespace

void AddReceiptCommands(CommandLine& line) {
  auto extract = std::make_shared<std::string>();
  line.AddCommand("status",
                  "Shows this source's extracts, at the hub and waiting here",
                  {"pseudonymiser status", "pseudonymiser status p2026-11-r1",
                   "pseudonymiser status --format csv"},
                  kTraitLists)
      .AddPositional("EXTRACT", extract.get(), "only this one", false)
      .SetHandler([extract](const CommonFlags& flags) {
        return ShowStatus(*extract, flags);
      });

  auto file = std::make_shared<std::string>();
  line.AddCommand("receipt verify",
                  "Checks a receipt against the hub's key of the registry",
                  {"pseudonymiser receipt verify "
                   "/var/lib/tally/receipts/p2026-11-r1.json",
                   "pseudonymiser receipt verify p2026-11-r1.json --json"})
      .AddPositional("FILE", file.get(), "the receipt; its .sig lies beside it")
      .SetHandler([file](const CommonFlags& flags) {
        return VerifyFile(*file, flags);
      });
}

}  // namespace tally::pseudonymiser
