// Typed storing and opening of the hub's factors and project keys, apart from
// the keys of all parties: a source's program must not hold this code.

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "crypto/key_directory.h"

namespace tally::crypto {
namespace {

absl::Status CheckKid(const KeyHeader& header, const KeyId& computed) {
  if (header.kid == computed) return absl::OkStatus();
  return KeyError(absl::StrFormat("%s does not hold the key that it names",
                                  KeyFileName(header)));
}

KeySelector SelectorOf(const KeyHeader& header) {
  return {.kind = header.kind,
          .party = header.party,
          .domain = header.domain,
          .epoch = header.epoch,
          .peer = header.peer,
          .peer_epoch = header.peer_epoch,
          .stage = header.stage,
          .kid = header.kid};
}

absl::StatusOr<std::vector<KeyHeader>> ListKind(const KeyDirectory& directory,
                                                KeyKind kind) {
  TALLY_ASSIGN_OR_RETURN(std::vector<KeyHeader> headers, directory.List());
  std::erase_if(headers, [kind](const KeyHeader& h) { return h.kind != kind; });
  return headers;
}

absl::StatusOr<ConversionFactor> ToFactor(OpenedKey opened) {
  const KeyHeader& h = opened.header;
  const FactorInfo info{.environment = h.environment,
                        .domain = h.domain,
                        .source = h.peer,
                        .source_epoch = h.peer_epoch.value_or(0),
                        .hub_epoch = h.epoch.value_or(0),
                        .stage = h.stage.value_or(0),
                        .stages = h.stages.value_or(0)};
  absl::StatusOr<Scalar> scalar = Scalar::FromSecret(opened.secret);
  if (!scalar.ok()) return KeyError("a factor file holds no scalar");
  TALLY_ASSIGN_OR_RETURN(ConversionFactor factor,
                         ConversionFactor::Create(info, *std::move(scalar)));
  TALLY_RETURN_IF_ERROR(CheckKid(h, factor.key_id()));
  return factor;
}

absl::StatusOr<ProjectKey> ToProjectKey(OpenedKey opened) {
  const KeyHeader& h = opened.header;
  TALLY_ASSIGN_OR_RETURN(
      ProjectKey key, ProjectKey::FromSecret(h.environment, h.domain, h.party,
                                             std::move(opened.secret)));
  TALLY_RETURN_IF_ERROR(CheckKid(h, key.key_id()));
  return key;
}

}  // namespace

absl::Status StoreKey(KeyDirectory& directory, const ConversionFactor& factor) {
  const FactorInfo& info = factor.info();
  KeyHeader header;
  header.environment = info.environment;
  header.kind = KeyKind::kFactor;
  header.party = "hub";
  header.domain = info.domain;
  header.epoch = info.hub_epoch;
  header.peer = info.source;
  header.peer_epoch = info.source_epoch;
  header.stage = info.stage;
  header.stages = info.stages;
  header.kid = factor.key_id();
  return directory.Store(std::move(header), factor.scalar().secret());
}

absl::StatusOr<ConversionFactor> LoadFactor(const KeyDirectory& directory,
                                            const FactorInfo& info) {
  if (info.environment != directory.environment()) {
    return KeyError("a factor belongs to another environment");
  }
  TALLY_ASSIGN_OR_RETURN(OpenedKey opened,
                         directory.Load({.kind = KeyKind::kFactor,
                                         .party = "hub",
                                         .domain = info.domain,
                                         .epoch = info.hub_epoch,
                                         .peer = info.source,
                                         .peer_epoch = info.source_epoch,
                                         .stage = info.stage}));
  TALLY_ASSIGN_OR_RETURN(ConversionFactor factor, ToFactor(std::move(opened)));
  if (factor.info() != info) {
    return KeyError("a factor belongs to another number of stages");
  }
  return factor;
}

absl::StatusOr<std::vector<ConversionFactor>> LoadAllFactors(
    const KeyDirectory& directory) {
  TALLY_ASSIGN_OR_RETURN(const auto headers,
                         ListKind(directory, KeyKind::kFactor));
  std::vector<ConversionFactor> factors;
  for (const KeyHeader& header : headers) {
    TALLY_ASSIGN_OR_RETURN(OpenedKey opened,
                           directory.Load(SelectorOf(header)));
    TALLY_ASSIGN_OR_RETURN(ConversionFactor factor,
                           ToFactor(std::move(opened)));
    factors.push_back(std::move(factor));
  }
  return factors;
}

absl::Status StoreKey(KeyDirectory& directory, const ProjectKey& key) {
  KeyHeader header;
  header.environment = key.environment();
  header.kind = KeyKind::kProject;
  header.party = key.project();
  header.domain = key.domain();
  header.kid = key.key_id();
  return directory.Store(std::move(header), key.secret());
}

absl::StatusOr<ProjectKey> LoadProjectKey(const KeyDirectory& directory,
                                          std::string_view domain,
                                          std::string_view project) {
  TALLY_ASSIGN_OR_RETURN(OpenedKey opened,
                         directory.Load({.kind = KeyKind::kProject,
                                         .party = std::string(project),
                                         .domain = std::string(domain)}));
  return ToProjectKey(std::move(opened));
}

absl::StatusOr<std::vector<ProjectKey>> LoadAllProjectKeys(
    const KeyDirectory& directory) {
  TALLY_ASSIGN_OR_RETURN(const auto headers,
                         ListKind(directory, KeyKind::kProject));
  std::vector<ProjectKey> keys;
  for (const KeyHeader& header : headers) {
    TALLY_ASSIGN_OR_RETURN(OpenedKey opened,
                           directory.Load(SelectorOf(header)));
    TALLY_ASSIGN_OR_RETURN(ProjectKey key, ToProjectKey(std::move(opened)));
    keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace tally::crypto
