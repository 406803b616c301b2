// pki init, issue, renew, list: trial certificates, never in production.
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/files.h"
#include "commands.h"
#include "hub_client.h"
#include "transport/peer_identity.h"
#include "trial_pki.h"

namespace tally::linkage {
namespace {

constexpr int kDefaultDays = 90;
constexpr int kMostDays = 825;

absl::Status CheckDays(int days) {
  if (days >= 1 && days <= kMostDays) return absl::OkStatus();
  return UsageError("--days must be from 1 to 825");
}

void PrintWarning() {
  PrintNote(
      "trial certificates: NOT FOR PATIENT DATA; production takes those "
      "of your own authority");
}

void PrintPeer(const TrialCertificate& certificate) {
  PrintNote(absl::StrFormat(
      "# for peers.toml\n"
      "  { uri = \"%s\", public_key_sha256 = [\"%s\"], organisation = \"...\", "
      "not_after = %s },",
      certificate.uri, certificate.public_key_sha256, certificate.not_after));
}

absl::Status Issue(const CommonFlags& flags, const std::string& directory,
                   const std::string& trust_domain, const std::string& peer,
                   const std::vector<std::string>& addresses, int days,
                   bool renew) {
  TALLY_RETURN_IF_ERROR(CheckDays(days));
  if (!transport::IsTrustDomain(trust_domain)) {
    return UsageError("--trust-domain must be like example.test");
  }
  const std::vector<std::string> parts = absl::StrSplit(peer, '/');
  if (parts.size() != 2 ||
      !transport::ParsePeerUri("spiffe://" + trust_domain + "/" + peer).ok()) {
    return UsageError(
        "PEER is ROLE/ID, as source/gp-supplier-a; a role is hub, source, "
        "operator, analyst or auditor, an id small letters, digits and "
        "hyphens");
  }
  TALLY_RETURN_IF_ERROR(CheckNamedFile(directory + "/ca.key"));
  const std::string key = directory + "/" + parts[0] + "-" + parts[1] + ".key";
  if (renew) {
    TALLY_RETURN_IF_ERROR(CheckNamedFile(key));
  } else if (FileExists(key)) {
    return ConflictError(key +
                         " is there already: linkage pki renew makes a "
                         "fresh certificate for it");
  }
  if (flags.dry_run) {
    PrintNote("would issue a certificate for " + peer);
    return absl::OkStatus();
  }
  PrintWarning();
  TrialPki pki(directory, trust_domain);
  TALLY_ASSIGN_OR_RETURN(
      const TrialCertificate certificate,
      pki.Issue({parts[0], parts[1], addresses}, days, renew));
  PrintPeer(certificate);
  return absl::OkStatus();
}

absl::Status List(const CommonFlags& flags, const std::string& directory) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<TrialCertificate> all,
                         TrialPki(directory, "").List());
  TablePrinter table({"certificate", "uri", "not_after", "public_key_sha256"});
  for (const TrialCertificate& certificate : all) {
    table.AddRow({certificate.file, certificate.uri, certificate.not_after,
                  certificate.public_key_sha256});
  }
  return table.Print(flags.json ? OutputFormat::kJson : flags.format);
}

}  // namespace

void AddPkiCommands(CommandLine& line) {
  static std::string directory = "trial-pki";
  static std::string trust_domain = "example.test";
  static std::string peer;
  static std::vector<std::string> addresses = {"localhost", "127.0.0.1"};
  static int days = kDefaultDays;
  line.AddCommand("pki init", "Makes a trial certificate authority",
                  {"linkage pki init --dir trial-pki"}, kTraitChanges)
      .AddOption("--dir", &directory, "Folder of the authority", "DIR")
      .AddOption("--days", &days, "Validity in days")
      .SetHandler([](const CommonFlags& flags) -> absl::Status {
        TALLY_RETURN_IF_ERROR(CheckDays(days));
        PrintWarning();
        if (FileExists(directory + "/ca.key")) {
          return ConflictError(directory + "/ca.key is there already");
        }
        if (flags.dry_run) return absl::OkStatus();
        return TrialPki(directory, trust_domain).Init(days);
      })
      .SetNext("linkage pki issue hub/hub-a");
  for (const bool renew : {false, true}) {
    line.AddCommand(renew ? "pki renew" : "pki issue",
                    renew ? "A fresh certificate for the same key"
                          : "A key and a certificate for one peer",
                    {renew ? "linkage pki renew source/gp-supplier-a"
                           : "linkage pki issue source/gp-supplier-a"},
                    kTraitChanges)
        .AddPositional("PEER", &peer, "ROLE/ID, as operator/j-price")
        .AddOption("--dir", &directory, "Folder of the authority", "DIR")
        .AddOption("--trust-domain", &trust_domain, "In the URI name", "NAME")
        .AddOption("--address", &addresses, "DNS names and addresses of a hub",
                   "NAME")
        .AddOption("--days", &days, "Validity in days")
        .SetHandler([renew](const CommonFlags& flags) {
          const bool hub = peer.rfind("hub/", 0) == 0;
          return Issue(flags, directory, trust_domain, peer,
                       hub ? addresses : std::vector<std::string>(), days,
                       renew);
        });
  }
  line.AddCommand("pki list", "Certificates of the trial authority",
                  {"linkage pki list --dir trial-pki"}, kTraitLists)
      .AddOption("--dir", &directory, "Folder of the authority", "DIR")
      .SetHandler(
          [](const CommonFlags& flags) { return List(flags, directory); });
}

}  // namespace tally::linkage
