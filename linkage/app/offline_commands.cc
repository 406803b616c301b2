// fsck, backup, restore: on the data directory of a hub that does not run.
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/config.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/json.h"
#include "base/process.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "base/versions.h"
#include "commands.h"
#include "crypto/key_directory.h"
#include "crypto/registry.h"
#include "hub_client.h"
#include "linkage/service/hub.h"
#include "linkage/service/hub_config.h"
#include "linkage/store/catalogue.h"
#include "linkage/store/hub_directory.h"
#include "linkage/store/recovery.h"

namespace tally::linkage {
namespace {

namespace fs = std::filesystem;

constexpr char kListName[] = "backup.json";
constexpr int64_t kMaxListBytes = int64_t{1} << 30;
constexpr size_t kCopyBytes = size_t{1} << 20;

// What fsck can use beyond digests, from hub.toml.
struct HubSecrets {
  std::optional<crypto::Registry> registry;
  std::vector<crypto::StorageKey> storage;
  std::optional<crypto::PublicKey> sign_key;
  crypto::Environment environment = crypto::Environment::kExample;
  std::string domain;
};

// The configuration that --hub-config names; without it the default, of which
// only the catalogue's place is used.
absl::StatusOr<HubConfig> OfflineConfig(const std::string& hub_config) {
  if (hub_config.empty()) return HubConfig();
  TALLY_ASSIGN_OR_RETURN(LoadedHubConfig loaded, LoadHubConfig(hub_config));
  return std::move(loaded.config);
}

absl::StatusOr<HubSecrets> OpenSecrets(const HubConfig& config) {
  HubSecrets secrets;
  secrets.environment = config.environment;
  TALLY_ASSIGN_OR_RETURN(
      secrets.registry,
      crypto::Registry::LoadFiles(config.registry_file, config.registry_key,
                                  config.environment));
  secrets.domain = config.domain;
  for (const crypto::RegistryKey& key : secrets.registry->keys()) {
    if (secrets.domain.empty() && key.role == crypto::KeyRole::kHub) {
      secrets.domain = key.domain;
    }
  }
  if (config.keys_passphrase.empty()) {
    PrintNote("no passphrase in the configuration: runs by digest alone");
    return secrets;
  }
  TALLY_ASSIGN_OR_RETURN(const crypto::RingSecret secret,
                         ReadRingSecret(config.keys_passphrase));
  TALLY_ASSIGN_OR_RETURN(
      const crypto::KeyDirectory directory,
      crypto::KeyDirectory::Open(config.keys_directory, config.environment,
                                 crypto::KeyHolder::kParty, secret));
  TALLY_ASSIGN_OR_RETURN(secrets.storage, crypto::LoadStorageKeys(directory));
  TALLY_ASSIGN_OR_RETURN(const crypto::SigningKey sign,
                         crypto::LoadSigningKey(directory, config.hub_id,
                                                crypto::SignPurpose::kSign));
  secrets.sign_key = sign.public_key();
  return secrets;
}

absl::Status PrintFsck(const CommonFlags& flags, const FsckReport& report) {
  TablePrinter table({"resource", "path", "reason", "text"});
  for (const FsckFinding& finding : report.findings) {
    table.AddRow({finding.resource, finding.path,
                  std::string(ReasonName(finding.reason)), finding.text});
  }
  TALLY_RETURN_IF_ERROR(
      table.Print(flags.json ? OutputFormat::kJson : flags.format));
  PrintNote(absl::StrFormat("%d extracts, %d releases, %s files, %s: %d faults",
                            report.extracts, report.releases,
                            FormatCount(report.files), FormatSize(report.bytes),
                            report.findings.size()));
  if (report.findings.empty()) return absl::OkStatus();
  return IntegrityError("the data directory is not as it was published");
}

bool HasSqliteCatalogue(const HubConfig& config) {
  return config.catalogue_url == "sqlite";
}

// Opening makes what is missing, and a mistyped folder, or another catalogue
// than the hub's, would have no faults: nothing is opened that is not there.
absl::Status CheckIsHubs(const HubConfig& config, const std::string& data_dir) {
  TALLY_RETURN_IF_ERROR(CheckNamedFile(JoinPath(data_dir, "audit")));
  if (!HasSqliteCatalogue(config)) return absl::OkStatus();
  const std::string path = JoinPath(data_dir, "catalogue.db");
  if (FileExists(path)) return absl::OkStatus();
  return NotFoundError(absl::StrFormat(
      "%s: no such file; where catalogue.url names another catalogue, say "
      "which with --hub-config",
      path));
}

absl::StatusOr<std::unique_ptr<Catalogue>> OpenHubsCatalogue(
    const HubConfig& config, const HubDirectory& directory) {
  std::string password;
  if (!config.catalogue_password.empty()) {
    TALLY_ASSIGN_OR_RETURN(const SecretText text,
                           ReadSecretReference(config.catalogue_password));
    password = std::string(text.Reveal());
  }
  absl::StatusOr<std::unique_ptr<Catalogue>> catalogue = Catalogue::Open(
      config.catalogue_url, directory.CataloguePath(), password);
  WipeMemory(password.data(), password.size());
  return catalogue;
}

absl::Status RunFsck(const CommonFlags& flags, const std::string& data_dir,
                     const std::string& hub_config) {
  TALLY_ASSIGN_OR_RETURN(const HubConfig config, OfflineConfig(hub_config));
  TALLY_RETURN_IF_ERROR(CheckIsHubs(config, data_dir));
  HubSecrets secrets;
  if (!hub_config.empty()) {
    TALLY_ASSIGN_OR_RETURN(secrets, OpenSecrets(config));
  }
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<HubDirectory> directory,
                         HubDirectory::Open(data_dir, 0.0));
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<Catalogue> catalogue,
                         OpenHubsCatalogue(config, *directory));
  ProgressReporter progress(flags.MakeProgressOptions());
  progress.Start("fsck", "files", 0, "bytes");
  FsckOptions options;
  options.environment = secrets.environment;
  options.domain = secrets.domain;
  if (secrets.registry.has_value()) options.registry = &*secrets.registry;
  if (secrets.sign_key.has_value()) options.hub_sign_key = &*secrets.sign_key;
  if (!secrets.storage.empty()) {
    options.storage_keys =
        [&secrets](const crypto::KeyId& id) -> const crypto::StorageKey* {
      for (const crypto::StorageKey& key : secrets.storage) {
        if (key.key_id() == id) return &key;
      }
      return nullptr;
    };
  }
  options.progress = [&progress](int64_t done, int64_t total) {
    (void)total;
    progress.Update(done);
  };
  TALLY_ASSIGN_OR_RETURN(const FsckReport report,
                         Fsck(*directory, *catalogue, options));
  progress.Finish();
  return PrintFsck(flags, report);
}

// Every file of a data directory, relative, ascending; the lock stays out.
absl::StatusOr<std::vector<std::string>> FilesBelow(const std::string& root) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::recursive_directory_iterator it(root, error), end;
       !error && it != end; it.increment(error)) {
    if (it->is_symlink(error)) {
      return IntegrityError("there is a symbolic link in the data directory");
    }
    if (!it->is_regular_file(error)) continue;
    std::string relative = fs::relative(it->path(), root, error).string();
    if (relative != "lock" && relative != kListName) {
      files.push_back(std::move(relative));
    }
  }
  if (error) return TemporaryError("the data directory cannot be read");
  std::sort(files.begin(), files.end());
  return files;
}

// Copies one file, fsynced, and returns the digest of what was written.
absl::StatusOr<std::string> CopyFile(const std::string& from,
                                     const std::string& to) {
  TALLY_ASSIGN_OR_RETURN(UniqueFd in, OpenForRead(from));
  TALLY_RETURN_IF_ERROR(
      MakeDirectories(fs::path(to).parent_path().string(), 0700));
  TALLY_ASSIGN_OR_RETURN(AppendFile out, AppendFile::Open(to, 0600));
  if (out.size() != 0) return ConflictError("a file of the target is there");
  Sha256 digest;
  std::error_code error;
  const int64_t size = static_cast<int64_t>(fs::file_size(from, error));
  if (error) return TemporaryError("a file cannot be read");
  std::string buffer;
  for (int64_t at = 0; at < size;) {
    buffer.resize(static_cast<size_t>(
        std::min<int64_t>(static_cast<int64_t>(kCopyBytes), size - at)));
    TALLY_RETURN_IF_ERROR(
        ReadAt(in.get(), at,
               std::span<uint8_t>(reinterpret_cast<uint8_t*>(buffer.data()),
                                  buffer.size()),
               from));
    TALLY_RETURN_IF_ERROR(out.Append(buffer));
    digest.Update(buffer);
    at += static_cast<int64_t>(buffer.size());
    TALLY_RETURN_IF_ERROR(CheckNotStopped());
  }
  TALLY_RETURN_IF_ERROR(out.Sync());
  return HexEncode(digest.Finish());
}

// A backup without its catalogue restores nothing.
absl::Status CheckCatalogueIsInside(const HubConfig& config,
                                    const HubDirectory& directory) {
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<Catalogue> catalogue,
                         OpenHubsCatalogue(config, directory));
  return CheckCatalogueBelongs(directory, *catalogue);
}

absl::Status Backup(const CommonFlags& flags, const std::string& data_dir,
                    const std::string& target, const std::string& hub_config) {
  TALLY_ASSIGN_OR_RETURN(const HubConfig config, OfflineConfig(hub_config));
  if (!HasSqliteCatalogue(config)) {
    return ConflictError(
        "catalogue.url names a catalogue outside the data directory: stop the "
        "hub, copy the directory and dump that database, both together");
  }
  TALLY_RETURN_IF_ERROR(CheckIsHubs(config, data_dir));
  // The lock shows that no hub runs on it.
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<HubDirectory> directory,
                         HubDirectory::Open(data_dir, 0.0));
  TALLY_RETURN_IF_ERROR(CheckCatalogueIsInside(config, *directory));
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> files,
                         FilesBelow(data_dir));
  if (flags.dry_run) {
    PrintNote(absl::StrFormat("would copy %d files to %s; keys are not in it",
                              files.size(), target));
    return absl::OkStatus();
  }
  std::error_code error;
  if (fs::exists(target, error) && !fs::is_empty(target, error)) {
    return ConflictError(target + " is there and not empty");
  }
  ProgressReporter progress(flags.MakeProgressOptions());
  progress.Start("backup", "files", static_cast<int64_t>(files.size()),
                 "files");
  JsonValue list = JsonValue::MakeObject();
  int64_t done = 0;
  for (const std::string& file : files) {
    TALLY_ASSIGN_OR_RETURN(
        const std::string digest,
        CopyFile(JoinPath(data_dir, file), JoinPath(target, file)));
    list.Set(file, digest);
    progress.Update(++done);
  }
  progress.Finish();
  JsonValue document = JsonValue::MakeObject();
  document.Set("created", NowUtcRfc3339());
  document.Set("files", std::move(list));
  document.Set("tallyVersion", TallyVersion());
  TALLY_RETURN_IF_ERROR(CreateFileExclusive(target + "/" + kListName,
                                            DumpCanonicalJson(document), 0600));
  PrintNote(
      absl::StrFormat("%d files in %s; keep the key directory and its "
                      "passphrase elsewhere",
                      files.size(), target));
  return absl::OkStatus();
}

absl::StatusOr<std::map<std::string, std::string>> ReadList(
    const std::string& backup) {
  TALLY_ASSIGN_OR_RETURN(const std::string text,
                         ReadFile(backup + "/" + kListName, kMaxListBytes));
  const absl::StatusOr<JsonValue> document =
      ParseCanonicalJson(text, kMaxListBytes, 3);
  if (!document.ok()) return IntegrityError("backup.json does not parse");
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Object* files,
                         document->GetObject("files"));
  std::map<std::string, std::string> list;
  for (const auto& [path, digest] : *files) {
    // A list that leads out of the folder is none of ours.
    if (!digest.is_string() || path.find("..") != std::string::npos ||
        path.empty() || path[0] == '/') {
      return IntegrityError("backup.json names a path that no backup has");
    }
    list[path] = digest.AsString();
  }
  return list;
}

absl::Status VerifyBackup(const std::string& backup,
                          const std::map<std::string, std::string>& list) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> files,
                         FilesBelow(backup));
  if (files.size() != list.size()) {
    return IntegrityError("the backup has other files than its list");
  }
  for (const auto& [path, digest] : list) {
    const absl::StatusOr<std::string> now =
        Sha256HexOfFile(JoinPath(backup, path));
    if (!now.ok() || *now != digest) {
      return IntegrityError(path + " is not as it was backed up");
    }
    TALLY_RETURN_IF_ERROR(CheckNotStopped());
  }
  return absl::OkStatus();
}

absl::Status Restore(const CommonFlags& flags, const std::string& backup,
                     const std::string& data_dir, bool verify_only) {
  TALLY_ASSIGN_OR_RETURN(const auto list, ReadList(backup));
  TALLY_RETURN_IF_ERROR(VerifyBackup(backup, list));
  PrintNote(
      absl::StrFormat("%d files are as they were backed up", list.size()));
  if (verify_only) return absl::OkStatus();
  if (data_dir.empty()) return UsageError("--data-dir says where to");
  std::error_code error;
  if (fs::exists(data_dir, error) && !fs::is_empty(data_dir, error)) {
    return ConflictError(data_dir +
                         " is there and not empty: nothing is "
                         "ever restored over a hub");
  }
  if (flags.dry_run) {
    PrintNote("would restore to " + data_dir);
    return absl::OkStatus();
  }
  for (const auto& [path, digest] : list) {
    TALLY_ASSIGN_OR_RETURN(
        const std::string written,
        CopyFile(JoinPath(backup, path), JoinPath(data_dir, path)));
    if (written != digest) return IntegrityError(path + " changed meanwhile");
  }
  PrintNote("restored to " + data_dir +
            "; compare its audit checkpoint with one kept elsewhere");
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckNamedFile(const std::string& path) {
  if (FileExists(path)) return absl::OkStatus();
  return NotFoundError(absl::StrFormat("%s: no such file", path));
}

void AddOfflineCommands(CommandLine& line) {
  static std::string data_dir;
  static std::string hub_config;
  static std::string target;
  static bool verify = false;
  line.AddCommand("fsck", "Derives every published digest again",
                  {"linkage fsck --data-dir /var/lib/tally/hub",
                   "linkage fsck --data-dir /var/lib/tally/hub --hub-config "
                   "/etc/tally/hub.toml"},
                  kTraitLists | kTraitLong)
      .AddOption("--data-dir", &data_dir, "Of a hub that does not run", "DIR")
      .Require("--data-dir")
      .AddOption("--hub-config", &hub_config,
                 "hub.toml: its catalogue, and checks of runs record by record "
                 "and of signatures",
                 "FILE")
      .SetHandler([](const CommonFlags& flags) {
        return RunFsck(flags, data_dir, hub_config);
      });
  line.AddCommand("backup", "Copies a data directory, with a list of digests",
                  {"linkage backup /backup/2026-11-20 --data-dir "
                   "/var/lib/tally/hub"},
                  kTraitChanges | kTraitLong)
      .AddPositional("DIR", &target, "Folder of the backup; empty or not there")
      .AddOption("--data-dir", &data_dir, "Of a hub that does not run", "DIR")
      .Require("--data-dir")
      .AddOption("--hub-config", &hub_config,
                 "hub.toml: says whether the catalogue is in the directory",
                 "FILE")
      .SetHandler([](const CommonFlags& flags) {
        return Backup(flags, data_dir, target, hub_config);
      })
      .SetNext("linkage restore DIR --verify");
  line.AddCommand("restore", "Verifies a backup and puts it back",
                  {"linkage restore /backup/2026-11-20 --verify",
                   "linkage restore /backup/2026-11-20 --data-dir "
                   "/var/lib/tally/hub"},
                  kTraitChanges)
      .AddPositional("DIR", &target, "Folder of the backup")
      .AddOption("--data-dir", &data_dir, "Where to; empty or not there", "DIR")
      .AddFlag("--verify", &verify, "Only compare with the list")
      .SetHandler([](const CommonFlags& flags) {
        return Restore(flags, target, data_dir, verify);
      })
      .SetNext("linkage fsck --data-dir DIR");
}

}  // namespace tally::linkage
