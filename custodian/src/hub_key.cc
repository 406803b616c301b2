#include "custodian/hub_key.h"

#include <ostream>
#include <utility>

#include "base/exit_code.h"
#include "base/status.h"
#include "crypto/private_key.h"

namespace tally::custodian {
namespace {

constexpr uint8_t kOnlyStage = 1;

}  // namespace

HubKey::HubKey(crypto::Environment environment, std::string_view domain,
               uint32_t epoch, crypto::Scalar scalar,
               const crypto::Element& public_key)
    : environment_(environment),
      domain_(domain),
      epoch_(epoch),
      scalar_(std::move(scalar)),
      public_key_(public_key) {}

absl::StatusOr<HubKey> HubKey::Generate(crypto::Environment environment,
                                        std::string_view domain,
                                        uint32_t epoch) {
  TALLY_ASSIGN_OR_RETURN(const crypto::Secret32 seed,
                         crypto::Secret32::Random());
  TALLY_ASSIGN_OR_RETURN(
      crypto::Scalar scalar,
      crypto::DerivePrivateKey(seed, {.environment = environment,
                                      .role = crypto::KeyRole::kHub,
                                      .party = "hub",
                                      .domain = std::string(domain),
                                      .epoch = epoch}));
  TALLY_ASSIGN_OR_RETURN(const crypto::Element public_key,
                         crypto::MultiplyBase(scalar));
  return HubKey(environment, domain, epoch, std::move(scalar), public_key);
}

absl::StatusOr<HubKey> HubKey::Load(const crypto::KeyDirectory& directory,
                                    std::string_view domain, uint32_t epoch) {
  TALLY_ASSIGN_OR_RETURN(const crypto::OpenedKey opened,
                         directory.Load({.kind = crypto::KeyKind::kHub,
                                         .party = "hub",
                                         .domain = std::string(domain),
                                         .epoch = epoch,
                                         .stage = kOnlyStage}));
  absl::StatusOr<crypto::Scalar> scalar =
      crypto::Scalar::FromSecret(opened.secret);
  if (!scalar.ok()) return KeyError("the hub key file holds no scalar");
  TALLY_ASSIGN_OR_RETURN(const crypto::Element public_key,
                         crypto::MultiplyBase(*scalar));
  HubKey key(opened.header.environment, domain, epoch, *std::move(scalar),
             public_key);
  if (key.key_id() != opened.header.kid) {
    return KeyError("the hub key file does not hold the key that it names");
  }
  return key;
}

absl::Status HubKey::Store(crypto::KeyDirectory& directory) const {
  crypto::KeyHeader header;
  header.environment = environment_;
  header.kind = crypto::KeyKind::kHub;
  header.party = "hub";
  header.domain = domain_;
  header.epoch = epoch_;
  header.stage = kOnlyStage;
  header.stages = kOnlyStage;
  header.kid = key_id();
  return directory.Store(std::move(header), scalar_.secret());
}

void PrintTo(const HubKey&, std::ostream* out) { *out << "[redacted]"; }

}  // namespace tally::custodian
