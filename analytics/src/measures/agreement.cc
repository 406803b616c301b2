#include "analytics/measures/agreement.h"

#include <string_view>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/toml.h"

namespace tally::analytics {

absl::StatusOr<AgreementFacts> ReadAgreement(const ReleaseFolder& release) {
  AgreementFacts facts;
  const std::string path = JoinPath(release.path(), "agreement.toml");
  if (!FileExists(path)) return facts;
  const absl::StatusOr<TomlTable> agreement = ReadTomlFile(path);
  if (!agreement.ok()) return IntegrityError("agreement.toml is malformed");
  const auto text = [&](std::string_view key) {
    const TomlValue* value = agreement->FindPath(key);
    return value != nullptr && value->is_string() ? value->AsString() : "";
  };
  facts.title = text("project.title");
  facts.population = text("population");
  facts.profile = text("disclosure.profile");
  return facts;
}

}  // namespace tally::analytics
