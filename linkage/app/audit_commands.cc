// audit list, verify, export
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/files.h"
#include "base/strings.h"
#include "commands.h"
#include "hub_client.h"
#include "linkage/audit/audit_log.h"
#include "linkage/audit/checkpoint.h"
#include "linkage/audit/entry.h"
#include "linkage/audit/merkle.h"
#include "tally/hub/v1/audit.grpc.pb.h"

namespace tally::linkage {
namespace {

using hub::v1::AuditService;

constexpr const char* kExportFiles[] = {"entries.jsonl", "checkpoint",
                                        "audit_summary.csv"};

absl::StatusOr<hub::v1::ListEventsResponse> FetchLog(const CommonFlags& flags,
                                                     int64_t first) {
  TALLY_ASSIGN_OR_RETURN(const auto hub, OpenHub(flags));
  const auto stub = AuditService::NewStub(hub->channel());
  hub::v1::ListEventsRequest request;
  request.set_first_seq(first);
  hub::v1::ListEventsResponse log;
  TALLY_RETURN_IF_ERROR(CallHubForAll(
      *hub, flags, *stub, &AuditService::Stub::ListEvents, request, &log));
  return log;
}

absl::Status List(const CommonFlags& flags, int64_t first) {
  TALLY_ASSIGN_OR_RETURN(const auto log, FetchLog(flags, first));
  if (flags.json) return PrintJson(log);
  TablePrinter table({"seq", "time", "action", "outcome", "object", "actor"});
  for (const hub::v1::AuditEvent& event : log.events()) {
    TALLY_ASSIGN_OR_RETURN(const AuditLeaf leaf, ParseAuditLeaf(event.leaf()));
    table.AddRow({event.seq(), leaf.ts,
                  std::string(AuditActionName(leaf.entry.action)),
                  leaf.entry.outcome, leaf.entry.object, leaf.entry.actor});
  }
  return table.Print(flags.format);
}

struct VerifierKey {
  std::string origin;
  std::array<uint8_t, 32> key{};
};

// "name+<8 hex>+base64(0x01 | key)", as `linkage-hub init` prints it.
absl::StatusOr<VerifierKey> ParseVerifierKey(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '+');
  VerifierKey parsed;
  // Base64 has plus signs of its own: only the first two part the fields.
  const size_t first = text.find('+');
  const size_t second =
      first == std::string::npos ? first : text.find('+', first + 1);
  if (second == std::string::npos) {
    return UsageError("--key must be NAME+ID+KEY, as linkage-hub init prints");
  }
  parsed.origin = text.substr(0, first);
  const absl::StatusOr<std::string> bytes =
      Base64Decode(text.substr(second + 1));
  if (!bytes.ok() || bytes->size() != 33 || (*bytes)[0] != 1) {
    return UsageError("--key holds no Ed25519 key");
  }
  std::copy(bytes->begin() + 1, bytes->end(), parsed.key.begin());
  if (NoteVerifierKey(parsed.origin, parsed.key) != text) {
    return UsageError("--key does not fit its own id");
  }
  return parsed;
}

absl::Status Report(const CommonFlags& flags, uint64_t entries,
                    uint64_t covered, const MerkleHash& root) {
  if (flags.json) {
    return PrintOut(
        absl::StrFormat("{\"covered\":%d,\"entries\":%d,\"root\":\"%s\"}\n",
                        covered, entries, HexEncode(root)));
  }
  PrintNote(absl::StrFormat("ok: %d entries, %d under the checkpoint, root %s",
                            entries, covered, HexEncode(root)));
  return absl::OkStatus();
}

// Over the network: the leaves that the hub gives must have the signed root.
absl::Status VerifyOnline(const CommonFlags& flags, const VerifierKey& key,
                          const std::string& kept) {
  TALLY_ASSIGN_OR_RETURN(const auto log, FetchLog(flags, 0));
  TALLY_ASSIGN_OR_RETURN(const Checkpoint checkpoint,
                         OpenCheckpoint(log.checkpoint(), key.origin, key.key));
  std::optional<Checkpoint> older;
  if (!kept.empty()) {
    TALLY_ASSIGN_OR_RETURN(const Checkpoint opened,
                           OpenCheckpoint(kept, key.origin, key.key));
    older = opened;
  }
  MerkleTree tree;
  bool met_older = !older.has_value();
  for (const hub::v1::AuditEvent& event : log.events()) {
    if (older.has_value() && tree.size() == older->size) {
      met_older = tree.Root() == older->root;
    }
    if (tree.size() == checkpoint.size) break;
    TALLY_ASSIGN_OR_RETURN(const AuditLeaf leaf, ParseAuditLeaf(event.leaf()));
    if (leaf.seq != tree.size()) {
      return Error(Reason::kAuditCorrupt, "the log has a gap");
    }
    tree.Add(MerkleLeafHash(event.leaf()));
  }
  if (older.has_value() && tree.size() == older->size) {
    met_older = tree.Root() == older->root;
  }
  if (tree.size() != checkpoint.size || tree.Root() != checkpoint.root) {
    return Error(Reason::kAuditCorrupt,
                 "the entries do not give the root that the hub has signed");
  }
  if (!met_older) {
    return Error(Reason::kAuditCorrupt,
                 "the log does not contain the checkpoint that was kept");
  }
  return Report(flags, static_cast<uint64_t>(log.events_size()),
                checkpoint.size, checkpoint.root);
}

absl::Status Verify(const CommonFlags& flags, const std::string& key_text,
                    const std::string& data_dir, const std::string& kept_file,
                    bool running) {
  TALLY_ASSIGN_OR_RETURN(const VerifierKey key, ParseVerifierKey(key_text));
  std::string kept;
  if (!kept_file.empty()) {
    TALLY_ASSIGN_OR_RETURN(kept, ReadFile(kept_file, 1 << 16));
  }
  if (data_dir.empty()) return VerifyOnline(flags, key, kept);
  AuditVerifyOptions options;
  options.directory = data_dir + "/audit";
  options.origin = key.origin;
  options.public_key = key.key;
  options.running = running;
  options.kept_checkpoint = kept;
  TALLY_ASSIGN_OR_RETURN(const AuditVerification verified,
                         VerifyAuditLog(options));
  return Report(flags, verified.entries, verified.covered, verified.root);
}

absl::Status Export(const CommonFlags& flags, const std::string& directory) {
  for (const char* name : kExportFiles) {
    const std::string path = directory + "/" + name;
    if (FileExists(path)) return ConflictError(path + " is there already");
  }
  TALLY_ASSIGN_OR_RETURN(const auto log, FetchLog(flags, 0));
  std::string lines;
  std::map<std::pair<std::string, std::string>, int64_t> months;
  for (const hub::v1::AuditEvent& event : log.events()) {
    TALLY_ASSIGN_OR_RETURN(const AuditLeaf leaf, ParseAuditLeaf(event.leaf()));
    lines += event.leaf() + "\n";
    ++months[{leaf.ts.substr(0, 7),
              std::string(AuditActionName(leaf.entry.action))}];
  }
  std::string summary = "month,action,events\n";
  for (const auto& [key, events] : months) {
    summary += absl::StrFormat("%s,%s,%d\n", key.first, key.second, events);
  }
  if (flags.dry_run) {
    PrintNote(absl::StrFormat("would write %d entries to %s", log.events_size(),
                              directory));
    return absl::OkStatus();
  }
  TALLY_RETURN_IF_ERROR(MakeDirectories(directory, 0700));
  TALLY_RETURN_IF_ERROR(
      CreateFileExclusive(directory + "/entries.jsonl", lines, 0600));
  TALLY_RETURN_IF_ERROR(
      CreateFileExclusive(directory + "/checkpoint", log.checkpoint(), 0600));
  TALLY_RETURN_IF_ERROR(
      CreateFileExclusive(directory + "/audit_summary.csv", summary, 0600));
  PrintNote(absl::StrFormat("%d entries, checkpoint and summary in %s",
                            log.events_size(), directory));
  return absl::OkStatus();
}

}  // namespace

void AddAuditCommands(CommandLine& line) {
  static int64_t first = 0;
  static std::string key;
  static std::string data_dir;
  static std::string kept;
  static std::string directory;
  static bool running = false;
  line.AddCommand("audit list", "Entries of the audit log, oldest first",
                  {"linkage audit list", "linkage audit list --from 1200"},
                  kTraitLists)
      .AddOption("--from", &first, "First entry")
      .SetHandler([](const CommonFlags& flags) { return List(flags, first); });
  line.AddCommand(
          "audit verify", "Derives the signed root from the entries again",
          {"linkage audit verify --key tally.example.nhs.uk/hub-a/audit+...",
           "linkage audit verify --key NAME+ID+KEY --data-dir "
           "/var/lib/tally/hub"})
      .AddOption("--key", &key, "The hub's audit key, as its init printed it",
                 "NAME+ID+KEY")
      .Require("--key")
      .AddOption("--data-dir", &data_dir,
                 "Offline: the hub's data directory or its backup", "DIR")
      .AddOption("--kept", &kept, "A checkpoint that was kept elsewhere",
                 "FILE")
      .AddFlag("--running", &running,
               "Offline: the hub runs and may be between two writes")
      .SetHandler([](const CommonFlags& flags) {
        return Verify(flags, key, data_dir, kept, running);
      });
  line.AddCommand("audit export",
                  "Writes entries, checkpoint and a summary to a folder",
                  {"linkage audit export audit-2026-11"}, kTraitChanges)
      .AddPositional("DIR", &directory, "Folder; files must not be there")
      .SetHandler(
          [](const CommonFlags& flags) { return Export(flags, directory); });
}

}  // namespace tally::linkage
