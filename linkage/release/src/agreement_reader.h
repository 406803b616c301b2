#ifndef TALLY_LINKAGE_RELEASE_SRC_AGREEMENT_READER_H_
#define TALLY_LINKAGE_RELEASE_SRC_AGREEMENT_READER_H_

// Reads values of an agreement's TOML and keeps the first error. Getters return
// a value that means nothing once there is one, so that the code that reads
// stays flat. `path` names the value for messages ("term.expires").
//
// Spec: docs/spec/agreement-v1.md
// Threading: one thread.
// Secrets: none; messages hold no value of the agreement.

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/civil_day.h"
#include "base/toml.h"

namespace tally::linkage {

class AgreementReader {
 public:
  static constexpr size_t kMaxTextBytes = 400;

  // REQUIRES: `root` outlives the reader. `file` is the name for messages.
  AgreementReader(const TomlTable& root, std::string_view file)
      : root_(root), file_(file) {}

  const TomlTable& root() const { return root_; }
  // OK, or the first error: Reason::kAgreementInvalid with file, line and path.
  absl::Status status() const { return status_; }
  void Fail(int line, std::string_view path, std::string_view what);

  // The names of the keys are the agreement's own words; an unknown one is
  // told by its line, not repeated.
  void OnlyKeys(const TomlTable& table, const std::string& path,
                std::initializer_list<std::string_view> known);

  // nullptr after an error.
  const TomlTable* Table(const TomlTable& from, const std::string& key);
  const TomlValue* Required(const TomlTable& table, std::string_view key,
                            const std::string& path);

  // Text of 1 to `max` bytes without control characters.
  std::string Text(const TomlTable& table, std::string_view key,
                   const std::string& path, size_t max = kMaxTextBytes);
  void CheckText(const std::string& text, int line, const std::string& path,
                 size_t max = kMaxTextBytes);
  std::string Id(const TomlTable& table, std::string_view key,
                 const std::string& path);
  CivilDay Date(const TomlTable& table, std::string_view key,
                const std::string& path);
  // One of `allowed`; `fallback`, unless empty, where the key is missing.
  std::string Choice(const TomlTable& table, std::string_view key,
                     const std::string& path,
                     std::initializer_list<std::string_view> allowed,
                     std::string_view fallback);
  int Int(const TomlTable& table, std::string_view key, const std::string& path,
          int low, int high, int fallback);
  // A list of texts with `min` to `max` entries, each once.
  std::vector<std::string> Texts(const TomlTable& table, std::string_view key,
                                 const std::string& path, size_t min,
                                 size_t max);

 private:
  const TomlTable& root_;
  std::string file_;
  absl::Status status_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_SRC_AGREEMENT_READER_H_
