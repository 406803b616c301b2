#ifndef TALLY_CUSTODIAN_HUB_KEY_H_
#define TALLY_CUSTODIAN_HUB_KEY_H_

// The hub key: the secret of the whole scheme. It exists in this program only;
// no other library of the repository has a type for it.
//
// Role: the custodian. Open only in locked memory of one offline run. Today it
// is one sealed file; shares can take its place behind this class.
// Spec: docs/spec/token-v1.md, "Hub key".
// Threading: const functions from several threads.
// Secrets: the scalar. Whoever has it and tokens has every NHS Number.

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/element.h"
#include "crypto/key_directory.h"
#include "crypto/key_id.h"
#include "crypto/scalar.h"
#include "crypto/token.h"

namespace tally::custodian {

class HubKey {
 public:
  // Draws a seed, derives the scalar and forgets the seed. kExitUsage for a
  // bad domain or epoch.
  [[nodiscard]] static absl::StatusOr<HubKey> Generate(
      crypto::Environment environment, std::string_view domain, uint32_t epoch);
  // Opens stage 1 of 1 from the ceremony directory. kExitKey if it is missing
  // or does not hold the key that it names.
  [[nodiscard]] static absl::StatusOr<HubKey> Load(
      const crypto::KeyDirectory& directory, std::string_view domain,
      uint32_t epoch);

  HubKey(HubKey&&) noexcept = default;
  HubKey& operator=(HubKey&&) noexcept = default;

  // Seals the scalar into a new file. kExitConflict if there is one.
  [[nodiscard]] absl::Status Store(crypto::KeyDirectory& directory) const;

  const std::string& domain() const { return domain_; }
  uint32_t epoch() const { return epoch_; }
  const crypto::Element& public_key() const { return public_key_; }
  crypto::KeyId key_id() const {
    return crypto::KeyId::OfPublic(public_key_.bytes());
  }
  const crypto::Scalar& scalar() const { return scalar_; }

 private:
  HubKey(crypto::Environment environment, std::string_view domain,
         uint32_t epoch, crypto::Scalar scalar,
         const crypto::Element& public_key);
  crypto::Environment environment_;
  std::string domain_;
  uint32_t epoch_;
  crypto::Scalar scalar_;
  crypto::Element public_key_;
};

void PrintTo(const HubKey&, std::ostream* out);
std::ostream& operator<<(std::ostream&, const HubKey&) = delete;

}  // namespace tally::custodian

#endif  // TALLY_CUSTODIAN_HUB_KEY_H_
