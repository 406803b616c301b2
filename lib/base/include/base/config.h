#ifndef TALLY_BASE_CONFIG_H_
#define TALLY_BASE_CONFIG_H_

// A program's configuration: flag > environment > file > default. Unknown keys
// are errors that name the nearest known one; secrets are references, read into
// memory that is wiped.
//
//   TALLY_ASSIGN_OR_RETURN(ConfigReader c,
//                          ConfigReader::FromFile(path, "TALLY_HUB"));
//   hub.id = c.String("hub.id");                    // required
//   hub.threads = c.Int("limits.threads", 0);       // with a default
//   TALLY_RETURN_IF_ERROR(c.Finish());
//
// Getters never fail by themselves: the first error of all is what Finish()
// returns, and until it is OK the values mean nothing.
//
// Spec: docs/operations.md, "Configuration".
// Threading: one thread; read the configuration before others start, since the
// environment is read.
// Secrets: SecretText only. A reference is not a secret, but never comes from
// the environment.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/civil_day.h"
#include "base/toml.h"

namespace tally {

// A secret as text: wiped when destroyed or moved from, cannot be copied or
// printed. Not in locked memory: hand it to crypto at once, then drop it.
class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(std::string text);  // takes the bytes, wipes the argument
  ~SecretText();
  SecretText(SecretText&& other) noexcept;
  SecretText& operator=(SecretText&& other) noexcept;
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;

  // The bytes; valid while this object lives.
  std::string_view Reveal() const;
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

  // Appends, keeping no copy behind when it grows.
  void Append(std::string_view bytes);
  // Removes one final newline (LF or CRLF), as editors leave it.
  void TrimNewline();

  friend void PrintTo(const SecretText&, std::ostream* out);
  friend std::ostream& operator<<(std::ostream&, const SecretText&) = delete;

 private:
  void Wipe();
  std::vector<char> bytes_;
  size_t size_ = 0;
};

// Overwrites memory in a way that the compiler does not remove.
void WipeMemory(void* data, size_t size);

// Reads a secret by reference; one final newline is removed:
//   credential:NAME       file NAME in $CREDENTIALS_DIRECTORY (systemd)
//   file:PATH             by the rules of OpenSecretFile()
//   fd:N                  from descriptor N to its end, N >= 3, or 0
//   command:PROGRAM ARGS  what PROGRAM (an absolute path, no shell, arguments
//                         split at spaces) writes; it must end with 0 within
//                         30 s
// At most 64 KiB. Returns kFailedPrecondition with kExitKey when it cannot be
// had or is empty, kInvalidArgument with kExitUsage for another form. Messages
// name the kind of reference and the file, never what was read.
absl::StatusOr<SecretText> ReadSecretReference(std::string_view reference);

// OK when `reference` has one of these forms; reads nothing.
absl::Status CheckSecretReference(std::string_view reference);

class ConfigReader {
 public:
  // The environment, replaceable for tests: name -> value.
  using Environment = std::map<std::string, std::string, std::less<>>;

  // `env_prefix` as "TALLY_HUB": key `limits.min_free_disk` is overridden by
  // TALLY_HUB_LIMITS_MIN_FREE_DISK. Empty prefix: no environment.
  ConfigReader(TomlTable root, std::string env_prefix, Environment environment);
  [[nodiscard]] static absl::StatusOr<ConfigReader> FromFile(
      const std::string& path, std::string env_prefix);

  // The environment of this process.
  static Environment ProcessEnvironment();

  // A value that a flag gave, in the text form of the environment; wins over
  // all else. `flag` is its name, for messages.
  void Override(std::string_view key, std::string text, std::string flag);

  // By dotted key. Without a default the key is required.
  std::string String(std::string_view key);
  std::string String(std::string_view key, std::string_view fallback);
  int64_t Int(std::string_view key);
  int64_t Int(std::string_view key, int64_t fallback);
  bool Bool(std::string_view key);
  bool Bool(std::string_view key, bool fallback);
  double Double(std::string_view key);
  double Double(std::string_view key, double fallback);
  // Bytes ("64MiB") and milliseconds ("30s").
  int64_t Size(std::string_view key);
  int64_t Size(std::string_view key, int64_t fallback);
  int64_t DurationMs(std::string_view key);
  int64_t DurationMs(std::string_view key, int64_t fallback);
  // From 0 to 1.
  double Share(std::string_view key, double fallback);
  CivilDay Date(std::string_view key);
  // One of `allowed`; the error lists them.
  std::string Choice(std::string_view key,
                     const std::vector<std::string>& allowed);
  std::string Choice(std::string_view key,
                     const std::vector<std::string>& allowed,
                     std::string_view fallback);
  std::vector<std::string> Strings(std::string_view key);  // default: none
  // A secret's reference; empty text when the key is missing and optional.
  std::string SecretReference(std::string_view key);
  std::string OptionalSecretReference(std::string_view key);
  // A path; a relative one is taken from the folder of the file.
  std::string Path(std::string_view key);
  std::string Path(std::string_view key, std::string_view fallback);

  // Parts that the caller reads by itself, unknown keys included. Empty when
  // missing.
  std::optional<TomlTable> Table(std::string_view key);
  TomlArray Array(std::string_view key);
  // A value of any kind, for keys that may be a text or a table.
  const TomlValue* Any(std::string_view key);

  // The keys of a table, as the ids below [datasets]; the keys below them must
  // then be asked for one by one: "datasets.gp-event.specification".
  std::vector<std::string> Keys(std::string_view key);
  bool Has(std::string_view key) const;

  // Records an error about a key, with its file and line: for checks by the
  // caller that belong to the configuration.
  void Fail(std::string_view key, std::string_view message);

  // The first error: of a getter, else an unknown key (file, line, nearest
  // match), else an unknown variable with the prefix. kExitUsage.
  absl::Status Finish();

  // What is in force, for `config print --effective --origins`: each key that
  // was asked for, in order; a secret's value is its kind of reference only.
  struct Effective {
    std::string key;
    std::string value;
    std::string origin;  // "flag --x", "environment TALLY_X", "FILE:LINE",
                         // "default"
    bool secret = false;
  };
  const std::vector<Effective>& effective() const { return effective_; }

  const std::string& file() const { return root_.file(); }

 private:
  struct Found {
    const TomlValue* value = nullptr;  // in the file
    std::optional<std::string> text;   // from a flag or the environment
    std::string origin;
  };
  struct FlagValue {
    std::string text;
    std::string flag;
  };

  Found Look(std::string_view key, bool from_environment);
  void Note(std::string_view key, std::string value, std::string origin,
            bool secret = false);
  void FailAt(const Found& found, std::string_view key,
              std::string_view message);
  std::string EnvironmentName(std::string_view key) const;
  absl::Status CheckUnknown(const TomlTable& table, const std::string& prefix);
  absl::Status CheckVariables() const;
  template <typename T, typename FromToml, typename FromText, typename Show>
  T Get(std::string_view key, std::optional<T> fallback, FromToml from_toml,
        FromText from_text, Show show);

  TomlTable root_;
  std::string env_prefix_;
  Environment environment_;
  std::map<std::string, FlagValue, std::less<>> flags_;
  std::set<std::string, std::less<>> known_;   // keys asked for
  std::set<std::string, std::less<>> open_;    // read by the caller, all below
  std::set<std::string, std::less<>> tables_;  // asked for by Keys()
  std::set<std::string> usable_variables_;
  std::vector<Effective> effective_;
  absl::Status first_error_;
};

// The file that a program reads: `asked` (--config); if that is empty,
// ~/.config/tally/PROGRAM.toml, for a program that is its user's, else
// /etc/tally/PROGRAM.toml. kInvalidArgument (exit 2), naming every place and
// then `hint`, if nothing was asked for and no file is there;
// kPermissionDenied (exit 2) if a place may not be looked at.
absl::StatusOr<std::string> FindConfig(std::string_view asked,
                                       std::string_view program, bool user,
                                       std::string_view hint = "");

// The same, for commands that need no configuration: empty if there is none.
absl::StatusOr<std::string> FindConfigIfAny(std::string_view asked,
                                            std::string_view program,
                                            bool user);

}  // namespace tally

#endif  // TALLY_BASE_CONFIG_H_
