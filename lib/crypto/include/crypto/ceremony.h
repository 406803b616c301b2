#ifndef TALLY_CRYPTO_CEREMONY_H_
#define TALLY_CRYPTO_CEREMONY_H_

// The factor ceremony: source, custodian and hub make a conversion factor
// without anyone holding two keys.
//
// Role: step 1 and 2 are written by the source, step 3 by the custodian, the
// hub combines 2 and 3. The custodian sees only the blinded `b / k_s`, the hub
// only `b` and `k_hub . b / k_s`.
// Spec: docs/spec/token-v1.md, "Factor ceremony".
// Threading: safe.
// Secrets: blinding scalars, wiped at the end of each step. Messages are sealed
// to their receiver.

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/element.h"
#include "crypto/key_directory.h"
#include "crypto/keys.h"
#include "crypto/registry.h"
#include "crypto/scalar.h"
#include "crypto/sign.h"
#include "crypto/token.h"
#include "crypto/wiped_bytes.h"

namespace tally::crypto {

using CeremonyId = std::array<uint8_t, 16>;

enum class CeremonyStep : uint8_t {
  kBlindedInverse = 1,  // u = b / k_s, source to custodian
  kBlind = 2,           // b, source to hub
  kBlindedFactor = 3,   // v = k_hub . u, custodian to hub
};

// What a message says besides its value; all of it is signed.
struct CeremonyHeader {
  CeremonyStep step = CeremonyStep::kBlindedInverse;
  FactorInfo factor{};
  Element source_public;
  Element hub_public;
  CeremonyId id{};
};

struct CeremonyMessage {
  CeremonyHeader header;
  Scalar value;
};

// One message as a file: `M || signature`, sealed to the receiver. Used by the
// functions below; public for tests and tools.
[[nodiscard]] absl::StatusOr<WipedBytes> SealCeremonyMessage(
    const CeremonyMessage& message, const SigningKey& sender,
    const PublicKey& receiver_box);
// Opens and parses; the signature is checked with `sender_public`. Anything
// that is not exactly a message is kInvalidArgument (exit 8).
[[nodiscard]] absl::StatusOr<CeremonyMessage> OpenCeremonyMessage(
    std::span<const uint8_t> file, const BoxKey& receiver,
    const PublicKey& sender_public);
// Opens without knowing the sender: the header says who should have signed.
// The caller checks with the registry. See the functions below.
[[nodiscard]] absl::StatusOr<CeremonyHeader> PeekCeremonyHeader(
    std::span<const uint8_t> file, const BoxKey& receiver);

// Remembers which ceremony ids a party has seen, so that no message works
// twice: a text file, one line `<id in hex> <step>` each, 0600, appended and
// synced before the message is acted on.
class CeremonyLog {
 public:
  // Reads `path`, or begins empty if it is not there. kDataLoss (exit 11) if a
  // line is bad; a torn last line is cut.
  [[nodiscard]] static absl::StatusOr<CeremonyLog> Open(std::string_view path);
  bool Contains(const CeremonyId& id, CeremonyStep step) const;
  // kAlreadyExists (exit 7) if it is there.
  [[nodiscard]] absl::Status Add(const CeremonyId& id, CeremonyStep step);

 private:
  explicit CeremonyLog(std::string path) : path_(std::move(path)) {}
  std::string path_;
  std::vector<std::string> lines_;  // sorted
};

// Source. Writes steps 1 and 2 for its key and the active hub key.
struct FactorRequest {
  CeremonyId id{};
  FactorInfo factor;
  WipedBytes for_custodian;  // step 1: a file, by one channel
  WipedBytes for_hub;        // step 2: a file, by another channel
};
// `source_scalar` is k_s of the key that `source` names in the registry, which
// must be active and have this public key (KEY_UNKNOWN, EPOCH_RETIRED).
// `hub_party` may be empty if the registry has only one hub.
[[nodiscard]] absl::StatusOr<FactorRequest> RequestFactor(
    const Registry& registry, std::string_view source, std::string_view domain,
    uint32_t source_epoch, const Scalar& source_scalar,
    const SigningKey& sign_key, std::string_view hub_party);

// Custodian. Answers step 1 with step 3 for the hub.
struct FactorAnswer {
  CeremonyId id{};
  FactorInfo factor;
  std::string hub_party;
  WipedBytes for_hub;  // step 3
};
// Checks: signed by the source that it names; the source's key is active and
// all fields equal the registry (KEY_UNKNOWN, EPOCH_RETIRED); `hub_scalar . G`
// is the registry's hub key (exit 10). Then calls `before_answer`, which must
// refuse a ceremony id it has seen and a second factor for the same (source,
// epoch, hub epoch, stage): the custodian keeps the transcript. The custodian's
// key is used only after it has agreed.
[[nodiscard]] absl::StatusOr<FactorAnswer> AnswerFactor(
    const Registry& registry, std::span<const uint8_t> step1,
    const Scalar& hub_scalar, const BoxKey& box_key, const SigningKey& sign_key,
    std::string_view hub_party,
    const std::function<absl::Status(const CeremonyHeader&)>& before_answer);

// Hub. Combines steps 2 and 3 into the factor: c_s = v / b, and checks
// `c_s . pk_s == pk_hub` (FACTOR_MISMATCH). Both messages must agree in all
// but step and value. A message that `log` contains is kAlreadyExists (exit 7);
// the caller stores the factor and then adds both steps to the log, so that a
// crash in between loses nothing.
struct CombinedFactor {
  CeremonyId id{};
  ConversionFactor factor;
};
[[nodiscard]] absl::StatusOr<CombinedFactor> CombineFactor(
    const Registry& registry, std::span<const uint8_t> step2,
    std::span<const uint8_t> step3, const BoxKey& box_key,
    const CeremonyLog& log);

// All of the hub's part: combines with the box key of `hub_party` in
// `directory`, stores the factor there and notes the ceremony in
// "ceremonies.log" beside the keys.
[[nodiscard]] absl::StatusOr<ConversionFactor> ImportFactor(
    const Registry& registry, std::span<const uint8_t> step2,
    std::span<const uint8_t> step3, KeyDirectory& directory,
    std::string_view hub_party);

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_CEREMONY_H_
