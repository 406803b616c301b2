#include "crypto/keys.h"

#include <sodium.h>

#include <ostream>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "internal/secret_peek.h"

namespace tally::crypto {
namespace {

absl::Status CheckName(std::string_view what, std::string_view name) {
  if (IsResourceId(name)) return absl::OkStatus();
  return UsageError(absl::StrFormat("%s is not a name", what));
}

}  // namespace

absl::Status Validate(const FactorInfo& info) {
  TALLY_RETURN_IF_ERROR(CheckName("domain", info.domain));
  TALLY_RETURN_IF_ERROR(CheckName("source", info.source));
  if (info.source_epoch < 1 || info.hub_epoch < 1) {
    return UsageError("epochs start at 1");
  }
  if (info.stage < 1 || info.stage > info.stages) {
    return UsageError("stage is not between 1 and stages");
  }
  return absl::OkStatus();
}

ConversionFactor::ConversionFactor(FactorInfo info, Scalar factor,
                                   const Element& public_form)
    : info_(std::move(info)),
      factor_(std::move(factor)),
      public_form_(public_form) {}

absl::StatusOr<ConversionFactor> ConversionFactor::Create(FactorInfo info,
                                                          Scalar factor) {
  TALLY_RETURN_IF_ERROR(Validate(info));
  TALLY_ASSIGN_OR_RETURN(const Element public_form, MultiplyBase(factor));
  return ConversionFactor(std::move(info), std::move(factor), public_form);
}

absl::Status ConversionFactor::CheckAgainst(const Element& source_public,
                                            const Element& hub_public) const {
  TALLY_ASSIGN_OR_RETURN(const Element product,
                         Multiply(factor_, source_public));
  if (product == hub_public) return absl::OkStatus();
  return Error(
      Reason::kFactorMismatch,
      absl::StrFormat("the factor of %s, epoch %d, does not lead from "
                      "its key to the hub key of epoch %d",
                      info_.source, info_.source_epoch, info_.hub_epoch));
}

ProjectKey::ProjectKey(Environment environment, std::string_view domain,
                       std::string_view project, Secret32 secret)
    : environment_(environment),
      domain_(domain),
      project_(project),
      secret_(std::move(secret)) {}

absl::StatusOr<ProjectKey> ProjectKey::Generate(Environment environment,
                                                std::string_view domain,
                                                std::string_view project) {
  TALLY_ASSIGN_OR_RETURN(Secret32 secret, Secret32::Random());
  return FromSecret(environment, domain, project, std::move(secret));
}

absl::StatusOr<ProjectKey> ProjectKey::FromSecret(Environment environment,
                                                  std::string_view domain,
                                                  std::string_view project,
                                                  Secret32 secret) {
  TALLY_RETURN_IF_ERROR(CheckName("domain", domain));
  TALLY_RETURN_IF_ERROR(CheckName("project", project));
  return ProjectKey(environment, domain, project, std::move(secret));
}

StorageKey::StorageKey(Environment environment, std::string_view party,
                       Secret32 secret)
    : environment_(environment),
      party_(party),
      secret_(std::move(secret)),
      key_id_(KeyId::OfSecret("storage", secret_)) {}

absl::StatusOr<StorageKey> StorageKey::Generate(Environment environment,
                                                std::string_view party) {
  TALLY_ASSIGN_OR_RETURN(Secret32 secret, Secret32::Random());
  return FromSecret(environment, party, std::move(secret));
}

absl::StatusOr<StorageKey> StorageKey::FromSecret(Environment environment,
                                                  std::string_view party,
                                                  Secret32 secret) {
  TALLY_RETURN_IF_ERROR(CheckName("party", party));
  return StorageKey(environment, party, std::move(secret));
}

BoxKey::BoxKey(Environment environment, std::string_view party, Secret32 secret,
               const PublicKey& public_key)
    : environment_(environment),
      party_(party),
      secret_(std::move(secret)),
      public_key_(public_key) {}

absl::StatusOr<BoxKey> BoxKey::Generate(Environment environment,
                                        std::string_view party) {
  TALLY_ASSIGN_OR_RETURN(Secret32 secret, Secret32::Random());
  return FromSecret(environment, party, std::move(secret));
}

absl::StatusOr<BoxKey> BoxKey::FromSecret(Environment environment,
                                          std::string_view party,
                                          Secret32 secret) {
  TALLY_RETURN_IF_ERROR(CheckName("party", party));
  PublicKey public_key;
  {
    const SecretView view = internal::SecretPeek::View(secret);
    if (crypto_scalarmult_base(public_key.data(), view.data()) != 0) {
      return absl::InternalError("a box key has no public half");
    }
  }
  return BoxKey(environment, party, std::move(secret), public_key);
}

absl::StatusOr<WipedBytes> BoxKey::Open(std::span<const uint8_t> sealed) const {
  if (sealed.size() < crypto_box_SEALBYTES) {
    return InputError("a sealed message is too short");
  }
  WipedBytes out(sealed.size() - crypto_box_SEALBYTES);
  const SecretView view = internal::SecretPeek::View(secret_);
  if (crypto_box_seal_open(out.data(), sealed.data(), sealed.size(),
                           public_key_.data(), view.data()) != 0) {
    return InputError(
        "a sealed message is not for this key, or has been altered");
  }
  return out;
}

absl::StatusOr<WipedBytes> SealTo(const PublicKey& receiver,
                                  std::span<const uint8_t> message) {
  WipedBytes out(message.size() + crypto_box_SEALBYTES);
  if (crypto_box_seal(out.data(), message.data(), message.size(),
                      receiver.data()) != 0) {
    return InputError("a box key is of small order");
  }
  return out;
}

void PrintTo(const ConversionFactor&, std::ostream* out) {
  *out << "[redacted]";
}
void PrintTo(const ProjectKey&, std::ostream* out) { *out << "[redacted]"; }
void PrintTo(const StorageKey&, std::ostream* out) { *out << "[redacted]"; }
void PrintTo(const BoxKey&, std::ostream* out) { *out << "[redacted]"; }

}  // namespace tally::crypto
